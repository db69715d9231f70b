"""The rules in force for a colour: each with the colour of the tree that makes it and the record that did."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from boyau.journal import Book
from boyau.ledger import codes
from boyau.ledger.colours import DAY_MAX, EVIDENCE_AT, HOPS_MAX, Rules
from boyau.ledger.registry import Colour
from boyau.programmes.words import RULES
from boyau.web import labels
from boyau.web.operation import known_names, link
from boyau.web.pages import Page
from boyau.web.rule_sentences import LISTED_MAX, STAGES, Sentences, day_left


@dataclass(frozen=True, slots=True)
class Origin:
    """A rule of one colour on the way to the root: what it asks, whose it is, and the entry that set it (−1: none)."""

    text: Markup
    path: str
    title: Any
    entry: int


@dataclass(frozen=True, slots=True)
class Ruling:
    """All that is said of one thing, nearest colour first: a payment must meet every one of them."""

    rule: str
    name: str
    origins: list[Origin]


@dataclass(frozen=True, slots=True)
class Told:
    """``rulings``: rule by rule. The others: what follows from all of them together, in words."""

    rulings: list[Ruling]
    window: str
    left: str
    closed: bool
    chain: str
    ends: str
    evidence: list[str]
    waiting: list[str]


def names_of(rules: list[Rules]) -> set[str]:
    """Return the participants that rules name and that are written out."""
    listed = (sorted(some)[:LISTED_MAX] for one in rules for some in (one.allow or (), one.deny))
    return {who for some in listed for who in some}


def sentences(page: Page, rules: list[Rules], unit: str, scale: int) -> Sentences:
    """Return who says these rules."""
    facts = known_names(page, names_of(rules))
    return Sentences(page.words, unit, scale, lambda who: link(page, who, facts.get(who, {})))


def told(page: Page, line: list[Colour], now: int) -> Told:
    """Return the rules of the last colour of *line*, which leads there from the root; *now*: journal time, µs."""
    words, node = page.words, line[-1]
    scale = page.reader.ask(lambda book: book.ledger.registry.units[node.unit])
    say = sentences(page, [one.own for one in line], node.unit, scale)
    found: dict[str, list[Origin]] = {}
    for one in reversed(line):
        for said in say.of(one.own):
            found.setdefault(said.rule, []).append(Origin(said.text, one.path, one.title, one.rules_entry))
    order = list(RULES)
    rulings = [
        Ruling(rule, words.text(RULES[rule]) if rule in RULES else rule, origins)
        for rule, origins in sorted(found.items(), key=lambda item: order.index(item[0]) if item[0] in RULES else 99)
    ]
    rules = node.effective
    evidence = [
        f"{labels.condition(words, condition)}, {words.text(STAGES[at])}"
        for at, field in EVIDENCE_AT.items()
        for condition in sorted(getattr(rules, field))
    ]
    today = codes.day_of(now)
    last = min(rules.last, rules.entry_until)
    return Told(
        rulings, _window(page, rules), day_left(words, last, today), last < today, _chain(page, rules),
        _ends(page, rules), evidence, _waiting(page, node.number),
    )  # fmt: skip


def _window(page: Page, rules: Rules) -> str:
    words = page.words
    first = words.day(rules.first) if rules.first > -DAY_MAX else "…"
    last = words.day(rules.last) if rules.last != DAY_MAX else "…"
    if first == last == "…":
        return words.text("no window: open without end")
    return f"{first} – {last}"


def _chain(page: Page, rules: Rules) -> str:
    words = page.words
    if rules.hops == HOPS_MAX:
        return words.text("no rule: as many links as there are")
    if not rules.hops:
        return words.text("it may not be passed on coloured")
    return words.text("at most {number} links", number=rules.hops)


def _ends(page: Page, rules: Rules) -> str:
    words = page.words
    if rules.ends is None:
        return words.text("nowhere: no rule lets the colour end")
    return labels.classes(words, rules.ends) or words.text("nobody")


def _waiting(page: Page, number: int) -> list[str]:
    """Return the days on which other rules of a colour come into force."""

    def look(book: Book) -> list[int]:
        return sorted(version[0] for version in book.ledger.registry.pending if version[2] == number)

    return [page.words.day(day) for day in page.reader.ask(look)]
