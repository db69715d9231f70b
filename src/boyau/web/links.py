"""Entries that belong together: a contract and its parts, a payment and what was given back, what was linked."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from boyau.journal import Book
from boyau.language.catalogue import mark as _
from boyau.ledger import Kind, Result
from boyau.ledger.rows import RowFlag
from boyau.views.columns import Table
from boyau.web.operation import Operation
from boyau.web.pages import Page
from boyau.web.parties import Party, party
from boyau.web.rules_met import PAYING

Places = npt.NDArray[np.int64]
SHOWN_MAX = 12
"""Entries of one relation that stand on a page; there may be thousands of parts."""
GIVING_BACK = (Kind.RETURN, Kind.REVERSE, Kind.CLAWBACK)
RELATIONS = {
    "contract": _("The contract that this stands on"),
    "parts": _("What was done on this contract"),
    "siblings": _("What else was done on the contract"),
    "original": _("What this gives back"),
    "undone": _("What was given back of this"),
    "linked": _("Linked: all or none of them"),
    "act": _("About the same act or delivery"),
    "document": _("On the same document"),
}


@dataclass(frozen=True, slots=True)
class Linked:
    """One entry of a relation; ``minor``: what took effect, in minor units of the payer's unit."""

    entry: int
    kind: Kind
    result: Result
    payer: Party | None
    payee: Party | None
    minor: int
    day: int


@dataclass(frozen=True, slots=True)
class Relation:
    """Entries that stand in one relation: the first of them, and how many there are."""

    name: str
    entries: list[Linked]
    count: int


def relations(page: Page, one: Operation) -> list[Relation]:
    """Return what belongs to an operation. Refused ones only for those who may read every entry."""
    rows = page.reader.rows
    all_of_them = page.could("read.entries")
    found = [(name, places[places != rows.place(one.entry)]) for name, places in _places(rows, one)]
    if not all_of_them:
        found = [(name, places[rows.result[places] == Result.POSTED]) for name, places in found]
    found = [(name, places) for name, places in found if len(places)]

    def look(book: Book) -> list[Relation]:
        return [
            Relation(name, [linked(book, rows, int(place)) for place in places[:SHOWN_MAX]], len(places))
            for name, places in found
        ]

    return page.reader.ask(look)


def _places(rows: Table, one: Operation) -> list[tuple[str, Places]]:
    """Return the places of rows by relation, in journal order."""
    out = []
    place = rows.place(one.entry)
    ref = int(rows.ref[place]) if place >= 0 else -1
    flags = int(one.row["flags"])
    kind = one.kind
    if kind in GIVING_BACK and ref >= 0:
        out.append(("original", _at(rows, ref)))
    elif ref >= 0:
        out.append(("contract", _at(rows, ref)))
        out.append(("siblings", np.flatnonzero(rows.ref == ref)))
    if one.result is Result.POSTED:
        refer = np.flatnonzero(rows.ref == one.entry)
        back = np.isin(rows.kind[refer], GIVING_BACK)
        if kind is Kind.COMMIT:
            out.append(("parts", refer[~back]))
        out.append(("undone", refer[back]))
    chain = _at(rows, one.entry + 1) if flags & RowFlag.LINKED else np.zeros(0, np.int64)
    before = _at(rows, one.entry - 1)
    if len(before) and kind in PAYING and _same_document(rows, int(before[0]), place):
        chain = np.concatenate([before, chain])
    out.append(("linked", chain))
    subject, document = int(one.row["subject"]), int(rows.document[place]) if place >= 0 else 0
    if subject:
        out.append(("act", np.flatnonzero(rows.subject == subject)))
    if document:
        out.append(("document", np.flatnonzero(rows.document == document)))
    return _once(out)


def _same_document(rows: Table, before: int, place: int) -> bool:
    """Tell whether the row before names the same document: a payment and the part of it that has its own colour."""
    return place >= 0 and int(rows.document[place]) != 0 and int(rows.document[before]) == int(rows.document[place])


def _at(rows: Table, entry: int) -> Places:
    place = rows.place(entry)
    return np.array([place] if place >= 0 else [], np.int64)


def _once(
    found: list[tuple[str, Places]],
) -> list[tuple[str, Places]]:
    """Leave every entry in the first relation that names it."""
    seen = np.zeros(0, np.int64)
    out = []
    for name, places in found:
        fresh = places[~np.isin(places, seen)]
        out.append((name, fresh))
        seen = np.concatenate([seen, fresh])
    return out


def linked(book: Book, rows: Table, place: int) -> Linked:
    """Describe one row, by its place."""
    name = book.operations.account_name
    return Linked(
        int(rows.entry[place]), Kind(int(rows.kind[place])), Result(int(rows.result[place])),
        party(book, name(int(rows.debit[place]))) if rows.debit[place] >= 0 else None,
        party(book, name(int(rows.credit[place]))) if rows.credit[place] >= 0 else None,
        int(rows.settled[place]) or int(rows.amount[place]), int(rows.day[place]),
    )  # fmt: skip
