"""Which budgets there are to look at, and what a reader asks for: budget, month, line, and how it is broken down."""

import re
from dataclasses import dataclass
from typing import Any

from boyau.language.catalogue import mark as _
from boyau.service.problems import Problem
from boyau.treasury.regions import REGIONS
from boyau.web.execution.colours import colour_year, ground, years
from boyau.web.execution.imported import ImportedYear, statements
from boyau.web.execution.year import Line, Year
from boyau.web.pages import Page
from boyau.web.reader import Reader

BY = {
    "line": _("by programme"),
    "administrator": _("by administrator"),
    "region": _("by region"),
    "month": _("by month"),
}
SIMULATED = "sim"
"""The colour that simulated years stand below."""
NAME_MAX = 600
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget of one or more years. ``statement``: the name it was imported by, "" for one that was not."""

    root: str
    title: Any
    statement: str
    simulated: bool
    months: tuple[int, ...]

    @property
    def published(self) -> bool:
        """Return whether its figures were published by the state."""
        return bool(self.statement)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, checked."""

    budget: Budget
    budgets: tuple[Budget, ...]
    year: Year
    month: int
    line: Line
    by: str
    region: str
    head: str
    """The one line under which all others stand, "" where there are several: the budget itself."""

    @property
    def whole(self) -> bool:
        """Return whether it is the whole budget that is looked at."""
        return self.line.path in ("", self.head)


def budgets(page: Page) -> tuple[Budget, ...]:
    """Return all budgets: the published ones first, the newest year first; then those of the ledger alone."""
    reader = page.reader
    with reader.views() as views:
        imported = statements(views)
    base = ground(reader)

    def title(root: str) -> Any:
        number = base.numbers.get(root)
        return (base.known.colours[number].title if number is not None else "") or root

    out = [
        Budget(root, title(root), name, root.split("/")[0] == SIMULATED, tuple(months))
        for root, (name, months) in sorted(imported.items(), key=lambda one: -one[1][1][-1])
    ]
    for root, found in years(reader).items():
        if root in imported:
            continue
        months = tuple(year * 100 + m for year, last in sorted(found.items()) for m in range(1, last + 1))
        out.append(Budget(root, title(root), "", page.demonstration or root.split("/")[0] == SIMULATED, months))
    return tuple(out)


def open_year(reader: Reader, budget: Budget, year: int) -> Year:
    """Return a year of a budget."""
    if budget.published:
        return ImportedYear(reader, budget.statement, budget.root, list(budget.months))
    return colour_year(reader, budget.root, year)


def asked(page: Page) -> Asked | None:
    """Read what is asked for; None where there is no budget at all. Raises a problem that says what is wrong."""
    words, query = page.words, page.request.query_params
    known = budgets(page)
    root = query.get("of", "")
    if not known and not root:
        return None
    budget = next((one for one in known if one.root == root or not root), None)
    if budget is None:
        raise Problem(404, "not-found", words.text("There is no budget {name}.", name=root[:120]))
    month = _month(page, budget)
    by, region = query.get("by", "") or "line", query.get("region", "")
    if by not in BY:
        told = words.text("A budget is shown by programme, administrator, region or month.")
        raise Problem(422, "unreadable", told, words.text("Choose one of the four above the table."))
    if region and region not in REGIONS:
        told = words.text("There is no region {name}.", name=region[:20])
        raise Problem(422, "unreadable", told, words.text("A region is two digits of KATO, such as 10."))
    year = open_year(page.reader, budget, month // 100)
    path = query.get("line", "")
    line = year.line(path) if len(path) <= NAME_MAX else None
    if line is None:
        raise Problem(404, "not-found", words.text("This budget has no line {name}.", name=path[:120]))
    tops = year.below("", month) if budget.published else []
    head = tops[0] if len(tops) == 1 else ""
    if not path and head:
        line = year.line(head) or line
    return Asked(budget, known, year, month, line, by, region, head)


def _month(page: Page, budget: Budget) -> int:
    """Return the month that is asked for; by default the newest of the budget's own year, if its path names one."""
    words, text = page.words, page.request.query_params.get("month", "")
    if not text:
        own = budget.root.rpartition("/")[2]
        of_year = [month for month in budget.months if own == str(month // 100)]
        return (of_year or budget.months)[-1]
    found = _MONTH.fullmatch(text)
    if found is None:
        told = words.text("{text} is no month.", text=text[:20])
        raise Problem(422, "unreadable", told, words.text("A month is written YYYY-MM, such as 2024-12."))
    month = int(found[1]) * 100 + int(found[2])
    if month not in budget.months:
        first, last = (written(budget.months[k]) for k in (0, -1))
        told = words.text("This budget has no figures for {month}.", month=text)
        raise Problem(404, "not-found", told, words.text("It reaches from {first} to {last}.", first=first, last=last))
    return month


def written(month: int) -> str:
    """Write a month as ``YYYY-MM``."""
    return f"{month // 100}-{month % 100:02}"
