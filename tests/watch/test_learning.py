"""Precision, scores and the worklist, exactly."""

from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boyau.watch.learning import Score, precision, score, wilson, worklist

F = Fraction


@pytest.mark.parametrize(
    ("confirmed", "judged", "low", "high"),
    [(8, 10, "0.4901", "0.9434"), (0, 5, "0", "0.4345"), (5, 5, "0.5655", "1"), (50, 100, "0.4038", "0.5962")],
)
def test_the_interval_is_wilsons(confirmed, judged, low, high):
    """Figures of the formula with z = 1.96, rounded outwards."""
    assert wilson(confirmed, judged) == (F(low), F(high))


def test_without_cases_anything_is_possible():
    assert wilson(0, 0) == (0, 1)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_agrees_with_the_formula(case):
    confirmed, judged = case
    low, high = wilson(confirmed, judged)
    assert 0 <= low <= F(confirmed, judged) <= high <= 1
    p, z = confirmed / judged, 1.96
    middle, reach = p + z * z / 2 / judged, z * sqrt(p * (1 - p) / judged + z * z / 4 / judged**2)
    for ours, formula in (
        (low, (middle - reach) / (1 + z * z / judged)),
        (high, (middle + reach) / (1 + z * z / judged)),
    ):
        assert abs(float(ours) - formula) < 2e-4


def test_precision_counts_what_was_decided_and_nothing_else():
    told = [
        ("R028", "cancel"),
        ("R028", "dismiss"),
        ("R028", "hold"),
        ("R028", "open"),
        ("R035", "case"),
        ("R003", "lift"),
    ]
    known = precision(told)
    assert {flag: (one.confirmed, one.judged) for flag, one in known.items()} == {"R028": (1, 2), "R035": (1, 1)}
    assert known["R028"].share == F(1, 2)


def test_a_score_is_the_sum_of_weights_that_are_shown():
    known = precision([("R028", "cancel")] * 8 + [("R028", "dismiss")] * 2)
    one = score("o", ["R028", "R099", "R028"], known, F(1, 20))
    assert one.weights == {"R028": F("0.4901"), "R099": F(1, 20)}
    assert (one.total, one.probability) == (F("0.5401"), F("0.4901"))


def test_what_is_paid_cannot_be_prevented():
    """The largest process is paid already: a small one that is not comes first."""
    scores = [Score("paid", {"R028": F(1, 2)}), Score("small", {"R003": F(1, 10)}), Score("unknown", {"R028": F(1)})]
    tasks = worklist(scores, {"paid": (9_000, 9_000), "small": (500, 100)})
    assert [(one.score.ocid, one.stoppable, one.worth) for one in tasks] == [
        ("small", 400, F(40)),
        ("unknown", 0, F(0)),
        ("paid", 0, F(0)),
    ]


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=3), st.tuples(st.integers(0, 9**9), st.integers(0, 9**9)), max_size=8
    )
)
def test_the_worklist_is_ordered_and_complete(amounts):
    scores = [Score(ocid, {"R": F(1, 1 + len(ocid))}) for ocid in amounts]
    tasks = worklist(scores, amounts)
    assert [one.worth for one in tasks] == sorted((one.worth for one in tasks), reverse=True)
    assert {one.score.ocid for one in tasks} == set(amounts)
    assert all(one.stoppable >= 0 for one in tasks)
