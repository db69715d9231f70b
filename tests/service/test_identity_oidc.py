"""OpenID Connect against a small provider with a real key: the way there and back, and everything forged on it."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, RSAKey

from boyau.service.identity.oidc import COOKIE, OidcRefused, Provider, read_providers
from boyau.service.identity.sessions import COOKIE as SESSION
from tests.service.test_gate_world import ORIGIN, World

ISSUER = "https://id.test"


class Op(httpx.AsyncBaseTransport):
    """An OpenID provider: discovery, keys, tokens. ``claims`` and ``headers`` are what it is made to say wrongly."""

    def __init__(self, kind="RSA"):
        self.key = (
            RSAKey.generate_key(2048, {"kid": "one"}) if kind == "RSA" else ECKey.generate_key("P-256", {"kid": "one"})
        )
        self.alg = "RS256" if kind == "RSA" else "ES256"
        self.shown, self.claims, self.header, self.sign_with = self.key, {}, {}, self.key
        self.facts, self.codes, self.asked, self.token = {}, {}, [], None

    def authorize(self, address):
        """Act as the person at the provider: agree, and return where the browser is sent."""
        query = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        self.codes["c-1"] = query
        return f"{query['redirect_uri']}?code=c-1&state={query['state']}"

    async def handle_async_request(self, request):
        path = request.url.path
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            facts = {"issuer": ISSUER} | {name: f"{ISSUER}/{place}" for name, place in places.items()}
            return httpx.Response(200, json=facts | self.facts)
        if path == "/keys":
            return httpx.Response(200, json=KeySet([self.shown]).as_dict(private=False))
        form = {name: value[0] for name, value in parse_qs(request.content.decode()).items()}
        query = self.codes.pop(form["code"], None)
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        )
        basic = base64.b64encode(b"boyau:the secret").decode()
        if (
            query is None
            or challenge != query["code_challenge"]
            or request.headers["authorization"] != f"Basic {basic}"
        ):
            return httpx.Response(400, json={"error": "invalid_grant"})
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": "boyau",
            "sub": "officer-7",
            "nonce": query["nonce"],
            "iat": now,
            "exp": now + 60,
        }
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        token = self.token or jwt.encode({"alg": self.alg, "kid": "one"} | self.header, claims, self.sign_with)
        return httpx.Response(200, json={"access_token": "x", "token_type": "Bearer", "id_token": token})


def site(op, **options):
    world = World(
        providers=[Provider("gov", ISSUER, "boyau", "the secret")], transport=op, public_limit=(1e6, 1e6), **options
    )
    account = world.access.people.add("person", "Ержан")
    world.access.people.join(account, ISSUER, "officer-7")
    world.access.people.grant(account, "auditor", "", "", "test")
    return world, account


def walk(world, op, *, browser=None, change=lambda address: address):
    """Sign in: there, agree, and back."""
    there = world.ask("GET", "/api/v1/sign-in/oidc/gov")
    assert there.status_code == 303
    cookie = there.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {one.strip() for one in cookie.split(";")}
    back = change(op.authorize(there.headers["location"]))
    headers = {"cookie": browser if browser is not None else cookie.partition(";")[0]}
    return world.ask("GET", back.removeprefix(ORIGIN), headers=headers)


@pytest.mark.parametrize("kind", ["RSA", "EC"])
def test_who_is_known_at_the_provider_is_known_here(kind):
    op = Op(kind)
    world, account = site(op)
    back = walk(world, op)
    assert back.status_code == 303
    assert back.headers["location"] == "/sign-in"
    (session,) = [one for one in back.headers.get_list("set-cookie") if one.startswith(f"{SESSION}=")]
    me = world.ask("GET", "/api/v1/me", headers={"cookie": session.partition(";")[0]}).json()
    assert (me["account"], me["how"]) == (account, "oidc")
    assert world.decisions(action="sign-in", allowed=True)
    world.close()


@pytest.mark.parametrize(("made", "wanted", "status"), [(2048, 2048, 303), (2048, 3072, 401), (3072, 3072, 303)])
def test_short_keys_of_a_provider_count_only_where_the_operator_says_so(made, wanted, status):
    op = Op()
    op.key = op.shown = op.sign_with = RSAKey.generate_key(made, {"kid": "one"})
    world, _ = site(op)
    provider = replace(world.access.openid.providers["gov"], rsa_bits_min=wanted)
    world.access.openid.providers["gov"] = provider
    assert walk(world, op).status_code == status
    world.close()


def test_a_provider_with_a_toy_key_signs_nobody_in():
    with pytest.warns(SecurityWarning):
        toy = RSAKey.generate_key(1024, {"kid": "one"})
    op = Op()
    op.key = op.shown = op.sign_with = toy
    world, _ = site(op)
    with pytest.warns(SecurityWarning):
        assert walk(world, op).status_code == 401
    world.close()


WRONG = {
    "another audience": {"claims": {"aud": "other"}},
    "another issuer": {"claims": {"iss": "https://evil.test"}},
    "another nonce": {"claims": {"nonce": "other"}},
    "no nonce": {"claims": {"nonce": None}},
    "expired": {"claims": {"exp": 1}},
    "never expires": {"claims": {"exp": None}},
    "made long ago": {"claims": {"iat": 1}},
    "made tomorrow": {"claims": {"iat": int(time.time()) + 86_400}},
    "for several, not us": {"claims": {"aud": ["boyau", "other"], "azp": "other"}},
    "for several, nobody named": {"claims": {"aud": ["boyau", "other"]}},
    "nobody here": {"claims": {"sub": "officer-8"}},
    "no subject": {"claims": {"sub": None}},
    "another key": {"sign_with": RSAKey.generate_key(2048, {"kid": "one"})},
    "unsigned": {"token": "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2lkLnRlc3QifQ."},
    "no token": {"token": "nonsense"},
    "discovery of another": {"facts": {"issuer": "https://evil.test"}},
    "tokens without TLS": {"facts": {"token_endpoint": "http://id.test/token"}},
    "keys without TLS": {"facts": {"jwks_uri": "http://id.test/keys"}},
}


@pytest.mark.parametrize("name", WRONG)
def test_an_id_token_that_is_wrong_signs_nobody_in(name):
    op = Op()
    for field, value in WRONG[name].items():
        setattr(op, field, value)
    world, _ = site(op)
    if name == "discovery of another":
        assert world.ask("GET", "/api/v1/sign-in/oidc/gov").status_code == 401
    else:
        back = walk(world, op)
        assert back.status_code == 401, name
        assert "set-cookie" not in back.headers
    assert world.decisions(action="sign-in", allowed=False)
    world.close()


def test_a_token_signed_with_the_public_key_as_a_secret_does_not_count():
    op = Op()
    world, _ = site(op)

    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    now = int(time.time())
    there = world.ask("GET", "/api/v1/sign-in/oidc/gov")
    back = op.authorize(there.headers["location"])
    claims = {"iss": ISSUER, "aud": "boyau", "sub": "officer-7", "nonce": op.codes["c-1"]["nonce"], "iat": now}
    header = {"alg": "HS256", "kid": "one"}
    told = ".".join(part(json.dumps(one).encode()) for one in (header, claims | {"exp": now + 60}))
    op.token = f"{told}.{part(hmac.digest(op.key.as_pem(private=False), told.encode(), 'sha256'))}"
    headers = {"cookie": there.headers["set-cookie"].partition(";")[0]}
    assert world.ask("GET", back.removeprefix(ORIGIN), headers=headers).status_code == 401
    world.close()


def test_the_way_back_is_for_the_browser_that_went_and_once():
    op = Op()
    world, _ = site(op)
    assert walk(world, op, browser=f"{COOKIE}=other").status_code == 401
    assert walk(world, op, browser="").status_code == 401
    assert walk(world, op, change=lambda address: address.replace("state=", "state=x")).status_code == 401
    assert walk(world, op, change=lambda address: f"{address}&iss=https://evil.test").status_code == 401
    assert walk(world, op, change=lambda address: address.replace("code=c-1", "error=access_denied")).status_code == 401
    assert walk(world, op, change=lambda address: address.replace("code=c-1", "code=c-2")).status_code == 401
    seen = []
    assert walk(world, op, change=lambda address: seen.append(address) or address).status_code == 303
    assert world.ask("GET", seen[0].removeprefix(ORIGIN), headers={"cookie": f"{COOKIE}=x"}).status_code == 401
    assert world.ask("GET", "/api/v1/sign-in/oidc/other").status_code == 404
    assert world.ask("GET", "/api/v1/sign-in/oidc/other/callback").status_code == 401
    world.close()


def test_keys_are_remembered_and_asked_for_again_when_they_change():
    op = Op()
    world, _ = site(op)
    for _ in range(2):
        assert walk(world, op).status_code == 303
    assert op.asked.count("/keys") == 1
    op.key = op.shown = op.sign_with = RSAKey.generate_key(2048, {"kid": "two"})
    op.header = {"kid": "two"}
    assert walk(world, op).status_code == 401, "not again within a minute: a stranger must not make us ask"
    world.access.openid._known["gov"].read -= 61
    assert walk(world, op).status_code == 303
    world.close()


def test_an_answer_without_end_is_given_up():
    class Endless(Op):
        async def handle_async_request(self, request):
            return httpx.Response(200, content=b"x" * 300_000)

    world, _ = site(Endless())
    with pytest.raises(OidcRefused, match="too large"):
        world.run(world.access.openid.begin("gov"))
    world.close()


def test_a_provider_without_tls_is_no_provider():
    with pytest.raises(ValueError, match="https"):
        World(providers=[Provider("gov", "http://id.test", "boyau")])
    assert "the secret" not in repr(Provider("gov", ISSUER, "boyau", "the secret"))


# ---- the operator's file --------------------------------------------------------------------------------------------


def test_providers_are_read_from_a_file_and_their_secrets_from_another(tmp_path):
    path, secret = tmp_path / "providers.toml", tmp_path / "egov.secret"
    secret.write_text("sesame\n")
    secret.chmod(0o600)
    path.write_text(
        '[egov]\nissuer = "https://idp.example.kz"\nclient_id = "boyau"\nclient_secret_file = "egov.secret"\n'
        '[open]\nissuer = "https://open.example.kz"\nclient_id = "b"\n'
    )
    first, second = read_providers(path)
    assert (first.name, first.issuer, first.client_id, first.client_secret) == (
        "egov", "https://idp.example.kz", "boyau", "sesame",
    )  # fmt: skip
    assert second.client_secret == ""
    assert "sesame" not in repr(first)
    secret.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        read_providers(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[egov", "Expected"),
        ("[egov]\nissuer = 5\nclient_id = 'x'", "needs an issuer"),
        ("[egov]\nissuer = 'http://plain.example'\nclient_id = 'x'", "needs an issuer"),
        ("[egov]\nissuer = 'https://a.example'\nclient_id = ''", "client_id"),
        ("[egov]\nissuer = 'https://a.example'\nclient_id = 'x'\nsecret = 'y'", "has the fields"),
        ("['../x']\nissuer = 'https://a.example'\nclient_id = 'x'", "small letters"),
        ("egov = 3", "has the fields"),
        ("[egov]\nissuer = 'https://a.example'\nclient_id = 'x'\nrsa_bits_min = 1024", "2048 or more"),
        ("[egov]\nissuer = 'https://a.example'\nclient_id = 'x'\nclient_secret_file = 'none'", "client_secret_file"),
    ],
)
def test_a_wrong_file_of_providers_is_said(tmp_path, text, words):
    path = tmp_path / "providers.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_providers(path)
