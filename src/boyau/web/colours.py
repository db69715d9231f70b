"""The tree of colours, and a colour: its limits and what is used of them, its rules and where they come from.

Written for a tree of hundreds of thousands: only what is shown is read, everything is bounded and paged.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.ledger import AMOUNT_MAX, Kind, Result
from boyau.ledger.registry import Colour
from boyau.service.gate.policy import account_facts
from boyau.service.problems import Problem
from boyau.views.names import COLOUR, fold
from boyau.web import exports
from boyau.web.colour_history import history
from boyau.web.colour_rules import told
from boyau.web.exports import Column, Sum
from boyau.web.holders import Holders, holders
from boyau.web.links import Linked, linked
from boyau.web.pages import Asked, Page
from boyau.web.trail_question import whole, wrong

router = APIRouter(include_in_schema=False)
ROOTS_ROWS, BRANCH_ROWS, PAGE_ROWS, FOUND_MAX = 25, 6, 50, 50
NEWEST, ACCOUNTS_MAX, ACCOUNTS_ASKED = 8, 12, 200
STEP_ROWS = 500_000
"""Rows that are looked through at a time for the newest payments."""
PAGE_MAX = 1_000_000
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Twig:
    """A colour of the tree with what is planned, bound and paid of it, in minor units; a limit that is not set: None.

    ``limits``: of plan, obligations and payments, without what overrides them.
    """

    number: int
    path: str
    title: Any
    unit: str
    scale: int
    limits: tuple[int | None, ...]
    override: tuple[int, ...]
    used: tuple[int, ...]
    children: int
    rules_entry: int
    limits_entry: int

    @property
    def whole(self) -> int:
        """What its bar is measured by: the plan with its override, else all that was allocated."""
        plan = self.limits[0]
        return self.used[0] if plan is None else plan + self.override[0]


def twigs(book: Book, numbers: list[int]) -> list[Twig]:
    """Return colours by number, as the tree shows them."""
    registry, counters = book.ledger.registry, book.ledger.tables.cnt
    out = []
    for number in numbers:
        one = registry.colours[number]
        used = tuple(counters[number, 3:6].tolist())
        out.append(
            Twig(
                number, one.path, one.title, one.unit, registry.units[one.unit], tuple(one.limits), tuple(one.override),
                used, len(one.children), one.rules_entry, one.limits_entry,
            )
        )  # fmt: skip
    return out


def ordered(page: Page, numbers: list[int]) -> list[int]:
    """Return colours largest first: by plan, then by what is used of it, then as they were recorded."""
    if len(numbers) < 2:
        return numbers
    counters = page.reader.ask(lambda book: book.ledger.tables.cnt[numbers, :4].copy())
    plan = np.where(counters[:, 0] >= AMOUNT_MAX, 0, counters[:, 0])
    order = np.lexsort((np.arange(len(numbers)), -counters[:, 3], -plan))
    return np.asarray(numbers)[order].tolist()  # type: ignore[no-any-return]


@router.get("/colours")
def tree(page: Asked) -> Response:
    """Return the roots of the tree with their largest branches, or the colours that words are found in."""
    words, known = page.words, holders(page.reader)
    roots = [one.number for one in list(known.colours) if one.parent < 0 and not one.plain]
    if exports.wanted(page):
        return _file(page, known, roots, "colours", words.text("The tree of colours"))
    typed = page.request.query_params.get("q", "").strip()[:200]
    number = whole(page, page.request.query_params.get("page", ""), "page", PAGE_MAX)
    listed = ordered(page, roots)
    begin = number * ROOTS_ROWS
    if begin and begin >= len(listed):
        raise wrong(page, "page", words.text("There are fewer pages."))
    shown = listed[begin : begin + ROOTS_ROWS]
    below = {one: ordered(page, list(known.colours[one].children))[:BRANCH_ROWS] for one in shown}

    def look(book: Book) -> tuple[list[Twig], dict[int, list[Twig]]]:
        return twigs(book, shown), {one: twigs(book, branch) for one, branch in below.items()}

    tops, branches = page.reader.ask(look)
    found, count = _found(page, typed) if typed else ([], 0)
    return page.render(
        "colours.html", tops=tops, branches=branches, count=len(roots), at=number, begin=begin, rows=ROOTS_ROWS,
        total=sum(not one.plain for one in list(known.colours)), typed=typed, found=found, found_count=count,
    )  # fmt: skip


def _found(page: Page, typed: str) -> tuple[list[Twig], int]:
    """Return the colours that have the words typed in their path or title, and how many there are."""
    with page.reader.views() as views:
        paths, count = views.names.find(fold(typed), COLOUR, FOUND_MAX, counted=10_000)

    def look(book: Book) -> list[Twig]:
        numbers = book.ledger.registry.colour_numbers
        return twigs(book, [numbers[path] for path in paths if path in numbers])

    return page.reader.ask(look), count


@router.get("/colours/{path:path}")
def colour(path: str, page: Asked) -> Response:
    """Return a colour's page."""
    known, words = holders(page.reader), page.words
    number = page.reader.ask(lambda book: book.ledger.registry.colour_numbers.get(path, -1))
    if number < 0 or known.colours[number].plain:
        raise Problem(404, "not-found", words.text("There is no colour {path}.", path=path[:80]))
    node = known.colours[number]
    title = words.title(node.title) or path
    if exports.wanted(page):
        about = words.text("The colour {path} and those below it", path=path)
        return _file(page, known, [number], "colour", about)
    at = whole(page, page.request.query_params.get("page", ""), "page", PAGE_MAX)
    children = ordered(page, list(node.children))
    begin = at * PAGE_ROWS
    if begin and begin >= len(children):
        raise wrong(page, "page", words.text("There are fewer pages."))
    above = _above(known, node)

    def look(book: Book) -> tuple[list[Twig], list[Twig], int]:
        return twigs(book, above), twigs(book, children[begin : begin + PAGE_ROWS]), book.now()

    line, below, now = page.reader.ask(look)
    newest = _newest(page, known, number)
    return page.render(
        "colour.html", one=line[-1], above=line[:-1], title=title, below=below, children=len(children), begin=begin,
        at=at, rows=PAGE_ROWS, rules=told(page, [known.colours[k] for k in above], now), newest=newest,
        history=history(page, line[-1]), accounts=_accounts(page, known, number),
    )  # fmt: skip


def _above(known: Holders, node: Colour) -> list[int]:
    """Return the way from the root to a colour, by numbers."""
    out = [node.number]
    while node.parent >= 0:
        node = known.colours[node.parent]
        out.append(node.number)
    return out[::-1]


def _newest(page: Page, known: Holders, number: int) -> list[Linked]:
    """Return the newest payments of a colour and those below it, newest first."""
    rows = page.reader.rows
    inside = known.within(known.colours[number].path)[known.colour]
    places: list[int] = []
    for end in range(len(rows), 0, -STEP_ROWS):
        part = slice(max(0, end - STEP_ROWS), end)
        paid = (rows.result[part] == Result.POSTED) & (rows.kind[part] == Kind.PAY)
        at = np.flatnonzero(paid)
        at = at[inside[rows.debit[part][at]]] + part.start
        places += at[::-1][: NEWEST - len(places)].tolist()
        if len(places) == NEWEST:
            break
    return page.reader.ask(lambda book: [linked(book, rows, place) for place in places])


def _accounts(page: Page, known: Holders, number: int) -> list[str]:
    """Return some accounts of a colour that the reader may see; none where none may be."""
    if not page.could("read.account"):
        return []
    accounts = np.flatnonzero(known.colour == number)[:ACCOUNTS_ASKED].tolist()
    names = page.reader.ask(lambda book: [book.operations.account_name(one) for one in accounts])
    policy, grants = page.access.policy, page.caller.grants
    seen = (one for one in names if policy.decide(grants, "read.account", account_facts(one)).allowed)
    return [one for one, _ in zip(seen, range(ACCOUNTS_MAX), strict=False)]


# ---- as a file -------------------------------------------------------------------------------------------------------


def _file(page: Page, known: Holders, roots: list[int], name: str, question: str) -> Response:
    """Return colours and all below them as a file, parents before children."""
    numbers: list[int] = []
    todo = roots[::-1]
    while todo:
        numbers.append(todo.pop())
        if len(numbers) > exports.ROWS_MAX:
            raise exports.too_many(page)
        todo += known.colours[numbers[-1]].children[::-1]
    counters = page.reader.ask(lambda book: book.ledger.tables.cnt[numbers, 3:6].copy()) if numbers else []
    rows = []
    for number, used in zip(numbers, counters, strict=True):
        one = known.colours[number]
        scale = known.units[one.unit]
        limits = [None if limit is None else Sum(limit, scale) for limit in one.limits]
        more = [Sum(extra, scale) for extra in one.override]
        spent = [Sum(int(amount), scale) for amount in used]
        figures = [value for three in zip(limits, more, spent, strict=True) for value in three]
        above = known.colours[one.parent].path if one.parent >= 0 else None
        entries = [entry if entry >= 0 else None for entry in (one.rules_entry, one.limits_entry)]
        rows.append((one.path, page.words.title(one.title), above, one.unit, scale, *figures, *entries))
    return exports.export(page, name, _columns(page), rows, question=question)


def _columns(page: Page) -> list[Column]:
    text = page.words.text
    stages = (("plan", text("plan")), ("obligations", text("obligations")), ("payments", text("payments")))
    return [
        Column("colour", text("Colour")), Column("title", text("Title")), Column("parent", text("Colour above")),
        Column("unit", text("Unit")), Column("scale", text("Decimals"), "integer"),
        *(
            Column(f"{stage}_{what}", text("{stage}: {figure}", stage=name, figure=told), "amount")
            for stage, name in stages
            for what, told in (("limit", text("limit")), ("override", text("override")), ("used", text("used")))
        ),
        Column("rules_entry", text("Entry of its rules"), "integer"),
        Column("limits_entry", text("Entry of its limits"), "integer"),
    ]  # fmt: skip
