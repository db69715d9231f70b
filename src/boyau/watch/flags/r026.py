"""R026: do competitors bid together too often?"""

from decimal import Decimal
from functools import partial
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Group, Option, Reason
from boyau.watch.process import Process
from boyau.watch.shares import Shares, Told


def told(digits: int, process: Process) -> Told:
    """Tell which awards went to several together."""
    awards = process.active_awards
    if not awards:
        return Reason.NO_AWARD
    kinds = process.codes(digits)
    if len(awards) == len(kinds) == 1:  # nearly all are such
        (kind,) = kinds
        return ((kind, len(awards[0].suppliers or ()) > 1),)
    together = [len(award.suppliers or ()) > 1 for award in awards]
    return [(kind, so) for kind in kinds for so in together]


def gather(options: Any) -> Shares:
    """Begin."""
    return Shares(Group.ITEM, partial(told, options.digits), least=options.least, threshold=options.threshold)


FLAG = Flag(
    id="R026",
    title=mark("Prevalence of consortia"),
    question=mark("Are consortia awarded unusually often in a kind of goods, works or services?"),
    formula="awards with several suppliers / all ≥ q3 + 1.5 (q3 − q1), or ≥ threshold, per kind",
    fields=(
        "awards/suppliers/id",
        "awards/suppliers/name",
        "awards/status",
        "awards/date",
        "tender/items/classification/id",
    ),
    alarms=(mark("Large works, which no firm can do alone."),),
    basis=(bases.OCP,),
    needs=("awards/suppliers/id", "tender/items/classification/id"),
    options={
        "digits": Option(4, mark("leading digits of a code that make a kind")),
        "threshold": Option(None, mark("share instead of the fence that is computed"), Decimal),
        "least": Option(10, mark("fewest cases that count")),
    },
    gather=gather,
)
