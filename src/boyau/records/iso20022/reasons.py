"""What the ledger answers, as codes of ISO 20022 (external code set ExternalStatusReason1Code).

The codes are of the set published for the second quarter of 2026. Beside the code, a status carries the ledger's own
answer and its words: several refusals share one code.
"""

from boyau.ledger import Result

REASONS: dict[Result, str] = {
    Result.ID_MISSING: "FF08",
    Result.ID_CONFLICT: "AM05",
    Result.CHAIN_OPEN: "AM18",
    Result.CHAIN_BROKEN: "ED05",
    Result.KIND_UNKNOWN: "AG03",
    Result.AMOUNT_MISSING: "AM01",
    Result.AMOUNT_OVERFLOW: "AM02",
    Result.HOLD_UNKNOWN: "RR07",
    Result.HOLD_DIFFERS: "RR07",
    Result.HOLD_VOIDED: "RR07",
    Result.HOLD_EXPIRED: "RR07",
    Result.HOLD_EXCEEDED: "AM14",
    Result.ORIGINAL_UNKNOWN: "RR07",
    Result.ORIGINAL_DIFFERS: "RR07",
    Result.ORIGINAL_EXCEEDED: "AM14",
    Result.DEBIT_UNKNOWN: "AC02",
    Result.CREDIT_UNKNOWN: "AC03",
    Result.ACCOUNTS_SAME: "AC03",
    Result.SUBJECT_UNKNOWN: "RR07",
    Result.DEBIT_CLOSED: "AC06",  # closed and frozen are one answer here; AC04 and AC05 would say closed of both
    Result.CREDIT_CLOSED: "AC07",
    Result.UNITS_DIFFER: "AM11",
    Result.DATE_FUTURE: "DT04",
    Result.EXPIRY_PAST: "DT01",
    Result.STAGE_FORBIDDEN: "AG01",
    Result.COLOUR_FORBIDDEN: "AG01",
    Result.WINDOW_CLOSED: "RR04",
    Result.PAYEE_CLASS: "RR04",
    Result.PAYEE_NOT_ALLOWED: "RR04",
    Result.PAYEE_DENIED: "RR04",
    Result.END_FORBIDDEN: "RR04",
    Result.HOLDER_CLASS: "RR04",
    Result.HOPS_EXCEEDED: "RR04",
    Result.ITEM_MISSING: "FF07",
    Result.ITEM_FORBIDDEN: "FF07",
    Result.REGION_FORBIDDEN: "RR05",
    Result.EVIDENCE_MISSING: "RR04",
    Result.CAP_EXCEEDED: "AM14",
    Result.HOLD_MISSING: "RR07",
    Result.LINE_MISSING: "FF07",
    Result.QUANTITY_MISSING: "RR07",
    Result.PRICE_EXCEEDED: "AM14",
    Result.QUANTITY_EXCEEDED: "AM14",
    Result.ADVANCE_EXCEEDED: "AM14",
    Result.NOT_ACCEPTED: "SNRD",
    Result.RETENTION_HELD: "AM07",
    Result.DOCUMENT_MISSING: "RR07",
    Result.DOCUMENT_USED: "DUPL",
    Result.SUBJECT_DIFFERS: "RR07",
    Result.SUBJECT_EXCEEDED: "AM14",
    Result.PAYEE_LIMIT_EXCEEDED: "AM14",
    Result.SLICE_MISSING: "RR06",
    Result.POWER_MISSING: "AG08",
    Result.APPROVAL_MISSING: "DS0A",
    Result.PLAN_EXCEEDED: "AM21",
    Result.OBLIGATIONS_EXCEEDED: "AM21",
    Result.PAYMENTS_EXCEEDED: "AM21",
    Result.FUNDS_INSUFFICIENT: "AM04",
    Result.SUM_OVERFLOW: "AM02",
}
"""For every refusal the code that a bank's program understands."""

PENDING = (Result.DATE_FUTURE, Result.APPROVAL_MISSING)
"""Nothing is wrong with these: the day has not come, or the signatures. The same message sent again may be posted."""

ACCOUNT_FIELDS = {"from": "AC02", "to": "AC03"}
FIELD_CODES = ACCOUNT_FIELDS | {
    "op": "FF05",
    "id": "FF08",
    "amount": "AM12",
    "hold": "RR07",
    "item": "FF07",
    "region": "RR05",
    "date": "DT01",
    "subject": "RR07",
    "document": "RR07",
    "quantity": "RR07",
}
"""The code where a field of an operation cannot be read."""


def of_field(field: str) -> str:
    """Return the code for a *field* that cannot be read."""
    return FIELD_CODES.get(field, "CH16")
