"""Requests that machines sign: RFC 9421 over method, address and body (RFC 9530), with Ed25519."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from starlette.datastructures import Headers
from starlette.types import Scope

from boyau.language.catalogue import mark as _
from boyau.service.identity.nonces import Nonces
from boyau.service.identity.people import People
from boyau.service.identity.store import AccessStore

TAG = "boyau"
WINDOW_SECONDS = 300
SKEW_SECONDS = 5
FIELD_BYTES_MAX = 4096
_NONCE = re.compile(r"[A-Za-z0-9_+/=-]{16,64}")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_FIELDS = frozenset({b"signature-input", b"signature", b"content-digest", b"idempotency-key"})
_INPUT = re.compile(
    rb"boyau=(?P<params>"
    rb"\((?P<names>\"@method\" \"@target-uri\"(?P<more>(?: \"(?:content-digest|idempotency-key)\"){0,2}))\)"
    rb";created=(?P<created>[1-9][0-9]{0,11});keyid=\"(?P<key>[A-Za-z0-9-]{1,64})\"(?:;alg=\"ed25519\")?"
    rb";expires=(?P<expires>[1-9][0-9]{0,11});nonce=\"(?P<nonce>[A-Za-z0-9_+/=-]{16,64})\";tag=\"boyau\")"
)
"""What ``RequestSigner`` and docs/access.md write: its text is already what RFC 9421 (2.3) has the signature cover."""
_SIGNATURE = re.compile(rb"boyau=:([A-Za-z0-9+/]{86}==):")
_VALUE = re.compile(rb"[!-~]{1,200}")
_URL = re.compile(r"https?://[!-\"$-~]{1,4000}")
_TARGETS = ({'"@target-uri"'}, {'"@authority"', '"@path"', '"@query"'})


class NotSigned(Exception):  # noqa: N818 - a condition
    """A signature that does not count: why, in any language. Which key it named is not said."""

    def __init__(self, source: str, **values: object) -> None:
        super().__init__(source)
        self.source, self.values = source, values


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed, and what the body must hash to (None: there must be none)."""

    account: str
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class _Message:
    method: str
    url: str
    headers: Any


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, people: People) -> None:
        self._people = people

    def resolve_public_key(self, key_id: str) -> Any:
        found = self._people.machine(key_id)
        return _public(found[1]) if found else None


@lru_cache(10_000)
def _public(key: bytes) -> Any:
    """Return the key that these bytes are; whether it counts is asked each time."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(key)


class Signatures:
    """Checks signatures. The store's ``origin`` is what clients call us, whatever a proxy in between says."""

    def __init__(self, store: AccessStore, people: People, nonces: Nonces) -> None:
        self._store, self._people, self._nonces = store, people, nonces
        self._keys = _Keys(people)
        self._verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=self._keys)
        self._verifier.max_clock_skew = dt.timedelta(seconds=SKEW_SECONDS)

    def check(self, scope: Scope) -> Signed:
        """Return who signed a request; raises ``NotSigned``. The body is not read yet: the digest binds it."""
        headers = Headers(scope=scope)
        if sum(len(headers.get(name, "")) for name in ("signature", "signature-input")) > FIELD_BYTES_MAX:
            raise NotSigned(_("The signature is too long."))
        query = scope.get("query_string", b"")
        target = scope.get("raw_path") or scope["path"].encode()
        url = self._store.origin + target.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
        plain = self._plain(scope, url)
        if plain is None:
            covered, given = self._by_library(_Message(scope["method"], url, headers))
        else:
            covered, given = plain
        digest = self._covered(covered, headers)
        self._fresh(given)
        account = self._people.machine(str(given["keyid"]))
        assert account is not None  # its key has just verified
        return Signed(account[0], digest)

    def _plain(self, scope: Scope, url: str) -> tuple[set[str], dict[str, Any]] | None:
        """Return what a signature of the usual form covers and says, if it is valid; None: let the library judge.

        Nearly all signatures have this form, and the library takes twice as long over it as the key does. Nothing is
        refused here, and no form is read but one that can mean one thing only.
        """
        found: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in _FIELDS:
                if name in found:
                    return None
                found[name] = value
        stated, signature = _INPUT.fullmatch(found.get(b"signature-input", b"")), found.get(b"signature", b"")
        match = _SIGNATURE.fullmatch(signature)
        if stated is None or match is None or not _URL.fullmatch(url):
            return None
        names, key = stated["names"].decode(), stated["key"].decode()
        lines = [f'"@method": {scope["method"]}', f'"@target-uri": {url}']
        more = [name.strip(b'"') for name in stated["more"].split()]
        if len(set(more)) < len(more):
            return None
        for name in more:
            value = found.get(name, b"")
            if not _VALUE.fullmatch(value):
                return None
            lines.append(f'"{name.decode()}": {value.decode()}')
        lines.append(f'"@signature-params": {stated["params"].decode()}')
        public = self._keys.resolve_public_key(key)
        if public is None:
            return None
        try:
            public.verify(base64.b64decode(match[1]), "\n".join(lines).encode())
        except InvalidSignature:
            return None
        given = {"created": int(stated["created"]), "expires": int(stated["expires"]), "keyid": key}
        return set(names.split(" ")), given | {"nonce": stated["nonce"].decode()}

    def _by_library(self, message: _Message) -> tuple[Any, dict[str, Any]]:
        try:
            results = self._verifier.verify(message, expect_tag=TAG, max_age=dt.timedelta(seconds=WINDOW_SECONDS))
        except HTTPMessageSignaturesException:  # its text may repeat what was sent
            raise NotSigned(_("The signature is not valid.")) from None
        if len(results) != 1:
            raise NotSigned(_("The request must have one signature for us."))
        return results[0].covered_components, results[0].parameters

    def _covered(self, covered: Any, headers: Headers) -> bytes | None:
        names = set(covered)
        if '"@method"' not in names or not any(wanted <= names for wanted in _TARGETS):
            raise NotSigned(_("The signature must cover the method and the address."))
        if "idempotency-key" in headers and '"idempotency-key"' not in names:
            raise NotSigned(_("The signature must cover {what}."), what="Idempotency-Key")
        if "content-digest" not in headers:
            length = headers.get("content-length", "0")
            if length != "0" or "transfer-encoding" in headers:
                raise NotSigned(_("A request with a body must carry {what}, and sign it."), what="Content-Digest")
            return None
        match = _DIGEST.search(headers["content-digest"])
        if '"content-digest"' not in names or match is None:
            raise NotSigned(_("{what} must be signed and name {kind}."), what="Content-Digest", kind="sha-256")
        try:
            return base64.b64decode(match[1], validate=True)
        except binascii.Error:  # pragma: no cover - the expression lets nothing else through
            raise NotSigned(
                _("{what} must be signed and name {kind}."), what="Content-Digest", kind="sha-256"
            ) from None

    def _fresh(self, given: dict[str, Any]) -> None:
        created, expires, nonce = given.get("created"), given.get("expires"), given.get("nonce")
        if not isinstance(created, int) or not isinstance(expires, int) or not isinstance(nonce, str):
            raise NotSigned(_("The signature must say {what}."), what="created, expires, nonce, keyid, tag")
        if not created < expires <= created + WINDOW_SECONDS:
            raise NotSigned(_("The signature must expire within 300 seconds."))
        if not _NONCE.fullmatch(nonce):
            raise NotSigned(_("The nonce must be 16 to 64 letters and digits."))
        now = self._store.now()
        if expires < now or created > now + SKEW_SECONDS:
            raise NotSigned(_("The signature is not valid."))
        if created <= self._store.not_before or not self._nonces.first(
            given["keyid"], nonce, expires + SKEW_SECONDS, now
        ):
            raise NotSigned(_("This request was sent before. Sign it again."))


class Digest:
    """Hashes a body while it is read."""

    def __init__(self, wanted: bytes | None) -> None:
        self._wanted, self._hash, self._any = wanted, hashlib.sha256(), False

    def take(self, data: bytes, *, last: bool) -> None:
        """Take a part; raises ``NotSigned`` with the last, where the whole is not what was signed."""
        self._hash.update(data)
        self._any = self._any or bool(data)
        if self._wanted is None:
            if self._any:
                raise NotSigned(_("A request with a body must carry {what}, and sign it."), what="Content-Digest")
        elif last and not hmac.compare_digest(self._hash.digest(), self._wanted):
            raise NotSigned(_("The body is not what was signed."))
