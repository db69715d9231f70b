"""Records signed with a key: what an inspector, a checker or a registry does on its own machine."""

from pathlib import Path
from typing import Any

from boyau import codec
from boyau.journal.keys import open_signer
from boyau.ledger.evidence import message
from boyau.proofs.note import Signer


def sign(record: dict[str, Any], key: Signer | Path, moment: str) -> dict[str, Any]:
    """Return *record* with ``at`` (*moment*, unless it has one) and its signature by *key*.

    A path is opened for this one record, and must hold an open key; whoever signs many opens a `Signer` once.
    """
    record = {"at": moment, **{name: value for name, value in record.items() if name != "signature"}}
    codec.canonical(record)  # what cannot be recorded is not signed either
    signer = open_signer(key) if isinstance(key, Path) else key
    return record | {"signature": signer.sign(message(record)).hex()}
