"""R014: were bids opened too soon?"""

from collections.abc import Iterable
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Option, Reason
from boyau.watch.outliers import Figure, Outliers, Side
from boyau.watch.process import Process, instant, whole_days


def figures(process: Process) -> Iterable[Figure] | Reason:
    """Return the whole days between."""
    opening = process.tender.bidOpening
    first, last = process.span()[0], instant(opening.date if opening is not None else None)
    if first is None or last is None:
        return Reason.DATES
    days = whole_days(first, last)
    return (Figure(days, (("days", days), ("method", process.method))),)


def gather(options: Any) -> Outliers:
    """Begin."""
    return Outliers(figures, Side.LOW, threshold=options.threshold)


FLAG = Flag(
    id="R014",
    title=mark("Short time between tender advertising and bid opening"),
    question=mark("Were bids opened unusually soon after the tender was announced?"),
    formula="days(bidOpening.date − tenderPeriod.startDate) ≤ q1 − 1.5 (q3 − q1), or ≤ threshold",
    fields=("tender/tenderPeriod/startDate", "tender/bidOpening/date", "tender/procurementMethod"),
    alarms=(mark("Methods with a short lawful period, such as price quotations."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/tenderPeriod/startDate", "tender/bidOpening/date"),
    options={
        "threshold": Option(None, mark("whole days instead of the fence that is computed")),
    },
    gather=gather,
)
