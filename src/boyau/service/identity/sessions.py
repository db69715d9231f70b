"""Sessions of people: 256 random bits in a cookie, of which only the hash is kept (ASVS 5.0, chapter 7)."""

import base64
import hashlib
import hmac
import secrets
from typing import Any

from boyau.service.identity.people import CACHE_MAX, Caller, People
from boyau.service.identity.store import AccessStore, hashed

COOKIE = "__Host-boyau"
IDLE_SECONDS = 30 * 60
LIFE_SECONDS = 12 * 60 * 60
LINK_LIFE_SECONDS = 15 * 60
FRESH_SECONDS = 5 * 60
"""Whoever changes their keys or ends sessions has signed in so recently."""
_TOUCH_SECONDS = 60
"""A session's last use is written at most so often: reading a page must not wait for the disk."""


def csrf_token(secret: str) -> str:
    """Return the token that goes with a session's unsafe requests; only who may read our pages learns it."""
    mac = hmac.digest(secret.encode(), b"boyau csrf 1", hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def cookie(secret: str) -> str:
    """Return the Set-Cookie value; "" ends it. ``__Host-`` binds it to this host, over TLS, for all paths."""
    age = f"; Max-Age={LIFE_SECONDS if secret else 0}"
    return f"{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Lax{age}"


class Sessions:
    """Sessions in the access store."""

    def __init__(self, store: AccessStore, people: People) -> None:
        self._store, self._people = store, people
        self._seen, self._known = -1, dict[bytes, tuple[Any, ...]]()
        """Sessions looked up since the last change of any; one that is none is not remembered."""

    def begin(self, account: str, how: str, replaces: int = 0) -> str:
        """Begin a session and return its secret. What went before it in the same browser ends (no fixation)."""
        secret, now = secrets.token_urlsafe(32), self._store.now()
        with self._store.change() as db:
            db.execute("update session set revoked = ? where number = ? and revoked is null", (now, replaces))
            db.execute("delete from session where created < ?", (now - 90 * 86_400,))
            db.execute(
                "insert into session (hash, account, method, created, seen) values (?, ?, ?, ?, ?)",
                (hashed(secret), account, how, now, now),
            )
        self._store.version += 1
        return secret

    def caller(self, secret: str) -> Caller | None:
        """Return who has this session; None where it is none, or not any more."""
        found = self._row(hashed(secret))
        if found is None:
            return None
        number, account, how, created, seen = found
        now = self._store.now()
        life = LINK_LIFE_SECONDS if how == "link" else LIFE_SECONDS
        if now >= created + life or now >= seen + IDLE_SECONDS:
            return None
        if now >= seen + _TOUCH_SECONDS:
            with self._store.change() as db:
                db.execute("update session set seen = ? where number = ?", (now, number))
            self._known.pop(hashed(secret), None)
        # Who came by a link has proved little: they may register a passkey, and nothing else.
        grants = () if how == "link" else self._people.grants(account)
        return Caller(account, "person", how, grants, number, created, secret)

    def _row(self, key: bytes) -> tuple[Any, ...] | None:
        version = self._store.version
        if self._seen != version or len(self._known) > CACHE_MAX:
            self._known.clear()
            self._seen = version
        found = self._known.get(key)
        if found is None:
            found = self._store.row(
                "select s.number, s.account, s.method, s.created, s.seen from session s "
                "join account a on a.id = s.account where s.hash = ? and s.revoked is null and a.disabled is null",
                key,
            )
            if found is not None and self._store.version == version:  # else it may have ended meanwhile
                self._known[key] = found
        return found

    def end(self, number: int, account: str | None = None) -> bool:
        """End a session, of *account* if one is named."""
        with self._store.change() as db:
            gone = db.execute(
                "update session set revoked = ? where number = ? and revoked is null and account = ifnull(?, account)",
                (self._store.now(), number, account),
            ).rowcount
        self._store.version += 1
        return bool(gone)

    def end_all(self, account: str, but: int = 0) -> None:
        """End all sessions of an account, *but* one."""
        with self._store.change() as db:
            db.execute(
                "update session set revoked = ? where account = ? and number <> ? and revoked is null",
                (self._store.now(), account, but),
            )
        self._store.version += 1

    def open_ones(self, account: str | None = None) -> list[dict[str, Any]]:
        """List the sessions that are open."""
        now = self._store.now()
        found = self._store.rows(
            "select number, account, method, created, seen from session where revoked is null and created > ? "
            "and seen > ? and account = ifnull(?, account) order by number",
            now - LIFE_SECONDS, now - IDLE_SECONDS, account,
        )  # fmt: skip
        return [dict(zip(("session", "account", "how", "created", "seen"), one, strict=True)) for one in found]
