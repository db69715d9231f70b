"""Records that rule: colours with their rules, limits, and the four eyes that a change of either may need."""

from typing import Any

from boyau.ledger import amounts, approvals, codes, colours, record_fields
from boyau.ledger.colours import Rules
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.tree import Colour, Tree

LIMITS = ("plan", "obligations", "payments")


def four_eyes(tree: Tree, record: dict[str, Any], today: int) -> None:
    """Refuse a change of rules or limits that has not the quorum which the power `change` of its colour asks."""
    number = tree.colour_numbers.get(record.get("colour")) if isinstance(record.get("colour"), str) else None  # type: ignore[arg-type]
    changes = record["type"] == "limits" or (record["type"] == "colour" and "rules" in record)
    if number is None or not changes:
        return
    power = tree.colours[number].effective.power("change")
    if power is None:
        return
    digest = approvals.record_digest(record)
    maker = tree.approvals.proposals.get(digest, ("", -1))[0]
    if maker and len(tree.approvals.checkers(digest, power.classes, {maker}, today)) >= power.quorum:
        return
    told = f"needs {power.quorum} approvals by {', '.join(sorted(power.classes))}; propose and approve {digest}"
    raise RecordRefused("approval_missing", "colour", told)


def take_colour(tree: Tree, record: dict[str, Any], today: int) -> None:
    """Take a new colour, or a new version of a colour's rules."""
    path = record_fields.text(record, "colour", colours.PATH, example="kz/rb/2024/2")
    title = record_fields.title(record.get("title", ""), "title")
    start = colours.date_field(record["from"], "from") if "from" in record else today
    if start < today:
        raise RecordRefused("acts_backwards", "from", "lies before today; a change never acts backwards")
    known = tree.colour_numbers.get(path)
    if known is None and start > today:
        raise RecordRefused("starts_later", "from", "a new colour has its rules at once; record it on that day")
    parent = _parent_of(tree, path, record)
    # Its unit is that of the colour itself, else of the one above it; only a new root must name one.
    home = parent if known is None else tree.colours[known]
    unit = record["unit"] if home is None else home.unit
    rules = colours.read(record.get("rules", {}), tree.units[unit])
    if known is not None:
        _lines_fit(tree.colours[known].own, rules)
    if known is not None and "rules" not in record:  # only the title changes
        tree.colours[known].title = title or tree.colours[known].title
        return
    above = Rules() if parent is None else parent.effective
    wider = rules.widening(above)
    if wider is not None and parent is not None:
        raise RecordRefused("widens_parent", f"rules.{wider}", f"is wider than the effective rule of {parent.path}")
    named = record.get("rules", {})
    classes = record_fields.new_names(_classes(rules), tree.class_bits, record_fields.CLASSES_MAX, "rules")
    conditions = record_fields.new_names(
        _conditions(named), tree.condition_bits, record_fields.CONDITIONS_MAX, "rules.evidence"
    )
    record_fields.number(classes, tree.class_bits)
    record_fields.number(conditions, tree.condition_bits)
    if known is None:
        colour = Colour(len(tree.colours), path, unit, -1 if parent is None else parent.number)
        tree.add_colour(colour)
    else:
        colour = tree.colours[known]
    colour.title = title or colour.title
    if start > today:
        tree.pending.append((start, tree.entry, colour.number, rules))
    else:
        tree.put_in_force(colour, rules, tree.entry)


def _lines_fit(old: Rules, new: Rules) -> None:
    """Refuse a line that cuts across a present one: what was taken of a line must stay countable."""
    for line in new.lines or ():
        for before in old.lines or ():
            other = (before.low, before.high) != (line.low, line.high)
            if other and before.low <= line.high and line.low <= before.high:
                told = f"{codes.item_text(line.low)} cuts across a present line; keep its item"
                raise RecordRefused("lines_overlap", "rules.lines", told)


def _parent_of(tree: Tree, path: str, record: dict[str, Any]) -> Colour | None:
    """Return the parent of a new or known colour, having checked the unit that the record names."""
    above = tree.colour_numbers.get(path.rpartition("/")[0])
    known = tree.colour_numbers.get(path)
    if known is not None and tree.colours[known].parent < 0:
        above = None
    unit = record.get("unit")
    expected = (
        tree.colours[known].unit if known is not None else tree.colours[above].unit if above is not None else None
    )
    if unit is None and expected is None:
        raise RecordRefused(
            "parent_unknown", "colour", f"{path.rpartition('/')[0]!r} is no colour; record it first, or name a unit"
        )
    if unit is not None and (not isinstance(unit, str) or unit not in tree.units):
        raise RecordRefused("unit_unknown", "unit", f"no unit {unit!r:.40}; record it first")
    if unit is not None and expected is not None and unit != expected:
        raise RecordRefused("unit_fixed", "unit", f"this colour is in {expected}")
    return None if above is None else tree.colours[above]


def take_limits(tree: Tree, record: dict[str, Any], today: int) -> None:
    """Take new limits or overrides; what is not given stays."""
    colour = tree.colour_of(record)
    if colour.plain:
        raise RecordRefused("colour_plain", "colour", "plain money has no limits")
    scale = tree.units[colour.unit]
    limits, override = list(colour.limits), list(colour.override)
    extra = record.get("override", {})
    if not isinstance(extra, dict) or not set(extra) <= set(LIMITS):
        raise RecordRefused("field_value", "override", f"must be an object of {', '.join(LIMITS)}")
    if "date" in record and colours.date_field(record["date"], "date") > today:
        raise RecordRefused("date_future", "date", "lies after today; limits act at once, record them on that day")
    if not isinstance(record.get("reason", ""), str) or len(record.get("reason", "")) > record_fields.TEXT_MAX:
        raise RecordRefused("field_value", "reason", f"must be a text of at most {record_fields.TEXT_MAX} characters")
    if any(extra.values()) and not record.get("reason"):
        raise RecordRefused("field_missing", "reason", "an override needs its reason")
    for k, name in enumerate(LIMITS):
        if name in record:
            limits[k] = None if record[name] is None else record_fields.amount(record[name], name, scale)
        if name in extra:
            override[k] = record_fields.amount(extra[name], f"override.{name}", scale)
        _check_limit(tree, colour, k, limits[k], override[k], changed=name in record)
    colour.limits, colour.override, colour.limits_entry = limits, override, tree.entry
    tree.write_limits(colour)


def _check_limit(tree: Tree, colour: Colour, k: int, limit: int | None, override: int, *, changed: bool) -> None:
    if limit is None:
        return
    name, scale = LIMITS[k], tree.units[colour.unit]
    used = int(tree.tables.cnt[colour.number, 3 + k])
    if limit + override < used:
        raise RecordRefused(
            "limit_below_used",
            name,
            f"{amounts.write(limit + override, scale)} is below what is used, "
            f"{amounts.write(used, scale)}; give back or release first",
        )
    above = colour.parent
    while changed and above >= 0:
        ceiling = tree.colours[above].limits[k]
        if ceiling is not None:
            if limit > ceiling:
                raise RecordRefused(
                    "widens_parent",
                    name,
                    f"{amounts.write(limit, scale)} is above the limit of "
                    f"{tree.colours[above].path}, {amounts.write(ceiling, scale)}",
                )
            return
        above = tree.colours[above].parent


def _classes(rules: Rules) -> list[str]:
    """Return all classes that *rules* name, in an order that does not depend on hashing."""
    quorums = (*rules.approval, *rules.powers, *rules.caps, *((rules.slice,) if rules.slice else ()))
    named = (rules.payees, rules.holders, rules.ends, *(one.classes for one in quorums))
    return sorted(frozenset().union(*(one for one in named if one)))


def _conditions(named: dict[str, Any]) -> list[str]:
    """Return the conditions that a record's rules name, as they stand in it."""
    plain = [one["condition"] if isinstance(one, dict) else one for one in named.get("evidence", [])]
    caps = named.get("ends", {}).get("caps", [])
    return plain + [condition for cap in caps for condition in cap.get("evidence", [])]
