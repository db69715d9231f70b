"""Where a year of payments will end: the middle of a few plain guesses, and the range of all of them, in minor units.

The guesses for the months to come:

- *profile*: each is as large a part of the year as it was the year before, where that is known;
- *mean*: each is as the mean of the months so far;
- *plan*: the whole plan in force is paid by the end of the year, in equal months;
- *rate*: of the plan such a part is paid by the end of the year as was paid of the payments plan so far;
- *slowest*, *fastest*: each is as this year's smallest, as its largest month. They only widen the range.

The line is the middle of the first four (of two middle ones the larger), as no single one of them is best for every
line. The range reaches from the least to the greatest of all. It never falls below what is paid. It is no probability:
plans are raised in the course of a year, and then a year leaves it. How often is measured on published budgets in
tests/treasury/test_forecast.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_MONTHS = 3
"""With fewer months behind it nothing is said of the months to come."""
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Forecast:
    """Cumulative payments of the months after *known*, minor units: the line and its range."""

    known: int
    line: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    guesses: tuple[str, ...]
    """Which of the first four guesses could be made."""


def forecast(
    paid: Sequence[int], plan: int | None = None, due: int | None = None, before: Sequence[int] | None = None
) -> Forecast | None:
    """Return where payments go from here, or None where too little is known or the year is over.

    *paid*: cumulative by month, January first, up to the last month known. *plan*: of the year; *due*: the payments
    plan up to that month. *before*: the twelve cumulative months of the year before.
    """
    known = len(paid)
    if not LEAST_MONTHS <= known < MONTHS:
        return None
    now, left = paid[-1], MONTHS - known
    months = [later - earlier for earlier, later in zip((0, *paid), paid, strict=False)]

    def evenly(end: int) -> list[int]:
        return [now + part(end - now, k, left) for k in range(1, left + 1)]

    guesses = {"mean": [now + part(now, k, known) for k in range(1, left + 1)]}
    if before is not None and len(before) == MONTHS and before[known - 1] > 0:
        guesses["profile"] = [part(now, value, before[known - 1]) for value in before[known:]]
    if plan is not None and plan > 0:
        guesses["plan"] = evenly(max(plan, now))
        if due is not None and due > 0:
            guesses["rate"] = evenly(max(part(plan, now, due), now))
    edges = [evenly(now + left * one) for one in (min(months), max(months))]
    inner, every = (list(zip(*some, strict=True)) for some in (guesses.values(), (*guesses.values(), *edges)))
    return Forecast(
        known,
        tuple(max(now, sorted(one)[len(one) // 2]) for one in inner),
        tuple(max(now, min(one)) for one in every),
        tuple(max(now, *one) for one in every),
        tuple(guesses),
    )


def part(whole: int, times: int, of: int) -> int:
    """Return whole × times / of, rounded half away from zero; *of* is above zero."""
    value = whole * times
    rounded = (2 * abs(value) + of) // (2 * of)
    return -rounded if value < 0 else rounded
