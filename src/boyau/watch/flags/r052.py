"""R052: did it begin small?"""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.deals import Books, Deal, Entry
from boyau.watch.flag import Flag, Found, Group, Option, Reason
from boyau.watch.outliers import quotient
from boyau.watch.process import DIRECT, Process


def only(process: Process) -> Reason | None:
    """Look at awards without competition: there the first purchase opens the door."""
    return None if process.method in DIRECT else Reason.METHOD


def keys(process: Process, deal: Deal) -> Iterator[tuple[str, ...]]:
    """Keep the books by buyer, supplier and currency."""
    if process.buyer and deal.day:
        yield process.buyer, deal.supplier, deal.currency


def judge(options: Any, key: tuple[str, ...], book: list[Entry]) -> Iterator[Found]:
    """Compare everything with the first day's purchase."""
    first = book[0]
    if not first.amount:
        return
    for entry in book[1:]:
        if entry.day > first.day and entry.amount >= first.amount * options.factor:
            told = {"supplier": key[1], "first": first.amount, "first_day": first.day, "later": entry.amount}
            times = quotient(entry.amount, first.amount)
            yield Found(Group.OCID, entry.ocid, times, told, entry.row(key[0], key[2]))


def gather(options: Any) -> Books:
    """Begin."""
    return Books(keys, partial(judge, options), only)


FLAG = Flag(
    id="R052",
    title=mark("Small initial purchase from supplier followed by much larger purchases"),
    question=mark("Was a small first purchase from a supplier followed by much larger ones?"),
    formula="max later awards.value ≥ factor × first awards.value; same buyer and supplier",
    fields=(
        "awards/suppliers/id",
        "awards/suppliers/name",
        "tender/procurementMethod",
        "buyer/id",
        "awards/value/amount",
        "awards/value/currency",
        "awards/date",
        "awards/status",
    ),
    alarms=(mark("A trial that the contract foresaw."),),
    basis=(bases.OCP,),
    needs=("buyer/id", "awards/suppliers/id", "awards/value/amount", "awards/date"),
    options={
        "factor": Option(Decimal(10), mark("how many times larger is much larger"), Decimal),
    },
    gather=gather,
)
