"""Values of a programme's parameters: their kinds, and putting them into paths and rules."""

import re
from collections.abc import Callable
from typing import Any

from boyau.ledger import amounts, codes, colours, terms
from boyau.ledger.refusals import RecordRefused

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_SEGMENT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
_WHOLE = re.compile(r"[0-9]{1,9}")


def _text(pattern: re.Pattern[str], example: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"{value!r:.60} is not of the form {example}")
        return value

    return read


def _day(value: Any) -> Any:
    codes.day(value)
    return value


def _amount(value: Any) -> Any:
    amounts.parse(value, 2)
    return value


def _share(value: Any) -> Any:
    terms.read_share(value, "share")
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r:.40} is no whole number")
    return value


def _list_of(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def many(value: Any) -> Any:
        if isinstance(value, str):
            value = [part for part in value.split(",") if part]
        if not isinstance(value, list):
            raise ValueError(f"{value!r:.40} is no list; separate by commas")  # noqa: TRY004 - one kind of error
        return [read(one) for one in value]

    return many


def _item(value: Any) -> Any:
    codes.item_interval(value)
    return value


def _region(value: Any) -> Any:
    codes.region_interval(value)
    return value


KINDS: dict[str, Callable[[Any], Any]] = {
    "path": _text(colours.PATH, "kz/road/2026"),
    "segment": _text(_SEGMENT, "km-12"),
    "id": _text(colours.PARTICIPANT, "123456789012"),
    "ids": _list_of(_text(colours.PARTICIPANT, "123456789012")),
    "item": _item,
    "items": _list_of(_item),
    "regions": _list_of(_region),
    "date": _day,
    "amount": _amount,
    "share": _share,
    "whole": _whole,
}
"""Kinds of parameters, and what reads each (from a text on the command line too)."""


def check(kind: str, value: Any) -> Any:
    """Return *value* as its kind keeps it; raises ``ValueError``."""
    try:
        return KINDS[kind](value)
    except RecordRefused as refusal:
        raise ValueError(refusal.message) from None
    except (TypeError, AttributeError):
        raise ValueError(f"{value!r:.40} is no {kind}") from None


def fill(template: Any, values: dict[str, Any]) -> Any:
    """Put values into a template. A text that is one placeholder becomes the value itself; in a list, its members."""
    if isinstance(template, dict):
        return {name: fill(value, values) for name, value in template.items()}
    if isinstance(template, list):
        out: list[Any] = []
        for one in template:
            filled = fill(one, values)
            whole = isinstance(one, str) and _PLACE.fullmatch(one)
            out.extend(filled if whole and isinstance(filled, list) else [filled])
        return out
    if not isinstance(template, str):
        return template
    whole = _PLACE.fullmatch(template)
    if whole and whole[1] in values:
        return values[whole[1]]
    return _PLACE.sub(lambda found: str(values[found[1]]), template)


def placeholders(template: Any) -> set[str]:
    """Return the names of the parameters that a template uses."""
    if isinstance(template, dict):
        return set().union(*(placeholders(value) for value in template.values()))
    if isinstance(template, list):
        return set().union(*(placeholders(value) for value in template))
    return set(_PLACE.findall(template)) if isinstance(template, str) else set()
