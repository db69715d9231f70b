"""Calls that fail: the nth write or sync of a piece of work, once or from then on, and what the ledger makes of it.

Afterwards the process is closed, or killed and started again, and at last the power goes: what was acknowledged before
and after the failure must be there.
"""

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import apsw

from boyau.journal import Book
from boyau.stores import StoreError
from boyau.stores import sqlite as engine
from tests.faults.disk import SYNC, TRUNCATE, WRITE, Cut, Disk
from tests.faults.driver import ordinary, under
from tests.faults.recovery import NAME, copied, judge, lay_out, workshop
from tests.faults.vfs import Layer, Recorder
from tests.faults.work import Clock, History, begin, open_book, step
from tests.page import DAY, START

STEPS = ("post", "record", "group", "pipeline", "hold", "snapshot", "days", "post", "large", "group", "post", "post")
LAST = "last"
PAGES = 12
"""The log is written back about every third commit, so that failures meet it in all its states."""


@dataclass
class Nth:
    """Fails the nth call of its kinds with a code, once or from then on until it is mended."""

    kinds: tuple[str, ...]
    nth: int
    code: int
    forever: bool = False
    count: int = 0
    on: bool = False
    failed: int = 0

    def __call__(self, kind: str, _name: str) -> int | None:
        if not self.on or kind not in self.kinds:
            return None
        self.count += 1
        if self.count == self.nth or (self.forever and self.count > self.nth):
            self.failed += 1
            return self.code
        return None


@dataclass
class Outcome:
    """What one failing call led to."""

    fired: bool = False
    refused: list[StoreError] = field(default_factory=list)
    acknowledged_after: int = 0  # appends that were answered after the failure, before the store was opened anew
    wrong: list[str] = field(default_factory=list)


SYNC_FAILS = lambda n, forever=False: Nth((SYNC,), n, apsw.SQLITE_IOERR_FSYNC, forever)  # noqa: E731
WRITE_FAILS = lambda n, forever=False: Nth((WRITE, TRUNCATE), n, apsw.SQLITE_IOERR_WRITE, forever)  # noqa: E731
DISK_FULL = lambda n, forever=False: Nth((WRITE,), n, apsw.SQLITE_FULL, forever)  # noqa: E731


class Scene:
    """One piece of work on a failing disk, and the ways it may end."""

    def __init__(self, fault: Nth) -> None:
        self.fault, self.out = fault, Outcome()
        self.recorder, self.history, self.clock = Recorder(), History(), Clock()
        self.folder, self.side, self.next = workshop(), workshop(), workshop()
        self.layer = Layer(self.recorder, fault)
        self.book: Book

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.fault.on = False
        self.layer.gone = True
        with suppress(Exception):
            self.book.close()
        self.layer.unregister()
        for folder in (self.folder, self.side, self.next):
            shutil.rmtree(folder)

    def work(self, after: Callable[["Scene", int], None] | None = None) -> Outcome:
        """Do all steps; what the store refuses is noted, and memory compared with the disk each time."""
        with under(self.layer.name, checkpoint_pages=PAGES, page_bytes=4096):
            self.book = open_book(self.folder / NAME, self.history, self.recorder, self.clock, create=True)
            begin(self.book)
            self.fault.on = True
            for n, kind in enumerate((*STEPS, LAST)):
                if kind == LAST and not self.fault.failed:
                    break  # it is there to meet what failed at the very end, in writing back the log
                known, failed = self.book.next_number, self.fault.failed
                try:
                    self.do(n)
                except StoreError as error:
                    self.out.refused.append(error)
                    self._memory_is_the_disk(f"step {n}")
                    if after is not None:
                        after(self, n)
                if failed and self.book.next_number > known:
                    self.out.acknowledged_after += 1
        self.out.fired = self.fault.failed > 0
        return self.out

    def do(self, n: int) -> None:
        """Do step *n*, for the first time or again."""
        step(self.book, self.clock, "post" if n == len(STEPS) else STEPS[n], f"s{n}")

    def _memory_is_the_disk(self, when: str) -> None:
        """Let the next process look at the files: the book must not know more than is there.

        It may know less after a failed sync, by what was refused: that stands in the log, for who knows how long.
        """
        with ordinary(), Book.open(str(copied(self.folder, self.side)), write=False) as other:
            disk, book = other, self.book
            if (disk.ledger.state_hash(), disk.entries, disk.tip) != (book.ledger.state_hash(), book.entries, book.tip):
                extra = list(disk.store.batches(book.next_number))
                if (
                    self.fault.code == apsw.SQLITE_IOERR_FSYNC
                    and extra
                    and not self.history.allows(extra, book.next_number, 0)
                ):
                    return
                self.out.wrong.append(f"{when}: memory has {book.next_number} batches, the disk {disk.next_number}")

    @property
    def acknowledged(self) -> int:
        """How many batches were acknowledged so far."""
        return max(mark[2] for mark in self.recorder.marks)

    def close(self) -> None:
        """End as it should be: close, and open again with the ordinary store."""
        self.fault.on = False
        kept = self.acknowledged
        with under(self.layer.name):
            self.book.close()
        verdict = judge(copied(self.folder, self.side), self.history, kept, len(self.history.batches))
        if verdict.wrong:
            self.out.wrong.append(f"closed and opened: {verdict.wrong}")

    def kill(self) -> None:
        """End without a word; another process opens what the system shows of the files, and goes on."""
        kept = self.acknowledged
        self.layer.gone, layer = True, Layer(self.recorder)
        path = copied(self.folder, self.next)
        try:
            with under(layer.name, checkpoint_pages=PAGES, page_bytes=4096), _noted(self.recorder):
                book = open_book(path, self.history, None, Clock(START + 30 * DAY))
                found = list(book.store.batches())
                words = self.history.allows(found[kept:], kept, len(self.history.batches))
                if len(found) < kept or words:
                    self.out.wrong.append(f"killed and opened: {len(found)} of {kept} acknowledged batches; {words}")
                    book.close()
                    return
                self.history.adopt(found)
                book.store.recorder = self.recorder
                for n in range(4):
                    book.record([{"type": "note", "n": f"again {n}"}])
                layer.gone = True  # and killed once more: nothing is tidied up by closing
                book.close()
        finally:
            layer.unregister()

    def power_cuts(self, seed: str, count: int) -> None:
        """Let the power go at moments since the failure; luck decides what a failed sync had saved."""
        ops = self.recorder.ops
        for n in range(count):
            rng = random.Random(f"{seed}/{n}")
            at = len(ops) if n % 3 == 0 else rng.randint(len(ops) // 3, len(ops))
            disk = Disk(self.recorder.start, None if n % 2 else rng)
            for op in ops[:at]:
                disk.do(op)
            decided, acknowledged = self.recorder.promised(at)
            image = disk.image(Cut.NOTHING if n < 4 else rng.choice(list(Cut)), rng)
            verdict = judge(lay_out(self.side, image), self.history, acknowledged, decided, goes_on=False)
            if verdict.wrong:
                self.out.wrong.append(f"power cut {n} after {at} of {len(ops)} calls: {verdict.wrong}")


class _noted:  # noqa: N801 - reads as a phrase
    """Where the store itself renews a log that a dead process left, the recorder is told."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder, self._real = recorder, getattr(engine, "_renew_log", None)

    def __enter__(self) -> None:
        if self._real is not None:
            engine._renew_log = self._renew

    def _renew(self, path: Path) -> int:
        size = self._real(path)
        log = path.with_name(path.name + "-wal")
        if size:
            self._recorder.wrote_beside(log.name, log.read_bytes())
        return size

    def __exit__(self, *_: object) -> None:
        if self._real is not None:
            engine._renew_log = self._real
