"""kz_unit_price: is the same thing bought at twice the price?"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.fences import median
from boyau.watch.flag import Exact, Flag, Found, Group, Option, Reason, Row
from boyau.watch.model import Item
from boyau.watch.process import Process


class UnitPrices:
    """Every unit price, by code, unit and currency."""

    def __init__(self, options: Any) -> None:
        self._factor, self._least = Fraction(options.factor), options.least
        self.meta: dict[str, Exact | None] = {}
        self._prices: dict[str, list[tuple[Decimal, Decimal | None, Row]]] = {}

    def add(self, process: Process) -> Reason | None:
        """Take the prices of one process in: the awarded ones where there are any, else the estimated ones."""
        awarded = [item for award in process.active_awards for item in award.items or ()]
        found = list(priced(awarded)) or list(priced(process.tender.items or []))
        for key, amount, quantity in found:
            self._prices.setdefault(key, []).append((amount, quantity, process.row()))
        return None if found else Reason.PRICES

    def merge(self, other: Any) -> None:
        """Take in another's."""
        for key, found in other._prices.items():  # noqa: SLF001 - one class
            self._prices.setdefault(key, []).extend(found)

    def finish(self) -> Iterator[Found]:
        """Compare every price with the median of its item; what was overpaid is told too."""
        for key, found in sorted(self._prices.items()):
            usual = median(amount for amount, _, _ in found) if len(found) >= self._least else None
            if not usual:
                continue
            for amount, quantity, row in sorted(found, key=lambda one: (one[2].ocid, one[0])):
                if amount >= usual * self._factor:
                    above = (Fraction(amount) - usual) * Fraction(quantity or 0)
                    told = {"item": key, "price": amount, "median": usual, "prices": len(found), "overpaid": above}
                    yield Found(Group.OCID, row.ocid, Fraction(amount) / usual, told, row)


def priced(items: list[Item]) -> Iterator[tuple[str, Decimal, Decimal | None]]:
    """Yield item, unit price and quantity."""
    for item in items:
        code, unit = item.classification, item.unit
        if (
            code is not None
            and code.id
            and unit is not None
            and unit.value is not None
            and unit.value.amount is not None
        ):
            key = f"{code.scheme or ''}:{code.id} {unit.code or unit.name or ''} {unit.value.currency or ''}"
            yield key, unit.value.amount, item.quantity


def gather(options: Any) -> UnitPrices:
    """Begin."""
    return UnitPrices(options)


FLAG = Flag(
    id="kz_unit_price",
    title=mark("Unit price far above the median"),
    question=mark("Is a unit price far above the median of the same item?"),
    formula="items.unit.value ≥ factor × median of the same code, unit and currency; prices ≥ least",
    fields=(
        "tender/items/classification/id",
        "tender/items/unit/value/amount",
        "awards/items/classification/id",
        "awards/items/unit/value/amount",
    ),
    alarms=(
        mark("Items of very different quality under one code."),
        mark("Small packages, remote deliveries, urgent orders."),
    ),
    basis=(bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=(
        "tender/items/classification/id|awards/items/classification/id",
        "tender/items/unit/value/amount|awards/items/unit/value/amount",
    ),
    options={
        "factor": Option(Decimal(2), mark("how many times the median is far above"), Decimal),
        "least": Option(5, mark("fewest values of a kind that are compared")),
    },
    gather=gather,
)
