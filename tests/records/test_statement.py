"""camt.053 and camt.054: they conform, and their entries make exactly the balances that the ledger keeps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boyau.ledger import AMOUNT_MAX, amounts
from boyau.records.iso20022 import bank_statement, movements
from boyau.records.iso20022.message import MessageError, Unwritable
from boyau.records.iso20022.numbers import Numbers
from boyau.records.iso20022.reconcile import reconcile
from boyau.records.iso20022.statement import write_notification, write_statement
from tests.page import DAY, Page
from tests.records.messages import BUILDER, IBAN, KNOWN, QUARRY, TODAY, conforms, page

ROADS = "roads@kz/road"


def balance(book, account):
    debits, credits_, _ = book.ledger.balance(account)
    return credits_ - debits


def story():
    """Three days: issue and pay, return and reverse an act, pay on."""
    at = page()
    at.check(f"""
        C-1 commit roads@kz/road -> {BUILDER}@kz/road#1 1000.00 : posted
        P-1 pay on C-1 400.00 subject=act-17 : posted
    """)
    at.wait(days=1)
    at.check(f"""
        R-1 return {BUILDER}@kz/road#1 -> roads@kz/road 50.00 original=P-1 : posted
        P-2 pay roads@kz/road -> {QUARRY}@KZT 70.07 item=CPV:45.23 region=751110000 : posted
        P-3 pay {BUILDER}@kz/road#1 -> {QUARRY}@KZT 300.00 : posted
        P-4 pay roads@kz/road -> {QUARRY}@KZT 99999.00 : funds_insufficient
    """)
    at.wait(days=1)
    at.check("V-1 void on C-1 : posted")
    at.check(f"P-5 pay roads@kz/road -> {QUARRY}@KZT 0.01 : posted")
    return at


@pytest.mark.parametrize(
    ("day", "opening", "entries", "closing"),
    [
        (-1, "0.00", [], "0.00"),
        (0, "0.00", ["5000.00", "-400.00"], "4600.00"),
        (1, "4600.00", ["50.00", "-70.07"], "4579.93"),
        (2, "4579.93", ["-0.01"], "4579.92"),
        (9, "4579.92", [], "4579.92"),
    ],
)
def test_a_statement_of_each_day(day, opening, entries, closing):
    at = story()
    data, *_ = write_statement(at.book, ROADS, TODAY + day, KNOWN)
    find = conforms(data, "camt.053.001.08")
    assert find("Bal/Amt") == [opening, closing]
    signs = ["-" if side == "DBIT" else "" for side in find("Ntry/CdtDbtInd")]
    assert [sign + text for sign, text in zip(signs, find("Ntry/Amt"), strict=True)] == entries
    assert find("Acct/Id/IBAN")[:1] == [IBAN]
    assert find("Stmt/Acct/Prxy/Id") == [ROADS]
    assert write_statement(at.book, ROADS, TODAY + day, KNOWN)[0] == data, "the same journal, the same bytes"


def test_an_entry_carries_what_the_payment_was_for():
    find = conforms(write_statement(story().book, ROADS, TODAY + 1, KNOWN)[0], "camt.053.001.08")
    assert find("BkTxCd/Prtry/Cd") == ["return", "pay"]
    assert find("RvslInd") == ["true"]
    assert find("Purp/Prtry") == ["CPV:4523"]
    assert find("AddtlRmtInf") == ["KATO:751110000"]
    assert find("EndToEndId") == ["R-1", "P-2"]
    assert find("CdtrAcct/Prxy/Id") == [ROADS, f"{QUARRY}@KZT"]
    first = conforms(write_statement(story().book, ROADS, TODAY, KNOWN)[0], "camt.053.001.08")
    assert first("RfrdDocInf/Nb") == ["C-1", "act-17"]


def test_what_a_statement_says_is_read_back():
    at = story()
    for day in (0, 1, 2):
        data, found, _ = write_statement(at.book, ROADS, TODAY + day, KNOWN)
        (read,) = bank_statement.read(data, "s.xml")
        assert (read.opening, read.closing) == (found.opening, found.closing)
        assert [(one.amount, one.ids[0]) for one in read.entries] == [(one.amount, one.id) for one in found.movements]
        assert not reconcile(at.book, read, ROADS, "s.xml").differences


def test_an_issuer_is_overdrawn_and_acts_taken_back_move_nothing():
    at = Page()
    at.record({"type": "colour", "colour": "kz/works", "rules": {"acceptance": True}})
    at.record(*({"type": "account", "account": name} for name in ("budget@kz/works", "builder@kz/works#1")))
    at.check("""
        I-1 issue issuer@kz -> budget@kz/works 100.00 : posted
        C-1 commit budget@kz/works -> builder@kz/works#1 100.00 : posted
        X-1 accept on C-1 60.00 : posted
        Y-1 reverse builder@kz/works#1 -> budget@kz/works 10.00 original=X-1 : posted
    """)
    find = conforms(write_statement(at.book, "issuer@kz", TODAY, Numbers())[0], "camt.053.001.08")
    assert (find("Bal/Amt"), find("Bal/CdtDbtInd")) == (["0.00", "100.00"], ["CRDT", "DBIT"])
    find = conforms(write_statement(at.book, "budget@kz/works", TODAY, Numbers())[0], "camt.053.001.08")
    assert find("Ntry/Amt") == ["100.00"]


def test_a_day_of_many_entries_has_pages():
    at = page("100.00")
    at.check("\n".join(f"P-{n} pay roads@kz/road -> {QUARRY}@KZT {n}.00 : posted" for n in range(1, 7)))
    read, balances = [], []
    for number in (1, 2, 3):
        data, _, pages = write_statement(at.book, ROADS, TODAY, KNOWN, page=number, page_entries=3)
        find = conforms(data, "camt.053.001.08")
        balances.append((*find("Bal/Amt"), find("SubTp/Cd"), find("LastPgInd")[0]))
        read += bank_statement.read(data, "s.xml")
    assert pages == 3
    assert balances == [
        ("0.00", "97.00", ["INTM"], "false"),
        ("97.00", "85.00", ["INTM", "INTM"], "false"),
        ("85.00", "79.00", ["INTM"], "true"),
    ]
    (whole,) = bank_statement.joined(read[::-1], "s.xml")
    assert not reconcile(at.book, whole, ROADS, "s.xml").differences
    for part in (read[:2], read[1:], read[::2]):
        with pytest.raises(MessageError, match="all its files at once"):
            bank_statement.joined(part, "s.xml")
    with pytest.raises(Unwritable, match="there is no page 4"):
        write_statement(at.book, ROADS, TODAY, KNOWN, page=4, page_entries=3)


def test_a_long_account_name_fits():
    at = page()
    path = "kz/" + "/".join(["a" * 32] * 8)
    steps = path.split("/")
    at.record(*({"type": "colour", "colour": "/".join(steps[: k + 1])} for k in range(1, len(steps))))
    at.record({"type": "account", "account": f"roads@{path}"})
    at.check(f"A-1 issue issuer@kz -> roads@{path} 1.00 : posted")
    find = conforms(write_statement(at.book, f"roads@{path}", TODAY, Numbers())[0], "camt.053.001.08")
    assert find("Stmt/Acct/Prxy/Id") == [f"roads@{path}"]
    assert len(find("Stmt/Acct/Id/Othr/Id")[0]) == 34


def test_what_the_standard_has_no_room_for_is_said():
    at = page()
    at.record({"type": "unit", "unit": "PACKS", "scale": 0}, {"type": "colour", "colour": "med", "unit": "PACKS"})
    at.record({"type": "account", "account": "roads@med"})
    with pytest.raises(Unwritable, match="no currency"):
        write_statement(at.book, "roads@med", TODAY, KNOWN)
    at.check(f"BIG issue issuer@kz -> roads@kz {amounts.write(AMOUNT_MAX - 500000)} : posted")
    with pytest.raises(Unwritable, match="18 digits"):
        write_statement(at.book, "roads@kz", TODAY, KNOWN)


def test_notifications_of_a_day_and_of_entries():
    at = story()
    data, told = write_notification(at.book, [], KNOWN, days=(TODAY + 1, TODAY + 1))
    find = conforms(data, "camt.054.001.08")
    assert told == {f"{BUILDER}@kz/road#1": 2, f"{QUARRY}@KZT": 2, ROADS: 2}
    assert find("Ntfctn/Acct/Prxy/Id") == sorted(told)
    assert sorted(find("Ntry/Amt")) == ["300.00", "300.00", "50.00", "50.00", "70.07", "70.07"]
    entry = max(int(text) for text in find("NtryRef"))
    _, told = write_notification(at.book, [f"{QUARRY}@KZT"], KNOWN, entries=(entry, at.book.entries - 1))
    assert told == {f"{QUARRY}@KZT": 2}
    with pytest.raises(Unwritable, match="no money moved"):
        write_notification(at.book, [], KNOWN, days=(TODAY + 9, TODAY + 9))


def test_a_balance_that_the_entries_do_not_make_is_not_written(monkeypatch):
    at = story()
    at.book.ledger.tables.acc[at.book.ledger.accounts[ROADS], 1] += 1
    with pytest.raises(movements.Imbalance):
        write_statement(at.book, ROADS, TODAY, KNOWN)


def test_what_another_process_writes_meanwhile_is_not_half_seen(tmp_path):
    """A reader's balances are those of the moment it opened the ledger; so are the entries it lists."""
    from boyau.journal import Book
    from boyau.journal.operations import Operations
    from tests.records.messages import WORLD

    path, at = str(tmp_path / "t.boyau"), TODAY * DAY
    with Book.create(path, clock=lambda: at) as writer:
        assert not any(writer.record(WORLD))
        with Book.open(path, write=False) as reader:
            issue = {"op": "issue", "id": "I", "from": "issuer@kz", "to": ROADS, "amount": "1.00"}
            writer.post(Operations(writer.ledger).rows([issue], TODAY))
            assert write_statement(reader, ROADS, TODAY, KNOWN)[1].movements == []
        assert len(write_statement(writer, ROADS, TODAY, KNOWN)[1].movements) == 1


def test_no_money_is_a_float():
    """The house's rule for rooms in which money is counted."""
    import ast
    from pathlib import Path

    import boyau.records.iso20022 as room

    for path in Path(room.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path
            assert not (isinstance(node, ast.Name) and node.id == "float"), path
            assert not isinstance(node, ast.Div) or path.name == "message.py", path


STEPS = st.lists(
    st.tuples(st.sampled_from(["issue", "pay", "pass", "return"]), st.integers(1, 10**14), st.booleans()), max_size=12
)


@settings(max_examples=40)
@given(STEPS, st.integers(1, 10**16 - 1))
def test_entries_always_make_the_change_of_the_balance(steps, funds):
    """Whatever was posted on whatever day: opening + entries = closing, day after day, to the tiyn."""
    at = page(amounts.write(funds))
    at.record({"type": "colour", "colour": "kz/road", "rules": {}})
    days, last = 1, "ISSUE-1"
    for k, (what, minor, next_day) in enumerate(steps):
        if next_day:
            at.wait(days=1)
            days += 1
        text = amounts.write(minor)
        operation = {
            "issue": {"op": "issue", "from": "issuer@kz", "to": ROADS},
            "pay": {"op": "pay", "from": ROADS, "to": f"{BUILDER}@kz/road#1"},
            "pass": {"op": "pay", "from": f"{BUILDER}@kz/road#1", "to": f"{QUARRY}@KZT"},
            "return": {"op": "return", "from": f"{BUILDER}@kz/road#1", "to": ROADS, "original": last},
        }[what] | {"id": f"N-{k}", "amount": text}
        _post(at, operation)
        last = f"N-{k}" if what == "pay" else last
    for account in (ROADS, f"{BUILDER}@kz/road#1", f"{QUARRY}@KZT"):
        before = 0
        for day in range(days):
            data, *_ = write_statement(at.book, account, TODAY + day, KNOWN)
            (read,) = bank_statement.read(data, "s.xml")
            assert read.opening == before
            assert read.opening + sum(one.amount for one in read.entries) == read.closing
            before = read.closing
        assert before == balance(at.book, account)


def _post(at, operation):
    from boyau.journal.operations import Operations

    at.at += 1000
    at.book.post(Operations(at.book.ledger).rows([operation], at.at // DAY))
