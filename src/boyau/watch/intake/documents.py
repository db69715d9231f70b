"""From one document (a release, a record, a package, a list of them) to releases of the model.

OCDS 1.1, https://standard.open-contracting.org/1.1/en/schema/: a release package has ``releases``, a record package
``records``, a record ``compiledRelease`` or ``releases``. A compiled release says so in its ``tag``; others are pieces
of a process and are merged by ocid once all are known.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import Any

import msgspec

from boyau.watch.intake import lenient
from boyau.watch.intake.troubles import Fault, Troubles
from boyau.watch.model import Release

AMOUNT_AS_TEXT = re.compile(rb'amount": ?"')
"""A number in quotes: the fast way would take it without a word."""
_EMPTY = re.compile(rb"\s*")


_ABSENT = msgspec.Raw()


class Document(Release):
    """A release, or what contains some."""

    releases: msgspec.Raw = _ABSENT
    records: msgspec.Raw = _ABSENT
    compiledRelease: msgspec.Raw = _ABSENT


class Loose(msgspec.Struct, frozen=True):
    """A release that is a piece of a process: its place and its text."""

    ocid: str
    line: int
    data: bytes


class Documents:
    """Reads documents.

    *loose* takes the pieces; without it every release counts as a whole process, as with Cardinal.
    """

    def __init__(
        self, troubles: Troubles, loose: Callable[[Loose], None] | None = None, *, strict: bool = False
    ) -> None:
        self.troubles, self._loose, self._strict = troubles, loose, strict
        self._decode = msgspec.json.Decoder(Document).decode
        self._list = msgspec.json.Decoder(list[msgspec.Raw]).decode

    def read(self, line: bytes, number: int, *, suspicious: bool = False) -> Iterable[Release]:
        """Return the processes of one document, which stands in line *number*.

        *suspicious*: it may hold what ``AMOUNT_AS_TEXT`` finds.
        """
        if suspicious and AMOUNT_AS_TEXT.search(line):
            return self._leniently(line, number)
        try:
            document = self._decode(line)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return self._leniently(line, number)
        if document.releases is _ABSENT and document.records is _ABSENT and document.compiledRelease is _ABSENT:
            if self._loose is None or (document.tag and "compiled" in document.tag):
                return (document,)
            self._piece(document.ocid, line, number)
            return ()
        if document.compiledRelease is not _ABSENT or (document.releases is not _ABSENT and document.ocid is not None):
            return self._record(document, number)
        return chain(self._parts(document.releases, number), self._parts(document.records, number))

    def _parts(self, raw: msgspec.Raw, number: int) -> Iterator[Release]:
        if raw is _ABSENT:
            return
        try:
            parts = self._list(raw)
        except msgspec.DecodeError:
            self.troubles.add(number, "", Fault.WRONG_TYPE, bytes(raw)[:40].decode(errors="replace"))
            return
        for part in parts:
            yield from self.read(bytes(part), number, suspicious=True)

    def _record(self, record: Document, number: int) -> Iterator[Release]:
        """Yield what a record has compiled already, else put the releases aside that it embeds."""
        if record.compiledRelease is not _ABSENT:
            for compiled in self._inner(bytes(record.compiledRelease), number):
                compiled.ocid = compiled.ocid or record.ocid
                yield compiled
            return
        found = False
        try:
            parts = self._list(record.releases if record.releases is not _ABSENT else b"[]")
        except msgspec.DecodeError:
            parts = []
        for part in parts:
            data = bytes(part)
            if b'"url"' in data and b'"ocid"' not in data:  # a linked release, schema of the record package
                self.troubles.add(number, "releases", Fault.LINKED_ONLY, record.ocid)
                yield Release(ocid=record.ocid)
                return
            found = True
            if self._loose is None:
                yield from self._inner(data, number)
            else:
                self._piece(record.ocid, data, number)
        if not found:
            self.troubles.add(number, "releases", Fault.NO_RELEASES, record.ocid)
            yield Release(ocid=record.ocid)

    def _inner(self, data: bytes, number: int) -> Iterator[Release]:
        """Read what is a release itself, whatever its tag says."""
        try:
            if not AMOUNT_AS_TEXT.search(data):
                yield msgspec.json.decode(data, type=Release)
                return
        except (msgspec.DecodeError, RecursionError, ValueError):
            pass
        parsed = self.parsed(data, number)
        if isinstance(parsed, dict):
            yield self.release(parsed, number)

    def _piece(self, ocid: str | None, data: bytes, number: int) -> None:
        if not ocid:
            self.troubles.add(number, "ocid", Fault.NO_OCID)
            ocid = f"line-{number}"
        if self._loose is not None:
            self._loose(Loose(ocid, number, data))

    # ---- what the schema does not foresee -------------------------------------------------------------------------

    def _leniently(self, line: bytes, number: int) -> Iterator[Release]:
        if _EMPTY.fullmatch(line):
            return
        yield from self._any(self.parsed(line, number), number)

    def _any(self, parsed: Any, number: int) -> Iterator[Release]:
        if parsed is _UNREAD:
            return
        if isinstance(parsed, list):
            for one in parsed:
                yield from self._any(one, number)
            return
        if not isinstance(parsed, dict):
            self.troubles.add(number, "", Fault.NOT_AN_OBJECT, parsed)
            return
        parts = [parsed.get(name) for name in ("releases", "records")]
        if parsed.get("compiledRelease") is not None:
            compiled = parsed["compiledRelease"]
            if isinstance(compiled, dict):
                compiled.setdefault("ocid", parsed.get("ocid"))
            yield from self._whole(compiled, number)
        elif any(isinstance(part, list) for part in parts):
            for part in parts:
                yield from self._any(part if isinstance(part, list) else [], number)
        elif self._loose is not None and not _compiled(parsed.get("tag")):
            ocid = parsed.get("ocid")
            self._piece(str(ocid) if isinstance(ocid, str | int) else None, lenient.again(parsed), number)
        else:
            yield from self._whole(parsed, number)

    def _whole(self, parsed: Any, number: int) -> Iterator[Release]:
        if isinstance(parsed, dict):
            yield self.release(parsed, number)
        else:
            self.troubles.add(number, "", Fault.NOT_AN_OBJECT, parsed)

    def release(self, parsed: dict[str, Any], number: int) -> Release:
        """Turn parsed JSON into a release, noting what does not fit."""
        read: Release = lenient.model(parsed, Release, number, self.troubles, strict=self._strict)
        return read

    def parsed(self, data: bytes, number: int) -> Any:
        """Return JSON with exact numbers; what cannot be read is a trouble, and no JSON value."""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            self.troubles.add(number, "", Fault.NOT_UTF8, error.reason)
            if self._strict:
                return _UNREAD
            text = data.decode("utf-8", errors="replace")
        try:
            return json.loads(text, parse_float=_number, parse_constant=lambda _: None)
        except RecursionError:
            self.troubles.add(number, "", Fault.TOO_LARGE)
        except ValueError as error:
            self.troubles.add(number, "", Fault.NOT_JSON, error)
        return _UNREAD


_UNREAD = object()
"""Stands for what could not be read at all; the trouble is noted."""


def _compiled(tag: Any) -> bool:
    return isinstance(tag, list | str) and "compiled" in tag


def _number(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent that no memory would hold
        return Decimal("Infinity")
