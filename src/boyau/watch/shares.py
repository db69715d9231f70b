# cython: annotation_typing=False
"""How often something is so with a party, or with a kind of goods, out of how many times it was asked."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from boyau.watch.fences import quartiles
from boyau.watch.flag import Exact, Found, Group, Reason
from boyau.watch.process import Process

Told = Iterable[tuple[str, bool]] | Reason
"""Of one process: of which subjects it is told, and whether it is so."""


class Shares:
    """Counts, and fences off the subjects whose share is a high outlier.

    *least* is the fewest times that count, *threshold* a share that replaces the fence. A share of nothing is no
    outlier.
    """

    def __init__(
        self,
        group: Group,
        told: Callable[[Process], Told],
        *,
        least: int,
        threshold: Exact | None = None,
    ) -> None:
        self._group, self._told, self._least = group, told, least
        self._threshold = None if threshold is None else Fraction(threshold)
        self.meta: dict[str, Exact | None] = {}
        self._counts: defaultdict[str, list[int]] = defaultdict(_nothing)

    def add(self, process: Process) -> Reason | None:
        """Count one process."""
        told = self._told(process)
        if isinstance(told, Reason):
            return told
        for subject, so in told:
            count = self._counts[subject]
            count[0] += so
            count[1] += 1
        return None

    def merge(self, other: Any) -> None:
        """Add another's counts."""
        for subject, (so, asked) in other._counts.items():  # noqa: SLF001 - one class
            count = self._counts[subject]
            count[0] += so
            count[1] += asked

    def finish(self) -> list[Found]:
        """Return the subjects that stand out."""
        counts = {who: count for who, count in self._counts.items() if count[1] >= self._least}
        fence = self._threshold
        if fence is None:
            fences = quartiles(Fraction(so, asked) for so, asked in counts.values())
            fence = fences.upper
            self.meta = {"q1": fences.q1, "q3": fences.q3}
        self.meta["upper_fence"] = fence
        return [
            Found(self._group, who, Fraction(so, asked), {"so": so, "of": asked, "upper_fence": fence})
            for who, (so, asked) in sorted(counts.items())
            if so and fence is not None and Fraction(so, asked) >= fence
        ]


def _nothing() -> list[int]:
    return [0, 0]
