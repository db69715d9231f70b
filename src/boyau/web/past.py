"""What stood when an entry was made: rules in force, classes of participants, what was attested, approved and limited.

The ledger keeps only what is so now. What was so follows from the records before the entry, which the views know by
what they are about.
"""

from dataclasses import dataclass
from typing import Any

from boyau.ledger import codes, colours
from boyau.ledger.colours import Rules
from boyau.ledger.refusals import RecordRefused
from boyau.views import Views
from boyau.web.sealed import Sealed

VERSIONS_MAX = 200
"""Records about one thing that are looked through, newest first."""
WORDS_MAX = 20


@dataclass(frozen=True, slots=True)
class Ruled:
    """A colour on the way to the root, its own rules at that time, and the entry that had set them (−1: none yet)."""

    path: str
    rules: Rules
    entry: int


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody vouched for: an attestation, a proposal, an approval. ``at``: when signed, "" where unsigned."""

    entry: int
    by: str
    at: str
    recorded: str
    signed: bool
    withdrawn: bool
    record: dict[str, Any]

    @classmethod
    def of(cls, entry: int, record: dict[str, Any], time: int) -> "Word":
        """Read a record that somebody gave, recorded at journal *time*."""
        return cls(
            entry, str(record.get("by", "")), str(record.get("at", "")), codes.day_text(codes.day_of(time)),
            "signature" in record, bool(record.get("withdrawn", False)), record,
        )  # fmt: skip


class Past:
    """Looks back from entry *entry*, made at journal time *time* (µs)."""

    def __init__(self, views: Views, sealed: Sealed, entry: int, time: int) -> None:
        self._views, self._sealed = views, sealed
        self.entry, self.day = entry, codes.day_of(time)

    def _records(self, name: str, types: tuple[str, ...], most: int = VERSIONS_MAX) -> list[tuple[int, dict[str, Any]]]:
        entries = self._views.names.about(name, types, before=self.entry, most=most)
        return [(entry, self._sealed.record(entry)) for entry in entries]

    def rules(self, path: str, scale: int) -> list[Ruled]:
        """Return a colour's own rules and those of every colour above it, nearest first."""
        out = []
        steps = path.split("/")
        for depth in range(len(steps), 0, -1):
            found = self.own_rules("/".join(steps[:depth]), scale)
            if found is not None:
                out.append(found)
        return out

    def own_rules(self, path: str, scale: int) -> Ruled | None:
        """Return the rules of one colour in force then: of those whose day had come, the latest. None: no such colour.

        A version takes the place of all whose first day is not later; of one day, the one recorded last.
        """
        best: tuple[int, int, dict[str, Any]] | None = None
        known = False
        for entry, record in self._records(f"colour {path}", ("colour",)):
            known = True
            if "rules" not in record and best is not None:
                continue
            day = codes.day_of(self._sealed.time(entry))
            start = codes.day(record["from"]) if "from" in record else day
            # A record that names no rules changes a title only, except the first, which makes the colour without any.
            if "rules" in record and start <= self.day and (best is None or (start, entry) > best[:2]):
                best = (start, entry, record["rules"])
            last = entry
        if not known:
            return None
        if best is None:
            return Ruled(path, Rules(), last)
        try:
            return Ruled(path, colours.read(best[2], scale), best[1])
        except RecordRefused:  # pragma: no cover - the ledger took it, so it can be read
            return Ruled(path, Rules(), best[1])

    def participant(self, who: str) -> tuple[int, dict[str, Any]]:
        """Return the record that had described a participant, and its entry; (−1, {}) where none had."""
        found = self._records(f"participant {who}", ("participant",), 1)
        return found[0] if found else (-1, {})

    def attested(self, condition: str, things: list[str]) -> Word | None:
        """Return by whose word a condition stood attested for one of *things* (``colour kz/road``, ``subject a-1``)."""
        for thing in things:
            found = self._records(f"attested {condition} {thing}", ("attestation",), 1)
            if found and not found[0][1].get("withdrawn", False):
                entry, record = found[0]
                return Word.of(entry, record, self._sealed.time(entry))
        return None

    def approvals(self, digest: str) -> tuple[Word | None, list[Word]]:
        """Return who had proposed a command, and whose approvals stood then, oldest first."""
        proposed = None
        given: dict[str, Word] = {}
        for entry, record in reversed(self._records(f"command {digest}", ("proposal", "approval"), WORDS_MAX)):
            word = Word.of(entry, record, self._sealed.time(entry))
            if record["type"] == "proposal":
                proposed = proposed or word
            elif word.withdrawn:
                given.pop(word.by, None)
            elif codes.day(record["until"]) >= self.day if "until" in record else True:
                given[word.by] = word
        return proposed, list(given.values())

    def limits(self, path: str) -> list[tuple[str, int, tuple[int | None, ...]]]:
        """Return the limits then in force on the way to the root: (colour, entry that set them, the three limits)."""
        out = []
        steps = path.split("/")
        for depth in range(len(steps), 0, -1):
            colour = "/".join(steps[:depth])
            found = self._views.limits_before(colour, self.entry)
            if found is not None and any(one is not None for one in found[1]):
                out.append((colour, *found))
        return out
