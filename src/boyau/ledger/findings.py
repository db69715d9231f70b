"""A finding: one thing that stands against a row; and what explanations read of accounts, holds and the tree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from boyau.ledger.colours import Rules
from boyau.ledger.ledger import Ledger
from boyau.ledger.refusals import Result
from boyau.ledger.registry import Colour


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
    back: int
    """What came back to it or was given back by it."""


@dataclass(slots=True)
class Hold:
    """A commitment with the terms that were frozen in it (docs/ledger.md, "Contracts"); shares are (n, d)."""

    left: int
    debit: int
    credit: int
    item: int
    region: int
    state: int
    total: int
    accepted: int
    advanced: int
    paid: int
    advance: tuple[int, int]
    retention: tuple[int, int]
    acceptance: bool
    warranty: int

    @classmethod
    def of(cls, columns: list[int]) -> "Hold":
        """Read a row of the table of holds."""
        left, debit, credit, item, region, state, total, accepted, advanced, paid = columns[2:12]
        advance, retention, terms, warranty = columns[12:16]
        return cls(
            *(left, debit, credit, item, region, state, total, accepted, advanced, paid),
            advance=(advance >> 32, advance & 0xFFFFFFFF),
            retention=(retention >> 32, retention & 0xFFFFFFFF),
            acceptance=bool(terms & 1),
            warranty=warranty,
        )

    def advance_most(self) -> int:
        """Return how much may be paid in advance, in all."""
        n, d = self.advance
        return self.total * n // d if d else 0

    def recovered(self) -> int:
        """Return how much of the advance the acts have recovered."""
        if self.total <= 0 or self.accepted >= self.total:
            return self.advanced if self.accepted > 0 else 0
        return self.accepted * self.advanced // self.total

    def retained(self, today: int) -> int:
        """Return what is kept back of the acts until the warranty ends, rounded up."""
        n, d = self.retention
        return 0 if not n or today > self.warranty else -(-self.accepted * n // d)


class Findings:
    """The tree of one ledger, walked upward, and who makes a rule in it."""

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

    def _origins(self, colour: Colour, result: Result, rule: str, facts: dict[str, Any]) -> Iterator[Finding]:
        """Name the nearest colour on the path that makes this rule; the colour itself where none does."""
        blank = Rules()
        for node in self._path(colour):
            if getattr(node.own, rule) != getattr(blank, rule):
                yield Finding(result, node.path, node.rules_entry, facts)
                return
        yield Finding(result, colour.path, colour.rules_entry, facts)
