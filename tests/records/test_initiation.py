"""pain.001: each field of the table in docs/iso20022.md, what a message must be, and that it is posted once."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boyau.ledger import amounts
from boyau.records.iso20022 import initiation, numbers, references
from boyau.records.iso20022.instructions import MessageRefused
from boyau.records.iso20022.message import MessageError
from tests.records.messages import BUILDER, IBAN, KNOWN, MOTORS, QUARRY, block, page, pain, payment, post, told

REFERRED = "<RmtInf><Strd>{}</Strd></RmtInf>"
CONTRACT = "<RfrdDocInf><Tp><CdOrPrtry><Cd>CMCN</Cd></CdOrPrtry></Tp><Nb>{}</Nb></RfrdDocInf>"
ACT = "<RfrdDocInf><Tp><CdOrPrtry><Prtry>ACT</Prtry></CdOrPrtry></Tp><Nb>act-17</Nb></RfrdDocInf>"


def test_a_contract_is_registered_and_paid_on():
    at = page()
    digest = "ab" * 32
    details = CONTRACT.format("C-1") + ACT + f"<AddtlRmtInf>sha256:{digest}</AddtlRmtInf>"
    region = "<RgltryRptg><Dtls><Tp>KATO</Tp><Cd>751110000</Cd></Dtls></RgltryRptg>"
    purpose = "<Purp><Prtry>ENSTRU:42.11.20</Prtry></Purp>"
    data = pain(
        block(
            payment("C-1", "1500.00", to=BUILDER, kind="commit", more=purpose + region),
            payment("P-1", "300", to=BUILDER, more=purpose + REFERRED.format(details)),
        )
    )
    assert told(post(at, data)) == [("ACCP", "posted", ""), ("ACSC", "posted", "")]
    at.check(f"""
        balance roads@kz/road 4700.00
        held C-1 1200.00
        balance {BUILDER}@kz/road#1 300.00
    """)
    from boyau.journal.find import describe_entry, entry_number

    paid = describe_entry(at.book, entry_number(at.book, "P-1"))
    assert {name: paid[name] for name in ("op", "hold", "subject", "document", "date", "item")} == {
        "op": "pay", "hold": "C-1", "subject": "act-17", "document": digest[:48], "date": "2026-11-24",
        "item": "ENSTRU:42112",
    }  # fmt: skip
    assert describe_entry(at.book, entry_number(at.book, "C-1"))["region"] == "751110000"


@pytest.mark.parametrize("version", ["03", "09", "12"])
def test_every_version_that_is_accepted_is_read(version):
    at = page()
    assert told(post(at, pain(payment(), version=version))) == [("ACSC", "posted", "")]


def test_a_message_sent_again_posts_nothing_twice():
    at = page()
    data = pain(block(payment("A"), payment("B", "20.00")))
    first = post(at, data)
    again = post(at, data)
    assert [one.result for one in again] == ["exists", "exists"]
    assert [one.entry for one in again] == [one.entry for one in first]
    at.check(f"balance {QUARRY}@KZT 30.00")
    other = pain(block(payment("A"), payment("B", "21.00")), name="M-2")
    assert told(post(at, other)) == [("ACSC", "exists", ""), ("RJCT", "id_conflict", "AM05")]
    at.check(f"balance {QUARRY}@KZT 30.00")


PAYMENTS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", "INVOICE-2026/ATYRAU-000001"]),
        st.integers(0, 300_000),
        st.sampled_from([QUARRY, BUILDER, MOTORS]),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40)
@given(PAYMENTS, st.booleans())
def test_whatever_is_in_it_a_message_sent_twice_is_posted_once(payments, together):
    at = page()
    made = [
        payment(name, amounts.write(minor), to=payee, currency="KZT" if right else "USD")
        for name, minor, payee, right in payments
    ]
    data = pain(block(*made, batch="true" if together else "false"))
    first = post(at, data)
    state = {name: at.book.ledger.balance(name) for name in at.book.ledger.accounts}
    again = post(at, data)
    assert state == {name: at.book.ledger.balance(name) for name in at.book.ledger.accounts}
    assert [one.done for one in again] == [one.done for one in first]
    assert {one.result for one in again if one.done} <= {"exists"}


def test_a_payment_without_a_name_counts_in_the_sum():
    nameless, right = post(page(), pain(block(payment("NOTPROVIDED"), payment("A")), total="20.00"))
    assert (nameless.code, right.status) == ("FF08", "ACSC")


def test_names_of_payments():
    uetr = "8a562c67-ca16-48ba-b074-65581be6f001"
    assert initiation.read(pain(payment("E", uetr=uetr)), "m").instructions[0].id == uetr
    assert (
        initiation.read(pain(payment("NOTPROVIDED", before="<InstrId>I-1</InstrId>")), "m").instructions[0].id == "I-1"
    )
    assert references.operation_id(uuid.UUID(uetr).hex) == uetr
    long = "CONTRACT-17/2026/KZ-ATYRAU-0000017"
    assert uuid.UUID(references.operation_id(long)).version == 5
    (unnamed,) = post(page(), pain(payment("NOTPROVIDED")))
    assert (unnamed.status, unnamed.code) == ("RJCT", "FF08")
    assert "InstrId" in unnamed.reason


@given(st.text(min_size=1, max_size=35))
def test_the_same_reference_is_always_the_same_id_and_finds_itself_again(text):
    identity = references.operation_id(text)
    assert references.operation_id(text) == identity
    assert references.operation_id(references.reference(identity)) == identity
    assert 0 < len(references.reference(identity)) <= 35


def test_where_money_goes_is_found_by_number_by_name_and_by_bin():
    at = page()
    known = numbers.Numbers(accounts=KNOWN.accounts, participants={"KZ48125KZT1001300336": QUARRY})
    data = pain(
        block(
            payment("A", to=QUARRY),
            payment("B", to="", to_account=f"{QUARRY}@KZT"),
            payment("C", to="", to_account=f"proxy:{QUARRY}@KZT"),
            payment("D", to="", to_account="KZ48125KZT1001300336"),
            payment("E", to=BUILDER),
        ),
        block(payment("F", to=BUILDER), name="B-2", debtor="proxy:roads@kz/road"),
    )
    assert {one.status for one in post(at, data, known=known)} == {"ACSC"}
    at.check(f"""
        balance {QUARRY}@KZT 40.00
        balance {BUILDER}@kz/road#1 20.00
    """)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"to_account": "KZ85125KZT1001300335"}, "AC03", "wrong check digits"),
        ({"to_account": "KZ8512"}, "AC03", "has 20 characters"),
        ({"to": ""}, "AC03", "names no account of this ledger"),
        ({"to": QUARRY, "to_account": f"{BUILDER}@kz/road#1"}, "BE01", f"names {QUARRY}"),
        ({"to": "000140001234"}, "AC03", "not known"),
        ({"currency": "USD"}, "CURR", "in USD"),
        ({"amount": "1.001"}, "AM12", "more than 2 decimals"),
        ({"amount": "0"}, "AM01", "above zero"),
        ({"amount": "99999.00"}, "AM04", "available"),
        ({"kind": "gift"}, "FF05", "write pay, commit, advance"),
        ({"colour": "kz"}, "FF06", "money of the colour kz/road"),
        ({"to": MOTORS}, "RR04", "car_dealer"),
        ({"kind": "advance"}, "RR07", "hold"),
        ({"more": "<Purp><Prtry>CARS</Prtry></Purp>"}, "FF07", "SCHEME:digits"),
        ({"more": "<RgltryRptg><Dtls><Tp>KATO</Tp><Cd>X</Cd></Dtls></RgltryRptg>"}, "RR05", "KATO"),
        ({"more": REFERRED.format("<AddtlRmtInf>sha256:12</AddtlRmtInf>")}, "RR07", "SHA-256"),
        ({"more": REFERRED.format(CONTRACT.format("C-9"))}, "RR07", "no commitment"),
        ({"more": REFERRED.format("<AddtlRmtInf>subject:act-99</AddtlRmtInf>")}, "RR07", "not recorded"),
    ],
)
def test_each_payment_is_answered_on_its_own(change, code, words):
    at = page()
    wrong, right = post(at, pain(block(payment("X", **change), payment("Y"))))
    assert (wrong.status, wrong.code) == ("RJCT", code)
    assert words in wrong.reason
    assert wrong.instruction.line == 4
    assert right.status == "ACSC"


def test_a_payment_purpose_code_stands_beside_the_items():
    assert told(post(page(), pain(payment(more="<Purp><Prtry>710</Prtry></Purp>")))) == [("ACSC", "posted", "")]


def test_tomorrow_and_missing_signatures_wait():
    at = page("900000.00")
    data = pain(block(payment("A"), date="2026-11-25"), block(payment("B", "100000.01"), name="B-2"))
    assert told(post(at, data)) == [("PDNG", "date_future", "DT04"), ("PDNG", "approval_missing", "DS0A")]
    at.wait(days=1)
    assert told(post(at, data)) == [("ACSC", "posted", ""), ("PDNG", "approval_missing", "DS0A")]


def test_a_batch_takes_effect_whole_or_not_at_all():
    at = page()
    payments = [payment("A"), payment("B", to=MOTORS), payment("C")]
    assert told(post(at, pain(block(*payments, batch="true")))) == [
        ("RJCT", "chain_broken", "ED05"), ("RJCT", "payee_class", "RR04"), ("RJCT", "chain_broken", "ED05")
    ]  # fmt: skip
    unreadable = [payment("A"), payment("B", currency="USD"), payment("C")]
    assert [one.status for one in post(at, pain(block(*unreadable, batch="1")))] == ["RJCT"] * 3
    whole = pain(block(*payments[::2], batch="true"))
    assert [one.result for one in post(at, whole)] == ["posted", "posted"]
    assert [one.result for one in post(at, whole)] == ["exists", "exists"]
    each = [payment("D"), payment("E", to=MOTORS), payment("F")]
    assert [one.status for one in post(at, pain(block(*each, batch="false")))] == ["ACSC", "RJCT", "ACSC"]


def test_the_same_payment_twice_in_a_message_is_paid_once():
    at = page()
    first, second = post(at, pain(block(payment("A"), name="1"), block(payment("A"), name="2")))
    assert (first.status, second.status, second.code) == ("ACSC", "RJCT", "DU04")
    assert "line 3" in second.reason or "line 4" in second.reason


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pain(payment(), count=2), "AM19"),
        (pain(payment(), total="10.01"), "AM16"),
        (pain(block(payment(), counts="<NbOfTxs>3</NbOfTxs>")), "AM20"),
        (pain(block(payment(), counts="<CtrlSum>9</CtrlSum>")), "AM17"),
        (pain(block(payment("A")), block(payment("B"))), "DU02"),
    ],
)
def test_a_message_whose_counts_are_wrong_is_refused_whole(data, code):
    with pytest.raises(MessageRefused) as refused:
        initiation.read(data, "m.xml")
    assert refused.value.code == code
    assert refused.value.message.id == "M-1"


def test_sums_are_compared_exactly():
    payments = [payment(f"P{n}", "0.1") for n in range(3)]
    assert initiation.read(pain(block(*payments), total="0.3"), "m").instructions[2].amount == "0.1"
    with pytest.raises(MessageRefused):
        initiation.read(pain(block(*payments), total="0.30000000000000004"), "m")


@given(st.integers(1, 10**17))
def test_an_amount_arrives_as_it_was_sent(minor):
    text = amounts.write(minor)
    (one,) = initiation.read(pain(payment(amount=text), total=text), "m").instructions
    assert amounts.parse(one.amount) == minor


def test_equivalent_amounts_and_cheques_are_not_carried_out():
    equivalent = payment().replace(
        '<InstdAmt Ccy="KZT">10.00</InstdAmt>',
        '<EqvtAmt><Amt Ccy="KZT">10.00</Amt><CcyOfTrf>USD</CcyOfTrf></EqvtAmt>',
    )
    (one,) = post(page(), pain(equivalent, total="10.00"))
    assert (one.status, one.code) == ("RJCT", "AM03")
    (one,) = post(page(), pain(block(payment(), method="CHK")))
    assert (one.status, one.code) == ("RJCT", "FF03")


def test_check_digits():
    for rest in ("125KZT1001300335", "070101KSN0000000"):
        assert not numbers.iban_problem(numbers.with_check_digits("KZ", rest))
    assert not numbers.iban_problem("GB82WEST12345698765432")
    assert numbers.iban_problem("GB83WEST12345698765432")
    assert numbers.iban_problem("kz")


@pytest.mark.parametrize("k", range(4, 20))
def test_a_mistyped_iban_is_seen(k):
    wrong = IBAN[:k] + ("1" if IBAN[k] != "1" else "2") + IBAN[k + 1 :]
    assert numbers.iban_problem(wrong)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[account]\n", "no such table"),
        ('[accounts]\nKZ85125KZT1001300335 = "a@b"', "wrong check digits"),
        ("[accounts]\nX = 1", "must be a text"),
        ('[accounts]\nX = "a@b"\n[pools]\nX = "kz"', "one thing only"),
        ("[accounts", "numbers.toml"),
    ],
)
def test_a_file_of_numbers_that_cannot_be_used(tmp_path, text, words):
    path = tmp_path / "numbers.toml"
    path.write_text(text)
    with pytest.raises(numbers.NumbersError, match=words):
        numbers.load(path)


def test_what_the_schema_forbids_is_told_with_its_line():
    for data, words in (
        (pain(payment()).replace(b"<NbOfTxs>1</NbOfTxs>", b"<NbOfTxs>one</NbOfTxs>"), "line 2"),
        (pain(payment(currency="TENGE")), "line 4"),
        (pain(payment()).replace(b"<EndToEndId>E-1</EndToEndId>", b""), "line 4"),
        (pain(payment("E" * 36)), "line 4"),
    ):
        with pytest.raises(MessageError, match="does not conform") as error:
            initiation.read(data, "m.xml")
        assert words in str(error.value)
        assert "\n" not in str(error.value)
