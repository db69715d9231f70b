"""Comparing with an older copy that somebody kept: the first entry that differs, with what both say."""

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from boyau.codec import ROWS, CodecError, split_records
from boyau.ledger.rows import ROW_BYTES
from boyau.verify.findings import Code, Findings
from boyau.verify.sources import Frame, Header, Source, read_header

FIELDS = ("kind", "count", "expired", "number", "first", "time", "ledger", "blind")
"""What of two headers is compared; the hashes follow from the rest."""


class Entry(NamedTuple):
    """One entry as it stands in a body."""

    kind: int
    data: bytes


class Against:
    """Goes through the other copy batch by batch, and once they differ entry by entry."""

    def __init__(self, other: Source, findings: Findings) -> None:
        self._other, self._findings = other, findings
        self._theirs: Iterator[Frame] = other.frames(Findings())
        self._done = self._apart = False
        self._ours_waiting: deque[Entry] = deque()
        self._theirs_waiting: deque[Entry] = deque()
        self._at = 0
        self.entries = 0
        """Entries that both have alike."""

    def take(self, frame: Frame, header: Header) -> None:
        """Compare one batch of ours."""
        if self._done:
            return
        if self._apart:
            self._ours_waiting.extend(_entries(header, frame.body))
            self._by_entry()
            return
        found = next(self._theirs, None)
        if found is None:  # an older copy ends here, as it may
            self._done = True
            return
        theirs = None if found.error else read_header(found.header)
        while theirs is not None and theirs.number < header.number:  # batches that ours lacks, as was told
            found = next(self._theirs, None)
            if found is None:
                self._done = True
                return
            theirs = None if found.error else read_header(found.header)
        if theirs is None:
            self._damaged(found)
        elif theirs.hash == header.hash and found.body == frame.body:
            self.entries = header.end
        elif theirs.ledger != header.ledger:
            self._findings.add(Code.AGAINST_OTHER, where=self._other.name)
            self._done = True
        else:
            self._part(frame, header, found, theirs)

    def _part(self, frame: Frame, header: Header, found: Frame, theirs: Header) -> None:
        """Note where the two part, and go on by entries."""
        fields = [name for name in FIELDS if getattr(header, name) != getattr(theirs, name)]
        if fields:
            last = max(header.first, header.end - 1)
            said = [{name: _text(getattr(one, name)) for name in fields} for one in (header, theirs)]
            facts: dict[str, Any] = {"stands": said[0], "other": said[1]}
            self._findings.add(Code.AGAINST_HEADER, header.first, last, frame.where, **facts)
        self._apart = True
        self._at = self.entries
        self._ours_waiting.extend(_entries(header, frame.body))
        self._theirs_waiting.extend(_entries(theirs, found.body))
        self._by_entry()

    def _by_entry(self) -> None:
        while self._ours_waiting and not self._done:
            if not self._theirs_waiting and not self._more():
                self._done = True
                return
            mine, their = self._ours_waiting.popleft(), self._theirs_waiting.popleft()
            if mine != their:
                facts: dict[str, Any] = {"stands": mine.data, "other": their.data, "kinds": [mine.kind, their.kind]}
                self._findings.add(Code.AGAINST_DIFFERS, self._at, where=self._other.name, **facts)
                self._done = True
                return
            self._at += 1
            self.entries = self._at

    def _more(self) -> bool:
        while not self._theirs_waiting:
            found = next(self._theirs, None)
            if found is None:
                return False
            theirs = None if found.error else read_header(found.header)
            if theirs is None:
                self._damaged(found)
                return False
            self._theirs_waiting.extend(_entries(theirs, found.body))
        return True

    def _damaged(self, found: Frame) -> None:
        self._findings.add(Code.AGAINST_DAMAGED, where=f"{self._other.name}, {found.where}")
        self._done = True

    def finish(self, entries: int) -> None:
        """Tell of entries that only the other copy has."""
        if self._done:
            return
        if self._theirs_waiting or next(self._theirs, None) is not None:
            self._findings.add(
                Code.AGAINST_LONGER, entries, max(entries, self._other.entries - 1), self._other.name, entries=entries
            )


def _entries(header: Header, body: bytes) -> list[Entry]:
    """Take a body apart; one that cannot be is one entry."""
    if header.kind == ROWS:
        return [Entry(ROWS, body[k : k + ROW_BYTES]) for k in range(0, len(body), ROW_BYTES)]
    try:
        return [Entry(header.kind, one) for one in split_records(body, header.count)]
    except CodecError:
        return [Entry(header.kind, body)]


def _text(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
