"""Proves a programme: rules only narrow, none is dead, every way ends, and who can block it for how long.

The proof is over one choice of values: the given ones, else defaults and examples.
"""

from dataclasses import dataclass
from typing import Any

from boyau.ledger import Ledger
from boyau.ledger.colours import Rules
from boyau.ledger.refusals import RecordRefused
from boyau.programmes import blockers, dead, install, paths, values
from boyau.programmes.model import Finding, Programme, ProgrammeError
from boyau.programmes.parties import Laid, parties


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks found, and every way of money with what it waits for."""

    findings: tuple[Finding, ...]
    ways: tuple[blockers.Way, ...]
    laid: tuple[Laid, ...]
    """The colours that the ledger took."""
    walked: paths.Ways

    @property
    def colours(self) -> int:
        """How many colours the ledger took."""
        return len(self.laid)

    @property
    def states(self) -> int:
        """How many states money can be in: colour, hands passed, holder."""
        return len(self.walked.came)

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)


def check(programme: Programme, given: dict[str, Any] | None = None) -> Report:
    """Lay the programme out on an empty ledger and prove it. Raises ``ProgrammeError`` where values do not fit."""
    found: list[Finding] = []
    laid = _lay(programme, given or {}, found)
    everyone = parties(programme.classes)
    try:
        walked = paths.ways(laid, everyone)
    except paths.TooManyWays:
        told = "has too many ways to be proved: name fewer classes, fewer colours, or `hops`"
        raise ProgrammeError(programme.source, 1, "colours", told) from None
    found.extend(dead.Dead(programme, laid, everyone, walked).findings())
    if laid:
        found.extend(paths.findings(laid, walked))
        found.extend(blockers.findings(programme, laid))
        found.extend(_unused(programme, laid))
    ways = blockers.listed(programme, laid, walked)
    found.extend(
        Finding("warning", "way_open", "colours", 0, {"way": " → ".join(way.stations)})
        for way in ways
        if not way.blockers
    )
    found.sort(key=lambda finding: finding.severity != "error")
    return Report(_once(found), tuple(ways), tuple(laid), walked)


def _lay(programme: Programme, given: dict[str, Any], found: list[Finding]) -> list[Laid]:
    """Record the colours on a scratch ledger; what it refuses becomes a finding."""
    ledger = Ledger()
    ledger.record({"type": "unit", "unit": programme.unit, "scale": programme.scale}, 0)
    having = install.chosen(programme, given, examples=True)
    templates = {
        values.fill(colour.path, having): (k, colour)
        for k, colour in enumerate(programme.colours)
        if values.placeholders(colour.path) <= set(having)
    }
    laid: list[Laid] = []
    missing: set[str] = set()
    for record in install.colour_records(programme, given, examples=True):
        path = record["colour"]
        index, template = templates[path]
        if path.rpartition("/")[0] in missing:
            missing.add(path)
            continue  # its parent was refused and told
        try:
            ledger.record(record, 0)
        except RecordRefused as refusal:
            missing.add(path)
            code = "widens_parent" if refusal.code == "widens_parent" else "refused"
            place = f"colours[{index}] {template.name}: {refusal.field}"
            found.append(Finding("error", code, place, template.line, {"reason": refusal.message}))
            continue
        registry = ledger.registry
        node = registry.colours[registry.colour_numbers[path]]
        parent = Rules() if node.parent < 0 else registry.colours[node.parent].effective
        laid.append(Laid(index, template, node, parent))
    return laid


def _unused(programme: Programme, laid: list[Laid]) -> list[Finding]:
    named = {
        step.owner for duty in (*programme.evidence.values(), *programme.approvals.values()) for step in duty.steps
    }
    for one in laid:
        named |= frozenset().union(*(classes for _, classes in dead.class_lists(one.node.own)))
    for known in programme.classes.values():
        named.update(known.also)
    used = set().union(*(values.placeholders([colour.path, colour.rules]) for colour in programme.colours))
    out = [
        Finding("warning", "class_unused", f"classes.{name}", one.line)
        for name, one in programme.classes.items()
        if name not in named
    ]
    out += [
        Finding("error", "class_unknown", f"classes.{name}.also", one.line, {"name": other})
        for name, one in programme.classes.items()
        for other in one.also
        if other not in programme.classes
    ]
    out += [
        Finding("error", "parameter_unused", f"parameters.{name}", one.line)
        for name, one in programme.parameters.items()
        if name not in used
    ]
    return out


def _once(found: list[Finding]) -> tuple[Finding, ...]:
    """Leave out what is told twice."""
    return tuple({(one.code, one.place, str(one.facts)): one for one in found}.values())
