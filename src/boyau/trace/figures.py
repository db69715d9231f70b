"""Figures as people write them: ``1,12 трлн ₸``, ``1.12 tn ₸``. Integers throughout; rounding is half up."""

from dataclasses import dataclass
from typing import Protocol

from boyau.language.catalogue import SIGNS, language

NARROW = "\N{NO-BREAK SPACE}"
_STEPS = {
    "kk": (("трлн", 12), ("млрд", 9), ("млн", 6), ("мың", 3)),
    "ru": (("трлн", 12), ("млрд", 9), ("млн", 6), ("тыс.", 3)),
    "en": (("tn", 12), ("bn", 9), ("m", 6), ("k", 3)),
}


class NumberFormat(Protocol):
    """How a picture writes amounts of minor units."""

    def short(self, minor: int) -> str:
        """Write three significant digits, for labels."""

    def exact(self, minor: int) -> str:
        """Write every digit, for tables and tooltips."""

    def share(self, part: int, whole: int) -> str:
        """Write *part* of *whole* in per cent."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The local way to write amounts of one unit."""

    language: str
    unit: str = "KZT"
    scale: int = 2

    @property
    def _point(self) -> str:
        return "." if self.language == "en" else ","

    def _decimal(self, value: int, places: int) -> str:
        """Write value × 10^−places, grouped."""
        whole, rest = divmod(value, 10**places)
        grouped = f"{whole:,}" if self.language == "en" else f"{whole:,}".replace(",", NARROW)
        return grouped + (f"{self._point}{rest:0{places}}" if places else "")

    def _trim(self, text: str) -> str:
        return text.rstrip("0").rstrip(self._point) if self._point in text else text

    @property
    def _symbol(self) -> str:
        return NARROW + SIGNS.get(self.unit, self.unit)

    def exact(self, minor: int) -> str:
        """Write every digit: ``1 120 000,00 ₸``."""
        return language(self.language).money(minor, self.unit, self.scale)

    def short(self, minor: int) -> str:
        """Write three significant digits: ``1,12 трлн ₸``; below a thousand every digit that is not a closing zero."""
        steps = _STEPS[self.language]
        for place, (name, power) in enumerate(steps):
            one = 10 ** (power + self.scale)
            if minor >= one:
                places = 2 if minor < 10 * one else 1 if minor < 100 * one else 0
                value = (minor * 10**places * 2 + one) // (2 * one)
                if value >= 1000 * 10**places and place:  # 999.9 m is 1 bn
                    return "1" + NARROW + steps[place - 1][0] + self._symbol
                return self._trim(self._decimal(value, places)) + NARROW + name + self._symbol
        return self._trim(self._decimal(minor, self.scale)) + self._symbol

    def share(self, part: int, whole: int) -> str:
        """Write *part* of *whole* in per cent, to a tenth; ``<0,1 %`` rather than nothing."""
        tenths = (part * 2000 + whole) // (2 * whole) if whole else 0
        gap = "" if self.language == "en" else NARROW
        if not tenths and part:
            return f"<0{self._point}1{gap}%"
        return self._trim(self._decimal(tenths, 1)) + gap + "%"
