"""The state of public money now: a few sums over all accounts and rows, for the first page."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from boyau.journal import Book
from boyau.ledger import Kind, Result
from boyau.trace.journal import MOVING
from boyau.views.columns import Table
from boyau.web.reader import Reader

NOT_REFUSED = (int(Result.POSTED), int(Result.EXISTS))


@dataclass(frozen=True, slots=True)
class Colour:
    """What is in force and used of a colour: minor units; a limit that is not set is None."""

    path: str
    title: object
    unit: str
    scale: int
    plan: int | None
    obligations: int
    paid: int


@dataclass(frozen=True, slots=True)
class State:
    """Sums in minor units of the first unit; ``scale`` its decimal places."""

    unit: str
    scale: int
    coloured: int
    """Coloured money that lies on accounts, free or set aside."""
    held: int
    paid: int
    """What reached accounts of plain money, less what came back from there."""
    payees: int
    refused: int
    refused_amount: int
    payments: int
    entries: int
    roots: tuple[Colour, ...]


def look(book: Book) -> tuple[str, int, int, int, int, tuple[Colour, ...]]:
    """Return what only the ledger knows: unit, scale, money by where it lies, payees, and the colours at the top."""
    registry = book.ledger.registry
    unit = next(iter(registry.units), "KZT")
    scale = registry.units.get(unit, 2)
    accounts = book.ledger.tables.acc[: len(book.ledger.accounts)]
    ours = np.array([colour.unit == unit for colour in registry.colours], np.bool_)
    plain = np.array([colour.plain for colour in registry.colours], np.bool_)
    counted = ours[accounts[:, 3]] & ((accounts[:, 5] & 1) == 0)
    has = accounts[:, 1] - accounts[:, 0]
    coloured = counted & ~plain[accounts[:, 3]]
    ended = counted & plain[accounts[:, 3]]
    tops = tuple(
        Colour(one.path, one.title, one.unit, registry.units[one.unit], one.limits[0], *_used(book, one.path))
        for one in registry.colours
        if one.parent < 0 and not one.plain
    )
    sums = (int(has[coloured].sum()), int(accounts[coloured, 2].sum()))
    return unit, scale, *sums, int((accounts[ended, 1] > 0).sum()), tops


def _used(book: Book, path: str) -> tuple[int, int]:
    _, obligations, payments = book.ledger.counters(path)
    return obligations, payments


def ended(reader: Reader, so_far: tuple[int, int, int, int], rows: Table) -> tuple[int, int, int, int]:
    """Add what new rows did: money that left its colour less what came back, refusals, their amount, payments."""

    def homes(book: Book) -> Any:
        colours = book.ledger.registry.colours
        unit = next(iter(book.ledger.registry.units), "")
        kinds = np.array([0 if one.unit != unit else 2 if one.plain else 1 for one in colours], np.int8)
        accounts = book.ledger.tables.acc[: len(book.ledger.accounts)]
        return np.where(accounts[:, 5] & 1, 0, kinds[accounts[:, 3]])

    kind = reader.ask(homes)  # of each account: 1 coloured, 2 plain, 0 an issuer or of another unit
    posted = (rows.result == Result.POSTED) & (rows.debit >= 0) & (rows.credit >= 0) & np.isin(rows.kind, MOVING)
    payer, payee, settled = kind[rows.debit[posted]], kind[rows.credit[posted]], rows.settled[posted]
    out = int(settled[(payer == 1) & (payee == 2)].sum()) - int(settled[(payer == 2) & (payee == 1)].sum())
    refused = ~np.isin(rows.result, NOT_REFUSED)
    payments = int(((rows.result == Result.POSTED) & (rows.kind == Kind.PAY)).sum())
    found = (out, int(refused.sum()), int(rows.amount[refused].sum()), payments)
    return tuple(a + b for a, b in zip(so_far, found, strict=True))  # type: ignore[return-value]


def state(reader: Reader) -> State:
    """Return the state as of what the reader has followed."""

    def make(rows: Table) -> State:
        unit, scale, coloured, held, payees, roots = reader.ask(look)
        paid, refused, amount, payments = reader.fold(
            "state", (0, 0, 0, 0), lambda so_far, new: ended(reader, so_far, new)
        )
        return State(unit, scale, coloured, held, paid, payees, refused, amount, payments, rows.entries, roots)

    return reader.once("state", make)
