"""R043: does a bidder sit at the buyer's own telephone?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.contacts import contacts
from boyau.watch.flag import Answer, Flag, Hit, Reason
from boyau.watch.process import Process


def check(process: Process, _options: Any) -> Answer:
    """Compare every bidder's contacts with those of the buyer's side."""
    official: set[str] = set()
    for party in process.parties:
        if {"buyer", "procuringEntity"} & set(party.roles or ()):
            official |= contacts(party)
    if not official:
        return Reason.NOTHING_TO_COMPARE
    same = sorted(
        party.id or ""
        for party in process.parties
        if party.id in process.participants
        and not {"buyer", "procuringEntity"} & set(party.roles or ())
        and contacts(party) & official
    )
    return Hit(len(same), {"bidders": len(same)}, tuple(same), 1) if same else None


FLAG = Flag(
    id="R043",
    title=mark("Bidder has same contact information as project official"),
    question=mark("Does a bidder have the same contact as the buyer?"),
    formula="contact(bidder) ∩ contact(buyer) ≠ ∅; contact: e-mail, telephone, street with locality",
    fields=("parties/roles", "parties/id", "parties/contactPoint", "parties/address"),
    alarms=(mark("Towns with one street, one exchange, one post office."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/tenderers/id", "parties/contactPoint|parties/address"),
    check=check,
)
