"""Arrays the room works with: the parts of every transfer, pieces of money, and sums that cannot overflow."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from boyau.trace.errors import require

Integers = npt.NDArray[np.integer]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

SAFE = 1 << 62
"""Sums whose size stays below this are made in 64 bits; others with Python's integers."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of money: bytes [begin, end) of transfers, ordered by (entry, begin)."""

    entry: Int32s
    begin: Int64s
    end: Int64s

    def __len__(self) -> int:
        return len(self.entry)

    @property
    def size(self) -> Int64s:
        """Units in each piece."""
        return self.end - self.begin

    def common(self, other: "Pieces") -> tuple[Int64s, Int64s, "Pieces"]:
        """Return what lies in both: (place in self, place in *other*, the piece) for every pair that overlaps."""
        low = np.searchsorted(other.entry, self.entry, "left")
        count = np.searchsorted(other.entry, self.entry, "right") - low
        mine = np.repeat(np.arange(len(self)), count)
        theirs = np.repeat(low, count) + np.arange(len(mine)) - np.repeat(np.cumsum(count) - count, count)
        begin = np.maximum(self.begin[mine], other.begin[theirs])
        end = np.minimum(self.end[mine], other.end[theirs])
        keep = begin < end
        mine, theirs = mine[keep], theirs[keep]
        return mine, theirs, Pieces(self.entry[mine], begin[keep], end[keep])

    def without(self, other: "Pieces") -> "Pieces":
        """Return what lies in self and not in *other*. Neither may overlap itself."""
        entries: list[int] = []
        begins: list[int] = []
        ends: list[int] = []
        taken: dict[int, list[tuple[int, int]]] = {}
        place, _, both = self.common(other)
        for at, begin, end in zip(place.tolist(), both.begin.tolist(), both.end.tolist(), strict=True):
            taken.setdefault(at, []).append((begin, end))
        untouched = np.ones(len(self), np.bool_)
        untouched[place] = False
        for at, holes in taken.items():
            start = int(self.begin[at])
            for begin, end in [*sorted(holes), (int(self.end[at]), int(self.end[at]))]:
                if start < begin:
                    entries.append(int(self.entry[at]))
                    begins.append(start)
                    ends.append(begin)
                start = end
        return pieces(
            np.concatenate([self.entry[untouched], np.array(entries, np.int32)]),
            np.concatenate([self.begin[untouched], np.array(begins, np.int64)]),
            np.concatenate([self.end[untouched], np.array(ends, np.int64)]),
        )


def pieces(entry: Integers, begin: Integers, end: Integers) -> Pieces:
    """Make `Pieces` of arrays in any order."""
    order = np.lexsort((begin, entry))
    return Pieces(
        np.ascontiguousarray(entry[order], np.int32),
        np.ascontiguousarray(begin[order], np.int64),
        np.ascontiguousarray(end[order], np.int64),
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """What every transfer is made of; see `lots.fifo`. *rest* is what no transfer has consumed."""

    first: Int64s
    parent: Int32s
    parent_offset: Int64s
    child_offset: Int64s
    part: Int64s
    rest: Pieces

    @property
    def child(self) -> Int32s:
        """The transfer each part belongs to."""
        return np.repeat(np.arange(len(self.first) - 1, dtype=np.int32), np.diff(self.first))


def sums(groups: Integers, values: Int64s, count: int) -> Integers:
    """Sum *values* (none negative) by group number 0 … *count* − 1, exactly: where 64 bits might not do, as objects."""
    if not len(values) or float(np.sum(values, dtype=np.float64)) < SAFE:
        total = np.zeros(count, np.int64)
        np.add.at(total, groups, values)
        return total
    low, high = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.add.at(low, groups, values & 0xFFFFFFFF)
    np.add.at(high, groups, values >> 32)
    exact: Integers = (high.astype(object) << 32) + low.astype(object)
    return exact


def _hash(offsets: Int64s) -> npt.NDArray[np.uint64]:
    """Mix the bits of each number (SplitMix64's finaliser)."""
    mixed = offsets.astype(np.uint64)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def check_conservation(debit: Int32s, credit: Int32s, amount: Int64s, found: Parts, issuer: Flags) -> None:
    """Refuse *found* unless no unit was lost or made: always on, and independent of how the parts were found.

    Every transfer's parts sum to it and follow each other; every part was on the paying account after it had arrived;
    every unit of a lot was consumed once or is left; only issuers made money; for every account, what arrived less what
    was consumed is what is left.
    """
    first, parent, part, rest = found.first, found.parent, found.part, found.rest
    accounts = len(issuer)
    with np.errstate(over="ignore"):  # sums wrap around at 2^64, and so do their differences
        running = np.concatenate([np.zeros(1, np.int64), np.cumsum(part)])
    require((running[first[1:]] - running[first[:-1]] == amount).all(), "parts do not sum to their transfer")
    child = found.child
    expected = running[:-1] - running[first[:-1]][child]
    require((expected == found.child_offset).all(), "parts do not follow each other")
    del running, expected
    old = parent >= 0
    require((part > 0).all() and (found.parent_offset >= 0).all(), "an empty part")
    old_parent, old_child = parent[old], child[old]
    require((old_parent < old_child).all(), "a part is younger than its transfer")
    require((credit[old_parent] == debit[old_child]).all(), "a part was never on the paying account")
    require(
        (found.parent_offset[old] <= amount[old_parent] - part[old]).all(), "a part reaches past the end of its lot"
    )
    issuing = debit[child[~old]]
    require((parent >= -1).all() and issuer[issuing].all(), "new money that no issuer made")
    spent = sums(old_parent, part[old], len(amount))
    left = sums(rest.entry, rest.size, len(amount))
    require((spent + left == amount).all(), "a lot was not consumed exactly once")
    # Bytes [0, amount) of a lot are covered without gap or overlap just where every end but the last is a beginning
    # and every beginning but the first is an end. The two sets are compared by the sums of their hashes.
    turned = np.zeros(len(amount), np.uint64)
    for entry, begin, size in ((old_parent, found.parent_offset[old], part[old]), (rest.entry, rest.begin, rest.size)):
        np.add.at(turned, entry, _hash(begin + size) - _hash(begin))
    require((turned == _hash(amount) - _hash(amount * 0)).all(), "a byte of a lot was consumed twice")
    arrived = sums(credit, amount, accounts)
    consumed = sums(debit[old_child], part[old], accounts)
    content = sums(credit[rest.entry], rest.size, accounts)
    require((arrived - consumed == content).all(), "an account holds more or less than arrived and was not consumed")
