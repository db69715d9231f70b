"""R005: are the papers there that bidders need?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import COMPETITIVE, Process, instant


def check(process: Process, options: Any) -> Answer:
    """Find the types of which no document was published in time."""
    period = process.tender.tenderPeriod
    end = instant(period.endDate) if period is not None else None
    if end is None:
        return Reason.DATES
    if process.method not in COMPETITIVE:
        return Reason.METHOD
    known = set()
    for document in process.tender.documents or ():
        published = instant(document.datePublished)
        if published is None or published <= end:
            known.add(document.documentType)
    lacking = sorted(options.types - known)
    return Hit(len(lacking), {"lacking": lacking}) if lacking else None


FLAG = Flag(
    id="R005",
    title=mark("Key tender information and documents are not available"),
    question=mark("Were the documents that bidders need published while bids could be handed in?"),
    formula="types ∖ {documentType: datePublished ≤ tenderPeriod.endDate} ≠ ∅",
    fields=(
        "tender/documents/documentType",
        "tender/documents/datePublished",
        "tender/tenderPeriod/startDate",
        "tender/tenderPeriod/endDate",
    ),
    alarms=(mark("Documents that are handed out on request, or published under another type."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/tenderPeriod/endDate",),
    somewhere=("tender/documents",),
    options={
        "types": Option(["biddingDocuments"], mark("document types that bidders need"), list),
    },
    check=check,
)
