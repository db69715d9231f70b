"""Words for what is bought: the division of the classification that a code lies in. Codes themselves say no more here.

ENS TRU and KPVED begin with the same two digits (the European CPA); CPV has divisions of its own.
"""

import tomllib
from functools import cache
from importlib.resources import files

from boyau.language import Language

_SCHEMES = {"ENSTRU": "cpa", "KPVED": "cpa", "CPV": "cpv"}
DIGITS = 2
"""So many digits name a division."""


@cache
def _divisions() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads((files("boyau.web") / "items.toml").read_text("utf-8"))


def words(language: Language, item: str) -> str:
    """Name the division of an item code, ``CPV:45233222``; "" where it is not known."""
    scheme, _, digits = item.partition(":")
    known = _divisions().get(_SCHEMES.get(scheme, ""), {}).get(digits[:DIGITS])
    return known[language.code] if known and len(digits) >= DIGITS else ""
