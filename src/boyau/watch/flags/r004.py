"""R004: was the tender announced?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import COMPETITIVE, Process, instant


def check(process: Process, options: Any) -> Answer:
    """Look for a notice that was there when the period began."""
    period = process.tender.tenderPeriod
    start = instant(period.startDate) if period is not None else None
    if start is None:
        return Reason.DATES
    if process.method not in COMPETITIVE:
        return Reason.METHOD
    for document in process.tender.documents or ():
        published = instant(document.datePublished)
        if document.documentType in options.types and published is not None and published <= start:
            return None
    return Hit(1, {"start": start.isoformat(), "types": sorted(options.types)})


FLAG = Flag(
    id="R004",
    title=mark("Failure to adequately advertise the request for bids"),
    question=mark("Was the request for bids published before the submission period began?"),
    formula="¬∃ document: documentType ∈ types ∧ datePublished ≤ tenderPeriod.startDate",
    fields=("tender/documents/documentType", "tender/documents/datePublished", "tender/tenderPeriod/startDate"),
    alarms=(mark("Notices that are published in a newspaper or on another portal."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/tenderPeriod/startDate",),
    somewhere=("tender/documents/datePublished",),
    options={
        "types": Option(["tenderNotice", "biddingDocuments"], mark("document types that announce a tender"), list),
    },
    check=check,
)
