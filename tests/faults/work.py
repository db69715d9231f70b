"""What the ledger does while things break: posts, records, groups, pipelines, holds, snapshots, closing and opening.

Everything follows from a seed: clock, ids and amounts are given. ``History`` is the truth that recovery is held
against: what was decided, in which portions, and what state belonged to it.
"""

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from boyau.codec import Batch
from boyau.journal import Book
from boyau.journal.operations import Operations
from boyau.ledger.codes import day_of
from boyau.stores import MemoryStore, SqliteStore, StoreError
from tests.faults.vfs import Recorder
from tests.page import DAY, START, WORLD

LEDGER = uuid.UUID("0192f0c1-2b3c-7d4e-8f50-617283940a0b")
NAMES = {"kz", "kz/road", "KZT", "issuer", "budget", "asphalt", "issuer@kz", "budget@kz/road", "asphalt@KZT"}
SMALL_WORLD = [one for one in WORLD if (one.get("account") or one.get(one["type"])) in NAMES]
PAY = {"op": "pay", "from": "budget@kz/road", "to": "asphalt@KZT"}
COMMIT = PAY | {"op": "commit"}


@dataclass
class History:
    """What was decided, in order, and where the portions end that must be kept whole or not at all."""

    batches: list[Batch] = field(default_factory=list)
    ends: set[int] = field(default_factory=lambda: {0})
    refused: list[list[Batch]] = field(default_factory=list)
    """Portions that the store did not take. One of them may stand on the disk all the same, if a sync failed."""
    _states: list[tuple[bytes, bytes]] = field(default_factory=list)  # (hash of the batch, state after it)

    def cut(self, length: int) -> None:
        """Forget what was decided but refused by the store: the next decision takes its place."""
        del self.batches[length:]
        self.ends = {end for end in self.ends if end <= length}

    def copy(self) -> "History":
        """Return a history that may go on otherwise."""
        return History(list(self.batches), set(self.ends), list(self.refused), list(self._states))

    def allows(self, rest: list[Batch], acknowledged: int, decided: int) -> str:
        """Say what is wrong with batches after the acknowledged ones; "" where they were decided, and are whole."""
        if not rest or _same(rest, *self.refused):
            return ""
        kept = acknowledged + len(rest)
        if kept > decided or not _same(rest, self.batches[acknowledged:kept]):
            return f"batch {acknowledged} or a later one was never decided"
        return "" if kept in self.ends else f"half a group is kept: {kept} batches"

    def adopt(self, found: list[Batch]) -> None:
        """Take what was found and read for the truth from now on."""
        self.cut(
            next(
                (n for n, pair in enumerate(zip(found, self.batches, strict=False)) if pair[0].hash != pair[1].hash),
                len(found),
            )
        )
        self.batches += found[len(self.batches) :]
        self.ends.add(len(self.batches))

    def state(self, length: int) -> bytes:
        """Return the state after so many batches, by replaying what was decided: no store, no file, no snapshot."""
        if length == 0:
            return b""
        if self._states[length - 1 : length] == [] or self._states[length - 1][0] != self.batches[length - 1].hash:
            store = MemoryStore()
            book = Book(store)
            book._begin(uuid.UUID(bytes=self.batches[0].ledger))
            self._states.clear()
            for batch in self.batches:
                store.append([batch])
                book._replay(batch)
                self._states.append((batch.hash, book.ledger.state_hash()))
        return self._states[length - 1][1]


def _same(batches: list[Batch], *others: list[Batch]) -> bool:
    return any([one.hash for one in batches] == [one.hash for one in other] for other in others)


class WatchedStore(SqliteStore):
    """The real store, which tells the recorder what it was asked to keep and when it said yes."""

    def __init__(self, path: str, history: History, recorder: Recorder | None, *, create: bool = False) -> None:
        self.history, self.recorder = history, recorder
        super().__init__(path, write=True, create=create)

    def append(self, batches: Sequence[Batch]) -> None:
        known = len(self.history.batches)
        if batches:
            known = batches[0].number
            self.history.cut(known)
            self.history.batches += batches
            self.history.ends.add(len(self.history.batches))
        self._mark(known)
        try:
            super().append(batches)
        except StoreError:
            self.history.refused.append(list(batches))
            self.history.cut(known)
            raise
        self._mark(len(self.history.batches))

    def _mark(self, acknowledged: int) -> None:
        if self.recorder is not None:
            self.recorder.marks.append((len(self.recorder.ops), len(self.history.batches), acknowledged))


class Clock:
    """A clock that goes on by itself, and further where it is told to."""

    def __init__(self, at: int = START) -> None:
        self.at = at

    def __call__(self) -> int:
        self.at += 1000
        return self.at


def open_book(path: Path, history: History, recorder: Recorder | None, clock: Clock, *, create: bool = False) -> Book:
    """Open a book on a watched store, or make it with its first batches."""
    store = WatchedStore(str(path), history, recorder, create=create)
    try:
        book = Book(store, clock=clock, entropy=random.Random(clock.at).randbytes)
        if create:
            book._begin(LEDGER)
            book.record([{"type": "note", "ledger": str(LEDGER), "format": 1, "name": "faults"}])
    except BaseException:
        store.close()
        raise
    return book


def rows(book: Book, *operations: dict):
    """Translate operations, all on the day that work begins."""
    return Operations(book.ledger).rows(list(operations), day_of(START))


def pays(book: Book, name: str, count: int):
    """Return payments with ids of their own."""
    return rows(book, *(PAY | {"id": f"{name}-{n}", "amount": f"{n % 7}.25"} for n in range(count)))


def begin(book: Book) -> None:
    """Give the ledger names and money."""
    answers = book.record(SMALL_WORLD)
    assert not any(answers), [str(one) for one in answers if one]
    issue = {"op": "issue", "id": "I1", "from": "issuer@kz", "to": "budget@kz/road", "amount": "100000.00"}
    assert book.post(rows(book, issue))["result"].tolist() == [0]


def steps(book: Book, clock: Clock, rng: random.Random, name: str, count: int) -> Iterator[None]:
    """Do *count* things with the book, each yielded when it is acknowledged."""
    kinds = ["post", "post", "record", "group", "pipeline", "hold", "snapshot", "days", "large"]
    for n in range(count):
        step(book, clock, rng.choice(kinds), f"{name}.{n}")
        yield


def step(book: Book, clock: Clock, kind: str, name: str) -> None:
    """Do one thing."""
    if kind == "post":
        book.post(pays(book, name, 2))
    elif kind == "large":
        book.post(pays(book, name, 700))  # more than one page of 64 KiB
    elif kind == "record":
        book.record([{"type": "note", "n": name}, {"type": "subject", "subject": f"act {name}"}])
    elif kind == "group":
        with book.group():
            book.post(pays(book, name + "a", 1))
            book.record([{"type": "note", "n": name}])
            book.post(pays(book, name + "b", 1))
    elif kind == "pipeline":
        for _ in book.post_batches(pays(book, f"{name}{k}", 1) for k in "abc"):
            pass
    elif kind == "hold":
        book.post(rows(book, COMMIT | {"id": name, "amount": "2.00", "expires": "2026-11-26T00:00:00Z"}))
    elif kind == "snapshot":
        book.make_snapshot()
    else:
        clock.at += DAY  # what was held expires with the next batch
