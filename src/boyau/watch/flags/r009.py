"""R009: do bidding documents become dearer?"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Option, Reason
from boyau.watch.outliers import Figure, Outliers, Side
from boyau.watch.process import Process, same_money


def figures(process: Process) -> Iterable[Figure] | Reason:
    """Return the fees of one process, to be compared with those of its buyer."""
    fees = [fee.value for fee in process.tender.participationFees or ()]
    if not same_money(*fees) or fees[0] is None:
        return Reason.CURRENCY
    total = sum((fee.amount for fee in fees if fee is not None and fee.amount is not None), Decimal(0))
    told = (("fees", total), ("currency", fees[0].currency), ("date", process.release.date))
    return (Figure(total, told, f"{process.buyer} {fees[0].currency}"),)


def gather(options: Any) -> Outliers:
    """Begin."""
    return Outliers(figures, Side.HIGH, least=options.least)


FLAG = Flag(
    id="R009",
    title=mark("Buyer increases the cost of the bidding documents"),
    question=mark("Does a buyer ask far more for the bidding documents than it used to?"),
    formula="Σ participationFees.value ≥ q3 + 1.5 (q3 − q1) of the same buyer",
    fields=("tender/participationFees/value/amount", "tender/participationFees/value/currency", "date"),
    alarms=(mark("Thick drawings that are costly to copy."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/participationFees/value/amount", "buyer/id"),
    options={
        "least": Option(4, mark("fewest processes of a buyer that are compared")),
    },
    gather=gather,
)
