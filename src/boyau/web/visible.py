"""Which refused operations a reader may see: those with a side that they may read the entries of."""

import numpy as np
import numpy.typing as npt

from boyau.ledger import Result
from boyau.views.columns import Table
from boyau.web.holders import holders, marked
from boyau.web.pages import Page

Places = npt.NDArray[np.int64]
NOT_REFUSED = (int(Result.POSTED), int(Result.EXISTS))
ACTION = "read.entry"


def refused(page: Page) -> Places:
    """Return the places of all refused rows, in journal order; whether they may be seen is asked by ``seen``."""

    def make(rows: Table) -> Places:
        return np.flatnonzero(~np.isin(rows.result, NOT_REFUSED))

    return page.reader.once("refused", make)


def seen(page: Page) -> "npt.NDArray[np.bool_] | None":
    """Return by account whether its entries may be read; None: all may, [] none.

    The same cells decide as where the API is asked for an entry: of one grant the role's, within its colours, or only
    for its participant.
    """
    policy, grants = page.access.policy, page.caller.grants
    row = policy.actions[ACTION]
    if any(row.get(grant.role) == "x" for grant in grants):
        return np.zeros(0, np.bool_)
    cells = [(row.get(grant.role, "-"), grant) for grant in grants]
    if any(cell == "y" or (cell == "c" and not grant.colour) for cell, grant in cells):
        return None
    bound = [(cell, grant) for cell, grant in cells if cell in "cp"]
    if not bound:
        return np.zeros(0, np.bool_)

    known = holders(page.reader)
    out = np.zeros(len(known), np.bool_)
    for cell, grant in bound:
        of_colour = known.within(grant.colour)[known.colour]
        out |= of_colour & known.of(grant.participant) if cell == "p" else of_colour
    return out


def of_sides(rows: Table, places: Places, accounts: npt.NDArray[np.bool_]) -> Places:
    """Return those of *places* that have one of *accounts* on either side."""
    return places[marked(accounts, rows.debit[places]) | marked(accounts, rows.credit[places])]
