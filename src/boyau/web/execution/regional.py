"""Regions as a page shows them: their execution, where each leads, and how strongly it is coloured.

Of a budget whose lines or payments name regions: what of it belongs to each. Of imported budgets of the regions
themselves: each region's own budget, one beside the other.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.treasury.budget.naming import slug
from boyau.treasury.regions import REGIONS
from boyau.web.execution import breakdown
from boyau.web.execution.choice import Asked, Budget, open_year, written
from boyau.web.execution.colours import colour_year
from boyau.web.execution.year import NONE, Figures
from boyau.web.pages import Page

STEPS = (70, 85, 95, 100)
"""Per cent of the payments plan from which a region is coloured more strongly."""
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

    def short(self, words: Language) -> str:
        """Name the region without the word region or city, for a tile."""
        return short(self.kato, words)

    def percent(self, words: Language) -> str:
        """Write payments in per cent of the payments plan; a dash where there is no plan."""
        return words.percent(self.figures["paid"] or 0, self.figures["plan_payments"] or 0) or "–"

    @property
    def step(self) -> str:
        """Return how strongly it is coloured: 0 to 4, or "none"."""
        plan, paid = self.figures["plan_payments"] or 0, self.figures["paid"] or 0
        if plan <= 0:
            return "none"
        return str(sum(100 * paid >= step * plan for step in STEPS))


def short(kato: str, words: Language) -> str:
    """Name a region without the word region or city."""
    whole = REGIONS[kato].name.get(words.code, REGIONS[kato].name["ru"])
    return " ".join(word for word in whole.split() if word.casefold() not in _GENERIC)


def places(page: Page, found: Asked) -> list[Place]:
    """Return all regions that have figures, in the order of KATO, and last what belongs to none."""
    own = {kato: one for one in found.budgets if one.published and (kato := region_of(one))}
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
    return out


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
        if found.month not in budget.months:
            continue
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
        named = {slug(word) for word in region.name["ru"].split() if word.casefold() not in _GENERIC}
        if city == ("g" in words) and {part for one in named for part in one.split("-")} <= words:
            return kato
    return ""


def lacking(found: list[Place]) -> list[Place]:
    """Return the regions without figures, so that a map has all of them."""
    have = {one.kato for one in found}
    return [Place(kato, dict(NONE), "") for kato in REGIONS if kato not in have]


LEGEND = (
    ("none", _("no plan, or no figures")),
    ("0", _("under 70 %")),
    ("1", _("70 % and more")),
    ("2", _("85 % and more")),
    ("3", _("95 % and more")),
    ("4", _("100 % and more")),
)
