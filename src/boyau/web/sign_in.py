"""The page on which people sign in: the one-time link is used up here, and passkeys are made and used.

The link stands behind the `#` of the address, which no browser sends: it reaches neither logs nor proxies. Nobody is
led elsewhere than to a page of ours: ``next`` is a path and nothing else.
"""

import re

from fastapi import APIRouter, Response

from boyau.language.catalogue import mark as _
from boyau.web.pages import ROLE_NAMES, Asked

router = APIRouter(include_in_schema=False)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
TEXTS = {
    "begin": _("Sign in with a passkey"),
    "make": _("Make a passkey"),
    "first": _(
        "The link is good. Make a passkey now: your phone, your computer or a security key will be your key here."
    ),
    "welcome": _("People sign in with a passkey. There is no password that could be stolen."),
    "inside": _("You are signed in."),
    "out": _("Sign out"),
    "spent": _("This link was used before, or is too old. Ask for another one."),
    "failed": _("It did not work. Begin again; nothing was changed."),
    "cancelled": _("You have stopped it, or no passkey of this service is on this device."),
    "unable": _("This browser knows no passkeys. Take a newer one."),
    "wait": _("One moment…"),
    "script": _("This page needs JavaScript: passkeys cannot be used without it."),
    "roles": _("What you may do"),
    "none": _("Nothing yet: an administrator gives you a role."),
    "home": _("To my accounts"),
    "on": _("Go on to where you were"),
}
_PATH = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@?/]|%[0-9A-Fa-f]{2})*")
NEXT_CHARS_MAX = 700


def same_site(address: str) -> str:
    """Return *address* where it is a path of this site, else "".

    No host can be in it: two slashes, or a backslash that browsers read as one, would begin one.
    """
    fits = len(address) <= NEXT_CHARS_MAX and _PATH.fullmatch(address) and not address.startswith("//")
    return address if fits and not address.startswith("/sign-in") else ""


@router.get("/sign-in")
def sign_in(page: Asked) -> Response:
    """Return the page, in the language of the browser or of the choice made on it."""
    words = page.words
    return page.render(
        "sign_in.html", headers={"Content-Security-Policy": POLICY},
        texts={name: words.text(text) for name, text in TEXTS.items()},
        next=same_site(page.request.query_params.get("next", "")),
        roles={name: words.text(text) for name, text in ROLE_NAMES.items()},
        providers=sorted(page.access.openid.providers),
    )  # fmt: skip
