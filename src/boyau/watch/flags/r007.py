"""R007: is it said what is to be bought?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import COMPETITIVE, Process


def check(process: Process, options: Any) -> Answer:
    """Look for a document that specifies what is bought."""
    if process.method not in COMPETITIVE:
        return Reason.METHOD
    types = {document.documentType for document in process.tender.documents or ()}
    return None if types & options.types else Hit(1, {"documents": len(types)})


FLAG = Flag(
    id="R007",
    title=mark("Unreasonable technical specifications"),
    question=mark("Are technical specifications missing in a competitive procedure?"),
    formula="procurementMethod ∈ {open, selective} ∧ technicalSpecifications ∉ tender.documents.documentType",
    fields=(
        "tender/documents/documentType",
        "tender/procurementMethod",
        "tender/items/classification/id",
        "tender/items/classification/scheme",
        "buyer/id",
        "tender/value/amount",
    ),
    alarms=(
        mark("Specifications inside the bidding documents: add their type to `types`."),
        mark("Specifications that are there and fit one maker only: no field says so."),
    ),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/procurementMethod",),
    somewhere=("tender/documents",),
    options={
        "types": Option(["technicalSpecifications"], mark("document types that hold specifications"), list),
    },
    check=check,
)
