"""R044: do rivals share a telephone or an address?"""

from itertools import combinations
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.contacts import contacts
from boyau.watch.flag import Answer, Flag, Hit, Reason
from boyau.watch.model import Party
from boyau.watch.process import Process


def owners(party: Party, _options: Any) -> set[str]:
    """Return what a bidder can be reached by."""
    return contacts(party)


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
    id="R044",
    title=mark("Business similarities between bidders"),
    question=mark("Do bidders share a telephone, an e-mail or an address?"),
    formula="contact(a) ∩ contact(b) ≠ ∅, a ≠ b; contact: e-mail, telephone, street with locality",
    fields=("parties/roles", "parties/id", "parties/address", "parties/contactPoint"),
    alarms=(
        mark("Business centres with one address for all."),
        mark("An agency that hands in bids for several firms."),
    ),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/tenderers/id", "parties/contactPoint|parties/address"),
    check=check,
)
