"""OpenID Connect: authorization code with PKCE, state and nonce; the ID token is checked by ``joserfc``.

Nobody is made an account by signing in: the administrator has joined who they are at the provider to an account before.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from boyau.service.identity.ceremonies import Ceremonies
from boyau.service.identity.people import People
from boyau.service.identity.store import AccessStore

if TYPE_CHECKING:
    import httpx

COOKIE = "__Host-boyau-oidc"
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Never ``none``, never a shared secret."""
RSA_BITS_MIN = 2048
"""What nearly all providers sign with; where one can do better, its table in the file asks for more."""
TOKEN_SECONDS_MAX = 600
SKEW_SECONDS = 30
KEYS_SECONDS = 3600
ANSWER_BYTES_MAX = 256 * 1024


FIELDS = {"issuer", "client_id", "client_secret_file", "rsa_bits_min"}
"""What a provider's table may say."""


class OidcRefused(Exception):  # noqa: N818 - a condition
    """A sign-in that failed, for the log of the service; who signs in is not told why."""


@dataclass(frozen=True)
class Provider:
    """An OpenID provider as the operator names it. The secret is read from a file by who makes this."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    rsa_bits_min: int = RSA_BITS_MIN


def read_providers(path: Path) -> list[Provider]:
    """Read providers from a TOML file: a table for each, by name. ValueError says what is wrong with it, and where.

    The secret stands in a file of its own, which only its owner may read.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    out = []
    for name, table in tables.items():
        if not isinstance(table, dict) or set(table) - FIELDS:
            raise ValueError(f"{path}: [{name}] has the fields {', '.join(sorted(FIELDS))}")
        if not re.fullmatch(r"[a-z0-9-]{1,40}", name):
            raise ValueError(f"{path}: [{name}] must be small letters, digits and hyphens: it stands in addresses")
        issuer, client = table.get("issuer", ""), table.get("client_id", "")
        if not str(issuer).startswith("https://") or not isinstance(client, str) or not client:
            raise ValueError(f"{path}: [{name}] needs an issuer (https://…) and a client_id")
        bits = table.get("rsa_bits_min", RSA_BITS_MIN)
        if not isinstance(bits, int) or bits < RSA_BITS_MIN:
            raise ValueError(f"{path}: [{name}] rsa_bits_min is a number, {RSA_BITS_MIN} or more")
        secret = ""
        if "client_secret_file" in table:
            place = path.parent / str(table["client_secret_file"])
            try:
                if place.stat().st_mode & 0o077:
                    raise ValueError(f"{place} may be read by others; chmod 600, and replace the secret")
                secret = place.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{path}: [{name}] client_secret_file: {error}") from None
        out.append(Provider(name, str(issuer), client, secret, bits))
    return out


def _strong(keys: Any, bits: int) -> Any:
    """Return the keys without those of RSA that are too short."""
    from joserfc.jwk import KeySet, RSAKey

    return KeySet([
        key for key in keys.keys if not isinstance(key, RSAKey) or key.raw_value.key_size >= bits
    ])  # fmt: skip


@dataclass
class _Known:
    """What a provider says of itself, and its keys."""

    facts: dict[str, Any]
    keys: Any = None
    read: float = -1e9


class OpenId:
    """Sign-in by other institutions' accounts."""

    def __init__(
        self, providers: list[Provider], store: AccessStore, people: People, ceremonies: Ceremonies,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:  # fmt: skip
        self.providers = {one.name: one for one in providers}
        for one in providers:
            if urlsplit(one.issuer).scheme != "https":
                raise ValueError(f"the issuer of {one.name} must be an https address")
        self._store, self._people, self._ceremonies, self._transport = store, people, ceremonies, transport
        self._known: dict[str, _Known] = {}

    def _address(self, provider: str) -> str:
        return f"{self._store.origin}/api/v1/sign-in/oidc/{provider}/callback"

    async def _json(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        """Ask a provider. Only over TLS, without redirects, in bounded time and size."""
        import httpx

        if urlsplit(url).scheme != "https":
            raise OidcRefused(f"{url} is no https address")
        try:
            async with (
                httpx.AsyncClient(transport=self._transport, timeout=10, follow_redirects=False) as client,
                client.stream(method, url, **more) as answer,
            ):
                data = bytearray()
                async for part in answer.aiter_bytes():
                    data += part
                    if len(data) > ANSWER_BYTES_MAX:
                        raise OidcRefused("the provider's answer is too large")
            if answer.status_code != 200:
                raise OidcRefused(f"the provider answered {answer.status_code}")
            import json

            value = json.loads(data)
        except (httpx.HTTPError, ValueError) as error:
            raise OidcRefused(f"the provider cannot be asked: {type(error).__name__}") from None
        if not isinstance(value, dict):
            raise OidcRefused("the provider's answer is no object")
        return value

    async def _provider(self, one: Provider) -> _Known:
        if one.name not in self._known:
            facts = await self._json("GET", f"{one.issuer.rstrip('/')}/.well-known/openid-configuration")
            if facts.get("issuer") != one.issuer:  # OpenID Connect Discovery 1.0, 4.3
                raise OidcRefused("the provider calls itself by another name")
            self._known[one.name] = _Known(facts)
        return self._known[one.name]

    async def _keys(self, known: _Known, kid: str | None) -> Any:
        from joserfc.jwk import KeySet

        age = time.monotonic() - known.read
        missing = known.keys is None or (kid is not None and kid not in {key.kid for key in known.keys.keys})
        if age > KEYS_SECONDS or (missing and age > 60):
            known.keys = KeySet.import_key_set(await self._json("GET", str(known.facts.get("jwks_uri", ""))))  # type: ignore[arg-type]
            known.read = time.monotonic()
        return known.keys

    async def begin(self, provider: str) -> tuple[str, str]:
        """Return where to send the browser, and the cookie that binds the way back to this browser. KeyError."""
        one = self.providers[provider]
        known = await self._provider(one)
        verifier, nonce, browser = (secrets.token_urlsafe(48) for _ in range(3))
        state = self._ceremonies.begin((provider, verifier, nonce, hashlib.sha256(browser.encode()).digest()))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode({
            "response_type": "code", "client_id": one.client_id, "redirect_uri": self._address(provider),
            "scope": "openid", "state": state, "nonce": nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        })  # fmt: skip
        return f"{known.facts.get('authorization_endpoint', '')}?{query}", browser

    async def end(self, provider: str, query: dict[str, str], browser: str) -> str:
        """Return the account that signed in; raises ``OidcRefused``."""
        begun = self._ceremonies.end(query.get("state"))
        if begun is None or begun[0] != provider:
            raise OidcRefused("no sign-in with this state is in progress")
        _, verifier, nonce, bound = begun
        if not hmac.compare_digest(hashlib.sha256(browser.encode()).digest(), bound):
            raise OidcRefused("the sign-in was begun in another browser")
        one = self.providers[provider]
        known = await self._provider(one)
        if query.get("iss", one.issuer) != one.issuer:  # RFC 9207
            raise OidcRefused("another provider has answered")
        if "code" not in query:
            raise OidcRefused("the provider gave no code")
        form = {
            "grant_type": "authorization_code", "code": query["code"], "redirect_uri": self._address(provider),
            "client_id": one.client_id, "code_verifier": verifier,
        }  # fmt: skip
        auth = (one.client_id, one.client_secret) if one.client_secret else None
        answer = await self._json("POST", str(known.facts.get("token_endpoint", "")), data=form, auth=auth)
        claims = await self._claims(one, known, str(answer.get("id_token", "")), nonce)
        account = self._people.joined(one.issuer, str(claims["sub"]))
        if not account:
            raise OidcRefused("nobody here has this account")
        return account

    async def _claims(self, one: Provider, known: _Known, token: str, nonce: str) -> dict[str, Any]:
        """Check the ID token (OpenID Connect Core 1.0, 3.1.3.7)."""
        from joserfc import jws, jwt
        from joserfc.errors import JoseError

        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            keys = _strong(await self._keys(known, kid), one.rsa_bits_min)
            found = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            jwt.JWTClaimsRegistry(
                leeway=SKEW_SECONDS, iss={"essential": True, "value": one.issuer},
                aud={"essential": True, "value": one.client_id}, exp={"essential": True}, iat={"essential": True},
                sub={"essential": True}, nonce={"essential": True, "value": nonce},
            ).validate(found.claims)  # fmt: skip
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise OidcRefused(f"the ID token does not count: {type(error).__name__}") from None
        claims: dict[str, Any] = found.claims
        aud = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if (len(aud) > 1 or "azp" in claims) and claims.get("azp") != one.client_id:
            raise OidcRefused("the ID token is for somebody else")
        if claims["iat"] < time.time() - TOKEN_SECONDS_MAX:
            raise OidcRefused("the ID token is old")
        return claims
