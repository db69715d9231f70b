"""The access store: one SQLite file beside the ledger with everything about who may ask, and what was decided.

It is no part of the ledger: the journal knows participants, not accounts. A secret (a session, a link) is kept only as
its SHA-256; it is 256 random bits, so that no guessing helps.
"""

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LINK_SECONDS = 15 * 60
FOUR_EYES = 2
"""So many administrators give powers together, once there have been so many."""
_SCHEMA = """
create table if not exists meta (name text primary key, value text not null) strict;
create table if not exists account (
  id text primary key, kind text not null check (kind in ('person', 'machine')), label text not null,
  created integer not null, disabled integer) strict;
create table if not exists granted (
  number integer primary key autoincrement, account text not null references account, role text not null,
  colour text not null, participant text not null, by_account text not null, at integer not null,
  revoked integer) strict;
create table if not exists machine_key (
  key text primary key, account text not null references account, public blob, spki blob unique,
  created integer not null, revoked integer) strict;
create table if not exists passkey (
  id blob primary key, account text not null references account, public blob not null, count integer not null,
  created integer not null, used integer) strict;
create table if not exists identity (
  issuer text not null, subject text not null, account text not null references account,
  primary key (issuer, subject)) strict;
create table if not exists link (
  hash blob primary key, account text, expires integer not null, used integer) strict;
create table if not exists session (
  number integer primary key autoincrement, hash blob not null unique, account text not null references account,
  method text not null, created integer not null, seen integer not null, revoked integer) strict;
create table if not exists nonce (key text not null, nonce text not null, until integer not null) strict;
create table if not exists decision (
  number integer primary key, at integer not null, who text not null, how text not null, action text not null,
  resource text not null, allowed integer not null, rule text not null, count integer not null,
  chain blob not null) strict;
create table if not exists pending (
  digest text primary key, body text not null, account text not null, maker text not null, debtor text not null,
  beneficiary text not null, colour text not null, proposed integer not null, expires integer not null,
  state text not null) strict;
create table if not exists asked (
  number integer primary key autoincrement, kind text not null check (kind in ('grant', 'key')),
  account text not null references account, body text not null, by_account text not null, at integer not null,
  expires integer not null, state text not null, decided_by text not null, decided integer, granted integer) strict;
create table if not exists approval (
  digest text not null references pending, account text not null, participant text not null, until text not null,
  at integer not null, withdrawn integer not null, primary key (digest, participant)) strict;
"""


def hashed(secret: str) -> bytes:
    """Return what is kept of a secret of 256 random bits."""
    return hashlib.sha256(b"boyau secret 1\n" + secret.encode()).digest()


class AccessStore:
    """The open file. Every method may be called from any thread; what is written is on disk when the call returns."""

    def __init__(self, db: sqlite3.Connection, reader: sqlite3.Connection | None, clock: Callable[[], float]) -> None:
        self.db, self.clock = db, clock
        self.lock = threading.RLock()
        # Looking up who asks must not wait for the disk: reads have a connection of their own.
        self._reader, self._reading = reader or db, threading.RLock() if reader else self.lock
        self._changing = 0
        self._closed = False
        self.origin = ""
        """What people and machines call the service; set by who makes ``Access``, else by the first link."""
        self.version = 0
        """Rises with every change of accounts, keys or grants: what was remembered of them is looked up again."""
        self.not_before = 0
        """After a crash, nonces that were seen are forgotten: signatures made up to this second are refused instead."""
        self._begin()

    @classmethod
    def open(cls, path: str | Path, clock: Callable[[], float] = time.time) -> "AccessStore":
        """Open the store at *path*, or make it; only its owner may read it. ``:memory:`` for tests."""

        def connected() -> sqlite3.Connection:
            return sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)

        if str(path) != ":memory:":
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        db = connected()
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        db.execute("pragma foreign_keys = on")
        db.executescript(_SCHEMA)
        return cls(db, None if str(path) == ":memory:" else connected(), clock)

    def _begin(self) -> None:
        with self.change():
            if self.meta("running"):
                self.not_before = self.now()
            self.set_meta("running", "1")

    def close(self, nonces: list[tuple[str, str, int]] | None = None) -> None:
        """Close, keeping the nonces that still count, so that a restart in order forgets none."""
        if self._closed:
            return
        self._closed = True
        with self.change():
            self.db.execute("delete from nonce")
            self.db.executemany("insert into nonce values (?, ?, ?)", nonces or [])
            self.set_meta("running", "")
        self._reader.close()
        self.db.close()

    def now(self) -> int:
        """Return the seconds since 1970."""
        return int(self.clock())

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Change something, all or nothing."""
        with self.lock:
            if self._changing == threading.get_ident():  # within a change already
                yield self.db
                return
            self.db.execute("begin immediate")
            self._changing, before = threading.get_ident(), self.version
            try:
                yield self.db
            except BaseException:
                self.db.execute("rollback")
                raise
            else:
                self.db.execute("commit")
            finally:
                self._changing = 0
                if self.version != before:
                    # Who looked before this was on disk saw what was before, and must not go on remembering it.
                    self.version += 1

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Return rows as tuples; within a change, with what it has changed."""
        if self._changing == threading.get_ident():
            return self.db.execute(sql, values).fetchall()
        with self._reading:
            return self._reader.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Any:
        """Return one row, None where there is none."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def meta(self, name: str) -> str:
        """Return a note about the store itself, "" where there is none."""
        found = self.row("select value from meta where name = ?", name)
        return str(found[0]) if found else ""

    def set_meta(self, name: str, value: str) -> None:
        """Keep a note about the store itself."""
        self.db.execute("insert or replace into meta values (?, ?)", (name, value))

    @property
    def salt(self) -> bytes:
        """The installation's own secret, by which natural persons are told apart where they are not named."""
        if not self.meta("salt"):
            with self.change():
                if not self.meta("salt"):
                    self.set_meta("salt", secrets.token_hex(32))
        return bytes.fromhex(self.meta("salt"))

    # ---- links that sign in once ------------------------------------------------------------------------------------

    def administrators(self) -> list[str]:
        """Return the administrators who can sign in."""
        found = self.rows(
            "select distinct a.id from granted g join account a on a.id = g.account where g.role = 'administrator' "
            "and g.revoked is null and a.disabled is null and a.kind = 'person' "
            "and (exists (select 1 from passkey p where p.account = a.id) "
            "or exists (select 1 from identity i where i.account = a.id)) order by a.id"
        )
        return [str(one) for (one,) in found]

    def four_eyes(self) -> bool:
        """Tell whether powers are given by two administrators: from the moment on at which there are two, for ever.

        Otherwise whoever removes the other administrator could go on alone.
        """
        if self.meta("four_eyes"):
            return True
        if len(self.administrators()) < FOUR_EYES:
            return False
        with self.change():
            self.set_meta("four_eyes", str(self.now()))
        return True

    def wants_administrator(self) -> bool:
        """Tell whether the installation lacks an administrator: the first, or the second where there were two."""
        return len(self.administrators()) < (FOUR_EYES if self.four_eyes() else 1)

    def first_link(self, base_url: str) -> str:
        """Return a link that signs a new administrator in, once, within 15 minutes; "" where none is wanted.

        Earlier links cease to work. Where the service has no name yet, *base_url* becomes it.
        """
        self.origin = self.origin or base_url.rstrip("/")
        if not self.wants_administrator():
            return ""
        with self.change() as db:
            db.execute("delete from link where account is null")
            return f"{base_url.rstrip('/')}/sign-in#link={self._link(None)}"

    def link(self, account: str, base_url: str) -> str:
        """Return a link that signs *account* in, once, within 15 minutes, to register a passkey."""
        with self.change() as db:
            db.execute("delete from link where account = ? or expires < ?", (account, self.now() - 86_400))
            return f"{base_url.rstrip('/')}/sign-in#link={self._link(account)}"

    def _link(self, account: str | None) -> str:
        # After the # of an address: browsers send that to no server, so that it stands in no log.
        secret = secrets.token_urlsafe(32)
        self.db.execute("insert into link values (?, ?, ?, null)", (hashed(secret), account, self.now() + LINK_SECONDS))
        return secret

    def redeem(self, secret: str) -> tuple[bool, str | None]:
        """Use a link up: whether it counted, and whose it was (None: the first administrator's)."""
        with self.change() as db:
            found = db.execute(
                "update link set used = ? where hash = ? and used is null and expires >= ? returning account",
                (self.now(), hashed(secret), self.now()),
            ).fetchall()
        return (True, found[0][0]) if found else (False, None)
