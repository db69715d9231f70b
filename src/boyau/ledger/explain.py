"""Why a row would be refused: every rule that fails, each with where in the tree it comes from.

The kernel stops at the first refusal; this goes on. It is written over the names and rules of ``Registry``, not over
the kernel's arrays, so that each answers for the other: the first finding is always the kernel's answer (a property
test holds them together).
"""

from collections.abc import Generator, Iterator
from typing import Any

from boyau.ledger import codes
from boyau.ledger.ledger import Ledger
from boyau.ledger.refusals import Result
from boyau.ledger.registry import Colour
from boyau.ledger.rows import AMOUNT_MAX, Kind, RowFlag
from boyau.ledger.rule_findings import Account, Finding, Hold, RuleFindings

ON_HOLD = (Kind.RELEASE, Kind.VOID, Kind.ACCEPT, Kind.ADVANCE)
GIVING_BACK = (Kind.RETURN, Kind.REVERSE, Kind.CLAWBACK)
IN_EMERGENCY = (Kind.COMMIT, Kind.PAY, Kind.ADVANCE, Kind.ACCEPT)
NEVER_REVERSED = (Kind.COMMIT, Kind.RELEASE, Kind.VOID, *GIVING_BACK)


class Explainer(RuleFindings):
    """Explains rows against the state of one ledger; changes nothing."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._names = list(ledger.accounts)
        self._who = list(ledger.registry.participants)

    def explain(self, row: Any, at: int, following: Any | None = None) -> list[Finding]:
        """Return everything that stands against *row* at journal time *at*, in order of precedence; [] is a yes.

        *following* is the next row of the batch, in which a slice is looked for; without it a linked row is taken to be
        followed by what it needs.
        """
        activated = self._registry.activate(codes.day_of(at))
        findings = sorted(self._all(row, at, following), key=lambda finding: finding.result)
        self._registry.deactivate(activated)
        for finding in findings:
            if "unit" in finding.facts:
                finding.facts["scale"] = self._registry.units[finding.facts["unit"]]
        return findings

    def _all(self, row: Any, at: int, following: Any | None) -> Iterator[Finding]:
        today = codes.day_of(at)
        known = yield from self._identity(row)
        if known:
            return
        kind, amount = int(row["kind"]), int(row["amount"])
        flags = int(row["flags"])
        unknown = kind not in list(Kind) or kind == Kind.EXPIRE or flags & 0xFFFC or int(row["reserved"])
        if unknown or (flags & RowFlag.EMERGENCY and kind not in IN_EMERGENCY):
            yield Finding(Result.KIND_UNKNOWN)
            return
        if (amount != 0) if kind == Kind.VOID else (amount < 1):
            yield Finding(Result.AMOUNT_MISSING)
            return
        if amount > AMOUNT_MAX:
            yield Finding(Result.AMOUNT_OVERFLOW)
            return
        referred = bool(row["ref"].tobytes().strip(b"\0"))
        if kind in GIVING_BACK:
            yield from self._giving_back(row, kind, amount, today)
        elif kind in ON_HOLD or (kind == Kind.PAY and referred):
            yield from self._on_hold(row, kind, amount, today, following)
        else:
            yield from self._movement(row, kind, amount, at, following)

    def _identity(self, row: Any) -> Generator[Finding, None, bool]:
        """Answer by the id alone; returns (as the generator's value) whether the id decides."""
        if not row["id"].tobytes().strip(b"\0"):
            yield Finding(Result.ID_MISSING)
            return True
        entry = self._ledger.entry_of(row["id"].tobytes())
        if entry >= 0:
            copy = row.copy()
            decided = self._ledger.dry_run(copy.reshape(1), max(self._ledger.time + 1, 0))[-1]
            yield Finding(Result(int(decided["result"])), entry=entry, facts={"field": int(decided["detail"])})
            return True
        return False

    # ---- accounts ---------------------------------------------------------------------------------------------------

    def _account(self, number: int) -> Account | None:
        if number >= len(self._names):
            return None
        debits, credits, pending, colour, holder, flags, hop, back = self._ledger.tables.acc[number].tolist()
        facts = self._registry.participant_facts[holder]
        return Account(
            number,
            self._names[number],
            self._who[holder],
            frozenset(facts["classes"]),
            facts["region"],
            self._registry.colours[colour],
            hop,
            bool(flags & 1),
            bool(flags & 2),
            bool(flags & 4),
            debits,
            credits,
            pending,
            back,
        )

    def _pair(
        self, row: Any, debit: int, credit: int, today: int, *, seized: bool = False
    ) -> Generator[Finding, None, tuple[Account, Account] | None]:
        """Check what any two accounts must satisfy; the generator's value is the pair, or None.

        *seized*: a frozen account pays too.
        """
        one, other = self._account(debit), self._account(credit)
        if one is None:
            yield Finding(Result.DEBIT_UNKNOWN)
        if other is None:
            yield Finding(Result.CREDIT_UNKNOWN)
        if debit == credit:
            yield Finding(Result.ACCOUNTS_SAME)
        if int(row["subject"]) > len(self._subjects):
            yield Finding(Result.SUBJECT_UNKNOWN)
        if int(row["value_date"]) > today:
            yield Finding(Result.DATE_FUTURE, facts={"date": int(row["value_date"]), "today": today})
        if one is None or other is None:
            return None
        if one.closed or (one.frozen and not seized):
            yield Finding(Result.DEBIT_CLOSED, facts={"account": one.name})
        if other.closed:
            yield Finding(Result.CREDIT_CLOSED, facts={"account": other.name})
        if one.colour.unit != other.colour.unit:
            yield Finding(Result.UNITS_DIFFER, facts={"unit": one.colour.unit, "other": other.colour.unit})
            return None
        return None if debit == credit else (one, other)

    # ---- kinds ------------------------------------------------------------------------------------------------------

    def _movement(self, row: Any, kind: int, amount: int, at: int, following: Any | None) -> Iterator[Finding]:
        today = codes.day_of(at)
        pair = yield from self._pair(row, int(row["debit"]), int(row["credit"]), today, seized=kind == Kind.COURT)
        if kind == Kind.COMMIT and row["expires"] and int(row["expires"]) <= at:
            yield Finding(Result.EXPIRY_PAST)
        if pair is None:
            return
        debit, credit = pair
        yield from self._stage(kind, debit, credit)
        if kind in (Kind.COMMIT, Kind.PAY):
            yield from self._payment(row, kind, debit, credit, amount, today, following=following)
        elif kind == Kind.COURT:
            yield from self._court(row, debit, credit, amount, today)
        elif kind in (Kind.ISSUE, Kind.ALLOCATE, Kind.CARRY):
            yield from self._window(row, credit.colour, today)
            yield from self._holder(credit)
            stop = debit.colour if kind == Kind.ALLOCATE else None
            yield from self._limit(credit.colour, 0, amount, stop)
        yield from self._funds(debit, credit, amount, moves=kind != Kind.COMMIT)
        if kind in (Kind.WITHDRAW, Kind.LAPSE, Kind.CARRY):
            yield from self._floor(debit.colour, credit.colour if kind == Kind.WITHDRAW else None, amount)

    def _court(self, row: Any, debit: Account, credit: Account, amount: int, today: int) -> Iterator[Finding]:
        if debit.colour.plain:
            return
        if not row["document"].tobytes().strip(b"\0"):
            yield Finding(Result.DOCUMENT_MISSING, debit.colour.path)
        yield from self._power(row, "court", debit, credit, today)
        if debit.hop == 0:
            yield from self._limit(debit.colour, 1, amount, None)
            yield from self._limit(debit.colour, 2, amount, None)

    def _funds(self, debit: Account, credit: Account, amount: int, *, moves: bool) -> Iterator[Finding]:
        free = debit.credits - debit.debits - debit.pending
        if not debit.issuer and free < amount:
            facts = {"account": debit.name, "available": free, "amount": amount, "held": debit.pending}
            yield Finding(Result.FUNDS_INSUFFICIENT, facts=facts | {"unit": debit.colour.unit})
        if moves and (debit.debits + amount > AMOUNT_MAX or credit.credits + amount > AMOUNT_MAX):
            yield Finding(Result.SUM_OVERFLOW)

    def _floor(self, colour: Colour, stop: Colour | None, amount: int) -> Iterator[Finding]:
        """Check that plan counters can be lowered; they fall below zero only where money was received, not issued."""
        for node in self._path(colour):
            if node is stop:
                return
            if int(self._ledger.tables.cnt[node.number, 3]) < amount - AMOUNT_MAX:
                yield Finding(Result.SUM_OVERFLOW, node.path)

    def _stage(self, kind: int, debit: Account, credit: Account) -> Iterator[Finding]:
        source, target = debit.colour, credit.colour
        coloured = not source.plain and not target.plain
        stage = {
            Kind.ISSUE: debit.issuer and not credit.issuer and coloured and credit.hop == 0,
            Kind.LAPSE: not debit.issuer and credit.issuer and coloured and debit.hop == 0,
            Kind.RECEIVE: debit.issuer and not credit.issuer and credit.hop == 0,
            Kind.REFUND: not debit.issuer and credit.issuer and debit.hop == 0,
        }
        inner = not debit.issuer and not credit.issuer
        for one in (Kind.ALLOCATE, Kind.WITHDRAW, Kind.CARRY):
            stage[one] = inner and coloured and debit.hop == credit.hop == 0
        for one in (Kind.COMMIT, Kind.PAY):
            stage[one] = inner and (not coloured or credit.hop == debit.hop + 1)
        stage[Kind.COURT] = inner and not source.plain and target.plain
        facts = {"from": debit.name, "to": credit.name, "kind": kind}
        if not stage[Kind(kind)]:
            yield Finding(Result.STAGE_FORBIDDEN, facts=facts)
        roots = [list(self._path(colour))[-1] for colour in (source, target)]
        relation = {
            Kind.ISSUE: self._below(target, source),
            Kind.ALLOCATE: source is not target and self._below(target, source),
            Kind.WITHDRAW: source is not target and self._below(source, target),
            Kind.LAPSE: self._below(source, target),
            Kind.CARRY: roots[0] is not roots[1] and source.path in target.effective.carry_from,
            Kind.RECEIVE: self._below(source, target),
            Kind.REFUND: self._below(target, source),
            Kind.COURT: True,
        }
        for one in (Kind.COMMIT, Kind.PAY):
            relation[one] = target.plain or (not source.plain and self._below(target, source))
        if not relation[Kind(kind)]:
            yield Finding(Result.COLOUR_FORBIDDEN, source.path, facts=facts)

    def _on_hold(self, row: Any, kind: int, amount: int, today: int, following: Any | None) -> Iterator[Finding]:
        low, high = (int.from_bytes(row["ref"].tobytes()[k : k + 8], "little", signed=True) for k in (0, 8))
        number = self._ledger.tables.kernel.hold_of(low, high)
        if number < 0:
            yield Finding(Result.HOLD_UNKNOWN)
            return
        hold = Hold.of(self._ledger.tables.hold[number].tolist())
        unknown = 0xFFFFFFFF
        if int(row["debit"]) not in (unknown, hold.debit) or int(row["credit"]) not in (unknown, hold.credit):
            facts = {"from": self._names[hold.debit], "to": self._names[hold.credit]}
            yield Finding(Result.HOLD_DIFFERS, facts=facts)
        if hold.state:
            yield Finding(Result.HOLD_VOIDED if hold.state == 1 else Result.HOLD_EXPIRED)
        pair = yield from self._pair(row, hold.debit, hold.credit, today)
        left = hold.total - hold.accepted if kind == Kind.ACCEPT else hold.left
        if not hold.state and (amount > left or (left == 0 and kind != Kind.ACCEPT)):
            unit = self._registry.colours[int(self._ledger.tables.acc[hold.debit, 3])].unit
            yield Finding(Result.HOLD_EXCEEDED, facts={"left": left, "amount": amount, "unit": unit})
        if pair is None or kind in (Kind.RELEASE, Kind.VOID):
            return
        filled = row.copy()
        filled["item"] = row["item"] or hold.item
        filled["region"] = row["region"] or hold.region
        if kind == Kind.ACCEPT:
            yield from self._act(filled, row, hold, pair, amount, today)
            return
        debit, credit = pair
        yield from self._payment(filled, kind, debit, credit, amount, today, hold=hold, sent=row, following=following)
        if debit.debits + amount > AMOUNT_MAX or credit.credits + amount > AMOUNT_MAX:
            yield Finding(Result.SUM_OVERFLOW)

    def _giving_back(self, row: Any, kind: int, amount: int, today: int) -> Iterator[Finding]:
        entry = self._ledger.entry_of(row["ref"].tobytes())
        if entry < 0:
            yield Finding(Result.ORIGINAL_UNKNOWN)
            return
        words = self._ledger.history(entry)
        debit, credit, original = words[8] & 0xFFFFFFFF, (words[8] >> 32) & 0xFFFFFFFF, (words[10] >> 32) & 0xFFFF
        payer = self._registry.colours[int(self._ledger.tables.acc[debit, 3])]
        paid = original in (Kind.PAY, Kind.ADVANCE)
        allowed = paid or (kind == Kind.REVERSE and original not in NEVER_REVERSED)
        clawback = kind == Kind.CLAWBACK
        swapped = int(row["credit"]) == debit and (not payer.plain if clawback else int(row["debit"]) == credit)
        if not allowed or not swapped:
            facts = {"from": self._names[credit], "to": self._names[debit]}
            yield Finding(Result.ORIGINAL_DIFFERS, entry=entry, facts=facts)
        back = self._ledger.tables.kernel.returned.get(entry, 0)
        if amount > words[14] - back:
            left = {"left": words[14] - back, "amount": amount, "unit": payer.unit}
            yield Finding(Result.ORIGINAL_EXCEEDED, entry=entry, facts=left)
        pair = yield from self._pair(row, int(row["debit"]) if clawback else credit, debit, today, seized=clawback)
        if pair is None or not allowed:
            return
        if clawback:
            yield from self._clawback(row, pair, credit, today)
        if original in (Kind.WITHDRAW, Kind.LAPSE, Kind.CARRY):
            stop = pair[0].colour if original == Kind.WITHDRAW else None
            yield from self._limit(pair[1].colour, 0, amount, stop)
        if original != Kind.ACCEPT:
            yield from self._funds(pair[0], pair[1], amount, moves=True)
        if original in (Kind.ISSUE, Kind.ALLOCATE, Kind.CARRY):
            yield from self._floor(pair[0].colour, pair[1].colour if original == Kind.ALLOCATE else None, amount)
        elif paid and not pair[0].colour.plain and pair[0].colour is not pair[1].colour:
            yield from self._floor(pair[0].colour, pair[1].colour, amount)

    def _clawback(self, row: Any, pair: tuple[Account, Account], credit: int, today: int) -> Iterator[Finding]:
        """Ask that the money is held below the payment's colour, and that the colour gives the power."""
        holder, payer = pair
        paid_into = self._registry.colours[int(self._ledger.tables.acc[credit, 3])]
        if holder.colour.plain or holder.issuer or not self._below(holder.colour, paid_into):
            facts = {"from": holder.name, "to": payer.name, "kind": Kind.CLAWBACK}
            yield Finding(Result.COLOUR_FORBIDDEN, holder.colour.path, facts=facts)
        if not holder.colour.plain:
            yield from self._power(row, "clawback", holder, payer, today)
