"""The gap between the winning bid and the lowest other one, of all processes where there is one.

R024 and R058 fence it.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from boyau.watch.fences import Quartiles, quartiles
from boyau.watch.flag import Exact, Found, Group, Reason, Row
from boyau.watch.process import Prices, Process


class PriceGaps:
    """Gathers gaps as exact fractions, with the prices they come from."""

    def __init__(self, threshold: Fraction | None) -> None:
        self.threshold = threshold
        self.meta: dict[str, Exact | None] = {}
        self._gaps: list[tuple[Row, Prices]] = []

    def add(self, process: Process) -> Reason | None:
        """Take the gap of one process in."""
        prices = process.prices()
        if isinstance(prices, Reason):
            return prices
        self._gaps.append((process.row(), prices))
        return None

    def merge(self, other: Any) -> None:
        """Take in another's gaps."""
        self._gaps += other._gaps  # noqa: SLF001 - one class

    def quartiles(self) -> Quartiles:
        """Return the quartiles of all gaps."""
        return quartiles(_gap(prices) for _, prices in self._gaps)

    def found(self, outlying: Callable[[Fraction], bool], fence: Fraction, name: str, *, both: bool) -> list[Found]:
        """Return the processes whose gap is *outlying*, and their winners; with *both* the lowest losers too."""
        found = []
        for row, prices in sorted(self._gaps, key=lambda gap: gap[0].ocid):
            gap = _gap(prices)
            if outlying(gap):
                evidence = {**prices._asdict(), name: fence}
                found.append(Found(Group.OCID, row.ocid, gap, evidence, row))
                parties = (prices.winner, prices.other) if both else (prices.winner,)
                found += [Found(Group.TENDERER, party, 0, {"ocid": row.ocid}, row) for party in parties]
        return found


def _gap(prices: Prices) -> Fraction:
    winning = Fraction(prices.winning)
    return (Fraction(prices.lowest_other) - winning) / winning
