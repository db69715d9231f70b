"""The colour that the money of a link has in common: of many transfers the deepest path that all of them lie in."""

from collections.abc import Sequence

import numpy as np

from boyau.trace.lineage import Lineage
from boyau.trace.names import Names
from boyau.trace.parts import Int64s, Integers

PLAIN = -1


class Ranks:
    """Colours in the order of the tree. What the first and the last of several have in common, all of them have."""

    none: Sequence[int] = (1 << 40, PLAIN)
    """The span of nothing: first rank above last."""

    def __init__(self, names: Names, accounts: Int64s) -> None:
        used = np.unique(names.colour_of[accounts]).astype(np.int64)
        coloured = used[~names.plain[used]].tolist()
        self._paths = sorted((names.colours[one].split("/"), one) for one in coloured)
        rank = np.full(max(len(names.colours), 1), PLAIN, np.int64)
        rank[[one for _, one in self._paths]] = np.arange(len(self._paths))
        self._rank = rank[names.colour_of]
        self._depth = np.array([len(path) for path, _ in self._paths] + [0], np.int64)  # the last one: of ``PLAIN``

    def of_accounts(self, accounts: Integers) -> Int64s:
        """Return the rank of each account's colour, ``PLAIN`` where it has none."""
        return self._rank[accounts]

    def of_transfers(self, lineage: Lineage, debit: Integers, credit: Integers) -> Int64s:
        """Return the rank of the colour that each transfer's money has: of its two ends' the deeper, else the later.

        What goes down the tree, or back up, is the money of the branch.
        """
        gave = np.where(lineage.issuer[debit], PLAIN, self._rank[debit])
        took = np.where(lineage.issuer[credit], PLAIN, self._rank[credit])
        return np.where(self._depth[gave] > self._depth[took], gave, took)

    def spans(self, groups: Integers, ranks: Int64s, count: int) -> Int64s:
        """Return the first and last rank of each group, a row each."""
        first, last = np.full(count, self.none[0], np.int64), np.full(count, self.none[1], np.int64)
        np.maximum.at(last, groups, ranks)
        np.minimum.at(first, groups, np.where(ranks == PLAIN, self.none[0], ranks))
        return np.stack([first, last], axis=1)

    def common(self, *spans: Sequence[int]) -> str:
        """Return the path that all money of these spans lies in, "" where there is none."""
        first, last = min(span[0] for span in spans), max(span[1] for span in spans)
        if first > last:
            return ""
        one, other = self._paths[first][0], self._paths[last][0]
        depth = next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
        return "/".join(one[:depth])
