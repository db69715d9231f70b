"""Opens what is left after a fault, with the ordinary store, and judges it against what was promised."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from boyau.codec import Batch
from boyau.journal import Book, JournalBroken
from boyau.stores import SqliteStore, StoreError
from tests.faults.work import Clock, History, pays
from tests.page import DAY, START

NAME = "x.boyau"
FAST = Path("/dev/shm")  # memory, where there is some: a crash image needs no real disk


def workshop() -> Path:
    """Return a new folder, in memory where the system offers it."""
    return Path(tempfile.mkdtemp(prefix="boyau-faults-", dir=FAST if FAST.is_dir() else None))


def lay_out(folder: Path, image: dict[str, bytes]) -> Path:
    """Write a crash image into an emptied folder; return where its ledger is, or would be."""
    for old in folder.iterdir():
        old.unlink()
    for name, data in image.items():
        (folder / name).write_bytes(data)
    return folder / NAME


def copied(folder: Path, into: Path) -> Path:
    """Copy the files as another process would see them now, the lock and shared memory left behind."""
    into.mkdir(exist_ok=True)
    for old in into.iterdir():
        old.unlink()
    for file in folder.iterdir():
        if file.is_file() and not file.name.endswith(("-shm", "-lock")):
            shutil.copyfile(file, into / file.name)
    return into / NAME


@dataclass(frozen=True)
class Verdict:
    """What was found. ``wrong`` says in words what must not be, or is empty; ``kept`` counts the batches."""

    wrong: str
    kept: int = 0
    lost: int = 0


def judge(path: Path, history: History, acknowledged: int, decided: int, *, goes_on: bool = True) -> Verdict:
    """Open the ledger and compare: all that was acknowledged, nothing that was not decided, no half portions."""
    if not path.exists():
        return _gone(acknowledged, "the file is gone")
    try:
        book = Book.open(str(path), clock=Clock(START + 36 * DAY))
    except (StoreError, JournalBroken) as error:
        return _gone(acknowledged, f"it does not open: {error}")
    try:
        found = list(book.store.batches())
        verdict = _compare(book, found, history, acknowledged, decided)
        if verdict.wrong or not goes_on:
            return verdict
        _write(book, f"after {len(found)}"[:12])
        state, tip, length = book.ledger.state_hash(), book.tip, book.next_number
    except (StoreError, JournalBroken) as error:
        return Verdict(f"it opens, and then: {error}")
    finally:
        book.close()
    store = SqliteStore(str(path), write=False)
    try:
        last = store.last()
        if last is None or (last.hash, last.number) != (tip, length - 1) or length != len(found) + 1 or not state:
            return Verdict("what was written after the recovery is not there", len(found))
    finally:
        store.close()
    return verdict


def _gone(acknowledged: int, words: str) -> Verdict:
    return Verdict(words if acknowledged else "", 0, acknowledged)


def _compare(book: Book, found: list[Batch], history: History, acknowledged: int, decided: int) -> Verdict:
    kept = len(found)
    if kept < acknowledged:
        return Verdict(
            f"{acknowledged - kept} of {acknowledged} acknowledged batches are lost", kept, acknowledged - kept
        )
    for one, wanted in zip(found[:acknowledged], history.batches, strict=False):
        if one.header != wanted.header or one.body != wanted.body:
            return Verdict(f"batch {one.number} is not the one that was acknowledged", kept)
    words = history.allows(found[acknowledged:], acknowledged, decided)
    if words:
        return Verdict(words, kept)
    if kept and (book.next_number != kept or book.tip != found[-1].hash):
        return Verdict("the book's tip is not that of the journal", kept)
    as_decided = kept <= len(history.batches) and (not kept or history.batches[kept - 1].hash == found[-1].hash)
    truth = history if as_decided else History(found)  # a portion that was refused, and is there all the same
    if book.ledger.state_hash() != truth.state(kept):
        return Verdict(f"the state after {kept} batches is not the one that was acknowledged", kept)
    return Verdict("", kept)


def _write(book: Book, name: str) -> None:
    """Post a payment where the ledger knows the names by now, else a note."""
    if "asphalt@KZT" in book.ledger.registry.accounts and book.ledger.available("budget@kz/road") > 1000:
        answers = book.post(pays(book, name, 1))["result"].tolist()
        assert answers == [0], answers
    else:
        assert book.record([{"type": "note", "n": name}]) == [None]
