"""What an account may spend, on what, until when: read from the rules in force, for whoever owns the account."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from boyau import codec
from boyau.journal import Book
from boyau.ledger import AMOUNT_MAX, codes
from boyau.ledger.colours import DAY_MAX, EVIDENCE_AT
from boyau.ledger.contract_findings import CAP, LINE
from boyau.ledger.findings import Hold
from boyau.ledger.registry import LIMITS, Colour
from boyau.ledger.rules_text import item_prefix, region_prefix, share_text
from boyau.web.parties import Party, party

HOLDS_SHOWN = 50
LINES_SHOWN = 30
NAMES_SHOWN = 24
SOON_DAYS = 30
FROZEN, CLOSED = 4, 2


@dataclass(frozen=True, slots=True)
class Left:
    """What a limit leaves: sums in minor units."""

    name: str
    colour: str
    title: Any
    limit: int
    used: int

    @property
    def left(self) -> int:
        """What may still be used; never below nothing."""
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Contract:
    """A commitment that is open, with what its terms keep back; sums in minor units, days since 1970-01-01."""

    id: str
    entry: int
    other: Party | None
    total: int
    left: int
    accepted: int
    paid: int
    advanced: int
    to_recover: int
    retained: int
    warranty: int
    expires: int
    acceptance: bool
    payable: int


@dataclass(frozen=True, slots=True)
class Spending:
    """Everything that the account's page and the payment form say beside the entries."""

    party: Party
    number: int
    today: int
    credits: int
    debits: int
    held: int
    frozen: bool
    closed: bool
    rules: dict[str, Any]
    limits: tuple[Left, ...]
    payable_on: tuple[Contract, ...]
    paid_by: tuple[Contract, ...]
    contracts: tuple[int, int]
    """How many commitments are open, of which the account pays and in which it is paid."""

    @property
    def available(self) -> int:
        """Credits less debits less what is set aside."""
        return self.credits - self.debits - self.held

    @property
    def tightest(self) -> Left | None:
        """The limit that leaves least for a payment; None where none is set."""
        return min(self.limits, key=lambda one: one.left, default=None)

    @property
    def spendable(self) -> int:
        """What can be paid now by money and limits alone; other rules depend on the payment."""
        if self.frozen or self.closed or self.shut:
            return 0
        return max(0, min([self.available, *(one.left for one in self.limits)]))

    @property
    def shut(self) -> bool:
        """True where today lies outside the colour's time."""
        rules = self.rules
        return not self.party.plain and not rules["first"] <= self.today <= min(rules["last"], rules["entry_until"])

    @property
    def days_left(self) -> int | None:
        """How many days remain to pay, today included; None where nothing ends it, 0 where it is over."""
        end = min(self.rules["last"], self.rules["entry_until"])
        return None if end >= DAY_MAX else max(0, end - self.today + 1)


@contextmanager
def in_force(book: Book) -> Iterator[int]:
    """Bring into force what is in force today, as every decision does; the value is today."""
    registry, today = book.ledger.registry, codes.day_of(book.now())
    activated = registry.activate(today)
    try:
        yield today
    finally:
        registry.deactivate(activated)


def path_of(book: Book, colour: Colour) -> list[Colour]:
    """Return a colour and those above it, nearest first."""
    out = [colour]
    while out[-1].parent >= 0:
        out.append(book.ledger.registry.colours[out[-1].parent])
    return out


def spending(book: Book, name: str) -> Spending | None:
    """Return what the account *name* may spend; None where there is none."""
    who = party(book, name)
    if who is None:
        return None
    ledger = book.ledger
    number = ledger.accounts[name]
    debits, credits, held, colour_number, _, flags, hop, back = ledger.tables.acc[number].tolist()
    colour = ledger.registry.colours[colour_number]
    with in_force(book) as today:
        path = path_of(book, colour)
        rules = _rules(book, path, number, credits - back, hop)
        limits = tuple(_limits(book, path)) if hop == 0 and not colour.plain else ()
        mine, others, counts = _contracts(book, number, today)
    return Spending(
        who, number, today, credits, debits, held, bool(flags & FROZEN), bool(flags & CLOSED), rules, limits, mine,
        others, counts,
    )  # fmt: skip


def _limits(book: Book, path: list[Colour]) -> Iterator[Left]:
    """Yield the limits that a payment by the budget's own account meets: obligations and payments, at every level."""
    for node in path:
        for which in (1, 2):
            limit = node.limits[which]
            if limit is not None:
                ceiling = min(AMOUNT_MAX, limit + node.override[which])
                used = int(book.ledger.tables.cnt[node.number, 3 + which])
                yield Left(LIMITS[which], node.path, node.title, ceiling, used)


def _rules(book: Book, path: list[Colour], number: int, received: int, hop: int) -> dict[str, Any]:
    """Return the rules in force as facts: names, days, shares as text, sums in minor units."""
    colour = path[0]
    rules = colour.effective
    registry = book.ledger.registry
    have = 0
    for node in path:
        have |= node.attested
    evidence = [
        (at, condition, bool(have >> registry.condition_bits[condition] & 1))
        for at, field in EVIDENCE_AT.items()
        for condition in sorted(getattr(rules, field))
    ]
    return {
        "items": None if rules.items is None else [item_prefix(one) for one in rules.items],
        "regions": None if rules.regions is None else [region_prefix(one) for one in rules.regions],
        "payees": None if rules.payees is None else sorted(rules.payees),
        "allow": None if rules.allow is None else _people(book, rules.allow),
        "deny": len(rules.deny),
        "holders": None if rules.holders is None else sorted(rules.holders),
        "ends": None if rules.ends is None else sorted(rules.ends),
        "caps": [_cap(book, cap, number, received) for cap in rules.caps],
        "first": rules.first, "last": rules.last, "entry_until": rules.entry_until,
        "hops": None if rules.hops >= 1000 else max(0, rules.hops - hop),
        "evidence": evidence,
        "documents": rules.documents,
        "acceptance": rules.acceptance,
        "advance": None if rules.advance is None else share_text(rules.advance),
        "retention": None if rules.retention is None else (share_text(rules.retention), rules.retention_days),
        "slice": None if rules.slice is None or f"{colour.path}/".startswith(f"{rules.slice.colour}/") else (
            share_text(rules.slice.share), rules.slice.colour, sorted(rules.slice.classes)
        ),
        "tiers": [(tier.above, tier.quorum, sorted(tier.classes)) for tier in rules.approval],
        "payee_limits": [(node.path, node.own.payee_limit) for node in path if node.own.payee_limit is not None],
        "lines": _lines(book, path),
    }  # fmt: skip


def _people(book: Book, names: frozenset[str]) -> tuple[int, list[tuple[str, dict[str, Any]]]]:
    """Return how many participants a list names, and the first of them with what is known of them."""
    registry = book.ledger.registry
    known = [(one, registry.participants.get(one)) for one in sorted(names)[:NAMES_SHOWN]]
    return len(names), [(one, {} if at is None else registry.participant_facts[at]) for one, at in known]


def _cap(book: Book, cap: Any, number: int, received: int) -> dict[str, Any]:
    mask = sum(1 << book.ledger.registry.class_bits[name] for name in cap.classes)
    limit, used = received * cap.share.n // cap.share.d, book.ledger.meter(CAP, number, mask)
    return {
        "classes": sorted(cap.classes), "share": share_text(cap.share), "evidence": sorted(cap.evidence),
        "limit": limit, "used": used, "left": max(0, limit - used),
    }  # fmt: skip


def _lines(book: Book, path: list[Colour]) -> dict[str, Any] | None:
    """Return the lines of the nearest contract on the path, with what remains of each; None where there is none."""
    node = next((one for one in path if one.own.lines is not None), None)
    if node is None or node.own.lines is None:
        return None
    lines = []
    for line in node.own.lines[:LINES_SHOWN]:
        left = None
        if line.quantity is not None:
            left = max(0, line.quantity - book.ledger.meter(LINE, node.number, line.low))
        item = item_prefix((line.low, line.high))
        lines.append({"item": item, "quantity": line.quantity, "price": line.price, "left": left})
    return {"colour": node.path, "count": len(node.own.lines), "lines": lines}


# ---- contracts ------------------------------------------------------------------------------------------------------


def _contracts(
    book: Book, number: int, today: int
) -> tuple[tuple[Contract, ...], tuple[Contract, ...], tuple[int, int]]:
    """Return the open commitments that the account pays on, and those in which it is paid, largest first."""
    kernel, tables = book.ledger.tables.kernel, book.ledger.tables
    table = tables.hold[: kernel.holds]
    sides, counts = [], []
    for column in (3, 4):
        mine = table[:, column] == number
        # What was paid in full still matters to whoever is paid: something of it may be retained.
        live = mine & (table[:, 7] == 0) & ((table[:, 2] > 0) | ((table[:, 15] >= today) & (table[:, 13] >> 32 > 0)))
        found = np.flatnonzero(live)
        counts.append(len(found))
        found = found[np.argsort(-table[found, 2], kind="stable")][:HOLDS_SHOWN]
        sides.append(tuple(_contract(book, int(k), 7 - column, today) for k in found))
    return sides[0], sides[1], (counts[0], counts[1])


def _contract(book: Book, place: int, other: int, today: int) -> Contract:
    tables = book.ledger.tables
    words = tables.hold[place].tolist()
    hold = Hold.of(words)
    identity = tables.hold[place, :2].tobytes()
    recovered, retained = hold.recovered(), hold.retained(today)
    free = hold.accepted - recovered - hold.paid - retained if hold.acceptance else hold.left
    with_whom = party(book, book.operations.account_name(words[other]))
    return Contract(
        codec.id_text(identity), book.ledger.entry_of(identity), with_whom,
        hold.total, hold.left, hold.accepted, hold.paid, hold.advanced, max(0, hold.advanced - recovered), retained,
        hold.warranty, int(tables.hold_expires[place]), hold.acceptance, max(0, min(free, hold.left)),
    )  # fmt: skip
