"""Farm subsidies: an application, eligibility, the waiting list by date, the payment."""

from tests.programmes.pages import ProgrammePage

ROOT = "kz/subsidies/2026"
SEEDS = f"{ROOT}/39/seeds"
PEOPLE = {
    "akimat": "administrator",
    "dala": "farmer",
    "egin": "farmer",
    "broker": "trader",
    "giss": "registry",
    "office": "agriculture_office",
}


def page():
    accounts = f"akimat@{ROOT} akimat@{SEEDS} dala@KZT egin@KZT broker@KZT"
    page = ProgrammePage("subsidies", PEOPLE, accounts, issuer=ROOT, region="39", purpose="seeds", regions=["39"])
    page.check(f"""
        I1 issue    issuer@{ROOT} -> akimat@{ROOT}  1000000.00 : posted
        A1 allocate akimat@{ROOT} -> akimat@{SEEDS} 1000000.00 : posted
    """)
    for name, amount in (("app-1", "600000.00"), ("app-2", "500000.00")):
        page.subject(name, SEEDS, amount)
        page.attest("giss", "application_registered", subject=name)
    return page


def pays(who, amount, application, document):
    facts = f"region=391010000 subject={application} document=doc:{document}"
    return f"pay akimat@{SEEDS} -> {who}@KZT {amount} {facts}"


def test_from_the_application_to_the_payment_in_turn():
    story = page()
    story.check(f"P1 {pays('dala', '600000.00', 'app-1', 1)} : evidence_missing")
    story.attest("office", "eligible", subject="app-1")
    story.attest("office", "eligible", subject="app-2")
    story.attest("giss", "turn_has_come", subject="app-1")
    story.check(f"""
        P2 {pays("egin", "500000.00", "app-2", 2)} : evidence_missing
        P3 {pays("dala", "600000.00", "app-1", 1)} : posted
    """)
    story.attest("giss", "turn_has_come", subject="app-2")
    story.check(f"P4 {pays('egin', '500000.00', 'app-2', 2)} : funds_insufficient")
    story.check(f"""
        I2 issue    issuer@{ROOT} -> akimat@{ROOT}  100000.00 : posted
        A2 allocate akimat@{ROOT} -> akimat@{SEEDS} 100000.00 : posted
        P5 {pays("egin", "500000.00", "app-2", 2)} : posted
        balance akimat@{SEEDS} 0.00
    """)


def test_an_application_is_paid_once_to_a_farmer_of_the_region():
    story = page()
    for name in ("app-1", "app-2"):
        story.attest("office", "eligible", subject=name)
        story.attest("giss", "turn_has_come", subject=name)
    story.check(f"""
        X1 {pays("dala", "600000.01", "app-1", 1)} : subject_exceeded
        X2 {pays("broker", "600000.00", "app-1", 1)} : payee_class
        X3 pay akimat@{SEEDS} -> dala@KZT 600000.00 subject=app-1 document=doc:1 : region_forbidden
        P1 {pays("dala", "600000.00", "app-1", 1)} : posted
        X4 {pays("dala", "1.00", "app-1", 3)} : subject_exceeded
        X5 {pays("egin", "1.00", "app-2", 1)} : document_used
    """)
