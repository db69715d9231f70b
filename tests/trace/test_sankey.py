"""The picture: well-formed, self-contained, and true to its figures."""

import random
import re
from importlib.resources import files
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from trace_pages import make_journal, page

from boyau.trace import Figures, Names, flow_of_account, flow_of_colour, sankey, sankey_page
from boyau.trace.dyes import WEAVES, dye, weave
from boyau.trace.layout import plan
from boyau.trace.lettering import abbreviate, fit, text_width
from boyau.trace.words import LANGUAGES

SVG = "{http://www.w3.org/2000/svg}"
SMALL = """1 T@KZT    M@kz     1000
           2 M@kz     A@kz/1   600
           3 A@kz/1   C@kz/1#1 300
           4 C@kz/1#1 P@KZT    120
           5 C@kz/1#1 A@kz/1   20
           6 A@kz/1   T@KZT    50"""


def draw(flow, language="en", **more) -> ET.Element:
    text = sankey_page.svg(flow, title="A & B <c>", language=language, number_format=Figures(language, scale=0), **more)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"<script|url\((?!#w)|@import|href|style=", text)
    return ET.fromstring(text)


def tooltips(picture) -> list[str]:
    return [found.text for found in picture.iter(f"{SVG}title")]


def looks(picture) -> dict[str, set[str]]:
    """Return the classes of every band and node, by the first line of its tooltip."""
    groups = [group for group in picture.iter() if group.tag in (f"{SVG}g", f"{SVG}a") and group.get("class")]
    return {group.find(f"{SVG}title").text.split("\n")[0]: set(group.get("class").split()) for group in groups}


@pytest.mark.parametrize("width", [1120, 390])
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_it_shows(language, width):
    one = page(SMALL, titles={"C": {language: 'ТОО «Жол» & "Ко" <1>'}}, held={"A@kz/1": 70})
    flow = flow_of_colour(one.lineage, one.names, "kz", held=one.held)
    picture = draw(flow, language, width=width)
    assert picture.get("role") == "img"
    title, about = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert picture.get("aria-labelledby") == f"{title.get('id')} {about.get('id')}"
    assert title.text == "A & B <c>"
    assert str(len(flow.nodes)) in about.text
    said = tooltips(picture)
    for link in flow.links:
        origin, target = (flow.title(flow.node(key), language) for key in (link.origin, link.target))
        (tip,) = [tip for tip in said if tip.startswith(f"{origin} → {target}\n")]
        assert Figures(language, scale=0).exact(link.amount) in tip
    for node in flow.nodes:
        assert any(tip.startswith(f"{flow.title(node, language)}\n") for tip in said)


def test_everything_has_the_look_of_its_money():
    other = next(f"kz/{k}" for k in range(99) if dye(f"kz/{k}") != dye("kz"))
    one = page(SMALL.replace("kz/1", other), held={f"A@{other}": 70})
    flow = flow_of_colour(one.lineage, one.names, "kz", held=one.held)
    look = looks(draw(flow))
    family, child = f"dye-{dye('kz')}", f"dye-{dye(other)}"
    assert look["kz"] >= {"place", "colour", "focus", family}
    assert look[other] >= {"place", "colour", child}
    assert look["T → kz"] == {"flow", family}
    assert look[f"kz → {other}"] == look[f"{other} → C"] == look["C → P"] == {"flow", child}
    assert look[f"{other} → On hold"] == {"flow", child, "to-held"}
    assert look[f"{other} → Unspent"] == {"flow", child, "to-unspent"}
    assert look[f"{other} → Returned to T"] == {"flow", child, "to-returned"}
    assert {"payee"} <= look["P"] and not any(one.startswith("dye") for one in look["P"]), "plain money is undyed"
    assert "holder" in look["C"] and "unspent" in look["Unspent"] and "held" in look["On hold"]


def test_the_weave_of_a_colour_is_drawn_in_its_node_and_its_bands():
    woven = next(f"kz/a/1/{k}" for k in range(99) if WEAVES[weave(f"kz/a/1/{k}")])
    one = page(f"""1 T@KZT  M@{woven} 100
                   2 M@{woven} P@KZT 100""")
    flow = flow_of_colour(one.lineage, one.names, woven)
    text = sankey.svg(flow, title="x", language="en", number_format=Figures("en"))
    (name,) = re.findall(r'<pattern id="(w\d+-\w+)"', text)
    assert text.count(f"url(#{name})") == 3
    assert WEAVES[weave(woven)] in text


def test_in_a_page_it_is_links_and_has_no_style_of_its_own():
    one = page(SMALL)
    flow = flow_of_colour(one.lineage, one.names, "kz")
    say = sankey.Say(
        title=lambda node: f"<{node.key}>", node_address=lambda node: f"/n?a=1&k={node.key}" if node.name else "",
        link_address=lambda link: f"/l?{link.origin}&{link.target}",
    )  # fmt: skip
    text = sankey.svg(flow, title="x", language="en", number_format=Figures("en"), heading=False, say=say)
    assert not re.search(r"<style|style=|<script|var\(", text)
    picture = ET.fromstring(text)
    assert picture.get("role") == "group", "links inside an image are out of reach"
    links = {found.get("href"): found for found in picture.iter(f"{SVG}a")}
    assert set(links) == {f"/l?{link.origin}&{link.target}" for link in flow.links} | {
        f"/n?a=1&k={node.key}" for node in flow.nodes if node.name
    }
    assert all(found.get("aria-label") and "\n" not in found.get("aria-label") for found in links.values())
    assert "<holder:C#1> → <payee:P>; 1.2" in links["/l?holder:C#1&payee:P"].get("aria-label")


def test_the_file_has_the_tokens_of_the_pages():
    css = (files("boyau.web") / "static" / "boyau.css").read_text("utf-8")
    light, dark = (dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]+)", block)) for block in css.split("@media", 2)[:2])
    assert {name: light[name] for name in sankey_page.LIGHT} == sankey_page.LIGHT
    assert {name: dark[name] for name in sankey_page.DARK} == sankey_page.DARK


def test_a_circle_is_cut_open():
    one = page("""1 T@KZT A@kz  100
                  2 A@kz  P@KZT 80
                  3 P@KZT Q@KZT 50
                  4 Q@KZT R@KZT 40
                  5 R@KZT P@KZT 25""")
    flow = flow_of_colour(one.lineage, one.names, "kz", follow="all")
    said = tooltips(draw(flow))
    assert any(tip.startswith("back to P\n25") for tip in said)
    assert any(tip.startswith("back from R\n25") for tip in said)
    assert sum(tip.startswith("R → P\n") for tip in said) == 2


def verify_layout(flow, room) -> None:
    drawn = plan(flow, room)
    least = min(height for _, height in room.label_heights)
    for column in drawn.columns:
        edge = 0.0
        for spot in column:
            assert spot.middle - spot.slot / 2 >= edge - 1e-6, "two labels overlap"
            edge = spot.middle + spot.slot / 2
            assert not spot.labelled or spot.slot >= least
            for runs in (spot.out, spot.into):
                thick = sum(run.link.amount for run in runs) * drawn.scale
                assert thick <= spot.height + 1e-6
            for run in spot.out:
                assert run.taker.column == spot.column + 1
                assert spot.y - 1e-6 <= run.y0 <= spot.y + spot.height + 1e-6
        assert edge <= drawn.height + 1e-6
    shown = sum(link.amount for link in {id(link): link for link, _ in drawn.bands}.values())
    assert shown == sum(link.amount for link in flow.links)


@pytest.mark.parametrize("seed", range(30))
def test_nothing_overlaps_and_bands_fit_their_nodes(seed):
    chosen = random.Random(seed)
    addresses = ["T@KZT", *(f"M{place}@kz/{place}" for place in range(4)), *(f"C{place}@kz/0#1" for place in range(5))]
    addresses += [f"P{place}@KZT" for place in range(chosen.randint(1, 30))]
    choices = [
        (chosen.randrange(999), chosen.randrange(999), 10 ** chosen.randint(0, 9), 0)
        for _ in range(chosen.randint(1, 400))
    ]
    journal = make_journal(choices, len(addresses), 1)
    lineage, names = journal.lineage(), Names.of(addresses)
    flows = [
        flow_of_colour(lineage, names, "kz/0", follow=follow, top=top) for follow, top in (("all", None), ("colour", 5))
    ]
    flows += [flow_of_account(lineage, names, chosen.randrange(len(addresses)), follow="all", top=None)]
    for flow in flows:
        for room in (sankey.WIDE_ROOM, sankey.COMPACT_ROOM):
            verify_layout(flow, room)
            assert len(repr(plan(flow, room))) < 10_000_000, "a failing test must be able to show a layout"
        draw(flow)


def test_one_node_and_none():
    one = page("1 T@KZT A@kz 5")
    alone = flow_of_account(one.lineage, one.names, one.account("A@kz"), direction="from")
    assert len(draw(alone).findall(f".//{SVG}rect[@class='node']")) == 2
    nothing = flow_of_account(one.lineage, one.names, one.account("T@KZT"), direction="from")
    assert "No money moved" in "".join(draw(nothing).itertext())
    assert "No money moved" in sankey_page.html(nothing, title="x", language="en", number_format=Figures("en"))


def test_the_page_has_the_same_figures_as_a_table():
    one = page(SMALL)
    flow = flow_of_colour(one.lineage, one.names, "kz")
    text = sankey_page.html(flow, title="<b>", language="ru", number_format=Figures("ru"))
    assert '<html lang="ru">' in text
    assert "<title>&lt;b&gt;</title>" in text
    assert text.count("<svg") == 2
    assert len(set(re.findall(r'<title id="(\w+)"', text))) == 2
    body = re.search(r"<tbody>(.*)</tbody>", text).group(1)
    assert body.count("<tr>") == len(flow.links)
    for link in flow.links:
        assert Figures("ru").exact(link.amount) in body
    assert "<script" not in text


def test_the_same_flow_gives_the_same_picture():
    one, two = page(SMALL), page(SMALL)
    flows = [flow_of_colour(each.lineage, each.names, "kz") for each in (one, two)]
    first, second = (sankey.svg(flow, title="x", language="kk", number_format=Figures("kk")) for flow in flows)
    assert first == second


@pytest.mark.parametrize(
    ("minor", "kk", "ru", "en"),
    [
        (112_000_000_000_000, "1,12 трлн ₸", "1,12 трлн ₸", "1.12 tn ₸"),
        (48_650_000_000_000, "487 млрд ₸", "487 млрд ₸", "487 bn ₸"),
        (8_770_000_000_000, "87,7 млрд ₸", "87,7 млрд ₸", "87.7 bn ₸"),
        (210_000_000_000, "2,1 млрд ₸", "2,1 млрд ₸", "2.1 bn ₸"),
        (150_000, "1,5 мың ₸", "1,5 тыс. ₸", "1.5 k ₸"),
        (99_999, "999,99 ₸", "999,99 ₸", "999.99 ₸"),
        (99_999_999, "1 млн ₸", "1 млн ₸", "1 m ₸"),
        (999_999_999_999_999_999, "10 000 трлн ₸", "10 000 трлн ₸", "10,000 tn ₸"),
        (50, "0,5 ₸", "0,5 ₸", "0.5 ₸"),
        (0, "0 ₸", "0 ₸", "0 ₸"),
    ],
)
def test_short_figures(minor, kk, ru, en):
    for language, expected in (("kk", kk), ("ru", ru), ("en", en)):
        assert Figures(language).short(minor).replace("\xa0", " ") == expected


def test_exact_figures_and_shares():
    assert Figures("ru").exact(123_456_789).replace("\xa0", " ") == "1 234 567,89 ₸"
    assert Figures("en").exact(5) == "0.05\xa0₸"
    assert Figures("en", unit="packs", scale=0).exact(88_000) == "88,000\xa0packs"
    assert Figures("en").share(1, 3) == "33.3%"
    assert Figures("ru").share(1, 10_000) == "<0,1\xa0%"
    assert Figures("ru").share(0, 0) == "0\xa0%"


def test_names_are_broken_and_shortened():
    assert fit("alpha beta gamma", 45, 12, 3) == ["alpha", "beta", "gamma"]
    assert fit("alpha beta gamma", 60, 12, 1)[0].endswith("…")
    assert all(text_width(line, 12) <= 50 for line in fit("Заработнаяплатаработников очень длинная", 50, 12, 2))
    assert abbreviate("Товарищество с ограниченной ответственностью «Жол»") == "ТОО «Жол»"
    assert abbreviate("Қазақстан Республикасының Қаржы министрлігі") == "ҚР Қаржы министрлігі"
    assert np.isclose(text_width("", 12), 0)
