"""R008: is taking part too dear?"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Option, Reason
from boyau.watch.outliers import Figure, Outliers, Side, quotient
from boyau.watch.process import Process, same_money


def figures(process: Process) -> Iterable[Figure] | Reason:
    """Return the fees as a share of the estimate."""
    value, fees = process.tender.value, [fee.value for fee in process.tender.participationFees or ()]
    if value is None or not same_money(value, *fees) or value.amount is None:
        return Reason.CURRENCY
    if value.amount == 0:
        return Reason.ZERO
    total = sum((fee.amount for fee in fees if fee is not None and fee.amount is not None), Decimal(0))
    return (Figure(quotient(total, value.amount), (("fees", total), ("estimate", value.amount))),)


def gather(options: Any) -> Outliers:
    """Begin."""
    return Outliers(figures, Side.HIGH, threshold=options.threshold)


FLAG = Flag(
    id="R008",
    title=mark("Unreasonable participation fees"),
    question=mark("Is the fee for taking part unusually high for the value of the tender?"),
    formula="Σ participationFees.value / tender.value ≥ q3 + 1.5 (q3 − q1), or ≥ threshold",
    fields=("tender/participationFees/value/amount", "tender/participationFees/value/currency", "tender/value/amount"),
    alarms=(mark("Deposits that are given back and published as fees."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/participationFees/value/amount", "tender/value/amount"),
    options={
        "threshold": Option(None, mark("share instead of the fence that is computed"), Decimal),
    },
    gather=gather,
)
