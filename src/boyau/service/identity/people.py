"""Accounts: people and machines, what they were granted, and by which keys they are known.

An account's id says nothing about anybody; the label is the only personal datum, and it can be erased.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from boyau.service.identity.store import AccessStore

LABEL_MAX = 80
CACHE_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, for the colours from ``colour`` down ("": all), for one participant ("": none in particular)."""

    role: str
    colour: str = ""
    participant: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``how``: signature, certificate, passkey, oidc, link (may only register a passkey), none, open."""

    account: str = ""
    kind: str = ""
    how: str = "none"
    grants: tuple[Grant, ...] = ()
    session: int = 0
    began: int = 0
    """When the session began, in seconds since 1970."""
    secret: str = ""
    """The session's own secret, from which its CSRF token is made; it is shown nowhere."""

    def __repr__(self) -> str:
        return f"Caller({self.account}, {self.how})"

    def participants(self) -> frozenset[str]:
        """Return for whom this caller may speak."""
        return frozenset(grant.participant for grant in self.grants if grant.participant)


class People:
    """Accounts in the access store."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store
        self._seen = -1
        self._grants: dict[str, tuple[Grant, ...]] = {}
        self._keys: dict[str, tuple[str, bytes] | None] = {}

    def _fresh(self) -> None:
        """Forget what was remembered before the last change, or when it has become much."""
        if self._seen != self._store.version or len(self._keys) + len(self._grants) > CACHE_MAX:
            self._seen = self._store.version
            self._grants.clear()
            self._keys.clear()

    # ---- accounts ---------------------------------------------------------------------------------------------------

    def add(self, kind: str, label: str) -> str:
        """Add an account and return its id."""
        account = f"{kind[0]}-{secrets.token_hex(6)}"
        with self._store.change() as db:
            db.execute("insert into account values (?, ?, ?, ?, null)", (account, kind, label, self._store.now()))
            self._store.version += 1
        return account

    def kind(self, account: str) -> str:
        """Return ``person`` or ``machine``; "" where there is no such account, or not any more."""
        found = self._store.row("select kind from account where id = ? and disabled is null", account)
        return str(found[0]) if found else ""

    def remove(self, account: str) -> bool:
        """End an account: its label, keys and passkeys are erased, its sessions end; its id stays for the history."""
        with self._store.change() as db:
            self._store.four_eyes()  # noticed before one of two administrators goes
            now = self._store.now()
            ended = db.execute(
                "update account set disabled = ?, label = '' where id = ? and disabled is null", (now, account)
            ).rowcount
            db.execute("update granted set revoked = ? where account = ? and revoked is null", (now, account))
            db.execute("update machine_key set revoked = ? where account = ? and revoked is null", (now, account))
            db.execute("update session set revoked = ? where account = ? and revoked is null", (now, account))
            db.execute(
                "update asked set state = 'void' where state = 'open' and (account = ? or by_account = ?)",
                (account, account),
            )
            for table in ("passkey", "identity", "link"):
                db.execute(f"delete from {table} where account = ?", (account,))  # noqa: S608 - three fixed names
            self._store.version += 1
        return bool(ended)

    def accounts(self, kind: str) -> list[dict[str, Any]]:
        """List accounts of a kind with what they were granted."""
        found = self._store.rows("select id, label, created, disabled from account where kind = ? order by id", kind)
        keys = self._store.rows("select account, key, revoked from machine_key order by key")
        return [
            {
                "account": one,
                "label": label,
                "created": created,
                "active": ended is None,
                "grants": [
                    {"number": g.number, "role": g.role, "colour": g.colour, "participant": g.participant}
                    for g in self.grants(one)
                ],
            }
            | ({"keys": [k for a, k, gone in keys if a == one and gone is None]} if kind == "machine" else {})
            for one, label, created, ended in found
        ]

    # ---- grants -----------------------------------------------------------------------------------------------------

    def grant(self, account: str, role: str, colour: str, participant: str, by: str) -> int:
        """Grant a role; return the grant's number."""
        with self._store.change() as db:
            number = db.execute(
                "insert into granted (account, role, colour, participant, by_account, at) values (?, ?, ?, ?, ?, ?)",
                (account, role, colour, participant, by, self._store.now()),
            ).lastrowid
            self._store.version += 1
        return int(number or 0)

    def holder(self, number: int) -> tuple[str, str]:
        """Return whose grant this is and its role; ("", "") where there is none in force."""
        found = self._store.row("select account, role from granted where number = ? and revoked is null", number)
        return (found[0], found[1]) if found else ("", "")

    def revoke(self, number: int) -> None:
        """Take a grant back, from the next request on."""
        with self._store.change() as db:
            self._store.four_eyes()  # as above
            db.execute("update granted set revoked = ? where number = ?", (self._store.now(), number))
            self._store.version += 1

    def grants(self, account: str) -> tuple[Grant, ...]:
        """Return what an account was granted and still has."""
        self._fresh()
        if account not in self._grants:
            found = self._store.rows(
                "select role, colour, participant, number from granted where account = ? and revoked is null "
                "order by number",
                account,
            )
            self._grants[account] = tuple(Grant(*one) for one in found)
        return self._grants[account]

    # ---- keys of machines -------------------------------------------------------------------------------------------

    def add_key(self, account: str, key: str, public: bytes | None, spki: bytes | None) -> None:
        """Add a machine's public key, or the hash of its certificate's. sqlite3.IntegrityError: it is taken."""
        with self._store.change() as db:
            db.execute(
                "insert into machine_key values (?, ?, ?, ?, ?, null)", (key, account, public, spki, self._store.now())
            )
            self._store.version += 1

    def revoke_key(self, account: str, key: str) -> bool:
        """Take a key back, from the next request on."""
        with self._store.change() as db:
            gone = db.execute(
                "update machine_key set revoked = ? where account = ? and key = ? and revoked is null",
                (self._store.now(), account, key),
            ).rowcount
            self._store.version += 1
        return bool(gone)

    def machine(self, key: str) -> tuple[str, bytes] | None:
        """Return the account that signs with the key called *key*, and the public key; None where none does."""
        self._fresh()
        if key not in self._keys:
            found = self._store.row(
                "select k.account, k.public from machine_key k join account a on a.id = k.account "
                "where k.key = ? and k.public is not null and k.revoked is null and a.disabled is null",
                key,
            )
            self._keys[key] = (found[0], found[1]) if found else None
        return self._keys[key]

    def certified(self, spki: bytes) -> str:
        """Return the account whose certificate has this public key, "" where none has."""
        found = self._store.row(
            "select k.account from machine_key k join account a on a.id = k.account "
            "where k.spki = ? and k.revoked is null and a.disabled is null",
            spki,
        )
        return str(found[0]) if found else ""

    # ---- accounts elsewhere -----------------------------------------------------------------------------------------

    def join(self, account: str, issuer: str, subject: str) -> None:
        """Let who *subject* is at *issuer* sign in as *account*. sqlite3.IntegrityError: they are somebody already."""
        with self._store.change() as db:
            db.execute("insert into identity values (?, ?, ?)", (issuer, subject, account))

    def joined(self, issuer: str, subject: str) -> str:
        """Return who *subject* at *issuer* is here, "" where nobody."""
        found = self._store.row(
            "select i.account from identity i join account a on a.id = i.account "
            "where i.issuer = ? and i.subject = ? and a.disabled is null",
            issuer,
            subject,
        )
        return str(found[0]) if found else ""
