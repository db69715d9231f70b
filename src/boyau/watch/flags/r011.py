"""R011: is a purchase cut into pieces?"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Exact, Flag, Found, Group, Option, Reason, Row
from boyau.watch.process import Process, instant


class Pieces:
    """The purchases below the threshold of every buyer and kind, with their days."""

    def __init__(self, options: Any) -> None:
        self._options = options
        self.meta: dict[str, Exact | None] = {}
        self._kept: dict[tuple[str, str], list[tuple[str, Decimal, Row]]] = {}

    def add(self, process: Process) -> Reason | None:
        """Take one process in."""
        value, options = process.tender.value, self._options
        if options.methods and process.method not in options.methods:
            return Reason.METHOD
        if value is None or value.amount is None or value.amount >= options.threshold:
            return Reason.NOTHING_TO_COMPARE
        if options.currency is not None and value.currency != options.currency:
            return Reason.CURRENCY
        period = process.tender.tenderPeriod
        day = (period.startDate if period is not None else None) or next(
            (a.date for a in process.awards if a.date), None
        )
        if day is None or instant(day) is None:
            return Reason.DATES
        for kind in process.codes(options.digits):
            self._kept.setdefault((process.buyer or "", kind), []).append((day, value.amount, process.row()))
        return None

    def merge(self, other: Any) -> None:
        """Take in another's."""
        for key, found in other._kept.items():  # noqa: SLF001 - one class
            self._kept.setdefault(key, []).extend(found)

    def finish(self) -> Iterator[Found]:
        """Sum up what lies within so many days; every purchase belongs to one sum at most."""
        for key in sorted(self._kept):
            group: list[tuple[dt.datetime, Decimal, Row]] = []
            for text, amount, row in sorted(self._kept[key], key=lambda one: (one[0], one[2].ocid)):
                day = instant(text)
                if day is None:
                    continue
                if group and (day - group[0][0]).days >= self._options.days:
                    yield from self._judge(key, group)
                    group = []
                group.append((day, amount, row))
            yield from self._judge(key, group)

    def _judge(self, key: tuple[str, str], group: list[tuple[dt.datetime, Decimal, Row]]) -> Iterator[Found]:
        total = sum((amount for _, amount, _ in group), Decimal(0))
        if len(group) < 2 or total < self._options.threshold:
            return
        told = {"kind": key[1], "pieces": len(group), "sum": total, "threshold": self._options.threshold}
        for _, _, row in group:
            yield Found(Group.OCID, row.ocid, total, told, row)


def gather(options: Any) -> Pieces:
    """Begin."""
    return Pieces(options)


FLAG = Flag(
    id="R011",
    title=mark("Splitting purchases to avoid procurement thresholds"),
    question=mark("Does a buyer cut a purchase into pieces that stay below a threshold?"),
    formula="Σ tender.value ≥ threshold within days, each < threshold; same buyer and kind",
    fields=(
        "tender/procurementMethod",
        "tender/items/classification/id",
        "tender/value/amount",
        "tender/value/currency",
        "tender/tenderPeriod/startDate",
        "buyer/id",
    ),
    alarms=(mark("Needs that truly arise one after another, such as repairs after a storm."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=(
        "buyer/id",
        "tender/value/amount",
        "tender/items/classification/id",
        "tender/tenderPeriod/startDate|awards/date",
    ),
    options={
        "threshold": Option(None, mark("amount from which on a stricter procedure is needed"), Decimal, needed=True),
        "currency": Option(None, mark("currency of the threshold; without it all amounts are taken to be in it"), str),
        "days": Option(30, mark("days within which purchases belong together")),
        "digits": Option(4, mark("leading digits of a code that make a kind")),
        "methods": Option([], mark("procurement methods that are looked at; none: all"), list),
    },
    gather=gather,
)
