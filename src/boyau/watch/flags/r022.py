"""R022: do bids lie too far apart?"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Option, Reason
from boyau.watch.outliers import Figure, Outliers, Side, quotient
from boyau.watch.process import Process


def figures(process: Process) -> Iterable[Figure] | Reason:
    """Return the spread of the valid bids."""
    amounts = [amount for _, amount in process.valid_prices]
    if len(amounts) < 2:
        return Reason.FEW_BIDS
    low, high = min(amounts), max(amounts)
    if low == 0:
        return Reason.ZERO
    return (Figure(quotient(high - low, low), (("lowest", low), ("highest", high))),)


def gather(options: Any) -> Outliers:
    """Begin."""
    return Outliers(figures, Side.HIGH, threshold=options.threshold)


FLAG = Flag(
    id="R022",
    title=mark("Wide disparity in bid prices"),
    question=mark("Do the prices of valid bids lie unusually far apart?"),
    formula="(max − min) / min ≥ q3 + 1.5 (q3 − q1), or ≥ threshold",
    fields=("bids/details/id", "bids/details/value/amount", "bids/details/value/currency", "bids/details/status"),
    alarms=(mark("Bids for different lots of one tender."),),
    basis=(bases.OCP,),
    needs=("bids/details/value/amount", "bids/details/status"),
    options={
        "threshold": Option(None, mark("share instead of the fence that is computed"), Decimal),
    },
    gather=gather,
)
