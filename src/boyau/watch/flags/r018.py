"""R018: did only one bidder take part?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process


def check(process: Process, options: Any) -> Answer:
    """Look at the publisher's count of bidders; where there is none, count them."""
    if options.methods and process.method not in options.methods:
        return Reason.METHOD
    number = process.tender.numberOfTenderers
    if number is None and options.count:
        if not process.bids:
            return Reason.FEW_BIDS
        number = len(process.participants)
        return Hit(1, {"tenderers": 1, "counted": True}, tuple(process.participants)) if number == 1 else None
    return Hit(1, {"tenderers": 1}) if number == 1 else None


FLAG = Flag(
    id="R018",
    title=mark("Single bid received"),
    question=mark("Did a competitive procedure bring only one bidder?"),
    formula="tender.numberOfTenderers = 1; count: |bids.details.tenderers.id| = 1",
    fields=("tender/procurementMethod", "tender/numberOfTenderers", "bids/details/tenderers/id"),
    alarms=(mark("Markets with one maker, such as patented medicines or a network's only operator."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/procurementMethod", "tender/numberOfTenderers|bids/details"),
    options={
        "methods": Option(["open", "selective"], mark("procurement methods that are looked at; none: all"), list),
        "count": Option(True, mark("count the bidders where the publisher's count is missing"), bool),
    },
    check=check,
)
