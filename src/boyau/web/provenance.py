"""Where the money of one payment came from and who has it now, as steps: for its page. The whole picture is a trail."""

from dataclasses import dataclass
from typing import Any

from boyau.language.catalogue import mark as _
from boyau.ledger import Kind
from boyau.trace import Flow, Node, NodeKind, TraceError, flow_of_entry
from boyau.trace.questions import Direction
from boyau.web.operation import known_names, link
from boyau.web.pages import Page

BUDGET = (Kind.ISSUE, Kind.ALLOCATE, Kind.WITHDRAW, Kind.LAPSE, Kind.CARRY, Kind.RECEIVE, Kind.REFUND)
"""What moves a budget's own money: of it whole programmes may follow."""
FOLLOWED_ROWS_MAX = 500_000
"""Up to so many rows such money is followed on the page; beyond, only its trail does, which may take a second."""
TOP = 5
"""Places of one kind that are named; the others are summed."""
_BEFORE = (NodeKind.SOURCE, NodeKind.COLOUR, NodeKind.HOLDER, NodeKind.PAYEE)
_AFTER = (NodeKind.HOLDER, NodeKind.COLOUR, NodeKind.PAYEE, NodeKind.UNSPENT, NodeKind.HELD, NodeKind.RETURNED)
STAYED = {
    NodeKind.UNSPENT: _("not yet spent"), NodeKind.HELD: _("set aside by contracts and holds"),
    NodeKind.RETURNED: _("returned to the source"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stop:
    """One place the money was or is at: who or what colour, how much of it in minor units."""

    title: Any
    kind: str
    colour: str
    minor: int
    note: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """``before``: from the source to the payment; ``after``: who has it now. ``as_of``: entries that were followed.

    ``after`` is None where it is too much for this page: the trail says it.
    """

    before: list[Stop]
    after: list[Stop] | None
    as_of: int


def provenance(page: Page, number: int, kind: Kind) -> Provenance | None:
    """Return where the money of an entry came from and where it is; None where it moved none."""
    trail = page.reader.trail()
    traced = trail.traced
    much = kind in BUDGET and len(page.reader.rows) > FOLLOWED_ROWS_MAX
    asked: tuple[Direction, ...] = ("from",) if much else ("from", "to")
    try:
        flows = [
            flow_of_entry(traced.lineage, traced.names, number, direction=direction, top=TOP, held=traced.held)
            for direction in asked
        ]
    except TraceError:
        return None
    names = {node.name for flow in flows for node in flow.nodes if node.kind is not NodeKind.COLOUR}
    facts = known_names(page, names)
    before = [_stop(page, flows[0], node, facts, node.amount) for node in _ordered(flows[0], _BEFORE)]
    if much:
        return Provenance(before, None, trail.entries)
    after = [_stop(page, flows[1], node, facts, node.kept) for node in _ordered(flows[1], _AFTER) if node.kept]
    return Provenance(before, after, trail.entries)


def _ordered(flow: Flow, kinds: tuple[NodeKind, ...]) -> list[Node]:
    """Return the nodes of *kinds* in the order in which money passes them, larger ones first."""
    some = [node for node in flow.nodes if node.kind in kinds]
    return sorted(some, key=lambda node: (kinds.index(node.kind), node.tier, bool(node.merged), -node.amount))


def _stop(page: Page, flow: Flow, node: Node, facts: dict[str, dict[str, Any]], minor: int) -> Stop:
    words = page.words
    colour = node.name if node.kind is NodeKind.COLOUR and not node.merged else ""
    if node.merged:
        title: Any = words.text("{number} others", number=words.number(str(node.merged)))
    elif node.kind in (NodeKind.UNSPENT, NodeKind.HELD):
        title = words.text(STAYED[node.kind])
    elif node.kind is NodeKind.COLOUR:
        title = flow.title(node, words.code)
    else:
        title = link(page, node.name, facts.get(node.name, {}))
    note = words.text(STAYED[NodeKind.RETURNED]) if node.kind is NodeKind.RETURNED else ""
    return Stop(title, node.kind.value, colour, minor, note)
