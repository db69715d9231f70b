"""What a trail is asked for: read from an address, checked, found in the ledger; and its answer."""

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args
from urllib.parse import quote, urlencode
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from boyau.journal import Book
from boyau.journal.find import entry_number
from boyau.ledger import codes
from boyau.ledger.codes import CodeError
from boyau.service.gate.policy import account_facts
from boyau.service.problems import Problem, busy
from boyau.trace import (
    Flow,
    Span,
    TraceError,
    flow_of_account,
    flow_of_colour,
    flow_of_entry,
    flow_of_participant,
)
from boyau.trace.journal import Traced, of_rows
from boyau.views.columns import Table
from boyau.web import masks
from boyau.web.holders import holders
from boyau.web.operation import hides, known_names
from boyau.web.pages import Page
from boyau.web.reader import Reader

Of = Literal["colour", "who", "account", "entry"]
PREFIXES: tuple[Of, ...] = get_args(Of)
DIRECTIONS = ("both", "from", "to")
FOLLOW = ("colour", "coloured", "all")
METHODS = ("fifo", "pro_rata")
TOPS = (6, 12, 24)
"""Nodes of one kind that a picture shows at most; a file has up to ``ALL``."""
ALL = 5000
TOP = 6
LEVEL_MAX = 16
NAME_CHARS_MAX = 600
PRO_RATA_MAX = 20_000
"""Transfers up to which money is split pro rata: the parts grow far faster than the transfers do."""
PRO_RATA_SECONDS = 60.0
"""So long a split pro rata is shown before the newest entries are taken in; making it takes some seconds."""
AT_ONCE = 2
"""Trails that are followed at the same time: each needs room for a part of the journal."""
WAIT_SECONDS = 8.0
_MONTH = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?")
_split: "WeakKeyDictionary[Reader, tuple[Traced, int, float]]" = WeakKeyDictionary()
_splitting = threading.Lock()
_turns = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Question:
    """A question as its address says it. ``first``, ``last``: months (``2025-03``) or years, "" for no bound."""

    of: Of
    name: str
    direction: str = "both"
    follow: str = ""
    method: str = "fifo"
    level: int = 0
    top: int = TOP
    first: str = ""
    last: str = ""
    unit: str = ""

    @property
    def default_follow(self) -> str:
        """How far money is followed where nothing is said."""
        return "colour" if self.of == "colour" else "coloured"

    def query(self) -> dict[str, str]:
        """Return what differs from the defaults, as the query of an address."""
        plain = Question(self.of, self.name)
        out = {
            "direction": self.direction if self.direction != plain.direction else "",
            "follow": self.follow if self.follow != self.default_follow else "",
            "method": self.method if self.method != plain.method else "",
            "level": str(self.level) if self.level else "",
            "top": str(self.top) if self.top != plain.top else "",
            "from": self.first, "to": self.last, "unit": self.unit,
        }  # fmt: skip
        return {name: value for name, value in out.items() if value}

    def address(self, **more: str) -> str:
        """Return the address of its page."""
        # Short where it cannot be taken for another thing: the path of a colour is what people type.
        short = self.of == "colour" and self.name.split("/")[0] not in PREFIXES
        path = f"/trail/{quote(self.name, safe='/')}" if short else f"/trail/{self.of}/{quote(self.name, safe='/@')}"
        query = self.query() | {name: value for name, value in more.items() if value}
        return f"{path}?{urlencode(query)}" if query else path

    def about(self, of: Of, name: str) -> "Question":
        """Return the same question of something else."""
        follow = "" if self.follow == self.default_follow else self.follow
        asked = replace(self, of=of, name=name, level=0, unit="", follow=follow)
        if of == "entry":
            return replace(asked, first="", last="")
        return replace(asked, follow=asked.follow or asked.default_follow)

    def days(self) -> tuple[int, int]:
        """Return the first and the last day of the period, as days since 1970-01-01."""
        first, last = -(2**31), 2**31 - 1
        if self.first:
            first = codes.day(f"{self.first}-01" if len(self.first) > 4 else f"{self.first}-01-01")
        if self.last:
            after = np.datetime64(self.last, "M" if len(self.last) > 4 else "Y") + 1
            last = int(after.astype("datetime64[D]").astype(np.int64)) - 1
        return first, last


@dataclass(frozen=True, slots=True)
class Answer:
    """The flow that answers a question; amounts in minor units of ``unit``. ``entries``: what was followed."""

    question: Question
    flow: Flow
    unit: str
    scale: int
    entries: int
    span: Span | None
    units: tuple[str, ...] = ()


def wrong(page: Page, name: str, told: str) -> Problem:
    """Return the problem of a value that cannot be: which one, and what to write instead."""
    title = page.words.text("The value of “{name}” is not known.", name=name)
    return Problem(422, "value-unknown", title, told)


def read(page: Page, what: str) -> Question:
    """Read the question that the address asks, with what it is about found in the ledger."""
    of, name = _found(page, what)
    query = page.request.query_params
    words = page.words
    asked: dict[str, Any] = {}
    choices = {
        "direction": DIRECTIONS, "follow": FOLLOW, "method": METHODS,
    }  # fmt: skip
    for field, known in choices.items():
        value = query.get(field, "")
        if value and value not in known:
            raise wrong(page, field, words.text("It is one of: {names}.", names=", ".join(known)))
        asked[field] = value
    level, top = (
        whole(page, query.get(field, ""), field, most) for field, most in (("level", LEVEL_MAX), ("top", ALL))
    )
    if top > TOPS[-1] and not query.get("format"):
        raise wrong(page, "top", words.text("A picture shows at most {number}.", number=TOPS[-1]))
    for field in ("from", "to"):
        value = query.get(field, "")
        if value and not _month(value):
            raise wrong(page, field, words.text("Write a month as 2025-03, or a year as 2025."))
    first, last = query.get("from", ""), query.get("to", "")
    plain = Question(of, name)
    question = replace(
        plain, direction=asked["direction"] or plain.direction, follow=asked["follow"] or plain.default_follow,
        method=asked["method"] or plain.method, level=level, top=top or TOP, first=first, last=last,
        unit=query.get("unit", "")[:20] if of == "who" else "",
    )  # fmt: skip
    if of == "entry" and (first or last):
        raise wrong(page, "from", words.text("One payment has its own date: a period cannot be asked of it."))
    if of != "colour" and question.follow == "colour":
        question = replace(question, follow="coloured")
    days = question.days()
    if days[0] > days[1]:
        raise wrong(page, "to", words.text("The period ends before it begins."))
    return question


def _month(value: str) -> bool:
    """Tell whether a text is a month or a year there can be."""
    try:
        return bool(_MONTH.fullmatch(value)) and bool(codes.day(f"{value[:4]}-01-01"))
    except CodeError:
        return False


def whole(page: Page, text: str, field: str, most: int) -> int:
    """Read a whole number from 0 to *most*; nothing is 0."""
    if not text:
        return 0
    if not text.isascii() or not text.isdecimal() or len(text) > 6 or not 0 <= int(text) <= most:
        raise wrong(page, field, page.words.text("Write a whole number from 0 to {number}.", number=most))
    return int(text)


def nobody(page: Page, name: str) -> Problem:
    """Return what is said where there is nothing of this name, and where the reader may not know whether there is."""
    return Problem(
        404, "not-found", page.words.text("There is no trail of “{name}”.", name=name[:60]),
        page.words.text("A trail is of a colour, a payee, an account or a payment. Natural persons are shown to those "
                        "only who may see them."),
    )  # fmt: skip


def _found(page: Page, what: str) -> tuple[Of, str]:
    """Return what the end of an address is about: ``colour/PATH``, ``who/ID`` …, or whichever bears the name."""
    if len(what) > NAME_CHARS_MAX:
        raise nobody(page, what)
    head, _, rest = what.partition("/")
    given: list[tuple[Of, str]] = [(of, rest) for of in PREFIXES if of == head and rest]
    bare: list[tuple[Of, str]] = [(of, what) for of in PREFIXES]

    def look(book: Book) -> tuple[Of, str] | None:
        registry = book.ledger.registry
        for of, name in [*given, *bare]:
            number = registry.colour_numbers.get(name, -1) if of == "colour" else -1
            if (
                (number >= 0 and not registry.colours[number].plain)
                or (of == "who" and name in registry.participants)
                or (of == "account" and name in registry.accounts)
            ):
                return of, name
            if of == "entry" and "/" not in name:
                entry = entry_number(book, name)
                if entry is not None:
                    return of, str(entry)
        return None

    found = page.reader.ask(look)
    if found is None:
        raise nobody(page, what)
    of, name = found
    if of == "who" and hides(page, name, known_names(page, {name})[name]):
        raise nobody(page, what)
    if of == "account":
        who = name.partition("@")[0]
        if hides(page, who, known_names(page, {who})[who]):
            raise nobody(page, what)
        page.must("read.account", account_facts(name))
    return of, name


# ---- the answer ------------------------------------------------------------------------------------------------------


def answer(page: Page, question: Question) -> Answer:
    """Follow the money. Raises a problem where nothing moved, and where too many trails are followed already."""
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise busy(int(WAIT_SECONDS))
    try:
        return _answer(page, question)
    except TraceError:
        title = page.words.text("No money has moved here yet.")
        raise Problem(
            404, "nothing-moved", title, page.words.text("As soon as it does, its trail stands here.")
        ) from None
    finally:
        _turns.release()


def _answer(page: Page, question: Question) -> Answer:
    traced, entries = _traced(page, question.method)
    lineage, names = traced.lineage, traced.names
    span = None
    if question.first or question.last:
        span = Span(*question.days(), _days(page, traced, entries))
    options: dict[str, Any] = {
        "level": question.level or None, "top": question.top, "held": traced.held, "follow": question.follow,
    }  # fmt: skip
    known = holders(page.reader)
    units: tuple[str, ...] = ()
    if question.of == "colour":
        flow = flow_of_colour(lineage, names, question.name, span=span, **options)
        unit = next(one.unit for one in known.colours if one.path == question.name)
        return Answer(question, flow, unit, known.units[unit], entries, span)
    options["direction"] = question.direction
    if question.of == "who":
        mine = known.of(question.name)[: len(names)]
        named = [known.colours[one].unit for one in np.unique(known.colour[: len(names)][mine]).tolist()]
        units = tuple(dict.fromkeys(named))
        unit = question.unit or next(iter(units), "")
        if unit not in units:
            raise wrong(page, "unit", page.words.text("It is one of: {names}.", names=", ".join(units) or "–"))
        among = np.asarray(known.unit[known.colour[: len(names)]] == known.unit_number(unit))
        flow = flow_of_participant(lineage, names, question.name, among=among, span=span, **options)
        return Answer(question, flow, unit, known.units[unit], entries, span, units)
    if question.of == "account":
        number = names.account(question.name)
        flow = flow_of_account(lineage, names, number, span=span, **options)
    else:
        number = int(lineage.credit[lineage.place(int(question.name))])
        flow = flow_of_entry(lineage, names, int(question.name), **options)
    unit = known.colours[int(known.colour[number])].unit
    return Answer(question, flow, unit, known.units[unit], entries, span)


def _traced(page: Page, method: str) -> tuple[Traced, int]:
    """Return the lots of the ledger's money by a method, and of how many entries they are."""
    trail = page.reader.trail()
    if method == "fifo":
        return trail.traced, trail.entries
    if len(trail.traced.lineage) > PRO_RATA_MAX:
        words = page.words
        most = words.number(str(PRO_RATA_MAX))
        told = words.text("Pro rata is offered for ledgers of up to {number} transfers.", number=most)
        raise Problem(422, "too-much", told, words.text("Choose first in, first out: it is exact at any size."))
    with _splitting:
        known = _split.get(page.reader)
        rows = page.reader.rows
        if known is not None and (known[1] == rows.entries or time.monotonic() - known[2] < PRO_RATA_SECONDS):
            return known[:2]
        posted = np.flatnonzero(rows.result == 0)
        columns = {name: getattr(rows, name)[posted] for name in ("debit", "credit", "settled", "kind", "ref")}
        book = page.reader.ask(lambda book: book)  # names and issuers only: they are never taken away
        traced = of_rows(book, numbers=rows.entry[posted], method="pro_rata", **columns)
        _split[page.reader] = (traced, rows.entries, time.monotonic())
        return traced, rows.entries


def _days(page: Page, traced: Traced, entries: int) -> npt.NDArray[np.int32]:
    """Return the value date of every transfer, remembered for as long as the trail is the same."""

    def make(rows: Table) -> tuple[int, npt.NDArray[np.int32]]:
        by_entry = np.zeros(rows.entries, np.int32)
        by_entry[rows.entry] = rows.day
        return entries, by_entry[traced.lineage.numbers]

    name = f"trail days {traced.lineage.method}"
    made, days = page.reader.once(name, make)
    return days if made == entries else make(page.reader.rows)[1]


def months(rows: Table) -> list[str]:
    """Return all months between the first and the last value date, as ``2025-03``."""
    if not len(rows):
        return []
    ends = np.array([rows.day.min(), rows.day.max()]).astype("datetime64[D]").astype("datetime64[M]")
    return [str(one) for one in np.arange(ends[0], ends[1] + 1)][-120:]


def hidden_name(page: Page, name: str, facts: Mapping[str, Any]) -> str:
    """Return the name under which a participant stands in addresses: a hidden person's pseudonym."""
    if facts and not hides(page, name, dict(facts)):
        return name
    return masks.pseudonym(name, page.access.store.salt) if masks.is_person(name, facts.get("classes", ())) else name
