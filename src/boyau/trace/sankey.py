"""A flow as a picture: one SVG, for a page or as a file that needs nothing else.

Bands are as thick as their money and dyed in its colour (`dyes`); exact figures are in the tooltips. What it looks like
is ``sankey.css``, in terms of the tokens of the page it stands in: the drawing itself has classes only. Below `COMPACT`
pixels of width a narrower drawing is made, for telephones.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from boyau.trace.dyes import WEAVES, dye, weave
from boyau.trace.figures import NumberFormat
from boyau.trace.flow import Flow, Link, Node, NodeKind
from boyau.trace.layout import Plan, Room, Run, Spot, plan
from boyau.trace.lettering import abbreviate, fit, tail, text_width
from boyau.trace.words import word

WIDTH = 1120
COMPACT = 600

WIDE_ROOM = Room(
    width=WIDTH,
    height=440,
    node_width=13,
    gap=9,
    margin_right=270,
    column_min=150,
    label_heights=((7, 48), (16, 33), (10_000, 18)),
)
COMPACT_ROOM = Room(
    width=360,
    height=420,
    node_width=8,
    gap=9,
    margin_right=118,
    column_min=119,
    label_heights=((9, 61), (10_000, 46)),
)
TWO_LINES = 30.0
"""Labels with less room than this, pixels, are one line."""
LINE = 4.0
"""Bands thinner than this are drawn as lines, which keep their thickness where they are steep."""
WOVEN = 9.0
"""Bands at least this thick show the weave of their colour."""
THIN = 7.0
"""Nodes lower than this have no outline: it would be all that is seen of them."""
APART = (NodeKind.UNSPENT, NodeKind.HELD, NodeKind.RETURNED)
"""What money has reached nobody."""


@dataclass(frozen=True, slots=True)
class Say:
    """What a page says beyond the figures: the name of a node, and where a node or a link leads ("": nowhere)."""

    title: Callable[[Node], str] | None = None
    node_address: Callable[[Node], str] | None = None
    link_address: Callable[[Link], str] | None = None


def svg(
    flow: Flow,
    *,
    title: str,
    language: str,
    number_format: NumberFormat,
    width: int = WIDTH,
    heading: bool = True,
    say: Say | None = None,
    style: str = "",
) -> str:
    """Draw *flow*. *heading*: with the title and the totals in the picture. *style*: what a file of its own needs."""
    compact = width < COMPACT
    room = COMPACT_ROOM if compact else WIDE_ROOM
    drawing = _Drawing(flow, language, number_format, room, say or Say())
    return drawing.document(title, heading=heading, style=style)


class _Drawing:
    """One picture in the making."""

    def __init__(self, flow: Flow, language: str, figures: NumberFormat, room: Room, say: Say) -> None:
        self.flow, self.language, self.figures, self.room, self.say = flow, language, figures, room, say
        self.plan: Plan = plan(flow, room)
        self.nodes = {node.key: node for node in flow.nodes}
        self.weaves: set[int] = set()
        self.number = ""

    def word(self, what: str) -> str:
        """Say *what* in the reader's language."""
        return word(what, self.language)

    def title_of(self, node: Node) -> str:
        """Name a node."""
        return self.say.title(node) if self.say.title else self.flow.title(node, self.language)

    def document(self, title: str, *, heading: bool, style: str) -> str:
        """Assemble the picture."""
        columns = self.plan.columns
        edge = max((spot.x for column in columns for spot in column), default=0.0) + self.room.node_width
        width = max(self.room.width, edge + self.room.margin_right)
        totals = totals_line(self.flow, self.language, self.figures)
        lines = fit(totals, width, 13, 4) if heading else []
        names = fit(title, width, 19, 3) if heading else []
        top = 26 * len(names) + 19 * len(lines) + 30 if heading else 22
        height = top + max(self.plan.height, 24) + 12
        self.number = hashlib.sha256(f"{title}{self.flow.question}{width}".encode()).hexdigest()[:8]
        about = self.word("drawing").format(nodes=len(self.flow.nodes), links=len(self.flow.links))
        body = [f'<rect class="sheet" x="-8" width="{width + 8:.0f}" height="{height:.0f}"/>'] if style else []
        for place, line in enumerate(names):
            body.append(f'<text class="head" y="{22 + 26 * place}">{escape(line)}</text>')
        for place, line in enumerate(lines):
            body.append(f'<text class="sum" y="{26 * len(names) + 16 + 19 * place}">{escape(line)}</text>')
        body.append(f'<g transform="translate(0 {top})">')
        body += self._heads()
        body += [self._band(link, runs) for link, runs in self._bands()]
        spots = [spot for column in columns for spot in column if spot.labelled]
        body += [self._spot(spot, len(columns)) for spot in spots]
        if not self.flow.nodes:
            body.append(f'<text class="sum" y="10">{escape(self.word("nothing"))}</text>')
        leads = self.say.node_address or self.say.link_address
        role = "group" if leads else "img"  # what is inside an image cannot be reached by the keyboard
        begin = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="sankey" viewBox="-8 0 {width + 8:.0f} {height:.0f}" '
            f'width="{width + 8:.0f}" height="{height:.0f}" role="{role}" lang="{self.language}" '
            f'aria-labelledby="t{self.number} d{self.number}"><title id="t{self.number}">{escape(title)}</title>'
            f'<desc id="d{self.number}">{escape(f"{about} {totals}")}</desc>'
        )
        look = f"<style>{style}</style>" if style else ""
        return "".join([begin, look, self._patterns(), *body, "</g></svg>"])

    def _patterns(self) -> str:
        """Define the weaves that were used."""
        made = [
            f'<pattern id="w{weave}-{self.number}" width="26" height="13" patternUnits="userSpaceOnUse">'
            f'<path class="weave" d="{WEAVES[weave]}"/></pattern>'
            for weave in sorted(self.weaves)
        ]
        return f"<defs>{''.join(made)}</defs>" if made else ""

    def _woven(self, path: str) -> str:
        """Return the fill of a colour's weave, "" where it is plain."""
        number = weave(path)
        if not path or not WEAVES[number]:
            return ""
        self.weaves.add(number)
        return f"url(#w{number}-{self.number})"

    def _heads(self) -> list[str]:
        """Write over each column what stands in it, where that is one thing and not that of the column before."""
        out = []
        before = ""
        for number, column in enumerate(self.plan.columns):
            kinds = {spot.node.kind for spot in column if spot.node is not None}
            kinds -= {NodeKind.UNSPENT, NodeKind.HELD, NodeKind.RETURNED}
            if len(kinds) == 1 and (number or len(self.plan.columns) > 1):
                text = self.word(kinds.pop().value)
                if text == before:
                    continue
                before = text
                out.append(f'<text class="col" x="{column[0].x:.1f}" y="-9">{escape(text)}</text>')
        return out

    def _bands(self) -> list[tuple[Link, Sequence[Run]]]:
        """Return thick bands first, so that thin ones lie on top and can be pointed at."""
        return sorted(self.plan.bands, key=lambda band: -band[0].amount)

    def _band(self, link: Link, runs: Sequence[Run]) -> str:
        thick = max(link.amount * self.plan.scale, 1.0)
        bar = self.room.node_width
        upper, middle, lower = [], [], []
        for place, run in enumerate(runs):
            x0 = run.giver.x + bar
            x1, half = run.taker.x, (run.taker.x - x0) / 2
            start = f"M{x0:.1f} {run.y0:.2f}" if not place else f"L{x0:.1f} {run.y0:.2f}"
            upper.append(f"{start}C{x0 + half:.1f} {run.y0:.2f} {x1 - half:.1f} {run.y1:.2f} {x1:.1f} {run.y1:.2f}")
            at0, at1 = run.y0 + thick / 2, run.y1 + thick / 2
            begin = "L" if place else "M"
            middle.append(
                f"{begin}{x0:.1f} {at0:.2f}C{x0 + half:.1f} {at0:.2f} {x1 - half:.1f} {at1:.2f} {x1:.1f} {at1:.2f}"
            )
            low0, low1 = run.y0 + thick, run.y1 + thick
            lower.append(
                f"L{x1:.1f} {low1:.2f}C{x1 - half:.1f} {low1:.2f} {x0 + half:.1f} {low0:.2f} {x0:.1f} {low0:.2f}"
            )
        path = "".join(upper) + "".join(reversed(lower)) + "Z"
        shapes = f'<path class="band" d="{path}"/>'
        woven = self._woven(link.colour) if thick >= WOVEN else ""
        if thick < LINE:
            shapes = f'<path class="line" stroke-width="{thick:.2f}" d="{"".join(middle)}"/>'
        elif woven:
            shapes += f'<path class="woven" fill="{woven}" d="{path}"/>'
        look = f"dye-{dye(link.colour)}" if link.colour else "dye-none"
        kind = self.nodes[link.target].kind
        look += f" to-{kind.value}" if kind in APART else ""
        address = self.say.link_address(link) if self.say.link_address else ""
        return self._group(f"flow {look}", address, self._told(link), shapes)

    def _told(self, link: Link) -> str:
        """Say what a band is."""
        origin, target = self.nodes[link.origin], self.nodes[link.target]
        text = f"{self.title_of(origin)} → {self.title_of(target)}\n{self._amount(link.amount)}"
        if link.colour:
            title = self.flow.names.colour_title(link.colour, self.language)
            text += f"\n{title} ({link.colour})" if title else f"\n{link.colour}"
        if link.returned:
            text += f"\n{self.word('given_back_short')}: {self.figures.exact(link.returned)}"
        if link.entries:
            text += f"\n{self.word('entries')}: {link.entries}"
        return text

    @staticmethod
    def _group(look: str, address: str, told: str, shapes: str) -> str:
        """Put shapes together under one tooltip, as a link where they lead somewhere."""
        inside = f"<title>{escape(told)}</title>{shapes}"
        if not address:
            return f'<g class="{look}">{inside}</g>'
        # The name of a link is its label: a title of several lines would be read out as one.
        name = escape(told.replace("\n", "; "))
        return f'<a class="{look}" href="{escape(address)}" aria-label="{name}">{inside}</a>'

    def _amount(self, amount: int) -> str:
        return f"{self.figures.exact(amount)} ({self.figures.share(amount, self.plan.total)})"

    def _spot(self, spot: Spot, columns: int) -> str:
        """Draw a node, or the mark of a cut circle, with its label."""
        bar = self.room.node_width
        label = self._label(spot, columns)
        text = f"{self._name(spot)}\n{self._amount(spot.amount)}"
        if spot.node is None:  # an open bracket
            x = spot.x + (bar if not spot.inward else 0)
            side = -bar if not spot.inward else bar
            path = f"M{x + side:.1f} {spot.y:.2f}h{-side}v{spot.height:.2f}h{side}"
            return self._group("place", "", text, f'<path class="cut" d="{path}"/>{label}')
        node = spot.node
        if node.kind is NodeKind.COLOUR and node.name and node.name != self._name(spot):
            text += f"\n{node.name}"
        look = (
            f"place {node.kind.value}"
            + " focus" * node.focus
            + " merged" * bool(node.merged)
            + " thin" * (spot.height < THIN)
        )
        box = f'x="{spot.x:.1f}" y="{spot.y:.2f}" width="{bar}" height="{max(spot.height, 1.5):.2f}"'
        shapes = f'<rect class="node" {box} rx="1.5"/>'
        if node.kind is NodeKind.COLOUR and node.name:
            look += f" dye-{dye(node.name)}"
            woven = self._woven(node.name)
            shapes += f'<rect fill="{woven}" {box}/>' if woven else ""
        address = self.say.node_address(node) if self.say.node_address else ""
        return self._group(look, address, text, shapes + label)

    def _name(self, spot: Spot) -> str:
        if spot.node is not None:
            return self.title_of(spot.node)
        assert spot.back is not None
        return self.word("back_from" if spot.inward else "back_to").format(name=self.title_of(spot.back))

    def _label(self, spot: Spot, columns: int) -> str:
        last = spot.column == columns - 1
        step = (self.plan.columns[1][0].x - self.plan.columns[0][0].x) if columns > 1 else self.room.width / 2
        space = (self.room.margin_right if last else step - self.room.node_width) - 16
        x = spot.x + self.room.node_width + 6
        figure = self.figures.short(spot.amount)
        name = abbreviate(self._name(spot))
        path = spot.node is not None and spot.node.kind is NodeKind.COLOUR and name == spot.node.name
        if path:  # of a path without a title its end tells more than its beginning
            name = tail(name, space - (text_width(figure, 12.5) + 8 if spot.slot < TWO_LINES else 0))
        flat = spot.slot < TWO_LINES
        if flat:
            space -= text_width(figure, 12.5) + 8
            line = fit(name, space, 12.5, 1)[0]
            y = spot.middle + 4.4
            return (
                f'<text class="label" x="{x:.1f}" y="{y:.1f}"><tspan class="called">{escape(line)}</tspan>'
                f'<tspan class="fig" dx="7">{escape(figure)}</tspan></text>'
            )
        lines_max = max(1, min(4, int((spot.slot - 14) / 15)))
        lines = fit(name, space, 12.5, lines_max)
        y = spot.middle - (len(lines) * 15 - 7) / 2 + 4
        out = []
        for place, line in enumerate(lines):
            out.append(f'<text class="label called" x="{x:.1f}" y="{y + 15 * place:.1f}">{escape(line)}</text>')
        out.append(f'<text class="label fig" x="{x:.1f}" y="{y + 15 * len(lines):.1f}">{escape(figure)}</text>')
        return "".join(out)


def totals_line(flow: Flow, language: str, figures: NumberFormat) -> str:
    """Write the totals as one line: what came in, and where it is."""
    totals = flow.totals
    parts = [f"{word(what, language)} {figures.short(amount)}" for what, amount in totals.items() if amount]
    return "  ·  ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts).replace("  ·  ", " · ")
