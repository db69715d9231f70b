"""pain.002, CustomerPaymentStatusReport: what became of every payment of a message."""

import hashlib
from collections.abc import Sequence

from boyau.language import Language
from boyau.records.iso20022.instructions import Message, MessageRefused
from boyau.records.iso20022.message import PAIN_002, Writer, clean, parts
from boyau.records.iso20022.posting import ACCEPTED, PENDING, REJECTED, SETTLED, Outcome

_PART = "PART"
_INFORMATION = 105
"""Max105Text: characters of one line of additional information."""


def write(message: Message, outcomes: Sequence[Outcome], *, created: str, originator: str) -> bytes:
    """Write the status of *message*; ``created`` as an ISODateTime."""
    out = _begin(message, created)
    out.leaf("GrpSts", group_status(outcomes))
    _counts(out, outcomes)
    out.end()
    rest = iter(outcomes)
    for group in message.groups:
        own = [next(rest) for _ in group.instructions]
        out.begin("OrgnlPmtInfAndSts")
        out.leaf("OrgnlPmtInfId", group.id, 35)
        out.leaf("OrgnlNbOfTxs", str(len(own)))
        out.leaf("PmtInfSts", group_status(own))
        _counts(out, own)
        for outcome in own:
            _transaction(out, outcome, originator)
        out.end()
    return out.finish()


def write_refused(
    message: Message, refused: MessageRefused, words: Language, *, created: str, originator: str
) -> bytes:
    """Write the status of a message of which nothing was carried out."""
    out = _begin(message, created)
    out.leaf("GrpSts", REJECTED)
    _reason(out, originator, refused.code, [refused.told(words)])
    return out.finish()


def group_status(outcomes: Sequence[Outcome]) -> str:
    """Return the status of several transactions together: their own where it is one, else PART."""
    found = {one.status for one in outcomes}
    if len(found) == 1:
        return found.pop()
    return ACCEPTED if found == {SETTLED, ACCEPTED} else _PART


def _begin(message: Message, created: str) -> Writer:
    out = Writer(PAIN_002)
    out.begin("CstmrPmtStsRpt", "GrpHdr")
    digest = hashlib.sha256(f"{message.name} {message.id} {created}".encode()).hexdigest()
    out.leaf("MsgId", f"ST-{digest[:30]}")
    out.leaf("CreDtTm", created)
    out.end()
    out.begin("OrgnlGrpInfAndSts")
    out.leaf("OrgnlMsgId", clean(message.id, 35))
    out.leaf("OrgnlMsgNmId", message.name)
    out.leaf("OrgnlCreDtTm", message.created)
    out.leaf("OrgnlNbOfTxs", str(len(message.instructions)))
    out.leaf("OrgnlCtrlSum", message.control_sum)
    return out


def _counts(out: Writer, outcomes: Sequence[Outcome]) -> None:
    for status in (SETTLED, ACCEPTED, PENDING, REJECTED):
        count = sum(one.status == status for one in outcomes)
        if count:
            out.begin("NbOfTxsPerSts")
            out.leaf("DtldNbOfTxs", str(count))
            out.leaf("DtldSts", status)
            out.end()


def _transaction(out: Writer, outcome: Outcome, originator: str) -> None:
    asked = outcome.instruction
    out.begin("TxInfAndSts")
    out.leaf("OrgnlInstrId", asked.instruction_id, 35)
    out.leaf("OrgnlEndToEndId", asked.end_to_end_id, 35)
    out.leaf("OrgnlUETR", asked.uetr)
    out.leaf("TxSts", outcome.status)
    if outcome.code:
        _reason(out, originator, outcome.code, [outcome.reason, outcome.remedy], outcome.result)
    elif outcome.reason:
        _reason(out, originator, "", [outcome.reason], outcome.result)
    if outcome.entry is not None:
        out.leaf("AcctSvcrRef", str(outcome.entry))
    out.end()


def _reason(out: Writer, originator: str, code: str, told: list[str], result: str = "") -> None:
    """Write the reason twice: by the code that every bank knows, with the words; and by the ledger's own answer."""
    out.begin("StsRsnInf")
    out.leaf("Orgtr/Nm", originator, 140)
    out.leaf("Rsn/Cd" if code else "Rsn/Prtry", code or result)
    for text in told:
        for piece in parts(text, _INFORMATION) if text else ():
            out.leaf("AddtlInf", piece)
    out.end()
    if code and result:
        out.begin("StsRsnInf")
        out.leaf("Orgtr/Nm", originator, 140)
        out.leaf("Rsn/Prtry", result)
        out.end()
