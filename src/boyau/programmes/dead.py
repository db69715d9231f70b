"""Dead rules: what can let nothing through, and what changes nothing because a colour above says it already."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from boyau.ledger import amounts, codes
from boyau.ledger.colours import DAY_MAX, DAY_MIN, EVIDENCE_AT, Rules
from boyau.programmes.model import Finding, Programme
from boyau.programmes.parties import Laid, Party, may_be_paid, may_hold, told
from boyau.programmes.paths import Ways

_DEFAULTS: dict[str, Any] = {one.name: one.default for one in fields(Rules)}
_PLACES = {
    "payees": "payees.classes",
    "allow": "payees.allow",
    "deny": "payees.deny",
    "holders": "holders.classes",
    "first": "window.first",
    "last": "window.last",
    "ends": "ends.classes",
    "retention": "retention.share",
    "retention_days": "retention.days",
    "evidence_commit": "evidence",
    "evidence_advance": "evidence",
    "evidence_accept": "evidence",
}
"""Where a field of ``Rules`` stands in the record, where it is not called so."""
_COMPARED = (*_PLACES, "items", "regions", "hops", "evidence", "documents", "acceptance", "advance", "slice")


class Dead:
    """Asks the rules of each colour of one programme."""

    def __init__(self, programme: Programme, laid: list[Laid], everyone: list[Party], found: Ways) -> None:
        self._programme, self._laid, self._everyone, self._found = programme, laid, everyone, found
        self._paths = {one.node.path: one for one in laid}

    def findings(self) -> Iterator[Finding]:
        """Return what is dead, colour by colour."""
        for one in self._laid:
            yield from self._classes(one)
            yield from self._parties(one)
            yield from self._lists(one)
            yield from self._contract(one)
            yield from self._control(one)
            yield from self._slice(one)
            yield from self._idle(one)

    def _at(self, one: Laid, rule: str, code: str, severity: str = "error", **facts: Any) -> Finding:
        return Finding(severity, code, f"{one.place}: rules.{rule}", one.template.line, facts)

    # ---- who --------------------------------------------------------------------------------------------------------

    def _classes(self, one: Laid) -> Iterator[Finding]:
        for rule, names in class_lists(one.node.own):
            for name in sorted(names - set(self._programme.classes)):
                yield self._at(one, rule, "class_unknown", name=name)

    def _parties(self, one: Laid) -> Iterator[Finding]:
        own, rules = one.node.own, one.node.effective
        paid = [party for party in self._everyone if may_be_paid(rules, party)]
        if not paid and own.payees is not None:
            yield self._at(one, "payees", "nobody_paid")
        if not any(may_hold(rules, party, 0) for party in self._everyone):
            yield self._at(one, "holders", "nobody_holds")
        if own.ends is not None and rules.ends is not None:
            if paid and not any(rules.ends & party for party in paid):
                yield self._at(one, "ends", "end_nowhere", classes=told(rules.ends))
            else:
                met = frozenset().union(*paid) if paid else frozenset()
                for name in sorted((own.ends & set(self._programme.classes)) - met):
                    yield self._at(one, "ends.classes", "class_dead", name=name)

    # ---- what, where, when ------------------------------------------------------------------------------------------

    def _lists(self, one: Laid) -> Iterator[Finding]:
        own, rules = one.node.own, one.node.effective
        for name in ("items", "regions"):
            if getattr(own, name) is not None and getattr(rules, name) == ():
                yield self._at(one, name, "list_empty")
        if own.allow is not None and not (rules.allow or frozenset()) - rules.deny:
            yield self._at(one, "payees.allow", "list_empty")
        if rules.first > rules.last and (own.first != DAY_MIN or own.last != DAY_MAX):
            first, last = codes.day_text(rules.first), codes.day_text(rules.last)
            yield self._at(one, "window", "window_empty", first=first, last=last)
        if own.lines == ():
            yield self._at(one, "lines", "list_empty")
        for line in own.lines or ():
            item = codes.item_text(line.low)
            if line.quantity == 0 or line.price == 0:
                yield self._at(one, "lines", "line_empty", item=item)
            apart = rules.items is not None and not codes.meet(((line.low, line.high),), rules.items)
            above = [other.node.own.lines for other in self._laid if one.node.path.startswith(f"{other.node.path}/")]
            outside = any(not _meets(line, lines) for lines in above if lines is not None)
            if apart or outside:
                yield self._at(one, "lines", "line_outside", item=item)

    # ---- contracts --------------------------------------------------------------------------------------------------

    def _contract(self, one: Laid) -> Iterator[Finding]:
        own, rules = one.node.own, one.node.effective
        for name in ("advance", "retention"):
            share = getattr(own, name)
            if share is not None and share.n == 0 and (name == "retention" or one.parent.advance is None):
                yield self._at(one, name, "nothing")
            if share is not None and not self._accepted(one):
                yield self._at(one, name, "acceptance_needed")
        if own.payee_limit == 0:
            yield self._at(one, "payee_limit", "nothing")
        if own.evidence_advance and not any(
            other.node.effective.advance is not None and other.node.effective.advance.n > 0
            for other in self._family(one)
        ):
            yield self._at(one, "evidence", "advance_needed")
        if own.evidence_accept and not self._accepted(one):
            yield self._at(one, "evidence", "accept_needed")
        onward = any(self._laid[move[0]] in self._family(one) and move[1] > 0 for move in self._found.came)
        if rules.acceptance and own.evidence and not onward:
            yield self._at(one, "evidence", "pay_unasked", name=told(own.evidence))
        for cap in own.caps:
            if not cap.classes & (rules.ends or frozenset()):
                yield self._at(one, "ends.caps", "cap_outside", classes=told(cap.classes))
            if cap.share.n == 0:
                yield self._at(one, "ends.caps", "nothing")

    def _family(self, one: Laid) -> list[Laid]:
        """Return the colour and those below it: what a rule here reaches."""
        return [other for other in self._laid if f"{other.node.path}/".startswith(f"{one.node.path}/")]

    def _accepted(self, one: Laid) -> bool:
        return any(other.node.effective.acceptance for other in self._family(one))

    # ---- control ----------------------------------------------------------------------------------------------------

    def _control(self, one: Laid) -> Iterator[Finding]:
        own, rules = one.node.own, one.node.effective
        limits = [other.node.own.payee_limit for other in self._laid if one in self._family(other)]
        limit = min((each for each in limits if each is not None), default=None)
        scale = self._programme.scale
        for tier in own.approval:
            if limit is not None and tier.above >= limit:
                above, most = amounts.write(tier.above, scale), amounts.write(limit, scale)
                yield self._at(one, "approval", "tier_unreachable", above=above, limit=most)
            yield from self._quorum(one, "approval", tier.quorum, tier.classes)
            paid = tier.classes & (rules.payees if rules.payees is not None else frozenset())
            if paid:
                yield self._at(one, "approval", "quorum_party", "warning", classes=told(paid))
            if any(
                above.above <= tier.above and above.quorum >= tier.quorum and above.classes <= tier.classes
                for above in one.parent.approval
            ):
                yield self._at(one, "approval", "changes_nothing", "warning")
        for power in own.powers:
            yield from self._quorum(one, f"powers.{power.name}", power.quorum, power.classes)
            above_power = one.parent.power(power.name)
            if above_power == power:
                yield self._at(one, f"powers.{power.name}", "changes_nothing", "warning")

    def _quorum(self, one: Laid, rule: str, quorum: int, classes: frozenset[str]) -> Iterator[Finding]:
        counts = [known.count for name in classes if (known := self._programme.classes.get(name)) is not None]
        most = sum(count for count in counts if count is not None)
        if not classes or (None not in counts and most < quorum):
            yield self._at(one, rule, "quorum_impossible", quorum=quorum, count=most, classes=told(classes) or "—")

    def _slice(self, one: Laid) -> Iterator[Finding]:
        rule = one.node.own.slice
        if rule is None:
            return
        target = self._paths.get(rule.colour)
        facts = {"name": rule.colour, "classes": told(rule.classes)}
        if target is None:
            yield self._at(one, "slice", "slice_unknown", **facts)
            return
        if target not in self._family(one) or target is one:
            yield self._at(one, "slice", "slice_outside", **facts)
            return
        sliced = [party for party in self._everyone if party & rule.classes and may_be_paid(one.node.effective, party)]
        if not sliced:
            yield self._at(one, "slice", "slice_nobody", **facts)
        inside = [other.node.effective for other in self._family(target)]
        if not all(any(may_hold(rules, party, 1) for rules in inside) for party in sliced):
            yield self._at(one, "slice", "slice_unpayable", **facts)

    # ---- what changes nothing ---------------------------------------------------------------------------------------

    def _idle(self, one: Laid) -> Iterator[Finding]:
        """Take each rule away: where the effective rules stay the same, it changes nothing."""
        if one.node.parent < 0:
            return
        own, rules = one.node.own, one.node.effective
        for name in _COMPARED:
            if getattr(own, name) == _DEFAULTS[name]:
                continue
            value = getattr(own, name)
            if isinstance(value, frozenset) and name in EVIDENCE_AT.values():
                for condition in sorted(value & getattr(one.parent, name)):
                    yield self._at(one, f"evidence {condition}", "changes_nothing", "warning")
            elif replace(own, **{name: _DEFAULTS[name]}).under(one.parent) == rules:
                yield self._at(one, _PLACES.get(name, name), "changes_nothing", "warning")


def _meets(line: Any, lines: Any) -> bool:
    return any(line.low <= other.high and other.low <= line.high for other in lines)


def class_lists(rules: Rules) -> Iterator[tuple[str, frozenset[str]]]:
    """Return every place of the rules that names classes, and the classes."""
    for name, classes in (("payees", rules.payees), ("holders", rules.holders), ("ends", rules.ends)):
        if classes is not None:
            yield f"{name}.classes", classes
    for cap in rules.caps:
        yield "ends.caps", cap.classes
    if rules.slice is not None:
        yield "slice.classes", rules.slice.classes
    for tier in rules.approval:
        yield "approval", tier.classes
    for power in rules.powers:
        yield f"powers.{power.name}", power.classes
