"""The list of what was refused: by reason, colour, time and payer, with sums; to each reader what they may see."""

import re
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.ledger import Kind, Result, codes
from boyau.service.problems import Problem
from boyau.views.columns import Table
from boyau.web import labels
from boyau.web.holders import holders, marked
from boyau.web.operation import hides, known_names
from boyau.web.pages import Asked, Page
from boyau.web.parties import Party, party
from boyau.web.visible import of_sides, refused, seen

router = APIRouter(include_in_schema=False)
PAGE_ROWS = 50
NOBODY = "-"
_PATH = re.compile(r"[A-Za-z0-9_./-]{1,540}")
_WHO = re.compile(r"[A-Za-z0-9._-]{1,32}")
_NUMBER = re.compile(r"[0-9]{1,18}")
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; "" and None: not. Days since 1970-01-01; ``before``: entries below that number."""

    reason: Result | None
    colour: str
    payer: str
    first: int | None
    last: int | None
    before: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused operation; ``minor``: what was asked for, in minor units of the payer's unit."""

    entry: int
    kind: Kind | None
    result: Result
    payer: Party | None
    payee: Party | None
    minor: int
    day: int


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of one page; how many there are in all and what they sum up to, by unit; and by reason."""

    rows: list[Refused]
    count: int
    sums: list[tuple[str, int, int]]
    reasons: list[tuple[Result, int, int]]
    more: bool


@router.get("/refusals")
def refusals(
    page: Asked, reason: str = "", colour: str = "", payer: str = "", first: str = "", last: str = "", before: str = ""
) -> Response:
    """Return the list of refusals that the reader may see."""
    accounts = seen(page)
    if accounts is not None and not len(accounts):
        page.must("read.entries")
    filters = read_filters(page, reason, colour, payer, first, last, before)
    if filters.payer and hides(page, filters.payer, known_names(page, {filters.payer})[filters.payer]):
        filters = replace(filters, payer=NOBODY)  # who may not see a person may not find one by its number either
    table = page.reader.rows
    places = refused(page)
    if accounts is not None:
        places = of_sides(table, places, accounts)
    listed = listing(page, table, places, filters)
    return page.render(
        "refusals.html", listed=listed, filters=filters, own=accounts is not None, given={
            "reason": reason, "colour": colour, "payer": payer, "first": first, "last": last,
        }, reason_name=lambda one: labels.result(page.words, one.name),
        kind_name=lambda kind: labels.kind(page.words, kind.name.lower()) if kind else "–",
    )  # fmt: skip


def read_filters(page: Page, reason: str, colour: str, payer: str, first: str, last: str, before: str) -> Filters:
    """Read the query. Problem 422 says which value is wrong."""
    known = Result.__members__.get(reason.upper()) if reason else None
    if reason and known is None:
        raise _wrong(page, page.words.text("There is no reason {name}.", name=reason[:40]))
    for value, pattern in ((colour, _PATH), (payer, _WHO), (before, _NUMBER)):
        if value and not pattern.fullmatch(value):
            raise _wrong(page, page.words.text("{value} is not of the form that is asked for.", value=value[:40]))
    days = []
    for value in (first, last):
        try:
            days.append(codes.day(value) if value else None)
        except codes.CodeError:
            raise _wrong(page, page.words.text("{value} is no day; write YYYY-MM-DD.", value=value[:40])) from None
    return Filters(known, colour, payer, days[0], days[1], int(before) if before else None)


def _wrong(page: Page, text: str) -> Problem:
    return Problem(422, "unreadable", text, page.words.text("Correct the filter, or take it away."))


def listing(page: Page, rows: Table, places: Places, filters: Filters) -> Listed:
    """Narrow *places* and describe one page of them, newest first."""
    known = holders(page.reader)
    keep = np.ones(len(places), np.bool_)
    if filters.colour:
        keep &= marked(known.within(filters.colour)[known.colour], rows.debit[places])
    if filters.payer:
        keep &= marked(known.of(filters.payer), rows.debit[places])
    if filters.first is not None:
        keep &= rows.day[places] >= filters.first
    if filters.last is not None:
        keep &= rows.day[places] <= filters.last
    found = places[keep]
    reasons = _reasons(rows, found)
    if filters.reason is not None:
        found = found[rows.result[found] == filters.reason]
    sums = []
    for k, (name, scale) in enumerate(known.units.items()):
        some = found[marked((known.unit == k)[known.colour], rows.debit[found])]
        if len(some):
            sums.append((name, scale, total(rows.amount[some])))
    shown = found if filters.before is None else found[rows.entry[found] < filters.before]
    newest = shown[-PAGE_ROWS:][::-1]
    described = page.reader.ask(lambda book: [_one(book, rows, int(k)) for k in newest])
    return Listed(described, len(found), sums, reasons, len(shown) > len(newest))


def total(amounts: npt.NDArray[np.int64]) -> int:
    """Sum amounts exactly: what was refused may be any number of 62 bits, and a few of them pass 64."""
    return (int((amounts >> 32).sum()) << 32) + int((amounts & 0xFFFFFFFF).sum())


def _reasons(rows: Table, places: Places) -> list[tuple[Result, int, int]]:
    """Return (reason, how often, asked for in all), most frequent first."""
    out = []
    for code in np.unique(rows.result[places]).tolist():
        some = places[rows.result[places] == code]
        out.append((Result(code), len(some), total(rows.amount[some])))
    return sorted(out, key=lambda one: -one[1])


def _one(book: Book, rows: Table, place: int) -> Refused:
    name = book.operations.account_name
    sides = [
        party(book, name(int(number))) if number >= 0 else None for number in (rows.debit[place], rows.credit[place])
    ]
    kind = int(rows.kind[place])
    return Refused(
        int(rows.entry[place]), Kind(kind) if kind in list(Kind) else None, Result(int(rows.result[place])),
        sides[0], sides[1], int(rows.amount[place]), int(rows.day[place]),
    )  # fmt: skip
