"""Every page of the site, in three languages, wide and on a phone: nobody's page is left out, nobody's is worse.

The routes come from roles.toml; one without a sample (tests/web/samples.py) fails here.
"""

import re
from html.parser import HTMLParser

import httpx
import pytest

from boyau.language import LANGUAGES
from tests.web.samples import DOOR, FILE, PAGE, PAGES, SAMPLES
from tests.web.site import PHONE, WIDE, Look

WEIGHT_MAX = 300_000
"""Bytes of a first load with everything that it needs, as they come over the line."""
SHOWN = [
    pytest.param(one, id=one.name or re.sub(r"[^a-z]+", "-", route.removeprefix("GET /")).strip("-") or "home")
    for route, samples in SAMPLES.items()
    for one in samples
    if one.kind in (PAGE, DOOR)
]
FEW = ("GET /", "GET /e/{entry}", "GET /trail/{what:path}", "GET /colours/{path:path}", "GET /programmes/{name}",
       "GET /open", "GET /budget", "GET /mine", "GET /a/{name:path}", "GET /approvals/{digest}")  # fmt: skip
"""Pages that are looked at in the dark and in print too."""
SOME = [pytest.param(SAMPLES[route][0], id=route.removeprefix("GET /") or "home") for route in FEW]


@pytest.fixture(scope="module")
def sessions(works):
    """One session for each set of grants."""
    known = {}

    def session(grants):
        if grants not in known:
            known[grants] = works.session(*grants) if grants else ""
        return known[grants]

    return session


@pytest.fixture
def at_works(browser, works):
    """Open pages of the works programme: ``at_works("kk", session=…)``."""
    opened = []

    def made(language, **more):
        opened.append(Look(browser, works, language, **more))
        return opened[-1]

    yield made
    for one in opened:
        one.close()


@pytest.fixture(scope="module", autouse=True)
def _published(works):
    assert works.app.state.publication.wait(60)


def visit(here, works, sample):
    """Open a page. Whether somebody is signed in, the door finds out by asking; the browser reports the 401 it gets."""
    if sample.kind == PAGE:
        return here.go(sample.path(works))
    answer = here.page.goto(works.url + sample.path(works))
    assert answer.status == 200
    here.page.wait_for_load_state("networkidle") if sample.grants else here.page.wait_for_timeout(500)
    here.faults = [one for one in here.faults if "401" not in one]
    here.check(sample.path(works))
    return here.page.locator("main").inner_text()


def test_every_page_has_a_sample_and_every_sample_a_page():
    assert set(SAMPLES) == set(PAGES)
    assert all(SAMPLES.values())


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("sample", SHOWN)
def test_a_page_is_whole_in_three_languages(works, at_works, sessions, sample, width, request):
    path = sample.path(works)
    for code in LANGUAGES:
        here = at_works(code, width=width, session=sessions(sample.grants))
        visit(here, works, sample)
        assert untranslated(here.page) == [], path
        here.accessible()
        here.picture(f"all-{request.node.callspec.id.rpartition('-')[0]}")


def untranslated(page):
    """Return what looks like a placeholder that nobody filled in."""
    text = page.locator("body").inner_text()
    return (
        re.findall(r"\{[a-z_]+\}", re.sub(r"(?s)<pre.*?</pre>", "", text))
        if page.locator("code, .mono").count() == 0
        else []
    )


@pytest.mark.parametrize("sample", SHOWN)
def test_a_page_weighs_little_and_everything_comes_from_us(works, at_works, sessions, sample):
    here = at_works("ru", session=sessions(sample.grants))
    weights = []

    def weigh(answer):
        size = answer.request.sizes()
        weights.append((size["responseBodySize"], answer.url))

    here.page.on("requestfinished", lambda asked: weigh(asked.response()))
    here.page.goto(works.url + sample.path(works))
    here.page.wait_for_timeout(300)  # for what scripts ask for
    assert weights
    assert all(url.startswith((works.url, "data:", "blob:")) for _, url in weights)
    weight = sum(size for size, _ in weights)
    assert weight < WEIGHT_MAX, (weight, sorted(weights, reverse=True)[:4])


@pytest.mark.parametrize("sample", SHOWN)
def test_a_page_has_its_landmarks_and_is_gone_through_by_keyboard(works, at_works, sessions, sample):
    here = at_works("en", session=sessions(sample.grants))
    page = here.page
    visit(here, works, sample)
    for name in ("header", "main", "footer", "nav") if sample.kind == PAGE else ("main", "nav"):
        assert page.locator(name).count() >= 1, name
    levels = page.evaluate("() => [...document.querySelectorAll('h1,h2,h3,h4')].map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1 or levels.count(1) == 1
    wanted = page.evaluate(REACHABLE)
    page.evaluate("""() => document.querySelector('[data-sweep="0"]').focus()""")
    met = {0}
    for _ in range(len(wanted) + 40):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None or found["number"] == 0:
            break
        assert found["seen"], f"nothing shows that {found['what']} has the focus"
        met.add(found["number"])
    assert [one["what"] for one in wanted if one["number"] not in met] == []


LOOKS = """
  const looks = (one) => [one, ...[...one.querySelectorAll("*")].slice(0, 12)].map((each) => {
    const style = getComputedStyle(each);
    return ["outlineStyle", "outlineWidth", "boxShadow", "stroke", "strokeWidth", "fillOpacity", "borderColor",
      "textDecorationLine", "left"].map((name) => style[name]).join("|");
  }).join("\\n");
"""
REACHABLE = """() => {
  %s
  document.activeElement?.blur();
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const shown = all.filter((one) => !one.disabled && one.type !== "hidden" && one.tabIndex >= 0
    && one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && one.getClientRects().length);
  const radios = new Set();
  return shown.filter((one) => {
    if (one.type !== "radio") return true;
    const first = !radios.has(one.name);
    radios.add(one.name);
    return first;
  }).map((one, number) => {
    one.dataset.sweep = String(number);
    one.dataset.looks = looks(one);
    return { number, what: one.outerHTML.slice(0, 120) };
  });
}""".replace("%s", LOOKS)
"""What Tab must reach, and how it looks without the focus. Of radio buttons of a name one is reached."""
FOCUSED = """() => {
  %s
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  // The browser's own fields for days show the focus on one of their parts, which styles cannot be asked of.
  const parts = ["date", "month", "time"].includes(one.type);
  return { number: Number(one.dataset.sweep ?? -1), what: one.outerHTML.slice(0, 120),
    seen: parts || one.dataset.looks === undefined || looks(one) !== one.dataset.looks };
}""".replace("%s", LOOKS)


@pytest.mark.parametrize("sample", SOME)
def test_pages_are_as_good_in_the_dark(works, at_works, sessions, sample, request):
    here = at_works("kk", session=sessions(sample.grants), color_scheme="dark")
    here.go(sample.path(works))
    paper = here.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", paper)[:3])) < 200
    here.accessible()
    here.picture(f"dark-{re.sub(r'[^a-z]+', '-', request.node.callspec.id)}")


@pytest.mark.parametrize("sample", SOME)
def test_pages_are_printed_as_sheets(works, at_works, sessions, sample, request):
    here = at_works("ru", session=sessions(sample.grants))
    here.go(sample.path(works))
    here.page.emulate_media(media="print")
    for hidden in (".head nav", "form.find", ".languages", ".work"):
        for one in here.page.locator(hidden).all():
            assert not one.is_visible(), hidden
    assert here.page.locator("h1").is_visible()
    ink = here.page.evaluate("getComputedStyle(document.documentElement).color")
    assert sum(map(int, re.findall(r"\d+", ink)[:3])) < 120
    paper = here.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", paper)[:3])) > 740
    here.page.set_viewport_size({"width": 720, "height": 1000})
    wide = here.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 1
    here.picture(f"print-{re.sub(r'[^a-z]+', '-', request.node.callspec.id)}")


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.found.add(dict(attributes).get("href") or "")


@pytest.mark.parametrize("sample", [one for one in SHOWN if not one.values[0].grants])
def test_no_link_of_a_public_page_leads_nowhere(works, sample):
    with httpx.Client(base_url=works.url, headers={"accept": "text/html"}, follow_redirects=True) as client:
        parser = _Links()
        parser.feed(client.get(sample.path(works)).text)
        inner = sorted({one.partition("#")[0] for one in parser.found if one.startswith("/")} - {""})
        for link in inner[:25]:
            answer = client.get(link)
            assert answer.status_code in (200, 401, 403), f"{link}: {answer.status_code}"


@pytest.mark.parametrize("route", [one for one in SAMPLES if SAMPLES[one][0].kind == FILE])
def test_what_is_no_page_is_answered_too(works, sessions, route):
    sample = SAMPLES[route][0]
    cookies = {"__Host-boyau": sessions(sample.grants)} if sample.grants else {}
    answer = httpx.get(works.url + sample.path(works), cookies=cookies)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.content


def test_what_a_visitor_types_is_never_a_fault(works):
    """Hostile values in every path and in the usual queries: a page that says what is wrong, never a failure."""
    hostile = (
        "%00",
        "..%2f..%2fetc%2fpasswd",
        "'%20or%201=1--",
        "%3Cscript%3E",
        "%F0%9F%92%A9",
        "9" * 400,
        "-1",
        "a/b#c",
    )
    with httpx.Client(base_url=works.url, headers={"accept": "text/html"}) as client:
        for route in PAGES:
            path = route.removeprefix("GET ")
            if "{" in path:
                for value in hostile:
                    address = re.sub(r"\{[^}]+\}", value, path)
                    answer = client.get(address)
                    assert answer.status_code < 500, f"{address}: {answer.status_code}"
                    assert "<script>alert" not in answer.text
            for query in (
                "after",
                "page",
                "month",
                "q",
                "unit",
                "colour",
                "format",
                "language",
                "sort",
                "from",
                "to",
                "by",
            ):
                for value in hostile[:6]:
                    answer = client.get(f"{SAMPLES[route][0].path(works).partition('?')[0]}?{query}={value}")
                    assert answer.status_code < 500, f"{route}?{query}={value}: {answer.status_code}"
