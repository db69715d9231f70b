"""What stands against a payment by the rules of its colour: each finding with where in the tree it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from boyau.ledger import codes
from boyau.ledger.colours import Rules
from boyau.ledger.ledger import Ledger
from boyau.ledger.refusals import Result
from boyau.ledger.registry import LIMITS, Colour
from boyau.ledger.rows import AMOUNT_MAX, Kind

_LIMIT_RESULTS = (Result.PLAN_EXCEEDED, Result.OBLIGATIONS_EXCEEDED, Result.PAYMENTS_EXCEEDED)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands against a row.

    ``colour`` is the colour whose rule fails ("" where no rule of a colour is concerned), ``entry`` the journal entry
    that set that rule, ``facts`` what a message needs: names, dates (days), amounts (minor units of ``unit``).
    """

    result: Result
    colour: str = ""
    entry: int = -1
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Account:
    """An account as explanations speak of it."""

    number: int
    name: str
    participant: str
    classes: frozenset[str]
    region: str
    colour: Colour
    hop: int
    issuer: bool
    closed: bool
    frozen: bool
    debits: int
    credits: int
    pending: int


class RuleFindings:
    """Asks the rules of one ledger's colours, over names and trees; ``explain`` asks everything else."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._registry = ledger.registry
        self._conditions = list(ledger.registry.condition_bits)
        self._subjects = list(ledger.subjects)

    def _path(self, colour: Colour) -> Iterator[Colour]:
        while True:
            yield colour
            if colour.parent < 0:
                return
            colour = self._registry.colours[colour.parent]

    def _below(self, colour: Colour, ancestor: Colour) -> bool:
        return any(node is ancestor for node in self._path(colour))

    # ---- rules ------------------------------------------------------------------------------------------------------

    def _payment(
        self, row: Any, kind: int, debit: Account, credit: Account, amount: int, today: int, *, on_hold: bool
    ) -> Iterator[Finding]:
        colour, target = debit.colour, credit.colour
        if colour.plain:
            return
        yield from self._window(row, colour, today)
        yield from self._payee(colour, credit)
        if target.plain:
            if colour.effective.ends is None or not credit.classes & colour.effective.ends:
                yield from self._origins(
                    colour,
                    Result.END_FORBIDDEN,
                    "ends",
                    {"payee": credit.participant, "needed": sorted(colour.effective.ends or ())},
                )
        else:
            yield from self._holder(credit)
            if credit.hop > target.effective.hops:
                yield from self._origins(
                    target, Result.HOPS_EXCEEDED, "hops", {"hops": target.effective.hops, "hop": credit.hop}
                )
        yield from self._goods(row, colour, credit)
        if kind == Kind.PAY:
            yield from self._evidence(row, colour)
        if not target.plain and target is not colour and self._below(target, colour):
            yield from self._limit(target, 0, amount, colour)
        if debit.hop == 0:
            if not on_hold:
                yield from self._limit(colour, 1, amount, None)
            if kind == Kind.PAY:
                yield from self._limit(colour, 2, amount, None)

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

    def _evidence(self, row: Any, colour: Colour) -> Iterator[Finding]:
        subject = int(row["subject"])
        have = int(self._ledger.tables.subject[subject]) if subject <= len(self._subjects) else 0
        for node in self._path(colour):
            have |= node.attested
        name = self._subjects[subject - 1] if 0 < subject <= len(self._subjects) else ""
        missing = [
            c for c in self._conditions if c in colour.effective.evidence and not have >> self._conditions.index(c) & 1
        ]
        for condition in missing:
            for node in self._path(colour):
                if condition in node.own.evidence:
                    facts = {"condition": condition, "subject": name, "about": colour.path}
                    yield Finding(Result.EVIDENCE_MISSING, node.path, node.rules_entry, facts)

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

    def _origins(self, colour: Colour, result: Result, rule: str, facts: dict[str, Any]) -> Iterator[Finding]:
        """Name the nearest colour on the path that makes this rule; the colour itself where none does."""
        blank = Rules()
        for node in self._path(colour):
            if getattr(node.own, rule) != getattr(blank, rule):
                yield Finding(result, node.path, node.rules_entry, facts)
                return
        yield Finding(result, colour.path, colour.rules_entry, facts)


def _in(intervals: tuple[codes.Interval, ...], value: int) -> bool:
    return any(low <= value <= high for low, high in intervals)
