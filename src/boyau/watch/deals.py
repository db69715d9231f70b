# cython: annotation_typing=False
"""What was awarded to whom: the plain facts that flags about buyers, suppliers and markets add up."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from boyau.watch.flag import Exact, Found, Reason, Row
from boyau.watch.process import Process

KIND_DIGITS = 4
"""Leading digits of an item code that make a market: a group of CPV, a family of UNSPSC."""


class Deal(NamedTuple):
    """One active award with one supplier and an amount. *day* is its date as ISO text, which sorts; "" if unknown."""

    supplier: str
    amount: Decimal
    currency: str
    day: str


def deals(process: Process) -> list[Deal]:
    """Return the deals of a process, computed once."""
    if process.deals is None:
        found = []
        for award in process.awards:
            if award.status != "active" or not award.suppliers or len(award.suppliers) != 1:
                continue
            supplier, value = award.suppliers[0].id, award.value
            if supplier and value is not None and value.amount is not None:
                found.append(Deal(supplier, value.amount, value.currency or "", (award.date or "")[:10]))
        process.deals = found
    return process.deals


class Entry(NamedTuple):
    """One deal in a book."""

    day: str
    amount: Decimal
    ocid: str

    def row(self, buyer: str, currency: str) -> Row:
        """Return what a finding remembers."""
        return Row(self.ocid, buyer, self.amount, currency or None)


class Books:
    """Deals kept by a key: buyer, supplier, currency and whatever else; *judge* looks at one key when all are there.

    What is kept is plain texts, as there may be as many as processes, and workers hand them on.
    """

    def __init__(
        self,
        keys: Callable[[Process, Deal], Iterable[tuple[str, ...]]],
        judge: Callable[[tuple[str, ...], list[Entry]], Iterable[Found]],
        only: Callable[[Process], Reason | None] | None = None,
    ) -> None:
        self._key, self._judge, self._only = keys, judge, only
        self.meta: dict[str, Exact | None] = {}
        self._books: dict[tuple[str, ...], list[tuple[str, str, str]]] = {}

    def add(self, process: Process) -> Reason | None:
        """Enter the deals of one process."""
        reason = self._only(process) if self._only is not None else None
        if reason is not None:
            return reason
        found = deals(process)
        if not found:
            return Reason.NO_AWARD
        for deal in found:
            for key in self._key(process, deal):
                entry = (deal.day, str(deal.amount), process.ocid)
                known = self._books.get(key)
                if known is None:
                    self._books[key] = [entry]
                else:
                    known.append(entry)
        return None

    def merge(self, other: Any) -> None:
        """Take in another's."""
        for key, found in other._books.items():  # noqa: SLF001 - one class
            self._books.setdefault(key, []).extend(found)

    def finish(self) -> list[Found]:
        """Judge every key that has more than one deal: a single one is compared with nothing."""
        found: list[Found] = []
        for key in sorted(key for key, entries in self._books.items() if len(entries) > 1):
            entries = sorted(self._books[key], key=_order)
            found += self._judge(key, [Entry(day, Decimal(amount), ocid) for day, amount, ocid in entries])
        return found


def _order(entry: tuple[str, str, str]) -> tuple[str, str]:
    return entry[0], entry[2]


class Markets:
    """What every supplier was awarded in every market: a key and a currency, in sums and numbers."""

    def __init__(
        self,
        keys: Callable[[Process], Iterable[str]],
        judge: Callable[[str, dict[str, tuple[Decimal, int]]], Iterable[Found]],
    ) -> None:
        self._key, self._judge = keys, judge
        self.meta: dict[str, Exact | None] = {}
        self._sums: dict[tuple[str, str], dict[str, tuple[Decimal, int]]] = {}

    def add(self, process: Process) -> Reason | None:
        """Add the deals of one process up."""
        found = deals(process)
        if not found:
            return Reason.NO_AWARD
        for key in self._key(process):
            for supplier, amount, currency, _ in found:
                market = self._sums.get((key, currency))
                if market is None:
                    market = self._sums[key, currency] = {}
                known, count = market.get(supplier, _NOTHING)
                market[supplier] = (known + amount, count + 1)
        return None

    def merge(self, other: Any) -> None:
        """Add another's sums."""
        for key, theirs in other._sums.items():  # noqa: SLF001 - one class
            market = self._sums.setdefault(key, {})
            for supplier, (amount, count) in theirs.items():
                known, times = market.get(supplier, _NOTHING)
                market[supplier] = (known + amount, times + count)

    def finish(self) -> list[Found]:
        """Judge every market."""
        return [
            one
            for key, currency in sorted(self._sums)
            for one in self._judge(key, dict(sorted(self._sums[key, currency].items())))
        ]


_NOTHING = (Decimal(0), 0)
