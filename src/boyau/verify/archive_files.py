"""An export read back: segments of frames, checkpoints, and a manifest (docs/file-format.md, "Export").

The form stands here, where it is read; ``boyau.journal.archive`` writes by it.
"""

import hashlib
import json
from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from boyau.codec import HEADER_BYTES, MAGIC
from boyau.ledger.rows import ROW_BYTES
from boyau.verify.findings import Code, Findings
from boyau.verify.sources import Frame, Unreadable, read_header

ARCHIVE_VERSION = 1
MANIFEST = "manifest.json"
SEGMENTS, CHECKPOINTS = "segments", "checkpoints"
LENGTH_BYTES = 8
MARK_BYTES = 4
MANIFEST_BYTES_MAX = 256 << 20
SEGMENT_BYTES_MAX = 1 << 30
NOTE_BYTES_MAX = 64 << 10


@dataclass(frozen=True, slots=True)
class Segment:
    """A finished file of frames. ``first_batch`` gives it its name."""

    first_batch: int
    batches: int
    first_entry: int
    entries: int
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """The name of its file."""
        return segment_name(self.first_batch)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export says of itself. ``edge``: the right edge of the Merkle tree, to go on from."""

    ledger: str
    name: str
    entries: int
    batches: int
    time: int
    tip: str
    edge: str
    segments: list[Segment] = field(default_factory=list)
    checkpoints: dict[int, str] = field(default_factory=dict)
    """SHA-256 of each note, by size."""

    def dump(self) -> bytes:
        """Return the one form in which a manifest is written."""
        value = {"archive": ARCHIVE_VERSION, "format": 2} | asdict(self)
        value["checkpoints"] = [{"size": size, "sha256": hash_} for size, hash_ in sorted(self.checkpoints.items())]
        return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def segment_name(first_batch: int) -> str:
    """Return the name of the segment that begins with a batch."""
    return f"{SEGMENTS}/{first_batch:020d}.batches"


def checkpoint_name(size: int) -> str:
    """Return the name of the checkpoint of a size."""
    return f"{CHECKPOINTS}/{size:020d}.txt"


def read_manifest(directory: Path) -> tuple[Manifest, bool]:
    """Read a manifest, and tell whether it has the form in which it was written. ``Unreadable`` where it is none."""
    path = directory / MANIFEST
    try:
        if path.stat().st_size > MANIFEST_BYTES_MAX:
            raise Unreadable(f"{path} is too large for a manifest")
        data = path.read_bytes()
    except FileNotFoundError:
        raise Unreadable(f"{directory} is no export: there is no {MANIFEST} in it; `boyau export` makes one") from None
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
    try:
        manifest = _manifest(json.loads(data))
        return manifest, manifest.dump() == data
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable(
            f"{path} is not whole ({error}); run `boyau export` again, or take another copy of the export"
        ) from None


def _manifest(value: dict[str, Any]) -> Manifest:
    value = dict(value)
    if value.pop("archive") != ARCHIVE_VERSION or value.pop("format") != 2:
        raise ValueError(f"it is not of version {ARCHIVE_VERSION}")
    segments = [Segment(**one) for one in value.pop("segments")]
    checkpoints = {_whole(one["size"]): str(one["sha256"]) for one in value.pop("checkpoints")}
    manifest = Manifest(**value, segments=segments, checkpoints=checkpoints)
    if not all(isinstance(one, str) for one in (manifest.ledger, manifest.name, manifest.tip, manifest.edge)):
        raise ValueError("a text is no text")
    bytes.fromhex(manifest.tip + manifest.edge)
    for number in (manifest.entries, manifest.batches):
        _whole(number)
    if not isinstance(manifest.time, int):
        raise TypeError("the time is no number")
    batch = entry = 0
    for segment in segments:
        for number in (segment.first_batch, segment.batches, segment.first_entry, segment.entries, segment.bytes):
            _whole(number)
        if (segment.first_batch, segment.first_entry) != (batch, entry) or segment.batches == 0:
            raise ValueError("the segments do not follow one another")
        batch, entry = batch + segment.batches, entry + segment.entries
    return manifest


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ValueError(f"{value!r:.40} is no number of that kind")
    return value


class ArchiveFiles:
    """A ``Source`` over the directory of an export. One segment is in memory at a time."""

    kind = "export"
    has_tiles = False

    def __init__(self, directory: Path) -> None:
        self.directory, self.name = directory, str(directory)
        self.manifest, self._form = read_manifest(directory)
        self.entries = self.manifest.entries
        self._segment: list[int] = []
        self._places = array("q"), array("q")  # of each frame: its segment, and where its body begins
        self._open: tuple[int, Any] | None = None
        self._lacks = False

    def frames(self, findings: Findings) -> Iterator[Frame]:
        """Return the frames of all segments; a segment that is not the one listed is named."""
        if not self._form:
            findings.add(Code.MANIFEST_DIFFERS, where=MANIFEST, what="form")
        told = False
        for index, segment in enumerate(self.manifest.segments):
            data = self._read(segment, findings)
            if data is None:
                told = self._lacks = True
                continue
            before, number = len(findings), segment.first_batch
            for at, body, size, marks, error in split(data):
                where, place = f"{segment.name}, byte {at}", len(self._places[0])
                self._places[0].append(index)
                self._places[1].append(body)
                if error:
                    findings.add(Code.FRAME_LENGTH, where=where)
                header = data[at : at + HEADER_BYTES]
                frame = Frame(number, header, data[body : body + size], marks, where, place, told=told)
                told = False
                yield frame
                number += 1
            if len(findings) == before and hashlib.sha256(data).hexdigest() != segment.sha256:
                last = segment.first_entry + segment.entries - 1
                findings.add(Code.SEGMENT_CHANGED, segment.first_entry, last, segment.name)

    def _read(self, segment: Segment, findings: Findings) -> bytes | None:
        """Read a segment whole. None, and a finding, where it is not there or is another one of the export."""
        path, last = self.directory / segment.name, segment.first_entry + segment.entries - 1
        try:
            if path.stat().st_size > SEGMENT_BYTES_MAX:
                findings.add(Code.SEGMENT_CHANGED, segment.first_entry, last, segment.name)
                return None
            data = path.read_bytes()
        except OSError as error:
            findings.add(Code.SEGMENT_MISSING, segment.first_entry, last, segment.name, error=error.strerror or "")
            return None
        header = read_header(data[:HEADER_BYTES])
        if header is not None and header.number != segment.first_batch:
            findings.add(Code.SEGMENT_SWAPPED, segment.first_entry, last, segment.name, number=header.number)
            return None
        if not data:
            findings.add(Code.SEGMENT_MISSING, segment.first_entry, last, segment.name, error="empty")
            return None
        return data

    def part(self, place: int, offset: int, size: int) -> bytes:
        """Return a part of a body."""
        index, body = self._places[0][place], self._places[1][place]
        if self._open is None or self._open[0] != index:
            if self._open is not None:
                self._open[1].close()
            self._open = index, (self.directory / self.manifest.segments[index].name).open("rb")
        self._open[1].seek(body + offset)
        data: bytes = self._open[1].read(size)
        return data

    def tiles(self, number: int) -> bytes:  # noqa: ARG002 - an export has none
        """Return nothing."""
        return b""

    def checkpoints(self, findings: Findings) -> Iterator[tuple[int, str, str]]:
        """Return the listed checkpoints, each compared with the hash that the manifest has of it."""
        for size, expected in sorted(self.manifest.checkpoints.items()):
            name = checkpoint_name(size)
            try:
                with (self.directory / name).open("rb") as file:
                    data = file.read(NOTE_BYTES_MAX + 1)
            except OSError as error:
                findings.add(Code.CHECKPOINT_FILE, where=name, error=error.strerror or "")
                continue
            if hashlib.sha256(data).hexdigest() != expected:
                findings.add(Code.CHECKPOINT_FILE, where=name, error="")
            yield size, name, data.decode("utf-8", "replace")

    def snapshot(self) -> None:
        """Return None: an export has no snapshot."""

    def snapshot_data(self, entry: int) -> None:
        """Return None."""

    def finish(self, findings: Findings, facts: dict[str, object]) -> None:
        """Compare the manifest's figures with those found, where no missing segment explains them."""
        if self._lacks:
            return
        for what in ("ledger", "name", "entries", "batches", "time", "tip", "edge"):
            stated = getattr(self.manifest, what)
            if facts.get(what) not in (None, stated):
                findings.add(Code.MANIFEST_DIFFERS, where=MANIFEST, what=what, stated=stated, found=facts[what])

    def close(self) -> None:
        """Close the segment that is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None


def split(data: bytes) -> Iterator[tuple[int, int, int, bytes, bool]]:
    """Take a segment apart: (place of header, place of body, size of body, marks, whether its length was wrong).

    Where a length does not lead to the next header or the end, the next header that its own check confirms does.
    """
    at = 0
    while at < len(data):
        body = at + HEADER_BYTES + LENGTH_BYTES
        size = int.from_bytes(data[body - LENGTH_BYTES : body], "little")
        marks = MARK_BYTES * int.from_bytes(data[at + 8 : at + 12], "little")
        end = body + size + marks
        good = end == len(data) or (end < len(data) and data[end : end + 4] == MAGIC)
        if not good:
            end = _next_header(data, at + 1)
            header = read_header(data[at : at + HEADER_BYTES])
            marks = MARK_BYTES * header.count if header else _marks_guess(end - body, size)
            marks = min(marks, max(end - body, 0))
            size = max(end - body - marks, 0)
        yield at, body, size, data[end - marks : end] if marks else b"", not good
        at = end


def _marks_guess(rest: int, size: int) -> int:
    """Return how long marks are where the header does not say: what the length leaves, or as of rows."""
    return rest - size if 0 <= rest - size <= rest else rest // (ROW_BYTES + MARK_BYTES) * MARK_BYTES


def _next_header(data: bytes, at: int) -> int:
    """Return where the next sealed header begins, or the end."""
    while (at := data.find(MAGIC, at)) >= 0:
        if read_header(data[at : at + HEADER_BYTES]) is not None:
            return at
        at += 1
    return len(data)
