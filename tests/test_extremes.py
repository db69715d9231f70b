"""At the edge of the integers: nothing wraps around."""

import pytest

from boyau.ledger import AMOUNT_MAX, COMPILED_KERNELS, amounts
from tests.page import Page


@pytest.mark.parametrize("pure", COMPILED_KERNELS)
def test_a_plan_counter_never_wraps_around(pure):
    """Received money was never planned; letting it lapse lowers the counter below zero, but not without end."""
    page = Page(pure=pure)
    most = amounts.write(AMOUNT_MAX)
    for k in range(3):
        page.record(
            {"type": "participant", "participant": f"p{k}"},
            {"type": "account", "account": f"p{k}@kz", "flags": ["issuer"]},
            {"type": "participant", "participant": f"b{k}"},
            {"type": "account", "account": f"b{k}@kz"},
        )
    results = ["posted", "sum_overflow", "sum_overflow"]
    for k in range(3):
        page.check(f"""
            R{k} receive p{k}@kz -> b{k}@kz {most} : posted
            L{k} lapse   b{k}@kz -> p{k}@kz {most} : {results[k]}
        """)
    assert page.book.ledger.counters("kz")[0] == -AMOUNT_MAX


@pytest.mark.parametrize("pure", COMPILED_KERNELS)
def test_the_largest_amount_goes_in_once(pure):
    page = Page(pure=pure)
    most = amounts.write(AMOUNT_MAX)
    page.check(f"""
        I1 issue issuer@kz -> budget@kz/road {most} : posted
        I2 issue issuer@kz -> budget@kz/rail 0.01   : plan_exceeded
        P1 pay   budget@kz/road -> asphalt@KZT {most} : posted
        P2 pay   asphalt@KZT -> casino@KZT {most} : posted
        P3 pay   casino@KZT -> asphalt@KZT {most} : sum_overflow
    """)
