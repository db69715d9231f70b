"""A bank's statement against the coloured money that the ledger says is outstanding: every difference, one by one.

An entry is matched by the payment's own name (UETR, end-to-end or instruction reference). Only where the bank names
none is it matched by amount and day, and then only if exactly one entry here and one there can be meant.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from boyau import codec
from boyau.journal import Book
from boyau.ledger import amounts
from boyau.ledger.codes import day_text
from boyau.records.iso20022.bank_statement import BankEntry, BankStatement
from boyau.records.iso20022.message import MessageError
from boyau.records.iso20022.movements import Movement, Reading, mask_of, unit_of
from boyau.records.iso20022.numbers import Numbers

KINDS = ("opening", "closing", "statement_sum", "amount_differs", "elsewhere", "missing_here", "missing_there")
"""What can differ: the balances, the bank's own sum, one entry's amount, the day or account on which the ledger has an
entry, an entry that only one side has."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. Minor units, None where a side has none; ``line`` is in the bank's file, ``entry`` is ours."""

    kind: str
    here: int | None
    there: int | None
    id: str = ""
    line: int | None = None
    entry: int | None = None


@dataclass(slots=True)
class Reconciliation:
    """What was compared, and how it stands."""

    name: str
    unit: str
    scale: int
    first: int
    last: int
    statement: str
    matched: int = 0
    matched_by_amount: int = 0
    here: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Opening, number of entries, their sum, closing: of the ledger."""
    there: tuple[int | None, int, int, int | None] = (None, 0, 0, None)
    """The same of the bank."""
    not_booked: int = 0
    differences: list[Difference] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Return it for JSON: amounts as texts."""

        def told(minor: int | None) -> str | None:
            return None if minor is None else amounts.write(minor, self.scale)

        def side(figures: tuple[int | None, int, int, int | None]) -> dict[str, Any]:
            opening, count, total, closing = figures
            return {"opening": told(opening), "entries": count, "sum": told(total), "closing": told(closing)}

        return {
            "statement": self.statement,
            "of": self.name,
            "unit": self.unit,
            "first": day_text(self.first),
            "last": day_text(self.last),
            "ledger": side(self.here),
            "bank": side(self.there),
            "matched": self.matched,
            "matched_by_amount": self.matched_by_amount,
            "not_booked": self.not_booked,
            "differences": [
                {"kind": one.kind, "id": one.id, "ledger": told(one.here), "bank": told(one.there)}
                | {name: value for name, value in (("line", one.line), ("entry", one.entry)) if value is not None}
                for one in self.differences
            ],
        }


def target_of(statement: BankStatement, known: Numbers, where: str) -> str:
    """Return the account or colour that a statement is about."""
    party = statement.account
    for number in (party.iban, party.other):
        found = known.accounts.get(number) or known.pools.get(number)
        if found:
            return found
    if party.account or "@" in party.other:
        return party.account or party.other
    raise MessageError(
        f"{where}, line {statement.line}: {party.said()} is no account here; name it in a file of numbers, or say --of"
    )


class Comparison:
    """A bank's statement and the account or colour *name* over its days. ``compare`` does without the book.

    Until there is no ``more`` of ``reading``, the journal has not been read. MessageError: the currencies differ.
    """

    def __init__(self, book: Book, statement: BankStatement, name: str, where: str) -> None:
        self._statement, self._name = statement, name
        self._unit, self._scale = unit_of(book, name)
        if (statement.currency, 2) != (self._unit, self._scale):
            told = f"is in {statement.currency}, {name} in {self._unit}"
            raise MessageError(f"{where}, line {statement.line}: {told}")
        self.reading = Reading(book, mask_of(book, name), statement.first, statement.last)
        names = dict.fromkeys(name for entry in statement.entries for name in entry.ids)
        self._posted = {one: at for one in names if (at := book.ledger.entry_of(codec.id_bytes(one))) >= 0}

    def compare(self) -> Reconciliation:
        """Compare them."""
        own, statement = self.reading.period(), self._statement
        total = sum(one.amount for one in statement.entries)
        out = Reconciliation(self._name, self._unit, self._scale, statement.first, statement.last, statement.id)
        out.here = own.opening, len(own.movements), own.closing - own.opening, own.closing
        out.there = statement.opening, len(statement.entries), total, statement.closing
        out.not_booked = statement.not_booked
        balances = ("opening", own.opening, statement.opening), ("closing", own.closing, statement.closing)
        for kind, here, there in balances:
            if there is not None and here != there:
                out.differences.append(Difference(kind, here, there))
        if statement.opening is not None and statement.closing is not None:
            made = statement.opening + total
            if made != statement.closing:
                out.differences.append(Difference("statement_sum", made, statement.closing, line=statement.line))
        self._entries(own.movements, statement.entries, out)
        return out

    def _entries(self, here: list[Movement], there: list[BankEntry], out: Reconciliation) -> None:
        open_here = {one.id: one for one in here if one.id}
        nameless = [one for one in here if not one.id]
        without: list[BankEntry] = []
        only_there: list[BankEntry] = []
        for entry in there:
            movement = next((open_here[name] for name in entry.ids if name in open_here), None)
            if movement is None:
                (only_there if entry.ids else without).append(entry)
                continue
            del open_here[movement.id]
            if movement.amount == entry.amount:
                out.matched += 1
            else:
                both = movement.amount, entry.amount
                told = Difference("amount_differs", *both, movement.id, entry.line, movement.entry)
                out.differences.append(told)
        rest = [*open_here.values(), *nameless]
        rest, without = _by_amount(rest, without, out)
        for entry in sorted([*only_there, *without], key=lambda one: one.line):
            known = [(name, self._posted[name]) for name in entry.ids if name in self._posted]
            if known:  # booked on another day or another account, or the bank has it twice
                told = Difference("elsewhere", None, entry.amount, known[0][0], entry.line, known[0][1])
            else:
                name = entry.ids[0] if entry.ids else entry.reference
                told = Difference("missing_here", None, entry.amount, name, entry.line)
            out.differences.append(told)
        for movement in sorted(rest, key=lambda one: one.entry):
            told = Difference("missing_there", movement.amount, None, movement.id, entry=movement.entry)
            out.differences.append(told)


def reconcile(book: Book, statement: BankStatement, name: str, where: str) -> Reconciliation:
    """Compare *statement* with the account or colour *name* over the statement's days."""
    comparison = Comparison(book, statement, name, where)
    while comparison.reading.more:
        comparison.reading.step(book)
    return comparison.compare()


def _by_amount(
    here: list[Movement], there: list[BankEntry], out: Reconciliation
) -> tuple[list[Movement], list[BankEntry]]:
    """Match what the bank does not name, where amount and value date leave one possibility; return what is left."""
    mine: dict[tuple[int, str], list[Movement]] = defaultdict(list)
    theirs: dict[tuple[int, str], list[BankEntry]] = defaultdict(list)
    for movement in here:
        mine[movement.amount, day_text(movement.value)].append(movement)
    for entry in there:
        theirs[entry.amount, entry.value].append(entry)
    sure = {key for key, found in theirs.items() if len(found) == 1 and len(mine.get(key, ())) == 1}
    out.matched += len(sure)
    out.matched_by_amount = len(sure)
    return (
        [one for one in here if (one.amount, day_text(one.value)) not in sure],
        [one for one in there if (one.amount, one.value) not in sure],
    )
