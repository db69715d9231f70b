"""What the API says of operations, records, accounts and entries. Amounts are strings in major units."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from boyau.journal import Book
from boyau.journal.find import describe_entry, entry_number
from boyau.journal.operations import OperationError, Operations
from boyau.journal.submission import Answer
from boyau.language import Language, explanation
from boyau.ledger import Result, amounts, codes
from boyau.ledger.explain import Explainer
from boyau.ledger.registry import LIMITS
from boyau.ledger.rules_text import rule_texts

_ID_CHARS_MAX = 40


class Account(BaseModel):
    """What an account has. Amounts are decimal texts in major units."""

    account: str
    colour: str
    unit: str
    credits: str
    debits: str
    set_aside: str
    available: str


class Colour(BaseModel):
    """A colour: its rules in force, each with where it comes from; its limits and what is used of them."""

    colour: str
    unit: str
    title: Any
    limits: dict[str, dict[str, str | None]]
    rules: Any = None


class Entry(BaseModel):
    """An operation or a record as it stands in the journal, with its place there; docs/formats.md has the fields."""

    model_config = ConfigDict(extra="allow")
    entry: int
    batch: int
    recorded: str
    batch_hash: str
    ledger: str


GOOD = ("posted", "exists", "recorded")
_STATUS = {"posted": 201, "recorded": 201, "exists": 200, "unreadable": 422, "refused": 422}


def status(answer: Answer) -> int:
    """Return the HTTP status of a single answer: 409 where a rule, a limit or the state stands against it."""
    return _STATUS.get(answer.result, 409)


def document(answer: Answer, *, dry: bool = False) -> dict[str, Any]:
    """Return one answer as JSON."""
    out: dict[str, Any] = {"result": answer.result}
    if answer.id:
        out["id"] = answer.id
    if answer.entry >= 0 and not dry:
        out |= {"entry": answer.entry, "href": f"/api/v1/entries/{answer.entry}"}
    if answer.field:
        out["field"] = answer.field
    if answer.message:
        out["message"] = answer.message
    return out


TOLD = -1
"""Stands among results where the answer has been written out: a record, or what could not be read."""


@dataclass(slots=True)
class Outcome:
    """What became of a batch, a line a place. Answers are written out only where somebody asks for them."""

    results: npt.NDArray[np.int16]
    entries: npt.NDArray[np.int64]
    ids: list[str]
    told: dict[int, Answer] = field(default_factory=dict)

    @classmethod
    def blank(cls, count: int) -> "Outcome":
        """Return an outcome to be filled in."""
        return cls(np.full(count, TOLD, np.int16), np.full(count, -1, np.int64), [""] * count)

    @classmethod
    def of(cls, given: Sequence[Answer]) -> "Outcome":
        """Return the outcome of lines that were answered one by one."""
        out = cls.blank(len(given))
        out.told = dict(enumerate(given))
        return out

    def counts(self) -> dict[str, int]:
        """Return how often each result was given."""
        out: dict[str, int] = {}
        for code, count in zip(*np.unique(self.results, return_counts=True), strict=True):
            if code != TOLD:
                out[Result(int(code)).name.lower()] = int(count)
        for answer in self.told.values():
            out[answer.result] = out.get(answer.result, 0) + 1
        return out

    def documents(self, *, dry: bool = False) -> Iterator[str]:
        """Yield the JSON of each answer, in order."""
        names = {int(code): Result(int(code)).name.lower() for code in np.unique(self.results) if code != TOLD}
        for place, (code, entry, own) in enumerate(
            zip(self.results.tolist(), self.entries.tolist(), self.ids, strict=True)
        ):
            if code == TOLD:
                yield json.dumps(document(self.told[place], dry=dry), ensure_ascii=False, separators=(",", ":"))
                continue
            name = own if own.isalnum() else json.dumps(own)[1:-1]
            yield (
                f'{{"result":"{names[code]}","id":"{name}","entry":{entry},"href":"/api/v1/entries/{entry}"}}'
                if entry >= 0 and not dry
                else f'{{"result":"{names[code]}","id":"{name}"}}'
            )


def findings(book: Book, value: Any, words: Language, following: Any = None) -> list[dict[str, Any]]:
    """Return every rule that an operation breaks: where it stands in the tree, what evidence is missing, the remedy."""
    at = book.now()
    operations = Operations(book.ledger)
    day = codes.day_of(at)
    try:
        row = operations.rows([value], day)[0]
        after = operations.rows([following], day)[0] if following is not None else None
    except OperationError:
        return []
    return [explanation(one, words) for one in Explainer(book.ledger).explain(row, at, after)]


def account(book: Book, name: str) -> dict[str, Any] | None:
    """Return what an account has and can still spend; None where there is none."""
    registry = book.ledger.registry
    number = registry.accounts.get(name)
    if number is None:
        return None
    colour = registry.colours[int(book.ledger.tables.acc[number, 3])]
    scale = registry.units[colour.unit]
    debits, credits, pending = book.ledger.balance(name)
    figures = {"credits": credits, "debits": debits, "set_aside": pending, "available": credits - debits - pending}
    return {"account": name, "colour": colour.path, "unit": colour.unit} | {
        key: amounts.write(value, scale) for key, value in figures.items()
    }


def accounts(book: Book, after: int, most: int, below: str = "") -> tuple[list[dict[str, Any]], int | None]:
    """Return up to *most* accounts after number *after*, and the number to go on after; None where none is left.

    With *below*, accounts of that colour and of those under it. So many are looked at and no more: a page may be short.
    """
    registry, names = book.ledger.registry, _names(book)
    out: list[dict[str, Any]] = []
    end = min(len(names), after + 1 + (SCANNED_MAX if below else most))
    number = after
    for number in range(after + 1, end):
        path = registry.colours[int(book.ledger.tables.acc[number, 3])].path
        if below and path != below and not path.startswith(below + "/"):
            continue
        found = account(book, names[number])
        if found is not None:
            out.append(found)
        if len(out) == most:
            break
    return out, number if number + 1 < len(names) else None


def colours(book: Book, after: int, most: int) -> tuple[list[dict[str, Any]], int | None]:
    """Return up to *most* colours after number *after*, without their rules, and the number to go on after."""
    nodes = book.ledger.registry.colours
    end = min(len(nodes), after + 1 + most)
    found = (colour(book, nodes[number].path, rules=False) for number in range(after + 1, end))
    return [one for one in found if one is not None], end - 1 if end < len(nodes) else None


SCANNED_MAX = 20_000
"""Accounts that one look goes through at most: the writer waits for it."""
_NAMES: "WeakKeyDictionary[Any, list[str]]" = WeakKeyDictionary()


def _names(book: Book) -> list[str]:
    """Return the names of accounts by number. Accounts are only ever added, so what was listed stays."""
    known = _NAMES.setdefault(book.ledger, [])
    known.extend(islice(book.ledger.accounts, len(known), None))
    return known


def colour(book: Book, path: str, *, rules: bool = True) -> dict[str, Any] | None:
    """Return a colour: its rules in force, each with where in the tree it comes from, its limits and what is used."""
    registry = book.ledger.registry
    number = registry.colour_numbers.get(path)
    if number is None:
        return None
    node = registry.colours[number]
    scale = registry.units[node.unit]
    used = book.ledger.counters(path)
    limits = {
        name: {
            "limit": None if node.limits[k] is None else amounts.write(node.limits[k] or 0, scale),
            "override": amounts.write(node.override[k], scale),
            "used": amounts.write(used[k], scale),
        }
        for k, name in enumerate(LIMITS)
    }
    out = {"colour": path, "unit": node.unit, "title": node.title, "limits": limits}
    return out | {"rules": rule_texts(registry, node)} if rules else out


def entry(book: Book, text: str) -> dict[str, Any] | None:
    """Return one entry, by number or by the id it was posted under; None where there is none."""
    number = entry_number(book, text) if len(text) <= _ID_CHARS_MAX else None
    return None if number is None else describe_entry(book, number)


def entries(book: Book, first: int, most: int) -> list[dict[str, Any]]:
    """Return up to *most* entries from number *first* on, in order."""
    last = min(first + most, book.entries)
    return [describe_entry(book, number) for number in range(first, last)]
