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


class Books:
    """Deals kept by a key, such as buyer and supplier; *judge* looks at the deals of one key when all are there."""

    def __init__(
        self,
        keys: Callable[[Process, Deal], Iterable[tuple[str, ...]]],
        judge: Callable[[tuple[str, ...], list[tuple[Deal, Row]]], Iterable[Found]],
        only: Callable[[Process], Reason | None] | None = None,
    ) -> None:
        self._key, self._judge, self._only = keys, judge, only
        self.meta: dict[str, Exact | None] = {}
        self._books: dict[tuple[str, ...], list[tuple[Deal, Row]]] = {}

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
                self._books.setdefault(key, []).append((deal, process.row()))
        return None

    def merge(self, other: Any) -> None:
        """Take in another's."""
        for key, found in other._books.items():  # noqa: SLF001 - one class
            self._books.setdefault(key, []).extend(found)

    def finish(self) -> list[Found]:
        """Judge every key."""
        return [
            one
            for key in sorted(self._books)
            for one in self._judge(key, sorted(self._books[key], key=lambda pair: (pair[0].day, pair[1].ocid)))
        ]


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
            for deal in found:
                market = self._sums.setdefault((key, deal.currency), {})
                amount, count = market.get(deal.supplier, _NOTHING)
                market[deal.supplier] = (amount + deal.amount, count + 1)
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
