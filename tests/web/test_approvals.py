"""Approvals: proposed by the form, decided by somebody else, sent; every missing button with its reason."""

import datetime as dt
import hashlib
import json
import re

import pytest

from boyau.journal import signing
from boyau.language import language
from tests.web import works as w
from tests.web.site import LANGUAGES, PHONE, WIDE, Signer
from tests.web.test_pay_form import GOOD, type_in, verdict

BUILDER = ("contractor", "", w.BUILDER)
CHECKER = ("controller", "", w.CHECKER)
CUSTOMER = ("treasury", "", w.CUSTOMER)
FORM = f"/a/{w.FROM.replace('#', '%23')}/pay"


def ask(here, path, body):
    """Ask the API as the person who looks; *here* must have opened a page."""
    told = here.page.evaluate("([path, body]) => boyau.ask(path, body)", [path, body])
    assert told["ok"], told
    return told["value"]


def proposed(see, command, role=CUSTOMER):
    here = see("en", role)
    here.go("/approvals")
    return here, ask(here, "/api/v1/approvals", {"command": command})["digest"]


def payment(name, amount="2000000.00", **more):
    document = hashlib.sha256(name.encode()).hexdigest()
    return {"op": "pay", "id": name, "from": w.FROM, "amount": amount, "document": document} | GOOD | more


def act(here, name):
    here.page.locator(f"[data-act={name}]").click()


def test_the_form_proposes_the_checker_approves_and_the_maker_sends(see, works):
    before = len(w.posted(works))
    maker = see("en", BUILDER)
    maker.go(FORM)
    type_in(maker, **GOOD, amount="2 000 000", document=hashlib.sha256(b"big").hexdigest())
    text = verdict(maker, "wait")
    assert "Approvals needed: 1, by controllers" in text
    assert not maker.page.locator("#send").is_visible()
    maker.page.locator("#propose").click()
    maker.page.wait_for_url("**/approvals/*", timeout=10_000)
    digest = maker.page.url.rpartition("/")[2]
    text = maker.page.locator("main").inner_text()
    assert "You have proposed it: somebody else must approve." in text
    assert digest in text
    assert maker.page.locator("[data-act=approve], [data-act=send]").count() == 0
    assert len(w.posted(works)) == before

    payee = see("en", ("owner", "", w.ASPHALT))
    assert "whoever is paid may not approve" in payee.go(f"/approvals/{digest}")

    checker = see("en", CHECKER)
    assert "Payment · 2,000,000.00" in checker.go("/approvals")
    text = checker.go(f"/approvals/{digest}")
    assert "approved 0 of 1" in text
    assert "Every other rule is met now" in text
    checker.accessible()
    act(checker, "approve")
    checker.page.get_by_text("It has all approvals that it needs.").wait_for(timeout=10_000)
    assert checker.page.locator("[data-act=withdraw]").count() == 1

    maker.page.reload()
    act(maker, "send")
    assert "Posted." in verdict(maker, "good")
    mine = w.posted(works)
    assert len(mine) == before + 1
    assert mine[-1]["amount"] == "2000000.00"
    assert maker.page.locator("#verdict a").get_attribute("href") == f"/e/{mine[-1]['entry']}"
    assert "It does not wait any more." in checker.go(f"/approvals/{digest}")
    assert "sent" in checker.go("/approvals")


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_what_a_command_would_change_is_shown_before_and_after(see, works, code, width):
    limits = {"type": "limits", "colour": w.ROAD, "payments": f"4500000{LANGUAGES.index(code)}.{width % 100:02d}"}
    _, digest = proposed(see, limits)
    here = see(code, CHECKER, width=width)
    text = here.go(f"/approvals/{digest}")
    words = language(code)
    assert words.money(1_900_000_000) in text
    assert words.money(int(limits["payments"].replace(".", ""))) in text
    used = works.book(lambda book: book.ledger.counters(w.ROAD)[2])
    assert words.money(used) in text
    here.accessible()
    here.picture("approval")
    here.go("/approvals")
    here.accessible()
    here.picture("approvals")


def test_new_rules_are_shown_beside_those_in_force(see):
    rules = {"regions": ["23"], "items": ["ENSTRU:42"], "hops": 1}
    _, digest = proposed(see, {"type": "colour", "colour": w.ROAD, "rules": rules})
    here = see("en", CHECKER)
    here.go(f"/approvals/{digest}")
    table = {
        row.locator("th").inner_text(): [row.locator("td").nth(k).inner_text() for k in (0, 1)]
        for row in here.page.locator("table tbody tr").all()
    }
    assert table == {"hops": ["–", "1"], "items": ["–", "ENSTRU:42"], "regions": ["23", "the same"]}


def test_a_command_that_breaks_a_rule_says_so_before_anybody_approves(see):
    _, digest = proposed(see, payment("W-BAD", to=f"{w.CASINO}@KZT"), BUILDER)
    here = see("en", CHECKER)
    text = here.go(f"/approvals/{digest}")
    assert "Besides the approval it would be refused now. Rules that fail: 2" in text


def test_an_approval_is_taken_back_and_the_maker_takes_back_all(see):
    maker, digest = proposed(see, payment("W-BACK", **{"from": f"{w.CUSTOMER}@{w.CONTRACT}"}))
    checker = see("en", CHECKER)
    checker.go(f"/approvals/{digest}")
    act(checker, "approve")
    checker.page.locator("[data-act=withdraw]").wait_for(timeout=10_000)
    act(checker, "withdraw")
    checker.page.get_by_text("approved 0 of 1").last.wait_for(timeout=10_000)
    maker.go(f"/approvals/{digest}")
    act(maker, "withdraw")
    maker.page.locator(".lead-line .badge", has_text="withdrawn").wait_for(timeout=10_000)


def test_what_waits_too_long_is_listed_as_expired(see, works):
    _, digest = proposed(see, payment("W-LATE"), BUILDER)
    store = works.access.store
    with store.change() as db:
        db.execute("update pending set expires = ? where digest = ?", (store.now() - 1, digest))
    here = see("en", CHECKER)
    assert "expired" in here.go("/approvals")
    assert "It does not wait any more." in here.go(f"/approvals/{digest}")
    assert here.page.locator("[data-act]").count() == 0


def test_who_has_a_key_signs_and_pastes_what_the_command_prints(see, works):
    key = Signer(9)
    record = {"type": "key", "participant": w.CHECKER_2, "key": key.public_key.hex()}
    (answer,) = works.desk.submit([record]).result()
    assert answer.ok, answer
    _, digest = proposed(see, payment("W-KEY"), BUILDER)
    here = see("en", ("controller", "", w.CHECKER_2))
    here.go(f"/approvals/{digest}")
    act(here, "approve")
    here.page.locator("#sign").wait_for(timeout=10_000)
    command = here.page.locator("#sign pre").inner_text()
    assert "boyau sign - --key" in command
    here.accessible()
    here.picture("approval-sign")
    here.page.locator("#signed").fill("nonsense")
    here.page.locator("#sign button").click()
    assert "no signed record" in here.page.locator("#err-signed").inner_text()
    asked = json.loads(re.search(r"'(\{.*\})'", command)[1])
    assert asked["command"] == digest
    moment = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    here.page.locator("#signed").fill(json.dumps(signing.sign(asked, key, moment)))
    here.page.locator("#sign button").click()
    here.page.get_by_text("It has all approvals that it needs.").wait_for(timeout=10_000)


def test_only_who_has_to_do_with_a_command_sees_it(see):
    _, digest = proposed(see, payment("W-SEEN"), BUILDER)
    see("en", ("contractor", "", w.SUB)).go(f"/approvals/{digest}", 404)
    see("en").go("/approvals", 401)
    see("en", ("administrator",)).go("/approvals", 403)
    see("en", CHECKER).go(f"/approvals/{'0' * 64}", 404)
    assert digest[:12] in see("en", ("auditor",)).go(f"/approvals/{digest}")
