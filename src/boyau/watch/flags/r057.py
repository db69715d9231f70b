"""R057: do rivals take turns?"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Found, Group, Option
from boyau.watch.process import Process
from boyau.watch.rivals import Contest, Contests


def keys(_process: Process, contest: Contest) -> Iterator[tuple[str, ...]]:
    """Compare within one set of bidders."""
    if len(contest.winners & set(contest.bidders)) == 1:
        yield tuple(sorted(contest.bidders))


def judge(key: tuple[str, ...], contests: list[Contest]) -> Iterator[Found]:
    """Count the wins of everybody."""
    wins = Counter(who for contest in contests for who in contest.winners if who in key)
    if len(contests) < 2 * len(key) or len(wins) < len(key) or max(wins.values()) - min(wins.values()) > 1:
        return
    told = {"wins": dict(sorted(wins.items())), "processes": [contest.row.ocid for contest in contests]}
    for who in key:
        yield Found(Group.TENDERER, who, wins[who], told)


def gather(options: Any) -> Contests:
    """Begin."""
    return Contests(keys, judge, max(options.least, 4))


FLAG = Flag(
    id="R057",
    title=mark("Bid rotation"),
    question=mark("Do the same bidders win by turns?"),
    formula="the same set of bidders in ≥ least processes; everybody wins; max wins − min wins ≤ 1",
    fields=(
        "bids/details/tenderers/id",
        "bids/details/tenderers/name",
        "awards/suppliers/id",
        "awards/suppliers/name",
        "bids/details/value/amount",
        "bids/details/value/currency",
        "tender/items/classification/id",
    ),
    alarms=(mark("Framework agreements that share work out by rota."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/tenderers/id", "awards/suppliers/id", "tender/items/classification/id"),
    options={
        "least": Option(4, mark("fewest processes of the same bidders")),
    },
    gather=gather,
)
