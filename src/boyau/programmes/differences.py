"""How one version of a colour's rules differs from another, rule by rule: narrower, wider, or otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from boyau.ledger.colours import Rules
from boyau.ledger.rules_text import own_texts
from boyau.ledger.terms import Cap, Line, Tier, lower

NARROWER, WIDER, OTHER = "narrower", "wider", "other"

_FIELDS: dict[str, tuple[str, ...]] = {
    "payees.classes": ("payees",), "payees.allow": ("allow",), "payees.deny": ("deny",),
    "holders.classes": ("holders",), "ends.classes": ("ends",), "items": ("items",), "regions": ("regions",),
    "evidence": ("evidence", "evidence_commit", "evidence_advance", "evidence_accept"), "window.first": ("first",),
    "window.last": ("last",), "window.entry_until": ("entry_until",), "hops": ("hops",), "documents": ("documents",),
    "acceptance": ("acceptance",), "advance": ("advance",), "retention": ("retention", "retention_days"),
}  # fmt: skip
"""Rules of which two meet in one that is within both, and the fields of ``Rules`` that keep them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A rule that would be another one. ``before`` and ``after``: its values, "" where there is none."""

    rule: str
    before: str
    after: str
    direction: str


def differences(old: Rules, new: Rules, scale: int) -> tuple[Difference, ...]:
    """Return what differs between the own rules of a colour, in a unit with *scale* decimals."""
    before, after = _texts(old, scale), _texts(new, scale)
    return tuple(
        Difference(rule, before.get(rule, ""), after.get(rule, ""), direction(rule, old, new))
        for rule in sorted(before.keys() | after.keys())
        if before.get(rule) != after.get(rule)
    )


def _texts(rules: Rules, scale: int) -> dict[str, str]:
    out: dict[str, str] = {}
    for rule, value in own_texts(rules, scale):
        out[rule] = f"{out[rule]}; {value}" if rule in out else value
    return out


def direction(rule: str, old: Rules, new: Rules) -> str:
    """Tell whether a rule of *new* lets less through than that of *old*, more, or neither."""
    if rule in _FIELDS:
        names = _FIELDS[rule]
        one, other = (Rules(**{name: getattr(rules, name) for name in names}) for rules in (new, old))
        both = one.under(other)
        met = tuple(getattr(both, name) for name in names)
        if met == tuple(getattr(one, name) for name in names):
            return NARROWER
        return WIDER if met == tuple(getattr(other, name) for name in names) else OTHER
    judge = _JUDGED.get(rule)
    return OTHER if judge is None else judge(old, new)


def _limit(old: Rules, new: Rules) -> str:
    if new.payee_limit is None:
        return WIDER
    return NARROWER if old.payee_limit is None or new.payee_limit < old.payee_limit else WIDER


def _lines(old: Rules, new: Rules) -> str:
    if old.lines is None or new.lines is None:
        return NARROWER if old.lines is None else WIDER
    if _within(new.lines, old.lines):
        return NARROWER
    return WIDER if _within(old.lines, new.lines) else OTHER


def _within(ours: tuple[Line, ...], theirs: tuple[Line, ...]) -> bool:
    known = {(line.low, line.high): line for line in theirs}

    def less(one: int | None, other: int | None) -> bool:
        return other is None or (one is not None and one <= other)

    return all(
        (above := known.get((line.low, line.high))) is not None
        and less(line.quantity, above.quantity)
        and less(line.price, above.price)
        for line in ours
    )


def _stricter(one: Tier, other: Tier) -> bool:
    return one.above <= other.above and one.quorum >= other.quorum and one.classes <= other.classes


def _smaller(one: Cap, other: Cap) -> bool:
    share = lower(one.share, other.share) == one.share
    return share and one.classes >= other.classes and one.evidence >= other.evidence


def _each(field: str, covers: Callable[[Any, Any], bool]) -> Callable[[Rules, Rules], str]:
    """Judge a list of conditions that all count: what covers each of the others lets less through."""

    def judge(old: Rules, new: Rules) -> str:
        before, after = getattr(old, field), getattr(new, field)
        if all(any(covers(one, other) for one in after) for other in before):
            return NARROWER
        return WIDER if all(any(covers(one, other) for one in before) for other in after) else OTHER

    return judge


def _slice(old: Rules, new: Rules) -> str:
    if old.slice is None or new.slice is None:
        return NARROWER if old.slice is None else WIDER
    return OTHER


_JUDGED = {
    "payee_limit": _limit, "lines": _lines, "slice": _slice, "ends.caps": _each("caps", _smaller),
    "approval": _each("approval", _stricter),
}  # fmt: skip
