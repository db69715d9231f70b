"""The thread between payer and payee: the colour's dye and weave; where the colour ends, undyed from the middle on."""

from markupsafe import Markup

from boyau.web.dyes import WEAVES, dye, weave

WIDE, HIGH = 624, 26
"""The drawing; 24 pieces of a swatch's cloth, twice its size."""


def thread(path: str, *, begins_plain: bool, ends_plain: bool) -> Markup:
    """Draw the thread of *path*; plain money is an outline."""
    shape = WEAVES[weave(path)]
    pattern = Markup(
        '<pattern id="weave" width="52" height="26" patternUnits="userSpaceOnUse">'
        '<path class="weave" transform="scale(2)" d="{}"/></pattern>'
    ).format(shape)
    middle = WIDE // 2
    begin = middle if begins_plain else 0
    end = middle if ends_plain else WIDE
    dyed = Markup('<rect class="cloth" x="{0}" width="{1}" height="26"/>').format(begin, max(end - begin, 0))
    if shape:
        dyed += Markup('<rect fill="url(#weave)" x="{0}" width="{1}" height="26"/>').format(begin, max(end - begin, 0))
    plain = Markup("")
    for wanted, x in ((begins_plain, 1), (ends_plain, middle)):
        if wanted:
            plain += Markup('<rect class="undyed" x="{}" y="1" width="{}" height="24"/>').format(x, middle - 1)
    if begins_plain and ends_plain:
        dyed, pattern = Markup(""), Markup("")
    return Markup(
        '<svg class="cloth-line dye-{}" viewBox="0 0 624 26" preserveAspectRatio="none" aria-hidden="true">'
        "<defs>{}</defs>{}{}</svg>"
    ).format(dye(path), pattern, dyed, plain)
