"""R017: is a line item too dear or too cheap?"""

from collections.abc import Iterable, Iterator
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Option, Reason
from boyau.watch.model import Item
from boyau.watch.outliers import Figure, Outliers, Side
from boyau.watch.process import Process


def figures(process: Process) -> Iterable[Figure] | Reason:
    """Return the unit prices: the awarded ones where there are any, else the estimated ones."""
    awarded = [item for award in process.active_awards for item in award.items or ()]
    found = list(_prices(awarded)) or list(_prices(process.tender.items or []))
    return found or Reason.PRICES


def _prices(items: list[Item]) -> Iterator[Figure]:
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
            yield Figure(unit.value.amount, (("quantity", item.quantity),), key)


def gather(options: Any) -> Outliers:
    """Begin."""
    return Outliers(figures, Side.LOW | Side.HIGH, least=options.least)


FLAG = Flag(
    id="R017",
    title=mark("Unreasonably low or high line item"),
    question=mark("Is the unit price of a line far from those of the same item?"),
    formula="items.unit.value ∉ [q1 − 1.5 (q3 − q1), q3 + 1.5 (q3 − q1)] of the same code, unit and currency",
    fields=("tender/items/classification/id", "tender/items/unit/value/amount", "awards/items/unit/value/amount"),
    alarms=(mark("Items of very different quality under one code."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=(
        "tender/items/classification/id|awards/items/classification/id",
        "tender/items/unit/value/amount|awards/items/unit/value/amount",
    ),
    options={
        "least": Option(10, mark("fewest values of a kind that are compared")),
    },
    gather=gather,
)
