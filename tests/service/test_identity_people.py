"""How people sign in: the first link, passkeys (an authenticator in software), sessions, another site's requests."""

import base64
import hashlib
import json
import os

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from boyau.service.identity.ceremonies import CEREMONIES_MAX, Ceremonies
from boyau.service.identity.limits import Buckets
from boyau.service.identity.sessions import COOKIE, FRESH_SECONDS, IDLE_SECONDS, LIFE_SECONDS, csrf_token
from tests.service.test_gate_world import ORIGIN, World

HERE = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """A passkey in software: no attestation, ES256, EdDSA or RS256, with a counter."""

    def __init__(self, kind="ES256", origin=ORIGIN, site="ledger.test", flags=0x05):
        self.private = {
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
        }[kind]()
        self.kind, self.origin, self.site, self.flags = kind, origin, site, flags
        self.id, self.count, self.user = os.urandom(32), 0, b""

    def _key(self):
        public = self.private.public_key()
        if self.kind == "EdDSA":
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()})
        numbers = public.public_numbers()
        if self.kind == "RS256":
            return cbor2.dumps({1: 3, 3: -257, -1: numbers.n.to_bytes(256), -2: numbers.e.to_bytes(3)})
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})

    def _data(self, *, attested=b""):
        self.count += 1
        flags = self.flags | (0x40 if attested else 0)
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4) + attested

    def _client(self, kind, challenge):
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def create(self, options):
        key = options["publicKey"]
        self.user = key["user"]["id"]
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + self._key()
        data = self._data(attested=attested)
        response = {
            "clientDataJSON": b64(self._client("webauthn.create", key["challenge"])),
            "attestationObject": b64(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        return self._credential(response)

    def get(self, options):
        client, data = self._client("webauthn.get", options["publicKey"]["challenge"]), self._data()
        signed = data + hashlib.sha256(client).digest()
        signature = (
            self.private.sign(signed, ec.ECDSA(hashes.SHA256())) if self.kind == "ES256" else self.private.sign(signed)
        )
        return self._credential(
            {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature),
             "userHandle": self.user}
        )  # fmt: skip

    def _credential(self, response):
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
                "clientExtensionResults": {}}  # fmt: skip


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


def cookie_of(answer):
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}=")]
    return cookie


def browser(answer):
    """Return the headers of a browser that has just signed in."""
    return HERE | {"cookie": cookie_of(answer).partition(";")[0], "x-csrf-token": answer.json()["csrf"]}


def by_link(world, link):
    return world.ask("POST", "/api/v1/sign-in/link", headers=HERE, json={"link": link.partition("#link=")[2]})


def register(world, headers, key):
    options = world.ask("POST", "/api/v1/me/passkeys/options", headers=headers).json()
    body = {"ceremony": options["ceremony"], "credential": key.create(options)}
    return world.ask("POST", "/api/v1/me/passkeys", headers=headers, json=body)


def sign_in(world, key, headers=HERE, **change):
    options = world.ask("POST", "/api/v1/sign-in/options", headers=HERE).json()
    body = {"ceremony": options["ceremony"], "credential": key.get(options)} | change
    return world.ask("POST", "/api/v1/sign-in", headers=headers, json=body)


def administrator(world, kind="ES256"):
    key = Authenticator(kind)
    return key, browser(register(world, browser(by_link(world, world.store.first_link(ORIGIN))), key))


def test_a_passkey_below_128_bits_is_not_taken(world):
    link = browser(by_link(world, world.store.first_link(ORIGIN)))
    options = world.ask("POST", "/api/v1/me/passkeys/options", headers=link).json()
    assert {one["alg"] for one in options["publicKey"]["pubKeyCredParams"]} == {-8, -7}
    assert register(world, link, Authenticator("RS256")).status_code in (400, 401, 403, 409, 422)
    assert not world.store.rows("select 1 from passkey")
    assert register(world, link, Authenticator("ES256")).status_code == 201


@pytest.mark.parametrize("kind", ["ES256", "EdDSA"])
def test_the_first_administrator_comes_by_a_link_and_stays_by_a_passkey(world, kind):
    assert not world.store.administrators()
    link = world.store.first_link(ORIGIN + "/")
    assert link.startswith(f"{ORIGIN}/sign-in#link=")
    came = by_link(world, link)
    assert came.status_code == 200
    assert by_link(world, link).status_code == 401, "a link counts once"
    headers = browser(came)
    assert world.ask("GET", "/api/v1/people", headers=headers).status_code == 403, "a link may register a passkey only"
    key = Authenticator(kind)
    registered = register(world, headers, key)
    assert registered.status_code == 201
    assert world.ask("GET", "/api/v1/me", headers=headers).status_code == 401, "the link's session has ended"
    assert world.ask("GET", "/api/v1/people", headers=browser(registered)).status_code == 200
    assert world.store.administrators()
    assert world.store.first_link(ORIGIN) == "", "there is an administrator"
    back = sign_in(world, key)
    assert back.status_code == 200
    assert world.ask("GET", "/api/v1/me", headers=browser(back)).json()["how"] == "passkey"
    assert world.ask("GET", "/api/v1/me", headers=browser(back)).json()["grants"][0]["role"] == "administrator"


def test_a_first_link_that_was_made_before_there_was_an_administrator_ends(world):
    first, second = world.store.first_link(ORIGIN), ""
    with world.store.change() as db:
        (row,) = db.execute("select hash, expires from link").fetchall()
    administrator(world)
    second = first
    with world.store.change() as db:
        db.execute("insert or replace into link values (?, null, ?, null)", row)
    assert by_link(world, second).status_code == 401


def test_a_link_ends_after_fifteen_minutes_and_a_newer_one_replaces_it(world):
    old = world.store.first_link(ORIGIN)
    new = world.store.first_link(ORIGIN)
    assert by_link(world, old).status_code == 401
    now = world.store.now()
    world.store.clock = lambda: now + 15 * 60 + 1
    assert by_link(world, new).status_code == 401
    kept = b"".join(one for (one,) in world.store.rows("select hash from link"))
    assert new.partition("#link=")[2].encode() not in kept


def test_who_left_before_registering_is_no_administrator_for_good(world):
    came = browser(by_link(world, world.store.first_link(ORIGIN)))
    key, headers = administrator(world)
    assert key
    assert world.ask("GET", "/api/v1/me", headers=came).status_code == 401
    people = world.ask("GET", "/api/v1/people", headers=headers).json()["items"]
    assert [one["active"] for one in people].count(True) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://evil.test"}, {"site": "evil.test"}, {"flags": 0x01}],
    ids=["another origin", "another site", "not verified"],
)
def test_a_passkey_of_another_site_or_without_a_check_of_its_owner_does_not_count(world, wrong):
    headers = browser(by_link(world, world.store.first_link(ORIGIN)))
    assert register(world, headers, Authenticator(**wrong)).status_code == 422
    good = Authenticator()
    assert register(world, headers, good).status_code == 201
    for name, value in wrong.items():
        setattr(good, name, value)
    assert sign_in(world, good).status_code == 401


def test_a_copied_passkey_is_noticed_by_its_counter(world):
    key, _ = administrator(world)
    assert sign_in(world, key).status_code == 200
    key.count -= 1
    assert sign_in(world, key).status_code == 401


def test_a_ceremony_counts_once_and_for_its_purpose(world):
    key, headers = administrator(world)
    options = world.ask("POST", "/api/v1/sign-in/options", headers=HERE).json()
    body = {"ceremony": options["ceremony"], "credential": key.get(options)}
    assert world.ask("POST", "/api/v1/sign-in", headers=HERE, json=body).status_code == 200
    assert world.ask("POST", "/api/v1/sign-in", headers=HERE, json=body).status_code == 401
    making = world.ask("POST", "/api/v1/me/passkeys/options", headers=headers).json()
    body = {"ceremony": making["ceremony"], "credential": key.get(making)}
    assert world.ask("POST", "/api/v1/sign-in", headers=HERE, json=body).status_code == 401
    for nonsense in ({}, {"ceremony": 1, "credential": []}, {"ceremony": "x", "credential": {"id": "%"}}):
        assert world.ask("POST", "/api/v1/sign-in", headers=HERE, json=nonsense).status_code == 401
    ceremonies = Ceremonies(clock=lambda: 0.0)
    first = ceremonies.begin("first")
    for _ in range(CEREMONIES_MAX):
        ceremonies.begin("more")
    assert ceremonies.end(first) is None


def test_a_session_is_a_cookie_that_only_this_host_gets_over_tls(world):
    key, _ = administrator(world)
    cookie = cookie_of(sign_in(world, key))
    assert COOKIE.startswith("__Host-")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= {one.strip() for one in cookie.split(";")}
    secret = cookie.partition("=")[2].partition(";")[0]
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32
    dump = "\n".join(world.store.db.iterdump())
    assert secret not in dump
    assert secret.encode().hex() not in dump


def test_signing_in_ends_what_was_before_in_the_same_browser(world):
    key, before = administrator(world)
    after = browser(sign_in(world, key, headers=before))
    assert after["cookie"] != before["cookie"]
    assert world.ask("GET", "/api/v1/me", headers=before).status_code == 401
    assert world.ask("GET", "/api/v1/me", headers=after).status_code == 200


def test_sessions_end_by_idling_by_age_and_by_hand(world):
    account, headers = world.person("auditor")
    start = world.store.now()
    assert world.ask("GET", "/api/v1/me", headers=headers).status_code == 200
    world.store.clock = lambda: start + IDLE_SECONDS
    assert world.ask("GET", "/api/v1/me", headers=headers).status_code == 401
    world.store.clock = lambda: start
    for step in range(0, LIFE_SECONDS, IDLE_SECONDS - 60):
        world.store.clock = lambda step=step: start + step
        assert world.ask("GET", "/api/v1/me", headers=headers).status_code == 200
    world.store.clock = lambda: start + LIFE_SECONDS
    assert world.ask("GET", "/api/v1/me", headers=headers).status_code == 401
    world.store.clock = lambda: start
    secret = world.access.sessions.begin(account, "passkey")
    other = headers | {"cookie": f"{COOKIE}={secret}"}
    mine = world.ask("GET", "/api/v1/me/sessions", headers=other).json()["items"]
    ended = next(one["session"] for one in mine if one["this"])
    other["x-csrf-token"] = csrf_token(secret)
    assert world.ask("DELETE", "/api/v1/me/sessions/999", headers=other).status_code == 404
    assert world.ask("DELETE", f"/api/v1/me/sessions/{ended}", headers=other).status_code == 204
    assert world.ask("GET", "/api/v1/me", headers=other).status_code == 401


def test_signing_out_ends_the_session_at_the_server(world):
    _, headers = world.person("auditor")
    out = world.ask("POST", "/api/v1/sign-out", headers=headers)
    assert out.status_code == 204
    assert "Max-Age=0" in cookie_of(out)
    assert world.ask("GET", "/api/v1/me", headers=headers).status_code == 401


def test_what_another_site_has_a_browser_send_is_refused(world):
    _, headers = world.person("administrator")
    body = {"label": "Б"}

    def ask(*without, **other):
        sent = {name: value for name, value in (headers | other).items() if name not in without}
        return world.ask("POST", "/api/v1/people", headers=sent, json=body).status_code

    assert ask() == 201
    assert ask("origin", **{"sec-fetch-site": "same-origin"}) == 201
    assert ask("x-csrf-token") == 403
    assert ask(**{"x-csrf-token": "x"}) == 403
    assert ask(origin="https://evil.test") == 403
    assert ask(origin="null") == 403
    assert ask("origin") == 403
    assert ask("origin", **{"sec-fetch-site": "cross-site"}) == 403
    assert ask(origin="https://evil.test", **{"sec-fetch-site": "same-origin"}) == 403
    evil = {"origin": "https://evil.test"}
    for path in ("/api/v1/sign-in/link", "/api/v1/sign-in/options", "/api/v1/sign-in"):
        assert world.ask("POST", path, headers=evil, json={}).status_code == 403
    assert len(world.decisions(rule="csrf")) == 7


def test_two_cookies_of_one_name_are_none(world):
    _, headers = world.person("auditor")
    doubled = f"{headers['cookie']}; {COOKIE}=other"
    assert world.ask("GET", "/api/v1/me", headers=headers | {"cookie": doubled}).status_code == 401


def test_the_last_passkey_stays_and_removing_one_ends_other_sessions(world):
    key, headers = administrator(world)
    first = world.ask("GET", "/api/v1/me", headers=headers).json()["passkeys"][0]["passkey"]
    assert world.ask("DELETE", f"/api/v1/me/passkeys/{first}", headers=headers).status_code == 409
    elsewhere = browser(sign_in(world, key))
    second = Authenticator("EdDSA")
    headers = browser(register(world, headers, second))
    assert world.ask("DELETE", f"/api/v1/me/passkeys/{first}", headers=headers).status_code == 204
    assert world.ask("GET", "/api/v1/me", headers=elsewhere).status_code == 401
    assert sign_in(world, key).status_code == 401
    assert sign_in(world, second).status_code == 200


def test_attempts_to_sign_in_are_counted_by_address():
    world = World(sign_in_limit=(1 / 6, 3))
    answers = [world.ask("POST", "/api/v1/sign-in", headers=HERE, json={}) for _ in range(5)]
    assert [one.status_code for one in answers] == [401, 401, 401, 429, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 12
    assert world.ask("POST", "/api/v1/sign-in", headers=HERE, json={}, client="192.0.2.8").status_code == 401
    world.close()


def test_requests_of_one_caller_are_counted():
    world = World(caller_limit=(1, 2), public_limit=(1, 1))
    auditor = world.role("auditor")
    assert [world.ask("GET", "/api/v1/me", auth=auditor).status_code for _ in range(3)] == [200, 200, 429]
    assert world.ask("GET", "/api/v1/me", auth=world.role("head")).status_code == 200
    assert [world.ask("GET", "/health").status_code for _ in range(2)] == [200, 429]
    world.close()


def test_a_proxy_that_is_not_trusted_cannot_name_addresses():
    world = World(public_limit=(0.1, 1), trusted_proxies=["10.0.0.1/32"])

    def ask(client, told):
        return world.ask("GET", "/health", client=client, headers={"x-forwarded-for": told}).status_code

    assert [ask("192.0.2.7", f"198.51.100.{k}") for k in range(2)] == [200, 429]
    assert [ask("10.0.0.1", f"198.51.100.{k}") for k in range(2)] == [200, 200]
    assert ask("10.0.0.1", "1.2.3.4, 198.51.100.1") == 429
    world.close()


def test_buckets_fill_again():
    now = [0.0]
    buckets = Buckets(0.5, 2, lambda: now[0])
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 2]
    now[0] = 2.0
    assert buckets.take("a", look=True) == 0
    assert [buckets.take("a") for _ in range(2)] == [0, 2]


def test_keys_and_sessions_are_changed_only_just_after_signing_in(world):
    key, headers = administrator(world)
    first = world.ask("GET", "/api/v1/me", headers=headers).json()["passkeys"][0]["passkey"]
    now = world.store.now()
    world.store.clock = lambda: now + FRESH_SECONDS
    for method, path in (
        ("POST", "/me/passkeys/options"), ("POST", "/me/passkeys"), ("DELETE", f"/me/passkeys/{first}"),
        ("DELETE", "/me/sessions/1"),
    ):  # fmt: skip
        answer = world.ask(method, f"/api/v1{path}", headers=headers)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "sign-in-again"), path
    again = browser(sign_in(world, key, headers=headers))
    assert register(world, again, Authenticator()).status_code == 201


def test_no_secret_stands_in_a_representation(world):
    _, headers = world.person("auditor")
    secret = headers["cookie"].partition("=")[2]
    assert secret not in repr(world.access.sessions.caller(secret))
