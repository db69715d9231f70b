"""Codes as numbers: what begins with a prefix becomes one interval, so that the kernel compares integers.

Item codes: scheme × 10^18 + the digits, left-aligned to 18 places. Regions: KATO, left-aligned to 9 digits.
"""

import datetime as dt
import re

SCHEMES = {"ENSTRU": 1, "CPV": 2, "GTIN": 3, "KPVED": 4, "OTHER": 5}
_PLACES = 18
_KATO = 9
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ITEM = re.compile(r"([A-Z]+):([0-9][0-9.\- ]{0,40})")
_REGION = re.compile(r"[1-9][0-9]{0,8}")
_EPOCH = dt.date(1970, 1, 1).toordinal()
_DAY_US = 86_400_000_000

Interval = tuple[int, int]


class CodeError(ValueError):
    """A code that cannot be read; the message says what to write."""


def item_interval(text: str) -> Interval:
    """Return the numbers of all items whose code begins with *text*, such as ``ENSTRU:42.11`` (marks are ignored)."""
    match = _ITEM.fullmatch(text)
    if match is None or match[1] not in SCHEMES:
        raise CodeError(f"{text[:60]!r} is not an item code; write SCHEME:digits, SCHEME one of {', '.join(SCHEMES)}")
    digits = re.sub(r"[^0-9]", "", match[2])
    if len(digits) > _PLACES:
        raise CodeError(f"{text[:60]!r} has more than {_PLACES} digits")
    width = 10 ** (_PLACES - len(digits))
    low = SCHEMES[match[1]] * 10**_PLACES + int(digits) * width
    return low, low + width - 1


def item_number(text: str) -> int:
    """Return the number of one item; the empty text is 0, no item."""
    return item_interval(text)[0] if text else 0


def item_text(number: int) -> str:
    """Write an item's number as ``SCHEME:digits``; zeros at the end cannot be told from filling and are left out."""
    if not number:
        return ""
    scheme = next((name for name, n in SCHEMES.items() if n == number // 10**_PLACES), "OTHER")
    digits = f"{number % 10**_PLACES:018d}".rstrip("0")
    return f"{scheme}:{digits or '0'}"


def region_interval(text: str) -> Interval:
    """Return the KATO numbers that begin with *text*."""
    if not _REGION.fullmatch(text):
        raise CodeError(f"{text[:20]!r} is not a region; write 1 to 9 digits of its KATO code")
    width = 10 ** (_KATO - len(text))
    low = int(text) * width
    return low, low + width - 1


def region_number(text: str) -> int:
    """Return the number of one region; the empty text is 0, none."""
    return region_interval(text)[0] if text else 0


def meet(one: tuple[Interval, ...], other: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Intersect two sorted sequences of disjoint intervals."""
    out, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        low, high = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if low <= high:
            out.append((low, high))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(out)


def join(intervals: list[Interval]) -> tuple[Interval, ...]:
    """Sort intervals and merge those that overlap or touch."""
    out: list[Interval] = []
    for low, high in sorted(intervals):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return tuple(out)


def day(text: object) -> int:
    """Read ``YYYY-MM-DD`` as days since 1970-01-01."""
    try:
        if not isinstance(text, str) or not _DATE.fullmatch(text):
            raise ValueError
        return dt.date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        raise CodeError(f"{text!r} is not a date; write YYYY-MM-DD") from None


def day_text(days: int) -> str:
    """Write days since 1970-01-01 as ``YYYY-MM-DD``."""
    return dt.date.fromordinal(days + _EPOCH).isoformat()


def day_of(at: int) -> int:
    """Return the UTC day of a journal time in microseconds."""
    return at // _DAY_US


_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z")


def instant(text: object) -> int:
    """Read ``YYYY-MM-DDTHH:MM:SS[.ffffff]Z`` as microseconds since 1970-01-01 UTC."""
    try:
        if not isinstance(text, str) or not _INSTANT.fullmatch(text):
            raise ValueError
        since = dt.datetime.fromisoformat(text.removesuffix("Z")) - dt.datetime(1970, 1, 1)  # noqa: DTZ001 - both UTC
    except ValueError:
        raise CodeError(f"{text!r:.40} is not a moment; write YYYY-MM-DDTHH:MM:SSZ") from None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
