"""camt.053 of a bank: read into balances and entries, each with the names of the payment it is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from boyau.ledger import AMOUNT_MAX, codes
from boyau.records.iso20022.initiation import PROXY
from boyau.records.iso20022.instructions import Party
from boyau.records.iso20022.message import CAMT_053, TRANSACTIONS_MAX, Document, MessageError
from boyau.records.iso20022.references import NOT_PROVIDED, operation_id

OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)
"""Booked balances: opening (or the previous day's closing), and closing."""
_NAMES = ("UETR", "EndToEndId", "InstrId", "TxId")
_AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]*))?")


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One booked movement. ``amount`` in minor units, below zero where it went out; ``ids``: of which operation."""

    line: int
    amount: int
    value: str
    ids: tuple[str, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class BankStatement:
    """One statement: whose, of which days, its booked balances (None where it states none), its booked entries."""

    line: int
    id: str
    account: Party
    currency: str
    first: int
    last: int
    opening: int | None
    closing: int | None
    entries: list[BankEntry]
    not_booked: int
    page: int = 1
    last_page: bool = True


def read(data: bytes, where: str) -> list[BankStatement]:
    """Read the statements of a message; raises ``MessageError`` where it cannot be read."""
    document = Document(data, where, CAMT_053)
    found = [_statement(document, one, where) for one in document.all(document.root, "BkToCstmrStmt/Stmt")]
    if sum(len(one.entries) for one in found) > TRANSACTIONS_MAX:
        raise MessageError(f"{where}: more than {TRANSACTIONS_MAX} entries; send several messages")
    return found


def joined(statements: Sequence[BankStatement], where: str) -> list[BankStatement]:
    """Put the pages of each statement together; raises ``MessageError`` where a page is missing."""
    pages: dict[tuple[str, Party, int, int], list[BankStatement]] = {}
    for one in statements:
        pages.setdefault((one.id, one.account, one.first, one.last), []).append(one)
    return [_whole(sorted(found, key=lambda one: one.page), where) for found in pages.values()]


def _whole(pages: list[BankStatement], where: str) -> BankStatement:
    first, last = pages[0], pages[-1]
    numbers = [one.page for one in pages]
    if numbers != list(range(1, len(pages) + 1)) or not last.last_page:
        told = ", ".join(map(str, numbers))
        raise MessageError(
            f"{where}: of the statement {first.id} there is only page {told}; give all its files at once"
        )
    entries = [entry for one in pages for entry in one.entries]
    not_booked = sum(one.not_booked for one in pages)
    return replace(first, closing=last.closing, entries=entries, not_booked=not_booked)


def _statement(document: Document, element: Any, where: str) -> BankStatement:
    text = document.text
    account = document.first(element, "Acct")
    proxy = text(account, "Prxy/Id") if text(account, "Prxy/Tp/Prtry") == PROXY else ""
    party = Party(iban=text(account, "Id/IBAN"), other=text(account, "Id/Othr/Id"), account=proxy)
    balances: dict[str, tuple[int, str]] = {}
    currencies = {text(account, "Ccy")} - {""}
    for balance in document.all(element, "Bal"):
        code = text(balance, "Tp/CdOrPrtry/Cd")
        currencies.add(document.first(balance, "Amt").get("Ccy"))
        balances[code] = _signed(document, balance, where), text(balance, "Dt/Dt", "Dt/DtTm")[:10]
    entries: list[BankEntry] = []
    not_booked = 0
    for entry in document.all(element, "Ntry"):
        currencies.add(document.first(entry, "Amt").get("Ccy"))
        if text(entry, "Sts/Cd", "Sts") == "BOOK":
            entries += _entries(document, entry, where)
        else:
            not_booked += 1
    if len(currencies) != 1:
        raise MessageError(f"{where}, line {element.sourceline}: has the currencies {', '.join(sorted(currencies))}")
    first, last = _days(document, element, balances, where)
    opening = next((balances[code][0] for code in OPENING if code in balances), None)
    closing = next((balances[code][0] for code in CLOSING if code in balances), None)
    line, name, (currency,) = element.sourceline, text(element, "Id"), currencies
    page = int(text(element, "StmtPgntn/PgNb") or 1)
    last_page = text(element, "StmtPgntn/LastPgInd") in ("", "true", "1")
    return BankStatement(
        line, name, party, currency, first, last, opening, closing, entries, not_booked, page, last_page
    )


def _days(document: Document, element: Any, balances: dict[str, tuple[int, str]], where: str) -> tuple[int, int]:
    closing = next((balances[code][1] for code in CLOSING if code in balances), "")
    first = document.text(element, "FrToDt/FrDtTm")[:10] or closing
    last = document.text(element, "FrToDt/ToDtTm")[:10] or closing
    if not first:
        raise MessageError(f"{where}, line {element.sourceline}: neither FrToDt nor a closing balance says the day")
    try:
        days = codes.day(first), codes.day(last)
    except codes.CodeError as error:
        raise MessageError(f"{where}, line {element.sourceline}: {error}") from None
    if days[0] > days[1]:
        raise MessageError(f"{where}, line {element.sourceline}: ends on {last}, before it begins on {first}")
    return days


def _signed(document: Document, element: Any, where: str, path: str = "Amt") -> int:
    """Return the amount in hundredths, below zero for a debit."""
    amount = document.first(element, path)
    match = _AMOUNT.fullmatch(str(amount.text).strip().lstrip("+"))
    fraction = (match[2] or "").rstrip("0") if match else ""
    if match is None or len(fraction) > 2 or int(match[1]) * 100 > AMOUNT_MAX:
        told = "is no amount of tenge and tiyn"
        raise MessageError(f"{where}, line {amount.sourceline}: {str(amount.text)!r:.40} {told}")
    minor = int(match[1]) * 100 + int(fraction.ljust(2, "0"))
    return -minor if document.text(element, "CdtDbtInd") == "DBIT" else minor


def _entries(document: Document, entry: Any, where: str) -> list[BankEntry]:
    """Return an entry, or its transactions where they state amounts that make up the whole."""
    whole = _signed(document, entry, where)
    value = document.text(entry, "ValDt/Dt", "ValDt/DtTm", "BookgDt/Dt", "BookgDt/DtTm")[:10]
    details = document.all(entry, "NtryDtls/TxDtls")
    if len(details) > 1:
        pieces = [_piece(document, one, value, whole, where) for one in details]
        if None not in pieces and sum(one.amount for one in pieces if one) == whole:
            return [one for one in pieces if one]
    named = details[0] if len(details) == 1 else None
    ids = _ids(document, named)
    told = document.text(entry, "AcctSvcrRef", "NtryRef")
    return [BankEntry(entry.sourceline, whole, value, ids, told or (ids[0] if ids else ""))]


def _piece(document: Document, element: Any, value: str, whole: int, where: str) -> BankEntry | None:
    path = next((one for one in ("Amt", "AmtDtls/TxAmt/Amt") if document.first(element, one) is not None), None)
    if path is None:
        return None
    minor = abs(_signed(document, element, where, path))
    side = document.text(element, "CdtDbtInd")
    below = side == "DBIT" if side else whole < 0
    ids = _ids(document, element)
    told = document.text(element, "Refs/AcctSvcrRef") or (ids[0] if ids else "")
    return BankEntry(element.sourceline, -minor if below else minor, value, ids, told)


def _ids(document: Document, element: Any) -> tuple[str, ...]:
    said = [document.text(element, f"Refs/{name}") for name in _NAMES] if element is not None else []
    return tuple(dict.fromkeys(operation_id(one) for one in said if one and one != NOT_PROVIDED))
