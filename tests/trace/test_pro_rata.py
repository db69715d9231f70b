"""The exact other way to split."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trace_pages import journals, page

from boyau.trace import TraceError
from boyau.trace.pro_rata import split


def test_two_out_of_one_and_one_and_one_is_exactly_two():
    """The known trap: rounding each share of 2 × 1/3 alone gives 3, and cutting it off gives 0."""
    assert split(2, [1, 1, 1]) == [1, 1, 0]
    one = page(
        """1 T@KZT A@kz 1
                  2 T@KZT A@kz 1
                  3 T@KZT A@kz 1
                  4 A@kz  B@kz 2""",
        method="pro_rata",
    ).lineage
    assert one.parts.part[3:].tolist() == [1, 1]
    assert one.parts.parent[3:].tolist() == [0, 1]


@given(st.lists(st.integers(1, 2**62), min_size=1, max_size=9), st.data())
def test_shares_sum_to_the_whole_and_none_passes_its_weight(weights, data):
    amount = data.draw(st.integers(0, sum(weights)))
    shares = split(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert 0 <= share <= weight
        assert abs(share * sum(weights) - amount * weight) < sum(weights)


def test_every_payment_is_made_of_all_the_money_there():
    one = page(
        """1 T@KZT A@kz/1 60
                  2 T@KZT A@kz/1 30
                  3 A@kz/1 B@kz/1 30
                  4 B@kz/1 C@kz/1 15""",
        method="pro_rata",
    ).lineage
    assert one.parts.part.tolist() == [60, 30, 20, 10, 10, 5]
    back = one.backward([3])
    assert dict(zip(back.entry.tolist(), back.amount.tolist(), strict=True)) == {0: 10, 1: 5, 2: 15, 3: 15}


@settings(max_examples=100, deadline=None)
@given(journal=journals(rows_max=25))
def test_nothing_is_lost_and_both_directions_agree(journal):
    if not journal.rows:
        return
    lineage = journal.lineage("pro_rata")  # checks conservation itself
    ahead, back = Counter(), Counter()
    for place in range(len(lineage)):
        trace = lineage.forward([place])
        ahead.update({(place, entry): amount for entry, amount in zip(trace.entry, trace.amount, strict=True)})
        trace = lineage.backward([place])
        back.update({(entry, place): amount for entry, amount in zip(trace.entry, trace.amount, strict=True)})
    assert ahead == back


def test_it_ends_before_it_takes_hours(monkeypatch):
    monkeypatch.setattr("boyau.trace.pro_rata.PARTS_MAX", 3)
    with pytest.raises(TraceError, match="use fifo"):
        page("\n".join(f"{number} T@KZT A@kz 1" for number in range(1, 6)), method="pro_rata")
