"""Lineage: which money became which. A pure function of the journal's transfers.

**Method.** First in, first out within each account (`lots`), or pro rata (`pro_rata`). A ``return`` or ``reverse``
consumes the giving account's money by the same rule, unless *returns* names the transfers they undo: then it gives
that transfer's own money back, as far as it is still there, and only the rest by the rule.

Following a colour or a payment is one pass of the kernel over the parts, in journal order or against it. Units are
followed one by one, as intervals: what `forward` and `backward` return is exact, not an estimate.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from boyau.trace import lots, pro_rata
from boyau.trace.errors import TraceError, require
from boyau.trace.parts import Flags, Int32s, Int64s, Integers, Parts, Pieces, check_conservation, pieces, sums

Method = Literal["fifo", "pro_rata"]

PIECES_EXTRA = 4096
"""Room for pieces beyond two a transfer; where more are needed, more is made."""
NO_ENTRIES = np.empty(0, np.int32)
WRITABLE: tuple[Literal["C"], Literal["W"]] = ("C", "W")
"""The compiled kernel takes no read-only arrays, although it does not write to these."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Money that was followed: the pieces of each transfer it reached.

    ``entry``: the transfers reached, ascending; ``amount``: how much of each; ``linked``: how much of that is joined to
    another transfer of the trace over the account ``via`` (its debit account going forward, its credit account going
    backward), the rest being where following began.
    """

    entry: Int32s
    amount: Int64s
    linked: Int64s
    via: Int32s
    pieces: Pieces

    def __len__(self) -> int:
        return len(self.entry)


@dataclass(frozen=True, slots=True)
class Lineage:
    """Every transfer's parts. Make it with `Lineage.of`; entries are given by their place 0 … n − 1 in the journal."""

    debit: Int32s
    credit: Int32s
    amount: Int64s
    numbers: Int64s
    issuer: Flags
    parts: Parts
    method: Method

    @classmethod
    def of(
        cls,
        debit: Integers,
        credit: Integers,
        amount: Integers,
        entry_numbers: Integers,
        issuer_flags: npt.ArrayLike,
        method: Method = "fifo",
        *,
        returns: Integers | None = None,
    ) -> "Lineage":
        """Trace all transfers of a journal.

        *debit*, *credit* (account indices), *amount* (minor units, what took effect) and *entry_numbers* (rising) are
        those of the posted entries that moved money, in journal order; *issuer_flags* is by account. *returns*: for
        a return or reverse the place (not the number) of the transfer it gives back, −1 for all others.
        """
        issuer = np.require(issuer_flags, np.bool_, WRITABLE)
        count, accounts = len(amount), len(issuer)
        require(count < 1 << 30 and accounts < 1 << 31, "more transfers or accounts than one lineage holds")
        require(len(debit) == len(credit) == len(entry_numbers) == count, "arrays of different length")
        numbers = np.ascontiguousarray(entry_numbers, np.int64)
        require((numbers[1:] > numbers[:-1]).all(), "entry numbers do not rise")
        payer, payee = _indices(debit, accounts), _indices(credit, accounts)
        moved = np.require(amount, np.int64, WRITABLE)
        require(not count or int(moved.min()) > 0, "an amount below 1")
        require((payer != payee).all(), "debit and credit are one account")
        back = NO_ENTRIES if returns is None else np.require(returns, np.int32, WRITABLE)
        if len(back):
            undone = np.flatnonzero(back >= 0)
            original = back[undone]
            require(len(back) == count and (original < undone).all(), "a return that precedes what it returns")
            require((payee[original] == payer[undone]).all(), "a return from another account than was paid")
        require(method in ("fifo", "pro_rata"), f"no method {method}")
        if method == "fifo":
            found = _fifo(payer, payee, moved, issuer, back, numbers)
        else:
            found = pro_rata.parts(payer, payee, moved, issuer, back)
        check_conservation(payer, payee, moved, found, issuer)
        return cls(payer, payee, moved, numbers, issuer, found, method)

    def __len__(self) -> int:
        return len(self.amount)

    def place(self, number: int) -> int:
        """Return the place of the entry with this number."""
        at = int(np.searchsorted(self.numbers, number))
        if at == len(self) or int(self.numbers[at]) != number:
            raise TraceError(f"entry {number} moved no money")
        return at

    def whole(self, entries: Integers) -> Pieces:
        """Return the whole of these transfers as pieces."""
        entry = np.unique(entries).astype(np.int32)
        return Pieces(entry, np.zeros(len(entry), np.int64), self.amount[entry])

    def forward(self, seeds: Integers | Pieces, stop: Flags | None = None) -> Trace:
        """Follow *seeds* (transfers, or pieces of them) to where they went; not beyond accounts with *stop*."""
        return self._spread(self._seeds(seeds), stop, ahead=True)

    def backward(self, seeds: Integers | Pieces, stop: Flags | None = None) -> Trace:
        """Follow *seeds* (transfers, or pieces of them) to where they came from; not beyond accounts with *stop*."""
        return self._spread(self._seeds(seeds), stop, ahead=False)

    def _seeds(self, seeds: Integers | Pieces) -> Pieces:
        """Check what following begins with."""
        if not isinstance(seeds, Pieces):
            return self.whole(_indices(np.asarray(seeds), len(self)))
        size = self.amount[_indices(seeds.entry, len(self))]
        inside = (seeds.begin >= 0) & (seeds.begin < seeds.end) & (seeds.end <= size)
        require(inside.all(), "a piece outside its transfer")
        return pieces(seeds.entry, seeds.begin, seeds.end)

    def _spread(self, seeds: Pieces, stop: Flags | None, *, ahead: bool) -> Trace:
        parts = self.parts
        gates = np.zeros(len(self.issuer), np.uint8) if stop is None else np.require(stop, np.uint8, WRITABLE)
        require(len(gates) == len(self.issuer), "a stop for every account, or none at all")
        room = 2 * len(self) + PIECES_EXTRA  # address space; memory is used only where pieces are written
        while True:
            entry, pulled = np.empty(len(self), np.int32), np.empty(len(self), np.int64)
            bounds = np.empty(len(self) + 1, np.int64)
            arrays: list[npt.NDArray[Any]]
            arrays = [self.debit, parts.first, parts.parent, parts.parent_offset, parts.child_offset, parts.part, gates]
            arrays += [seeds.entry, seeds.begin, seeds.end, np.zeros(len(self), np.int32), entry, pulled, bounds]
            begin, end = np.empty(room, np.int64), np.empty(room, np.int64)
            arrays += [begin, end] if ahead else [begin, end, *(np.empty(room, np.int64) for _ in range(3))]
            run = lots.forward if ahead else lots.backward
            count = run(*(array.data for array in arrays))
            if count != lots.SHORT:
                break
            room *= 4
        filled = int(bounds[count])
        entry, pulled, bounds = entry[:count].copy(), pulled[:count].copy(), bounds[: count + 1].copy()
        begin, end = begin[:filled].copy(), end[:filled].copy()
        owner = np.repeat(entry, np.diff(bounds))
        amount = np.add.reduceat(end - begin, bounds[:-1]) if count else np.empty(0, np.int64)
        if not ahead:  # newest first, as they were found
            entry, pulled, amount = entry[::-1].copy(), pulled[::-1].copy(), amount[::-1].copy()
            found = pieces(owner, begin, end)
        else:
            found = Pieces(owner, begin, end)
        via = (self.debit if ahead else self.credit)[entry]
        trace = Trace(entry, amount, pulled, via, found)
        self._check(trace, ahead=ahead)
        return trace

    def _check(self, trace: Trace, *, ahead: bool) -> None:
        """Refuse a trace in which more money left an account than was followed onto it, or the reverse."""
        require((trace.amount <= self.amount[trace.entry]).all(), "more of a transfer followed than it moved")
        require((trace.linked <= trace.amount).all(), "more of a transfer linked than followed")
        across = (self.credit if ahead else self.debit)[trace.entry]
        both = sums(across, trace.amount, len(self.issuer)) - sums(trace.via, trace.linked, len(self.issuer))
        require((both >= 0).all(), "more money followed from an account than onto it")


def _indices(values: Integers, count: int) -> Int32s:
    """Return *values* as the kernel takes them, refusing what is not an index below *count*."""
    require(not len(values) or (int(values.min()) >= 0 and int(values.max()) < count), "a number that names nothing")
    return np.require(values, np.int32, WRITABLE)


def _fifo(debit: Int32s, credit: Int32s, amount: Int64s, issuer: Flags, returns: Int32s, numbers: Int64s) -> Parts:
    """Run the kernel on fresh state."""
    count, accounts = len(amount), len(issuer)
    front, end = np.zeros(count, np.int64), amount.copy()
    queues = [np.full(size, -1, np.int32) for size in (accounts, accounts, count)]
    first, parent = np.empty(count + 1, np.int64), np.empty(2 * count, np.int32)
    offsets = [np.empty(2 * count, np.int64) for _ in range(3)]
    arrays: list[npt.NDArray[Any]]
    arrays = [debit, credit, amount, issuer.view(np.uint8), returns, *queues, front, end, first, parent, *offsets]
    filled = lots.fifo(*(array.data for array in arrays))
    if filled < 0:
        place = -1 - filled
        raise TraceError(f"entry {numbers[place]} pays {amount[place]}, more than its debit account holds")
    left = np.flatnonzero(front < end).astype(np.int32)
    parent_offset, child_offset, part = (array[:filled] for array in offsets)
    rest = Pieces(left, front[left], end[left])
    return Parts(first, parent[:filled], parent_offset, child_offset, part, rest)
