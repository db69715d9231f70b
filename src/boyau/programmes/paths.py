"""The ways of money through a programme: colour, hop and holder, from the budget to plain money; and the dead ends."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from boyau.ledger.colours import HOPS_MAX
from boyau.programmes.model import Finding
from boyau.programmes.parties import Laid, Party, may_be_paid, may_end, may_hold, told

MOVES_MAX = 100_000
"""Steps that are followed; the programmes that come with the program have up to 450."""
State = tuple[int, int, Party]
"""Colour (place in the list), hop, holder."""


class TooManyWays(Exception):  # noqa: N818 - a condition
    """The programme has more ways than are followed, so nothing is proved."""


@dataclass(frozen=True, slots=True)
class Move:
    """One step: money is allocated or paid, or (``to`` is None) becomes plain at *party*."""

    kind: str
    source: State
    to: State | None
    party: Party


@dataclass(slots=True)
class Ways:
    """Every state that money can reach, the move that first led there, and from where plain money is reached."""

    came: dict[State, Move | None] = field(default_factory=dict)
    ends: list[Move] = field(default_factory=list)
    onward: dict[tuple[int, int, int, Party], Move] = field(default_factory=dict)
    """Payments that stay coloured: one for each colour and hop they leave, colour they reach, and payee."""
    alive: set[State] = field(default_factory=set)

    def chain(self, end: Move) -> list[Move]:
        """Return the moves from the budget to this end, a shortest way."""
        out, before = [end], self.came[end.source]
        while before is not None:
            out.append(before)
            before = self.came[before.source]
        return out[::-1]


def ways(laid: list[Laid], everyone: list[Party]) -> Ways:
    """Walk every way from hop 0 of the roots. Hops above the largest limit are alike and counted as one."""
    limits = [one.node.effective.hops for one in laid]
    most = max((hops for hops in limits if hops != HOPS_MAX), default=0) + 1
    below = {k: [m for m, other in enumerate(laid) if _under(other, one)] for k, one in enumerate(laid)}
    out, back = Ways(), {}  # type: Ways, dict[State, list[State]]
    todo: deque[State] = deque()
    followed = 0
    for k, one in enumerate(laid):
        if one.node.parent < 0:
            for party in everyone:
                if may_hold(one.node.effective, party, 0):
                    out.came[k, 0, party] = None
                    todo.append((k, 0, party))
    while todo:
        state = todo.popleft()
        for move in _moves(state, laid, everyone, below, most):
            followed += 1
            if followed > MOVES_MAX:
                raise TooManyWays
            if move.to is None:
                out.ends.append(move)
                out.alive.add(state)
                continue
            back.setdefault(move.to, []).append(state)
            if move.kind == "pay":
                out.onward.setdefault((state[0], state[1], move.to[0], move.party), move)
            if move.to not in out.came:
                out.came[move.to] = move
                todo.append(move.to)
    reached = list(out.alive)
    while reached:
        for state in back.get(reached.pop(), []):
            if state not in out.alive:
                out.alive.add(state)
                reached.append(state)
    return out


def _under(other: Laid, one: Laid) -> bool:
    return other.node.path.startswith(f"{one.node.path}/")


def _moves(
    state: State, laid: list[Laid], everyone: list[Party], below: dict[int, list[int]], most: int
) -> Iterator[Move]:
    k, hop, _holder = state
    rules = laid[k].node.effective
    further = min(hop + 1, most)
    for party in everyone:
        if hop == 0:
            for m in below[k]:
                if may_hold(laid[m].node.effective, party, 0):
                    yield Move("allocate", state, (m, 0, party), party)
        if not may_be_paid(rules, party):
            continue
        if may_end(rules, party):
            yield Move("pay", state, None, party)
        for m in (k, *below[k]):
            if may_hold(laid[m].node.effective, party, further):
                yield Move("pay", state, (m, further, party), party)


def findings(laid: list[Laid], found: Ways) -> Iterator[Finding]:
    """Name the colours that no money reaches, and where money would be stuck."""
    reached = {state[0] for state in found.came}
    stuck: dict[tuple[int, int], set[str]] = {}
    for k, hop, party in found.came:
        if (k, hop, party) not in found.alive:
            stuck.setdefault((k, hop), set()).update({"+".join(sorted(party))})
    for k, one in enumerate(laid):
        if k not in reached:
            yield Finding("error", "colour_unreachable", one.place, one.template.line)
    for (k, hop), classes in sorted(stuck.items()):
        facts = {"hop": hop, "classes": told(classes)}
        yield Finding("error", "dead_end", laid[k].place, laid[k].template.line, facts)
