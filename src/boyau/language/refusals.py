"""Refusals in words: why, and what to do now. One pair of texts for each answer of the ledger (docs/ledger.md)."""

from collections.abc import Callable
from typing import Any

from boyau.language.catalogue import Language
from boyau.language.catalogue import mark as _
from boyau.ledger import amounts, codes
from boyau.ledger.refusals import Result
from boyau.ledger.rows import FIELDS
from boyau.ledger.rule_findings import Finding
from boyau.ledger.rules_text import item_prefix, region_prefix, share_text

REASONS: dict[Result, str] = {
    Result.POSTED: _("Posted."),
    Result.EXISTS: _("Posted before, with the same content; nothing was done twice."),
    Result.ID_MISSING: _("The operation has no id."),
    Result.ID_CONFLICT: _("This id was used before for another operation; they differ in the field “{field}”."),
    Result.CHAIN_OPEN: _("The last operation says that another one is linked to it, but none follows."),
    Result.CHAIN_BROKEN: _("An operation linked to this one was refused, so this one was not carried out either."),
    Result.KIND_UNKNOWN: _("This kind of operation is not known."),
    Result.AMOUNT_MISSING: _("The amount must be above zero (a void names none)."),
    Result.AMOUNT_OVERFLOW: _("The amount is larger than a ledger can hold."),
    Result.HOLD_UNKNOWN: _("There is no commitment under the id this operation refers to."),
    Result.HOLD_DIFFERS: _("The commitment is between other accounts: from {from} to {to}."),
    Result.HOLD_VOIDED: _("The commitment was voided; its money has been released."),
    Result.HOLD_EXPIRED: _("The commitment has expired; its money has been released."),
    Result.HOLD_EXCEEDED: _("Of the commitment {left} remain, less than the {amount} asked for."),
    Result.ORIGINAL_UNKNOWN: _("There is no posted operation under the id that is to be given back."),
    Result.ORIGINAL_DIFFERS: _(
        "This does not give back that operation: the accounts must be its own, swapped (from {from} to {to}), "
        "and its kind one that can be given back."
    ),
    Result.ORIGINAL_EXCEEDED: _("Of that operation {left} can still be given back, less than the {amount} asked for."),
    Result.DEBIT_UNKNOWN: _("The account that pays is not known."),
    Result.CREDIT_UNKNOWN: _("The account that receives is not known."),
    Result.ACCOUNTS_SAME: _("Paying and receiving account are the same."),
    Result.SUBJECT_UNKNOWN: _("The act or delivery that the operation names is not recorded."),
    Result.DEBIT_CLOSED: _("The paying account {account} is closed or frozen."),
    Result.CREDIT_CLOSED: _("The receiving account {account} is closed."),
    Result.UNITS_DIFFER: _("One account holds {unit}, the other {other}."),
    Result.DATE_FUTURE: _("The operation is dated {date}, which is after today, {today}."),
    Result.EXPIRY_PAST: _("The commitment would expire before it begins."),
    Result.STAGE_FORBIDDEN: _("An operation of this kind cannot join {from} and {to}."),
    Result.COLOUR_FORBIDDEN: _("Money of the colour {colour} cannot go from {from} to {to} in this way."),
    Result.WINDOW_CLOSED: _("The colour {colour} is open {window}; the operation is dated {date}, today is {today}."),
    Result.PAYEE_CLASS: _(
        "{payee} is not one of those whom the colour {colour} may pay (its classes: {has}; needed: {needed})."
    ),
    Result.PAYEE_NOT_ALLOWED: _("{payee} is not on the list of payees of the colour {colour}."),
    Result.PAYEE_DENIED: _("{payee} is on the list of those whom the colour {colour} must not pay."),
    Result.END_FORBIDDEN: _("At {payee} the colour {colour} may not end (it ends only at: {needed})."),
    Result.HOLDER_CLASS: _("{payee} may not hold money of the colour {colour} (its classes: {has}; needed: {needed})."),
    Result.HOPS_EXCEEDED: _(
        "This would be link {hop} of the chain of the colour {colour}; at most {hops} are allowed."
    ),
    Result.ITEM_MISSING: _(
        "The colour {colour} buys only certain goods; the operation names none (allowed: {allowed})."
    ),
    Result.ITEM_FORBIDDEN: _("The colour {colour} does not buy {item} (allowed: {allowed})."),
    Result.REGION_FORBIDDEN: _("The colour {colour} does not pay for region {region} (allowed: {allowed})."),
    Result.EVIDENCE_MISSING: _("The colour {colour} pays only on evidence: “{condition}” is missing."),
    Result.CAP_EXCEEDED: _(
        "At payees of the kind {classes} the colour {colour} may end for at most {share} of what {account} received "
        "({received}): {limit}; {used} are used, {left} remain, {amount} are asked for."
    ),
    Result.HOLD_MISSING: _("The colour {colour} pays only on a registered contract; the operation names none."),
    Result.LINE_MISSING: _("No line of the contract {colour} is for {item}."),
    Result.QUANTITY_MISSING: _("The contract {colour} counts {line} by quantity; the operation names none."),
    Result.PRICE_EXCEEDED: _(
        "The contract {colour} pays at most {price} per measure of {line}: for the quantity {quantity} this is "
        "{limit}, less than the {amount} asked for."
    ),
    Result.QUANTITY_EXCEEDED: _(
        "The contract {colour} is for a quantity of {whole} of {line}; {taken} are taken, {rest} remain, "
        "{quantity} are asked for."
    ),
    Result.ADVANCE_EXCEEDED: _(
        "On this contract at most {limit} may be paid in advance; {used} are paid, {left} remain, "
        "{amount} are asked for."
    ),
    Result.NOT_ACCEPTED: _(
        "{accepted} are accepted; less the advance recovered ({recovered}), what is retained ({retained}) and what was "
        "paid ({paid}), {payable} can be paid; {amount} are asked for."
    ),
    Result.RETENTION_HELD: _(
        "Of the {accepted} accepted, {retained} are retained until the end of the warranty on {warranty}; until then "
        "{payable} can be paid (advance recovered: {recovered}, paid: {paid}), less than the {amount} asked for."
    ),
    Result.DOCUMENT_MISSING: _("Money of the colour {colour} is paid only on a document; the operation names none."),
    Result.DOCUMENT_USED: _("This document was paid before; the colour {colour} pays a document only once."),
    Result.SUBJECT_DIFFERS: _("“{subject}” belongs to the colour {home}; this is paid from the colour {colour}."),
    Result.SUBJECT_EXCEEDED: _("“{subject}” is worth {limit}; {used} are used, {left} remain, {amount} are asked for."),
    Result.PAYEE_LIMIT_EXCEEDED: _(
        "The colour {colour} pays {payee} at most {limit}; {used} are used, {left} remain, {amount} are asked for."
    ),
    Result.SLICE_MISSING: _(
        "With this payment to {payee} goes another one, linked, into the colour {slice}: {slice_amount}, which is "
        "{share} of both together. It is missing, or differs."
    ),
    Result.POWER_MISSING: _("No rule of the colour {colour} gives the power “{power}” that this operation needs."),
    Result.APPROVAL_MISSING: _(
        "The colour {colour} asks for {quorum} approvals, by participants of the kind: {classes}. Approved by: "
        "{approved}; these may not approve: {excluded}."
    ),
    Result.PLAN_EXCEEDED: _("The plan of {colour} is {limit}; {used} are used, {left} remain, {amount} are asked for."),
    Result.OBLIGATIONS_EXCEEDED: _(
        "The obligations plan of {colour} is {limit}; {used} are used, {left} remain, {amount} are asked for."
    ),
    Result.PAYMENTS_EXCEEDED: _(
        "The payments plan of {colour} is {limit}; {used} are used, {left} remain, {amount} are asked for."
    ),
    Result.FUNDS_INSUFFICIENT: _("{account} has {available} available ({held} are set aside); {amount} are asked for."),
    Result.SUM_OVERFLOW: _("The account would hold more than a ledger can count."),
}

REMEDIES: dict[Result, str] = {
    Result.POSTED: "",
    Result.EXISTS: "",
    Result.ID_MISSING: _("Give it an id of your own choice, and the same one whenever you send it again."),
    Result.ID_CONFLICT: _(
        "If this is a new operation, give it a new id; if it repeats the old one, send it unchanged."
    ),
    Result.CHAIN_OPEN: _("Send all linked operations together, or take the mark off the last one."),
    Result.CHAIN_BROKEN: _("Correct the one that was refused and send all of them again."),
    Result.KIND_UNKNOWN: _("Use one of the operations in the documentation."),
    Result.AMOUNT_MISSING: _("State the amount; to give back all that remains of a commitment use “void”."),
    Result.AMOUNT_OVERFLOW: _("Check the amount for digits too many."),
    Result.HOLD_UNKNOWN: _("Register the contract first (commit), or correct the id."),
    Result.HOLD_DIFFERS: _("Leave the accounts out, or name the commitment's own."),
    Result.HOLD_VOIDED: _("Register a new commitment."),
    Result.HOLD_EXPIRED: _("Register a new commitment with a later end."),
    Result.HOLD_EXCEEDED: _("Ask for no more than remains, or commit the difference first."),
    Result.ORIGINAL_UNKNOWN: _("Correct the id; only a posted operation can be given back."),
    Result.ORIGINAL_DIFFERS: _("Swap the accounts of the original; a commitment is released, not returned."),
    Result.ORIGINAL_EXCEEDED: _("Give back no more than remains."),
    Result.DEBIT_UNKNOWN: _("Correct the account's name, or have it opened."),
    Result.CREDIT_UNKNOWN: _("Correct the account's name, or have it opened."),
    Result.ACCOUNTS_SAME: _("Name two different accounts."),
    Result.SUBJECT_UNKNOWN: _("Record the act or delivery first, or correct its name."),
    Result.DEBIT_CLOSED: _("Ask the treasury why, or pay from another account."),
    Result.CREDIT_CLOSED: _("Ask the payee for an account that is open."),
    Result.UNITS_DIFFER: _("Choose accounts of the same unit."),
    Result.DATE_FUTURE: _("Date it today or earlier, or send it on its day."),
    Result.EXPIRY_PAST: _("Give the commitment an end in the future, or none."),
    Result.STAGE_FORBIDDEN: _(
        "Check which accounts this operation joins: the issuer issues, budget accounts allocate, "
        "payees are paid hand by hand."
    ),
    Result.COLOUR_FORBIDDEN: _("Pay within the colour, into a colour below it, or to a payee at whom it ends."),
    Result.WINDOW_CLOSED: _(
        "Pay within the time, or ask {colour}'s administrator to extend it or to carry the money over."
    ),
    Result.PAYEE_CLASS: _("Pay someone of the right kind, or have the payee's licence or registration recorded."),
    Result.PAYEE_NOT_ALLOWED: _("Pay a listed payee, or ask {colour}'s administrator to add this one."),
    Result.PAYEE_DENIED: _("Choose another payee; the ban is lifted only by whoever laid it."),
    Result.END_FORBIDDEN: _("Pay into a coloured account of the payee, so that the money stays traceable."),
    Result.HOLDER_CLASS: _("Pay someone who may hold this money, or have the missing registration recorded."),
    Result.HOPS_EXCEEDED: _("Let an earlier link of the chain pay this supplier directly."),
    Result.ITEM_MISSING: _("State the code of what is bought."),
    Result.ITEM_FORBIDDEN: _("Buy what the colour is for, pay this from other money, or correct the code."),
    Result.REGION_FORBIDDEN: _("State the region of delivery, or pay this from the money of that region."),
    Result.EVIDENCE_MISSING: _(
        "Have “{condition}” attested for {about} by whoever may, then send the operation again."
    ),
    Result.CAP_EXCEEDED: _("Pay no more than remains, or pay into a coloured account of the payee."),
    Result.HOLD_MISSING: _("Register the contract first (commit) and name its id in the payment."),
    Result.LINE_MISSING: _("Name an item that the contract lists, or have the lines of {colour} amended."),
    Result.QUANTITY_MISSING: _("State the quantity in the measure of the contract's line."),
    Result.PRICE_EXCEEDED: _("Pay no more than the contract's price, or correct the quantity."),
    Result.QUANTITY_EXCEEDED: _("Take no more than remains, or have the lines of {colour} amended."),
    Result.ADVANCE_EXCEEDED: _("Ask for no more than remains; the rest is paid when it is accepted."),
    Result.NOT_ACCEPTED: _("Have the work accepted first (accept), or ask for no more than can be paid."),
    Result.RETENTION_HELD: _("Ask for no more than can be paid now, and for the rest after {warranty}."),
    Result.DOCUMENT_MISSING: _("State the digest of the document on which this is paid."),
    Result.DOCUMENT_USED: _("Check whether this was paid already; a new payment needs a document of its own."),
    Result.SUBJECT_DIFFERS: _("Name an act or application of this colour, or pay from the colour {home}."),
    Result.SUBJECT_EXCEEDED: _("Ask for no more than remains, or record another act for the difference."),
    Result.PAYEE_LIMIT_EXCEEDED: _("Pay no more than remains, or have the limit per payee of {colour} amended."),
    Result.SLICE_MISSING: _(
        "Send the payment into the colour {slice} directly after this one, to the same payee, and mark this one as "
        "linked."
    ),
    Result.POWER_MISSING: _("Use an ordinary operation, or have the power laid down in the rules of {colour}."),
    Result.APPROVAL_MISSING: _(
        "Record a proposal and the approvals of this command and send it again unchanged; its digest is {command}."
    ),
    Result.PLAN_EXCEEDED: _("Ask for no more than remains, or have the plan of {colour} amended or re-allocated."),
    Result.OBLIGATIONS_EXCEEDED: _("Commit no more than remains, or have the obligations plan of {colour} amended."),
    Result.PAYMENTS_EXCEEDED: _("Pay no more than remains, pay later, or have the payments plan of {colour} amended."),
    Result.FUNDS_INSUFFICIENT: _("Wait for an allocation, release what is set aside, or ask for less."),
    Result.SUM_OVERFLOW: _("Use another account."),
}

ASKED = _("It was asked for (“{request}”): {owner} answers until {deadline}.")
DENIED = _("It was asked for (“{request}”) and denied by {owner}.")
ASK = _("Nobody has been asked for it yet: record a request that names who answers and until when.")
APPEAL = _("Appeal against the denial, or meet its reason and ask again.")
"""Evidence that is missing: what was done about it, and what to do."""

_AMOUNTS = (
    "left",
    "amount",
    "limit",
    "used",
    "available",
    "held",
    "received",
    "price",
    "above",
    "total",
    "least",
    "most",
)
_OF_CONTRACT = ("accepted", "recovered", "retained", "paid", "payable")
"""Amounts too."""
_QUANTITIES = ("quantity", "whole", "taken", "rest")
_DAYS = ("date", "today", "warranty", "deadline")
_KEPT = ("command", "quorum", "classes", "approved", "excluded", "maker")
"""Facts about approvals that an answer carries beside the words."""
_FIELD_NAMES = {"debit": "from", "credit": "to", "value_date": "date", "kind": "op", "flags": "linked", "ref": "hold"}
"""What a row's fields are called in an operation."""


def reason(finding: Finding, language: Language) -> str:
    """Say why: the rule that fails, with its figures, as the language writes them."""
    values, sources = _values(finding, language), [REASONS[finding.result]]
    if "request" in finding.facts:
        sources.append(DENIED if finding.facts["state"] == "denied" else ASKED)
    return " ".join(language.text(source).format_map(values) for source in sources)


def remedy(finding: Finding, language: Language) -> str:
    """Say what to do now; "" where nothing is to be done."""
    sources = [REMEDIES[finding.result]]
    if finding.result is Result.EVIDENCE_MISSING:
        if "request" not in finding.facts:
            sources.append(ASK)
        elif finding.facts["state"] == "denied":
            sources = [APPEAL]
    values = _values(finding, language)
    return " ".join(language.text(source).format_map(values) for source in sources if source)


def explanation(finding: Finding, language: Language) -> dict[str, Any]:
    """Return a finding as a page or an answer shows it: stable code, words, origin in the tree, missing evidence."""
    out: dict[str, Any] = {
        "result": finding.result.name.lower(),
        "reason": reason(finding, language),
        "remedy": remedy(finding, language),
    }
    if finding.colour:
        out["colour"] = finding.colour
    if finding.entry >= 0:
        out["entry"] = finding.entry
    if finding.result is Result.EVIDENCE_MISSING:
        out["evidence"] = finding.facts.get("condition", "")
        if "request" in finding.facts:
            out |= {name: finding.facts[name] for name in ("request", "owner")}
            out["deadline"] = codes.day_text(finding.facts["deadline"])
    if finding.result is Result.APPROVAL_MISSING:
        out["approval"] = {name: finding.facts[name] for name in _KEPT if finding.facts.get(name)}
    if finding.result is Result.SLICE_MISSING and "slice" in finding.facts:
        out["slice"] = {"colour": finding.facts["slice"]} | {
            name: amounts.write(finding.facts[name], int(finding.facts.get("scale", 2))) for name in ("least", "most")
        }
    return out


class _Values(dict[str, str]):
    """A fact that is not known is written as an ellipsis, so that a message is never lost for want of a detail."""

    def __missing__(self, key: str) -> str:
        return "…"


def _values(finding: Finding, language: Language) -> _Values:
    facts, values = finding.facts, _Values(colour=finding.colour or "…")
    unit = str(facts.get("unit", "KZT"))
    scale = int(facts.get("scale", 2))
    for name, value in facts.items():
        if name in _AMOUNTS or name in _OF_CONTRACT:
            values[name] = language.money(value, unit, scale)
        elif name in _DAYS:
            values[name] = language.day(value)
        elif name == "allowed":
            values[name] = _intervals(
                value, region_prefix if finding.result is Result.REGION_FORBIDDEN else item_prefix
            )
        elif name in _QUANTITIES:
            values[name] = language.number(amounts.write(value, 3))
        elif name == "item":
            values[name] = codes.item_text(value) or "—"
        elif name == "line":
            values[name] = item_prefix(value)
        elif name == "share":
            values[name] = share_text(value)
        elif name == "region":
            values[name] = str(value) if value else "—"
        elif name == "field":
            values[name] = _FIELD_NAMES.get(FIELDS[value], FIELDS[value]) if value < len(FIELDS) else "…"
        elif isinstance(value, list):
            values[name] = ", ".join(value) or "—"
        else:
            values[name] = str(value)
    if finding.result is Result.WINDOW_CLOSED and "first" in facts:
        values["window"] = _window(facts, language)
    if "least" in facts:  # the slice: rounded down, or up
        values["slice_amount"] = " / ".join(dict.fromkeys((values["least"], values["most"])))
    if finding.result is Result.EVIDENCE_MISSING:
        values["about"] = str(facts.get("subject") or facts.get("about", "…"))
    return values


def _window(facts: dict[str, Any], language: Language) -> str:
    first, last = facts["first"], min(facts["last"], facts["entry"])
    begin = language.day(first) if first > -(2**31) else "…"
    end = language.day(last) if last < 2**31 - 1 else "…"
    return f"{begin} – {end}"


def _intervals(intervals: tuple[codes.Interval, ...], write: Callable[[codes.Interval], str]) -> str:
    """Write intervals of codes as the prefixes they came from, the first few of many."""
    return ", ".join(write(one) for one in intervals[:8]) + (" …" if len(intervals) > 8 else "") or "—"
