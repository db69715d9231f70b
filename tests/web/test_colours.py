"""The tree of colours and a colour's page: limits, rules and their origins, history; and a tree of many colours."""

import datetime as dt
import re
from collections import defaultdict

import pytest

from boyau.codec import ROWS
from boyau.journal import Book
from boyau.ledger import Kind, codes
from tests.web.site import LANGUAGES, PHONE, WIDE, Site
from tests.web.trail_count import below, data, get, minor, moved

TOP = "sim/2025"
MANY = 3000
TODAY = dt.datetime.now(dt.UTC).date()
LAST = TODAY + dt.timedelta(days=10)
PERSON = "960101300007"


@pytest.fixture(scope="module")
def garden(tmp_path_factory, browser):
    """A tree made for these tests: rules at several levels, changed limits, an override, and a wide branch."""
    folder = tmp_path_factory.mktemp("garden")
    made = Site(folder, transfers=1000)
    rules = {
        "payees": {"classes": ["supplier", "contractor"], "allow": ["stone", PERSON]}, "items": ["CPV:45", "CPV:34"],
        "ends": {"classes": ["supplier"]}, "hops": 3,
        "evidence": ["e_invoice", {"condition": "bank_guarantee", "at": "commit"}],
        "window": {"first": f"{TODAY.year}-01-01", "last": LAST.isoformat()},
    }  # fmt: skip
    name, title = {"en": "Stone Ltd", "ru": "Камень"}, {"en": "Garden", "ru": "Сад", "kk": "Бақ"}
    records = [
        {"type": "participant", "participant": "stone", "classes": ["supplier"], "name": name},
        {"type": "participant", "participant": PERSON, "classes": ["supplier"], "name": "Alima Secret"},
        {"type": "colour", "colour": "garden", "unit": "KZT", "title": title, "rules": rules},
        {"type": "limits", "colour": "garden", "plan": "1000000.00", "payments": "900000.00"},
        {"type": "colour", "colour": "garden/tree", "title": "Tree", "rules": {"hops": 1, "items": ["CPV:45.2"]}},
        {"type": "limits", "colour": "garden/tree", "plan": "500000.00"},
        {"type": "colour", "colour": "garden/tree", "rules": {"hops": 1, "items": ["CPV:45.23"], "documents": "once"}},
        {"type": "limits", "colour": "garden/tree", "plan": "600000.00", "override": {"plan": "1000.00"},
         "reason": "flood in spring"},
        {"type": "account", "account": "gardener@garden/tree"},
    ]  # fmt: skip
    records.insert(0, {"type": "participant", "participant": "gardener", "classes": ["administrator"]})

    def write(book: Book):
        answers = book.record(records)
        assert not any(answers), [str(one) for one in answers if one]
        more = [{"type": "colour", "colour": f"garden/wide{k}", "rules": {}} for k in range(MANY)]
        assert not any(book.record(more))
        return book.entries

    assert made.reader.wait(made.book(write), 60)
    yield made
    made.close()


@pytest.fixture
def see(browser, garden):
    from tests.web.site import Look

    opened = []

    def made(language="en", **more):
        opened.append(Look(browser, garden, language, **more))
        return opened[-1]

    yield made
    for one in opened:
        one.close()


# ---- the simulated year ----------------------------------------------------------------------------------------------


def paid_by_hand(book):
    """Count what is paid of each colour: what its own accounts paid, less what came back to them of it."""
    paid = defaultdict(int)
    kinds = {}
    for batch in book.store.batches():
        if batch.kind == ROWS:
            kinds |= {batch.first + k: Kind(int(row["kind"])) for k, row in enumerate(batch.rows())}
    for one in moved(book):
        kind = kinds[one.entry]
        out = kind in (Kind.PAY, Kind.ADVANCE, Kind.COURT) and not one.giver[4]
        was_paid = one.giver[2] or one.giver[4]  # else it only goes back up the tree
        back = kind in (Kind.RETURN, Kind.REVERSE, Kind.CLAWBACK) and not one.taker[4] and was_paid
        side = one.giver if out else one.taker
        if (out or back) and not side[2] and not side[3]:
            steps = side[1].split("/")
            for depth in range(1, len(steps) + 1):
                paid["/".join(steps[:depth])] += one.amount if out else -one.amount
    return paid


def test_what_is_paid_of_every_colour_is_what_the_journal_says(site):
    paid = site.book(paid_by_hand)
    told = data(site, f"/colours/{TOP}")["rows"]
    assert len(told) == site.book(lambda book: sum(below(path, TOP) for path in book.ledger.registry.colour_numbers))
    used = {one["colour"]: minor(one["payments_used"]) for one in told}
    assert used == {path: paid[path] for path in used}
    parents = {one["colour"]: one["parent"] for one in told if one["colour"] != TOP}
    assert all(path.rpartition("/")[0] == above for path, above in parents.items())
    places = {one["colour"]: k for k, one in enumerate(told)}
    assert all(places[above] < places[path] for path, above in parents.items()), "parents before children"


def test_the_newest_payments_are_the_newest(site, look):
    rows = [one for one in site.book(moved) if below(one.giver[1], TOP) and not one.giver[2] and not one.giver[3]]
    kinds = site.book(lambda book: {one.entry: int(book.row_posted(one.entry)["kind"]) for one in rows[-400:]})
    newest = [one.entry for one in rows[-400:] if kinds[one.entry] == Kind.PAY][-8:][::-1]
    here = look("en")
    here.go(f"/colours/{TOP}")
    shown = [int(one.get_attribute("href")[3:]) for one in here.page.locator(".feed a.sum").all()]
    assert shown == newest


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_the_tree(look, site, language, width):
    here = look(language, width=width)
    here.go("/colours")
    count = site.book(lambda book: sum(not one.plain for one in book.ledger.registry.colours))
    assert here.words_number(count) in here.page.locator("main").inner_text()
    here.accessible()
    here.picture("colours")
    here.go(f"/colours/{TOP}")
    here.accessible()
    here.picture("colour")


# ---- the garden ------------------------------------------------------------------------------------------------------


def test_every_rule_stands_with_where_it_comes_from(see, garden):
    here = see()
    here.go("/colours/garden/tree")
    rulings = {
        one.locator("dt").inner_text(): [each.inner_text().replace("\n", " ") for each in one.locator("dd").all()]
        for one in here.page.locator(".ruling > div").all()
    }
    entries = garden.book(
        lambda book: {one: book.ledger.registry.colours[book.ledger.registry.colour_numbers[one]].rules_entry
                      for one in ("garden", "garden/tree")}
    )  # fmt: skip
    chain = rulings["Chain"]
    assert "at most 1 link" in chain[0] and "a rule of this colour" in chain[0]
    assert "at most 3 link" in chain[1] and "from Garden" in chain[1]
    assert f"{entries['garden']:,}" in chain[1]
    assert "CPV:4523" in rulings["What it buys"][0]
    assert "CPV:45" in rulings["What it buys"][1] and "CPV:34" in rulings["What it buys"][1]
    assert rulings["Evidence"] and "electronic invoice, before payment" in " ".join(rulings["Evidence"])
    assert "bank guarantee, before a contract is registered" in " ".join(rulings["Evidence"])
    listed = " ".join(rulings["List of payees"])
    assert "Stone Ltd" in listed and "Alima" not in listed and PERSON not in listed and "natural person" in listed
    assert PERSON not in here.page.content()
    links = {one.get_attribute("href") for one in here.page.locator(".ruling a").all()}
    assert {"/colours/garden", f"/e/{entries['garden']}", f"/e/{entries['garden/tree']}", "/who/stone"} <= links
    for href in links:
        get(garden, href)
    text = here.page.locator("main").inner_text()
    assert "11 days left" in text and "at most 1 link" in text


def test_the_treasury_sees_persons_on_a_list(see, garden):
    here = see(session=garden.session(("treasury",)))
    here.go("/colours/garden")
    assert "Alima Secret" in here.page.locator(".ruling").inner_text()
    here.go("/colours/garden/tree")
    assert here.page.locator("a[href='/a/gardener%40garden/tree'], a[href='/a/gardener@garden/tree']").count() == 1


def test_accounts_are_not_named_to_the_public(see):
    here = see()
    here.go("/colours/garden/tree")
    assert "gardener@" not in here.page.content()


def test_limits_with_their_override(see):
    here = see()
    here.go("/colours/garden/tree")
    plan = here.page.locator(".level").first.inner_text().replace("\xa0", " ")
    assert "600,000.00" in plan and "1,000.00" in plan and "left: 601,000.00" in plan
    assert "no limit of its own" in here.page.locator(".level").nth(1).inner_text()
    (row,) = data(here.site, "/colours/garden/tree")["rows"]
    assert (row["plan_limit"], row["plan_override"], row["plan_used"]) == ("600000.00", "1000.00", "0.00")
    assert row["obligations_limit"] is None


def test_the_history_says_what_each_record_changed(see):
    here = see()
    here.go("/colours/garden/tree")
    versions = [one.inner_text().replace("\xa0", " ") for one in here.page.locator(".steps > li").all()]
    assert len(versions) == 4
    assert "500,000.00 ₸ → 600,000.00 ₸" in versions[0] and "flood in spring" in versions[0]
    assert "override: 1,000.00" in versions[0]
    added = here.page.locator(".steps > li").nth(1).locator("ins").all_inner_texts()
    gone = here.page.locator(".steps > li").nth(1).locator("del").all_inner_texts()
    assert [one.split(":")[0] for one in added] == ["Document", "What it buys"] or len(added) == 2
    assert any("CPV:4523" in one for one in added)
    assert len(gone) == 1 and "CPV:452" in gone[0]
    assert "500,000.00" in versions[2]
    assert "Tree" in versions[3] and "1 link" in versions[3]


def test_a_wide_branch_is_paged(see):
    here = see()
    here.go("/colours/garden")
    seen = []
    for _ in range(100):
        seen += [one.get_attribute("href") for one in here.page.locator(".tree .twig > .thread a").all()]
        following = here.page.get_by_role("link", name="Next")
        if not following.count():
            break
        following.click()
        here.page.wait_for_load_state()
    assert len(seen) == len(set(seen)) == MANY + 1
    assert seen[0] == "/colours/garden/tree", "the largest plan first"
    get(here.site, "/colours/garden?page=9999", status=422)
    get(here.site, "/colours/garden?page=x", status=422)
    assert len(data(here.site, "/colours/garden")["rows"]) == MANY + 2
    here.go("/colours")
    assert len(here.page.content()) < 300_000


def test_a_colour_is_found_by_words_in_any_letters(see):
    here = see("ru")
    here.go("/colours?q=сад")
    assert "Сад" in here.page.locator(".twig").first.inner_text()
    here.go("/colours?q=garden+wide2999")
    assert here.page.locator("a[href='/colours/garden/wide2999']").count()
    here.go("/colours?q=zzzz-nothing")
    assert here.page.locator(".empty").count() == 1


@pytest.mark.parametrize("path", ["/colours/nothing", "/colours/KZT", "/colours/" + "x" * 500, "/colours/garden/"])
def test_what_is_no_colour(garden, path):
    assert "<h1" in get(garden, path, status=404)[1].decode()


def test_no_style_and_no_script_stands_in_the_pages(site):
    for path in ("/colours", f"/colours/{TOP}", "/trail", f"/trail/{TOP}", f"/trail/{TOP}?taker=unspent"):
        html = get(site, path)[1].decode()
        assert not re.search(r"<style|style=|<script(?![^>]*src=)|onclick", html), path
        assert len(html) < 300_000


def test_days_left_are_counted_to_the_last_day():
    from boyau.language import language
    from boyau.web.rule_sentences import day_left

    words, today = language("en"), codes.day("2026-05-01")
    assert day_left(words, today, today) == "1 days left"
    assert day_left(words, today - 1, today) == "closed since 2026-05-01"
    assert day_left(words, 2**31 - 1, today) == ""
