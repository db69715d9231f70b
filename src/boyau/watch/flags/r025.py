"""R025: does somebody bid all the time and hardly ever win?"""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.fences import quantile, quartiles
from boyau.watch.flag import Exact, Flag, Found, Group, Option, Reason
from boyau.watch.process import Process


class Losers:
    """How often each tenderer took part with a valid bid, and how often it won. Counted once a process."""

    def __init__(self, percentile: int, threshold: Fraction | None) -> None:
        self._percentile, self._threshold = percentile, threshold
        self.meta: dict[str, Exact | None] = {}
        self._counts: defaultdict[str, list[int]] = defaultdict(_nothing)

    def add(self, process: Process) -> Reason | None:
        """Count the tenderers of one process."""
        winner = process.sole_winner()
        if isinstance(winner, Reason):
            return winner
        for tenderer in {
            bid.tenderers[0].id for bid in process.valid if bid.tenderers is not None and len(bid.tenderers) == 1
        }:
            if tenderer is not None:
                count = self._counts[tenderer]
                count[0] += tenderer == winner
                count[1] += 1
        return None

    def merge(self, other: Any) -> None:
        """Add another's counts."""
        for tenderer, (won, took_part) in other._counts.items():  # noqa: SLF001 - one class
            count = self._counts[tenderer]
            count[0] += won
            count[1] += took_part

    def finish(self) -> list[Found]:
        """Fence off those who take part often and win least. Where a quarter never wins, that is no outlier."""
        often = quantile(sorted(took_part for _, took_part in self._counts.values()), Fraction(self._percentile, 100))
        fences = quartiles(Fraction(won, took_part) for won, took_part in self._counts.values())
        given = self._threshold is not None
        fence = self._threshold if given else fences.lower
        self.meta = {} if given else {"q1": fences.q1, "q3": fences.q3}
        self.meta |= {"upper_fence": often, "lower_fence": fence}
        if often is None or fence is None or fence <= 0 or (not given and not fences.q1):
            return []
        return [
            Found(Group.TENDERER, tenderer, Fraction(won, part), {"won": won, "took_part": part, "lower_fence": fence})
            for tenderer, (won, part) in sorted(self._counts.items())
            if part >= often and Fraction(won, part) <= fence
        ]


def _nothing() -> list[int]:
    return [0, 0]


def gather(options: Any) -> Losers:
    """Begin."""
    return Losers(options.percentile, None if options.threshold is None else Fraction(options.threshold))


FLAG = Flag(
    id="R025",
    title=mark("Excessive unsuccessful bids"),
    question=mark("Does a tenderer take part often and almost never win?"),
    formula="took part ≥ percentile of all, and won / took part ≤ q1 − 1.5 (q3 − q1), or ≤ threshold",
    fields=("awards/suppliers/id", "bids/details/status", "bids/details/tenderers/id"),
    alarms=(mark("A newcomer that still learns, or a branch that bids on behalf of others."),),
    basis=(bases.OCP,),
    needs=("bids/details/tenderers/id", "awards/suppliers/id"),
    options={
        "percentile": Option(75, mark("from which percentile of participations on somebody takes part often")),
        "threshold": Option(None, mark("share instead of the fence that is computed"), Decimal),
    },
    gather=gather,
)
