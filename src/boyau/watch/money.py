"""What the journal says of money set aside: commitments, and what was paid, given back and voided on each."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from boyau.codec import ROWS
from boyau.journal import Book
from boyau.ledger import Kind

_ON_A_HOLD = (Kind.PAY, Kind.RELEASE, Kind.VOID, Kind.EXPIRE, Kind.ADVANCE)


class Movement(NamedTuple):
    """One posted entry about a commitment. *hold* is the number of the commitment's entry, *amount* in minor units.

    *item* is the plan item: the account that pays and the code of what is bought.
    """

    entry: int
    time: int
    kind: Kind
    hold: int
    amount: int
    item: tuple[str, int]


@dataclass(frozen=True)
class SetAside:
    """All movements of a ledger about commitments, in the order of the journal."""

    movements: tuple[Movement, ...]

    def left(self, hold: int, before: int) -> int:
        """Return what is still set aside on *hold* before entry number *before*: committed − paid − given back."""
        return sum(
            one.amount if one.kind is Kind.COMMIT else -one.amount
            for one in self.movements
            if one.hold == hold and one.entry < before
        )

    def entry(self, number: int) -> Movement | None:
        """Return the movement of an entry; None where it is none."""
        return next((one for one in self.movements if one.entry == number), None)


def read(book: Book) -> SetAside:
    """Read the commitments of *book* and what became of them."""
    found: dict[int, Movement] = {}
    names = {number: name for name, number in book.ledger.accounts.items()}
    for batch in book.store.batches():
        if batch.kind != ROWS:
            continue
        for place, row in enumerate(batch.rows()):
            if int(row["result"]) != 0:
                continue
            entry, kind = batch.first + place, Kind(int(row["kind"]))
            if kind is Kind.COMMIT:
                item = (names[int(row["debit"])], int(row["item"]))
                found[entry] = Movement(entry, batch.time, kind, entry, int(row["amount"]), item)
            elif kind in _ON_A_HOLD:
                hold = _hold(book, row)
                if hold in found:
                    settled = int(row["settled"]) or int(row["amount"])
                    found[entry] = Movement(entry, batch.time, kind, hold, settled, found[hold].item)
    return SetAside(tuple(found[entry] for entry in sorted(found)))


def _hold(book: Book, row: Any) -> int:
    reference = row["ref"].tobytes()
    return book.ledger.entry_of(reference) if any(reference) else -1
