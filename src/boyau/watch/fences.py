"""Quartiles and fences, exactly.

An outlier is what lies beyond a quartile by one and a half interquartile ranges (Tukey).

Quantiles are median-unbiased (Hyndman and Fan 1996, definition 8), which Cardinal uses too.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from boyau.watch.flag import Exact

_THIRD = Fraction(1, 3)
_REACH = Fraction(3, 2)


class Quartiles(NamedTuple):
    """The first and third quartile of something; None where there was nothing."""

    q1: Fraction | None
    q3: Fraction | None

    @property
    def lower(self) -> Fraction | None:
        """The lower fence, q1 − 1.5 (q3 − q1)."""
        return None if self.q1 is None or self.q3 is None else self.q1 - _REACH * (self.q3 - self.q1)

    @property
    def upper(self) -> Fraction | None:
        """The upper fence, q3 + 1.5 (q3 − q1)."""
        return None if self.q1 is None or self.q3 is None else self.q3 + _REACH * (self.q3 - self.q1)


def quantile(ordered: Sequence[Exact], share: Fraction) -> Fraction | None:
    """Return the quantile *share* (0 to 1) of values in rising order; None if there are none."""
    if not ordered:
        return None
    place = (len(ordered) + _THIRD) * share + _THIRD
    whole = int(place)
    if whole <= 0 or share == 0:
        return Fraction(ordered[0])
    if whole >= len(ordered) or share == 1:
        return Fraction(ordered[-1])
    below, above = Fraction(ordered[whole - 1]), Fraction(ordered[whole])
    return below + (place - whole) * (above - below)


def quartiles(values: Iterable[Exact]) -> Quartiles:
    """Return both quartiles of *values*."""
    return quartiles_of(sorted(values))


def quartiles_of(ordered: Sequence[Exact]) -> Quartiles:
    """Return both quartiles of values in rising order."""
    return Quartiles(quantile(ordered, Fraction(1, 4)), quantile(ordered, Fraction(3, 4)))


def median(values: Iterable[Exact]) -> Fraction | None:
    """Return the median; None if there are none."""
    return quantile(sorted(values), Fraction(1, 2))
