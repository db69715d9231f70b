"""The payments behind a band of a trail: every transfer with what of it belongs to the band; they add up to it."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from fastapi import Response

from boyau.journal import Book
from boyau.ledger import Kind
from boyau.trace import Link, Node, NodeKind
from boyau.web import exports, labels
from boyau.web.exports import Column
from boyau.web.holders import holders
from boyau.web.links import Linked, linked
from boyau.web.operation import hides, known_names
from boyau.web.pages import Page
from boyau.web.trail_question import Answer, hidden_name, wrong

if TYPE_CHECKING:
    from boyau.web.trail import Shown

PAGE_ROWS = 50
Numbers = npt.NDArray[np.int64]


def payments_page(page: Page, found: Answer, shown: "Shown", *, as_file: bool) -> Response:
    """Return the page, or the file, of the transfers that ``giver`` and ``taker`` of the query name."""
    query = page.request.query_params
    giver, taker = (shown.by_token(query[name]) if query.get(name) else None for name in ("giver", "taker"))
    links = _links(found, giver, taker)
    if not links:
        raise wrong(page, "taker", page.words.text("Nothing goes between these two."))
    numbers, amounts = _transfers(found, links)
    lying = taker is not None and taker.kind in (NodeKind.UNSPENT, NodeKind.HELD)
    title = _title(page, shown, giver, taker)
    if as_file:
        if len(numbers) > exports.ROWS_MAX:
            raise exports.too_many(page)
        columns, listed = _columns(page, found, lying=lying), _rows(page, numbers, amounts)
        return exports.export(page, "payments", columns, listed, question=title, entries=found.entries)
    after = _after(page)
    begin = int(np.searchsorted(numbers, after, "right"))
    part, some = numbers[begin : begin + PAGE_ROWS], amounts[begin : begin + PAGE_ROWS]
    rows = page.reader.rows

    def look(book: Book) -> list[Linked]:
        return [linked(book, rows, rows.place(number)) for number in part.tolist()]

    end = begin + len(part)
    before = int(numbers[begin - PAGE_ROWS - 1]) if begin > PAGE_ROWS else -1
    return page.render(
        "trail_payments.html", asked=found.question, found=found, shown=shown, giver=giver, taker=taker, title=title,
        lines=list(zip(page.reader.ask(look), some.tolist(), strict=True)), count=len(numbers), begin=begin, end=end,
        there=_exact(amounts[amounts > 0]), back=-_exact(amounts[amounts < 0]), lying=lying,
        whole=sum(link.amount for link in links), returned=sum(link.returned for link in links),
        next_after=int(part[-1]) if end < len(numbers) else None,
        previous_after=None if begin == 0 else before,
        kind_name=lambda kind: labels.kind(page.words, kind.name.lower()),
    )  # fmt: skip


def _links(found: Answer, giver: Node | None, taker: Node | None) -> list[Link]:
    """Return the links between two nodes, or all into or out of one."""
    return [
        link
        for link in found.flow.links
        if (giver is None or link.origin == giver.key) and (taker is None or link.target == taker.key)
    ]


def _transfers(found: Answer, links: list[Link]) -> tuple[Numbers, Numbers]:
    """Return the entries of links in journal order with what of each belongs to them; given back is negative."""
    tables = [found.flow.evidence.table(link) for link in links]
    numbers = np.concatenate([one for one, _ in tables])
    amounts = np.concatenate([one for _, one in tables])
    if len(tables) == 1 and (numbers[1:] > numbers[:-1]).all():
        return numbers, amounts
    # An entry may carry several pieces of a band; its direction is one, so that their sum is that of the entry.
    every, place = np.unique(numbers, return_inverse=True)
    total = np.zeros(len(every), np.int64)
    np.add.at(total, place, amounts)
    return every.astype(np.int64), total


def _exact(amounts: Numbers) -> int:
    """Sum without overflow."""
    return (int((amounts >> 32).sum()) << 32) + int((amounts & 0xFFFFFFFF).sum())


def _after(page: Page) -> int:
    text = page.request.query_params.get("after", "")
    if not text or text == "-1":
        return -1
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise wrong(page, "after", page.words.text("Write the number of an entry."))
    return int(text)


def _title(page: Page, shown: "Shown", giver: Node | None, taker: Node | None) -> str:
    words = page.words
    if giver is not None and taker is not None:
        return words.text("{giver} → {taker}", giver=shown.title(giver), taker=shown.title(taker))
    if taker is not None and taker.kind in (NodeKind.UNSPENT, NodeKind.HELD):
        return shown.title(taker)
    if taker is not None:
        return words.text("All that went to: {name}", name=shown.title(taker))
    assert giver is not None
    return words.text("All that came from: {name}", name=shown.title(giver))


# ---- as a file -------------------------------------------------------------------------------------------------------


def _columns(page: Page, found: Answer, *, lying: bool) -> list[Column]:
    text, scale = page.words.text, found.scale
    part = text("Of it still there") if lying else text("Of it in this band")
    return [
        Column("entry", text("Entry"), "integer"), Column("date", text("Date"), "date"), Column("kind", text("Kind")),
        Column("from", text("Giver")), Column("from_title", text("Name of giver")), Column("to", text("Taker")),
        Column("to_title", text("Name of taker")), Column("from_colour", text("Colour it came from")),
        Column("to_colour", text("Colour it went to")), Column("amount", part, "amount", scale),
        Column("transfer_amount", text("Whole transfer"), "amount", scale),
    ]  # fmt: skip


def _rows(page: Page, numbers: Numbers, amounts: Numbers) -> list[tuple[Any, ...]]:
    """Return the rows of the file, from the columns in memory: the ledger is asked for the names only."""
    rows, known = page.reader.rows, holders(page.reader)
    places = np.searchsorted(rows.entry, numbers)
    sides = [known.who[side[places]] for side in (rows.debit, rows.credit)]
    numbered = [known.colour[side[places]].tolist() for side in (rows.debit, rows.credit)]
    paths = [[known.colours[one].path for one in side] for side in numbered]
    ids = [known.names[one] for one in np.unique(np.concatenate(sides)).tolist()]
    facts = known_names(page, set(ids))
    shown = {
        one: (hidden_name(page, one, facts[one]) if hides(page, one, facts[one]) else one, page.who(one, facts[one]))
        for one in ids
    }
    givers, takers = ([shown[known.names[one]] for one in side.tolist()] for side in sides)
    kinds = {int(kind): labels.kind(page.words, kind.name.lower()) for kind in Kind}
    return [
        (number, day, kinds[kind], *giver, *taker, one, other, amount, whole)
        for number, day, kind, giver, taker, one, other, amount, whole in zip(
            numbers.tolist(), rows.day[places].tolist(), rows.kind[places].tolist(), givers, takers, *paths,
            amounts.tolist(), rows.settled[places].tolist(), strict=True,
        )
    ]  # fmt: skip
