"""R051: is a market in few hands?"""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.deals import Markets
from boyau.watch.flag import Flag, Found, Group, Option
from boyau.watch.outliers import quotient
from boyau.watch.process import Process


def keys(digits: int, process: Process) -> frozenset[str]:
    """Add up by kind; what is bought in several kinds at once belongs to none."""
    kinds = process.codes(digits)
    return kinds if len(kinds) == 1 else frozenset()


def judge(options: Any, kind: str, market: dict[str, tuple[Decimal, int]]) -> Iterator[Found]:
    """Compute the index of Herfindahl and Hirschman, from 0 to 10,000."""
    total, awards = sum(amount for amount, _ in market.values()), sum(count for _, count in market.values())
    if awards < options.least or not total:
        return
    squares = sum((amount * amount for amount, _ in market.values()), Decimal(0))
    index = 10_000 * quotient(squares, Decimal(total) * Decimal(total))
    if index >= options.threshold:
        told = {"suppliers": len(market), "awards": awards, "total": total}
        yield Found(Group.ITEM, kind, index, told)


def gather(options: Any) -> Markets:
    """Begin."""
    return Markets(partial(keys, options.digits), partial(judge, options))


FLAG = Flag(
    id="R051",
    title=mark("High market concentration"),
    question=mark("Is a market concentrated in few hands?"),
    formula="Σ (100 share(supplier))² ≥ threshold, per kind; awards ≥ least",
    fields=(
        "awards/suppliers/id",
        "awards/suppliers/name",
        "awards/value/amount",
        "awards/value/currency",
        "awards/date",
        "awards/status",
        "tender/items/classification/id",
    ),
    alarms=(mark("Kinds that are cut so finely that hardly anybody is in them."),),
    basis=(bases.OCP,),
    needs=("tender/items/classification/id", "awards/suppliers/id", "awards/value/amount"),
    options={
        "digits": Option(4, mark("leading digits of a code that make a kind")),
        "threshold": Option(2500, mark("index from which on a market is concentrated")),
        "least": Option(10, mark("fewest awards that count")),
    },
    gather=gather,
)
