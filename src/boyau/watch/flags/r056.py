"""R056: does the winner meet the criteria?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process, ids


def check(process: Process, options: Any) -> Answer:
    """Compare the winner's price with the lowest valid one."""
    if process.tender.awardCriteria not in options.price:
        return Reason.METHOD
    winner = process.sole_winner()
    if isinstance(winner, Reason):
        return winner
    prices = [(amount, winner in ids(bid.tenderers)) for bid, amount in process.valid_prices]
    won = [amount for amount, is_winner in prices if is_winner]
    if not won or len(prices) < 2:
        return Reason.PRICES
    lowest, winning = min(amount for amount, _ in prices), min(won)
    return Hit(winning - lowest, {"winning": winning, "lowest": lowest}, (winner,)) if winning > lowest else None


FLAG = Flag(
    id="R056",
    title=mark("Winning bid does not meet the award criteria"),
    question=mark("Did somebody win who was not the cheapest, where price alone decides?"),
    formula="awardCriteria ∈ price ∧ winning > min valid bids.value",
    fields=(
        "tender/awardCriteria",
        "bids/details/status",
        "bids/details/documents",
        "awards/relatedBid",
        "awards/suppliers/id",
    ),
    alarms=(mark("A cheaper bid for another lot."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/awardCriteria", "bids/details/value/amount", "awards/suppliers/id"),
    options={
        "price": Option(["priceOnly", "lowestCost", "costOnly"], mark("award criteria that mean price only"), list),
    },
    check=check,
)
