"""Which dye and which weave a colour of money has: the dye says whose money it is, the weave which part of it.

Both follow from the colour's path alone, so a colour looks alike in every picture, on every page and in every ledger.
"""

import hashlib
from functools import lru_cache

DYES = 8
WEAVES = (
    "",  # plain weave
    "M-2 15 12 -2M8 15 22 -2M18 15 32 -2",  # twill
    "M0 4.5h26M0 9.5h26",  # weft rib
    "M6.5 0v13M13 0v13M19.5 0v13",  # warp rib
    "M-1 3 5 10 11 3 17 10 23 3 29 10",  # herringbone
    "M4 6.5h4M11 6.5h4M18 6.5h4",  # running stitch
)
"""Threads over a piece of 26 × 13."""
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
