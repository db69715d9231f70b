"""R030: did a bid win that came after the deadline?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process, ids, instant


def check(process: Process, options: Any) -> Answer:
    """Look for valid bids of winners that are dated after the end of the tender period."""
    period = process.tender.tenderPeriod
    end_text = period.endDate if period is not None else None
    end = instant(end_text)
    if end_text is None or (end is None and not options.as_text):
        return Reason.DATES
    winners = process.winners()
    if not winners:
        return Reason.NO_AWARD
    late: set[str] = set()
    for bid in process.valid:
        if bid.date is None or not bid.tenderers:
            continue
        moment = None if options.as_text else instant(bid.date)
        if bid.date > end_text if options.as_text else moment is not None and end is not None and moment > end:
            late |= winners.intersection(ids(bid.tenderers))
    return Hit(1, {"deadline": end_text}, tuple(sorted(late)), 1) if late else None


FLAG = Flag(
    id="R030",
    title=mark("Late bid won"),
    question=mark("Did a bid win that was handed in after the deadline?"),
    formula="bid(winner).date > tenderPeriod.endDate",
    fields=(
        *("bids/details/date", "bids/details/status", "tender/tenderPeriod/endDate"),
        *("bids/details/tenderers/id", "awards/suppliers/id"),
    ),
    alarms=(mark("Auctions, where the date of a bid is that of its last step; a deadline that was prolonged."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/date", "tender/tenderPeriod/endDate", "awards/suppliers/id", "bids/details/tenderers/id"),
    options={"as_text": Option(False, mark("compare dates as texts, zones unheeded, as Cardinal does"), bool)},
    check=check,
)
