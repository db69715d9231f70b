"""ISO 20022 over HTTP: payments and their status, statements, notifications, a bank's statement; what is hostile."""

import asyncio
import time

import pytest
from starlette.testclient import TestClient

from boyau.records.iso20022 import message, statement
from boyau.records.iso20022.message import NAMESPACE
from boyau.records.iso20022.movements import day_asked
from boyau.service import iso20022
from boyau.service.app import create_app
from boyau.service.desk import Desk
from boyau.service.iso20022 import XML, OneByOne
from boyau.service.problems import Problem
from tests.records.messages import BUILDER, IBAN, KNOWN, QUARRY, block, conforms, page, pain, payment
from tests.records.test_hostile_xml import HOSTILE
from tests.records.test_reconcile import FIRST, ISSUED, balance, entry
from tests.service.test_gate_world import World

V1 = "/api/v1/iso20022"
ROADS = "roads@kz/road"
TYPE = {"content-type": XML}


@pytest.fixture
def book():
    return page().book


@pytest.fixture
def api(book):
    with TestClient(create_app(Desk(book), numbers=KNOWN)) as client:
        yield client


def send(api, data, path="pain.001", **more):
    return api.post(f"{V1}/{path}", content=data, headers=TYPE | more)


def statuses(answer):
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, XML), answer.text
    find = conforms(answer.content, "pain.002.001.12")
    return find("GrpSts"), find("TxInfAndSts/TxSts"), find


def problem(answer):
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert told["status"] == answer.status_code
    return answer.status_code, told["type"].rpartition("/")[2]


# ---- payments -------------------------------------------------------------------------------------------------------


def test_payments_are_posted_and_each_is_answered_by_its_status(api, book):
    data = pain(block(payment("E-1"), payment("E-2", "9999.00"), payment("E-3", to=BUILDER, amount="20.00")))
    group, told, find = statuses(send(api, data))
    assert (group, told) == (["PART"], ["ACSC", "RJCT", "ACSC"])
    assert "AM04" in find("TxInfAndSts/StsRsnInf/Rsn/Cd")
    first, second = find("TxInfAndSts/AcctSvcrRef")
    assert api.get(f"/api/v1/entries/{first}").json()["id"] == "E-1"
    assert api.get(f"/api/v1/entries/{second}").json()["to"] == f"{BUILDER}@kz/road#1"
    assert book.ledger.balance(ROADS)[0] == 3000


def test_a_message_sent_again_posts_nothing_twice(api, book):
    data = pain(payment("E-1"))
    statuses(send(api, data))
    before = book.ledger.balance(ROADS)
    group, told, find = statuses(send(api, data))
    assert (group, told) == (["ACSC"], ["ACSC"])
    assert "nothing was done twice" in find("TxInfAndSts/StsRsnInf/AddtlInf")[0]
    assert book.ledger.balance(ROADS) == before
    # The name is the payment's and not the message's: with other contents it is refused.
    assert statuses(send(api, pain(payment("E-1", "11.00"), name="M-2")))[1] == ["RJCT"]


def test_a_message_that_is_tried_changes_nothing(api, book):
    before = book.entries
    group, told, find = statuses(send(api, pain(payment("E-1")), "pain.001?dry_run=true"))
    assert (group, told, find("AcctSvcrRef")) == (["ACCP"], ["ACCP"], [])
    assert book.entries == before


def test_payments_that_go_together_are_refused_together(api):
    data = pain(block(payment("E-1"), payment("E-2", "9999.00"), batch="true"))
    assert statuses(send(api, data))[1] == ["RJCT", "RJCT"]


def test_sums_that_are_not_those_of_the_message_refuse_it_by_a_status(api):
    group, told, find = statuses(send(api, pain(payment("E-1"), total="11.00")))
    assert (group, told, find("StsRsnInf/Rsn/Cd")) == (["RJCT"], [], ["AM16"])


def test_reasons_are_in_the_language_that_is_asked_for(api):
    answer = send(api, pain(payment("E-1", "9999.00")), **{"accept-language": "ru"})
    assert any(ord(letter) > 0x400 for letter in "".join(statuses(answer)[2]("StsRsnInf/AddtlInf")))


def test_very_many_payments_are_answered_in_their_order(api):
    count = 2 * iso20022.TOLD_AT_ONCE + 7
    data = pain(block(*(payment(f"N-{k}", "0.01" if k % 3 else "9999.00") for k in range(count))))
    _, told, find = statuses(send(api, data))
    assert find("TxInfAndSts/OrgnlEndToEndId") == [f"N-{k}" for k in range(count)]
    assert told == ["ACSC" if k % 3 else "RJCT" for k in range(count)]


# ---- what is hostile ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [one for one in HOSTILE if one not in ("too large", "another message")])
def test_what_acts_or_does_not_conform_is_a_problem(api, book, name):
    data, told = HOSTILE[name]
    before, began = book.entries, time.monotonic()
    answer = send(api, data)
    assert problem(answer) == (400, "unreadable")
    assert told.replace("m.xml", "message") in answer.json()["detail"]
    assert "root:" not in answer.text
    assert (book.entries, time.monotonic() - began < 10) == (before, True)


def test_a_wrong_schema_is_said(api):
    for path, data in (("pain.001", camt(FIRST, closing="-100.00")), ("camt.053", pain(payment()))):
        answer = send(api, data, path)
        assert problem(answer) == (400, "unreadable")
        assert "send Document of" in answer.json()["detail"]


def test_a_message_is_bounded_and_is_xml(api, monkeypatch):
    assert problem(api.post(f"{V1}/pain.001", json={})) == (415, "media-type")
    monkeypatch.setattr(iso20022, "MESSAGE_BYTES_MAX", 100)
    for path in ("pain.001", "camt.053"):
        assert problem(send(api, pain(payment()), path)) == (413, "too-large")


def test_without_the_schemas_it_is_said_what_to_install(api, monkeypatch):
    monkeypatch.setattr(message, "PACKAGES", ())
    message.schema.cache_clear()
    answer = send(api, pain(payment()))
    message.schema.cache_clear()
    assert problem(answer) == (501, "not-installed")
    assert "boyau[iso20022]" in answer.json()["detail"]


def test_one_message_is_read_at_a_time_and_few_wait(monkeypatch):
    monkeypatch.setattr(iso20022, "WAITING_MAX", 3)

    async def go():
        one, go_on, inside, seen = OneByOne(), asyncio.Event(), 0, []

        async def costly():
            nonlocal inside
            try:
                async with one.turn():
                    inside += 1
                    seen.append(inside)
                    await go_on.wait()
                    inside -= 1
            except Problem as error:
                return error.kind
            return "done"

        asked = [asyncio.create_task(costly()) for _ in range(5)]
        await asyncio.sleep(0)
        go_on.set()
        return await asyncio.gather(*asked), seen, await costly()

    told, seen, after = asyncio.run(go())
    assert (told, set(seen), after) == (["done"] * 3 + ["busy"] * 2, {1}, "done")


# ---- statements and notifications -----------------------------------------------------------------------------------


def test_the_statement_of_a_day(api):
    statuses(send(api, pain(block(payment("E-1"), payment("E-2")))))
    answer = api.get(f"{V1}/camt.053/{ROADS}?date=2026-11-24")
    find = conforms(answer.content, "camt.053.001.08")
    assert find("Bal/Amt") == ["0.00", "4980.00"]
    assert find("Ntry/Amt") == ["5000.00", "10.00", "10.00"]
    assert find("Stmt/Acct/Id/IBAN") == [IBAN]
    assert "link" not in answer.headers
    assert api.get(f"{V1}/camt.053/{ROADS}").content == answer.content, "the day of the last entry"


def test_a_long_statement_has_pages(api, monkeypatch):
    statuses(send(api, pain(block(*(payment(f"E-{k}") for k in range(4))))))
    monkeypatch.setattr(statement.Statement.write, "__kwdefaults__", {"page": 1, "page_entries": 2})
    amounts, path = [], f"{V1}/camt.053/{ROADS}"
    for _ in range(3):
        answer = api.get(path)
        amounts += conforms(answer.content, "camt.053.001.08")("Ntry/Amt")
        path = answer.headers.get("link", "<>").partition("<")[2].partition(">")[0]
    assert (amounts, path) == (["5000.00"] + ["10.00"] * 4, "")
    assert problem(api.get(f"{V1}/camt.053/{ROADS}?page=4")) == (422, "unwritable")


def test_notifications_of_a_day_of_entries_of_an_account_and_of_all(api, book):
    statuses(send(api, pain(payment("E-1"))))
    find = conforms(api.get(f"{V1}/camt.054?date=2026-11-24").content, "camt.054.001.08")
    assert find("Ntfctn/Acct/Prxy/Id") == [f"{QUARRY}@KZT", ROADS]
    find = conforms(api.get(f"{V1}/camt.054/{QUARRY}@KZT").content, "camt.054.001.08")
    assert find("Ntry/Amt") == ["10.00"]
    last = book.entries - 1
    find = conforms(api.get(f"{V1}/camt.054?entries={last}-{last}").content, "camt.054.001.08")
    assert find("NtryRef") == [str(last)] * 2


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("camt.053/nobody@kz", (404, "not-found")),
        ("camt.053/roads@kz/road?date=2026-02-30", (422, "unreadable")),
        ("camt.053/roads@kz/road?date=today", (422, "unreadable")),
        ("camt.053/roads@kz/road?page=0", (422, "unreadable")),
        ("camt.054/nobody@kz", (404, "not-found")),
        ("camt.054?entries=9-2", (422, "unreadable")),
        ("camt.054?entries=999999-999999", (404, "not-found")),
        ("camt.054?entries=0-1&date=2026-11-24", (422, "unreadable")),
        ("camt.054?date=2020-01-01", (422, "unwritable")),
    ],
)
def test_what_cannot_be_told_is_a_problem(api, path, told):
    assert problem(api.get(f"{V1}/{path}")) == told


def test_a_journal_is_read_in_short_looks(api, book, monkeypatch):
    monkeypatch.setattr(iso20022, "LOOK_SECONDS", 0.0)
    for k in range(20):
        statuses(send(api, pain(payment(f"E-{k}"))))
    looks, call = [], Desk.call
    monkeypatch.setattr(Desk, "call", lambda *args, **more: (looks.append(1), call(*args, **more))[1])
    find = conforms(api.get(f"{V1}/camt.053/{ROADS}").content, "camt.053.001.08")
    assert len(find("Ntry/Amt")) == 21
    assert len(looks) > book.next_number, "a look for each batch, and one before"


def test_a_statement_is_of_the_moment_at_which_it_was_asked_for(book):
    """Payments come in between two looks; the statement is that of before, and its balance is right."""
    desk = Desk(book)
    try:
        made = desk.call(lambda book: statement.Statement(book, ROADS, day_asked(book, ""), KNOWN)).result()
        assert made.reading.more
        line = {"op": "pay", "id": "P-1", "from": ROADS, "to": f"{QUARRY}@KZT", "amount": "1.00"}
        assert desk.submit([line]).result()[0].ok
        while made.reading.more:
            desk.call(made.reading.step).result()
        _, found, _ = made.write()
        assert (found.closing, len(found.movements)) == (500_000, 1)
    finally:
        desk.close()


# ---- a bank's statement ---------------------------------------------------------------------------------------------


def camt(*entries, opening="0.00", closing):
    return (
        f'<?xml version="1.0"?><Document xmlns="{NAMESPACE}camt.053.001.08"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>B</MsgId><CreDtTm>2026-11-25T00:00:00</CreDtTm></GrpHdr>\n"
        f"<Stmt><Id>S-1</Id><CreDtTm>2026-11-25T00:00:00</CreDtTm><Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}\n{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def test_a_banks_statement_is_compared_entry_by_entry(api, book):
    statuses(send(api, pain(block(payment("P-1", "100.00"), payment("P-2", "7.00")))))
    before = book.entries
    data = camt(ISSUED, FIRST, entry("-3", "X-9"), closing="4897.00")
    (found,) = send(api, data, "camt.053").json()["items"]
    assert (found["of"], found["matched"]) == (ROADS, 2)
    assert [(one["kind"], one["id"]) for one in found["differences"]] == [
        ("closing", ""), ("missing_here", "X-9"), ("missing_there", "P-2"),
    ]  # fmt: skip
    assert (
        send(api, camt(ISSUED, FIRST, entry("-7", "P-2"), closing="4893.00"), "camt.053").json()["items"][0][
            "differences"
        ]
        == []
    )
    (found,) = send(api, data, f"camt.053?of={ROADS}").json()["items"]
    assert found["of"] == ROADS
    assert problem(send(api, data, "camt.053?of=nobody@kz")) == (404, "not-found")
    assert book.entries == before


# ---- who may --------------------------------------------------------------------------------------------------------


def proxy(name, to="asphalt@KZT", source="builder@kz/road#1"):
    return block(payment(name, "1.00", to="", to_account=f"proxy:{to}"), debtor=f"proxy:{source}", name=f"B-{name}")


def test_the_gate_looks_at_every_payment_of_a_message():
    world = World()
    try:
        data = pain(proxy("G-1"), proxy("G-2", source="budget@kz/road"))
        answer = world.ask("POST", f"{V1}/pain.001", auth=world.role("contractor"), content=data, headers=TYPE)
        _, told, find = statuses(answer)
        assert told == ["ACSC", "RJCT"]
        assert find("TxInfAndSts/StsRsnInf/Rsn/Cd") == ["AG08"]
        assert find("TxInfAndSts/StsRsnInf/Rsn/Prtry") == ["not_allowed"]
        assert world.ask("GET", "/api/v1/entries/G-2", auth=world.role("auditor")).status_code == 404
        assert [one["allowed"] for one in world.decisions(action="op.pay")] == [False, True]
        denied = world.ask("POST", f"{V1}/pain.001", auth=world.role("auditor"), content=data, headers=TYPE)
        assert problem(denied) == (403, "not-allowed")
        # A statement is for who may see the account; what is compared with everything, for who sees everything.
        for role, path, code in (
            ("contractor", "camt.053/builder@kz/road%231", 200), ("contractor", "camt.053/budget@kz/road", 403),
            ("contractor", "camt.054", 403), ("controller", "camt.054", 200),
        ):  # fmt: skip
            assert world.ask("GET", f"{V1}/{path}", auth=world.role(role)).status_code == code, path
        signed = world.ask("POST", f"{V1}/camt.053", auth=world.role("contractor"), content=b"<x/>", headers=TYPE)
        assert signed.status_code == 403
    finally:
        world.close()


def test_a_message_is_no_way_around_four_eyes_or_rules():
    world = World()
    try:
        answer = world.ask(
            "POST", f"{V1}/pain.001", auth=world.role("treasury"), headers=TYPE,
            content=pain(proxy("R-1", to="casino@KZT", source="budget@kz/road")),
        )  # fmt: skip
        _, told, _ = statuses(answer)
        assert told == ["RJCT"]
    finally:
        world.close()
