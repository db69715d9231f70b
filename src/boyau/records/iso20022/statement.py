"""camt.053, BankToCustomerStatement, and camt.054, …DebitCreditNotification: written from the journal.

The same journal gives the same bytes: the time of a message is that of the last batch it could see.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from boyau.journal import Book
from boyau.ledger import amounts
from boyau.ledger.codes import day_text
from boyau.records.iso20022.entries import EntryWriter
from boyau.records.iso20022.message import NOTIFICATION, PAGE_ENTRIES, STATEMENT, Unwritable, Writer
from boyau.records.iso20022.movements import (
    ISSUER_FLAG,
    Enough,
    Period,
    Reading,
    Walk,
    mask_of,
    never,
    touching,
    unit_of,
)
from boyau.records.iso20022.numbers import Numbers

_SECOND = 1_000_000


def moment(at: int) -> str:
    """Write a journal time as an ISODateTime, in whole seconds of UTC."""
    days, rest = divmod(max(at, 0) // _SECOND, 86_400)
    return f"{day_text(days)}T{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}Z"


class _Draft:
    """What a message says of the book it is taken from."""

    def __init__(self, book: Book) -> None:
        self._id, self.entries, self.created = book.id, book.entries, moment(book.ledger.time)

    def name(self, prefix: str, *said: object) -> str:
        """Return a name of at most 35 characters that is this message's and no other's."""
        digest = hashlib.sha256(b"\0".join([self._id, *(str(one).encode() for one in said)])).hexdigest()
        return f"{prefix}-{digest[:30]}"


class Statement:
    """The statement of an account for one day. What it needs of the book it takes now; ``write`` does without."""

    def __init__(self, book: Book, account: str, day: int, known: Numbers) -> None:
        self._draft = _Draft(book)
        self._account, self._day, self._known = account, day, known
        self._out = Writer(STATEMENT)
        self._entries = EntryWriter(book, known, self._out)
        self.unit = unit_of(book, account)
        self.reading = Reading(book, mask_of(book, account), day, day)

    def write(self, *, page: int = 1, page_entries: int = PAGE_ENTRIES) -> tuple[bytes, Period, int]:
        """Write one page; return it with what the day says, and how many pages there are. All must have been read."""
        found, out, draft = self.reading.period(), self._out, self._draft
        pages = max(1, -(-len(found.movements) // page_entries))
        if not 1 <= page <= pages:
            raise Unwritable(f"the statement has {pages} pages; there is no page {page}")
        begin = (page - 1) * page_entries
        shown = found.movements[begin : begin + page_entries]
        opening = found.opening + sum(one.amount for one in found.movements[:begin])
        balances = (
            ("OPBD", opening, page > 1),
            ("CLBD", opening + sum(one.amount for one in shown), page < pages),
        )
        out.begin("BkToCstmrStmt", "GrpHdr")
        out.leaf("MsgId", draft.name("S", self._account, self._day, draft.entries, page))
        out.leaf("CreDtTm", draft.created)
        out.end()
        out.begin("Stmt")
        out.leaf("Id", draft.name("S", self._account, self._day, draft.entries))
        out.begin("StmtPgntn")
        out.leaf("PgNb", str(page))
        out.leaf("LastPgInd", "true" if page == pages else "false")
        out.end()
        out.leaf("CreDtTm", draft.created)
        _days(out, self._day, self._day)
        self._entries.account("Acct", self._account, unit=self.unit[0])
        self._entries.owner(self._account)
        for code, minor, between_pages in balances:
            self._balance(code, minor, between_pages=between_pages)
        _summary(out, [one.amount for one in shown], self.unit[1])
        for one in shown:
            self._entries.entry(one.row, one.entry, one.amount, one.booked, self.unit)
        return out.finish(), found, pages

    def _balance(self, code: str, minor: int, *, between_pages: bool) -> None:
        out = self._out
        out.begin("Bal", "Tp")
        out.leaf("CdOrPrtry/Cd", code)
        out.leaf("SubTp/Cd", "INTM" if between_pages else "")
        out.end()
        out.amount("Amt", abs(minor), *self.unit)
        out.leaf("CdtDbtInd", "CRDT" if minor >= 0 else "DBIT")
        out.leaf("Dt/Dt", day_text(self._day))
        out.end()


def write_statement(
    book: Book, account: str, day: int, known: Numbers, *, page: int = 1, page_entries: int = PAGE_ENTRIES
) -> tuple[bytes, Period, int]:
    """Write a page of the statement of *account* for one day; return it with what the day says, and how many pages."""
    statement = Statement(book, account, day, known)
    while statement.reading.more:
        statement.reading.step(book)
    return statement.write(page=page, page_entries=page_entries)


class Notification:
    """A notification of every debit and credit of some accounts, all but issuers' where none is named.

    ``step`` until there is no ``more``; ``write`` does without the book.
    """

    def __init__(
        self,
        book: Book,
        accounts: Sequence[str],
        known: Numbers,
        *,
        days: tuple[int, int] | None = None,
        entries: tuple[int, int] | None = None,
    ) -> None:
        self._draft = _Draft(book)
        self._accounts, self._days, self._entries = accounts, days, entries
        self._out = Writer(NOTIFICATION)
        self._writer = EntryWriter(book, known, self._out)
        self._names = list(book.ledger.accounts)
        flags = book.ledger.tables.acc[: len(self._names), 5] & ISSUER_FLAG
        self._shown = flags == 0
        self._mask = None
        if accounts:
            self._shown = np.zeros(len(self._names), np.bool_)
            for account in accounts:
                self._shown |= mask_of(book, account)
            self._mask = self._shown
        self._walk = Walk(book, book.store.containing(entries[0]).number if entries else 0)
        self._units: dict[str, tuple[str, int]] = {}
        self._told: dict[str, list[Any]] = {}
        self._count = 0

    @property
    def more(self) -> bool:
        """True until everything has been read."""
        return self._walk.more

    def step(self, book: Book, enough: Enough = never) -> None:
        """Read on. Raises ``Unwritable`` where there is too much to tell."""
        for batch in self._walk.batches(book, enough):
            if self._entries and batch.first > self._entries[1]:
                self._walk.end()
                return
            for entry, row, day in touching(book, batch, self._mask, days=self._days, entries=self._entries):
                self._tell(book, entry, row, day)

    def _tell(self, book: Book, entry: int, row: Any, day: int) -> None:
        for number, sign in ((int(row["debit"]), -1), (int(row["credit"]), 1)):
            if self._shown[number]:
                account = self._names[number]
                if account not in self._told:
                    self._told[account], self._units[account] = [], unit_of(book, account)
                self._told[account].append((entry, row, day, sign * int(row["settled"])))
                self._count += 1
        if self._count > PAGE_ENTRIES:
            raise Unwritable(
                f"there are more than {PAGE_ENTRIES} entries; ask for fewer accounts, or a range of entries"
            )

    def write(self) -> tuple[bytes, dict[str, int]]:
        """Write it; return it with the number of entries by account. ``Unwritable``: there is nothing to tell."""
        if not self._told:
            raise Unwritable("no money moved there; ISO 20022 has no notification of nothing")
        out, draft, days, entries = self._out, self._draft, self._days, self._entries
        out.begin("BkToCstmrDbtCdtNtfctn", "GrpHdr")
        out.leaf("MsgId", draft.name("N", sorted(self._accounts), days, entries, draft.entries))
        out.leaf("CreDtTm", draft.created)
        out.end()
        for account in sorted(self._told):
            unit, told = self._units[account], self._told[account]
            out.begin("Ntfctn")
            out.leaf("Id", draft.name("N", account, days, entries, draft.entries))
            out.leaf("CreDtTm", draft.created)
            if days:
                _days(out, *days)
            self._writer.account("Acct", account, unit=unit[0])
            self._writer.owner(account)
            _summary(out, [amount for _, _, _, amount in told], unit[1])
            for entry, row, day, amount in told:
                self._writer.entry(row, entry, amount, day, unit)
            out.end()
        return out.finish(), {account: len(self._told[account]) for account in sorted(self._told)}


def write_notification(
    book: Book,
    accounts: Sequence[str],
    known: Numbers,
    *,
    days: tuple[int, int] | None = None,
    entries: tuple[int, int] | None = None,
) -> tuple[bytes, dict[str, int]]:
    """Write a notification of every debit and credit of these accounts (of all but issuers' where none is named).

    Returns it with the number of entries by account. Raises ``Unwritable`` where there is nothing to tell.
    """
    notification = Notification(book, accounts, known, days=days, entries=entries)
    while notification.more:
        notification.step(book)
    return notification.write()


def _days(out: Writer, first: int, last: int) -> None:
    out.begin("FrToDt")
    out.leaf("FrDtTm", f"{day_text(first)}T00:00:00Z")
    out.leaf("ToDtTm", f"{day_text(last)}T23:59:59Z")
    out.end()


def _summary(out: Writer, moved: Sequence[int], scale: int) -> None:
    out.begin("TxsSummry")
    for tag, own in (
        ("TtlCdtNtries", [one for one in moved if one > 0]),
        ("TtlDbtNtries", [-one for one in moved if one < 0]),
    ):
        out.begin(tag)
        out.leaf("NbOfNtries", str(len(own)))
        out.leaf("Sum", amounts.write(sum(own), scale))
        out.end()
    out.end()
