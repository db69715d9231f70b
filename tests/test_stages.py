"""What moves money, and what does not: the kinds of entry, one page each, on the compiled and the uncompiled kernel."""

import pytest

from boyau.ledger import COMPILED_KERNELS, Result
from boyau.ledger.rows import FIELDS
from tests.page import WORLD, Page


@pytest.fixture(params=COMPILED_KERNELS, ids=lambda pure: "uncompiled" if pure else "compiled")
def page(request):
    return Page(pure=request.param)


def test_money_goes_down_the_tree_and_out(page):
    page.check("""
        I1 issue     issuer@kz -> budget@kz            1000.00 : posted
        A1 allocate  budget@kz -> budget@kz/road        700.00 : posted
        P1 pay       budget@kz/road -> asphalt@KZT      100.00 : posted
        P2 pay       budget@kz/road -> builder@kz/road#1 200.00 : posted
        P3 pay       builder@kz/road#1 -> asphalt@KZT   150.00 : posted

        balance asphalt@KZT        250.00
        balance builder@kz/road#1   50.00
        balance budget@kz/road     400.00
        used kz/road   700.00 300.00 300.00
        used kz       1000.00 300.00 300.00
    """)


def test_a_colour_ends_only_where_it_may(page):
    page.check("""
        I1 issue  issuer@kz -> budget@kz/road   1000.00 : posted
        P1 pay    budget@kz/road -> casino@KZT   100.00 : payee_class
        P2 pay    budget@kz/road -> asphalt@KZT  100.00 : posted
        P3 pay    asphalt@KZT -> budget@kz/road   50.00 : colour_forbidden
        P4 pay    asphalt@KZT -> casino@KZT       50.00 : posted
    """)


def test_a_hold_counts_against_the_available_balance_at_once_and_is_paid_in_parts(page):
    page.check("""
        I1 issue   issuer@kz -> budget@kz/road    100.00 : posted
        H1 commit  budget@kz/road -> asphalt@KZT   90.00 : posted
        P0 pay     budget@kz/road -> asphalt@KZT   20.00 : funds_insufficient
        P1 pay     on H1                           50.00 : posted
        P2 pay     on H1                           50.00 : hold_exceeded
        P3 pay     on H1                           30.00 : posted
        R1 release on H1                            4.00 : posted

        held H1 6.00
        available budget@kz/road 14.00
        used kz/road 100.00 86.00 80.00

        V1 void    on H1                                 : posted
        P4 pay     on H1                            1.00 : hold_voided
        V2 void    on H1                                 : hold_voided

        available budget@kz/road 20.00
        used kz/road 100.00 80.00 80.00
    """)


def test_a_posted_part_cannot_be_posted_again_and_a_void_is_not_a_post_of_zero(page):
    page.check("""
        I1 issue   issuer@kz -> budget@kz/road    100.00 : posted
        H1 commit  budget@kz/road -> asphalt@KZT   90.00 : posted
        P1 pay     on H1                           90.00 : posted

        P1 pay     on H1                           90.00 : exists
        P2 pay     on H1                            0.00 : amount_missing
        V1 void    on H1                                 : hold_exceeded
    """)


def test_a_refused_hold_cannot_be_posted(page):
    page.check("""
        H1 commit  budget@kz/road -> asphalt@KZT   90.00 : funds_insufficient
        P1 pay     on H1                           90.00 : hold_unknown
    """)


def test_a_hold_expires_by_journal_time_before_the_batch_that_finds_it_expired(page):
    page.check("""
        I1 issue   issuer@kz -> budget@kz/road    100.00 : posted
        H1 commit  budget@kz/road -> asphalt@KZT   90.00 expires=2026-11-25T00:00:00Z : posted
        H2 commit  budget@kz/road -> asphalt@KZT   90.00 expires=2026-11-23T00:00:00Z : expiry_past
    """)
    page.wait(days=1)
    page.check("""
        P1 pay     on H1                           10.00 : hold_expired
        P2 pay     budget@kz/road -> asphalt@KZT  100.00 : posted
        balance budget@kz/road 0.00
        used kz/road 100.00 100.00 100.00
    """)


def test_a_return_gives_back_colour_and_limits_and_never_more_than_was_paid(page):
    page.record({"type": "limits", "colour": "kz/road", "payments": "100.00"})
    page.check("""
        I1 issue   issuer@kz -> budget@kz/road    500.00 : posted
        P1 pay     budget@kz/road -> asphalt@KZT  100.00 : posted
        P2 pay     budget@kz/road -> asphalt@KZT    1.00 : payments_exceeded
        B1 return  asphalt@KZT -> budget@kz/road   60.00 original=P1 : posted
        B2 return  asphalt@KZT -> budget@kz/road   60.00 original=P1 : original_exceeded
        B3 return  budget@kz/road -> asphalt@KZT   10.00 original=P1 : original_differs
        B4 return  asphalt@KZT -> budget@kz/road   10.00 original=P9 : original_unknown
        P3 pay     budget@kz/road -> asphalt@KZT   60.00 : posted
        used kz/road 500.00 100.00 100.00
    """)


def test_linked_operations_take_effect_together_or_not_at_all(page):
    page.check("""
        I1 issue            issuer@kz -> budget@kz/road    100.00 : posted

        W1 linked withdraw  budget@kz/road -> budget@kz     60.00 : chain_broken
        A1 linked allocate  budget@kz -> budget@kz/rail     60.00 : chain_broken
        P1 pay              budget@kz/rail -> casino@KZT     1.00 : end_forbidden
        P2 pay              budget@kz/road -> asphalt@KZT  100.00 : posted

        B1 return           asphalt@KZT -> budget@kz/road  100.00 original=P2 : posted
        W1 linked withdraw  budget@kz/road -> budget@kz     60.00 : posted
        A1 allocate         budget@kz -> budget@kz/rail     60.00 : posted
        Z1 linked allocate  budget@kz -> budget@kz/rail      1.00 : chain_open
        balance budget@kz/rail 60.00
    """)


def test_the_same_id_answers_as_before_and_says_which_field_differs(page):
    page.check("""
        I1 issue  issuer@kz -> budget@kz/road   100.00 : posted
        P1 pay    budget@kz/road -> asphalt@KZT  10.00 : posted
        P1 pay    budget@kz/road -> asphalt@KZT  10.00 : exists
        P1 pay    budget@kz/road -> asphalt@KZT  11.00 : id_conflict
        balance asphalt@KZT 10.00
    """)
    rows = page.book.ledger.dry_run(
        _rows(page, {"op": "pay", "id": "P1", "from": "budget@kz/road", "to": "casino@KZT", "amount": "10.00"}),
        page.at + 9,
    )
    assert Result(int(rows[0]["result"])) is Result.ID_CONFLICT
    assert FIELDS[int(rows[0]["detail"])] == "credit"


def _rows(page, *operations):
    from boyau.journal.operations import Operations
    from boyau.ledger.codes import day_of

    return Operations(page.book.ledger).rows(list(operations), day_of(page.at))


def test_a_reversal_undoes_what_the_entry_did_to_limits(page):
    page.check("""
        I1 issue     issuer@kz -> budget@kz             100.00 : posted
        A1 allocate  budget@kz -> budget@kz/road         70.00 : posted
        R1 reverse   budget@kz/road -> budget@kz         70.00 original=A1 : posted
        R2 reverse   budget@kz -> issuer@kz             100.00 original=I1 : posted
        R3 reverse   issuer@kz -> budget@kz             100.00 original=R2 : original_differs
        used kz       0.00 0.00 0.00
        used kz/road  0.00 0.00 0.00
    """)


def test_revenue_comes_in_and_is_refunded(page):
    page.record(
        {"type": "colour", "colour": "kz/tax"},
        {"type": "account", "account": "issuer@kz/tax", "flags": ["issuer"]},
    )
    page.check("""
        R1 receive  issuer@kz/tax -> budget@kz   500.00 : posted
        F1 refund   budget@kz -> issuer@kz/tax   120.00 : posted
        F2 refund   budget@kz -> issuer@kz/tax   400.00 : funds_insufficient
        balance budget@kz 380.00
    """)


def test_unspent_money_lapses_or_is_carried_into_a_year_that_allows_it(page):
    page.record(
        {"type": "colour", "colour": "kz27", "unit": "KZT", "rules": {"carry_from": ["kz"]}},
        {"type": "account", "account": "budget@kz27"},
    )
    page.check("""
        I1 issue     issuer@kz -> budget@kz/road    100.00 : posted
        C1 carry     budget@kz/road -> budget@kz27   40.00 : colour_forbidden
        W1 withdraw  budget@kz/road -> budget@kz    100.00 : posted
        C2 carry     budget@kz -> budget@kz27        40.00 : posted
        L1 lapse     budget@kz -> issuer@kz          60.00 : posted
        used kz    0.00 0.00 0.00
        used kz27 40.00 0.00 0.00
    """)


def test_limits_are_checked_at_every_ancestor(page):
    page.record(
        {"type": "limits", "colour": "kz", "obligations": "100.00"},
        {"type": "limits", "colour": "kz/road", "obligations": "80.00"},
    )
    page.check("""
        I1 issue  issuer@kz -> budget@kz/road   500.00 : posted
        I2 issue  issuer@kz -> budget@kz/rail   500.00 : posted
        P1 pay    budget@kz/rail -> asphalt@KZT  50.00 : posted
        P2 pay    budget@kz/road -> asphalt@KZT  51.00 : obligations_exceeded
        P3 pay    budget@kz/road -> asphalt@KZT  50.00 : posted
        P4 pay    budget@kz/rail -> asphalt@KZT   0.01 : obligations_exceeded
    """)
    refusal = page.refused({"type": "limits", "colour": "kz", "obligations": "99.99"})
    assert (refusal.code, refusal.field) == ("limit_below_used", "obligations")
    refusal = page.refused({"type": "limits", "colour": "kz/road", "obligations": "100.01"})
    assert refusal.code == "widens_parent"


def test_evidence_is_asked_for_when_paying_not_when_committing(page):
    page.record(
        {"type": "colour", "colour": "kz/road/bridge", "rules": {"evidence": ["acceptance_act"]}},
        {"type": "account", "account": "budget@kz/road/bridge"},
        {"type": "subject", "subject": "act-7"},
    )
    page.check("""
        I1 issue   issuer@kz -> budget@kz/road/bridge      100.00 : posted
        H1 commit  budget@kz/road/bridge -> asphalt@KZT     50.00 : posted
        P1 pay     on H1                                    10.00 : evidence_missing
        P2 pay     on H1                                    10.00 subject=act-7 : evidence_missing
    """)
    page.record({"type": "attestation", "condition": "acceptance_act", "subject": "act-7", "by": "controller"})
    page.check("""
        P1 pay     on H1                                    10.00 : evidence_missing
        P2 pay     on H1                                    10.00 subject=act-7 : posted
    """)
    page.record({"type": "attestation", "condition": "acceptance_act", "subject": "act-7", "withdrawn": True})
    page.check("P3 pay on H1 10.00 subject=act-7 : evidence_missing")


def test_a_rule_change_acts_from_its_day_and_never_backwards(page):
    refusal = page.refused({"type": "colour", "colour": "kz/rail", "rules": {}, "from": "2026-11-23"})
    assert refusal.code == "acts_backwards"
    page.record(
        {"type": "colour", "colour": "kz/road", "rules": {"payees": {"classes": ["contractor"]}}, "from": "2026-11-26"}
    )
    page.check("""
        I1 issue  issuer@kz -> budget@kz/road    500.00 : posted
        P1 pay    budget@kz/road -> asphalt@KZT   10.00 : posted
    """)
    page.wait(days=2)
    page.check("P2 pay budget@kz/road -> asphalt@KZT 10.00 : payee_class")


def test_a_child_only_narrows():
    page = Page(world=WORLD)
    wider = [
        ({"payees": {"classes": ["contractor", "gambling"]}}, "rules.payees.classes"),
        ({"hops": 3}, "rules.hops"),
        ({"window": {"last": "2027-01-01"}}, "rules.window.last"),
        ({"ends": {"classes": ["supplier", "gambling"]}}, "rules.ends.classes"),
    ]
    for rules, field in wider:
        refusal = page.refused({"type": "colour", "colour": "kz/road/x", "rules": rules})
        assert (refusal.code, refusal.field) == ("widens_parent", field)
    page.record({"type": "colour", "colour": "kz/road/x", "rules": {"payees": {"classes": ["contractor"]}, "hops": 1}})
