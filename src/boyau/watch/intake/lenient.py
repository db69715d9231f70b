"""Reading what does not keep to the schema: value by value, keeping what can be kept and saying what could not.

The fast way reads a line straight into the model and fails as a whole on the first surprise. Lines that it refuses come
here. OCDS 1.1 allows integers as ids; they become texts, and are no trouble.
"""

import re
import types
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from boyau.watch.intake.troubles import Fault, Troubles

DIGITS_MAX = 40
"""Powers of ten beyond which a number is no amount of anything."""
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?")
_IDS = frozenset({"id", "awardID", "identifier", "relatedBid"})
Note = Callable[[str, Fault, object], None]


def model(data: Any, kind: type[Any], line: int, troubles: Troubles, *, strict: bool = False) -> Any:
    """Turn parsed JSON into a struct of *kind*. *strict* takes nothing that has another type than the schema's.

    The strict way is Cardinal's: a number where a text is meant counts as absent.
    """

    def note(path: str, fault: Fault, got: object) -> None:
        troubles.add(line, path, fault, got)

    return _struct(data, kind, "", note, strict)


@cache
def _fields(kind: Any) -> tuple[tuple[str, str, Any], ...]:
    """Return (name, form, inner type) of every field of a struct."""
    hints = get_type_hints(kind)
    return tuple((name, *_form(hints[name])) for name in kind.__struct_fields__)


def _form(hint: Any) -> tuple[str, Any]:
    if get_origin(hint) in (types.UnionType, Union):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is list:
        return "list", get_args(hint)[0]
    if hint is msgspec.Raw:
        return "raw", hint
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return "struct", hint
    return hint.__name__, hint


def _struct(data: Any, kind: Any, path: str, note: Note, strict: bool) -> Any:
    if not isinstance(data, dict):
        note(path, Fault.WRONG_TYPE, data)
        return None
    values = {}
    for name, form, inner in _fields(kind):
        found = data.get(name)
        if found is not None:
            values[name] = _value(found, form, inner, f"{path}/{name}" if path else name, note, strict)
    return kind(**values)


def _value(found: Any, form: str, inner: Any, path: str, note: Note, strict: bool) -> Any:
    if form == "struct":
        return _struct(found, inner, path, note, strict)
    if form == "list":
        return _list(found, inner, path, note, strict)
    if form == "raw":
        return msgspec.Raw(again(found))
    return _PLAIN[form](found, path, note, strict)


def _list(found: Any, inner: Any, path: str, note: Note, strict: bool) -> Any:
    if not isinstance(found, list):
        note(path, Fault.WRONG_TYPE if strict else Fault.READ_AS, found)
        if strict:
            return None
        found = [found]
    form, kind = _form(inner)
    read = (_value(one, form, kind, f"{path}[{k}]", note, strict) for k, one in enumerate(found) if one is not None)
    return [one for one in read if one is not None]


def _text(found: Any, path: str, note: Note, strict: bool) -> str | None:
    if isinstance(found, str):
        return found
    if isinstance(found, int | Decimal) and not isinstance(found, bool) and not strict:
        if path.rpartition("/")[2] not in _IDS:
            note(path, Fault.READ_AS, found)
        return str(found)
    note(path, Fault.WRONG_TYPE, found)
    return None


def _decimal(found: Any, path: str, note: Note, strict: bool) -> Decimal | None:
    if isinstance(found, int | Decimal) and not isinstance(found, bool):
        number = Decimal(found)
        if sane(number):
            return number
        note(path, Fault.OUT_OF_RANGE, found)
        return None
    if isinstance(found, str) and not strict and _NUMBER.fullmatch(found.strip()):
        note(path, Fault.READ_AS, found)
        return Decimal(found.strip())
    note(path, Fault.WRONG_TYPE, found)
    return None


def _whole(found: Any, path: str, note: Note, strict: bool) -> int | None:
    number = _decimal(found, path, note, strict)
    if number is None or number != number.to_integral_value():
        if number is not None:
            note(path, Fault.WRONG_TYPE, found)
        return None
    return int(number)


def _truth(found: Any, path: str, note: Note, _strict: bool) -> bool | None:
    if isinstance(found, bool):
        return found
    note(path, Fault.WRONG_TYPE, found)
    return None


def again(parsed: Any) -> bytes:
    """Write parsed JSON down again; its numbers keep their digits."""
    return msgspec.json.Encoder(decimal_format="number").encode(parsed)


def sane(number: Decimal) -> bool:
    """Tell whether a number is one that sums and ratios may be made of."""
    return number.is_finite() and -DIGITS_MAX < number.adjusted() < DIGITS_MAX


_PLAIN: dict[str, Callable[[Any, str, Note, bool], Any]] = {
    "str": _text,
    "Decimal": _decimal,
    "int": _whole,
    "bool": _truth,
}
