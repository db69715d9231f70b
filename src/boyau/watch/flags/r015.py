"""R015: did opened bids lie about?"""

from collections.abc import Iterable
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Option, Reason
from boyau.watch.outliers import Figure, Outliers, Side
from boyau.watch.process import Process, instant, whole_days


def figures(process: Process) -> Iterable[Figure] | Reason:
    """Return the whole days between."""
    opening, awarding = process.tender.bidOpening, process.tender.awardPeriod
    first = instant(opening.date if opening is not None else None)
    last = instant(awarding.startDate if awarding is not None else None)
    if first is None or last is None:
        return Reason.DATES
    days = whole_days(first, last)
    return (Figure(days, (("days", days), ("method", process.method))),)


def gather(options: Any) -> Outliers:
    """Begin."""
    return Outliers(figures, Side.HIGH, threshold=options.threshold)


FLAG = Flag(
    id="R015",
    title=mark("Long time between bid opening and bid evaluation"),
    question=mark("Did bids lie unusually long between opening and evaluation?"),
    formula="days(awardPeriod.startDate − bidOpening.date) ≥ q3 + 1.5 (q3 − q1), or ≥ threshold",
    fields=("tender/bidOpening/date", "tender/awardPeriod/startDate", "tender/procurementMethod"),
    alarms=(mark("A complaint that stopped the procedure."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/bidOpening/date", "tender/awardPeriod/startDate"),
    options={
        "threshold": Option(None, mark("whole days instead of the fence that is computed")),
    },
    gather=gather,
)
