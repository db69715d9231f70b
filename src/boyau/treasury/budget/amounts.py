"""Published amounts to exact minor units and back.

Published figures are binary doubles printed in full (``101518328.74199998``), often after an addition or subtraction
among doubles. They are read as decimal text, never as floats. A figure that is not a whole number of minor units is
accepted only where it lies within the noise such arithmetic leaves:

*One operation on doubles of magnitude M errs by at most 2^-53 M; the noise allowed is 2^-50 M, M being the largest
amount of the same row.* On the published files of 01.2023-03.2025 (eleven files, 374,032 amounts) the worst is
2.3 x 2^-53 M, so three operations in the same direction would still pass and no wrong digit would.

What it is rounded to: ``unpaid`` has its exact value beside it (obligations - paid) and is that value wherever the two
differ by noise alone. Other figures are rounded to the last decimal the publisher means (the mapping's ``decimals``)
where noise alone separates them from it, and else to the nearest minor unit, but never by more than a quarter of one:
from about 2^49 minor units (5.6 trillion tenge) upwards doubles no longer tell tiyn apart after an addition.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from boyau.ledger.rows import AMOUNT_MAX
from boyau.treasury.budget.problems import shown

NOISE_BITS = 50
"""The noise of one row is its largest amount divided by two to this power."""

NOISE_MOVES_MAX = Fraction(1, 4)
"""Minor units by which noise may move a figure that has no exact value beside it."""

DIGITS_MAX = 64
"""Characters of one amount; a double printed in full has at most 25."""

_ODD = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d+")


class AmountError(ValueError):
    """A text that is no amount: *code* is stable, *remedy* says what to do."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.remedy = code, remedy


@dataclass(frozen=True, slots=True)
class Reading:
    """An amount as printed: *minor* units, plus *rest* / 10^*rest_places* of one for what is finer."""

    minor: int
    rest: int
    rest_places: int

    @property
    def exact(self) -> Fraction:
        """The printed value in minor units."""
        return Fraction(self.minor) + Fraction(self.rest, 10**self.rest_places)


def pattern(decimal: str) -> re.Pattern[str]:
    """Return what an amount looks like with this *decimal* mark."""
    return re.compile(rf"(-?)(\d+)(?:{re.escape(decimal)}(\d+))?", re.ASCII)


def read(text: str, shape: re.Pattern[str], places: int) -> Reading:
    """Read one printed amount, *places* digits after the mark being whole minor units. ``AmountError`` where it fails.

    The sign applies to both parts, so ``minor`` is truncated towards zero.
    """
    found = shape.fullmatch(text) if len(text) <= DIGITS_MAX else None
    if found is None:
        raise _refused(text)
    sign, whole, fraction = found.groups()
    if fraction is None:
        fraction = ""
    minor = int(whole + fraction[:places].ljust(places, "0"))
    if minor > AMOUNT_MAX:
        raise AmountError(
            "amount_overflow",
            f"{shown(text)} is more than {AMOUNT_MAX} minor units",
            "Check the figure and the mapping's multiplier; the ledger counts to 2^62 - 1.",
        )
    finer = fraction[places:].rstrip("0")
    rest = int(finer) if finer else 0
    return Reading(-minor, -rest, len(finer)) if sign else Reading(minor, rest, len(finer))


def _refused(text: str) -> AmountError:
    if not text.strip():
        return AmountError("amount_missing", "the amount is empty", "Write 0.0 where there is none.")
    if _ODD.fullmatch(text.strip()):
        return AmountError("amount_not_finite", f"{shown(text)} is no amount", "Publish the figure itself.")
    if _EXPONENT.fullmatch(text.strip()):
        return AmountError("amount_exponent", f"{shown(text)} has an exponent", "Write all digits out, without e.")
    if len(text) > DIGITS_MAX:
        return AmountError("amount_overflow", f"{shown(text)} has {len(text)} characters", "Check the figure.")
    return AmountError(
        "amount_unreadable",
        f"{shown(text)} is not digits with the mapping's decimal mark",
        "Write digits only, without spaces or separators of thousands.",
    )


def settle(reading: Reading, row_max: int, step: int = 1) -> tuple[int, Fraction]:
    """Return whole minor units and how far the print was from them; *row_max* is the row's largest amount.

    *step* is the last decimal the publisher means, in minor units: a figure within noise of a multiple is that
    multiple. Otherwise it is the nearest minor unit, or ``AmountError`` (``amount_too_fine``) where none is near.
    """
    exact, noise = reading.exact, noise_max(row_max)
    if step > 1:
        multiple = round(exact / step) * step
        if abs(exact - multiple) <= noise:
            return multiple, abs(exact - multiple)
    nearest = round(exact)
    distance = abs(exact - nearest)
    if distance > min(noise, NOISE_MOVES_MAX):
        raise AmountError(
            "amount_too_fine",
            f"has too many decimals: {float(distance):.3g} of a minor unit beyond the last one",
            "Round it to the unit's smallest coin, or correct the mapping's multiplier and scale.",
        )
    return nearest, distance


def noise_max(row_max: int) -> Fraction:
    """Return the noise that arithmetic on doubles can leave in a row whose largest amount is *row_max* minor units."""
    return Fraction(row_max, 1 << NOISE_BITS)


def printed(minor: int, places: int, decimal: str = ".") -> str:
    """Return minor units as the file prints them: no more digits than needed, at least one after the mark."""
    digits = str(abs(minor)).rjust(places + 1, "0")
    whole, fraction = (digits[:-places], digits[-places:].rstrip("0")) if places else (digits, "")
    return f"{'-' if minor < 0 else ''}{whole}{decimal}{fraction or '0'}"
