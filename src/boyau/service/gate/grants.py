"""Grants under four eyes: who gives powers over money, rules or access is not who agrees to it.

Until there have been two administrators who can sign in, grants take effect at once and are marked ``alone``. From then
on, for ever, a role of ``four_eyes_roles`` waits for another administrator; so does a new key of a machine that has
such a role, for who has the key has the role. A link for a person who has one puts that role back to waiting: who was
handed the link could be anybody.
"""

import json
from contextlib import suppress
from typing import Any

from boyau.service.gate.policy import Policy
from boyau.service.identity.people import People
from boyau.service.identity.store import AccessStore

WAIT_SECONDS = 7 * 86_400
"""How long a grant waits for the other administrator."""
WAITING_MAX = 500
GRANT, KEY = "grant", "key"
OPEN, DONE, ALONE, WITHDRAWN, VOID = "open", "done", "alone", "withdrawn", "void"
"""States of what was asked for. Void: who asked, or whom it was for, was removed. What waited too long is in none."""


class NotNow(Exception):  # noqa: N818 - a condition
    """It cannot be asked for or agreed to; ``rule`` says why: waiting, full, gone, maker, own."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class _Waiting(NotNow):
    def __init__(self) -> None:
        super().__init__("waiting")


class Grants:
    """Grants and keys that wait, in the access store, beside those in force."""

    def __init__(self, store: AccessStore, people: People, policy: Policy) -> None:
        self._store, self._people, self._policy = store, people, policy

    def heavy(self, account: str) -> bool:
        """Tell whether an account has a role that is given under four eyes."""
        return any(one.role in self._policy.four_eyes_roles for one in self._people.grants(account))

    def ask(self, account: str, role: str, colour: str, participant: str, by: str) -> tuple[str, int]:
        """Grant a role or ask for it: ``done`` or ``alone`` and its number, ``open`` and the number of what waits."""
        with self._store.change():
            light = role not in self._policy.four_eyes_roles
            if light or not self._store.four_eyes():
                number = self._people.grant(account, role, colour, participant, by)
                if not light:
                    self._keep(GRANT, account, {}, by, ALONE, number)
                return DONE if light else ALONE, number
            return OPEN, self._wait(account, role, colour, participant, by)

    def _wait(self, account: str, role: str, colour: str, participant: str, by: str) -> int:
        return self._keep(GRANT, account, {"role": role, "colour": colour, "participant": participant}, by, OPEN, None)

    def ask_key(self, account: str, key: str, public: bytes | None, spki: bytes | None, by: str) -> int:
        """Add a key to a machine, or ask for it: then return the number under which it waits. 0: it was added."""
        with self._store.change():
            if not self.heavy(account) or not self._store.four_eyes():
                self._people.add_key(account, key, public, spki)
                return 0
            body = {"key": key, "public": (public or b"").hex(), "spki": (spki or b"").hex()}
            return self._keep(KEY, account, body, by, OPEN, None)

    def _keep(self, kind: str, account: str, body: dict[str, str], by: str, state: str, number: int | None) -> int:
        now, text = self._store.now(), json.dumps(body, sort_keys=True)
        with self._store.change() as db:
            waiting = db.execute(
                "select account, body from asked where state = 'open' and expires >= ?", (now,)
            ).fetchall()
            if state == OPEN and (account, text) in waiting:
                raise _Waiting
            if state == OPEN and len(waiting) >= WAITING_MAX:
                raise NotNow("full")
            return int(
                db.execute(
                    "insert into asked (kind, account, body, by_account, at, expires, state, decided_by, granted) "
                    "values (?, ?, ?, ?, ?, ?, ?, '', ?)",
                    (kind, account, text, by, now, now + WAIT_SECONDS, state, number),
                ).lastrowid
                or 0
            )

    def approve(self, number: int, by: str) -> dict[str, Any]:
        """Agree to what waits; return what is in force now. Raises ``NotNow``, IntegrityError where a key is taken."""
        with self._store.change() as db:
            kind, account, body, asked_by = self._open(number)
            if by == asked_by:
                raise NotNow("maker")
            if by == account:
                raise NotNow("own")
            if not any(one.role == "administrator" for one in self._people.grants(asked_by)):
                raise NotNow("gone")  # who asked may not ask any more
            granted = None
            if kind == GRANT:
                granted = self._people.grant(account, body["role"], body["colour"], body["participant"], asked_by)
            else:
                public, spki = bytes.fromhex(body["public"]), bytes.fromhex(body["spki"])
                self._people.add_key(account, body["key"], public or None, spki or None)
            db.execute(
                "update asked set state = 'done', decided_by = ?, decided = ?, granted = ? where number = ?",
                (by, self._store.now(), granted, number),
            )
        told = {"number": granted} if kind == GRANT else {"key": body["key"]}
        return {"account": account, "kind": kind} | told | {"role": body.get("role", "")}

    def withdraw(self, number: int, by: str) -> str:
        """Have something wait no longer, whoever asked for it; return for whom it was. Raises ``NotNow``."""
        with self._store.change() as db:
            account = self._open(number)[1]
            db.execute(
                "update asked set state = 'withdrawn', decided_by = ?, decided = ? where number = ?",
                (by, self._store.now(), number),
            )
        return account

    def _open(self, number: int) -> tuple[str, str, dict[str, str], str]:
        found = self._store.row(
            "select kind, account, body, by_account from asked where number = ? and state = 'open' and expires >= ?",
            number, self._store.now(),
        )  # fmt: skip
        if not found or not self._people.kind(found[1]):
            raise NotNow("gone")
        return found[0], found[1], json.loads(found[2]), found[3]

    def linked(self, account: str, by: str) -> int:
        """Take the roles given under four eyes back from who gets a link, and ask for them anew; return how many."""
        with self._store.change():
            if not self._store.four_eyes():
                return 0
            heavy = [one for one in self._people.grants(account) if one.role in self._policy.four_eyes_roles]
            for one in heavy:
                self._people.revoke(one.number)
                with suppress(_Waiting):  # the same waits already
                    self._wait(account, one.role, one.colour, one.participant, by)
        return len(heavy)

    def waiting(self) -> list[dict[str, Any]]:
        """List what waits, in the order asked for."""
        found = self._store.rows(
            "select number, kind, account, body, by_account, at, expires from asked "
            "where state = 'open' and expires >= ? order by number",
            self._store.now(),
        )
        names = ("role", "colour", "participant", "key")
        return [
            {"number": number, "kind": kind, "account": account}
            | {name: value for name, value in json.loads(body).items() if name in names}
            | {"by": by, "at": at, "expires": expires}
            for number, kind, account, body, by, at, expires in found
        ]

    def in_force(self) -> list[dict[str, Any]]:
        """List grants in force: by whom, agreed to by whom, or ``alone``."""
        found = self._store.rows(
            "select g.number, g.account, g.role, g.colour, g.participant, g.by_account, g.at, "
            "ifnull(a.decided_by, ''), ifnull(a.state, '') from granted g left join asked a on a.granted = g.number "
            "where g.revoked is null order by g.number"
        )
        names = ("number", "account", "role", "colour", "participant", "by", "at", "approved_by")
        return [dict(zip(names, row, strict=False)) | {"alone": row[8] == ALONE} for row in found]
