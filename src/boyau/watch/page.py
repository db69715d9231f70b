"""The page of a flag, for people and for programs, in a language."""

from typing import Any

from boyau.language import Language
from boyau.watch.figures import written
from boyau.watch.flag import Basis, Flag


def page(flag: Flag, words: Language) -> dict[str, Any]:
    """Return everything that is to be known of a flag."""
    return {
        "id": flag.id,
        "title": words.text(flag.title),
        "question": words.text(flag.question),
        "formula": flag.formula,
        "fields": list(flag.fields),
        "basis": [_basis(one, words) for one in flag.basis],
        "false_alarms": [words.text(alarm) for alarm in flag.alarms],
        "options": [
            {"name": name, "default": _default(option.default), "text": words.text(option.text)}
            for name, option in flag.options.items()
        ],
    }


def _basis(basis: Basis, words: Language) -> str:
    text = words.text(basis.text)
    if basis.since and basis.until:
        return f"{text} ({basis.since} – {basis.until})"
    return f"{text} ({basis.since} –)" if basis.since else text


def _default(value: Any) -> Any:
    if value is None:
        return "—"
    return list(value) if isinstance(value, list | tuple | frozenset) else written(value)
