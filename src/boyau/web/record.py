"""A record's page: what it says in words, who signed it, what it changed. Personal data is masked field by field."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from boyau.journal import Book
from boyau.ledger import amounts, colours, evidence
from boyau.ledger.colours import Rules
from boyau.ledger.rules_text import own_texts
from boyau.views import Views
from boyau.web import labels, masks
from boyau.web.operation import Record, facts_of, hides, known_names, link, moment
from boyau.web.pages import Page
from boyau.web.past import Past
from boyau.web.record_words import kind_word, sentence

NAMING = ("participant", "by", "owner")
"""Fields that name a participant."""
FREE_TEXT = {"note": None, "denial": {"reason"}, "appeal": {"reason"}}
"""Fields in which people write what they like, so that persons may stand in them; None: any."""
OPEN_NOTE = {"type", "ledger", "format", "name"}
"""What the first note of a ledger says of it."""
RELATED_MAX = 10
_LIMITS = ("plan", "obligations", "payments")


@dataclass(frozen=True, slots=True)
class Change:
    """What a record changed: the name of a rule or limit, what stood before, what stands since."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it stands in the record; ``proved``: it is shown as it stands, so that the receipt can be compared."""

    name: str
    value: Any
    proved: bool


def _persons(record: dict[str, Any]) -> set[str]:
    """Return the participants that a record names."""
    out = {str(record[name]) for name in NAMING if isinstance(record.get(name), str)}
    out |= {str(step.get("owner", "")) for step in record.get("escalation", []) if isinstance(step, dict)}
    if isinstance(record.get("account"), str):
        out.add(record["account"].partition("@")[0])
    rules = record.get("rules", {})
    payees = rules.get("payees", {}) if isinstance(rules, dict) else {}
    out |= {*payees.get("allow", ()), *payees.get("deny", ())} if isinstance(payees, dict) else set()
    return {one for one in out if one}


def _hidden(page: Page, record: dict[str, Any]) -> set[str]:
    """Return those of them whom the reader may not see."""
    named = known_names(page, _persons(record))
    given = set(record.get("classes", ())) if record["type"] == "participant" else set()
    return {one for one, facts in named.items() if hides(page, one, {"classes": {*facts.get("classes", ()), *given}})}


def _secret_fields(page: Page, found: Record) -> set[str]:
    """Return the fields of free text that the reader may not see."""
    record = found.record
    kind = record["type"]
    if kind not in FREE_TEXT or (kind == "note" and set(record) <= OPEN_NOTE):
        return set()
    fields = FREE_TEXT[kind]
    texts = set(record) - {"type"} if fields is None else fields & set(record)
    return set() if page.access.policy.decide(page.caller.grants, "read.entry", facts_of(found)).allowed else texts


def shows_whole(page: Page, found: Record) -> bool:
    """Tell whether the reader may see a record as it stands, and so its receipt."""
    return not _hidden(page, found.record) and not _secret_fields(page, found)


def record_page(page: Page, found: Record, proof: dict[str, Any]) -> Response:
    """Return a record's page."""
    record = found.record
    hidden, secret = _hidden(page, record), _secret_fields(page, found)
    facts = known_names(page, _persons(record))
    if record["type"] == "participant":
        facts[record["participant"]] = record
    names = {one: link(page, one, known) for one, known in facts.items()}
    scale, title = page.reader.ask(lambda book: _colour(book, record))
    with page.reader.views() as views:
        past = Past(views, page.reader.sealed, found.entry, found.time)
        changes = list(_changes(page, found, past, scale))
        related = _related(views, found)
        key = _key_of(views, page, record)
    headline = sentence(page, record, names, scale)
    return page.render(
        "record.html", found=found, record=record, headline=headline, title=headline.striptags(), changes=changes,
        fields=list(_fields(page, record, hidden, secret)), moment=moment(page, found.time), proof=proof,
        related=related, key=key, colour_title=title, by=names.get(str(record.get("by", ""))),
        hidden=bool(hidden or secret), link=f"{page.access.origin}/e/{found.entry}",
        kind_word=kind_word(page.words, record["type"]), kind_name=lambda name: kind_word(page.words, name),
    )  # fmt: skip


def _colour(book: Book, record: dict[str, Any]) -> tuple[int, Any]:
    """Return the decimals of a record's unit, and the title of its colour."""
    registry = book.ledger.registry
    number = registry.colour_numbers.get(str(record.get("colour", "")))
    if number is None:
        return registry.units.get(str(record.get("unit", "")), 2), ""
    return registry.units[registry.colours[number].unit], registry.colours[number].title


# ---- what it changed ------------------------------------------------------------------------------------------------


def _changes(page: Page, found: Record, past: Past, scale: int) -> Iterator[Change]:
    record, t = found.record, page.words.text
    if record["type"] == "limits":
        before = next((one for one in past.limits(record["colour"]) if one[0] == record["colour"]), None)
        old = before[2] if before else (None, None, None)
        for k, name in enumerate(_LIMITS):
            if name in record:
                now = None if record[name] is None else amounts.parse(record[name], scale)
                yield Change(t(labels.LIMITS[name]), _limit(page, old[k], scale), _limit(page, now, scale))
        return
    if record["type"] != "colour" or "rules" not in record:
        return
    before_rules = past.own_rules(record["colour"], scale)
    old_texts = dict(_grouped(own_texts(before_rules.rules if before_rules else Rules(), scale)))
    new_texts = dict(_grouped(own_texts(colours.read(record["rules"], scale), scale)))
    for name in sorted(old_texts.keys() | new_texts.keys()):
        if old_texts.get(name) != new_texts.get(name):
            yield Change(name, old_texts.get(name, "–"), new_texts.get(name, "–"))


def _grouped(rules: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Join the values of a rule that stands several times, as caps and tiers do."""
    out: dict[str, list[str]] = {}
    for name, value in rules:
        out.setdefault(name, []).append(value)
    for name, values in out.items():
        yield name, "; ".join(values)


def _limit(page: Page, minor: int | None, scale: int) -> str:
    return page.words.text("not limited") if minor is None else page.words.money(minor, "KZT", scale)


# ---- its fields -----------------------------------------------------------------------------------------------------


def _fields(page: Page, record: dict[str, Any], hidden: set[str], secret: set[str]) -> Iterator[Field]:
    """Yield the fields, masked: a hidden person under its pseudonym, free text not at all."""
    salt = page.access.store.salt
    for name, value in sorted(record.items()):
        if name in secret or (hidden and name == "name"):
            yield Field(name, page.words.text("not shown: it may name persons"), proved=False)
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
        shown = text
        for one in sorted(hidden, key=len, reverse=True):
            shown = shown.replace(one, page.words.text("natural person {number}", number=masks.pseudonym(one, salt)))
        yield Field(name, shown, proved=shown == text)


def _related(views: Views, found: Record) -> list[tuple[int, str]]:
    """Return records about the same thing: (entry, type), newest first."""
    record = found.record
    for field in ("request", "command", "colour", "subject", "participant", "account"):
        if isinstance(record.get(field), str):
            return [one for one in views.names.listed(f"{field} {record[field]}", RELATED_MAX) if one[0] != found.entry]
    return []


def _key_of(views: Views, page: Page, record: dict[str, Any]) -> tuple[int, str] | None:
    """Return the key under which a record's signature holds: the entry that registered it, and the key."""
    if "signature" not in record or not isinstance(record.get("by"), str):
        return None
    for entry in views.names.about(f"participant {record['by']}", ("key",)):
        key = page.reader.sealed.record(entry)["key"]
        if evidence.verify(key, record):
            return entry, key
    return None
