"""Requests for evidence as the pages show them: who must answer, until when, and who after them."""

from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from boyau.journal import Book
from boyau.journal.find import describe_entry
from boyau.ledger import codes, evidence
from boyau.web.reader import Reader

SCANNED = 40_000
"""So many of the newest requests are looked through."""
AT_ONCE = 4000
ASKERS_AT_ONCE = 50
"""So many in one turn of the writer, which takes some 20 ms."""
ASKERS_MAX = 500
"""Who made a request stands in its record, which is read when it is first asked for: so many with one page."""
_ASKERS: "WeakKeyDictionary[Reader, dict[int, str]]" = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Request:
    """A request for evidence on a day; days since 1970-01-01. ``state``: open, overdue, answered, denied."""

    name: str
    condition: str
    colour: str
    subject: str
    owner: str
    deadline: int
    days_left: int
    step: int
    steps: tuple[tuple[str, int], ...]
    since: int
    state: str
    reason: str
    entry: int

    @property
    def last(self) -> bool:
        """True where nobody comes after who must answer now."""
        return self.step + 1 == len(self.steps)


def told(name: str, request: evidence.Request, today: int) -> Request:
    """Return a request as it stands on *today*."""
    step, deadline, number = request.standing(today)
    state = "overdue" if request.state == "open" and today > deadline else request.state
    return Request(
        name, request.condition, request.colour, request.subject, step.owner, deadline, deadline - today, number,
        tuple((one.owner, one.days) for one in request.steps), request.since, state, request.reason, request.entry,
    )  # fmt: skip


def recent(reader: Reader) -> list[Request]:
    """Return the newest requests, newest first, some at a time."""
    out: dict[str, Request] = {}
    for begin in range(0, SCANNED, AT_ONCE):
        some = reader.ask(partial(_part, begin=begin))
        out |= {one.name: one for one in some if one.name not in out}
        if len(some) < AT_ONCE:
            break
    return list(out.values())


def _part(book: Book, begin: int) -> list[Request]:
    today = codes.day_of(book.now())
    newest = reversed(book.ledger.registry.evidence.requests.items())
    return [told(name, request, today) for name, request in islice(newest, begin, begin + AT_ONCE)]


def owned(found: list[Request], who: frozenset[str], most: int = 50) -> list[Request]:
    """Return what *who* must answer now, the most urgent first."""
    mine = [one for one in found if one.owner in who and one.state in ("open", "overdue")]
    return sorted(mine, key=lambda one: (one.deadline, one.name))[:most]


def askers(reader: Reader, found: list[Request]) -> dict[int, str]:
    """Return who made requests, by entry. So many are looked up at a time; what was looked up stays known."""
    known = _ASKERS.setdefault(reader, {})
    lacking = [one.entry for one in found if one.entry not in known][:ASKERS_MAX]
    for begin in range(0, len(lacking), ASKERS_AT_ONCE):
        some = lacking[begin : begin + ASKERS_AT_ONCE]
        known |= reader.ask(partial(_by, entries=some))
    return known


def _by(book: Book, entries: list[int]) -> dict[int, str]:
    return {entry: _asker(book, entry) for entry in entries}


def _asker(book: Book, entry: int) -> str:
    by: Any = describe_entry(book, entry).get("by", "") if 0 <= entry < book.entries else ""
    return by if isinstance(by, str) else ""
