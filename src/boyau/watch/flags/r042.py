"""R042: can the bidder be found?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Reason
from boyau.watch.process import Process


def check(process: Process, _options: Any) -> Answer:
    """Look at the address and the telephone of every bidder that is described."""
    odd = {}
    bidders = [party for party in process.parties if party.id in process.participants]
    for party in bidders:
        address, contact = party.address, party.contactPoint
        if address is not None and not any(
            (address.streetAddress, address.locality, address.region, address.postalCode)
        ):
            odd[party.id or ""] = "address"
        telephone = contact.telephone if contact is not None else None
        if telephone:
            digits = [one for one in telephone if one.isdigit()]
            if len(digits) < 7 or len(set(digits)) == 1:
                odd[party.id or ""] = "telephone"
    if not bidders:
        return Reason.NOTHING_TO_COMPARE
    return Hit(len(odd), {"odd": sorted(set(odd.values()))}, tuple(sorted(odd)), 1) if odd else None


FLAG = Flag(
    id="R042",
    title=mark("Bidder has abnormal address or phone number"),
    question=mark("Does a bidder have no address or a telephone number that cannot be one?"),
    formula="address = ∅, or digits(telephone) < 7, or all digits equal",
    fields=("parties/address", "parties/contactPoint"),
    alarms=(mark("Publishers that hide addresses of natural persons."),),
    basis=(bases.OCP,),
    needs=("bids/details/tenderers/id", "parties/address|parties/contactPoint"),
    check=check,
)
