"""School meals in Astana: the caterer is paid for meals that were taken; vouchers live for one school year."""

from tests.programmes.pages import ProgrammePage

ROOT = "kz/school-meals/2026-2027"
SCHOOL = f"{ROOT}/school-17"
PEOPLE = {
    "education": "administrator",
    "asxana": "caterer",
    "other": "caterer",
    "shop": "supplier",
    "school17": "school",
    "parents17": "parents",
}
MEALS = "item=ENSTRU:56.29.20"


def page():
    accounts = f"education@{ROOT} education@{SCHOOL} asxana@KZT other@KZT shop@KZT"
    named = {"school": "school-17", "caterers": ["asxana"], "regions": ["71"], "meals": "60000.00"}
    page = ProgrammePage("school_meals", PEOPLE, accounts, issuer=ROOT, **named)
    page.check(f"""
        I1 issue    issuer@{ROOT} -> education@{ROOT}  72000000.00 : posted
        A1 allocate education@{ROOT} -> education@{SCHOOL} 72000000.00 : posted
    """)
    page.subject("day-1", SCHOOL, "480000.00")
    return page


def pays(who, amount, quantity, document):
    facts = f"{MEALS} quantity={quantity} subject=day-1 document=doc:{document}"
    return f"pay education@{SCHOOL} -> {who}@KZT {amount} {facts}"


def test_only_meals_that_were_taken():
    story = page()
    story.check(f"P1 {pays('asxana', '480000.00', 400, 1)} : evidence_missing")
    story.attest("school17", "meals_taken", subject="day-1")
    story.check(f"""
        X1 {pays("asxana", "540000.00", 450, 1)} : subject_exceeded
        X2 {pays("asxana", "480000.00", 399, 1)} : price_exceeded
        P2 {pays("asxana", "480000.00", 400, 1)} : posted
        X3 {pays("asxana", "1200.00", 1, 1)} : document_used
        balance asxana@KZT 480000.00
    """)


def test_only_the_caterer_under_contract():
    story = page()
    story.attest("school17", "meals_taken", subject="day-1")
    story.check(f"""
        X1 {pays("other", "480000.00", 400, 1)} : payee_not_allowed
        X2 {pays("shop", "480000.00", 400, 1)} : payee_class
        X3 pay education@{SCHOOL} -> asxana@KZT 1200.00 item=ENSTRU:47.11 subject=day-1 document=doc:1 : item_forbidden
    """)


def test_a_voucher_lives_for_one_school_year():
    story = page()
    story.attest("school17", "meals_taken", subject="day-1")
    story.wait(days=190)  # 2 June: the year is over, its last days may still be settled
    story.check(f"""
        X1 {pays("asxana", "1200.00", 1, 1)} : window_closed
        P1 {pays("asxana", "478800.00", 399, 2)} date=2027-05-25 : posted
    """)
    story.wait(days=10)
    story.check(f"""
        X2 {pays("asxana", "1200.00", 1, 3)} date=2027-05-25 : window_closed
        W1 withdraw education@{SCHOOL} -> education@{ROOT} 71521200.00 : posted
        L1 lapse    education@{ROOT} -> issuer@{ROOT}      71521200.00 : posted
    """)
