"""R031: does the winner know the estimate?"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.outliers import quotient
from boyau.watch.process import Process, ids, same_money


def check(process: Process, options: Any) -> Answer:
    """Compare the winner's lowest valid bid with the estimate."""
    winner, estimate = process.sole_winner(), process.tender.value
    if isinstance(winner, Reason):
        return winner
    if estimate is None or not estimate.amount:
        return Reason.ZERO
    amounts = [
        bid.value.amount
        for bid in process.valid
        if winner in ids(bid.tenderers)
        and bid.value is not None
        and same_money(bid.value, estimate)
        and bid.value.amount
    ]
    if not amounts:
        return Reason.PRICES
    share = quotient(min(amounts), estimate.amount)
    if share < Fraction(options.threshold):
        return None
    return Hit(share, {"winning": min(amounts), "estimate": estimate.amount}, (winner,))


FLAG = Flag(
    id="R031",
    title=mark("Winning bid price very close or higher than estimated price"),
    question=mark("Is the winning price very close to the estimate, or above it?"),
    formula="winning / tender.value ≥ threshold",
    fields=(
        "bids/details/id",
        "bids/details/value/amount",
        "bids/details/value/currency",
        "bids/details/status",
        "tender/value/amount",
        "tender/value/currency",
        "awards/relatedBid",
        "awards/suppliers/id",
    ),
    alarms=(
        mark("Price quotations, where the estimate is published."),
        mark("Bids at exactly 95 % of the estimate are a lawful price floor in Kazakhstan."),
    ),
    basis=(bases.OCP,),
    needs=("bids/details/value/amount", "tender/value/amount", "awards/suppliers/id"),
    options={
        "threshold": Option(
            Decimal("0.99"), mark("share of the estimate from which on a price is very close"), Decimal
        ),
    },
    check=check,
)
