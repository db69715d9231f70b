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
    columns: list[list[Int64s]] = [[np.zeros(0, np.int64)] for _ in range(6)]
    for batch in book.store.batches():
        if batch.kind != ROWS:
            continue
        rows = batch.rows()
        posted = np.flatnonzero(rows["result"] == 0)
        back = np.full(len(posted), -1, np.int64)
        for k in np.flatnonzero(np.isin(rows["kind"][posted], GIVING_BACK)).tolist():
            back[k] = book.ledger.entry_of(rows["ref"][posted[k]].tobytes())
        found = (*(rows[name][posted] for name in ("debit", "credit", "settled", "kind")), batch.first + posted, back)
        for column, part in zip(columns, found, strict=True):
            column.append(part.astype(np.int64))
    debit, credit, settled, kind, numbers, back = (np.concatenate(column) for column in columns)
    return of_rows(
        book, debit=debit, credit=credit, settled=settled, kind=kind, numbers=numbers, ref=back, method=method
    )


def of_rows(
    book: Book, *, debit: Any, credit: Any, settled: Any, kind: Any, numbers: Any, ref: Any, method: str = "fifo"
) -> Traced:
    """Split what these posted rows moved into lots. *ref*: of a return or reversal the entry it gives back, else any.

    Of *book* only names and issuers are read.
    """
    giving = np.isin(kind, GIVING_BACK)
    moved = np.isin(kind, MOVING) & (settled > 0)
    # The reversal of an act takes an acceptance back, and moves no money.
    undone = np.flatnonzero(giving & moved)
    originals = np.searchsorted(numbers, ref[undone])
    moved[undone[kind[originals] == Kind.ACCEPT]] = False
    numbers, ref = numbers[moved], np.where(giving, ref, -1)[moved]
    places = np.searchsorted(numbers, ref)
    places[ref < 0] = -1
    accounts = book.ledger.tables.acc[: len(book.ledger.accounts)]
    lineage = Lineage.of(
        debit[moved],
        credit[moved],
        settled[moved],
        numbers,
        (accounts[:, 5] & 1).astype(bool),
        "pro_rata" if method == "pro_rata" else "fifo",
        returns=places,
    )
    return Traced(lineage, names(book), accounts[:, 2].copy())


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
