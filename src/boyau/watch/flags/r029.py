"""R029: are prices invented?"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.deals import deals
from boyau.watch.flag import Exact, Flag, Found, Group, Option, Reason
from boyau.watch.process import Process, ids

EXPECTED = tuple(Fraction(n, 10_000) for n in (3010, 1761, 1249, 969, 792, 669, 580, 512, 458))
"""Benford's shares of the leading digits 1 to 9, to four places."""


LEADING = {digit: place for place, digit in enumerate("123456789")}
"""Where a leading digit is counted."""


class Digits:
    """Leading digits of the prices that every supplier asked or was awarded."""

    def __init__(self, options: Any) -> None:
        self._critical, self._least = Fraction(options.critical), options.least
        self.meta: dict[str, Exact | None] = {"critical": self._critical}
        self._counts: dict[str, list[int]] = {}

    def add(self, process: Process) -> Reason | None:
        """Count the prices of one process: the bids where there are any, else the awards."""
        told: list[tuple[str, Decimal]] = []
        if process.bids:
            told = [(who, amount) for bid, amount in process.priced(process.submitted) for who in ids(bid.tenderers)]
        told = told or [deal[:2] for deal in deals(process)]
        for who, amount in told:
            leading = str(amount)[0]
            if leading not in LEADING:
                leading = str(amount).lstrip("-0.")[:1]
            if leading in LEADING:
                counts = self._counts.get(who)
                if counts is None:
                    counts = self._counts[who] = [0] * 9
                counts[LEADING[leading]] += 1
        return None if told else Reason.PRICES

    def merge(self, other: Any) -> None:
        """Add another's counts."""
        for who, theirs in other._counts.items():  # noqa: SLF001 - one class
            mine = self._counts.setdefault(who, [0] * 9)
            for place, count in enumerate(theirs):
                mine[place] += count

    def finish(self) -> Iterator[Found]:
        """Compare by Pearson's test of fit, which has eight degrees of freedom here."""
        for who, counts in sorted(self._counts.items()):
            whole = sum(counts)
            if whole < self._least:
                continue
            chi = sum((n - whole * b) ** 2 / (whole * b) for n, b in zip(counts, EXPECTED, strict=True))
            if chi >= self._critical:
                yield Found(Group.TENDERER, who, Fraction(chi), {"prices": whole, "digits": counts})


def gather(options: Any) -> Digits:
    """Begin."""
    return Digits(options)


FLAG = Flag(
    id="R029",
    title=mark("Bid prices deviate from Benford's Law"),
    question=mark("Do the first digits of a supplier's prices deviate from Benford's law?"),
    formula="Σ (n(d) − N b(d))² / (N b(d)) ≥ critical; b(d) = log10(1 + 1/d)",
    fields=("bids/details/value/amount", "awards/value/amount", "tender/items/classification/id"),
    alarms=(mark("Prices within one order of magnitude, or set by a tariff, never follow the law."),),
    basis=(bases.OCP,),
    needs=("bids/details/value/amount|awards/value/amount",),
    options={
        "critical": Option(Decimal("20.09"), mark("critical value; 20.09 is that of one error in a hundred"), Decimal),
        "least": Option(100, mark("fewest prices of a supplier that are compared")),
    },
    gather=gather,
)
