"""Operations as people and systems write them (JSON objects), and as rows of the ledger; both ways.

    {"op": "pay", "id": "P-1", "from": "budget@kz/road", "to": "123456789012@KZT", "amount": "1500.00",
     "item": "ENSTRU:42.11", "region": "751110000", "date": "2026-11-24", "hold": "C-1"}

docs/formats.md describes every field.
"""

import datetime as dt
import re
from itertools import islice
from typing import Any

import numpy as np

from boyau import codec
from boyau.ledger import AMOUNT_MAX, UNKNOWN_ACCOUNT, Kind, Ledger, Result, RowFlag, Rows, amounts, codes
from boyau.ledger.rows import ROW

OPS = {kind.name.lower(): kind for kind in Kind if kind is not Kind.EXPIRE}
ON_HOLD = (Kind.PAY, Kind.RELEASE, Kind.VOID, Kind.ACCEPT, Kind.ADVANCE)
GIVING_BACK = (Kind.RETURN, Kind.REVERSE, Kind.CLAWBACK)
FIELDS = (
    "op",
    "id",
    "from",
    "to",
    "amount",
    "hold",
    "original",
    "item",
    "region",
    "date",
    "subject",
    "document",
    "expires",
    "quantity",
    "linked",
    "emergency",
)
_FLAGS = {"linked": RowFlag.LINKED, "emergency": RowFlag.EMERGENCY}
_DOCUMENT = re.compile(r"[0-9a-fA-F]{64}|[0-9a-fA-F]{48}")


class OperationError(ValueError):
    """A text that is no operation: *field* says where, the message what to write."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field, self.message = field, message


class Operations:
    """Turns operations into rows and rows into operations, by the names of one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._names: list[str] = []
        self._subjects: list[str] = []

    def rows(self, operations: list[dict[str, Any]], today: int) -> Rows:
        """Return rows for *operations*; raises ``OperationError`` for the first that is none."""
        rows = np.zeros(len(operations), ROW)
        for row, operation in zip(rows, operations, strict=True):
            self.fill(row, operation, today)
        return rows

    def fill(self, row: Any, operation: Any, today: int) -> None:
        """Write one operation into *row*. An account that is not known is the ledger's to refuse, not an error here."""
        if not isinstance(operation, dict):
            raise OperationError("", f"an operation is an object, not {operation!r:.60}")
        for name in operation:
            if name not in FIELDS:
                raise OperationError(str(name)[:60], f"no such field; the fields are {', '.join(FIELDS)}")
        kind = OPS.get(operation["op"]) if isinstance(operation.get("op"), str) else None
        if kind is None:
            raise OperationError("op", f"{operation.get('op')!r:.40} is none of {', '.join(OPS)}")
        row["kind"] = kind
        row["id"] = _id(operation, "id")
        reference = "hold" if kind in ON_HOLD else "original" if kind in GIVING_BACK else None
        for name in ("hold", "original"):
            if name in operation and name != reference:
                raise OperationError(name, f"a {operation['op']} has none")
        if reference is not None and reference in operation:
            row["ref"] = _id(operation, reference)
        elif kind in GIVING_BACK or (kind in ON_HOLD and kind is not Kind.PAY):
            raise OperationError(str(reference), "is missing")
        on_hold = reference == "hold" and "hold" in operation
        row["debit"] = self._account(operation, "from", optional=on_hold)
        row["credit"] = self._account(operation, "to", optional=on_hold)
        self._amount(row, operation, kind)
        self._details(row, operation, today)

    def _account(self, operation: dict[str, Any], field: str, *, optional: bool) -> int:
        name = operation.get(field)
        if name is None and optional:
            return UNKNOWN_ACCOUNT
        if not isinstance(name, str) or not name:
            raise OperationError(field, "must name an account, participant@colour")
        return self._ledger.accounts.get(name, UNKNOWN_ACCOUNT)

    def _amount(self, row: Any, operation: dict[str, Any], kind: Kind) -> None:
        if kind is Kind.VOID:
            if "amount" in operation:
                raise OperationError("amount", "a void gives back all that remains and names no amount; see release")
            return
        if "amount" not in operation:
            raise OperationError("amount", "is missing")
        try:
            row["amount"] = amounts.parse(operation["amount"], self.scale(int(row["debit"]), int(row["credit"])))
        except amounts.AmountError as error:
            raise OperationError("amount", str(error)) from None

    def scale(self, *account_numbers: int) -> int:
        """Return the decimals of the unit that these accounts hold; 2 where none is known."""
        for number in account_numbers:
            if number < len(self._ledger.accounts):
                colour = self._ledger.registry.colours[int(self._ledger.tables.acc[number, 3])]
                return self._ledger.registry.units[colour.unit]
        return 2

    def _details(self, row: Any, operation: dict[str, Any], today: int) -> None:
        for field, read in (
            ("item", codes.item_number),
            ("region", codes.region_number),
            ("document", _document),
            ("expires", _instant),
            ("quantity", _quantity),
        ):
            if field in operation:
                value = operation[field]
                if not isinstance(value, str):
                    raise OperationError(field, f"must be a text, not {value!r:.40}")
                try:
                    row[field] = read(value)
                except (codes.CodeError, amounts.AmountError) as error:
                    raise OperationError(field, str(error)) from None
        try:
            row["value_date"] = codes.day(operation["date"]) if "date" in operation else today
        except codes.CodeError as error:
            raise OperationError("date", str(error)) from None
        if "subject" in operation:
            subject = operation["subject"]
            number = self._ledger.subjects.get(subject) if isinstance(subject, str) else None
            row["subject"] = number if number is not None else UNKNOWN_ACCOUNT
        for name, flag in _FLAGS.items():
            if not isinstance(operation.get(name, False), bool):
                raise OperationError(name, "must be true or false")
            if operation.get(name, False):
                row["flags"] |= flag

    # ---- back -------------------------------------------------------------------------------------------------------

    def account_name(self, number: int) -> str:
        """Return the name of an account, "" for one that is not known."""
        if len(self._names) != len(self._ledger.accounts):  # accounts are only ever added
            self._names.extend(islice(self._ledger.accounts, len(self._names), None))
        return self._names[number] if number < len(self._names) else ""

    def describe(self, row: Any, entry: int | None = None) -> dict[str, Any]:
        """Return a row as an operation, with what the ledger answered; fields that are blank are left out."""
        if len(self._subjects) != len(self._ledger.subjects):
            self._subjects.extend(islice(self._ledger.subjects, len(self._subjects), None))
        debit, credit, scale = int(row["debit"]), int(row["credit"]), self.scale(int(row["debit"]), int(row["credit"]))
        kind, reference, subject = int(row["kind"]), codec.id_text(row["ref"].tobytes()), int(row["subject"])
        out = {
            "entry": entry,
            "op": Kind(kind).name.lower() if kind in list(Kind) else str(kind),
            "id": codec.id_text(row["id"].tobytes()),
            "from": self.account_name(debit),
            "to": self.account_name(credit),
            "amount": amounts.write(int(row["settled"] or row["amount"]), scale),
            "original" if kind in GIVING_BACK else "hold": reference,
            "item": codes.item_text(int(row["item"])),
            "region": str(row["region"]) if row["region"] else "",
            "date": codes.day_text(int(row["value_date"])),
            "subject": self._subjects[subject - 1] if 0 < subject <= len(self._subjects) else "",
            "document": row["document"].tobytes().hex() if any(row["document"].tobytes()) else "",
            "expires": _instant_text(int(row["expires"])) if row["expires"] else "",
            "quantity": amounts.write(int(row["quantity"]), 3) if row["quantity"] else "",
            **{name: bool(row["flags"] & flag) for name, flag in _FLAGS.items()},
            "result": Result(int(row["result"])).name.lower(),
        }
        return {name: value for name, value in out.items() if value not in ("", None, False)}


def _id(operation: dict[str, Any], field: str) -> np.void:
    if field not in operation:
        raise OperationError(field, "is missing; whoever sends chooses it, and sends the same one when trying again")
    try:
        return np.void(codec.id_bytes(operation[field]))
    except codec.CodecError as error:
        raise OperationError(field, str(error)) from None


def _document(text: str) -> np.void:
    if not _DOCUMENT.fullmatch(text):
        raise codes.CodeError("must be the SHA-256 of the document, 64 hexadecimal digits")
    return np.void(bytes.fromhex(text)[:24])


def _instant(text: str) -> int:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise codes.CodeError(f"{text!r:.40} is not a time; write YYYY-MM-DDTHH:MM:SSZ") from None
    if at.tzinfo is None:
        raise codes.CodeError(f"{text!r:.40} does not say its time zone; end it with Z for UTC")
    since = at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    value = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if value <= 0:
        raise codes.CodeError(f"{text!r:.40} lies before 1970")
    return value


def _instant_text(at: int) -> str:
    whole = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)
    return whole.isoformat().replace("+00:00", "Z")


def _quantity(text: str) -> int:
    value = amounts.parse(text, 3)
    if value > AMOUNT_MAX:
        raise codes.CodeError("is too large")
    return value
