"""A year that a state published and that was imported: the lines are the published ones, the figures the ledger's.

They are those of ``boyau report execution``, made by the same function; only what the entries say of each colour comes
from the sums that the pages keep, not from the views.
"""

import calendar
from weakref import WeakKeyDictionary

import numpy as np

from boyau.ledger import codes
from boyau.treasury.budget import report
from boyau.treasury.budget.lines import UNITEMISED
from boyau.treasury.budget.lines import Line as Published
from boyau.treasury.budget.mapping import Nature
from boyau.views import Views
from boyau.web.execution.charged import Numbers, charges, month_number
from boyau.web.execution.colours import LIMITS, ground
from boyau.web.execution.year import NONE, Figures, Line, Year
from boyau.web.reader import Reader

KEPT_MAX = 60
"""Reports of one month each that are kept; one of a whole republic takes about a megabyte."""
ADMINISTRATOR_DIGITS = 3
_KEPT: "WeakKeyDictionary[Reader, dict[tuple[str, int], tuple[int, report.Execution]]]" = WeakKeyDictionary()


class ImportedYear(Year):
    """One year of one statement."""

    published = True

    def __init__(self, reader: Reader, statement: str, root: str, months: list[int]) -> None:
        self.statement, self.root, self.months = statement, root, months
        self._reader = reader
        self._reports: dict[int, report.Execution] = {}
        self._charged = _charged(reader, root, months[-1] // 100)
        last = self.report(months[-1])
        self.unit, self.scale = last.mapping.unit, last.mapping.scale
        self._ground = ground(reader)
        self.title = self._title(root) or statement
        heads = [path for path, line in last.lines.items() if line.parent is None]
        spending = [path for path in heads if last.lines[path].nature is Nature.EXPENDITURE]
        self.top = (spending or heads)[0]

    def report(self, month: int) -> report.Execution:
        """Return the report of a month, as the command makes it."""
        if month not in self._reports:
            self._reports[month] = _report(self._reader, self.statement, self.root, month, self._charged)
        return self._reports[month]

    def _title(self, path: str) -> object:
        number = self._ground.numbers.get(path)
        return self._ground.known.colours[number].title if number is not None else ""

    def line(self, path: str) -> Line | None:
        """Return a line of the newest month that has it."""
        if not path:
            return Line("", None, "", self.title, False, self.root)
        for month in reversed(self.months):
            found = self.report(month)
            line = found.lines.get(path)
            if line is not None:
                spends = line.nature is Nature.EXPENDITURE
                colour = f"{self.root}/{path}" if path in found.titles else ""
                title = self._title(colour) or line.name.strip()
                return Line(path, line.parent or "", line.code, title, spends, colour)
        return None

    def below(self, path: str, month: int) -> list[str]:
        """Return the lines right below one."""
        return [one for one, line in self.report(month).lines.items() if (line.parent or "") == path]

    def at(self, path: str, month: int) -> Figures:
        """Return a line's figures from January to a month."""
        if month not in self.months:
            return dict(NONE)
        found = self.report(month)
        if path not in found.figures:
            return dict(NONE)
        nature = found.lines[path].nature
        columns = found.mapping.natures[nature].columns
        figures = found.figures[path]
        return {
            name: figures[name] if name in figures and (name in columns or name == "unpaid" or figures[name]) else None
            for name in NONE
        }

    def administrators(self, path: str, month: int) -> dict[str, list[str]]:
        """Return by code the lines of each administrator below *path*; none where lines do not tell them apart."""
        found = self.report(month)
        out: dict[str, list[str]] = {}
        taken: set[str] = set()
        for one, line in found.lines.items():
            inside = not path or one == path or one.startswith(path + "/")
            if line.parent in taken:
                taken.add(one)  # what is below an administrator is a programme, whose code is as long
            elif inside and line.nature is Nature.EXPENDITURE and _is_administrator(line):
                taken.add(one)
                out.setdefault(line.code, []).append(one)
        return out


def _is_administrator(line: Published) -> bool:
    return len(line.code) == ADMINISTRATOR_DIGITS and line.code.isdigit() and line.name != UNITEMISED


def statements(views: Views) -> dict[str, tuple[str, list[int]]]:
    """Return by the colour of each published year the statement and its months, ``YYYYMM``."""
    out: dict[str, tuple[str, list[int]]] = {}
    months = views.db.execute("select distinct statement, month from published where month > 0 order by month")
    by_name: dict[str, list[int]] = {}
    for name, month in months:
        by_name.setdefault(name, []).append(month)
    for name, record in report.statements(views).items():
        for month in by_name.get(name, []):
            out.setdefault(f"{record['root']}/{month // 100}", (name, []))[1].append(month)
    return out


Charged = tuple[Numbers, Numbers, Numbers, Numbers]
"""Of each charge: colour, month of the year, obligations, paid."""


def _charged(reader: Reader, root: str, year: int) -> Charged:
    found, base = charges(reader), ground(reader)
    colour = base.known.colour[found.account]
    month = found.month - month_number(year * 100 + 1)
    inside = np.append(base.known.within(root)[: len(base.parent)], np.zeros(1, np.bool_))
    which = np.flatnonzero(inside[np.minimum(colour, len(base.parent))] & (month >= 0) & (month < 12))
    return colour[which], month[which], found.obligations[which], found.paid[which]


def _report(reader: Reader, statement: str, root: str, month: int, charged: Charged) -> report.Execution:
    """Return a report; kept until something is charged, limited or published below its root."""
    until = charged[1] <= month % 100 - 1
    colour, obligations, paid = (one[until] for one in (charged[0], *charged[2:]))
    with reader.views() as views:
        newest = views.db.execute("select max(entry) from published where statement = ?", (statement,)).fetchone()
        limited = views.db.execute(
            "select max(entry), count(*) from limits where substr(colour, 1, ?) = ?", (len(root), root)
        ).fetchone()
        mark = (colour.tobytes(), obligations.tobytes(), paid.tobytes(), newest, limited)
        kept = _KEPT.setdefault(reader, {})
        known = kept.get((root, month))
        if known is not None and known[0] == hash(mark):
            return known[1]
        colours = ground(reader).known.colours
        own: dict[str, dict[str, int]] = {}
        for number, bound, spent in zip(colour.tolist(), obligations.tolist(), paid.tolist(), strict=True):
            figures = own.setdefault(colours[number].path[len(root) + 1 :], {"obligations": 0, "paid": 0})
            figures["obligations"] += bound
            figures["paid"] += spent
        last = codes.day(f"{month // 100}-{month % 100:02}-{calendar.monthrange(month // 100, month % 100)[1]:02}")
        for path, limits in views.limits_until(root, last).items():
            if path.startswith(f"{root}/"):
                figures = own.setdefault(path[len(root) + 1 :], {})
                figures |= {name: value for name, value in zip(LIMITS, limits, strict=True) if value is not None}
        # Names only are read from the ledger, outside the writer's thread: they are never taken away.
        made = report.execution(views, reader.ask(lambda book: book.ledger), statement, month, own)
    if len(kept) >= KEPT_MAX:
        kept.pop(next(iter(kept)))
    kept[root, month] = hash(mark), made
    return made
