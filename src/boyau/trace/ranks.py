"""The colour that the money of a link has in common: of many transfers the deepest path that all of them lie in."""

from collections.abc import Sequence

import numpy as np

from boyau.trace.errors import require
from boyau.trace.names import Names
from boyau.trace.parts import Flags, Int32s, Int64s, Integers

PLAIN = 0
_DEPTH_BITS = 26
"""Above so many bits of a rank stands its depth, so that of two ranks the larger is the deeper."""
_RANK = (1 << _DEPTH_BITS) - 1


class Ranks:
    """Colours in the order of the tree. What the first and the last of several have in common, all of them have."""

    none: Sequence[int] = (1 << 30, PLAIN)
    """The span of nothing: first rank above last."""

    def __init__(self, names: Names, issuer: Flags, accounts: Int64s) -> None:
        used = np.unique(names.colour_of[accounts]).astype(np.int64)
        coloured = used[~names.plain[used]].tolist()
        require(len(coloured) <= _RANK, "more colours than are told apart")
        ordered = sorted((names.colours[one].split("/"), one) for one in coloured)
        self._paths = [path for path, _ in ordered]
        rank = np.zeros(max(len(names.colours), 1), np.int32)
        for place, (path, one) in enumerate(ordered, 1):
            rank[one] = len(path) << _DEPTH_BITS | place
        self._rank = rank[names.colour_of]
        # What an issuer gives has the colour it is given in, what it gets back the one it was in.
        self._moved = np.where(issuer, np.int32(PLAIN), self._rank)

    def of_accounts(self, accounts: Integers) -> Int32s:
        """Return the rank of each account's colour, ``PLAIN`` where it has none."""
        return self._rank[accounts] & _RANK

    def of_transfers(self, debit: Integers, credit: Integers) -> Int32s:
        """Return the rank of the colour that each transfer's money has: of its two ends' the deeper.

        What goes down the tree, or back up, is the money of the branch.
        """
        return np.maximum(self._moved[debit], self._moved[credit]) & _RANK

    def spans(self, groups: Integers, ranks: Int32s, count: int) -> Int32s:
        """Return the first and last rank of each group, a row each."""
        first, last = np.full(count, self.none[0], np.int32), np.full(count, self.none[1], np.int32)
        np.maximum.at(last, groups, ranks)
        if len(ranks) and int(ranks.min()) == PLAIN:
            groups, ranks = groups[ranks != PLAIN], ranks[ranks != PLAIN]
        np.minimum.at(first, groups, ranks)
        return np.stack([first, last], axis=1)

    def common(self, *spans: Sequence[int]) -> str:
        """Return the path that all money of these spans lies in, "" where there is none."""
        first, last = min(span[0] for span in spans), max(span[1] for span in spans)
        if first > last:
            return ""
        one, other = self._paths[first - 1], self._paths[last - 1]
        depth = next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
        return "/".join(one[:depth])
