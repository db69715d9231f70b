"""A year of a budget by its colours: limits and charges of every colour below a root, summed up the tree by month.

A colour's plan is its own limit, or else the sum of those set below it. Lines without any figure are left out.
"""

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from boyau.ledger import codes
from boyau.service.desk import Busy, Closing
from boyau.web.execution.charged import Charges, Numbers, charges, month_number
from boyau.web.execution.year import NONE, Figures, Line, Year
from boyau.web.holders import Holders, holders
from boyau.web.reader import Reader

FRESH_NODES_MAX = 10_000
"""Up to so many lines a page shows this moment; beyond, an older state while the next is made, which takes longer."""
KEPT_MAX = 12
"""Years that are kept."""
LIMITS = ("plan", "plan_obligations", "plan_payments")
"""In the order of the ledger's limits: plan, obligations, payments."""
MONTHS = 12
_MONTHS = 1 << 16


@dataclass(frozen=True)
class Ground:
    """The tree of colours as it is now: numbers by path, parents, and the colour at the top of each."""

    known: Holders
    numbers: dict[str, int]
    parent: Numbers
    top: Numbers


_GROUNDS: "WeakKeyDictionary[Reader, Ground]" = WeakKeyDictionary()


Mark = tuple[Charges, int, tuple[int, int | None]]
"""What a year was made from: charges, number of colours, limits."""
_YEARS: "WeakKeyDictionary[Reader, dict[tuple[str, int], tuple[Mark, ColourYear]]]" = WeakKeyDictionary()
_MAKING: "WeakKeyDictionary[Reader, threading.Lock]" = WeakKeyDictionary()


def ground(reader: Reader) -> Ground:
    """Return the tree; made again where there are more colours."""
    known = holders(reader)
    before = _GROUNDS.get(reader)
    count = len(known.colours)
    if before is not None and len(before.parent) == count:
        return Ground(known, before.numbers, before.parent, before.top)
    parent = np.array([one.parent for one in known.colours[:count]], np.int64)
    top = parent.copy()
    for k, above in enumerate(parent.tolist()):  # parents come first
        top[k] = k if above < 0 else top[above]
    made = Ground(known, {one.path: k for k, one in enumerate(known.colours[:count])}, parent, top)
    _GROUNDS[reader] = made
    return made


@dataclass
class _Sums:
    """By node (column): limits and whether there is one, by limit and month; what was done, by month."""

    limit: Numbers
    has: npt.NDArray[np.bool_]
    obligations: Numbers
    paid: Numbers


class ColourYear(Year):
    """One year of the colours from a root on."""

    published = False
    top = ""

    def __init__(self, reader: Reader, root: str, year: int) -> None:
        self._charges: Charges = charges(reader)
        self.ground = base = ground(reader)
        self.root, self._number, self._year = root, base.numbers[root], year
        home = base.known.colours[self._number]
        self.title: Any = home.title
        self.unit, self.scale = home.unit, base.known.units[home.unit]
        self._within = base.known.within(root)[: len(base.parent)]
        self._place_charges()
        limits = self._limits(reader)
        self._place_nodes([node for node, *_ in limits])
        sums = self._own(limits)
        self.months = self._months(limits)
        self._sums = self._rolled(sums)

    # ---- what there is ----------------------------------------------------------------------------------------------

    def _place_charges(self) -> None:
        """Keep the year's charges to accounts of these colours: account, colour, month of the year, region."""
        found, base = self._charges, self.ground
        month = found.month - month_number(self._year * 100 + 1)
        colour = base.known.colour[found.account]
        inside = np.append(self._within, np.zeros(1, np.bool_))[np.minimum(colour, len(self._within))]
        which = np.flatnonzero(inside & (month >= 0) & (month < MONTHS))
        self.account, self.colour, self.month = found.account[which], colour[which], month[which]
        self.region = found.region[which]
        self.obligations, self.paid = found.obligations[which], found.paid[which]

    def _limits(self, reader: Reader) -> list[tuple[int, int, tuple[int | None, ...]]]:
        """Return (colour, month of the year, limits) in the order in which they came into force."""
        begin = codes.day(f"{self._year}-01-01")
        end = codes.day(f"{self._year}-12-31")
        with reader.views() as views:
            rows = views.db.execute(
                "select colour, day, plan, obligations, payments from limits where day <= ? order by day, entry", (end,)
            ).fetchall()
        out = []
        below = f"{self.root}/"
        for path, day, *limits in rows:
            if path != self.root and not path.startswith(below):
                continue
            month = 0 if day < begin else int(codes.day_text(day)[5:7]) - 1
            out.append((self.ground.numbers[path], month, tuple(limits)))
        return out

    def _place_nodes(self, limited: list[int]) -> None:
        """Keep the colours that have a figure, and those above them: ``nodes``, in the order of the ledger."""
        parent = self.ground.parent
        active = np.zeros(len(parent), np.bool_)
        active[self._number] = True
        now = np.unique(np.concatenate([self.colour, np.array(limited, np.int64)]))
        while len(now):
            now = now[~active[now]]
            active[now] = True
            now = np.unique(parent[now])
        self.nodes = np.flatnonzero(active)
        self.parent = np.searchsorted(self.nodes, parent[self.nodes])
        self.parent[self.nodes == self._number] = -1
        self.paths = [self.ground.known.colours[k].path[len(self.root) + 1 :] for k in self.nodes.tolist()]
        self.depth = np.array([path.count("/") + 1 if path else 0 for path in self.paths], np.int64)
        self._places = {path: k for k, path in enumerate(self.paths)}
        self.node = np.searchsorted(self.nodes, self.colour)

    def _own(self, limits: list[tuple[int, int, tuple[int | None, ...]]]) -> _Sums:
        count = len(self.nodes)
        out = _Sums(
            np.zeros((3, MONTHS, count), np.int64), np.zeros((3, MONTHS, count), np.bool_),
            np.zeros((MONTHS, count), np.int64), np.zeros((MONTHS, count), np.int64),
        )  # fmt: skip
        places = np.searchsorted(self.nodes, [one[0] for one in limits]).tolist()
        for place, (_, month, values) in zip(places, limits, strict=True):
            for k, value in enumerate(values):
                out.limit[k, month:, place] = value or 0
                out.has[k, month:, place] = value is not None
        np.add.at(out.obligations, (self.month, self.node), self.obligations)
        np.add.at(out.paid, (self.month, self.node), self.paid)
        out.obligations, out.paid = out.obligations.cumsum(0), out.paid.cumsum(0)
        return out

    def _rolled(self, own: _Sums) -> _Sums:
        """Sum up the tree, the deepest first. ``own.has`` becomes whether there is a figure at all."""
        self.own_limit = own.has[0, -1].copy()
        limit, has = np.zeros_like(own.limit), np.zeros_like(own.has)
        for depth in range(int(self.depth.max()), -1, -1):
            these = np.flatnonzero(self.depth == depth)
            own.limit[:, :, these] = np.where(own.has[:, :, these], own.limit[:, :, these], limit[:, :, these])
            own.has[:, :, these] |= has[:, :, these]
            if depth:
                above = self.parent[these]
                for k in range(3):
                    for m in range(MONTHS):
                        np.add.at(limit[k, m], above, own.limit[k, m, these])
                        np.logical_or.at(has[k, m], above, own.has[k, m, these])
                for m in range(MONTHS):
                    np.add.at(own.obligations[m], above, own.obligations[m, these])
                    np.add.at(own.paid[m], above, own.paid[m, these])
        return own

    def _months(self, limits: list[tuple[int, int, tuple[int | None, ...]]]) -> list[int]:
        last = int(self.month.max()) if len(self.month) else max((month for _, month, _ in limits), default=0)
        return [self._year * 100 + m + 1 for m in range(last + 1)]

    # ---- what it says -----------------------------------------------------------------------------------------------

    @property
    def year(self) -> int:
        """Return the year's number."""
        return self._year

    def line(self, path: str) -> Line | None:
        """Return a line: any colour from the root on."""
        full = f"{self.root}/{path}" if path else self.root
        number = self.ground.numbers.get(full)
        if number is None:
            return None
        parent = None if not path else path.rpartition("/")[0]
        return Line(path, parent, path.rpartition("/")[2], self.ground.known.colours[number].title, True, full)

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        out: dict[str, list[str]] = {}
        for path in self.paths:
            if path:
                out.setdefault(path.rpartition("/")[0], []).append(path)
        return out

    def below(self, path: str, month: int) -> list[str]:
        """Return the colours right below one that have figures in a month."""
        return [one for one in self._children.get(path, []) if any(self.at(one, month).values())]

    def at(self, path: str, month: int) -> Figures:
        """Return a colour's figures from January to a month."""
        place = self._places.get(path)
        m = month - self._year * 100 - 1
        if place is None or not 0 <= m < MONTHS:
            return dict(NONE)
        found = self._sums
        out: Figures = {
            name: int(found.limit[k, m, place]) if found.has[k, m, place] else None for k, name in enumerate(LIMITS)
        }
        out["obligations"], out["paid"] = int(found.obligations[m, place]), int(found.paid[m, place])
        out["unpaid"] = int(found.obligations[m, place] - found.paid[m, place])
        return out

    def subtree(self, path: str) -> npt.NDArray[np.bool_]:
        """Return by node whether it is *path* or below it."""
        if not path:
            return np.ones(len(self.nodes), np.bool_)
        below = f"{path}/"
        return np.array([one == path or one.startswith(below) for one in self.paths], np.bool_)

    def limits_at(self, month: int) -> tuple[Numbers, npt.NDArray[np.bool_]]:
        """Return by limit and node what is in force in a month, and whether there is any."""
        m = month - self._year * 100 - 1
        return self._sums.limit[:, m], self._sums.has[:, m]


def colour_year(reader: Reader, root: str, year: int) -> ColourYear:
    """Return a year of the colours from *root* on, made again when something was charged, limited or named.

    Of a very large budget perhaps that of a moment ago, while the next is made.
    """
    with reader.views() as views:
        limited = views.db.execute("select count(*), max(entry) from limits").fetchone()
    mark = (charges(reader), len(ground(reader).parent), limited)
    kept = _YEARS.setdefault(reader, {})
    before = kept.get((root, year))
    if before is not None and before[0][0] is mark[0] and before[0][1:] == mark[1:]:
        return before[1]

    def make() -> ColourYear:
        made = ColourYear(reader, root, year)
        kept.pop((root, year), None)
        if len(kept) >= KEPT_MAX:
            kept.pop(next(iter(kept)))
        kept[root, year] = mark, made
        return made

    if before is None or len(before[1].nodes) <= FRESH_NODES_MAX:
        return make()
    making = _MAKING.setdefault(reader, threading.Lock())
    if making.acquire(blocking=False):

        def behind() -> None:
            try:
                make()
            except (Busy, Closing, OSError):  # the next page tries again
                pass
            finally:
                making.release()

        threading.Thread(target=behind, name="boyau-budget", daemon=True).start()
    return before[1]


def years(reader: Reader) -> dict[str, dict[int, int]]:
    """Return by the path of each coloured root the years in which it was charged, with the last month of each."""
    found, base = charges(reader), ground(reader)
    out: dict[str, dict[int, int]] = {}
    if not len(found.key):
        return out
    pairs = np.unique(base.top[base.known.colour[found.account]] * _MONTHS + found.month)
    for pair in pairs.tolist():
        root, month = base.known.colours[pair // _MONTHS], pair % _MONTHS
        if not root.plain:
            out.setdefault(root.path, {})[1970 + month // 12] = month % 12 + 1
    return out
