"""R034: do bids arrive in the same order every time?"""

from collections.abc import Iterator
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Found, Group, Option
from boyau.watch.process import Process
from boyau.watch.rivals import Contest, Contests


def keys(_process: Process, contest: Contest) -> Iterator[tuple[str, ...]]:
    """Compare within one set of bidders."""
    yield tuple(sorted(contest.bidders))


def judge(key: tuple[str, ...], contests: list[Contest]) -> Iterator[Found]:
    """See whether there was ever another order."""
    if len({contest.bidders for contest in contests}) > 1:
        return
    told = {"order": list(contests[0].bidders), "processes": [contest.row.ocid for contest in contests]}
    for who in key:
        yield Found(Group.TENDERER, who, len(contests), told)
    for contest in contests:
        yield Found(Group.OCID, contest.row.ocid, len(contests), told, contest.row)


def gather(options: Any) -> Contests:
    """Begin."""
    return Contests(keys, judge, max(options.least, 2))


FLAG = Flag(
    id="R034",
    title=mark("Bids submitted in same order"),
    question=mark("Do the same bidders hand in their bids in the same order every time?"),
    formula="the same set of bidders in ≥ least processes, always in one order of bids.date",
    fields=(
        "bids/details/id",
        "bids/details/date",
        "bids/details/tenderers/id",
        "bids/details/tenderers/name",
        "bids/details/status",
    ),
    alarms=(mark("Portals that publish the time of sorting instead of the time of receipt."),),
    basis=(bases.OCP,),
    needs=("bids/details/date", "bids/details/tenderers/id"),
    options={
        "least": Option(4, mark("fewest processes of the same bidders")),
    },
    gather=gather,
)
