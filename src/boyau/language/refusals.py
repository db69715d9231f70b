"""Refusals in words: why, and what to do now. One pair of texts for each answer of the ledger (docs/ledger.md)."""

from collections.abc import Callable
from typing import Any

from boyau.language.catalogue import Language
from boyau.language.catalogue import mark as _
from boyau.ledger import codes
from boyau.ledger.refusals import Result
from boyau.ledger.rows import FIELDS
from boyau.ledger.rule_findings import Finding
from boyau.ledger.rules_text import item_prefix, region_prefix

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
    Result.PLAN_EXCEEDED: _("Ask for no more than remains, or have the plan of {colour} amended or re-allocated."),
    Result.OBLIGATIONS_EXCEEDED: _("Commit no more than remains, or have the obligations plan of {colour} amended."),
    Result.PAYMENTS_EXCEEDED: _("Pay no more than remains, pay later, or have the payments plan of {colour} amended."),
    Result.FUNDS_INSUFFICIENT: _("Wait for an allocation, release what is set aside, or ask for less."),
    Result.SUM_OVERFLOW: _("Use another account."),
}

_AMOUNTS = ("left", "amount", "limit", "used", "available", "held")
_DAYS = ("date", "today")
_FIELD_NAMES = {"debit": "from", "credit": "to", "value_date": "date", "kind": "op", "flags": "linked", "ref": "hold"}
"""What a row's fields are called in an operation."""


def reason(finding: Finding, language: Language) -> str:
    """Say why: the rule that fails, with its figures, as the language writes them."""
    return language.text(REASONS[finding.result]).format_map(_values(finding, language))


def remedy(finding: Finding, language: Language) -> str:
    """Say what to do now; "" where nothing is to be done."""
    source = REMEDIES[finding.result]
    return language.text(source).format_map(_values(finding, language)) if source else ""


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
        if name in _AMOUNTS:
            values[name] = language.money(value, unit, scale)
        elif name in _DAYS:
            values[name] = language.day(value)
        elif name == "allowed":
            values[name] = _intervals(
                value, region_prefix if finding.result is Result.REGION_FORBIDDEN else item_prefix
            )
        elif name == "item":
            values[name] = codes.item_text(value)
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
