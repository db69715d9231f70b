"""R028: did different bidders ask exactly the same price?"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process, ids


def check(process: Process, options: Any) -> Answer:
    """Compare the prices of all submitted bids, those of one tenderer with itself left out."""
    if len(process.submitted) < 2:
        return Reason.FEW_BIDS
    if not process.price_decides:
        return Reason.EXCLUDED
    prices: dict[tuple[Decimal, str], frozenset[str]] = {}
    parties: set[str] = set()
    same: list[tuple[Decimal, str]] = []
    for bid in process.submitted:
        value = bid.value
        if value is None or value.amount is None or value.currency is None:
            continue
        who, price = frozenset(ids(bid.tenderers)), (value.amount, value.currency)
        if who and price in prices and prices[price] != who and not _is_floor(process, price, options.floor):
            parties |= who | prices[price]
            same.append(price)
        if who:
            prices[price] = who
    if not same:
        return None
    return Hit(1, {"amount": same[0][0], "currency": same[0][1], "tenderers": len(parties)}, tuple(sorted(parties)), 1)


def _is_floor(process: Process, price: tuple[Decimal, str], floor: Decimal | None) -> bool:
    """Tell whether a price is the lowest that the law allows: a fixed share of the estimate, to the tiyn."""
    estimate = process.tender.value
    if floor is None or estimate is None or estimate.amount is None or estimate.currency != price[1]:
        return False
    return abs(Fraction(price[0]) - Fraction(estimate.amount) * Fraction(floor)) < Fraction(1, 100)


FLAG = Flag(
    id="R028",
    title=mark("Identical bid prices"),
    question=mark("Did different bidders ask exactly the same price?"),
    formula="∃ a ≠ b: bid(a).value = bid(b).value",
    fields=("bids/details/value/amount", "bids/details/value/currency", "bids/details/tenderers/id"),
    alarms=(
        mark("Several bids at exactly 95 % of the estimate are a lawful price floor in Kazakhstan, no collusion."),
        mark("Regulated prices, which are the same for everybody."),
    ),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/value/amount", "bids/details/tenderers/id"),
    options={
        "floor": Option(Decimal("0.95"), mark("share of the estimate that is a lawful price floor"), Decimal),
    },
    check=check,
)
