"""Where everything in a Sankey picture goes: columns, order, heights, bands. Knows nothing of colours or letters.

Columns are the longest way from a source; all ends stand in the last column, so that it reads as one account of where
the money is. A link across several columns passes through *bends*, which keep their own room, so that no band runs
under a node. What goes in a circle is cut open: the band that would run backwards ends in a mark and begins in another.
Every node gets at least the height of its label, so that labels cannot overlap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from boyau.trace.flow import Flow, Link, Node, NodeKind

SWEEPS = 24
"""Passes over all columns, forth and back, when ordering and when placing."""
BEND_GAP = 4.0
THIN = 1.0
"""The least height of a node or band, pixels: whatever is there can be seen."""

LAST_IN_COLUMN = dict.fromkeys((NodeKind.RETURNED, NodeKind.UNSPENT, NodeKind.HELD), 2)
"""Rank in a column: payees first, then "other", then what has reached nobody, among itself so that few bands cross."""


@dataclass(slots=True, eq=False)
class Spot:
    """A node's place; or a bend of a long band, or the mark of a cut circle (*back* then names its other end)."""

    node: Node | None
    amount: int
    rank: int
    back: Node | None = None
    inward: bool = False
    column: int = 0
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0
    slot: float = 0.0
    out: list["Run"] = field(default_factory=list, repr=False)  # written out, a web of runs would never end
    into: list["Run"] = field(default_factory=list, repr=False)

    @property
    def labelled(self) -> bool:
        """Whether it has a label."""
        return self.node is not None or self.back is not None

    @property
    def middle(self) -> float:
        """Its centre."""
        return self.y + self.height / 2


@dataclass(slots=True, eq=False)
class Run:
    """One stretch of a band, between neighbouring columns."""

    link: Link
    giver: Spot
    taker: Spot
    y0: float = 0.0
    y1: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A finished layout. ``bands``: the stretches of each link, left to right (two lists where it was cut)."""

    columns: Sequence[Sequence[Spot]]
    bands: Sequence[tuple[Link, Sequence[Run]]]
    scale: float
    height: float
    total: int


@dataclass(frozen=True, slots=True)
class Room:
    """How much space there is, pixels. ``label_heights``: (labels in a column at most, height of each), rising."""

    width: float
    height: float
    node_width: float
    gap: float
    margin_right: float
    column_min: float
    label_heights: tuple[tuple[int, float], ...]

    def labels(self, count: int) -> float:
        """Return the height of one label in a column of *count*."""
        return next(height for count_max, height in self.label_heights if count <= count_max)


def plan(flow: Flow, room: Room) -> Plan:
    """Lay out *flow*."""
    spots = {node.key: Spot(node, node.amount, _rank(node)) for node in flow.nodes if node.amount or node.focus}
    links = [link for link in flow.links if link.amount]
    bands, runs = _cut_circles(spots, links)
    everything = list(dict.fromkeys([*spots.values(), *(end for run in runs for end in (run.giver, run.taker))]))
    for run in runs:
        run.giver.out.append(run)
        run.taker.into.append(run)
    _choose_columns(everything)
    columns = _bend(everything, bands)
    _order(columns)
    scale, height = _scale(columns, room) if columns else (0.0, 0.0)
    _place(columns, height, room)
    _stack(columns, scale)
    total = sum(node.came for node in flow.nodes)
    last = max(len(columns) - 1, 1)
    step = max((room.width - room.margin_right - room.node_width) / last, room.column_min)
    for number, column in enumerate(columns):
        for spot in column:
            spot.x = number * step
    return Plan(columns, [(link, stretch) for link, stretch in bands if stretch], scale, height, total)


def _rank(node: Node) -> int:
    return LAST_IN_COLUMN.get(node.kind, 1 if node.merged else 0)


def _cut_circles(spots: dict[str, Spot], links: Sequence[Link]) -> tuple[list[tuple[Link, list[Run]]], list[Run]]:
    """Make a run of every link; those that would close a circle are cut into an end and a beginning."""
    place = _succession(spots, links)
    bands: list[tuple[Link, list[Run]]] = []
    for link in links:
        giver, taker = spots[link.origin], spots[link.target]
        if place[link.origin] < place[link.target]:
            bands.append((link, [Run(link, giver, taker)]))
            continue
        end = Spot(None, link.amount, LAST_IN_COLUMN[NodeKind.RETURNED], back=taker.node)
        beginning = Spot(None, link.amount, 1, back=giver.node, inward=True)
        bands += [(link, [Run(link, giver, end)]), (link, [Run(link, beginning, taker)])]
    return bands, [run for _, stretch in bands for run in stretch]


def _succession(spots: Iterable[str], links: Sequence[Link]) -> dict[str, int]:
    """Put nodes in a row so that little money runs backwards (Eades, Lin and Smyth 1993, weighted)."""
    left = list(spots)
    early: list[str] = []
    late: list[str] = []
    out = {key: {link.target: link.amount for link in links if link.origin == key} for key in left}
    into = {key: {link.origin: link.amount for link in links if link.target == key} for key in left}

    def take(key: str) -> None:
        left.remove(key)
        for other in out[key]:
            into[other].pop(key, None)
        for other in into[key]:
            out[other].pop(key, None)

    while left:
        sink = next((key for key in left if not out[key]), None)
        source = next((key for key in left if not into[key]), None)
        if sink is not None:
            late.append(sink)
            take(sink)
        elif source is not None:
            early.append(source)
            take(source)
        else:
            best = max(left, key=lambda key: sum(out[key].values()) - sum(into[key].values()))
            early.append(best)
            take(best)
    return {key: number for number, key in enumerate(early + late[::-1])}


def _choose_columns(spots: Sequence[Spot]) -> None:
    """Set each spot's column: the longest way to it; ends last; beginnings right before what they feed."""
    waiting = {spot: len(spot.into) for spot in spots}
    ready = [spot for spot in spots if not spot.into]
    row = []
    while ready:
        spot = ready.pop()
        row.append(spot)
        for run in spot.out:
            run.taker.column = max(run.taker.column, spot.column + 1)
            waiting[run.taker] -= 1
            if not waiting[run.taker]:
                ready.append(run.taker)
    last = max((spot.column for spot in spots), default=0)
    for spot in row:
        if spot.into and not spot.out:
            spot.column = last
    for spot in row:
        if spot.out and not spot.into:
            spot.column = min(run.taker.column for run in spot.out) - 1


def _bend(spots: Sequence[Spot], bands: Sequence[tuple[Link, list[Run]]]) -> list[list[Spot]]:
    """Break long runs at every column they cross. Return the columns."""
    columns: list[list[Spot]] = [[] for _ in range(max((spot.column for spot in spots), default=-1) + 1)]
    for spot in spots:
        columns[spot.column].append(spot)
    for link, stretch in bands:
        giver, taker = stretch[0].giver, stretch[0].taker
        if taker.column - giver.column < 2:
            continue
        giver.out.remove(stretch[0])
        taker.into.remove(stretch[0])
        stretch.clear()
        for column in range(giver.column + 1, taker.column + 1):
            end = taker if column == taker.column else Spot(None, link.amount, taker.rank, column=column)
            if end is not taker:
                columns[column].append(end)
            run = Run(link, giver, end)
            giver.out.append(run)
            end.into.append(run)
            stretch.append(run)
            giver = end
    return columns


def _order(columns: list[list[Spot]]) -> None:
    """Sort each column so that few bands cross: barycentres, forth and back, the best arrangement kept."""
    for column in columns:
        column.sort(key=lambda spot: (spot.rank, -spot.amount))
    best = [list(column) for column in columns]
    least = _crossings(columns)
    for sweep in range(SWEEPS):
        ahead = sweep % 2 == 0
        for column in columns if ahead else reversed(columns):
            place = _places(columns)
            centre = {spot: _barycentre(spot, place, ahead=ahead) for spot in column}
            column.sort(key=lambda spot: (spot.rank, centre[spot]))
        now = _crossings(columns)
        if now < least:
            least, best = now, [list(column) for column in columns]
    columns[:] = best


def _places(columns: Sequence[Sequence[Spot]]) -> dict[Spot, float]:
    """Return each spot's height in its column, as if all were drawn to scale."""
    place: dict[Spot, float] = {}
    for column in columns:
        whole = sum(spot.amount for spot in column) or 1
        at = 0.0
        for spot in column:
            share = spot.amount / whole + 1 / len(column)
            place[spot] = (at + share / 2) / 2
            at += share
    return place


def _barycentre(spot: Spot, place: dict[Spot, float], *, ahead: bool) -> float:
    ends = [(run.giver if ahead else run.taker, run.link.amount) for run in (spot.into if ahead else spot.out)]
    weight = sum(amount for _, amount in ends)
    return sum(place[end] * amount for end, amount in ends) / weight if weight else place[spot]


def _crossings(columns: Sequence[Sequence[Spot]]) -> float:
    """Return how much crosses how much: for every two runs that cross, the smaller amount."""
    place = {spot: number for column in columns for number, spot in enumerate(column)}
    whole = 0.0
    for column in columns:
        runs = sorted(
            ((place[run.giver], place[run.taker], run.link.amount) for spot in column for run in spot.out),
        )
        for number, (giver, taker, amount) in enumerate(runs):
            for other_giver, other_taker, other in runs[number + 1 :]:
                if giver < other_giver and taker > other_taker:
                    whole += min(amount, other)
    return whole


def _scale(columns: Sequence[Sequence[Spot]], room: Room) -> tuple[float, float]:
    """Return pixels per unit, and the height, so that the fullest column fits with all its labels."""

    def used(column: Sequence[Spot], scale: float) -> float:
        least = room.labels(sum(spot.labelled for spot in column))
        gaps = sum(room.gap if spot.labelled else BEND_GAP for spot in column[:-1])
        return gaps + sum(max(spot.amount * scale, least if spot.labelled else THIN) for spot in column)

    labels = max(sum(spot.labelled for spot in column) for column in columns)
    wanted = min(room.height, 150 + 75 * labels)  # a few nodes need no tall picture
    height = max([wanted, *(1.3 * used(column, 0.0) for column in columns)])
    most = max((sum(spot.amount for spot in column) for column in columns), default=0)
    low, high = 0.0, height / most if most else 0.0
    for _ in range(60):
        middle = (low + high) / 2
        if all(used(column, middle) <= height for column in columns):
            low = middle
        else:
            high = middle
    for column in columns:
        least = room.labels(sum(spot.labelled for spot in column))
        for spot in column:
            spot.height = max(spot.amount * low, THIN)
            spot.slot = max(spot.height, least if spot.labelled else THIN)
    return low, height


def _place(columns: Sequence[Sequence[Spot]], height: float, room: Room) -> None:
    """Move spots up and down to where their bands run level, without overlap and inside the picture."""
    for column in columns:
        _settle(column, [height / 2] * len(column), height, room)
    for sweep in range(SWEEPS):
        ahead = sweep % 2 == 0
        for column in columns if ahead else reversed(columns):
            wanted = []
            for spot in column:
                runs = (spot.into or spot.out) if ahead else (spot.out or spot.into)
                weight = sum(run.link.amount for run in runs)
                ends = (((run.giver if run.taker is spot else run.taker).middle, run.link.amount) for run in runs)
                wanted.append(sum(middle * amount for middle, amount in ends) / weight if weight else spot.middle)
            _settle(column, wanted, height, room)


def _settle(column: Sequence[Spot], wanted: Sequence[float], height: float, room: Room) -> None:
    """Place the column as near as can be to *wanted* (least squares, larger ones weigh more), in its order."""
    offset = 0.0  # of each spot's centre if all stood together
    blocks: list[tuple[float, float, int]] = []  # (mean wanted start, weight, spots)
    offsets = []
    for spot, centre in zip(column, wanted, strict=True):
        middle = offset + spot.slot / 2
        offsets.append(middle)
        offset += spot.slot + (room.gap if spot.labelled else BEND_GAP)
        mean, weight, count = centre - middle, spot.height + 1.0, 1
        while blocks and blocks[-1][0] > mean:  # pool adjacent violators
            above, heavy, many = blocks.pop()
            mean = (mean * weight + above * heavy) / (weight + heavy)
            weight, count = weight + heavy, count + many
        blocks.append((mean, weight, count))
    if not column:
        return
    room_left = max(height - (offsets[-1] + column[-1].slot / 2), 0.0)
    number = 0
    for mean, _, count in blocks:
        shift = min(max(mean, 0.0), room_left)
        for _ in range(count):
            column[number].y = offsets[number] + shift - column[number].height / 2
            number += 1


def _stack(columns: Sequence[Sequence[Spot]], scale: float) -> None:
    """Attach bands to nodes, one below the other in the order of their other ends."""
    for column in columns:
        for spot in column:
            spot.out.sort(key=lambda run: (run.taker.middle, run.taker.rank))
            spot.into.sort(key=lambda run: (run.giver.middle, run.giver.rank))
            at = spot.y
            for run in spot.out:
                run.y0 = at
                at += run.link.amount * scale
            at = spot.y
            for run in spot.into:
                run.y1 = at
                at += run.link.amount * scale
