"""What is verified: frames of bytes one after the other, out of a ledger file or an export. Nothing is believed yet."""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from boyau.codec import HEADER_BYTES, MAGIC, RECORDS, ROWS, VERSION
from boyau.verify.findings import Findings

_HEADER = struct.Struct("<4sHHIIQQq32s32s16s32s32s8s")
assert _HEADER.size == HEADER_BYTES
_BATCH_TAG = b"boyau batch 1\n"
_CHECK_TAG = b"boyau header 1\n"


class Unreadable(Exception):  # noqa: N818 - says what the input is not
    """The input is nothing that can be verified; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Header:
    """A batch header taken apart (docs/file-format.md, "Batch header")."""

    kind: int
    count: int
    expired: int
    number: int
    first: int
    time: int
    previous: bytes
    body_hash: bytes
    ledger: bytes
    blind: bytes
    root: bytes
    hash: bytes

    @property
    def end(self) -> int:
        """Number of the entry after its last."""
        return self.first + self.count


def read_header(data: bytes) -> Header | None:
    """Take a header apart, or return None where it is not one that was sealed."""
    if len(data) != HEADER_BYTES:
        return None
    magic, kind, version, count, expired, number, first, time, previous, body_hash, ledger, blind, root, check = (
        _HEADER.unpack(data)
    )
    if magic != MAGIC or version != VERSION or kind not in (ROWS, RECORDS):
        return None
    if hashlib.sha256(_CHECK_TAG + data[:-8]).digest()[:8] != check:
        return None
    own = hashlib.sha256(_BATCH_TAG + data).digest()
    return Header(kind, count, expired, number, first, time, previous, body_hash, ledger, blind, root, own)


@dataclass(slots=True)
class Frame:
    """One batch as it was found. ``number``: by its place. ``error``: why it could not be read at all."""

    number: int
    header: bytes
    body: bytes
    marks: bytes
    where: str
    place: int
    """Under which the source finds its body again."""
    first: int | None = None
    """What the table's column says; None where there is none."""
    error: str = ""
    told: bool = False
    """Whether the source has said already why batches before this one are not there."""


class Source(Protocol):
    """A ledger to be verified, as it stood when it was opened."""

    kind: str
    """``ledger`` or ``export``."""
    name: str
    has_tiles: bool
    entries: int
    """About how many, for progress; it proves nothing."""

    def frames(self, findings: Findings) -> Iterator[Frame]:
        """Return the batches in order of place; what a source itself sees wrong goes into *findings*."""

    def part(self, place: int, offset: int, size: int) -> bytes:
        """Return a part of the body of a frame that was returned before."""

    def tiles(self, number: int) -> bytes:
        """Return the hashes of the tiles kept under *number*; empty where there are none."""

    def checkpoints(self, findings: Findings) -> Iterator[tuple[int, str, str]]:
        """Return (size, where, note) of each checkpoint, smallest size first. An unreadable note is ""."""

    def snapshot(self) -> tuple[int, int] | None:
        """Return entry and batch number of the newest snapshot, or None."""

    def snapshot_data(self, entry: int) -> tuple[bytes, list[bytes]] | None:
        """Return the state and the lists of ids of the snapshot at *entry*; None where it is there no more."""

    def finish(self, findings: Findings, facts: dict[str, object]) -> None:
        """Compare what the source says of itself with the *facts* found."""

    def close(self) -> None:
        """Give back files."""
