"""R020: did anybody complain?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit
from boyau.watch.process import Process


def check(process: Process, _options: Any) -> Answer:
    """Count the complaints."""
    complaints = process.release.complaints
    return Hit(len(complaints), {"complaints": len(complaints)}) if complaints else None


FLAG = Flag(
    id="R020",
    title=mark("Tender has a complaint"),
    question=mark("Has somebody complained about the process?"),
    formula="|complaints| > 0",
    fields=("complaints/id",),
    alarms=(mark("Losers who complain of everything. Read what became of the complaint."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    somewhere=("complaints/id",),
    cancelled=True,
    check=check,
)
