"""A language: its texts, and how it writes amounts and dates."""

import gettext
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from boyau.ledger import amounts, codes

LANGUAGES = ("kk", "ru", "en")
_LOCALE = Path(__file__).parent / "locale"
SIGNS = {"KZT": "₸", "USD": "$", "EUR": "€", "RUB": "₽"}
_NO_BREAK = "\u00a0"


@dataclass(frozen=True)
class Language:
    """One of ``LANGUAGES``; ``text`` translates a source text."""

    code: str
    _texts: gettext.NullTranslations

    def text(self, source: str, **values: object) -> str:
        """Translate *source* and fill in *values*."""
        translated = self._texts.gettext(source)
        return translated.format(**values) if values else translated

    def number(self, digits: str) -> str:
        """Write ``-1234567.5`` as this language does: grouped by threes, with its decimal mark."""
        sign, digits = ("\u2212", digits[1:]) if digits.startswith("-") else ("", digits)
        whole, point, fraction = digits.partition(".")
        groups = f"{int(whole):,}"
        if self.code != "en":
            groups, point = groups.replace(",", _NO_BREAK), "," if point else ""
        return f"{sign}{groups}{point}{fraction}"

    def rounded(self, value: int, unit: int, places: int = 1) -> str:
        """Write *value* in units of *unit*, rounded half up (away from zero) to *places*: 27 035 641,9."""
        scaled = (abs(value) * 10**places * 2 + unit) // (2 * unit)
        return self.number(("-" if value < 0 and scaled else "") + amounts.write(scaled, places))

    def percent(self, part: int, whole: int) -> str:
        """Write *part* of *whole* in per cent with one decimal; "" where there is no whole."""
        return f"{self.rounded(100 * part, whole)}{_NO_BREAK}%" if whole > 0 else ""

    def title(self, title: object) -> str:
        """Return a title in this language, of a text or of texts by language."""
        if isinstance(title, dict):
            return str(title.get(self.code) or title.get("ru") or next(iter(title.values()), ""))
        return str(title)

    def money(self, minor: int, unit: str = "KZT", scale: int = 2) -> str:
        """Write an amount exactly, with the sign of its unit: ``1 234,50 ₸``."""
        return f"{self.number(amounts.write(minor, scale))}{_NO_BREAK}{SIGNS.get(unit, unit)}"

    def day(self, days: int) -> str:
        """Write a date the way the language's readers do: 31.12.2026, in English 2026-12-31."""
        iso = codes.day_text(days)
        return iso if self.code == "en" else ".".join(reversed(iso.split("-")))

    def day_of_text(self, iso: str) -> str:
        """Write a date that is given as YYYY-MM-DD."""
        return iso if self.code == "en" or not iso else ".".join(reversed(iso.split("-")))


@cache
def language(code: str | None = None) -> Language:
    """Return the language *code*; without one the environment's (LC_ALL, LC_MESSAGES, LANG), else English."""
    if code is None:
        wanted = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
        code = wanted[:2] if wanted[:2] in LANGUAGES else "en"
    if code not in LANGUAGES:
        raise ValueError(f"{code!r} is none of {', '.join(LANGUAGES)}")
    texts = gettext.translation("boyau", _LOCALE, [code], fallback=code == "en")
    return Language(code, texts)


def mark(source: str) -> str:
    """Mark a source text for the catalogues where it is not translated on the spot."""
    return source
