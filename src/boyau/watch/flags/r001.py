"""R001: is there a plan at all?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit
from boyau.watch.process import Process


def check(process: Process, _options: Any) -> Answer:
    """Look whether any planning document is there."""
    planning = process.release.planning
    return None if planning is not None and planning.documents else Hit(1, {"documents": 0})


FLAG = Flag(
    id="R001",
    title=mark("Planning documents not available"),
    question=mark("Are the planning documents of the process published?"),
    formula="planning.documents = ∅",
    fields=("planning/documents/documentType",),
    alarms=(mark("Small purchases that the law exempts from planning."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    somewhere=("planning/documents",),
    check=check,
)
