"""R050: does one supplier own a market?"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
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
    """Compare every supplier with the whole."""
    total, awards = sum(amount for amount, _ in market.values()), sum(count for _, count in market.values())
    if awards < options.least or not total:
        return
    most = max(amount for amount, _ in market.values())
    if quotient(most, Decimal(total)) < Fraction(options.threshold):
        return
    for supplier, (amount, count) in market.items():
        share = quotient(amount, Decimal(total))
        if share >= Fraction(options.threshold):
            told = {"kind": kind, "amount": amount, "of": total, "awards": count}
            yield Found(Group.TENDERER, supplier, share, told)


def gather(options: Any) -> Markets:
    """Begin."""
    return Markets(partial(keys, options.digits), partial(judge, options))


FLAG = Flag(
    id="R050",
    title=mark("High market share"),
    question=mark("Does one supplier get most of what is awarded in a kind of goods, works or services?"),
    formula="Σ awards.value(kind, supplier) / Σ awards.value(kind) ≥ threshold; awards ≥ least",
    fields=(
        "awards/suppliers/id",
        "awards/suppliers/name",
        "buyer/id",
        "awards/value/amount",
        "awards/value/currency",
        "tender/items/classification/id",
        "awards/date",
        "awards/status",
    ),
    alarms=(mark("Goods that one maker alone makes."),),
    basis=(bases.OCP,),
    needs=("tender/items/classification/id", "awards/suppliers/id", "awards/value/amount"),
    options={
        "digits": Option(4, mark("leading digits of a code that make a kind")),
        "threshold": Option(Decimal("0.5"), mark("share from which on a supplier stands out"), Decimal),
        "least": Option(10, mark("fewest awards that count")),
    },
    gather=gather,
)
