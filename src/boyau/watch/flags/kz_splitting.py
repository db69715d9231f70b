"""kz_splitting: is a purchase cut into pieces for one supplier?"""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.deals import Books, Deal, Entry
from boyau.watch.flag import Flag, Found, Group, Option, Row
from boyau.watch.process import Process, instant


def keys(digits: int, process: Process, deal: Deal) -> Iterator[tuple[str, ...]]:
    """Keep the books by buyer, supplier, kind and currency."""
    if process.buyer and deal.day:
        for kind in process.codes(digits):
            yield process.buyer, deal.supplier, deal.currency, kind


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
        told = {"supplier": key[1], "kind": key[3], "sum": whole, "threshold": options.threshold}
        yield Found(Group.OCID, ocid, whole, told, row)


def gather(options: Any) -> Books:
    """Begin."""
    return Books(partial(keys, options.digits), partial(judge, options))


FLAG = Flag(
    id="kz_splitting",
    title=mark("Splitting for one supplier"),
    question=mark("Does one supplier get a purchase in pieces, each below the threshold?"),
    formula="Σ awards.value ≥ threshold within days, each < threshold; same buyer, supplier and kind",
    fields=("buyer/id", "awards/suppliers/id", "awards/value/amount", "awards/date", "tender/items/classification/id"),
    alarms=(mark("Needs that truly arise one after another, such as repairs after a storm."),),
    basis=(bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=("buyer/id", "awards/suppliers/id", "awards/value/amount", "awards/date", "tender/items/classification/id"),
    options={
        "threshold": Option(None, mark("amount from which on a stricter procedure is needed"), Decimal, needed=True),
        "days": Option(30, mark("days within which purchases belong together")),
        "digits": Option(4, mark("leading digits of a code that make a kind")),
    },
    gather=gather,
)
