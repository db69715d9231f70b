"""How precise each flag is, learnt from what controllers decided; the risk of a process; what to do first.

Pure functions. Shares are exact fractions; the bounds of an interval are irrational and are rounded outwards, so that
an interval is never narrower than it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

Z = Fraction(196, 100)
"""The normal quantile of an interval of 95 %."""
_PLACES = 10_000
CONFIRMING, DISMISSING = frozenset({"cancel", "cut", "case"}), frozenset({"dismiss"})
"""Actions that confirm a finding, and that deny it. A hold says neither: it is lifted or decided later."""


@dataclass(frozen=True)
class Precision:
    """Of *judged* findings of a flag *confirmed* were right; *low* and *high* bound the share (Wilson, 95 %)."""

    flag: str
    confirmed: int
    judged: int
    low: Fraction
    high: Fraction

    @property
    def share(self) -> Fraction:
        """The share of the judged that was right."""
        return Fraction(self.confirmed, self.judged)


def wilson(confirmed: int, judged: int) -> tuple[Fraction, Fraction]:
    """Return the bounds of Wilson's score interval, rounded outwards to four places. Without cases: 0 and 1."""
    if not judged:
        return Fraction(0), Fraction(1)
    square = Z * Z
    share, whole = Fraction(confirmed, judged), 1 + square / judged
    middle = share + square / (2 * judged)
    under = Z * Z * (share * (1 - share) / judged + square / (4 * judged * judged))
    low = (middle - _root_up(under)) / whole
    high = (middle + _root_up(under)) / whole
    down, up = low * _PLACES // 1, -(-high * _PLACES // 1)
    return Fraction(max(int(down), 0), _PLACES), Fraction(min(int(up), _PLACES), _PLACES)


def _root_up(value: Fraction) -> Fraction:
    """Return a square root, rounded up at the twelfth place."""
    scale = 10**12
    scaled = -(-value.numerator * scale * scale // value.denominator)
    root = isqrt(scaled)
    return Fraction(root if root * root == scaled else root + 1, scale)


def precision(judgements: Iterable[tuple[str, str]]) -> dict[str, Precision]:
    """Return the precision of every flag, from (flag, last action) of each finding; undecided ones count nowhere."""
    counts: dict[str, list[int]] = {}
    for flag, action in judgements:
        if action in CONFIRMING or action in DISMISSING:
            count = counts.setdefault(flag, [0, 0])
            count[0] += action in CONFIRMING
            count[1] += 1
    return {flag: Precision(flag, right, judged, *wilson(right, judged)) for flag, (right, judged) in counts.items()}


@dataclass(frozen=True)
class Score:
    """The risk of a process: the sum of named *weights*, each of which is shown."""

    ocid: str
    weights: Mapping[str, Fraction]

    @property
    def total(self) -> Fraction:
        """The sum."""
        return sum(self.weights.values(), Fraction(0))

    @property
    def probability(self) -> Fraction:
        """That at least one finding is right, assuming nothing of how flags hang together: that of the surest flag."""
        return max(self.weights.values(), default=Fraction(0))


def score(ocid: str, flags: Iterable[str], known: Mapping[str, Precision], prior: Fraction) -> Score:
    """Return the score of a process from its flags. A flag weighs its lower bound; one never judged weighs *prior*."""
    return Score(ocid, {flag: known[flag].low if flag in known else prior for flag in sorted(set(flags))})


@dataclass(frozen=True)
class Task:
    """A line of the worklist: *stoppable* minor units times the probability."""

    score: Score
    reserved: int
    paid: int

    @property
    def stoppable(self) -> int:
        """What is not paid yet; what is paid can be recovered, but not prevented."""
        return max(self.reserved - self.paid, 0)

    @property
    def worth(self) -> Fraction:
        """What looking at it is worth."""
        return self.stoppable * self.score.probability


def worklist(scores: Iterable[Score], amounts: Mapping[str, tuple[int, int]]) -> list[Task]:
    """Order processes by what can still be stopped. *amounts*: what was reserved in all and what is paid, by ocid.

    A process without coloured money stands at the end, by its score: nothing of it can be held.
    """
    tasks = [Task(one, *amounts.get(one.ocid, (0, 0))) for one in scores]
    return sorted(tasks, key=lambda task: (-task.worth, -task.score.total, task.score.ocid))
