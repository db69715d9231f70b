"""What operations charged to budgets: obligations and payments by account, month and region, summed as rows come.

The same rules as in the views (``boyau.views``) and in ``boyau report execution``: a budget is charged by what its own
accounts do, not by what later hands pay on, and a return takes away what it undoes. The views keep no holder and no
region, and are read row by row; this is a sum in memory that only new rows are added to.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from boyau.journal import Book
from boyau.ledger import Kind, Result
from boyau.treasury.budget.report import OBLIGATIONS, PAID
from boyau.views.columns import Table
from boyau.views.views import AT_ANY_HOP, CHARGED_AS, DEBIT_KINDS, ON_HOLD, UNDO
from boyau.web.reader import Reader

Numbers = npt.NDArray[np.int64]
UNDOING = (Kind.RETURN, Kind.REVERSE, Kind.CLAWBACK)
_KINDS = 512
_MONTHS, _REGIONS = 1 << 16, 1 << 8


@dataclass(frozen=True, slots=True)
class Charges:
    """Sums in minor units, one place an account, month and region.

    ``account``: number; ``month``: months since 1970-01; ``region``: two digits of KATO as the operation, or else what
    it is a part of, states it (0 none).
    """

    key: Numbers
    obligations: Numbers
    paid: Numbers

    @property
    def account(self) -> Numbers:
        """Return the accounts whose budget was charged."""
        return self.key // (_MONTHS * _REGIONS)

    @property
    def month(self) -> Numbers:
        """Return the months of the value dates."""
        return self.key // _REGIONS % _MONTHS

    @property
    def region(self) -> Numbers:
        """Return the regions stated."""
        return self.key % _REGIONS


NOTHING = Charges(*(np.zeros(0, np.int64) for _ in range(3)))


def charges(reader: Reader) -> Charges:
    """Return what was charged so far."""
    return reader.fold("charges", NOTHING, lambda so_far, new: _add(reader, so_far, new))


def _signs(of: dict[int, int]) -> Numbers:
    out = np.zeros(_KINDS, np.int64)
    for kind, sign in of.items():
        out[kind] = sign
    return out


_OBLIGATIONS, _PAID = _signs({int(k): v for k, v in OBLIGATIONS.items()}), _signs({int(k): v for k, v in PAID.items()})
_CHARGED_AS = np.arange(_KINDS, dtype=np.int64)
for _done, _as in CHARGED_AS.items():
    _CHARGED_AS[_done] = _as
_COUNTING = tuple({int(k) % UNDO for k in (*OBLIGATIONS, *PAID)} | {int(k) for k in (*CHARGED_AS, *UNDOING)})


def _add(reader: Reader, so_far: Charges, new: Table) -> Charges:
    hop = reader.ask(_hops)
    rows = reader.rows  # what is referred to may have come long before
    which = np.flatnonzero((new.result == Result.POSTED) & np.isin(new.kind, _COUNTING))
    kind, ref = new.kind[which].astype(np.int64), new.ref[which]
    debit = new.debit[which].astype(np.int64)
    credit = np.where(new.credit[which] < 0, debit, new.credit[which])
    undo = np.isin(kind, UNDOING)
    referred = np.minimum(np.searchsorted(rows.entry, np.maximum(ref, 0)), max(0, len(rows) - 1))
    done = np.where(undo, rows.kind[referred].astype(np.int64), kind) if len(which) else kind
    by_debit = np.isin(done, DEBIT_KINDS)
    account = np.where(by_debit ^ undo, debit, credit)  # an undoing has the sides of what it undoes, swapped
    counts = ~(np.isin(done, AT_ANY_HOP) & (hop[account] != 0))
    charged = _CHARGED_AS[done] + np.where(undo, UNDO, 0)
    charged = np.where((charged == Kind.PAY) & (ref >= 0), charged + ON_HOLD, charged)
    settled = new.settled[which]
    obligations, paid = settled * _OBLIGATIONS[charged], settled * _PAID[charged]
    counts &= (obligations != 0) | (paid != 0)
    region = new.region[which].astype(np.int64)
    if len(which):
        region = np.where((region == 0) & (ref >= 0), rows.region[referred], region)
    month = new.day[which].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    if not counts.any():
        return so_far  # the very same: what was made from it still holds
    key = (account * _MONTHS + month) * _REGIONS + region
    return _summed(
        np.concatenate([so_far.key, key[counts]]),
        np.concatenate([so_far.obligations, obligations[counts]]),
        np.concatenate([so_far.paid, paid[counts]]),
    )


def _hops(book: Book) -> Numbers:
    hops: Numbers = book.ledger.tables.acc[: len(book.ledger.accounts), 6].copy()
    return hops


def _summed(key: Numbers, obligations: Numbers, paid: Numbers) -> Charges:
    if not len(key):
        return NOTHING
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    return Charges(key[first], np.add.reduceat(obligations[order], first), np.add.reduceat(paid[order], first))


def month_number(month: int) -> int:
    """Return the months since 1970-01 of ``YYYYMM``."""
    return (month // 100 - 1970) * 12 + month % 100 - 1


def month_text(number: int) -> str:
    """Return ``YYYY-MM`` of the months since 1970-01."""
    return f"{1970 + number // 12:04}-{number % 12 + 1:02}"
