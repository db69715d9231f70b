"""Dostyk–Moiynty: colour down the whole supply chain, paid only to those who met their obligations."""

from tests.programmes.pages import ProgrammePage

ROOT = "kz/rail/2026"
C1 = f"{ROOT}/dostyk-moiynty/c1"
S1 = f"{C1}/s1"
PEOPLE = {
    "ktz": "administrator",
    "integra": "contractor",
    "sleepers": "subcontractor",
    "concrete": "subcontractor",
    "cement": "manufacturer",
    "crew": "employee",
    "offshore": "holding",
    "supervisor": "engineer",
    "treasury": "treasury",
    "bolat": "controller",
    "dana": "controller",
    "bailiff": "bailiff",
}


def page():
    accounts = f"ktz@{ROOT} ktz@{C1} integra@{C1}#1 sleepers@{S1}#2 concrete@{S1}#3 cement@KZT crew@KZT offshore@KZT"
    page = ProgrammePage(
        "railway", PEOPLE, f"{accounts} offshore@{C1}#2 bailiff@KZT", issuer=ROOT, contract="c1", sub="s1"
    )
    page.check(f"""
        I1 issue    issuer@{ROOT} -> ktz@{ROOT} 160000.00 : posted
        A1 allocate ktz@{ROOT} -> ktz@{C1}      160000.00 : posted
    """)
    for name in ("track-1", "sleepers-1", "concrete-1", "cement-1"):
        page.record({"type": "subject", "subject": name})
    return page


def met(story, *subjects):
    for subject in subjects:
        story.attest("supervisor", "obligations_met", subject=subject)
        story.attest("treasury", "no_tax_debt", subject=subject)


def test_the_colour_goes_down_to_the_maker_of_cement():
    story = page()
    met(story, "track-1", "sleepers-1", "concrete-1", "cement-1")
    story.check(f"""
        P1 pay ktz@{C1} -> integra@{C1}#1        160000.00 subject=track-1    document=doc:1 : posted
        P2 pay integra@{C1}#1 -> sleepers@{S1}#2  90000.00 subject=sleepers-1 document=doc:2 : posted
        P3 pay sleepers@{S1}#2 -> concrete@{S1}#3 50000.00 subject=concrete-1 document=doc:3 : posted
        P4 pay concrete@{S1}#3 -> cement@KZT      20000.00 subject=cement-1   document=doc:4 : posted
        balance cement@KZT 20000.00
        balance concrete@{S1}#3 30000.00
        used {ROOT} 160000.00 160000.00 160000.00
    """)


def test_who_did_not_deliver_is_not_paid():
    story = page()
    story.attest("treasury", "no_tax_debt", subject="track-1")
    line = f"pay ktz@{C1} -> integra@{C1}#1 160000.00 subject=track-1 document=doc:1"
    story.check(f"P1 {line} : evidence_missing")
    story.attest("supervisor", "obligations_met", subject="track-1")
    story.attest("treasury", "no_tax_debt", subject="track-1", withdrawn=True)
    story.check(f"P2 {line} : evidence_missing")
    story.attest("treasury", "no_tax_debt", subject="track-1")
    story.check(f"P3 {line} : posted")


def test_money_does_not_leave_the_chain():
    story = page()
    met(story, "track-1", "sleepers-1")
    story.check(f"""
        P1 pay ktz@{C1} -> integra@{C1}#1 160000.00 subject=track-1 document=doc:1 : posted
        X1 pay integra@{C1}#1 -> offshore@KZT       1000.00 subject=sleepers-1 document=doc:2 : payee_class
        X2 pay integra@{C1}#1 -> offshore@{C1}#2    1000.00 subject=sleepers-1 document=doc:2 : payee_class
        X3 pay integra@{C1}#1 -> sleepers@{S1}#2    1000.00 subject=sleepers-1 document=doc:1 : document_used
        X4 pay integra@{C1}#1 -> crew@KZT           1000.00 subject=sleepers-1 document=doc:2 : evidence_missing
    """)


def test_a_false_payment_is_clawed_back_by_two():
    story = page()
    met(story, "track-1")
    story.check(f"P1 pay ktz@{C1} -> integra@{C1}#1 160000.00 subject=track-1 document=doc:1 : posted")
    back = f"B1 clawback integra@{C1}#1 -> ktz@{C1} 160000.00 original=P1"
    story.check(f"{back} : approval_missing")
    digest = story.approve(back, "treasury", "bolat")
    story.check(f"{back} : approval_missing")
    story.record({"type": "approval", "command": digest, "by": "dana"})
    story.check(f"""
        {back} : posted
        balance ktz@{C1} 160000.00
        used {ROOT} 160000.00 0.00 0.00
    """)
