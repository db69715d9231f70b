"""What stands against a row by the rules of contracts and of control: lines, acts, caps, documents, approvals."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from boyau.ledger.approvals import command_digest
from boyau.ledger.findings import Account, Finding, Findings, Hold
from boyau.ledger.refusals import Result
from boyau.ledger.registry import Colour
from boyau.ledger.rows import AMOUNT_MAX, COMMAND_BYTES, Kind
from boyau.ledger.terms import Line, Slice

LINE, PAYEE, CAP, SUBJECT_PAID, DOCUMENT, SUBJECT_ACCEPTED = range(1, 7)
"""Tags of the ledger's meters."""


class ContractFindings(Findings):
    """Asks the rules of contracts and of control, over names and trees."""

    # ---- contracts --------------------------------------------------------------------------------------------------

    @staticmethod
    def _governing(debit: Account, credit: Account) -> Colour | None:
        if not credit.colour.plain and credit.colour is not debit.colour:
            return credit.colour
        return debit.colour if debit.hop == 0 and not debit.colour.plain else None

    def _terms(
        self, row: Any, kind: int, debit: Account, credit: Account, amount: int, hold: Hold | None, today: int
    ) -> Iterator[Finding]:
        """Ask the terms of the contract (40 to 47) of a payment."""
        governing = self._governing(debit, credit)
        accepts = hold is not None and hold.acceptance
        if kind == Kind.PAY and governing is not None:
            if hold is None and governing.effective.acceptance:
                yield from self._origins(governing, Result.HOLD_MISSING, "acceptance", {})
            if not accepts:
                yield from self._lines(row, governing, amount)
        if hold is None:
            return
        unit = debit.colour.unit
        if kind == Kind.ADVANCE and (not hold.advance[0] or hold.advanced + amount > hold.advance_most()):
            most = hold.advance_most()
            facts = {"limit": most, "used": hold.advanced, "left": max(0, most - hold.advanced), "total": hold.total}
            facts |= {"amount": amount}
            where = governing or debit.colour
            yield from self._origins(where, Result.ADVANCE_EXCEEDED, "advance", facts | {"unit": unit})
        elif kind == Kind.PAY and accepts:
            yield from self._accepted(hold, governing or debit.colour, amount, today)

    def _accepted(self, hold: Hold, where: Colour, amount: int, today: int) -> Iterator[Finding]:
        recovered, retained = hold.recovered(), hold.retained(today)
        free = hold.accepted - recovered - hold.paid
        if amount <= free - retained:
            return
        facts = {
            "accepted": hold.accepted,
            "recovered": recovered,
            "retained": retained,
            "paid": hold.paid,
            "payable": max(0, free - retained),
            "amount": amount,
            "warranty": hold.warranty,
            "unit": where.unit,
        }
        if amount > free:
            yield from self._origins(where, Result.NOT_ACCEPTED, "acceptance", facts)
        else:
            yield from self._origins(where, Result.RETENTION_HELD, "retention", facts)

    def _lines(self, row: Any, governing: Colour, amount: int) -> Iterator[Finding]:
        """Ask the lines of a contract and of those it stands under (41 to 44)."""
        item, quantity = int(row["item"]), int(row["quantity"])
        for node in self._path(governing):
            if node.own.lines is None:
                continue
            facts: dict[str, Any] = {"item": item, "quantity": quantity, "amount": amount, "unit": node.unit}
            line = next((one for one in node.own.lines if one.low <= item <= one.high), None)
            if line is None:
                yield Finding(Result.LINE_MISSING, node.path, node.rules_entry, facts)
                continue
            facts["line"] = (line.low, line.high)
            if (line.quantity is not None or line.price is not None) and quantity < 1:
                yield Finding(Result.QUANTITY_MISSING, node.path, node.rules_entry, facts)
                continue
            yield from self._line(node, line, facts)

    def _line(self, node: Colour, line: Line, facts: dict[str, Any]) -> Iterator[Finding]:
        quantity, amount = facts["quantity"], facts["amount"]
        if line.price is not None and amount * 1000 > quantity * line.price:
            worth = {"price": line.price, "limit": quantity * line.price // 1000}
            yield Finding(Result.PRICE_EXCEEDED, node.path, node.rules_entry, facts | worth)
        if line.quantity is not None:
            taken = self._ledger.meter(LINE, node.number, line.low)
            if taken + quantity > line.quantity:
                counted = {"whole": line.quantity, "taken": taken, "rest": max(0, line.quantity - taken)}
                yield Finding(Result.QUANTITY_EXCEEDED, node.path, node.rules_entry, facts | counted)

    # ---- what is counted --------------------------------------------------------------------------------------------

    def _document(self, row: Any, colour: Colour) -> Iterator[Finding]:
        """Ask that a document is named and was not paid before (48, 49)."""
        if not colour.effective.documents:
            return
        document = row["document"].tobytes()
        if not document.strip(b"\0"):
            yield from self._origins(colour, Result.DOCUMENT_MISSING, "documents", {})
            return
        low, high = (int.from_bytes(document[k : k + 8], "little", signed=True) for k in (0, 8))
        paid = self._ledger.meter(DOCUMENT, low, high)
        if paid:
            facts = {"document": document.hex(), "paid": paid, "unit": colour.unit}
            yield from self._origins(colour, Result.DOCUMENT_USED, "documents", facts)

    def _subject(self, row: Any, debit: Account, credit: Account, amount: int, tag: int) -> Iterator[Finding]:
        """Ask that the subject belongs here and is worth so much (50, 51)."""
        number = int(row["subject"])
        if not 0 < number <= len(self._subjects):
            return
        home, worth = self._registry.subject_facts[number - 1]
        name = self._subjects[number - 1]
        if home >= 0:
            node = self._registry.colours[home]
            if not self._below(debit.colour, node) and not self._below(credit.colour, node):
                facts = {"subject": name, "home": node.path}
                yield Finding(Result.SUBJECT_DIFFERS, debit.colour.path, facts=facts)
        used = self._ledger.meter(tag, number, 0)
        if 0 <= worth < used + amount:
            counted = {"subject": name, "limit": worth, "used": used, "left": max(0, worth - used), "amount": amount}
            unit = self._registry.colours[home].unit
            yield Finding(Result.SUBJECT_EXCEEDED, facts=counted | {"unit": unit})

    def _payee_limit(self, colour: Colour, credit: Account, amount: int) -> Iterator[Finding]:
        """Ask the limits per payee (52)."""
        payee = self._registry.participants[credit.participant]
        for node in self._path(colour):
            limit = node.own.payee_limit
            if limit is None:
                continue
            used = self._ledger.meter(PAYEE, node.number, payee)
            if used + amount > limit:
                facts = {"payee": credit.participant, "limit": limit, "used": used, "left": max(0, limit - used)}
                facts |= {"amount": amount, "unit": node.unit}
                yield Finding(Result.PAYEE_LIMIT_EXCEEDED, node.path, node.rules_entry, facts)

    def _caps(self, debit: Account, credit: Account, amount: int) -> Iterator[Finding]:
        """Ask how much of the colour may end at this payee (39)."""
        received = debit.credits - debit.back
        for node in self._path(debit.colour):
            for cap in node.own.caps:
                if not cap.classes & credit.classes:
                    continue
                mask = sum(1 << self._registry.class_bits[name] for name in cap.classes)
                used = self._ledger.meter(CAP, debit.number, mask)
                limit = received * cap.share.n // cap.share.d
                if used + amount > limit:
                    facts: dict[str, Any] = {"classes": sorted(cap.classes), "account": debit.name, "share": cap.share}
                    facts |= {"received": received, "limit": limit, "used": used, "left": max(0, limit - used)}
                    facts |= {"amount": amount, "unit": node.unit}
                    yield Finding(Result.CAP_EXCEEDED, node.path, node.rules_entry, facts)

    # ---- slices -----------------------------------------------------------------------------------------------------

    def _slice(
        self, row: Any, debit: Account, credit: Account, amount: int, following: Any | None
    ) -> Iterator[Finding]:
        """Ask for the linked payment that must come with this one (53)."""
        rule = debit.colour.effective.slice
        if rule is None or not rule.classes & credit.classes:
            return
        if debit.colour.path == rule.colour or debit.colour.path.startswith(f"{rule.colour}/"):
            return
        number = self._registry.colour_numbers.get(rule.colour)
        linked = bool(int(row["flags"]) & 1)
        if linked and number is not None and following is None:
            return  # the row that follows is not known: it is given the benefit
        if linked and number is not None and self._is_slice(following, debit, credit, amount, rule, number):
            return
        n, rest = rule.share.n, rule.share.d - rule.share.n
        facts: dict[str, Any] = {"slice": rule.colour, "share": rule.share, "payee": credit.participant}
        facts |= {"least": amount * n // rest, "most": -(-amount * n // rest), "unit": debit.colour.unit}
        yield from self._origins(debit.colour, Result.SLICE_MISSING, "slice", facts | {"amount": amount})

    def _is_slice(self, row: Any, debit: Account, credit: Account, amount: int, rule: Slice, number: int) -> bool:
        if int(row["kind"]) not in (Kind.PAY, Kind.ADVANCE):
            return False
        payer, payee = int(row["debit"]), int(row["credit"])
        table = self._ledger.tables.acc
        if max(payer, payee) >= len(self._ledger.accounts):
            return False
        if table[payer, 4] != table[debit.number, 4] or table[payee, 4] != table[credit.number, 4]:
            return False
        if not self._below(self._registry.colours[int(table[payee, 3])], self._registry.colours[number]):
            return False
        sliced = int(row["amount"])
        whole = sliced + amount
        exact = whole * rule.share.n
        return sliced >= 1 and whole <= AMOUNT_MAX and sliced in (exact // rule.share.d, -(-exact // rule.share.d))

    # ---- approvals --------------------------------------------------------------------------------------------------

    def _tiers(self, row: Any, debit: Account, credit: Account, amount: int, today: int) -> Iterator[Finding]:
        """Ask for the approvals that payments above a sum need (55)."""
        for node in self._path(debit.colour):
            for tier in node.own.approval:
                if amount > tier.above:
                    needed = tier.quorum, tier.classes
                    yield from self._quorum(row, node, needed, (debit, credit), today, {"above": tier.above})

    def _power(self, row: Any, name: str, debit: Account, credit: Account, today: int) -> Iterator[Finding]:
        """Ask for a power that goes past the rules, and for its quorum (54, 55)."""
        power = debit.colour.effective.power(name)
        if power is None:
            facts = {"power": name}
            yield Finding(Result.POWER_MISSING, debit.colour.path, debit.colour.rules_entry, facts)
            return
        maker = next(node for node in self._path(debit.colour) if node.own.power(name) is not None)
        needed = power.quorum, power.classes
        yield from self._quorum(row, maker, needed, (debit, credit), today, {"power": name})

    def _quorum(
        self,
        row: Any,
        node: Colour,
        needed: tuple[int, frozenset[str]],
        accounts: tuple[Account, Account],
        today: int,
        more: dict[str, Any],
    ) -> Iterator[Finding]:
        whole = np.array([row])  # as the journal keeps it: with the accounts that it leaves to its hold
        whole["debit"], whole["credit"] = (account.number for account in accounts)
        digest = command_digest(whole.tobytes()[:COMMAND_BYTES])
        approvals = self._registry.approvals
        maker = approvals.proposals.get(digest, ("", -1))[0]
        excluded = {maker, *(account.participant for account in accounts)}
        quorum, classes = needed
        given = approvals.checkers(digest, classes, excluded, today) if maker else []
        if len(given) < quorum:
            facts = {
                "command": digest,
                "quorum": quorum,
                "classes": sorted(classes),
                "maker": maker,
                "approved": given,
                "excluded": sorted(excluded - {""}),
                "unit": node.unit,
            }
            yield Finding(Result.APPROVAL_MISSING, node.path, node.rules_entry, facts | more)
