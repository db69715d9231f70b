"""The ledger: a deterministic state machine over records and batches of rows.

It reads no clock, disk, network or dice: time and ids arrive with the call. The same sequence of calls gives the same
state and the same ``state_hash`` on every machine.
"""

import hashlib
import heapq
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from boyau.ledger import codes, snapshot
from boyau.ledger.approvals import command_digest
from boyau.ledger.kernel import COMPILED
from boyau.ledger.refusals import Result
from boyau.ledger.registry import Registry
from boyau.ledger.rows import ROW, UNKNOWN_ACCOUNT, Kind, Rows
from boyau.ledger.tables import Tables, seen
from boyau.ledger.terms import POWERS

History = Callable[[int], Sequence[int]]
"""Row *n* of the journal as 16 signed 64-bit words."""


_SUM_ALL_SHARE = 8
"""All accounts are summed whenever an eighth as many rows were decided since the last time (each full batch in a ledger
of 65,000 accounts or fewer); the accounts that a batch touched are checked in every batch."""


_FEW = 8
_ON_HOLD = frozenset({int(Kind.COMMIT), int(Kind.PAY), int(Kind.ACCEPT), int(Kind.ADVANCE)})


class ConservationError(RuntimeError):
    """Debits and credits differ: a fault of the program. The ledger stops; nothing of the batch is acknowledged."""


class TimeError(ValueError):
    """Journal time must rise; the caller gave a time that is not after the last one."""


def require(condition: bool, message: str) -> None:
    """Stop where an invariant is broken, in production too (``assert`` may be switched off)."""
    if not condition:
        raise ConservationError(message)


class Ledger:
    """Accounts, colours and holds, and the decisions over them.

    *pure* runs the kernel uncompiled. *keep_history* keeps every row in memory, for tests and for the memory store;
    otherwise set ``history`` to a function that reads rows back from the journal.
    """

    def __init__(self, *, pure: bool = False, seed: int = 0, keep_history: bool = True) -> None:
        self.tables = Tables(pure=pure, seed=seed)
        self.registry = Registry(self.tables)
        self.seed = seed
        self.compiled = COMPILED and not pure
        self.tables.kernel.approved = self._approved
        self.time = -1
        self.sequence = 0
        """Number of the next entry: records and rows are counted together."""
        self._unsummed = 0
        self.pending_expiries: list[tuple[int, int]] = []
        self._kept: dict[int, Sequence[int]] | None = {} if keep_history else None
        if keep_history:
            self.history = self._kept_row

    # ---- reading ----------------------------------------------------------------------------------------------------

    @property
    def accounts(self) -> dict[str, int]:
        """Account numbers by name."""
        return self.registry.accounts

    @property
    def subjects(self) -> dict[str, int]:
        """Evidence subjects by name, from 1."""
        return self.registry.subjects

    @property
    def history(self) -> History:
        """Where earlier rows are read."""
        return self.tables.kernel.history  # type: ignore[no-any-return]

    @history.setter
    def history(self, value: History) -> None:
        self.tables.kernel.history = value

    def _kept_row(self, number: int) -> Sequence[int]:
        assert self._kept is not None
        return self._kept[number]

    def balance(self, account: str) -> tuple[int, int, int]:
        """Return (debits, credits, pending debits) of an account in minor units. KeyError where there is none."""
        debits, credits, pending = self.tables.acc[self.registry.accounts[account], :3].tolist()
        return debits, credits, pending

    def available(self, account: str) -> int:
        """Return what the account can still spend: credits − debits − pending."""
        debits, credits, pending = self.balance(account)
        return credits - debits - pending

    def counters(self, colour: str) -> tuple[int, int, int]:
        """Return what is used of (plan, obligations, payments) in a colour and all below it."""
        plan, obligations, payments = self.tables.cnt[self.registry.colour_numbers[colour], 3:6].tolist()
        return plan, obligations, payments

    def meter(self, tag: int, a: int, b: int) -> int:
        """Return what is counted under (tag, a, b): docs/ledger.md, "Counted sums"."""
        return int(self.tables.kernel.metered(tag, a, b))

    def _approved(self, words: list[int], colour: int, amount: int, debit: int, credit: int, power: int) -> int:
        """Answer the kernel whether a command has its approvals: 0, or the refusal."""
        registry = self.registry
        rules = registry.colours[colour].effective
        needed: list[tuple[int, frozenset[str]]]
        if power:
            given = rules.power(POWERS[power - 1])
            if given is None:
                return Result.POWER_MISSING
            needed = [(given.quorum, given.classes)]
        else:
            needed = [(tier.quorum, tier.classes) for tier in rules.approval if amount > tier.above]
        digest = command_digest(b"".join(word.to_bytes(8, "little", signed=True) for word in words))
        maker = registry.approvals.proposals.get(digest, ("", -1))[0]
        excluded = {maker, registry.who[debit], registry.who[credit]}
        today = self.tables.kernel.today_now()
        for quorum, classes in needed:
            if not maker or len(registry.approvals.checkers(digest, classes, excluded, today)) < quorum:
                return Result.APPROVAL_MISSING
        return 0

    def entry_of(self, identity: bytes) -> int:
        """Return the number of the entry posted under an id of 16 bytes, or −1."""
        low, high = (int.from_bytes(identity[k : k + 8], "little", signed=True) for k in (0, 8))
        return int(self.tables.kernel.entry_of(low, high))

    def hold_remaining(self, hold: bytes) -> int | None:
        """Return what remains of a hold, or None where there is none under this id."""
        low, high = np.frombuffer(hold, "<i8").tolist()
        table = self.tables.hold[: self.tables.kernel.holds]
        found = np.flatnonzero((table[:, 0] == low) & (table[:, 1] == high))
        return int(table[found[0], 2]) if len(found) else None

    # ---- changing ---------------------------------------------------------------------------------------------------

    def record(self, record: dict[str, Any], at: int) -> None:
        """Apply one record at journal time *at* (µs, not before the last). ``RecordRefused`` changes nothing."""
        if at < self.time:
            raise TimeError(f"journal time {at} lies before {self.time}")
        today = codes.day_of(at)
        activated = self.registry.activate(today)
        try:
            self.registry.record(record, at, self.sequence)
        except BaseException:
            self.registry.deactivate(activated)
            raise
        self.time = at
        self.sequence += 1

    def apply(self, rows: Rows, at: int) -> Rows:
        """Decide a batch at journal time *at* (µs, after the last) and return it decided.

        The answer holds first the expire rows that fell due, then *rows* in order, each with ``settled``, ``result``
        and ``detail`` filled in.
        """
        return self._decide(rows, at, keep=True)

    def dry_run(self, rows: Rows, at: int) -> Rows:
        """Decide a batch as ``apply`` would, and leave every balance, hold, limit and id as it was."""
        return self._decide(rows, at, keep=False)

    def _decide(self, rows: Rows, at: int, *, keep: bool) -> Rows:
        if at <= self.time:
            raise TimeError(f"journal time {at} is not after {self.time}")
        today = codes.day_of(at)
        activated = self.registry.activate(today)
        due = self._expired(at)
        batch = np.zeros(len(due) + len(rows), ROW)
        table, kernel = self.tables.hold, self.tables.kernel
        for k, number in enumerate(due):
            batch["ref"][k] = table[number, :2].tobytes()
            batch["debit"][k], batch["credit"][k] = table[number, 3:5]
            batch["value_date"][k], batch["kind"][k] = today, Kind.EXPIRE
            batch["amount"][k] = table[number, 2]
        batch[len(due) :] = rows
        count = len(batch)
        self.tables.reserve("aux", count)
        self.tables.reserve("was", count)
        self.tables.reserve_ids(count)
        self.tables.reserve_holds(count)
        self.tables.reserve_meters(count)
        words = batch.view("<i8").reshape(count, 16)
        holds_before = kernel.holds
        if count:
            kernel.decide(
                seen(words),
                seen(batch.view("<u4").reshape(count, 32)),
                seen(batch.view("<u2").reshape(count, 64)),
                count,
                len(due),
                self.sequence,
                at,
                today,
                keep,
            )
        self._check(batch)
        if not keep:
            self.registry.deactivate(activated)
            return batch
        self._remember_expiries(batch, holds_before)
        for _ in due:
            heapq.heappop(self.pending_expiries)
        if self._kept is not None:
            self._kept.update(zip(range(self.sequence, self.sequence + count), words.tolist(), strict=True))
        self.sequence += count
        self.time = at
        return batch

    def _expired(self, at: int) -> list[int]:
        """Return the open holds that end at or before *at*, in order of (expires, number); drop the settled ones."""
        table, out, again = self.tables.hold, [], []
        while self.pending_expiries and self.pending_expiries[0][0] <= at:
            entry = heapq.heappop(self.pending_expiries)
            if table[entry[1], 7] == 0 and table[entry[1], 2] > 0:
                out.append(entry[1])
                again.append(entry)
        for entry in again:  # they leave for good only when the batch is kept
            heapq.heappush(self.pending_expiries, entry)
        return out

    def _remember_expiries(self, batch: Rows, holds_before: int) -> None:
        if self.tables.kernel.holds == holds_before and len(batch) <= _FEW:
            return
        opened = np.flatnonzero((batch["kind"] == Kind.COMMIT) & (batch["result"] == 0))
        require(len(opened) == self.tables.kernel.holds - holds_before, "holds opened and holds kept differ")
        expires = batch["expires"][opened]
        self.tables.hold_expires[holds_before : holds_before + len(opened)] = expires
        for k in np.flatnonzero(expires).tolist():
            heapq.heappush(self.pending_expiries, (int(expires[k]), holds_before + k))

    def _check(self, batch: Rows) -> None:
        """Conservation, always on: every debit has its credit, and nobody but an issuer is overdrawn."""
        used = self.tables.acc[: self.tables.kernel.accounts]
        self._unsummed += len(batch)
        if self._unsummed * _SUM_ALL_SHARE >= len(used):  # all accounts, as often as costs little beside the batches
            self._unsummed = 0
            require(int(used[:, 0].sum()) == int(used[:, 1].sum()), "debits and credits of the ledger differ")
        if len(batch) <= _FEW:
            self._check_few(batch, used)
            return
        touched = batch["debit"][(batch["result"] == 0) & (batch["debit"] != UNKNOWN_ACCOUNT)]
        rows = used[touched]
        free = rows[:, 1] - rows[:, 0] - rows[:, 2]
        require(bool(((free >= 0) | (rows[:, 5] & 1 == 1)).all()), "an account is overdrawn")
        require(bool((rows[:, 2] >= 0).all()), "an account holds less than nothing")
        self._check_holds(batch)

    def _check_few(self, batch: Rows, used: Any) -> None:
        """Check as the rest of ``_check`` does, without numpy's cost for each call: payments that come alone."""
        for k, words in enumerate(batch.view("<i8").reshape(len(batch), 16).tolist()):
            kind, result = (words[10] >> 32) & 0xFFFF, words[15] & 0xFFFF
            if result != 0:
                continue
            debit = words[8] & UNKNOWN_ACCOUNT
            if debit != UNKNOWN_ACCOUNT:
                debits, credits, pending, _, _, flags, *_ = used[debit].tolist()
                require(credits - debits - pending >= 0 or flags & 1 == 1, "an account is overdrawn")
                require(pending >= 0, "an account holds less than nothing")
            number = int(self.tables.aux[k])
            if kind in _ON_HOLD and 0 <= number < self.tables.kernel.holds:
                hold = self.tables.hold[number].tolist()
                require(hold[2] >= 0, "a hold fell below nothing")
                require(hold[2] + hold[10] + hold[11] <= hold[8], "a contract was paid twice")

    def _check_holds(self, batch: Rows) -> None:
        """No unit of a contract is used twice, always on: what was paid, advanced and is still held fits its total."""
        kind = batch["kind"]
        on_hold = (kind == Kind.COMMIT) | (kind == Kind.PAY) | ((kind >= Kind.ACCEPT) & (kind <= Kind.ADVANCE))
        numbers = self.tables.aux[: len(batch)][on_hold & (batch["result"] == 0)]
        hold = self.tables.hold[numbers[(numbers >= 0) & (numbers < self.tables.kernel.holds)]]
        require(bool((hold[:, 2] >= 0).all()), "a hold fell below nothing")
        used = hold[:, 2] + hold[:, 10] + hold[:, 11]
        require(bool((used <= hold[:, 8]).all()), "a contract was paid twice")

    # ---- state ------------------------------------------------------------------------------------------------------

    def state_hash(self) -> bytes:
        """Return the SHA-256 of the whole state: equal after equal journals, on every machine and interpreter."""
        facts, arrays = snapshot.parts(self)
        digest = hashlib.sha256(b"boyau state 1\n")
        digest.update(json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode())
        for name in sorted(arrays):
            digest.update(name.encode() + b"\0" + np.ascontiguousarray(arrays[name]).tobytes())
        digest.update(snapshot.ids_digest(self))
        return digest.digest()
