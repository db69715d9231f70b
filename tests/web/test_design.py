"""docs/design.md says what the sheet is: contrasts measured from it, no colour outside of it, every page listed.

``python -m tests.web.test_design`` writes the table of contrasts.
"""

import re
from pathlib import Path

import pytest

from boyau.service.gate.policy import POLICY
from boyau.web import dyes
from tests.web.samples import PAGES

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src" / "boyau" / "web" / "static"
DESIGN = ROOT / "docs" / "design.md"
BEGIN, END = "<!-- contrast: measured by tests/web/test_design.py -->\n", "<!-- end of contrast -->"
DARK = "@media (prefers-color-scheme: dark)"
GROUNDS = ("paper", "card", "sunk", "good-bg", "bad-bg", "wait-bg")
TEXTS = ("ink", "soft", "link", "accent", "good", "bad", "wait")
SIGNS = (*(f"dye-{k}" for k in range(dyes.DYES)), "undyed", "focus")
"""What is seen and not read: it must stand out from paper, card and sunk."""
OTHERS = {"entry.css": ["#fff"]}
"""A QR code is read from white, whatever the paper is."""
TEXT_MIN, SIGN_MIN = 4.5, 3.0


def tokens(text):
    return dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{3,6})\b", text))


def themes():
    """Return the colours of the sheet in the light, in the dark and in print."""
    css = (STATIC / "boyau.css").read_text("utf-8")
    light = tokens(css.partition(DARK)[0])
    dark = light | tokens(css.partition(DARK)[2].partition("}\n}")[0])
    printed = light | tokens(css.partition("@media print")[2].partition("}")[0])
    return {"light": light, "dark": dark, "print": printed}


def luminance(colour):
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(one * 2 for one in digits)
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """The contrast ratio of WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def pairs():
    """Yield (theme, what, ground, least) of everything that stands on something."""
    for theme in themes():
        for ground in GROUNDS:
            yield from ((theme, text, ground, TEXT_MIN) for text in TEXTS)
        yield theme, "accent-ink", "accent", TEXT_MIN
        for ground in GROUNDS[:3]:
            yield from ((theme, sign, ground, SIGN_MIN) for sign in SIGNS)


@pytest.mark.parametrize(("theme", "what", "ground", "least"), list(pairs()))
def test_everything_stands_out_from_its_ground(theme, what, ground, least):
    colours = themes()[theme]
    assert contrast(colours[what], colours[ground]) >= least


def test_contrast_is_that_of_the_standard():
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


def table():
    """Write the contrasts: of texts the least on any ground, of signs on paper, card and sunk."""
    found = themes()
    lines = ["| token | light | least on any ground | dark | least on any ground |", "|---|---|--:|---|--:|"]
    for name in (*TEXTS, *SIGNS):
        grounds = GROUNDS if name in TEXTS else GROUNDS[:3]
        cells = []
        for theme in ("light", "dark"):
            colours = found[theme]
            least = min(contrast(colours[name], colours[ground]) for ground in grounds)
            cells += [f"`{colours[name]}`", f"{int(least * 10) / 10:.1f}"]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    grounds = ", ".join(f"`{name}` `{found['light'][name]}` / `{found['dark'][name]}`" for name in GROUNDS)
    return "\n".join([*lines, "", f"Grounds, light / dark: {grounds}.", ""])


def test_the_table_is_what_is_measured():
    text = DESIGN.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    assert text == "\n" + table() + "\n", "run python -m tests.web.test_design"


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_sheets_of_areas_use_tokens_only(path):
    css = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    if path.name == "boyau.css":
        css = re.sub(r"--[a-z0-9-]+:[^;]+;", "", css)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*[;}])", css) == OTHERS.get(path.name, [])
    assert re.findall(r"\b(?:rgb|rgba|hsl|hsla|oklch|color)\(", css) == []
    used = set(re.findall(r"var\(--([a-z0-9-]+)", css))
    known = set(themes()["light"]) | {"step", "round", "wide", "serif", "sans", "mono", "dye"}
    own = set(re.findall(r"--([a-z0-9-]+):", css))
    assert used <= known | own, used - known - own


@pytest.mark.parametrize("name", ["*.html", "*.js"])
def test_no_style_and_no_script_stands_inside_a_page(name):
    for path in (ROOT / "src" / "boyau" / "web").rglob(name):
        text = path.read_text("utf-8")
        if name == "*.html":
            assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|javascript:", text), path.name
            assert not re.search(r"<script(?![^>]*\s(?:src=|type=\"application/json\"))", text), path.name
        assert not re.search(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", text), path.name


def test_every_page_is_listed_and_no_other():
    section = DESIGN.read_text("utf-8").partition("## Pages")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    listed = {one for row in rows for one in re.findall(r"`(/[^`]*)`", row.split("|")[1])}
    wanted = {re.sub(r":\w+}", "}", route.removeprefix("GET ")) for route in PAGES}
    assert listed == wanted


def test_every_role_that_is_named_is_an_action():
    section = DESIGN.read_text("utf-8").partition("## Pages")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    for row in rows:
        for action in re.findall(r"`([a-z.]+)`", row.split("|")[3]):
            assert action in POLICY.actions


def test_every_dye_and_weave_is_reached_and_follows_from_the_path_alone():
    paths = [f"kz/{a}/2026/{b}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnop"]
    assert {dyes.dye(path) for path in paths} == set(range(dyes.DYES))
    assert {dyes.weave(path) for path in paths} == set(range(len(dyes.WEAVES)))
    assert dyes.dye("kz/road/2026/a") == dyes.dye("kz/road/2026/b/c")
    assert dyes.swatch("kz/road") == dyes.swatch("kz/road")


if __name__ == "__main__":
    before, _, rest = DESIGN.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    DESIGN.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", "utf-8")
