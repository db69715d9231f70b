"""R003: were bidders given too little time?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process, whole_days


def check(process: Process, options: Any) -> Answer:
    """Compare the whole days between both ends of the tender period with the threshold."""
    if options.methods and process.method not in options.methods:
        return Reason.METHOD
    first, last = process.span()
    if first is None or last is None:
        return Reason.DATES
    days = whole_days(first, last)
    threshold = options.details.get(process.tender.procurementMethodDetails, options.threshold)
    return Hit(1, {"days": days, "threshold": threshold}) if days < threshold else None


FLAG = Flag(
    id="R003",
    title=mark("The submission period is too short"),
    question=mark("Was there too little time between the announcement and the deadline for bids?"),
    formula="whole days(tenderPeriod.endDate − tenderPeriod.startDate) < threshold",
    fields=("tender/tenderPeriod/startDate", "tender/tenderPeriod/endDate", "tender/procurementMethod"),
    alarms=(mark("Methods with a short lawful period, such as price quotations: set `details` for them."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/tenderPeriod/startDate", "tender/tenderPeriod/endDate"),
    options={
        "threshold": Option(15, mark("fewest whole days that are enough")),
        "methods": Option([], mark("procurement methods that are looked at; none: all"), list),
        "details": Option({}, mark("thresholds by procurementMethodDetails"), dict),
    },
    check=check,
)
