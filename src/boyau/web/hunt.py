"""The tour "find the abuse": what was planted in the demonstration's year, as questions with answers to reveal.

What the rules refused is told at once, with the rule. What they let pass, because each payment alone is lawful, is
asked for: where to begin, what to look at, and behind a click the payments. It is read from the answer file that lies
beside the ledger; where there is none, as in every ordinary installation, there is no such page.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.journal.find import describe_entry, entry_number
from boyau.language.catalogue import mark as _
from boyau.ledger import Result
from boyau.service.problems import Problem
from boyau.treasury.simulation.kinds import BY_NAME, DETECTABLE, NAMES
from boyau.views.columns import Table
from boyau.web import labels
from boyau.web.pages import Asked, Page
from boyau.web.parties import sides

router = APIRouter(include_in_schema=False)
ANSWERS = "-answers.ndjson"
BYTES_MAX, CASES_MAX, ENTRIES_MAX, REFUSED_MAX = 1 << 20, 200, 12, 1000
"""Bytes read of an answer file; cases shown; payments shown of a case; refusals among which planted ones are sought."""
QUESTIONS = {
    "wrong_item/mislabelled": (
        _("A car under the code of gravel"),
        _(
            "Item, price and payee are those of a lawful purchase. Look at the purchases of this contract: can you "
            "tell which is the car?"
        ),
    ),
    "inflated_price/purchase": (
        _("A supplier that is far too dear"),
        _(
            "Divide what a purchase cost by its quantity, and compare with the price of the contract's line. Which "
            "purchase of this contract is far above it?"
        ),
    ),
    "split_invoices/below_tier": (
        _("One delivery in several parts"),
        _(
            "From a certain sum on, a payment under this contract needs an approval. Who was paid several times on one "
            "day, each time just below it?"
        ),
    ),
    "circular/plain": (
        _("Money that comes back"),
        _(
            "Follow this contract's money on, through plain money. Which supplier passes it to a company of the "
            "contractor's own owner?"
        ),
    ),
    "shell_cash_out/shell": (
        _("A company that turns money into cash"),
        _("One payee of this contract has no other customer, and pays what it gets to persons. Which?"),
    ),
    "duplicate_invoice/renumbered": (
        _("An invoice with a second number"),
        _(
            "The same goods, quantity and sum, to the same supplier, a month apart and under another number. Which two "
            "purchases of this contract are one?"
        ),
    ),
    "paid_twice/second_act": (
        _("Work that was accepted twice"),
        _("Two acts of this contract measure the same work, four months apart. Which is the second?"),
    ),
}
"""Of each form that the rules let pass: what it is called, and what is asked."""
FOLLOWED = frozenset({"circular/plain", "shell_cash_out/shell"})
"""Forms that one finds by following money on when it has no colour any more."""


@dataclass(frozen=True, slots=True)
class Case:
    """A planted case that was posted. ``begin``: where to look; ``payments``: the answer, as pages tell operations."""

    title: str
    question: str
    begin: str
    colour: str
    colour_title: str
    why: str
    found: str
    payments: list[dict[str, Any]]
    more: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """A form of abuse that the rules refused: how often, by which of them, and one example."""

    name: str
    why: str
    count: int
    reasons: str
    entry: int


def planted(page: Page) -> list[dict[str, Any]]:
    """Return the cases of the answer file; none where there is no such file or it is none of ours."""
    path = Path(page.reader.ledger.removeprefix("sqlite:") + ANSWERS)
    if not page.demonstration or not path.is_file() or path.stat().st_size > BYTES_MAX:
        return []
    try:
        cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError:
        return []
    return [one for one in cases if isinstance(one, dict) and f"{one.get('kind')}/{one.get('form')}" in BY_NAME]


@router.get("/tour/abuse")
def abuse(page: Asked) -> Response:
    """Return the hunt."""
    cases = planted(page)
    if not cases:
        raise Problem(404, "not-found", page.words.text("There is nothing here"))
    told = page.reader.once("planted abuse", lambda rows: page.reader.ask(lambda book: _told(book, rows, cases)))
    open_ones = [
        _case(page, one, operations)
        for one, operations in zip(cases, told, strict=True)
        if one["expected"] != "refused" and f"{one['kind']}/{one['form']}" in QUESTIONS and operations
    ]
    return page.render(
        "hunt.html", count=len(cases), refused=sum(one["expected"] == "refused" for one in cases),
        stopped=_stopped(page, cases, told), cases=open_ones[:CASES_MAX], sees=page.could("read.entries"),
    )  # fmt: skip


def _told(book: Book, rows: Table, cases: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return of each case the entries as pages tell them, those that the ledger has."""
    # An id finds what was posted. What was refused may come again under its id, so it is looked for among the refusals.
    refused = rows.entry[(rows.result != Result.POSTED) & (rows.result != Result.EXISTS)][:REFUSED_MAX]
    by_id = {str(one["id"]): one for one in (describe_entry(book, number) for number in refused.tolist())}
    out = []
    for case in cases:
        names = [str(one) for one in case["ids"][:ENTRIES_MAX]]
        if case["expected"] == "refused":
            found = [by_id[name] for name in names if name in by_id]
        else:
            numbers = [entry_number(book, name) for name in names]
            found = [describe_entry(book, number) for number in numbers if number is not None]
        out.append([sides(book, one) for one in found])
    return out


def _case(page: Page, case: dict[str, Any], operations: list[dict[str, Any]]) -> Case:
    t, name = page.words.text, f"{case['kind']}/{case['form']}"
    title, question = QUESTIONS[name]
    form = BY_NAME[name]
    payer = operations[0]["payer"]
    path = payer.colour
    detectable = form.outcome == DETECTABLE
    found = (
        t("Only a look at many entries finds it.") if detectable else t("No entry shows it; only a visit to the site.")
    )
    begin = f"/trail/{path}?follow=all" if name in FOLLOWED else f"/colours/{path}"
    return Case(
        t(title), t(question), begin, path, payer.colour_title(page.words), t(form.why), found, operations,
        len(case["ids"]) - len(operations),
    )  # fmt: skip


def _stopped(page: Page, cases: list[dict[str, Any]], told: list[list[dict[str, Any]]]) -> list[Stopped]:
    """Return what was refused, form by form."""
    words = page.words
    count: Counter[str] = Counter()
    reasons: dict[str, dict[str, None]] = {}
    example: dict[str, int] = {}
    for one, operations in zip(cases, told, strict=True):
        if one["expected"] != "refused":
            continue
        name = f"{one['kind']}/{one['form']}"
        count[name] += 1
        for answer in one["answers"]:
            reasons.setdefault(name, {})[labels.result(words, str(answer))] = None
        if operations:
            example.setdefault(name, int(operations[-1]["entry"]))
    return [
        Stopped(
            f"{words.text(NAMES[BY_NAME[name].kind])}: {words.text(NAMES[BY_NAME[name].form])}",
            words.text(BY_NAME[name].why), times, ", ".join(reasons[name]), example.get(name, -1),
        )
        for name, times in count.items()
    ]  # fmt: skip


def offered(page: Page) -> bool:
    """Tell whether there is abuse to be found here; asked once for as many entries as there are."""

    def make(_rows: Table) -> bool:
        return bool(planted(page))

    return page.reader.once("abuse is planted", make)
