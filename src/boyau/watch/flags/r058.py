"""R058: did the winner bid far below everybody else?"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Found, Option
from boyau.watch.price_gaps import PriceGaps


class Discounted(PriceGaps):
    """Processes whose gap is a high outlier."""

    def finish(self) -> list[Found]:
        """Fence off the high outliers. Where three quarters of all gaps are nothing, nothing is an outlier."""
        fences = self.quartiles()
        self.meta = {} if self.threshold is not None else {"q1": fences.q1, "q3": fences.q3}
        fence = self.threshold if self.threshold is not None else fences.upper
        self.meta["upper_fence"] = fence
        if fence is None or fence <= 0:
            return []
        return self.found(lambda gap: gap >= fence, fence, "upper_fence", both=False)


def gather(options: Any) -> Discounted:
    """Begin."""
    return Discounted(None if options.threshold is None else Fraction(options.threshold))


FLAG = Flag(
    id="R058",
    title=mark("Heavily discounted bid"),
    question=mark("Is the winning bid unusually far below the second-lowest valid one?"),
    formula="(lowest other − winning) / winning ≥ q3 + 1.5 (q3 − q1), or ≥ threshold",
    fields=(
        *("bids/details/status", "bids/details/value/amount", "bids/details/tenderers/id"),
        *("awards/status", "awards/suppliers/id"),
    ),
    alarms=(mark("A newcomer with lower costs, or losers who bid for show: look at them too."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/value/amount", "bids/details/tenderers/id", "awards/suppliers/id"),
    options={"threshold": Option(None, mark("share instead of the fence that is computed"), Decimal)},
    gather=gather,
)
