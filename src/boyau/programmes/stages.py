"""The way of money through a programme, stage by stage: who holds it, what each payment waits for, where it ends.

What many ways have in common is told once: payments after the same number of hands are one stage.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from boyau.programmes.blockers import blockers
from boyau.programmes.checks import Report
from boyau.programmes.model import Duty, Programme
from boyau.programmes.paths import Move


@dataclass(frozen=True, slots=True)
class Gate:
    """What payments of a stage wait for. ``only``: payees of these classes alone; empty, all."""

    stage: str
    name: str
    duty: Duty | None
    only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Payments of a stage that stay coloured, or that become plain: to whom, and what they wait for."""

    payees: tuple[str, ...]
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """Money after so many hands: who holds it, where it goes on coloured, and where it becomes plain."""

    hop: int
    last: int
    """The same holds up to this number of hands."""
    holders: tuple[str, ...]
    onward: Group
    plain: Group


def stages(programme: Programme, report: Report) -> tuple[tuple[str, tuple[Stage, ...]], ...]:
    """Return, for each of its roots that the ledger took, the stages of a programme that was proved."""
    roots = [one.node.path for one in report.laid if one.node.parent < 0]
    return tuple((root, _stages(programme, report, root)) for root in roots)


def _stages(programme: Programme, report: Report, root: str) -> tuple[Stage, ...]:
    walked = report.walked
    inside = {k for k, one in enumerate(report.laid) if f"{one.node.path}/".startswith(f"{root}/")}
    alive = [state for state in walked.alive if state[0] in inside]
    out: list[Stage] = []
    for hop in sorted({state[1] for state in alive}):
        onward = [
            move
            for (source, at, _, _), move in walked.onward.items()
            if at == hop and source in inside and move.to in walked.alive
        ]
        ends = [move for move in walked.ends if move.source[1] == hop and move.source[0] in inside]
        holders = _classes(state[2] for state in alive if state[1] == hop)
        one = Stage(hop, hop, holders, _group(programme, report, onward), _group(programme, report, ends))
        before = out[-1] if out else None
        if before and (before.holders, before.onward, before.plain) == (one.holders, one.onward, one.plain):
            out[-1] = Stage(before.hop, hop, one.holders, one.onward, one.plain)
        else:
            out.append(one)
    return tuple(out)


def _classes(parties: Iterable[frozenset[str]]) -> tuple[str, ...]:
    """Return the classes of parties: those that stand alone, and of the others all."""
    some = set(parties)
    alone = {name for party in some if len(party) == 1 for name in party}
    rest = {name for party in some if party.isdisjoint(alone) for name in party}
    return tuple(sorted(alone | rest))


def _group(programme: Programme, report: Report, moves: list[Move]) -> Group:
    found: dict[tuple[str, str], set[frozenset[str]]] = {}
    duties: dict[tuple[str, str], Duty | None] = {}
    for move in moves:
        for one in blockers(programme, list(report.laid), move):
            found.setdefault((one.stage, one.name), set()).add(move.party)
            duties[one.stage, one.name] = one.duty
    everybody = _classes(move.party for move in moves)
    gates = []
    for (stage, name), parties in found.items():
        asked = _classes(parties)
        gates.append(Gate(stage, name, duties[stage, name], () if asked == everybody else asked))
    return Group(everybody, tuple(gates))
