"""Short words for what the ledger says in names: kinds of operations, answers, classes of participants, conditions.

What is not named here (a country's own class or condition) is written as it stands in its rule.
"""

from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.ledger import Result

KINDS = {
    "issue": _("issue"), "allocate": _("allocation"), "withdraw": _("withdrawal of an allocation"),
    "lapse": _("lapse"), "carry": _("carry-over"), "commit": _("commitment"), "pay": _("payment"),
    "release": _("release of a commitment"), "void": _("end of a commitment"), "return": _("money given back"),
    "reverse": _("reversal"), "receive": _("money received"), "refund": _("refund"),
    "expire": _("expiry of a commitment"),
    "accept": _("acceptance of work"), "advance": _("advance"), "clawback": _("clawback"), "court": _("court order"),
    "colour": _("rules of a colour"), "limits": _("limits"),
}  # fmt: skip
RESULTS = {
    Result.POSTED: _("posted"), Result.EXISTS: _("posted before"), Result.ID_MISSING: _("no id"),
    Result.ID_CONFLICT: _("id used before"), Result.CHAIN_OPEN: _("linked to nothing"),
    Result.CHAIN_BROKEN: _("a linked operation was refused"), Result.KIND_UNKNOWN: _("unknown kind of operation"),
    Result.AMOUNT_MISSING: _("no amount"), Result.AMOUNT_OVERFLOW: _("amount too large"),
    Result.HOLD_UNKNOWN: _("no such commitment"), Result.HOLD_DIFFERS: _("commitment between others"),
    Result.HOLD_VOIDED: _("commitment ended"), Result.HOLD_EXPIRED: _("commitment expired"),
    Result.HOLD_EXCEEDED: _("above the commitment"), Result.ORIGINAL_UNKNOWN: _("no such payment"),
    Result.ORIGINAL_DIFFERS: _("not that payment"), Result.ORIGINAL_EXCEEDED: _("above what was paid"),
    Result.DEBIT_UNKNOWN: _("payer unknown"), Result.CREDIT_UNKNOWN: _("payee unknown"),
    Result.ACCOUNTS_SAME: _("payer is payee"), Result.SUBJECT_UNKNOWN: _("act unknown"),
    Result.DEBIT_CLOSED: _("payer's account closed or frozen"), Result.CREDIT_CLOSED: _("payee's account closed"),
    Result.UNITS_DIFFER: _("units differ"), Result.DATE_FUTURE: _("dated in the future"),
    Result.EXPIRY_PAST: _("expires in the past"), Result.STAGE_FORBIDDEN: _("not between these accounts"),
    Result.COLOUR_FORBIDDEN: _("not into this colour"), Result.WINDOW_CLOSED: _("outside its time"),
    Result.PAYEE_CLASS: _("payee of the wrong kind"), Result.PAYEE_NOT_ALLOWED: _("payee not on the list"),
    Result.PAYEE_DENIED: _("payee banned"), Result.END_FORBIDDEN: _("the colour may not end here"),
    Result.HOLDER_CLASS: _("may not hold this money"), Result.HOPS_EXCEEDED: _("chain too long"),
    Result.ITEM_MISSING: _("no item"), Result.ITEM_FORBIDDEN: _("item not allowed"),
    Result.REGION_FORBIDDEN: _("wrong region"), Result.EVIDENCE_MISSING: _("evidence missing"),
    Result.CAP_EXCEEDED: _("above the share"), Result.HOLD_MISSING: _("no contract"),
    Result.LINE_MISSING: _("not in the contract"), Result.QUANTITY_MISSING: _("no quantity"),
    Result.PRICE_EXCEEDED: _("above the contract's price"),
    Result.QUANTITY_EXCEEDED: _("above the contract's quantity"),
    Result.ADVANCE_EXCEEDED: _("advance too large"), Result.NOT_ACCEPTED: _("work not accepted"),
    Result.RETENTION_HELD: _("retained until the warranty ends"), Result.DOCUMENT_MISSING: _("no document"),
    Result.DOCUMENT_USED: _("document paid before"), Result.SUBJECT_DIFFERS: _("act of another colour"),
    Result.SUBJECT_EXCEEDED: _("above the act's worth"), Result.PAYEE_LIMIT_EXCEEDED: _("above the limit per payee"),
    Result.SLICE_MISSING: _("linked part missing"), Result.POWER_MISSING: _("no power"),
    Result.APPROVAL_MISSING: _("approval missing"), Result.PLAN_EXCEEDED: _("above the plan"),
    Result.OBLIGATIONS_EXCEEDED: _("above the obligations plan"),
    Result.PAYMENTS_EXCEEDED: _("above the payments plan"), Result.FUNDS_INSUFFICIENT: _("not enough money"),
    Result.SUM_OVERFLOW: _("too large to count"),
}  # fmt: skip
CLASSES = {
    "administrator": _("administrators of budget programmes"), "issuer": _("issuers"),
    "contractor": _("contractors"), "subcontractor": _("subcontractors"), "supplier": _("suppliers"),
    "tax_authority": _("the tax authority"), "controller": _("controllers"), "consultant": _("consultants"),
    "vat_payer": _("those who pay VAT"), "vat_office": _("the office to which VAT goes"), "bailiff": _("bailiffs"),
    "employee": _("employees (wages)"), "person": _("natural persons"), "farmer": _("farmers"),
    "sole_trader": _("sole traders"), "bank": _("banks"), "checker": _("checkers"), "inspector": _("inspectors"),
    "seller": _("sellers"), "buyer": _("buyers"), "school": _("schools"), "pharmacy": _("pharmacies"),
    "clinic": _("clinics"), "treasury": _("the treasury"), "owner": _("customers of works"),
}  # fmt: skip
CONDITIONS = {
    "acceptance_act": _("act of acceptance"), "bank_guarantee": _("bank guarantee"), "payroll": _("payroll"),
    "quality_conclusion": _("conclusion of the quality centre"), "e_invoice": _("electronic invoice"),
    "reregistered": _("animal registered to its new owner"), "meal_served": _("meal served"),
    "milestone_met": _("milestone met"), "patient_receipt": _("receipt by the patient"),
}  # fmt: skip
LIMITS = {"plan": _("plan"), "obligations": _("obligations plan"), "payments": _("payments plan")}
STATES = {
    "open": _("open"), "answered": _("answered"), "denied": _("denied"), "overdue": _("overdue"),
    "expired": _("expired"), "sent": _("sent"), "withdrawn": _("withdrawn"),
}  # fmt: skip
FIELDS = {
    "op": _("what to do"), "from": _("from"), "to": _("to whom"), "amount": _("amount"), "hold": _("commitment"),
    "original": _("payment that is given back"), "item": _("what is bought"), "quantity": _("quantity"),
    "region": _("region of delivery"), "date": _("date"), "subject": _("act or delivery"),
    "document": _("document"), "expires": _("ends on"), "emergency": _("emergency"),
}  # fmt: skip


def kind(words: Language, name: str) -> str:
    """Name a kind of operation or record."""
    return words.text(KINDS[name]) if name in KINDS else name


def result(words: Language, name: str) -> str:
    """Name an answer of the ledger, given as ``item_forbidden``."""
    known = Result.__members__.get(name.upper())
    return words.text(RESULTS[known]) if known is not None else name.replace("_", " ")


def named(words: Language, names: dict[str, str], name: str) -> str:
    """Name a class, a condition or a state."""
    return words.text(names[name]) if name in names else name.replace("_", " ")


def classes(words: Language, names: "frozenset[str] | set[str] | list[str] | tuple[str, ...]") -> str:
    """Name classes of participants, in the order of their ids."""
    return ", ".join(named(words, CLASSES, one) for one in sorted(names))


def condition(words: Language, name: str) -> str:
    """Name a condition that evidence is about."""
    return named(words, CONDITIONS, name)
