"""A line's execution by region and by administrator.

Region of a charge: what the operation states, or else the commitment it is a part of; else the region that the
colour's rules bind it to, where they name one; else none. Where a payee is registered says nothing of where money was
spent, and is not used. Plans belong to the region that a colour is bound to.

Administrator of a charge: who holds the account that was charged. A limit is of the administrator who alone spent
below it; of several, it is nobody's.
"""

from dataclasses import dataclass

import numpy as np

from boyau.treasury.regions import REGIONS
from boyau.web.execution.charged import Numbers
from boyau.web.execution.colours import LIMITS, ColourYear
from boyau.web.execution.year import NONE, Figures

BELOW_PREFIX = 10_000_000
NOWHERE, NOBODY = 0, -1
_KNOWN = {int(kato) for kato in REGIONS}


@dataclass(frozen=True, slots=True)
class Part:
    """A region (``number``: two digits of KATO, 0 none) or an administrator (participant's number, −1 nobody)."""

    number: int
    figures: Figures
    lines: tuple[str, ...]
    """The lines whose plan it has."""


def bound(year: ColourYear) -> Numbers:
    """Return by node the region that the rules bind its colour to, 0 where they name none or several."""
    colours, parent = year.ground.known.colours, year.ground.parent
    memory: dict[int, int] = {-1: NOWHERE}

    def of(number: int) -> int:
        if number not in memory:
            own = colours[number].own.regions or ()
            named = {region // BELOW_PREFIX for interval in own for region in interval}
            memory[number] = named.pop() if len(named) == 1 and named <= _KNOWN else of(int(parent[number]))
        return memory[number]

    return np.array([of(number) for number in year.nodes.tolist()], np.int64)


def by_region(year: ColourYear, path: str, month: int) -> list[Part]:
    """Return a line's parts by region, in the order of KATO; what belongs to none comes last."""
    home, inside = bound(year), year.subtree(path)
    charged = inside[year.node] & (year.month <= month % 100 - 1)
    stated = np.where(np.isin(year.region, list(_KNOWN)), year.region, 0)
    region = np.where(stated > 0, stated, home[year.node])[charged]
    above_inside = (year.parent >= 0) & inside[np.maximum(year.parent, 0)]
    top = inside & (home > 0) & (~above_inside | (home[np.maximum(year.parent, 0)] != home))
    return _parts(year, month, region, charged, home, top, NOWHERE)


def by_administrator(year: ColourYear, path: str, month: int) -> list[Part]:
    """Return a line's parts by who holds the accounts that were charged, the largest payments first."""
    inside = year.subtree(path)
    charged = inside[year.node] & (year.month <= month % 100 - 1)
    who = year.ground.known.who[year.account]
    least = np.full(len(year.nodes), np.iinfo(np.int64).max)
    most = np.full(len(year.nodes), NOBODY)
    np.minimum.at(least, year.node[charged], who[charged])
    np.maximum.at(most, year.node[charged], who[charged])
    for depth in range(int(year.depth.max()), 0, -1):
        these = np.flatnonzero(year.depth == depth)
        np.minimum.at(least, year.parent[these], least[these])
        np.maximum.at(most, year.parent[these], most[these])
    holder = np.where((least == most) & (most >= 0), most, NOBODY)
    has = year.limits_at(month)[1].any(0)
    above_inside = (year.parent >= 0) & inside[np.maximum(year.parent, 0)]
    # The highest line of which one administrator alone spends is where its plan is read.
    top = inside & has & (holder >= 0) & (~above_inside | (holder[np.maximum(year.parent, 0)] != holder))
    found = _parts(year, month, who[charged], charged, holder, top, NOBODY)
    return sorted(found, key=lambda one: (one.number == NOBODY, -(one.figures["paid"] or 0), one.number))


def _parts(
    year: ColourYear, month: int, owner: Numbers, charged: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    home: Numbers, top: "np.ndarray[tuple[int], np.dtype[np.bool_]]", none: int,
) -> list[Part]:  # fmt: skip
    """Sum charges by *owner*, and the limits of the *top* nodes by their *home*."""
    obligations, paid = year.obligations[charged], year.paid[charged]
    limit, has = year.limits_at(month)
    numbers = {*np.unique(owner).tolist(), *np.unique(home[top]).tolist()}
    out = []
    for number in sorted(numbers, key=lambda one: (one == none, one)):
        mine, nodes = owner == number, np.flatnonzero(top & (home == number))
        figures: Figures = dict(NONE)
        for k, name in enumerate(LIMITS):
            if has[k, nodes].any():
                figures[name] = int(limit[k, nodes].sum())
        bound_, spent = int(obligations[mine].sum()), int(paid[mine].sum())
        figures |= {"obligations": bound_, "paid": spent, "unpaid": bound_ - spent}
        out.append(Part(number, figures, tuple(year.paths[k] for k in nodes.tolist())))
    return out
