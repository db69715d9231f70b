# cython: annotation_typing=False
"""A contracting process as flags see it: the release, and what follows from it and several flags ask for."""

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import DecodeError, Raw
from msgspec.json import Decoder

from boyau.watch.flag import Reason, Row
from boyau.watch.intake import lenient
from boyau.watch.intake.troubles import Troubles
from boyau.watch.model import Award, Bid, Contract, Party, Reference, Release, Tender, Value

if TYPE_CHECKING:
    from boyau.watch.deals import Deal
    from boyau.watch.rivals import Contest

_FINAL = {"cancelled", "unsuccessful"}
_NOT_SUBMITTED = {"invited", "withdrawn"}
_DEAD_CONTRACT = {"cancelled"}
COMPETITIVE = frozenset({"open", "selective"})
DIRECT = frozenset({"direct", "limited"})
_NO_TENDER = Tender()
_READ_PARTIES = Decoder(list[Party | None]).decode


class Prices(NamedTuple):
    """The winner's lowest valid bid, and the lowest valid bid of anybody else."""

    winner: str
    winning: Decimal
    other: str
    lowest_other: Decimal


class Scope(NamedTuple):
    """What a run compares. Methods are those of ``procurementMethodDetails``, in the publisher's words.

    *currency* None: each process in the first currency of its own bids. *no_prices* are methods in which prices do not
    decide, *prices* (if any) the only ones in which they do. *excluded* methods are not looked at by any flag.
    """

    currency: str | None = None
    no_prices: frozenset[str] = frozenset()
    prices: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


def instant(text: str | None) -> dt.datetime | None:
    """Read a moment with its zone (RFC 3339, as OCDS asks); None where it is none."""
    if text is None or len(text) < 20:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment


def whole_days(first: dt.datetime, last: dt.datetime) -> int:
    """Return the whole days from *first* to *last*, toward zero."""
    span = last - first
    return span.days if span.days >= 0 else -(-span).days


def same_money(*values: Value | None) -> bool:
    """Tell whether all are amounts in one currency."""
    currencies = {value.currency for value in values if value is not None and value.amount is not None}
    return len(currencies) == 1 and all(value is not None and value.amount is not None for value in values)


class Process:
    """One process. What costs nothing is computed at once, the rest when a flag asks for it."""

    __slots__ = (
        *("_active", "_award_day", "_award_known", "_codes", "_participants", "_parties", "_prices", "_row", "_span"),
        *("_submitted", "_valid", "_valid_prices", "_winners", "awards", "bids", "buyer", "complete", "contest"),
        *("contracts", "deals", "method", "ocid", "release", "scope", "tender"),
    )  # fmt: skip

    def __init__(self, release: Release, ocid: str, scope: Scope = Scope()) -> None:  # noqa: B008 - immutable
        self.release, self.ocid = release, ocid
        self.tender: Tender = release.tender or _NO_TENDER
        self.method = self.tender.procurementMethod
        buyer = release.buyer or self.tender.procuringEntity
        self.buyer: str | None = buyer.id if buyer is not None else None
        self.awards: list[Award] = release.awards or []
        self.contracts: list[Contract] = release.contracts or []
        self.bids: list[Bid] = (release.bids.details or []) if release.bids is not None else []
        self.scope = scope
        self.complete: list[Award] | Reason = _complete(self.awards)
        self._codes: dict[int, frozenset[str]] = {}
        self._submitted: list[Bid] | None = None
        self._prices: Prices | Reason | None = None
        self._participants: frozenset[str] | None = None
        self._row: Row | None = None
        self._winners: frozenset[str] | None = None
        self.deals: list[Deal] | None = None
        self._valid: list[Bid] | None = None
        self._valid_prices: list[tuple[Bid, Decimal]] | None = None
        self._span: tuple[dt.datetime | None, dt.datetime | None] | None = None
        self._award_day: dt.datetime | None = None
        self._award_known = False
        self._active: list[Award] | None = None
        self.contest: Contest | Literal[False] | None = None
        self._parties: list[Party] | None = None

    @property
    def parties(self) -> list[Party]:
        """The organisations, read when they are asked for; what does not fit the schema counts as absent."""
        if self._parties is None:
            self._parties = _parties(self.release.parties) if self.release.parties else []
        return self._parties

    @property
    def submitted(self) -> list[Bid]:
        """Bids that were handed in: neither only invited nor withdrawn."""
        if self._submitted is None:
            self._submitted = [bid for bid in self.bids if bid.status and bid.status not in _NOT_SUBMITTED]
        return self._submitted

    @property
    def valid(self) -> list[Bid]:
        """Bids that were accepted for comparison."""
        if self._valid is None:
            self._valid = [bid for bid in self.bids if bid.status == "valid"]
        return self._valid

    @property
    def valid_prices(self) -> list[tuple[Bid, Decimal]]:
        """The valid bids with their amounts, as ``priced`` gives them."""
        if self._valid_prices is None:
            self._valid_prices = list(self.priced(self.valid))
        return self._valid_prices

    def span(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        """Return both ends of the tender period."""
        if self._span is None:
            period = self.tender.tenderPeriod
            self._span = (None, None) if period is None else (instant(period.startDate), instant(period.endDate))
        return self._span

    def first_award(self) -> dt.datetime | None:
        """Return when the first of the active awards was made."""
        if not self._award_known:
            days = [day for award in self.active_awards if (day := instant(award.date)) is not None]
            self._award_day, self._award_known = min(days, default=None), True
        return self._award_day

    def sole_winner(self) -> str | Reason:
        """Return the one supplier of the one active award, all awards being final; or why there is none.

        Where several awards are active, bids compete by lot, and which with which is not said.
        """
        complete = self.complete
        if isinstance(complete, Reason):
            return complete
        if len(complete) != 1:
            return Reason.SEVERAL_AWARDS if complete else Reason.NO_AWARD
        suppliers = complete[0].suppliers
        if suppliers is None or len(suppliers) != 1 or suppliers[0].id is None:
            return Reason.SEVERAL_SUPPLIERS
        return suppliers[0].id

    def prices(self) -> Prices | Reason:
        """Return the winning and the second price; or why they cannot be compared."""
        if self._prices is None:
            self._prices = self._compare()
        return self._prices

    @property
    def price_decides(self) -> bool:
        """Whether bids of this method compete by price."""
        details, scope = self.tender.procurementMethodDetails, self.scope
        if scope.prices:
            return details in scope.prices
        return details not in scope.no_prices

    def _compare(self) -> Prices | Reason:
        if not self.price_decides:
            return Reason.EXCLUDED
        winner = self.sole_winner()
        if isinstance(winner, Reason):
            return winner
        best: Decimal | None = None
        other: tuple[Decimal, str] | None = None
        for bid, amount in self.valid_prices:
            if bid.tenderers is None or len(bid.tenderers) != 1:
                continue
            tenderer = bid.tenderers[0].id
            if tenderer is None:
                continue
            if tenderer == winner:
                best = amount if best is None else min(best, amount)
            elif other is None or amount < other[0]:
                other = (amount, tenderer)
        if best is None or other is None or other[0] < best:  # the lowest did not win: price was not all that counted
            return Reason.PRICES
        return Reason.ZERO if best == 0 else Prices(winner, best, other[1], other[0])

    def priced(self, bids: list[Bid]) -> Iterator[tuple[Bid, Decimal]]:
        """Yield bids with their amounts, those in the currency that is compared: the run's, else the first one seen."""
        currency = self.scope.currency
        for bid in bids:
            value = bid.value
            if value is None or value.amount is None or value.currency is None:
                continue
            if currency is None:
                currency = value.currency
            if value.currency == currency:
                yield bid, value.amount

    @property
    def active_awards(self) -> list[Award]:
        """Awards that stand."""
        if self._active is None:
            self._active = [award for award in self.awards if award.status == "active"]
        return self._active

    @property
    def standing_contracts(self) -> list[Contract]:
        """Contracts that were not cancelled."""
        return [contract for contract in self.contracts if contract.status not in _DEAD_CONTRACT]

    @property
    def participants(self) -> frozenset[str]:
        """Ids of those who handed in a bid."""
        if self._participants is None:
            self._participants = frozenset(who for bid in self.submitted for who in ids(bid.tenderers))
        return self._participants

    def winners(self) -> frozenset[str]:
        """Ids of the suppliers of all active awards."""
        if self._winners is None:
            self._winners = frozenset(who for award in self.active_awards for who in ids(award.suppliers))
        return self._winners

    def codes(self, digits: int) -> frozenset[str]:
        """Return the first *digits* characters of the tender items' codes, with their scheme."""
        known = self._codes.get(digits)
        if known is None:
            known = self._codes[digits] = frozenset(
                f"{item.classification.scheme or ''}:{item.classification.id[:digits]}"
                for item in self.tender.items or ()
                if item.classification is not None and item.classification.id
            )
        return known

    def row(self) -> Row:
        """Return what findings remember of the process."""
        if self._row is None:
            money, currency = _money(self)
            self._row = Row(self.ocid, self.buyer, money, currency)
        return self._row


def ids(references: list[Reference] | None) -> Iterator[str]:
    """Yield the ids that references have."""
    for reference in references or ():
        if reference.id:
            yield reference.id


def _parties(raw: Raw) -> list[Party]:
    try:
        read = _READ_PARTIES(raw)
    except (DecodeError, RecursionError, ValueError):
        parsed = json.loads(bytes(raw), parse_float=Decimal, parse_constant=lambda _: None)
        found = parsed if isinstance(parsed, list) else []
        read = [lenient.model(one, Party, 0, Troubles()) for one in found if isinstance(one, dict)]
    return [party for party in read if party is not None]


def _complete(awards: list[Award]) -> list[Award] | Reason:
    """Return the active awards if all are final, so that the answer will not change any more."""
    complete = []
    for award in awards:
        status = award.status
        if status == "active":
            complete.append(award)
        elif status and status not in _FINAL:
            return Reason.NOT_FINAL
    return complete


def _money(process: Process) -> tuple[Decimal | None, str | None]:
    """Sum up what was contracted, else awarded, else estimated, in the currency of the first."""
    for values in (
        [contract.value for contract in process.standing_contracts],
        [award.value for award in process.active_awards],
        [process.tender.value],
    ):
        known = [value for value in values if value is not None and value.amount is not None]
        if known:
            currency = known[0].currency
            return sum(
                (v.amount for v in known if v.amount is not None and v.currency == currency), Decimal(0)
            ), currency
    return None, None
