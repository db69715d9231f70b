"""Taking back and putting right: clawback by lot, and corrections as reversing entries.

Nothing here edits an entry. A clawback finds where the very money of a payment lies now; a correction reverses what was
wrong and posts what is right, together or not at all.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from boyau import codec
from boyau.journal import Book
from boyau.journal.operations import Operations
from boyau.ledger import amounts
from boyau.ledger.rows import Kind
from boyau.trace import journal as traced
from boyau.trace.parts import Pieces

Operation = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lots:
    """Where a payment's money lies: minor units by account number, those that can be taken back and the others.

    ``gone`` left the colour (plain money) or went back to an issuer: it takes a court, or a return by its holder.
    """

    here: dict[int, int]
    gone: dict[int, int]


def lots_of(book: Book, payment: str) -> Lots:
    """Return where the money of the payment with this id lies now, first in first out, to the last tiyn."""
    lineage = traced.read(book).lineage
    place = lineage.place(_entry(book, payment))
    reached = lineage.forward(np.array([place], np.int32)).pieces
    lying: dict[int, int] = {}
    for entry, amount in _meet(reached, lineage.parts.rest).items():
        account = int(lineage.credit[entry])
        lying[account] = lying.get(account, 0) + amount
    tables, registry = book.ledger.tables, book.ledger.registry
    home = registry.colours[int(tables.acc[int(lineage.credit[place]), 3])]
    here: dict[int, int] = {}
    gone: dict[int, int] = {}
    for account, amount in sorted(lying.items()):
        colour = registry.colours[int(tables.acc[account, 3])]
        below = not home.plain and f"{colour.path}/".startswith(f"{home.path}/")
        (here if below and not int(tables.acc[account, 5]) & 1 else gone)[account] = amount
    return Lots(here, gone)


def _meet(one: Pieces, other: Pieces) -> dict[int, int]:
    """Return by entry how many units lie in a piece of both."""
    spans: dict[int, list[tuple[int, int]]] = {}
    for entry, begin, end in zip(other.entry.tolist(), other.begin.tolist(), other.end.tolist(), strict=True):
        spans.setdefault(entry, []).append((begin, end))
    out: dict[int, int] = {}
    for entry, begin, end in zip(one.entry.tolist(), one.begin.tolist(), one.end.tolist(), strict=True):
        for low, high in spans.get(entry, ()):
            if both := max(0, min(end, high) - max(begin, low)):
                out[entry] = out.get(entry, 0) + both
    return out


def clawback(book: Book, payment: str, *, prefix: str, **details: Any) -> list[Operation]:
    """Return the operations that take back what is still there of a payment, wherever in the chain it lies.

    One for each account that holds lots of it, at most what that account has free. Each needs the approvals that the
    power ``clawback`` of the colour asks for, and is refused without. *prefix* begins every id.
    """
    operations = Operations(book.ledger)
    row = book.row_posted(_entry(book, payment))
    if int(row["kind"]) not in (Kind.PAY, Kind.ADVANCE):
        raise ValueError(f"{payment} is no payment")
    out, payer = [], operations.account_name(int(row["debit"]))
    left = int(row["settled"]) - book.ledger.tables.kernel.returned.get(_entry(book, payment), 0)
    for account, amount in lots_of(book, payment).here.items():
        name = operations.account_name(account)
        amount = min(amount, left, max(0, book.ledger.available(name)))  # noqa: PLW2901 - what can be taken of it
        if amount:
            left -= amount
            told = {"from": name, "to": payer, "amount": amounts.write(amount, operations.scale(account))}
            out.append({"op": "clawback", "id": f"{prefix}{account:x}", "original": payment} | told | details)
    return out


def correct(book: Book, wrong: str, right: Operation, *, id: str, **details: Any) -> list[Operation]:  # noqa: A002
    """Return the two linked operations that put an entry right: all that is left of it reversed, and *right* posted."""
    entry = _entry(book, wrong)
    row, operations = book.row_posted(entry), Operations(book.ledger)
    left = int(row["settled"]) - book.ledger.tables.kernel.returned.get(entry, 0)
    accounts = {
        "from": operations.account_name(int(row["credit"])),
        "to": operations.account_name(int(row["debit"])),
        "amount": amounts.write(left, operations.scale(int(row["debit"]))),
    }
    reversal = {"op": "reverse", "id": id, "original": wrong, "linked": True} | accounts | details
    return [reversal, {**right, "linked": False}]


def _entry(book: Book, id: str) -> int:  # noqa: A002 - the word that operations use
    entry = book.ledger.entry_of(codec.id_bytes(id))
    if entry < 0:
        raise KeyError(id)
    return entry
