"""Plan moved between lines: what some give up is matched with what others get, in the narrowest group they share."""

from collections import defaultdict
from collections.abc import Mapping as Frozen
from typing import NamedTuple


class Move(NamedTuple):
    """*amount* minor units of plan taken from line *source* and given to line *target*."""

    source: str
    target: str
    amount: int


def match(changes: Frozen[str, int]) -> tuple[list[Move], dict[str, int]]:
    """Return the moves among lines of one section (first part of the path), and the changes that remain.

    *changes* are the lines' changes of plan by path. Groups are matched from the deepest up, so each group passes on
    changes of one sign only: done in this order, no group's plan ever stands above both its old and its new figure.
    That is what lets every move be checked against the limits of all its ancestors.
    """
    moves: list[Move] = []
    buckets: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for path, change in changes.items():
        if change:
            buckets[path].append((path, change))
    rest: dict[str, int] = {}
    for depth in range(max((path.count("/") for path in buckets), default=0), -1, -1):
        for group in [path for path in buckets if path.count("/") == depth]:
            left = _pair(buckets.pop(group), moves)
            if depth:
                buckets[group.rpartition("/")[0]].extend(left)
            else:
                rest.update(left)
    return moves, rest


def _pair(changes: list[tuple[str, int]], moves: list[Move]) -> list[tuple[str, int]]:
    """Match decreases with increases in order; return what is left, all of one sign."""
    downs = [(path, -change) for path, change in changes if change < 0]
    ups = [(path, change) for path, change in changes if change > 0]
    if not downs or not ups:
        return changes
    down, up = 0, 0
    while down < len(downs) and up < len(ups):
        amount = min(downs[down][1], ups[up][1])
        moves.append(Move(downs[down][0], ups[up][0], amount))
        downs[down] = (downs[down][0], downs[down][1] - amount)
        ups[up] = (ups[up][0], ups[up][1] - amount)
        down += downs[down][1] == 0
        up += ups[up][1] == 0
    return [(path, -amount) for path, amount in downs[down:]] + ups[up:]
