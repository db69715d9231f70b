"""The rules that a posted operation met, as they stood then: what each asked, what the operation brought, whose rule.

What is asked of which kind of operation is docs/ledger.md, "Payment" and "Contracts"; the ledger decided by it, this
tells it again. Nothing is decided here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from markupsafe import Markup

from boyau.ledger import Kind, codes
from boyau.ledger.approvals import command_digest
from boyau.ledger.colours import DAY_MAX, DAY_MIN, EVIDENCE_AT, HOPS_MAX
from boyau.ledger.rows import COMMAND_BYTES, RowFlag
from boyau.ledger.rules_text import item_prefix, region_prefix, share_text
from boyau.web import labels
from boyau.web.operation import UNKNOWN, Operation, link
from boyau.web.pages import Page
from boyau.web.past import Past, Ruled, Word

LISTED_MAX = 8
"""Prefixes or names of one rule that are written out."""
PAYING = (Kind.COMMIT, Kind.PAY, Kind.ADVANCE)
GIVEN = (Kind.ISSUE, Kind.ALLOCATE, Kind.CARRY)
STAGE = {Kind.COMMIT: "commit", Kind.PAY: "pay", Kind.ADVANCE: "advance", Kind.ACCEPT: "accept"}
POWERS = {Kind.COURT: "court", Kind.CLAWBACK: "clawback"}


@dataclass(frozen=True, slots=True)
class Met:
    """One rule: its name, what it asked, what the operation brought; whose rule it is, and the entry that set it."""

    rule: str
    asked: Any
    brought: Any
    colour: str
    origin: int
    words: list[Word] = field(default_factory=list)


class RulesMet:
    """Tells the rules of one operation, looking back by *past*."""

    def __init__(self, page: Page, one: Operation, past: Past) -> None:
        self._page, self._one, self._past = page, one, past
        self.text = page.words.text
        self._row = one.row
        side = one.payee if one.kind in GIVEN else one.payer
        self._path = "" if side is None or side.plain else side.colour
        self._ruled = past.rules(self._path, one.scale) if self._path else []

    def all(self) -> list[Met]:
        """Return every rule that was asked, in the order in which the ledger asks them."""
        one, kind = self._one, self._one.kind
        if not self._path:
            return []
        if kind in GIVEN:
            return [*self._window(), *self._holder(self._ruled), *self._limits(("plan",))]
        if kind in POWERS:
            return [
                *self._power(POWERS[kind]),
                *self._limits(("obligations", "payments") if kind == Kind.COURT else ()),
            ]
        if kind not in (*PAYING, Kind.ACCEPT):
            return []
        emergency = bool(int(self._row["flags"]) & RowFlag.EMERGENCY)
        out: list[Met] = []
        if not emergency:
            out += [*self._window(), *(self._payees() if kind in PAYING else ())]
        if kind in PAYING and one.payee is not None:
            out += self._ends() if one.payee.plain else self._onward()
        if emergency:
            out += self._power("emergency")
        else:
            out += [*self._items(), *self._regions(), *self._evidence(), *self._contract()]
            out += self._approvals() if kind in PAYING else ()
        out += self._slice() if kind in (Kind.PAY, Kind.ADVANCE) else ()
        return [*out, *self._limits(self._limits_asked())]

    def _limits_asked(self) -> tuple[str, ...]:
        """Return which limits a payment is counted against: only what a budget's own account pays (hop 0)."""
        one = self._one
        if one.payer is None or one.payer.hop or one.kind == Kind.ACCEPT:
            return ()
        if one.kind == Kind.COMMIT:
            return ("obligations",)
        return ("payments",) if one.told.get("hold") else ("obligations", "payments")

    # ---- who, when, what, where -------------------------------------------------------------------------------------

    def _met(self, rule: str, asked: Any, brought: Any, where: Ruled, words: list[Word] | None = None) -> Met:
        return Met(rule, asked, brought, where.path, where.entry, words or [])

    def _window(self) -> Iterator[Met]:
        words = self._page.words
        brought = self.text("dated {date}", date=words.day(int(self._row["value_date"])))
        for one in self._ruled:
            first, last = one.rules.first, one.rules.last
            if first == DAY_MIN and last == DAY_MAX:
                continue
            begin = words.day(first) if first != DAY_MIN else "…"
            end = words.day(last) if last != DAY_MAX else "…"
            yield self._met(self.text("Time"), f"{begin} – {end}", brought, one)

    def _party(self, side: Any) -> tuple[Markup, str, str]:
        """Return a participant's link, the words of its classes then, and its region then."""
        entry, record = self._past.participant(side.participant)
        facts = record if entry >= 0 else side.facts
        told = labels.classes(self._page.words, list(facts.get("classes", ())))
        return link(self._page, side.participant, side.facts), told, str(facts.get("region", ""))

    def _payees(self) -> Iterator[Met]:
        if self._one.payee is None:
            return
        who, classes, _ = self._party(self._one.payee)
        words = self._page.words
        for one in self._ruled:
            rules = one.rules
            if rules.payees is not None:
                brought = Markup("{}: {}").format(who, classes or "–")
                yield self._met(self.text("Who may be paid"), labels.classes(words, rules.payees), brought, one)
            if rules.allow is not None:
                asked = self.text("one of {number} on the list of payees", number=len(rules.allow))
                yield self._met(self.text("List of payees"), asked, who, one)
            if rules.deny:
                asked = self.text("none of {number} who are banned", number=len(rules.deny))
                yield self._met(self.text("Banned payees"), asked, who, one)

    def _holder(self, ruled: list[Ruled]) -> Iterator[Met]:
        if self._one.payee is None:
            return
        who, classes, _ = self._party(self._one.payee)
        for one in ruled:
            if one.rules.holders is not None:
                brought = Markup("{}: {}").format(who, classes or "–")
                yield self._met(
                    self.text("Who may hold"), labels.classes(self._page.words, one.rules.holders), brought, one
                )

    def _onward(self) -> Iterator[Met]:
        payee = self._one.payee
        assert payee is not None
        ruled = self._past.rules(payee.colour, self._one.scale)
        yield from self._holder(ruled)
        for one in ruled:
            if one.rules.hops != HOPS_MAX:
                asked = self.text("at most {hops} hands", hops=one.rules.hops)
                yield self._met(self.text("Chain"), asked, self.text("hand {hop}", hop=payee.hop), one)

    def _ends(self) -> Iterator[Met]:
        payee = self._one.payee
        assert payee is not None
        who, classes, _ = self._party(payee)
        _, record = self._past.participant(payee.participant)
        has = set(record.get("classes", payee.facts.get("classes", ())))
        brought = Markup("{}: {}").format(who, classes or "–")
        for one in self._ruled:
            if one.rules.ends is not None:
                asked = labels.classes(self._page.words, one.rules.ends)
                yield self._met(self.text("Where the colour ends"), asked, brought, one)
            for cap in one.rules.caps:
                if has.isdisjoint(cap.classes):
                    continue
                asked = self.text(
                    "to {classes} at most {share} of what the account received",
                    classes=labels.classes(self._page.words, cap.classes), share=share_text(cap.share),
                )  # fmt: skip
                words = [word for name in sorted(cap.evidence) if (word := self._attested(name)) is not None]
                yield self._met(self.text("Share that may end"), asked, self._brought(words), one, words)

    def _items(self) -> Iterator[Met]:
        item = int(self._row["item"]) or (self._one.contract.hold.item if self._one.contract else 0)
        for one in self._ruled:
            if one.rules.items is not None:
                asked = _some(item_prefix(pair) for pair in one.rules.items)
                yield self._met(self.text("What it buys"), asked, codes.item_text(item) or "–", one)

    def _regions(self) -> Iterator[Met]:
        payee = self._one.payee
        region = str(int(self._row["region"]) or "") or (self._party(payee)[2] if payee else "")
        for one in self._ruled:
            if one.rules.regions is not None:
                asked = _some(region_prefix(pair) for pair in one.rules.regions)
                yield self._met(self.text("Where"), asked, region or "–", one)

    # ---- evidence ---------------------------------------------------------------------------------------------------

    def _attested(self, condition: str) -> Word | None:
        subject = self._one.told.get("subject")
        things = [f"subject {subject}"] if subject else []
        return self._past.attested(condition, things + [f"colour {one.path}" for one in self._ruled])

    def _brought(self, words: list[Word]) -> str:
        return self.text("attested") if words else "–"

    def _evidence(self) -> Iterator[Met]:
        one = self._one
        stage, rule = EVIDENCE_AT[STAGE[one.kind]], self.text("Evidence")
        if one.kind == Kind.PAY and one.contract is not None and one.contract.hold.acceptance:
            stage, rule = EVIDENCE_AT["accept"], self.text("Evidence, asked of the act")
        for ruled in self._ruled:
            for condition in sorted(getattr(ruled.rules, stage)):
                word = self._attested(condition)
                words = [word] if word else []
                asked = labels.condition(self._page.words, condition)
                yield self._met(rule, asked, self._brought(words), ruled, words)

    # ---- contracts --------------------------------------------------------------------------------------------------

    def _contract(self) -> Iterator[Met]:
        one = self._one
        accepting = one.contract is not None and one.contract.hold.acceptance
        lined = one.kind == Kind.ACCEPT or (one.kind == Kind.PAY and not accepting)
        for ruled in self._governing():
            rules = ruled.rules
            if lined:
                yield from self._line(ruled)
            if rules.acceptance and one.kind == Kind.PAY and one.contract is not None:
                contract = Markup('<a href="/e/{}">{}</a>').format(one.contract.entry, one.contract.name)
                yield self._met(self.text("Acceptance"), self.text("only what was accepted is paid"), contract, ruled)
            if rules.advance is not None and one.kind == Kind.ADVANCE:
                asked = self.text("at most {share} of the contract", share=share_text(rules.advance))
                yield self._met(self.text("Advance"), asked, self._money(one.minor), ruled)
            if rules.retention is not None and one.kind == Kind.PAY and accepting:
                asked = self.text(
                    "{share} is kept back for {days} days", share=share_text(rules.retention), days=rules.retention_days
                )
                yield self._met(self.text("Retention"), asked, "–", ruled)
        for ruled in self._ruled if one.kind in PAYING else ():
            if ruled.rules.payee_limit is not None:
                asked = self.text("at most {sum} to one payee", sum=self._money(ruled.rules.payee_limit))
                yield self._met(self.text("Limit per payee"), asked, self._money(one.minor), ruled)
            if ruled.rules.documents and one.kind != Kind.COMMIT:
                document = str(one.told.get("document", ""))
                brought = Markup('<span class="mono small">{}…</span>').format(document[:12]) if document else "–"
                yield self._met(self.text("Document"), self.text("each document is paid once"), brought, ruled)

    def _governing(self) -> list[Ruled]:
        """Return the rules of the colour that governs a contract: the payee's if another, else the payer's."""
        one = self._one
        if one.payee is not None and not one.payee.plain and one.payee.colour != self._path:
            return self._past.rules(one.payee.colour, one.scale)
        return self._ruled if one.payer is not None and one.payer.hop == 0 else []

    def _line(self, ruled: Ruled) -> Iterator[Met]:
        item = int(self._row["item"]) or (self._one.contract.hold.item if self._one.contract else 0)
        line = next((line for line in ruled.rules.lines or () if line.low <= item <= line.high), None)
        if line is None:
            return
        told = [item_prefix((line.low, line.high))]
        if line.price is not None:
            told.append(self.text("at most {sum} each", sum=self._money(line.price)))
        if line.quantity is not None:
            told.append(self.text("at most {quantity} in all", quantity=self._quantity(line.quantity)))
        quantity = int(self._row["quantity"])
        brought = f"{self._quantity(quantity)} × {self._money(_each(self._one.minor, quantity))}" if quantity else "–"
        yield self._met(self.text("Line of the contract"), ", ".join(told), brought, ruled)

    def _slice(self) -> Iterator[Met]:
        payee = self._one.payee
        for one in self._ruled:
            rule = one.rules.slice
            if rule is None or payee is None or f"{self._path}/".startswith(f"{rule.colour}/"):
                continue
            _, record = self._past.participant(payee.participant)
            if rule.classes.isdisjoint(record.get("classes", payee.facts.get("classes", ()))):
                continue
            asked = self.text("{share} goes into the colour {colour}", share=share_text(rule.share), colour=rule.colour)
            linked = Markup('<a href="/e/{}">{}</a>').format(self._one.entry + 1, self.text("linked payment"))
            yield self._met(self.text("Part of its own"), asked, linked, one)
            return

    # ---- control ----------------------------------------------------------------------------------------------------

    def _approvals(self) -> Iterator[Met]:
        asked = [(one, tier) for one in self._ruled for tier in one.rules.approval if self._one.minor > tier.above]
        if not asked:
            return
        proposed, given = self._decided()
        for one, tier in asked:
            told = self.text(
                "above {sum}: {quorum} of {classes}", sum=self._money(tier.above), quorum=tier.quorum,
                classes=labels.classes(self._page.words, tier.classes),
            )  # fmt: skip
            words = ([proposed] if proposed else []) + given
            brought = self.text("{number} approvals", number=len(given)) if given else "–"
            yield self._met(self.text("Approval"), told, brought, one, words)

    def _power(self, name: str) -> Iterator[Met]:
        for one in self._ruled:
            power = one.rules.power(name)
            if power is not None:
                proposed, given = self._decided()
                told = self.text(
                    "{quorum} of {classes}", quorum=power.quorum,
                    classes=labels.classes(self._page.words, power.classes),
                )  # fmt: skip
                words = ([proposed] if proposed else []) + given
                brought = self.text("{number} approvals", number=len(given)) if given else "–"
                yield self._met(self.text("Power that goes past the rules"), told, brought, one, words)

    def _decided(self) -> tuple[Word | None, list[Word]]:
        """Find the approvals of this command. On a hold it may have been sent without what the hold says anyway."""
        for accounts, item in product((False, True), repeat=2):
            row = np.array(self._row)
            if accounts:
                row["debit"] = row["credit"] = UNKNOWN
            if item:
                row["item"] = row["region"] = 0
            proposed, given = self._past.approvals(command_digest(row.tobytes()[:COMMAND_BYTES]))
            if proposed is not None:
                return proposed, given
        return None, []

    def _limits(self, names: tuple[str, ...]) -> Iterator[Met]:
        words = {"plan": 0, "obligations": 1, "payments": 2}
        for colour, entry, limits in self._past.limits(self._path) if names else ():
            for name in names:
                limit = limits[words[name]]
                if limit is not None:
                    asked = self.text("in all at most {sum}", sum=self._money(limit))
                    rule = self._page.words.text(labels.LIMITS[name])
                    yield Met(rule[:1].upper() + rule[1:], asked, self._money(self._one.minor), colour, entry)

    def _money(self, minor: int) -> str:
        return self._page.words.money(minor, self._one.unit, self._one.scale)

    def _quantity(self, thousandths: int) -> str:
        whole, part = divmod(thousandths, 1000)
        return self._page.words.number(f"{whole}.{part:03}".rstrip("0").rstrip("."))


def _each(minor: int, quantity: int) -> int:
    """Return the price of one measure, in minor units, rounded half up; *quantity* in thousandths."""
    return (2000 * minor + quantity) // (2 * quantity)


def _some(texts: Iterator[str]) -> str:
    every = list(texts)
    return ", ".join(every[:LISTED_MAX]) + (f" … ({len(every)})" if len(every) > LISTED_MAX else "")
