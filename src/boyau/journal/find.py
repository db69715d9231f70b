"""Finding one entry of the journal, and telling what it says."""

import uuid
from typing import Any

from boyau import codec
from boyau.codec import ROWS
from boyau.journal.book import Book
from boyau.journal.operations import Operations
from boyau.ledger.codes import day_of, day_text


def entry_number(book: Book, text: str) -> int | None:
    """Return the entry that *text* names: an entry's number, or the id it was posted under."""
    try:
        data = codec.id_bytes(text)
    except codec.CodecError:
        return None
    low, high = (int.from_bytes(data[k : k + 8], "little", signed=True) for k in (0, 8))
    found = int(book.ledger.tables.kernel.entry_of(low, high))
    if found >= 0:
        return found
    return int(text) if text.isascii() and text.isdigit() and int(text) < book.entries else None


def describe_entry(book: Book, number: int) -> dict[str, Any]:
    """Return what entry *number* says: an operation with its answer, or a record; with its place in the journal."""
    batch = book.store.containing(number)
    place = {
        "entry": number,
        "batch": batch.number,
        "recorded": day_text(day_of(batch.time)),
        "batch_hash": batch.hash.hex(),
        "ledger": str(uuid.UUID(bytes=batch.ledger)),
    }
    if batch.kind == ROWS:
        return Operations(book.ledger).describe(batch.rows()[number - batch.first], number) | place
    record: dict[str, Any] = batch.records()[number - batch.first]
    return record | place
