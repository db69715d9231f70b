"""An entry's page: what it says against the ledger, what it hides, the rules of that time, its receipt, its picture."""

import re

import numpy as np
import pytest

from boyau.codec import ROWS
from boyau.journal import Book
from boyau.journal.find import describe_entry
from boyau.journal.log import Log
from boyau.journal.operations import Operations
from boyau.language import language as words_of
from boyau.ledger import Kind, Result
from boyau.ledger.codes import day, day_of, day_text
from boyau.proofs.note import Verifier
from boyau.proofs.receipt import Receipt
from boyau.stores import open_store
from boyau.views import Views
from boyau.views.persons import is_person
from boyau.web.past import Past
from boyau.web.sealed import Sealed
from tests.page import START, WORLD
from tests.web.site import LANGUAGES, PHONE, WIDE


def rows_of(book):
    """Yield (entry, row) of every row, read from the batches alone."""
    for batch in book.store.batches():
        if batch.kind == ROWS:
            for k, row in enumerate(batch.rows()):
                yield batch.first + k, row


def holder(book, account):
    return book.ledger.registry.who[int(book.ledger.tables.acc[int(account), 4])]


@pytest.fixture(scope="session")
def known(site):
    """Entries of each kind that the tests look at: found in the batches."""

    def look(book):
        out = {}
        for entry, row in rows_of(book):
            if row["result"] != 0:
                continue
            kind = Kind(int(row["kind"]))
            person = kind is Kind.PAY and is_person(holder(book, row["credit"]))
            held = kind is Kind.PAY and row["ref"].tobytes().strip(b"\0")
            out.setdefault("person" if person else "act" if held and row["subject"] else kind.name.lower(), entry)
        for batch in book.store.batches():
            if batch.kind != ROWS:
                for k, record in enumerate(batch.records()):
                    name = record["type"]
                    if name == "participant" and is_person(record["participant"], record.get("classes", ())):
                        name = "person_record"
                    out.setdefault(name, batch.first + k)
        return out

    return site.book(look)


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_payment_says_who_paid_whom_what_for_and_by_which_rules(look, site, known, language, width):
    here = look(language, width=width)
    text = here.go(f"/e/{known['act']}")
    told = site.book(lambda book: describe_entry(book, known["act"]))
    row = site.book(lambda book: book.row(known["act"]).copy())
    words = words_of(language)
    amount = words.money(int(row["settled"]))
    assert amount in text
    for side in ("from", "to"):
        assert told[side].partition("@")[0] in text
    for value in (told["item"], told["subject"], told["document"], told["hold"], words.day_of_text(told["date"])):
        assert value in text
    rules = here.page.locator("table.rules").inner_text()
    assert "sim/2025" in rules
    window = f"{words.day_of_text('2025-01-01')} – {words.day_of_text('2025-12-31')}"
    assert window in rules
    assert here.page.locator("link[rel=canonical]").get_attribute("href") == f"{site.url}/e/{known['act']}"
    here.accessible()
    here.picture("entry")


def test_the_evidence_of_an_act_is_the_record_that_was_signed(look, site, known):
    """The attestation that the page cites is the newest before the entry about that act, found in the batches."""
    entry = known["accept"]
    told = site.book(lambda book: describe_entry(book, entry))

    def attested(book):
        found = None
        for batch in book.store.batches():
            if batch.kind == ROWS or batch.first > entry:
                continue
            for k, record in enumerate(batch.records()):
                fits = record["type"] == "attestation" and record.get("subject") == told["subject"]
                if fits and batch.first + k < entry:
                    found = batch.first + k, record
        return found

    number, record = site.book(attested)
    here = look("en")
    here.go(f"/e/{entry}")
    row = here.page.locator("table.rules tr", has_text="act of acceptance")
    assert row.locator(f"a[href='/e/{number}']").count() == 1
    assert record["by"] in row.inner_text()
    assert "signed" in row.inner_text()
    page = here.go(f"/e/{number}")
    assert f"{record['by']} attests “act of acceptance” for the act or delivery {told['subject']}" in page
    assert "holds" in here.page.locator("dl.facts").first.inner_text()


def test_above_the_sum_of_a_tier_the_approvals_are_named(look, site):
    """Every commitment above the first tier shows its proposal and approvals; those below show none."""

    def look_up(book):
        return [
            (entry, int(row["amount"]))
            for entry, row in rows_of(book)
            if row["result"] == 0
            and int(row["kind"]) == Kind.COMMIT
            and book.ledger.tables.acc[int(row["debit"]), 6] == 0
        ]

    commits = site.book(look_up)
    above = next(entry for entry, amount in commits if amount > 40_000_000_00)
    below = next((entry for entry, amount in commits if amount <= 40_000_000_00), None)
    here = look("en")
    here.go(f"/e/{above}")
    row = here.page.locator("table.rules tr", has_text="Approval").first
    assert "treasury" in row.inner_text()
    links = row.locator("a[href^='/e/']").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    records = [site.book(lambda book, n=int(one[3:]): describe_entry(book, n)) for one in links]
    assert {one["type"] for one in records} >= {"proposal", "approval"}
    assert len({one["command"] for one in records if "command" in one}) == 1
    if below is not None:
        here.go(f"/e/{below}")
        assert here.page.locator("table.rules tr", has_text="Approval").count() == 0


def test_a_contract_lists_its_parts_and_what_remains(look, site, known):
    commit = known["commit"]

    def look_up(book):
        identity = book.row(commit)["id"].tobytes()
        parts = [entry for entry, row in rows_of(book) if row["ref"].tobytes() == identity and row["result"] == 0]
        return parts, book.ledger.hold_remaining(identity)

    parts, left = site.book(look_up)
    here = look("en")
    text = here.go(f"/e/{commit}")
    assert words_of("en").money(left) in here.page.locator("section[aria-labelledby=contract]").inner_text()
    shown = here.page.locator("section[aria-labelledby=related] a[href^='/e/']")
    hrefs = {one.get_attribute("href") for one in shown.all()}
    assert {f"/e/{one}" for one in parts[:12]} <= hrefs
    if len(parts) > 12:
        assert f"The first 12 of {len(parts)}" in text


def test_where_the_money_came_from_and_is_adds_up_to_the_payment(look, site, known):
    """Of a payment into a colour: the steps before end at it in full, what is held now sums up to it."""
    here = look("en")
    here.go(f"/e/{known['act']}")
    amount = site.book(lambda book: int(book.row(known["act"])["settled"]))
    before = here.page.locator(".both ol.steps li")
    assert "issuer" in before.first.inner_text()
    figures = here.page.locator(".both ol.parts li data.sum, .both ol.parts li span.sum")
    values = [
        int(one.get_attribute("value") or re.sub(r"\D", "", one.inner_text())) for one in figures.all()
    ]  # fmt: skip
    assert sum(values) == amount


def test_a_natural_person_is_masked_everywhere_on_the_page(look, site, known):
    """Neither the number nor the account's name stands anywhere in the page, in titles and addresses neither."""
    entry = known["person"]
    told = site.book(lambda book: describe_entry(book, entry))
    who = told["to"].partition("@")[0]
    public = look("en")
    public.go(f"/e/{entry}")
    assert who not in public.page.content()
    assert "natural person" in public.page.locator("h1").inner_text()
    treasury = look("en", session=site.session(("treasury",)))
    treasury.go(f"/e/{entry}")
    assert who in treasury.page.locator("main").inner_text()
    himself = look("en", session=site.session(("contractor", "", who)))
    himself.go(f"/e/{entry}")
    assert who in himself.page.locator("main").inner_text()


def test_a_payment_is_found_by_its_id_and_its_address_is_the_number(look, site, known):
    told = site.book(lambda book: describe_entry(book, known["act"]))
    here = look("en")
    here.go(f"/e/{told['id']}")
    assert here.page.url == f"{site.url}/e/{known['act']}"


@pytest.mark.parametrize("path", ["/e/999999999", "/e/none", "/e/" + "9" * 60, "/e/-1", "/e/0x1"])
def test_what_is_no_entry_says_so(look, path):
    here = look("kk")
    here.go(path, 404)


def test_a_sent_again_leads_to_where_it_was_posted(look, site, known):
    """The same operation, once more: journalled as `exists`, and its page says where it was done."""

    def again(book):
        row = book.row(known["act"]).copy()
        row["settled"] = row["result"] = row["detail"] = 0
        decided = book.post(np.array([row], row.dtype))
        return int(decided["result"][0]), int(book.numbers[0])

    result, entry = site.book(again)
    assert result == Result.EXISTS
    assert site.reader.wait(entry + 1) or True
    here = look("en", session=site.session(("treasury",)))
    here.go(f"/e/{entry}")
    assert here.page.locator(f"a[href='/e/{known['act']}']").first.is_visible()


# ---- the receipt ----------------------------------------------------------------------------------------------------


def test_the_receipt_is_the_one_that_the_command_makes_and_convinces(look, site, known):
    entry = known["act"]
    answer = look("en").context.request.get(f"{site.url}/e/{entry}/receipt")
    assert answer.headers["content-disposition"].endswith('.receipt.json"')
    with_store = open_store(site.ledger, write=False)
    assert answer.text() == Log(with_store).receipt(entry).to_json()
    with_store.close()
    read = Receipt.from_json(answer.body())
    assert read.verify([Verifier.read(site.log_key), Verifier.read(site.witness_key)], quorum=1)


def test_an_entry_after_the_newest_checkpoint_says_when_its_receipt_comes(look, site):
    here = look("en", session=site.session(("auditor",)))
    text = here.go(f"/e/{site.signed}")
    assert "boyau checkpoint" in text
    assert here.words_number(site.signed) in text
    assert here.page.locator("#verify-entry").count() == 0
    answer = here.context.request.get(f"{site.url}/e/{site.signed}/receipt", headers={"accept": "application/json"})
    assert answer.status == 404
    assert "not-covered" in answer.json()["type"]


def test_the_picture_is_read_as_the_address_of_the_page(look, site, known):
    import zxingcpp

    here = look("en")
    here.go(f"/e/{known['act']}")
    drawn = """async () => {
      const image = document.querySelector(".share img"), canvas = document.createElement("canvas");
      await image.decode();
      canvas.width = canvas.height = 296;
      const plane = canvas.getContext("2d");
      plane.drawImage(image, 0, 0, 296, 296);
      return Array.from(plane.getImageData(0, 0, 296, 296).data).filter((_, k) => k % 4 === 0);
    }"""
    shade = np.array(here.page.evaluate(drawn), np.uint8).reshape(296, 296)
    (code,) = zxingcpp.read_barcodes(shade)
    assert code.text == f"{site.url}/e/{known['act']}"


def test_in_print_it_is_a_certificate(look, known):
    here = look("ru")
    here.go(f"/e/{known['act']}")
    here.page.emulate_media(media="print")
    assert not here.page.locator("#verify-entry").is_visible()
    assert here.page.locator(".share img").is_visible()
    assert here.page.locator("table.rules").is_visible()
    here.picture("entry-print")
    printed = here.page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1


# ---- records --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "kind", ["colour", "limits", "attestation", "approval", "key", "request", "log_key", "subject"]
)
def test_every_record_has_a_page_with_what_it_says(look, site, known, kind, language):
    here = look(language, width=PHONE if language == "kk" else WIDE)
    text = here.go(f"/e/{known[kind]}")
    record = site.book(lambda book: describe_entry(book, known[kind]))
    for name in ("colour", "subject", "request", "condition"):
        if name in record:
            assert record[name] in text
    here.accessible()
    here.picture(f"record-{kind}")


def test_changed_rules_are_shown_before_and_after(look, site, known):
    here = look("en")
    here.go(f"/e/{known['colour']}")
    changes = (
        here.page.locator("h2", has_text="What it changed").locator("xpath=following-sibling::div[1]").inner_text()
    )
    record = site.book(lambda book: describe_entry(book, known["colour"]))
    assert record["rules"]["window"]["last"] in changes
    assert "–" in changes


def test_records_about_persons_are_masked_and_so_are_their_receipts(look, site, known):
    entry = known["person_record"]
    who = site.book(lambda book: describe_entry(book, entry)["participant"])
    public = look("en")
    public.go(f"/e/{entry}")
    assert who not in public.page.content()
    answer = public.context.request.get(f"{site.url}/e/{entry}/receipt")
    assert answer.status == 403
    assert who not in answer.text()
    seeing = look("en", session=site.session(("treasury",)))
    assert who in seeing.go(f"/e/{entry}")
    assert seeing.page.locator("a[href$='/receipt']").count() == 1


def test_free_text_is_for_those_who_may_read_entries(look, site):
    text = "After the checkpoint."
    assert text not in look("en").go(f"/e/{site.signed}")
    assert text in look("en", session=site.session(("auditor",))).go(f"/e/{site.signed}")


# ---- the past -------------------------------------------------------------------------------------------------------


def test_rules_classes_and_limits_are_those_of_the_entry_and_not_of_today(tmp_path):
    """Rules that changed later, rules whose day had not come, classes and limits: as they stood when it was made."""
    path = str(tmp_path / "past.boyau")
    clock = iter(range(START, START + 10**15, 1_000_000)).__next__
    with Book.create(path, clock=clock) as book:
        assert not any(book.record(WORLD))
        scale = book.ledger.registry.units["KZT"]
        today = day_of(book.ledger.time)
        before = book.entries
        narrower = {"type": "colour", "colour": "kz/road", "rules": {"hops": 1}}
        later = {"type": "colour", "colour": "kz/road", "from": day_text(today + 30), "rules": {"hops": 0}}
        assert book.record([narrower]) == [None]
        middle = book.entries
        assert book.record([later]) == [None]
        assert book.record([{"type": "limits", "colour": "kz/road", "plan": "5.00"}]) == [None]
        changed = {"type": "participant", "participant": "asphalt", "classes": ["builder"], "region": "710000000"}
        assert book.record([changed]) == [None]
        end = book.entries
        with Views.open(path) as views:
            views.follow(book)
            sealed = Sealed(path)
            time = today * 86_400_000_000 + 1

            def past(entry, at=time):
                return Past(views, sealed, entry, at)

            assert past(before).own_rules("kz/road", scale).rules.hops != 1
            assert past(middle).own_rules("kz/road", scale).rules.hops == 1
            assert past(end).own_rules("kz/road", scale).rules.hops == 1, "its day has not come"
            then = (today + 31) * 86_400_000_000
            assert past(end, then).own_rules("kz/road", scale).rules.hops == 0
            assert past(middle, then).own_rules("kz/road", scale).rules.hops == 1, "it was not recorded yet"
            assert past(before).own_rules("kz/none", scale) is None
            assert [one.path for one in past(end).rules("kz/road", scale)] == ["kz/road", "kz"]
            assert past(end).participant("asphalt")[1]["classes"] == ["builder"]
            assert past(end - 1).participant("asphalt")[1]["classes"] != ["builder"]
            assert past(end).participant("nobody") == (-1, {})
            limits = {one[0]: one for one in past(end).limits("kz/road")}
            assert limits["kz/road"][2][0] == 500
            assert past(before).limits("kz/road") == [] or "kz/road" not in {
                o[0] for o in past(middle).limits("kz/road")
            }
            sealed.close()


def test_approvals_and_attestations_are_those_that_stood(tmp_path):
    """Withdrawn is withdrawn, too late is too late, and what came after the entry was not there."""
    path = str(tmp_path / "words.boyau")
    clock = iter(range(START, START + 10**15, 1_000_000)).__next__
    digest = "ab" * 32
    people = [{"type": "participant", "participant": one, "classes": ["checker"]} for one in ("m", "c", "d")]
    proposal = {"type": "proposal", "command": digest, "by": "m"}
    approve = {"type": "approval", "command": digest}
    attest = {"type": "attestation", "condition": "built", "colour": "kz/road", "by": "c"}
    steps = [
        *people, proposal, approve | {"by": "c", "until": "2030-01-01"}, approve | {"by": "d", "until": "2030-01-01"},
        approve | {"by": "d", "withdrawn": True}, attest, attest | {"withdrawn": True},
    ]  # fmt: skip
    with Book.create(path, clock=clock) as book:
        assert not any(book.record(WORLD))
        first = book.entries + 3
        assert not any(book.record(steps))
        with Views.open(path) as views:
            views.follow(book)
            sealed = Sealed(path)
            time = book.ledger.time

            def past(offset, at=time):
                return Past(views, sealed, first + offset, at)

            assert past(0).approvals(digest) == (None, [])
            proposed, given = past(1).approvals(digest)
            assert (proposed.by, given) == ("m", [])
            assert [one.by for one in past(3).approvals(digest)[1]] == ["c", "d"]
            assert [one.by for one in past(4).approvals(digest)[1]] == ["c"]
            assert past(4, day("2031-01-01") * 86_400_000_000).approvals(digest)[1] == []
            thing = ["subject none", "colour kz/road"]
            assert past(4).attested("built", thing) is None
            assert past(5).attested("built", thing).by == "c"
            assert past(6).attested("built", thing) is None
            sealed.close()


def test_operations_of_plain_money_ask_no_rules(look, site):
    """A payment between plain accounts is posted here, and its page says that no colour's rule was asked."""

    def pay(book):
        plain = [
            name for name in book.ledger.accounts
            if name.endswith("@KZT") and not is_person(name.partition("@")[0]) and book.ledger.available(name) > 100
        ]  # fmt: skip
        value = {"op": "pay", "id": "plain-1", "from": plain[0], "to": plain[1], "amount": "1.00"}
        decided = book.post(Operations(book.ledger).rows([value], day_of(book.now())))
        return int(decided["result"][0]), int(book.numbers[0])

    result, entry = site.book(pay)
    assert result == 0
    site.desk.call(lambda book: None).result()
    here = look("en")
    text = here.go(f"/e/{entry}")
    assert "No rule of a colour is asked" in text
    assert here.page.locator("table.rules").count() == 0
