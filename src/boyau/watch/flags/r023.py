"""R023: do bids follow a ruler?"""

from fractions import Fraction
from itertools import pairwise
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process


def check(process: Process, options: Any) -> Answer:
    """Compare the steps and the ratios of neighbours, exactly."""
    prices = sorted({Fraction(amount) for _, amount in process.valid_prices})
    if len(prices) < max(options.least, 3) or prices[0] == 0:
        return Reason.FEW_BIDS
    steps = {high - low for low, high in pairwise(prices)}
    ratios = {high / low for low, high in pairwise(prices)}
    if len(steps) > 1 and len(ratios) > 1:
        return None
    told = {"step": next(iter(steps))} if len(steps) == 1 else {"ratio": next(iter(ratios))}
    return Hit(len(prices), told | {"prices": len(prices)}, tuple(sorted(process.participants)), 1)


FLAG = Flag(
    id="R023",
    title=mark("Fixed multiple bid prices"),
    question=mark("Do the prices of valid bids follow each other at exactly equal steps or ratios?"),
    formula="sorted prices p: p(k+1) − p(k) = c, or p(k+1) / p(k) = c, for all k; |p| ≥ 3",
    fields=("bids/details/id", "bids/details/value/amount", "bids/details/value/currency", "bids/details/status"),
    alarms=(mark("Prices that are rounded to full thousands."),),
    basis=(bases.OCP,),
    needs=("bids/details/value/amount", "bids/details/status"),
    options={
        "least": Option(3, mark("fewest different prices; never below three")),
    },
    check=check,
)
