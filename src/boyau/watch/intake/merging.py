"""Releases that are pieces of a process become one compiled release, by the merge routine of OCDS 1.1.

https://standard.open-contracting.org/1.1/en/schema/merging/. The routine is that of the library ocdsmerge. Its rules
say which lists are replaced whole and which fields are dropped; they are given here for the fields of the model,
because the library would otherwise fetch the schema over the network. All else merges by ``id``, which needs no rule.

Pieces wait on disk, in memory stays only where each begins; so a file may be larger than memory.
"""

import tempfile
from collections.abc import Iterator
from typing import Any, NamedTuple

from boyau.watch.intake.documents import Documents, Loose
from boyau.watch.intake.troubles import Fault
from boyau.watch.model import Release

RULES = {
    ("id",): "omitWhenMerged",
    ("date",): "omitWhenMerged",
    ("tag",): "omitWhenMerged",
    ("publisher",): "omitWhenMerged",
    ("parties", "additionalIdentifiers"): "wholeListMerge",
    ("parties", "roles"): "wholeListMerge",
    ("tender", "items", "additionalClassifications"): "wholeListMerge",
    ("tender", "submissionMethod"): "wholeListMerge",
    ("tender", "additionalProcurementCategories"): "wholeListMerge",
    ("tender", "amendment", "changes"): "wholeListMerge",
    ("tender", "amendments", "changes"): "wholeListMerge",
    ("bids", "details", "relatedLots"): "wholeListMerge",
    ("awards", "relatedLots"): "wholeListMerge",
    ("awards", "items", "additionalClassifications"): "wholeListMerge",
    ("awards", "amendment", "changes"): "wholeListMerge",
    ("awards", "amendments", "changes"): "wholeListMerge",
    ("contracts", "items", "additionalClassifications"): "wholeListMerge",
    ("contracts", "amendment", "changes"): "wholeListMerge",
    ("contracts", "amendments", "changes"): "wholeListMerge",
    ("contracts", "relatedProcesses", "relationship"): "wholeListMerge",
    ("relatedProcesses", "relationship"): "wholeListMerge",
}
"""``wholeListMerge`` and ``omitWhenMerged`` of the release schema 1.1."""


class _Place(NamedTuple):
    start: int
    length: int
    line: int


class Spool:
    """Where pieces wait for the others of their process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="boyau-releases-")  # noqa: SIM115 - lives as long as the spool
        self._places: dict[str, list[_Place]] = {}
        self._end = 0

    def __len__(self) -> int:
        return len(self._places)

    def add(self, piece: Loose) -> None:
        """Put one piece aside."""
        self._file.write(piece.data)
        self._places.setdefault(piece.ocid, []).append(_Place(self._end, len(piece.data), piece.line))
        self._end += len(piece.data)

    def groups(self) -> Iterator[list[Loose]]:
        """Yield the pieces of each process, the processes by their first line."""
        self._file.flush()
        for ocid, places in sorted(self._places.items(), key=lambda item: (min(p.line for p in item[1]), item[0])):
            pieces = []
            for place in sorted(places):
                self._file.seek(place.start)
                pieces.append(Loose(ocid, place.line, self._file.read(place.length)))
            yield pieces

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()


class Merging:
    """Merges the pieces of one process after another."""

    def __init__(self, documents: Documents) -> None:
        from ocdsmerge import Merger

        self._documents = documents
        self._merger: Any = Merger(merge_rules=RULES)

    def merge(self, pieces: list[Loose]) -> Release:
        """Return the compiled release of *pieces*. What cannot be merged is the latest piece, and a trouble."""
        parsed = []
        for piece in sorted(pieces, key=lambda piece: piece.line):
            release = self._documents.parsed(piece.data, piece.line)
            parsed.append((release if isinstance(release, dict) else {}) | {"ocid": piece.ocid})
        line = pieces[0].line
        try:
            compiled = self._merger.create_compiled_release(parsed)
        except Exception as error:  # noqa: BLE001 - data of strangers: whatever the library makes of them is a trouble
            self._documents.troubles.add(line, "", Fault.NOT_MERGED, f"{pieces[0].ocid}: {error}")
            compiled = max(parsed, key=lambda release: str(release.get("date") or ""))
        return self._documents.release(compiled, line)
