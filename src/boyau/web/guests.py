"""Guests of the demonstration: for each role an account into which anybody at this machine steps by one click.

In an ordinary installation there are none, and the address answers as one that leads nowhere.
"""

from fastapi import Request

from boyau.service.gate.access import Access
from boyau.web.pages import Page

LOCAL = frozenset({"127.0.0.1", "::1"})


def invite(access: Access, role: str, colour: str, participant: str) -> str:
    """Make the guest of a role, where there is none yet; return the account."""
    known = guest(access, role)
    if known:
        return known
    account = access.people.add("person", f"guest: {role}")
    access.people.grant(account, role, colour, participant, "demonstration")
    with access.store.change():
        access.store.set_meta(f"guest {role}", account)
    return account


def guest(access: Access, role: str) -> str:
    """Return the account of a role's guest, "" where there is none."""
    return access.store.meta(f"guest {role}")


def may_enter(page: Page, request: Request) -> bool:
    """Tell whether this request may become a guest: in the demonstration, at this machine, from our own page."""
    peer = request.client.host if request.client else ""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    # Our pages send no referrer, and then a browser hides the origin of a form as well: it says `null`.
    ours = site == "same-origin" if site is not None else origin == page.access.origin
    return page.demonstration and peer in LOCAL and ours
