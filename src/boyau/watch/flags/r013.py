"""R013: does a buyer avoid competition?"""

from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Group, Option, Reason
from boyau.watch.process import DIRECT, Process
from boyau.watch.shares import Shares, Told


def told(process: Process) -> Told:
    """Tell whether the buyer let others compete."""
    return ((process.buyer, process.method in DIRECT),) if process.buyer else Reason.NOTHING_TO_COMPARE


def gather(options: Any) -> Shares:
    """Begin."""
    return Shares(Group.BUYER, told, least=options.least, threshold=options.threshold)


FLAG = Flag(
    id="R013",
    title=mark("High use of non competitive methods"),
    question=mark("Does a buyer use procedures without competition far more than others?"),
    formula="direct or limited / all ≥ q3 + 1.5 (q3 − q1), or ≥ threshold, per buyer",
    fields=("tender/procurementMethod", "buyer/id"),
    alarms=(mark("Small buyers, whose purchases all lie below the threshold for a tender."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/procurementMethod", "buyer/id"),
    options={
        "threshold": Option(None, mark("share instead of the fence that is computed"), Decimal),
        "least": Option(5, mark("fewest cases that count")),
    },
    gather=gather,
)
