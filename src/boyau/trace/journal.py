"""Lineage of a ledger's journal: which rows moved money, and the names of its accounts."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from boyau.codec import ROWS
from boyau.journal import Book
from boyau.ledger import Kind
from boyau.trace.lineage import Lineage
from boyau.trace.names import Names
from boyau.trace.parts import Int64s

MOVING = (
    Kind.ISSUE,
    Kind.ALLOCATE,
    Kind.WITHDRAW,
    Kind.LAPSE,
    Kind.CARRY,
    Kind.PAY,
    Kind.RETURN,
    Kind.REVERSE,
    Kind.RECEIVE,
    Kind.REFUND,
    Kind.ADVANCE,
    Kind.CLAWBACK,
    Kind.COURT,
)
"""Kinds that move money; commitments and what ends them set it aside only."""
GIVING_BACK = (Kind.RETURN, Kind.REVERSE)


@dataclass(frozen=True, slots=True)
class Traced:
    """A journal ready to be asked: its lineage, the names of its accounts, and what is set aside on each."""

    lineage: Lineage
    names: Names
    held: Int64s


def read(book: Book, method: str = "fifo") -> Traced:
    """Read all entries of *book* that moved money and split them into lots."""
    debit, credit, amount, numbers, returns = [], [], [], [], []
    for batch in book.store.batches():
        if batch.kind != ROWS:
            continue
        rows = batch.rows()
        moved = np.flatnonzero((rows["result"] == 0) & np.isin(rows["kind"], MOVING) & (rows["settled"] > 0))
        back = np.full(len(moved), -1, np.int64)
        for k in np.flatnonzero(np.isin(rows["kind"][moved], GIVING_BACK)).tolist():
            back[k] = _original(book, rows[moved[k]])
        real = _moves(book, back)
        moved, back = moved[real], back[real]
        debit.append(rows["debit"][moved].astype(np.int64))
        credit.append(rows["credit"][moved].astype(np.int64))
        amount.append(rows["settled"][moved])
        numbers.append(batch.first + moved)
        returns.append(back)
    empty = [np.zeros(0, np.int64)]
    columns = [np.concatenate(one or empty) for one in (debit, credit, amount, numbers, returns)]
    places = np.searchsorted(columns[3], columns[4])
    places[columns[4] < 0] = -1
    accounts = book.ledger.tables.acc[: len(book.ledger.accounts)]
    lineage = Lineage.of(
        columns[0],
        columns[1],
        columns[2],
        columns[3],
        (accounts[:, 5] & 1).astype(bool),
        "pro_rata" if method == "pro_rata" else "fifo",
        returns=places,
    )
    return Traced(lineage, names(book), accounts[:, 2].copy())


def _moves(book: Book, originals: Int64s) -> Int64s:
    """Return the places whose row moves money: the reversal of an act takes an acceptance back and moves none."""
    acts = [k for k in np.flatnonzero(originals >= 0) if book.row_posted(int(originals[k]))["kind"] == Kind.ACCEPT]
    return np.setdiff1d(np.arange(len(originals)), np.array(acts, np.int64))


def _original(book: Book, row: Any) -> int:
    return book.ledger.entry_of(row["ref"].tobytes())


def names(book: Book) -> Names:
    """Return the names of a ledger's accounts, with the titles that records gave to colours and participants."""
    registry, accounts = book.ledger.registry, book.ledger.tables.acc[: len(book.ledger.accounts)]
    who = {name: facts["name"] for name, facts in zip(registry.participants, registry.participant_facts, strict=True)}
    titles = {colour.path: colour.title for colour in registry.colours}

    def told(title: Any, language: str) -> str:
        if isinstance(title, dict):
            return str(title.get(language) or next(iter(title.values()), ""))
        return str(title)

    return Names(
        participants=list(registry.participants),
        colours=[colour.path for colour in registry.colours],
        plain=np.array([colour.plain for colour in registry.colours], np.bool_),
        participant_of=accounts[:, 4].copy(),
        colour_of=accounts[:, 3].copy(),
        hop_of=accounts[:, 6].copy(),
        participant_title=lambda one, language: told(who.get(one, ""), language),
        colour_title=lambda path, language: told(titles.get(path, ""), language),
    )
