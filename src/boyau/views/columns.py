"""All rows of a journal as columns in memory, for questions that look at every one: whose, how much, when.

About 60 bytes a row. A scan of ten million takes some tens of milliseconds, which needs no index that would have to be
kept. Nothing here is on disk: it is read again from the batches at every start.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boyau.codec import ROWS, Batch
from boyau.journal import Book
from boyau.ledger import UNKNOWN_ACCOUNT

FIELDS: dict[str, str] = {
    "entry": "<i8", "ref": "<i8", "amount": "<i8", "settled": "<i8", "debit": "<i4", "credit": "<i4", "day": "<i4",
    "kind": "|u1", "result": "|u1", "item": "<i8", "document": "<i8", "subject": "<u4",
    "region": "|u1",
}  # fmt: skip
KATO_BELOW_PREFIX = 10_000_000
"""What follows the two digits of a region in a KATO number of nine."""
NONE = -1
"""No account, or no entry that is referred to."""
_ROOM = 4096


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of the first ``entries`` entries. ``ref``: the entry that a part, return or reversal refers to.

    What was refused on a commitment without naming accounts has those of the commitment.
    ``document``: the first 8 bytes of the document's digest, little-endian (0 none); ``subject``: its number (0 none).
    ``region``: the first two digits of the KATO number that the operation states (0 none).
    """

    entry: npt.NDArray[np.int64]
    ref: npt.NDArray[np.int64]
    amount: npt.NDArray[np.int64]
    settled: npt.NDArray[np.int64]
    debit: npt.NDArray[np.int32]
    credit: npt.NDArray[np.int32]
    day: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    result: npt.NDArray[np.uint8]
    item: npt.NDArray[np.int64]
    document: npt.NDArray[np.int64]
    subject: npt.NDArray[np.uint32]
    region: npt.NDArray[np.uint8]
    entries: int

    def __len__(self) -> int:
        return len(self.entry)

    def until(self, place: int, entries: int) -> "Table":
        """Return the rows before *place*, which are those of the first *entries* entries."""
        return Table(**{name: getattr(self, name)[:place] for name in FIELDS}, entries=entries)

    def since(self, place: int) -> "Table":
        """Return the rows from a place on."""
        return Table(**{name: getattr(self, name)[place:] for name in FIELDS}, entries=self.entries)

    def place(self, entry: int) -> int:
        """Return the place of a row by its entry number, −1 where that entry is none."""
        at = int(np.searchsorted(self.entry, entry))
        return at if at < len(self) and int(self.entry[at]) == entry else NONE


class Columns:
    """Grows with the journal. ``take`` is for one thread; any may read ``table``, which never changes under it."""

    def __init__(self) -> None:
        self._rows = 0
        self._arrays: dict[str, npt.NDArray[Any]] = {name: np.zeros(_ROOM, kind) for name, kind in FIELDS.items()}
        self.table = self._table(0)

    def _table(self, entries: int) -> Table:
        return Table(**{name: array[: self._rows] for name, array in self._arrays.items()}, entries=entries)

    def take(self, book: Book, batch: Batch) -> None:
        """Take the next batch of the journal."""
        if batch.kind == ROWS:
            self._append(book, batch)
        self.table = self._table(batch.end)

    def _append(self, book: Book, batch: Batch) -> None:
        rows = batch.rows()
        begin, end = self._rows, self._rows + len(rows)
        if end > len(self._arrays["entry"]):
            room = max(end, 2 * len(self._arrays["entry"]))
            for name, array in self._arrays.items():  # readers keep the old array, which stays as it is
                self._arrays[name] = np.concatenate([array[:begin], np.zeros(room - begin, array.dtype)])
        into = {name: array[begin:end] for name, array in self._arrays.items()}
        into["entry"][:] = np.arange(batch.first, batch.first + len(rows))
        into["ref"][:] = NONE
        for name in ("amount", "settled", "kind", "result", "item", "subject"):
            into[name][:] = rows[name]
        words = rows.view("<i8").reshape(-1, 16)
        into["document"][:] = words[:, 11]
        into["day"][:] = rows["value_date"]
        into["region"][:] = rows["region"] // KATO_BELOW_PREFIX
        for name in ("debit", "credit"):
            into[name][:] = np.where(rows[name] == UNKNOWN_ACCOUNT, -1, rows[name].astype(np.int64))
        referring = np.flatnonzero(words[:, 2:4].any(axis=1))
        names = rows["ref"]
        into["ref"][referring] = [book.ledger.entry_of(names[k].tobytes()) for k in referring.tolist()]
        self._rows = end
        for k in referring[(into["debit"][referring] < 0) & (into["ref"][referring] >= 0)].tolist():
            place = int(np.searchsorted(self._arrays["entry"][:end], into["ref"][k]))
            for name in ("debit", "credit"):
                into[name][k] = self._arrays[name][place] if into[name][k] < 0 else into[name][k]
