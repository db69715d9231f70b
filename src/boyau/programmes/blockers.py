"""Who can block: every condition and approval on a way of money, its owner, deadline and who answers after them."""

from collections.abc import Iterator
from dataclasses import dataclass

from boyau.ledger.colours import EVIDENCE_AT, Rules
from boyau.programmes.model import Duty, Finding, Programme
from boyau.programmes.parties import Laid, Party, told
from boyau.programmes.paths import Move, Ways

HOPS_LISTED = 6
"""Ways through more hands than this repeat the shorter ones and are not listed (dead ends are sought in all)."""
_ORDER = ("commit", "advance", "accept", "pay")


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing that money waits for, in one colour."""

    colour: str
    stage: str
    name: str
    duty: Duty | None

    @property
    def days(self) -> int:
        """The worst case: until the last owner is overdue."""
        return 0 if self.duty is None else self.duty.days


@dataclass(frozen=True, slots=True)
class Way:
    """A way of money to one who gets it plain, what it waits for, and for how many days at worst."""

    stations: tuple[str, ...]
    blockers: tuple[Blocker, ...]

    @property
    def days(self) -> int:
        """The worst case: everything is asked one after the other, and every owner lets the deadline pass."""
        return sum(blocker.days for blocker in self.blockers)


def _asked(rules: Rules, terms: Rules | None, payee: Party, *, plain: bool) -> Iterator[tuple[str, str]]:
    """Return (stage, condition) of what a payment under *rules* waits for; *terms*: those of the contract it is on."""
    contract = terms is not None and terms.acceptance
    advance = contract and terms is not None and terms.advance is not None and terms.advance.n > 0
    asked = {"commit": True, "advance": advance, "accept": contract, "pay": not contract}
    for stage in _ORDER:
        if asked[stage]:
            for condition in sorted(getattr(rules, EVIDENCE_AT[stage])):
                yield stage, condition
    if plain:
        for cap in rules.caps:
            if cap.classes & payee:
                for condition in sorted(cap.evidence):
                    yield "pay", condition


def blockers(programme: Programme, laid: list[Laid], move: Move) -> Iterator[Blocker]:
    """Return what one payment waits for."""
    one = laid[move.source[0]]
    rules = one.node.effective
    terms = rules if move.source[1] == 0 else None
    if move.to is not None and move.to[0] != move.source[0]:
        terms = laid[move.to[0]].node.effective
    for stage, condition in _asked(rules, terms, move.party, plain=move.to is None):
        yield Blocker(one.node.path, stage, condition, programme.evidence.get(condition))
    if rules.approval:
        yield Blocker(one.node.path, "pay", "payment", programme.approvals.get("payment"))


def listed(programme: Programme, laid: list[Laid], found: Ways) -> list[Way]:
    """Return, for every colour and class that money ends at, the shortest way there; alike ones once."""
    out: dict[tuple[str, ...], Way] = {}
    met: set[tuple[int, int, Party]] = set()
    single = {(end.source, end.party) for end in found.ends if len(end.party) == 1}
    for end in found.ends:
        key = (end.source[0], end.source[1], end.party)
        if key in met or end.source[1] > HOPS_LISTED:
            continue
        if any((end.source, frozenset({one})) in single for one in end.party if len(end.party) > 1):
            continue
        met.add(key)
        chain = found.chain(end)
        stations = [_station(laid, *chain[0].source)]
        waits: list[Blocker] = []
        for move in chain:
            if move.kind == "pay":
                waits.extend(blockers(programme, laid, move))
            stations.append(_named(move.party) if move.to is None else _station(laid, *move.to))
        out.setdefault(tuple(stations), Way(tuple(stations), tuple(waits)))
    return sorted(out.values(), key=lambda way: (-way.days, way.stations))


def _named(party: Party) -> str:
    return "+".join(sorted(party))


def _station(laid: list[Laid], k: int, hop: int, party: Party) -> str:
    return f"{_named(party)}@{laid[k].template.name}" + (f"#{hop}" if hop else "")


def findings(programme: Programme, laid: list[Laid]) -> Iterator[Finding]:
    """Say where nobody is named who must answer, and what nobody asks for."""
    asked: set[str] = set()
    approved: set[str] = set()
    for one in laid:
        own, rules = one.node.own, one.node.effective
        wanted = frozenset().union(
            *(getattr(own, name) for name in EVIDENCE_AT.values()), *(c.evidence for c in own.caps)
        )
        asked |= wanted
        for condition in sorted(wanted):
            duty = programme.evidence.get(condition)
            if duty is None:
                place = f"{one.place}: rules.evidence"
                yield Finding("error", "owner_missing", place, one.template.line, {"name": condition})
            elif rules.payees is not None and duty.steps[0].owner in rules.payees:
                facts = {"owner": duty.steps[0].owner, "name": condition}
                yield Finding("warning", "owner_is_payee", f"evidence {condition}", duty.line, facts)
        needed = [("payment", tier.classes) for tier in own.approval] + [(p.name, p.classes) for p in own.powers]
        for name, classes in needed:
            approved.add(name)
            duty = programme.approvals.get(name)
            if duty is None:
                place = f"{one.place}: rules.{'approval' if name == 'payment' else f'powers.{name}'}"
                yield Finding("error", "approver_missing", place, one.template.line, {"name": name})
            elif not classes & {step.owner for step in duty.steps}:
                facts = {"owner": duty.steps[0].owner, "classes": told(classes)}
                yield Finding("error", "approver_differs", f"approvals {name}", duty.line, facts)
        if one.node.parent < 0 and rules.power("change") is None:
            yield Finding("error", "change_missing", f"{one.place}: rules.powers", one.template.line)
    for table, duties, used in (
        ("evidence", programme.evidence, asked),
        ("approvals", programme.approvals, approved),
    ):
        for name, duty in duties.items():
            if name not in used:
                yield Finding("error", "duty_unasked", f"{table} {name}", duty.line, {"name": name})
            for step in duty.steps:
                if step.owner not in programme.classes:
                    yield Finding("error", "class_unknown", f"{table} {name}", duty.line, {"name": step.owner})
