"""Budget execution: by programme, administrator, region and month, with a forecast, a map, and what was published."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from boyau.treasury.budget.amounts import printed
from boyau.treasury.budget.report import Comparison, compare
from boyau.treasury.regions import REGIONS
from boyau.web import exports, masks
from boyau.web.execution import breakdown, picture
from boyau.web.execution.choice import BY, Asked, Budget, asked, written
from boyau.web.execution.colours import colour_year
from boyau.web.execution.imported import ImportedYear
from boyau.web.execution.outlines import tiles
from boyau.web.execution.regional import Place, places, scale, short
from boyau.web.execution.year import FIGURES, NONE, Figures, Line
from boyau.web.exports import Column
from boyau.web.pages import Asked as Page

router = APIRouter(include_in_schema=False)
ROWS = 200
"""Lines of one table; the file has all."""
DIFFERENCES = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table. ``address``: where it leads, "" nowhere; ``dye``: the path its bar is dyed after."""

    title: str
    code: str
    address: str
    figures: Figures
    dye: str = ""
    note: str = ""


@router.get("/budget")
def budget(page: Page) -> Response:
    """Return the page, or what it shows as a file."""
    found = asked(page)
    if found is None:
        return page.render("budget_none.html")
    where = places(page, found) if found.by == "region" else []
    rows = _rows(page, found, where)
    if exports.wanted(page):
        return _file(page, found, rows)
    year, line = found.year, found.line
    return page.render(
        "budget.html", found=found, year=year, line=line, rows=rows[:ROWS], more=max(0, len(rows) - ROWS), by=BY,
        figures=year.at(line.path or year.top, found.month), written=written, address=address, where=where,
        title=lambda one: page.words.title(one.title) or one.path, drawn=picture.drawn(page, found),
        compared=_compared(found), printed=lambda minor: _printed(page, found, minor), share=share,
        named=lambda one: budget_name(page, one), outlines=page.request.app.state.outlines,
        differences_max=DIFFERENCES, tiles=tiles(), scale=scale(where), short=short,
        places_name=lambda kato: page.words.title(REGIONS[kato].name),
    )  # fmt: skip


def address(found: Asked, **changed: Any) -> str:
    """Return the address of the page with other values."""
    values: dict[str, Any] = {
        "of": found.budget.root, "month": written(found.month), "line": found.line.path, "by": found.by,
    }  # fmt: skip
    values |= changed
    kept = {name: value for name, value in values.items() if value and (name, value) != ("by", "line")}
    return f"/budget?{urlencode(kept)}"


def budget_name(page: Page, one: Budget) -> str:
    """Name a budget; of one that has no title, its colour."""
    return page.words.title(one.title) or one.root


def share(figures: Figures) -> tuple[int, int]:
    """Return payments, and the payments plan that they are a part of (0: there is none), as the report's per cent."""
    return figures["paid"] or 0, figures["plan_payments"] or 0


# ---- rows -----------------------------------------------------------------------------------------------------------


def _rows(page: Page, found: Asked, where: list[Place]) -> list[Row]:
    if found.by == "month":
        return _by_month(found)
    if found.by == "administrator":
        return _by_administrator(page, found)
    if found.by == "region":
        return [Row(one.name(page.words), one.iso, one.address, one.figures, found.line.colour) for one in where]
    return _by_line(page, found)


def _by_line(page: Page, found: Asked) -> list[Row]:
    year, words = found.year, page.words
    rows, sums = [], {"obligations": 0, "paid": 0}
    for path in year.below(found.line.path, found.month):
        line, figures = year.line(path), year.at(path, found.month)
        if line is None:
            continue
        address_ = address(found, line=path)
        rows.append(Row(words.title(line.title) or path, line.code, address_, figures, line.colour or year.root))
        for name in sums:
            sums[name] += figures[name] or 0
    whole = year.at(found.line.path, found.month)
    rest = {name: (whole[name] or 0) - value for name, value in sums.items()}
    if rows and not found.budget.published and any(rest.values()):
        # What was done on the line itself, so that the rows are all of it.
        figures = NONE | rest | {"unpaid": rest["obligations"] - rest["paid"]}
        rows.append(Row(words.text("on this line itself"), "", "", figures, found.line.colour))
    return rows


def _by_administrator(page: Page, found: Asked) -> list[Row]:
    year, words = found.year, page.words
    if isinstance(year, ImportedYear):
        rows = []
        for code, paths in year.administrators(found.line.path, found.month).items():
            line = year.line(paths[0])
            figures = _sum([year.at(path, found.month) for path in paths])
            where = address(found, line=paths[0], by="line") if len(paths) == 1 else ""
            note = words.text("in {number} functional groups", number=len(paths)) if len(paths) > 1 else ""
            rows.append(Row(words.title(line.title) if line else code, code, where, figures, year.root, note))
        return sorted(rows, key=lambda one: -(one.figures["paid"] or 0))
    colours = colour_year(page.reader, year.root, year.year)
    known = colours.ground.known
    facts = page.reader.ask(lambda book: book.ledger.registry.participant_facts)
    rows = []
    for part in breakdown.by_administrator(colours, found.line.path, found.month):
        if part.number == breakdown.NOBODY:
            rows.append(Row(words.text("of several administrators"), "", "", part.figures, year.root))
            continue
        who = known.names[part.number]
        own = address(found, line=part.lines[0], by="line") if len(part.lines) == 1 and part.lines[0] else ""
        hidden = (
            masks.is_person(who, facts[part.number].get("classes", ()))
            and not page.sees_persons
            and who not in page.caller.participants()
        )
        shown = masks.pseudonym(who, page.access.store.salt) if hidden else who
        name = page.who(who, facts[part.number])
        rows.append(Row(name, "" if hidden else who, own or f"/who/{shown}", part.figures, found.line.colour))
    return rows


def _sum(parts: list[Figures]) -> Figures:
    out: Figures = dict(NONE)
    for figures in parts:
        for name, value in figures.items():
            if value is not None:
                out[name] = (out[name] or 0) + value
    return out


def _by_month(found: Asked) -> list[Row]:
    year, first = found.year, found.month // 100 * 100 + 1
    path = found.line.path or year.top
    return [
        Row(written(month), "", address(found, month=written(month)), year.at(path, month), found.line.colour)
        for month in range(first, found.month + 1)
        if month in year.months
    ]


# ---- what was published ---------------------------------------------------------------------------------------------


def _compared(found: Asked) -> Comparison | None:
    """Return how the ledger's figures stand to the published ones; None for what was not published."""
    return compare(found.year.report(found.month)) if isinstance(found.year, ImportedYear) else None


def _printed(page: Page, found: Asked, minor: int) -> str:
    """Write a figure as the publication writes it."""
    assert isinstance(found.year, ImportedYear)
    mapping = found.year.report(found.month).mapping
    return page.words.number(printed(minor, mapping.places, "."))


def _file(page: Page, found: Asked, rows: list[Row]) -> Response:
    words, scale = page.words, found.year.scale
    heads = {
        "plan": words.text("plan"), "plan_payments": words.text("payments plan"),
        "plan_obligations": words.text("obligations plan"), "obligations": words.text("obligations"),
        "paid": words.text("paid"), "unpaid": words.text("unpaid"),
    }  # fmt: skip
    columns = [Column("code", words.text("code")), Column("name", words.text(BY[found.by]))]
    columns += [Column(name, heads[name], "amount", scale) for name in FIGURES]
    question = f"{budget_name(page, found.budget)}, {written(found.month)}: {title_of(page, found.line)}"
    data = [[one.code, one.title, *(one.figures[name] for name in FIGURES)] for one in rows]
    return exports.export(page, f"budget-{written(found.month)}", columns, data, question=question)


def title_of(page: Page, line: Line) -> str:
    """Name a line."""
    return page.words.title(line.title) or line.path
