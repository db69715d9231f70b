"""The small language in which a mapping says what a derived line is: ``revenue - expenditure - lending``."""

import re
from collections.abc import Callable

Terms = tuple[tuple[int, str], ...]
"""Signs and the keys they stand before."""

_TOKEN = re.compile(r"\s*([+-]?)\s*([a-z][a-z0-9_]*)")


def terms(text: str) -> Terms:
    """Read a sum such as ``-deficit`` or ``opening - used``; ``ValueError`` where *text* is none."""
    found: list[tuple[int, str]] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None or (found and not token[1]):
            raise ValueError(f"expected + or - and a key at {text[position:]!r}")
        found.append((-1 if token[1] == "-" else 1, token[2]))
        position = token.end()
    if not found:
        raise ValueError("the formula is empty")
    return tuple(found)


def value(formula: Terms, figure: Callable[[str], int]) -> int:
    """Return the sum, *figure* giving the amount behind each key."""
    return sum(sign * figure(key) for sign, key in formula)
