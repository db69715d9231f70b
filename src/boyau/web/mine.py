"""My accounts: whom I speak for, what is free on each account, what waits for me, what of mine was refused."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.journal.find import describe_entry
from boyau.ledger import Result
from boyau.ledger.colours import DAY_MAX
from boyau.service.gate import approval_routes
from boyau.service.problems import Problem
from boyau.views.columns import Table
from boyau.web import labels
from boyau.web.account import address
from boyau.web.pages import Asked, Page
from boyau.web.parties import Party, party, sides
from boyau.web.requests import Request, owned, recent
from boyau.web.spending import CLOSED, FROZEN, SOON_DAYS, in_force

router = APIRouter(include_in_schema=False)
PAGE = 50
REFUSALS_SHOWN = 8
REFUSALS_AMONG = 2_000_000
"""Among so many of the newest rows refusals of mine are looked for."""
WHOLE = ("treasury", "programme_administrator", "controller", "analyst", "head", "auditor")
"""Roles whose grant is about colours, not about a participant's own accounts."""


@dataclass(frozen=True, slots=True)
class Mine:
    """An account of mine; sums in minor units, ``last`` in days since 1970-01-01."""

    party: Party
    available: int
    held: int
    last: int | None
    frozen: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class Own:
    """My accounts: how many, those of one page, sums of all of them by unit, and the windows that close soon."""

    count: int
    shown: tuple[Mine, ...]
    free: tuple[tuple[str, int, int, int], ...]
    """Unit, its scale, free and set aside."""
    closing: tuple[Mine, ...]
    today: int
    numbers: npt.NDArray[np.int64]


def scope(page: Page) -> tuple[frozenset[str], tuple[str, ...] | None]:
    """Return for whom the reader speaks, and below which colours they look ("" all); None: below none."""
    colours = tuple(dict.fromkeys(grant.colour for grant in page.caller.grants if grant.role in WHOLE))
    own = frozenset(grant.participant for grant in page.caller.grants if grant.participant and grant.role not in WHOLE)
    return own, colours or None


def mine(book: Book, who: frozenset[str], colours: tuple[str, ...] | None, begin: int) -> Own:
    """Look up the accounts of *who* and those below *colours*, richest first, from place *begin* on."""
    registry = book.ledger.registry
    table = book.ledger.tables.acc[: len(book.ledger.accounts)]
    chosen = np.zeros(len(table), np.bool_)
    for one in who:
        if (number := registry.participants.get(one)) is not None:
            chosen |= table[:, 4] == number
    if colours is not None:
        if "" in colours:
            chosen[:] = True
        else:
            inside = [any(f"{node.path}/".startswith(f"{path}/") for path in colours) for node in registry.colours]
            chosen |= np.array(inside, np.bool_)[table[:, 3]]
    chosen &= (table[:, 5] & 1) == 0  # an issuer has nothing: it is where money comes from
    numbers = np.flatnonzero(chosen)
    free = table[numbers, 1] - table[numbers, 0] - table[numbers, 2]
    order = np.argsort(-free, kind="stable")
    with in_force(book) as today:
        last = np.array([min(node.effective.last, node.effective.entry_until) for node in registry.colours], np.int64)
        ends = last[table[numbers, 3]]
        soon = np.flatnonzero((ends >= today) & (ends <= today + SOON_DAYS) & (free > 0))
        soon = soon[np.argsort(ends[soon], kind="stable")][:PAGE]
        shown = tuple(_one(book, int(numbers[k]), int(ends[k])) for k in order[begin : begin + PAGE])
        closing = tuple(_one(book, int(numbers[k]), int(ends[k])) for k in soon[:REFUSALS_SHOWN])
    units = np.array([list(registry.units).index(node.unit) for node in registry.colours], np.int64)
    sums = []
    for k, (unit, scale) in enumerate(registry.units.items()):
        ours = units[table[numbers, 3]] == k
        if ours.any():
            sums.append((unit, scale, int(free[ours].sum()), int(table[numbers[ours], 2].sum())))
    return Own(len(numbers), shown, tuple(sums), closing, today, numbers)


def _one(book: Book, number: int, last: int) -> Mine:
    debits, credits, held, _, _, flags = book.ledger.tables.acc[number, :6].tolist()
    known = party(book, book.operations.account_name(number))
    assert known is not None
    end = None if last >= DAY_MAX else last
    return Mine(known, credits - debits - held, held, end, bool(flags & FROZEN), bool(flags & CLOSED))


def refused(rows: Table, numbers: npt.NDArray[np.int64]) -> list[int]:
    """Return the entries of the newest refusals of operations from these accounts."""
    recent = slice(max(0, len(rows) - REFUSALS_AMONG), None)
    bad = np.flatnonzero(~np.isin(rows.result[recent], (Result.POSTED, Result.EXISTS)))
    ours = bad[np.isin(rows.debit[recent][bad], numbers)]
    return [int(one) for one in rows.entry[recent][ours[-REFUSALS_SHOWN:][::-1]]]


def waiting(page: Page) -> list[dict[str, Any]]:
    """Return the commands that wait for the reader's approval."""
    if not page.could("approval.decide"):
        return []
    door, given = page.access, page.caller.participants()
    return [
        one
        for one in door.pending.waiting()
        if approval_routes.may_decide(door, one) and not given & {each["by"] for each in one["approvals"]}
    ]


def asked_of(page: Page) -> list[Request]:
    """Return the requests for evidence that the reader must answer, the most urgent first."""
    who = page.caller.participants()
    return owned(recent(page.reader), who) if who else []


@router.get("/mine")
def my_accounts(page: Asked) -> Response:
    """Return my accounts and what waits for me."""
    if not page.caller.account:
        raise Problem(401, "sign-in", page.words.text("Sign in to see this."))
    text = page.request.query_params.get("from", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        title = page.words.text("There is no such page of the list. Go back to its beginning.")
        raise Problem(422, "unreadable", title)
    begin = int(text)
    who, colours = scope(page)
    rows = page.reader.rows
    own = page.reader.ask(lambda book: mine(book, who, colours, begin))
    entries = refused(rows, own.numbers) if who or colours else []
    refusals = page.reader.ask(lambda book: [sides(book, describe_entry(book, one)) for one in entries])
    return page.render(
        "mine.html", own=own, who=sorted(who), colours=colours, begin=begin, size=PAGE, refusals=refusals,
        waiting=waiting(page), requests=asked_of(page), labels=labels, address=address,
        people=page.reader.ask(lambda book: _people(book, who)),
    )  # fmt: skip


def _people(book: Book, who: frozenset[str]) -> list[tuple[str, dict[str, Any]]]:
    registry = book.ledger.registry
    known = [(one, registry.participants.get(one)) for one in sorted(who)]
    return [(one, {} if at is None else registry.participant_facts[at]) for one, at in known]
