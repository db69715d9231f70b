"""R038: does somebody disqualify, or get disqualified, far more than others?"""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.fences import quartiles
from boyau.watch.flag import Exact, Flag, Found, Group, Option, Reason
from boyau.watch.process import Process, ids

_GROUPS = (Group.BUYER, Group.PROCURING_ENTITY, Group.TENDERER)


class Disqualifications:
    """Disqualified and submitted bids of every buyer, procuring entity and tenderer."""

    def __init__(self, options: Any) -> None:
        self._threshold = None if options.threshold is None else Fraction(options.threshold)
        self._least = {
            Group.BUYER: options.minimum_contracting_processes,
            Group.PROCURING_ENTITY: options.minimum_contracting_processes,
            Group.TENDERER: options.minimum_submitted_bids,
        }
        self.meta: dict[str, Exact | None] = {}
        self._counts: dict[Group, defaultdict[str, list[int]]] = {group: defaultdict(_nothing) for group in _GROUPS}

    def add(self, process: Process) -> Reason | None:
        """Count the bids of one process."""
        submitted = process.submitted
        if not submitted:
            return Reason.FEW_BIDS
        tenderers = self._counts[Group.TENDERER]
        disqualified = 0
        for bid in submitted:
            bad = bid.status == "disqualified"
            disqualified += bad
            for tenderer in ids(bid.tenderers):
                count = tenderers[tenderer]
                count[0] += bad
                count[1] += 1
        for group, who in (
            (Group.BUYER, process.release.buyer),
            (Group.PROCURING_ENTITY, process.tender.procuringEntity),
        ):
            if who is not None and who.id:
                count = self._counts[group][who.id]
                count[0] += disqualified
                count[1] += len(submitted)
        return None

    def merge(self, other: Any) -> None:
        """Add another's counts."""
        for group in _GROUPS:
            for who, (bad, all_) in other._counts[group].items():  # noqa: SLF001 - one class
                count = self._counts[group][who]
                count[0] += bad
                count[1] += all_

    def finish(self) -> list[Found]:
        """Fence off the high outliers of every group. Where three quarters have none, nobody is an outlier."""
        return [one for group in _GROUPS for one in self._finish(group)]

    def _finish(self, group: Group) -> list[Found]:
        counts = {who: c for who, c in self._counts[group].items() if c[1] >= self._least[group]}
        if not counts:
            return []
        fences = quartiles(Fraction(bad, all_) for bad, all_ in counts.values())
        if self._threshold is None:
            self.meta |= {f"{group}_q1": fences.q1, f"{group}_q3": fences.q3}
        fence = fences.upper if self._threshold is None else self._threshold
        self.meta[f"{group}_upper_fence"] = fence
        if fence is None or fence <= 0:
            return []
        return [
            Found(group, who, Fraction(bad, all_), {"disqualified": bad, "submitted": all_, "upper_fence": fence})
            for who, (bad, all_) in sorted(counts.items())
            if Fraction(bad, all_) >= fence
        ]


def _nothing() -> list[int]:
    return [0, 0]


FLAG = Flag(
    id="R038",
    title=mark("Excessive disqualified bids"),
    question=mark("Are far more bids disqualified at this buyer, or of this tenderer, than at others?"),
    formula="disqualified / submitted ≥ q3 + 1.5 (q3 − q1), or ≥ threshold",
    fields=("bids/details/status", "bids/details/tenderers/id", "buyer/id", "tender/procuringEntity/id"),
    alarms=(mark("Few bids: two of three says little. Raise the minimums."),),
    basis=(bases.OCP,),
    needs=("bids/details/status",),
    options={
        "threshold": Option(None, mark("share instead of the fence that is computed"), Decimal),
        "minimum_submitted_bids": Option(2, mark("fewest bids of a tenderer that counts")),
        "minimum_contracting_processes": Option(2, mark("fewest bids at a buyer that counts")),
    },
    gather=Disqualifications,
)
