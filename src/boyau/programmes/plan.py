"""What installing a programme would do to a ledger, before anything is done: new, changed, waiting, refused.

It is tried on copies of the ledger's rules. What changes rules in force waits for four eyes where the colour says so;
what rests on such a change waits for it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from boyau.ledger import Ledger, approvals, codes, colours, rule_records, snapshot
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.rules_text import own_texts
from boyau.ledger.tree import Colour
from boyau.programmes import install
from boyau.programmes.differences import Difference, differences
from boyau.programmes.install import Record
from boyau.programmes.model import Programme

NEW, SAME, CHANGES, APPROVAL, LATER, REFUSED = "new", "same", "changes", "approval", "later", "refused"
"""States of a planned record: recorded at once (``new``, ``changes``), in force already, to be proposed, refused; and
``later``: to be installed when what it rests on is approved."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One record of the plan: what would become of it.

    ``quorum`` of ``classes`` must approve it, which ``proposed_by`` has proposed already, "" nobody; or (``later``)
    ``waits_for`` names the colour whose change must be approved first.
    """

    record: Record
    state: str
    digest: str
    rules: tuple[tuple[str, str], ...] = ()
    differences: tuple[Difference, ...] = ()
    quorum: int = 0
    classes: tuple[str, ...] = ()
    proposed_by: str = ""
    waits_for: str = ""
    field: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All records in the order in which they are recorded."""

    records: tuple[Planned, ...]

    @property
    def digest(self) -> str:
        """A name of exactly this plan: of its records and of what would become of each on the ledger as it was."""
        told = [[one.digest, one.state, [[d.rule, d.before] for d in one.differences]] for one in self.records]
        return hashlib.sha256(b"boyau plan 1\n" + approvals.canonical({"records": told})).hexdigest()

    @property
    def refused(self) -> bool:
        """True where the ledger would refuse one of them: then none is recorded."""
        return any(one.state == REFUSED for one in self.records)

    def of(self, *states: str) -> list[Planned]:
        """Return the records in one of *states*."""
        return [one for one in self.records if one.state in states]


class Copies:
    """Makes copies of a ledger's names and rules, without the ids of its operations: records need none."""

    def __init__(self, ledger: Ledger, at: int) -> None:
        self._seed, self._data = ledger.seed, snapshot.dump(ledger)
        self.at = at

    def make(self) -> Ledger:
        """Return a copy to try records on."""
        ledger = Ledger(seed=self._seed, keep_history=False)
        snapshot.load(ledger, self._data)
        return ledger


def plan(copies: Copies, programme: Programme, given: dict[str, Any], *, only: tuple[str, ...] = ()) -> Plan:
    """Return what the programme's records would do. ``ProgrammeError`` where values are missing or do not fit."""
    records = install.records(programme, given, only=only)
    now, later = copies.make(), copies.make()
    at_once = [_try(now, record, copies.at, approved=False) for record in records]
    if any(one.state == APPROVAL for one in at_once):
        changed = [one.record["colour"] for one in at_once if one.state == APPROVAL]
        approved = [_try(later, record, copies.at, approved=True) for record in records]
        pairs = zip(at_once, approved, strict=True)
        at_once = [_with_approvals(one, other, changed) for one, other in pairs]
    return Plan(tuple(at_once))


def _with_approvals(now: Planned, approved: Planned, changed: list[str]) -> Planned:
    """Return what becomes of a record where others wait: by how it goes without them, and with all of them."""
    if now.state == APPROVAL:
        return now if approved.state != REFUSED else approved
    if now.state == REFUSED and approved.state != REFUSED:
        path = str(now.record.get("colour", ""))
        above = [one for one in changed if path.startswith(f"{one}/")] or changed
        return Planned(
            now.record, LATER, now.digest, now.rules, waits_for=max(above, key=len), field=now.field, reason=now.reason
        )
    return now


def _try(ledger: Ledger, record: Record, at: int, *, approved: bool) -> Planned:
    """Give a record to a copy, and say what became of it. *approved*: as if everybody had agreed."""
    registry = ledger.registry
    if record["type"] == "unit":
        state = SAME if registry.units.get(record["unit"]) == record["scale"] else NEW
        return _taken(ledger, record, at, Planned(record, state, approvals.record_digest(record)))
    number = registry.colour_numbers.get(record["colour"])
    known = None if number is None else registry.colours[number]
    wanted = record if known is None else _what_differs(known, record, registry.units)
    if wanted is None:
        return Planned(record, SAME, approvals.record_digest(record), _own(record, registry.units))
    found = _differences(known, wanted, registry.units)
    digest = approvals.record_digest(wanted)
    state = NEW if known is None else CHANGES
    planned = Planned(wanted, state, digest, _own(wanted, registry.units), found)
    power = None if known is None or "rules" not in wanted else known.effective.power("change")
    if power is None:
        return _taken(ledger, wanted, at, planned)
    maker = registry.approvals.proposals.get(digest, ("", -1))[0]
    waits = Planned(wanted, APPROVAL, digest, planned.rules, found, power.quorum, tuple(sorted(power.classes)), maker)
    return _taken(ledger, wanted, at, waits, force=approved)


def _taken(ledger: Ledger, record: Record, at: int, planned: Planned, *, force: bool = False) -> Planned:
    take: Callable[[], None] = lambda: ledger.record(record, max(at, ledger.time))  # noqa: E731 - one of two
    if force:  # what four eyes are asked for is tried as if they had agreed
        today = codes.day_of(max(at, ledger.time))
        take = lambda: rule_records.take_colour(ledger.registry, record, today)  # noqa: E731
    try:
        take()
    except RecordRefused as refusal:
        if refusal.code == "approval_missing":
            return planned
        return Planned(
            planned.record, REFUSED, planned.digest, planned.rules, planned.differences,
            field=refusal.field, reason=f"{refusal.code}: {refusal.message}",
        )  # fmt: skip
    if planned.state == APPROVAL and not force:  # it has its approvals already
        return Planned(planned.record, CHANGES, planned.digest, planned.rules, planned.differences)
    return planned


def _what_differs(known: Colour, record: Record, units: dict[str, int]) -> Record | None:
    """Return the record that is needed for a colour that is there: none, of its title alone, or the whole."""
    try:
        rules = colours.read(record.get("rules", {}), units[known.unit])
    except RecordRefused:
        return record  # the ledger says why
    if record.get("unit", known.unit) != known.unit or rules != known.own:
        return record
    title = {"type": "colour", "colour": record["colour"], "title": record["title"]}
    return None if known.title == record["title"] else title


def _differences(known: Colour | None, record: Record, units: dict[str, int]) -> tuple[Difference, ...]:
    if known is None:
        return ()
    old, new = str(_plain(known.title)), str(_plain(record.get("title", known.title)))
    found = (Difference("title", old, new, "other"),) if old != new else ()
    if "rules" not in record:
        return found
    try:
        rules = colours.read(record["rules"], units[known.unit])
    except RecordRefused:
        return found
    return found + differences(known.own, rules, units[known.unit])


def _plain(title: object) -> object:
    return " · ".join(str(one) for one in title.values()) if isinstance(title, dict) else title


def _own(record: Record, units: dict[str, int]) -> tuple[tuple[str, str], ...]:
    """Return the rules of a record as texts; nothing where the ledger cannot read them."""
    try:
        scale = units.get(record.get("unit", ""), 2)
        return tuple(own_texts(colours.read(record.get("rules", {}), scale), scale))
    except RecordRefused:
        return ()
