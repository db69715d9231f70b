"""A bank's statement against the ledger: what agrees, and every way in which it can differ."""

import pytest

from boyau.records.iso20022 import bank_statement
from boyau.records.iso20022.message import NAMESPACE, MessageError
from boyau.records.iso20022.movements import NoSuchAccount
from boyau.records.iso20022.numbers import Numbers
from boyau.records.iso20022.reconcile import KINDS, reconcile, target_of
from tests.records.messages import BUILDER, IBAN, KNOWN, POOL, QUARRY, page

ROADS = "roads@kz/road"


def entry(amount, name="", *, value="2026-11-24", status="BOOK", details=None, version="08"):
    side, digits = ("DBIT", amount[1:]) if amount.startswith("-") else ("CRDT", amount)
    inner = details or (f"<TxDtls><Refs><EndToEndId>{name}</EndToEndId></Refs></TxDtls>" if name else "")
    state = f"<Cd>{status}</Cd>" if version == "08" else status
    return (
        f'<Ntry><Amt Ccy="KZT">{digits}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{state}</Sts>'
        f"<BookgDt><Dt>2026-11-24</Dt></BookgDt><ValDt><Dt>{value}</Dt></ValDt>"
        f"<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd>{f'<NtryDtls>{inner}</NtryDtls>' if inner else ''}</Ntry>\n"
    )


def balance(code, amount, day="2026-11-24", currency="KZT"):
    side, digits = ("DBIT", amount[1:]) if amount.startswith("-") else ("CRDT", amount)
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{currency}">{digits}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def camt(*entries, opening="0.00", closing, account=IBAN, version="08", period=""):
    number = f"<IBAN>{account}</IBAN>" if account.startswith("KZ") else f"<Othr><Id>{account}</Id></Othr>"
    data = (
        f'<?xml version="1.0"?><Document xmlns="{NAMESPACE}camt.053.001.{version}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>B</MsgId><CreDtTm>2026-11-25T00:00:00</CreDtTm></GrpHdr>\n"
        f"<Stmt><Id>S-1</Id><CreDtTm>2026-11-25T00:00:00</CreDtTm>{period}<Acct><Id>{number}</Id></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}\n{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    )
    (read,) = bank_statement.read(data.encode(), "b.xml")
    return read


def ledger():
    at = page()
    at.check(f"""
        P-1 pay roads@kz/road -> {QUARRY}@KZT 100.00 : posted
        P-2 pay roads@kz/road -> {QUARRY}@KZT 250.50 : posted
        P-3 pay roads@kz/road -> {BUILDER}@kz/road#1 40.00 : posted
    """)
    return at


def differences(at, read, name=ROADS):
    return [(one.kind, one.id, one.here, one.there) for one in reconcile(at.book, read, name, "b.xml").differences]


ISSUED, FIRST = entry("5000", "ISSUE-1"), entry("-100", "P-1")
SECOND, THIRD = entry("-250.5", "P-2"), entry("-40", "P-3")
BACKWARDS = "<FrToDt><FrDtTm>2026-11-25T00:00:00</FrDtTm><ToDtTm>2026-11-24T00:00:00</ToDtTm></FrToDt>"


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_statement_that_agrees(version):
    named = [("5000", "ISSUE-1"), ("-100", "P-1"), ("-250.5", "P-2"), ("-40", "P-3")]
    read = camt(*(entry(*one, version=version) for one in named), closing="4609.50", version=version)
    found = reconcile(ledger().book, read, ROADS, "b.xml")
    assert (found.matched, found.differences) == (4, [])
    assert found.facts()["ledger"] == {"opening": "0.00", "entries": 4, "sum": "4609.50", "closing": "4609.50"}


def test_the_coloured_money_outstanding_of_a_pool():
    """All money of the colour `kz` lies on one bank account: what moves within the colour is no entry of the bank."""
    read = camt(ISSUED, FIRST, SECOND, closing="4649.50", account=POOL)
    assert target_of(read, KNOWN, "b.xml") == "kz"
    assert differences(ledger(), read, "kz") == []
    assert differences(ledger(), camt(ISSUED, FIRST, SECOND, THIRD, closing="4609.50"), "kz") == [
        ("closing", "", 464950, 460950), ("elsewhere", "P-3", None, -4000)
    ]  # fmt: skip


def test_every_kind_of_difference():
    read = camt(ISSUED, entry("-100.01", "P-1"), entry("-7", "X-9"), FIRST, opening="1.00", closing="4800.00")
    found = differences(ledger(), read)
    assert found == [
        ("opening", "", 0, 100),
        ("closing", "", 460950, 480000),
        ("statement_sum", "", 479399, 480000),
        ("amount_differs", "P-1", -10000, -10001),
        ("missing_here", "X-9", None, -700),
        ("elsewhere", "P-1", None, -10000),
        ("missing_there", "P-2", -25050, None),
        ("missing_there", "P-3", -4000, None),
    ]
    assert {one[0] for one in found} == set(KINDS)


def test_without_a_name_amount_and_day_decide_only_where_they_leave_no_choice():
    at = ledger()
    read = camt(ISSUED, entry("-100"), entry("-250.50", value="2026-11-23"), entry("-40"), closing="4609.50")
    found = reconcile(at.book, read, ROADS, "b.xml")
    assert (found.matched, found.matched_by_amount) == (3, 2)
    assert [(one.kind, one.id) for one in found.differences] == [("missing_here", ""), ("missing_there", "P-2")]
    at.check(f"P-9 pay roads@kz/road -> {QUARRY}@KZT 40.00 : posted")
    found = reconcile(at.book, read, ROADS, "b.xml")
    assert found.matched_by_amount == 1, "two payments of 40.00: neither is taken for the other"


def test_an_entry_of_several_payments_is_taken_apart():
    piece = (
        '<TxDtls><Refs><EndToEndId>{}</EndToEndId></Refs><Amt Ccy="KZT">{}</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>'
    )
    both = entry("-350.50", details=piece.format("P-1", "100.00") + piece.format("P-2", "250.50"))
    assert differences(ledger(), camt(ISSUED, both, THIRD, closing="4609.50")) == []
    wrong = entry("-350.50", details=piece.format("P-1", "100.00") + piece.format("P-2", "250.00"))
    assert [one[0] for one in differences(ledger(), camt(ISSUED, wrong, THIRD, closing="4609.50"))] == [
        "missing_here", "missing_there", "missing_there"
    ]  # fmt: skip


def test_what_is_not_booked_yet_is_left_out():
    read = camt(ISSUED, FIRST, SECOND, THIRD, entry("-1", "Z", status="PDNG"), closing="4609.50")
    found = reconcile(ledger().book, read, ROADS, "b.xml")
    assert (found.differences, found.not_booked) == ([], 1)


def test_payments_with_long_names_are_found_by_them():
    from tests.records.messages import pain, payment, post

    at = page()
    name = "INVOICE-2026-11-24-ATYRAU-ROADS-17"
    assert post(at, pain(payment(name)))[0].status == "ACSC"
    assert differences(at, camt(ISSUED, entry("-10", name), closing="4990.00")) == []


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: camt(closing="1.005"), "no amount of tenge"),
        (lambda: camt(closing="1", period=BACKWARDS), "before it begins"),
        (lambda: target_of(camt(closing="1", account="KZ48125KZT1001300336"), KNOWN, "b.xml"), "say --of"),
        (lambda: target_of(camt(closing="1", account="X"), Numbers(), "b.xml"), "is no account here"),
    ],
)
def test_a_statement_that_cannot_be_used(make, words):
    with pytest.raises(MessageError, match=words) as error:
        make()
    assert "b.xml, line" in str(error.value)


def test_currencies_and_names_must_be_the_ledgers():
    at = ledger()
    with pytest.raises(NoSuchAccount):
        reconcile(at.book, camt(closing="1"), "kz/none", "b.xml")
    other = camt(closing="1")
    object.__setattr__(other, "currency", "USD")
    with pytest.raises(MessageError, match="is in USD"):
        reconcile(at.book, other, ROADS, "b.xml")
