"""Which key signs the log's checkpoints from which entry on. Rotation is an entry of the journal like any other.

The first key vouches for itself; whoever verifies must know it from elsewhere. Each later one is vouched for by the key
before it, and shows that it is held by whoever signs with it.
"""

import re
from dataclasses import dataclass
from typing import Any

from boyau.ledger import evidence, record_fields
from boyau.ledger.approvals import canonical
from boyau.ledger.refusals import RecordRefused

KEYS_MAX = 10_000
NAME = re.compile(r"[^\s+\u2014]{1,200}")
HEX = re.compile(r"[0-9a-f]{64}")
ORIGIN = "boyau/ledger/"
"""Begins the first line of a ledger's checkpoints; the id of the ledger follows."""
_ORIGIN = re.compile(ORIGIN + r"[0-9a-f-]{36}")
SIGNATURE = re.compile(r"[0-9a-f]{128}")
_TAG = b"boyau log key 1\n"


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key that signs checkpoints of more than *entry* entries, until the next one does."""

    entry: int
    name: str
    key: str
    origin: str


def message(record: dict[str, Any], *, proof: bool) -> bytes:
    """Return what is signed: the record without its signature, and for the new key's own *proof* without that too."""
    without = {"signature", "proof"} if proof else {"signature"}
    return _TAG + canonical({name: value for name, value in record.items() if name not in without})


class LogKeys:
    """The keys so far, oldest first."""

    def __init__(self) -> None:
        self.keys: list[LogKey] = []

    def take(self, record: dict[str, Any], entry: int) -> None:
        """Take the next key, or raise ``RecordRefused``."""
        name = record_fields.text(record, "name", NAME, example="treasury.example/log")
        key = record_fields.text(record, "key", HEX, example="64 hexadecimal digits")
        origin = record_fields.text(record, "origin", _ORIGIN, example=f"{ORIGIN}<id of the ledger>")
        proof = record_fields.text(record, "proof", SIGNATURE, example="128 hexadecimal digits")
        if record.get("number") != len(self.keys) or isinstance(record.get("number"), bool):
            raise RecordRefused("log_key_order", "number", f"must be {len(self.keys)}: that many keys came before")
        if len(self.keys) >= KEYS_MAX:
            raise RecordRefused("too_many", "number", f"a log has at most {KEYS_MAX} keys")
        if any(one.key == key for one in self.keys):
            raise RecordRefused("log_key_order", "key", "has signed before; a new key must be new")
        if self.keys and origin != self.keys[0].origin:
            raise RecordRefused("field_value", "origin", f"must be {self.keys[0].origin}, as it always was")
        if not evidence.signed_by(key, proof, message(record, proof=True)):
            raise RecordRefused("signature_invalid", "proof", "is not the new key's signature over this record")
        if self.keys:
            signature = record_fields.text(record, "signature", SIGNATURE, example="128 hexadecimal digits")
            if not evidence.signed_by(self.keys[-1].key, signature, message(record, proof=False)):
                raise RecordRefused("signature_invalid", "signature", "is not by the key that signs the log today")
        elif "signature" in record:
            raise RecordRefused("field_unknown", "signature", "the first key has none before it that could sign")
        self.keys.append(LogKey(entry, name, key, origin))

    def at(self, size: int) -> LogKey | None:
        """Return the key that signs a checkpoint of *size* entries, or None."""
        return next((one for one in reversed(self.keys) if one.entry < size), None)

    def facts(self) -> list[list[Any]]:
        """Return the keys as a snapshot keeps them."""
        return [[one.entry, one.name, one.key, one.origin] for one in self.keys]
