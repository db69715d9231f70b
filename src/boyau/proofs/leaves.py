"""What a leaf of the log is: one entry, blinded, so that the hash of a neighbour in a proof tells nothing about it.

A leaf is ``kind (1 byte) ‖ salt (16) ‖ time (8, little-endian, signed) ‖ entry``. The salts of a batch follow from the
random *blind* in its header; a receipt carries the salt of its own entry and no other (docs/file-format.md).
"""

import hashlib

import numpy as np

from boyau.codec import ROWS, Batch, CodecError, split_records
from boyau.ledger.rows import ROW_BYTES
from boyau.proofs.tree import Hashes, as_hashes, hash_rows

SALT_BYTES = 16
_SALT_TAG = b"boyau salt 1\n"


def salts(blind: bytes, count: int) -> bytes:
    """Return the salts of a batch's entries, 16 bytes each: SHAKE-256 of its blind."""
    return hashlib.shake_256(_SALT_TAG + blind).digest(SALT_BYTES * count)


def leaf(kind: int, salt: bytes, time: int, entry: bytes) -> bytes:
    """Return the leaf of an entry: a row of 128 bytes, or a record in its canonical form."""
    return bytes([kind]) + salt + time.to_bytes(8, "little", signed=True) + entry


def leaf_hashes(kind: int, body: bytes, count: int, blind: bytes, time: int) -> Hashes:
    """Return the hashes of the leaves of a batch, in order."""
    if kind == ROWS:
        if len(body) != count * ROW_BYTES:  # before the salts are made: a false count would ask for any memory
            raise CodecError(f"{len(body)} bytes are not {count} rows")
        return _row_leaves(body, count, salts(blind, count), time)
    head = bytes([0, kind])
    entries = split_records(body, count)
    salt, moment = salts(blind, count), time.to_bytes(8, "little", signed=True)
    return as_hashes(
        b"".join(
            hashlib.sha256(head + salt[16 * k : 16 * k + 16] + moment + entry).digest()
            for k, entry in enumerate(entries)
        )
    )


def _row_leaves(body: bytes, count: int, salt: bytes, time: int) -> Hashes:
    leaves = np.empty((count, 2 + SALT_BYTES + 8 + ROW_BYTES), np.uint8)
    leaves[:, 0] = 0  # RFC 9162, 2.1.1: a leaf is hashed after a zero byte
    leaves[:, 1] = ROWS
    leaves[:, 2:18] = np.frombuffer(salt, np.uint8).reshape(count, SALT_BYTES)
    leaves[:, 18:26] = np.frombuffer(time.to_bytes(8, "little", signed=True), np.uint8)
    leaves[:, 26:] = np.frombuffer(body, np.uint8).reshape(count, ROW_BYTES)
    return hash_rows(leaves)


def batch_leaves(batch: Batch, at: int = 0, count: int | None = None) -> Hashes:
    """Return the hashes of *count* leaves of a batch that was read, from its entry number *at* on."""
    if count is None:
        count = batch.count - at
    if batch.kind != ROWS or count == batch.count:
        return leaf_hashes(batch.kind, batch.body, batch.count, batch.blind, batch.time)[at : at + count]
    body = batch.body[at * ROW_BYTES : (at + count) * ROW_BYTES]
    return _row_leaves(body, count, salts(batch.blind, at + count)[SALT_BYTES * at :], batch.time)
