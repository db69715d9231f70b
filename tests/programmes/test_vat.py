"""VAT in procurement, 2026: each payment to a payer of VAT carries 16/116 of itself as money that only pays the tax."""

from tests.programmes.pages import ProgrammePage

ROOT = "kz/procurement/2026"
C1, VAT = f"{ROOT}/c1", f"{ROOT}/vat"
PEOPLE = {
    "ministry": "administrator",
    "builder": "contractor vat_payer",
    "paint": "supplier vat_payer",
    "carpenter": "supplier",
    "kgd": "tax_office",
    "treasury": "treasury",
}


def page():
    accounts = f"ministry@{ROOT} ministry@{C1} ministry@{VAT} builder@{C1}#1 builder@{VAT}#1 paint@KZT paint@{VAT}#2"
    page = ProgrammePage("vat", PEOPLE, f"{accounts} carpenter@KZT kgd@KZT", issuer=ROOT, contract="c1")
    page.check(f"""
        I1 issue    issuer@{ROOT} -> ministry@{ROOT} 116000.00 : posted
        A1 allocate ministry@{ROOT} -> ministry@{C1} 100000.00 : posted
        A2 allocate ministry@{ROOT} -> ministry@{VAT} 16000.00 : posted
    """)
    page.attest("treasury", "e_invoice", colour=ROOT)
    return page


def paid():
    story = page()
    story.check(f"""
        P1 linked pay ministry@{C1} -> builder@{C1}#1   100000.00 document=doc:1 : posted
        P2        pay ministry@{VAT} -> builder@{VAT}#1  16000.00 document=doc:1 : posted
        balance builder@{VAT}#1 16000.00
    """)
    return story


def test_the_tax_goes_with_the_payment_or_nothing_goes():
    story = page()
    story.check(f"""
        X1 pay ministry@{C1} -> builder@{C1}#1 100000.00 document=doc:1 : slice_missing
    """)
    story.check(f"""
        X2 linked pay ministry@{C1} -> builder@{C1}#1   100000.00 document=doc:1 : slice_missing
        X3        pay ministry@{VAT} -> builder@{VAT}#1  12000.00 document=doc:1 : chain_broken
    """)
    paid()


def test_vat_money_pays_the_next_payers_tax_and_the_tax_office():
    story = paid()
    story.check(f"""
        X1 pay builder@{VAT}#1 -> carpenter@KZT 100.00 document=doc:2 : payee_class
        X2 pay builder@{VAT}#1 -> paint@KZT     100.00 document=doc:2 : end_forbidden
    """)
    story.check(f"""
        P3 linked pay builder@{C1}#1 -> paint@KZT        50000.00 document=doc:3 : posted
        P4        pay builder@{VAT}#1 -> paint@{VAT}#2    8000.00 document=doc:3 : posted
        P5        pay builder@{VAT}#1 -> kgd@KZT          8000.00 document=doc:4 : posted
        P6        pay paint@{VAT}#2 -> kgd@KZT            8000.00 document=doc:5 : posted
        balance kgd@KZT 16000.00
    """)


def test_who_pays_no_vat_gets_no_slice():
    story = paid()
    story.check(f"P7 pay builder@{C1}#1 -> carpenter@KZT 1000.00 document=doc:6 : posted")


def test_no_invoice_no_payment():
    story = page()
    story.attest("treasury", "e_invoice", colour=ROOT, withdrawn=True)
    story.check(f"""
        X1 linked pay ministry@{C1} -> builder@{C1}#1   100000.00 document=doc:1 : evidence_missing
        X2        pay ministry@{VAT} -> builder@{VAT}#1  16000.00 document=doc:1 : chain_broken
    """)
