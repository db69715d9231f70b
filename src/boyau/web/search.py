"""Search for anything: what it is follows from its form. One exact hit leads straight to it, else all is listed.

Natural persons are found, by name or number, only by those who may see them; to others it looks as if there were none.
"""

import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import numpy as np
from fastapi import APIRouter, Response
from markupsafe import Markup
from starlette.responses import RedirectResponse

from boyau import codec
from boyau.journal import Book
from boyau.ledger import Result, codes
from boyau.service.problems import Problem
from boyau.views.names import COLOUR, PERSON, SUBJECT, WHO, fold
from boyau.views.persons import checked, is_number, is_person
from boyau.web import labels
from boyau.web.links import Linked, linked
from boyau.web.operation import hides, known_names
from boyau.web.pages import Asked, Page
from boyau.web.record_words import kind_word
from boyau.web.visible import seen

router = APIRouter(include_in_schema=False)
QUERY_CHARS_MAX = 200
SHOWN, COUNTED = 12, 1000
"""Hits of one kind that are shown; beyond so many they are not counted."""
_HEX = re.compile(r"[0-9a-fA-F]{48}|[0-9a-fA-F]{64}")
_ITEM = re.compile(r"[A-Za-z]+:[0-9][0-9.\- ]{0,40}")
"""As the ledger reads item codes (ledger/codes.py), also in small letters."""


@dataclass(slots=True)
class Hit:
    """Something that was found: where it leads, its title, and a line about it. ``swatch``: a colour's path."""

    address: str
    title: Any
    line: Any = ""
    swatch: str = ""


@dataclass(slots=True)
class Group:
    """Hits of one kind; ``count``: how many there are, ``many``: at least that many."""

    title: str
    hits: list[Hit] = field(default_factory=list)
    rows: list[Linked] = field(default_factory=list)
    count: int = 0
    many: bool = False
    note: str = ""


@router.get("/search")
def search(page: Asked, q: str = "") -> Response:
    """Return what was found, or lead to the only thing that is exactly what was asked for."""
    asked = " ".join(q.split())
    if len(q) > QUERY_CHARS_MAX:
        raise Problem(422, "too-long", page.words.text("At most {number} characters can be looked for.",
                                                       number=QUERY_CHARS_MAX))  # fmt: skip
    if any(ord(letter) < 32 for letter in asked):
        asked = "".join(letter for letter in asked if ord(letter) >= 32)
    began = time.monotonic()
    one = Search(page, asked)
    groups = one.all() if asked else []
    exact = one.exact
    if len(exact) == 1 and not one.notices:
        return RedirectResponse(exact[0].address, 302)
    return page.render(
        "search.html", q=asked, groups=groups, found=exact, notices=one.notices, counted=COUNTED,
        milliseconds=round((time.monotonic() - began) * 1000), kind_name=lambda kind: labels.kind(
            page.words, kind.name.lower()
        ),
    )  # fmt: skip


class Search:
    """One search. ``exact``: what is exactly what was asked for; ``notices``: what is wrong with a number."""

    def __init__(self, page: Page, asked: str) -> None:
        self._page, self._q = page, asked
        self._t = page.words
        self.exact: list[Hit] = []
        self.notices: list[str] = []

    def all(self) -> list[Group]:
        """Look everywhere."""
        self._number()
        self._names_exactly()
        groups = [*self._document(), *self._item(), *self._act()]
        groups += self._words()
        return [group for group in groups if group.hits or group.rows]

    # ---- exactly ----------------------------------------------------------------------------------------------------

    def _number(self) -> None:
        """Say what is wrong with a BIN or IIN."""
        number, t = self._q.replace(" ", ""), self._page.words.text
        if not is_number(number):
            return
        if not checked(number):
            self.notices.append(t("{number} is no BIN or IIN: its check digit is wrong.", number=number))
        elif is_person(number) and not self._page.sees_persons:
            self.notices.append(
                t("{number} is the IIN of a natural person. Persons are found by those who may see them.",
                     number=number)
            )  # fmt: skip

    def _names_exactly(self) -> None:
        """Find what bears this very name: entry, id, account, colour, participant, request."""
        q, page = self._q, self._page
        bare = q.replace(" ", "")

        def look(book: Book) -> dict[str, Any]:
            registry = book.ledger.registry
            out: dict[str, Any] = {"entry": -1, "posted": -1}
            if bare.isascii() and bare.isdecimal() and len(bare) <= 18 and int(bare) < book.entries:
                out["entry"] = int(bare)
            with suppress(codec.CodecError):
                out["posted"] = book.ledger.entry_of(codec.id_bytes(q))
            out["account"] = q if q in registry.accounts else ""
            path = q.strip("/")
            colour = registry.colour_numbers.get(path)
            out["colour"] = None if colour is None or registry.colours[colour].plain else registry.colours[colour]
            who = q if q in registry.participants else bare if bare in registry.participants else ""
            out["who"] = who
            request = registry.evidence.requests.get(q)
            out["request"] = -1 if request is None else request.entry
            return out

        found = page.reader.ask(look)
        self._entries(found)
        if found["account"]:
            self._account(found["account"])
        if found["colour"] is not None:
            one = found["colour"]
            title = self._t.title(one.title) or one.path
            self.exact.append(Hit(f"/colours/{one.path}", title, one.path, one.path))
        if found["who"]:
            self._who_exactly(found["who"])

    def _entries(self, found: dict[str, Any]) -> None:
        t = self._page.words.text
        for name, entry in (("entry", found["entry"]), ("posted", found["posted"]), ("request", found["request"])):
            if entry < 0 or any(hit.address == f"/e/{entry}" for hit in self.exact):
                continue
            line = t("by its number") if name == "entry" else t("by its id") if name == "posted" else ""
            number = self._page.words.number(str(entry))
            self.exact.append(Hit(f"/e/{entry}", t("Entry {number}", number=number), line))

    def _account(self, name: str) -> None:
        who = name.partition("@")[0]
        facts = known_names(self._page, {who})[who]
        if hides(self._page, who, facts):
            return
        line = self._page.words.text("account")
        mine = who in self._page.caller.participants() or self._page.could("read.accounts")
        address = f"/a/{name.replace('#', '%23')}" if mine else f"/who/{who}"
        self.exact.append(Hit(address, name, line))

    def _who_exactly(self, who: str) -> None:
        facts = known_names(self._page, {who})[who]
        if not hides(self._page, who, facts):
            self.exact.append(Hit(f"/who/{who}", self._page.who(who, facts), self._classes(facts)))

    def _classes(self, facts: dict[str, Any]) -> str:
        return labels.classes(self._page.words, list(facts.get("classes", ())))

    # ---- by what entries say ----------------------------------------------------------------------------------------

    def _rows(self, title: str, places: Any) -> Group:
        """List operations, newest first; refused ones for those who may see them."""
        rows, page = self._page.reader.rows, self._page
        accounts = seen(page)
        if accounts is not None:
            places = places[rows.result[places] == Result.POSTED]

        def look(book: Book) -> list[Linked]:
            return [linked(book, rows, int(place)) for place in places[-SHOWN:][::-1]]

        return Group(title, rows=page.reader.ask(look), count=len(places))

    def _document(self) -> list[Group]:
        if not _HEX.fullmatch(self._q):
            return []
        digest = bytes.fromhex(self._q)[:24]
        rows, t = self._page.reader.rows, self._page.words.text
        places = np.flatnonzero(rows.document == int.from_bytes(digest[:8], "little", signed=True))
        sealed = self._page.reader.sealed
        same = [k for k in places[-COUNTED:].tolist() if _document_of(sealed.row(int(rows.entry[k]))) == digest]
        out = [self._rows(t("Paid on this document"), np.array(same, np.int64))]
        with self._page.reader.views() as views:
            listed = views.names.listed(f"command {self._q.lower()}", SHOWN)
        if listed:
            hits = [self._record(entry, kind) for entry, kind in listed]
            out.append(Group(t("Proposed and approved under this digest"), hits, count=len(hits)))
        return out

    def _record(self, entry: int, kind: str) -> Hit:
        number = self._page.words.number(str(entry))
        return Hit(f"/e/{entry}", self._page.words.text("Entry {number}", number=number),
                   kind_word(self._page.words, kind))  # fmt: skip

    def _item(self) -> list[Group]:
        if not _ITEM.fullmatch(self._q):
            return []
        try:
            low, high = codes.item_interval(self._q.upper())
        except codes.CodeError as error:
            self.notices.append(str(error))
            return []
        rows = self._page.reader.rows
        places = np.flatnonzero((rows.item >= low) & (rows.item <= high))
        return [self._rows(self._page.words.text("Where this was bought"), places)]

    def _act(self) -> list[Group]:
        number = self._page.reader.ask(lambda book: book.ledger.subjects.get(self._q, 0))
        if not number:
            return []
        rows, t = self._page.reader.rows, self._page.words.text
        with self._page.reader.views() as views:
            listed = views.names.listed(f"subject {self._q}", SHOWN)
        records = Group(t("Records about this act or delivery"), [self._record(*one) for one in listed],
                        count=len(listed))  # fmt: skip
        return [self._rows(t("Operations on this act or delivery"), np.flatnonzero(rows.subject == number)), records]

    # ---- by words ---------------------------------------------------------------------------------------------------

    def _words(self) -> list[Group]:
        words = fold(self._q)
        kinds = [WHO, *((PERSON,) if self._page.sees_persons else ()), COLOUR, SUBJECT]
        with self._page.reader.views() as views:
            found = {kind: views.names.find(words, kind, SHOWN, counted=COUNTED) for kind in kinds}
        t = self._page.words.text
        titles = {
            WHO: t("Participants"), PERSON: t("Natural persons"), COLOUR: t("Colours"),
            SUBJECT: t("Acts and deliveries"),
        }  # fmt: skip
        return [
            Group(titles[kind], self._hits(kind, names), count=count, many=count >= COUNTED)
            for kind, (names, count) in found.items()
        ]

    def _hits(self, kind: int, names: list[str]) -> list[Hit]:
        if kind == COLOUR:
            return self._page.reader.ask(lambda book: self._colours(book, names))
        if kind == SUBJECT:
            return [Hit(f"/search?q={quote(name, safe='')}", name) for name in names if name != self._q]
        facts = known_names(self._page, names)
        return [
            Hit(f"/who/{name}", self._page.who(name, facts[name]),
                Markup('<span class="mono">{}</span> {}').format(name, self._classes(facts[name])))
            for name in names
            if not hides(self._page, name, facts[name])
        ]  # fmt: skip

    def _colours(self, book: Book, names: list[str]) -> list[Hit]:
        registry = book.ledger.registry
        found = [registry.colours[registry.colour_numbers[name]] for name in names if name in registry.colour_numbers]
        return [Hit(f"/colours/{one.path}", self._t.title(one.title) or one.path, one.path, one.path) for one in found]


def _document_of(row: Any) -> bytes:
    return b"" if row is None else bytes(row["document"].tobytes())
