"""The payment form: it explains while one types, says every rule that fails, and pays once."""

import hashlib

import pytest

from boyau.language import language
from boyau.service import answers
from boyau.web import typed
from tests.web import works as w
from tests.web.site import LANGUAGES, PHONE, WIDE

BUILDER = ("contractor", "", w.BUILDER)
FORM = f"/a/{w.FROM.replace('#', '%23')}/pay"
SUMS = [
    "1 500 000,50", "1500000.5", "1\u00a0500\u202f000", "1,500", "1.500", "1,500,000", "1.500.000,50", "1,500,000.50",
    "-5", "\u22125", "(5)", "0", "0,00", "", "10^20", "1e5", "100000000000000000000", "12345,678", "1,2,3", "1.500,5.5",
    ",5", "5,", " 7 ₸", "1 500 тг", "46116860184273879,03", "46116860184273879,04", "٣", "5 000 KZT", "0,01",
    "00012,50", "1'500'000", "12 345 теңге", "1,,5", "1.5.5", "9" * 70,
]  # fmt: skip
WRONG = {
    "Write the amount.": "empty",
    "An amount is never negative: choose what to do instead, as giving money back.": "negative",
    "Write the amount in digits, as 1 500 000,50.": "digits",
    "At most {number} digits may stand after the decimal mark.": "places",
    "The amount must be above zero.": "zero",
    "This is more than a ledger can hold. Check the number of digits.": "large",
    "Is this {one} or {other}? Write it without the mark, or with the digits after it.": "which",
}


def read(text):
    try:
        return typed.amount(text)
    except typed.TypedError as error:
        return WRONG[error.source]


def type_in(here, **values):
    for name, value in values.items():
        here.page.locator(f"#f-{name}").fill(value)


def document(number):
    return hashlib.sha256(f"invoice {number}".encode()).hexdigest()


GOOD = {"to": f"{w.ASPHALT}@KZT", "item": w.ITEM, "region": "231010000"}


def verdict(here, kind):
    here.page.locator(f"#verdict .verdict.{kind}").wait_for(timeout=10_000)
    return here.page.locator("#verdict").inner_text()


def test_sums_are_read_alike_by_the_script_and_by_the_service(see):
    here = see("en", BUILDER)
    here.go(FORM)
    told = here.page.evaluate(
        "(all) => all.map((one) => { const got = boyau.amount(one, 2); return got.text ?? got.wrong; })", SUMS
    )
    assert dict(zip(SUMS, told, strict=True)) == {one: read(one) for one in SUMS}
    assert read("1 500 000,50") == "1500000.50"
    assert read("1,500") == "which"
    for code in LANGUAGES:
        minor = "123456789012345678"
        shown = here.page.evaluate(f"boyau.money({minor}n, 2, '₸', '{code}')")
        assert shown == language(code).money(int(minor))


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_every_rule_that_fails_stands_beside_its_field(see, works, code, width):
    here = see(code, BUILDER, width=width)
    here.go(FORM)
    type_in(here, to=f"{w.CASINO}@KZT", amount="1 000,50", item="ENSTRU:291022.300.000001")
    text = verdict(here, "bad")
    wrong = {
        "op": "pay", "id": "x", "from": w.FROM, "to": f"{w.CASINO}@KZT", "amount": "1000.50",
        "item": "ENSTRU:291022.300.000001", "date": w.TODAY.isoformat(),
    }  # fmt: skip
    found = works.book(lambda book: answers.findings(book, wrong, language(code)))
    assert {"payee_class", "end_forbidden", "item_forbidden", "document_missing"} <= {one["result"] for one in found}
    assert here.page.locator("#verdict li").count() == len(found)
    for one in found:
        assert one["reason"] in text
        assert one["remedy"] in here.page.locator("#pay").inner_text()
    for name in ("to", "item", "document"):
        field = here.page.locator(f"#f-{name}")
        assert field.get_attribute("aria-invalid") == "true"
        assert f"err-{name}" in field.get_attribute("aria-describedby")
    here.accessible()
    here.picture("pay")


def test_a_contractor_pays_a_supplier(see, works):
    before = len(w.posted(works))
    here = see("ru", BUILDER)
    here.go(FORM)
    type_in(here, to=w.ASPHALT)
    here.page.wait_for_function(
        "() => document.querySelector('#payees option')?.value.includes('@KZT')", timeout=10_000
    )
    type_in(here, amount="150 000,50", item="CPV:45233120", region="231010000")
    assert "works/2027" in verdict(here, "bad")
    type_in(here, item=w.ITEM)
    here.page.locator("#f-file").set_input_files({"name": "i.pdf", "mimeType": "application/pdf", "buffer": b"invoice"})
    verdict(here, "good")
    assert here.page.locator("#f-document").input_value() == hashlib.sha256(b"invoice").hexdigest()
    after = works.book(lambda book: book.ledger.available(w.FROM)) - 15_000_050
    assert language("ru").money(after) in here.page.locator("#remains").inner_text()
    here.page.locator("#send").click()
    here.page.wait_for_url("**/e/*", timeout=10_000)
    mine = w.posted(works)
    assert len(mine) == before + 1
    assert (mine[-1]["to"], mine[-1]["amount"], mine[-1]["item"].replace(".", "")) == (
        f"{w.ASPHALT}@KZT", "150000.50", w.ITEM.replace(".", ""),
    )  # fmt: skip
    assert here.page.url.endswith(f"/e/{mine[-1]['entry']}")


def test_a_double_click_pays_once(see, works):
    before = len(w.posted(works))
    here = see("en", BUILDER)
    here.go(FORM)
    type_in(here, **GOOD, amount="1000", document=document("double"))
    verdict(here, "good")
    here.page.locator("#send").dblclick()
    here.page.wait_for_url("**/e/*", timeout=10_000)
    assert len(w.posted(works)) == before + 1


def test_a_lost_answer_never_pays_twice(see, works):
    before = len(w.posted(works))
    here = see("en", BUILDER)
    here.go(FORM)
    type_in(here, **GOOD, amount="2 000", document=document("lost"))
    verdict(here, "good")

    def swallow(route):
        route.fetch()  # it arrives, and is posted; the answer is lost on the way
        route.abort()

    here.page.route("**/api/v1/transfers", swallow)
    here.page.locator("#send").click()
    here.page.locator("#lost").wait_for(timeout=10_000)
    assert here.page.locator("#send").is_disabled()
    here.page.unroute("**/api/v1/transfers")
    here.faults.clear()
    here.go(FORM)  # it is remembered over a new page too
    assert "2,000.00" in here.page.locator("#lost").inner_text()
    here.accessible()
    here.picture("pay-lost")
    here.page.locator("#lost button").click()
    assert "nothing was paid twice" in verdict(here, "good")
    assert not here.page.locator("#lost").is_visible()
    assert len(w.posted(works)) == before + 1


def test_what_the_ledger_refuses_at_last_is_told_and_focused(see, works):
    """Between the last check and the click something else may have happened."""
    here = see("en", BUILDER)
    here.go(FORM)
    type_in(here, **GOOD, amount="10", document=document("used"))
    verdict(here, "good")
    line = {"op": "pay", "id": "W-USED", "from": w.FROM, "amount": "10.00", "document": document("used")} | GOOD
    (answer,) = works.desk.submit([line]).result()
    assert answer.result == "posted"
    here.page.locator("#send").click()
    assert "This document was paid before" in verdict(here, "bad")
    assert here.page.evaluate("document.activeElement.id") == "f-document"


def test_an_empty_form_sends_nothing_and_leads_to_the_first_field(see, works):
    before = works.desk.entries
    here = see("en", BUILDER)
    here.go(FORM)
    here.page.locator("#send").focus()
    here.page.keyboard.press("Enter")
    assert here.page.evaluate("document.activeElement.id") == "f-to"
    assert "This is needed." in here.page.locator("#err-to").inner_text()
    type_in(here, amount="-5")
    here.page.locator("#err-amount p", has_text="never negative").wait_for(timeout=5000)
    assert works.desk.entries == before


def test_without_a_script_the_form_explains_and_says_why_it_cannot_pay(see, works):
    here = see("en", BUILDER, java_script_enabled=False)
    here.page.goto(here.site.url + f"{FORM}?to={w.CASINO}%40KZT&amount=1+000%2C50&item=CPV%3A45&check=1")
    text = here.page.locator("main").inner_text()
    assert "Sending one needs it" in text
    assert "This would be refused" in text
    assert "does not buy CPV:45" in here.page.locator("#err-item").inner_text()
    here.page.goto(here.site.url + f"{FORM}?to={w.ASPHALT}&amount=1,500")
    assert "Is this 1500 or 1,5?" in here.page.locator("#err-amount").inner_text()
    good = f"to={w.ASPHALT}%40KZT&amount=5&item={w.ITEM}&region=231010000&document={'c' * 64}"
    here.page.goto(here.site.url + f"{FORM}?{good}")
    assert "Every rule is met" in here.page.locator("#verdict").inner_text()


def test_only_who_may_pay_has_the_form(see):
    see("en", ("contractor", "", w.SUB)).go(FORM, 403)
    see("en", ("auditor",)).go(FORM, 403)
    see("en").go(FORM, 401)
    here = see("en", BUILDER)
    answer = here.context.request.get(here.site.url + FORM.replace("/pay", "/payees") + "?q=" + w.WORKER[:6])
    assert w.WORKER not in answer.text(), "persons are not to be found by trying numbers"


def test_the_other_ways_to_move_money_ask_for_what_they_need(see, works):
    here = see("en", ("owner", "", w.CUSTOMER))
    address = f"/a/{w.CUSTOMER}@{w.CONTRACT}/pay"
    here.go(f"{address}?op=hold&hold=W-C")
    assert "W-C" in here.page.locator("#f-hold").inner_text()
    type_in(here, amount="1 000 000", item=w.ITEM, document=document("hold"))
    assert "0.00\u00a0₸ can be paid" in verdict(here, "bad")
    here.accessible()
    here.go(f"{address}?op=commit")
    type_in(here, to=w.FROM, amount="99 999 999,99", item=w.ITEM, region="231010000")
    text = verdict(here, "bad")
    assert "available" in text
    assert "obligations plan" in here.page.locator("#remains").inner_text()
    back = see("en", BUILDER)
    back.go(f"{FORM}?op=return")
    assert back.page.locator("#f-original option").count() >= 2
    back.accessible()
