"""Budget execution: every figure against the published file, `boyau report execution`, and the rows themselves."""

import csv
import io
import json
import re
import time
import urllib.request
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from boyau.cli.budget import report_execution
from boyau.journal import Book
from boyau.language import language
from boyau.ledger import Kind, amounts
from boyau.treasury.budget.forecast import forecast
from boyau.treasury.budget.report import OBLIGATIONS, PAID
from boyau.treasury.regions import REGIONS
from boyau.treasury.simulation.world import KATO
from boyau.web.execution import colours, outlines
from boyau.web.execution.charged import charges
from boyau.web.execution.colours import ground
from tests.shared_data import shared_data
from tests.web.budgets import ASTANA, ATYRAU, COLUMNS, REPUBLIC, BudgetSite, figures, published
from tests.web.site import LANGUAGES, PHONE, WIDE, Look

MONTHS = [f"2024-{m:02}" for m in range(1, 13)]
SHOWN = ("plan", "plan_payments", "obligations", "paid", "unpaid")
SAID = {
    "kk": ("Бюджеттің атқарылуы", "мемлекет жариялаған", "Өңірлер картасы", "Болжам қалай жасалды"),
    "ru": ("Исполнение бюджета", "опубликовано государством", "Карта регионов", "Как построен прогноз"),
    "en": ("Budget execution", "published by the state", "Map of the regions", "How this is forecast"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = BudgetSite(tmp_path_factory.mktemp("budgets"))
    yield made
    made.close()


@pytest.fixture
def see(browser, served):
    opened = []

    def made(code="en", **more):
        opened.append(Look(browser, served, code, **more))
        return opened[-1]

    yield made
    for one in opened:
        one.close()


def asked(served, path: str, status: int = 200, code: str = "en") -> str:
    """Ask for a page or a file without a browser."""
    request = urllib.request.Request(served.url + path, headers={"Accept": "text/html", "Accept-Language": code})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == status
            return answer.read().decode("utf-8-sig")
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        if error.code != status:
            pytest.fail(f"{path}: {error.code} {text[:300]}")
        return text


def table(served, query: str) -> list[dict[str, int | str | None]]:
    """The rows that a page shows, as its file has them: amounts in minor units."""
    data = json.loads(asked(served, f"/budget?{query}&format=json"))
    kinds = {one["name"]: one["type"] for one in data["columns"]}

    def value(name, text):
        if kinds[name] != "amount" or text is None:
            return text
        return -amounts.parse(text[1:], 2) if text.startswith("-") else amounts.parse(text, 2)

    return [{name: value(name, text) for name, text in row.items()} for row in data["rows"]]


def cells(here) -> list[list[int | None]]:
    """The figures of the table on the page, row by row, in minor units, as machines read them from it."""
    return here.page.eval_on_selector_all(
        "table.lines tbody tr",
        """rows => rows.map(row => [...row.querySelectorAll('td.n')].slice(0, 5).map(
             cell => cell.querySelector('data') ? Number(cell.querySelector('data').value) : cell.innerText))""",
    )


# ---- published ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("month", MONTHS)
def test_every_figure_is_the_published_one_and_the_commands(served, month, capsys):
    rows = table(served, f"of={REPUBLIC}&month={month}")
    expected = figures(month)
    lines = [path for path in expected if path != "total"]
    assert [
        (int(row["code"]), {name: row[name] for name in expected[path]}) for row, path in zip(rows, lines, strict=True)
    ] == [(int(path.partition("/")[2]), expected[path]) for path in lines]
    top = table(served, f"of={REPUBLIC}&month={month}&by=month")[-1]
    assert {name: top[name] for name in expected["total"]} == expected["total"]
    assert report_execution(ledger=served.ledger, month=month, statement="republican", json=True) == 0
    (said,) = json.loads(capsys.readouterr().out)["statements"]
    told = {one["line"]: one for one in said["lines"]}
    for path, row in zip(lines, rows, strict=True):
        for name, theirs in COLUMNS.items():
            assert amounts.parse(told[path][theirs], 2) == row[name], (month, path, name)


def test_the_page_itself_has_these_figures_short_and_exact(see):
    here = see("ru")
    text = here.go(f"/budget?of={REPUBLIC}&month=2024-07")
    words = language("ru")
    expected = [found for path, found in figures("2024-07").items() if path != "total"]
    for row, found in zip(cells(here), expected, strict=True):
        for shown, name in zip(row, SHOWN, strict=True):
            # a figure that is short is written whole
            assert shown == found[name] or shown.replace("\xa0", " ").startswith("0 "), (shown, found[name])
            assert isinstance(shown, int) or found[name] == 0
    total = figures("2024-07")["total"]
    head = here.page.locator(".sums .figure data")
    assert int(head.get_attribute("value")) == total["paid"]
    assert head.get_attribute("title") == words.money(total["paid"])
    assert words.percent(total["paid"], total["plan_payments"]) in text
    sums = [int(one.get_attribute("value")) for one in here.page.locator(".sums dd data").all()]
    assert sums == [total[name] for name in ("plan", "plan_payments", "obligations", "unpaid")]
    assert "85" in here.page.locator(".notice.good").inner_text()  # 17 lines of 5 columns, none differs


def test_the_newest_month_of_what_the_state_published_comes_first(see):
    here = see()
    text = here.go("/budget")
    assert here.page.locator("h1").inner_text() == "republican 2024"
    assert "published by the state" in text
    assert here.page.locator(".months a[aria-current]").inner_text() == "2024-12"
    here.page.get_by_role("link", name="Здравоохранение").click()
    here.page.wait_for_url("**line=total%2F5**", timeout=5000)
    assert here.page.locator("h1").inner_text() == "Здравоохранение"
    value = here.page.locator(".sums .figure data").get_attribute("value")
    assert int(value) == figures("2024-12")["total/5"]["paid"]
    assert here.page.locator(".crumbs a").all_inner_texts() == ["Budget", "republican 2024"]
    assert "the last line" in here.page.locator("main").inner_text()


def test_every_month_of_a_line_is_a_row(served):
    rows = table(served, f"of={REPUBLIC}&month=2024-09&by=month&line=total/4")
    assert [row["name"] for row in rows] == MONTHS[:9]
    assert [row["paid"] for row in rows] == [figures(month)["total/4"]["paid"] for month in MONTHS[:9]]


def test_a_published_figure_that_differs_is_listed_with_both(see, served):
    """Somebody publishes March again, with one tenge more paid for health."""
    row = next(one for one in published() if one["month"] == "2024-03" and one["code"] == "05")
    line = {
        "path": "total/5", "parent": "total", "nature": "expenditure", "code": "05", "name": "Здравоохранение",
        "leaf": True, "figures": {name: str(int(row[theirs]) + (name == "paid")) for name, theirs in COLUMNS.items()},
    }  # fmt: skip
    record = {
        "type": "published", "statement": "local-g-astana", "month": 202403, "page": 99, "pages": 100, "lines": [line],
    }  # fmt: skip
    assert served.book(lambda book: book.record([record])) == [None]
    assert served.reader.wait(served.desk.entries)
    here = see()
    here.go(f"/budget?of={ASTANA}&month=2024-03")
    assert "1 differ" in here.page.locator(".notice.bad").inner_text()
    text = here.page.locator("table:not(.lines) tbody tr").inner_text()
    paid = int(row["paid"])
    ours, theirs = (language("en").number(f"{value}.0") for value in (paid, paid + 1))
    assert theirs in text
    assert ours in text
    assert "1.0" in text
    assert "paid" in text
    here.go(f"/budget?of={ASTANA}&month=2024-04")
    assert here.page.locator(".notice.bad").count() == 0


# ---- of the ledger alone --------------------------------------------------------------------------------------------


def test_what_is_charged_by_rows_is_what_the_views_have(served):
    """Two ways to the same sums: rows in memory, and the views on disk that the command reads."""
    with served.views() as views:
        theirs: dict[str, Counter[int]] = {"obligations": Counter(), "paid": Counter()}
        for colour, kind, amount in views.volumes(0, 999_999):
            theirs["obligations"][colour] += OBLIGATIONS.get(kind, 0) * amount
            theirs["paid"][colour] += PAID.get(kind, 0) * amount
    found, base = charges(served.reader), ground(served.reader)
    ours: dict[str, Counter[int]] = {"obligations": Counter(), "paid": Counter()}
    numbers = base.known.colour[found.account].tolist()
    for name, values in (("obligations", found.obligations), ("paid", found.paid)):
        for colour, value in zip(numbers, values.tolist(), strict=True):
            ours[name][colour] += value
    for name, sums in ours.items():
        assert {k: v for k, v in sums.items() if v} == {k: v for k, v in theirs[name].items() if v}
    assert len(ours["paid"]) > 60


def _charged(served) -> list[tuple[str, str, int, int, int]]:
    """Of every payment that a budget's own account made: colour, holder, month, region, minor units; read from rows."""
    out = []
    with Book.open(served.ledger, write=False) as book:
        accounts, registry = book.ledger.tables.acc, book.ledger.registry
        made: dict[bytes, tuple[str, str, int]] = {}
        for batch in book.store.batches(0):
            if batch.kind != 1:
                continue
            for row in batch.rows():
                kind, sign = int(row["kind"]), 1
                if row["result"] != 0:
                    continue
                if kind in (Kind.PAY, Kind.ADVANCE, Kind.COURT):
                    side = accounts[int(row["debit"])]
                    if side[6]:
                        continue
                    name = registry.colours[int(side[3])].path
                    made[row["id"].tobytes()] = name, registry.who[int(side[4])], int(row["region"]) // 10_000_000
                elif kind in (Kind.RETURN, Kind.REVERSE, Kind.CLAWBACK) and row["ref"].tobytes() in made:
                    sign = -1
                else:
                    continue
                name, who, region = made[(row["id"] if sign > 0 else row["ref"]).tobytes()]
                month = int(str(row["value_date"].astype("datetime64[D]"))[5:7])
                out.append((name, who, month, region, sign * int(row["settled"])))
    return out


@pytest.fixture(scope="module")
def paid(served):
    return [one for one in _charged(served) if one[0].startswith("sim/2025")]


@pytest.mark.parametrize("month", [3, 9, 12])
def test_a_simulated_year_by_line_administrator_region_and_month_is_what_its_rows_say(served, paid, month):
    until = [one for one in paid if one[2] <= month]
    query = f"of=sim/2025&month=2025-{month:02}"
    by_line, by_who, by_region = Counter(), Counter(), Counter()
    for colour, who, _, region, minor in until:
        by_line[colour.split("/")[2]] += minor
        by_who[who] += minor
        part = colour.split("/")[2]  # a court's order states no region: the colour's rules have one, but VAT's
        where = region or (int(KATO[int(part[1:])]) if part != "vat" else 0)
        by_region[f"KZ-{where}" if where else ""] += minor
    assert {row["code"]: row["paid"] for row in table(served, query)} == dict(by_line)
    rows = table(served, f"{query}&by=administrator")
    assert {row["code"]: row["paid"] for row in rows} == dict(by_who)
    rows = table(served, f"{query}&by=region")
    assert {row["code"]: row["paid"] for row in rows if row["paid"]} == {k: v for k, v in by_region.items() if v}
    assert len([row for row in rows if row["code"]]) >= 3
    rows = table(served, f"{query}&by=month")
    sums = [sum(one[4] for one in paid if one[2] <= m) for m in range(1, month + 1)]
    assert [row["paid"] for row in rows] == sums


def test_every_level_of_the_tree_adds_up_and_plans_are_those_in_force(served):
    limits = served.book(
        lambda book: {one.path: one.limits[0] for one in book.ledger.registry.colours if one.limits[0] is not None}
    )

    def walk(line: str, depth: int = 0) -> int:
        rows = table(served, f"of=sim/2025&month=2025-12&line={line}")
        if not rows or depth > 5:
            return 0
        (whole,) = table(served, f"of=sim/2025&month=2025-12&by=month&line={line}")[-1:]
        for name in ("obligations", "paid", "unpaid"):
            assert sum(row[name] or 0 for row in rows) == whole[name], (line, name)
        full = f"sim/2025/{line}" if line else "sim/2025"
        if full not in limits:
            plan = sum(row["plan"] or 0 for row in rows)
            assert plan == (whole["plan"] or 0)
        else:
            assert whole["plan"] == limits[full]
        own = [row for row in rows if row["code"]]
        return 1 + sum(walk(f"{line}/{row['code']}".strip("/"), depth + 1) for row in own[:2])

    assert walk("") > 5


@pytest.mark.parametrize("lines_at_once", [0, 10_000])
def test_a_new_limit_is_shown_at_once_or_in_a_large_budget_a_moment_later(served, monkeypatch, lines_at_once):
    line = "r0/a0/p0/j0"
    query = f"of=sim/2025&month=2025-12&by=month&line={line}"
    november, before = (row["plan"] for row in table(served, query)[-2:])
    monkeypatch.setattr(colours, "FRESH_NODES_MAX", lines_at_once)
    record = {
        "type": "limits",
        "colour": f"sim/2025/{line}",
        "plan": amounts.write(before + 100, 2),
        "date": "2025-12-31",
    }
    assert served.book(lambda book: book.record([record])) == [None]
    assert served.reader.wait(served.desk.entries)
    shown = table(served, query)[-1]["plan"]
    assert shown in ((before, before + 100) if lines_at_once == 0 else (before + 100,))
    for _ in range(100):
        if table(served, query)[-1]["plan"] == before + 100:
            break
        time.sleep(0.05)
    assert table(served, query)[-1]["plan"] == before + 100
    assert table(served, query)[-2]["plan"] == november  # it came into force in December


def test_simulated_and_published_are_told_apart_and_never_one_sum(see):
    here = see()
    here.go("/budget?of=sim/2025")
    assert here.page.locator(".about .badge").inner_text().casefold().startswith("simulated")
    groups = here.page.locator("#of optgroup").all()
    assert groups[0].get_attribute("label") == "published by the state"
    values = {
        one.get_attribute("label"): one.locator("option").evaluate_all("all => all.map(o => o.value)") for one in groups
    }
    by_group = list(values.values())
    assert set(by_group[0]) == {REPUBLIC, ATYRAU, ASTANA, "kz/local-atyrauskaya/2023"}
    assert all(value.startswith("sim/") for value in by_group[1])


# ---- forecast -------------------------------------------------------------------------------------------------------


def test_the_forecast_is_that_of_the_published_figures_and_says_how_it_was_made(see):
    here = see()
    here.go(f"/budget?of={REPUBLIC}&month=2024-06")
    total = [figures(month)["total"] for month in MONTHS]
    made = forecast([one["paid"] for one in total[:6]], total[5]["plan"], total[5]["plan_payments"])
    values = [int(one.get_attribute("value")) for one in here.page.locator(".ahead-told data").all()]
    assert values == [made.line[-1], made.low[-1], made.high[-1]]
    assert made.low[-1] <= total[-1]["paid"] <= made.high[-1]  # as it came
    assert here.page.locator("svg.year.wide .later").count() == 6
    assert here.page.locator("svg.year.wide .ahead").count() == 1
    here.page.get_by_text("How this is forecast").click()
    assert "as the mean of the 6 months so far" in here.page.locator("main").inner_text()
    assert "In 2024-09 the figure is lower" in here.page.locator("main").inner_text()


def test_where_there_is_a_year_before_its_months_are_followed(see):
    here = see()
    here.go(f"/budget?of={ATYRAU}&month=2024-06")
    here.page.get_by_text("How this is forecast").click()
    assert "as it was in 2023" in here.page.locator("main").inner_text()
    paid = [figures(month)["total"]["paid"] for month in MONTHS]
    total = figures("2024-06")["total"]
    made = forecast(paid[:6], total["plan"], total["plan_payments"], paid)
    values = [int(one.get_attribute("value")) for one in here.page.locator(".ahead-told data").all()]
    assert values == [made.line[-1], made.low[-1], made.high[-1]]


def test_a_year_that_is_over_or_has_just_begun_has_no_forecast(see):
    here = see()
    here.go(f"/budget?of={REPUBLIC}&month=2024-12")
    assert here.page.locator(".ahead-told, .band").count() == 0
    assert "fewer than three months" in here.go(f"/budget?of={REPUBLIC}&month=2024-02")


def test_the_chart_goes_through_the_figures(see):
    here = see()
    here.go(f"/budget?of={REPUBLIC}&month=2024-12")
    path = here.page.locator("svg.year.wide path.paid").get_attribute("d")
    points = [tuple(map(float, one.split())) for one in re.split("[ML]", path)[1:]]
    marks = here.page.eval_on_selector_all(
        "svg.year.wide .mark", "all => all.map(one => [one.textContent, Number(one.getAttribute('y')) - 4])"
    )
    bottom, (label, top) = marks[0][1], marks[-1]
    assert label == "30\xa0tn\xa0₸"
    paid = [figures(month)["total"]["paid"] for month in MONTHS]
    for (_, y), value in zip(points[1:], paid, strict=True):
        assert abs((bottom - y) / (bottom - top) * 3000_000_000_000_000 - value) < 10_000_000_000_000


# ---- map ------------------------------------------------------------------------------------------------------------


def test_tiles_have_every_region_its_figure_and_a_way_to_its_lines(see, served):
    here = see()
    here.go("/budget?of=sim/2025&month=2025-09&by=region")
    rows = {row["code"]: row for row in table(served, "of=sim/2025&month=2025-09&by=region")}
    assert here.page.locator(".tiles li").count() == 20
    for kato, region in REGIONS.items():
        tile = here.page.locator(f'.tiles [aria-label^="{region.name["en"]}, KZ-{kato}:"]')
        assert tile.count() == 1, kato
        label, row = tile.get_attribute("aria-label"), rows.get(f"KZ-{kato}")
        if row is None:
            assert "no figures" in label
            continue
        percent = language("en").percent(row["paid"], row["plan_payments"])
        assert percent in label
        assert percent in tile.inner_text()
        assert language("en").money(row["paid"]) in label
    first = min(code for code in rows if code)
    where = f"r{KATO.index(first[3:])}"
    here.page.locator(f'.tiles a[aria-label*="{first}:"]').focus()
    here.page.keyboard.press("Enter")
    here.page.wait_for_url(f"**line={where}**", timeout=5000)
    assert parse_qs(urlsplit(here.page.url).query)["of"] == ["sim/2025"]


def test_the_operators_outlines_are_drawn_instead(see, served):
    file = shared_data("kz_regions_20.geojson")
    served.app.state.outlines = outlines.read(file)
    try:
        here = see("kk")
        here.go("/budget?of=sim/2025&month=2025-09&by=region")
        assert here.page.locator(".tiles").count() == 0
        assert here.page.locator("svg.map path").count() == 20
        rows = [row for row in table(served, "of=sim/2025&month=2025-09&by=region") if row["code"]]
        assert here.page.locator("svg.map a").count() == len(rows)
        label = here.page.locator("svg.map a").first.get_attribute("aria-label")
        assert "KZ-" in label
        assert "%" in label
        here.accessible()
        here.picture("budget-outlines")
        phone = see("ru", width=PHONE)
        phone.go("/budget?of=sim/2025&month=2025-09&by=region")
        phone.picture("budget-outlines")
        assert len(asked(served, "/budget?of=sim/2025&month=2025-09&by=region").encode()) < 150_000
    finally:
        served.app.state.outlines = None


def test_budgets_of_the_regions_stand_beside_each_other(see, served):
    rows = table(served, f"of={REPUBLIC}&month=2024-05&by=region")
    total = figures("2024-05")["total"]
    assert [(row["code"], row["paid"], row["plan"]) for row in rows] == [
        ("KZ-23", total["paid"], total["plan"]), ("KZ-71", total["paid"], total["plan"]),
    ]  # fmt: skip
    here = see("ru")
    here.go(f"/budget?of={REPUBLIC}&month=2024-05&by=region")
    assert here.page.locator("table.lines tfoot").count() == 0  # budgets of different regions are no sum
    links = [one.get_attribute("href") for one in here.page.locator(".tiles a").all()]
    assert sorted(parse_qs(urlsplit(one).query)["of"][0] for one in links) == [ATYRAU, ASTANA]


# ---- what is asked wrongly ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("of=kz/nothing", 404, "There is no budget kz/nothing."),
        (f"of={REPUBLIC}&month=2024-13", 422, "2024-13 is no month."),
        (f"of={REPUBLIC}&month=1", 422, "A month is written YYYY-MM"),
        (f"of={REPUBLIC}&month=2025-01", 404, "It reaches from 2024-01 to 2024-12."),
        (f"of={REPUBLIC}&line=total/99", 404, "This budget has no line total/99."),
        ("of=sim/2025&line=zzz", 404, "This budget has no line zzz."),
        ("of=sim/2025&line=" + "a" * 5000, 404, "This budget has no line aaa"),
        ("of=sim/2025&by=colour", 422, "by programme, administrator, region or month"),
        ("of=sim/2025&by=region&region=99", 422, "There is no region 99."),
        ("of=sim/2025&format=pdf", 422, "There is no such format."),
        ("of=" + "%3Cscript%3E" * 9, 404, "&lt;script&gt;"),
        ("of=../sim", 404, "There is no budget ../sim."),
    ],
)
def test_what_cannot_be_shown_says_why_and_where_to_go_on(served, query, status, said):
    text = asked(served, f"/budget?{query}", status)
    assert said in text
    assert "<script>" not in text.replace('<script src="', "")


def test_a_ledger_without_a_budget_says_what_will_stand_here(browser, tmp_path):
    site = BudgetSite.__new__(BudgetSite)
    site.ledger = str(tmp_path / "new.boyau")
    book = Book.create(site.ledger)
    book.record([{"type": "unit", "unit": "KZT", "scale": 2}])
    site.serve(book)
    try:
        here = Look(browser, site, "kk")
        assert "Бюджет әлі жоқ" in here.go("/budget")
        here.accessible()
        here.close()
    finally:
        site.close()


def test_the_file_has_what_the_page_shows(served):
    rows = list(csv.DictReader(io.StringIO(asked(served, f"/budget?of={REPUBLIC}&month=2024-12&format=csv"))))
    assert len(rows) == 16
    assert rows[4]["paid"] == amounts.write(figures("2024-12")["total/5"]["paid"], 2)
    assert "month=2024-12" in rows[0]["made_from"]


# ---- in three languages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_is_readable_by_everybody_in_every_language(see, code, width):
    here = see(code, width=width)
    title, badge, mapped, ahead = SAID[code]
    text = here.go(f"/budget?of={REPUBLIC}&month=2024-07")
    assert here.page.title().startswith(title)
    assert badge in text
    assert ahead in text
    if width == WIDE:  # the checker takes seconds on pages of this size: each page once a language
        here.accessible()
    here.picture("budget")
    assert mapped in here.go("/budget?of=sim/2025&month=2025-09&by=region")
    if width == PHONE:
        here.accessible()
    here.picture("budget-regions")


def test_it_is_readable_in_the_dark(see):
    here = see("ru", color_scheme="dark")
    here.go("/budget?of=sim/2025&month=2025-09&by=region")
    here.accessible()
