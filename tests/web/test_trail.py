"""The money trail: its figures against a count of our own, its links, what the public must not see, wrong questions."""

import re
from urllib.parse import quote

import pytest

from boyau.views.persons import is_person
from tests.web.site import LANGUAGES, PHONE, WIDE
from tests.web.trail_count import below, data, get, minor, moved, sums

TOP = "sim/2025"
HEADS = {"kk": "Ақшаның ізі", "ru": "След денег", "en": "Trail of the money"}


@pytest.fixture(scope="module")
def rows(site):
    return site.book(moved)


def inside(side):
    """Tell whether a side is one of the colour's own accounts."""
    return below(side[1], TOP) and not side[2] and not side[3]


def came_and_ended(rows, first="0000", last="9999"):
    """Count by hand what a colour's trail adds up to: issued, paid out to plain money, returned to the issuer."""
    told = [one for one in rows if first <= one.month <= last and (inside(one.giver) or inside(one.taker))]
    issued = sum(one.amount for one in told if one.giver[3])
    returned = sum(one.amount for one in told if one.taker[3])
    return told, issued, returned


def balance(rows, last="9999"):
    """Return what lay on each of the colour's accounts after all of the month *last*."""
    total = {}
    for one in rows:
        if one.month <= last:
            for side, sign in ((one.giver, -1), (one.taker, 1)):
                if inside(side):
                    total[side] = total.get(side, 0) + sign * one.amount
    return total


def test_the_totals_of_a_colour_are_those_of_the_journal(site, rows):
    _told, issued, _ = came_and_ended(rows)
    links = data(site, f"/trail/{TOP}?top=5000")["rows"]
    came = sum(minor(one["amount"]) for one in links if one["from_kind"] == "source")
    back = sum(minor(one["amount"]) for one in links if one["to_kind"] == "returned")
    lying = sum(minor(one["amount"]) for one in links if one["to_kind"] in ("unspent", "held"))
    received = sum(minor(one["amount"]) for one in links if one["to_kind"] == "payee")
    received -= sum(minor(one["amount"]) for one in links if one["from_kind"] == "payee")
    assert came == issued
    assert lying == sum(balance(rows).values())
    elsewhere = came - back - lying - received

    def abroad(side):
        return not inside(side) and not side[2] and not side[3]

    out = sum(one.amount for one in rows if inside(one.giver) and abroad(one.taker))
    home = sum(one.amount for one in rows if inside(one.taker) and abroad(one.giver))
    assert elsewhere == out - home


def test_every_payee_received_what_the_journal_says(site, rows):
    links = data(site, f"/trail/{TOP}?top=5000")["rows"]
    found = sums(
        (one["to_title"], minor(one["amount"]) + minor(one["given_back"])) for one in links if one["to_kind"] == "payee"
    )
    gross = sums((one.taker[0], one.amount) for one in rows if inside(one.giver) and one.taker[2] and not one.taker[3])
    assert sorted(found.values()) == sorted(gross.values())
    for who, amount in gross.items():
        if not is_person(who):
            names = [title for title, value in found.items() if value == amount]
            assert names


@pytest.mark.parametrize(
    ("first", "last"), [("2025-03", "2025-05"), ("2025-06", ""), ("", "2025-02"), ("2025", "2025")]
)
def test_a_period_shows_its_transfers_what_lay_before_and_what_is_left(site, rows, first, last):
    begin, end = first or "0000", (last + "-12" if len(last) == 4 else last) or "9999"
    told, issued, returned = came_and_ended(rows, begin, end)
    links = data(site, f"/trail/{TOP}?top=5000&level=16&from={first}&to={last}")["rows"]
    assert sum(minor(one["amount"]) for one in links if one["from_kind"] == "source") == issued
    assert sum(minor(one["amount"]) for one in links if one["to_kind"] == "returned") == returned
    lying = sum(minor(one["amount"]) for one in links if one["to_kind"] in ("unspent", "held"))
    assert lying == sum(max(one, 0) for one in balance(rows, end).values())
    paid = sum(one.amount for one in told if inside(one.giver) and one.taker[2] and not one.taker[3])
    gross = sum(minor(one["amount"]) + minor(one["given_back"]) for one in links if one["to_kind"] == "payee")
    assert gross == paid


def test_the_payments_behind_a_band_are_all_of_them_and_add_up(site, rows):
    links = data(site, f"/trail/{TOP}?level=3")["rows"]
    checked = 0
    for one in links:
        if one["from_kind"] != "colour" or one["to_kind"] != "colour" or not one["from"] or not one["to"]:
            continue
        giver, taker = one["from"], one["to"]
        found = data(site, f"/trail/{TOP}?level=3&giver=colour:{quote(giver)}&taker=colour:{quote(taker)}")["rows"]
        level = [(_node(each.giver), _node(each.taker), each) for each in rows]
        level = [(a, b, each) for a, b, each in level if inside(each.giver) or inside(each.taker)]
        expected = {each.entry: each.amount for a, b, each in level if (a, b) == (giver, taker)}
        expected |= {each.entry: -each.amount for a, b, each in level if (a, b) == (taker, giver)}
        assert {each["entry"]: minor(each["amount"]) for each in found} == expected
        assert sum(expected.values()) == minor(one["amount"])
        assert len(found) == one["entries"]
        checked += 1
    assert checked


def _node(side):
    """Return the colour at level 3 as which a colour's own account is shown; None for others."""
    return None if side[2] or side[3] or side[4] else "/".join(side[1].split("/")[:3])


def test_the_payments_of_a_period_lie_in_it(site, rows):
    links = data(site, f"/trail/{TOP}?from=2025-04&to=2025-04")["rows"]
    one = max((one for one in links if one["to_kind"] == "payee" and one["to"]), key=lambda one: one["entries"])
    asked = f"giver={one['from_kind']}:{quote(one['from'])}&taker=payee:{quote(one['to'])}"
    found = data(site, f"/trail/{TOP}?from=2025-04&to=2025-04&{asked}")["rows"]
    assert len(found) == one["entries"]
    assert all(each["date"].startswith("2025-04") for each in found)
    known = {each.entry: each for each in rows}
    assert all(known[each["entry"]].month == "2025-04" for each in found)
    assert sum(minor(each["amount"]) for each in found) == minor(one["amount"])


def test_what_lies_unspent_is_told_lot_by_lot(site, rows):
    links = data(site, f"/trail/{TOP}")["rows"]
    for kind in ("unspent", "held"):
        whole = sum(minor(one["amount"]) for one in links if one["to_kind"] == kind)
        found = data(site, f"/trail/{TOP}?taker={kind}")["rows"]
        assert sum(minor(one["amount"]) for one in found) == whole
        known = {each.entry: each for each in rows}
        assert all(minor(one["amount"]) <= known[one["entry"]].amount for one in found)
        assert all(inside(known[one["entry"]].taker) for one in found)


def test_a_payee_received_what_was_paid_to_it(site, rows):
    gross = sums((one.taker[0], one.amount) for one in rows if one.taker[0] != one.giver[0] and not one.giver[3])
    who = max((one for one in gross if not is_person(one) and one != "issuer"), key=lambda one: gross[one])
    links = data(site, f"/trail/who/{who}?top=5000")["rows"]
    into = sum(minor(one["amount"]) + minor(one["given_back"]) for one in links if one["to"] == who)
    into += sum(minor(one["given_back"]) for one in links if one["from"] == who)
    expected = sum(one.amount for one in rows if one.taker[0] == who and one.giver[0] != who)
    assert into == expected
    page = get(site, f"/trail/{who}")[1].decode()
    assert f"/who/{who}" in page
    for direction in ("from", "to"):
        some = data(site, f"/trail/who/{who}?top=5000&direction={direction}")["rows"]
        assert 0 < len(some) < len(links)


def test_a_payment_is_followed_both_ways(site, rows):
    one = [each for each in rows if inside(each.giver) and each.taker[2]][-1]
    links = data(site, f"/trail/entry/{one.entry}")["rows"]
    assert sum(minor(each["amount"]) for each in links if each["from_kind"] == "source") == one.amount
    assert sum(minor(each["amount"]) for each in links if each["to_kind"] == "payee") >= one.amount
    assert f"/e/{one.entry}" in get(site, f"/trail/{one.entry}")[1].decode()


def test_pro_rata_divides_the_same_money_otherwise(site, rows):
    one = [each for each in rows if inside(each.giver) and each.taker[2]][-1]
    fifo = data(site, f"/trail/entry/{one.entry}?direction=from&level=16&top=5000")["rows"]
    share = data(site, f"/trail/entry/{one.entry}?direction=from&level=16&top=5000&method=pro_rata")["rows"]
    assert len(share) >= len(fifo)
    for some in (fifo, share):
        balance = {}
        for each in some:
            for end, sign in (("from", 1), ("to", -1)):
                key = (each[f"{end}_kind"], each[end])
                balance[key] = balance.get(key, 0) + sign * minor(each["amount"])
        # All of it began somewhere: at the issuer, or with who gave plain money back.
        assert {kind for (kind, _), left in balance.items() if left > 0} <= {"source", "payee"}
        assert sum(left for left in balance.values() if left > 0) == one.amount


# ---- what the public must not see ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def person(rows):
    """A natural person who was paid coloured money."""
    paid = sums((one.taker[0], one.amount) for one in rows if inside(one.giver) and is_person(one.taker[0]))
    assert paid, "the simulated year pays wages"
    return max(paid, key=lambda one: paid[one])


def test_natural_persons_stand_under_pseudonyms(site, rows, person):
    payment = next(one for one in rows if one.taker[0] == person and inside(one.giver))
    treasury = site.session(("treasury",))
    band = f"giver=holder:{payment.giver[0]}%231&taker=payee:{person}"
    for path in (f"/trail/{TOP}?top=24", f"/trail/entry/{payment.entry}", f"/trail/{TOP}?format=csv&top=5000"):
        public = get(site, path)[1].decode()
        assert person not in public
        every = {one.taker[0] for one in rows if is_person(one.taker[0])}
        assert not any(one in public for one in every)
    assert person in get(site, f"/trail/entry/{payment.entry}", session=treasury)[1].decode()
    shown = data(site, f"/trail/entry/{payment.entry}")["rows"]
    masked = {one["to"] for one in shown if one["to_kind"] == "payee"}
    assert masked and not any(person in one for one in masked)
    html = get(site, f"/trail/entry/{payment.entry}")[1].decode()
    bands = {one.replace("&amp;", "&") for one in re.findall(r'href="(/trail/entry/[^"]*taker=[^"]*)"', html)}
    assert bands
    found = set()
    for band_address in bands:
        for address in (band_address, band_address + "&format=csv", band_address + "&format=json"):
            behind = get(site, address)[1].decode()
            assert person not in behind
            found |= {"natural person"} if f"/e/{payment.entry}" in behind and "natural person" in behind else set()
    assert found
    # The name itself opens nothing, not even a band of a trail that may be seen.
    get(site, f"/trail/{TOP}?{band}", status=404)


def test_the_trail_of_a_person_is_refused_as_that_of_nobody(site, person):
    def told(name):
        return get(site, f"/trail/who/{name}", status=404)[1].decode().replace(name, "?")

    nobody = "990101300007"
    strip = re.compile(r"(?s)<main.*?</main>")
    assert strip.search(told(person))[0] == strip.search(told(nobody))[0]
    get(site, f"/trail/{person}", status=404)
    get(site, f"/trail?q={person}")
    treasury = site.session(("treasury",))
    assert person in get(site, f"/trail/who/{person}", session=treasury)[1].decode()


def test_the_trail_of_an_account_is_for_those_who_may_read_it(site):
    name = site.book(lambda book: next(one for one in book.ledger.accounts if one.endswith("#1") and TOP in one))
    asked = f"/trail/account/{quote(name, safe='@/')}"
    get(site, asked, status=401)
    get(site, asked, session=site.session(("contractor", TOP, "nobody-else")), status=403)
    page = get(site, asked, session=site.session(("treasury",)))[1].decode()
    assert name in page
    own = site.session(("contractor", TOP, name.partition("@")[0]))
    assert data(site, asked, session=own)["rows"]


# ---- wrong questions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/trail/{TOP}?direction=up", 422), (f"/trail/{TOP}?follow=x", 422), (f"/trail/{TOP}?method=lifo", 422),
        (f"/trail/{TOP}?level=99", 422), (f"/trail/{TOP}?level=-1", 422), (f"/trail/{TOP}?top=25", 422),
        (f"/trail/{TOP}?top=5001&format=csv", 422), (f"/trail/{TOP}?top=٣", 422), (f"/trail/{TOP}?from=2025-13", 422),
        (f"/trail/{TOP}?from=0000", 422), (f"/trail/{TOP}?from=2025-05&to=2025-04", 422),
        (f"/trail/{TOP}?to=9999", 200), (f"/trail/{TOP}?from=9999", 200), (f"/trail/{TOP}?format=pdf", 422),
        (f"/trail/{TOP}?giver=x", 404), (f"/trail/{TOP}?giver=source:issuer&taker=source:issuer", 422),
        (f"/trail/{TOP}?taker=unspent&after=x", 422), (f"/trail/{TOP}?taker=unspent&after=999999999", 200),
        ("/trail/nothing/here", 404), ("/trail/who/", 404), ("/trail/" + "a" * 700, 404), ("/trail/entry/0", 404),
        ("/trail/entry/999999999", 404), ("/trail/KZT", 404), (f"/trail/{TOP}?line=x", 422),
        (f"/trail/{TOP}?line=99999", 200), ("/trail?q=" + "%F0%9F%90%AA" * 50, 200),
    ],
)  # fmt: skip
def test_wrong_questions_are_answered_with_what_to_write(site, path, status):
    body = get(site, quote(path, safe="/?=&%:@"), status=status)[1].decode()
    assert "<h1" in body


def test_the_search_of_the_landing_page_leads_to_the_trail(look, site, rows):
    here = look("en")
    here.go("/trail")
    here.page.fill("#whose", TOP)
    here.page.keyboard.press("Enter")
    here.page.wait_for_url(f"**/trail/{TOP}", timeout=10_000)
    here.go("/trail?q=no-such-thing")
    assert "Search for it by words" in here.page.locator("main").inner_text()
    assert here.page.locator(f"a[href='/trail/{TOP}']").count()
    last = max(one.entry for one in rows if not one.giver[2] and one.taker[2] and not one.taker[3])
    assert here.page.locator("a[href^='/trail/entry/']").get_attribute("href") == f"/trail/entry/{last}"


# ---- in the browser --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_a_trail(look, rows, language, width):
    here = look(language, width=width)
    here.go("/trail")
    here.accessible()
    here.picture("trail-start")
    text = here.go(f"/trail/{TOP}")
    assert HEADS[language] in here.page.locator("h1").inner_text()
    issued = came_and_ended(rows)[1]
    whole = here.page.locator(".flows tfoot").text_content()
    assert here.words_number(f"{issued // 100}.{issued % 100:02}") in whole
    assert text
    wide = here.page.locator(".picture svg").is_visible()
    assert wide == (width == WIDE)
    assert here.page.locator(".stages").is_visible() == (width == PHONE)
    here.accessible()
    here.picture("trail")
    here.go(f"/trail/{TOP}?taker=unspent")
    here.accessible()
    here.picture("trail-payments")


def test_bands_and_nodes_are_reached_by_the_keyboard_and_lead_on(look):
    here = look("en")
    here.go(f"/trail/{TOP}")
    band = here.page.locator(".sankey a.flow").first
    href = band.get_attribute("href")
    assert band.get_attribute("aria-label")
    band.focus()
    here.page.keyboard.press("Enter")
    here.page.wait_for_url(f"**{href}", timeout=10_000)
    here.check()
    assert here.page.locator("tbody a[href^='/e/']").count()
    here.go(f"/trail/{TOP}")
    node = here.page.locator(".sankey a.place.colour").last
    node_href = node.get_attribute("href")
    node.focus()
    here.page.keyboard.press("Enter")
    here.page.wait_for_url(f"**{node_href}", timeout=10_000)
    here.check()


def test_the_form_asks_otherwise_without_script(browser, look):
    here = look("ru", java_script_enabled=False)
    here.go(f"/trail/{TOP}")
    here.page.select_option("#top", "12")
    here.page.select_option("#from", "2025-03")
    here.page.locator("form.asking button").click()
    here.page.wait_for_url("**top=12**", timeout=10_000)
    here.check()
    assert here.page.locator("#from").input_value() == "2025-03"
    assert "2025-03" in here.page.locator(".asked").inner_text()


def test_a_band_of_many_payments_is_paged(look, site):
    links = data(site, f"/trail/{TOP}")["rows"]
    one = max(links, key=lambda one: one["entries"])
    here = look("en")
    ends = [f"other:{one[f'{end}_kind']}:" for end in ("from", "to")]
    hrefs = here.page.locator(".flows a")
    here.go(f"/trail/{TOP}")
    many = [link for link in hrefs.all() if link.inner_text().replace(",", "") == str(one["entries"])]
    many[0].click()
    here.page.wait_for_url("**taker=**", timeout=10_000)
    seen = []
    for _ in range(1000):
        seen += [int(each.inner_text().replace(",", "")) for each in here.page.locator("tbody th a").all()]
        following = here.page.get_by_role("link", name="Next")
        if not following.count():
            break
        following.click()
        here.page.wait_for_load_state()
    assert len(seen) == one["entries"] == len(set(seen)), ends
    assert seen == sorted(seen)


def test_every_link_of_the_picture_leads_somewhere(look, site):
    here = look("en")
    here.go(f"/trail/{TOP}")
    hrefs = {one.get_attribute("href") for one in here.page.locator(".sankey a").all()}
    hrefs |= {one.get_attribute("href") for one in here.page.locator(".stages a").all()}
    assert len(hrefs) > 20
    for href in sorted(hrefs):
        get(site, href)


def test_what_is_in_the_picture_is_in_the_table(look):
    here = look("en")
    here.go(f"/trail/{TOP}")
    bands = {one.get_attribute("aria-label").split("; ")[0] for one in here.page.locator(".sankey a.flow").all()}
    table = here.page.locator(".flows tbody tr").all()
    shown = {" → ".join(one.locator("td").nth(k).inner_text() for k in (0, 1)) for one in table}
    assert shown <= bands
    assert len(table) == min(40, len(bands))


def test_colours_are_drawn_in_their_own_dye(look):
    from boyau.trace.dyes import dye

    here = look("en")
    here.go(f"/trail/{TOP}")
    nodes = here.page.locator(".sankey a.place.colour:not(.merged)").all()
    assert nodes
    for one in nodes:
        path = one.get_attribute("href").partition("/trail/")[2].partition("?")[0]
        assert f"dye-{dye(path)}" in one.get_attribute("class").split()
