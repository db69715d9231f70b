"""The rules of a colour: read from a record, narrowed down the tree, compared with the parent's.

Rules are data. ``Rules`` holds one colour's own rules, or the effective ones: the intersection up to the root
(docs/ledger.md, "Rules of a colour").
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from boyau.ledger import codes
from boyau.ledger.codes import CodeError, Interval
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.terms import TERMS, Cap, Line, Power, Share, Slice, Tier, higher, lower, narrower, read_term

DAY_MIN, DAY_MAX = -(2**31), 2**31 - 1
HOPS_MAX = 1000
EVIDENCE_AT = {
    "pay": "evidence",
    "commit": "evidence_commit",
    "advance": "evidence_advance",
    "accept": "evidence_accept",
}
"""Stage at which a condition is asked, and the field of ``Rules`` that keeps it."""
CAPS_MAX = TIERS_MAX = 8
"""On the path from a colour to its root."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
PARTICIPANT = re.compile(r"[A-Za-z0-9._-]{1,32}")
PATH = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}(?:/[a-z0-9][a-z0-9_.-]{0,31}){0,15}")


@dataclass(frozen=True, slots=True)
class Rules:
    """One colour's rules. None: not ruled here. Dates are days since 1970-01-01; intervals are of ``codes``."""

    payees: frozenset[str] | None = None
    allow: frozenset[str] | None = None
    deny: frozenset[str] = frozenset()
    holders: frozenset[str] | None = None
    items: tuple[Interval, ...] | None = None
    regions: tuple[Interval, ...] | None = None
    first: int = DAY_MIN
    last: int = DAY_MAX
    entry_until: int = DAY_MAX
    hops: int = HOPS_MAX
    ends: frozenset[str] | None = None
    evidence: frozenset[str] = frozenset()
    carry_from: frozenset[str] = frozenset()
    evidence_commit: frozenset[str] = frozenset()
    evidence_advance: frozenset[str] = frozenset()
    evidence_accept: frozenset[str] = frozenset()
    lines: tuple[Line, ...] | None = None
    payee_limit: int | None = None
    documents: bool = False
    acceptance: bool = False
    advance: Share | None = None
    retention: Share | None = None
    retention_days: int = 0
    slice: Slice | None = None
    approval: tuple[Tier, ...] = ()
    powers: tuple[Power, ...] = ()
    caps: tuple[Cap, ...] = ()

    def power(self, name: str) -> Power | None:
        """Return the power *name*, or None where these rules give it to nobody."""
        return next((power for power in self.powers if power.name == name), None)

    def under(self, parent: "Rules") -> "Rules":
        """Return the effective rules of a colour with these own rules under a parent with those effective ones."""
        return replace(
            self,
            payees=_both(self.payees, parent.payees),
            allow=_both(self.allow, parent.allow),
            deny=self.deny | parent.deny,
            holders=_both(self.holders, parent.holders),
            items=_meet(self.items, parent.items),
            regions=_meet(self.regions, parent.regions),
            first=max(self.first, parent.first),
            last=min(self.last, parent.last),
            entry_until=min(self.entry_until, parent.entry_until),
            hops=min(self.hops, parent.hops),
            ends=_both(self.ends, parent.ends),
            evidence=self.evidence | parent.evidence,
            evidence_commit=self.evidence_commit | parent.evidence_commit,
            evidence_advance=self.evidence_advance | parent.evidence_advance,
            evidence_accept=self.evidence_accept | parent.evidence_accept,
            documents=self.documents or parent.documents,
            acceptance=self.acceptance or parent.acceptance,
            advance=lower(self.advance, parent.advance),
            retention=higher(self.retention, parent.retention),
            retention_days=max(self.retention_days, parent.retention_days),
            slice=self.slice or parent.slice,
            approval=self.approval + parent.approval,
            powers=narrower(self.powers, parent.powers),
            caps=self.caps + parent.caps,
        )

    def widening(self, parent: "Rules") -> str | None:
        """Return the first field in which these own rules are not contained in the parent's effective ones."""
        return self.exceeds(parent) or self._widening_terms(parent)

    def exceeds(self, parent: "Rules") -> str | None:
        """Return the first field in which these rules admit what the parent's do not; own rules or effective ones."""
        if self.first != DAY_MIN and self.first < parent.first:
            return "window.first"
        if self.last != DAY_MAX and self.last > parent.last:
            return "window.last"
        if self.entry_until != DAY_MAX and self.entry_until > parent.entry_until:
            return "window.entry_until"
        if self.hops != HOPS_MAX and self.hops > parent.hops:
            return "hops"
        for name, own, above in (
            ("payees.classes", self.payees, parent.payees),
            ("payees.allow", self.allow, parent.allow),
            ("holders.classes", self.holders, parent.holders),
            ("ends.classes", self.ends, parent.ends),
        ):
            if own is not None and above is not None and not own <= above:
                return name
        for name, ours, theirs in (("items", self.items, parent.items), ("regions", self.regions, parent.regions)):
            if ours is not None and theirs is not None and codes.meet(ours, theirs) != ours:
                return name
        return None

    def _widening_terms(self, parent: "Rules") -> str | None:
        if self.advance and parent.advance and lower(self.advance, parent.advance) != self.advance:
            return "advance"
        if parent.slice is not None and self.slice not in (None, parent.slice):
            return "slice"
        for power in self.powers:
            above = parent.power(power.name)
            if above is not None and (power.quorum < above.quorum or not power.classes <= above.classes):
                return f"powers.{power.name}"
        if len(self.caps) + len(parent.caps) > CAPS_MAX:
            return "ends.caps"
        if len(self.approval) + len(parent.approval) > TIERS_MAX:
            return "approval"
        return None


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _meet(one: tuple[Interval, ...] | None, other: tuple[Interval, ...] | None) -> tuple[Interval, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    return codes.meet(one, other)


def read(document: Any, scale: int) -> Rules:
    """Read the ``rules`` of a colour record whose unit has *scale* decimals.

    Raises ``RecordRefused`` naming the field, ``rules.window.last``.
    """
    fields = _object(document, "rules")
    known: dict[str, Callable[[Any], dict[str, Any]]] = {
        "payees": _payees,
        "holders": lambda value: {"holders": _classes(value, "rules.holders")},
        "ends": _ends,
        "items": lambda value: {"items": _prefixes(value, "rules.items", codes.item_interval)},
        "regions": lambda value: {"regions": _prefixes(value, "rules.regions", codes.region_interval)},
        "window": _window,
        "hops": _hops,
        "evidence": _evidence,
        "carry_from": lambda value: {"carry_from": names(value, "rules.carry_from", PATH)},
    }
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name in known:
            values.update(known[name](value))
            continue
        term = read_term(name, value, scale) if name != "caps" else None  # they stand inside `ends`
        if term is None:
            rules = ", ".join((*known, *(term for term in TERMS if term != "caps")))
            raise RecordRefused("field_unknown", f"rules.{name}", f"no such rule; the rules are {rules}")
        values.update(term)
    return Rules(**values)


def _object(value: Any, field: str, allowed: Iterable[str] | None = None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RecordRefused("field_type", field, f"must be an object, not {value!r:.60}")
    if allowed is not None:
        for name in value:
            if name not in allowed:
                raise RecordRefused("field_unknown", f"{field}.{name}", f"only {', '.join(allowed)} may stand here")
    return value


def names(value: Any, field: str, pattern: re.Pattern[str]) -> frozenset[str]:
    """Read a list of names that match *pattern*."""
    if not isinstance(value, list):
        raise RecordRefused("field_type", field, f"must be a list, not {value!r:.60}")
    for k, name in enumerate(value):
        if not isinstance(name, str) or not pattern.fullmatch(name):
            raise RecordRefused(
                "field_value", f"{field}[{k}]", f"{name!r:.60} is not a name of the form {pattern.pattern}"
            )
    return frozenset(value)


def class_names(value: Any, field: str) -> frozenset[str]:
    """Read a list of participant classes."""
    return names(value, field, _NAME)


def condition_name(value: Any, field: str) -> str:
    """Read the name of a condition that evidence is about."""
    (name,) = names([value], field, _NAME)
    return name


def _classes(value: Any, field: str) -> frozenset[str]:
    fields = _object(value, field, ("classes",))
    if "classes" not in fields:
        raise RecordRefused("field_missing", f"{field}.classes", "is missing")
    return class_names(fields["classes"], f"{field}.classes")


def _ends(value: Any) -> dict[str, Any]:
    fields = _object(value, "rules.ends", ("classes", "caps"))
    out: dict[str, Any] = {"ends": _classes({k: v for k, v in fields.items() if k != "caps"}, "rules.ends")}
    if "caps" in fields:
        out |= read_term("caps", fields["caps"], 0) or {}
    return out


def _evidence(value: Any) -> dict[str, Any]:
    """Read conditions: a name alone is asked when money is paid, an object says at which stage."""
    if not isinstance(value, list):
        raise RecordRefused("field_type", "rules.evidence", f"must be a list, not {value!r:.60}")
    found: dict[str, set[str]] = {}
    for k, one in enumerate(value):
        need = one if isinstance(one, dict) else {"condition": one}
        field = f"rules.evidence[{k}]"
        _object(need, field, ("condition", "at"))
        at = need.get("at", "pay")
        if not isinstance(at, str) or at not in EVIDENCE_AT:
            raise RecordRefused("field_value", f"{field}.at", f"must be one of {', '.join(EVIDENCE_AT)}")
        found.setdefault(EVIDENCE_AT[at], set()).add(condition_name(need.get("condition"), field))
    return {name: frozenset(conditions) for name, conditions in found.items()}


def _payees(value: Any) -> dict[str, Any]:
    fields = _object(value, "rules.payees", ("classes", "allow", "deny"))
    out: dict[str, Any] = {}
    if "classes" in fields:
        out["payees"] = class_names(fields["classes"], "rules.payees.classes")
    for name in ("allow", "deny"):
        if name in fields:
            out[name] = names(fields[name], f"rules.payees.{name}", PARTICIPANT)
    return out


def _prefixes(value: Any, field: str, read_one: Callable[[str], Interval]) -> tuple[Interval, ...]:
    if not isinstance(value, list):
        raise RecordRefused("field_type", field, f"must be a list of prefixes, not {value!r:.60}")
    out = []
    for k, text in enumerate(value):
        try:
            if not isinstance(text, str):
                raise CodeError(f"{text!r:.60} is not a text")
            out.append(read_one(text))
        except CodeError as error:
            raise RecordRefused("field_value", f"{field}[{k}]", str(error)) from None
    return codes.join(out)


def date_field(value: Any, field: str) -> int:
    """Read a date as days since 1970-01-01."""
    try:
        return codes.day(value)
    except CodeError as error:
        raise RecordRefused("field_value", field, str(error)) from None


def _window(value: Any) -> dict[str, Any]:
    fields = _object(value, "rules.window", ("first", "last", "entry_until"))
    days = {name: date_field(text, f"rules.window.{name}") for name, text in fields.items()}
    first, last = days.get("first", DAY_MIN), days.get("last", DAY_MAX)
    if first > last:
        raise RecordRefused("field_value", "rules.window.last", "lies before the first day")
    return {"first": first, "last": last, "entry_until": days.get("entry_until", last)}


def _hops(value: Any) -> dict[str, Any]:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= HOPS_MAX:
        raise RecordRefused("field_value", "rules.hops", f"must be a whole number from 0 to {HOPS_MAX}")
    return {"hops": value}
