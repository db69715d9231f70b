"""The desk: one writer, a bounded queue, commits shared; and batches as columns, answered as lines are."""

import io
import json
import threading
import uuid

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from boyau.journal import Book, intake
from boyau.service.answers import Outcome
from boyau.service.bulk import COLUMNS, Bulk
from boyau.service.desk import Busy, Closing, Desk
from boyau.stores import StoreError
from tests.page import START, WORLD

ISSUE = {"op": "issue", "id": "I1", "from": "issuer@kz", "to": "budget@kz/road", "amount": "1000.00"}
PAY = {"op": "pay", "id": "P1", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "10.00"}
HOLD = {"op": "commit", "id": "H1", "from": "budget@kz/road", "to": "builder@kz/road#1", "amount": "100.00"}


def world():
    book = Book.create("memory:", clock=lambda: START, entropy=bytes, ledger_id=uuid.UUID(int=1))
    assert not any(book.record(WORLD))
    return book


@pytest.fixture
def desk():
    made = Desk(world())
    yield made
    made.close()


def lines_of(*values):
    return b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in values)


# ---- columns and lines give the same answers ------------------------------------------------------------------------


def by_line(data):
    """Submit as lines; return the answers and the balances."""
    desk = Desk(world())
    told = desk.submit(list(intake.ndjson(io.BytesIO(data)))).result()
    desk.close()
    return list(map(json.loads, Outcome.of(told).documents())), Outcome.of(told).counts(), desk._book


def by_column(data):
    desk = Desk(world())
    bulk = Bulk.read(data)
    assert not bulk.tangled
    told = desk.submit_bulk(bulk).result()
    desk.close()
    return list(map(json.loads, told.documents())), told.counts(), desk._book


def same(data):
    one, other = by_line(data), by_column(data)
    assert one[:2] == other[:2]
    count = len(one[2].ledger.accounts)
    assert np.array_equal(one[2].ledger.tables.acc[:count], other[2].ledger.tables.acc[:count])
    assert [one[2].row(k).tobytes()[:120] for k in rows_of(one[2])] == [
        other[2].row(k).tobytes()[:120] for k in rows_of(other[2])
    ]
    return one[0]


def rows_of(book):
    return [k for k in range(book.entries) if book._batch_of(k).kind == 1]


VALUES = {
    "op": ["pay", "issue", "commit", "release", "void", "accept", "return", "reverse", "expire", "PAY", ""],
    "id": ["A", "B", "C", "H1", "0192f0c1-2b3c-7d4e-8f50-617283940a0b", "0192f0c1-2b3c-7d4e-0f50-617283940a0b",
           "0192F0C1-2B3C-7D4E-8F50-617283940A0B", "sixteen-letters!", "seventeen-letters", " A",
           "A ", "ә", "", 'q"', "a b"],
    "from": ["budget@kz/road", "issuer@kz", "nobody@kz", "asphalt@KZT", ""],
    "to": ["asphalt@KZT", "budget@kz/road", "builder@kz/road#1", "casino@KZT", "nobody@kz", ""],
    "amount": ["1", "1.5", "1.50", "1.500", "1.505", "0", "-1", "01", "1.", ".5", "1.2.3", "1e3", "+1", " 1", "",
               "9" * 16, "9" * 17, "99999999999999999.99", "46116860184273879.03", "46116860184273879.04",
               "9" * 30, "١", "1,0"],
    "hold": ["H1", "A", "none", "", "x" * 17],
    "original": ["A", "B", "none", ""],
    "item": ["CPV:45", "CPV:4.5", "CPV45", "", "ENSTRU:42.11"],
    "region": ["71", "710000000", "0", "7100000000", ""],
    "date": ["2026-11-24", "2026-11-31", "2026-1-1", ""],
    "subject": ["act@1", ""],
    "document": ["ab" * 32, "ab" * 24, "ab", ""],
    "expires": ["2027-01-01T00:00:00Z", "2027-01-01T00:00:00", "soon", ""],
    "quantity": ["1", "1.5", "x", ""],
}  # fmt: skip
STRANGE = [
    b"", b"#", b"# a remark", b"{", b"[]", b"1", b"null", b'"pay"', b"{}", b"\xff", b"\xef\xbb\xbf{}", b"  ",
    b'{"op":"pay","id":"A","id":"B","from":"budget@kz/road","to":"asphalt@KZT","amount":"1"}',
    b'{"op":"pay","id":"A","from":"budget@kz/road","to":"asphalt@KZT","amount":1.5}',
    b'{"op":"pay","id":"A","from":"budget@kz/road","to":"asphalt@KZT","amount":1}',
    b'{"op":"pay","id":"A","from":"budget@kz/road","to":"asphalt@KZT","amount":"1","x":"y"}',
    b'{"op":"pay","id":"\\u0041","from":"budget@kz/road","to":"asphalt@KZT","amount":"1"}',
    b'{"op":"pay","id":"\\ud800","from":"budget@kz/road","to":"asphalt@KZT","amount":"1"}',
    b'{"op":"pay","id":"A","from":"budget@kz/road","to":"asphalt@KZT","amount":"1","linked":false}',
    b'{"op":"pay","id":"A","from":"budget@kz/road","to":"asphalt@KZT","amount":"1","linked":false,"linked":false}',
    b'{"op":"pay","id":"A","from":"budget@kz/road","to":"asphalt@KZT","amount":"1","emergency":true}',
    b'{"op":"pay","id":"A","from":"budget@kz/road","to":"asphalt@KZT","amount":"1","emergency":"true"}',
    b'{"op":"pay","id":"A","hold":null,"from":"budget@kz/road","to":"asphalt@KZT","amount":"1"}',
    b'{"op":"pay","id":"A","hold":"","hold":"H1","from":"budget@kz/road","to":"asphalt@KZT","amount":"1"}',
    b' { "op" : "pay", "id": "A","from":"budget@kz/road","to":"asphalt@KZT","amount":"1"}\r',
    b'{"op":"pay","id":"A\x01","from":"budget@kz/road","to":"asphalt@KZT","amount":"1"}',
    b'{"op":"pay","id":"A","from":"budget@kz/road","to":"asphalt@KZT","amount":"1"} 1',
    b'{"type":"participant","participant":"baker"}', b'{"type":"magic"}', b'{"type":"participant","op":"pay"}',
    b'{"type":"account","account":"asphalt@kz/road#2"}', b'{"type":1}', b'{"type":"note","x":1.5}',
    b'{"op":"pay","id":"' + b"A" * 70_000 + b'"}',
]  # fmt: skip


@st.composite
def operation(draw):
    out = dict(draw(st.sampled_from([PAY, ISSUE, HOLD])))
    out["id"] = draw(st.sampled_from(["A", "B", "C", "D", "H1"]))
    for name in draw(st.lists(st.sampled_from(list(VALUES)), max_size=3)):
        out[name] = draw(st.sampled_from(VALUES[name]))
    for name in draw(st.lists(st.sampled_from(["to", "amount", "id", "op"]), max_size=1)):
        out.pop(name, None)
    return json.dumps(out, ensure_ascii=draw(st.booleans())).encode()


LINE = operation() | st.sampled_from(STRANGE)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINE, max_size=12), st.sampled_from([b"\n", b"\r\n"]))
@example(STRANGE, b"\n")
@example([STRANGE[10], *STRANGE], b"\n")
def test_columns_are_answered_as_lines_are(lines, end):
    same(lines_of(ISSUE | {"id": "funds"}, HOLD) + end.join(lines))


@pytest.mark.parametrize("name", VALUES)
def test_every_value_of_every_field_is_judged_alike(name):
    base = [PAY, ISSUE, HOLD, {"op": "release", "id": "R", "hold": "H1", "amount": "1"}, {"op": "void", "hold": "H1"}]
    made = [
        one | {"id": f"{k}-{n}"} | {name: value} for k, one in enumerate(base) for n, value in enumerate(VALUES[name])
    ]
    same(lines_of(ISSUE | {"id": "funds"}, HOLD, *made))


def test_a_plain_batch_takes_the_quick_way_and_others_do_not():
    bulk = Bulk.read(lines_of(ISSUE, PAY, PAY | {"linked": False}, *[one + b"\n" for one in STRANGE]))
    assert bulk.columns["id"][:3] == ("I1", "P1", "P1")
    # Of the strange ones only those whose strangeness is in white space or in a plain flag are read as columns.
    assert len(bulk.columns["id"]) == 6
    assert set(COLUMNS) == set(bulk.columns)


def chain(*lines, last=False):
    return [one | {"linked": True} for one in lines[:-1]] + [lines[-1] | ({"linked": True} if last else {})]


def test_a_batch_says_where_a_chain_must_be_looked_at_line_by_line(monkeypatch):
    def tangled(*lines):
        return Bulk.read(lines_of(*lines)).tangled

    assert not tangled(PAY, PAY | {"linked": False}, b"nonsense\n")
    assert not tangled(*chain(PAY, PAY), PAY, *chain(PAY, PAY, PAY), b"nonsense\n")
    assert tangled(*chain(PAY, PAY, last=True)), "it ends nowhere"
    assert tangled(b'{"linked": true, nonsense\n')
    for other in (b"nonsense\n", {"type": "note"}, PAY | {"x": "y"}):
        assert tangled(PAY | {"linked": True}, other, PAY)
    monkeypatch.setattr("boyau.service.bulk.BATCH_ROWS_MAX", 3)
    assert not tangled(*chain(PAY, PAY, PAY), *chain(PAY, PAY, PAY))
    assert tangled(*chain(PAY, PAY), PAY, *chain(PAY, PAY, PAY, PAY)), "no batch is as long"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(operation(), min_size=1, max_size=4), max_size=5))
def test_chains_in_columns_are_answered_as_chains_of_lines_are(chains):
    made = []
    for group in chains:
        lines = [json.loads(one) for one in group]
        made += [json.dumps(one).encode() + b"\n" for one in chain(*lines)]
    data = lines_of(ISSUE | {"id": "funds"}, HOLD) + b"".join(made)
    if not Bulk.read(data).tangled:
        same(data)


def test_chains_take_effect_whole_or_not_at_all_in_columns_too():
    broke, good = PAY | {"amount": "9999.00"}, PAY | {"id": "P2"}
    told = same(lines_of(ISSUE, *chain(PAY, broke | {"id": "B"}), *chain(good, PAY | {"id": "P3"}), PAY | {"id": "P4"}))
    assert [one["result"] for one in told] == [
        "posted", "chain_broken", "funds_insufficient", "posted", "posted", "posted",
    ]  # fmt: skip
    told = same(lines_of(ISSUE, *chain(PAY, PAY | {"id": "B", "amount": "none"}), good))
    assert [one["result"] for one in told] == ["posted", "chain_broken", "unreadable", "posted"]


def test_an_account_recorded_in_a_batch_is_known_after_it_and_not_before():
    account = {"type": "account", "account": "asphalt@kz/road#7"}
    to = {"to": "asphalt@kz/road#7"}
    told = same(lines_of(ISSUE, PAY | to, account, PAY | to | {"id": "P2"}, account))
    assert [one["result"] for one in told[:3]] == ["posted", "credit_unknown", "recorded"]
    assert told[3]["result"] not in ("credit_unknown", "unreadable")


# ---- one writer -----------------------------------------------------------------------------------------------------


def test_whoever_waits_together_is_committed_together(desk):
    gate = threading.Event()
    first = desk.call(lambda _book: gate.wait())
    waiting = [desk.submit([ISSUE | {"id": f"I{k}"}]) for k in range(100)]
    assert desk.waiting >= 100
    gate.set()
    first.result()
    assert {one.result()[0].result for one in waiting} == {"posted"}
    assert desk.counts.commits == 1


def test_beyond_the_bound_nothing_is_taken_and_the_time_to_wait_is_told():
    desk = Desk(world(), jobs_max=3, lines_max=5)
    gate = threading.Event()
    held = desk.call(lambda _book: gate.wait())
    while desk.waiting:
        pass
    taken = [desk.submit([ISSUE]), desk.submit([PAY] * 4)]
    with pytest.raises(Busy) as full:
        desk.submit([PAY])
    assert full.value.seconds >= 1
    assert desk.waiting == 5
    gate.set()
    held.result()
    assert [len(one.result()) for one in taken] == [1, 4]
    assert desk.counts.busy == 1
    desk.close()


def test_closing_answers_what_was_taken_and_takes_nothing_more(desk):
    gate = threading.Event()
    desk.call(lambda _book: gate.wait())
    taken = [desk.submit([ISSUE | {"id": f"I{k}"}]) for k in range(50)]
    closing = threading.Thread(target=desk.close)
    closing.start()
    while not desk._stopping:
        pass
    with pytest.raises(Closing):
        desk.submit([PAY])
    gate.set()
    closing.join()
    assert {one.result()[0].result for one in taken} == {"posted"}


def test_a_failing_look_is_told_to_whoever_asked_and_the_writer_goes_on(desk):
    with pytest.raises(ZeroDivisionError):
        desk.call(lambda _book: 1 // 0).result()
    assert desk.submit([ISSUE]).result()[0].result == "posted"
    assert desk.counts.failed == 1


def test_where_the_disk_fails_half_way_those_before_are_told_what_is_durable(desk, monkeypatch):
    """8190 rows are one batch: the first is on disk when the second cannot be written."""
    gate, book = threading.Event(), desk._book
    desk.submit([ISSUE | {"amount": "900000.00"}]).result()
    desk.call(lambda _book: gate.wait())
    first = desk.submit([PAY | {"id": f"P{k}", "amount": "0.01"} for k in range(8190)])
    second = desk.submit([PAY | {"id": "last"}])
    posts, post = [], book.post

    def failing(rows):
        posts.append(len(rows))
        if len(posts) == 2:
            raise StoreError("the disk is gone")
        return post(rows)

    monkeypatch.setattr(book, "post", failing)
    gate.set()
    assert {one.result for one in first.result()} == {"posted"}
    with pytest.raises(StoreError):
        second.result()
    assert posts == [8190, 1]


def test_a_dry_run_leaves_no_trace(desk):
    before = desk.call(lambda book: (book.entries, book.ledger.state_hash())).result()
    assert [one.result for one in desk.submit([ISSUE, PAY], dry=True).result()] == ["posted", "posted"]
    assert desk.call(lambda book: (book.entries, book.ledger.state_hash())).result() == before


def test_a_chain_ends_where_its_request_ends(desk):
    told = desk.submit([ISSUE, PAY | {"linked": True}]).result()
    assert [one.result for one in told] == ["chain_broken", "chain_open"]
