"""A service with its gate, people and machines of every role; and that a stranger gets nowhere in it."""

import asyncio
import json
import shutil
import threading
import uuid
from tempfile import mkdtemp

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from boyau.journal import Book
from boyau.journal.keys import FileSigner
from boyau.service.app import create_app
from boyau.service.desk import Desk
from boyau.service.gate import POLICY, Access
from boyau.service.identity.sessions import COOKIE, csrf_token
from boyau.service.identity.signing import RequestSigner
from boyau.service.identity.store import AccessStore
from boyau.web import install
from tests.page import START, WORLD

ORIGIN = "https://ledger.test"
MORE = [
    {"type": "participant", "participant": "agency", "classes": ["checker"]},
    {"type": "participant", "participant": "ministry", "classes": ["checker"]},
    {"type": "account", "account": "builder@KZT"},
    {"type": "account", "account": "issuer@kz/rail", "flags": ["issuer"]},
]
MONEY = [
    {"op": "issue", "id": "I-1", "from": "issuer@kz", "to": "budget@kz/road", "amount": "1000.00"},
    {"op": "issue", "id": "I-2", "from": "issuer@kz/rail", "to": "budget@kz/rail", "amount": "1000.00"},
    {"op": "pay", "id": "P-0", "from": "budget@kz/road", "to": "builder@kz/road#1", "amount": "100.00"},
]
GRANTS = {
    "treasury": {"participant": "ministry"},
    "programme_administrator": {"colour": "kz/road", "participant": "budget"},
    "owner": {"participant": "budget"},
    "contractor": {"participant": "builder"},
    "controller": {"participant": "agency"},
    "inspector": {"participant": "agency"},
    "doctor": {"participant": "agency"},
    "pharmacist": {"participant": "asphalt"},
}


class World:
    """One service with its pages. Nothing listens; requests go straight into the application."""

    def __init__(self, path=":memory:", **options):
        self.folder = mkdtemp()
        ledger = f"{self.folder}/ledger"
        self.book = Book.create(ledger, clock=lambda: START, entropy=bytes, ledger_id=uuid.UUID(int=1))
        assert not any(self.book.record(WORLD + MORE))
        self.desk = Desk(self.book)
        assert all(one.ok for one in self.desk.submit(MONEY).result())
        self.store = AccessStore.open(path)
        wide = (1e6, 1e6)
        options = {"caller_limit": wide, "public_limit": wide, "sign_in_limit": wide} | options
        self.access = Access(self.store, ORIGIN, **options)
        self.app = create_app(self.desk, self.access)
        self.reader = install(self.app, self.desk, ledger)
        self.loop = asyncio.new_event_loop()
        self.signers = {}

    def close(self):
        self.loop.close()
        self.reader.close()
        self.desk.close()
        self.app.state.desk.close()
        self.access.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def ask(self, method, path, *, auth=None, client="192.0.2.7", **more):
        """Send one request as a machine (*auth*: its signer), or with headers as given."""

        async def go():
            transport = httpx.ASGITransport(app=self.app, client=(client, 5000))
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
                return await http.request(method, path, auth=auth, **more)

        return self.run(go())

    def machine(self, *grants):
        """Add a machine with roles (or (role, scope)); return its signer, which knows its account."""
        private = Ed25519PrivateKey.generate()
        account = self.access.people.add("machine", "a machine")
        key = f"k-{account}"
        self.access.people.add_key(account, key, private.public_key().public_bytes_raw(), None)
        for one in grants:
            role, scope = one if isinstance(one, tuple) else (one, GRANTS.get(one, {}))
            self.access.people.grant(account, role, scope.get("colour", ""), scope.get("participant", ""), "test")
        signer = RequestSigner(key, FileSigner(private))
        signer.account, signer.private = account, private
        return signer

    def role(self, role):
        """Return the signer of a machine of this role; None for the public."""
        if role == "public":
            return None
        if role not in self.signers:
            self.signers[role] = self.machine(role)
        return self.signers[role]

    def person(self, *grants, how="passkey"):
        """Add a person with a session; return the headers of their browser."""
        account = self.access.people.add("person", "Айгүл")
        for one in grants:
            scope = GRANTS.get(one, {})
            self.access.people.grant(account, one, scope.get("colour", ""), scope.get("participant", ""), "test")
        secret = self.access.sessions.begin(account, how)
        headers = {"cookie": f"{COOKIE}={secret}", "origin": ORIGIN, "x-csrf-token": csrf_token(secret)}
        return account, headers

    def decisions(self, **wanted):
        self.access.decisions.record([]).result()
        found = self.access.decisions.page(0, 1000)
        return [one for one in found if all(one[name] == value for name, value in wanted.items())]


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


def batch(world, auth, *lines):
    body = b"".join(json.dumps(one).encode() + b"\n" for one in lines)
    answer = world.ask(
        "POST", "/api/v1/batches", auth=auth, content=body, headers={"content-type": "application/x-ndjson"}
    )
    assert answer.status_code == 200, answer.text
    return [one["result"] for one in answer.json()["answers"]]


def pay(identity, source="builder@kz/road#1", to="asphalt@KZT", amount="1.00", **more):
    return {"op": "pay", "id": identity, "from": source, "to": to, "amount": amount} | more


def test_a_stranger_sees_colours_and_health_and_nothing_else(world):
    assert world.ask("GET", "/health").status_code == 200
    assert world.ask("GET", "/api/v1/colours/kz/road").status_code == 200
    for path in ("/api/v1/entries", "/api/v1/entries/3", "/api/v1/accounts/budget@kz/road", "/metrics"):
        assert world.ask("GET", path).status_code == 401, path
    for path in ("/api/v1/transfers", "/api/v1/records", "/api/v1/batches", "/api/v1/explain"):
        answer = world.ask("POST", path, json=pay("X-1"))
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_contractors_machine_pays_from_its_own_accounts_only(world):
    builder = world.role("contractor")
    assert world.ask("POST", "/api/v1/transfers", auth=builder, json=pay("X-1")).status_code == 201
    refused = world.ask("POST", "/api/v1/transfers", auth=builder, json=pay("X-2", "budget@kz/road"))
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("/not-allowed")
    assert "findings" not in refused.json()
    assert world.ask("GET", "/api/v1/accounts/builder@kz/road%231", auth=builder).status_code == 200
    assert world.ask("GET", "/api/v1/accounts/budget@kz/road", auth=builder).status_code == 403


def test_in_a_batch_each_line_is_checked_and_none_hides_another(world):
    given = batch(
        world,
        world.role("contractor"),
        pay("B-1"),
        pay("B-2", "budget@kz/road"),
        pay("B-3"),
        {"type": "limits", "colour": "kz/road", "payments": "1.00"},
        {"op": "nothing"},
        pay("B-4"),
    )
    assert given == ["posted", "not_allowed", "posted", "not_allowed", "unreadable", "posted"]


def test_a_chain_with_a_line_that_is_not_allowed_is_refused_whole(world):
    own, others = pay("C-1", linked=True), pay("C-2", "budget@kz/road")
    assert batch(world, world.role("contractor"), own, others, pay("C-3")) == ["chain_broken", "not_allowed", "posted"]
    given = batch(world, world.role("contractor"), pay("C-4", "budget@kz/road", linked=True), pay("C-5"), pay("C-6"))
    assert given == ["not_allowed", "chain_broken", "posted"]
    note = {"type": "unit", "unit": "USD", "scale": 2}
    assert batch(world, world.role("contractor"), pay("C-7", linked=True), note, pay("C-8"), pay("C-9")) == [
        "chain_broken", "not_allowed", "chain_broken", "posted",
    ]  # fmt: skip
    assert batch(world, world.role("contractor"), note, pay("C-10")) == ["not_allowed", "posted"]
    assert world.ask("GET", "/api/v1/entries/C-1", auth=world.role("auditor")).status_code == 404


def test_a_large_batch_is_checked_in_the_same_way(world):
    lines = [
        pay(f"L-{k}", "budget@kz/road" if k % 100 == 7 else "builder@kz/road#1", amount="0.01") for k in range(1000)
    ]
    given = batch(world, world.role("contractor"), *lines)
    assert [k for k, one in enumerate(given) if one == "not_allowed"] == list(range(7, 1000, 100))
    assert given.count("posted") == 990
    told = world.decisions(action="op.pay")
    assert [one["count"] for one in told if one["allowed"]] == [990]
    assert len([one for one in told if not one["allowed"]]) == 10


def test_a_batch_that_is_wholly_allowed_takes_the_quick_way_and_is_recorded(world, monkeypatch):
    builder = world.machine("contractor")
    taken = []
    real = world.desk.submit_bulk
    monkeypatch.setattr(type(world.desk), "submit_bulk", lambda _, bulk: taken.append(len(bulk)) or real(bulk))
    assert batch(world, builder, pay("Q-1"), pay("Q-2")) == ["posted"] * 2
    assert taken == [2]
    (told,) = world.decisions(who=builder.account)
    assert (told["action"], told["resource"], told["count"]) == ("op.pay", "kz/road", 2)
    assert batch(world, builder, pay("Q-3"), pay("Q-4", "budget@kz/road")) == ["posted", "not_allowed"]
    on_hold = {"op": "pay", "id": "Q-5", "hold": "none", "amount": "1.00"}
    assert batch(world, builder, pay("Q-6"), on_hold) == ["posted", "not_allowed"]
    assert taken == [2]


def test_on_a_hold_the_account_that_pays_is_looked_up(world):
    treasury, builder = world.role("treasury"), world.role("contractor")
    hold = {"op": "commit", "id": "H-1", "from": "budget@kz/road", "to": "builder@kz/road#1", "amount": "50.00"}
    assert world.ask("POST", "/api/v1/transfers", auth=treasury, json=hold).status_code == 201
    on_hold = {"op": "pay", "id": "H-2", "hold": "H-1", "amount": "1.00"}
    assert world.ask("POST", "/api/v1/transfers", auth=builder, json=on_hold).status_code == 403
    assert world.ask("POST", "/api/v1/transfers", auth=builder, json=on_hold | {"hold": "none"}).status_code == 403
    # A hold of the same name, made in the same request from one's own account, does not change whose it is.
    own = hold | {"from": "builder@kz/road#1", "to": "asphalt@KZT", "amount": "1.00"}
    assert batch(world, builder, own, on_hold) == ["id_conflict", "not_allowed"]
    new = own | {"id": "H-9"}
    assert batch(world, builder, new, {"op": "pay", "id": "H-10", "hold": "H-9", "amount": "1.00"}) == ["posted"] * 2
    assert world.ask("POST", "/api/v1/transfers", auth=treasury, json=on_hold).status_code == 201


def test_a_programme_administrator_stays_within_its_colours(world):
    road = world.role("programme_administrator")

    def record(**value):
        return world.ask("POST", "/api/v1/records", auth=road, json=value).status_code

    assert record(type="colour", colour="kz/road/a") == 201
    assert record(type="limits", colour="kz/road/a", payments="10.00") == 201
    assert record(type="limits", colour="kz/road", payments="10.00") == 403  # its own limit is set above it
    assert record(type="colour", colour="kz/rail/a") == 403
    assert record(type="colour", colour="kz/roadside") == 403
    assert record(type="account", account="budget@kz/road/a") == 201
    assert record(type="account", account="budget@kz/road/a", flags=["frozen"]) == 403
    assert record(type="account", account="builder@kz/road/a", flags=["issuer"]) == 403
    assert record(type="participant", participant="casino", classes=["contractor"]) == 403
    move = {"op": "allocate", "id": "A-1", "from": "budget@kz/road", "to": "budget@kz/road/a", "amount": "1.00"}
    assert world.ask("POST", "/api/v1/transfers", auth=road, json=move).status_code == 201
    away = move | {"id": "A-2", "from": "budget@kz/rail"}
    assert world.ask("POST", "/api/v1/transfers", auth=road, json=away).status_code == 403


def test_a_controller_freezes_but_does_not_make_money(world):
    agency = world.role("controller")
    frozen = {"type": "account", "account": "builder@kz/road#1", "flags": ["frozen"]}
    assert world.ask("POST", "/api/v1/records", auth=agency, json=frozen).status_code == 201
    assert world.ask("POST", "/api/v1/records", auth=agency, json=frozen | {"flags": ["issuer"]}).status_code == 403
    assert world.ask("POST", "/api/v1/transfers", auth=agency, json=pay("X-1")).status_code == 403


def test_evidence_is_given_in_ones_own_name(world):
    inspector = world.role("inspector")
    act = {"type": "attestation", "condition": "acceptance_act", "colour": "kz/road", "by": "agency"}
    assert world.ask("POST", "/api/v1/records", auth=inspector, json=act).status_code == 201
    for wrong in ({"by": "ministry"}, {"by": ["agency"]}, {"by": ""}):
        assert world.ask("POST", "/api/v1/records", auth=inspector, json=act | wrong).status_code == 403
    anonymous = {name: value for name, value in act.items() if name != "by"}
    assert world.ask("POST", "/api/v1/records", auth=inspector, json=anonymous).status_code == 403
    assert (
        world.ask("POST", "/api/v1/records", auth=world.role("contractor"), json=act | {"by": "builder"}).status_code
        == 403
    )


def test_nobody_explains_what_they_may_not_see(world):
    builder = world.role("contractor")
    assert world.ask("POST", "/api/v1/explain", auth=builder, json=pay("X-1")).status_code == 200
    assert world.ask("POST", "/api/v1/explain", auth=builder, json=pay("X-1", "budget@kz/rail")).status_code == 403
    dry = world.ask("POST", "/api/v1/transfers?dry_run=true", auth=builder, json=pay("X-1", "budget@kz/rail"))
    assert dry.status_code == 403
    assert world.ask("POST", "/api/v1/explain", auth=world.role("auditor"), json=pay("X-1")).status_code == 200
    assert world.ask("POST", "/api/v1/transfers", auth=world.role("auditor"), json=pay("X-1")).status_code == 403


def test_an_entry_is_shown_to_both_its_sides(world):
    builder = world.role("contractor")
    assert world.ask("GET", "/api/v1/entries/P-0", auth=builder).status_code == 200
    assert world.ask("GET", "/api/v1/entries/I-1", auth=builder).status_code == 403
    assert world.ask("GET", "/api/v1/entries/I-1", auth=world.role("programme_administrator")).status_code == 200
    assert world.ask("GET", "/api/v1/entries/I-2", auth=world.role("programme_administrator")).status_code == 403


def test_the_entry_that_is_shown_is_the_one_that_was_allowed(world, monkeypatch):
    """An own payment under the number that another's entry will have: it comes after the gate has looked."""
    builder, number = world.role("contractor"), world.desk.entries + 1
    assert world.ask("POST", "/api/v1/transfers", auth=builder, json=pay(str(number))).status_code == 201
    real, others = world.desk.call, []

    def call(function):
        done = real(function)
        if not others and threading.current_thread().name != "boyau-reader":  # the pages look too, in their own time
            others.extend(world.desk.submit([pay("O-1", "budget@kz/road", "builder@kz/road#1")]).result())
        return done

    monkeypatch.setattr(world.desk, "call", call)
    shown = world.ask("GET", f"/api/v1/entries/{number}", auth=builder)
    assert [one.entry for one in others] == [number]
    assert (shown.status_code, shown.json()["entry"]) == (200, number - 1)


def test_forbid_overrides_permit(world):
    both = world.machine("treasury", "auditor")
    assert world.ask("POST", "/api/v1/transfers", auth=both, json=pay("X-1", "budget@kz/road")).status_code == 403
    assert [one["rule"] for one in world.decisions(who=both.account)] == ["submit/auditor=x"]


def test_lines_that_reach_the_ledger_past_the_gate_are_refused(world):
    guarded = world.app.state.desk
    with pytest.raises(Exception, match="not-allowed"):
        guarded.submit([pay("X-1")])
    with pytest.raises(Exception, match="not-allowed"):
        guarded.call(lambda book: book.entries)


def test_without_access_everybody_may_and_it_is_said(caplog):
    desk = Desk(Book.create("memory:"))
    app = create_app(desk)
    assert "no access control" in caplog.text

    async def go():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as http:
            unit = {"type": "unit", "unit": "KZT", "scale": 2}
            assert (await http.post("/api/v1/records", json=unit)).status_code == 201
            assert (await http.get("/api/v1/people")).status_code == 404

    asyncio.run(go())
    desk.close()


def test_every_role_of_the_table_is_known():
    assert set(GRANTS) | {"analyst", "head", "auditor", "public", "administrator"} == set(POLICY.roles)
    assert {role for role, scope in GRANTS.items() if scope.get("participant")} >= POLICY.needs_participant
