"""The stages of budget money as operations, posted to a ledger: from the issue to the close of the year."""

import pytest

from boyau.journal.operations import Operations
from boyau.ledger import Result, amounts
from boyau.ledger.codes import day_of
from boyau.treasury.stages import Budget, close_year, common_ancestor, step_id
from tests.page import Page

BUDGET, NEXT = Budget("kz"), Budget("kz27")
TO = "asphalt@KZT"


@pytest.fixture
def page():
    page = Page()
    page.record(
        {"type": "colour", "colour": "kz/road/bridge"},
        {"type": "colour", "colour": "kz27", "unit": "KZT", "rules": {"carry_from": ["kz"]}},
        {"type": "account", "account": "budget@kz/road/bridge"},
        {"type": "account", "account": "budget@kz27"},
        {"type": "account", "account": "issuer@kz27", "flags": ["issuer"]},
    )
    return page


def post(page, *operations):
    page.at += 1000
    rows = Operations(page.book.ledger).rows(list(operations), day_of(page.at))
    return [Result(int(one)).name.lower() for one in page.book.post(rows)["result"]]


def balance(page, account):
    debits, credits, _ = page.book.ledger.balance(account)
    return amounts.write(credits - debits)


def test_a_budget_from_issue_to_return(page):
    assert post(
        page,
        BUDGET.issue("1000.00", id="I1"),
        BUDGET.issue("50.00", id="I2", colour="kz/rail"),
        BUDGET.allocate("kz", "kz/road", "700.00", id="A1"),
        BUDGET.allocate("kz/road", "kz/road/bridge", "100.00", id="A2", date="2026-11-20"),
        BUDGET.commit("kz/road", TO, "300.00", id="H1", item="CPV:45"),
        BUDGET.pay("H1", "120.00", id="P1"),
        BUDGET.pay("H1", "80.00", id="P2", document="ab" * 32),
        BUDGET.pay("H1", "100.01", id="P3"),
        BUDGET.give_back("P1", BUDGET.account("kz/road"), TO, "20.00", id="B1"),
    ) == ["posted"] * 7 + ["hold_exceeded", "posted"]
    page.check("""
        balance asphalt@KZT            180.00
        balance budget@kz              300.00
        balance budget@kz/rail          50.00
        balance budget@kz/road         420.00
        balance budget@kz/road/bridge  100.00
        held H1                        100.00
        available budget@kz/road       320.00
        used kz/road 700.00 280.00 180.00
        used kz     1050.00 280.00 180.00
    """)


def test_reallocation_goes_over_the_colour_above_both_or_does_not_happen(page):
    post(page, BUDGET.issue("100.00", id="I1", colour="kz/road/bridge"))
    assert post(page, *BUDGET.reallocate("kz/road/bridge", "kz/rail", "60.00", id="R1")) == ["posted", "posted"]
    assert (balance(page, "budget@kz/road/bridge"), balance(page, "budget@kz/rail")) == ("40.00", "60.00")
    assert post(page, *BUDGET.reallocate("kz/road/bridge", "kz/rail", "41.00", id="R2")) == [
        "funds_insufficient", "chain_broken"
    ]  # fmt: skip
    page.record({"type": "limits", "colour": "kz/rail", "plan": "70.00"})
    assert post(page, *BUDGET.reallocate("kz/road/bridge", "kz/rail", "20.00", id="R3")) == [
        "chain_broken",
        "plan_exceeded",
    ]
    assert balance(page, "budget@kz") == "0.00"
    for source, target in (("kz", "kz/road"), ("kz/road/bridge", "kz/road"), ("kz/road", "kz27"), ("kz", "kz")):
        with pytest.raises(ValueError, match="no colour above both"):
            BUDGET.reallocate(source, target, "1.00", id="R4")


def test_the_root_lapses_or_is_carried_over(page):
    post(page, BUDGET.issue("100.00", id="I1"))
    assert post(page, BUDGET.carry_over(NEXT, "30.00", id="C1"), BUDGET.lapse("70.00", id="L1")) == ["posted", "posted"]
    assert post(page, NEXT.carry_over(BUDGET, "30.00", id="C2")) == ["colour_forbidden"]
    page.check("""
        balance budget@kz     0.00
        balance budget@kz27  30.00
        balance issuer@kz   -30.00
        used kz    0.00 0.00 0.00
        used kz27 30.00 0.00 0.00
    """)


def year(page):
    post(
        page,
        BUDGET.issue("1000.00", id="I1"),
        BUDGET.allocate("kz", "kz/road", "700.00", id="A1"),
        BUDGET.allocate("kz/road", "kz/road/bridge", "100.00", id="A2"),
        BUDGET.commit("kz/road", TO, "300.00", id="H1"),
        BUDGET.pay("H1", "120.00", id="P1"),
        BUDGET.commit("kz/road/bridge", TO, "50.00", id="H2"),
        BUDGET.commit("kz/road", TO, "10.00", id="H3"),
        BUDGET.pay("H3", "10.00", id="P3"),
        {"op": "pay", "id": "P4", "from": "budget@kz/road", "to": "builder@kz/road#1", "amount": "100.00"},
        {"op": "commit", "id": "H4", "from": "builder@kz/road#1", "to": TO, "amount": "40.00"},
    )


def test_the_year_is_closed_what_was_committed_is_carried_over_the_rest_lapses(page):
    year(page)
    before = page.book.ledger.state_hash()
    operations = close_year(page.book, BUDGET, prefix="Y26-", carry_to=NEXT)
    assert operations == close_year(page.book, BUDGET, prefix="Y26-", carry_to=NEXT)
    assert page.book.ledger.state_hash() == before
    assert [one["op"] for one in operations] == ["void", "void", "withdraw", "withdraw", "carry", "lapse"]
    assert post(page, *operations) == ["posted"] * 6
    page.check("""
        balance budget@kz              0.00
        balance budget@kz/road         0.00
        balance budget@kz/road/bridge  0.00
        balance budget@kz27          230.00
        balance issuer@kz           -460.00
        balance builder@kz/road#1    100.00
        held H1 0.00
        held H2 0.00
        held H4 40.00
        used kz27 230.00 0.00 0.00
    """)
    assert close_year(page.book, BUDGET, prefix="Z", carry_to=NEXT) == []
    assert post(page, *operations) == ["exists"] * 6


def test_without_a_next_year_all_of_it_lapses(page):
    year(page)
    operations = close_year(page.book, BUDGET, prefix="Y", document="cd" * 32)
    assert [one["op"] for one in operations] == ["void", "void", "withdraw", "withdraw", "lapse"]
    assert all(one["document"] == "cd" * 32 for one in operations)
    assert set(post(page, *operations)) == {"posted"}
    assert balance(page, "issuer@kz") == "-230.00"


def test_closing_a_year_leaves_other_holders_alone(page):
    year(page)
    page.record(
        {"type": "participant", "participant": "school", "classes": ["administrator"]},
        {"type": "account", "account": "school@kz/road"},
    )
    assert post(
        page,
        {"op": "issue", "id": "I9", "from": "issuer@kz", "to": "school@kz/road", "amount": "80.00"},
        {"op": "commit", "id": "H9", "from": "school@kz/road", "to": TO, "amount": "60.00"},
    ) == ["posted", "posted"]
    assert set(post(page, *close_year(page.book, BUDGET, prefix="Y", carry_to=NEXT))) == {"posted"}
    page.check("""
        held H9 60.00
        balance school@kz/road 80.00
        balance budget@kz27 230.00
    """)


def test_a_tree_without_money_has_nothing_to_close(page):
    assert close_year(page.book, BUDGET, prefix="Y", carry_to=NEXT) == []


def test_names():
    assert common_ancestor("kz/road/bridge", "kz/rail") == "kz"
    assert common_ancestor("kz/road", "kz/roadside") == "kz"
    assert common_ancestor("kz", "eu") == ""
    assert step_id("x" * 14, 2) == "x" * 14 + ".2"
    with pytest.raises(ValueError, match="too long"):
        step_id("x" * 15, 2)
