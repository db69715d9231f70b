"""Units move here and nowhere else: amounts, accounts, colours, rules, refusals, holds, and the kernel that decides.

This room imports nothing of ours. Its contract is docs/ledger.md.
"""

from boyau.ledger.kernel import COMPILED
from boyau.ledger.ledger import ConservationError, Ledger, TimeError
from boyau.ledger.refusals import RecordRefused, Result
from boyau.ledger.rows import AMOUNT_MAX, BATCH_ROWS_MAX, ROW, UNKNOWN_ACCOUNT, Kind, RowFlag, Rows

COMPILED_KERNELS = (False, True) if COMPILED else (True,)
"""Values of ``Ledger(pure=...)`` worth testing: both where a C compiler was there, one where not."""

__all__ = [
    "AMOUNT_MAX",
    "BATCH_ROWS_MAX",
    "COMPILED_KERNELS",
    "ROW",
    "UNKNOWN_ACCOUNT",
    "ConservationError",
    "Kind",
    "Ledger",
    "RecordRefused",
    "Result",
    "RowFlag",
    "Rows",
    "TimeError",
]
