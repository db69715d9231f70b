"""Token buckets: how often somebody may ask."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

BUCKETS_MAX = 50_000
"""Beyond it the bucket unused for longest is forgotten; a forgotten bucket is a full one."""


class Buckets:
    """One bucket a name: *burst* at once, then *rate* a second."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, *, look: bool = False) -> int:
        """Take from a bucket; 0: there was some left, else in how many seconds there will be. *look*: take nothing."""
        now = self._clock()
        left, since = self._left.get(name, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        wait = 0 if left >= 1 else max(1, math.ceil((1 - left) / self._rate))
        self._left[name] = (left if wait or look else left - 1, now)
        self._left.move_to_end(name)
        if len(self._left) > BUCKETS_MAX:
            self._left.popitem(last=False)
        return wait
