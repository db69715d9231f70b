"""R060: why was the contract not signed?"""

from collections.abc import Iterable
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Option, Reason
from boyau.watch.outliers import Figure, Outliers, Side
from boyau.watch.process import Process, instant, whole_days


def figures(process: Process) -> Iterable[Figure] | Reason:
    """Return the whole days from every award to its contract."""
    awarded = {award.id: instant(award.date) for award in process.awards}
    found = []
    for contract in process.contracts:
        first = awarded.get(contract.awardID) if contract.awardID else next(iter(awarded.values()), None)
        last = instant(contract.dateSigned)
        if first is not None and last is not None:
            days = whole_days(first, last)
            found.append(Figure(days, (("days", days), ("method", process.method))))
    return found or Reason.DATES


def gather(options: Any) -> Outliers:
    """Begin."""
    return Outliers(figures, Side.HIGH, threshold=options.threshold)


FLAG = Flag(
    id="R060",
    title=mark("Long time between award date and contract signature date"),
    question=mark("Did it take unusually long from the award to the signature?"),
    formula="days(contracts.dateSigned − awards.date) ≥ q3 + 1.5 (q3 − q1), or ≥ threshold",
    fields=("awards/date", "contracts/dateSigned", "tender/procurementMethod"),
    alarms=(mark("A complaint that stopped the signature."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("awards/date", "contracts/dateSigned"),
    options={
        "threshold": Option(None, mark("whole days instead of the fence that is computed")),
    },
    gather=gather,
)
