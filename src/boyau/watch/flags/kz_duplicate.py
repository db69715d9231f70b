"""kz_duplicate: is the same bought twice?"""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.deals import Books, Deal, Entry
from boyau.watch.flag import Flag, Found, Group, Option
from boyau.watch.process import Process, instant


def keys(process: Process, deal: Deal) -> Iterator[tuple[str, ...]]:
    """Keep the books by everything that must be the same."""
    if process.buyer and deal.amount:
        items = process.tender.items or ()
        codes = {item.classification.id for item in items if item.classification is not None and item.classification.id}
        if codes:
            same = next(iter(codes)) if len(codes) == 1 else ",".join(sorted(codes))
            yield process.buyer, deal.supplier, deal.currency, str(deal.amount.normalize()), same


def judge(options: Any, key: tuple[str, ...], book: list[Entry]) -> Iterator[Found]:
    """See whether another process says the same within the days."""
    for first, second in pairwise(book):
        if first.ocid == second.ocid or not first.day or not second.day:
            continue
        begun, again = (instant(f"{day}T00:00:00+00:00") for day in (first.day, second.day))
        if begun is not None and again is not None and (again - begun).days <= options.days:
            told = {"supplier": key[1], "amount": first.amount, "first": first.ocid, "days": (again - begun).days}
            yield Found(Group.OCID, second.ocid, second.amount, told, second.row(key[0], key[2]))


def gather(options: Any) -> Books:
    """Begin."""
    return Books(keys, partial(judge, options))


FLAG = Flag(
    id="kz_duplicate",
    title=mark("Duplicate of an existing contract"),
    question=mark("Was the same awarded to the same supplier for the same amount a second time?"),
    formula="equal buyer, supplier, amount, currency and item codes in two processes within days",
    fields=("buyer/id", "awards/suppliers/id", "awards/value/amount", "awards/date", "tender/items/classification/id"),
    alarms=(mark("Monthly fees at one price: set `days` below a month."),),
    basis=(bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=("buyer/id", "awards/suppliers/id", "awards/value/amount", "tender/items/classification/id"),
    options={
        "days": Option(20, mark("days within which two awards are the same")),
    },
    gather=gather,
)
