"""How a colour of money is drawn, everywhere the same: the dye says whose money it is, the weave which part of it.

Both follow from the colour's path alone, so a colour looks alike on every page, in every ledger and in print. Neither
is the only sign: the name always stands beside it.
"""

import hashlib
from functools import lru_cache

from markupsafe import Markup

DYES = 8
WEAVES = (
    "",  # plain weave
    "M-2 15 12 -2M8 15 22 -2M18 15 32 -2",  # twill
    "M0 4.5h26M0 9.5h26",  # weft rib
    "M6.5 0v13M13 0v13M19.5 0v13",  # warp rib
    "M-1 3 5 10 11 3 17 10 23 3 29 10",  # herringbone
    "M4 6.5h4M11 6.5h4M18 6.5h4",  # running stitch
)
FAMILY_SEGMENTS = 3
"""So many segments of a path choose its dye (kz/road-repair/2026); the rest chooses its weave."""


def dye(path: str) -> int:
    """Return the number of a colour's dye."""
    return _hash("/".join(path.split("/")[:FAMILY_SEGMENTS])) % DYES


def weave(path: str) -> int:
    """Return the number of a colour's weave: plain for whoever stands at the head of a family."""
    rest = path.split("/")[FAMILY_SEGMENTS:]
    return _hash("/".join(rest)) % len(WEAVES) if rest else 0


@lru_cache(maxsize=65_536)
def _hash(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[3]


def swatch(path: str, *, plain: bool = False) -> Markup:
    """Draw a piece of a colour. *plain*: money without a colour, which is an outline."""
    if plain:
        return Markup(
            '<svg class="swatch plain" viewBox="0 0 26 13" aria-hidden="true"><rect class="cloth" x="1" y="1" '
            'width="24" height="11"/></svg>'
        )
    shape = WEAVES[weave(path)]
    threads = Markup('<path class="weave" d="{}"/>').format(shape) if shape else ""
    return Markup(
        '<svg class="swatch dye-{}" viewBox="0 0 26 13" aria-hidden="true"><rect class="cloth" width="26" height="13"/>'
        "{}</svg>"
    ).format(dye(path), threads)
