"""Contracts and control, one ledger page each: a test for every trap, and one for every rule."""

import hashlib
import json

import numpy as np
import pytest

from boyau.journal import Book
from boyau.journal.operations import OperationError, Operations
from boyau.ledger import COMPILED_KERNELS, Result
from boyau.ledger.codes import day_of, day_text
from boyau.ledger.explain import Explainer
from boyau.ledger.rows import ROW, Kind, RowFlag
from tests.page import DAY, Page

INVOICE = hashlib.sha256(b"invoice 1").hexdigest()
OTHER_INVOICE = hashlib.sha256(b"invoice 2").hexdigest()
WORLD = [
    {"type": "unit", "unit": "KZT", "scale": 2},
    *(
        {"type": "participant", "participant": who, "classes": classes}
        for who, classes in {
            "issuer": [],
            "customer": ["administrator"],
            "builder": ["contractor", "vat_payer", "checker"],
            "digger": ["contractor"],
            "asphalt": ["supplier"],
            "gravel": ["supplier"],
            "worker": ["employee"],
            "tax": ["tax_office"],
            "clerk": ["checker"],
            "anna": ["checker"],
            "berik": ["checker"],
            "akim": ["crisis"],
            "auditor": ["crisis", "audit"],
            "judge": ["court"],
        }.items()
    ),
    {
        "type": "colour",
        "colour": "kz",
        "unit": "KZT",
        "title": "Budget",
        "rules": {"ends": {"classes": ["supplier", "employee", "tax_office"]}},
    },
    {"type": "colour", "colour": "kz/road"},
    {"type": "colour", "colour": "kz/road/c1"},
    {"type": "colour", "colour": "kz/road/c2"},
    {"type": "colour", "colour": "kz/vat", "rules": {"ends": {"classes": ["tax_office"]}}},
    {"type": "account", "account": "issuer@kz", "flags": ["issuer"]},
    *(
        {"type": "account", "account": account}
        for account in (
            "customer@kz/road",
            "customer@kz/road/c1",
            "customer@kz/road/c2",
            "customer@kz/vat",
            "builder@kz/road#1",
            "builder@kz/road/c1#1",
            "builder@kz/road/c2#1",
            "builder@kz/vat#1",
            "digger@kz/road/c1#2",
            "asphalt@KZT",
            "gravel@KZT",
            "worker@KZT",
            "tax@KZT",
        )
    ),
]


@pytest.fixture(params=COMPILED_KERNELS, ids=lambda pure: "uncompiled" if pure else "compiled")
def page(request):
    return Page(world=WORLD, pure=request.param)


def colour(path, **rules):
    """Return the record that gives a colour these rules."""
    unit = {} if "/" in path else {"unit": "KZT"}
    return {"type": "colour", "colour": path, "rules": rules, **unit}


def road_contract(page, *, total="1000.00", advance="30%", **more):
    """Commit a contract with acceptance over all that the customer has."""
    page.record(colour("kz/road/c1", acceptance=True, advance=advance, **more))
    page.check(f"""
        I1 issue   issuer@kz -> customer@kz/road                {total} : posted
        C1 commit  customer@kz/road -> builder@kz/road/c1#1     {total} : posted
    """)


# -- traps -------------------------------------------------------------------------------------------------------------


def test_an_advance_of_2_is_recovered_from_acts_of_1_1_1_as_exactly_2(page):
    """Recovered 0, 1, 1: what each act leaves to pay is 1, 0, 0, and nothing is left over."""
    road_contract(page, total="0.03", advance="67%")
    page.check("""
        V0 advance on C1 0.03 : advance_exceeded
        V1 advance on C1 0.02 : posted
        A1 accept  on C1 0.01 : posted
        P1 pay     on C1 0.01 : posted

        A2 accept  on C1 0.01 : posted
        P2 pay     on C1 0.01 : hold_exceeded
        A3 accept  on C1 0.01 : posted
        P3 pay     on C1 0.01 : hold_exceeded

        held C1 0.00
        balance builder@kz/road/c1#1 0.03
        used kz/road 0.03 0.03 0.03
    """)


def test_the_parts_of_an_advance_are_exact_whatever_the_acts(page):
    """Seven acts of 1.00 and an advance of 2.00: payable in all 5.00, to the tiyn."""
    road_contract(page, total="7.00", advance="2/7")
    page.check("V1 advance on C1 2.00 : posted")
    left = [72, 71, 72, 71, 72, 71, 71]  # 100 less what is recovered: floor(n × 200 ÷ 7) of n acts, in steps
    assert sum(left) == 500
    for number, payable in enumerate(left):
        page.check(f"""
            A{number} accept on C1 1.00 : posted
            X{number} pay    on C1 0.{payable + 1} : {"not_accepted" if number < 6 else "hold_exceeded"}
            P{number} pay    on C1 0.{payable} : posted
        """)
    page.check("held C1 0.00")


def test_a_refused_hold_cannot_be_posted(page):
    page.record(colour("kz/road/c1", acceptance=True, advance="30%"))
    page.check("""
        C1 commit  customer@kz/road -> builder@kz/road/c1#1 1.00 : funds_insufficient
        A1 accept  on C1 1.00 : hold_unknown
        V1 advance on C1 0.10 : hold_unknown
        P1 pay     on C1 1.00 : hold_unknown
        R1 release on C1 1.00 : hold_unknown
    """)


def test_a_posted_part_cannot_be_posted_again(page):
    road_contract(page, total="100.00")
    page.check("""
        A1 accept on C1 60.00 : posted
        P1 pay    on C1 60.00 : posted

        P1 pay    on C1 60.00 : exists
        A1 accept on C1 60.00 : exists
        P2 pay    on C1  1.00 : not_accepted
        A2 accept on C1 41.00 : hold_exceeded

        B1 return builder@kz/road/c1#1 -> customer@kz/road 60.00 original=P1 : posted
        P3 pay    on C1 41.00 : hold_exceeded
        P4 pay    on C1 40.00 : posted
        held C1 0.00
    """)


def test_a_refund_restores_the_colour_and_every_limit_and_meter_that_it_used(page):
    """All limits are used to the last tiyn; what is returned may be spent once more, with the same papers."""
    line = {"item": "ENSTRU:42.11", "quantity": "10", "price": "10.00"}
    caps = {"classes": ["supplier"], "caps": [{"classes": ["supplier"], "share": "50%"}]}
    page.record(
        {"type": "subject", "subject": "act 1", "colour": "kz/road/c1", "amount": "100.00"},
        colour("kz/road/c1", lines=[line], payee_limit="100.00", documents="once", ends=caps),
        {"type": "limits", "colour": "kz/road", "obligations": "100.00", "payments": "100.00"},
    )
    page.check("I1 issue issuer@kz -> customer@kz/road/c1 200.00 : posted")
    operation = {"op": "pay", "from": "customer@kz/road/c1", "to": "asphalt@KZT", "amount": "100.00"}
    operation |= {"item": "ENSTRU:42.11", "quantity": "10", "document": INVOICE, "subject": "act 1"}

    def meters():
        return np.array(page.book.ledger.tables.used_meters())[:, 3].tolist()

    for number in range(2):
        assert answers(page, operation | {"id": f"Q{number}"}) == ["posted"]
        assert meters() == [10_000] * 5, "a quantity of 10.000, and 100.00 of payee, document, cap and act"
        assert set(reasons(page, operation | {"id": "X"})) == {
            Result.CAP_EXCEEDED,
            Result.QUANTITY_EXCEEDED,
            Result.DOCUMENT_USED,
            Result.SUBJECT_EXCEEDED,
            Result.PAYEE_LIMIT_EXCEEDED,
            Result.OBLIGATIONS_EXCEEDED,
            Result.PAYMENTS_EXCEEDED,
        }
        page.check(f"""
            B{number} return asphalt@KZT -> customer@kz/road/c1 100.00 original=Q{number} : posted
            available customer@kz/road/c1 200.00
            used kz/road 200.00 0.00 0.00
        """)
        assert meters() == []


def test_locked_money_is_never_shown_as_available(page):
    """Held and retained money is the contract's: neither the customer nor the builder can spend it."""
    road_contract(page, retention={"share": "10%", "days": 30})
    page.check("""
        available customer@kz/road 0.00
        A1 accept on C1 1000.00 : posted
        available customer@kz/road 0.00
        available builder@kz/road/c1#1 0.00
        P1 pay    on C1 900.00 : posted
        P2 pay    on C1 100.00 : retention_held
        X1 pay    customer@kz/road -> asphalt@KZT 1.00 : funds_insufficient
        X2 pay    builder@kz/road/c1#1 -> asphalt@KZT 900.01 : funds_insufficient
        available customer@kz/road 0.00
        available builder@kz/road/c1#1 900.00
        held C1 100.00
    """)


def test_a_pay_of_nothing_is_refused_and_void_names_no_amount(page):
    road_contract(page, total="100.00")
    page.check("""
        P1 pay     on C1 0.00 : amount_missing
        A1 accept  on C1 0.00 : amount_missing
        V1 advance on C1 0.00 : amount_missing
    """)
    with pytest.raises(OperationError, match="void"):
        Operations(page.book.ledger).rows([{"op": "void", "id": "V2", "hold": "C1", "amount": "100.00"}], 0)
    row = np.zeros(1, ROW)
    row["id"], row["ref"] = (np.void(name.ljust(16, b"\0")) for name in (b"V3", b"C1"))
    row["kind"], row["amount"], row["debit"], row["credit"] = Kind.VOID, 1, 0xFFFFFFFF, 0xFFFFFFFF
    row["value_date"] = page.at // DAY
    assert [Result(int(one["result"])) for one in page.book.post(row)] == [Result.AMOUNT_MISSING]
    page.check("held C1 100.00")


def test_concurrent_refunds_cannot_exceed_the_payment(page):
    """Two in one batch, two in two batches, and a clawback beside a return."""
    page.record(colour("kz/road/c1", powers={"clawback": {"quorum": 1, "classes": ["crisis"]}}))
    page.check("""
        I1 issue  issuer@kz -> customer@kz/road/c1                200.00 : posted
        P1 pay    customer@kz/road/c1 -> builder@kz/road/c1#1     100.00 : posted
        P2 pay    customer@kz/road/c1 -> builder@kz/road/c1#1     100.00 : posted

        B1 return builder@kz/road/c1#1 -> customer@kz/road/c1      60.00 original=P1 : posted
        B2 return builder@kz/road/c1#1 -> customer@kz/road/c1      60.00 original=P1 : original_exceeded

        B3 return builder@kz/road/c1#1 -> customer@kz/road/c1      40.01 original=P1 : original_exceeded

        B4 return builder@kz/road/c1#1 -> customer@kz/road/c1      40.00 original=P1 : posted
        B5 reverse builder@kz/road/c1#1 -> customer@kz/road/c1      0.01 original=P1 : original_exceeded
    """)
    taken = "K1 clawback builder@kz/road/c1#1 -> customer@kz/road/c1 60.00 original=P2"
    page.approve(taken, "clerk", "akim")
    page.check(f"""
        B6 return builder@kz/road/c1#1 -> customer@kz/road/c1      50.00 original=P2 : posted
        {taken} : original_exceeded
        used kz/road/c1 200.00 50.00 50.00
    """)


# -- rules -------------------------------------------------------------------------------------------------------------


def test_a_road_contract_with_advance_three_acts_and_retention_until_the_warranty_ends(page):
    road_contract(page, retention={"share": "5%", "days": 365})
    page.record(colour("kz/road/c1", acceptance=True, advance="100%", retention={"share": "99%", "days": 1}))
    page.check("""
        V0 advance on C1  300.01 : advance_exceeded
        V1 advance on C1  200.00 : posted
        V2 advance on C1  100.01 : advance_exceeded
        V2 advance on C1  100.00 : posted
        P0 pay     on C1    1.00 : not_accepted

        A1 accept  on C1  400.00 : posted
        X1 pay     on C1  280.01 : not_accepted
        X2 pay     on C1  260.01 : retention_held
        P1 pay     on C1  260.00 : posted

        A2 accept  on C1  350.00 : posted
        X3 pay     on C1  227.51 : retention_held
        P2 pay     on C1  227.50 : posted

        A3 accept  on C1  250.01 : hold_exceeded
        A4 accept  on C1  250.00 : posted
        P3 pay     on C1  162.50 : posted
        P4 pay     on C1   50.00 : retention_held
        held C1 50.00
        used kz/road/c1 950.00 0.00 0.00
        used kz/road 1000.00 1000.00 950.00
    """)
    page.wait(days=365)
    page.check("P4 pay on C1 0.01 : retention_held")
    page.wait(days=1)
    page.check("""
        P4 pay on C1 50.01 : hold_exceeded
        P4 pay on C1 50.00 : posted
        held C1 0.00
        balance builder@kz/road/c1#1 1000.00
    """)


def test_what_is_retained_is_rounded_up_over_all_acts_together(page):
    """5 % of 0.01 is a whole tiyn; of 0.20 it is still one."""
    road_contract(page, total="1.00", retention={"share": "5%", "days": 0})
    page.check("""
        A1 accept on C1 0.01 : posted
        P1 pay    on C1 0.01 : retention_held
        A2 accept on C1 0.19 : posted
        P2 pay    on C1 0.20 : retention_held
        P3 pay    on C1 0.19 : posted
        A3 accept on C1 0.01 : posted
        P4 pay    on C1 0.01 : retention_held
    """)
    page.wait(days=1)
    page.check("P4 pay on C1 0.02 : posted")


def test_an_act_reversed_is_no_longer_payable(page):
    road_contract(page, total="100.00")
    page.check("""
        A1 accept  on C1 60.00 : posted
        R1 reverse builder@kz/road/c1#1 -> customer@kz/road 20.00 original=A1 : posted
        P1 pay     on C1 40.01 : not_accepted
        P2 pay     on C1 40.00 : posted
        R2 reverse builder@kz/road/c1#1 -> customer@kz/road 40.01 original=A1 : original_exceeded
    """)


def test_without_a_registered_contract_nothing_is_paid_where_acceptance_rules(page):
    road_contract(page, total="100.00")
    page.check("""
        I2 issue issuer@kz -> customer@kz/road                  10.00 : posted
        P1 pay   customer@kz/road -> builder@kz/road/c1#1       10.00 : hold_missing
        P2 pay   customer@kz/road -> builder@kz/road#1          10.00 : posted
    """)


def test_contract_lines_rule_quantity_and_price(page):
    page.record(colour("kz/road/c1", lines=[{"item": "ENSTRU:42.11", "quantity": "100", "price": "1500.00"}]))
    pay = "pay customer@kz/road/c1 -> asphalt@KZT"
    page.check(f"""
        I1 issue issuer@kz -> customer@kz/road/c1 200000.00 : posted
        P1 {pay}  15000.00 item=ENSTRU:42.12 quantity=10 : line_missing
        P2 {pay}  15000.00 quantity=10 : line_missing
        P3 {pay}  15000.00 item=ENSTRU:42.11 : quantity_missing
        P4 {pay}  15000.01 item=ENSTRU:42.11 quantity=10 : price_exceeded
        P5 {pay}  15000.00 item=ENSTRU:42.11.20 quantity=10 : posted
        P6 {pay}  15000.00 item=ENSTRU:42.11 quantity=90.001 : quantity_exceeded
        P7 {pay} 135000.00 item=ENSTRU:42.11 quantity=90 : posted
        P8 {pay}      0.01 item=ENSTRU:42.11 quantity=0.001 : quantity_exceeded
        B1 return asphalt@KZT -> customer@kz/road/c1 7500.00 original=P5 : posted
        P9 {pay}   7500.00 item=ENSTRU:42.11 quantity=5.001 : quantity_exceeded
        PA {pay}   7500.00 item=ENSTRU:42.11 quantity=5 : posted
    """)
    answer = page.refused(colour("kz/road/c1", lines=[{"item": "ENSTRU:42.1"}]))
    assert answer.code == "lines_overlap"


def test_wages_are_capped_by_what_was_received(page):
    wages = {"classes": ["employee"], "share": "20%", "evidence": ["payroll"]}
    page.record(colour("kz/road/c1", ends={"classes": ["supplier", "employee"], "caps": [wages]}))
    page.check("""
        I1 issue issuer@kz -> customer@kz/road/c1                1000.00 : posted
        P1 pay   customer@kz/road/c1 -> builder@kz/road/c1#1     1000.00 : posted
        W1 pay   builder@kz/road/c1#1 -> worker@KZT               100.00 : evidence_missing
    """)
    page.record({"type": "attestation", "condition": "payroll", "colour": "kz/road/c1", "by": "clerk"})
    page.check("""
        W1 pay    builder@kz/road/c1#1 -> worker@KZT              200.01 : cap_exceeded
        W2 pay    builder@kz/road/c1#1 -> worker@KZT              150.00 : posted
        W3 pay    builder@kz/road/c1#1 -> worker@KZT               50.01 : cap_exceeded
        S1 pay    builder@kz/road/c1#1 -> asphalt@KZT             300.00 : posted
        B1 return builder@kz/road/c1#1 -> customer@kz/road/c1     200.00 original=P1 : posted
        W4 pay    builder@kz/road/c1#1 -> worker@KZT               10.01 : cap_exceeded
        W5 pay    builder@kz/road/c1#1 -> worker@KZT               10.00 : posted
    """)


def test_vat_is_paid_as_a_slice_linked_with_its_payment(page):
    page.record(colour("kz/road", slice={"colour": "kz/vat", "share": "12/112", "classes": ["vat_payer"]}))
    page.check("""
        I1 issue      issuer@kz -> customer@kz/road              500.00 : posted
        I2 issue      issuer@kz -> customer@kz/vat               100.00 : posted
        P1 pay        customer@kz/road -> builder@kz/road#1      100.00 : slice_missing
        P2 pay        customer@kz/road -> asphalt@KZT            100.00 : posted

        P3 linked pay customer@kz/road -> builder@kz/road#1      100.00 : slice_missing
        V3 pay        customer@kz/vat -> builder@kz/vat#1         11.98 : chain_broken

        P4 linked pay customer@kz/road -> builder@kz/road#1      100.00 : slice_missing
        V4 pay        customer@kz/vat -> tax@KZT                  12.00 : chain_broken

        P5 linked pay customer@kz/road -> builder@kz/road#1      100.00 : posted
        V5 pay        customer@kz/vat -> builder@kz/vat#1         12.00 : posted

        P6 linked pay customer@kz/road -> builder@kz/road#1        0.05 : posted
        V6 pay        customer@kz/vat -> builder@kz/vat#1          0.01 : posted

        X1 pay        builder@kz/vat#1 -> asphalt@KZT             12.00 : end_forbidden
        T1 pay        builder@kz/vat#1 -> tax@KZT                 12.01 : posted
        balance customer@kz/vat 87.99
    """)


def test_all_payments_to_one_payee_have_a_limit(page):
    page.record(colour("kz/road", payee_limit="100.00"))
    page.check("""
        I1 issue  issuer@kz -> customer@kz/road/c1            500.00 : posted
        I2 issue  issuer@kz -> customer@kz/road/c2            500.00 : posted
        P1 pay    customer@kz/road/c1 -> asphalt@KZT           60.00 : posted
        P2 pay    customer@kz/road/c2 -> asphalt@KZT           40.01 : payee_limit_exceeded
        C2 commit customer@kz/road/c2 -> asphalt@KZT           40.01 : payee_limit_exceeded
        P3 pay    customer@kz/road/c2 -> asphalt@KZT           40.00 : posted
        P4 pay    customer@kz/road/c2 -> gravel@KZT           100.00 : posted
    """)


def test_what_was_paid_before_a_rule_gives_no_room_under_it(page):
    """A meter counts from its rule on, and never falls below zero."""
    page.check("""
        I1 issue  issuer@kz -> customer@kz/road/c1            500.00 : posted
        P1 pay    customer@kz/road/c1 -> asphalt@KZT           60.00 : posted
    """)
    page.record(colour("kz/road", payee_limit="100.00"))
    page.check("""
        P2 pay    customer@kz/road/c1 -> asphalt@KZT           50.00 : posted
        B1 return asphalt@KZT -> customer@kz/road/c1           60.00 original=P1 : posted
        P3 pay    customer@kz/road/c1 -> asphalt@KZT          100.01 : payee_limit_exceeded
        P4 pay    customer@kz/road/c1 -> asphalt@KZT          100.00 : posted
    """)


def test_a_document_is_paid_once(page):
    page.record(colour("kz/road", documents="once"))
    page.check(f"""
        I1 issue  issuer@kz -> customer@kz/road/c1     500.00 : posted
        I2 issue  issuer@kz -> customer@kz/road/c2     500.00 : posted
        P1 pay    customer@kz/road/c1 -> asphalt@KZT    60.00 : document_missing
        P2 pay    customer@kz/road/c1 -> asphalt@KZT    60.00 document={INVOICE} : posted
        P3 pay    customer@kz/road/c1 -> asphalt@KZT     1.00 document={INVOICE} : document_used
        P4 pay    customer@kz/road/c2 -> gravel@KZT      1.00 document={INVOICE} : document_used
        P5 pay    customer@kz/road/c2 -> gravel@KZT      1.00 document={OTHER_INVOICE} : posted
        B1 return asphalt@KZT -> customer@kz/road/c1    59.99 original=P2 : posted
        P6 pay    customer@kz/road/c1 -> asphalt@KZT    60.00 document={INVOICE} : document_used
        B2 return asphalt@KZT -> customer@kz/road/c1     0.01 original=P2 : posted
        P7 pay    customer@kz/road/c1 -> asphalt@KZT    60.00 document={INVOICE} : posted
    """)


def test_an_act_is_paid_once(page):
    act = {"type": "subject", "subject": "act-1", "colour": "kz/road/c1", "amount": "100.00"}
    page.record(act)
    assert page.refused({**act, "amount": "200.00"}).code == "subject_fixed"
    page.check("""
        I1 issue  issuer@kz -> customer@kz/road/c1     500.00 : posted
        I2 issue  issuer@kz -> customer@kz/road/c2     500.00 : posted
        P1 pay    customer@kz/road/c2 -> asphalt@KZT    60.00 subject=act-1 : subject_differs
        P2 pay    customer@kz/road/c1 -> asphalt@KZT    60.00 subject=act-1 : posted
        P3 pay    customer@kz/road/c1 -> gravel@KZT     40.01 subject=act-1 : subject_exceeded
        P4 pay    customer@kz/road/c1 -> gravel@KZT     40.00 subject=act-1 : posted
        P5 pay    customer@kz/road/c1 -> gravel@KZT      0.01 subject=act-1 : subject_exceeded
    """)


def test_neither_the_maker_nor_the_beneficiary_checks(page):
    """Two of the class `checker` approve exactly this command; the builder is one, but is paid by it."""
    page.record(colour("kz/road", approval=[{"above": "100.00", "quorum": 2, "classes": ["checker"]}]))
    pay = "customer@kz/road -> builder@kz/road#1"
    page.check(f"""
        I1 issue issuer@kz -> customer@kz/road 500.00 : posted
        P0 pay   {pay} 100.00 : posted
        P1 pay   {pay} 100.01 : approval_missing
    """)
    digest = page.approve(f"P1 pay {pay} 100.01", "clerk", "builder", "anna", "judge")
    assert page.refused({"type": "approval", "command": digest, "by": "clerk"}).code == "checker_is_maker"
    assert page.refused({"type": "proposal", "command": digest, "by": "anna"}).code == "proposal_made"
    unknown = {"type": "approval", "command": "0" * 64, "by": "anna"}
    assert page.refused(unknown).code == "proposal_unknown"
    page.check(f"P1 pay {pay} 100.01 : approval_missing")
    approval = {"type": "approval", "command": digest, "by": "berik"}
    page.record(approval, {**approval, "withdrawn": True})
    page.check(f"P1 pay {pay} 100.01 : approval_missing")
    page.record(approval)
    page.check(f"""
        P1 pay {pay} 100.02 : approval_missing
        P2 pay {pay} 100.01 : approval_missing
        P1 pay {pay} 100.01 : posted
    """)


def test_what_is_approved_on_a_commitment_is_what_the_journal_keeps(page):
    """The accounts that a row leaves to its commitment are part of what is approved, else no replay could agree."""
    page.record(colour("kz/road", approval=[{"above": "100.00", "quorum": 1, "classes": ["checker"]}]))
    page.check("""
        I1 issue  issuer@kz -> customer@kz/road                 500.00 : posted
        K1 commit customer@kz/road -> builder@kz/road#1          90.00 : posted
        K2 commit customer@kz/road -> builder@kz/road#1         100.00 : posted
    """)
    page.record(colour("kz/road", approval=[{"above": "50.00", "quorum": 1, "classes": ["checker"]}]))
    bare = {"op": "pay", "id": "P1", "hold": "K1", "amount": "90.00", "date": day_text(day_of(page.at))}
    whole = bare | {"from": "customer@kz/road", "to": "builder@kz/road#1"}
    told = []
    for operation in (bare, whole):
        (row,) = Operations(page.book.ledger).rows([operation], day_of(page.at))
        (finding,) = Explainer(page.book.ledger).explain(row, page.at)
        told.append(finding.facts["command"])
    assert told[0] == told[1]
    page.propose(told[0], "clerk", "anna")
    rows = Operations(page.book.ledger).rows([bare], day_of(page.at))
    assert [Result(int(row["result"])) for row in page.book.post(rows)] == [Result.POSTED]
    again = Book(page.book.store, clock=lambda: page.at)
    assert again.ledger.state_hash() == page.book.ledger.state_hash()


def test_an_approval_ends_with_its_last_day(page):
    page.record(colour("kz/road", approval=[{"above": "1.00", "quorum": 1, "classes": ["checker"]}]))
    page.check("I1 issue issuer@kz -> customer@kz/road 500.00 : posted")
    line = "P1 pay customer@kz/road -> builder@kz/road#1 50.00 date=2026-11-24"
    page.approve(line, "clerk", "anna")
    page.wait(days=1)
    page.check(f"{line} : approval_missing")


def test_an_emergency_goes_past_the_rules_but_not_past_limits_and_leaves_its_trail(page):
    page.check("I1 issue issuer@kz -> customer@kz/road 500.00 : posted")
    page.record(
        colour(
            "kz/road",
            payees={"classes": ["contractor"]},
            window={"last": "2026-10-31"},
            powers={"emergency": {"quorum": 2, "classes": ["crisis"]}},
        ),
        {"type": "limits", "colour": "kz/road", "payments": "100.00"},
    )
    line, more = (f"P{n} emergency pay customer@kz/road -> asphalt@KZT {amount}" for n, amount in ((1, 80), (2, 21)))
    page.check(f"""
        P1 pay customer@kz/road -> asphalt@KZT 80.00 : window_closed
        {line} : approval_missing
        E1 emergency withdraw customer@kz/road -> customer@kz/vat 1.00 : kind_unknown
    """)
    digest = page.approve(line, "clerk", "akim")
    page.check(f"{line} : approval_missing")
    page.record({"type": "approval", "command": digest, "by": "auditor"})
    page.approve(more, "clerk", "akim", "auditor")
    page.check(f"""
        {line} : posted
        {more} : payments_exceeded
    """)
    ledger = page.book.ledger
    maker, entry = ledger.registry.approvals.proposals[digest]
    assert maker == "clerk" and 0 < entry < ledger.sequence, "who proposed it stands in the journal, before the payment"
    row = page.book.row(ledger.tables.kernel.entry_of(*np.frombuffer(b"P1".ljust(16, b"\0"), "<i8").tolist()))
    assert int(row["flags"]) & RowFlag.EMERGENCY, "and the payment says for ever that it was an emergency"


def test_an_emergency_needs_a_colour_that_knows_emergencies(page):
    page.check("""
        I1 issue         issuer@kz -> customer@kz/road 500.00 : posted
        P1 emergency pay customer@kz/road -> asphalt@KZT 80.00 : power_missing
    """)


def test_money_is_clawed_back_from_a_subcontractor(page):
    page.record(colour("kz/road", powers={"clawback": {"quorum": 1, "classes": ["audit"]}}))
    page.check("""
        I1 issue issuer@kz -> customer@kz/road                 100.00 : posted
        P1 pay   customer@kz/road -> builder@kz/road/c1#1      100.00 : posted
        P2 pay   builder@kz/road/c1#1 -> digger@kz/road/c1#2    80.00 : posted
        used kz/road 100.00 100.00 100.00
        used kz/road/c1 100.00 0.00 0.00
    """)
    page.record({"type": "account", "account": "digger@kz/road/c1#2", "flags": ["frozen"]})
    line = "K1 clawback digger@kz/road/c1#2 -> customer@kz/road 80.00 original=P1"
    page.check(f"""
        B1 return digger@kz/road/c1#2 -> builder@kz/road/c1#1 80.00 original=P2 : debit_closed
        K1 clawback digger@kz/road/c1#2 -> customer@kz/road  100.01 original=P1 : original_exceeded
        K1 clawback digger@kz/road/c1#2 -> builder@kz/road/c1#1 80.00 original=P1 : original_differs
        K1 clawback asphalt@KZT -> customer@kz/road           80.00 original=P1 : colour_forbidden
        {line} : approval_missing
    """)
    page.approve(line, "clerk", "auditor")
    page.check(f"""
        {line} : posted
        balance digger@kz/road/c1#2 0.00
        balance customer@kz/road 80.00
        used kz/road 100.00 20.00 20.00
        used kz/road/c1 20.00 0.00 0.00
        K2 clawback digger@kz/road/c1#2 -> customer@kz/road 20.01 original=P1 : original_exceeded
    """)


def test_money_is_clawed_back_from_below_and_the_plans_below_fall(page):
    page.record(
        colour("kz/road", powers={"clawback": {"quorum": 1, "classes": ["audit"]}}),
        {"type": "colour", "colour": "kz/road/c1/gravel"},
        {"type": "account", "account": "digger@kz/road/c1/gravel#2"},
    )
    page.check("""
        I1 issue issuer@kz -> customer@kz/road                        100.00 : posted
        P1 pay   customer@kz/road -> builder@kz/road/c1#1             100.00 : posted
        P2 pay   builder@kz/road/c1#1 -> digger@kz/road/c1/gravel#2    80.00 : posted
        used kz/road/c1/gravel 80.00 0.00 0.00
    """)
    line = "K1 clawback digger@kz/road/c1/gravel#2 -> customer@kz/road 30.00 original=P1"
    page.approve(line, "clerk", "auditor")
    page.check(f"""
        {line} : posted
        used kz/road/c1/gravel 50.00 0.00 0.00
        used kz/road/c1 70.00 0.00 0.00
        used kz/road 100.00 70.00 70.00
    """)


def test_a_court_takes_from_a_frozen_account(page):
    page.record(colour("kz/road", powers={"court": {"quorum": 1, "classes": ["court"]}}))
    page.check("""
        I1 issue issuer@kz -> customer@kz/road                 100.00 : posted
        P1 pay   customer@kz/road -> builder@kz/road/c1#1      100.00 : posted
    """)
    page.record({"type": "account", "account": "builder@kz/road/c1#1", "flags": ["frozen"]})
    line = f"J1 court builder@kz/road/c1#1 -> gravel@KZT 30.00 document={INVOICE}"
    page.check(f"""
        P2 pay   builder@kz/road/c1#1 -> gravel@KZT 30.00 : debit_closed
        J0 court builder@kz/road/c1#1 -> gravel@KZT 30.00 : document_missing
        J0 court builder@kz/road/c1#1 -> customer@kz/road 30.00 document={INVOICE} : stage_forbidden
        {line} : approval_missing
    """)
    page.approve(line, "clerk", "judge")
    page.check(f"""
        {line} : posted
        balance builder@kz/road/c1#1 70.00
        balance gravel@KZT 30.00
    """)


def test_rules_and_limits_change_under_four_eyes(page):
    page.record(colour("kz/road", powers={"change": {"quorum": 1, "classes": ["checker"]}}))
    for change in (
        colour("kz/road", powers={"change": {"quorum": 1, "classes": ["checker"]}}, hops=1),
        {"type": "limits", "colour": "kz/road/c1", "payments": "50.00"},
    ):
        assert page.refused(change).code == "approval_missing"
        text = json.dumps(change, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(b"boyau record 1\n" + text.encode()).hexdigest()
        page.propose(digest, "clerk")
        assert page.refused({"type": "approval", "command": digest, "by": "clerk"}).code == "checker_is_maker"
        assert page.refused(change).code == "approval_missing"
        page.record({"type": "approval", "command": digest, "by": "anna"})
        page.record(change)
    page.record(colour("kz/road/c3", hops=1))  # a new colour can only narrow
    assert page.refused(colour("kz/road/c3", hops=0)).code == "approval_missing"


def answers(page, *operations):
    """Post operations and return their answers."""
    page.at += 1000
    rows = page.book.post(Operations(page.book.ledger).rows(list(operations), page.at // DAY))
    return [Result(int(row["result"])).name.lower() for row in rows]


def reasons(page, operation):
    """Return all that refuses an operation."""
    row = Operations(page.book.ledger).rows([operation], page.at // DAY)
    return [finding.result for finding in Explainer(page.book.ledger).explain(row[0], page.at)]
