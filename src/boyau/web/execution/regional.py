"""Regions as a page shows them: their execution, where each leads, and how strongly it is coloured.

Of a budget whose lines or payments name regions: what of it belongs to each. Of imported budgets of the regions
themselves: each region's own budget, one beside the other.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from boyau.language import Language
from boyau.treasury.budget.naming import slug
from boyau.treasury.regions import REGIONS
from boyau.web.execution import breakdown
from boyau.web.execution.choice import Asked, Budget, open_year, written
from boyau.web.execution.colours import colour_year
from boyau.web.execution.year import Figures
from boyau.web.pages import Page

STEPS = (1, 2, 3, 4, 5, 10, 15, 20, 25, 50, 100)
"""Per cent that one strength of colour may span; the smallest is taken by which all regions fit."""
STRENGTHS = 5
_GENERIC = {"область", "город", "облысы", "қаласы", "region"}


@dataclass(frozen=True, slots=True)
class Place:
    """A region's part. ``kato``: "" for what belongs to none; ``budget``: whether it is that region's own budget."""

    kato: str
    figures: Figures
    address: str
    budget: bool = False

    @property
    def iso(self) -> str:
        """Return the ISO 3166-2 code."""
        return REGIONS[self.kato].iso if self.kato else ""

    def name(self, words: Language) -> str:
        """Name the region in full."""
        return words.title(REGIONS[self.kato].name) if self.kato else words.text("of no region")

    def percent(self, words: Language) -> str:
        """Write payments in per cent of the payments plan; a dash where there is no plan."""
        return words.percent(self.figures["paid"] or 0, self.figures["plan_payments"] or 0) or "–"

    @property
    def whole_percent(self) -> int | None:
        """Return payments in whole per cent of the payments plan, rounded down; None where there is no plan."""
        plan, paid = self.figures["plan_payments"] or 0, self.figures["paid"] or 0
        return 100 * paid // plan if plan > 0 else None


@dataclass(frozen=True, slots=True)
class Scale:
    """Which per cent is coloured how strongly: the k-th strength begins at ``first`` + k × ``step``."""

    first: int
    step: int
    most: int
    lacking: bool
    """Whether some region has no per cent."""

    @property
    def count(self) -> int:
        """Return how many strengths are in use."""
        return min(STRENGTHS, (self.most - self.first) // self.step + 1)

    def _shade(self, k: int) -> str:
        return str(k + (STRENGTHS - self.count + 1) // 2)  # one strength alone is a middle one

    def strength(self, place: Place | None) -> str:
        """Return how strongly a region is coloured: 0 to 4, or "none"."""
        value = None if place is None else place.whole_percent
        return "none" if value is None else self._shade(max(0, min(self.count - 1, (value - self.first) // self.step)))

    def legend(self) -> list[tuple[str, int, int]]:
        """Return the strengths in use, with the per cent from which and under which they are."""
        return [
            (self._shade(k), self.first + k * self.step, self.first + (k + 1) * self.step) for k in range(self.count)
        ]


def scale(found: list[Place]) -> Scale:
    """Return a scale on which the regions differ: as fine as all of them allow."""
    values = [value for one in found if one.kato and (value := one.whole_percent) is not None]
    low, high = (min(values), max(values)) if values else (0, 0)
    for step in STEPS:
        first = low // step * step
        if high < first + STRENGTHS * step:
            break
    have = {one.kato for one in found if one.whole_percent is not None}
    return Scale(first, step, high, bool(set(REGIONS) - have))


def short(kato: str, words: Language) -> str:
    """Name a region without the word region or city, but where a city and a region would have one name."""
    names = {one: " ".join(_own_words(region.name[words.code])) for one, region in REGIONS.items()}
    alike = sum(name == names[kato] for name in names.values()) > 1
    return REGIONS[kato].name[words.code] if alike else names[kato]


def _own_words(name: str) -> list[str]:
    return [word for word in name.split() if word.casefold() not in _GENERIC]


def places(page: Page, found: Asked) -> list[Place]:
    """Return all regions that have figures, in the order of KATO, and last what belongs to none."""
    own = {kato: one for one in found.budgets if found.month in one.months and (kato := region_of(one))}
    if found.budget.published and own:
        return _budgets(page, found, own)
    year = colour_year(page.reader, found.year.root, found.month // 100)
    path = found.line.path
    if path and path not in year.paths:
        return []
    out = []
    for part in breakdown.by_region(year, path, found.month):
        kato = f"{part.number:02}" if part.number else ""
        out.append(Place(kato, part.figures, _address(found, part.lines, kato)))
    return out if any(one.kato for one in out) else []


def _address(found: Asked, lines: tuple[str, ...], kato: str) -> str:
    """Return where a region leads: to its line where it has one, else to the region among the others."""
    values = {"of": found.budget.root, "month": written(found.month)}
    if len(lines) == 1 and lines[0] != found.line.path:
        values["line"] = lines[0]
        return f"/budget?{urlencode(values)}"
    if found.line.path:
        values["line"] = found.line.path
    return f"/budget?{urlencode(values | {'by': 'region', 'region': kato})}#lines" if kato and lines else ""


def _budgets(page: Page, found: Asked, own: dict[str, Budget]) -> list[Place]:
    out = []
    for kato, budget in sorted(own.items()):
        year = open_year(page.reader, budget, found.month // 100)
        values = {"of": budget.root, "month": written(found.month)}
        out.append(Place(kato, year.at(year.top, found.month), f"/budget?{urlencode(values)}", budget=True))
    return out


def region_of(budget: Budget) -> str:
    """Return the region whose own budget this is, by the name of its statement; "" for none."""
    words = set(budget.statement.split("-"))
    if "local" not in words:
        return ""
    for kato, region in REGIONS.items():
        city = region.name["ru"].startswith("Город")
        named = {slug(word) for word in _own_words(region.name["ru"])}
        if city == ("g" in words) and {part for one in named for part in one.split("-")} <= words:
            return kato
    return ""
