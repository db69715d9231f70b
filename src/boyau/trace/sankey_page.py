"""A flow as a file of its own: the picture, or a page with the picture and the same figures as a table.

Both need nothing else; they follow the reader's light or dark setting.
"""

from functools import cache
from html import escape
from importlib.resources import files

from boyau.trace import sankey
from boyau.trace.figures import NumberFormat
from boyau.trace.flow import Flow
from boyau.trace.words import word

LIGHT = {
    "paper": "#fbf8f2", "card": "#fffdf9", "sunk": "#f3ede2", "ink": "#1c2430", "soft": "#56606c", "line": "#ddd4c4",
    "rule": "#c8bca7", "accent": "#8f2a24", "focus": "#1f4f82", "wait": "#7a5200", "undyed": "#8b8271",
    "dye-0": "#8f2a24", "dye-1": "#2b4f87", "dye-2": "#8a6410", "dye-3": "#2e6b4a", "dye-4": "#6b3f78",
    "dye-5": "#a2491e", "dye-6": "#1f6c78", "dye-7": "#6e5340",
}  # fmt: skip
DARK = {
    "paper": "#14181f", "card": "#1b212a", "sunk": "#10141a", "ink": "#ece6da", "soft": "#a9b0b8", "line": "#333c48",
    "rule": "#4a5563", "accent": "#e58a7f", "focus": "#8fbcec", "wait": "#e6bd69", "undyed": "#a59c8b",
    "dye-0": "#e08277", "dye-1": "#86abe2", "dye-2": "#d8b157", "dye-3": "#7cc49b", "dye-4": "#c19ad0",
    "dye-5": "#e99a6d", "dye-6": "#74c3cf", "dye-7": "#c7a88f",
}  # fmt: skip
"""The tokens of the pages (docs/design.md); a test holds them together."""


@cache
def style() -> str:
    """Return all that a drawing needs where no page gives it: tokens, dyes, and the look."""

    def written(tokens: dict[str, str]) -> str:
        return ";".join(f"--{name}:{value}" for name, value in tokens.items())

    dyes = "".join(f".dye-{number}{{--dye:var(--dye-{number})}}" for number in range(8))
    fonts = (
        '--serif:"Source Serif 4","PT Serif","Noto Serif",Georgia,"DejaVu Serif",serif;'
        '--sans:"Inter","PT Sans","Noto Sans","Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif'
    )
    return (
        f":root{{color-scheme:light dark;{written(LIGHT)};{fonts}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{written(DARK)}}}}}{dyes}.dye-none{{--dye:var(--undyed)}}"
        + (files("boyau.trace") / "sankey.css").read_text("utf-8")
    )


def svg(flow: Flow, *, title: str, language: str, number_format: NumberFormat, width: int = sankey.WIDTH) -> str:
    """Draw *flow* as an SVG document."""
    return sankey.svg(
        flow, title=title, language=language, number_format=number_format, width=width, style=style()
    )  # fmt: skip


PAGE_STYLE = """
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 var(--sans)}
main{max-width:1180px;margin:0 auto;padding:28px 24px 56px}h1{font:600 24px/1.25 var(--serif);margin:0 0 18px;
text-wrap:balance}dl{display:flex;flex-wrap:wrap;gap:14px 34px;margin:0 0 26px}dl div{min-width:0}
dt{color:var(--soft);font-size:13px}dd{margin:0;font-size:19px;font-weight:600;font-variant-numeric:tabular-nums}
figure{margin:0 0 30px;overflow-x:auto}figure svg{display:block;max-width:none}figure.wide svg{width:100%;
min-width:880px;height:auto}figure.narrow{display:none}
.rows{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}caption{text-align:start;
font-weight:600;font-size:16px;padding:0 0 10px}th,td{text-align:start;vertical-align:top;padding:8px 18px 8px 0;
border-bottom:1px solid var(--line)}thead th{color:var(--soft);font-weight:500;font-size:13px}
td.n,th.n{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}tbody th{font-weight:400}
tbody tr:hover{background:var(--sunk)}td:last-child,th:last-child{padding-right:0}
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
        + sankey.svg(flow, title=title, language=language, number_format=figures, width=width, heading=False)
        + "</figure>"
        for look, width in (("wide", sankey.WIDTH), ("narrow", sankey.COMPACT - 1))
    )
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{style()}{PAGE_STYLE}</style></head>"
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
