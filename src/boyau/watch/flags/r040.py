"""R040: does one supplier have the buyer to itself?"""

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


def keys(process: Process) -> tuple[str, ...]:
    """Add up by buyer."""
    return (process.buyer,) if process.buyer else ()


def judge(options: Any, buyer: str, market: dict[str, tuple[Decimal, int]]) -> Iterator[Found]:
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
            told = {"buyer": buyer, "supplier": supplier, "amount": amount, "of": total, "awards": count}
            yield Found(Group.BUYER, buyer, share, told)
            yield Found(Group.TENDERER, supplier, share, told)


def gather(options: Any) -> Markets:
    """Begin."""
    return Markets(keys, partial(judge, options))


FLAG = Flag(
    id="R040",
    title=mark("High share of buyers contracts"),
    question=mark("Does one supplier get most of what a buyer awards?"),
    formula="Σ awards.value(buyer, supplier) / Σ awards.value(buyer) ≥ threshold; awards ≥ least",
    fields=("buyer/id", "awards/status", "awards/date", "awards/suppliers/id", "awards/suppliers/name"),
    alarms=(mark("Monopolies of nature, such as water and heat."),),
    basis=(bases.OCP,),
    needs=("buyer/id", "awards/suppliers/id", "awards/value/amount"),
    options={
        "threshold": Option(Decimal("0.5"), mark("share from which on a supplier stands out"), Decimal),
        "least": Option(10, mark("fewest awards that count")),
    },
    gather=gather,
)
