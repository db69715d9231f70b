"""The sealed side of the ledger behind the pages: entries as they lie in their batches, receipts, checkpoints.

It reads the store by a connection of its own: the writer is not asked, and an entry never changes.
"""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from boyau.codec import ROWS, Batch, read_json, split_records
from boyau.journal.log import Log
from boyau.proofs.note import Checkpoint, Note
from boyau.proofs.receipt import Receipt
from boyau.stores import Store, open_store

BATCHES_KEPT = 32
"""Batches, a megabyte each at most, in which the entries of one page mostly lie together."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed checkpoint: its note, what that says, and by whom it is signed: (name, id of the key)."""

    note: Note
    checkpoint: Checkpoint

    @property
    def signers(self) -> list[tuple[str, str]]:
        """Name who signed, with the id of the key in hexadecimal digits; the log stands first."""
        return [(name, key.hex()) for name, key, _ in self.note.signatures]


class Sealed:
    """Reads entries and makes receipts. Any thread may ask; one is answered at a time."""

    def __init__(self, ledger: str) -> None:
        self._ledger = ledger
        self._store: Store | None = None
        self._log: Log | None = None
        self._batches: dict[int, Batch] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _open(self) -> Store:
        if self._store is None:
            self._store = open_store(self._ledger, write=False)
        return self._store

    def batch(self, entry: int) -> Batch:
        """Return the batch that holds an entry. KeyError where there is none."""
        with self._lock:
            for known in self._batches.values():
                if known.first <= entry < known.end:
                    return known
            batch = self._open().containing(entry)
            if len(self._batches) >= BATCHES_KEPT:
                self._batches.pop(next(iter(self._batches)))
            self._batches[batch.number] = batch
            return batch

    def row(self, entry: int) -> "np.void | None":
        """Return an entry's row, None where it is a record."""
        batch = self.batch(entry)
        if batch.kind != ROWS:
            return None
        row: np.void = batch.rows()[entry - batch.first]
        return row

    def record(self, entry: int) -> dict[str, Any]:
        """Return an entry's record. KeyError where it is a row."""
        batch = self.batch(entry)
        if batch.kind == ROWS:
            raise KeyError(entry)
        found: dict[str, Any] = read_json(split_records(batch.body, batch.count)[entry - batch.first])
        return found

    def time(self, entry: int) -> int:
        """Return the journal time of an entry, microseconds since 1970."""
        return self.batch(entry).time

    # ---- the log ----------------------------------------------------------------------------------------------------

    def signed(self, size: int = 0) -> Signed | None:
        """Return the first checkpoint that covers *size* entries, None where none does; of 0 the newest."""
        with self._lock:
            found = self._open().checkpoint(size)
        if found is None:
            return None
        note = Note.read(found[1])
        return Signed(note, Checkpoint.read(note.text))

    def receipt(self, entry: int) -> Receipt | None:
        """Return the receipt of an entry under the first checkpoint that covers it; None where none does yet."""
        signed = self.signed(entry + 1)
        if signed is None:
            return None
        with self._lock:
            if self._log is None or self._log.size < signed.checkpoint.size:
                self._log = Log(self._open())
            return self._log.receipt(entry, signed.note)
