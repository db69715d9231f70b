"""R016: is the estimate out of the usual?"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Option, Reason, Row
from boyau.watch.outliers import Figure, Outliers, Side
from boyau.watch.process import Process


def figures(digits: int, process: Process) -> Iterable[Figure] | Reason:
    """Return the estimate, under the kind that all items have."""
    value = process.tender.value
    if value is None or value.amount is None:
        return Reason.NOTHING_TO_COMPARE
    kinds = process.codes(digits)
    if len(kinds) != 1:
        return Reason.NOTHING_TO_COMPARE
    key = f"{next(iter(kinds))} {value.currency or ''}"
    return (Figure(value.amount, (), key, Row(process.ocid, process.buyer, value.amount, value.currency)),)


def gather(options: Any) -> Outliers:
    """Begin."""
    return Outliers(partial(figures, options.digits), Side.LOW | Side.HIGH, least=options.least)


FLAG = Flag(
    id="R016",
    title=mark("Tender value is higher or lower than average for this item category"),
    question=mark("Is the estimate of a tender far from those of the same kind?"),
    formula="tender.value ∉ [q1 − 1.5 (q3 − q1), q3 + 1.5 (q3 − q1)] of its kind and currency",
    fields=(
        "tender/value/amount",
        "tender/value/currency",
        "tender/items/classification/id",
        "tender/procurementMethod",
    ),
    alarms=(mark("Large and small purchases of one kind: the value knows nothing of the quantity."),),
    basis=(bases.OCP,),
    needs=("tender/value/amount", "tender/items/classification/id"),
    options={
        "digits": Option(4, mark("leading digits of a code that make a kind")),
        "least": Option(10, mark("fewest values of a kind that are compared")),
    },
    gather=gather,
)
