"""R002: are estimates kept just below a threshold?"""

from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Group, Option, Reason
from boyau.watch.process import Process
from boyau.watch.shares import Shares, Told


def told(options: Any, process: Process) -> Told:
    """Tell on which side of the threshold an estimate lies, if it lies close."""
    value, threshold = process.tender.value, Fraction(options.threshold)
    if value is None or value.amount is None or process.buyer is None:
        return Reason.NOTHING_TO_COMPARE
    if options.currency is not None and value.currency != options.currency:
        return Reason.CURRENCY
    amount, reach = Fraction(value.amount), threshold * Fraction(options.margin)
    if not threshold - reach <= amount < threshold + reach:
        return Reason.NOTHING_TO_COMPARE
    return ((process.buyer, amount < threshold),)


def gather(options: Any) -> Shares:
    """Begin."""
    return Shares(Group.BUYER, partial(told, options), least=options.least, threshold=options.share)


FLAG = Flag(
    id="R002",
    title=mark("Manipulation of procurement thresholds"),
    question=mark("Does a buyer estimate strikingly many tenders just below a threshold?"),
    formula="below / (below + above) ≥ share, within margin of threshold; below ≥ least",
    fields=(
        "tender/value/amount",
        "tender/value/currency",
        "tender/procurementMethod",
        "tender/tenderPeriod/startDate",
        "buyer/id",
    ),
    alarms=(mark("A price list or norm that happens to end just below the threshold."),),
    basis=(bases.OCP, bases.OPERATOR),
    needs=("buyer/id", "tender/value/amount"),
    options={
        "threshold": Option(None, mark("amount from which on a stricter procedure is needed"), Decimal, needed=True),
        "currency": Option(None, mark("currency of the threshold; without it all amounts are taken to be in it"), str),
        "margin": Option(Decimal("0.1"), mark("how close is close, as a share of the threshold"), Decimal),
        "share": Option(Decimal("0.8"), mark("share of the close ones below the threshold that stands out"), Decimal),
        "least": Option(5, mark("fewest cases that count")),
    },
    gather=gather,
)
