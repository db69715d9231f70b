"""Administration, and the record of every decision."""

import gzip
import io
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from boyau.language import language
from boyau.service import logs
from boyau.service.gate.decisions import DAYS_KEPT, Decision, Decisions
from boyau.service.gate.desk import NOT_ALLOWED
from boyau.service.identity.people import People
from boyau.service.identity.sessions import Sessions
from boyau.service.identity.store import AccessStore
from tests.service.test_gate_world import World, batch, pay

DAY = 86_400


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


def ask(world, headers, method, path, **body):
    return world.ask(method, f"/api/v1{path}", headers=headers, json=body or None)


def test_people_are_added_granted_and_removed(world):
    _, boss = world.person("administrator")
    added = ask(world, boss, "POST", "/people", label="Сәуле").json()
    account = added["account"]
    assert added["link"].startswith("https://ledger.test/sign-in#link=")
    grant = ask(world, boss, "POST", "/grants", account=account, role="programme_administrator", colour="kz/road")
    assert grant.status_code == 201
    people = ask(world, boss, "GET", "/people").json()["items"]
    (told,) = [one for one in people if one["account"] == account]
    assert (told["label"], told["grants"][0]["colour"]) == ("Сәуле", "kz/road")
    assert ask(world, boss, "DELETE", f"/grants/{grant.json()['number']}").status_code == 204
    assert ask(world, boss, "DELETE", f"/grants/{grant.json()['number']}").status_code == 404
    secret = world.access.sessions.begin(account, "passkey")
    assert ask(world, boss, "DELETE", f"/people/{account}").status_code == 204
    assert world.access.sessions.caller(secret) is None
    assert "Сәуле" not in "\n".join(world.store.db.iterdump())
    assert ask(world, boss, "DELETE", f"/people/{account}").status_code == 404
    assert ask(world, boss, "POST", f"/people/{account}/link").status_code == 404


def test_machines_are_added_and_change_their_keys_without_a_pause(world):
    _, boss = world.person("administrator")
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    added = ask(world, boss, "POST", "/machines", label="bank", public_key=public)
    assert added.status_code == 201
    account, key = added.json()["account"], added.json()["key"]
    assert ask(world, boss, "POST", "/machines", label="other", public_key=public).status_code == 409
    second = ask(world, boss, "POST", f"/machines/{account}/keys", certificate_spki="ab" * 32)
    assert second.status_code == 201
    assert ask(world, boss, "POST", f"/machines/{account}/keys", certificate_spki="ab" * 32).status_code == 409
    assert ask(world, boss, "DELETE", f"/machines/{account}/keys/{key}").status_code == 204
    assert ask(world, boss, "DELETE", f"/machines/{account}/keys/{key}").status_code == 404
    # A key that was taken back never comes back, whoever has it.
    assert ask(world, boss, "POST", f"/machines/{account}/keys", public_key=public).status_code == 409
    (told,) = [one for one in ask(world, boss, "GET", "/machines").json()["items"] if one["account"] == account]
    assert told["keys"] == [second.json()["key"]]
    assert ask(world, boss, "DELETE", f"/machines/{account}").status_code == 204
    for wrong in ({}, {"public_key": "zz"}, {"public_key": public, "certificate_spki": "ab" * 32}, {"public_key": 7}):
        assert ask(world, boss, "POST", "/machines", label="x", **wrong).status_code == 422
    assert ask(world, boss, "POST", "/machines", label=" ", public_key="ab" * 32).status_code == 422


def test_nobody_grants_or_removes_themselves(world):
    account, boss = world.person("administrator")
    assert ask(world, boss, "POST", "/grants", account=account, role="treasury").status_code == 403
    assert ask(world, boss, "DELETE", f"/people/{account}").status_code == 403
    assert ask(world, boss, "POST", f"/people/{account}/link").status_code == 403
    (own,) = [one for one in ask(world, boss, "GET", "/grants").json()["items"] if one["account"] == account]
    assert ask(world, boss, "DELETE", f"/grants/{own['number']}").status_code == 403


@pytest.mark.parametrize(
    ("grant", "field"),
    [
        ({"role": "king"}, "role"),
        ({"role": "public"}, "role"),
        ({"role": "administrator"}, "role"),
        ({"role": "contractor"}, "participant"),
        ({"role": "contractor", "participant": "a b"}, "participant"),
        ({"role": "programme_administrator"}, "colour"),
        ({"role": "treasury", "colour": "/kz"}, "colour"),
        ({"role": "treasury", "account": "m-nobody"}, "account"),
    ],
)
def test_a_grant_that_cannot_be_says_which_field(world, grant, field):
    _, boss = world.person("administrator")
    body = {"account": world.machine().account} | grant
    answer = ask(world, boss, "POST", "/grants", **body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_grant_taken_back_counts_from_the_next_request(world):
    signer = world.machine("auditor")
    assert world.ask("GET", "/api/v1/entries", auth=signer).status_code == 200
    (grant,) = world.access.people.grants(signer.account)
    world.access.people.revoke(grant.number)
    assert world.ask("GET", "/api/v1/entries", auth=signer).status_code == 403


@pytest.mark.parametrize("what", ["grant", "key", "session"])
def test_who_asks_while_something_is_taken_back_is_not_remembered_with_it(tmp_path, what):
    """The change is not on disk yet when others look: they see what was before, and must look again afterwards."""
    store = AccessStore.open(tmp_path / "access")
    people = People(store)
    sessions = Sessions(store, people)
    account = people.add("person", "x")
    number = people.grant(account, "treasury", "", "", "test")
    people.add_key(account, "k-1", bytes(32), None)
    secret = sessions.begin(account, "passkey")
    look = {
        "grant": lambda: people.grants(account), "key": lambda: people.machine("k-1"),
        "session": lambda: sessions.caller(secret),
    }[what]  # fmt: skip
    with ThreadPoolExecutor(1) as other, store.change():
        if what == "grant":
            people.revoke(number)
        elif what == "key":
            people.revoke_key(account, "k-1")
        else:
            people.remove(account)
        assert other.submit(look).result()
    assert not look()
    store.close()


def test_the_administrator_of_the_installation_moves_no_money(world):
    _, boss = world.person("administrator", "treasury")
    answer = ask(world, boss, "POST", "/transfers", **pay("X-1", "budget@kz/road"))
    assert (answer.status_code, answer.json()["rule"]) == (403, "op.pay/administrator=x")


def test_sessions_are_listed_and_ended(world):
    _, boss = world.person("administrator")
    account, other = world.person("auditor")
    listed = ask(world, boss, "GET", "/sessions").json()["items"]
    (session,) = [one["session"] for one in listed if one["account"] == account]
    assert ask(world, other, "DELETE", f"/sessions/{session}").status_code == 403
    assert ask(world, boss, "DELETE", f"/sessions/{session}").status_code == 204
    assert ask(world, boss, "DELETE", f"/sessions/{session}").status_code == 404
    assert ask(world, other, "GET", "/me").status_code == 401


def test_every_decision_is_recorded_and_auditors_read_it(world):
    builder = world.machine("contractor")
    batch(world, builder, pay("D-1"), pay("D-2", "budget@kz/road"), pay("D-3"))
    world.ask("GET", "/api/v1/entries", auth=builder)
    world.decisions()
    auditor = world.role("auditor")
    told = world.ask("GET", f"/api/v1/decisions?who={builder.account}", auth=auditor).json()["items"]
    assert [(one["action"], one["resource"], one["allowed"], one["rule"], one["count"]) for one in told] == [
        ("op.pay", "kz/road D-2", False, "default", 1),
        ("op.pay", "kz/road", True, "op.pay/contractor=p", 2),
        ("read.entries", "GET /api/v1/entries", False, "default", 1),
    ]
    assert {one["how"] for one in told} == {"signature"}
    denied = world.ask("GET", "/api/v1/decisions?allowed=false&limit=1", auth=auditor).json()
    assert [one["allowed"] for one in denied["items"]] == [False]
    assert denied["next"].startswith("/api/v1/decisions?after=")
    assert world.ask("GET", "/api/v1/decisions", auth=builder).status_code == 403


def test_decisions_hold_no_participant_and_no_amount(world):
    batch(world, world.role("contractor"), pay("D-1"), pay("D-2", "123456789012@kz/road"))
    world.ask("GET", "/api/v1/accounts/880512301234@kz/road", auth=world.role("contractor"))
    told = json.dumps(world.decisions())
    assert "123456789012" not in told
    assert "880512301234" not in told
    assert "builder" not in told


def test_what_cannot_be_recorded_is_not_answered(world):
    world.access.decisions.close()
    answer = world.ask("POST", "/api/v1/transfers", auth=world.role("contractor"), json=pay("X-1"))
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/decisions")


def test_a_decision_that_was_changed_or_removed_is_noticed(tmp_path):
    store = AccessStore.open(tmp_path / "access")
    decisions = Decisions(store)
    for k in range(10):
        decisions.record([Decision("m-1", "signature", "op.pay", f"kz {k}", allowed=True, rule="r")]).result()
    assert decisions.faults() == []
    with store.change() as db:
        db.execute("update decision set allowed = 0 where number = 4")
    assert decisions.faults() == [4]
    with store.change() as db:
        db.execute("update decision set allowed = 1 where number = 4")
        db.execute("delete from decision where number = 7")
    assert decisions.faults() == [8]
    decisions.close()
    store.close()


def test_decisions_go_to_the_log_as_well_where_that_is_asked_for(tmp_path):
    store, out = AccessStore.open(tmp_path / "access"), io.BytesIO()
    decisions = Decisions(store, tell=logs.decisions(logs.configure("info", out)))
    for k in range(3):
        decisions.record([Decision("m-1", "signature", "op.pay", f"kz {k}", allowed=True, rule="r")]).result()
    decisions.close()
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(one["number"], one["who"], one["event"]) for one in told] == [(k, "m-1", "decision") for k in (1, 2, 3)]
    kept = [chain.hex() for (chain,) in store.rows("select chain from decision order by number")]
    assert [one["chain"] for one in told] == kept, "what is kept elsewhere tells whether it was changed here"
    store.close()


def test_old_days_are_moved_to_files_and_the_chain_goes_on(tmp_path):
    now = [1_800_000_000.0]
    store = AccessStore.open(tmp_path / "access", clock=lambda: now[0])
    decisions = Decisions(store, tmp_path / "decisions")
    one = Decision("m-1", "signature", "op.pay", "kz", allowed=True, rule="r")
    for _ in range(3):
        decisions.record([one, one]).result()
        now[0] += DAY
    now[0] += DAYS_KEPT * DAY - 2 * DAY
    decisions.record([one]).result()
    files = sorted((tmp_path / "decisions").iterdir())
    assert [path.name for path in files] == ["2027-01-15.ndjson.gz", "2027-01-16.ndjson.gz"][: len(files)]
    lines = [json.loads(line) for path in files for line in gzip.decompress(path.read_bytes()).splitlines()]
    kept = decisions.page()
    assert [line["number"] for line in lines] + [line["number"] for line in kept] == list(range(1, 8))
    assert decisions.faults() == []
    decisions.close()
    with store.change() as db:
        db.execute("delete from decision")
        store.set_meta("decisions_end", "7 " + "ab" * 32)
    again = Decisions(store)
    again.record([one]).result()
    assert again.page()[0]["number"] == 8
    again.close()
    store.close()


def test_the_store_is_synced_and_for_its_owner_only(tmp_path):
    path = tmp_path / "access"
    store = AccessStore.open(path)
    assert store.db.execute("pragma synchronous").fetchone() == (2,)
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(sqlite3.IntegrityError), store.change() as db:
        db.execute("insert into passkey values (x'00', 'nobody', x'00', 0, 0, null)")
    store.close()


@pytest.mark.parametrize("code", ["kk", "ru", "en"])
def test_refusals_are_told_in_the_callers_language(world, code):
    headers = {"accept-language": f"{code};q=0.9"}
    answer = world.ask("GET", "/api/v1/entries", auth=world.role("contractor"), headers=headers)
    assert answer.json()["title"] == language(code).text(NOT_ALLOWED)
    if code != "en":
        assert answer.json()["title"] != NOT_ALLOWED
