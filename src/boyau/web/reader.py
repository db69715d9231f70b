"""What pages are made from: the views and the columns, kept up to date behind the ledger, and the trail of its money.

Nothing here decides anything, and everything can be thrown away. A thread asks the writer, between two commits, to hand
over a few batches at a time; so what is read is always what is on disk, and no commit waits longer than for one step.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from boyau.journal import Book
from boyau.service.desk import Busy, Closing, Desk
from boyau.trace.journal import Traced, of_rows
from boyau.views import Views
from boyau.views.columns import Columns, Table
from boyau.web.sealed import Sealed

STEP_ENTRIES = 16_384
"""Entries that one step takes, about: some 20 ms in which the writer does nothing else."""
PAUSE_SECONDS = 0.2
"""How long is gathered before a step, so that a busy ledger is not followed entry by entry."""
FRESH_ROWS_MAX = 500_000
"""Up to so many rows a trail is always that of this moment; beyond, an older one is shown while the next is made."""

T = TypeVar("T")
log = logging.getLogger("boyau.web")


@dataclass(frozen=True, slots=True)
class Trail:
    """The lots of a ledger's money, as of ``entries`` entries."""

    traced: Traced
    entries: int


class Reader:
    """Follows the ledger behind *desk*. *ledger*: its path, beside which the views lie."""

    def __init__(self, desk: Desk, ledger: str) -> None:
        self._desk, self.ledger = desk, ledger
        self.sealed = Sealed(ledger)
        self._columns = Columns()
        self._next_batch = 0
        self._views: Views | None = None
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._trail: Trail | None = None
        self._making = threading.Lock()
        self._memory: dict[str, tuple[int, object]] = {}
        self._folded: dict[str, tuple[int, object]] = {}
        self.closing: list[Callable[[], None]] = []
        """What works behind this reader, and ends before it."""
        desk.watchers.append(self._watch)
        self._changed.set()
        self._thread = threading.Thread(target=self._run, name="boyau-reader", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following."""
        for close in self.closing:
            close()
        self._ended.set()
        self._changed.set()
        self._thread.join(10)
        self.sealed.close()

    # ---- following --------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ended.is_set():
            self._changed.wait()
            self._changed.clear()
            try:
                while not self._ended.is_set() and self._desk.call(self._step).result():
                    pass
            except Closing:
                return
            except Busy:
                self._changed.set()
            except Exception:
                log.exception("the pages cannot follow the ledger")
            self._ended.wait(PAUSE_SECONDS)

    def _watch(self, entries: int) -> None:
        """Note that there are more entries; called by the writer, after own looks too."""
        if entries > self.rows.entries:
            self._changed.set()

    def _step(self, book: Book) -> bool:
        """Take the next batches, in the writer's thread; tell whether there were any."""
        if self._views is None:
            self._views = Views.open(self.ledger)
        taken = self._views.follow(book, STEP_ENTRIES)
        until = self.rows.entries + STEP_ENTRIES
        count = 0
        for batch in book.store.batches(self._next_batch):
            self._columns.take(book, batch)
            self._next_batch = batch.number + 1
            count += 1
            if batch.end >= until:
                break
        return bool(taken or count)

    def wait(self, entries: int, seconds: float = 5.0) -> bool:
        """Wait until so many entries have been followed, as after an own payment; False: it took too long."""
        rounds = max(1, int(seconds / 0.02))
        for _ in range(rounds):
            if self.rows.entries >= entries:
                return True
            self._ended.wait(0.02)
        return False

    # ---- reading ----------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> Table:
        """All rows so far, as columns."""
        return self._columns.table

    @contextmanager
    def views(self) -> Iterator[Views]:
        """Open the views for one page."""
        try:
            found = Views.open(self.ledger)
        except sqlite3.DatabaseError as error:  # pragma: no cover - a full disk
            raise OSError(str(error)) from None
        with found:
            yield found

    @property
    def desk(self) -> Desk:
        """The desk behind the pages: what it has counted since the start, and what waits."""
        return self._desk

    def ask(self, look: Callable[[Book], T]) -> T:
        """Have the writer look at the book between two commits. Raises ``Busy`` or ``Closing``."""
        return self._desk.call(look).result()

    def once(self, name: str, make: Callable[[Table], T]) -> T:
        """Return what *make* finds in the rows; it is remembered until there are more."""
        rows = self.rows
        known = self._memory.get(name)
        if known is not None and known[0] == rows.entries:
            return known[1]  # type: ignore[return-value]
        made = make(rows)
        self._memory[name] = (rows.entries, made)
        return made

    def fold(self, name: str, start: T, add: Callable[[T, Table], T]) -> T:
        """Return a sum over all rows: *add* is given what was found so far and the rows that have come since."""
        rows = self.rows
        with self._lock:
            begin, so_far = self._folded.get(name, (0, start))
            if begin < len(rows):
                so_far = add(so_far, rows.since(begin))  # type: ignore[arg-type]
                self._folded[name] = len(rows), so_far
        return so_far  # type: ignore[return-value]

    def trail(self) -> Trail:
        """Return the lots of the ledger's money; of a large ledger perhaps those of a moment ago."""
        known, rows = self._trail, self.rows
        if known is not None and known.entries == rows.entries:
            return known
        if known is not None and len(rows) > FRESH_ROWS_MAX:
            if not self._making.locked():
                threading.Thread(target=self._make_trail, name="boyau-trail", daemon=True).start()
            return known
        return self._make_trail()

    def _make_trail(self) -> Trail:
        with self._making:
            rows = self.rows
            if self._trail is not None and self._trail.entries == rows.entries:
                return self._trail
            posted = np.flatnonzero(rows.result == 0)
            traced = self.ask(lambda book: book)  # names and issuers only: they are never taken away
            self._trail = Trail(
                of_rows(
                    traced,
                    debit=rows.debit[posted],
                    credit=rows.credit[posted],
                    settled=rows.settled[posted],
                    kind=rows.kind[posted],
                    numbers=rows.entry[posted],
                    ref=rows.ref[posted],
                ),
                rows.entries,
            )
            return self._trail
