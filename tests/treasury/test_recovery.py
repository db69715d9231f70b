"""Clawback by lot finds the very money of a payment; a correction reverses and posts, together."""

import pytest
from tests.page import Page

from boyau.journal.operations import Operations
from boyau.ledger.approvals import command_digest
from boyau.treasury import recovery


@pytest.fixture
def page():
    page = Page()
    page.record(
        {"type": "participant", "participant": "boss", "classes": ["prosecutor"]},
        {"type": "participant", "participant": "clerk", "classes": ["prosecutor"]},
        {
            "type": "colour",
            "colour": "kz/road",
            "rules": {
                "payees": {"classes": ["contractor", "supplier"]},
                "hops": 2,
                "powers": {"clawback": {"quorum": 1, "classes": ["prosecutor"]}},
            },
        },
        {"type": "participant", "participant": "sub", "classes": ["contractor"]},
        {"type": "account", "account": "sub@kz/road#2"},
    )
    page.check("""
        I1 issue issuer@kz -> budget@kz                  1000.00 : posted
        A1 allocate budget@kz -> budget@kz/road          1000.00 : posted
        P1 pay budget@kz/road -> builder@kz/road#1        300.00 : posted
        P2 pay budget@kz/road -> builder@kz/road#1        200.00 : posted
        S1 pay builder@kz/road#1 -> sub@kz/road#2         350.00 : posted
        E1 pay sub@kz/road#2 -> asphalt@KZT               100.00 : posted
    """)
    return page


def post(page, operations):
    from boyau.ledger.codes import day_of

    page.at += 1000
    rows = Operations(page.book.ledger).rows(operations, day_of(page.at))
    return rows, page.book.post(rows)["result"].tolist()


def test_clawback_takes_the_lots_of_one_payment_wherever_they_lie(page):
    """P1's 300 went whole to the sub, of which 100 ended; P2's 200: 50 at the sub, 150 still at the builder."""
    lots = recovery.lots_of(page.book, "P1")
    names = list(page.book.ledger.accounts)
    assert {names[n]: a for n, a in lots.here.items()} == {"sub@kz/road#2": 20000}
    assert {names[n]: a for n, a in lots.gone.items()} == {"asphalt@KZT": 10000}
    operations = recovery.clawback(page.book, "P2", prefix="C")
    assert [(o["from"], o["amount"]) for o in operations] == [
        ("builder@kz/road#1", "150.00"),
        ("sub@kz/road#2", "50.00"),
    ]
    page.record({"type": "account", "account": "sub@kz/road#2", "flags": ["frozen"]})
    rows, results = post(page, operations)
    assert results == [55, 55], "approval_missing: nobody takes money back alone"
    for row in rows:
        digest = command_digest(row.tobytes()[:112])
        page.record({"type": "proposal", "command": digest, "by": "clerk"})
        assert page.refused({"type": "approval", "command": digest, "by": "clerk"}).code == "checker_is_maker"
        page.record({"type": "approval", "command": digest, "by": "boss"})
    page.at += 1000
    assert page.book.post(rows)["result"].tolist() == [0, 0]
    page.check("""
        balance builder@kz/road#1    0.00
        balance sub@kz/road#2      200.00
        balance budget@kz/road     700.00
        used kz/road 1000.00 300.00 300.00
    """)


def test_a_correction_reverses_and_posts_together_or_not_at_all(page):
    right = {"op": "pay", "id": "P2b", "from": "budget@kz/road", "to": "builder@kz/road#1", "amount": "20.00"}
    _, results = post(page, recovery.correct(page.book, "E1", right | {"amount": "20000.00"}, id="X1"))
    assert results == [5, 59], "the right one is refused, so the wrong one stands"
    page.check("""
        balance asphalt@KZT 100.00
    """)
    _, results = post(
        page,
        recovery.correct(
            page.book,
            "E1",
            {**right, "id": "E2", "from": "sub@kz/road#2", "to": "asphalt@KZT", "amount": "90.00"},
            id="X2",
        ),
    )
    assert results == [0, 0]
    page.check("""
        balance sub@kz/road#2 260.00
        balance asphalt@KZT    90.00
    """)
