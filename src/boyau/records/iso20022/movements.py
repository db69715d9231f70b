"""Movements across the border of a set of accounts: what a statement lists, and what its balances are made of.

A set of one account is that account's statement. A set of all accounts of a colour and those below it is the coloured
money that is outstanding: what moves inside it leaves it unchanged.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boyau import codec
from boyau.codec import ROWS, Batch
from boyau.journal import Book
from boyau.ledger import Kind
from boyau.ledger.codes import CodeError, day, day_of
from boyau.trace.journal import MOVING

ISSUER_FLAG = 1
ENTRY_DIGITS_MAX = 18


Enough = Callable[[], bool]
"""Tells whether so much has been read that others should have their turn."""


class NotAsked(ValueError):  # noqa: N818 - says what it is
    """A day or a range that is none; ``field``: ``date`` or ``entries``. ``missing``: it could be, but is not there."""

    def __init__(self, field: str, told: str, *, missing: bool = False) -> None:
        super().__init__(told)
        self.field, self.missing = field, missing


class Imbalance(Exception):  # noqa: N818 - says what it is
    """The entries do not make the balance that the ledger keeps: the journal or this program is wrong."""


class NoSuchAccount(ValueError):  # noqa: N818 - says what it is
    """There is neither an account nor a colour of that name."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry seen from inside the set. ``amount``: above zero came in, below zero went out, in minor units."""

    entry: int
    id: str
    amount: int
    booked: int
    value: int
    row: Any


@dataclass(frozen=True, slots=True)
class Period:
    """Days ``first`` to ``last`` of a set of accounts: what it held before and after, and every movement between."""

    first: int
    last: int
    opening: int
    closing: int
    movements: list[Movement]


def day_asked(book: Book, text: str) -> int:
    """Return the day that *text* says; none said: that of the last entry."""
    try:
        return day(text) if text else day_of(max(book.ledger.time, 0))
    except CodeError as error:
        raise NotAsked("date", str(error)) from None


def range_asked(book: Book, text: str) -> tuple[int, int] | None:
    """Return the entries that ``FIRST-LAST`` says, None where nothing is said."""
    if not text:
        return None
    first, _, last = text.partition("-")
    digits = all(one.isascii() and one.isdigit() and len(one) <= ENTRY_DIGITS_MAX for one in (first, last))
    if not digits or int(first) > int(last):
        raise NotAsked("entries", f"{text!r:.40} is no range; write FIRST-LAST")
    if int(first) >= book.entries:
        told = f"there is no entry {first}; the last is {book.entries - 1}"
        raise NotAsked("entries", told, missing=True)
    return int(first), int(last)


def mask_of(book: Book, name: str) -> npt.NDArray[np.bool_]:
    """Return which accounts *name* means: an account, or a colour with all below it (issuers stand outside)."""
    ledger = book.ledger
    accounts = ledger.tables.acc[: len(ledger.accounts)]
    mask = np.zeros(len(accounts), np.bool_)
    if name in ledger.accounts:
        mask[ledger.accounts[name]] = True
        return mask
    if name not in ledger.registry.colour_numbers:
        raise NoSuchAccount(f"there is no account or colour {name}")
    wanted = [k for k, one in enumerate(ledger.registry.colours) if f"{one.path}/".startswith(f"{name}/")]
    inside: npt.NDArray[np.bool_] = np.isin(accounts[:, 3], wanted) & (accounts[:, 5] & ISSUER_FLAG == 0)
    return inside


def unit_of(book: Book, name: str) -> tuple[str, int]:
    """Return (unit, scale) of an account or colour."""
    registry = book.ledger.registry
    if name in book.ledger.accounts:
        colour = registry.colours[int(book.ledger.tables.acc[book.ledger.accounts[name], 3])]
    elif name in registry.colour_numbers:
        colour = registry.colours[registry.colour_numbers[name]]
    else:
        raise NoSuchAccount(f"there is no account or colour {name}")
    return colour.unit, registry.units[colour.unit]


class Walk:
    """The journal as it stood when this was made, read some batches at a time: the book may be used in between."""

    def __init__(self, book: Book, begin: int = 0) -> None:
        self._next, self._end = begin, book.next_number

    def batches(self, book: Book, enough: Enough) -> Iterator[Batch]:
        """Yield the batches that come next, until there are no more or it is *enough*, but at least one."""
        if self._next >= self._end:
            return
        for batch in book.store.batches(self._next):
            self._next = batch.number + 1
            yield batch
            # Another process may be writing: its batches are not in this state.
            if self._next >= self._end or enough():
                return

    def end(self) -> None:
        """Read no further."""
        self._next = self._end

    @property
    def more(self) -> bool:
        """True until everything has been read."""
        return self._next < self._end


def never() -> bool:
    """Say that it is not enough yet: the whole is read at once."""
    return False


class Reading:
    """Reads what days ``first`` to ``last`` were to a set of accounts; ``step`` until there is no ``more``."""

    def __init__(self, book: Book, mask: npt.NDArray[np.bool_], first: int, last: int) -> None:
        self._mask, self._first, self._last = mask, first, last
        self._walk = Walk(book)
        kept = book.ledger.tables.acc[: len(mask)][mask]
        self._balance = sum(credit - debit for debit, credit in kept[:, :2].tolist())
        self._opening, self._later = 0, 0
        self._found: list[Movement] = []

    @property
    def more(self) -> bool:
        """True until everything has been read."""
        return self._walk.more

    def step(self, book: Book, enough: Enough = never) -> None:
        """Read on."""
        for batch in self._walk.batches(book, enough):
            if batch.kind == ROWS:
                self._take(book, batch)

    def _take(self, book: Book, batch: Batch) -> None:
        rows, booked = batch.rows(), day_of(batch.time)
        moved = _moved(book, rows)
        out, into = self._mask[rows["debit"][moved]], self._mask[rows["credit"][moved]]
        across = out != into
        places = moved[across]
        if not len(places):
            return
        settled = rows["settled"][places].astype(np.int64)
        amounts = np.where(into[across], settled, -settled)
        if booked < self._first:
            self._opening += int(amounts.sum())
        elif booked > self._last:
            self._later += int(amounts.sum())
        else:
            self._found += _movements(rows, amounts, places, batch.first, booked)

    def period(self) -> Period:
        """Return what was read, compared with the balances that the ledger keeps."""
        closing = self._opening + sum(one.amount for one in self._found)
        if closing + self._later != self._balance:
            made = closing + self._later
            raise Imbalance(f"the entries make {made}, the ledger keeps {self._balance} (minor units)")
        return Period(self._first, self._last, self._opening, closing, self._found)


def touching(
    book: Book,
    batch: Batch,
    mask: npt.NDArray[np.bool_] | None,
    *,
    days: tuple[int, int] | None,
    entries: tuple[int, int] | None,
) -> Iterator[tuple[int, Any, int]]:
    """Yield (entry, row, day) of a batch's movements that touch the set, or any account, in these days or entries."""
    booked = day_of(batch.time)
    if batch.kind != ROWS or (days and not days[0] <= booked <= days[1]):
        return
    rows = batch.rows()
    moved = _moved(book, rows)
    if mask is not None:
        moved = moved[mask[rows["debit"][moved]] | mask[rows["credit"][moved]]]
    for k in moved.tolist():
        entry = batch.first + k
        if entries is None or entries[0] <= entry <= entries[1]:
            yield entry, rows[k], booked


def _moved(book: Book, rows: Any) -> npt.NDArray[np.int64]:
    """Return the places of rows that moved money: the reversal of an act takes an acceptance back and moves none."""
    moved = np.flatnonzero((rows["result"] == 0) & np.isin(rows["kind"], MOVING) & (rows["settled"] > 0))
    reversed_acts = [
        k for k in moved[rows["kind"][moved] == Kind.REVERSE].tolist() if _original_kind(book, rows[k]) == Kind.ACCEPT
    ]
    return np.setdiff1d(moved, np.array(reversed_acts, np.int64))


def _original_kind(book: Book, row: Any) -> int:
    return int(book.row_posted(book.ledger.entry_of(row["ref"].tobytes()))["kind"])


def _movements(rows: Any, amounts: Any, places: Any, first: int, day: int) -> list[Movement]:
    return [
        Movement(first + k, codec.id_text(rows["id"][k].tobytes()), amount, day, int(rows["value_date"][k]), rows[k])
        for k, amount in zip(places.tolist(), amounts.tolist(), strict=True)
    ]
