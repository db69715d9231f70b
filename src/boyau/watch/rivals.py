"""Who bid against whom, and who won: what flags about collusion look at over many processes."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from boyau.watch.flag import Exact, Found, Reason, Row
from boyau.watch.process import Process, ids


class Contest(NamedTuple):
    """One process in which at least two took part: the *bidders* in the order of their bids, and who won."""

    day: str
    bidders: tuple[str, ...]
    winners: frozenset[str]
    row: Row


class Contests:
    """Contests kept by a key; *judge* looks at those of one key, in the order of time, when all are there."""

    def __init__(
        self,
        keys: Callable[[Process, Contest], Iterable[tuple[str, ...]]],
        judge: Callable[[tuple[str, ...], list[Contest]], Iterable[Found]],
        least: int,
    ) -> None:
        self._key, self._judge, self._least = keys, judge, least
        self.meta: dict[str, Exact | None] = {}
        self._kept: dict[tuple[str, ...], list[Contest]] = {}

    def add(self, process: Process) -> Reason | None:
        """Take one process in."""
        contest = of(process)
        if contest is None:
            return Reason.FEW_BIDS
        for key in self._key(process, contest):
            self._kept.setdefault(key, []).append(contest)
        return None

    def merge(self, other: Any) -> None:
        """Take in another's."""
        for key, found in other._kept.items():  # noqa: SLF001 - one class
            self._kept.setdefault(key, []).extend(found)

    def finish(self) -> list[Found]:
        """Judge every key that has enough contests."""
        found: list[Found] = []
        for key in sorted(self._kept):
            contests = self._kept[key]
            if len(contests) >= self._least:
                found += self._judge(key, sorted(contests, key=lambda one: (one.day, one.row.ocid)))
        return found


def of(process: Process) -> Contest | None:
    """Return the contest of a process; None where fewer than two took part. Consortia count by their first member."""
    if process.contest is not None:
        return None if process.contest is False else process.contest
    found = _contest(process)
    process.contest = found if found is not None else False
    return found


def _contest(process: Process) -> Contest | None:
    bids = sorted(
        ((bid.date or "", place, who) for place, bid in enumerate(process.submitted) for who in _first(bid)),
        key=lambda one: one[:2],
    )
    bidders = tuple(dict.fromkeys(who for _, _, who in bids))
    if len(bidders) < 2:
        return None
    period = process.tender.tenderPeriod
    day = (period.endDate if period is not None else None) or process.release.date or ""
    return Contest(day, bidders, frozenset(process.winners()), process.row())


def _first(bid: Any) -> tuple[str, ...]:
    return tuple(ids(bid.tenderers))[:1]
