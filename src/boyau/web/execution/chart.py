"""The year month by month as a drawing: payments plan, obligations, payments, and where the year may end.

Two of each, one for wide windows and one for telephones, so that letters keep their size; the page shows one. What
they say stands as a table too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from boyau.treasury.budget.forecast import Forecast

MONTHS = 12
_STEPS = (1, 2, 5)
Series = Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """What is drawn: cumulative figures by month in minor units, January first; None where there is none.

    ``later``: payments of the months after the last one that is shown, where the ledger has them by now.
    """

    plan: Series
    obligations: Series
    paid: Series
    whole: int | None
    """The plan of the year."""
    forecast: Forecast | None
    later: Series


@dataclass(frozen=True, slots=True)
class Frame:
    """Measures of a drawing in its own units."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    def x(self, month: int) -> float:
        """Return where a month's end is, January 0."""
        return round(self.left + (self.width - self.left - self.right) * (month + 1) / MONTHS, 1)

    def y(self, value: int, most: int) -> float:
        """Return where a figure is."""
        inner = self.height - self.top - self.bottom
        return round(self.top + inner - inner * value / most, 1) if most else float(self.top + inner)


WIDE = Frame(960, 360, 78, 18, 14, 30)
NARROW = Frame(358, 280, 62, 8, 12, 26)


def axis(most: int) -> tuple[int, list[int]]:
    """Return the top of an axis that holds *most*, and its marks: three to six, round."""
    if most <= 0:
        return 1, [0]
    power = 10 ** (len(str(most)) - 1)
    step = (
        next(one for one in (power // 5, power // 2, power, 2 * power) if one and most <= 6 * one) if power >= 5 else 2
    )
    top = -(-most // step) * step
    return top, list(range(0, top + 1, step))


def chart(
    shown: Shown, frame: Frame, name: str, months: Sequence[str], write: Callable[[int], str], kind: str
) -> Markup:
    """Draw the year. *name*: what it is, for those who listen; *months*: their names; *write*: figures of the axis."""
    forecast = shown.forecast
    known = [
        one for one in (*shown.plan, *shown.obligations, *shown.paid, *shown.later, shown.whole) if one is not None
    ]
    known += list(forecast.high) if forecast else []
    top, marks = axis(max(known, default=0))
    out = [_grid(frame, top, marks, months, write)]
    if shown.whole:
        y = frame.y(shown.whole, top)
        out.append(f'<path class="whole" d="M{frame.left} {y}H{frame.width - frame.right}"/>')
    if forecast is not None:
        out.append(_band(frame, top, shown, forecast))
    out += [
        f'<path class="obligations" d="{_line(frame, top, shown.obligations)}"/>',
        f'<path class="plan" d="{_line(frame, top, shown.plan)}"/>',
        _area(frame, top, shown.paid),
        f'<path class="paid" d="{_line(frame, top, shown.paid)}"/>',
    ]
    for month, value in enumerate(shown.later):
        if value is not None:
            out.append(f'<circle class="later" cx="{frame.x(month)}" cy="{frame.y(value, top)}" r="4"/>')
    last = max((k for k, value in enumerate(shown.paid) if value is not None), default=-1)
    if last >= 0:
        out.append(f'<circle class="now" cx="{frame.x(last)}" cy="{frame.y(shown.paid[last] or 0, top)}" r="4.5"/>')
    drawing = Markup("".join(out))  # noqa: S704 - numbers of ours; the texts are escaped where they are put in
    return Markup('<svg class="year {}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        kind, frame.width, frame.height, name, drawing
    )


def _grid(frame: Frame, top: int, marks: list[int], months: Sequence[str], write: Callable[[int], str]) -> str:
    out = []
    for mark in marks:
        y = frame.y(mark, top)
        out.append(f'<path class="grid" d="M{frame.left} {y}H{frame.width - frame.right}"/>')
        out.append(
            f'<text class="mark" x="{frame.left - 8}" y="{y + 4}" text-anchor="end">{escape(write(mark))}</text>'
        )
    for month, text in enumerate(months):
        place = f'x="{frame.x(month)}" y="{frame.height - 8}"'
        out.append(f'<text class="month" {place} text-anchor="middle">{escape(text)}</text>')
    return "".join(out)


def _line(frame: Frame, top: int, series: Series) -> str:
    """Return the path of a cumulative figure, from nothing on 1 January; a month without one is a gap."""
    steps, pen = [f"M{frame.left} {frame.y(0, top)}"], True
    for month, value in enumerate(series):
        if value is None:
            pen = False
            continue
        steps.append(f"{'L' if pen else 'M'}{frame.x(month)} {frame.y(value, top)}")
        pen = True
    return "".join(steps) if len(steps) > 1 else ""


def _area(frame: Frame, top: int, series: Series) -> str:
    known = [(month, value) for month, value in enumerate(series) if value is not None]
    if not known or any(value is None for value in series[: known[-1][0]]):
        return ""
    steps = "".join(f"L{frame.x(month)} {frame.y(value, top)}" for month, value in known)
    bottom = frame.y(0, top)
    return f'<path class="spent" d="M{frame.left} {bottom}{steps}V{bottom}z"/>'


def _band(frame: Frame, top: int, shown: Shown, forecast: Forecast) -> str:
    last = forecast.known - 1
    begin = f"{frame.x(last)} {frame.y(shown.paid[last] or 0, top)}"
    ahead = range(last + 1, MONTHS)

    def points(values: Sequence[int]) -> list[str]:
        return [f"L{frame.x(month)} {frame.y(value, top)}" for month, value in zip(ahead, values, strict=True)]

    band = "".join([*points(forecast.high), *reversed(points(forecast.low))])
    return f'<path class="band" d="M{begin}{band}z"/><path class="ahead" d="M{begin}{"".join(points(forecast.line))}"/>'
