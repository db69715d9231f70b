"""One site and one browser for all page tests of a worker."""

import pytest

from tests.debian import needed
from tests.web.site import Look, Site


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = needed("chromium", "chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def look(browser, site):
    """Open pages: ``look("kk", width=390, session=site.session(("treasury",)))``."""
    opened = []

    def made(language, **more):
        opened.append(Look(browser, site, language, **more))
        return opened[-1]

    yield made
    for one in opened:
        one.close()


@pytest.fixture(scope="session")
def works(tmp_path_factory):
    """A site of its own for tests that post: the simulated year and a works programme of today (tests/web/works.py)."""
    from tests.web.works import fill

    made = Site(tmp_path_factory.mktemp("works"))
    fill(made)
    yield made
    made.close()


@pytest.fixture
def see(browser, works):
    """Open pages of the works programme: ``see("kk", role=("contractor", "", BUILDER))``."""
    opened = []

    def made(language="en", *roles, **more):
        session = works.session(*roles) if roles else ""
        opened.append(Look(browser, works, language, session=session, **more))
        return opened[-1]

    yield made
    for one in opened:
        one.close()
