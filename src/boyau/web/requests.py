"""Requests for evidence as the pages show them: who must answer, until when, and who after them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from boyau.journal import Book
from boyau.journal.find import describe_entry
from boyau.ledger import codes, evidence

SCANNED = 20_000
"""So many of the newest requests are looked through; a turn of the writer stays short."""
ASKERS_AT_ONCE = 200


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


def find(book: Book, chosen: Callable[[Request], bool], most: int, *, skip: int = 0) -> tuple[list[Request], bool]:
    """Return the newest requests that are *chosen*, after the first *skip*, and whether there are more."""
    today, out = codes.day_of(book.now()), []
    for name, request in islice(reversed(book.ledger.registry.evidence.requests.items()), SCANNED):
        one = told(name, request, today)
        if chosen(one):
            out.append(one)
            if len(out) > skip + most:
                break
    return out[skip : skip + most], len(out) > skip + most


def owned(book: Book, who: frozenset[str], most: int = 50) -> list[Request]:
    """Return what *who* must answer now, the most urgent first."""
    found, _ = find(book, lambda one: one.owner in who and one.state in ("open", "overdue"), most)
    return sorted(found, key=lambda one: (one.deadline, one.name))


def asker(book: Book, entry: int) -> str:
    """Return who made the request of an entry, "" where it does not say."""
    by: Any = describe_entry(book, entry).get("by", "") if 0 <= entry < book.entries else ""
    return by if isinstance(by, str) else ""
