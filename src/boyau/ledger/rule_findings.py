"""What stands against a payment by the rules of its colour: each finding with where in the tree it comes from."""

from collections.abc import Iterator
from typing import Any

from boyau.ledger import codes
from boyau.ledger.colours import EVIDENCE_AT
from boyau.ledger.contract_findings import SUBJECT_ACCEPTED, SUBJECT_PAID, ContractFindings
from boyau.ledger.findings import Account, Finding, Hold
from boyau.ledger.refusals import Result
from boyau.ledger.registry import LIMITS, Colour
from boyau.ledger.rows import AMOUNT_MAX, Kind, RowFlag

__all__ = ["Account", "Finding", "Hold", "RuleFindings"]

_LIMIT_RESULTS = (Result.PLAN_EXCEEDED, Result.OBLIGATIONS_EXCEEDED, Result.PAYMENTS_EXCEEDED)


class RuleFindings(ContractFindings):
    """Asks the rules of one ledger's colours, over names and trees; ``explain`` asks everything else."""

    # ---- rules ------------------------------------------------------------------------------------------------------

    def _payment(
        self,
        row: Any,
        kind: int,
        debit: Account,
        credit: Account,
        amount: int,
        today: int,
        *,
        hold: Hold | None = None,
        sent: Any | None = None,
        following: Any | None = None,
    ) -> Iterator[Finding]:
        """Ask the rules and limits of a commit, pay or advance; *sent* is the row before the hold filled it in."""
        colour, target = debit.colour, credit.colour
        command = row if sent is None else sent
        emergency = bool(int(row["flags"]) & RowFlag.EMERGENCY)
        if colour.plain:
            if emergency:
                yield from self._power(command, "emergency", debit, credit, today)
            if kind == Kind.ADVANCE and not emergency and hold is not None:
                yield from self._terms(row, kind, debit, credit, amount, hold, today)
            return
        if not emergency:
            yield from self._window(row, colour, today)
            yield from self._payee(colour, credit)
        if target.plain:
            yield from self._ends(debit, credit, amount)
        else:
            yield from self._holder(credit)
            if credit.hop > target.effective.hops:
                yield from self._origins(
                    target, Result.HOPS_EXCEEDED, "hops", {"hops": target.effective.hops, "hop": credit.hop}
                )
        if emergency:
            yield from self._power(command, "emergency", debit, credit, today)
        else:
            yield from self._ruled(row, kind, debit, credit, amount, today, hold)
            yield from self._tiers(command, debit, credit, amount, today)
        if kind != Kind.COMMIT:
            yield from self._slice(row, debit, credit, amount, following)
        if not target.plain and target is not colour and self._below(target, colour):
            yield from self._limit(target, 0, amount, colour)
        if debit.hop == 0:
            if hold is None:
                yield from self._limit(colour, 1, amount, None)
            if kind != Kind.COMMIT:
                yield from self._limit(colour, 2, amount, None)

    def _ends(self, debit: Account, credit: Account, amount: int) -> Iterator[Finding]:
        ends = debit.colour.effective.ends
        if ends is None or not credit.classes & ends:
            facts = {"payee": credit.participant, "needed": sorted(ends or ())}
            yield from self._origins(debit.colour, Result.END_FORBIDDEN, "ends", facts)
        yield from self._caps(debit, credit, amount)

    def _ruled(
        self, row: Any, kind: int, debit: Account, credit: Account, amount: int, today: int, hold: Hold | None
    ) -> Iterator[Finding]:
        """Ask what an emergency waives: goods, evidence, the contract, documents, subjects, limits per payee."""
        yield from self._goods(row, debit.colour, credit)
        yield from self._evidence(row, kind, debit.colour, credit, hold, today)
        yield from self._terms(row, kind, debit, credit, amount, hold, today)
        if kind != Kind.COMMIT:
            yield from self._document(row, debit.colour)
            yield from self._subject(row, debit, credit, amount, SUBJECT_PAID)
        yield from self._payee_limit(debit.colour, credit, amount)

    def _act(
        self, row: Any, sent: Any, hold: Hold, pair: tuple[Account, Account], amount: int, today: int
    ) -> Iterator[Finding]:
        """Ask what an act of acceptance must meet."""
        debit, credit = pair
        if int(row["flags"]) & RowFlag.EMERGENCY:
            yield from self._power(sent, "emergency", debit, credit, today)
            return
        if debit.colour.plain:
            return
        yield from self._window(row, debit.colour, today)
        yield from self._goods(row, debit.colour, credit)
        yield from self._evidence(row, Kind.ACCEPT, debit.colour, credit, hold, today)
        governing = self._governing(debit, credit)
        if hold.acceptance and governing is not None:
            yield from self._lines(row, governing, amount)
        yield from self._subject(row, debit, credit, amount, SUBJECT_ACCEPTED)

    def _window(self, row: Any, colour: Colour, today: int) -> Iterator[Finding]:
        date = int(row["value_date"])
        for node in self._path(colour):
            rules = node.own
            if date < rules.first or date > rules.last or today > rules.entry_until:
                facts = {
                    "date": date,
                    "today": today,
                    "first": rules.first,
                    "last": rules.last,
                    "entry": rules.entry_until,
                }
                yield Finding(Result.WINDOW_CLOSED, node.path, node.rules_entry, facts)

    def _payee(self, colour: Colour, credit: Account) -> Iterator[Finding]:
        who, effective = credit.participant, colour.effective
        if effective.payees is not None and not credit.classes & effective.payees:
            facts = {"payee": who, "has": sorted(credit.classes), "needed": sorted(effective.payees)}
            yield from self._origins(colour, Result.PAYEE_CLASS, "payees", facts)
        for node in self._path(colour):
            if node.own.allow is not None and who not in node.own.allow:
                yield Finding(Result.PAYEE_NOT_ALLOWED, node.path, node.rules_entry, {"payee": who})
            if who in node.own.deny:
                yield Finding(Result.PAYEE_DENIED, node.path, node.rules_entry, {"payee": who})

    def _holder(self, credit: Account) -> Iterator[Finding]:
        needed = credit.colour.effective.holders
        if needed is not None and not credit.classes & needed:
            facts = {"payee": credit.participant, "has": sorted(credit.classes), "needed": sorted(needed)}
            yield from self._origins(credit.colour, Result.HOLDER_CLASS, "holders", facts)

    def _goods(self, row: Any, colour: Colour, credit: Account) -> Iterator[Finding]:
        item = int(row["item"])
        region = int(row["region"]) or codes.region_number(credit.region)
        facts: dict[str, Any] = {"item": item, "region": region}
        for node in self._path(colour):
            if node.own.items is not None:
                if not item:
                    yield Finding(Result.ITEM_MISSING, node.path, node.rules_entry, facts | {"allowed": node.own.items})
                elif not _in(node.own.items, item):
                    yield Finding(
                        Result.ITEM_FORBIDDEN, node.path, node.rules_entry, facts | {"allowed": node.own.items}
                    )
            if node.own.regions is not None and not _in(node.own.regions, region):
                yield Finding(
                    Result.REGION_FORBIDDEN, node.path, node.rules_entry, facts | {"allowed": node.own.regions}
                )

    def _evidence(
        self, row: Any, kind: int, colour: Colour, credit: Account, hold: Hold | None, today: int
    ) -> Iterator[Finding]:
        """Ask for the evidence of this stage, and for that of the caps under which the colour ends here."""
        rule = EVIDENCE_AT[Kind(kind).name.lower()]
        subject = int(row["subject"])
        have = int(self._ledger.tables.subject[subject]) if subject <= len(self._subjects) else 0
        for node in self._path(colour):
            have |= node.attested
        name = self._subjects[subject - 1] if 0 < subject <= len(self._subjects) else ""
        settled = kind == Kind.PAY and hold is not None and hold.acceptance  # it was asked of the act
        ends = credit.colour.plain and kind in (Kind.PAY, Kind.ADVANCE)
        for number, condition in enumerate(self._conditions):
            if have >> number & 1:
                continue
            for node in self._path(colour):
                capped = ends and any(condition in c.evidence for c in node.own.caps if c.classes & credit.classes)
                if capped or (not settled and condition in getattr(node.own, rule)):
                    facts: dict[str, Any] = {"condition": condition, "subject": name, "about": colour.path}
                    facts |= self._asked(condition, name, colour, today)
                    yield Finding(Result.EVIDENCE_MISSING, node.path, node.rules_entry, facts)

    def _asked(self, condition: str, subject: str, colour: Colour, today: int) -> dict[str, Any]:
        """Return the request for this evidence, who must answer it and until when; nothing where nobody asked."""
        path = {node.path for node in self._path(colour)}
        for name, request in self._registry.evidence.requests.items():
            about = request.subject == subject and request.colour in path
            if about and request.condition == condition and request.state != "answered":
                step, deadline, _ = request.standing(today)
                return {"request": name, "owner": step.owner, "deadline": deadline, "state": request.state}
        return {}

    def _limit(self, colour: Colour, which: int, amount: int, stop: Colour | None) -> Iterator[Finding]:
        for node in self._path(colour):
            if node is stop:
                return
            limit = node.limits[which]
            ceiling = AMOUNT_MAX if limit is None else min(AMOUNT_MAX, limit + node.override[which])
            used = int(self._ledger.tables.cnt[node.number, 3 + which])
            if used + amount > ceiling:
                facts = {
                    "limit": ceiling,
                    "used": used,
                    "amount": amount,
                    "left": max(0, ceiling - used),
                    "unit": node.unit,
                    "name": LIMITS[which],
                }
                yield Finding(_LIMIT_RESULTS[which], node.path, node.limits_entry, facts)


def _in(intervals: tuple[codes.Interval, ...], value: int) -> bool:
    return any(low <= value <= high for low, high in intervals)
