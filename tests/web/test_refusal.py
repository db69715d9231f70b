"""Refusals: who may see one, every rule that stands against it, whom to ask; the list with its filters and sums."""

import pytest

from boyau.codec import ROWS
from boyau.journal.find import describe_entry
from boyau.journal.operations import Operations
from boyau.language import explanation
from boyau.language import language as words_of
from boyau.ledger import UNKNOWN_ACCOUNT, Kind, Result, codes
from boyau.ledger.explain import Explainer
from boyau.service import answers
from tests.web.site import LANGUAGES, PHONE, WIDE


@pytest.fixture(scope="module")
def unattested(site):
    """An act that nobody attested is to be accepted, after the year's end: refused, and for more than one reason."""

    def post(book):
        commit = next(
            describe_entry(book, batch.first + k)
            for batch in book.store.batches()
            if batch.kind == ROWS
            for k, row in enumerate(batch.rows())
            if row["kind"] == Kind.COMMIT and row["result"] == 0 and row["item"]
        )
        colour = commit["from"].partition("@")[2]
        assert book.record([{"type": "subject", "subject": "act-none", "colour": colour, "amount": "5.00"}]) == [None]
        value = {"op": "accept", "id": "none-1", "hold": commit["id"], "amount": "9.00", "subject": "act-none"}
        decided = book.post(Operations(book.ledger).rows([value], codes.day_of(book.now())))
        assert decided["result"][0] > Result.EXISTS
        return int(book.numbers[0])

    entry = site.book(post)
    site.desk.entries = site.book(lambda book: book.entries)
    site.reader._changed.set()  # what is posted past the desk is not announced
    assert site.reader.wait(entry + 1)
    return entry


@pytest.fixture(scope="module")
def refused(site, unattested):
    """Every refused row: (entry, reason, payer, payer's colour, amount, day), read from the batches."""

    def look(book):
        out, registry = [], book.ledger.registry
        for batch in book.store.batches():
            if batch.kind != ROWS:
                continue
            for k, row in enumerate(batch.rows()):
                result = Result(int(row["result"]))
                if result in (Result.POSTED, Result.EXISTS):
                    continue
                side = int(row["debit"])
                if side == UNKNOWN_ACCOUNT:  # it left them out: they are those of its commitment
                    side = int(book.row(book.ledger.entry_of(row["ref"].tobytes()))["debit"])
                account = book.ledger.tables.acc[side]
                out.append((
                    batch.first + k, result, registry.who[int(account[4])], registry.colours[int(account[3])].path,
                    int(row["amount"]), int(row["value_date"]),
                ))  # fmt: skip
        return out

    return site.book(look)


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_that_stands_against_it_is_explained_with_what_to_do(look, site, unattested, language, width):
    entry = unattested
    here = look(language, width=width, session=site.session(("treasury",)))
    text = here.go(f"/e/{entry}")
    words = words_of(language)

    def explain(book):
        row = book.row(entry).copy()
        row["settled"] = row["result"] = row["detail"] = 0
        return [explanation(one, words) for one in Explainer(book.ledger).explain(row, book.now())]

    findings = site.book(explain)
    assert len(findings) > 1, "this one fails several rules by now"
    cards = here.page.locator("ol.against > li")
    assert cards.count() == len(findings)
    shown = cards.all_inner_texts()
    for card, finding in zip(shown, findings, strict=True):
        assert finding["reason"] in card
        assert finding["remedy"] in card
        if "colour" in finding:
            assert finding["colour"] in card
    assert text
    here.accessible()
    here.picture("refusal")


def test_missing_evidence_names_who_can_give_it(look, site, unattested):
    entry = unattested
    hold = site.book(lambda book: describe_entry(book, entry)["hold"])
    colour = site.book(lambda book: answers.entry(book, hold)["from"].partition("@")[2])

    def signers(book):
        return {
            key.participant for key in book.ledger.registry.evidence.keys.values()
            if "acceptance_act" in (key.conditions or {"acceptance_act"}) and f"{colour}/".startswith(f"{key.colour}/")
        }  # fmt: skip

    here = look("en", session=site.session(("treasury",)))
    here.go(f"/e/{entry}")
    card = here.page.locator("ol.against > li", has_text="evidence missing")
    links = card.locator("dd a[href^='/who/']").evaluate_all("(all) => all.map((one) => one.textContent)")
    assert links
    assert set(links) <= site.book(signers)


def test_who_may_not_read_the_entry_does_not_see_it(look, site, refused):
    entry, _, payer, *_ = refused[0]
    told = site.book(lambda book: describe_entry(book, entry))
    sides = {told[side].partition("@")[0] for side in ("from", "to")}
    stranger = next(one[2] for one in refused if one[2] not in sides)
    public = look("en")
    assert told["amount"].split(".")[0][:3] not in public.go(f"/e/{entry}", 401)
    other = look("en", session=site.session(("contractor", "", stranger)))
    other.go(f"/e/{entry}", 403)
    for path in ("receipt", "qr.svg"):
        assert public.context.request.get(f"{site.url}/e/{entry}/{path}").status == 401
    own = look("en", session=site.session(("contractor", "", payer)))
    own.go(f"/e/{entry}")


@pytest.mark.parametrize(("language", "width"), [("kk", PHONE), ("ru", WIDE), ("en", PHONE)])
def test_the_list_has_them_all_with_their_sum(look, site, refused, language, width):
    here = look(language, width=width, session=site.session(("treasury",)))
    text = here.go("/refusals")
    assert here.page.locator("tbody tr a[href^='/e/']").count() >= min(len(refused), 50)
    assert here.page.locator(".figure-line .figure").inner_text() == here.words_number(len(refused))
    total = sum(one[4] for one in refused)
    assert here.page.locator(".figure-line data.sum").get_attribute("value") == str(total)
    assert text
    here.accessible()
    here.picture("refusals")


def figures(here):
    if not here.page.locator(".figure-line").count():
        return 0
    return int(here.page.locator(".figure-line .figure").inner_text().replace(",", ""))


def test_filters_narrow_it_to_what_the_journal_says(look, site, refused):
    here = look("en", session=site.session(("treasury",)))
    reason, payer, colour, day = refused[0][1], refused[0][2], refused[0][3].rpartition("/")[0], refused[0][5]
    words = words_of("en")
    for query, fits in (
        (f"reason={reason.name.lower()}", lambda one: one[1] is reason),
        (f"payer={payer}", lambda one: one[2] == payer),
        (f"colour={colour}", lambda one: one[3].startswith(f"{colour}/") or one[3] == colour),
        (f"first={words.day(day)}&last={words.day(day)}", lambda one: one[5] == day),
        ("colour=sim/none", lambda one: False),
        (f"reason={reason.name.lower()}&payer={payer}", lambda one: one[1] is reason and one[2] == payer),
    ):
        here.go(f"/refusals?{query}")
        assert figures(here) == sum(1 for one in refused if fits(one)), query


def test_older_ones_are_on_the_next_page(look, site, refused):
    here = look("en", session=site.session(("treasury",)))
    middle = sorted(one[0] for one in refused)[len(refused) // 2]
    here.go(f"/refusals?before={middle}")
    shown = here.page.locator("tbody th a[href^='/e/']").evaluate_all("(all) => all.map((one) => one.textContent)")
    assert [int(one.replace(",", "")) for one in shown] == sorted(
        (one[0] for one in refused if one[0] < middle), reverse=True
    )[:50]


def test_a_participant_sees_its_own_and_a_colour_s_administrator_those_of_the_colour(look, site, refused):
    payer = refused[0][2]

    def accounts(book):
        out = {}
        for one in refused:
            told = describe_entry(book, one[0])
            source = told if "from" in told else answers.entry(book, told["hold"])
            out[one[0]] = [source[side] for side in ("from", "to")]
        return out

    sides = site.book(accounts)
    named = {entry: {name.partition("@")[0] for name in both} for entry, both in sides.items()}
    here = look("en", session=site.session(("contractor", "", payer)))
    here.go("/refusals")
    assert figures(here) == sum(1 for one in named.values() if payer in one) < len(refused)
    colour = "/".join(refused[0][3].split("/")[:3])
    here = look("en", session=site.session(("programme_administrator", colour)))
    here.go("/refusals")
    below = sum(
        1 for both in sides.values()
        if any(f"{one.partition('@')[2].partition('#')[0]}/".startswith(f"{colour}/") for one in both)
    )  # fmt: skip
    assert figures(here) == below


def test_nobody_else_has_a_list(look, site):
    look("en").go("/refusals", 401)
    look("ru", session=site.session(("administrator",))).go("/refusals", 403)


@pytest.mark.parametrize(
    "query", ["reason=none", "first=2025-13-40", "last=x", "colour=%00", "payer=" + "1" * 40, "before=-1", "before=x"]
)
def test_a_wrong_filter_is_told_and_no_error(look, site, query):
    here = look("ru", session=site.session(("treasury",)))
    here.go(f"/refusals?{query}", 422)


def test_what_was_sent_again_and_posted_leads_there(look, site, refused):
    """A refusal whose condition came is posted under the same id: its page says so and leads to the entry."""
    here = look("en", session=site.session(("treasury",)))

    def later(book):
        return [
            (one[0], found) for one in refused
            if (found := book.ledger.entry_of(book.row(one[0])["id"].tobytes())) >= 0
        ]  # fmt: skip

    for entry, found in site.book(later)[:1]:
        here.go(f"/e/{entry}")
        assert here.page.locator(f"a[href='/e/{found}']").count() >= 1
