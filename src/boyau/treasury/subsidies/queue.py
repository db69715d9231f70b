"""The lawful order: in each queue, of one purpose in one region, whoever registered first is paid first.

Strictly: where the next application does not fit what is left of its budget, it waits, and nobody behind it is paid
from that budget, however small. It is not paid in part either: a subsidy is granted or it is not.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from boyau.treasury.subsidies.applications import Application
from boyau.treasury.subsidies.budgets import Queue


@dataclass(frozen=True, slots=True)
class Plan:
    """*pay*: in order of registration. *rest*: what each queue's budget has left after that."""

    pay: tuple[Application, ...]
    rest: dict[Queue, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where one that waits stands. *ahead*, *ahead_sum*: those before it in its queue; *lacking*: tiyn to reach it."""

    place: int
    place_overall: int
    ahead: int
    ahead_sum: int
    rest: int
    lacking: int


def queue_of(one: Application) -> Queue:
    """Return the queue that an application stands in."""
    return one.purpose, one.region


def queues(kept: Iterable[Application]) -> dict[Queue, list[Application]]:
    """Return the queues, each in lawful order."""
    out: dict[Queue, list[Application]] = defaultdict(list)
    for one in sorted(kept, key=lambda each: each.order):
        out[queue_of(one)].append(one)
    return dict(sorted(out.items()))


def needs(kept: Iterable[Application]) -> dict[Queue, int]:
    """Return what would pay all of each queue."""
    return {queue: sum(one.amount for one in waiting) for queue, waiting in queues(kept).items()}


def plan(kept: Iterable[Application], rest: Mapping[Queue, int], settled: Collection[str] = ()) -> Plan:
    """Say who is paid next out of *rest*; the keys in *settled* are paid, or refused, and stand in nobody's way."""
    left = dict(rest)
    pay: list[Application] = []
    for queue, waiting in queues(one for one in kept if one.key not in settled).items():
        left.setdefault(queue, 0)
        for one in waiting:
            if one.amount > left[queue]:
                break
            left[queue] -= one.amount
            pay.append(one)
    return Plan(tuple(sorted(pay, key=lambda each: each.order)), left)


def places(waiting: Iterable[Application], rest: Mapping[Queue, int]) -> dict[str, Place]:
    """Return the place of everyone who waits, by key, given what is left of each queue's budget."""
    ordered = sorted(waiting, key=lambda each: each.order)
    count: dict[Queue, int] = defaultdict(int)
    before: dict[Queue, int] = defaultdict(int)
    out = {}
    for overall, one in enumerate(ordered, 1):
        queue = queue_of(one)
        left = rest.get(queue, 0)
        out[one.key] = Place(
            place=count[queue] + 1,
            place_overall=overall,
            ahead=count[queue],
            ahead_sum=before[queue],
            rest=left,
            lacking=max(0, before[queue] + one.amount - left),
        )
        count[queue] += 1
        before[queue] += one.amount
    return out
