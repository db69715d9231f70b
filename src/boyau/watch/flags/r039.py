"""R039: were questions answered?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process


def check(process: Process, options: Any) -> Answer:
    """Count the questions without an answer, once the tender is over."""
    if process.tender.status is not None and process.tender.status not in options.statuses:
        return Reason.STATUS
    enquiries = process.tender.enquiries or []
    open_ = sum(not enquiry.answer and not enquiry.dateAnswered for enquiry in enquiries)
    return Hit(open_, {"questions": len(enquiries), "unanswered": open_}) if open_ else None


FLAG = Flag(
    id="R039",
    title=mark("Unanswered bidder questions"),
    question=mark("Did questions of bidders stay without an answer?"),
    formula="∃ enquiry: answer = ∅ ∧ dateAnswered = ∅, tender.status ∈ final",
    fields=("tender/enquiries/date", "tender/enquiries/dateAnswered", "tender/enquiries/answer", "tender/status"),
    alarms=(mark("Answers that are given in one document for all."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("tender/enquiries",),
    options={
        "statuses": Option(["complete", "unsuccessful"], mark("statuses in which a tender is over"), list),
    },
    check=check,
)
