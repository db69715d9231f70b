"""R012: was a direct award planned?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import DIRECT, Process


def check(process: Process, options: Any) -> Answer:
    """Look for a plan behind a direct award."""
    if process.method not in DIRECT:
        return Reason.METHOD
    planning = process.release.planning
    types = {document.documentType for document in (planning.documents if planning is not None else None) or ()}
    return None if types & options.types else Hit(1, {"details": process.tender.procurementMethodDetails})


FLAG = Flag(
    id="R012",
    title=mark("Direct awards in contravention of the provisions of the procurement plan"),
    question=mark("Was a contract given directly although no published plan says so?"),
    formula="procurementMethod ∈ {direct, limited} ∧ procurementPlan ∉ planning.documents.documentType",
    fields=("tender/procurementMethod", "tender/procurementMethodDetails", "planning/documents/documentType"),
    alarms=(mark("Plans that are published once a year and not with the process."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/procurementMethod",),
    somewhere=("planning/documents",),
    options={
        "types": Option(["procurementPlan"], mark("document types that hold the plan"), list),
    },
    check=check,
)
