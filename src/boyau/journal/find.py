"""Finding one entry of the journal, and telling what it says."""

import re
import uuid
from typing import Any

from boyau import codec
from boyau.codec import ROWS, read_json, split_records
from boyau.journal.book import Book
from boyau.ledger.codes import day_of, day_text

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


def entry_number(book: Book, text: str) -> int | None:
    """Return the entry that *text* names: an entry's number, or the id it was posted under.

    The number comes first. Links name entries by number, and whoever posts chooses the id: one that looks like a number
    must not take the place of that entry.
    """
    if _NUMBER.fullmatch(text) and int(text) < book.entries:
        return int(text)
    try:
        found = book.ledger.entry_of(codec.id_bytes(text))
    except codec.CodecError:
        return None
    return found if found >= 0 else None


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
        return book.operations.describe(batch.rows()[number - batch.first], number) | place
    record: dict[str, Any] = read_json(split_records(batch.body, batch.count)[number - batch.first])
    return record | place
