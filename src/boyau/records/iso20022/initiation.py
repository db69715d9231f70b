"""pain.001, CustomerCreditTransferInitiation: read into instructions. docs/iso20022.md has the table of fields."""

import re
from decimal import Decimal, localcontext
from typing import Any

from boyau.language.catalogue import mark as _
from boyau.records.iso20022.instructions import (
    KINDS,
    Fault,
    Group,
    Instruction,
    Message,
    MessageRefused,
    Party,
    identity,
    settle_ids,
)
from boyau.records.iso20022.message import PAIN_001, TRANSACTIONS_MAX, Document
from boyau.records.iso20022.references import operation_id

PROXY = "BOYAU"
"""Type of a proxy (Prxy) that is the name of an account of a ledger."""
CONTRACT, ACT, REGION = "CMCN", "ACT", "KATO"
_LABELS = {"sha256": "document", "subject": "subject", "quantity": "quantity"}
"""What a line of AddtlRmtInf may carry, as ``label:value``."""
_DECIMAL = re.compile(r"\+?([0-9]*)\.?([0-9]*)")
_PURPOSE_CODE = re.compile(r"[0-9]{3}")
"""A payment purpose code (KNP) of Kazakhstan: allowed beside ours, the ledger has no field for it."""

TOO_MANY = _("There are more than {most} payments: send several messages.")
COUNT_DIFFERS = _("Line {line}: {tag} states {stated} payments, there are {found}.")
SUM_DIFFERS = _("Line {line}: {tag} states the sum {stated}, it is {found}.")
ONLY_TRANSFERS = _("Only transfers are carried out; {field_name} is {method}.")
KIND_UNKNOWN = _("“{kind}” is no kind of order: write {kinds}.")
NOT_INSTRUCTED = _("Give the amount in {field_name}, in the currency of the account.")
NO_AMOUNT = _("“{said}” is not an amount.")


def read(data: bytes, where: str) -> Message:
    """Read a message. Raises ``MessageError`` where it is none, ``MessageRefused`` where its sums are not its own."""
    document = Document(data, where, PAIN_001)
    root = document.first(document.root, "CstmrCdtTrfInitn")
    header = document.first(root, "GrpHdr")
    blocks = document.all(root, "PmtInf")
    groups = [_group(document, block) for block in blocks]
    message = Message(
        document.name,
        document.text(header, "MsgId"),
        document.text(header, "CreDtTm"),
        groups,
        document.text(header, "CtrlSum"),
    )
    try:
        _count(document, header, message.instructions, "GrpHdr", ("AM19", "AM16"))
        for block, group in zip(blocks, groups, strict=True):
            _count(document, block, group.instructions, "PmtInf", ("AM20", "AM17"))
        if len({group.id for group in groups}) < len(groups):
            raise MessageRefused("DU02", _("Two groups of payments have the same name."))
        if len(message.instructions) > TRANSACTIONS_MAX:
            raise MessageRefused("AM18", TOO_MANY, most=TRANSACTIONS_MAX)
    except MessageRefused as refused:
        refused.message = message
        raise
    settle_ids(groups)
    return message


def _count(document: Document, header: Any, below: list[Instruction], tag: str, codes: tuple[str, str]) -> None:
    """Compare the number and the sum that a header states with what stands below it."""
    stated = document.text(header, "NbOfTxs")
    if stated and int(stated) != len(below):
        raise MessageRefused(codes[0], COUNT_DIFFERS, line=header.sourceline, tag=tag, stated=stated, found=len(below))
    stated = document.text(header, "CtrlSum")
    with localcontext() as exact:
        exact.prec = 60
        total = sum((Decimal(one.amount or 0) for one in below), Decimal(0))
        if stated and Decimal(stated) != total:
            raise MessageRefused(codes[1], SUM_DIFFERS, line=header.sourceline, tag=tag, stated=stated, found=total)


def _group(document: Document, block: Any) -> Group:
    text = document.text
    common = {
        "method": text(block, "PmtMtd"),
        "date": text(block, "ReqdExctnDt/Dt", "ReqdExctnDt/DtTm", "ReqdExctnDt")[:10],
        "colour": text(block, "PmtTpInf/CtgyPurp/Prtry"),
        "kind": text(block, "PmtTpInf/LclInstrm/Prtry"),
    }
    payer = _party(document, block, "Dbtr", "DbtrAcct")
    found = [_instruction(document, one, common, payer) for one in document.all(block, "CdtTrfTxInf")]
    return Group(text(block, "PmtInfId"), found, together=text(block, "BtchBookg") in ("true", "1"))


def _instruction(document: Document, element: Any, common: dict[str, str], payer: Party) -> Instruction:
    text = document.text
    instruction = Instruction(
        element.sourceline,
        instruction_id=text(element, "PmtId/InstrId"),
        end_to_end_id=text(element, "PmtId/EndToEndId"),
        uetr=text(element, "PmtId/UETR"),
        payer=payer,
        payee=_party(document, element, "Cdtr", "CdtrAcct"),
        colour=text(element, "PmtTpInf/CtgyPurp/Prtry") or common["colour"],
    )
    try:
        _amount(document, element, instruction)  # first: whatever else is wrong, it counts in the control sum
        instruction.id = identity(instruction.uetr, instruction.end_to_end_id, instruction.instruction_id)
        if common["method"] != "TRF":
            raise Fault("op", ONLY_TRANSFERS, "FF03", field_name="PmtMtd", method=common["method"])
        kind = (text(element, "PmtTpInf/LclInstrm/Prtry") or common["kind"]).lower() or "pay"
        if kind not in KINDS:
            raise Fault("op", KIND_UNKNOWN, kind=kind, kinds=", ".join(KINDS))
        instruction.operation = {"op": kind, "date": common["date"]} | _details(document, element)
    except Fault as fault:
        instruction.fault = fault
    return instruction


def _amount(document: Document, element: Any, instruction: Instruction) -> None:
    """Take the amount as digits with a point; it never becomes a binary number."""
    amount, other = document.first(element, "Amt/InstdAmt"), document.first(element, "Amt/EqvtAmt/Amt")
    if amount is None:
        instruction.amount = str(other.text).strip()  # counts in the control sum all the same
        raise Fault("amount", NOT_INSTRUCTED, "AM03", field_name="InstdAmt")
    match = _DECIMAL.fullmatch(str(amount.text).strip())
    if match is None:
        raise Fault("amount", NO_AMOUNT, said=str(amount.text)[:40])
    instruction.amount = f"{match[1] or '0'}.{match[2]}".rstrip(".")
    instruction.currency = amount.get("Ccy", "")


def _party(document: Document, element: Any, who: str, account: str) -> Party:
    text = document.text
    proxy = text(element, f"{account}/Prxy/Id") if text(element, f"{account}/Prxy/Tp/Prtry") == PROXY else ""
    return Party(
        iban=text(element, f"{account}/Id/IBAN"),
        other=text(element, f"{account}/Id/Othr/Id"),
        account=proxy,
        bin=text(element, f"{who}/Id/OrgId/Othr/Id", f"{who}/Id/PrvtId/Othr/Id"),
    )


def _details(document: Document, element: Any) -> dict[str, str]:
    text, out = document.text, {}
    purpose = text(element, "Purp/Prtry")
    if purpose and not _PURPOSE_CODE.fullmatch(purpose):
        out["item"] = purpose
    for details in document.all(element, "RgltryRptg/Dtls"):
        if text(details, "Tp") == REGION:
            out["region"] = text(details, "Cd") or text(details, "Inf")
    for referred in document.all(element, "RmtInf/Strd/RfrdDocInf"):
        number = text(referred, "Nb")
        if not number:
            continue
        if text(referred, "Tp/CdOrPrtry/Cd") == CONTRACT:
            out["hold"] = operation_id(number)
        elif text(referred, "Tp/CdOrPrtry/Prtry") == ACT:
            out["subject"] = number
    for line in document.all(element, "RmtInf/Strd/AddtlRmtInf"):
        label, _, value = str(line.text or "").strip().partition(":")
        if label in _LABELS:
            out[_LABELS[label]] = value.strip()
    return out
