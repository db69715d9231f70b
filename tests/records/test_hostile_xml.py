"""What a message may not do: act, grow, hide in another encoding. Each is refused in one sentence, and quickly."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boyau.records.iso20022 import bank_statement, initiation
from boyau.records.iso20022.instructions import MessageRefused
from boyau.records.iso20022.message import MESSAGE_BYTES_MAX, MessageError, Writer, clean, parts, read_bounded
from tests.records.messages import pain, payment

GOOD = pain(payment())
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
LAUGHS = (
    b'<!DOCTYPE Document [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(10))
    + b"]>"
)


def with_head(extra, data=GOOD):
    return data.replace(HEAD, HEAD + extra)


HOSTILE = {
    "billion laughs": (with_head(LAUGHS).replace(b"E-1", b"&k;"), "document type"),
    "external entity": (
        with_head(b'<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>').replace(b"E-1", b"&x;"),
        "document type",
    ),
    "external definition": (with_head(b'<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/x.dtd">'), "document type"),
    "undeclared entity": (GOOD.replace(b"E-1", b"&x;"), "not well-formed"),
    "deep nesting": (GOOD.replace(b"E-1", b"<a>" * 100_000 + b"</a>" * 100_000), "not well-formed"),
    "too large": (GOOD + b" " * MESSAGE_BYTES_MAX, "larger than 32 MiB"),
    "a text of 11 MB": (GOOD.replace(b"E-1", b"E" * 11_000_000), "m.xml, line 4"),
    "UTF-16": (GOOD.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "not UTF-8"),
    "UTF-16 without a mark": (GOOD.decode().replace("UTF-8", "UTF-16LE").encode("utf-16-le"), "zero bytes"),
    "another encoding declared": (GOOD.replace(b"UTF-8", b"windows-1251"), "windows-1251"),
    "UTF-7 declared": (GOOD.replace(b"UTF-8", b"UTF-7"), "UTF-7"),
    "half a letter": (GOOD.replace(b"Somebody", b"\xd0"), "line 4: not UTF-8"),
    "a zero byte": (GOOD.replace(b"Somebody", b"\0"), "line 4: not UTF-8"),
    "another message": (GOOD.replace(b"pain.001", b"pain.008"), "send Document"),
    "no namespace": (b"<Document/>", "no namespace"),
    "two namespaces": (
        GOOD.replace(b"<GrpHdr>", b'<GrpHdr xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03">', 1),
        "does not conform",
    ),
    "a foreign element": (GOOD.replace(b"<GrpHdr>", b'<x:y xmlns:x="urn:x"/><GrpHdr>', 1), "does not conform"),
    "an inclusion": (
        GOOD.replace(
            b"E-1", b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
        ),
        "does not conform",
    ),
    "a schema of its own": (GOOD.replace(b"</Document>", b"<a/></Document>"), "does not conform"),
    "nothing": (b"", "not well-formed"),
    "no XML": (b"PK\x03\x04", "not well-formed"),
    "cut off": (GOOD[:-20], "not well-formed"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages_are_refused_in_one_sentence(name):
    data, words = HOSTILE[name]
    began = time.monotonic()
    with pytest.raises(MessageError) as error:
        initiation.read(data, "m.xml")
    assert time.monotonic() - began < 5
    assert words in str(error.value)
    assert str(error.value).startswith("m.xml")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600
    with pytest.raises(MessageError):
        bank_statement.read(data, "m.xml")


def test_the_schema_that_a_message_names_is_not_fetched():
    data = GOOD.replace(
        b"<Document ",
        b'<Document xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        b'xsi:schemaLocation="urn:x http://127.0.0.1:9/evil.xsd" ',
    )
    assert len(initiation.read(data, "m.xml").instructions) == 1


def test_comments_and_instructions_inside_are_nothing():
    data = GOOD.replace(b"E-1", b"E<!-- 2 -->-<?php echo 1 ?>1")
    assert initiation.read(data, "m.xml").instructions[0].end_to_end_id == "E-1"


def test_a_file_of_100_mb_is_not_read_whole(tmp_path):
    path = tmp_path / "large.xml"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    assert len(read_bounded(str(path))) == MESSAGE_BYTES_MAX + 1
    with pytest.raises(MessageError, match=r"none\.xml cannot be read"):
        read_bounded(str(tmp_path / "none.xml"))


@given(st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else_happens(data):
    with pytest.raises(MessageError):
        initiation.read(data, "m.xml")


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_one_changed_byte_is_read_or_refused(at, byte):
    """Whatever the change, the answer is instructions or a sentence."""
    with suppress(MessageError, MessageRefused):
        assert initiation.read(GOOD[:at] + bytes([byte]) + GOOD[at + 1 :], "m.xml").instructions


@given(st.text(alphabet=st.characters(codec=None), max_size=400))
def test_any_text_can_be_written_and_comes_back_clean(text):
    """Names of the ledger may hold what XML forbids; a status is written all the same."""
    out = Writer("pain.002.001.12")
    out.begin("CstmrPmtStsRpt", "GrpHdr")
    out.leaf("MsgId", "M")
    out.leaf("CreDtTm", "2026-11-24T00:00:00Z")
    out.leaf("InitgPty/Nm", text or "-", 140)
    out.end()
    out.begin("OrgnlGrpInfAndSts")
    out.leaf("OrgnlMsgId", "M")
    out.leaf("OrgnlMsgNmId", "M")
    out.begin("StsRsnInf")
    pieces = parts(text, 105)
    for piece in pieces:
        out.leaf("AddtlInf", piece)
    assert out.finish()
    assert len(clean(text, 35)) <= 35
    assert all(0 < len(piece) <= 105 for piece in pieces)
    assert "".join(pieces).replace(" ", "") == clean(text, 10_000).replace(" ", "")
