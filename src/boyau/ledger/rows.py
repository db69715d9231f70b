"""The row: one movement, 128 bytes, little-endian. Its table with all meanings is docs/ledger.md, "Rows"."""

from enum import IntEnum, IntFlag

import numpy as np
import numpy.typing as npt

ROW = np.dtype(
    [
        ("id", "V16"),
        ("ref", "V16"),
        ("amount", "<i8"),
        ("item", "<i8"),
        ("expires", "<i8"),
        ("quantity", "<i8"),
        ("debit", "<u4"),
        ("credit", "<u4"),
        ("region", "<u4"),
        ("value_date", "<i4"),
        ("subject", "<u4"),
        ("kind", "<u2"),
        ("flags", "<u2"),
        ("document", "V24"),
        ("settled", "<i8"),
        ("result", "<u2"),
        ("detail", "<u2"),
        ("reserved", "<u4"),
    ]
)
ROW_BYTES = 128
assert ROW.itemsize == ROW_BYTES

COMMAND_BYTES = 112
"""The first 112 bytes are the command; what follows is written by the ledger."""

FIELDS = tuple(ROW.names[:14])  # type: ignore[index]
"""Names in the order of an ``id_conflict``'s detail."""

UNKNOWN_ACCOUNT = 0xFFFFFFFF
AMOUNT_MAX = (1 << 62) - 1
BATCH_ROWS_MAX = 8190
"""Rows in one batch: 1 MiB with its header."""

Rows = npt.NDArray[np.void]


class Kind(IntEnum):
    """What a row does; docs/ledger.md says what each moves."""

    ISSUE = 1
    ALLOCATE = 2
    WITHDRAW = 3
    LAPSE = 4
    CARRY = 5
    COMMIT = 6
    PAY = 7
    RELEASE = 8
    VOID = 9
    RETURN = 10
    REVERSE = 11
    RECEIVE = 12
    REFUND = 13
    EXPIRE = 14
    ACCEPT = 15
    ADVANCE = 16
    CLAWBACK = 17
    COURT = 18


class RowFlag(IntFlag):
    """Bits of a row's ``flags``."""

    LINKED = 1
    EMERGENCY = 2


def empty(count: int) -> Rows:
    """Return *count* zeroed rows."""
    return np.zeros(count, ROW)
