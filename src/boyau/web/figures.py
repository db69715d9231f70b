"""Numbers as people read them: big sums short, the exact figure at hand; bars of plan, bound and paid."""

from markupsafe import Markup

from boyau.language import Language
from boyau.trace import Figures

BAR = 1000


def money(minor: int, words: Language, unit: str = "KZT", scale: int = 2) -> Markup:
    """Write an amount short, with every digit in its title and for those who listen: 1,12 трлн ₸."""
    figures = Figures(words.code, unit, scale)
    sign = "\u2212" if minor < 0 else ""
    short, exact = sign + figures.short(abs(minor)), words.money(minor, unit, scale)
    if short == exact:
        return Markup('<span class="sum">{}</span>').format(exact)
    return Markup('<data class="sum" value="{}" title="{}">{}</data>').format(minor, exact, short)


def exact(minor: int, words: Language, unit: str = "KZT", scale: int = 2) -> Markup:
    """Write every digit."""
    return Markup('<span class="sum">{}</span>').format(words.money(minor, unit, scale))


def bar(paid: int, bound: int, whole: int, label: str, dye: int | None = None) -> Markup:
    """Draw what of *whole* is *bound* by obligations and what is *paid*; amounts in minor units."""
    top = max(whole, bound, paid, 1)
    wide = [BAR * max(one, 0) // top for one in (whole, bound, paid)]
    return Markup(
        '<svg class="bar{}" viewBox="0 0 1000 14" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="whole" width="{}" height="14"/><rect class="bound" width="{}" height="14"/>'
        '<rect class="paid" width="{}" height="14"/></svg>'
    ).format("" if dye is None else f" dye-{dye}", label, *wide)
