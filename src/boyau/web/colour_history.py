"""What was recorded of a colour, newest first: its rules, its limits, and what each record changed."""

from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from boyau.ledger import amounts, codes, colours
from boyau.ledger.amounts import AmountError
from boyau.ledger.colours import Rules
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.registry import LIMITS
from boyau.programmes.words import RULES
from boyau.web import labels
from boyau.web.colour_rules import sentences
from boyau.web.pages import Page

VERSIONS_MAX = 20
"""Records that a page shows; older ones are counted."""
COUNTED_MAX = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """A rule or a limit that is no longer so (``old``) and what is so instead (``new``); empty: none."""

    name: str
    old: Markup
    new: Markup


@dataclass(frozen=True, slots=True)
class Version:
    """One record: its entry, the day it was recorded, from which day it rules, and what it changed."""

    entry: int
    day: int
    starts: int
    kind: str
    reason: str
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class History:
    """The newest records, and how many there are (at most ``COUNTED_MAX`` are counted)."""

    versions: list[Version]
    count: int


def history(page: Page, one: Any) -> History:
    """Return the history of a colour, a ``Twig``."""
    sealed = page.reader.sealed
    with page.reader.views() as views:
        entries = views.names.about(f"colour {one.path}", ("colour", "limits"), most=COUNTED_MAX)
        shown = entries[:VERSIONS_MAX]
        before = {entry: views.limits_before(one.path, entry) for entry in shown}
        records = {entry: sealed.record(entry) for entry in shown}
        older = next((entry for entry in entries[VERSIONS_MAX:] if "rules" in sealed.record(entry)), None)
    if older is not None:
        records[older] = sealed.record(older)
    versions = []
    for entry in shown:
        record = records[entry]
        day = codes.day_of(sealed.time(entry))
        reason = str(record.get("reason", ""))
        if record["type"] == "limits":
            changes = _limits(page, record, before[entry], one.unit, one.scale)
            versions.append(Version(entry, day, _day(record.get("date"), day), "limits", reason, changes))
            continue
        previous = next(
            (records[k] for k in sorted(records, reverse=True) if k < entry and "rules" in records[k]), None
        )
        changes = _title(page, record) + _rules(page, record, previous, one.unit, one.scale)
        versions.append(Version(entry, day, _day(record.get("from"), day), "colour", reason, changes))
    return History(versions, len(entries))


def _day(text: Any, otherwise: int) -> int:
    return codes.day(text) if isinstance(text, str) else otherwise


def _title(page: Page, record: dict[str, Any]) -> list[Change]:
    title = page.words.title(record.get("title", ""))
    return [Change(page.words.text("Title"), Markup(""), escape(title))] if title else []


def _read(record: dict[str, Any] | None, scale: int) -> Rules:
    try:
        return colours.read((record or {}).get("rules", {}), scale)
    except RecordRefused:  # pragma: no cover - the ledger took it, so it can be read
        return Rules()


def _rules(
    page: Page, record: dict[str, Any], previous: dict[str, Any] | None, unit: str, scale: int
) -> list[Change]:  # fmt: skip
    """Say which rules a record lays down that were not so before, and which it takes away."""
    if "rules" not in record:
        return []
    new, old = _read(record, scale), _read(previous, scale)
    say = sentences(page, [new, old], unit, scale)
    now, once = ([(said.rule, said.text) for said in say.of(rules)] for rules in (new, old))
    changes = [(rule, Markup(""), text) for rule, text in now if (rule, text) not in once]
    changes += [(rule, text, Markup("")) for rule, text in once if (rule, text) not in now]
    order = list(RULES)
    changes.sort(key=lambda one: order.index(one[0]) if one[0] in RULES else 99)
    named = page.words.text
    return [Change(named(RULES[rule]) if rule in RULES else rule, was, is_now) for rule, was, is_now in changes]


def _limits(
    page: Page, record: dict[str, Any], before: Any, unit: str, scale: int
) -> list[Change]:  # fmt: skip
    """Say which limits a record sets."""
    words = page.words
    former: tuple[int | None, ...] = before[1] if before else (None, None, None)
    out = []
    for name, old in zip(LIMITS, former, strict=True):
        if name in record:
            told = words.text("no limit") if record[name] is None else _money(page, record[name], unit, scale)
            was = words.money(old, unit, scale) if old is not None else ""
            out.append(Change(words.text(labels.LIMITS[name]), escape(was), escape(told)))
        if name in (record.get("override") or {}):
            told = words.text("override: {sum}", sum=_money(page, record["override"][name], unit, scale))
            out.append(Change(words.text(labels.LIMITS[name]), Markup(""), escape(told)))
    return out


def _money(page: Page, text: Any, unit: str, scale: int) -> str:
    try:
        return page.words.money(amounts.parse(text, scale), unit, scale)
    except AmountError:  # pragma: no cover - the ledger took it, so it can be read
        return str(text)
