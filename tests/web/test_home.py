"""The first page, what is shown where there is nothing, and the rules that every page keeps."""

import pytest

from tests.web.site import LANGUAGES, PHONE, WIDE

SAID = {
    "kk": ("Мемлекеттік ақша", "Мұнда ештеңе жоқ"),
    "ru": ("Государственные деньги", "Здесь ничего нет"),
    "en": ("Public money, followed", "There is nothing here"),
}


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_says_what_the_state_of_public_money_is(look, site, language, width):
    here = look(language, width=width)
    text = here.go("/")
    assert SAID[language][0] in text
    assert here.words_number(site.book(lambda book: book.entries)) in here.page.locator("footer").inner_text()
    here.accessible()
    here.picture("home")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_that_leads_nowhere_says_so_and_where_to_go_on(look, language):
    here = look(language)
    assert SAID[language][1] in here.go("/nothing/here", 404)
    here.accessible()
    here.picture("not-found")


def test_the_language_chosen_on_a_page_stays(look):
    here = look("en")
    here.go("/")
    here.page.get_by_role("link", name="Қазақша").click()
    here.page.wait_for_url("**/?language=kk")
    here.language = "kk"
    here.go("/")


def test_where_there_is_no_network_a_page_of_our_own_says_so(look):
    here = look("ru")
    here.go("/")
    here.page.evaluate("navigator.serviceWorker.ready.then(() => { window.ready = true; }); null")
    here.page.wait_for_function("() => window.ready === true", timeout=10_000)
    here.context.set_offline(True)
    here.page.goto(here.site.url + "/budget")
    assert "Нет связи" in here.page.locator("h1").inner_text()
    here.picture("offline")


def test_nothing_on_a_page_comes_from_elsewhere(look):
    here = look("en")
    asked = []
    here.page.on("request", lambda request: asked.append(request.url))
    here.go("/")
    assert asked
    assert all(url.startswith((here.site.url, "data:")) for url in asked), asked
