"""Recovered assets: the Special State Fund and the Education Infrastructure Support Fund are kept apart."""

from tests.programmes.pages import ProgrammePage

STATE, EDUCATION = "kz/special-state-fund", "kz/education-fund"
CLINIC, SCHOOL = f"{STATE}/clinic-3", f"{EDUCATION}/school-5"
PEOPLE = {
    "finance": "fund_manager",
    "education": "fund_manager",
    "builder": "builder",
    "bricks": "supplier",
    "minister": "official",
    "commission": "commission",
    "supervisor": "engineer",
    "halyk": "bank",
}


def page():
    accounts = f"finance@{STATE} finance@{CLINIC} education@{EDUCATION} education@{SCHOOL} builder@{SCHOOL}#1"
    accounts += f" builder@{CLINIC}#1 bricks@KZT minister@KZT"
    named = {"project": "clinic-3", "school": "school-5"}
    page = ProgrammePage("recovered", PEOPLE, accounts, issuer=f"{STATE} {EDUCATION}", **named)
    page.check(f"""
        R1 issue issuer@{STATE} -> finance@{STATE}             70000.00 document=doc:verdict-1 : posted
        R2 issue issuer@{EDUCATION} -> education@{EDUCATION}  153300.00 document=doc:verdict-2 : posted
        A2 allocate education@{EDUCATION} -> education@{SCHOOL} 100000.00 : posted
    """)
    return page


def test_nothing_crosses_from_fund_to_fund():
    page().check(f"""
        X1 allocate finance@{STATE} -> education@{SCHOOL}     1000.00 : colour_forbidden
        X2 carry    education@{EDUCATION} -> finance@{STATE}  1000.00 : colour_forbidden
        X3 commit   finance@{STATE} -> builder@{SCHOOL}#1     1000.00 : colour_forbidden
        X4 issue    issuer@{STATE} -> education@{EDUCATION}   1000.00 : colour_forbidden
        used {STATE} 70000.00 0.00 0.00
        used {EDUCATION} 153300.00 0.00 0.00
    """)


def test_a_school_is_built_from_the_education_fund():
    story = page()
    contract = f"commit education@{SCHOOL} -> builder@{SCHOOL}#1 100000.00"
    story.check(f"K0 {contract} : evidence_missing")
    story.attest("commission", "school_approved", colour=SCHOOL)
    story.check(f"""
        K1 {contract} : posted
        X1 pay on K1 10000.00 document=doc:1 : not_accepted
    """)
    story.subject("roof", SCHOOL, "50000.00")
    story.attest("supervisor", "acceptance_act", subject="roof")
    story.record({"type": "subject", "subject": "load-1"})
    story.attest("supervisor", "delivery_note", subject="load-1")
    story.check(f"""
        B1 accept on K1 50000.00 subject=roof : posted
        X2 pay on K1 47500.01 document=doc:1 : retention_held
        P1 pay on K1 47500.00 document=doc:1 : posted
        X3 pay builder@{SCHOOL}#1 -> minister@KZT 100.00 subject=load-1 document=doc:2 : payee_class
        P2 pay builder@{SCHOOL}#1 -> bricks@KZT 20000.00 subject=load-1 document=doc:2 : posted
        balance bricks@KZT 20000.00
        balance finance@{STATE} 70000.00
    """)


def test_approval_for_a_school_is_none_for_a_clinic():
    story = page()
    story.attest("commission", "school_approved", colour=SCHOOL)
    story.check(f"""
        A1 allocate finance@{STATE} -> finance@{CLINIC}             1000.00 : posted
        K1 commit   finance@{CLINIC} -> builder@{CLINIC}#1          1000.00 : evidence_missing
    """)
