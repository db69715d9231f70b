"""States that pages can be in: an empty ledger; not signed in, not allowed, too large, too many, too busy."""

import httpx
import pytest

from boyau.journal import Book
from boyau.language import language
from boyau.service.desk import Busy, Closing
from boyau.service.gate import access as gate
from boyau.service.identity.limits import Buckets
from boyau.service.problems import Problem
from boyau.stores import StoreFull
from tests.web.site import LANGUAGES, PHONE, WIDE, Look, Site

UNIT = {"type": "unit", "unit": "KZT", "scale": 2}
EMPTY = ("/", "/programmes", "/programmes/road", "/open", "/colours", "/trail", "/search", "/search?q=x", "/verify")
"""Pages that everybody has, and that must say something of a ledger of which there is nothing to say."""


class EmptySite(Site):
    """A site over a ledger without a single payment, or without anything at all."""

    def __init__(self, folder, records):
        self.ledger = str(folder / "empty.boyau")
        book = Book.create(self.ledger)
        assert book.record(records) == [None] * len(records)
        self.serve(book)


@pytest.fixture(scope="module", params=[[], [UNIT]], ids=["nothing", "unit"])
def empty(request, tmp_path_factory):
    made = EmptySite(tmp_path_factory.mktemp("empty"), request.param)
    yield made
    made.close()


@pytest.fixture
def at(browser):
    opened = []

    def made(site, language, **more):
        opened.append(Look(browser, site, language, **more))
        return opened[-1]

    yield made
    for one in opened:
        one.close()


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_ledger_is_no_fault(empty, at, path):
    here = at(empty, "ru", width=PHONE)
    here.go(path)
    here.accessible()
    if path == "/":
        assert language("ru").text("No payment yet") in here.page.locator("main").inner_text()
        assert language("ru").text("No colour yet") in here.page.locator("main").inner_text()
        here.picture("empty-home")


@pytest.mark.parametrize("path", ["/mine", "/approvals", "/evidence", "/refusals", "/audit", "/installation"])
def test_an_empty_ledger_is_no_fault_for_those_who_work(empty, at, path):
    roles = [("auditor",)] if path in ("/audit", "/installation") else [("treasury",)]
    here = at(empty, "kk", session=empty.session(*roles))
    here.go(path)
    here.accessible()


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(
    ("raised", "status", "title"),
    [
        (Busy(7), 503, "Too much at once"),
        (Closing(), 503, "The service is being restarted"),
        (StoreFull("No space left on device"), 503, "The ledger cannot be written now"),
        (Problem(503, "decisions", "Not recorded"), 503, "The ledger cannot be written now"),
        (Problem(413, "too-large", "The body is too large", "At most 65536 bytes."), 413, "Too large"),
        (Problem(422, "unreadable", "The request cannot be read", field="month"), 422, "This cannot be read"),
        (Problem(403, "not-allowed", "You may not do this."), 403, "Not for this role"),
        (RuntimeError("secret detail"), 500, "Something failed here"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_what_goes_wrong_is_a_page_that_says_what_to_do(look, site, monkeypatch, raised, status, title, code, width):
    def fail(*_args, **_facts):
        raise raised

    monkeypatch.setattr(site.reader, "ask", fail)
    here = look(code, width=width)
    text = here.go("/programmes", status)
    assert here.page.locator("h1").inner_text() == language(code).text(title)
    assert "secret" not in text
    again = here.page.locator('a.button[href="/programmes"]').count()
    assert again == (status in (429, 503))
    if isinstance(raised, Busy):
        assert language(code).text("Try again in {seconds} s.", seconds=7) in text
    here.accessible()
    if width == WIDE or code == "kk":
        kind = getattr(raised, "kind", type(raised).__name__.lower())
        here.picture(f"state-{status}-{kind}")


@pytest.mark.parametrize("code", LANGUAGES)
def test_who_is_not_signed_in_is_led_to_the_sign_in(look, code):
    here = look(code)
    here.go("/mine", 401)
    assert here.page.locator('main a[href^="/sign-in"]').count() == 1
    here.accessible()
    here.picture("state-401")


@pytest.mark.parametrize("code", LANGUAGES)
def test_too_many_requests_are_a_page_too(look, site, monkeypatch, code):
    monkeypatch.setattr(site.access, "public", Buckets(1e-3, 0.5))
    here = look(code, width=PHONE)
    answer = here.page.goto(f"{site.url}/programmes")
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert here.page.locator("h1").inner_text() == language(code).text("Too many requests")
    monkeypatch.setattr(site.access, "public", Buckets(gate.PUBLIC_RATE * 1e6, 1e6))
    here.accessible()
    here.picture("state-429")


def test_data_is_answered_with_data(site, monkeypatch):
    def fail(*_args):
        raise Busy(3)

    monkeypatch.setattr(site.reader, "ask", fail)
    answer = httpx.get(f"{site.url}/programmes", headers={"accept": "application/json"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["status"], answer.headers["retry-after"]) == (503, "3")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_fault_of_ours_keeps_the_headers_and_names_the_request(site, monkeypatch):
    def fail(*_args):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(site.reader, "ask", fail)
    answer = httpx.get(f"{site.url}/programmes", headers={"accept": "text/html"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_values_that_are_out_of_bounds_are_named(look):
    here = look("en")
    text = here.go("/search?q=" + "x" * 5000, 422)
    assert "too-long" in text
