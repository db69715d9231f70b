"""Keys in files, and records signed with them: what an inspector, a checker or a registry does on its own machine."""

import os
from pathlib import Path
from typing import Any

from boyau import codec
from boyau.ledger.evidence import message


class KeyFileError(ValueError):
    """A file that holds no private key."""


def make_key(path: Path) -> str:
    """Make a private key in a new file that only its owner may read; return the public key, 64 hexadecimal digits."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(private.private_bytes_raw().hex() + "\n")
    return private.public_key().public_bytes_raw().hex()


def _private(path: Path) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text(encoding="ascii").strip()))
    except ValueError:
        raise KeyFileError(f"{path} is no private key: 64 hexadecimal digits; make one with `boyau key FILE`") from None


def public_key(path: Path) -> str:
    """Return the public key of a private key's file."""
    return str(_private(path).public_key().public_bytes_raw().hex())


def sign(record: dict[str, Any], path: Path, moment: str) -> dict[str, Any]:
    """Return *record* with ``at`` (*moment*, unless it has one) and its signature by the key in *path*."""
    record = {"at": moment, **{name: value for name, value in record.items() if name != "signature"}}
    codec.canonical(record)  # what cannot be recorded is not signed either
    return record | {"signature": _private(path).sign(message(record)).hex()}
