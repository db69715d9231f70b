"""Posting a published budget: the operations of ``execution`` bound to accounts, ids and dates of one open book.

A month is posted whole or not at all. Importing the same file again posts nothing new; a file that has more months
continues; a file that publishes other figures for a month that was imported is refused, because what was posted is not
rewritten: a correction is an entry of its own.
"""

import calendar
import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from boyau.journal import Book
from boyau.ledger import UNKNOWN_ACCOUNT, Kind, Result, RowFlag, Rows, amounts
from boyau.ledger.codes import day
from boyau.ledger.rows import ROW
from boyau.treasury.budget import execution, published
from boyau.treasury.budget.execution import Operation
from boyau.treasury.budget.lines import Month
from boyau.treasury.budget.mapping import Nature
from boyau.treasury.budget.statement import Statement

ENTRY_UNTIL = "2099-12-31"
"""Published figures are entered after their year is over, so the year's window stays open for entry."""
TITLE_MAX = 1000
PARTICIPANTS = {
    "issuer": ("issuer", {"kk": "Эмитент", "ru": "Эмитент", "en": "Issuer"}),
    "budget": ("administrator", {"kk": "Бюджет", "ru": "Бюджет", "en": "Budget"}),
    "treasury": ("treasury", {"kk": "Қазынашылық", "ru": "Казначейство", "en": "Treasury"}),
    "payers": ("payer", {"kk": "Төлеушілер", "ru": "Плательщики", "en": "Payers"}),
    "recipients": ("recipient", {"kk": "Алушылар", "ru": "Получатели", "en": "Recipients"}),
}
"""Who stands in a published budget, their class and name. Payers and payees are not named there: each is one."""

_RECORDS = (execution.Kind.OPEN, execution.Kind.LIMITS)
_KINDS = {kind: Kind[kind.name] for kind in execution.Kind if kind.name in Kind.__members__}


class ImportRefusedError(Exception):
    """A statement that cannot be posted; the message says why. Nothing of the month concerned was kept."""


@dataclass(slots=True)
class Imported:
    """What an import did: months posted and months that were there already, rows, records."""

    posted: list[Month] = field(default_factory=list)
    known: list[Month] = field(default_factory=list)
    rows: int = 0
    records: int = 0


Known = Callable[[str, int], list[dict[str, Any]]]
"""Published records that the journal already has, by statement and month (``YYYYMM``, 0 for the statement's own)."""


class BudgetImport:
    """Posts one statement into a book, below the colour *root*."""

    def __init__(self, book: Book, statement: Statement, root: str, known: Known) -> None:
        self._book, self._statement, self._root, self._known = book, statement, root, known
        self._year = 0
        self.done = Imported()

    def run(self, progress: Callable[[Month], None] = lambda _: None) -> Imported:
        """Post all months that are new, in order of time; *progress* is told each one."""
        self._check_revisions()
        if not self._known(self._statement.dataset, 0):
            self._record([published.statement_record(self._statement, self._root)])
        for year, months in self._statement.years().items():
            self._year = year
            state: execution.State = {}
            for month in months:
                operations, state = execution.operations(
                    state, self._statement.months[month], month, self._statement.mapping
                )
                if self._known(self._statement.dataset, _number(month)):
                    self.done.known.append(month)
                    continue
                with self._book.group():
                    self._begin_year(year)
                    self._post(operations, _last_day(month))
                    self._record(published.month_records(self._statement, month))
                    if month.month == 12:  # what is left lapses, as of 1 January
                        self._post(execution.close_year(state, year)[0], day(f"{year + 1}-01-01"))
                self.done.posted.append(month)
                progress(month)
        return self.done

    def _check_revisions(self) -> None:
        """Refuse a file that says otherwise than what was imported, before anything is posted."""
        for month in self._statement.months:
            before = self._known(self._statement.dataset, _number(month))
            if before and not published.same(before, published.month_records(self._statement, month)):
                raise ImportRefusedError(
                    f"{self._statement.file}: {month} was imported before with other figures. What is posted is not "
                    "rewritten; import the revised file into a new ledger, or under another name with --as"
                )

    # ---- records ----------------------------------------------------------------------------------------------------

    def _colour(self, line: str) -> str:
        return f"{self._root}/{self._year}/{line}" if line else f"{self._root}/{self._year}"

    def _record(self, records: list[dict[str, Any]]) -> None:
        for record, refusal in zip(records, self._book.record(records), strict=True):
            if refusal is not None:
                what = {name: record[name] for name in ("type", "colour", "account") if name in record}
                raise ImportRefusedError(f"{self._statement.file}: the ledger refuses {what}: {refusal}")
        self.done.records += len(records)

    def _begin_year(self, year: int) -> None:
        registry = self._book.ledger.registry
        root, unit = self._colour(""), self._statement.mapping.unit
        if root in registry.colour_numbers:
            return
        records: list[dict[str, Any]] = []
        if unit not in registry.units:
            records.append({"type": "unit", "unit": unit, "scale": self._statement.mapping.scale})
        for name, (kind, names) in PARTICIPANTS.items():
            if name not in registry.participants:
                records.append({"type": "participant", "participant": name, "classes": [kind], "name": names})
        window = {"first": f"{year}-01-01", "last": f"{year}-12-31", "entry_until": ENTRY_UNTIL}
        rules = {"ends": {"classes": [PARTICIPANTS["recipients"][0]]}, "window": window}
        title = f"{self._statement.dataset} {year}"
        records += [
            {"type": "colour", "colour": root, "unit": unit, "title": title, "rules": rules},
            {"type": "account", "account": f"recipients@{unit}"},
            {"type": "account", "account": f"issuer@{root}", "flags": ["issuer"]},
            {"type": "account", "account": f"budget@{root}"},
            {"type": "account", "account": f"treasury@{root}"},
        ]
        self._record(records)

    def _as_records(self, operation: Operation, date: int) -> list[dict[str, Any]]:
        colour = self._colour(operation.line)
        if operation.kind is execution.Kind.OPEN:
            records: list[dict[str, Any]] = [{"type": "colour", "colour": colour, "title": operation.title[:TITLE_MAX]}]
            if operation.leaf and operation.nature is Nature.EXPENDITURE:
                records.append({"type": "account", "account": f"budget@{colour}"})
            if operation.leaf and operation.nature is Nature.RECEIPT:
                records.append({"type": "account", "account": f"payers@{colour}", "flags": ["issuer"]})
            return records
        scale = self._statement.mapping.scale
        record: dict[str, Any] = {"type": "limits", "colour": colour, "date": str(np.datetime64(date, "D"))}
        record |= {name: amounts.write(value, scale) for name, value in operation.figures.items()}
        if operation.override is not None:
            record["override"] = {
                name: amounts.write(operation.override.get(name, 0), scale) for name in execution.LIMITS
            }
            record["reason"] = operation.reason or execution.REASON
        return [record]

    # ---- rows -------------------------------------------------------------------------------------------------------

    def _post(self, operations: Iterable[Operation], date: int) -> None:
        kinds = (one for one in operations if one.kind is not execution.Kind.PUBLISHED)
        for is_record, run in groupby(kinds, key=lambda one: one.kind in _RECORDS):
            if is_record:
                self._record([record for one in run for record in self._as_records(one, date)])
            else:
                self._post_rows(list(run), date)

    def _post_rows(self, operations: list[Operation], date: int) -> None:
        rows = np.zeros(len(operations), ROW)
        for row, operation in zip(rows, operations, strict=True):
            row["id"], row["kind"], row["amount"] = self._id(operation.key), _KINDS[operation.kind], operation.amount
            row["value_date"], row["flags"] = date, RowFlag.LINKED if operation.linked else 0
            if operation.ref:
                row["ref"] = self._id(operation.ref)
            row["debit"], row["credit"] = self._accounts(operation)
        self._require_posted(self._book.post(rows), operations)
        self.done.rows += len(rows)

    def _require_posted(self, decided: Rows, operations: list[Operation]) -> None:
        for row, operation in zip(decided, operations, strict=True):
            result = Result(int(row["result"]))
            if not result.ok:
                raise ImportRefusedError(
                    f"{self._statement.file}: the ledger refuses {operation.kind} of "
                    f"{amounts.write(operation.amount, self._statement.mapping.scale)} "
                    f"on line {operation.line or 'the root'}: {result.name.lower()}"
                )

    def _id(self, key: str) -> np.void:
        """Return an id that is the same whenever this month is imported again: a UUID of version 8 (RFC 9562 §5.8)."""
        text = f"boyau budget {self._statement.dataset}/{self._year}/{key}"
        data = bytearray(hashlib.sha256(text.encode()).digest()[:16])
        data[6], data[8] = data[6] & 0x0F | 0x80, data[8] & 0x3F | 0x80
        return np.void(bytes(data))

    def _accounts(self, operation: Operation) -> tuple[int, int]:
        """Return debit and credit account of an operation."""
        accounts, kind, unit = self._book.ledger.accounts, operation.kind, self._statement.mapping.unit
        line, root = self._colour(operation.line), self._colour("")
        of = execution.Kind
        if kind in (of.PAY, of.RELEASE, of.VOID):  # on a hold: as in the hold
            return UNKNOWN_ACCOUNT, UNKNOWN_ACCOUNT
        debit, credit = {
            of.ISSUE: (f"issuer@{root}", f"budget@{root}"),
            of.LAPSE: (f"budget@{root}", f"issuer@{root}"),
            of.ALLOCATE: (f"budget@{root}", f"budget@{line}"),
            of.WITHDRAW: (f"budget@{line}", f"budget@{root}"),
            of.COMMIT: (f"budget@{line}", f"recipients@{unit}"),
            of.RETURN: (f"recipients@{unit}", f"budget@{line}"),
            of.RECEIVE: (f"payers@{line}", f"treasury@{root}"),
            of.REFUND: (f"treasury@{root}", f"payers@{line}"),
        }[kind]
        return accounts[debit], accounts[credit]


def _number(month: Month) -> int:
    return month.year * 100 + month.month


def _last_day(month: Month) -> int:
    last = dt.date(month.year, month.month, calendar.monthrange(month.year, month.month)[1])
    return last.toordinal() - dt.date(1970, 1, 1).toordinal()
