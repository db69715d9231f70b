"""R041: did rivals write one another's papers?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Reason
from boyau.watch.process import Process, ids


def check(process: Process, _options: Any) -> Answer:
    """Look for a document that stands in bids of different bidders."""
    holders: dict[str, set[str]] = {}
    for bid in process.submitted:
        for document in bid.documents or ():
            name = document.url or document.id
            if name:
                holders.setdefault(name, set()).update(ids(bid.tenderers))
    shared = {name: who for name, who in holders.items() if len(who) > 1}
    if not holders:
        return Reason.NOTHING_TO_COMPARE
    parties = tuple(sorted(set().union(*shared.values())))
    return Hit(len(shared), {"documents": sorted(shared)[:5]}, parties, 1) if shared else None


FLAG = Flag(
    id="R041",
    title=mark("Physical similarities in documents by different bidders"),
    question=mark("Do bids of different bidders hold the same document?"),
    formula="∃ a ≠ b: documents(a) ∩ documents(b) ≠ ∅, by url or id",
    fields=("bids/details/id", "bids/details/tenderers/id", "bids/documents/documentType"),
    alarms=(
        mark("Forms of the buyer that every bidder attaches."),
        mark("Papers that only look alike: that shows in the files, which are no data here."),
    ),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/documents", "bids/details/tenderers/id"),
    check=check,
)
