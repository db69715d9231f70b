"""R072: does a buyer's work always pass on?"""

from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Group, Option, Reason
from boyau.watch.process import Process
from boyau.watch.shares import Shares, Told


def told(process: Process) -> Told:
    """Tell of every award whether it is handed on."""
    known = [award.hasSubcontracting for award in process.active_awards if award.hasSubcontracting is not None]
    if not known or not process.buyer:
        return Reason.NO_AWARD
    return [(process.buyer, so) for so in known]


def gather(options: Any) -> Shares:
    """Begin."""
    return Shares(Group.BUYER, told, least=options.least, threshold=options.threshold)


FLAG = Flag(
    id="R072",
    title=mark("High prevalence of subcontracts"),
    question=mark("Are subcontracts far more frequent at one buyer than at others?"),
    formula="hasSubcontracting / all ≥ q3 + 1.5 (q3 − q1), or ≥ threshold, per buyer",
    fields=("awards/hasSubcontracting", "buyer/id"),
    alarms=(mark("Buyers of large works."),),
    basis=(bases.OCP,),
    needs=("awards/hasSubcontracting", "buyer/id"),
    options={
        "threshold": Option(None, mark("share instead of the fence that is computed"), Decimal),
        "least": Option(5, mark("fewest cases that count")),
    },
    gather=gather,
)
