"""From the figures of the leaves to those of every line: parents are sums, balances follow the mapping's formulas.

The same rules serve two callers: the published leaves are put through them to see whether the publication agrees with
itself, and the ledger's leaves to make the report.
"""

from collections.abc import Mapping as Frozen
from dataclasses import dataclass, field

from boyau.treasury.budget import formula
from boyau.treasury.budget.lines import Line, Lines
from boyau.treasury.budget.mapping import Mapping, Nature

Figures = dict[str, int]
"""Minor units by our column names."""


class UnderivableError(LookupError):
    """A formula needs a memo that this month does not publish."""


@dataclass(frozen=True, slots=True)
class Derived:
    """*figures* of every line by path. *taken_over*: balances that could not be derived, with the missing role."""

    figures: dict[str, Figures]
    taken_over: dict[str, str] = field(default_factory=dict)


def own(line: Line, mapping: Mapping, figures: Frozen[str, int]) -> Figures:
    """Return what a leaf reports given its *figures*: other columns of its nature are zero, ``unpaid`` is computed."""
    columns = mapping.natures[line.nature].columns
    found = {column: figures.get(column, 0) if column in columns else 0 for column in mapping.amounts}
    if line.nature is not Nature.MEMO and {"unpaid", "obligations", "paid"} <= columns & found.keys():
        found["unpaid"] = found["obligations"] - found["paid"]
    return found


def derive(lines: Lines, mapping: Mapping, leaves: Frozen[str, Frozen[str, int]] | None = None) -> Derived:
    """Return every line's figures from those of the *leaves* (by path; what is missing there is zero).

    Without *leaves* the published ones are used. Memo lines count as leaves: their figures must be given.
    """
    result = Derived({})
    below: dict[str, Figures] = {}
    for line in reversed(lines.values()):
        if line.leaf:
            given: Frozen[str, int] = line.figures if leaves is None else leaves.get(line.path, {})
            figures = own(line, mapping, given)
        else:
            figures = below.get(line.path) or dict.fromkeys(mapping.amounts, 0)
        result.figures[line.path] = figures
        if line.parent is not None:
            total = below.setdefault(line.parent, dict.fromkeys(mapping.amounts, 0))
            for column, amount in figures.items():
                total[column] += amount
    by_role = {line.role: line for line in lines.values() if line.role}
    book = _Balances(mapping, by_role, result.figures)
    for line in lines.values():
        if line.nature is Nature.BALANCE and line.role:
            try:
                result.figures[line.path] = {column: book.figure(line.role, column) for column in mapping.amounts}
            except UnderivableError as missing:
                given = line.figures if leaves is None else leaves.get(line.path, {})
                result.figures[line.path] = {column: given.get(column, 0) for column in mapping.amounts}
                result.taken_over[line.path] = str(missing)
    return result


@dataclass(frozen=True, slots=True)
class _Balances:
    """Figures behind the keys of formulas, whether or not this month has the line."""

    mapping: Mapping
    lines: Frozen[str, Line]
    figures: Frozen[str, Figures]

    def figure(self, key: str, column: str) -> int:
        role = self.mapping.role(key)
        assert role is not None
        if role.formulas:
            terms = role.formulas.get(column)
            return formula.value(terms, lambda other: self.figure(other, column)) if terms else 0
        if key in self.lines:
            return self.figures[self.lines[key].path][column]
        if role.nature is Nature.MEMO:
            raise UnderivableError(key)
        return 0
