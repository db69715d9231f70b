"""Answers for a period, and for a participant with several accounts: counted again, transfer by transfer."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trace_pages import journals, make_journal, page, read

from boyau.trace import Names, Span, TraceError, flow_of_account, flow_of_colour, flow_of_participant

ADDRESSES = ("T@KZT", "M@kz", "C@kz/1#1", "C@KZT", "M@kz/1", "C@other", "Q@KZT", "C@kz/1/2#2")


def told(flow, touching="") -> dict[int, int]:
    """Return how much of each entry is told by links that touch a node (or all), whichever way it went."""
    found: dict[int, int] = {}
    for link in flow.links:
        if link.target in ("unspent", "held") or (touching and touching not in (link.origin, link.target)):
            continue
        for number, amount in flow.entries(link):
            found[number] = found.get(number, 0) + abs(amount)
    return found


def recount(journal, days, first, last, wanted) -> dict[int, int]:
    return {
        number: row[2]
        for number, row in enumerate(journal.rows)
        if first <= days[number] <= last and wanted(row[0], row[1])
    }


@settings(max_examples=150, deadline=None)
@given(journal=journals(rows_max=30), seed=st.integers(0, 99))
def test_every_transfer_of_the_period_is_told_once_and_no_other(journal, seed):
    chosen = random.Random(seed)
    lineage, names = journal.lineage(), Names.of(ADDRESSES[: journal.accounts])
    days = np.array([chosen.randint(0, 9) for _ in journal.rows], np.int64)
    first = chosen.randint(0, 9)
    span = Span(first, chosen.randint(first, 9), days)
    for colour in {names.colours[place] for place in names.colour_of} - {"KZT"}:
        inside = names.within(colour) & ~lineage.issuer
        flow = flow_of_colour(lineage, names, colour, level=9, top=None, span=span)
        nodes = {place: names.colours[names.colour_of[place]] for place in np.flatnonzero(inside).tolist()}
        expected = recount(
            journal, days, span.first, span.last,
            lambda payer, payee, inside=inside: inside[payer] or inside[payee],
        )  # fmt: skip
        # What stays within one node (two holders of one participant, one colour's accounts) is no link.
        assert set(told(flow)) <= set(expected)
        for number, amount in told(flow).items():
            assert amount == expected[number]
        for number in set(expected) - set(told(flow)):
            payer, payee = journal.rows[number][:2]
            assert inside[payer] and inside[payee] and names.participant_of[payer] == names.participant_of[payee], nodes
        lying = 0
        for place in np.flatnonzero(inside).tolist():
            rows = [row for number, row in enumerate(journal.rows) if days[number] <= span.last]
            balance = sum(row[2] * ((row[1] == place) - (row[0] == place)) for row in rows)
            lying += max(balance, 0)
        assert flow.totals["unspent"] + flow.totals["held"] == lying


@settings(max_examples=150, deadline=None)
@given(journal=journals(rows_max=30), seed=st.integers(0, 99))
def test_a_participant_is_told_with_all_its_accounts(kernel, journal, seed):
    chosen = random.Random(seed)
    lineage, names = journal.lineage(), Names.of(ADDRESSES[: journal.accounts])
    days = np.array([chosen.randint(0, 9) for _ in journal.rows], np.int64)
    spans = [None, Span(2, 6, days), Span(0, 9, days)]
    held = np.array([chosen.randint(0, 5) for _ in range(journal.accounts)])
    for who in ("M", "C", "Q", "T"):
        if who not in names.participants:
            continue
        mine = names.participant_of == names.participants.index(who)
        for span in spans:
            for direction in ("from", "to", "both"):
                for follow in ("coloured", "all"):
                    flow = flow_of_participant(
                        lineage, names, who, direction=direction, follow=follow, span=span, held=held, top=None
                    )
            if (mine & lineage.issuer).any():  # an issuer is where money comes from, no participant
                continue
            first, last = (span.first, span.last) if span else (0, 9)
            expected = recount(journal, days, first, last, lambda payer, payee, mine=mine: mine[payer] != mine[payee])
            found = told(flow, f"participant:{who}")
            assert {number: found.get(number) for number in expected} == expected
            if span is None and expected:
                assert set(found) == set(expected)
                balance = sum(row[2] * (int(mine[row[1]]) - int(mine[row[0]])) for row in journal.rows)
                lying = sum(
                    link.amount
                    for link in flow.links
                    if link.origin == f"participant:{who}" and link.target in ("unspent", "held")
                )
                assert balance == lying + flow.node(f"participant:{who}").kept - flow.node(f"participant:{who}").came


def test_one_account_and_its_participant_give_the_same_figures():
    text = """1 T@KZT A@kz     100
              2 A@kz  C@kz#1   60
              3 C@kz#1 P@KZT   20
              4 C@kz#1 A@kz    10"""
    one = page(text)
    alone = flow_of_account(one.lineage, one.names, one.account("C@kz#1"))
    whole = flow_of_participant(one.lineage, one.names, "C")
    assert [line.replace("account:C@kz#1", "participant:C") for line in read(alone)] == read(whole)
    assert whole.totals["received"] == 20
    assert whole.title(whole.node("participant:C"), "en") == "C"


def test_a_period_begins_with_what_lay_there_and_ends_with_what_is_left():
    one = page("""1 T@KZT A@kz 100
                  2 A@kz P@KZT 30
                  3 T@KZT A@kz 50
                  4 A@kz Q@KZT 90
                  5 A@kz P@KZT 10""")
    flow = flow_of_colour(one.lineage, one.names, "kz", span=Span(3, 4, np.array([1, 2, 3, 4, 5])))
    assert read(flow) == ["colour:kz -> payee:Q 90", "source:T -> colour:kz 50", "colour:kz -> unspent 30"]
    assert flow.node("colour:kz").came == 70
    assert flow.totals["came"] == 120
    assert flow.question["first"] == 3
    lying = next(link for link in flow.links if link.target == "unspent")
    assert (lying.entries, flow.entries(lying)) == (0, [])


def test_the_lots_behind_what_is_unspent_are_told():
    one = page(
        """1 T@KZT A@kz 100
                  2 A@kz P@KZT 30
                  3 T@KZT A@kz 50""",
        held={"A@kz": 20},
    )
    flow = flow_of_colour(one.lineage, one.names, "kz", held=one.held)
    lying = {link.target: flow.entries(link) for link in flow.links if link.target in ("unspent", "held")}
    assert lying == {"unspent": [(1, 50), (3, 50)], "held": [(1, 20)]}
    assert all(link.amount == sum(amount for _, amount in lying[link.target])
               for link in flow.links if link.target in lying)  # fmt: skip


def test_the_colour_of_a_link_is_what_its_money_has_in_common():
    one = page("""1 T@KZT A@kz 100
                  2 A@kz B@kz/1/2 40
                  3 A@kz B@kz/1/3 40
                  4 B@kz/1/2 C@kz/1/2#1 30
                  5 B@kz/1/3 C@kz/1/3#1 30
                  6 C@kz/1/2#1 P@KZT 5
                  7 P@KZT C@kz/1/2#1 1
                  8 P@KZT Q@KZT 2
                  9 A@kz T@KZT 3""")
    flow = flow_of_colour(one.lineage, one.names, "kz", level=2, follow="all")
    colours = {(link.origin, link.target): link.colour for link in flow.links}
    assert colours[("source:T", "colour:kz")] == "kz"
    assert colours[("colour:kz", "colour:kz/1")] == "kz/1"
    assert colours[("colour:kz/1", "holder:C#1")] == "kz/1"
    assert colours[("holder:C#1", "payee:P")] == "kz/1/2"
    assert colours[("payee:P", "payee:Q")] == ""
    assert colours[("colour:kz", "returned:T")] == "kz"
    assert colours[("holder:C#1", "unspent")] == "kz/1"


def test_a_colour_named_almost_alike_is_another_one():
    one = page("""1 T@KZT A@kz-1 9
                  2 T@KZT A@kz/1 9
                  3 T@KZT A@kz.0 9
                  4 A@kz-1 C@kz-1#1 1
                  5 A@kz/1 C@kz/1#1 1""")
    flow = flow_of_participant(one.lineage, one.names, "C", direction="from")
    assert {link.target: link.colour for link in flow.links}["participant:C"] in ("kz-1", "kz/1")
    whole = flow_of_participant(one.lineage, one.names, "A", direction="from")
    assert [link.colour for link in whole.links] == [""]


@pytest.mark.parametrize("seed", range(6))
def test_periods_in_longer_journals(seed):
    chosen = random.Random(seed)
    choices = [(chosen.randrange(99), chosen.randrange(99), chosen.randint(1, 50), 0) for _ in range(300)]
    journal = make_journal(choices, len(ADDRESSES), 1)
    lineage, names = journal.lineage(), Names.of(ADDRESSES)
    days = np.sort(np.array([chosen.randint(0, 99) for _ in journal.rows]))
    for first, last in ((0, 99), (10, 30), (50, 50), (99, 99)):
        span = Span(first, last, days)
        for who in names.participants:
            for direction in ("from", "to", "both"):
                flow_of_participant(lineage, names, who, direction=direction, follow="all", span=span)
        for follow in ("colour", "coloured", "all"):
            flow = flow_of_colour(lineage, names, "kz", follow=follow, span=span)
            assert flow.totals["came"] >= sum(node.came for node in flow.nodes if node.kind == "source")


def test_of_an_issuer_only_the_first_step_is_told():
    one = page("""1 T@KZT A@kz 100
                  2 A@kz P@KZT 30
                  3 A@kz T@KZT 10
                  4 P@KZT T@KZT 5""")
    assert sorted(read(flow_of_participant(one.lineage, one.names, "T"))) == [
        "colour:kz -> returned:T 10", "payee:P -> returned:T 5", "source:T -> colour:kz 100",
    ]  # fmt: skip
    there = flow_of_participant(one.lineage, one.names, "T", direction="to")
    assert read(there) == ["source:T -> colour:kz 100"]
    back = flow_of_participant(one.lineage, one.names, "T", direction="from", span=Span(4, 9, np.array([1, 2, 3, 4])))
    assert read(back) == ["payee:P -> returned:T 5"]


def test_wrong_questions():
    one = page("1 T@KZT A@kz 5")
    with pytest.raises(TraceError, match="no participant X"):
        flow_of_participant(one.lineage, one.names, "X")
    with pytest.raises(TraceError, match="has no such account"):
        flow_of_participant(one.lineage, one.names, "A", among=np.zeros(2, np.bool_))
    with pytest.raises(TraceError, match="ends before it begins"):
        Span(5, 4, np.zeros(1))
