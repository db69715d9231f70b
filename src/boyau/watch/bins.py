"""Kazakhstan's business identification numbers: twelve digits that say when a legal person was registered.

Digits 1 to 4 are the year and month of registration, digit 5 the kind (4 resident, 5 non-resident, 6 joint enterprise
of sole traders), digit 12 the check digit by weights 1 to 11 modulo 11, where that gives 10 by weights 3 to 11, 1, 2.
"""

import datetime as dt

_FIRST = tuple(range(1, 12))
_SECOND = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_LEGAL = "456"
_CENTURY_FROM = 90
"""Years of two digits from here on are of the last century; independence was in 1991."""


def is_bin(text: str) -> bool:
    """Tell whether *text* is the number of a legal person. Numbers of natural persons are none."""
    if len(text) != 12 or not (text.isascii() and text.isdigit()) or text[4] not in _LEGAL:
        return False
    digits = [int(one) for one in text]
    rest = sum(weight * one for weight, one in zip(_FIRST, digits, strict=False)) % 11
    if rest == 10:
        rest = sum(weight * one for weight, one in zip(_SECOND, digits, strict=False)) % 11
    return rest == digits[11]


def registration(text: str) -> dt.date | None:
    """Return the first day of the month of registration; None where *text* is no BIN or has no such month."""
    if not is_bin(text):
        return None
    year, month = int(text[:2]), int(text[2:4])
    if not 1 <= month <= 12:
        return None
    return dt.date(year + (1900 if year >= _CENTURY_FROM else 2000), month, 1)
