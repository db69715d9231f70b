"""Mukur–Kulsary: an advance, acts with the quality centre's conclusion, retention until the warranty ends."""

from tests.programmes.pages import ProgrammePage

ROOT = "kz/road/2026"
ROAD = f"{ROOT}/mukur-kulsary"
C1, S1 = f"{ROAD}/c1", f"{ROAD}/c1/s1"
PEOPLE = {
    "akimat": "administrator",
    "builder": "contractor",
    "gravel": "subcontractor",
    "asphalt": "supplier",
    "crew": "employee",
    "casino": "gambling",
    "supervisor": "engineer",
    "centre": "quality_centre",
    "halyk": "bank",
    "treasury": "treasury",
    "olga": "controller",
    "maker": "administrator",
}
WORK = "item=ENSTRU:42.11.20 region=231010000"


def page(**values):
    accounts = f"akimat@{ROOT} akimat@{C1} builder@{C1}#1 gravel@{S1}#2 asphalt@KZT crew@KZT casino@KZT"
    named = {"project": "mukur-kulsary", "contract": "c1", "sub": "s1", "regions": ["23"], "work": "ENSTRU:42.11"}
    named |= {"quantity": "100.00", "price": "1000.00"} | values
    page = ProgrammePage("road", PEOPLE, accounts, issuer=ROOT, **named)
    page.check(f"""
        I1 issue    issuer@{ROOT} -> akimat@{ROOT}  100000.00 : posted
        A1 allocate akimat@{ROOT} -> akimat@{C1}    100000.00 : posted
        K1 commit   akimat@{C1} -> builder@{C1}#1   100000.00 {WORK} : posted
    """)
    page.subject("act-1", C1, "40000.00")
    return page


def advanced():
    story = page()
    story.check("F0 advance on K1 30000.00 document=doc:invoice-0 : evidence_missing")
    story.attest("halyk", "bank_guarantee", colour=C1)
    story.check("""
        F1 advance on K1 30000.01 document=doc:invoice-0 : advance_exceeded
        F2 advance on K1 30000.00 document=doc:invoice-0 : posted
    """)
    return story


def accepted():
    story = advanced()
    story.attest("supervisor", "acceptance_act", subject="act-1")
    story.check("B0 accept on K1 40000.00 quantity=40 subject=act-1 : evidence_missing")
    story.attest("centre", "quality_conclusion", subject="act-1")
    story.check("B1 accept on K1 40000.00 quantity=40 subject=act-1 : posted")
    return story


def test_advance_act_retention_warranty():
    story = accepted()
    # 40,000 accepted − 12,000 of the advance recovered − 2,000 retained = 26,000
    story.check(f"""
        P1 pay on K1 26000.01 document=doc:act-1 subject=act-1 : retention_held
        P2 pay on K1 26000.00 document=doc:act-1 subject=act-1 : posted
        P4 pay on K1 2000.01  document=doc:act-1b : not_accepted
        balance builder@{C1}#1 56000.00
    """)
    story.wait(days=366)
    story.check(f"""
        P5 pay on K1 2000.00 document=doc:act-1    : document_used
        P6 pay on K1 2000.00 document=doc:warranty : posted
        balance builder@{C1}#1 58000.00
    """)


def test_no_act_for_work_that_the_contract_does_not_name():
    story = accepted()
    story.subject("act-2", C1, "60000.00")
    story.attest("supervisor", "acceptance_act", subject="act-2")
    story.attest("centre", "quality_conclusion", subject="act-2")
    story.check("""
        B2 accept on K1 60000.00 quantity=61 subject=act-2 : quantity_exceeded
        B3 accept on K1 60000.00 quantity=50 subject=act-2 : price_exceeded
        B4 accept on K1 60000.00 quantity=60 subject=act-2 : posted
    """)


def test_the_contractors_money_keeps_its_colour():
    story = accepted()
    story.check("P1 pay on K1 26000.00 document=doc:act-1 subject=act-1 : posted")
    at = f"pay builder@{C1}#1 ->"
    story.check(f"""
        X1 {at} casino@KZT  100.00 region=231010000 document=doc:1 : payee_class
        X2 {at} asphalt@KZT 100.00 region=711110000 document=doc:1 : region_forbidden
        X3 {at} asphalt@KZT 100.00 region=231010000 document=doc:1 : evidence_missing
    """)
    story.record({"type": "subject", "subject": "load-1"}, {"type": "subject", "subject": "march"})
    story.attest("supervisor", "delivery_note", subject="load-1")
    story.attest("supervisor", "delivery_note", subject="march")
    story.check(f"""
        S1 {at} asphalt@KZT 5000.00 region=231010000 document=doc:1 subject=load-1 : posted
        W0 {at} crew@KZT    1000.00 region=231010000 document=doc:2 subject=march  : evidence_missing
    """)
    story.attest("treasury", "payroll", subject="march")
    # wages: at most 40 % of the 56,000 received
    story.check(f"""
        W1 {at} crew@KZT 22400.01 region=231010000 document=doc:2 subject=march : cap_exceeded
        W2 {at} crew@KZT 22400.00 region=231010000 document=doc:2 subject=march : posted
        balance asphalt@KZT 5000.00
    """)


def test_the_subcontractor_too_is_paid_on_acts():
    story = accepted()
    story.check("P1 pay on K1 26000.00 document=doc:act-1 subject=act-1 : posted")
    to = f"builder@{C1}#1 -> gravel@{S1}#2"
    story.check(f"""
        X1 pay    {to} 4000.00 {WORK} document=doc:s1 : evidence_missing
        K2 commit {to} 4000.00 {WORK} : posted
        X2 pay    on K2 4000.00 document=doc:s1 : not_accepted
    """)
    story.subject("act-s", S1, "4000.00")
    story.attest("supervisor", "acceptance_act", subject="act-s")
    story.attest("centre", "quality_conclusion", subject="act-s")
    story.check(f"""
        B2 accept on K2 4000.00 quantity=4 subject=act-s : posted
        P2 pay    on K2 3800.00 document=doc:s1 : posted
        balance gravel@{S1}#2 3800.00
    """)


def test_a_large_payment_waits_for_a_controller():
    story = page(large="120000.00")
    large = f"K9 commit akimat@{C1} -> builder@{C1}#1 130000.00 {WORK}"
    story.check(f"{large} : approval_missing")
    story.approve(large, "maker", "olga")
    story.check(f"""
        V1 void on K1 : posted
        {large} : funds_insufficient
    """)


def test_the_rules_change_only_by_two_controllers():
    story = page()
    wider = {"type": "colour", "colour": ROOT, "rules": {}}
    assert story.refused(wider).code == "approval_missing"
