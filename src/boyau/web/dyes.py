"""How a colour of money is drawn, everywhere the same: the dye says whose money it is, the weave which part of it.

Both follow from the colour's path alone, so a colour looks alike on every page, in every ledger and in print. Neither
is the only sign: the name always stands beside it.
"""

from markupsafe import Markup

from boyau.trace.dyes import DYES, FAMILY_SEGMENTS, WEAVES, dye, weave

__all__ = ["DYES", "FAMILY_SEGMENTS", "WEAVES", "dye", "swatch", "weave"]


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
