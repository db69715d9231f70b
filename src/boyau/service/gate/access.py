"""Access: everything that identity and gate need, made once and handed to ``create_app``."""

import ipaddress
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from boyau.service.gate.decisions import Decision, Decisions
from boyau.service.gate.grants import Grants
from boyau.service.gate.pending import Pending
from boyau.service.gate.policy import POLICY
from boyau.service.gate.turn import Turn
from boyau.service.identity.ceremonies import Ceremonies
from boyau.service.identity.limits import Buckets
from boyau.service.identity.nonces import Nonces
from boyau.service.identity.oidc import OpenId, Provider
from boyau.service.identity.passkeys import Passkeys
from boyau.service.identity.people import People
from boyau.service.identity.sessions import Sessions
from boyau.service.identity.signatures import Signatures
from boyau.service.identity.store import AccessStore

if TYPE_CHECKING:
    import httpx

CALLER_RATE, CALLER_BURST = 2000.0, 4000.0
"""Requests of one account a second (a batch is one), and at once."""
PUBLIC_RATE, PUBLIC_BURST = 20.0, 100.0
"""Requests without an account, of one address."""
SIGN_IN_RATE, SIGN_IN_BURST = 10 / 60, 10.0
"""Attempts to sign in, of one address: ten a minute. Signatures that do not count are such attempts too."""


def checked(origin: str) -> str:
    """Return an origin that may be one. ValueError: passkeys, cookies and signatures are worth nothing without TLS."""
    parts = urlsplit(origin)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.scheme == "https" or (parts.scheme == "http" and local)) or parts.path.rstrip("/"):
        raise ValueError("the origin must be an https address without a path, as https://boyau.example.kz")
    return origin.rstrip("/")


class Access:
    """Who may come in and how. *origin*: what people and machines call the service, ``https://boyau.example.kz``.

    Left out, it is what the store's ``first_link`` is given, before the first request.
    """

    def __init__(
        self,
        store: AccessStore,
        origin: str = "",
        *,
        providers: Iterable[Provider] = (),
        trusted_proxies: Iterable[str] = (),
        certificate_header: str = "",
        decisions_folder: Path | None = None,
        decisions_told: Callable[[dict[str, Any]], None] | None = None,
        caller_limit: tuple[float, float] = (CALLER_RATE, CALLER_BURST),
        public_limit: tuple[float, float] = (PUBLIC_RATE, PUBLIC_BURST),
        sign_in_limit: tuple[float, float] = (SIGN_IN_RATE, SIGN_IN_BURST),
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        if origin:
            store.origin = checked(origin)
        if certificate_header and not trusted_proxies:
            raise ValueError("a certificate header counts only from a trusted proxy; name its address")
        self.store, self.policy = store, POLICY
        self.trusted = [ipaddress.ip_network(one) for one in trusted_proxies]
        self.certificate_header = certificate_header.lower()
        self.people = People(store)
        self.sessions = Sessions(store, self.people)
        self.nonces = Nonces([(k, n, u) for k, n, u in store.rows("select key, nonce, until from nonce")])
        self.signatures = Signatures(store, self.people, self.nonces)
        ceremonies = Ceremonies()
        self.passkeys = Passkeys(store, ceremonies)
        self.openid = OpenId(list(providers), store, self.people, ceremonies, transport)
        self.decisions = Decisions(store, decisions_folder, decisions_told)
        self.pending = Pending(store)
        self.grants = Grants(store, self.people, POLICY)
        self.callers = Buckets(*caller_limit)
        self.public = Buckets(*public_limit)
        self.attempts = Buckets(*sign_in_limit)

    @property
    def origin(self) -> str:
        """What people and machines call the service."""
        return self.store.origin

    def is_trusted(self, peer: str) -> bool:
        """Tell whether *peer* is a proxy whose word on certificates and addresses counts."""
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.trusted)

    def told(self, turn: Turn, action: str, resource: str, *, allowed: bool, rule: str, who: str = "") -> None:
        """Record what was decided; the request is answered when that is on disk."""
        caller = turn.caller
        one = Decision(who or caller.account, caller.how, action, resource, allowed, rule)
        turn.written.append(self.decisions.record([one]))

    def close(self) -> None:
        """Write what waits, keep the nonces that still count, close the store."""
        self.decisions.close()
        self.store.close(self.nonces.kept(self.store.now()))
