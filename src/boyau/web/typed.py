"""What people type into forms, read as they mean it or not at all: sums, quantities, days.

``static/pay.js`` reads sums by the same rules while somebody types; tests/web/test_pay_form.py asks both the same
questions.
"""

import datetime as dt
import re

from boyau.language.catalogue import mark as _
from boyau.ledger import AMOUNT_MAX

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'\u2019_]")
_SIGN = re.compile(r"(?:₸|KZT|тг\.?|тенге|теңге)$", re.IGNORECASE)
_MARKS = re.compile(r"[.,]")
CHARS_MAX = 60


class TypedError(ValueError):
    """What was typed cannot be taken; ``source`` is the text that says what to write, ``values`` what it names."""

    def __init__(self, source: str, **values: object) -> None:
        super().__init__(source)
        self.source, self.values = source, values


def amount(text: str, scale: int = 2) -> str:
    """Read a sum as people write it, ``1 500 000,50``, as the API takes it: ``1500000.50``.

    A mark before three last digits may mean thousands or a fraction: that is asked, not guessed.
    """
    bare = _SIGN.sub("", _SPACES.sub("", text[: CHARS_MAX + 1]))
    if not bare:
        raise TypedError(_("Write the amount."))
    if bare[0] in "-\u2212\u2013" or bare.startswith("("):
        raise TypedError(_("An amount is never negative: choose what to do instead, as giving money back."))
    if not re.fullmatch(r"[0-9.,]+", bare) or not bare[0].isdigit() or len(text) > CHARS_MAX:
        raise TypedError(_("Write the amount in digits, as 1 500 000,50."))
    whole, fraction = _parts(bare, scale)
    if len(fraction.rstrip("0")) > scale:
        raise TypedError(_("At most {number} digits may stand after the decimal mark."), number=scale)
    whole = whole.lstrip("0") or "0"
    minor = int(whole + fraction.rstrip("0").ljust(scale, "0"))
    if minor == 0:
        raise TypedError(_("The amount must be above zero."))
    if minor > AMOUNT_MAX:
        raise TypedError(_("This is more than a ledger can hold. Check the number of digits."))
    return f"{whole}.{fraction.rstrip('0').ljust(scale, '0')}" if scale else whole


def _parts(bare: str, scale: int) -> tuple[str, str]:
    """Return whole and fraction of digits with marks among them."""
    marks = _MARKS.findall(bare)
    groups = _MARKS.split(bare)
    if not marks:
        return bare, ""
    if len(set(marks)) == 1:
        if len(marks) > 1:  # 1.500.000
            return _thousands(groups), ""
        if len(groups[1]) == 3 and scale < 3 and len(groups[0]) <= 3:
            fraction = groups[1].rstrip("0") or "0"
            asked = _("Is this {one} or {other}? Write it without the mark, or with the digits after it.")
            raise TypedError(asked, one=groups[0] + groups[1], other=f"{groups[0]},{fraction}")
        return groups[0], groups[1]
    if len(set(marks[:-1])) != 1 or marks[-1] in marks[:-1]:
        raise TypedError(_("Write the amount in digits, as 1 500 000,50."))
    return _thousands(groups[:-1]), groups[-1]


def _thousands(groups: list[str]) -> str:
    if not 0 < len(groups[0]) <= 3 or any(len(one) != 3 for one in groups[1:]):
        raise TypedError(_("Write the amount in digits, as 1 500 000,50."))
    return "".join(groups)


def day(text: str) -> str:
    """Read a day, ``2026-11-24`` or ``24.11.2026``, as ``2026-11-24``; "" stays."""
    bare = text.strip()
    if not bare:
        return ""
    match = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", bare)
    if match:
        bare = f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    try:
        return dt.date.fromisoformat(bare[:20]).isoformat()
    except ValueError:
        raise TypedError(_("Write a day that there is, as 24.11.2026.")) from None
