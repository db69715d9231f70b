"""A year of a budget as pages show it: its lines, and the figures of every line by month.

Two kinds: one that a state published and that was imported (its lines are the published ones), and one that is known
only by the colours of the ledger (its lines are the colours). Figures are cumulative since January, in minor units.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

FIGURES = ("plan", "plan_payments", "plan_obligations", "obligations", "paid", "unpaid")
Figures = dict[str, int | None]
"""By column; None: there is no such figure, as where no limit was set."""
NONE: Figures = dict.fromkeys(FIGURES)


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``path``: below the year, "" the year itself; ``spends``: whether it is expenditure.

    ``title``: a text, or texts by language; ``colour``: the path of its colour, "" where it has none.
    """

    path: str
    parent: str | None
    code: str
    title: Any
    spends: bool
    colour: str


class Year(ABC):
    """One year of one budget. ``months``: those with figures, ``YYYYMM``, in order; never empty."""

    root: str
    title: Any
    unit: str
    scale: int
    published: bool
    months: list[int]
    top: str
    """The line that stands for all expenditure."""

    @abstractmethod
    def line(self, path: str) -> Line | None:
        """Return a line; None where there is none."""

    @abstractmethod
    def below(self, path: str, month: int) -> list[str]:
        """Return the lines right below one that have figures in a month; of "" the highest."""

    @abstractmethod
    def at(self, path: str, month: int) -> Figures:
        """Return a line's figures from January to a month."""

    @property
    def year(self) -> int:
        """Return the year's number."""
        return self.months[-1] // 100

    def series(self, path: str, column: str, last: int) -> list[int | None]:
        """Return a figure by month of the year up to *last*, January first; None for months without figures."""
        first = last // 100 * 100 + 1
        return [self.at(path, month)[column] if month in self.months else None for month in range(first, last + 1)]

    def above(self, path: str) -> list[Line]:
        """Return the lines above one, the highest first."""
        out: list[Line] = []
        line = self.line(path)
        while line is not None and line.parent is not None:
            line = self.line(line.parent)
            if line is not None:
                out.insert(0, line)
        return out
