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
from boyau.records.iso20022.movements import Period, between, mask_of, period, unit_of
from boyau.records.iso20022.numbers import Numbers

_SECOND = 1_000_000


def moment(at: int) -> str:
    """Write a journal time as an ISODateTime, in whole seconds of UTC."""
    days, rest = divmod(max(at, 0) // _SECOND, 86_400)
    return f"{day_text(days)}T{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}Z"


def message_id(book: Book, prefix: str, *said: object) -> str:
    """Return a name of at most 35 characters that is this message's and no other's."""
    digest = hashlib.sha256(b"\0".join([book.id, *(str(one).encode() for one in said)])).hexdigest()
    return f"{prefix}-{digest[:30]}"


def write_statement(
    book: Book, account: str, day: int, known: Numbers, *, page: int = 1, page_entries: int = PAGE_ENTRIES
) -> tuple[bytes, Period, int]:
    """Write a page of the statement of *account* for one day; return it with what the day says, and how many pages."""
    found = period(book, mask_of(book, account), day, day)
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
    unit, scale = unit_of(book, account)
    out = Writer(STATEMENT)
    entries = EntryWriter(book, known, out)
    out.begin("BkToCstmrStmt", "GrpHdr")
    name = message_id(book, "S", account, day, book.entries)
    out.leaf("MsgId", message_id(book, "S", account, day, book.entries, page))
    out.leaf("CreDtTm", moment(book.ledger.time))
    out.end()
    out.begin("Stmt")
    out.leaf("Id", name)
    out.begin("StmtPgntn")
    out.leaf("PgNb", str(page))
    out.leaf("LastPgInd", "true" if page == pages else "false")
    out.end()
    out.leaf("CreDtTm", moment(book.ledger.time))
    _days(out, day, day)
    entries.account("Acct", account, unit=unit)
    entries.owner(account)
    for code, minor, between_pages in balances:
        out.begin("Bal", "Tp")
        out.leaf("CdOrPrtry/Cd", code)
        out.leaf("SubTp/Cd", "INTM" if between_pages else "")
        out.end()
        out.amount("Amt", abs(minor), unit, scale)
        out.leaf("CdtDbtInd", "CRDT" if minor >= 0 else "DBIT")
        out.leaf("Dt/Dt", day_text(day))
        out.end()
    _summary(out, [one.amount for one in shown], scale)
    for one in shown:
        entries.entry(one.row, one.entry, one.amount, one.booked, (unit, scale))
    return out.finish(), found, pages


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
    by_account = _by_account(book, accounts, days, entries)
    out = Writer(NOTIFICATION)
    writer = EntryWriter(book, known, out)
    out.begin("BkToCstmrDbtCdtNtfctn", "GrpHdr")
    out.leaf("MsgId", message_id(book, "N", sorted(accounts), days, entries, book.entries))
    out.leaf("CreDtTm", moment(book.ledger.time))
    out.end()
    for account in sorted(by_account):
        unit = unit_of(book, account)
        out.begin("Ntfctn")
        out.leaf("Id", message_id(book, "N", account, days, entries, book.entries))
        out.leaf("CreDtTm", moment(book.ledger.time))
        if days:
            _days(out, *days)
        writer.account("Acct", account, unit=unit[0])
        writer.owner(account)
        _summary(out, [amount for _, _, _, amount in by_account[account]], unit[1])
        for entry, row, day, amount in by_account[account]:
            writer.entry(row, entry, amount, day, unit)
        out.end()
    return out.finish(), {account: len(by_account[account]) for account in sorted(by_account)}


def _by_account(book: Book, accounts: Sequence[str], days: Any, entries: Any) -> dict[str, list[Any]]:
    names = list(book.ledger.accounts)
    flags = book.ledger.tables.acc[: len(names), 5]
    mask = None
    if accounts:
        mask = np.zeros(len(names), np.bool_)
        for account in accounts:
            mask |= mask_of(book, account)
    told: dict[str, list[Any]] = {}
    count = 0
    for entry, row, day in between(book, mask, days=days, entries=entries):
        for number, sign in ((int(row["debit"]), -1), (int(row["credit"]), 1)):
            if mask[number] if mask is not None else not flags[number] & 1:
                told.setdefault(names[number], []).append((entry, row, day, sign * int(row["settled"])))
                count += 1
        if count > PAGE_ENTRIES:
            raise Unwritable(
                f"there are more than {PAGE_ENTRIES} entries; ask for fewer accounts, or a range of entries"
            )
    if not told:
        raise Unwritable("no money moved there; ISO 20022 has no notification of nothing")
    return told


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
