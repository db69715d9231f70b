"""R062: did the decision take suspiciously long?"""

from collections.abc import Iterable
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Option, Reason
from boyau.watch.outliers import Figure, Outliers, Side
from boyau.watch.process import Process, whole_days


def figures(process: Process) -> Iterable[Figure] | Reason:
    """Return the whole days between."""
    first, last = process.span()[1], process.first_award()
    if first is None or last is None:
        return Reason.DATES
    days = whole_days(first, last)
    return (Figure(days, (("days", days), ("method", process.method))),)


def gather(options: Any) -> Outliers:
    """Begin."""
    return Outliers(figures, Side.HIGH, threshold=options.threshold)


FLAG = Flag(
    id="R062",
    title=mark("Decision period extremely long"),
    question=mark("Did the choice of the winner take unusually long?"),
    formula="days(min awards.date − tenderPeriod.endDate) ≥ q3 + 1.5 (q3 − q1), or ≥ threshold",
    fields=("tender/tenderPeriod/endDate", "awards/date", "tender/procurementMethod"),
    alarms=(mark("A complaint that stopped the procedure."), mark("Complex works, for which experts are asked.")),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/tenderPeriod/endDate", "awards/date"),
    options={
        "threshold": Option(None, mark("whole days instead of the fence that is computed")),
    },
    gather=gather,
)
