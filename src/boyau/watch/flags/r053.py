"""R053: does one of a pair always win?"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Found, Group, Option
from boyau.watch.process import Process
from boyau.watch.rivals import Contest, Contests


def keys(_process: Process, contest: Contest) -> Iterator[tuple[str, ...]]:
    """Look at every pair; a crowd is no pair."""
    if len(contest.bidders) <= CROWD:
        yield from combinations(sorted(contest.bidders), 2)


def judge(key: tuple[str, ...], contests: list[Contest]) -> Iterator[Found]:
    """See whether the same of the two won every time."""
    for who in key:
        if all(who in contest.winners for contest in contests):
            told = {"pair": list(key), "winner": who, "processes": [contest.row.ocid for contest in contests]}
            for one in key:
                yield Found(Group.TENDERER, one, len(contests), told)


CROWD = 20
"""Bidders from which on a contest is a crowd: its pairs would outnumber everything else."""


def gather(options: Any) -> Contests:
    """Begin."""
    return Contests(keys, judge, max(options.least, 2))


FLAG = Flag(
    id="R053",
    title=mark("Co-bidding pairs have same recurrent winner"),
    question=mark("Do two bidders keep meeting, and the same one always wins?"),
    formula="pair meets in ≥ least processes and one of it wins all",
    fields=("bids/details/id", "bids/details/status", "awards/relatedBid", "awards/suppliers/id"),
    alarms=(mark("A market of two, one of which is simply better."),),
    basis=(bases.OCP,),
    needs=("bids/details/tenderers/id", "awards/suppliers/id"),
    options={
        "least": Option(4, mark("fewest processes of the same bidders")),
    },
    gather=gather,
)
