"""Requests that machines sign: what counts, and everything that does not."""

import datetime as dt
import hashlib
import json
import re
import time
from pathlib import Path

import httpx
import pytest
from starlette.datastructures import Headers

from boyau.service.identity.nonces import Nonces, NoncesFull
from boyau.service.identity.signatures import NotSigned, _Message
from boyau.service.identity.signing import sign
from boyau.service.identity.store import AccessStore
from tests.service.test_gate_world import ORIGIN, World, pay

DOCS = Path(__file__).resolve().parents[2] / "docs"
NOW, SECOND = dt.datetime.now(dt.UTC), dt.timedelta(seconds=1)
UNCOVERED = "The signature must cover the method and the address."


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    made.close()


class Plain(httpx.Auth):
    """Sends what it is given, and keeps it."""

    def __init__(self, signer, *, before=None, after=None, **more):
        self.signer, self.before, self.after, self.more = signer, before, after, more
        self.sent = None

    requires_request_body = True

    def auth_flow(self, request):
        if self.before:
            self.before(request)
        sign(request, self.signer._key, self.signer._signer, **self.more)
        if self.after:
            self.after(request)
        self.sent = request
        yield request


def transfer(world, auth, **more):
    return world.ask("POST", "/api/v1/transfers", auth=auth, json=pay("S-1"), **more)


def refused(answer):
    assert answer.status_code == 401, answer.text
    assert answer.json()["type"].endswith("/signature")
    assert "www-authenticate" in answer.headers
    return answer.json()["title"]


def test_a_signed_request_is_known_and_counts_once(world):
    auth = Plain(world.role("contractor"))
    assert transfer(world, auth).status_code == 201
    sent = auth.sent
    again = world.ask("POST", "/api/v1/transfers", content=sent.content, headers=dict(sent.headers))
    assert refused(again) == "This request was sent before. Sign it again."
    assert transfer(world, world.role("contractor")).status_code == 200  # signed anew: it exists


def change(**headers):
    def after(request):
        request.headers.update(headers)

    return after


def other_body(request):
    request.stream = httpx.ByteStream(json.dumps(pay("S-666")).encode().ljust(len(request.content)))


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({"tag": "other"}, "The signature is not valid."),
        ({"nonce": "short"}, "The nonce must be 16 to 64 letters and digits."),
        ({"nonce": "has a space in it"}, "The nonce must be 16 to 64 letters and digits."),
        ({"created": NOW - 400 * SECOND, "expires": NOW - 200 * SECOND}, "The signature is not valid."),
        ({"created": NOW + 86_400 * SECOND, "expires": NOW + 86_500 * SECOND}, "The signature is not valid."),
        ({"expires": NOW + 86_400 * SECOND}, "The signature must expire within 300 seconds."),
        ({"expires": None}, "The signature must say created, expires, nonce, keyid, tag."),
        ({"nonce": None}, "The signature must say created, expires, nonce, keyid, tag."),
        ({"covered_component_ids": ("@method", "@authority", "@path")}, UNCOVERED),
        ({"covered_component_ids": ("@target-uri",)}, UNCOVERED),
        ({"after": change(signature="boyau=:AAAA:")}, "The signature is not valid."),
        ({"after": change(**{"signature-input": "boyau=nonsense"})}, "The signature is not valid."),
        ({"after": change(signature="x" * 5000)}, "The signature is too long."),
        ({"after": change(**{"content-digest": f"sha-256=:{'A' * 43}=:"})}, "The signature is not valid."),
        ({"after": other_body}, "The body is not what was signed."),
        ({"after": change(**{"idempotency-key": "other"})}, "The signature must cover Idempotency-Key."),
    ],
)  # fmt: skip
def test_what_is_not_signed_rightly_does_not_count(world, options, title):
    assert refused(transfer(world, Plain(world.role("contractor"), **options))) == title
    assert world.ask("GET", "/api/v1/entries/S-666", auth=world.role("auditor")).status_code == 404


def test_a_signature_is_for_one_address_and_method(world):
    auth = Plain(world.role("contractor"))
    transfer(world, auth)
    headers = dict(auth.sent.headers)
    for method, path in (
        ("POST", "/api/v1/transfers?dry_run=true"), ("POST", "/api/v1/records"), ("PUT", "/api/v1/transfers"),
        ("POST", "/api/v1/explain"), ("POST", "/api/v1//transfers"),
    ):  # fmt: skip
        answer = world.ask(method, path, content=auth.sent.content, headers=headers)
        assert answer.status_code in (401, 404, 405), (method, path)
        assert answer.status_code == 401 or "transfers" in path


def test_a_signature_for_another_host_does_not_count(world):
    def elsewhere(request):
        request.url = request.url.copy_with(host="evil.test")

    def back(request):
        request.url = request.url.copy_with(host="ledger.test")

    assert refused(transfer(world, Plain(world.role("contractor"), before=elsewhere, after=back)))


def test_a_body_without_a_digest_is_refused_even_where_no_length_is_told(world):
    signer = world.role("contractor")
    request = httpx.Request("POST", f"{ORIGIN}/api/v1/transfers")
    sign(request, signer._key, signer._signer)
    headers = {name: value for name, value in request.headers.items() if name.startswith("signature")}
    body = json.dumps(pay("S-7")).encode()
    answer = world.ask("POST", "/api/v1/transfers", content=body, headers=headers)
    assert refused(answer) == "A request with a body must carry Content-Digest, and sign it."

    async def parts():
        yield body

    headers["content-type"] = "application/json"
    answer = world.ask("POST", "/api/v1/transfers", content=parts(), headers=headers)
    assert refused(answer) == "A request with a body must carry Content-Digest, and sign it."


def test_authority_path_and_query_do_as_well_as_the_address(world):
    covered = ("@method", "@authority", "@path", "@query")
    auth = Plain(world.role("contractor"), covered_component_ids=covered)
    assert world.ask("GET", "/api/v1/me?x=1", auth=auth).json()["how"] == "signature"


def test_two_signatures_for_us_are_one_too_many(world):
    def twice(request):
        first = {name: request.headers[name] for name in ("signature", "signature-input")}
        sign(request, signer._key, signer._signer, label="other")
        for name, value in first.items():
            request.headers[name] = f"{value}, {request.headers[name]}"

    signer = world.role("contractor")
    assert refused(world.ask("GET", "/api/v1/me", auth=Plain(signer, after=twice)))


def test_a_key_that_is_revoked_or_whose_machine_is_removed_counts_no_more(world):
    signer = world.machine("contractor")
    assert world.ask("GET", "/api/v1/me", auth=signer).status_code == 200
    world.access.people.revoke_key(signer.account, signer._key)
    assert refused(world.ask("GET", "/api/v1/me", auth=signer))
    other = world.machine("contractor")
    world.access.people.remove(other.account)
    assert refused(world.ask("GET", "/api/v1/me", auth=other))


def test_answers_to_bad_signatures_do_not_tell_which_keys_there_are(world):
    signer = world.machine("contractor")
    known = Plain(signer, after=change(signature="boyau=:" + "A" * 86 + "==:"))
    signer_of_nobody = world.machine()
    signer_of_nobody._key = "k-nobody"
    assert (
        world.ask("GET", "/api/v1/me", auth=known).json()
        == world.ask("GET", "/api/v1/me", auth=signer_of_nobody).json()
    )


def test_bad_signatures_are_an_attempt_to_sign_in():
    world = World(sign_in_limit=(0.1, 3))
    signer = world.machine("contractor")
    bad = Plain(signer, after=change(signature="boyau=:" + "A" * 86 + "==:"))
    assert [world.ask("GET", "/api/v1/me", auth=bad).status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    assert world.ask("GET", "/api/v1/me", auth=signer, client="192.0.2.8").status_code == 200
    world.close()


def test_a_certificate_counts_from_a_trusted_proxy_only():
    world = World(trusted_proxies=["10.0.0.1/32"], certificate_header="X-Client-Spki")
    spki = hashlib.sha256(b"a public key").digest()
    account = world.access.people.add("machine", "a bank")
    world.access.people.add_key(account, "k-1", None, spki)
    headers = {"x-client-spki": spki.hex()}
    known = world.ask("GET", "/api/v1/me", client="10.0.0.1", headers=headers)
    assert known.json()["account"] == account
    assert known.json()["how"] == "certificate"
    assert world.ask("GET", "/api/v1/me", client="10.0.0.2", headers=headers).status_code == 401
    for wrong in ("", "zz", "00" * 32):
        assert world.ask("GET", "/api/v1/me", client="10.0.0.1", headers={"x-client-spki": wrong}).status_code == 401
    twice = [("x-client-spki", spki.hex()), ("x-client-spki", spki.hex())]
    assert world.ask("GET", "/api/v1/me", client="10.0.0.1", headers=twice).status_code == 401
    world.close()
    with pytest.raises(ValueError, match="trusted proxy"):
        World(certificate_header="X-Client-Spki")


def test_nonces_are_bounded_and_none_is_forgotten_within_its_time():
    nonces = Nonces(most=2)
    assert nonces.first("k", "a", 100, 0)
    assert not nonces.first("k", "a", 100, 99)
    assert nonces.first("other", "a", 50, 0)
    with pytest.raises(NoncesFull):
        nonces.first("k", "b", 100, 10)
    assert nonces.first("k", "b", 100, 60)
    assert sorted(nonces.kept(60)) == [("k", "a", 100), ("k", "b", 100)]


def test_nonces_survive_a_restart_and_a_crash_refuses_what_may_have_been_seen(tmp_path):
    path = tmp_path / "ledger-access"
    store = AccessStore.open(path)
    store.close([("k", "a", 2_000_000_000)])
    store = AccessStore.open(path)
    assert store.not_before == 0
    assert store.rows("select * from nonce") == [("k", "a", 2_000_000_000)]
    store.db.close()  # a crash
    store = AccessStore.open(path)
    assert abs(store.not_before - time.time()) < 5
    assert path.stat().st_mode & 0o077 == 0
    store.close()


def test_the_example_in_the_documentation_is_signed_rightly(world):
    """docs/access.md shows a request; its parts are what a signer makes of the same request with the same key."""
    text = (DOCS / "access.md").read_text("utf-8")
    secret = re.search(r"private key `([0-9a-f]{64})`", text)[1]
    shown = re.search(r"```http\n(.*?)\n\n(.*?)\n```", text, re.DOTALL)
    first, *lines = shown[1].splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    base = re.search(r"```text\n(.*?)\n```", text, re.DOTALL)[1]
    import base64

    private.public_key().verify(base64.b64decode(headers["Signature"].split(":")[1]), base.encode())
    digest = base64.b64encode(hashlib.sha256(shown[2].encode()).digest()).decode()
    assert headers["Content-Digest"] == f"sha-256=:{digest}:"
    assert f'"content-digest": {headers["Content-Digest"]}' in base
    assert base.endswith(f'"@signature-params": {headers["Signature-Input"].removeprefix("boyau=")}')
    # And the service takes it, at its time.
    method, target, _ = first.split(" ")
    created = int(re.search(r"created=(\d+)", headers["Signature-Input"])[1])
    store = world.store
    checker = world.access.signatures
    account = world.access.people.add("machine", "the example")
    keyid = re.search(r'keyid="([^"]+)"', headers["Signature-Input"])[1]
    world.access.people.add_key(account, keyid, private.public_key().public_bytes_raw(), None)
    scope = {
        "type": "http", "method": method, "path": target, "raw_path": target.encode(), "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        + [(b"content-length", str(len(shown[2].encode())).encode())],
    }  # fmt: skip
    clock, origin = store.clock, store.origin
    store.clock, store.origin = (lambda: created + 1), f"https://{headers['Host']}"
    checker._verifier.validate_created_and_expires = lambda *_, **__: None  # the library reads the clock itself
    try:
        signed = checker.check(scope)
    finally:
        store.clock, store.origin = clock, origin
        del checker._verifier.validate_created_and_expires
    assert signed.account == account
    assert signed.digest == hashlib.sha256(shown[2].encode()).digest()


# ---- the usual form, read without the library -----------------------------------------------------------------------


def scope_of(request, **more):
    headers = [(name.lower(), value) for name, value in request.headers.raw]
    path, _, query = request.url.raw_path.partition(b"?")
    return {"type": "http", "method": request.method, "path": path.decode(), "raw_path": path,
            "query_string": query, "headers": headers} | more  # fmt: skip


def judged(world, scope, url):
    """Return what the short way and what the library says of a request: what is covered and said, or None."""
    checks = world.access.signatures
    plain = checks._plain(scope, url)
    try:
        covered, given = checks._by_library(_Message(scope["method"], url, Headers(scope=scope)))
    except NotSigned:
        return plain, None
    names = ("created", "expires", "keyid", "nonce")
    return plain, (set(covered) - {'"@signature-params"'}, {name: given[name] for name in names if name in given})


@pytest.mark.parametrize("path", ["/api/v1/transfers", "/api/v1/batches?dry_run=true", "/api/v1/accounts/a@kz%231"])
@pytest.mark.parametrize("body", [b"", b"{}"])
@pytest.mark.parametrize("key", ["", "P-1"])
def test_the_usual_form_is_judged_as_the_library_judges_it(world, path, body, key):
    signer = world.role("contractor")
    headers = {"idempotency-key": key} if key else {}
    request = httpx.Request("POST", ORIGIN + path, content=body, headers=headers)
    sign(request, signer._key, signer._signer)
    plain, library = judged(world, scope_of(request), ORIGIN + path)
    assert plain is not None
    assert plain == library


SMALL = [
    lambda text: text.replace("POST", "PUT"), lambda text: text.upper(), lambda text: text + " ",
    lambda text: f" {text}", lambda text: text + ";x=1", lambda text: text.replace('";', '"; '),
    lambda text: text.replace("created=", "created=+"), lambda text: text.replace("created=1", "created=01"),
    lambda text: text.replace('"@method" ', ""), lambda text: text.replace('"@method"', '"@method";req'),
    lambda text: text.replace('("', '( "'), lambda text: text.replace("boyau=", "boyau=?1, boyau="),
    lambda text: text.replace("boyau", "other"), lambda text: text.replace("=:", "=:\n"), lambda _: "",
    lambda text: text.replace(";tag", ';nonce="AAAAAAAAAAAAAAAA";tag'), lambda text: f"{text}, {text}",
    lambda text: text.replace("A", "B", 1), lambda text: text.replace("==:", "=:"), lambda text: text[:-1],
    lambda text: text.replace(":", ";"), lambda text: text.replace("expires", "expire"),
]  # fmt: skip


@pytest.mark.parametrize("field", ["signature", "signature-input", "content-digest", "idempotency-key"])
def test_the_short_way_takes_nothing_that_the_library_does_not(world, field):
    signer, taken = world.role("contractor"), 0
    for number, small in enumerate(SMALL):
        request = httpx.Request(
            "POST", f"{ORIGIN}/api/v1/transfers", content=b"{}", headers={"idempotency-key": f"P-A{number}"}
        )
        sign(request, signer._key, signer._signer)
        scope = scope_of(request)
        for twice in (False, True):
            name = field.encode()
            changed = [(one, small(v.decode()).encode() if one == name else v) for one, v in scope["headers"]]
            extra = [(name, dict(scope["headers"])[name])] if twice else []
            plain, library = judged(world, scope | {"headers": changed + extra}, str(request.url))
            assert plain is None or plain == library, (number, twice)
            taken += plain is not None
    assert taken < len(SMALL), "hardly anything that was changed counts"


def test_the_short_way_is_for_one_address_and_method(world):
    signer = world.role("contractor")
    request = httpx.Request("POST", f"{ORIGIN}/api/v1/transfers", content=b"{}")
    sign(request, signer._key, signer._signer)
    scope, url = scope_of(request), str(request.url)
    assert judged(world, scope, url)[0] is not None
    for other in (f"{url}x", f"{url}?x=1", f"{url}#x", f"{url}\n", url.replace("https", "http")):
        assert judged(world, scope, other)[0] is None
    assert judged(world, scope | {"method": "PUT"}, url)[0] is None


def test_a_key_that_was_taken_back_does_not_count_by_the_short_way_either(world):
    signer = world.machine("contractor")
    assert transfer(world, signer).status_code in (200, 201)
    world.access.people.revoke_key(signer.account, signer._key)
    refused(transfer(world, signer))
