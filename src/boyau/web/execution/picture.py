"""What stands beside the table: the year's chart with its forecast, and the map of the regions."""

from dataclasses import dataclass
from itertools import takewhile

from markupsafe import Markup

from boyau.language.catalogue import mark as _
from boyau.trace import Figures as Written
from boyau.treasury.budget.forecast import Forecast, forecast
from boyau.web.execution.chart import NARROW, WIDE, Shown, chart
from boyau.web.execution.choice import Asked, Budget, open_year, written
from boyau.web.execution.year import Year
from boyau.web.pages import Page

MONTHS = (
    _("Jan"), _("Feb"), _("Mar"), _("Apr"), _("May"), _("Jun"), _("Jul"), _("Aug"), _("Sep"), _("Oct"), _("Nov"),
    _("Dec"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """The chart, twice, and what it is made from. ``later``: whether payments of later months are in it."""

    wide: Markup
    narrow: Markup
    forecast: Forecast | None
    plan: int | None
    later: bool
    before: str
    """The year whose months the forecast follows, "" none."""
    fell: str
    """The first month in which cumulative payments were lower than a month before, "" none."""


def drawn(page: Page, found: Asked) -> Drawn:
    """Draw the year of a line up to a month."""
    words, year, month = page.words, found.year, found.month
    path = found.line.path or year.top
    paid = year.series(path, "paid", month)
    plan = year.at(path, month)["plan"]
    known = list(takewhile(lambda value: value is not None, paid))
    before, name = _before(page, found, path)
    ahead = None
    if len(known) == len(paid):
        ahead = forecast([value or 0 for value in known], plan, year.at(path, month)["plan_payments"], before)
    last = month // 100 * 100 + 12
    later = [value if k >= len(paid) else None for k, value in enumerate(year.series(path, "paid", last))]
    shown = Shown(
        year.series(path, "plan_payments", month), year.series(path, "obligations", month), paid, plan, ahead, later
    )
    label = words.text(
        "{name} month by month up to {month}: payments plan, obligations, payments",
        name=words.title(found.line.title) or year.root, month=written(month),
    )  # fmt: skip
    figures = Written(words.code, year.unit, year.scale)
    months = [words.text(one) for one in MONTHS]
    numbers = [f"{m}" for m in range(1, 13)]
    return Drawn(
        chart(shown, WIDE, label, months, figures.short, "wide"),
        chart(shown, NARROW, label, numbers, figures.short, "narrow"),
        ahead,
        plan,
        any(value is not None for value in later),
        name if ahead is not None and "profile" in ahead.guesses else "",
        _fell(month, year.series(path, "paid", last)),
    )


def _fell(month: int, paid: list[int | None]) -> str:
    for k in range(1, len(paid)):
        earlier, later = paid[k - 1], paid[k]
        if earlier is not None and later is not None and later < earlier:
            return written(month // 100 * 100 + k + 1)
    return ""


def _before(page: Page, found: Asked, path: str) -> tuple[list[int] | None, str]:
    """Return the twelve months of the same line in the year before, and that year's name; None where there are none."""
    number = found.month // 100 - 1
    year = _year_before(page, found, number)
    if year is None or year.line(path) is None:
        return None, ""
    series = year.series(path, "paid", number * 100 + 12)
    known = [value for value in series if value is not None]
    return (known, str(number)) if len(known) == len(series) and known[-1] > 0 else (None, "")


def _year_before(page: Page, found: Asked, number: int) -> Year | None:
    head, _, last = found.budget.root.rpartition("/")
    root = f"{head}/{number}" if last == str(number + 1) else found.budget.root
    budget: Budget | None = next((one for one in found.budgets if one.root == root), None)
    if budget is None or number * 100 + 12 not in budget.months:
        return None
    return open_year(page.reader, budget, number)
