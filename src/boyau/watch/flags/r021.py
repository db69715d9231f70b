"""R021: does taste decide?"""

from decimal import Decimal
from functools import partial
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Group, Option, Reason
from boyau.watch.process import Process
from boyau.watch.shares import Shares, Told


def told(price: frozenset[str], process: Process) -> Told:
    """Tell whether something else than price decides."""
    return ((process.buyer, process.tender.awardCriteria not in price),) if process.buyer else Reason.NOTHING_TO_COMPARE


def gather(options: Any) -> Shares:
    """Begin."""
    return Shares(Group.BUYER, partial(told, options.price), least=options.least, threshold=options.threshold)


FLAG = Flag(
    id="R021",
    title=mark("High use of discretionary evaluation criteria"),
    question=mark("Does a buyer decide by criteria other than price far more than others?"),
    formula="awardCriteria ∉ price / all ≥ q3 + 1.5 (q3 − q1), or ≥ threshold, per buyer",
    fields=("tender/awardCriteria", "buyer/id"),
    alarms=(mark("Buyers of designs and advice, where quality must count."),),
    basis=(bases.OCP,),
    needs=("tender/awardCriteria", "buyer/id"),
    options={
        "price": Option(["priceOnly", "lowestCost", "costOnly"], mark("award criteria that mean price only"), list),
        "threshold": Option(None, mark("share instead of the fence that is computed"), Decimal),
        "least": Option(5, mark("fewest cases that count")),
    },
    gather=gather,
)
