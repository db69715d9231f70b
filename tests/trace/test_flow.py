"""Answers, as pages of a ledger."""

import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trace_pages import ByHand, check, journals, make_journal, page

from boyau.trace import Names, TraceError, flow_of_account, flow_of_colour, flow_of_entry

BUDGET = """
    1 T@KZT        MoF@kz/24      1000
    2 MoF@kz/24    MoT@kz/24/1    600
    3 MoF@kz/24    Edu@kz/24/2    200
    4 MoT@kz/24/1  Road@kz/24/1#1 300
    5 Road@kz/24/1#1 Sub@kz/24/1#2 100
    6 Sub@kz/24/1#2  Quarry@KZT   60
    7 Road@kz/24/1#1 Staff@KZT    50
    8 Road@kz/24/1#1 MoT@kz/24/1  40 returns 4
    9 Edu@kz/24/2  MoF@kz/24      30
    10 MoT@kz/24/1 T@KZT          100
    11 Staff@KZT   Road@kz/24/1#1 10 returns 7
    12 Quarry@KZT  Diesel@KZT     20
"""


@pytest.fixture
def budget():
    return page(BUDGET, held={"MoT@kz/24/1": 50})


def test_where_a_colour_went(budget):
    flow = flow_of_colour(budget.lineage, budget.names, "kz/24", held=budget.held)
    check(
        flow,
        """
        source:T -> colour:kz/24 1000
        colour:kz/24 -> colour:kz/24/1 600
        colour:kz/24 -> colour:kz/24/2 170 (back 30)
        colour:kz/24/1 -> holder:Road#1 260 (back 40)
        holder:Road#1 -> holder:Sub#2 100
        holder:Road#1 -> payee:Staff 40 (back 10)
        holder:Sub#2 -> payee:Quarry 60
        colour:kz/24/1 -> returned:T 100
        colour:kz/24 -> unspent 230
        colour:kz/24/1 -> unspent 190
        colour:kz/24/1 -> held 50
        colour:kz/24/2 -> unspent 170
        holder:Road#1 -> unspent 120
        holder:Sub#2 -> unspent 40""",
    )
    assert flow.totals == {
        "came": 1000, "received": 100, "unspent": 750, "held": 50, "returned": 100, "elsewhere": 0, "given_back": 80,
    }  # fmt: skip


def test_a_level_is_a_depth_of_the_path(budget):
    flow = flow_of_colour(budget.lineage, budget.names, "kz/24", level=2)
    check(
        flow,
        """
        source:T -> colour:kz/24 1000
        colour:kz/24 -> holder:Road#1 260 (back 40)
        holder:Road#1 -> holder:Sub#2 100
        holder:Road#1 -> payee:Staff 40 (back 10)
        holder:Sub#2 -> payee:Quarry 60
        colour:kz/24 -> returned:T 100
        colour:kz/24 -> unspent 640
        holder:Road#1 -> unspent 120
        holder:Sub#2 -> unspent 40""",
    )


def test_a_lower_colour_comes_from_the_one_above(budget):
    flow = flow_of_colour(budget.lineage, budget.names, "kz/24/2")
    check(
        flow,
        """
        colour:kz/24 -> colour:kz/24/2 170 (back 30)
        colour:kz/24/2 -> unspent 170""",
    )
    assert flow.node("colour:kz/24/2").focus
    assert flow.totals["came"] == 170


def test_money_that_left_the_colour_can_be_followed():
    """Two years: what was carried over is followed into the next year's payments, first in first out."""
    one = page("""1 T@KZT  M@kz/24  100
                  2 M@kz/24 P@KZT   60
                  3 T@KZT  M@kz/25  50
                  4 M@kz/24 M@kz/25 40
                  5 M@kz/25 Q@KZT   70
                  6 Q@KZT   R@KZT   55""")
    check(
        flow_of_colour(one.lineage, one.names, "kz/24"),
        """
        source:T -> colour:kz/24 100
        colour:kz/24 -> payee:P 60
        colour:kz/24 -> colour:kz/25 40""",
    )
    check(
        flow_of_colour(one.lineage, one.names, "kz/24", follow="coloured"),
        """
        source:T -> colour:kz/24 100
        colour:kz/24 -> payee:P 60
        colour:kz/24 -> colour:kz/25 40
        colour:kz/25 -> payee:Q 20
        colour:kz/25 -> unspent 20""",
    )
    check(
        flow_of_colour(one.lineage, one.names, "kz/24", follow="all"),
        """
        source:T -> colour:kz/24 100
        colour:kz/24 -> payee:P 60
        colour:kz/24 -> colour:kz/25 40
        colour:kz/25 -> payee:Q 20
        payee:Q -> payee:R 5
        colour:kz/25 -> unspent 20""",
    )


def test_money_that_left_the_colour_and_came_back_is_told_once():
    one = page("""1 T@KZT    M@kz/24   100
                  2 M@kz/24  A@kz/24/1 100
                  3 A@kz/24/1 M@kz/24  30
                  4 M@kz/24  B@kz/24/2 10
                  5 M@kz/24  A@kz/24/1 20""")
    check(
        flow_of_colour(one.lineage, one.names, "kz/24/1", follow="coloured"),
        """
        colour:kz/24 -> colour:kz/24/1 90 (back 30)
        colour:kz/24 -> colour:kz/24/2 10
        colour:kz/24/1 -> unspent 90
        colour:kz/24/2 -> unspent 10""",
    )


def test_an_account_through_whom_and_whereto(budget):
    road = budget.account("Road@kz/24/1#1")
    flow = flow_of_account(budget.lineage, budget.names, road)
    check(
        flow,
        """
        source:T -> colour:kz/24 300
        colour:kz/24 -> colour:kz/24/1 300
        colour:kz/24/1 -> account:Road@kz/24/1#1 260 (back 40)
        account:Road@kz/24/1#1 -> holder:Sub#2 100
        account:Road@kz/24/1#1 -> payee:Staff 40 (back 10)
        holder:Sub#2 -> payee:Quarry 60
        account:Road@kz/24/1#1 -> unspent 120
        colour:kz/24/1 -> unspent 40
        holder:Sub#2 -> unspent 40""",
    )
    assert flow.totals["came"] == 300


def test_an_account_one_way(budget):
    road = budget.account("Road@kz/24/1#1")
    check(
        flow_of_account(budget.lineage, budget.names, road, direction="to"),
        """
        account:Road@kz/24/1#1 -> holder:Sub#2 100
        account:Road@kz/24/1#1 -> payee:Staff 40 (back 10)
        account:Road@kz/24/1#1 -> colour:kz/24/1 40
        holder:Sub#2 -> payee:Quarry 60
        account:Road@kz/24/1#1 -> unspent 120
        colour:kz/24/1 -> unspent 40
        holder:Sub#2 -> unspent 40""",
    )
    check(
        flow_of_account(budget.lineage, budget.names, budget.account("Quarry@KZT"), direction="from"),
        """
        source:T -> colour:kz/24 60
        colour:kz/24 -> colour:kz/24/1 60
        colour:kz/24/1 -> holder:Road#1 60
        holder:Road#1 -> holder:Sub#2 60
        holder:Sub#2 -> account:Quarry@KZT 60""",
    )


def test_a_payee_of_plain_money_pays_on(budget):
    quarry = budget.account("Quarry@KZT")
    flow = flow_of_account(budget.lineage, budget.names, quarry, direction="to")
    check(flow, "account:Quarry@KZT -> payee:Diesel 20")
    both = flow_of_account(budget.lineage, budget.names, quarry)
    assert (both.node("account:Quarry@KZT").kept, both.node("payee:Diesel").kept) == (40, 20)


def test_money_that_went_in_a_circle_is_not_counted_twice():
    one = page("""1 T@KZT A@kz 100
                  2 A@kz  B@kz/1 100
                  3 B@kz/1 A@kz 100
                  4 A@kz  P@KZT 100""")
    check(
        flow_of_account(one.lineage, one.names, one.account("A@kz")),
        """
        source:T -> account:A@kz 100
        account:A@kz -> colour:kz/1 0 (back 100)
        account:A@kz -> payee:P 100""",
    )


def test_a_transfer_to_its_source_and_to_its_payees(budget):
    flow = flow_of_entry(budget.lineage, budget.names, 5)
    check(
        flow,
        """
        source:T -> colour:kz/24 100
        colour:kz/24 -> colour:kz/24/1 100
        colour:kz/24/1 -> account:Road@kz/24/1#1 100
        account:Road@kz/24/1#1 -> account:Sub@kz/24/1#2 100
        account:Sub@kz/24/1#2 -> payee:Quarry 60
        account:Sub@kz/24/1#2 -> unspent 40""",
    )
    check(
        flow_of_entry(budget.lineage, budget.names, 5, direction="to"),
        """
        account:Road@kz/24/1#1 -> account:Sub@kz/24/1#2 100
        account:Sub@kz/24/1#2 -> payee:Quarry 60
        account:Sub@kz/24/1#2 -> unspent 40""",
    )
    check(
        flow_of_entry(budget.lineage, budget.names, 6, direction="to", follow="all"),
        """
        account:Sub@kz/24/1#2 -> account:Quarry@KZT 60
        account:Quarry@KZT -> payee:Diesel 20""",
    )


def test_the_oldest_money_is_held_first():
    one = page(
        """1 T@KZT M@kz 50
                  2 T@KZT M@kz 50
                  3 M@kz  P@KZT 20""",
        held={"M@kz": 45},
    )
    check(
        flow_of_entry(one.lineage, one.names, 1, held=one.held),
        """
        account:T@KZT -> account:M@kz 50
        account:M@kz -> payee:P 20
        account:M@kz -> held 30""".replace("account:T@KZT", "source:T"),
    )
    check(
        flow_of_entry(one.lineage, one.names, 2, held=one.held),
        """
        source:T -> account:M@kz 50
        account:M@kz -> held 15
        account:M@kz -> unspent 35""",
    )


def test_every_figure_leads_to_its_entries(budget):
    flow = flow_of_colour(budget.lineage, budget.names, "kz/24")
    by_ends = {(link.origin, link.target): link for link in flow.links}
    link = by_ends["colour:kz/24/1", "holder:Road#1"]
    assert flow.entries(link) == [(4, 300), (8, -40)]
    assert link.entries == 2
    for link in flow.links:
        if link.target not in ("unspent", "held"):
            assert sum(amount for _, amount in flow.entries(link)) == link.amount


def test_small_ones_become_other():
    rows = ["1 T@KZT M@kz 1000"] + [f"{2 + place} M@kz P{place}@KZT {place + 1}" for place in range(10)]
    one = page("\n".join(rows))
    flow = flow_of_colour(one.lineage, one.names, "kz", top=3)
    check(
        flow,
        """
        source:T -> colour:kz 1000
        colour:kz -> payee:P9 10
        colour:kz -> payee:P8 9
        colour:kz -> payee:P7 8
        colour:kz -> other:payee:0 28
        colour:kz -> unspent 945""",
    )
    other = flow.node("other:payee:0")
    assert (other.merged, flow.title(other, "en"), flow.title(other, "ru")) == (7, "other (7)", "прочие (7)")
    assert sum(amount for _, amount in flow.entries(flow.links[2])) == flow.links[2].amount
    assert len(flow_of_colour(one.lineage, one.names, "kz", top=None).nodes) == 13


def test_more_nodes_than_a_matrix_holds(monkeypatch):
    monkeypatch.setattr("boyau.trace.story.DENSE", 0)
    test_small_ones_become_other()


def test_titles_by_language():
    titles = {"M": {"ru": "Министерство"}, "kz": {"ru": "Бюджет", "kk": "Бюджет"}, "T": {"en": "Treasury"}}
    one = page("1 T@KZT M@kz 5\n2 M@kz T@KZT 1\n3 M@kz P@KZT 1", titles=titles)
    flow = flow_of_colour(one.lineage, one.names, "kz")
    assert flow.title(flow.node("colour:kz"), "kk") == "Бюджет"
    assert flow.title(flow.node("colour:kz"), "en") == "kz"
    assert flow.title(flow.node("returned:T"), "en") == "Returned to Treasury"
    assert flow.title(flow.node("payee:P"), "ru") == "P"
    with pytest.raises(TraceError, match="no language"):
        flow.title(flow.node("unspent"), "de")


def test_json_and_table(budget):
    flow = flow_of_colour(budget.lineage, budget.names, "kz/24/2")
    assert flow.rows() == [
        {
            "from": "colour:kz/24",
            "to": "colour:kz/24/2",
            "amount": 170,
            "returned": 30,
            "entries": 2,
            "colour": "kz/24/2",
        },
        {"from": "colour:kz/24/2", "to": "unspent", "amount": 170, "returned": 0, "entries": 1, "colour": "kz/24/2"},
    ]
    assert flow.rows("en")[1]["to_title"] == "Unspent"
    again = json.loads(json.dumps(flow.as_dict("en")))
    assert again["question"]["colour"] == "kz/24/2"
    assert again["totals"]["unspent"] == 170


def test_amounts_beyond_64_bits():
    """Each account stays within the ledger's limit; a colour's sum does not."""
    most = (1 << 62) - 1
    one = page("\n".join(f"{place} T@KZT M{place}@kz {most}" for place in range(1, 6)))
    flow = flow_of_colour(one.lineage, one.names, "kz")
    assert flow.totals["came"] == flow.totals["unspent"] == 5 * most


def test_questions_about_nothing(budget):
    with pytest.raises(TraceError, match="no account has the colour kz/25"):
        flow_of_colour(budget.lineage, budget.names, "kz/25")
    with pytest.raises(TraceError, match="no account 99"):
        flow_of_account(budget.lineage, budget.names, 99)
    with pytest.raises(TraceError, match="entry 99"):
        flow_of_entry(budget.lineage, budget.names, 99)
    with pytest.raises(TraceError, match="no direction up"):
        flow_of_entry(budget.lineage, budget.names, 1, direction="up")
    with pytest.raises(TraceError, match="no account X@kz"):
        budget.account("X@kz")
    silent = page("1 T@KZT A@kz 1\n2 A@kz B@kz/1 1")
    assert flow_of_account(silent.lineage, silent.names, silent.account("T@KZT"), direction="from").links == ()


ADDRESSES = ("T@KZT", "M@kz", "A@kz/1", "C@kz/1#1", "P@KZT", "Q@KZT", "Z@other", "D@kz/1/2")


@settings(max_examples=150, deadline=None)
@given(journal=journals(rows_max=30), order=st.permutations(ADDRESSES[1:]), seed=st.integers(0, 99))
def test_no_answer_loses_money(kernel, journal, order, seed):
    """Whatever is asked of whatever journal: `Flow` itself refuses an answer that does not balance."""
    if not journal.rows:
        return
    chosen = random.Random(seed)
    lineage, by_hand = journal.lineage(), ByHand(journal)
    names = Names.of((["T@KZT"] + list(order))[: journal.accounts])
    held = np.array([chosen.randint(0, 5) for _ in range(journal.accounts)])
    for follow in ("colour", "coloured", "all"):
        for colour in {names.colours[place] for place in names.colour_of} - {"KZT"}:
            flow_of_colour(lineage, names, colour, held=held, follow=follow, top=chosen.choice([None, 1, 2]))
        for direction in ("from", "to", "both"):
            for account in range(journal.accounts):
                flow_of_account(lineage, names, account, direction=direction, held=held, follow=follow)
            for place in range(len(lineage)):
                flow = flow_of_entry(lineage, names, place, direction=direction, held=held, follow=follow)
                if direction != "to":
                    continue
                stop = lineage.issuer if follow == "all" else lineage.issuer | names.plain_accounts()
                seeds = {(place, offset) for offset in range(journal.rows[place][2])}
                reached = by_hand.follow(seeds, stop.tolist(), ahead=True)
                plain, credit = names.plain_accounts(), lineage.credit
                coloured = [one for one in reached if not plain[credit[one[0]]] and not lineage.issuer[credit[one[0]]]]
                totals = flow.totals
                assert totals["unspent"] + totals["held"] == len(by_hand.rest & set(coloured))


@pytest.mark.parametrize("seed", range(8))
def test_no_answer_loses_money_in_longer_journals(seed):
    chosen = random.Random(seed)
    choices = [(chosen.randrange(99), chosen.randrange(99), chosen.randint(1, 50), 0) for _ in range(300)]
    journal = make_journal(choices, len(ADDRESSES), 1)
    lineage, names = journal.lineage(), Names.of(ADDRESSES)
    for account in range(len(ADDRESSES)):
        for direction in ("from", "to", "both"):
            for follow in ("coloured", "all"):
                flow = flow_of_account(lineage, names, account, direction=direction, follow=follow)
        if account and direction == "both" and follow == "all":
            balance = sum(row[2] * ((row[1] == account) - (row[0] == account)) for row in journal.rows)
            unspent = sum(
                link.amount
                for link in flow.links
                if link.origin == f"account:{ADDRESSES[account]}" and link.target == "unspent"
            )
            assert balance == unspent + flow.node(f"account:{ADDRESSES[account]}").kept
