"""R071: who does the work?"""

from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process


def check(process: Process, options: Any) -> Answer:
    """Compare the share that is handed on."""
    shares = [a.subcontracting.minimumPercentage for a in process.active_awards if a.subcontracting is not None]
    known = [share for share in shares if share is not None]
    if not known:
        return Reason.NO_AWARD
    most = max(known)
    return Hit(most, {"share": most}, tuple(sorted(process.winners()))) if most >= options.threshold else None


FLAG = Flag(
    id="R071",
    title=mark("A contractor subcontracts all or most of the work received"),
    question=mark("Does a contractor hand most of the work on?"),
    formula="awards.subcontracting.minimumPercentage ≥ threshold",
    fields=("awards/hasSubcontracting", "awards/subcontracting/minimumPercentage"),
    alarms=(mark("General contractors, whose trade is to organise others."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=("awards/subcontracting/minimumPercentage",),
    options={
        "threshold": Option(
            Decimal("0.5"), mark("share from which on it is most of the work; 0.5 is one half"), Decimal
        ),
    },
    check=check,
)
