"""The demonstration: made and served as its user does, looked at in every role by one click; and only there."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from importlib.resources import files
from pathlib import Path

import pytest

from boyau.journal import Book
from boyau.journal.find import entry_number
from boyau.ledger import Result
from tests.web.site import PHONE, WIDE, Look

BOYAU = Path(sys.executable).with_name("boyau")
ENTER = {
    "kk": "Осы рөлде қарап шығу: мердігер", "ru": "Осмотреться в роли: подрядчик", "en": "Look around as: contractor",
}  # fmt: skip

SIMULATED = {"kk": "үлгі деректер", "ru": "модель", "en": "simulated"}


class Demonstration:
    """`boyau demo` as a process."""

    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "demo.boyau"
        command = [BOYAU, "demo", str(self.ledger), "--listen", "127.0.0.1:0", "--language", "en"]
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        self.told = []
        for line in self.process.stdout:
            self.told.append(line)
            if line.startswith("http://"):
                self.url = line.strip()
                break
        else:
            raise AssertionError((folder / "log").read_text())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    made = Demonstration(tmp_path_factory.mktemp("demo"))
    yield made
    if made.process.poll() is None:
        assert made.stop() == 0


@pytest.fixture
def tour(browser, demonstration):
    opened = []

    def made(language, **more):
        opened.append(Look(browser, demonstration, language, **more))
        return opened[-1]

    yield made
    for one in opened:
        assert one.faults == []
        one.close()


@pytest.mark.parametrize(("language", "width"), [("kk", PHONE), ("ru", WIDE), ("en", PHONE)])
def test_one_click_lets_a_visitor_look_around_as_a_contractor(tour, language, width):
    here = tour(language, width=width)
    here.go("/tour")
    here.accessible()
    here.picture("tours")
    here.go("/tour/contractor")
    here.picture("tour-contractor")
    here.page.get_by_role("button", name=ENTER[language]).click()
    here.page.wait_for_selector(".work")
    here.check("/tour/contractor")
    here.accessible()
    links = here.page.locator(".tour .button").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert len(links) >= 3
    for link in links:  # each leads somewhere: in this ledger, for this role
        here.go(link)


@pytest.mark.parametrize("role", ["treasury", "owner", "controller", "inspector", "analyst", "head", "auditor"])
def test_every_role_finds_all_its_steps_open(tour, role):
    here = tour("en")
    here.go(f"/tour/{role}")
    here.page.locator("form[data-enter] button").click()
    here.page.wait_for_selector(".work")
    links = here.page.locator(".tour .button").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert len(links) >= 3, role
    for link in links:
        here.go(link)


def test_who_is_in_already_changes_roles(tour):
    here = tour("en")
    here.go("/tour/analyst")
    here.page.locator("form[data-enter] button").click()
    here.page.wait_for_selector(".work")
    here.go("/tour/auditor")
    here.page.locator("form[data-enter] button").click()
    here.page.get_by_role("link", name="Audit log").wait_for()


def test_the_customers_payment_waits_for_the_controller(tour):
    here = tour("en")
    here.go("/tour/controller")
    here.page.locator("form[data-enter] button").click()
    here.page.wait_for_selector(".work")
    text = here.go("/approvals")
    here.picture("tour-approvals")
    assert "80,000,000" in text


def test_the_published_figures_are_what_was_published(demonstration):
    with (files("boyau.cli.demo_data") / "republican_2024.csv").open(encoding="utf-8") as stream:
        total = next(row for row in csv.DictReader(stream) if row["month"] == "2024-12" and row["code"] == "00")
    with Book.open(str(demonstration.ledger), write=False) as book:
        _, _, paid = book.ledger.counters("kz/republican/2024/total")
        assert paid == 100 * int(total["paid"])  # tenge, tiyn


def test_what_is_simulated_says_so_in_three_languages(demonstration):
    with Book.open(str(demonstration.ledger), write=False) as book:
        registry = book.ledger.registry
        for colour in registry.colours:
            if colour.parent < 0 and not colour.plain and not colour.path.startswith("kz/republican/"):
                for code, word in (("kk", "(үлгі)"), ("ru", "(модель)"), ("en", "(model)")):
                    assert colour.title[code].endswith(word), colour.path
        named = [facts["name"] for facts in registry.participant_facts if isinstance(facts["name"], dict)]
        assert len(named) > 300


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_a_badge_tells_simulated_money_from_published(tour, language):
    here = tour(language)
    for kind in ("colours", "trail"):
        for path, times in (("sim/2025/r4", 1), ("kz/republican/2024/total", 0)):
            here.go(f"/{kind}/{path}")
            assert here.page.locator(".badge", has_text=SIMULATED[language]).count() == times, (kind, path)


def test_abuse_was_planted_and_refused_payments_can_be_found(demonstration):
    assert Path(f"{demonstration.ledger}-answers.ndjson").stat().st_size > 0
    with Book.open(str(demonstration.ledger), write=False) as book:
        answers = [int(row["result"]) for batch in book.store.batches() if batch.kind == 1 for row in batch.rows()]
    assert sum(answer not in (Result.POSTED, Result.EXISTS) for answer in answers) >= 20


def refusal(request):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value:
        return refused.value.code


def planted(demonstration):
    path = Path(f"{demonstration.ledger}-answers.ndjson")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("language", "width"), [("kk", PHONE), ("ru", WIDE), ("en", PHONE)])
def test_the_hunt_shows_every_planted_case_and_the_payments_behind_it(tour, demonstration, language, width):
    cases = planted(demonstration)
    passed = [one for one in cases if one["expected"] == "posted"]
    here = tour(language, width=width)
    here.go("/tour")
    here.page.locator("a[href='/tour/abuse']").click()
    here.page.wait_for_selector("#find")
    here.check("/tour/abuse")
    here.accessible()
    here.picture("hunt")
    assert here.page.locator("#find + ol > li").count() == len(passed) > 5
    here.page.locator("#find + ol summary").evaluate_all("all => all.map(one => one.click())")
    shown = here.page.locator(".answer a[href^='/e/']").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    with Book.open(str(demonstration.ledger), write=False) as book:
        expected = {f"/e/{entry_number(book, name)}" for one in passed for name in one["ids"]}
    assert set(shown) == expected
    counted = here.page.locator("#refused ~ .scroll tbody td.n").all_inner_texts()
    assert sum(map(int, counted)) == len(cases) - len(passed)
    for begin in set(here.page.locator("#find + ol .button").evaluate_all("all => all.map(one => one.pathname)")):
        here.go(begin)


def test_who_may_see_refusals_comes_from_the_hunt_to_each_of_them(tour):
    here = tour("en")
    here.go("/tour/analyst")
    here.page.locator("form[data-enter] button").click()
    here.page.wait_for_selector(".work")
    here.go("/tour/abuse")
    rows = here.page.locator("#refused ~ .scroll tbody tr")
    links = rows.locator("th a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert len(links) == rows.count() > 10
    assert "Refused" in here.go(links[0])


def test_what_a_visitor_writes_is_signed_a_moment_later(demonstration):
    for _ in range(60):  # the payment that waits for a controller was proposed after the year was signed
        with Book.open(str(demonstration.ledger), write=False) as book:
            kept = book.store.checkpoints()
            if len(kept) > 1 and kept[-1][0] == book.entries:
                break
        time.sleep(0.25)
    else:
        raise AssertionError(kept)
    name = book.ledger.registry.log_keys.keys[-1].name
    assert name.startswith("demonstration/")
    assert f"\u2014 {name} " in kept[-1][1]


def test_a_demonstration_that_is_served_is_not_thrown_away(demonstration):
    before = demonstration.ledger.stat().st_ino
    command = [BOYAU, "demo", str(demonstration.ledger), "--no-serve"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert str(demonstration.ledger) in done.stderr
    assert demonstration.ledger.stat().st_ino == before


def test_there_is_no_hunt_where_nothing_was_planted(look):
    look("en").go("/tour/abuse", 404)


def test_another_site_cannot_make_a_visitor_step_into_a_role(demonstration):
    for headers in ({}, {"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        request = urllib.request.Request(f"{demonstration.url}/tour/treasury/enter", b"", headers, method="POST")
        assert refusal(request) == 403


def test_an_ordinary_installation_has_no_guests(site):
    site.app.state.demonstration = False
    try:
        for role in ("treasury", "nobody"):
            headers = {"Origin": site.url}
            request = urllib.request.Request(f"{site.url}/tour/{role}/enter", b"", headers, method="POST")
            assert refusal(request) == 404
    finally:
        site.app.state.demonstration = True


def test_the_demonstration_is_served_on_this_machine_only(tmp_path):
    command = [BOYAU, "demo", str(tmp_path / "demo.boyau"), "--listen", "0.0.0.0:0"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"LANG": "C"}, check=False)
    assert done.returncode == 2
    assert "loopback" in done.stderr


def test_interrupted_while_it_is_made_it_leaves_nothing(tmp_path):
    ledger = tmp_path / "demo.boyau"
    with subprocess.Popen([BOYAU, "demo", str(ledger)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while not ledger.exists():
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert list(tmp_path.iterdir()) == []


def test_interrupted_it_ends_in_order(demonstration):
    assert demonstration.stop() == 0
    assert "Ctrl-C" in (demonstration.ledger.parent / "log").read_text()
