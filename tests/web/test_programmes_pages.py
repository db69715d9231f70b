"""Programmes explained, and the editor: form and text, proof while one types, dry run, four eyes; in a real browser."""

import re

import pytest

from boyau.language import language
from boyau.programmes import checks, reader
from tests.web.site import LANGUAGES, PHONE, WIDE, Site

SECONDS = 15_000


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A site whose ledger this file may change."""
    made = Site(tmp_path_factory.mktemp("programmes"), transfers=1000)
    yield made
    made.close()


@pytest.fixture
def at_own(browser, own):
    from tests.web.site import Look

    opened = []

    def made(language, **more):
        opened.append(Look(browser, own, language, **more))
        return opened[-1]

    yield made
    for one in opened:
        one.close()


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_programmes_are_listed_with_their_worst_case(look, code, width):
    here, words = look(code, width=width), language(code)
    text = here.go("/programmes")
    assert here.page.locator("article.programme").count() == len(reader.names())
    for name in reader.names():
        assert words.title(reader.load(name).title) in text
    road = here.page.locator("article.programme", has=here.page.locator('a[href="/programmes/road"]')).inner_text()
    assert "115" in road
    here.accessible()
    here.picture("programmes")


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_a_programme_says_what_money_waits_for_and_who_can_block_it(look, code, width):
    here, words = look(code, width=width), language(code)
    programme = reader.load("road")
    report = checks.check(programme)
    text = here.go("/programmes/road")
    assert words.title(programme.summary) in text
    drawn = " ".join(here.page.locator("svg.moneyway text").all_text_contents())
    for duty in programme.evidence.values():
        assert words.title(duty.what) in text
        assert words.title(duty.what) in drawn
    assert str(max(way.days for way in report.ways)) in text
    here.page.locator("details > summary").first.click()
    assert here.page.locator("table.small tbody tr").count() == len(report.ways)
    here.accessible()
    here.picture("programme")


@pytest.mark.parametrize("name", reader.names())
def test_every_programme_has_its_page_with_every_picture_inside_its_frame(look, name):
    here = look("kk", width=PHONE)
    here.go(f"/programmes/{name}")
    outside = here.page.evaluate(
        """() => [...document.querySelectorAll("svg.moneyway")].flatMap((svg) => {
             const frame = svg.viewBox.baseVal;
             return [...svg.querySelectorAll("text")].filter((one) => {
               const box = one.getBBox();
               return box.x + box.width > frame.width || box.y + box.height > frame.height;
             }).map((one) => one.textContent);
           })"""
    )
    assert outside == []


def test_where_a_programme_is_installed_its_money_is_shown(own, at_own):
    book = own.desk.submit
    here = at_own("en")
    assert "Not installed here yet" in here.go("/programmes/school_meals")
    from boyau.programmes import install

    programme = reader.load("school_meals")
    given = {name: one.example for name, one in programme.parameters.items() if one.default is None}
    records = install.records(programme, given | {"root": "meals/2026"})
    assert all(one.ok for one in book(records).result())
    assert own.desk.submit([{"type": "limits", "colour": "meals/2026", "plan": "123456.00"}]).result()[0].result
    text = here.go("/programmes/school_meals")
    row = here.page.locator("tr", has=here.page.locator('a[href="/colours/meals/2026"]'))
    assert row.count() == 1
    assert "Not installed here yet" not in text


def test_what_there_is_not_is_said_so(look):
    here = look("en")
    assert "no such programme" in here.go("/programmes/nothing", 404)
    here.go("/programmes/nothing%22%3E", 404)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_editor_is_for_those_who_may_rule(look, site, code):
    here = look(code)
    here.go("/programmes/new", 401)
    here.picture("not-signed-in")
    there = look(code, session=site.session(("contractor", "", "071040000272")))
    there.go("/programmes/road/edit", 403)
    there.accessible()
    there.picture("not-for-this-role")


def ready(here):
    here.page.wait_for_function(
        """() => document.getElementById("verdict").classList.contains("good")""", timeout=SECONDS
    )


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_form_and_text_follow_each_other_and_are_proved_while_one_types(look, site, code, width):
    here = look(code, width=width, session=site.session(("treasury",)))
    here.go("/programmes/cattle/edit")
    page = here.page
    ready(here)
    page.get_by_text(language(code).text("Who takes part"), exact=True).click()
    page.locator("#form summary").get_by_text("farmer", exact=True).click()
    field = page.locator("#form details details[open]").get_by_label("Русский")
    assert field.input_value() == "Заёмщик, покупатель скота"
    field.fill("Фермер-заёмщик")
    page.wait_for_function(
        """() => document.getElementById("text").value.includes("Фермер-заёмщик")""", timeout=SECONDS
    )
    text = page.locator("#text")
    text.fill(text.input_value().replace('holders = { classes = ["farmer"] }', 'holders = { classes = ["stranger"] }'))
    page.wait_for_function("""() => document.querySelectorAll("#findings li.bad").length > 0""", timeout=SECONDS)
    said = page.locator("#findings").inner_text()
    assert "kz/auyl-amanaty/2026" in said
    assert language(code).text("narrow it to what the colour above allows, or widen that one first") in said
    page.locator("#findings button").first.click()
    picked = page.evaluate(
        """() => {
             const text = document.getElementById("text");
             return text.value.slice(text.selectionStart, text.selectionEnd);
           }"""
    )
    assert picked == "[[colours]]"
    text.fill("name = ")
    page.wait_for_function("""() => document.querySelectorAll("#findings li").length === 1""", timeout=SECONDS)
    here.check()
    here.accessible()
    here.picture("programme-editor")


def fill(page, values):
    for name, value in values.items():
        page.locator(f'#values input[name="{name}"]').fill(value)


def test_a_dry_run_records_nothing_and_installing_records_exactly_it(own, at_own):
    maker = "ministry"
    assert own.desk.submit([{"type": "participant", "participant": maker}]).result()[0].ok
    here = at_own("ru", session=own.session(("treasury", "", maker)))
    page = here.page
    here.go("/programmes/cattle/edit")
    ready(here)
    before = own.book(lambda book: book.entries)
    fill(page, {"root": "village/2027", "loan": "l1", "last": "2027-12-31"})
    page.locator("#try").click()
    page.wait_for_function("""() => !document.getElementById("plan").hidden""", timeout=SECONDS)
    assert page.locator("#records li.good").count() == 2
    assert own.book(lambda book: book.entries) == before
    here.accessible()
    here.picture("programme-plan")
    page.locator("#install").click()
    page.wait_for_function("""() => document.querySelectorAll("#done .good li").length === 2""", timeout=SECONDS)
    assert own.book(lambda book: book.entries) == before + 2
    assert page.locator(f'#done a[href="/e/{before}"]').count() == 1
    # A change of what is in force is told in words and waits for two controllers.
    fill(page, {"per_seller": "5000000.00", "last": "2027-11-30", "loan": "l2"})
    page.locator("#try").click()
    page.wait_for_function("""() => document.querySelectorAll("#records li.here").length === 1""", timeout=SECONDS)
    change = page.locator("#records li.here").inner_text()
    assert "2027-12-31 → 2027-11-30" in change
    assert language("ru").text("narrower") in change
    here.picture("programme-change")
    page.locator("#install").click()
    page.wait_for_function("""() => document.querySelector('#done a[href^="/approvals/"]') !== null""", timeout=SECONDS)
    address = page.locator('#done a[href^="/approvals/"]').get_attribute("href")
    digest = address.rpartition("/")[2]
    found = own.access.pending.get(digest)
    assert (found["state"], found["command"]["colour"], found["maker"]) == ("open", "village/2027", maker)
    here.check()


def test_what_the_ledger_would_refuse_cannot_be_installed(own, at_own):
    here = at_own("en", session=own.session(("treasury", "", "071040000272")))
    page = here.page
    here.go("/programmes/cattle/edit")
    ready(here)
    root = own.book(lambda book: next(one.path for one in book.ledger.registry.colours if one.own.ends is not None))
    fill(page, {"root": f"{root}/cattle", "loan": "l1"})
    page.locator("#try").click()
    page.wait_for_function("""() => document.querySelectorAll("#records li.bad").length > 0""", timeout=SECONDS)
    assert page.locator("#install").is_disabled()
    fill(page, {"loan": "NOT A SEGMENT"})
    page.wait_for_function("""() => document.getElementById("plan").hidden""", timeout=SECONDS)
    page.locator("#try").click()
    page.wait_for_function("""() => document.getElementById("trying").textContent.length > 5""", timeout=SECONDS)
    assert "parameters.loan" in page.locator("#trying").inner_text()


def test_the_file_can_be_taken_home(own, at_own):
    here = at_own("en", session=own.session(("treasury",)))
    here.go("/programmes/vat/edit")
    ready(here)
    with here.page.expect_download(timeout=SECONDS) as waiting:
        here.page.locator("#save").click()
    assert waiting.value.suggested_filename == "vat.toml"
    text = waiting.value.path().read_text("utf-8")
    assert reader.parse(text.encode(), "vat.toml") == reader.load("vat")
    assert re.search(r"^\[\[colours\]\]$", text, re.MULTILINE)
