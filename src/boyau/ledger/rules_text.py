"""The rules in force for a colour as short texts, each with the colour of the tree that makes it."""

from boyau.ledger import amounts, codes
from boyau.ledger.colours import DAY_MAX, DAY_MIN, EVIDENCE_AT, HOPS_MAX, Rules
from boyau.ledger.registry import Colour, Registry
from boyau.ledger.terms import Share


def rule_texts(registry: Registry, colour: Colour) -> list[dict[str, str]]:
    """Return ``{"rule", "colour", "value"}`` for every rule on the way from *colour* to the root, nearest first."""
    out: list[dict[str, str]] = []
    node: Colour | None = colour
    while node is not None:
        out += [
            {"rule": rule, "colour": node.path, "value": value}
            for rule, value in own_texts(node.own, registry.units[node.unit])
        ]
        node = registry.colours[node.parent] if node.parent >= 0 else None
    return sorted(out, key=lambda one: one["rule"])


def own_texts(rules: Rules, scale: int) -> list[tuple[str, str]]:
    """Return (rule, value) for every rule that one colour makes itself, in a unit with *scale* decimals."""
    return _own(rules) + _contract(rules, scale) + _control(rules, scale)


def _own(rules: Rules) -> list[tuple[str, str]]:
    out = [
        (name, ", ".join(sorted(value)))
        for name, value in (
            ("payees.classes", rules.payees),
            ("payees.allow", rules.allow),
            ("payees.deny", rules.deny or None),
            ("holders.classes", rules.holders),
            ("ends.classes", rules.ends),
            ("carry_from", rules.carry_from or None),
        )
        if value is not None
    ]
    needs = [
        condition if at == "pay" else f"{condition} at {at}"
        for at, field in EVIDENCE_AT.items()
        for condition in sorted(getattr(rules, field))
    ]
    if needs:
        out.append(("evidence", ", ".join(needs)))
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


def _contract(rules: Rules, scale: int) -> list[tuple[str, str]]:
    """Write the rules of contracts: lines, limits per payee, documents, acts, advances, retention."""
    out = []
    if rules.lines is not None:
        lines = []
        for line in rules.lines:
            text = item_prefix((line.low, line.high))
            if line.quantity is not None:
                text += f" quantity {amounts.write(line.quantity, 3)}"
            if line.price is not None:
                text += f" price {amounts.write(line.price, scale)}"
            lines.append(text)
        out.append(("lines", ", ".join(lines) or "none"))
    if rules.payee_limit is not None:
        out.append(("payee_limit", amounts.write(rules.payee_limit, scale)))
    if rules.documents:
        out.append(("documents", "once"))
    if rules.acceptance:
        out.append(("acceptance", "true"))
    if rules.advance is not None:
        out.append(("advance", share_text(rules.advance)))
    if rules.retention is not None:
        out.append(("retention", f"{share_text(rules.retention)} for {rules.retention_days} days"))
    return out


def _control(rules: Rules, scale: int) -> list[tuple[str, str]]:
    """Write the rules of control: caps, slices, approvals, powers."""
    out = []
    for cap in rules.caps:
        evidence = f" with {', '.join(sorted(cap.evidence))}" if cap.evidence else ""
        out.append(("ends.caps", f"{', '.join(sorted(cap.classes))}: {share_text(cap.share)}{evidence}"))
    if rules.slice is not None:
        classes = ", ".join(sorted(rules.slice.classes))
        out.append(("slice", f"{share_text(rules.slice.share)} into {rules.slice.colour} at {classes}"))
    for tier in rules.approval:
        asked = f"{tier.quorum} of {', '.join(sorted(tier.classes))}"
        out.append(("approval", f"above {amounts.write(tier.above, scale)}: {asked}"))
    return out + [(f"powers.{one.name}", f"{one.quorum} of {', '.join(sorted(one.classes))}") for one in rules.powers]


def share_text(share: Share) -> str:
    """Write a share in per cent where that is exact, else as a fraction."""
    n, d = share
    if 1_000_000 % d:
        return f"{n}/{d}"
    return f"{amounts.write(n * (1_000_000 // d), 4).rstrip('0').rstrip('.')}%"


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
