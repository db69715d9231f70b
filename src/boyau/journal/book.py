"""An open ledger: decides with ``ledger``, seals and appends with ``codec`` and a store, then acknowledges.

Nothing is answered before it is on disk. Where the store fails, what was decided in memory is thrown away and read
again from the journal, so that memory never knows more than the disk.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from boyau import codec
from boyau.codec import RECORDS, ROWS, ZERO_HASH, Batch
from boyau.journal import snapshots
from boyau.journal.cut import cut
from boyau.journal.flight import Flight, Runway
from boyau.journal.operations import Operations
from boyau.ledger import BATCH_ROWS_MAX, Ledger, RecordRefused, Rows
from boyau.ledger.rows import ROW, ROW_BYTES
from boyau.proofs.leaves import batch_leaves, leaf_hashes
from boyau.proofs.tree import Frontier
from boyau.stores import Store, StoreError, open_store

SNAPSHOT_ENTRIES = 4_000_000
"""A snapshot is made after so many entries..."""
SNAPSHOT_ENTRIES_AT_CLOSE = 20_000
"""...and when the book is closed, if so many have come since the last one."""
RECORDS_BATCH_MAX = 1000
_RECENT_ROWS_MAX = 4096


class JournalBroken(Exception):  # noqa: N818 - says what is the matter
    """The journal contradicts itself or the replay: somebody changed it, or the program decides differently now."""


def system_clock() -> int:
    """Return the time in microseconds since 1970-01-01 UTC. The only clock; the ledger never sees it."""
    return time.time_ns() // 1000


class Book:
    """One ledger, open. Use ``Book.open`` or ``Book.create``, and close it (it is a context manager)."""

    def __init__(
        self,
        store: Store,
        *,
        pure: bool = False,
        clock: Callable[[], int] = system_clock,
        entropy: Callable[[int], bytes] = os.urandom,
        write: bool = True,
    ) -> None:
        self.store = store
        self._writes = write
        self.clock = clock
        self._entropy = entropy
        self._pure = pure
        self._recent_rows: dict[int, Sequence[int]] = {}
        self._checked: set[int] = set()
        self._group: list[Batch] | None = None
        self.numbers: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        """Entry numbers of the rows that ``post`` returned last."""
        self._runway = Runway(self._keep_rows)
        self._load()

    @classmethod
    def open(
        cls, target: str, *, write: bool = True, pure: bool = False, clock: Callable[[], int] = system_clock
    ) -> Self:
        """Open the ledger at *target* (a path, ``sqlite:PATH``)."""
        store = open_store(str(target), write=write)
        try:
            book = cls(store, pure=pure, clock=clock, write=write)
            if book.next_number == 0 and target != "memory:":
                raise StoreError(f"{target} holds no entry, its making was interrupted; remove it and make it again")
        except BaseException:
            store.close()
            raise
        return book

    @classmethod
    def create(
        cls,
        target: str,
        *,
        name: str = "",
        pure: bool = False,
        clock: Callable[[], int] = system_clock,
        entropy: Callable[[int], bytes] = os.urandom,
        ledger_id: uuid.UUID | None = None,
    ) -> Self:
        """Make a new ledger at *target*; its first record says its id and format."""
        ledger_id = ledger_id or uuid.uuid4()
        note = {"type": "note", "ledger": str(ledger_id), "format": codec.VERSION, "name": name}
        codec.canonical(note)  # a title that cannot be recorded makes no file
        store = open_store(str(target), write=True, create=True)
        try:
            book = cls(store, pure=pure, clock=clock, entropy=entropy)
            book._begin(ledger_id)
            book.record([note])
        except BaseException:
            store.close()
            raise
        return book

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- opening ----------------------------------------------------------------------------------------------------

    def _begin(self, ledger_id: uuid.UUID) -> None:
        self.id = ledger_id.bytes
        self.frontier = Frontier()
        self.ledger = Ledger(pure=self._pure, seed=int.from_bytes(self.id[:8], "little"), keep_history=False)
        self.ledger.history = self._row_words
        self.operations = Operations(self.ledger)

    def _load(self) -> None:
        """Read the state: the newest snapshot that agrees with the journal, then the batches after it."""
        self._recent_rows.clear()
        self._checked.clear()
        self._group = None if self._group is None else []  # another list: ``group`` sees it, and keeps nothing
        first = self._first_batch()
        self._begin(uuid.UUID(bytes=first.ledger) if first else uuid.UUID(int=0))
        self.next_number, self.tip, self.snapshot_entry = 0, ZERO_HASH, 0
        if first is None:
            if self.store.last() is not None:
                raise JournalBroken("batch 0 is missing, and later ones are there")
            return
        self._load_snapshot()
        for batch in self.store.batches(self.next_number):
            self._replay(batch)

    def _first_batch(self) -> Batch | None:
        try:
            return self.store.read(0)
        except KeyError:
            return None

    def _load_snapshot(self) -> None:
        try:
            found = snapshots.load(self.store, self.ledger)
        except (KeyError, ValueError):  # it is damaged; the batches decide
            self._begin(uuid.UUID(bytes=self.id))
            return
        if found is not None:
            batch, self.frontier = found
            self.next_number, self.tip, self.snapshot_entry = batch.number + 1, batch.hash, self.ledger.sequence

    def _replay(self, batch: Batch) -> None:
        """Decide a batch again and compare: the journal must say what the ledger says."""
        if batch.previous != self.tip or batch.number != self.next_number or batch.first != self.ledger.sequence:
            raise JournalBroken(f"batch {batch.number} does not follow the one before it")
        if batch.ledger != self.id or batch.time < self.ledger.time + (batch.kind == ROWS):
            raise JournalBroken(f"batch {batch.number} belongs to another ledger, or its time lies before the last")
        if batch.kind == RECORDS:
            try:
                records = batch.records()
            except codec.CodecError as error:
                raise JournalBroken(f"batch {batch.number}: {error}") from None
            for k, record in enumerate(records):
                try:
                    self.ledger.record(record, batch.time)
                except RecordRefused as refusal:
                    raise JournalBroken(
                        f"entry {batch.first + k}: the ledger now refuses this record: {refusal}"
                    ) from None
        else:
            stored = batch.rows()
            commands = stored[batch.expired :].copy()
            again = self.ledger.apply(_as_commanded(commands), batch.time)
            if again.tobytes() != batch.body:
                both = min(len(again), len(stored))
                wrong = next((k for k in range(both) if again[k].tobytes() != stored[k].tobytes()), both)
                raise JournalBroken(f"entry {batch.first + wrong}: the journal says otherwise than the ledger decides")
        self.frontier.append(batch_leaves(batch))
        if self.frontier.root() != batch.root:
            raise JournalBroken(f"entries {batch.first} to {self.entries - 1}: not those under the root of their batch")
        self.next_number, self.tip = batch.number + 1, batch.hash

    # ---- reading ----------------------------------------------------------------------------------------------------

    @property
    def entries(self) -> int:
        """Number of entries, records and rows together."""
        return self.ledger.sequence

    def _row_words(self, entry: int) -> Sequence[int]:
        """Return row *entry* as 16 words: for the kernel, where an id is met again or an original is given back.

        A batch is checked whole the first time one of its rows is asked for; after that only the row is read.
        """
        words = self._recent_rows.get(entry)
        if words is None:
            data = self._row_bytes(entry)
            words = [int.from_bytes(data[k : k + 8], "little", signed=True) for k in range(0, ROW_BYTES, 8)]
            if len(self._recent_rows) >= _RECENT_ROWS_MAX:
                self._recent_rows.clear()
            self._recent_rows[entry] = words
        return words

    def _row_bytes(self, entry: int) -> bytes:
        for batch in self._group or ():
            if batch.first <= entry < batch.end:
                return batch.body[(entry - batch.first) * ROW_BYTES :][:ROW_BYTES]
        under_way = self._runway.row(entry)
        if under_way is not None:
            return under_way
        number, first = self.store.locate(entry)
        if number not in self._checked:
            batch = self.store.read(number)
            if batch.kind != ROWS or not batch.first == first <= entry < batch.end:
                raise JournalBroken(f"batch {number} does not hold row {entry}")
            self._checked.add(number)
        return self.store.part(number, (entry - first) * ROW_BYTES, ROW_BYTES)

    def _batch_of(self, entry: int) -> Batch:
        for batch in self._group or ():
            if batch.first <= entry < batch.end:
                return batch
        return self.store.containing(entry)

    def row(self, entry: int) -> np.void:
        """Return row *entry* of the journal; KeyError where that entry is a record or does not exist."""
        batch = self._batch_of(entry)
        if batch.kind != ROWS:
            raise KeyError(entry)
        row: np.void = batch.rows()[entry - batch.first]
        return row

    def row_posted(self, entry: int) -> np.void:
        """Return row *entry*, which the caller knows to be a row: as ``row``, but only that row is read."""
        row: np.void = np.frombuffer(self._row_bytes(entry), ROW)[0]
        return row

    # ---- writing ----------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Return the journal time for the next batch: the clock's, or just after the last where the clock lags."""
        return max(self.clock(), self.ledger.time + 1)

    def record(self, records: Sequence[dict[str, Any]], at: int | None = None) -> list[RecordRefused | None]:
        """Apply records in order, each on its own: a refused one is answered and leaves no trace, the rest is kept."""
        answers: list[RecordRefused | None] = []
        for begin in range(0, len(records), RECORDS_BATCH_MAX):
            answers += self._record_batch(records[begin : begin + RECORDS_BATCH_MAX], at)
        return answers

    def _record_batch(self, records: Sequence[dict[str, Any]], given: int | None) -> list[RecordRefused | None]:
        at = self.now() if given is None else given
        first, kept, answers = self.ledger.sequence, [], []
        try:
            for record in records:
                refusal = None
                try:
                    encoded = codec.canonical(record)
                    self.ledger.record(record, at)
                    kept.append(encoded)
                except RecordRefused as error:
                    refusal = error
                except codec.CodecError as error:
                    refusal = RecordRefused("record_unreadable", "", str(error))
                answers.append(refusal)
            if kept:
                self._append(self._seal(RECORDS, codec.pack_records(kept), first, len(kept), 0, at))
        except BaseException:  # whatever it is: memory must not know what the disk does not
            self._load()
            raise
        return answers

    def post(self, rows: Rows, at: int | None = None) -> Rows:
        """Decide *rows* and return them decided, in order, when they are durable."""
        kept = list(self._post_batches(cut(rows), at, overlap=len(rows) > BATCH_ROWS_MAX))
        numbers = [np.arange(first + expired, first + len(decided)) for decided, expired, first in kept]
        self.numbers = np.concatenate([np.zeros(0, np.int64), *numbers])
        parts = [decided[expired:] for decided, expired, _ in kept]
        return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, ROW), *parts])

    def post_batches(self, batches: Iterable[Rows], *, overlap: bool = False) -> Iterator[Rows]:
        """Decide batch after batch, each yielded when it is durable.

        With *overlap* one batch is decided while the one before it is sealed and written. It is for batches that are
        at hand: an answer then comes when the next batch has been taken.
        """
        for decided, expired, _ in self._post_batches(batches, None, overlap=overlap):
            yield decided[expired:]

    def _post_batches(
        self, batches: Iterable[Rows], at: int | None, *, overlap: bool
    ) -> Iterator[tuple[Rows, int, int]]:
        before: Flight | None = None
        try:
            for rows in batches:
                time_now = self.now() if at is None else max(at, self.ledger.time + 1)
                first = self.ledger.sequence
                decided = self.ledger.apply(rows, time_now)
                expired = len(decided) - len(rows)
                if not overlap or self._group is not None:
                    self._keep_rows(decided, first, expired, time_now)
                    yield decided, expired, first
                    continue
                flight = self._runway.send(decided, first, expired, time_now)
                if before is not None:
                    yield self._runway.landed(before)
                before = flight
            if before is not None:
                yield self._runway.landed(before)
        except GeneratorExit:  # whoever asked has enough; all that was decided is durable
            self._land()
            raise
        except BaseException:
            with suppress(BaseException):  # what is under way must end before the journal is read
                self._runway.clear()
            self._load()
            raise
        self._snapshot_if_due(SNAPSHOT_ENTRIES)

    def _land(self) -> None:
        try:
            self._runway.clear()
        except BaseException:
            self._load()
            raise

    def _keep_rows(self, decided: Rows, first: int, expired: int, at: int) -> None:
        self._append(self._seal(ROWS, decided.tobytes(), first, len(decided), expired, at))

    def _seal(self, kind: int, body: bytes, first: int, count: int, expired: int, at: int) -> Batch:
        blind = self._entropy(32)
        leaves = leaf_hashes(kind, body, count, blind, at)
        tiles = self.frontier.append(leaves)
        batch = Batch.seal(
            kind,
            body,
            number=self.next_number,
            first=first,
            count=count,
            expired=expired,
            time=at,
            previous=self.tip,
            ledger=self.id,
            blind=blind,
            root=self.frontier.root(),
            tiles=tiles,
            marks=leaves[:, :4].tobytes(),
        )
        self.next_number, self.tip = batch.number + 1, batch.hash
        self._checked.add(batch.number)
        return batch

    def _append(self, batch: Batch) -> None:
        """Keep a batch. Whoever decided it reads the state anew where this fails."""
        if self._group is not None:
            self._group.append(batch)
            return
        self.store.append([batch])

    @contextmanager
    def group(self) -> Iterator[None]:
        """Make everything posted and recorded inside durable together, or nothing of it."""
        if self._group is not None:
            yield
            return
        group = self._group = []
        try:
            yield
            if self._group is not group:
                raise StoreError("something inside the group failed; nothing of the group was kept")
            self.store.append(group)
            self._group = None
        except BaseException:
            self._group = None
            self._load()
            raise
        self._snapshot_if_due(SNAPSHOT_ENTRIES)

    def dry_run(self, rows: Rows, at: int | None = None) -> Rows:
        """Decide *rows* as ``post`` would, and change nothing."""
        decided = self.ledger.dry_run(rows, self.now() if at is None else at)
        return decided[len(decided) - len(rows) :]

    # ---- snapshots --------------------------------------------------------------------------------------------------

    def _snapshot_if_due(self, entries: int) -> None:
        if self.entries - self.snapshot_entry >= entries:
            self.make_snapshot()

    def make_snapshot(self) -> None:
        """Keep the state as it is, so that opening need not replay what came before."""
        if self.next_number == 0 or self.entries == self.snapshot_entry:
            return
        snapshots.put(self.store, self.ledger, (self.next_number - 1, self.tip), self.frontier, self.snapshot_entry)
        self.snapshot_entry = self.entries

    def close(self) -> None:
        """Close the ledger; after much work with a snapshot, so that the next opening is quick."""
        try:
            self._land()
            if self._writes and self._group is None:
                with suppress(StoreError):  # without it the next opening is slower, not wrong
                    self._snapshot_if_due(SNAPSHOT_ENTRIES_AT_CLOSE)
        finally:
            self._runway.close()
            self.store.close()


def _as_commanded(rows: Rows) -> Rows:
    """Return rows as they were sent: what the ledger writes is blank again."""
    rows["settled"] = 0
    rows["result"] = 0
    rows["detail"] = 0
    return rows
