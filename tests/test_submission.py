"""Lines submitted to a ledger: one answer each, chains whole or not at all, and a dry run that tells the truth."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boyau.journal import Book, intake
from boyau.journal import submission as module
from boyau.journal.intake import Line
from boyau.journal.submission import Scratch, Submission
from tests.page import START, WORLD, Page

ISSUE = {"op": "issue", "id": "I1", "from": "issuer@kz", "to": "budget@kz/road", "amount": "1000.00"}
PAY = {"op": "pay", "id": "P1", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "10.00"}


@pytest.fixture
def book():
    page = Page()
    page.check("I0 issue issuer@kz -> budget@kz/road 1000.00 : posted")
    return page.book


def ndjson(*lines):
    data = b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines)
    return intake.ndjson(io.BytesIO(data))


def submit(target, *lines):
    return [(answer.line, answer.result, answer.field) for answer in Submission(target).run(ndjson(*lines))]


def results(target, *lines):
    return [answer.result for answer in Submission(target).run(ndjson(*lines))]


def pay(name, amount="1.00", **more):
    return PAY | {"id": name, "amount": amount} | more


def paid(book):
    return book.ledger.balance("asphalt@KZT")[1]


def test_records_and_operations_are_taken_in_the_order_given(book):
    assert submit(
        book,
        {"type": "subject", "subject": "act-1"},
        pay("P1", subject="act-1"),
        {"type": "participant", "participant": "late", "classes": ["supplier"]},
        {"type": "account", "account": "late@KZT"},
        pay("P2", to="late@KZT"),
        {"type": "account", "account": "nobody@KZT"},
        pay("P3", to="nobody@KZT"),
        pay("P1", subject="act-1"),
        pay("P1", "2.00"),
    ) == [
        (1, "recorded", ""), (2, "posted", ""), (3, "recorded", ""), (4, "recorded", ""), (5, "posted", ""),
        (6, "refused", "account"), (7, "credit_unknown", ""), (8, "exists", ""), (9, "id_conflict", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "1.001"}, "amount"),
        ({"amount": "-1.00"}, "amount"),
        ({"amount": "+1.00"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "99999999999999999999"}, "amount"),
        ({"amount": "46116860184273879.04"}, "amount"),
        ({"amount": "9" * 500}, "amount"),
        ({"amount": "1,00"}, "amount"),
        ({"amount": " 1.00"}, "amount"),
        ({"amount": "١.٠٠"}, "amount"),
        ({"amount": "１.００"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"amount": 100}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": True}, "amount"),
        ({"id": ""}, "id"),
        ({"id": 5}, "id"),
        ({"id": "x" * 17}, "id"),
        ({"op": "expire"}, "op"),
        ({"op": ["pay"]}, "op"),
        ({"op": "steal"}, "op"),
        ({"from": ""}, "from"),
        ({"to": 7}, "to"),
        ({"to": None}, "to"),
        ({"date": "24.11.2026"}, "date"),
        ({"date": "2026-W48-2"}, "date"),
        ({"date": "2026-02-30"}, "date"),
        ({"date": 20261124}, "date"),
        ({"item": "45"}, "item"),
        ({"item": 45}, "item"),
        ({"region": "0"}, "region"),
        ({"expires": "2026-12-01T00:00:00"}, "expires"),
        ({"expires": "soon"}, "expires"),
        ({"expires": "0001-01-01T00:00:00+23:59"}, "expires"),
        ({"document": "12"}, "document"),
        ({"quantity": "-1"}, "quantity"),
        ({"quantity": 1}, "quantity"),
        ({"original": "P9"}, "original"),
        ({"linked": "yes"}, "linked"),
        ({"linked": 1}, "linked"),
        ({"purpose": "bribe"}, "purpose"),
    ],
    ids=str,
)
def test_a_field_that_cannot_be_read_is_named_and_the_other_lines_are_unaffected(book, change, field):
    bad = pay("BAD") | change
    (first, answer, last) = Submission(book).run(ndjson(pay("P1"), bad, pay("P2", linked=False)))
    assert (first.result, answer.line, answer.result, answer.field) == ("posted", 2, "unreadable", field)
    assert answer.message
    # What may have been meant as a chain's beginning breaks what would have followed in it.
    assert last.result == ("chain_broken" if field == "linked" else "posted")


@pytest.mark.parametrize("missing", ["op", "id", "from", "to", "amount"])
def test_a_field_that_is_missing_is_named(book, missing):
    operation = {name: value for name, value in PAY.items() if name != missing}
    assert submit(book, pay("P0"), operation, pay("P2")) == [
        (1, "posted", ""), (2, "unreadable", missing), (3, "posted", "")
    ]  # fmt: skip


@pytest.mark.parametrize("value", [[], "pay", 5, None, True])
def test_a_line_that_is_no_object_is_told(book, value):
    assert submit(book, value, pay("P1")) == [(1, "unreadable", ""), (2, "posted", "")]


def test_accounts_and_colours_that_are_not_known_are_refused_by_the_ledger(book):
    assert results(book, pay("1", **{"from": "x@kz"}), pay("2", to="x@y"), {"type": "limits", "colour": "x", "plan": "1"}) == [  # noqa: E501
        "debit_unknown", "credit_unknown", "refused"
    ]  # fmt: skip


# ---- chains ---------------------------------------------------------------------------------------------------------

BAD = {
    "unreadable JSON": b'{"op": "pay", "linked": true, "amount": 1.5}',
    "no JSON": b'{"op": "pay", "linked":true,',
    "a bad amount": pay("B", "x", linked=True),
    "a bad flag": pay("B", linked="maybe"),
    "a refused one": pay("B", "99999999.00", linked=True),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_line_breaks_its_chain_whole_and_no_other(book, bad, place):
    chain = [pay(f"C{n}", linked=True) for n in range(3)]
    chain[place] = bad
    answers = results(book, pay("before"), *chain, pay("C9"), pay("after", "2.00"))
    assert answers[0] == answers[-1] == "posted"
    assert [answer for answer in answers[1:-1] if answer != "chain_broken"] in (["unreadable"], ["funds_insufficient"])
    assert len(answers) == 6
    assert paid(book) == 300


def test_a_bad_last_line_breaks_its_chain(book):
    assert results(book, pay("1", linked=True), pay("2", "x"), pay("3")) == ["chain_broken", "unreadable", "posted"]
    assert results(book, pay("4", linked=True), b"{", pay("5")) == ["chain_broken", "unreadable", "posted"]
    assert results(book, pay("6", linked=True), {"no": 1}) == ["chain_broken", "unreadable"]


def test_a_record_inside_a_chain_breaks_it_and_is_not_recorded(book):
    subject = {"type": "subject", "subject": "x"}
    assert results(book, pay("1", linked=True), subject, pay("2"), pay("3")) == [
        "chain_broken", "unreadable", "chain_broken", "posted"
    ]  # fmt: skip
    assert "x" not in book.ledger.subjects


def test_a_chain_the_file_leaves_open_is_refused(book):
    assert results(book, pay("0"), pay("1", linked=True), pay("2", linked=True)) == [
        "posted",
        "chain_broken",
        "chain_open",
    ]
    assert paid(book) == 100


@pytest.mark.parametrize("more", [0, 1, 5, 30])
def test_a_chain_too_long_for_any_batch_is_broken_whole(book, monkeypatch, more):
    monkeypatch.setattr(module, "BATCH_ROWS_MAX", 4)
    chain = [pay(f"C{n}", linked=True) for n in range(7 + more)] + [pay("end")]
    answers = results(book, pay("before"), *chain, pay("after"))
    assert answers[0] == answers[-1] == "posted"
    assert len(set(answers[1:-1])) == 1
    assert paid(book) in (200, 100 * len(answers))
    assert len(answers) == 10 + more


def test_answers_come_in_batches_and_every_line_has_one(book, monkeypatch):
    monkeypatch.setattr(module, "BATCH_ROWS_MAX", 4)
    lines = [pay(f"{n}", "x" if n % 5 == 0 else "0.01", linked=n % 3 == 0) for n in range(60)]
    answers = list(Submission(book).run(ndjson(*lines)))
    assert sorted(answer.line for answer in answers) == list(range(1, 61))


# ---- dry runs -------------------------------------------------------------------------------------------------------

OPERATIONS = st.lists(
    st.one_of(
        st.builds(
            lambda n, amount, linked, to, day: pay(f"P{n}", amount, linked=linked, to=to, date=day),
            st.integers(0, 9), st.sampled_from(["1.00", "400.00", "0.00", "x", "1.001"]), st.booleans(),
            st.sampled_from(["asphalt@KZT", "casino@KZT", "builder@kz/road#1", "nobody@KZT"]),
            st.sampled_from(["2026-11-24", "2026-11-23", "2027-01-01"]),
        ),
        st.builds(lambda n, m: PAY | {"op": "commit", "id": f"H{n}", "amount": f"{m}.00"}, st.integers(0, 3), st.integers(1, 300)),  # noqa: E501
        st.builds(
            lambda op, n, h: {"op": op, "id": f"X{n}", "hold": f"H{h}"} | ({} if op == "void" else {"amount": "5.00"}),
            st.sampled_from(["pay", "release", "void"]), st.integers(0, 9), st.integers(0, 3),
        ),
        st.builds(
            lambda n, p: {"op": "return", "id": f"R{n}", "original": f"P{p}", "from": "asphalt@KZT", "to": "budget@kz/road",  # noqa: E501
                          "amount": "1.00"}, st.integers(0, 3), st.integers(0, 9),
        ),
        st.builds(lambda n: {"type": "subject", "subject": f"act {n}" if n else ""}, st.integers(0, 2)),
        st.builds(lambda n: {"type": "limits", "colour": "kz/road", "payments": f"{n}00.00"}, st.integers(0, 9)),
        st.builds(lambda c: {"type": "colour", "colour": "kz/road", "rules": {"payees": {"classes": c}}},
                  st.sampled_from([["supplier"], ["contractor"], ["gambling"]])),
        st.sampled_from([b"{", b"[]", b'{"linked": true', {"type": "note", "x": 1}, {"type": "magic"}]),
    ),
    max_size=14,
)  # fmt: skip


@given(OPERATIONS)
@settings(max_examples=120, deadline=None)
def test_a_dry_run_changes_nothing_and_tells_what_the_submission_then_answers(lines):
    page = Page()
    page.check("""
        I0 issue  issuer@kz -> budget@kz/road    1000.00 : posted
        P0 pay    budget@kz/road -> asphalt@KZT     1.00 : posted
        H0 commit budget@kz/road -> asphalt@KZT    50.00 : posted
    """)
    book = page.book
    before = book.ledger.state_hash(), book.entries, book.tip
    told = [
        (a.line, a.result, a.id, a.field, a.message)
        for a in Submission(Scratch(book.ledger, book.clock)).run(ndjson(*lines))
    ]
    assert (book.ledger.state_hash(), book.entries, book.tip) == before
    real = [(a.line, a.result, a.id, a.field, a.message) for a in Submission(book).run(ndjson(*lines))]
    assert told == real
    again = Book(book.store, clock=book.clock)
    assert again.ledger.state_hash() == book.ledger.state_hash()


def test_a_dry_run_leaves_the_file_as_it_is(tmp_path):
    path = tmp_path / "x.boyau"
    with Book.create(str(path), clock=lambda: START) as book:
        book.record(WORLD)
    before = path.read_bytes()
    with Book.open(str(path), write=False) as book:
        assert results(Scratch(book.ledger, lambda: START), ISSUE, PAY, {"type": "subject", "subject": "x"}) == [
            "posted", "posted", "recorded"
        ]  # fmt: skip
    assert path.read_bytes() == before


def test_a_record_too_long_to_keep_is_refused_in_the_dry_run_too(book):
    lines = [Line(1, {"type": "note", "text": "x" * 70_000})]
    for target in (Scratch(book.ledger, book.clock), book):
        (answer,) = Submission(target).run(lines)
        assert (answer.result, answer.message[:17]) == ("refused", "record_unreadable")


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"type": "colour", "colour": "zz", "unit": ["KZT"]}, "unit"),
        ({"type": "colour", "colour": "zz", "unit": {}}, "unit"),
        ({"type": "participant", "participant": "p", "region": 0}, "region"),
        ({"type": "participant", "participant": "p", "region": []}, "region"),
    ],
)
def test_values_of_another_type_are_refused(book, record, field):
    assert submit(book, record) == [(1, "refused", field)]


# ---- junk -----------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)
    | st.sampled_from(["pay", "kz", "kz/road", "KZT", "budget@kz/road", "asphalt@KZT", "1.00", "2026-12-01", "supplier", "plan"]),  # noqa: E501
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.sampled_from(
        ["classes", "allow", "deny", "first", "last", "plan", "payees", "items", "window"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
NAMES = ["op", "id", "from", "to", "amount", "hold", "original", "item", "region", "date", "subject", "document", "expires",  # noqa: E501
         "quantity", "linked", "unit", "scale", "participant", "classes", "name", "colour", "title", "rules", "plan",
         "override", "reason", "account", "flags", "condition", "by", "withdrawn", "obligations"]  # fmt: skip
TYPES = ["unit", "participant", "colour", "limits", "account", "subject", "attestation", "published", "note"]
RULES = ["payees", "holders", "items", "regions", "window", "hops", "ends", "evidence", "carry_from"]
JUNK = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6),
    st.builds(
        lambda t, r: r | {"type": t}, st.sampled_from(TYPES), st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6)
    ),
    st.builds(
        lambda r: {"type": "colour", "colour": "kz/rail", "rules": r},
        st.dictionaries(st.sampled_from(RULES), JSON, max_size=3),
    ),
    st.builds(lambda r: PAY | r, st.dictionaries(st.sampled_from(NAMES[:15]), JSON, max_size=2)),
    JSON,
)


@given(st.lists(JUNK, max_size=6))
@settings(max_examples=500, deadline=None)
def test_whatever_is_sent_is_answered_and_a_refusal_leaves_no_trace(junk):
    book = Page().book
    for value in junk:
        before = book.ledger.state_hash()
        (answer,) = Submission(book).run([Line(1, value)])
        if not answer.ok and answer.row is None:
            assert book.ledger.state_hash() == before, value
        answer.message.encode("utf-8", "surrogatepass")
    again = Book(book.store, clock=book.clock)
    assert again.ledger.state_hash() == book.ledger.state_hash()


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_arbitrary_bytes_are_answered_line_by_line(data):
    for answer in Submission(Page().book).run(intake.ndjson(io.BytesIO(data))):
        assert answer.result in ("unreadable", "refused", "recorded", "chain_broken")
