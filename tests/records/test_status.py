"""pain.002: every refusal has its code, every status conforms, in three languages; nothing a name holds breaks it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boyau.language import LANGUAGES, language
from boyau.ledger import Result
from boyau.records.iso20022 import initiation, reasons, status
from boyau.records.iso20022.instructions import MessageRefused
from tests.records.messages import BUILDER, MOTORS, QUARRY, block, conforms, page, pain, payment, post

SAID = {"created": "2026-11-24T10:00:00Z", "originator": "Treasury & Co <Atyrau>"}
NAME = "pain.002.001.12"


def answered(at, data, **more):
    outcomes = post(at, data, **more)
    return conforms(status.write(initiation.read(data, "m"), outcomes, **SAID), NAME)


def test_every_refusal_has_a_code_of_four_characters():
    assert set(reasons.REASONS) == {result for result in Result if not result.ok}
    codes = [*reasons.REASONS.values(), *reasons.FIELD_CODES.values()]
    assert all(re.fullmatch(r"[A-Z]{2}[0-9A-Z]{2}", code) for code in codes)
    assert all(result in reasons.REASONS for result in reasons.PENDING)


def test_a_status_says_what_became_of_each_payment():
    at = page("900000.00")
    uetr = "8a562c67-ca16-48ba-b074-65581be6f001"
    data = pain(
        block(payment("A", before="<InstrId>I-1</InstrId>"), payment("B", to=MOTORS)),
        block(payment("C", to=BUILDER, kind="commit"), payment("D", "100000.01"), payment("E", uetr=uetr), name="B-2"),
        total="100040.01",
    )
    find = answered(at, data)
    assert find("GrpSts") == ["PART"]
    assert find("TxInfAndSts/TxSts") == ["ACSC", "RJCT", "ACCP", "PDNG", "ACSC"]
    assert find("OrgnlPmtInfId") == ["B-1", "B-2"]
    assert find("Rsn/Cd") == ["RR04", "DS0A"]
    assert find("Rsn/Prtry") == ["payee_class", "approval_missing"]
    assert (find("OrgnlInstrId"), find("OrgnlUETR"), find("OrgnlCtrlSum")) == (["I-1"], [uetr], ["100040.01"])
    assert find("OrgnlGrpInfAndSts/NbOfTxsPerSts/DtldNbOfTxs") == ["2", "1", "1", "1"]
    assert find("Orgtr/Nm")[0] == SAID["originator"]
    entries = [int(text) for text in find("AcctSvcrRef")]
    assert [bytes(at.book.row(entry)["id"]).rstrip(b"\0")[:1] for entry in entries[:2]] == [b"A", b"C"]


@pytest.mark.parametrize(("payments", "group"), [(["A"], "ACSC"), (["B"], "RJCT")])
def test_the_group_has_the_status_of_all(payments, group):
    made = [payment(one, to=QUARRY if one == "A" else MOTORS) for one in payments]
    assert answered(page(), pain(block(*made)))("GrpSts") == [group]


def test_what_is_only_tried_is_accepted_at_most():
    find = answered(page(), pain(payment()), kept=False)
    assert (find("GrpSts"), find("AcctSvcrRef")) == (["ACCP"], [])


@pytest.mark.parametrize("code", LANGUAGES)
def test_reasons_are_told_in_the_language_asked_for(code):
    find = answered(page(), pain(payment(to=MOTORS)), code=code)
    words = {"kk": "алушысы", "ru": "Получатель", "en": "not one of those"}
    assert words[code] in " ".join(find("AddtlInf"))
    assert max(len(text) for text in find("AddtlInf")) <= 105


def test_a_message_that_is_refused_whole_is_answered_too():
    with pytest.raises(MessageRefused) as refused:
        initiation.read(pain(payment(), count=7), "m")
    find = conforms(status.write_refused(refused.value.message, refused.value, language("kk"), **SAID), NAME)
    assert (find("GrpSts"), find("StsRsnInf/Rsn/Cd"), find("TxSts")) == (["RJCT"], ["AM19"], [])
    assert "төлем" in find("AddtlInf")[0]


@settings(max_examples=40)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=35), st.text())
def test_names_come_back_as_they_were_sent_and_titles_break_nothing(name, title):
    from xml.sax.saxutils import escape

    from boyau.records.iso20022.message import MessageError

    at = page()
    data = pain(payment(escape(name)))
    try:
        message = initiation.read(data, "m")
    except MessageError:
        return  # characters that XML forbids
    outcomes = post(at, data)
    find = conforms(status.write(message, outcomes, created=SAID["created"], originator=title), NAME)
    (sent,), back = message.instructions, find("OrgnlEndToEndId")
    assert back == ([" ".join(sent.end_to_end_id.split())] if sent.end_to_end_id else [])
    assert outcomes[0].status == ("ACSC" if sent.end_to_end_id else "RJCT")
