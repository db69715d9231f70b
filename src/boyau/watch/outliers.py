"""One figure a process, and which of them lie outside. Flags on durations, shares and prices differ in the figure."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Flag as Bits
from enum import auto
from fractions import Fraction
from typing import Any, NamedTuple

from boyau.watch.fences import quartiles_of
from boyau.watch.flag import Exact, Found, Group, Reason, Row
from boyau.watch.process import Process


class Side(Bits):
    """On which side outliers are looked for."""

    LOW = auto()
    HIGH = auto()


class Figure(NamedTuple):
    """What is compared: *value* among those of one *key*; *of* names two figures whose quotient it is."""

    value: Exact
    evidence: tuple[tuple[str, Any], ...] = ()
    key: str = ""
    row: Row | None = None


class Outliers:
    """Gathers figures and fences off the outliers of every key.

    *threshold* replaces the fence, *least* is the fewest figures of a key that fences are made of. What is equal to
    nothing (zero) is no high outlier.
    """

    def __init__(
        self,
        figures: Callable[[Process], Iterable[Figure] | Reason],
        side: Side,
        *,
        threshold: Exact | None = None,
        least: int = 4,
    ) -> None:
        self._figures, self._side, self._least = figures, side, least
        self._threshold = None if threshold is None else Fraction(threshold)
        self.meta: dict[str, Exact | None] = {}
        self._keys: dict[str, list[tuple[Row, Exact, tuple[tuple[str, Any], ...]]]] = {}

    def add(self, process: Process) -> Reason | None:
        """Take the figures of one process in."""
        found = self._figures(process)
        if isinstance(found, Reason):
            return found
        for value, evidence, key, row in found:
            self._keys.setdefault(key, []).append((row or process.row(), value, evidence))
        return None

    def merge(self, other: Any) -> None:
        """Take in another's figures."""
        for key, found in other._keys.items():  # noqa: SLF001 - one class
            self._keys.setdefault(key, []).extend(found)

    def finish(self) -> list[Found]:
        """Return the outliers of every key."""
        return [one for key in sorted(self._keys) for one in self._of(key)]

    def _of(self, key: str) -> Iterable[Found]:
        kept = sorted(self._keys[key], key=_value)
        values = [value for _, value, _ in kept]
        low, high = self._fences(key, values)
        outside = []
        if high is not None:  # found by halves: comparing every figure with a fraction would take longest of all
            first = max(bisect_left(values, high), bisect_right(values, 0))
            outside += [(one, ("upper_fence", high)) for one in kept[first:]]
        if low is not None:
            outside += [(one, ("lower_fence", low)) for one in kept[: bisect_right(values, low)]]
        for (row, value, evidence), fence in sorted(outside, key=lambda one: (one[0][0].ocid, one[0][1])):
            told: Mapping[str, Any] = dict((*evidence, *((("key", key),) if key else ()), fence))
            yield Found(Group.OCID, row.ocid, value, told, row)

    def _fences(self, key: str, values: list[Any]) -> tuple[Fraction | None, Fraction | None]:
        high, low = Side.HIGH in self._side, Side.LOW in self._side
        if self._threshold is not None:
            return (self._threshold if low else None), (self._threshold if high else None)
        if len(values) < self._least:
            return None, None
        fences = quartiles_of(values)
        if not key:
            self.meta = {"q1": fences.q1, "q3": fences.q3}
            self.meta |= {"lower_fence": fences.lower} if low else {}
            self.meta |= {"upper_fence": fences.upper} if high else {}
        return (fences.lower if low else None), (fences.upper if high else None)


def _value(one: tuple[Row, Any, Any]) -> Any:
    return one[1]


def quotient(part: Decimal, whole: Decimal) -> Fraction:
    """Return part / whole, exactly. *whole* is not zero."""
    return Fraction(part) / Fraction(whole)
