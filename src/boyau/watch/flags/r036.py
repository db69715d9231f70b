"""R036: was the lowest bid disqualified?"""

from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process


def check(process: Process, options: Any) -> Answer:
    """Find the lowest submitted bid; of equal ones the first counts."""
    if not any(award.status == "active" for award in process.awards):
        return Reason.NO_AWARD
    if not process.price_decides:
        return Reason.EXCLUDED
    if options.criteria and process.tender.awardCriteria not in options.criteria:
        return Reason.METHOD
    lowest: Decimal | None = None
    status, valid = None, False
    for bid, amount in process.priced(process.submitted):
        if lowest is None or amount < lowest:
            lowest, status = amount, bid.status
        valid = valid or bid.status == "valid"
    if lowest is None or not valid:
        return Reason.PRICES
    return Hit(1, {"lowest": lowest}) if status == "disqualified" else None


FLAG = Flag(
    id="R036",
    title=mark("Lowest bid disqualified"),
    question=mark("Was the cheapest bid disqualified?"),
    formula="status(argmin bids.details.value) = disqualified, and some bid is valid",
    fields=("tender/awardCriteria", "bids/details/status", "bids/details/value/amount", "awards/status"),
    alarms=(
        mark("Award by quality as well as price: set `criteria` to those that mean price only."),
        mark("A bid below the lawful price floor must be disqualified."),
    ),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/status", "bids/details/value/amount", "awards/status"),
    options={
        "criteria": Option([], mark("award criteria that mean price only; none: all"), list),
    },
    check=check,
)
