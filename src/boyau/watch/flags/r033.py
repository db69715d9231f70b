"""R033: do rivals have the same big shareholder?"""

from decimal import Decimal
from itertools import combinations
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.model import Party
from boyau.watch.process import Process


def owners(party: Party, options: Any) -> set[str]:
    """Return who holds at least the threshold."""
    return {
        one.shareholder.id
        for one in party.shareholders or ()
        if one.shareholder is not None and one.shareholder.id and (one.shareholding or 0) >= options.threshold
    }


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
    id="R033",
    title=mark("Bidders share same major shareholder"),
    question=mark("Do bidders have the same major shareholder?"),
    formula="major(a) ∩ major(b) ≠ ∅, a ≠ b; major: shareholding ≥ threshold",
    fields=("parties/roles", "parties/id", "parties/shareholders/shareholder/id", "parties/shareholders/shareholding"),
    alarms=(mark("Investment funds that hold a little of everything: raise the threshold."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/tenderers/id", "parties/shareholders"),
    options={
        "threshold": Option(Decimal("0.25"), mark("share from which on a shareholder is major"), Decimal),
    },
    check=check,
)
