"""What an organisation can be reached by, written so that the same is equal."""

from boyau.watch.model import Party

_DIGITS_LEAST = 7
"""A shorter number is no telephone of its own."""


def contacts(party: Party) -> set[str]:
    """Return e-mail, the last ten digits of the telephone, and street with locality; what is not told is left out."""
    found = set()
    contact, address = party.contactPoint, party.address
    if contact is not None and contact.email and "@" in contact.email:
        found.add(contact.email.strip().casefold())
    if contact is not None and contact.telephone:
        digits = "".join(one for one in contact.telephone if one.isdigit())[-10:]
        if len(digits) >= _DIGITS_LEAST and len(set(digits)) > 1:
            found.add(digits)
    if address is not None and address.streetAddress and address.locality:
        found.add(" ".join(f"{address.streetAddress} {address.locality}".casefold().split()))
    return found
