"""Cuts one large JSON document into its releases without holding it: a package, a record package, a plain list.

It follows brackets and texts only; whether an element is good JSON is for its reader to say.
"""

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple, Protocol

from boyau.watch.intake.troubles import Fault, Troubles

DOCUMENT_BYTES_MAX = 64 << 20
"""The largest single element."""
_CHUNK_BYTES = 1 << 20
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|["{}\[\]]', re.DOTALL)
_LISTS = (b'"releases"', b'"records"')
_BETWEEN = b" \t\r\n,:"


class Piece(NamedTuple):
    """One element: the line where it begins, and its text."""

    line: int
    data: bytes


class Readable(Protocol):
    """What bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to *size* bytes, none at the end."""


class Cutter:
    """Cuts a document. It is either a list, or an object with a list of releases or records, or a single release."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._line = 1
        self._depth = 0
        self._base = -1  # depth of the list whose elements are cut, -1 outside of one
        self._start = -1  # where the element that is open begins in the buffer
        self._key = b""
        self._found = False

    def pieces(self, file: Readable) -> Iterator[Piece]:
        """Yield the elements of *file*."""
        buffer, place, whole = b"", 0, bytearray()
        while data := file.read(_CHUNK_BYTES):
            if not self._found and len(whole) <= DOCUMENT_BYTES_MAX:
                whole += data
            buffer += data
            start = place
            place = yield from self._scan(buffer, start, last=False)
            keep = self._start if self._start >= 0 else place
            if len(buffer) - keep > DOCUMENT_BYTES_MAX:
                self._troubles.add(self._line, "", Fault.TOO_LARGE)
                return
            self._line += buffer.count(b"\n", 0, keep)
            buffer, place = buffer[keep:], place - keep
            self._start = 0 if self._start >= 0 else -1
        yield from self._scan(buffer, place, last=True)
        if self._depth or self._start >= 0:
            self._troubles.add(self._line, "", Fault.CUT_OFF)
            if self._start >= 0:
                yield Piece(self._line, buffer[self._start :])
                return
        if not self._found:
            if len(whole) > DOCUMENT_BYTES_MAX:
                self._troubles.add(1, "", Fault.TOO_LARGE)
            elif whole.strip():
                yield Piece(1, bytes(whole))

    def _scan(self, buffer: bytes, place: int, *, last: bool) -> Generator[Piece, None, int]:
        """Follow the tokens from *place*; return how far."""
        for token in _TOKEN.finditer(buffer, place):
            text = token[0]
            if text == b'"':  # the text goes on beyond the buffer
                return place if last else token.start()
            if self._base >= 0 and self._depth == self._base and self._start < 0:
                self._between(buffer, place, token.start())
            place = token.end()
            if text[0] == 0x22:
                if self._depth == 1:
                    self._key = text
                if self._depth == self._base and self._start < 0:
                    self._junk(buffer, token.start(), text)
            elif text in (b"{", b"["):
                self._open(text, token.start())
            else:
                self._depth -= 1
                if self._base >= 0 and self._depth == self._base and self._start >= 0:
                    yield self._close(buffer, place)
                elif self._depth < self._base:
                    self._base = -1
        return place

    def _open(self, text: bytes, at: int) -> None:
        if self._base < 0 and text == b"[" and (self._depth == 0 or (self._depth == 1 and self._key in _LISTS)):
            self._base, self._found = self._depth + 1, True
        elif self._depth == self._base:
            self._start = at
        self._depth += 1

    def _close(self, buffer: bytes, end: int) -> Piece:
        start, self._start = self._start, -1
        return Piece(self._line + buffer.count(b"\n", 0, start), buffer[start:end])

    def _between(self, buffer: bytes, start: int, end: int) -> None:
        between = buffer[start:end].strip(_BETWEEN)
        if between:
            self._junk(buffer, start, between)

    def _junk(self, buffer: bytes, at: int, text: bytes) -> None:
        line = self._line + buffer.count(b"\n", 0, at)
        self._troubles.add(line, "", Fault.NOT_AN_OBJECT, text[:40].decode(errors="replace"))
