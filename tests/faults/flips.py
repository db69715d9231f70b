"""Rotten bits: one bit of a closed ledger's file is turned, and everything is read.

python -m tests.faults.flips BIT [PAGE_BYTES]
"""

import shutil
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from boyau.codec import ROWS, Batch
from boyau.journal import Book, JournalBroken
from boyau.stores import StoreError
from boyau.stores import sqlite as engine
from tests.faults.recovery import NAME
from tests.faults.work import SMALL_WORLD, Clock, History, open_book, pays, rows


@dataclass(frozen=True)
class Small:
    """A small ledger as it lies on the disk, and all that it says when it is whole."""

    data: bytes
    batches: list[Batch]
    entries: int
    state: bytes
    tip: bytes


@dataclass
class Found:
    """What turning bits came to."""

    tried: int = 0
    same: int = 0  # the bit meant nothing: everything reads as before
    reported: int = 0
    wrong: list[str] = field(default_factory=list)


def small(folder: Path, *, page_bytes: int = 512, posts: int = 2, snapshot: bool = False) -> Small:
    """Make a small ledger and close it: all is in the one file."""
    before, path, clock = engine.PAGE_BYTES, folder / NAME, Clock()
    engine.PAGE_BYTES = page_bytes
    try:
        with open_book(path, History(), None, clock, create=True) as book:
            assert not any(book.record(SMALL_WORLD))
            issue = {"op": "issue", "id": "I1", "from": "issuer@kz", "to": "budget@kz/road", "amount": "900.00"}
            book.post(rows(book, issue))
            for n in range(posts):
                book.post(pays(book, f"P{n}", 1 + n % 3))
                if n == posts // 2 and snapshot:
                    book.make_snapshot()
            out = list(book.store.batches()), book.entries, book.ledger.state_hash(), book.tip
    finally:
        engine.PAGE_BYTES = before
    return Small(path.read_bytes(), *out)


def turn(path: Path, whole: Small, bits: Iterable[int]) -> Found:
    """Turn each of *bits* alone, in the file at *path*, and read everything."""
    found = Found()
    with path.open("r+b", buffering=0) as file:
        for bit in bits:
            file.seek(bit // 8)
            file.write(bytes([whole.data[bit // 8] ^ 1 << bit % 8]))
            try:
                words = read_all(path, whole)
            finally:
                # A writer may have touched more than the bit; the file is laid out anew.
                file.seek(0)
                file.write(whole.data)
                file.truncate(len(whole.data))
            found.tried += 1
            if words is None:
                found.same += 1
            elif words.startswith("reported"):
                found.reported += 1
            else:
                found.wrong.append(f"bit {bit} (byte {bit // 8}): {words}")
    return found


def read_all(path: Path, whole: Small) -> str | None:
    """Open, replay and read everything in every way; None where all is as it was, else what came instead."""
    try:
        book = Book.open(str(path), write=False)
    except (StoreError, JournalBroken) as error:
        return f"reported: {error}"
    except Exception as error:  # noqa: BLE001 - damage is answered in the ledger's own words, whatever it hits
        return f"opening raises {error!r}"
    reported = None
    try:
        for question in _QUESTIONS:
            try:
                words = question(book, whole)
            except (StoreError, JournalBroken) as error:
                reported = f"reported: {error}"
            except Exception as error:  # noqa: BLE001
                return f"{question.__name__} raises {error!r}"
            else:
                if words:
                    return f"{question.__name__}: {words}"
    finally:
        book.close()
    return reported


def _state(book: Book, whole: Small) -> str:
    same = (book.ledger.state_hash(), book.entries, book.tip) == (whole.state, whole.entries, whole.tip)
    return "" if same else f"opens with {book.entries} entries and another state"


def _batches(book: Book, whole: Small) -> str:
    return "" if list(book.store.batches()) == whole.batches else "other batches"


def _last(book: Book, whole: Small) -> str:
    return "" if book.store.last() == whole.batches[-1] else "another last batch"


def _each_entry(book: Book, whole: Small) -> str:
    """Ask for the first and last entry of each batch by number, through the index, as trails and repeated ids do."""
    for batch in whole.batches:
        for entry in {batch.first, batch.first + batch.count - 1}:
            with suppress(StoreError, JournalBroken):
                try:
                    found = book.store.containing(entry)
                    row = book.row_posted(entry).tobytes() if batch.kind == ROWS else None
                except KeyError:
                    return f"entry {entry} is said not to exist"
                if found != batch:
                    return f"entry {entry} is looked for in batch {found.number}"
                if row is not None and row != batch.rows()[entry - batch.first].tobytes():
                    return f"row {entry} is another one"
    with suppress(StoreError, KeyError):
        return f"entry {whole.entries} was found in batch {book.store.containing(whole.entries).number}"
    return ""


def _replay(book: Book, whole: Small) -> str:
    """Replay without the snapshot, as a reader does who checks a ledger."""
    if not book.snapshot_entry:
        return ""  # opening did
    book.store.snapshot = lambda: None
    book._load()
    return _state(book, whole)


_QUESTIONS: tuple[Callable[[Book, Small], str], ...] = (_state, _batches, _last, _each_entry, _replay)


def main() -> None:
    """Turn one bit again and say what is read."""
    from tests.faults.recovery import workshop

    folder = workshop()
    whole = small(folder, page_bytes=int(sys.argv[2]) if len(sys.argv) > 2 else 512)
    found = turn(folder / NAME, whole, [int(sys.argv[1])])
    shutil.rmtree(folder)
    print(*found.wrong or [f"same {found.same}, reported {found.reported}"])


if __name__ == "__main__":
    main()
