"""Fields of a record, read or refused with the field's name. Nothing here knows a ledger."""

import re
from typing import Any

from boyau.ledger import amounts
from boyau.ledger.refusals import RecordRefused

CLASSES_MAX, CONDITIONS_MAX = 60, 62
TEXT_MAX = 2000
NAME = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
"""Of subjects and requests."""


def text(record: dict[str, Any], name: str, pattern: re.Pattern[str], *, example: str) -> str:
    """Read a text of a form, of which *example* is one."""
    value = record.get(name)
    if value is None:
        raise RecordRefused("field_missing", name, "is missing")
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise RecordRefused("field_value", name, f"{value!r:.60} is not of the form {example}")
    return value


def title(value: Any, field: str) -> Any:
    """Check a title or name: a text, or an object of texts by language."""
    texts = value if isinstance(value, dict) else {"": value}
    if len(texts) > 8 or not all(isinstance(t, str) and len(t) <= 1000 for t in (*texts, *texts.values())):
        raise RecordRefused("field_value", field, "must be a text, or texts by language, of at most 1000 characters")
    return value


def amount(value: Any, name: str, scale: int) -> int:
    """Read an amount in major units as minor ones."""
    try:
        return amounts.parse(value, scale)
    except amounts.AmountError as error:
        raise RecordRefused("amount_unreadable", name, str(error)) from None


def reason(record: dict[str, Any]) -> str:
    """Read the reason that a denial or an appeal gives."""
    given = record.get("reason")
    if not isinstance(given, str) or not 0 < len(given) <= TEXT_MAX:
        raise RecordRefused("field_missing", "reason", f"must be a text of at most {TEXT_MAX} characters")
    return given


def new_names(wanted: Any, register: dict[str, int], most: int, where: str) -> list[str]:
    """Return the names met for the first time, if there is room for all of them; the last check of a record."""
    new = [name for name in dict.fromkeys(wanted) if name not in register]
    if len(register) + len(new) > most:
        raise RecordRefused("too_many", where, f"a ledger knows at most {most} of these")
    return new


def number(new: list[str], register: dict[str, int]) -> None:
    """Give names their numbers, in the order that they were met."""
    for name in new:
        register[name] = len(register)
