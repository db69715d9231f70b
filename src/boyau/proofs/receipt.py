"""Receipts: one entry, its salt, its inclusion proof and a signed checkpoint, in one small JSON text.

A receipt convinces whoever trusts the keys that signed the checkpoint, without any other file and without us. Of the
entries beside its own it shows hashes only.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from boyau.codec import RECORDS, ROWS, CodecError, read_json
from boyau.ledger.rows import ROW_BYTES
from boyau.proofs.leaves import SALT_BYTES, leaf
from boyau.proofs.note import ED25519, Checkpoint, Note, NoteError, Verifier
from boyau.proofs.tree import PROOF_MAX, ProofError, leaf_hash, verify_inclusion

KINDS = {"row": ROWS, "record": RECORDS}
_FIELDS = {"receipt", "entry", "kind", "time", "salt", "data", "proof", "checkpoint"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One entry with the proof that a checkpoint covers it. ``data``: a row's 128 bytes, or a record's JSON."""

    entry: int
    kind: int
    time: int
    salt: bytes
    data: bytes
    proof: tuple[bytes, ...]
    note: Note

    @property
    def checkpoint(self) -> Checkpoint:
        """Return what the note says."""
        return Checkpoint.read(self.note.text)

    def to_json(self) -> str:
        """Return the receipt as it is handed on."""
        name = next(name for name, kind in KINDS.items() if kind == self.kind)
        value = {
            "receipt": 1,
            "entry": self.entry,
            "kind": name,
            "time": str(self.time),
            "salt": self.salt.hex(),
            "data": self.data.hex() if self.kind == ROWS else self.data.decode(),
            "proof": [base64.b64encode(one).decode() for one in self.proof],
            "checkpoint": str(self.note),
        }
        return json.dumps(value, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read a receipt; nothing is verified yet. ProofError says what is wrong with its form."""
        try:
            value = read_json(data)
            if not isinstance(value, dict) or set(value) != _FIELDS or value["receipt"] != 1:
                raise ProofError(f"a receipt of version 1 has the fields {', '.join(sorted(_FIELDS))}")
            kind = KINDS[value["kind"]]
            read = cls(
                int(value["entry"]),
                kind,
                int(value["time"]),
                bytes.fromhex(value["salt"]),
                bytes.fromhex(value["data"]) if kind == ROWS else value["data"].encode(),
                tuple(base64.b64decode(one, validate=True) for one in value["proof"][: PROOF_MAX + 1]),
                Note.read(value["checkpoint"]),
            )
        except (CodecError, NoteError, KeyError, TypeError, AttributeError, binascii.Error, ValueError) as error:
            raise error if isinstance(error, ProofError) else ProofError(f"this is no receipt: {error}") from None
        if json.loads(read.to_json()) != value:
            raise ProofError("this is no receipt as it is written: its digits or its base64 have another form")
        if len(read.salt) != SALT_BYTES or (kind == ROWS and len(read.data) != ROW_BYTES):
            raise ProofError("the salt has 16 bytes, and a row 128")
        if not -(1 << 63) <= read.time < 1 << 63:
            raise ProofError("the time lies outside 64 bits")
        return read

    def verify(self, keys: Iterable[Verifier], quorum: int = 0) -> dict[Verifier, int]:
        """Check the proof and the signatures; return who has signed, with the times of witnesses.

        *keys* are those the reader trusts: of the log (one of them must have signed) and of witnesses (at least
        *quorum* of them must have cosigned). Raises ``ProofError`` or ``NoteError``.
        """
        checkpoint = self.checkpoint
        verify_inclusion(
            leaf_hash(leaf(self.kind, self.salt, self.time, self.data)),
            self.entry,
            checkpoint.size,
            self.proof,
            checkpoint.root,
        )
        return trusted(self.note, keys, quorum)

    def content(self) -> Any:
        """Return the record, decoded; of a row its 16 words of 64 bits, signed."""
        if self.kind == RECORDS:
            return read_json(self.data)
        return [int.from_bytes(self.data[k : k + 8], "little", signed=True) for k in range(0, ROW_BYTES, 8)]


def trusted(note: Note, keys: Iterable[Verifier], quorum: int) -> dict[Verifier, int]:
    """Return which of *keys* signed a checkpoint; NoteError where no log key did, or fewer witnesses than *quorum*."""
    known = list(keys)
    signed = note.verified(known)
    witnesses = {key.public_key for key in signed if key.kind != ED25519}
    if not any(key.kind == ED25519 for key in signed):
        names = ", ".join(sorted({name for name, _, _ in note.signatures})) or "nobody"
        raise NoteError(f"the checkpoint is signed by {names}, and by no key of the log that is trusted here")
    if len(witnesses) < quorum:
        raise NoteError(f"{len(witnesses)} trusted witnesses have cosigned the checkpoint, not {quorum}")
    return signed
