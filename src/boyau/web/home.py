"""The first page: search for anything, and the state of public money now."""

from typing import Any

import numpy as np
from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.journal.find import describe_entry
from boyau.ledger import Kind, Result
from boyau.web.pages import Asked
from boyau.web.parties import sides
from boyau.web.state import state

router = APIRouter(include_in_schema=False)
NEWEST = 8
"""Payments that the first page shows."""
LOOKED_AT = 100_000
"""Among so many of the newest rows they are looked for."""


@router.get("/")
def home(page: Asked) -> Response:
    """Return the first page."""
    rows = page.reader.rows

    def look(book: Book) -> list[dict[str, Any]]:
        ledger = book.ledger
        plain = np.array([colour.plain for colour in ledger.registry.colours], np.bool_)
        recent = slice(max(0, len(rows) - LOOKED_AT), None)
        coloured = ~plain[ledger.tables.acc[rows.debit[recent], 3]]
        paid = (rows.result[recent] == Result.POSTED) & (rows.kind[recent] == Kind.PAY) & coloured
        numbers = rows.entry[recent][paid][-NEWEST:][::-1].tolist()
        return [sides(book, describe_entry(book, number)) for number in numbers]

    return page.render("home.html", state=state(page.reader), newest=page.reader.ask(look))


@router.get("/offline")
def offline(page: Asked) -> Response:
    """Return what is shown where there is no network; browsers keep it."""
    return page.render("offline.html")
