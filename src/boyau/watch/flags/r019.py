"""R019: does this buyer find fewer bidders than others?"""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Exact, Flag, Found, Group, Option, Reason
from boyau.watch.process import COMPETITIVE, Process


class Turnouts:
    """Bidders and processes of every buyer in every kind."""

    def __init__(self, options: Any) -> None:
        self._options = options
        self.meta: dict[str, Exact | None] = {}
        self._counts: dict[tuple[str, str], list[int]] = {}

    def add(self, process: Process) -> Reason | None:
        """Count the bidders of one process."""
        if process.method not in COMPETITIVE:
            return Reason.METHOD
        number = process.tender.numberOfTenderers
        bidders = len(process.participants) if number is None else number
        for kind in process.codes(self._options.digits):
            count = self._counts.setdefault((kind, process.buyer or ""), [0, 0])
            count[0] += bidders
            count[1] += 1
        return None

    def merge(self, other: Any) -> None:
        """Add another's counts."""
        for key, (bidders, processes) in other._counts.items():  # noqa: SLF001 - one class
            count = self._counts.setdefault(key, [0, 0])
            count[0] += bidders
            count[1] += processes

    def finish(self) -> Iterator[Found]:
        """Compare every buyer with all buyers of the kind."""
        whole: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for (kind, _), (bidders, processes) in self._counts.items():
            whole[kind][0] += bidders
            whole[kind][1] += processes
        for (kind, buyer), (bidders, processes) in sorted(self._counts.items()):
            all_bidders, all_processes = whole[kind]
            if processes < self._options.least or processes == all_processes or not all_bidders:
                continue
            mean, usual = Fraction(bidders, processes), Fraction(all_bidders, all_processes)
            if mean <= usual * Fraction(self._options.share):
                told = {"kind": kind, "processes": processes, "bidders": bidders, "usual": usual}
                yield Found(Group.BUYER, buyer, mean, told)


def gather(options: Any) -> Turnouts:
    """Begin."""
    return Turnouts(options)


FLAG = Flag(
    id="R019",
    title=mark("Low number of bidders for item and procuring entity"),
    question=mark("Do far fewer bidders come to this buyer than to others that buy the same?"),
    formula="mean bidders(buyer, kind) ≤ share × mean bidders(kind)",
    fields=(
        "tender/procurementMethod",
        "tender/items/classification/id",
        "buyer/id",
        "tender/numberOfTenderers",
        "bids/details/tenderers/id",
    ),
    alarms=(mark("Remote places, to which few suppliers deliver."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=(
        "buyer/id",
        "tender/items/classification/id",
        "tender/procurementMethod",
        "tender/numberOfTenderers|bids/details",
    ),
    options={
        "share": Option(Decimal("0.5"), mark("share of the usual number of bidders that is strikingly low"), Decimal),
        "digits": Option(4, mark("leading digits of a code that make a kind")),
        "least": Option(5, mark("fewest cases that count")),
    },
    gather=gather,
)
