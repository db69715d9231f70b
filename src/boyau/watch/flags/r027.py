"""R027: who stayed away?"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Found, Group, Option
from boyau.watch.process import Process
from boyau.watch.rivals import Contest, Contests


def keys(digits: int, process: Process, _contest: Contest) -> Iterator[tuple[str, ...]]:
    """Compare within a buyer and a kind."""
    for kind in process.codes(digits):
        yield process.buyer or "", kind


def judge(options: Any, key: tuple[str, ...], contests: list[Contest]) -> Iterator[Found]:
    """Walk in the order of time; whoever was there often enough is missed."""
    seen: Counter[str] = Counter()
    for before, contest in enumerate(contests):
        if before >= options.least:
            regulars = {who for who, times in seen.items() if times >= before * Fraction(options.share)}
            if regulars and not regulars & set(contest.bidders):
                told = {"kind": key[1], "before": before, "missing": sorted(regulars)}
                yield Found(Group.OCID, contest.row.ocid, len(regulars), told, contest.row)
        seen.update(contest.bidders)


def gather(options: Any) -> Contests:
    """Begin."""
    return Contests(partial(keys, options.digits), partial(judge, options), options.least + 1)


FLAG = Flag(
    id="R027",
    title=mark("Missing bidders"),
    question=mark("Did somebody stay away who had always taken part in such tenders of the buyer?"),
    formula="participants before ≥ share of processes, and none of them now; same buyer and kind",
    fields=(
        "tender/procurementMethod",
        "tender/items/classification/id",
        "bids/details/tenderers/id",
        "tender/tenderPeriod/endDate",
    ),
    alarms=(mark("A supplier that closed down or changed its trade."),),
    basis=(bases.OCP,),
    needs=("buyer/id", "bids/details/tenderers/id", "tender/items/classification/id"),
    options={
        "share": Option(
            Decimal("0.75"), mark("share of earlier processes from which on somebody belongs there"), Decimal
        ),
        "least": Option(4, mark("fewest earlier processes")),
        "digits": Option(4, mark("leading digits of a code that make a kind")),
    },
    gather=gather,
)
