"""My accounts, and one account: what may be spent, by which rules, what is blocked and why, the statement."""

import re
from collections import Counter

import pytest

from boyau.language import language
from boyau.ledger import amounts
from boyau.web.sign_in import same_site
from tests.web import works as w
from tests.web.site import LANGUAGES, PHONE, WIDE

BUILDER = ("contractor", "", w.BUILDER)
ADDRESS = f"/a/{w.FROM.replace('#', '%23')}"
SAID = {
    "kk": ("Қазір жұмсауға болады", "қалған күн: 38"), "ru": ("Можно потратить сейчас", "осталось дней: 38"),
    "en": ("What can be spent now", "days left: 38"),
}  # fmt: skip


def entries(site, account):
    """Every operation that names an account, told one by one, as nobody's statement would look them up."""
    from boyau.journal.find import describe_entry

    told = [site.book(lambda book, n=n: describe_entry(book, n)) for n in range(site.book(lambda book: book.entries))]
    return [one for one in told if "op" in one and account in (one.get("from"), one.get("to"))]


def balance_of(told, account):
    total = 0
    for one in told:
        if one["result"] == "posted" and one["op"] not in ("commit", "release", "void", "expire", "accept"):
            total += amounts.parse(one["amount"]) * (1 if one["to"] == account else -1)
    return total


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_an_account_says_what_may_be_spent_on_what_and_until_when(see, works, code, width):
    here = see(code, BUILDER, width=width)
    text = here.go(ADDRESS)
    available = works.book(lambda book: book.ledger.available(w.FROM))
    assert available > 0
    assert language(code).money(available) in text
    for one in (*SAID[code], "ENSTRU:23", "ENSTRU:42", "W-C"):
        assert one in text
    assert language(code).text("suppliers") in text
    here.accessible()
    here.picture("account")
    assert here.go("/mine")
    here.accessible()
    here.picture("mine")


def test_what_is_kept_back_of_a_contract_is_told_with_its_reason(see, works):
    text = see("en", BUILDER).go(ADDRESS)
    paid, total = 450_000_000, 1_500_000_000
    assert language("en").money(total - paid) in text  # remains of the contract
    assert f"advance still to be earned: {language('en').money(paid)}" in text
    assert "payments plan" not in text, "limits of the budget are not counted again at later hands"


def test_the_tightest_limit_decides_what_the_customer_may_spend(see):
    text = see("en", ("owner", "", w.CUSTOMER)).go(f"/a/{w.CUSTOMER}@{w.CONTRACT}")
    left = 1_900_000_000 - 450_000_000  # the payments plan of the road, less the advance
    assert language("en").money(left) in text
    assert "tightest" in text
    assert "Road A27" in text


def test_the_statement_has_the_balance_that_all_entries_make(see, works):
    account = works.book(
        lambda book: Counter(
            book.operations.account_name(int(one)) for one in works.reader.rows.debit if one >= 0
        ).most_common(1)[0][0]
    )
    told = entries(works, account)
    here = see("en", ("treasury",))
    here.go(f"/a/{account.replace('#', '%23')}")
    first = here.page.locator("table.statement tbody tr").first.locator("td").last.inner_text()
    assert first == language("en").money(balance_of(told, account))
    debits, credits, _ = works.book(lambda book: book.ledger.balance(account))
    assert balance_of(told, account) == credits - debits
    moves = [
        one
        for one in told
        if one["result"] == "posted" and one["op"] not in ("commit", "release", "void", "accept", "expire")
    ]
    shown, seen = [], 0
    while True:
        shown += here.page.locator("table.statement tbody tr td:first-child a").evaluate_all(
            "all => all.map((a) => a.getAttribute('href'))"
        )
        older = here.page.get_by_role("link", name="Older", exact=True)
        seen += 1
        if not older.count():
            break
        here.go(older.get_attribute("href"))
    assert shown == [f"/e/{one['entry']}" for one in reversed(moves)]
    assert seen == -(-len(moves) // 50)
    refused = [one for one in told if one["result"] not in ("posted", "exists")]
    text = here.go(f"/a/{account.replace('#', '%23')}?show=refused")
    assert (f"Entries: {len(refused)}." in text) if refused else ("No entry" in text)


def test_the_statement_is_downloaded_whole_and_exact(see, works):
    here = see("en", BUILDER)
    here.go(ADDRESS)
    told = [one for one in entries(works, w.FROM) if one["result"] == "posted"]
    got = here.context.request.get(works.url + f"{ADDRESS}?show=all&format=json")
    assert got.status == 200
    rows = got.json()["rows"]
    assert {str(row["entry"]) for row in rows} >= {str(one["entry"]) for one in told}
    newest = max(rows, key=lambda row: int(row["entry"]))
    assert amounts.parse(newest["balance"]) == balance_of(told, w.FROM)
    for kind in ("csv", "xlsx", "parquet"):
        got = here.context.request.get(works.url + f"{ADDRESS}?format={kind}")
        assert (got.status, len(got.body()) > 100) == (200, True)


@pytest.mark.parametrize(
    "query", ["show=x", "before=abc", "first=2026-99-99", "last=yesterday", "format=exe", "before=" + "9" * 40]
)
def test_a_query_that_cannot_be_is_said_and_never_a_fault(see, query):
    here = see("en", BUILDER)
    here.go(f"{ADDRESS}?{query}", 422)


def test_nobody_sees_an_account_that_is_none_of_theirs(see):
    see("en", ("contractor", "", w.SUB)).go(ADDRESS, 403)
    see("en", ("treasury",)).go("/a/nobody@KZT", 404)
    here = see("ru")
    here.go(ADDRESS, 401)
    link = here.page.locator("main a[href^='/sign-in']").get_attribute("href")
    here.page.goto(here.site.url + link)
    here.page.wait_for_function("() => document.getElementById('act') !== null", timeout=5000)
    assert here.page.locator("#on a").get_attribute("href") == ADDRESS, "and comes back to it afterwards"


@pytest.mark.parametrize(
    "address",
    ["//evil.kz", "/\\evil.kz", "https://evil.kz", "javascript:alert(1)", "/a\n", "\t//evil.kz", "/%0d%0aX: y", "evil",
     "/sign-in?next=/x", "/" + "a" * 800, "/\u2215evil.kz", ""],
)  # fmt: skip
def test_after_signing_in_nobody_is_led_elsewhere(address):
    told = same_site(address)
    assert told in ("", address)
    assert not told.startswith(("//", "/\\"))
    assert told == "" or re.fullmatch(r"/[!-~]*", told)
    if address != "/%0d%0aX: y":
        assert told == ""
    assert same_site("/a/990140000403@works/2027/a27/c1%231") == "/a/990140000403@works/2027/a27/c1%231"


def test_natural_persons_are_masked_on_a_statement(see, works):
    """A contractor pays wages; who was paid stays with those who may see persons."""
    person = r"\b\d{4}[0-3]\d{7}\b"

    def payer(book):
        rows, names = works.reader.rows, book.operations
        for debit, credit, result in zip(rows.debit, rows.credit, rows.result, strict=True):
            name = names.account_name(int(credit)) if credit >= 0 else ""
            if result == 0 and re.match(person, name):
                return names.account_name(int(debit))
        raise AssertionError("nobody was paid wages")

    account = works.book(payer)
    address = f"/a/{account.replace('#', '%23')}?show=out"
    here = see("en", ("contractor", "", account.split("@")[0]))
    text = here.go(address)
    assert "natural person" in text
    assert not re.search(person, here.page.content())
    treasury = see("en", ("treasury",))
    treasury.go(address)
    assert re.search(person, treasury.page.content()), "who may see persons sees them"


def test_a_frozen_account_says_so_and_leads_to_the_record(see, works):
    account = f"{w.SUB}@{w.CONTRACT}/s1#2"
    (answer,) = works.desk.submit([{"type": "account", "account": account, "flags": ["frozen"]}]).result()
    assert works.reader.wait(works.desk.entries)
    here = see("en", ("contractor", "", w.SUB))
    assert "This account is frozen" in here.go(f"/a/{account.replace('#', '%23')}")
    assert here.page.locator(f".notice.bad a[href='/e/{answer.entry}']").count() == 1
    works.desk.submit([{"type": "account", "account": account, "flags": []}]).result()


def test_my_accounts_are_those_for_whom_i_speak_and_what_waits_for_me(see, works):
    here = see("en", BUILDER)
    text = here.go("/mine")
    assert "Accounts: 1" in text
    assert "Дорожник Атырау" in text
    treasury = see("en", ("treasury",))
    text = treasury.go("/mine")
    count = works.book(
        lambda book: sum(not flags & 1 for flags in book.ledger.tables.acc[: len(book.ledger.accounts), 5].tolist())
    )
    assert f"Accounts: {count}" in text
    assert treasury.page.locator("table tbody tr").count() == 50
    assert f"51–{min(100, count)}" in treasury.go("/mine?from=50")
    treasury.go("/mine?from=-1", 422)
    assert "Sign in" in see("en").go("/mine", 401)
    inspector = see("ru", ("inspector", "", w.QUALITY))
    assert "запросы подтверждений" in inspector.go("/mine")
    customer = see("en", ("owner", "", w.CUSTOMER))
    assert "evidence missing" in customer.go("/mine")
