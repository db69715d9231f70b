"""The rules of contracts and of control: lines, shares, slices, caps, quorums; read from a record.

``colours`` puts them into a colour's ``Rules``; what each means is docs/ledger.md, "Rules of a colour" and "Contracts".
"""

import itertools
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from boyau.ledger import amounts, codes
from boyau.ledger.refusals import RecordRefused

SHARE_PARTS_MAX = 1_000_000
QUANTITY_MAX = 10**15
"""Thousandths of a measure that a line may name."""
LINES_MAX, DAYS_MAX, QUORUM_MAX = 10_000, 36_600, 20
POWERS = ("clawback", "court", "emergency", "change")
_PERCENT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?%")
_FRACTION = re.compile(r"[0-9]{1,7}/[1-9][0-9]{0,6}")
_CLASS = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PATH = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}(?:/[a-z0-9][a-z0-9_.-]{0,31}){0,15}")


class Share(NamedTuple):
    """A share of a whole, *n* of *d*, reduced; from 0 to 1."""

    n: int
    d: int

    def below(self, other: "Share") -> bool:
        """Tell whether this share is smaller."""
        return self.n * other.d < other.n * self.d

    def packed(self) -> int:
        """Return the share as the kernel keeps it."""
        return self.n << 32 | self.d


class Line(NamedTuple):
    """A contract's line: an interval of items, thousandths of a measure or None, price of a measure or None."""

    low: int
    high: int
    quantity: int | None
    price: int | None


class Cap(NamedTuple):
    """Where the colour ends at these classes: at most this share of what the account received, on this evidence."""

    classes: frozenset[str]
    share: Share
    evidence: frozenset[str]


class Slice(NamedTuple):
    """A share of each payment to these classes that goes into a colour of its own."""

    colour: str
    share: Share
    classes: frozenset[str]


class Tier(NamedTuple):
    """Above this amount, so many approvals by participants of these classes."""

    above: int
    quorum: int
    classes: frozenset[str]


class Power(NamedTuple):
    """What goes past the rules, by so many participants of these classes."""

    name: str
    quorum: int
    classes: frozenset[str]


def lower(one: Share | None, other: Share | None) -> Share | None:
    """Return the smaller of two shares; None: not ruled."""
    if one is None or other is None:
        return one or other
    return other if other.below(one) else one


def higher(one: Share | None, other: Share | None) -> Share | None:
    """Return the larger of two shares; None: not ruled."""
    if one is None or other is None:
        return one or other
    return other if one.below(other) else one


def narrower(own: tuple[Power, ...], above: tuple[Power, ...]) -> tuple[Power, ...]:
    """Return the powers that both levels give: of one name the larger quorum, of classes that both name."""
    if not own or not above:
        return own or above
    found = {power.name: power for power in above}
    for power in own:
        other = found.get(power.name, power)
        found[power.name] = Power(power.name, max(power.quorum, other.quorum), power.classes & other.classes)
    return tuple(found[name] for name in POWERS if name in found)


def read_term(name: str, value: Any, scale: int) -> dict[str, Any] | None:
    """Read one of ``TERMS`` into fields of ``Rules``; None where there is no such rule."""
    reader = TERMS.get(name)
    return None if reader is None else reader(value, f"rules.{name}", scale)


# ---- readers ---------------------------------------------------------------------------------------------------------


def _fields(value: Any, field: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RecordRefused("field_type", field, f"must be an object, not {value!r:.60}")
    for name in value:
        if name not in needed + optional:
            allowed = ", ".join(needed + optional)
            raise RecordRefused("field_unknown", f"{field}.{name}"[:80], f"only {allowed} may stand here")
    for name in needed:
        if name not in value:
            raise RecordRefused("field_missing", f"{field}.{name}", "is missing")
    return value


def _list(value: Any, field: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise RecordRefused("field_type", field, f"must be a list, not {value!r:.60}")
    if len(value) > most:
        raise RecordRefused("too_many", field, f"at most {most} may stand here")
    return value


def _classes(value: Any, field: str) -> frozenset[str]:
    for k, name in enumerate(_list(value, field, 60)):
        if not isinstance(name, str) or not _CLASS.fullmatch(name):
            raise RecordRefused("field_value", f"{field}[{k}]", f"{name!r:.60} is not a name in small letters")
    return frozenset(value)


def _whole(value: Any, field: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise RecordRefused("field_value", field, f"must be a whole number from {least} to {most}")
    return value


def _amount(value: Any, field: str, scale: int) -> int:
    try:
        return amounts.parse(value, scale)
    except amounts.AmountError as error:
        raise RecordRefused("amount_unreadable", field, str(error)) from None


def read_share(value: Any, field: str) -> Share:
    """Read a share: ``"30%"``, ``"7.5%"`` or ``"12/112"``."""
    share = None
    if isinstance(value, str) and _PERCENT.fullmatch(value):
        share = Fraction(value[:-1]) / 100
    elif isinstance(value, str) and _FRACTION.fullmatch(value):
        share = Fraction(value)
    if share is None or share > 1 or share.denominator > SHARE_PARTS_MAX:
        raise RecordRefused("field_value", field, f'{value!r:.40} is no share; write "30%", "7.5%" or "12/112"')
    return Share(share.numerator, share.denominator)


def _lines(value: Any, field: str, scale: int) -> dict[str, Any]:
    lines = []
    for k, one in enumerate(_list(value, field, LINES_MAX)):
        here = f"{field}[{k}]"
        _fields(one, here, ("item",), ("quantity", "price"))
        try:
            if not isinstance(one["item"], str):
                raise codes.CodeError("must be a text, an item prefix")
            low, high = codes.item_interval(one["item"])
        except codes.CodeError as error:
            raise RecordRefused("field_value", f"{here}.item", str(error)) from None
        quantity = _amount(one["quantity"], f"{here}.quantity", 3) if "quantity" in one else None
        if quantity is not None and quantity > QUANTITY_MAX:
            raise RecordRefused("field_value", f"{here}.quantity", "is too large")
        lines.append(
            Line(low, high, quantity, _amount(one["price"], f"{here}.price", scale) if "price" in one else None)
        )
    lines.sort(key=lambda line: line.low)
    for one, other in itertools.pairwise(lines):
        if other.low <= one.high:
            told = f"{codes.item_text(other.low)} falls under two lines"
            raise RecordRefused("lines_overlap", field, told)
    return {"lines": tuple(lines)}


def _payee_limit(value: Any, field: str, scale: int) -> dict[str, Any]:
    return {"payee_limit": _amount(value, field, scale)}


def _documents(value: Any, field: str, _scale: int) -> dict[str, Any]:
    if value != "once":
        raise RecordRefused("field_value", field, 'must be "once"')
    return {"documents": True}


def _acceptance(value: Any, field: str, _scale: int) -> dict[str, Any]:
    if not isinstance(value, bool):
        raise RecordRefused("field_type", field, "must be true or false")
    return {"acceptance": value}


def _advance(value: Any, field: str, _scale: int) -> dict[str, Any]:
    return {"advance": read_share(value, field)}


def _retention(value: Any, field: str, _scale: int) -> dict[str, Any]:
    _fields(value, field, ("share", "days"))
    days = _whole(value["days"], f"{field}.days", 0, DAYS_MAX)
    return {"retention": read_share(value["share"], f"{field}.share"), "retention_days": days}


def _slice(value: Any, field: str, _scale: int) -> dict[str, Any]:
    _fields(value, field, ("colour", "share", "classes"))
    colour = value["colour"]
    if not isinstance(colour, str) or not _PATH.fullmatch(colour):
        raise RecordRefused("field_value", f"{field}.colour", f"{colour!r:.60} is not a colour's path")
    share, classes = read_share(value["share"], f"{field}.share"), _classes(value["classes"], f"{field}.classes")
    if not 0 < share.n < share.d:
        raise RecordRefused("field_value", f"{field}.share", "must be above nothing and below the whole")
    return {"slice": Slice(colour, share, classes)}


def _quorum(one: Any, here: str, more: tuple[str, ...] = ()) -> tuple[int, frozenset[str]]:
    _fields(one, here, ("quorum", "classes", *more))
    return _whole(one["quorum"], f"{here}.quorum", 1, QUORUM_MAX), _classes(one["classes"], f"{here}.classes")


def _approval(value: Any, field: str, scale: int) -> dict[str, Any]:
    tiers = []
    for k, one in enumerate(_list(value, field, 8)):
        quorum, classes = _quorum(one, f"{field}[{k}]", ("above",))
        tiers.append(Tier(_amount(one["above"], f"{field}[{k}].above", scale), quorum, classes))
    return {"approval": tuple(tiers)}


def _powers(value: Any, field: str, _scale: int) -> dict[str, Any]:
    _fields(value, field, (), POWERS)
    return {"powers": tuple(Power(name, *_quorum(value[name], f"{field}.{name}")) for name in POWERS if name in value)}


def _caps(value: Any, _field: str, _scale: int) -> dict[str, Any]:
    caps = []
    for k, one in enumerate(_list(value, "rules.ends.caps", 8)):
        here = f"rules.ends.caps[{k}]"
        _fields(one, here, ("classes", "share"), ("evidence",))
        evidence = _classes(one.get("evidence", []), f"{here}.evidence")
        caps.append(
            Cap(_classes(one["classes"], f"{here}.classes"), read_share(one["share"], f"{here}.share"), evidence)
        )
    return {"caps": tuple(caps)}


TERMS: dict[str, Callable[[Any, str, int], dict[str, Any]]] = {
    "lines": _lines,
    "payee_limit": _payee_limit,
    "documents": _documents,
    "acceptance": _acceptance,
    "advance": _advance,
    "retention": _retention,
    "slice": _slice,
    "approval": _approval,
    "powers": _powers,
    "caps": _caps,
}
"""Rules of contracts and control, and what reads each (``caps`` stands inside ``ends``)."""
