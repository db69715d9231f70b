"""R055: do direct awards add up to a tender?"""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.deals import Books, Deal, Entry
from boyau.watch.flag import Flag, Found, Group, Option, Reason, Row
from boyau.watch.process import DIRECT, Process, instant


def only(process: Process) -> Reason | None:
    """Look at awards without competition."""
    return None if process.method in DIRECT else Reason.METHOD


def keys(process: Process, deal: Deal) -> Iterator[tuple[str, ...]]:
    """Keep the books by buyer, supplier and currency."""
    if process.buyer:
        yield process.buyer, deal.supplier, deal.currency


def judge(options: Any, key: tuple[str, ...], book: list[Entry]) -> Iterator[Found]:
    """Slide over the days; what takes part in any sum above the threshold is found once."""
    below = [
        (day, entry)
        for entry in book
        if entry.amount < options.threshold and (day := instant(f"{entry.day}T00:00:00+00:00")) is not None
    ]
    first, total = 0, Decimal(0)
    found: dict[str, tuple[Row, Decimal]] = {}
    for last, (day, entry) in enumerate(below):
        total += entry.amount
        while (day - below[first][0]).days >= options.days:
            total -= below[first][1].amount
            first += 1
        if last > first and total >= options.threshold:
            for _, one in below[first : last + 1]:
                known = found.get(one.ocid)
                found[one.ocid] = (one.row(key[0], key[2]), total if known is None else max(total, known[1]))
    for ocid, (row, whole) in sorted(found.items()):
        told = {"buyer": key[0], "supplier": key[1], "sum": whole, "threshold": options.threshold}
        yield Found(Group.OCID, ocid, whole, told, row)


def gather(options: Any) -> Books:
    """Begin."""
    return Books(keys, partial(judge, options), only)


FLAG = Flag(
    id="R055",
    title=mark("Multiple direct awards above or just below competitive threshold"),
    question=mark("Do direct awards to one supplier add up to more than the threshold within a year?"),
    formula="Σ awards.value ≥ threshold within days, each < threshold; same buyer and supplier",
    fields=(
        "tender/procurementMethod",
        "awards/suppliers/id",
        "awards/suppliers/name",
        "awards/value/amount",
        "awards/value/currency",
        "awards/date",
        "awards/status",
        "buyer/id",
    ),
    alarms=(mark("Different needs that one supplier happens to meet."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=("tender/procurementMethod", "buyer/id", "awards/suppliers/id", "awards/value/amount", "awards/date"),
    options={
        "threshold": Option(None, mark("amount up to which a direct award is lawful"), Decimal, needed=True),
        "days": Option(365, mark("days within which purchases belong together")),
    },
    gather=gather,
)
