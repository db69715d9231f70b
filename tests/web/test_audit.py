"""The audit log: filters, pages, and a chain that shows where it was broken."""

import re

import pytest

from tests.web import works as w
from tests.web.site import LANGUAGES, PHONE, WIDE, Look, Site

AUDITOR = ("auditor",)
SAID = {"kk": "Тізбек бүтін", "ru": "Цепочка цела", "en": "The chain is unbroken"}


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_decisions_are_listed_with_the_state_of_their_chain(see, code, width):
    here = see(code, AUDITOR, width=width)
    here.go("/audit")  # whose own decision stands in what the next look shows
    text = here.go("/audit")
    assert SAID[code] in text
    assert "decisions.read" in text
    here.accessible()
    here.picture("audit")


def test_filters_find_what_was_not_allowed_and_by_whom(see, works):
    stranger = see("en", ("contractor", "", w.SUB))
    stranger.go(f"/a/{w.CUSTOMER}@{w.CONTRACT}", 403)
    here = see("en", AUDITOR)
    here.go("/audit?allowed=no&action=read.account")
    rows = here.page.locator("tbody tr")
    assert rows.count() >= 1
    assert all("not allowed" in one for one in rows.all_inner_texts())
    who = rows.first.locator("td").nth(2).inner_text()
    here.go(f"/audit?who={who}")
    assert {one.locator("td").nth(2).inner_text() for one in here.page.locator("tbody tr").all()} == {who}
    day = w.TODAY.isoformat()
    assert who in here.go(f"/audit?who={who}&first={day}&last={day}")
    assert "No decision" in here.go(f"/audit?last={w.later(-3)}")
    text = here.go("/audit")
    assert w.NAMES[w.BUILDER] not in text, "no personal data beyond ids of accounts"
    assert not re.search(r"\d{12}", text)


@pytest.mark.parametrize("query", ["who=Alice", "allowed=maybe", "action=fly", "first=soon", "before=x", "format=exe"])
def test_a_filter_that_cannot_be_is_said(see, query):
    see("en", AUDITOR).go(f"/audit?{query}", 422)


def test_the_list_goes_on_from_page_to_page(see, works):
    decisions = works.access.decisions
    from boyau.service.gate.decisions import Decision

    one = Decision("p-00", "passkey", "op.pay", "works/2027", True, "op.pay/treasury=c")
    decisions.record([one] * 230).result()
    here = see("en", AUDITOR)
    seen, address = [], "/audit?who=p-00"
    while address:
        here.go(address)
        seen += here.page.locator("tbody tr td:first-child").all_inner_texts()
        older = here.page.get_by_role("link", name="Older", exact=True)
        address = older.get_attribute("href") if older.count() else ""
    assert len(seen) == 230 == len(set(seen))


def test_decisions_are_downloaded(see, works):
    here = see("en", AUDITOR)
    here.go("/audit")
    rows = here.context.request.get(works.url + "/audit?action=decisions.read&format=json").json()["rows"]
    assert rows
    assert {row["action"] for row in rows} == {"decisions.read"}
    assert {row["allowed"] for row in rows} <= {"yes", "no"}


def test_only_auditors_and_administrators_read_it(see):
    see("en", ("treasury",)).go("/audit", 403)
    see("en").go("/audit", 401)
    see("en", ("administrator",)).go("/audit")


def test_a_changed_record_is_found(browser, tmp_path):
    """Whoever can write to the store can change a decision, but not what the one after it has of it."""
    site = Site(tmp_path)
    try:
        here = Look(browser, site, "en", session=site.session(AUDITOR))
        for _ in range(3):
            here.go("/audit")
        with site.access.store.change() as db:
            db.execute("update decision set allowed = 0 where number = 2")
        text = here.go("/audit")
        assert "The chain is broken: 1" in text
        assert here.page.locator(".notice.bad a").inner_text() == "2"
        here.accessible()
        here.picture("audit-broken")
        here.close()
    finally:
        site.close()
