"""The kernel against a simulation that moves every unit by hand, compiled and not."""

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trace_pages import ByHand, journals, make_journal, page, units

from boyau.trace import TraceError
from boyau.trace.parts import pieces

again_with_other_kernel = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def spelled(lineage) -> list[list[tuple[int, int]]]:
    parts, found = lineage.parts, [[(-9, -9)] * int(amount) for amount in lineage.amount]
    columns = (parts.child, parts.parent, parts.parent_offset, parts.child_offset, parts.part)
    for child, parent, offset, at, size in zip(*(column.tolist() for column in columns), strict=True):
        for step in range(size):
            found[child][at + step] = (parent, offset + step if parent >= 0 else 0)
    return found


def verify(journal, chosen: random.Random) -> None:
    lineage, by_hand = journal.lineage(), ByHand(journal)
    assert spelled(lineage) == by_hand.parents
    assert units(lineage.parts.rest) == by_hand.rest
    assert len(lineage.parts.part) <= 2 * len(lineage)
    everything = [(number, offset) for number, row in enumerate(journal.rows) for offset in range(row[2])]
    seeds = set(chosen.sample(everything, min(len(everything), chosen.randint(1, 6))))
    entry, begin = np.array(sorted(seeds)).T
    stop = [chosen.random() < 0.3 for _ in range(journal.accounts)]
    for ahead, walk in ((True, lineage.forward), (False, lineage.backward)):
        trace = walk(pieces(entry, begin, begin + 1), np.array(stop))
        reached = by_hand.follow(seeds, stop, ahead=ahead)
        assert units(trace.pieces) == reached
        fresh = reached - {
            place
            for path in by_hand.path
            for one, other in pairwise(path)
            if not stop[journal.rows[other[0]][0]] and {one, other} <= reached
            for place in [other if ahead else one]
        }
        assert int(trace.linked.sum()) == len(reached) - len(fresh)
        assert fresh <= seeds


@again_with_other_kernel
@given(journal=journals(), seed=st.integers(0, 1000))
def test_every_unit_is_where_the_simulation_puts_it(kernel, journal, seed):
    if journal.rows:
        verify(journal, random.Random(seed))


@pytest.mark.parametrize("seed", range(25))
def test_the_same_for_longer_journals(kernel, seed):
    chosen = random.Random(seed)
    choices = [
        (
            chosen.randrange(12),
            chosen.randrange(12),
            chosen.randint(1, 30),
            chosen.choice([0, 0, 0, chosen.randrange(99)]),
        )
        for _ in range(chosen.randint(50, 300))
    ]
    verify(make_journal(choices, chosen.randint(3, 8), 1), chosen)


def test_first_in_first_out(kernel):
    one = page("""1 T@KZT   A@kz 100
                  2 T@KZT   A@kz 50
                  3 A@kz    B@kz 120
                  4 A@kz    C@kz 30""").lineage
    parts = one.parts
    assert parts.parent.tolist() == [-1, -1, 0, 1, 1]
    assert parts.parent_offset.tolist() == [0, 0, 0, 0, 20]
    assert parts.child_offset.tolist() == [0, 0, 0, 100, 0]
    assert parts.part.tolist() == [100, 50, 100, 20, 30]


def test_money_given_back_is_the_money_that_was_paid(kernel):
    text = """1 T@KZT A@kz 10
              2 T@KZT B@kz 10
              3 A@kz  S@KZT 10
              4 B@kz  S@KZT 10
              5 S@KZT B@kz 4 {}"""
    oldest = page(text.format("")).lineage
    same = page(text.format("returns 4")).lineage
    assert oldest.parts.parent[-1] == 2  # A's money, by the rule alone
    assert same.parts.parent[-1] == 3
    assert same.parts.parent_offset[-1] == 6  # its last part: the first may have been spent
    assert same.backward([4]).entry.tolist() == [1, 3, 4]


def test_what_was_spent_meanwhile_is_given_back_from_the_rest(kernel):
    one = page("""1 T@KZT A@kz  10
                  2 A@kz  S@KZT 10
                  3 T@KZT S@KZT 5
                  4 S@KZT R@KZT 8
                  5 S@KZT A@kz  6 returns 2""").lineage
    assert one.parts.parent[-2:].tolist() == [1, 2]
    assert one.parts.part[-2:].tolist() == [2, 4]


def test_an_issuer_pays_what_it_got_back_before_it_makes_new_money(kernel):
    one = page("""1 T@KZT A@kz 10
                  2 A@kz T@KZT 4
                  3 T@KZT A@kz 10""").lineage
    assert one.parts.parent.tolist() == [-1, 0, 1, -1]
    assert one.parts.part.tolist() == [10, 4, 4, 6]


def test_nobody_else_pays_what_it_has_not(kernel):
    with pytest.raises(TraceError, match="entry 8 pays 11"):
        page("""7 T@KZT A@kz 10
                8 A@kz B@kz 11""")


def test_too_little_room_is_noticed_and_made(kernel, monkeypatch):
    """Sixty alternating units need sixty pieces: more than two a transfer."""
    rows = ["1 T@KZT A@kz 60", "2 A@kz B@kz 60", "3 B@kz C@kz 60"]
    one = page("\n".join(rows)).lineage
    odd = np.arange(1, 60, 2)
    seeds = pieces(np.zeros(30, np.int32), odd, odd + 1)
    monkeypatch.setattr("boyau.trace.lineage.PIECES_EXTRA", 0)
    assert len(one.forward(seeds).pieces) == 90
    seeds = pieces(np.full(30, 2, np.int32), odd, odd + 1)
    assert len(one.backward(seeds).pieces) == 90
