"""R047: does the winner leave any trace?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Reason
from boyau.watch.process import Process


def check(process: Process, _options: Any) -> Answer:
    """Look at the winners that are described."""
    winners = [party for party in process.parties if party.id in process.winners()]
    if not winners:
        return Reason.NOTHING_TO_COMPARE
    bare = sorted(party.id or "" for party in winners if party.contactPoint is None or not party.contactPoint.url)
    return Hit(len(bare), {"winners": len(winners)}, tuple(bare), 1) if bare else None


FLAG = Flag(
    id="R047",
    title=mark("Supplier is not traceable on the web"),
    question=mark("Does a winning bidder have no address on the web, where others have one?"),
    formula="url(winner) = ∅",
    fields=("awards/suppliers/name", "awards/suppliers/id", "parties/contactPoint/url"),
    alarms=(mark("Small trades that need no web site."),),
    basis=(bases.OCP,),
    needs=("bids/details/tenderers/id", "awards/suppliers/id"),
    somewhere=("parties/contactPoint/url",),
    check=check,
)
