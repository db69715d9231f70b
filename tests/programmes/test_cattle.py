"""Auyl Amanaty, Atbasar: the seller of cattle is paid only after the animal is re-registered to the buyer."""

from boyau.programmes import install
from tests.programmes.pages import ProgrammePage

ROOT, LOAN = "kz/auyl-amanaty/2026", "kz/auyl-amanaty/2026/l1"
PEOPLE = {
    "corp": "lender",
    "aigerim": "farmer",
    "serik": "cattle_seller",
    "brother": "cattle_seller",
    "autosalon": "supplier",
    "register": "animal_register",
    "vet": "veterinarian",
    "akimat": "akimat",
}


def page():
    accounts = f"corp@{ROOT} aigerim@{LOAN} serik@KZT brother@KZT autosalon@KZT"
    page = ProgrammePage("cattle", PEOPLE, accounts, issuer=ROOT, loan="l1", relatives=["brother"])
    page.check(f"""
        I1 issue    issuer@{ROOT} -> corp@{ROOT}     100000000.00 : posted
        L1 allocate corp@{ROOT} -> aigerim@{LOAN}      8000000.00 : posted
    """)
    page.attest("corp", "loan_agreement", colour=LOAN)
    page.subject("KZ-C-001", LOAN, "600000.00")
    return page


def test_the_seller_is_paid_only_after_the_animal_is_re_registered():
    story = page()
    story.check(f"""
        D1 commit aigerim@{LOAN} -> serik@KZT 600000.00 item=ENSTRU:01.41.10 : posted
        P1 pay    on D1 600000.00 subject=KZ-C-001 document=doc:sale-1       : evidence_missing
        available aigerim@{LOAN} 7400000.00
    """)
    story.attest("vet", "animal_healthy", subject="KZ-C-001")
    story.check("P2 pay on D1 600000.00 subject=KZ-C-001 document=doc:sale-1 : evidence_missing")
    story.attest("register", "animal_reregistered", subject="KZ-C-001")
    story.check(f"""
        P3 pay on D1 600000.00 subject=KZ-C-001 document=doc:sale-1 : posted
        balance serik@KZT 600000.00
        used {LOAN} 8000000.00 600000.00 600000.00
    """)


def test_what_the_loan_does_not_buy():
    story = page()
    story.attest("vet", "animal_healthy", subject="KZ-C-001")
    story.attest("register", "animal_reregistered", subject="KZ-C-001")
    at, animal = f"pay aigerim@{LOAN} ->", "item=ENSTRU:01.41.10 subject=KZ-C-001"
    story.check(f"""
        X1 {at} autosalon@KZT 600000.00 {animal} document=doc:1 : payee_class
        X2 {at} brother@KZT   600000.00 {animal} document=doc:1 : payee_denied
        X3 {at} serik@KZT     600000.00 item=ENSTRU:29.10 subject=KZ-C-001 document=doc:1 : item_forbidden
        X4 {at} serik@KZT     700000.00 {animal} document=doc:1 : subject_exceeded
        X5 {at} serik@KZT     600000.00 {animal} : document_missing

        P1 {at} serik@KZT     600000.00 {animal} document=doc:1 : posted

        X6 {at} serik@KZT     600000.00 {animal} document=doc:2 : subject_exceeded
        balance serik@KZT 600000.00
    """)


def test_a_sale_that_falls_through_gives_the_money_back():
    story = page()
    story.check(f"""
        D1 commit aigerim@{LOAN} -> serik@KZT 600000.00 item=ENSTRU:01.41.10 : posted
        available aigerim@{LOAN} 7400000.00
        V1 void on D1 : posted
        available aigerim@{LOAN} 8000000.00
    """)


def test_the_register_that_does_not_answer_passes_the_question_on():
    story = page()
    who = {"animal_register": "register", "akimat": "akimat"}
    asked = install.request(
        story.programme, "animal_reregistered", LOAN, name="R1", by="aigerim", who=who, subject="KZ-C-001"
    )
    story.record(asked)
    request = story.book.ledger.registry.evidence.requests["R1"]
    today = story.at // 86_400_000_000
    assert request.standing(today)[0].owner == "register"
    assert request.standing(today + 5)[0].owner == "register"
    assert request.standing(today + 6)[0].owner == "akimat"
