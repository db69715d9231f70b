"""A participant's page: its sums against the journal, and natural persons, who have none for the public."""

import re
from collections import defaultdict

import pytest

from boyau.codec import ROWS
from boyau.ledger import Kind
from boyau.views.persons import is_person
from tests.web.site import LANGUAGES, PHONE, WIDE

PAYING = (Kind.PAY, Kind.ADVANCE, Kind.COURT)


@pytest.fixture(scope="module")
def ledger(site):
    """By participant: what it received and paid, from whom and in which months; read from the batches, row by row."""

    def look(book):
        received, paid, count = defaultdict(int), defaultdict(int), defaultdict(int)
        payers, months = defaultdict(lambda: defaultdict(int)), defaultdict(lambda: defaultdict(int))
        who, acc = book.ledger.registry.who, book.ledger.tables.acc
        for batch in book.store.batches():
            if batch.kind != ROWS:
                continue
            for row in batch.rows():
                if row["result"] or row["kind"] not in PAYING:
                    continue
                payer, payee = (who[int(acc[int(row[side]), 4])] for side in ("debit", "credit"))
                amount = int(row["settled"])
                received[payee] += amount
                count[payee] += 1
                paid[payer] += amount
                payers[payee][payer] += amount
                months[payee][str(row["value_date"].astype("datetime64[D]"))[:7]] += amount
        return received, paid, count, payers, months

    return site.book(look)


def largest(ledger, *, person):
    return max((one for one in ledger[0] if is_person(one) == person), key=lambda one: (ledger[2][one], one))


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_it_received_and_paid_is_what_the_journal_says(look, ledger, language, width):
    received, paid, count, *_ = ledger
    who = max((one for one in paid if received[one] and not is_person(one)), key=lambda one: paid[one])
    here = look(language, width=width)
    here.go(f"/who/{who}")
    sums = [int(one.get_attribute("data-sum")) for one in here.page.locator("[data-sum]").all()]
    assert sums == [received[who], paid[who]]
    assert here.words_number(count[who]) in here.page.locator(".cards").inner_text()
    here.accessible()
    here.picture("who")


def test_from_whom_and_by_month_add_up(look, ledger):
    received, _, _, payers, months = ledger
    who = largest(ledger, person=False)
    here = look("en")
    here.go(f"/who/{who}")
    top = sorted(payers[who].items(), key=lambda one: -one[1])[:8]
    section = here.page.locator("section", has=here.page.locator("h2", has_text="From whom"))
    shown = section.locator("li")
    assert shown.count() == len(top)
    assert {payer for payer, _ in top} == set(shown.locator("a").all_inner_texts())
    table = here.page.locator("details table tbody tr")
    here.page.locator("details").first.evaluate("(one) => { one.open = true; }")
    found = {}
    for row in table.all():
        month = row.locator("th").inner_text()
        found[f"{month[3:]}-{month[:2]}"] = int(re.sub(r"\D", "", row.locator("td").first.inner_text()))
    assert {name: value for name, value in found.items() if value} == dict(months[who])
    assert sum(found.values()) == received[who]
    bars = here.page.locator("svg.months rect.in")
    assert bars.count() == len(found)


def test_its_contracts_and_newest_payments_lead_to_their_entries(look, site, ledger):
    who = max((one for one in ledger[1] if ledger[0][one] and not is_person(one)), key=lambda one: ledger[1][one])

    def newest(book):
        out = []
        accounts, numbers = book.ledger.tables.acc, book.ledger.registry.participants
        for batch in book.store.batches():
            if batch.kind == ROWS:
                for k, row in enumerate(batch.rows()):
                    if row["result"] or row["kind"] not in PAYING:
                        continue
                    if numbers[who] in [int(accounts[int(row[side]), 4]) for side in ("debit", "credit")]:
                        out.append(batch.first + k)
        return out[-10:][::-1]

    here = look("en")
    here.go(f"/who/{who}")
    section = here.page.locator("section", has=here.page.locator("h2", has_text="Newest payments"))
    shown = section.locator("tbody th a").evaluate_all(
        "(all) => all.map((one) => Number(one.getAttribute('href').slice(3)))"
    )
    assert shown == site.book(newest)
    assert (
        here.page.locator("section", has=here.page.locator("h2", has_text="Contracts")).locator("tbody tr").count() > 0
    )


def test_a_natural_person_has_a_page_only_for_who_may_see_them(look, site, ledger):
    person = largest(ledger, person=True)
    public = look("en")
    text = public.go(f"/who/{person}", 404)
    assert text.replace(person, "N") == public.go("/who/900101300018", 404).replace("900101300018", "N")
    stranger = look("en", session=site.session(("contractor", "", largest(ledger, person=False))))
    stranger.go(f"/who/{person}", 404)
    for session in (site.session(("treasury",)), site.session(("contractor", "", person))):
        seeing = look("en", session=session)
        seeing.go(f"/who/{person}")
        assert int(seeing.page.locator("[data-sum]").first.get_attribute("data-sum")) == ledger[0][person]


@pytest.mark.parametrize("language", LANGUAGES)
def test_under_a_pseudonym_stands_nothing_but_why(look, site, ledger, language):
    """The link that a public page has for a person leads to a page without a name, a number or a sum."""
    person = largest(ledger, person=True)

    def paid(book):
        for batch in book.store.batches():
            if batch.kind == ROWS:
                for k, row in enumerate(batch.rows()):
                    holder = book.ledger.registry.who[int(book.ledger.tables.acc[int(row["credit"]), 4])]
                    if not row["result"] and holder == person:
                        return batch.first + k
        raise AssertionError

    here = look(language)
    here.go(f"/e/{site.book(paid)}")
    link = here.page.locator(".passage .side").last.locator("a")
    address = link.get_attribute("href")
    assert re.fullmatch(r"/who/[0-9a-f]{8}", address)
    text = here.go(address)
    assert person not in here.page.content()
    assert "₸" not in text
    here.accessible()
    here.picture("person")


@pytest.mark.parametrize("name", ["nobody", "x" * 33, "%00", "deadbee", "..%2Fetc"])
def test_who_does_not_exist_is_told_so(look, name):
    look("ru").go(f"/who/{name}", 404)


def test_who_has_no_payment_yet_has_a_page_that_says_so(look, site):
    site.book(lambda book: book.record([{"type": "participant", "participant": "newcomer", "classes": ["supplier"]}]))
    here = look("kk")
    here.go("/who/newcomer")
    assert here.page.locator(".empty").count() == 1
    here.accessible()
