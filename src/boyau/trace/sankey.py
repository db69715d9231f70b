"""A flow as a picture: one SVG that needs nothing else, or a page with the same figures as a table beneath it.

Bands are as thick as their money. Exact figures are in the tooltips and in the table. Colours follow the reader's
light or dark setting. Below `COMPACT` pixels of width a narrower drawing is made, for telephones.
"""

import hashlib
from collections.abc import Sequence
from html import escape

from boyau.trace.figures import NumberFormat
from boyau.trace.flow import Flow, Link, Node, NodeKind
from boyau.trace.layout import Plan, Room, Run, Spot, plan
from boyau.trace.lettering import abbreviate, fit, text_width
from boyau.trace.words import word

WIDTH = 1120
COMPACT = 600

WIDE_ROOM = Room(
    width=WIDTH,
    height=440,
    node_width=12,
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

BRANCHES = tuple(f"h{number}" for number in range(8))
"""Names of the hues that branches are told apart by."""
TWO_LINES = 30.0
"""Labels with less room than this, pixels, are one line."""
LINE = 4.0
"""Bands thinner than this are drawn as lines, which keep their thickness where they are steep."""

STYLE = """
.by{--ink:#1d2733;--soft:#5b6875;--paper:#fff;--line:#e3e7eb;--source:#41566b;--unspent:#9aa5b1;--held:#c9922e;
--returned:#a8596b;--other:#8b95a1;--h0:#2f8378;--h1:#3f6fb0;--h2:#87609f;--h3:#bb6244;--h4:#6f8436;--h5:#3f8fae;
--h6:#ab5c85;--h7:#4d6a8f;font-family:"Inter","Segoe UI","Noto Sans",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",
sans-serif;font-size:12.5px;color-scheme:light dark}
@media(prefers-color-scheme:dark){.by{--ink:#e8ecf0;--soft:#9dabb8;--paper:#12181f;--line:#2a343f;--source:#9db2c6;
--unspent:#7b8794;--held:#dcae58;--returned:#cf8496;--other:#7d8894;--h0:#56b3a6;--h1:#729fdc;--h2:#b48ecb;
--h3:#de8c6e;--h4:#a2b964;--h5:#6cbad7;--h6:#d68bb2;--h7:#8aa6cb}}
.by .paper{fill:var(--paper)}.by text{fill:var(--ink)}.by .head{font-size:19px;font-weight:650}
.by .sum,.by .col{fill:var(--soft)}.by .sum{font-size:13px}.by .col{font-size:11px;letter-spacing:.04em}
.by .name{font-weight:550}.by .fig{fill:var(--soft);font-variant-numeric:tabular-nums}
.by .label{paint-order:stroke;stroke:var(--paper);stroke-width:3.5px;stroke-linejoin:round}
.by .band{fill:var(--c);fill-opacity:.34}.by .band:hover{fill-opacity:.62}
.by .line{fill:none;stroke:var(--c);stroke-opacity:.6}.by .line:hover{stroke-opacity:1}
.by .node{fill:var(--c)}.by .cut{fill:none;stroke:var(--c);stroke-width:2}
@media print{.by .band{fill-opacity:.45}}
"""


def svg(
    flow: Flow,
    *,
    title: str,
    language: str,
    number_format: NumberFormat,
    width: int = WIDTH,
    heading: bool = True,
) -> str:
    """Draw *flow* as an SVG document. *heading*: write the title and the totals into the picture as well."""
    compact = width < COMPACT
    drawing = _Drawing(flow, language, number_format, COMPACT_ROOM if compact else WIDE_ROOM, compact=compact)
    return drawing.document(title, heading=heading)


class _Drawing:
    """One picture in the making."""

    def __init__(self, flow: Flow, language: str, figures: NumberFormat, room: Room, *, compact: bool) -> None:
        self.flow, self.language, self.figures, self.room, self.compact = flow, language, figures, room, compact
        self.plan: Plan = plan(flow, room)
        self.nodes = {node.key: node for node in flow.nodes}
        self.hue = _hues(self.plan)

    def word(self, what: str) -> str:
        """Say *what* in the reader's language."""
        return word(what, self.language)

    def title_of(self, node: Node) -> str:
        """Name a node."""
        return self.flow.title(node, self.language)

    def document(self, title: str, *, heading: bool) -> str:
        """Assemble the picture."""
        columns = self.plan.columns
        edge = max((spot.x for column in columns for spot in column), default=0.0) + self.room.node_width
        width = max(self.room.width, edge + self.room.margin_right)
        lines = fit(totals_line(self.flow, self.language, self.figures), width, 13, 4) if heading else []
        names = fit(title, width, 19, 3) if heading else []
        top = 26 * len(names) + 19 * len(lines) + 30 if heading else 22
        height = top + max(self.plan.height, 24) + 12
        number = hashlib.sha256(f"{title}{self.flow.question}{width}".encode()).hexdigest()[:8]
        nodes, links = len(self.flow.nodes), len(self.flow.links)
        about = self.word("drawing").format(nodes=nodes, links=links)
        about += " " + totals_line(self.flow, self.language, self.figures)
        out = [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" class="by" viewBox="-8 0 {width + 8:.0f} {height:.0f}" '
                f'width="{width + 8:.0f}" height="{height:.0f}" role="img" lang="{self.language}" '
                f'aria-labelledby="t{number} d{number}">'
            ),
            f'<title id="t{number}">{escape(title)}</title><desc id="d{number}">{escape(about)}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect class="paper" x="-8" width="{width + 8:.0f}" height="{height:.0f}"/>',
        ]
        for place, line in enumerate(names):
            out.append(f'<text class="head" y="{22 + 26 * place}">{escape(line)}</text>')
        for place, line in enumerate(lines):
            out.append(f'<text class="sum" y="{26 * len(names) + 16 + 19 * place}">{escape(line)}</text>')
        out.append(f'<g transform="translate(0 {top})">')
        out += self._heads()
        out += [self._band(link, runs) for link, runs in self._bands()]
        spots = [spot for column in columns for spot in column if spot.labelled]
        out += [self._node(spot) for spot in spots]
        out += [self._label(spot, len(columns)) for spot in spots]
        if not self.flow.nodes:
            out.append(f'<text class="sum" y="10">{escape(self.word("nothing"))}</text>')
        out.append("</g></svg>")
        return "".join(out)

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
        upper, lower = [], []
        for place, run in enumerate(runs):
            x0 = run.giver.x + bar
            x1, half = run.taker.x, (run.taker.x - x0) / 2
            start = f"M{x0:.1f} {run.y0:.2f}" if not place else f"L{x0:.1f} {run.y0:.2f}"
            upper.append(f"{start}C{x0 + half:.1f} {run.y0:.2f} {x1 - half:.1f} {run.y1:.2f} {x1:.1f} {run.y1:.2f}")
            low0, low1 = run.y0 + thick, run.y1 + thick
            lower.append(
                f"L{x1:.1f} {low1:.2f}C{x1 - half:.1f} {low1:.2f} {x0 + half:.1f} {low0:.2f} {x0:.1f} {low0:.2f}"
            )
        origin, target = self.nodes[link.origin], self.nodes[link.target]
        text = f"{self.title_of(origin)} → {self.title_of(target)}\n{self._amount(link.amount)}"
        if link.returned:
            text += f"\n{self.word('given_back_short')}: {self.figures.exact(link.returned)}"
        if link.entries:
            text += f"\n{self.word('entries')}: {link.entries}"
        tone = self._band_tone(runs)
        path, look = "".join(upper) + "".join(reversed(lower)) + "Z", "band"
        if thick < LINE:
            path, look = "".join(upper), "line"
            tone += f");stroke-width:{thick:.2f}px;transform:translateY({thick / 2:.2f}px"
        return f'<path class="{look}" style="--c:var(--{tone})" d="{path}"><title>{escape(text)}</title></path>'

    def _band_tone(self, runs: Sequence[Run]) -> str:
        """Colour a band as what it leads to, where that is an end; else as the branch it belongs to."""
        giver, taker = self.hue[runs[0].giver], self.hue[runs[-1].taker]
        return giver if giver in BRANCHES and taker in BRANCHES else taker

    def _amount(self, amount: int) -> str:
        return f"{self.figures.exact(amount)} ({self.figures.share(amount, self.plan.total)})"

    def _node(self, spot: Spot) -> str:
        bar = self.room.node_width
        tone = f'style="--c:var(--{self.hue[spot]})"'
        if spot.node is None:  # a cut circle: an open bracket
            x = spot.x + (bar if not spot.inward else 0)
            side = -bar if not spot.inward else bar
            path = f"M{x + side:.1f} {spot.y:.2f}h{-side}v{spot.height:.2f}h{side}"
            text = f"{self._name(spot)}\n{self._amount(spot.amount)}"
            return f'<path class="cut" {tone} d="{path}"><title>{escape(text)}</title></path>'
        node = spot.node
        text = f"{self._name(spot)}\n{self._amount(node.amount)}"
        if node.name and node.name != self._name(spot):
            text += f"\n{node.name}"
        return (
            f'<rect class="node" {tone} x="{spot.x:.1f}" y="{spot.y:.2f}" width="{bar}" '
            f'height="{max(spot.height, 1.5):.2f}" rx="2"><title>{escape(text)}</title></rect>'
        )

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
        flat = spot.slot < TWO_LINES
        if flat:
            space -= text_width(figure, 12.5) + 8
            line = fit(name, space, 12.5, 1)[0]
            y = spot.middle + 4.4
            return (
                f'<text class="label" x="{x:.1f}" y="{y:.1f}"><tspan class="name">{escape(line)}</tspan>'
                f'<tspan class="fig" dx="7">{escape(figure)}</tspan></text>'
            )
        lines_max = max(1, min(4, int((spot.slot - 14) / 15)))
        lines = fit(name, space, 12.5, lines_max)
        y = spot.middle - (len(lines) * 15 - 7) / 2 + 4
        out = []
        for place, line in enumerate(lines):
            out.append(f'<text class="label name" x="{x:.1f}" y="{y + 15 * place:.1f}">{escape(line)}</text>')
        out.append(f'<text class="label fig" x="{x:.1f}" y="{y + 15 * len(lines):.1f}">{escape(figure)}</text>')
        return "".join(out)


def _hues(plan: Plan) -> dict[Spot, str]:
    """Give each branch a hue of its own, which what it pays inherits; sources and ends have fixed ones."""
    fixed = {
        NodeKind.SOURCE: "source",
        NodeKind.UNSPENT: "unspent",
        NodeKind.HELD: "held",
        NodeKind.RETURNED: "returned",
    }
    tone: dict[Spot, str] = {}
    following = 0
    for column in plan.columns:
        for spot in column:
            node = spot.node
            largest = max(spot.into, key=lambda run: run.link.amount, default=None)
            inherited = tone[largest.giver] if largest is not None else "source"
            if node is None:
                tone[spot] = inherited if spot.back is None else "returned"
            elif node.kind in fixed:
                tone[spot] = fixed[node.kind]
            elif node.focus:
                tone[spot] = "source"
            elif inherited in BRANCHES:
                tone[spot] = inherited
            elif node.merged:
                tone[spot] = "other"
            elif largest is None and node.came:
                tone[spot] = "source"
            else:
                tone[spot] = BRANCHES[following % len(BRANCHES)]
                following += 1
    return tone


PAGE_STYLE = """
:root{--ink:#1d2733;--soft:#5b6875;--paper:#fff;--line:#e3e7eb;--tint:#f5f7f9;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf0;--soft:#9dabb8;--paper:#12181f;--line:#2a343f;--tint:#19212a}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 "Inter","Segoe UI",
"Noto Sans",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif}
main{max-width:1180px;margin:0 auto;padding:28px 24px 56px}h1{font-size:24px;line-height:1.25;margin:0 0 18px;
text-wrap:balance}dl{display:flex;flex-wrap:wrap;gap:14px 34px;margin:0 0 26px}dl div{min-width:0}
dt{color:var(--soft);font-size:13px}dd{margin:0;font-size:19px;font-weight:600;font-variant-numeric:tabular-nums}
figure{margin:0 0 30px;overflow-x:auto}figure svg{display:block;max-width:none}figure.wide svg{width:100%;
min-width:880px;height:auto}figure.narrow{display:none}
.rows{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}caption{text-align:start;
font-weight:600;font-size:16px;padding:0 0 10px}th,td{text-align:start;vertical-align:top;padding:8px 18px 8px 0;
border-bottom:1px solid var(--line)}thead th{color:var(--soft);font-weight:500;font-size:13px}
td.n,th.n{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}tbody th{font-weight:400}
tbody tr:hover{background:var(--tint)}td:last-child,th:last-child{padding-right:0}
@media(max-width:719px){main{padding:18px 14px 40px}h1{font-size:20px}dl{gap:10px 22px}dd{font-size:16px}
figure.wide{display:none}figure.narrow{display:block;margin-inline:-6px}table{font-size:13px}
th,td{padding-right:12px}}
@media print{figure.narrow{display:none}figure.wide{display:block}}
"""


def html(flow: Flow, *, title: str, language: str, number_format: NumberFormat) -> str:
    """Make a page of its own: the title, the totals, the picture (two drawings, for wide and narrow) and the table."""
    figures = number_format
    totals = "".join(
        f"<div><dt>{escape(word(what, language))}</dt>"
        f'<dd title="{escape(figures.exact(amount))}">{escape(figures.short(amount))}</dd></div>'
        for what, amount in flow.totals.items()
        if amount
    )
    pictures = "".join(
        f'<figure class="{look}" tabindex="0">'
        + svg(flow, title=title, language=language, number_format=figures, width=width, heading=False)
        + "</figure>"
        for look, width in (("wide", WIDTH), ("narrow", COMPACT - 1))
    )
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{PAGE_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1><dl>{totals}</dl>{pictures}"
        f"{table(flow, language=language, number_format=figures)}</main></body></html>\n"
    )


def table(flow: Flow, *, language: str, number_format: NumberFormat) -> str:
    """Write the links of *flow* as an HTML table, every figure exact."""
    given_back = any(link.returned for link in flow.links)
    came = flow.totals["came"]
    columns = [("from", ""), ("to", ""), ("amount", "n"), ("share", "n")]
    columns += [("given_back_short", "n")] * given_back + [("entries", "n")]
    head = "".join(f'<th scope="col" class="{look}">{escape(word(what, language))}</th>' for what, look in columns)
    body = []
    for row in flow.rows(language):
        cells = [number_format.exact(row["amount"]), number_format.share(row["amount"], came)]
        cells += [number_format.exact(row["returned"]) if row["returned"] else ""] * given_back + [str(row["entries"])]
        body.append(
            f'<tr><th scope="row">{escape(row["from_title"])}</th><td>{escape(row["to_title"])}</td>'
            + "".join(f'<td class="n">{escape(cell)}</td>' for cell in cells)
            + "</tr>"
        )
    return (
        f'<div class="rows" role="region" tabindex="0" aria-label="{escape(word("table", language))}"><table>'
        f"<caption>{escape(word('table', language))}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def totals_line(flow: Flow, language: str, figures: NumberFormat) -> str:
    """Write the totals as one line: what came in, and where it is."""
    totals = flow.totals
    parts = [f"{word(what, language)} {figures.short(amount)}" for what, amount in totals.items() if amount]
    return "  ·  ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts).replace("  ·  ", " · ")
