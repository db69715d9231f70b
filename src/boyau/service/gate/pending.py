"""Maker and checker: commands that wait for approval, exactly as they will be sent.

The journal has the trail, for proposals and approvals are the ledger's own records. What is kept here is what the
ledger cannot tell from a digest: the command itself, and whom it is about, so that whoever must decide sees it.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from boyau.journal import Book
from boyau.journal.operations import OperationError, Operations
from boyau.ledger import Result, approvals, codes
from boyau.ledger.explain import Explainer
from boyau.ledger.rows import COMMAND_BYTES, UNKNOWN_ACCOUNT
from boyau.service.gate.policy import account_facts
from boyau.service.identity.people import Caller
from boyau.service.identity.store import AccessStore

DAYS_MAX = 31
PENDING_MAX = 10_000
"""Commands that may wait at once; beyond it somebody must decide first."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command or record to be approved: its digest and whom it is about."""

    digest: str
    body: dict[str, Any]
    debtor: str = ""
    beneficiary: str = ""
    colour: str = ""


def read(book: Book, body: dict[str, Any]) -> Command:
    """Return the command that *body* is. OperationError where it is none that can be approved."""
    if "op" not in body:
        if body.get("type") not in ("colour", "limits"):
            raise OperationError("type", "only operations, colours and limits are approved")
        return Command(approvals.record_digest(body), body, colour=str(body.get("colour", "")))
    # The value date is part of what is approved: left open, it would be another command tomorrow.
    body = body | {"date": body.get("date", codes.day_text(codes.day_of(book.now())))}
    operations = Operations(book.ledger)
    row = operations.rows([body], codes.day_of(book.now()))[0]
    sides = [operations.account_name(int(row[side])) for side in ("debit", "credit")]
    if "hold" in body and UNKNOWN_ACCOUNT in (int(row["debit"]), int(row["credit"])):
        entry = book.ledger.entry_of(row["ref"].tobytes())
        if entry >= 0:
            accounts = int(book.ledger.history(entry)[8])
            sides = [
                operations.account_name(accounts & 0xFFFFFFFF),
                operations.account_name(accounts >> 32 & 0xFFFFFFFF),
            ]
            # What is approved is what the journal keeps: with the accounts that are left to the commitment.
            body = {"from": sides[0], "to": sides[1]} | body
            row = operations.rows([body], codes.day_of(book.now()))[0]
    debit, credit = account_facts(sides[0]), account_facts(sides[1])
    if not debit.holders or not credit.holders:
        raise OperationError("from" if not debit.holders else "to", "no such account")
    digest = approvals.command_digest(np.asarray(row).tobytes()[:COMMAND_BYTES])
    return Command(digest, body, debit.holders[0], credit.holders[0], debit.colours[0])


def missing(book: Book, body: dict[str, Any], digest: str) -> dict[str, Any] | None:
    """Return what is still asked for before the command can be sent: quorum, classes, who approved; None: nothing."""
    ledger, at = book.ledger, book.now()
    if "op" in body:
        try:
            row = Operations(ledger).rows([body], codes.day_of(at))[0]
        except OperationError:
            return None
        for one in Explainer(ledger).explain(row, at):
            if one.result is Result.APPROVAL_MISSING:
                return {name: one.facts[name] for name in ("quorum", "classes", "approved", "excluded")}
        return None
    registry = ledger.registry
    number = registry.colour_numbers.get(body.get("colour", ""))
    power = registry.colours[number].effective.power("change") if number is not None else None
    if power is None:
        return None
    maker = registry.approvals.proposals.get(digest, ("", -1))[0]
    approved = registry.approvals.checkers(digest, power.classes, {maker}, codes.day_of(at))
    if maker and len(approved) >= power.quorum:
        return None
    facts = {"quorum": power.quorum, "classes": sorted(power.classes)}
    return facts | {"approved": approved, "excluded": [maker] if maker else []}


class Pending:
    """Commands that wait, in the access store."""

    def __init__(self, store: AccessStore) -> None:
        self._store = store

    def four_eyes(self, caller: Caller, record: dict[str, Any]) -> tuple[str, str]:
        """Return the rule that *caller* would break by this approval ("" none), and the command's colour.

        The ledger asks the same of the participants; only the gate knows which account has proposed.
        """
        digest, by = record.get("command"), record.get("by")
        row = isinstance(digest, str) and self._store.row(
            "select account, maker, debtor, beneficiary, colour from pending where digest = ?", digest
        )
        if not row:
            return "", ""
        account, maker, debtor, beneficiary, colour = row
        if record.get("type") != "approval":
            return "", colour
        if caller.account == account or by == maker:
            return "four-eyes/maker", colour
        if by and by in (debtor, beneficiary):
            return "four-eyes/beneficiary", colour
        return "", colour

    def add(self, command: Command, caller: Caller, maker: str, until: int) -> bool:
        """Keep a command before it is proposed; False where too many wait, or it waits already."""
        with self._store.change() as db:
            now = self._store.now()
            db.execute("update pending set state = 'expired' where state = 'open' and expires < ?", (now,))
            (count,) = db.execute("select count(*) from pending where state = 'open'").fetchone()
            if count >= PENDING_MAX:
                return False
            return bool(
                db.execute(
                    "insert or ignore into pending values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')",
                    (
                        command.digest, json.dumps(command.body, ensure_ascii=False), caller.account, maker,
                        command.debtor, command.beneficiary, command.colour, now, until,
                    ),
                ).rowcount
            )  # fmt: skip

    def drop(self, digest: str) -> None:
        """Forget a command that the ledger did not take as proposed."""
        with self._store.change() as db:
            db.execute("delete from pending where digest = ? and state = 'open'", (digest,))

    def decided(self, digest: str, caller: Caller, participant: str, until: str, *, withdrawn: bool) -> None:
        """Keep who approved, or took it back."""
        with self._store.change() as db:
            db.execute(
                "insert or replace into approval values (?, ?, ?, ?, ?, ?)",
                (digest, caller.account, participant, until, self._store.now(), int(withdrawn)),
            )

    def set_state(self, digest: str, state: str) -> None:
        """Say what became of a command: sent, withdrawn."""
        with self._store.change() as db:
            db.execute("update pending set state = ? where digest = ?", (state, digest))

    def get(self, digest: str) -> dict[str, Any] | None:
        """Return a command with who approved it; None where there is none."""
        row = self._store.row(
            "select digest, body, account, maker, debtor, beneficiary, colour, proposed, expires, state from pending "
            "where digest = ?",
            digest,
        )
        return self._told(row) if row else None

    def waiting(self, after: int = 0, limit: int = 500) -> list[dict[str, Any]]:
        """List what waits, in the order proposed."""
        rows = self._store.rows(
            "select digest, body, account, maker, debtor, beneficiary, colour, proposed, expires, state from pending "
            "where state = 'open' and expires >= ? and proposed >= ? order by proposed limit ?",
            self._store.now(), after, limit,
        )  # fmt: skip
        return [self._told(row) for row in rows]

    def past(self, limit: int = 500) -> list[dict[str, Any]]:
        """List what waits no more (sent, withdrawn, expired), the newest first."""
        rows = self._store.rows(
            "select digest, body, account, maker, debtor, beneficiary, colour, proposed, expires, state from pending "
            "where state <> 'open' or expires < ? order by proposed desc limit ?",
            self._store.now(), limit,
        )  # fmt: skip
        return [self._told(row) for row in rows]

    def _told(self, row: tuple[Any, ...]) -> dict[str, Any]:
        names = ("digest", "command", "account", "maker", "debtor", "beneficiary", "colour", "proposed", "expires")
        out = dict(zip((*names, "state"), row, strict=True)) | {"command": json.loads(row[1])}
        if out["state"] == "open" and out["expires"] < self._store.now():
            out["state"] = "expired"
        given = self._store.rows(
            "select participant, until, withdrawn from approval where digest = ? order by participant", row[0]
        )
        return out | {"approvals": [{"by": by, "until": until} for by, until, gone in given if not gone]}
