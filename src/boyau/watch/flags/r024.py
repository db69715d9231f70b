"""R024: is the second price suspiciously close to the winner's?"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Found, Option
from boyau.watch.price_gaps import PriceGaps


class Close(PriceGaps):
    """Processes whose gap is a low outlier."""

    def finish(self) -> list[Found]:
        """Fence off the low outliers. Where a quarter of all gaps is nothing, nothing is an outlier."""
        fences = self.quartiles()
        self.meta = {} if self.threshold is not None else {"q1": fences.q1, "q3": fences.q3}
        fence = self.threshold if self.threshold is not None else fences.lower
        self.meta["lower_fence"] = fence
        if fence is None or fence <= 0 or (self.threshold is None and not fences.q1):
            return []
        return self.found(lambda gap: gap <= fence, fence, "lower_fence", both=True)


def gather(options: Any) -> Close:
    """Begin."""
    return Close(None if options.threshold is None else Fraction(options.threshold))


FLAG = Flag(
    id="R024",
    title=mark("Price close to winning bid"),
    question=mark("Is the second-lowest valid bid unusually close to the winning one?"),
    formula="(lowest other − winning) / winning ≤ q1 − 1.5 (q3 − q1), or ≤ threshold",
    fields=(
        *("bids/details/status", "bids/details/value/amount", "bids/details/tenderers/id"),
        *("awards/status", "awards/suppliers/id"),
    ),
    alarms=(
        mark("Bids at exactly 95 % of the estimate are a lawful price floor in Kazakhstan."),
        mark("Goods with a list or exchange price, where honest bids are close too."),
    ),
    basis=(bases.OCP,),
    needs=("bids/details/value/amount", "bids/details/tenderers/id", "awards/suppliers/id"),
    options={"threshold": Option(None, mark("share instead of the fence that is computed"), Decimal)},
    gather=gather,
)
