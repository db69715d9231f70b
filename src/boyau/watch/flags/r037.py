"""R037: is it said why bids were thrown out?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Reason
from boyau.watch.process import Process


def check(process: Process, _options: Any) -> Answer:
    """Count the disqualified bids without any document."""
    disqualified = [bid for bid in process.bids if bid.status == "disqualified"]
    if not disqualified:
        return Reason.FEW_BIDS
    bare = sum(not bid.documents for bid in disqualified)
    return Hit(bare, {"disqualified": len(disqualified), "without_documents": bare}) if bare else None


FLAG = Flag(
    id="R037",
    title=mark("Poorly supported disqualifications"),
    question=mark("Were bids disqualified without a document that says why?"),
    formula="∃ bid: status = disqualified ∧ bid.documents = ∅",
    fields=(
        "tender/awardCriteria",
        "bids/details/id",
        "bids/details/value/amount",
        "bids/details/value/currency",
        "bids/details/status",
        "bids/details/documents",
    ),
    alarms=(mark("One protocol for all bids, published with the tender."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/status",),
    somewhere=("bids/details/documents",),
    check=check,
)
