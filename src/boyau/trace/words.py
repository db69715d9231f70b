"""The few words a flow is shown with; their translations are in the catalogues."""

from boyau.language.catalogue import LANGUAGES, language
from boyau.language.catalogue import mark as _
from boyau.trace.errors import TraceError

_WORDS = {
    # kinds of nodes, also heads of columns
    "source": _("Source"),
    "colour": _("Colour"),
    "holder": _("Contractor"),
    "payee": _("Payee"),
    "participant": _("Participant"),
    "unspent": _("Unspent"),
    "held": _("On hold"),
    "returned_to": _("Returned to {name}"),
    "other": _("other ({count})"),
    "back_to": _("back to {name}"),
    "back_from": _("back from {name}"),
    # totals
    "came": _("Came in"),
    "received": _("Received by payees"),
    "returned": _("Returned to source"),
    "elsewhere": _("On other accounts"),
    "given_back": _("Given back on the way"),
    # the table
    "from": _("From"),
    "to": _("To"),
    "amount": _("Amount"),
    "share": _("Share"),
    "given_back_short": _("Given back"),
    "entries": _("Entries"),
    "table": _("The same figures as a table"),
    "nothing": _("No money moved"),
    "drawing": _("Diagram of the flow of money, left to right: {nodes} nodes, {links} links."),
}


def word(what: str, language_code: str) -> str:
    """Return the word or phrase for *what*; phrases may hold ``{name}`` or ``{count}`` for the caller to fill."""
    if language_code not in LANGUAGES:
        raise TraceError(f"no language {language_code}; there are {', '.join(LANGUAGES)}")
    return language(language_code).text(_WORDS[what])
