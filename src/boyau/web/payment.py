"""A payment as it is typed into the form: read into an operation, with what is wrong beside the field it is about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from boyau.journal import Book
from boyau.journal.find import describe_entry
from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.ledger import Kind, Result, amounts
from boyau.views import Views
from boyau.views.columns import Table
from boyau.views.names import WHO, fold
from boyau.web import typed
from boyau.web.parties import Party, party
from boyau.web.spending import Spending

KINDS = {
    "pay": _("Pay"), "hold": _("Pay on a contract"), "commit": _("Set aside for a contract"),
    "return": _("Give money back"),
}  # fmt: skip
FIELDS = {
    "pay": ("to", "amount", "item", "quantity", "region", "subject", "document", "date"),
    "hold": ("hold", "amount", "item", "quantity", "subject", "document", "date"),
    "commit": ("to", "amount", "item", "region", "expires", "date"),
    "return": ("original", "amount", "date"),
}
NEEDED = frozenset({"to", "amount", "hold", "original"})
_ABOUT = {
    "to": (
        Result.CREDIT_UNKNOWN, Result.CREDIT_CLOSED, Result.ACCOUNTS_SAME, Result.UNITS_DIFFER, Result.STAGE_FORBIDDEN,
        Result.COLOUR_FORBIDDEN, Result.PAYEE_CLASS, Result.PAYEE_NOT_ALLOWED, Result.PAYEE_DENIED,
        Result.END_FORBIDDEN, Result.HOLDER_CLASS, Result.HOPS_EXCEEDED, Result.SLICE_MISSING,
    ),
    "item": (Result.ITEM_MISSING, Result.ITEM_FORBIDDEN, Result.LINE_MISSING),
    "quantity": (Result.QUANTITY_MISSING, Result.QUANTITY_EXCEEDED),
    "region": (Result.REGION_FORBIDDEN,),
    "date": (Result.DATE_FUTURE, Result.WINDOW_CLOSED),
    "subject": (Result.SUBJECT_UNKNOWN, Result.SUBJECT_DIFFERS, Result.EVIDENCE_MISSING),
    "document": (Result.DOCUMENT_MISSING, Result.DOCUMENT_USED),
    "hold": (
        Result.HOLD_UNKNOWN, Result.HOLD_DIFFERS, Result.HOLD_VOIDED, Result.HOLD_EXPIRED, Result.HOLD_MISSING,
    ),
    "original": (Result.ORIGINAL_UNKNOWN, Result.ORIGINAL_DIFFERS),
    "expires": (Result.EXPIRY_PAST,),
    "amount": (
        Result.AMOUNT_MISSING, Result.AMOUNT_OVERFLOW, Result.HOLD_EXCEEDED, Result.ORIGINAL_EXCEEDED,
        Result.CAP_EXCEEDED, Result.PRICE_EXCEEDED, Result.ADVANCE_EXCEEDED, Result.NOT_ACCEPTED,
        Result.RETENTION_HELD, Result.SUBJECT_EXCEEDED, Result.PAYEE_LIMIT_EXCEEDED, Result.PLAN_EXCEEDED,
        Result.OBLIGATIONS_EXCEEDED, Result.PAYMENTS_EXCEEDED, Result.FUNDS_INSUFFICIENT, Result.SUM_OVERFLOW,
    ),
}  # fmt: skip
FIELD_OF = {result.name.lower(): name for name, results in _ABOUT.items() for result in results}
"""Beside which field a refusal stands; what is not here stands above all of them."""
SUGGESTED = 12
ORIGINALS_SHOWN = 30
SUBJECTS_SHOWN = 30
SUBJECTS_SCANNED = 20_000
PREVIEW_ID = "preview"
_ITEM_CHARS, _NAME_CHARS = 60, 640


@dataclass(slots=True)
class Draft:
    """What was typed: the operation it makes, and what is wrong with it by field."""

    kind: str
    operation: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)


def read(values: Mapping[str, str], told: Spending, words: Language, choices: "Choices") -> Draft:
    """Read what was typed, field by field; nothing is guessed."""
    kind = values.get("op", "pay")
    draft = Draft(kind if kind in KINDS else "pay")
    op = "pay" if draft.kind == "hold" else draft.kind
    draft.operation = {"op": op, "id": PREVIEW_ID, "from": told.party.account}
    for name in FIELDS[draft.kind]:
        text = values.get(name, "").strip()
        if not text:
            if name in NEEDED:
                draft.wrong[name] = words.text("This is needed.")
            continue
        try:
            draft.operation |= _read_field(name, text, told, choices)
        except typed.TypedError as error:
            draft.wrong[name] = words.text(error.source, **error.values)
    return draft


def _read_field(name: str, text: str, told: Spending, choices: "Choices") -> dict[str, Any]:
    if len(text) > _NAME_CHARS:
        raise typed.TypedError(_("This is too long."))
    if name == "amount":
        return {"amount": typed.amount(text, told.party.scale)}
    if name == "quantity":
        return {"quantity": typed.amount(text, 3)}
    if name == "date":
        return {"date": typed.day(text)}
    if name == "expires":
        return {"expires": f"{typed.day(text)}T23:59:59Z"}
    if name == "item":
        return {"item": text[:_ITEM_CHARS].upper()}
    if name == "document":
        if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
            raise typed.TypedError(_("Choose the file, or write its {hash}: 64 hexadecimal digits."), hash="SHA-256")
        return {"document": text.lower()}
    if name == "original":
        given = next((one for one in choices.originals if one.id == text), None)
        if given is None:
            raise typed.TypedError(_("Choose one of the payments in the list."))
        return {"original": text, "to": given.payer}
    if name == "hold":  # both accounts are named: what is approved is what the journal will keep
        found = next((one for one in told.payable_on if one.id == text and one.other is not None), None)
        if found is None or found.other is None:
            raise typed.TypedError(_("Choose one of the contracts in the list."))
        return {"hold": text, "to": found.other.account}
    if name == "to" and "@" not in text:
        raise typed.TypedError(_("Choose an account of this payee from the list."))
    return {name: text}


# ---- what can be chosen ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Original:
    """A payment that came in and can be given back; ``left``: how much of it, minor units."""

    id: str
    entry: int
    payer: str
    party: Party | None
    left: int
    day: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form suggests."""

    payees: tuple[Party, ...] = ()
    originals: tuple[Original, ...] = ()
    subjects: tuple[tuple[str, int], ...] = ()
    """Acts and deliveries of this colour, each with its worth in minor units, −1 where none is set."""


def paid_before(rows: Table, account: int) -> list[int]:
    """Return the accounts that this one paid or set money aside for, newest first."""
    kinds = (rows.kind == Kind.PAY) | (rows.kind == Kind.COMMIT)
    mine = np.flatnonzero((rows.debit == account) & kinds & (rows.result == Result.POSTED))[-5000:]
    newest = rows.credit[mine][::-1]
    _, first = np.unique(newest, return_index=True)
    return [int(newest[k]) for k in np.sort(first)[:SUGGESTED]]


def paid_in(rows: Table, account: int) -> list[int]:
    """Return the entries of the newest payments that came in."""
    kinds = (rows.kind == Kind.PAY) | (rows.kind == Kind.ADVANCE)
    mine = np.flatnonzero((rows.credit == account) & kinds & (rows.result == Result.POSTED))
    return [int(one) for one in rows.entry[mine[-ORIGINALS_SHOWN:][::-1]]]


def choices(book: Book, told: Spending, before: list[int], came: list[int]) -> Choices:
    """Look up what the form suggests; a short look in the writer's thread."""
    names = [book.operations.account_name(one) for one in before]
    payees = tuple(one for one in (party(book, name) for name in names if name) if one is not None)
    originals = []
    for entry in came:
        told_of = describe_entry(book, entry)
        whole = amounts.parse(str(told_of.get("amount", "0")), told.party.scale)
        left = whole - int(book.ledger.tables.kernel.returned.get(entry, 0))
        if left > 0:
            payer = str(told_of.get("from", ""))
            given = Original(str(told_of.get("id", "")), entry, payer, party(book, payer), left, str(told_of["date"]))
            originals.append(given)
    return Choices(payees, tuple(originals), tuple(_subjects(book, told)))


def _subjects(book: Book, told: Spending) -> list[tuple[str, int]]:
    """Return the newest acts of the account's colour and of those above and below it."""
    registry = book.ledger.registry
    path, out = told.party.colour, []
    newest = islice(reversed(registry.subjects), SUBJECTS_SCANNED)
    for k, name in enumerate(newest):
        home, worth = registry.subject_facts[len(registry.subject_facts) - 1 - k]
        where = registry.colours[home].path if home >= 0 else ""
        if where and (f"{where}/".startswith(f"{path}/") or f"{path}/".startswith(f"{where}/")):
            out.append((name, worth))
            if len(out) == SUBJECTS_SHOWN:
                break
    return out


def named(views: Views, text: str) -> list[str]:
    """Return participants whose name or number begins with the words of *text*, or goes nearly so. Never persons."""
    wanted = text.strip()
    if len(wanted) < 2 or "@" in wanted:
        return []
    return views.names.find(fold(wanted), WHO, SUGGESTED, counted=SUGGESTED)[0]


def suggested(book: Book, told: Spending, text: str, names: list[str]) -> list[Party]:
    """Return accounts that could be paid, of the participant whose number *text* is, else of those *names*."""
    wanted, registry = text.strip(), book.ledger.registry
    if "@" in wanted:
        known = party(book, wanted)
        return [known] if known is not None else []
    out: list[Party] = []
    for who in [wanted] if wanted in registry.participants else names:
        if who in registry.participants:
            out += _accounts(book, told, registry.participants[who])
    return out[:SUGGESTED]


def _accounts(book: Book, told: Spending, participant: int) -> list[Party]:
    """Return the accounts of a participant that money could go to from here: plain, or of the next hand."""
    table = book.ledger.tables.acc[: len(book.ledger.accounts)]
    out = []
    for number in np.flatnonzero(table[:, 4] == participant)[:200].tolist():
        one = party(book, book.operations.account_name(number))
        if one is None or one.issuer or one.unit != told.party.unit or number == told.number:
            continue
        below = f"{one.colour}/".startswith(f"{told.party.colour}/") and one.hop == told.party.hop + 1
        if one.plain or (below and not told.party.plain):
            out.append(one)
    ends = set(told.rules["ends"] or ())
    return sorted(out, key=lambda one: one.plain != bool(ends & set(one.facts.get("classes", ()))))
