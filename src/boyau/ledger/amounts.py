"""Amounts: integers in minor units, from text and back, and split without losing a unit."""

import re
from collections.abc import Sequence

from boyau.ledger.rows import AMOUNT_MAX

_AMOUNT = re.compile(r"(-?)([0-9]{1,19})(?:\.([0-9]{1,18}))?")


class AmountError(ValueError):
    """A text that is not an amount; the message says what to write instead."""


def parse(text: object, scale: int = 2) -> int:
    """Read an amount of major units, ``"1234.56"``, as an integer of minor units.

    Only a string is taken: JSON numbers lose digits on the way. Zero is an amount; a negative one is not.
    """
    if not isinstance(text, str):
        raise AmountError(f'an amount is a string such as "1234.56", not {text!r}')
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise AmountError(f'{text[:40]!r} is not an amount; write digits with a point, such as "1234.56"')
    sign, whole, fraction = match.groups(default="")
    if sign:
        raise AmountError(f"{text!r} is negative; amounts are not, the direction is told by debit and credit")
    if len(fraction.rstrip("0")) > scale:
        raise AmountError(f"{text!r} has more than {scale} decimals")
    minor: int = int(whole) * 10**scale + int(fraction.rstrip("0").ljust(scale, "0") or "0")
    if minor > AMOUNT_MAX:
        raise AmountError(f"{text!r} is above the largest amount, {write(AMOUNT_MAX, scale)}")
    return minor


def write(minor: int, scale: int = 2) -> str:
    """Write minor units as major units with all decimals: ``123456`` → ``"1234.56"``. Differences may be negative."""
    if scale == 0:
        return str(minor)
    sign = "-" if minor < 0 else ""
    whole, fraction = divmod(abs(minor), 10**scale)
    return f"{sign}{whole}.{fraction:0{scale}d}"


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split *total* by *weights* by the method of largest remainders: the parts always sum to the whole.

    Ties go to the earlier weight, so that the result is one function of its arguments.
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("a split needs a total of at least 0 and weights of at least 0, not all 0")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda k: (-(total * weights[k] % whole), k))
    for k in by_remainder[: total - sum(parts)]:
        parts[k] += 1
    return parts
