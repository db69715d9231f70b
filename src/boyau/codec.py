"""The one canonical, versioned encoding: records, ids, batches of the journal (docs/file-format.md).

Records are JSON with sorted keys, no spaces, no floats (RFC 8785 for the values we allow). A batch is a header of 192
bytes and a body of rows or records; its hash covers the header, which names the hash of the body, of the batch before
it, and the root of the Merkle log with it.
"""

import hashlib
import json
import re
import struct
import uuid
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from boyau.ledger.rows import ROW, ROW_BYTES, Rows

MAGIC = b"BYB1"
ROWS, RECORDS = 1, 2
VERSION = 2
_HEADER = struct.Struct("<4sHHIIQQq32s32s16s32s32s8s")
HEADER_BYTES = _HEADER.size
assert HEADER_BYTES == 192
RECORD_BYTES_MAX = 64 * 1024
DEPTH_MAX = 16
_BATCH_TAG = b"boyau batch 1\n"
_CHECK_TAG = b"boyau header 1\n"
ZERO_HASH = bytes(32)
TILE = 256
"""Of every 256 entries the hash over their leaves is kept (as in C2SP tlog-tiles); the rest is made from entries."""


class CodecError(ValueError):
    """Bytes or values outside the format; the message says which and where."""


# ---- records --------------------------------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """Encode a JSON value canonically. Floats, integers beyond 2^53 and nesting beyond 16 are refused."""
    _check(value, 0)
    try:
        data = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError:
        raise CodecError("the text holds half a surrogate pair, which is no character") from None
    if len(data) > RECORD_BYTES_MAX:
        raise CodecError(f"a record has at most {RECORD_BYTES_MAX} bytes, this one {len(data)}")
    return data


def _check(value: Any, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise CodecError(f"nested deeper than {DEPTH_MAX}")
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if not -(2**53) < value < 2**53:
            raise CodecError("a whole number beyond 2^53 loses digits elsewhere; write it as a string")
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise CodecError(f"{key!r:.40} is no name of a field")
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)
    else:
        raise CodecError(f"{value!r:.40} ({type(value).__name__}) cannot stand in a record; amounts are strings")


def read_json(data: bytes, most: int = RECORD_BYTES_MAX) -> Any:
    """Decode JSON strictly: UTF-8, no floats, no NaN, no field twice, bounded depth, at most *most* bytes."""
    if len(data) > most:
        raise CodecError(f"longer than {most} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CodecError(f"not UTF-8 at byte {error.start}") from None
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float)
    except json.JSONDecodeError as error:
        raise CodecError(f"not JSON at character {error.pos + 1}: {error.msg}") from None
    except RecursionError:
        raise CodecError(f"nested deeper than {DEPTH_MAX}") from None
    except ValueError as error:  # an integer of more digits than the interpreter converts
        raise CodecError(str(error)[:120]) from None
    _check(value, 0)
    if "\\u" in text:  # an escape may name half a surrogate pair
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise CodecError("the text holds half a surrogate pair, which is no character") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise CodecError(f"field {key!r:.60} stands twice")
        out[key] = value
    return out


def _no_float(text: str) -> Any:
    raise CodecError(f'{text:.30} is a floating-point number; write amounts as strings, such as "1234.56"')


# ---- ids ------------------------------------------------------------------------------------------------------------

_SHORT = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,14}[\x21-\x7e])?")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def id_bytes(text: object) -> bytes:
    """Return the 16 bytes of an id: a UUID as it is, or 1–16 printable ASCII characters padded with zeros.

    The two cannot meet: byte 8 of an RFC 9562 UUID is 0x80 or above, of a text below.
    """
    if isinstance(text, str):
        if _UUID.fullmatch(text):
            value = uuid.UUID(text)
            if value.bytes[8] & 0xC0 == 0x80:
                return value.bytes
        elif _SHORT.fullmatch(text):
            return text.encode("ascii").ljust(16, b"\0")
    raise CodecError(f"{text!r:.60} is not an id; use a UUID, or 1 to 16 printable ASCII characters")


def id_text(data: bytes) -> str:
    """Return the text of an id; "" for the zero id."""
    if data[8] & 0x80:
        return str(uuid.UUID(bytes=bytes(data)))
    return data.rstrip(b"\0").decode("ascii", "backslashreplace")


# ---- batches --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Batch:
    """One sealed batch: what a store keeps. ``hash`` chains it to the batch before."""

    kind: int
    number: int
    first: int
    count: int
    expired: int
    time: int
    previous: bytes
    ledger: bytes
    blind: bytes
    root: bytes
    body: bytes
    body_hash: bytes
    header: bytes
    hash: bytes
    tiles: bytes = b""
    """For the store, not part of the batch: hashes of the tiles (256 entries each) that this batch made full,"""
    marks: bytes = b""
    """and the first 4 bytes of each leaf hash, which name the entry where a body is no longer the one sealed."""

    @property
    def end(self) -> int:
        """Number of the entry after its last."""
        return self.first + self.count

    @classmethod
    def seal(
        cls,
        kind: int,
        body: bytes,
        *,
        number: int,
        first: int,
        count: int,
        expired: int,
        time: int,
        previous: bytes,
        ledger: bytes,
        blind: bytes,
        root: bytes,
        tiles: bytes = b"",
        marks: bytes = b"",
    ) -> Self:
        """Make the batch that follows the one with hash *previous*; *root* is that of the log with this batch in it."""
        body_hash = hashlib.sha256(body).digest()
        facts = (MAGIC, kind, VERSION, count, expired, number, first, time, previous, body_hash, ledger, blind, root)
        header = _checked(_HEADER.pack(*facts, bytes(8)))
        own = hashlib.sha256(_BATCH_TAG + header).digest()
        head = (kind, number, first, count, expired, time, previous, ledger, blind, root)
        return cls(*head, body, body_hash, header, own, tiles, marks)

    @classmethod
    def read(cls, header: bytes, body: bytes) -> Self:
        """Read a batch back and check everything that it says of itself."""
        if len(header) != HEADER_BYTES:
            raise CodecError(f"a batch header has {HEADER_BYTES} bytes, this one {len(header)}")
        magic, kind, version, count, expired, number, first, time, previous, body_hash, ledger, blind, root, _ = (
            _HEADER.unpack(header)
        )
        if magic != MAGIC or version != VERSION or kind not in (ROWS, RECORDS):
            raise CodecError("not a batch of this version")
        if header != _checked(header):
            raise CodecError(f"batch {number}: the header is not the one that was sealed")
        if hashlib.sha256(body).digest() != body_hash:
            raise CodecError(f"batch {number}: the body is not the one that was sealed")
        if kind == ROWS and len(body) != count * ROW_BYTES:
            raise CodecError(f"batch {number}: {len(body)} bytes are not {count} rows")
        own = hashlib.sha256(_BATCH_TAG + header).digest()
        head = (kind, number, first, count, expired, time, previous, ledger, blind, root)
        return cls(*head, body, body_hash, header, own)

    def rows(self) -> Rows:
        """Return the rows of the body, read-only."""
        return np.frombuffer(self.body, ROW)

    def records(self) -> list[Any]:
        """Return the records of the body."""
        return unpack_records(self.body, self.count)


def _checked(header: bytes) -> bytes:
    """Return a header with its check in the last 8 bytes: nothing else vouches for the newest batch's header yet."""
    return header[:-8] + hashlib.sha256(_CHECK_TAG + header[:-8]).digest()[:8]


def pack_records(records: list[bytes]) -> bytes:
    """Join canonical records, each after its length as a 32-bit little-endian number."""
    return b"".join(len(one).to_bytes(4, "little") + one for one in records)


def split_records(body: bytes, count: int) -> list[bytes]:
    """Take records apart again, each as it was encoded; the count must come out."""
    out: list[bytes] = []
    at = 0
    while at < len(body):
        size = int.from_bytes(body[at : at + 4], "little")
        one = body[at + 4 : at + 4 + size]
        if len(one) != size or size == 0:
            raise CodecError(f"record {len(out)} is cut short")
        out.append(one)
        at += 4 + size
    if len(out) != count:
        raise CodecError(f"{len(out)} records where the header says {count}")
    return out


def unpack_records(body: bytes, count: int) -> list[Any]:
    """Take records apart again and decode them; the count must come out."""
    return [read_json(one) for one in split_records(body, count)]
