"""Evidence: who must answer until when, what would become payable, and giving, denying, appealing, asking."""

import pytest

from boyau.language import language
from tests.web import works as w
from tests.web.site import LANGUAGES, PHONE, WIDE

QUALITY = ("inspector", "", w.QUALITY)
CUSTOMER = ("owner", "", w.CUSTOMER)
DUE = {"kk": "қалған күн: 5", "ru": "осталось дней: 5", "en": "days left: 5"}


def requested(works, name, **more):
    """Record an act and a request for its evidence; return the request's name."""
    record = {
        "type": "request", "request": name, "condition": "quality_conclusion", "colour": w.CONTRACT, "subject": name,
        "by": w.CUSTOMER, "owner": w.QUALITY, "days": 5, "escalation": [{"owner": w.CHECKER, "days": 10}],
    } | more  # fmt: skip
    subject = {"type": "subject", "subject": name, "colour": w.CONTRACT, "amount": "1000000.00"}
    told = works.desk.submit([subject, record]).result()
    assert all(one.ok for one in told), told
    assert works.reader.wait(works.desk.entries)
    return name


def state(works, name):
    return works.book(lambda book: book.ledger.registry.evidence.requests[name].state)


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_a_request_has_an_owner_a_deadline_and_what_hangs_on_it(see, works, code, width):
    here = see(code, QUALITY, width=width)
    text = here.go("/evidence")
    assert DUE[code] in text
    assert "act-a27-1" in text
    here.accessible()
    here.picture("evidence")
    text = here.go("/evidence/ask-act-1")
    assert w.NAMES[w.QUALITY] in text
    assert w.NAMES[w.CHECKER] in text
    assert language(code).money(400_000_000) in here.page.locator("section[aria-labelledby=state] .figure").inner_text()
    assert here.page.locator("table tbody tr").count() == 1
    here.accessible()
    here.picture("evidence-request")


def test_evidence_that_is_given_makes_payable_what_waited(see, works):
    name = requested(works, "act-given")
    line = {
        "op": "accept", "id": "W-GIVEN", "from": f"{w.CUSTOMER}@{w.CONTRACT}", "to": w.FROM, "hold": "W-C",
        "amount": "1000000.00", "subject": name, "item": w.ITEM, "region": "231010000", "date": w.TODAY.isoformat(),
    }  # fmt: skip
    (answer,) = works.desk.submit([line]).result()
    assert answer.result == "evidence_missing"
    assert works.reader.wait(works.desk.entries)
    here = see("en", QUALITY)
    assert "1,000,000.00" in here.go(f"/evidence/{name}")
    assert here.page.locator("td .badge.good").inner_text() == "would be posted"
    here.page.get_by_role("button", name="I attest it").click()
    here.page.get_by_text("It is given.").wait_for(timeout=10_000)
    assert state(works, name) == "answered"
    (answer,) = works.desk.submit([line]).result()
    assert answer.result == "posted", "what the page promised is what the ledger does"


def test_a_denial_needs_a_reason_and_can_be_appealed(see, works):
    name = requested(works, "act-denied")
    here = see("en", QUALITY)
    here.go(f"/evidence/{name}")
    here.page.get_by_role("button", name="Deny", exact=True).click()
    assert here.page.evaluate("document.activeElement.id") == "d-reason"
    assert "This is needed." in here.page.locator("#err-d-reason").inner_text()
    assert state(works, name) == "open"
    here.page.locator("#d-reason").fill("Compaction below 0.98 at km 12")
    here.page.get_by_role("button", name="Deny", exact=True).click()
    here.page.locator(".notice.bad", has_text="Compaction below").wait_for(timeout=10_000)
    assert state(works, name) == "denied"
    customer = see("en", CUSTOMER)
    assert "Compaction below" in customer.go(f"/evidence/{name}")
    customer.page.locator("#p-reason").fill("It was measured again")
    customer.page.get_by_role("button", name="Appeal", exact=True).click()
    customer.page.locator(".lead-line .badge", has_text="open").wait_for(timeout=10_000)
    assert state(works, name) == "open"
    assert "days left: 10" in see("en", ("controller", "", w.CHECKER)).go(f"/evidence/{name}")


def test_evidence_is_asked_for_with_somebody_who_answers(see, works):
    works.desk.submit([{"type": "subject", "subject": "act-asked", "colour": w.CONTRACT, "amount": "5.00"}]).result()
    here = see("en", CUSTOMER)
    here.go(f"/evidence?colour={w.CONTRACT}&condition=quality_conclusion&subject=act-asked&owner=999")
    here.page.get_by_role("button", name="Ask", exact=True).click()
    here.page.locator("#err-a-owner p").wait_for(timeout=10_000)
    assert here.page.evaluate("document.activeElement.id") == "a-owner"
    here.page.locator("#a-owner").fill(w.QUALITY)
    here.page.locator("#a-days").fill("7")
    here.page.get_by_role("button", name="Ask", exact=True).click()
    here.page.wait_for_url("**/evidence/q-*", timeout=10_000)
    assert "days left: 7" in here.page.locator("main").inner_text()
    here.faults.clear()
    assert "act-asked" in here.go("/evidence")


def test_who_has_nothing_to_do_with_a_request_does_not_see_it(see, works):
    stranger = see("en", ("contractor", "", w.SUB))
    stranger.go("/evidence/ask-act-1", 404)
    assert "act-a27-1" not in stranger.go("/evidence")
    see("en", QUALITY).go("/evidence/no-such-request", 404)
    see("en", QUALITY).go("/evidence?state=lost", 422)
    see("en").go("/evidence", 401)
    reader = see("en", ("auditor",))
    assert "Your role can only read this request." in reader.go("/evidence/ask-act-1")
    assert reader.page.locator("form.act").count() == 0
