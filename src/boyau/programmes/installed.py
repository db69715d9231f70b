"""Where a programme is installed: colours whose rules are those of its topmost colour, whatever values were chosen."""

from collections.abc import Iterable, Iterator
from typing import Any

from boyau.ledger import colours
from boyau.ledger.colours import Rules
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.tree import Colour
from boyau.programmes import values
from boyau.programmes.model import Programme

_KEPT: dict[str, tuple[str, ...]] = {
    "holders": ("holders",), "evidence": ("evidence", "evidence_commit", "evidence_advance", "evidence_accept"),
    "documents": ("documents",), "acceptance": ("acceptance",), "powers": ("powers",), "hops": ("hops",),
}  # fmt: skip
"""Rules that say what kind of money it is, and the fields of ``Rules`` that keep them. Values chosen for a place (days,
regions, sums) say nothing of that."""
Shape = tuple[tuple[str, Any], ...]


def tops(programme: Programme) -> list[int]:
    """Return the places of the programme's colours that lie below none of its others."""
    paths = [colour.path for colour in programme.colours]
    return [k for k, path in enumerate(paths) if not any(path.startswith(f"{other}/") for other in paths)]


def shape(programme: Programme, place: int) -> Shape:
    """Return what a colour of the programme has whatever values were chosen: (field of ``Rules``, value)."""
    raw = programme.colours[place].rules
    kept = {name: raw[name] for name in _KEPT if name in raw and not values.placeholders(raw[name])}
    parts = [(name, field) for name in kept for field in _KEPT[name]]
    out: list[tuple[str, Any]] = []
    for name, among, field in (("payees", "classes", "payees"), ("ends", "classes", "ends")):
        found = raw.get(name, {}).get(among) if isinstance(raw.get(name, {}), dict) else None
        if found is not None and not values.placeholders(found):
            kept[name] = {among: found}
            parts.append((name, field))
    try:
        rules = colours.read(kept, programme.scale)
    except RecordRefused:
        return ()
    out += [(field, getattr(rules, field)) for _, field in parts]
    return tuple(out)


def found(programme: Programme, nodes: Iterable[Colour]) -> Iterator[Colour]:
    """Yield the colours among *nodes* at which the programme is installed, in their order."""
    shapes = [one for place in tops(programme) if len(one := shape(programme, place)) > 1]
    for node in nodes:
        if not node.plain and any(_has(node.own, one) for one in shapes):
            yield node


def _has(rules: Rules, wanted: Shape) -> bool:
    return all(getattr(rules, field) == value for field, value in wanted)
