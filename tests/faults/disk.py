"""What a disk may hold after the power went: a model of files, names and what of them was synced.

The rules are those of POSIX, read against us. Until ``fsync`` of a file returns, each write and truncation to it may be
on the disk whole, in part (sectors of 512 bytes) or not at all, in any mixture; a file may have grown without its data,
then zeros or rubbish stand there. A new or removed name is on the disk only when its directory was synced. A failed
``fsync`` leaves pages that the system takes for clean: they are never written again unless the program writes them
again (this is what happened to PostgreSQL in 2018).
"""

import random
from dataclasses import dataclass, field
from enum import IntEnum

SECTOR_BYTES = 512

CREATE, WRITE, TRUNCATE, SYNC, SYNC_FAILED, DELETE = "create", "write", "truncate", "sync", "sync failed", "delete"
Op = tuple  # (kind, inode, ...): see ``Disk.do``


class Cut(IntEnum):
    """How the power goes. The first two are the ends: nothing unsynced survives, or everything does."""

    NOTHING = 0
    EVERYTHING = 1
    SUBSET = 2  # any of the writes, whole: reordered
    TORN = 3  # any of the sectors of any of the writes
    IN_ORDER = 4  # the first so many writes, the next one torn
    GROWN = 5  # files have grown, data have not arrived: zeros
    RUBBISH = 6  # sectors that were being written hold neither the old nor the new


@dataclass
class Inode:
    """A file without its name: what is surely on the disk, and what was done to it since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list)


class Disk:
    """Replays recorded operations one by one; ``image`` answers what would be found if the power went now."""

    def __init__(self, start: dict[str, bytes] | None = None, luck: random.Random | None = None) -> None:
        self.inodes: dict[int, Inode] = {}
        self.names: dict[str, int] = {}
        self.names_pending: list[tuple[str, int | None]] = []
        self._luck = luck
        for number, (name, data) in enumerate((start or {}).items()):
            self.inodes[number] = Inode(bytearray(data))
            self.names[name] = number

    def do(self, op: Op) -> None:
        """Let one recorded operation happen."""
        kind, inode = op[0], op[1]
        if kind == CREATE:
            self.inodes[inode] = Inode()
            self.names_pending.append((op[2], inode))
        elif kind in (WRITE, TRUNCATE):
            self.inodes[inode].pending.append(op)
        elif kind == SYNC:
            file = self.inodes[inode]
            for one in file.pending:
                _whole(file.durable, one)
            file.pending.clear()
            if op[2]:
                self._sync_names()
        elif kind == SYNC_FAILED:
            # What had not arrived by now never will: the system has marked it clean.
            file = self.inodes[inode]
            for one in file.pending:
                if self._luck is not None and self._luck.random() < 0.5:
                    _whole(file.durable, one)
                elif one[0] == WRITE and len(file.durable) < one[2] + len(one[3]):
                    file.durable.extend(bytes(one[2] + len(one[3]) - len(file.durable)))
            file.pending.clear()
        elif kind == DELETE:
            self.names_pending.append((op[2], None))
            if op[3]:
                self._sync_names()

    def _sync_names(self) -> None:
        for name, inode in self.names_pending:
            _rename(self.names, name, inode)
        self.names_pending.clear()

    def unsynced(self) -> int:
        """Return how many operations a power cut could undo now."""
        return len(self.names_pending) + sum(len(file.pending) for file in self.inodes.values())

    def image(self, cut: Cut, rng: random.Random) -> dict[str, bytes]:
        """Return names and contents as they are found after the power went now, in the manner of *cut*."""
        names = dict(self.names)
        stopped: set[str] = set()
        for name, inode in self.names_pending:
            # What happened to one name happened in order; different names do not wait for each other.
            kept = cut == Cut.EVERYTHING or (cut != Cut.NOTHING and rng.random() < 0.5)
            if name in stopped or not kept:
                stopped.add(name)
            else:
                _rename(names, name, inode)
        return {name: bytes(self._content(self.inodes[inode], cut, rng)) for name, inode in names.items()}

    @staticmethod
    def _content(file: Inode, cut: Cut, rng: random.Random) -> bytearray:
        data = bytearray(file.durable)
        if cut == Cut.NOTHING or not file.pending:
            return data
        until = rng.randrange(len(file.pending) + 1)
        share = rng.choice((0.1, 0.5, 0.9))
        for k, op in enumerate(file.pending):
            if cut == Cut.EVERYTHING or (cut == Cut.IN_ORDER and k < until):
                _whole(data, op)
            elif cut == Cut.IN_ORDER:
                if k == until:
                    _torn(data, op, rng, rubbish=False)
            elif rng.random() < share:
                _whole(data, op)
            elif cut in (Cut.TORN, Cut.RUBBISH):
                _torn(data, op, rng, rubbish=cut == Cut.RUBBISH)
            elif cut == Cut.GROWN and op[0] == WRITE:
                _grow(data, op[2] + len(op[3]))
        return data


def _rename(names: dict[str, int], name: str, inode: int | None) -> None:
    if inode is None:
        names.pop(name, None)
    else:
        names[name] = inode


def _grow(data: bytearray, size: int) -> None:
    if size > len(data):
        data.extend(bytes(size - len(data)))


def _whole(data: bytearray, op: Op) -> None:
    if op[0] == TRUNCATE:
        del data[op[2] :]
        _grow(data, op[2])
    else:
        _grow(data, op[2])
        data[op[2] : op[2] + len(op[3])] = op[3]


def _torn(data: bytearray, op: Op, rng: random.Random, *, rubbish: bool) -> None:
    """Let some sectors of a write arrive. Bytes outside the written range stay: SQLite's "powersafe overwrite"."""
    if op[0] == TRUNCATE:
        return
    _, _, offset, new = op
    end = offset + len(new)
    first, last = offset // SECTOR_BYTES, (end - 1) // SECTOR_BYTES
    count = last - first + 1
    arrived = rng.getrandbits(count) & rng.choice((-1, rng.getrandbits(count), (1 << rng.randrange(count + 1)) - 1))
    for k in range(count):
        low, high = max(offset, (first + k) * SECTOR_BYTES), min(end, (first + k + 1) * SECTOR_BYTES)
        if arrived >> k & 1:
            _grow(data, low)
            data[low:high] = new[low - offset : high - offset]
        elif rubbish and rng.random() < 0.25:
            _grow(data, low)
            data[low:high] = rng.randbytes(high - low)
