"""A participant's page: what it received, from whom and in which colours; what it paid on; contracts, months, newest.

Legal entities are public. A natural person has a page only for those who may see persons, and for itself; to all others
the same address answers as if there were nobody, so that an IIN cannot be tried. Under a pseudonym there is a page that
says why nothing is shown, whoever it stands for: it is made without looking anybody up.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.ledger import Kind, Result
from boyau.ledger.findings import Hold
from boyau.service.problems import Problem
from boyau.views.columns import Table
from boyau.web import labels
from boyau.web.holders import holders, marked
from boyau.web.links import Linked, linked
from boyau.web.operation import hides, known_names, link
from boyau.web.pages import Asked, Page
from boyau.web.refusals import total

router = APIRouter(include_in_schema=False)
PAYING = (Kind.PAY, Kind.ADVANCE, Kind.COURT)
GIVEN = (Kind.ISSUE, Kind.ALLOCATE, Kind.CARRY, Kind.RECEIVE)
BACK = (Kind.RETURN, Kind.REVERSE, Kind.CLAWBACK)
TOP, NEWEST, CONTRACTS, MONTHS = 8, 10, 10, 24
HANDS_MAX = 200
"""Hands that are summed one by one."""
_PSEUDONYM = re.compile(r"[0-9a-f]{8}")
_NAME_CHARS_MAX = 32
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Share:
    """One of those from whom or to whom, or a colour: how much in minor units, in how many payments."""

    name: str
    title: Any
    minor: int
    count: int


@dataclass(frozen=True, slots=True)
class Month:
    """What came and went in a month (``YYYYMM``), in minor units."""

    month: int
    came: int
    went: int


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of the participant: its entry, name, other side, and what of it is paid, in minor units."""

    entry: int
    name: str
    other: str
    payer: bool
    whole: int
    left: int


@dataclass(frozen=True, slots=True)
class Known:
    """All that the rows say of a participant, sums in minor units of ``unit``."""

    unit: str
    scale: int
    other_units: bool
    received: int
    given: int
    paid: int
    got_back: int
    gave_back: int
    received_count: int
    paid_count: int
    payers: list[Share]
    payees: list[Share]
    colours: list[Share]
    months: list[Month]
    newest: list[Linked]
    contracts: list[Contract]
    contract_count: int
    largest: int
    """Number of the account that was paid most often, −1 none: of it the trail is asked."""


@router.get("/who/{name}")
def who(name: str, page: Asked) -> Response:
    """Return a participant's page."""
    words = page.words
    facts = known_names(page, {name})[name] if len(name) <= _NAME_CHARS_MAX else {}
    if not facts and _PSEUDONYM.fullmatch(name):
        return page.render("person.html", name=name)
    if not facts or hides(page, name, facts):
        raise Problem(
            404, "not-found", words.text("There is no participant {name}.", name=name[:_NAME_CHARS_MAX]),
            words.text("Natural persons are shown to those only who may see them."),
        )  # fmt: skip
    known = _known(page, page.reader.rows, name)
    through = _through(page, name, known.largest)
    others = {one.name for one in (*known.payers, *known.payees)} | {one.other for one in known.contracts}
    named = known_names(page, others)
    return page.render(
        "who.html", name=name, facts=facts, title=page.who(name, facts), known=known, through=through,
        classes=labels.classes(words, list(facts.get("classes", ()))), bars=months_drawn(page, known),
        link_of=lambda one: link(page, one, named.get(one, {})), trail_link=f"/trail/who/{name}",
        kind_name=lambda kind: labels.kind(words, kind.name.lower()),
    )  # fmt: skip


# ---- what the rows say ----------------------------------------------------------------------------------------------


def _known(page: Page, rows: Table, name: str) -> Known:
    """Scan all rows; the ledger is asked only for the few that are shown."""
    known = holders(page.reader)
    mine = known.of(name)
    colours = known.colour[mine].tolist()
    units = [known.colours[one].unit for one in colours]
    unit = max(set(units), key=units.count) if units else next(iter(known.units), "KZT")
    posted = rows.result == Result.POSTED
    credit, debit = (marked(mine, side) & posted for side in (rows.credit, rows.debit))
    into, out = np.flatnonzero(credit & ~debit), np.flatnonzero(debit & ~credit)
    ours = known.unit == known.unit_number(unit) if units else np.zeros(len(known.colours), np.bool_)
    into, out = (one[ours[known.colour[rows.credit[one]]]] for one in (into, out))
    came, went = (one[np.isin(rows.kind[one], PAYING)] for one in (into, out))
    given = into[np.isin(rows.kind[into], GIVEN)]
    contracts = np.flatnonzero((credit | debit) & (rows.kind == Kind.COMMIT))
    newest = np.sort(np.concatenate([came, went]))[-NEWEST:][::-1]

    def look(book: Book) -> tuple[list[Linked], list[Contract]]:
        return (
            [linked(book, rows, int(k)) for k in newest],
            [_contract(book, rows, int(k), name) for k in contracts[-CONTRACTS:][::-1]],
        )

    shown, bound = page.reader.ask(look)
    return Known(
        unit, known.units.get(unit, 2), len(set(units)) > 1, total(rows.settled[came]), total(rows.settled[given]),
        total(rows.settled[went]), total(rows.settled[into[np.isin(rows.kind[into], BACK)]]),
        total(rows.settled[out[np.isin(rows.kind[out], BACK)]]), len(came), len(went),
        _shares(rows, came, known.who[rows.debit[came]], lambda k: (known.names[k], "")),
        _shares(rows, went, known.who[rows.credit[went]], lambda k: (known.names[k], "")),
        _shares(rows, came, known.colour[rows.debit[came]], lambda k: (known.colours[k].path, known.colours[k].title)),
        _months(rows, came, went), shown, bound, len(contracts), _largest(rows, came),
    )  # fmt: skip


def _largest(rows: Table, came: Places) -> int:
    """Return the account that was paid most often, −1 where none was."""
    accounts, counts = np.unique(rows.credit[came], return_counts=True)
    return int(accounts[counts.argmax()]) if len(accounts) else -1


def _shares(rows: Table, places: Places, key: Any, name: Callable[[int], tuple[str, Any]]) -> list[Share]:
    """Sum by participant or colour, *key* by row; the largest first. *name* returns a key's name and title."""
    keys, at, counts = np.unique(key, return_inverse=True, return_counts=True)
    high, low = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
    amounts = rows.settled[places]
    np.add.at(high, at, amounts >> 32)
    np.add.at(low, at, amounts & 0xFFFFFFFF)
    sums = [(int(high[k]) << 32) + int(low[k]) for k in range(len(keys))]
    order = sorted(range(len(keys)), key=lambda k: -sums[k])[:TOP]
    return [Share(*name(int(keys[k])), sums[k], int(counts[k])) for k in order]


def _months(rows: Table, came: Places, went: Places) -> list[Month]:
    """Sum by month, without gaps, the last ``MONTHS`` of them."""
    sums: dict[int, list[int]] = {}
    for side, places in enumerate((came, went)):
        months = rows.day[places].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        for month in np.unique(months).tolist():
            sums.setdefault(month, [0, 0])[side] += total(rows.settled[places[months == month]])
    if not sums:
        return []
    last = max(sums)
    first = max(min(sums), last - MONTHS + 1)
    return [
        Month((1970 + month // 12) * 100 + month % 12 + 1, *sums.get(month, [0, 0])) for month in range(first, last + 1)
    ]


def _contract(book: Book, rows: Table, place: int, name: str) -> Contract:
    entry = int(rows.entry[place])
    row = book.row_posted(entry)
    identity = row["id"].tobytes()
    low, high = (int.from_bytes(identity[k : k + 8], "little", signed=True) for k in (0, 8))
    tables = book.ledger.tables
    hold = Hold.of(tables.hold[tables.kernel.hold_of(low, high)].tolist())
    sides = [book.ledger.registry.who[int(tables.acc[int(row[side]), 4])] for side in ("debit", "credit")]
    payer = sides[0] == name
    told = book.operations.describe(row)
    return Contract(entry, str(told.get("id", "")), sides[1 if payer else 0], payer, hold.total,
                    0 if hold.state else hold.left)  # fmt: skip


# ---- through whom ---------------------------------------------------------------------------------------------------


def _through(page: Page, name: str, account: int) -> list[Share]:
    """Return through whose hands the money of an account came: holders of coloured money on the way to it."""
    if account < 0:
        return []
    traced = page.reader.trail().traced
    lineage, names = traced.lineage, traced.names
    if account >= len(lineage.issuer):  # it is newer than the trail
        return []
    arriving = np.flatnonzero(lineage.credit == account)
    trace = lineage.backward(arriving, lineage.issuer | names.plain_accounts())
    givers = lineage.debit[trace.entry]
    handed = names.hop_of[givers] > 0
    keys, at, counts = np.unique(names.participant_of[givers[handed]], return_inverse=True, return_counts=True)
    sums = [total(trace.amount[handed][at == k]) for k in range(min(len(keys), HANDS_MAX))]
    order = sorted(range(len(sums)), key=lambda k: -sums[k])[:TOP]
    found = [(names.participants[int(keys[k])], sums[k], int(counts[k])) for k in order]
    facts = known_names(page, {one[0] for one in found})
    return [
        Share(one, link(page, one, facts[one]), minor, count) for one, minor, count in found if one != name
    ]  # fmt: skip


# ---- months ---------------------------------------------------------------------------------------------------------

BAR_HIGH, SLOT, PLOT = 96, 44, 104
"""Height of the tallest bar, width of a month, and where the axis lies, in units of the drawing."""


def months_drawn(page: Page, known: Known) -> list[dict[str, Any]]:
    """Return the bars of the months as the template draws them: heights in units of the drawing."""
    top = max((max(one.came, one.went) for one in known.months), default=0) or 1
    money = page.words.money
    return [
        {
            "x": k * SLOT, "came": BAR_HIGH * one.came // top, "went": BAR_HIGH * one.went // top,
            "name": f"{one.month % 100:02}.{one.month // 100 % 100:02}",
            "told": page.words.text(
                "{month}: received {came}, paid {went}", month=f"{one.month % 100:02}.{one.month // 100}",
                came=money(one.came, known.unit, known.scale), went=money(one.went, known.unit, known.scale),
            ),
        }
        for k, one in enumerate(known.months)
    ]  # fmt: skip
