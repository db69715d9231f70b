"""Puts the pages on the application."""

from fastapi import FastAPI

from boyau.service.desk import Desk
from boyau.web import (
    account,
    approvals,
    assets,
    audit,
    budget,
    colours,
    entry,
    evidence,
    home,
    hunt,
    installation,
    mine,
    open_data,
    pay,
    programmes,
    refusals,
    search,
    sign_in,
    tour,
    trail,
    verify,
    who,
)
from boyau.web.execution.outlines import Outlines
from boyau.web.pages import error_page
from boyau.web.publication.job import Publication, Terms
from boyau.web.reader import Reader

ROUTERS = (
    assets.router,
    home.router,
    entry.router,
    trail.router,
    budget.router,
    colours.router,
    verify.router,
    search.router,
    refusals.router,
    who.router,
    mine.router,
    pay.router,
    account.router,
    approvals.router,
    evidence.router,
    audit.router,
    installation.router,
    sign_in.router,
    programmes.router,
    open_data.router,
    hunt.router,
    tour.router,
)


def install(
    app: FastAPI,
    desk: Desk,
    ledger: str,
    *,
    demonstration: bool = False,
    terms: Terms | None = None,
    outlines: Outlines | None = None,
) -> Reader:
    """Put the pages on *app*, and follow the ledger behind *desk*; close the reader that is returned before the desk.

    *desk* is the plain one: what a page shows is decided page by page, by the same table as everything else. *terms*:
    what the operator says of the open data. *outlines*: the operator's map of the regions;
    without, it is made of tiles.
    """
    if app.state.access is None:
        raise ValueError("pages need access control: without it everybody would see everything")
    app.state.reader = reader = Reader(desk, ledger)
    app.state.publication = publication = Publication(reader, app.state.access.store.salt, terms)
    reader.closing.append(publication.close)
    app.state.error_page = error_page
    app.state.demonstration = demonstration
    app.state.outlines = outlines
    for router in ROUTERS:
        app.include_router(router)
    return reader
