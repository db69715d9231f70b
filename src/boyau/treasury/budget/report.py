"""Budget execution of a month, computed from the entries: plans from limits, obligations and payments from rows.

From the published records it takes only what entries of money cannot say: which lines the month had and what they are
called, how balances are derived, and memo figures. Sources: Budget Code of Kazakhstan, budget execution reports;
columns as published: ``plg`` plan, ``plgp`` payments plan, ``plgo`` obligations plan, ``sumrg`` paid, ``obz``
obligations, ``obzsumrg`` unpaid.
"""

import calendar
import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from boyau.ledger import Kind, Ledger
from boyau.treasury.budget.derive import derive
from boyau.treasury.budget.lines import UNITEMISED, Line, Lines
from boyau.treasury.budget.mapping import Mapping, Nature
from boyau.treasury.budget.published import read_lines, read_mapping
from boyau.views import Views
from boyau.views.views import ON_HOLD, UNDO

COLUMNS = ("plan", "plan_payments", "plan_obligations", "paid", "obligations", "unpaid")
OBLIGATIONS = {
    Kind.COMMIT: 1,
    Kind.PAY: 1,
    Kind.RELEASE: -1,
    Kind.VOID: -1,
    Kind.EXPIRE: -1,
    UNDO + Kind.PAY: -1,
}
PAID = {
    Kind.PAY: 1,
    ON_HOLD + Kind.PAY: 1,
    UNDO + Kind.PAY: -1,
    Kind.RECEIVE: 1,
    Kind.REFUND: -1,
    UNDO + Kind.RECEIVE: -1,
    UNDO + Kind.REFUND: 1,
}
_OWN = "~own"


class ReportError(Exception):
    """A report that cannot be made; the message says why and what there is."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One statement's execution up to a month (``YYYYMM``). *figures* by line path and column, minor units."""

    statement: str
    root: str
    month: int
    mapping: Mapping
    lines: Lines
    figures: dict[str, dict[str, int]]
    titles: dict[str, Any]
    """Titles of the lines' colours, by path: a text, or texts by language."""
    published: bool
    """Whether the state has published this very month, so that figures can be compared."""


def statements(views: Views) -> dict[str, dict[str, Any]]:
    """Return the records of the statements that were imported, by name."""
    rows = views.db.execute("select distinct statement from published where month = 0 order by entry").fetchall()
    return {name: views.published(name, 0)[-1] for (name,) in rows}


def execution(
    views: Views, ledger: Ledger, statement: str, month: int, own: dict[str, dict[str, int]] | None = None
) -> Execution:
    """Compute the execution of *statement* from January to *month*. Raises ``ReportError`` where nothing is known.

    *own*: what the entries say of every colour below the year, where the caller has it; otherwise the views are asked.
    """
    known = statements(views)
    if statement not in known:
        raise ReportError(f"no statement {statement!r} was imported; there are: {', '.join(known) or 'none'}")
    mapping = read_mapping(known[statement])
    year = f"{known[statement]['root']}/{month // 100}"
    at = _months_known(views, statement, month)
    lines = read_lines(views.published(statement, at), mapping)
    own = own if own is not None else _entries(views, ledger, year, month)
    lines, leaves = _leaves(lines, own)
    figures = derive(lines, mapping, leaves).figures
    if "unpaid" not in mapping.amounts:  # not published, and yet what everybody asks for
        for path, line in lines.items():
            found = figures[path]
            if "obligations" in found:
                found["unpaid"] = found["obligations"] - found["paid"] if _spends(line) else 0
    colours = {path: ledger.registry.colour_numbers.get(f"{year}/{path}") for path in lines}
    titles = {path: ledger.registry.colours[n].title for path, n in colours.items() if n is not None}
    return Execution(statement, year, month, mapping, lines, figures, titles, at == month)


def _spends(line: Line) -> bool:
    return line.nature is Nature.EXPENDITURE


def _months_known(views: Views, statement: str, month: int) -> int:
    """Return the newest published month of the same year that is not after *month*: its lines are the report's."""
    (newest,) = views.db.execute(
        "select max(month) from published where statement = ? and month between ? and ?",
        (statement, month // 100 * 100 + 1, month),
    ).fetchone()
    if newest is None:
        months = views.db.execute(
            "select min(month), max(month) from published where statement = ? and month > 0", (statement,)
        ).fetchone()
        raise ReportError(f"{statement} has nothing for {month}; it reaches from {months[0]} to {months[1]}")
    return int(newest)


def _entries(views: Views, ledger: Ledger, year: str, month: int) -> dict[str, dict[str, int]]:
    """Return what the entries say of every colour below *year*, by path below it: its own, not its subtree's."""
    found: dict[str, dict[str, int]] = {}
    prefix = year + "/"
    colours = ledger.registry.colours
    for number, kind, amount in views.volumes(month // 100 * 100 + 1, month):
        path = colours[number].path
        if not path.startswith(prefix):
            continue
        figures = found.setdefault(path[len(prefix) :], {})
        for column, signs in (("obligations", OBLIGATIONS), ("paid", PAID)):
            if kind in signs:
                figures[column] = figures.get(column, 0) + signs[kind] * amount
    last = dt.date(month // 100, month % 100, calendar.monthrange(month // 100, month % 100)[1])
    for path, limits in views.limits_until(year, last.toordinal() - dt.date(1970, 1, 1).toordinal()).items():
        if path.startswith(prefix):
            figures = found.setdefault(path[len(prefix) :], {})
            for column, value in zip(("plan", "plan_obligations", "plan_payments"), limits, strict=True):
                if value is not None:
                    figures[column] = value
    return found


def _leaves(lines: Lines, own: dict[str, dict[str, int]]) -> tuple[Lines, dict[str, dict[str, int]]]:
    """Bring every colour's figures to a leaf of the statement.

    What lies below a leaf (contracts) is summed into it; of its plan, the leaf's own limit is the plan. Money moved on
    a line that has lines below it gets a leaf of its own there, so that every parent is the sum of what is below.
    """
    leaves: dict[str, dict[str, int]] = {
        path: dict(line.figures) for path, line in lines.items() if line.leaf and line.nature is Nature.MEMO
    }
    added: Lines = {}
    for path, figures in own.items():
        line = _nearest(lines, path)
        if line is None or line.nature is Nature.MEMO:
            continue
        # Plans below a line are shares of its own plan: only what was done there counts.
        counted = (
            figures if path == line.path and line.leaf else {c: figures.get(c, 0) for c in ("obligations", "paid")}
        )
        target = line.path
        if not line.leaf:
            if not any(counted.values()):
                continue
            target = f"{line.path}/{_OWN}"
            added[target] = replace(
                line, path=target, parent=line.path, role="", leaf=True, name=UNITEMISED, figures={}
            )
        sums = leaves.setdefault(target, {})
        for column, value in counted.items():
            sums[column] = sums.get(column, 0) + value
    return {**lines, **added}, leaves


def _nearest(lines: Lines, path: str) -> Line | None:
    """Return the line at *path* or the nearest above it."""
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition("/")[0]
    return None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a report stands to what was published.

    A *difference* is ours. A *contradiction* is the publication's own: there the published line is not what the
    published lines that make it up give, and ours is.
    """

    compared: int
    differences: list[dict[str, Any]]
    contradictions: list[dict[str, Any]]


def compare(report: Execution) -> Comparison:
    """Compare every line and column of *report* with the published figure of the same month."""
    compared = 0
    differences: list[dict[str, Any]] = []
    contradictions: list[dict[str, Any]] = []
    if not report.published:
        return Comparison(0, [], [])
    published = {path: line for path, line in report.lines.items() if line.name != UNITEMISED}
    lines = {path: line for path, line in report.lines.items() if not path.endswith(_OWN)}
    implied = derive(lines, report.mapping).figures
    for path, line in published.items():
        for column in COLUMNS:
            if column not in report.mapping.amounts:
                continue
            compared += 1
            ours, theirs = report.figures[path][column], line.figures[column]
            if ours == theirs:
                continue
            place = {
                "statement": report.statement,
                "month": report.month,
                "line": path,
                "code": line.code,
                "name": line.name,
                "column": report.mapping.amounts[column],
                "published": theirs,
                "computed": ours,
                "difference": theirs - ours,
            }
            (contradictions if ours == implied[path][column] else differences).append(place)
    return Comparison(compared, differences, contradictions)
