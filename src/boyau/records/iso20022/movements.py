"""Movements across the border of a set of accounts: what a statement lists, and what its balances are made of.

A set of one account is that account's statement. A set of all accounts of a colour and those below it is the coloured
money that is outstanding: what moves inside it leaves it unchanged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boyau import codec
from boyau.codec import ROWS, Batch
from boyau.journal import Book
from boyau.ledger import Kind
from boyau.ledger.codes import day_of
from boyau.trace.journal import MOVING

ISSUER_FLAG = 1


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


def period(book: Book, mask: npt.NDArray[np.bool_], first: int, last: int) -> Period:
    """Read the whole journal, and compare what its entries make with the balances that the ledger keeps."""
    opening, later, found = 0, 0, []
    for batch_time, batch_first, rows, amounts, places in _crossing(book, mask):
        day = day_of(batch_time)
        total = int(amounts.sum())
        if day < first:
            opening += total
        elif day > last:
            later += total
        else:
            found += _movements(rows, amounts, places, batch_first, day)
    closing = opening + sum(one.amount for one in found)
    kept = book.ledger.tables.acc[: len(mask)][mask]
    balance = sum(credit - debit for debit, credit in kept[:, :2].tolist())
    if closing + later != balance:
        raise Imbalance(f"the entries make {closing + later}, the ledger keeps {balance} (minor units)")
    return Period(first, last, opening, closing, found)


def between(
    book: Book, mask: npt.NDArray[np.bool_] | None, *, days: tuple[int, int] | None, entries: tuple[int, int] | None
) -> Iterator[tuple[int, Any, int]]:
    """Yield (entry, row, day) of every movement that touches the set, or any account, in these days or entries."""
    begin = book.store.containing(entries[0]).number if entries else 0
    for batch in _batches(book, begin):
        day = day_of(batch.time)
        if entries and batch.first > entries[1]:
            return
        if batch.kind != ROWS or (days and not days[0] <= day <= days[1]):
            continue
        rows = batch.rows()
        moved = _moved(book, rows)
        if mask is not None:
            moved = moved[mask[rows["debit"][moved]] | mask[rows["credit"][moved]]]
        for k in moved.tolist():
            entry = batch.first + k
            if entries is None or entries[0] <= entry <= entries[1]:
                yield entry, rows[k], day


def _batches(book: Book, begin: int) -> Iterator[Batch]:
    """Yield the batches that *book* knows: another process may be writing, and its balances are not in this state."""
    for batch in book.store.batches(begin):
        if batch.number >= book.next_number:
            return
        yield batch


def _crossing(book: Book, mask: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int, Any, Any, Any]]:
    for batch in _batches(book, 0):
        if batch.kind != ROWS:
            continue
        rows = batch.rows()
        moved = _moved(book, rows)
        out, into = mask[rows["debit"][moved]], mask[rows["credit"][moved]]
        across = out != into
        places = moved[across]
        if len(places):
            settled = rows["settled"][places].astype(np.int64)
            yield batch.time, batch.first, rows, np.where(into[across], settled, -settled), places


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
