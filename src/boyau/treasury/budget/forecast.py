"""What will have been paid by the end of the year: simple methods, each said in a sentence, and the range they span.

- *profile*: the year goes on as last year did. What is paid now, times last year's payments by a month over last
  year's payments by now.
- *even*: as much a month as in the months so far, on average.
- *recent*: as much a month as in the last three months, on average.

The profile is the forecast where last year is known to its end, else the even one. The range is from the lowest to the
highest of all methods: how far simple methods disagree, no probability. None is above the plan, which the ledger would
refuse, nor below what is paid. All amounts are whole minor units.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

MONTHS = 12
MONTHS_LEAST = 3
"""Before so many months are over nothing is foretold: one payment would be all there is to go by."""
PROFILE, EVEN, RECENT = "profile", "even", "recent"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Cumulative payments by the end of each month after the first ``known`` ones, up to December."""

    known: int
    method: str
    line: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    methods: dict[str, int]
    """What each method gives for December, before the plan bounds it."""
    capped: bool
    """Whether the plan bounds any of them."""

    @property
    def profile(self) -> bool:
        """Tell whether the forecast follows last year's months."""
        return self.method == PROFILE


def forecast(paid: Sequence[int], plan: int | None, last_year: Sequence[int] | None = None) -> Forecast | None:
    """Return the forecast from cumulative payments January to now; None where there is too little to go by.

    *plan*: what may be paid in the year, None where nothing bounds it. *last_year*: cumulative payments of all its
    twelve months.
    """
    month, now = len(paid), paid[-1] if paid else 0
    if not MONTHS_LEAST <= month < MONTHS or now <= 0:
        return None
    ways: dict[str, Callable[[int], int]] = {}
    if last_year is not None and len(last_year) == MONTHS and last_year[month - 1] > 0:
        ways[PROFILE] = lambda k: now * last_year[k - 1] // last_year[month - 1]
    ways[EVEN] = lambda k: now * k // month
    before = paid[month - 1 - MONTHS_LEAST] if month > MONTHS_LEAST else 0
    ways[RECENT] = lambda k: now + (now - before) * (k - month) // MONTHS_LEAST
    cap = None if plan is None else max(plan, now)

    def bounded(value: int) -> int:
        return max(now, value if cap is None else min(value, cap))

    ahead = range(month + 1, MONTHS + 1)
    found = {name: [way(k) for k in ahead] for name, way in ways.items()}
    method = next(iter(ways))
    return Forecast(
        month,
        method,
        tuple(bounded(value) for value in found[method]),
        tuple(bounded(min(values)) for values in zip(*found.values(), strict=True)),
        tuple(bounded(max(values)) for values in zip(*found.values(), strict=True)),
        {name: values[-1] for name, values in found.items()},
        cap is not None and any(value > cap for values in found.values() for value in values),
    )
