"""R049: do direct awards end just below the threshold?"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.deals import Books, Deal, Entry
from boyau.watch.flag import Flag, Found, Group, Option, Reason
from boyau.watch.process import DIRECT, Process


def only(process: Process) -> Reason | None:
    """Look at awards without competition."""
    return None if process.method in DIRECT else Reason.METHOD


def keys(process: Process, deal: Deal) -> Iterator[tuple[str, ...]]:
    """Keep the books by buyer, supplier and currency."""
    if process.buyer:
        yield process.buyer, deal.supplier, deal.currency


def judge(options: Any, key: tuple[str, ...], book: list[Entry]) -> Iterator[Found]:
    """Count what lies just below."""
    threshold = Fraction(options.threshold)
    close = [one for one in book if threshold * (1 - Fraction(options.margin)) <= one.amount < threshold]
    if len(close) < options.least:
        return
    told = {"buyer": key[0], "supplier": key[1], "awards": len(close), "threshold": options.threshold}
    for entry in close:
        yield Found(Group.OCID, entry.ocid, entry.amount, told, entry.row(key[0], key[2]))


def gather(options: Any) -> Books:
    """Begin."""
    return Books(keys, partial(judge, options), only)


FLAG = Flag(
    id="R049",
    title=mark("Direct awards below threshold"),
    question=mark("Does a supplier get several direct awards just below the threshold?"),
    formula="|awards: threshold (1 − margin) ≤ value < threshold| ≥ least; same buyer and supplier",
    fields=("awards/suppliers/id", "awards/suppliers/name", "awards/date", "tender/procurementMethod", "buyer/id"),
    alarms=(mark("Rents and subscriptions at one price every year."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=("tender/procurementMethod", "buyer/id", "awards/suppliers/id", "awards/value/amount"),
    options={
        "threshold": Option(None, mark("amount up to which a direct award is lawful"), Decimal, needed=True),
        "margin": Option(Decimal("0.1"), mark("how close is close, as a share of the threshold"), Decimal),
        "least": Option(2, mark("fewest awards that count")),
    },
    gather=gather,
)
