"""Cutting rows into batches."""

from collections.abc import Iterator

import numpy as np

from boyau.ledger import BATCH_ROWS_MAX, RowFlag, Rows


def cut(rows: Rows, most: int = BATCH_ROWS_MAX) -> Iterator[Rows]:
    """Cut rows into batches of at most *most*, never inside a linked chain: one that is longer stays whole."""
    begin = 0
    while begin < len(rows):
        end = min(begin + most, len(rows))
        if end < len(rows):
            linked = rows["flags"][begin:end] & RowFlag.LINKED
            free = np.flatnonzero(linked == 0)
            if len(free):
                end = begin + int(free[-1]) + 1
            else:
                free = np.flatnonzero((rows["flags"][end:] & RowFlag.LINKED) == 0)
                end = end + int(free[0]) + 1 if len(free) else len(rows)
        yield rows[begin:end]
        begin = end
