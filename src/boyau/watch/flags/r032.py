"""R032: do rivals belong to the same person?"""

from itertools import combinations
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Reason
from boyau.watch.model import Party
from boyau.watch.process import Process


def owners(party: Party, _options: Any) -> set[str]:
    """Return the owners, by id or else by nothing: namesakes are not the same person."""
    return {owner.id for owner in party.beneficialOwners or () if owner.id}


def check(process: Process, options: Any) -> Answer:
    """Compare every bidder with every other."""
    bidders = [party for party in process.parties if party.id in process.participants]
    if len(bidders) < 2:
        return Reason.FEW_BIDS
    known = {party.id or "": owners(party, options) for party in bidders}
    if not any(known.values()):
        return Reason.NOTHING_TO_COMPARE
    same = [(a, b, known[a] & known[b]) for a, b in combinations(sorted(known), 2) if known[a] & known[b]]
    if not same:
        return None
    parties = sorted({who for a, b, _ in same for who in (a, b)})
    return Hit(len(same), {"pairs": len(same), "shared": len(set().union(*(s for _, _, s in same)))}, tuple(parties), 1)


FLAG = Flag(
    id="R032",
    title=mark("Bidders share same beneficial owner"),
    question=mark("Do bidders have the same beneficial owner?"),
    formula="owners(a) ∩ owners(b) ≠ ∅, a ≠ b",
    fields=("parties/roles", "parties/id", "parties/beneficialOwners/name", "parties/beneficialOwners/id"),
    alarms=(mark("State holdings, whose daughters have one owner by law."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/tenderers/id", "parties/beneficialOwners"),
    check=check,
)
