"""Paying the queue through a ledger: a colour for each purpose and region, and one payment for each application.

The colours stand at ``root/purpose/region``, where the root names the year. The money of a queue is issued into the
root and allocated down, and its limits are the budget, so that the ledger itself holds what the plan promises. What
became of an application is the ledger's answer. A payment's id is made from the application's number and purpose, for
ever: a second run, also in another year, finds it and pays nobody twice.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boyau import codec
from boyau.journal import Book
from boyau.journal.operations import Operations
from boyau.ledger import Kind, Result, amounts
from boyau.ledger.codes import day, day_of, day_text
from boyau.ledger.explain import Explainer
from boyau.ledger.rule_findings import Finding
from boyau.treasury.stages import Budget
from boyau.treasury.subsidies.applications import Application
from boyau.treasury.subsidies.budgets import Queue
from boyau.treasury.subsidies.queue import plan, queue_of
from boyau.treasury.subsidies.tables import REPUBLIC, Tables

FARMER = "farmer"
UNIT = "KZT"
ENTRY_UNTIL = "2099-12-31"
"""A year that was over before its colours were made is entered as of its last day; any other closes with the year."""
BATCH = 4_000
PARTICIPANTS = {
    "issuer": ("issuer", {"kk": "Эмитент", "ru": "Эмитент", "en": "Issuer"}),
    "budget": ("administrator", {"kk": "Бюджет", "ru": "Бюджет", "en": "Budget"}),
}


class PaymentError(Exception):
    """The ledger would not take what paying needs; the message says what."""


@dataclass(slots=True)
class Paid:
    """What the ledger says. *paid*: entry by key; *now*: those of them paid in this run; *differs*: paid otherwise."""

    paid: dict[str, int] = field(default_factory=dict)
    now: set[str] = field(default_factory=set)
    differs: dict[str, int] = field(default_factory=dict)
    refused: dict[str, Finding] = field(default_factory=dict)
    rest: dict[Queue, int] = field(default_factory=dict)

    @property
    def settled(self) -> set[str]:
        """Keys that stand in nobody's way any more."""
        return {*self.paid, *self.differs, *self.refused}


def payment_id(one: Application) -> str:
    """Return the id of an application's payment: a UUID of version 8 (RFC 9562 §5.8) of its number and purpose."""
    return _uuid(f"boyau subsidy {one.key}")


def _uuid(text: str) -> str:
    data = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    data[6], data[8] = data[6] & 0x0F | 0x80, data[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(data)))


class Treasury:
    """One year's subsidies in an open book. *base* is the colour above the year; *year* dates the payments."""

    def __init__(self, book: Book, tables: Tables, *, year: int, base: str = "kz/agro") -> None:
        self._book, self._tables, self._year = book, tables, year
        self.root = f"{base}/{year}"
        self._budget = Budget(self.root)
        today = day_of(book.now())
        if today < day(f"{year}-01-01"):
            raise PaymentError(f"{year} has not begun; money of that year is paid from 1 January on")
        self._date = min(today, day(f"{year}-12-31"))

    def _entry(self, one: Application) -> int:
        return self._book.ledger.entry_of(codec.id_bytes(payment_id(one)))

    # ---- what stands already ----------------------------------------------------------------------------------------

    def state(self, kept: Iterable[Application]) -> Paid:
        """Ask the journal which of the applications are paid, and the accounts what is left; change nothing."""
        done = Paid()
        accounts = self._book.ledger.accounts
        for one in kept:
            entry = self._entry(one)
            if entry < 0:
                continue
            row = self._book.row_posted(entry)
            same = (
                int(row["kind"]) == Kind.PAY
                and int(row["amount"]) == one.amount
                and int(row["debit"]) == accounts.get(self._account(queue_of(one)))
                and int(row["credit"]) == accounts.get(_payee(one))
            )
            (done.paid if same else done.differs)[one.key] = entry
        done.rest = self._rest({queue_of(one) for one in kept})
        return done

    def _colour(self, queue: Queue) -> str:
        return f"{self.root}/{queue[0]}/{queue[1]}"

    def _account(self, queue: Queue) -> str:
        return self._budget.account(self._colour(queue))

    def budgets(self, queues: Iterable[Queue]) -> dict[Queue, int]:
        """Return what each queue was given so far."""
        known = self._book.ledger.registry.colour_numbers
        return {queue: self._given(queue) if self._colour(queue) in known else 0 for queue in sorted(queues)}

    def _rest(self, queues: Iterable[Queue]) -> dict[Queue, int]:
        ledger = self._book.ledger
        return {
            queue: ledger.available(self._account(queue)) if self._account(queue) in ledger.accounts else 0
            for queue in sorted(queues)
        }

    # ---- colours and their money ------------------------------------------------------------------------------------

    def fund(self, budgets: Mapping[Queue, int]) -> None:
        """Make the colours and bring each queue's money and limits to its budget; all of it or nothing."""
        known = self._book.ledger.registry.colour_numbers
        budgets = {queue: budget for queue, budget in budgets.items() if budget or self._colour(queue) in known}
        with self._book.group():
            self._record(self._root_records())
            self._record([record for queue in budgets for record in self._colour_records(queue)])
            self._lower(budgets)
            self._raise(budgets)

    def _root_records(self) -> list[dict[str, Any]]:
        registry = self._book.ledger.registry
        records: list[dict[str, Any]] = []
        if UNIT not in registry.units:
            records.append({"type": "unit", "unit": UNIT, "scale": 2})
        for name, (kind, names) in PARTICIPANTS.items():
            if name not in registry.participants:
                records.append({"type": "participant", "participant": name, "classes": [kind], "name": names})
        if self.root not in registry.colour_numbers:
            window = {"first": f"{self._year}-01-01", "last": f"{self._year}-12-31"}
            if day_of(self._book.now()) > day(window["last"]):
                window["entry_until"] = ENTRY_UNTIL
            rules = {"payees": {"classes": [FARMER]}, "ends": {"classes": [FARMER]}, "window": window}
            title = {
                "kk": f"Агроөнеркәсіптік субсидиялар, {self._year}",
                "ru": f"Субсидии агропромышленного комплекса, {self._year}",
                "en": f"Farm subsidies, {self._year}",
            }
            above = self.root.rpartition("/")[0] in registry.colour_numbers
            records.append(
                {"type": "colour", "colour": self.root, "title": title, "rules": rules}
                | ({} if above else {"unit": UNIT})
            )
        return records + self._accounts({self._budget.source: ["issuer"], self._budget.account(self.root): []})

    def _accounts(self, names: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        known = self._book.ledger.accounts
        return [
            {"type": "account", "account": name} | ({"flags": flags} if flags else {})
            for name, flags in names.items()
            if name not in known
        ]

    def _colour_records(self, queue: Queue) -> list[dict[str, Any]]:
        numbers, titles = self._book.ledger.registry.colour_numbers, self._tables.titles
        purpose, region = queue
        records: list[dict[str, Any]] = []
        above, leaf = f"{self.root}/{purpose}", self._colour(queue)
        if above not in numbers:
            records.append({"type": "colour", "colour": above, "title": titles[f"purpose/{purpose}"]})
        if leaf not in numbers:
            rules = {} if region == REPUBLIC else {"rules": {"regions": [region]}}
            records.append({"type": "colour", "colour": leaf, "title": titles[f"region/{region}"]} | rules)
        return records + self._accounts({self._account(queue): []})

    def _given(self, queue: Queue) -> int:
        return self._book.ledger.counters(self._colour(queue))[0]

    def _lower(self, budgets: Mapping[Queue, int]) -> None:
        """Take back what a smaller budget leaves over; what is paid already stays paid."""
        operations: list[dict[str, Any]] = []
        for queue, budget in budgets.items():
            surplus = min(self._given(queue) - budget, self._book.ledger.available(self._account(queue)))
            if surplus > 0:
                text, root = amounts.write(surplus), self._budget.account(self.root)
                step = self._step("withdraw", queue)
                operations.append(
                    {"op": "withdraw", "id": step, "from": self._account(queue), "to": root, "amount": text}
                )
                operations.append(self._budget.lapse(text, id=self._step("lapse", queue)))
        self._require_posted(operations)

    def _raise(self, budgets: Mapping[Queue, int]) -> None:
        records, operations, total = [], [], 0
        for queue, budget in budgets.items():
            given = self._given(queue)
            limit = amounts.write(max(budget, given))
            colour = {"type": "limits", "colour": self._colour(queue)}
            records.append(colour | dict.fromkeys(("plan", "obligations", "payments"), limit))
            if budget > given:
                total += budget - given
                text = amounts.write(budget - given)
                step = self._step("allocate", queue)
                operations.append(self._budget.allocate(self.root, self._colour(queue), text, id=step))
        limits = [self._book.ledger.registry.colours[self._number(queue)].limits for queue in budgets]
        wanted = [(max(budget, self._given(queue)),) * 3 for queue, budget in budgets.items()]
        self._record([one for one, has, want in zip(records, limits, wanted, strict=True) if tuple(has) != want])
        if operations:
            operations.insert(0, self._budget.issue(amounts.write(total), id=self._step("issue", ("", ""))))
        self._require_posted(operations)

    def _number(self, queue: Queue) -> int:
        return self._book.ledger.registry.colour_numbers[self._colour(queue)]

    def _step(self, what: str, queue: Queue) -> str:
        """Return an id that is never met again: it counts in where the journal stands."""
        return _uuid(f"boyau subsidies {what} {self.root}/{queue[0]}/{queue[1]} {self._book.entries}")

    def _record(self, records: list[dict[str, Any]]) -> None:
        for record, refusal in zip(records, self._book.record(records), strict=True):
            if refusal is not None:
                what = next((record[name] for name in ("colour", "account", "participant") if name in record), "")
                raise PaymentError(f"the ledger refuses the {record['type']} {what}: {refusal}")

    def _require_posted(self, operations: list[dict[str, Any]]) -> None:
        dated = [one | {"date": day_text(self._date)} for one in operations]
        rows = Operations(self._book.ledger).rows(dated, self._date)
        for operation, row in zip(operations, self._book.post(rows), strict=True):
            result = Result(int(row["result"]))
            if not result.ok:
                raise PaymentError(
                    f"the ledger refuses to {operation['op']} {operation['amount']} from {operation['from']} to "
                    f"{operation['to']}: {result.name.lower()}"
                )

    # ---- paying -----------------------------------------------------------------------------------------------------

    def pay(self, kept: Sequence[Application], progress: Callable[[int], None] = lambda _: None) -> Paid:
        """Pay the queues as far as their money goes; *progress* is told how many applications were answered.

        Where the ledger refuses an application for what it is (not for want of money), its money pays the next ones:
        so the plan is made anew from what is left until it names nobody.
        """
        done = self.state(kept)
        while todo := plan(kept, done.rest, done.settled).pay:
            for begin in range(0, len(todo), BATCH):
                part = todo[begin : begin + BATCH]
                self._pay(part, done)
                progress(len(part))
            done.rest = self._rest(done.rest)
        return done

    def _pay(self, part: Sequence[Application], done: Paid) -> None:
        self._record(self._payee_records(part))
        operations = Operations(self._book.ledger)
        rows = operations.rows([self.operation(one) for one in part], self._date)
        explainer: Explainer | None = None
        for one, row in zip(part, self._book.post(rows), strict=True):
            result = Result(int(row["result"]))
            if result.ok:
                done.paid[one.key] = self._entry(one)
                done.now |= {one.key} if result is Result.POSTED else set()
            else:
                explainer = explainer or Explainer(self._book.ledger)
                found = [f for f in explainer.explain(row, self._book.now()) if f.result is result]
                done.refused[one.key] = found[0] if found else Finding(result)

    def operation(self, one: Application) -> dict[str, Any]:
        """Return the payment of an application as an operation; its subject is what evidence about it would name."""
        place = {} if one.region == REPUBLIC else {"region": one.region}
        return {
            "op": "pay",
            "id": payment_id(one),
            "from": self._account(queue_of(one)),
            "to": _payee(one),
            "amount": amounts.write(one.amount),
            "subject": one.key,
            "date": day_text(self._date),
        } | place

    def _payee_records(self, part: Iterable[Application]) -> list[dict[str, Any]]:
        """Return the records that payments need: whoever is known stays as recorded, whatever its classes are."""
        registry, subjects = self._book.ledger.registry, self._book.ledger.subjects
        records: dict[str, dict[str, Any]] = {}
        for one in part:
            if one.applicant not in registry.participants:
                records[one.applicant] = {"type": "participant", "participant": one.applicant, "classes": [FARMER]}
            if _payee(one) not in registry.accounts:
                records[_payee(one)] = {"type": "account", "account": _payee(one)}
            if one.key not in subjects:
                records["/" + one.key] = {"type": "subject", "subject": one.key}
        return list(records.values())


def _payee(one: Application) -> str:
    return f"{one.applicant}@{UNIT}"
