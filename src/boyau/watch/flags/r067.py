"""R067: was it delivered in time?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Reason
from boyau.watch.process import Process, instant


def check(process: Process, _options: Any) -> Answer:
    """Compare the day a milestone was due with the day it was met, or with the day of the data."""
    today = instant(process.release.date)
    late = judged = 0
    for contract in process.standing_contracts:
        for milestone in (contract.implementation.milestones if contract.implementation is not None else None) or ():
            due, met = instant(milestone.dueDate), instant(milestone.dateMet)
            if milestone.status == "notMet":
                judged, late = judged + 1, late + 1
            elif due is not None and (met or today) is not None:
                judged += 1
                late += (met is not None and met > due) or (met is None and today is not None and today > due)
    if not judged:
        return Reason.DATES
    return Hit(late, {"milestones": judged, "late": late}) if late else None


FLAG = Flag(
    id="R067",
    title=mark("Delivery failure"),
    question=mark("Were milestones of a contract missed?"),
    formula="∃ milestone: dateMet > dueDate, or dueDate < date(release) ∧ dateMet = ∅, or status = notMet",
    fields=(
        "contracts/implementation/milestones/type",
        "contracts/implementation/milestones/dueDate",
        "contracts/implementation/milestones/dateMet",
    ),
    alarms=(mark("Dates that were moved by a lawful change."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("contracts/implementation/milestones",),
    check=check,
)
