"""Files, and how they are cut: by line where every line is a document, by element where one document is all.

Memory stays bounded: blocks of about ``BLOCK_BYTES``, whatever the size of the file. A compressed file is read once, in
order; a plain one by any number of workers, each a range of bytes that begins and ends with a line.
"""

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from boyau.watch.intake.cutter import DOCUMENT_BYTES_MAX, Cutter, Piece, Readable
from boyau.watch.intake.troubles import Fault, Troubles

BLOCK_BYTES = 4 << 20
_HEAD_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class SourceError(Exception):
    """A file cannot be read at all; the message is a sentence for people."""


class Block(NamedTuple):
    """Some documents. *lines* are their line numbers where they are not consecutive from *first*."""

    first: int
    data: bytes
    lines: tuple[int, ...] | None = None

    def documents(self) -> Iterator[tuple[int, bytes]]:
        """Yield (line number, text) of every document."""
        texts = self.data.split(b"\n")
        yield from zip(self.lines, texts, strict=False) if self.lines is not None else enumerate(texts, self.first)


class Range(NamedTuple):
    """Bytes *start* to *end* of a plain file; its first line is number *first*."""

    first: int
    start: int
    end: int


class Source:
    """A file of OCDS, plain or gzip; "-" is standard input."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.bytes: int | None = None
        self.plain = self.by_line = False
        if path == "-":
            return
        try:
            with Path(path).open("rb") as file:
                start = file.read(2)
            self.bytes = Path(path).stat().st_size
            self.plain = start != _GZIP
            with Path(path).open("rb") as file:
                head = (file if self.plain else Unpacked(file, Troubles())).read(_HEAD_BYTES)
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror or error}") from None
        self.by_line = _by_line(head)

    @property
    def splits(self) -> bool:
        """Whether workers may read ranges of it by themselves."""
        return self.plain and self.path != "-" and self.by_line

    def ranges(self, size: int) -> Iterator[Range]:
        """Yield ranges of about *size* bytes that begin and end with a line.

        Reads the file once, to number the lines.
        """
        with Path(self.path).open("rb") as file:
            first, start = 1, 0
            while data := file.read(size):
                data += file.readline() if data[-1:] != b"\n" else b""
                yield Range(first, start, start + len(data))
                first, start = first + data.count(b"\n"), start + len(data)

    def blocks(self, troubles: Troubles) -> Iterator[Block]:
        """Yield the whole file in blocks, in order."""
        try:
            if self.path == "-":
                yield from self._stream(sys.stdin.buffer, troubles)
                return
            with Path(self.path).open("rb") as file:
                yield from self._cut(file if self.plain else Unpacked(file, troubles), troubles)
        except OSError as error:
            raise SourceError(f"{self.path} cannot be read to its end: {error.strerror or error}") from None

    def _stream(self, stream: BinaryIO, troubles: Troubles) -> Iterator[Block]:
        start = stream.read(2)
        joined: Readable = Joined(start, stream)
        if start == _GZIP:
            joined = Unpacked(joined, troubles)
        head = joined.read(_HEAD_BYTES)
        self.by_line = _by_line(head)
        yield from self._cut(Joined(head, joined), troubles)

    def _cut(self, file: Readable, troubles: Troubles) -> Iterator[Block]:
        return _lines(file, troubles) if self.by_line else _elements(file, troubles)

    def read(self, part: Range) -> Iterator[Block]:
        """Yield a range in blocks."""
        with Path(self.path).open("rb") as file:
            file.seek(part.start)
            data = file.read(part.end - part.start)
        yield Block(part.first, data.removeprefix(_BOM).removesuffix(b"\n"))


class Joined:
    """What was read of a stream already, and the rest of it."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int, /) -> bytes:
        """Read on, to the full size as long as there is so much."""
        parts, self._head = [self._head[:size]], self._head[size:]
        left = size - len(parts[0])
        while left > 0 and (more := self._rest.read(left)):
            parts.append(more)
            left -= len(more)
        return b"".join(parts)


class Unpacked:
    """The contents of a gzip file (RFC 1952), of one member or several. Of a damaged one all that can be had."""

    def __init__(self, packed: Readable, troubles: Troubles) -> None:
        self._packed, self._troubles = packed, troubles
        self._member = zlib.decompressobj(wbits=31)
        self._data = b""
        self._begun = self._over = False

    def read(self, size: int, /) -> bytes:
        """Return up to *size* bytes."""
        parts: list[bytes] = []
        wanted = size
        while wanted > 0 and not self._over:
            if not self._data:
                self._data = self._packed.read(1 << 18)
            if not self._data:
                self._stop(damaged=self._begun)
                break
            try:
                part = self._member.decompress(self._data, wanted)
            except zlib.error:
                self._stop(damaged=True)
                break
            self._begun, self._data = True, self._member.unconsumed_tail
            if self._member.eof:
                self._data = self._member.unused_data
                self._member, self._begun = zlib.decompressobj(wbits=31), False
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _stop(self, *, damaged: bool) -> None:
        self._over = True
        if damaged:
            self._troubles.add(0, "", Fault.CUT_OFF)


def _by_line(head: bytes) -> bool:
    """Tell whether every line is a document: the first or the second line that holds anything is complete by itself.

    The second counts too, because the first may be the broken one.
    """
    lines = [line for line in head.removeprefix(_BOM).split(b"\n")[:200] if line.strip()]
    cut = len(head) == _HEAD_BYTES and b"\n" not in head
    for line in lines[:2]:
        try:
            msgspec.json.decode(line, type=msgspec.Raw)
            msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError, ValueError):
            continue
        return not cut
    return len(lines) < 2 and not cut and not head.lstrip().startswith((b"{", b"["))


def _whole_lines(data: bytes) -> tuple[bytes, bytes]:
    end = data.rfind(b"\n") + 1
    return data[:end], data[end:]


def _lines(file: Readable, troubles: Troubles) -> Iterator[Block]:
    first, rest, begun = 1, b"", False
    while data := file.read(BLOCK_BYTES):
        if not begun:
            data, begun = data.removeprefix(_BOM), True
        block, rest = _whole_lines(rest + data)
        if len(rest) > DOCUMENT_BYTES_MAX:
            troubles.add(first, "", Fault.TOO_LARGE)
            rest = b""
        if block:
            yield Block(first, block[:-1])
            first += block.count(b"\n")
    if rest:
        yield Block(first, rest)


def _elements(file: Readable, troubles: Troubles) -> Iterator[Block]:
    held: list[Piece] = []
    size = 0
    for piece in Cutter(troubles).pieces(file):
        held.append(piece)
        size += len(piece.data)
        if size >= BLOCK_BYTES:
            yield _block(held)
            held, size = [], 0
    if held:
        yield _block(held)


def _block(pieces: list[Piece]) -> Block:
    # JSON has no raw line feed inside a text, so that one between tokens may become a space.
    data = b"\n".join(piece.data.replace(b"\n", b" ") for piece in pieces)
    return Block(pieces[0].line, data, tuple(piece.line for piece in pieces))
