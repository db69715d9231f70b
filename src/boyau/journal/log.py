"""The log side of an open ledger: checkpoints signed after the tree was computed again, proofs, receipts.

Everything here reads a store; only a checkpoint is written, which is no entry. So it works beside the one who writes.
"""

import uuid
from functools import cached_property
from typing import Any

import numpy as np

from boyau.codec import ROWS, TILE, Batch, split_records
from boyau.ledger import log_keys
from boyau.ledger.log_keys import ORIGIN, LogKeys
from boyau.ledger.rows import ROW_BYTES
from boyau.proofs import note as notes
from boyau.proofs.leaves import SALT_BYTES, batch_leaves, salts
from boyau.proofs.note import Checkpoint, Note, Signer
from boyau.proofs.receipt import Receipt
from boyau.proofs.tree import Hashes, Nodes, ProofError, as_hashes
from boyau.stores import Store, StoreDamaged

BATCHES_KEPT = 4


class SplitLog(Exception):  # noqa: N818 - says what is the matter
    """The entries no longer extend what was signed: signing on would make a second history."""


def origin_of(ledger: bytes) -> str:
    """Return the origin line of a ledger's checkpoints."""
    return ORIGIN + str(uuid.UUID(bytes=ledger))


class Log:
    """A ledger's log up to its newest batch, as a store shows it at one moment. KeyError where there is no entry."""

    def __init__(self, store: Store) -> None:
        last = store.last()
        if last is None:
            raise KeyError("the ledger has no entry")
        self.store, self.last = store, last
        self._recent = [last]

    @property
    def origin(self) -> str:
        """The name under which the log signs."""
        return origin_of(self.last.ledger)

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.last.end

    @cached_property
    def nodes(self) -> Nodes:
        """The hashes of the tree's nodes. StoreDamaged where they are not those of the newest root."""
        tiles = as_hashes(self.store.tiles())[: self.size // TILE]
        nodes = Nodes(self.size, tiles, self._leaves)
        if nodes.root(0, self.size) != self.last.root:
            raise StoreDamaged("the hashes of tiles are not those under the newest root; `boyau verify` says more")
        return nodes

    def _batch_of(self, entry: int) -> Batch:
        """Return the batch that holds *entry*; the last few are kept, since proofs are asked for in clusters."""
        for batch in self._recent:
            if batch.first <= entry < batch.end:
                return batch
        self._recent = [self.store.containing(entry), *self._recent[: BATCHES_KEPT - 1]]
        return self._recent[0]

    def _leaves(self, first: int, count: int) -> Hashes:
        """Return the leaf hashes of entries, made again from the entries."""
        parts: list[Hashes] = []
        while count:
            batch = self._batch_of(first)
            at = first - batch.first
            part = batch_leaves(batch, at, min(count, batch.count - at))
            parts.append(part)
            first, count = first + len(part), count - len(part)
        return np.concatenate(parts) if parts else as_hashes(b"")

    def note(self, size: int = 0) -> Note:
        """Return the smallest signed checkpoint of at least *size* entries; 0: the newest. KeyError: there is none."""
        found = self.store.checkpoint(size)
        if found is None:
            raise KeyError(f"no checkpoint covers {size} entries yet; `boyau checkpoint` signs one")
        return Note.read(found[1])

    def _recompute(self, size: int) -> None:
        """Compute the tree again from the entries after the first *size*.

        A log that signs what it merely remembers signs its own damage: one flipped bit has ended other logs.
        """
        edge = self.nodes.frontier(size)
        for batch in self.store.batches(self.store.containing(size).number) if size < self.size else ():
            if batch.number > self.last.number:
                break
            edge.append(batch_leaves(batch)[max(0, size - batch.first) :])
            if edge.root() != batch.root:
                raise StoreDamaged(f"entries {batch.first} to {edge.size - 1}: not those under the root of their batch")

    def checkpoint(self, signer: Signer, name: str) -> Note:
        """Sign the log as it stands, and keep the note. ``SplitLog`` where it does not extend what was signed."""
        kept = dict(self.store.checkpoints())
        before = 0
        if kept:
            signed = Checkpoint.read(Note.read(kept[max(kept)]).text)
            before = signed.size
            if before > self.size:
                raise SplitLog(f"{before} entries were signed, and the ledger has {self.size}: some are gone")
            if self.nodes.root(0, before) != signed.root:
                raise SplitLog(f"the first {before} entries are not those that were signed: the past was changed")
        self._recompute(before)
        note = Note(str(Checkpoint(self.origin, self.size, self.last.root)))
        if self.size in kept:
            note = Note.read(kept[self.size])
        return self.keep(notes.sign(note, name, signer))

    def keep(self, note: Note) -> Note:
        """Keep a signed checkpoint, in the place of one of its size."""
        self.store.put_checkpoint(Checkpoint.read(note.text).size, str(note))
        return note

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that *new* entries extend *old*."""
        return self.nodes.consistency(old, new)

    def receipt(self, entry: int, note: Note | None = None) -> Receipt:
        """Return the receipt of *entry* under *note*, or under the first checkpoint that covers it."""
        note = note or self.note(entry + 1)
        size = Checkpoint.read(note.text).size
        if not 0 <= entry < size:
            raise ProofError(f"the checkpoint covers {size} entries, and not entry {entry}")
        batch = self._batch_of(entry)
        at = entry - batch.first
        if batch.kind == ROWS:
            data = batch.body[at * ROW_BYTES :][:ROW_BYTES]
        else:
            data = split_records(batch.body, batch.count)[at]
        salt = salts(batch.blind, at + 1)[SALT_BYTES * at :]
        return Receipt(entry, batch.kind, batch.time, salt, data, tuple(self.nodes.inclusion(entry, size)), note)


def key_record(keys: LogKeys, name: str, signer: Signer, origin: str, before: Signer | None) -> dict[str, Any]:
    """Return the record by which *signer* becomes the log's key, vouched for by the key *before* it."""
    record: dict[str, Any] = {
        "type": "log_key",
        "number": len(keys.keys),
        "name": name,
        "key": signer.public_key.hex(),
        "origin": origin,
    }
    record["proof"] = signer.sign(log_keys.message(record, proof=True)).hex()
    if before is not None:
        record["signature"] = before.sign(log_keys.message(record, proof=False)).hex()
    return record
