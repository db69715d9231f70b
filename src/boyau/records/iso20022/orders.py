"""Treasury payment orders as a table: a small profile of our own, for the state publishes no schema of its form.

The columns have the names that the order's fields have on paper, in Russian or in Kazakh. Only what the ledger needs is
read. docs/iso20022.md has the table.
"""

import hashlib
import io
import re
from pathlib import Path
from typing import Any

from boyau.journal import intake
from boyau.language.catalogue import mark as _
from boyau.ledger import amounts
from boyau.records.iso20022.initiation import KIND_UNKNOWN
from boyau.records.iso20022.instructions import Fault, Group, Instruction, Message, Party, settle_ids
from boyau.records.iso20022.message import TRANSACTIONS_MAX, MessageError
from boyau.records.iso20022.references import operation_id

NAME = "boyau.orders.1"
"""What a status calls the message that it answers."""
COLUMNS = {
    "number": ("Номер", "Нөмірі"),
    "date": ("Дата", "Күні"),
    "payer_account": ("ИИК плательщика", "Төлеушінің ЖСК"),
    "payer": ("БИН плательщика", "Төлеушінің БСН"),
    "payee_account": ("ИИК бенефициара", "Бенефициардың ЖСК"),
    "payee": ("БИН бенефициара", "Бенефициардың БСН"),
    "amount": ("Сумма", "Сомасы"),
    "colour": ("Код бюджетной классификации", "Бюджеттік сыныптама коды"),
    "purpose": ("КНП", "ТМК"),
    "kind": ("Вид", "Түрі"),
    "item": ("Код ЕНС ТРУ", "ТЖҚ БНА коды"),
    "region": ("КАТО", "ӘАОЖ"),
    "contract": ("Номер договора", "Шарт нөмірі"),
    "act": ("Номер акта", "Акт нөмірі"),
    "document": ("SHA-256 документа", "Құжаттың SHA-256"),
    "quantity": ("Количество", "Саны"),
}
"""The fields of an order, each by its Russian and its Kazakh name."""
NEEDED = ("number", "date", "amount")
KINDS = {"оплата": "pay", "обязательство": "commit", "аванс": "advance", "төлем": "pay", "міндеттеме": "commit"}
NO_COLUMN = _("There is no such column. The columns are: {columns}.")
_FIELDS = {name: field for field, names in COLUMNS.items() for name in names}
_DAY = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")
_GROUPED = re.compile(r"(?<=[0-9])[ \u00a0\u202f](?=[0-9]{3}(?![0-9]))")
_PURPOSE_CODE = re.compile(r"[0-9]{3}")


def read(path: str) -> Message:
    """Read a table (.csv, .tsv) or one JSON object a line (.ndjson, .jsonl) of orders."""
    found: list[Instruction] = []
    for line in intake.read(path, io.BytesIO()):
        if len(found) == TRANSACTIONS_MAX:
            raise MessageError(f"{path}: more than {TRANSACTIONS_MAX} orders; send several files")
        found.append(_instruction(line))
    group = Group("orders", found)
    settle_ids([group])
    with Path(path).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Message(NAME, digest[:32], "", [group])


def _instruction(line: intake.Line) -> Instruction:
    instruction = Instruction(line.number)
    try:
        if line.error or not isinstance(line.value, dict):
            raise Fault(line.field, "{told}", "FF02", told=line.error or "an order is an object")
        order = _order(line.value)
        payer = instruction.payer = Party(**_number(order.get("payer_account", "")), bin=order.get("payer", ""))
        instruction.payee = Party(**_number(order.get("payee_account", "")), bin=order.get("payee", ""))
        day = _day(order["date"])
        instruction.end_to_end_id = order["number"][:35]
        kind = _kind(order.get("kind", ""))
        if kind == "commit":  # a contract is registered under its own name, so that payments can name it
            instruction.id = operation_id(order.pop("contract", order["number"]))
        else:  # numbers of orders begin anew with every payer and year
            instruction.id = operation_id(f"order {payer.said()} {day} {order['number']}")
        instruction.amount = _amount(order["amount"])
        instruction.colour = order.get("colour", "")
        instruction.operation = {"op": kind, "date": day} | _details(order)
    except Fault as fault:
        instruction.fault = fault
    return instruction


def _order(value: dict[str, Any]) -> dict[str, str]:
    order = {}
    for name, cell in value.items():
        field = _FIELDS.get(str(name).strip())
        if field is None:
            raise Fault(str(name)[:40], NO_COLUMN, columns=", ".join(one[0] for one in COLUMNS.values()))
        if not isinstance(cell, str):
            raise Fault(str(name)[:40], _("The value must be a text."))
        if cell.strip():
            order[field] = cell.strip()
    for field in NEEDED:
        if field not in order:
            raise Fault(COLUMNS[field][0], _("The value is missing."), "CH21")
    return order


def _number(text: str) -> dict[str, str]:
    text = text.replace(" ", "")
    return {"iban" if re.match(r"[A-Z]{2}[0-9]{2}", text) else "other": text}


def _day(text: str) -> str:
    match = _DAY.fullmatch(text)
    return f"{match[3]}-{match[2]}-{match[1]}" if match else text


def _amount(text: str) -> str:
    """Read ``1 234 567,50``: blanks between groups of three, a comma or a point before the tiyn."""
    digits = _GROUPED.sub("", text).replace(",", ".")
    try:
        return amounts.write(amounts.parse(digits, 2), 2)
    except amounts.AmountError as error:
        raise Fault("amount", "{told}", told=error) from None


def _kind(text: str) -> str:
    kind = KINDS.get(text.lower() or "оплата")
    if kind is None:
        raise Fault("op", KIND_UNKNOWN, kind=text[:40], kinds=", ".join(KINDS))
    return kind


def _details(order: dict[str, str]) -> dict[str, str]:
    out: dict[str, str] = {field: order[field] for field in ("region", "document", "quantity") if field in order}
    if "purpose" in order and not _PURPOSE_CODE.fullmatch(order["purpose"]):
        raise Fault("КНП", _("A payment purpose code has three digits."), "FF07")
    if "item" in order:
        out["item"] = order["item"] if ":" in order["item"] else f"ENSTRU:{order['item']}"
    if "contract" in order:
        out["hold"] = operation_id(order["contract"])
    if "act" in order:
        out["subject"] = order["act"]
    if "quantity" in out:
        out["quantity"] = out["quantity"].replace(",", ".")
    return out
