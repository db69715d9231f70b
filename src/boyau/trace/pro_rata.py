"""The other way to split: every transfer takes from all the money on its account, in proportion, to the last unit.

Shares follow the largest remainder (the older piece first where remainders are equal), so they always sum to the
whole. Pieces of different history are never joined, so their number grows quickly: this is for a colour or a case,
not for a whole country; `PARTS_MAX` says where it ends.
"""

from collections.abc import Sequence

import numpy as np

from boyau.trace.errors import TraceError
from boyau.trace.lots import ORIGIN
from boyau.trace.parts import Flags, Integers, Parts, Pieces

PARTS_MAX = 20_000_000
"""More parts than this are refused rather than computed for hours."""

Piece = list[int]
"""[transfer, offset of the first byte left, bytes left]."""


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide *amount* in proportion to *weights*, exactly: the result sums to *amount*, no share passes its weight.

    *amount* is at most the sum of the weights.
    """
    whole = sum(weights)
    shares = [amount * weight // whole for weight in weights]
    rests = [amount * weight % whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda place: (-rests[place], place))
    for place in by_rest[: amount - sum(shares)]:
        shares[place] += 1
    return shares


def parts(debit: Integers, credit: Integers, amount: Integers, issuer: Flags, returns: Integers) -> Parts:
    """Split every transfer pro rata. Arguments and result as of `lots.fifo`; money given back is its own first."""
    pools: dict[int, list[Piece]] = {}
    rows: list[tuple[int, int, int, int]] = []
    first = [0]
    givers = returns.tolist() or [-1] * len(amount)
    columns = zip(debit.tolist(), credit.tolist(), amount.tolist(), givers, strict=True)
    for child, (payer, payee, need, giver) in enumerate(columns):
        pool = pools.get(payer, [])
        at = 0
        arrived: list[Piece] = []
        own = [piece for piece in pool if piece[0] == giver]
        others = [piece for piece in pool if piece[0] != giver]
        for source in (own, others):
            took = min(need - at, sum(piece[2] for piece in source))
            if not took:
                continue
            for piece, share in zip(source, split(took, [piece[2] for piece in source]), strict=True):
                if share:
                    rows.append((piece[0], piece[1], at, share))
                    arrived.append([child, at, share])
                    piece[1] += share
                    piece[2] -= share
                    at += share
        pools[payer] = [piece for piece in pool if piece[2]]
        if at < need:
            if not issuer[payer]:
                raise TraceError(f"transfer {child}: its debit account lacks {need - at}")
            rows.append((ORIGIN, 0, at, need - at))
            arrived.append([child, at, need - at])
        pools.setdefault(payee, []).extend(arrived)
        first.append(len(rows))
        if len(rows) > PARTS_MAX:
            raise TraceError(f"pro rata makes more than {PARTS_MAX:,} parts of these transfers; use fifo")
    table = np.array(rows, np.int64).reshape(-1, 4)
    left = sorted((piece[0], piece[1], piece[1] + piece[2]) for pool in pools.values() for piece in pool)
    entry, begin, end = np.array(left, np.int64).reshape(-1, 3).T
    return Parts(
        first=np.array(first, np.int64),
        parent=table[:, 0].astype(np.int32),
        parent_offset=np.ascontiguousarray(table[:, 1]),
        child_offset=np.ascontiguousarray(table[:, 2]),
        part=np.ascontiguousarray(table[:, 3]),
        rest=Pieces(entry.astype(np.int32), np.ascontiguousarray(begin), np.ascontiguousarray(end)),
    )
