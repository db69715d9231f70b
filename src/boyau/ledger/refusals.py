"""Answers of the ledger, declared in their order of precedence (docs/ledger.md, "Results")."""

from enum import IntEnum


class Result(IntEnum):
    """What became of a row. The first two are successes; of the others the lowest that holds is the answer."""

    POSTED = 0
    EXISTS = 1
    ID_MISSING = 2
    ID_CONFLICT = 3
    CHAIN_OPEN = 4
    CHAIN_BROKEN = 5
    KIND_UNKNOWN = 6
    AMOUNT_MISSING = 7
    AMOUNT_OVERFLOW = 8
    HOLD_UNKNOWN = 9
    HOLD_DIFFERS = 10
    HOLD_VOIDED = 11
    HOLD_EXPIRED = 12
    HOLD_EXCEEDED = 13
    ORIGINAL_UNKNOWN = 14
    ORIGINAL_DIFFERS = 15
    ORIGINAL_EXCEEDED = 16
    DEBIT_UNKNOWN = 17
    CREDIT_UNKNOWN = 18
    ACCOUNTS_SAME = 19
    SUBJECT_UNKNOWN = 20
    DEBIT_CLOSED = 21
    CREDIT_CLOSED = 22
    UNITS_DIFFER = 23
    DATE_FUTURE = 24
    EXPIRY_PAST = 25
    STAGE_FORBIDDEN = 26
    COLOUR_FORBIDDEN = 27
    WINDOW_CLOSED = 28
    PAYEE_CLASS = 29
    PAYEE_NOT_ALLOWED = 30
    PAYEE_DENIED = 31
    END_FORBIDDEN = 32
    HOLDER_CLASS = 33
    HOPS_EXCEEDED = 34
    ITEM_MISSING = 35
    ITEM_FORBIDDEN = 36
    REGION_FORBIDDEN = 37
    EVIDENCE_MISSING = 38
    CAP_EXCEEDED = 39
    HOLD_MISSING = 40
    LINE_MISSING = 41
    QUANTITY_MISSING = 42
    PRICE_EXCEEDED = 43
    QUANTITY_EXCEEDED = 44
    ADVANCE_EXCEEDED = 45
    NOT_ACCEPTED = 46
    RETENTION_HELD = 47
    DOCUMENT_MISSING = 48
    DOCUMENT_USED = 49
    SUBJECT_DIFFERS = 50
    SUBJECT_EXCEEDED = 51
    PAYEE_LIMIT_EXCEEDED = 52
    SLICE_MISSING = 53
    POWER_MISSING = 54
    APPROVAL_MISSING = 55
    PLAN_EXCEEDED = 56
    OBLIGATIONS_EXCEEDED = 57
    PAYMENTS_EXCEEDED = 58
    FUNDS_INSUFFICIENT = 59
    SUM_OVERFLOW = 60

    @property
    def ok(self) -> bool:
        """True where the entry stands in the journal as posted."""
        return self <= Result.EXISTS


class RecordRefused(ValueError):  # noqa: N818 - a refusal is not an error of the program
    """A record that the ledger does not take: *code* is stable, *field* says where, the text says what to do."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.code, self.field, self.message = code, field, message
