"""What a published statement contradicts in itself. Listed, never adjusted: the figures stay as they were read."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from boyau.treasury.budget import formula, naming
from boyau.treasury.budget.derive import derive
from boyau.treasury.budget.lines import UNITEMISED, Line, Lines, Month
from boyau.treasury.budget.mapping import Nature
from boyau.treasury.budget.problems import shown
from boyau.treasury.budget.statement import Statement, months_between

CODES = {
    "sum_differs": "a parent is not the sum of its lines",
    "balance_differs": "a balance is not what its formula gives",
    "unpaid_differs": "unpaid is not obligations - paid",
    "figure_unexpected": "a figure in a column that lines of this nature do not report",
    "identity_differs": "two published figures that must agree do not",
    "carry_differs": "a year does not open with what the year before closed with",
    "obligations_above_plan": "obligations exceed the annual plan",
    "obligations_above_obligations_plan": "obligations exceed the plan of obligations",
    "paid_above_payments_plan": "payments exceed the plan of payments",
    "paid_above_plan": "payments exceed the annual plan",
    "paid_above_obligations": "payments exceed obligations",
    "total_not_itemised": "a total holds more than its listed lines; the rest is kept on a line of its own",
    "month_missing": "a month is missing: its movements fall into the next one",
    "line_vanished": "a line of the month before is gone: its figures are zero from here on",
    "line_returned": "a line that had vanished this year is back",
    "line_renamed": "a line has another name than the month before",
    "line_split": "a line got lines below it, or lost them",
    "line_unrecognised": "nobody knows what this line means: it is taken over, not derived",
    "code_repeated": "lines under one parent share a code: told apart by their names",
    "not_derivable": "a balance whose formula needs a line that is not published: taken over",
    "memo_implied": "what a line that cannot be derived implies",
    "noise": "figures printed with the noise of binary arithmetic, which was taken off",
}
"""Every kind of finding and what it says."""

_LIMITS = (
    ("obligations_above_plan", "obligations", "plan"),
    ("obligations_above_obligations_plan", "obligations", "plan_obligations"),
    ("paid_above_payments_plan", "paid", "plan_payments"),
    ("paid_above_plan", "paid", "plan"),
    ("paid_above_obligations", "paid", "obligations"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One contradiction: *published* and *computed* in minor units, where it is about figures; *text* says the rest.

    For a limit exceeded, *computed* is the limit. *month* is ``None`` where the whole file is meant.
    """

    code: str
    month: Month | None
    path: str = ""
    column: str = ""
    published: int | None = None
    computed: int | None = None
    text: str = ""
    number: int = field(default=0, compare=False)

    @property
    def difference(self) -> int | None:
        """Published minus computed."""
        return None if self.published is None or self.computed is None else self.published - self.computed


def findings(statement: Statement) -> list[Finding]:
    """Return all contradictions of the statement, month by month, then those of the file as a whole."""
    found: list[Finding] = []
    found += (Finding("month_missing", month) for month in months_between(statement.months))
    before: Month | None = None
    gone: dict[str, Line] = {}
    for month, lines in statement.months.items():
        if before is None or before.year != month.year:
            found += _carried(statement, before, month)
            gone = {}
        else:
            found += _changes(statement.months[before], month, lines, gone)
        found += _figures(statement, month, lines)
        found += _limits(month, lines)
        found += _relations(statement, month, lines)
        before = month
    for above, segment in sorted(statement.repeated):
        found.append(Finding("code_repeated", None, text=f"{segment} below {above or 'the top'}"))
    for column, noise in statement.noise.items():
        text = f"{noise.count} figures, at most {float(noise.minor):.4g} of a minor unit"
        found.append(Finding("noise", None, column=column, text=text))
    return found


def _figures(statement: Statement, month: Month, lines: Lines) -> Iterator[Finding]:
    """Compare every published figure with the one that follows from the published leaves."""
    mapping = statement.mapping
    derived = derive(lines, mapping)
    for path, role in derived.taken_over.items():
        yield Finding("not_derivable", month, path, text=f"no line {role}", number=lines[path].number)
    for line in lines.values():
        columns = mapping.natures[line.nature].columns
        if line.name == UNITEMISED:
            if plan := line.figures.get("plan", 0):
                yield Finding("total_not_itemised", month, line.parent or "", "plan", plan, 0, number=line.number)
            continue
        if not line.role and line.nature is Nature.MEMO and (line.parent is None or lines[line.parent].role):
            yield Finding("line_unrecognised", month, line.path, text=line.name, number=line.number)
        for column, amount in derived.figures[line.path].items():
            published = line.figures[column]
            if published == amount:
                continue
            if line.nature is Nature.BALANCE:
                code = "balance_differs"
            elif not line.leaf:
                code = "sum_differs"
            else:
                code = "unpaid_differs" if column == "unpaid" and column in columns else "figure_unexpected"
            yield Finding(code, month, line.path, column, published, amount, number=line.number)


def _limits(month: Month, lines: Lines) -> Iterator[Finding]:
    """Compare execution with its published limits."""
    for line in lines.values():
        if line.nature is Nature.EXPENDITURE and line.name != UNITEMISED:
            for code, column, limit in _LIMITS:
                if column in line.figures and limit in line.figures and line.figures[column] > line.figures[limit]:
                    figures = line.figures[column], line.figures[limit]
                    yield Finding(code, month, line.path, column, *figures, number=line.number)


def _relations(statement: Statement, month: Month, lines: Lines) -> Iterator[Finding]:
    """Check the mapping's identities on the figures as published, and state what memos imply."""
    by_role = {line.role: line for line in lines.values() if line.role}
    for identity in statement.mapping.identities:
        keys = {identity.left, *(key for _, key in identity.formula)}
        # A section that a budget does not have counts as zero; a balance or memo not published cannot be checked.
        missing = keys - by_role.keys()
        unknown = {key for key in missing if _derived_or_memo(statement, key)}
        if identity.left in missing or unknown:
            continue
        line = by_role[identity.left]
        for column in identity.columns:

            def published(key: str, column: str = column) -> int:
                return by_role[key].figures[column] if key in by_role else 0

            amount = formula.value(identity.formula, published)
            if amount != line.figures[column]:
                figures = line.figures[column], amount
                yield Finding("identity_differs", month, line.path, column, *figures, identity.name, line.number)
    for implied in statement.mapping.implied:
        keys = {implied.key, *(key for _, key in implied.formula)}
        line_ = by_role.get(implied.key)
        if line_ is None or not any(line_.figures.values()) or keys - by_role.keys():
            continue
        for column in implied.columns:
            amount = formula.value(implied.formula, lambda key, column=column: by_role[key].figures[column])  # type: ignore[misc]
            yield Finding("memo_implied", month, line_.path, column, None, amount, implied.title, line_.number)


def _derived_or_memo(statement: Statement, key: str) -> bool:
    role = statement.mapping.role(key)
    return role is None or role.nature in (Nature.BALANCE, Nature.MEMO)


def _carried(statement: Statement, before: Month | None, month: Month) -> Iterator[Finding]:
    """Compare what a year opens with and what the year before closed with, where December was published."""
    if before is None or (before.year + 1, before.month) != (month.year, 12):
        return
    now, then = ({line.role: line for line in statement.months[each].values() if line.role} for each in (month, before))
    for carry in statement.mapping.carries:
        if carry.key in now and carry.previous in then:
            published, amount = now[carry.key].figures[carry.column], then[carry.previous].figures[carry.column]
            if published != amount:
                text = f"{carry.previous} of {before}"
                path, number = now[carry.key].path, now[carry.key].number
                yield Finding("carry_differs", month, path, carry.column, published, amount, text, number)


def _changes(before: Lines, month: Month, lines: Lines, gone: dict[str, Line]) -> Iterator[Finding]:
    """Compare the set of lines with the month before; *gone* are the lines that vanished earlier in the year."""
    for path, line in before.items():
        if path not in lines:
            gone[path] = line
            if line.leaf:
                had = ", ".join(f"{column} {amount}" for column, amount in line.figures.items() if amount)
                yield Finding("line_vanished", month, path, text=f"{line.name.strip()}: {had or 'all zero'}")
    for path, line in lines.items():
        old = before.get(path)
        if old is None:
            if gone.pop(path, None) is not None and line.leaf:
                yield Finding("line_returned", month, path, text=line.name.strip(), number=line.number)
            continue
        if naming.normal(old.name) != naming.normal(line.name):
            text = f"{shown(old.name.strip())} is now {shown(line.name.strip())}"
            yield Finding("line_renamed", month, path, text=text, number=line.number)
        if old.leaf != line.leaf:
            yield Finding("line_split", month, path, text=line.name.strip(), number=line.number)
