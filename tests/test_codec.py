"""The canonical encoding: what goes in comes out, what was changed is noticed, and junk gives a ``CodecError`` only."""

import json
import uuid

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boyau import codec
from boyau.codec import RECORDS, ROWS, Batch, CodecError
from boyau.ledger.rows import ROW

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_what_is_written_canonically_is_read_back_and_written_the_same(value):
    data = codec.canonical(value)
    assert codec.read_json(data) == value
    assert codec.canonical(codec.read_json(data)) == data


def test_the_order_of_fields_and_spaces_do_not_matter():
    assert codec.canonical(codec.read_json(b' {"b": [1, 2],\n "a": "\\u0416"} ')) == '{"a":"Ж","b":[1,2]}'.encode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"amount": 1.5}', "floating-point"),
        (b'{"amount": 1e3}', "floating-point"),
        (b'{"amount": NaN}', "floating-point"),
        (b'{"amount": -Infinity}', "floating-point"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b'{"a": 9007199254740992}', "2^53"),
        (b'{"a": ' + b"9" * 5000 + b"}", "digit"),
        (b"[" * 18 + b"]" * 18, "nested deeper"),
        (b"[" * 30_000, "nested deeper"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        (b'{"a": ', "not JSON at character"),
        (b'"' + b"x" * codec.RECORD_BYTES_MAX + b'"', "longer than 65536 bytes"),
    ],
)
def test_json_that_could_mean_two_things_is_refused(text, words):
    with pytest.raises(CodecError, match=words.replace("^", r"\^").replace("'", ".")):
        codec.read_json(text)


DEEP = json.loads("[" * 18 + "]" * 18)


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), 2**53, -(2**53), 10**5000, b"x", {1: 2}, (1,), "\ud800", {"\ud800": 1}, {"a": "x" * 70_000}, DEEP],  # noqa: E501
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_values_that_cannot_stand_in_a_record_are_refused(value):
    with pytest.raises(CodecError):
        codec.canonical(value)


def test_a_surrogate_pair_is_one_character():
    assert codec.read_json(b'"\\ud83d\\ude00"') == "\U0001f600"


# ---- ids ------------------------------------------------------------------------------------------------------------

SHORT = st.from_regex(r"[\x21-\x7e]([\x20-\x7e]{0,14}[\x21-\x7e])?", fullmatch=True)
UUIDS = st.integers(0, 2**128 - 1).map(lambda n: str(uuid.UUID(int=n & ~(3 << 62) | (2 << 62))))


@given(SHORT)
def test_a_short_id_comes_back(text):
    assert len(codec.id_bytes(text)) == 16
    assert codec.id_text(codec.id_bytes(text)) == text


@given(UUIDS, SHORT)
def test_a_uuid_comes_back_and_never_meets_a_text(text, short):
    assert codec.id_text(codec.id_bytes(text)) == text
    assert codec.id_bytes(text.upper()) == codec.id_bytes(text)
    assert codec.id_bytes(text) != codec.id_bytes(short)
    assert codec.id_bytes(short)[8] < 0x80 <= codec.id_bytes(text)[8]


@pytest.mark.parametrize(
    "text",
    ["", " a", "a ", "a" * 17, "ключ", "a\nb", "a\0", None, 5, b"a", "00000000-0000-0000-0000-000000000000", "\ud800"],
)
def test_what_is_no_id_is_refused(text):
    with pytest.raises(CodecError, match="is not an id"):
        codec.id_bytes(text)


# ---- batches --------------------------------------------------------------------------------------------------------


def sealed(kind=ROWS, body=None, count=2, **more):
    rows = np.zeros(count, ROW)
    rows["amount"] = 5
    facts = {
        "number": 3,
        "first": 7,
        "count": count,
        "expired": 0,
        "time": 99,
        "previous": b"p" * 32,
        "ledger": b"l" * 16,
        "blind": b"b" * 32,
        "root": b"r" * 32,
    }
    return Batch.seal(kind, rows.tobytes() if body is None else body, **facts | more)


def test_a_batch_reads_back_as_it_was_sealed():
    batch = sealed()
    again = Batch.read(batch.header, batch.body)
    assert again == batch
    assert again.rows()["amount"].tolist() == [5, 5]
    packed = codec.pack_records([codec.canonical({"type": "note", "n": n}) for n in range(3)])
    assert [one["n"] for one in sealed(RECORDS, packed, 3).records()] == [0, 1, 2]


@pytest.mark.parametrize("kind", [ROWS, RECORDS])
def test_every_flipped_bit_is_noticed(kind):
    """By the batch itself, or by its hash, which the batch after it names."""
    batch = sealed(kind, codec.pack_records([b'{"type":"note"}'] * 2) if kind == RECORDS else None)
    unnoticed = []
    whole = batch.header + batch.body
    for bit in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            again = Batch.read(bytes(changed[: codec.HEADER_BYTES]), bytes(changed[codec.HEADER_BYTES :]))
        except CodecError:
            continue
        if again.hash == batch.hash:
            unnoticed.append(bit)
    assert unnoticed == []


@pytest.mark.parametrize("cut", [0, 1, 191, 193])
def test_a_header_of_another_length_is_refused(cut):
    batch = sealed()
    with pytest.raises(CodecError, match="192 bytes"):
        Batch.read((batch.header + b"x")[:cut], batch.body)


@pytest.mark.parametrize(
    ("body", "count", "words"),
    [
        (b"\x05\0\0\0{}", 1, "record 0 is cut short"),
        (b"\x02\0\0\0{}\0\0\0\0", 1, "record 1 is cut short"),
        (b"\x02\0\0\0{}", 2, "1 records where the header says 2"),
        (b"\x02\0", 1, "cut short"),
        (b"", 1, "0 records"),
    ],
)
def test_packed_records_must_come_out_even(body, count, words):
    with pytest.raises(CodecError, match=words):
        codec.unpack_records(body, count)


@given(st.lists(st.dictionaries(TEXT, TEXT, max_size=3), max_size=5))
def test_records_packed_are_records_unpacked(records):
    assert codec.unpack_records(codec.pack_records([codec.canonical(one) for one in records]), len(records)) == records


def only_codec_errors(call, *arguments):
    try:
        return call(*arguments)
    except CodecError:
        return None


JSONISH = st.text(st.sampled_from('{}[]",:0123456789eE.-+tfn\\uduralse ')).map(str.encode)


@given(st.binary(max_size=300) | JSONISH, st.integers(0, 3), st.text(max_size=40))
@settings(max_examples=400, deadline=None)
def test_junk_gives_codec_errors_and_nothing_else(data, count, text):
    value = only_codec_errors(codec.read_json, data)
    if value is not None:
        json.dumps(value, ensure_ascii=False).encode()
        codec.canonical(value)
    only_codec_errors(codec.unpack_records, data, count)
    only_codec_errors(Batch.read, data[:192].ljust(192, b"\0"), data[192:])
    only_codec_errors(Batch.read, sealed().header, data)
    only_codec_errors(Batch.read, sealed().header[:8] + data[:184].ljust(184, b"\1"), b"")
    only_codec_errors(codec.id_bytes, text)
    codec.id_text(data[:16].ljust(16, b"\0"))
