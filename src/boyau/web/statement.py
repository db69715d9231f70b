"""The entries of one account with its balance after each, and what is asked of them: period, kind, page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boyau.journal import Book
from boyau.language.catalogue import mark as _
from boyau.ledger import Kind, Result, codes
from boyau.views.columns import Table
from boyau.web.parties import Party, party

PAGE = 50
EXPORT_MAX = 100_000
"""Entries of one account in one download; who needs more takes them by period."""
AT_ONCE = 500
"""So many entries are looked up in one turn of the writer."""
SETS_ASIDE = (Kind.COMMIT, Kind.RELEASE, Kind.VOID, Kind.EXPIRE, Kind.ACCEPT)
"""Kinds that move no money: they change what is set aside, or what is accepted."""
SHOWN = {
    "moves": _("money in and out"), "in": _("money in"), "out": _("money out"),
    "aside": _("commitments and acts"), "refused": _("refused"), "all": _("everything"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries: ``show`` a key of ``SHOWN``, days since 1970-01-01 or None, only entries before ``before``."""

    show: str = "moves"
    first: int | None = None
    last: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of the account. ``change`` and ``balance`` in minor units; ``balance``: after it."""

    entry: int
    kind: str
    result: str
    day: int
    amount: int
    change: int
    balance: int
    ref: int
    other: Party | None
    item: str
    own_side: str


@dataclass(frozen=True, slots=True)
class Found:
    """The places of the rows that were asked for, newest first, and of all the balance after each."""

    rows: Table
    places: npt.NDArray[np.int64]
    change: npt.NDArray[np.int64]
    balance: npt.NDArray[np.int64]
    account: int

    def __len__(self) -> int:
        return len(self.places)


def find(rows: Table, account: int, asked: Asked) -> Found:
    """Return the rows of *account* that are asked for, newest first."""
    paying = rows.debit == account
    mine = np.flatnonzero(paying | (rows.credit == account))
    change = _changes(rows, mine, account)
    balance = np.cumsum(change)
    posted, kind = rows.result[mine] == Result.POSTED, rows.kind[mine]
    aside = np.isin(kind, SETS_ASIDE)
    chosen = {
        "moves": posted & ~aside, "in": posted & (change > 0), "out": posted & (change < 0), "aside": posted & aside,
        "refused": ~posted & (rows.result[mine] != Result.EXISTS), "all": np.ones(len(mine), np.bool_),
    }[asked.show]  # fmt: skip
    if asked.first is not None:
        chosen &= rows.day[mine] >= asked.first
    if asked.last is not None:
        chosen &= rows.day[mine] <= asked.last
    kept = np.flatnonzero(chosen)[::-1]
    return Found(rows, mine[kept], change[kept], balance[kept], account)


def _changes(rows: Table, mine: npt.NDArray[np.int64], account: int) -> npt.NDArray[np.int64]:
    """Return by how much each of an account's rows changed its balance, minor units."""
    kind = rows.kind[mine]
    moves = (rows.result[mine] == Result.POSTED) & ~np.isin(kind, SETS_ASIDE)
    reversed_ = np.flatnonzero(moves & (kind == Kind.REVERSE))
    if len(reversed_):  # an act that is taken back moves no more money than the act did
        originals = np.searchsorted(rows.entry, rows.ref[mine[reversed_]])
        originals = np.minimum(originals, len(rows) - 1)
        moves[reversed_[rows.kind[originals] == Kind.ACCEPT]] = False
    settled = np.where(moves, rows.settled[mine], 0)
    signed = np.where(rows.credit[mine] == account, settled, -settled)
    signed[rows.credit[mine] == rows.debit[mine]] = 0
    return signed


def page(found: Found, before: int | None, most: int = PAGE) -> tuple[range, int | None]:
    """Return which of what was found stand on a page, and the entry before which the next page begins."""
    entries = found.rows.entry[found.places]
    begin = 0 if before is None else int(np.searchsorted(-entries, -before, side="right"))
    end = min(begin + most, len(found))
    return range(begin, end), int(entries[end - 1]) if end < len(found) and end > begin else None


def movements(book: Book, found: Found, which: range) -> list[Movement]:
    """Return some of what was found as a statement shows it; a short look in the writer's thread."""
    rows, out = found.rows, []
    for k in which:
        place = int(found.places[k])
        paying = int(rows.debit[place]) == found.account
        other = int(rows.credit[place] if paying else rows.debit[place])
        name = book.operations.account_name(other) if other >= 0 else ""
        item = int(rows.item[place])
        out.append(
            Movement(
                int(rows.entry[place]), kind_name(int(rows.kind[place])),
                Result(int(rows.result[place])).name.lower(), int(rows.day[place]),
                int(rows.settled[place] or rows.amount[place]), int(found.change[k]), int(found.balance[k]),
                int(rows.ref[place]), party(book, name) if name else None, codes.item_text(item) if item else "",
                "from" if paying else "to",
            )
        )  # fmt: skip
    return out


def kind_name(kind: int) -> str:
    """Name a kind as the API does; a row that was refused may be of none that is known."""
    return Kind(kind).name.lower() if kind in Kind.__members__.values() else str(kind)


def parts(count: int) -> Iterator[range]:
    """Cut a long statement into what one turn of the writer may take."""
    for begin in range(0, min(count, EXPORT_MAX), AT_ONCE):
        yield range(begin, min(begin + AT_ONCE, count, EXPORT_MAX))


def turnover(found: Found) -> dict[str, Any]:
    """Return what came in and went out in all that was found, minor units."""
    return {
        "in": int(found.change[found.change > 0].sum()),
        "out": -int(found.change[found.change < 0].sum()),
        "count": len(found),
    }
