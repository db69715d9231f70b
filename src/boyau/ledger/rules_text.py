"""The rules in force for a colour as short texts, each with the colour of the tree that makes it."""

from boyau.ledger import codes
from boyau.ledger.colours import DAY_MAX, DAY_MIN, HOPS_MAX, Rules
from boyau.ledger.registry import Colour, Registry


def rule_texts(registry: Registry, colour: Colour) -> list[dict[str, str]]:
    """Return ``{"rule", "colour", "value"}`` for every rule on the way from *colour* to the root, nearest first."""
    out: list[dict[str, str]] = []
    node: Colour | None = colour
    while node is not None:
        out += [{"rule": rule, "colour": node.path, "value": value} for rule, value in _own(node.own)]
        node = registry.colours[node.parent] if node.parent >= 0 else None
    return sorted(out, key=lambda one: one["rule"])


def _own(rules: Rules) -> list[tuple[str, str]]:
    out = [
        (name, ", ".join(sorted(value)))
        for name, value in (
            ("payees.classes", rules.payees),
            ("payees.allow", rules.allow),
            ("payees.deny", rules.deny or None),
            ("holders.classes", rules.holders),
            ("ends.classes", rules.ends),
            ("evidence", rules.evidence or None),
            ("carry_from", rules.carry_from or None),
        )
        if value is not None
    ]
    for name, day, blank in (
        ("window.first", rules.first, DAY_MIN),
        ("window.last", rules.last, DAY_MAX),
        ("window.entry_until", rules.entry_until, DAY_MAX),
    ):
        if day != blank:
            out.append((name, codes.day_text(day)))
    if rules.hops != HOPS_MAX:
        out.append(("hops", str(rules.hops)))
    if rules.items is not None:
        out.append(("items", ", ".join(item_prefix(pair) for pair in rules.items) or "none"))
    if rules.regions is not None:
        out.append(("regions", ", ".join(region_prefix(pair) for pair in rules.regions) or "none"))
    return out


def item_prefix(interval: codes.Interval) -> str:
    """Write an interval of item numbers as the prefix it came from."""
    low, high = interval
    scheme = codes.item_text(low).partition(":")[0]
    return f"{scheme}:{f'{low % 10**18:018d}'[: 18 - _zeros(high - low)]}"


def region_prefix(interval: codes.Interval) -> str:
    """Write an interval of regions as the prefix it came from."""
    low, high = interval
    return str(low)[: 9 - _zeros(high - low)]


def _zeros(width: int) -> int:
    return len(str(width + 1)) - 1
