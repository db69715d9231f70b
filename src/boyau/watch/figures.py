"""How exact figures are written: never through a binary float."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

PLACES = 4


def written(value: Any) -> Any:
    """Return a figure for JSON: whole numbers as they are, decimals as texts, other fractions as ``"1/3"``."""
    if isinstance(value, bool) or not isinstance(value, Decimal | Fraction):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.numerator if value.denominator == 1 else str(value)


def rounded(value: Any, places: int = PLACES) -> str:
    """Return a figure for people: rounded half away from zero, without needless zeros."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction):
        return str(value)
    exact = Fraction(value)
    scaled = (abs(exact) * 10**places * 2 + 1) // 2
    whole, rest = divmod(int(scaled), 10**places)
    sign = "-" if exact < 0 and scaled else ""
    return f"{sign}{whole}.{rest:0{places}}".rstrip("0").rstrip(".") if places else f"{sign}{whole}"
