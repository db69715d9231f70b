"""Subsidies: lines in, answers out; the queue in lawful order; and a ledger that pays nobody twice."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boyau.journal import Book
from boyau.ledger import Result
from boyau.ledger.codes import day
from boyau.treasury.subsidies import applications, budgets, duplicates, payment, queue, tables
from boyau.treasury.subsidies.answers import Outcome, answers, summary
from boyau.treasury.subsidies.payment import PaymentError, Treasury
from shared_data import shared_data

TABLES = tables.builtin()
HEADER = "docnum,doc_at,region,category,status,amount_kzt,applicant"
FERTILIZER, WATER = (
    "Субсидирование стоимости удобрений",
    "Субсидирования стоимости услуг по подаче воды сельскохозяйственным товаропроизводителям",
)
KOSTANAY, ALMATY = "Костанайская область", "город Алматы"
Q = ("fertilizer", "39")
NOW = day("2026-11-24") * 86_400_000_000 + 36_000_000_000


def line(number, at="01.02.2026 09:00:00", amount="100.00", who="A-1", purpose=FERTILIZER, region=KOSTANAY, **more):
    status = more.get("status", "В резерве")
    return f'{number},{at},{region},"{purpose}",{status},{amount},{who}'


def read(*lines, header=HEADER):
    return applications.parse([each.encode() + b"\r\n" for each in (header, *lines)], "mini.csv", TABLES)


def sift(*lines, **more):
    return duplicates.sift(read(*lines).read, test_below=0, **more)


def aside(sifted):
    return [(one.application.line, str(one.reason), one.instead) for one in sifted.aside]


def book(**more):
    return Book.create("memory:", clock=lambda: NOW, **more)


def treasury(ledger, year=2026, **more):
    return Treasury(ledger, TABLES, year=year, **more)


def paid(ledger, kept, budget, **more):
    desk = treasury(ledger, **more)
    desk.fund(budget)
    return desk.pay(kept)


# ---- reading --------------------------------------------------------------------------------------------------------


def test_a_line_is_read_exactly():
    (one,) = read(
        line("N-1", "24.06.2024 23:59:58", "36149519.40", "A-8022b442a52d", region="Кустанайская  область")
    ).read
    assert (one.line, one.number, one.registered) == (2, "N-1", "24.06.2024 23:59:58")
    assert (one.region, one.purpose, one.state, one.amount) == ("39", "fertilizer", "waiting", 3_614_951_940)
    assert one.at == (day("2024-06-24") * 86_400 + 86_398) * 1_000_000


@pytest.mark.parametrize(
    ("wrong", "column", "code"),
    [
        (line("N-1")[:20], "", "line_broken"),
        (line("N-1") + ",more", "", "line_broken"),
        (line("N-1").replace(',"', ',"a "b" '), "", "quote_open"),
        ('N-1,"01.02.2026', "", "quote_open"),
        (line(""), "docnum", "number_wrong"),
        (line("N-1", amount="1.234"), "amount_kzt", "amount_wrong"),
        (line("N-1", amount="-1.00"), "amount_kzt", "amount_wrong"),
        (line("N-1", amount="1e5"), "amount_kzt", "amount_wrong"),
        (line("N-1", amount="9" * 30), "amount_kzt", "amount_wrong"),
        (line("N-1", region="Атлантида"), "region", "region_unknown"),
        (line("N-1", purpose="На мороженое"), "category", "category_unknown"),
        (line("N-1", status="Потеряна"), "status", "status_unknown"),
        (line("N-1", "31.02.2026 09:00:00"), "doc_at", "time_wrong"),
        (line("N-1", "2026-02-01 09:00:00"), "doc_at", "time_wrong"),
        (line("N-1", "01.02.1026 09:00:00"), "doc_at", "time_far"),
        (line("N-1", who="Иванов И."), "applicant", "applicant_wrong"),
        (line("N" * 70_000), "", "line_long"),
    ],
)
def test_a_wrong_line_is_listed_with_its_number_and_what_to_do(wrong, column, code):
    found = read(line("N-0"), wrong, line("N-2"))
    (problem,) = found.unreadable
    assert (problem.line, problem.column, problem.code) == (3, column, code)
    assert problem.message
    assert problem.remedy
    assert [one.number for one in found.read] == ["N-0", "N-2"]
    assert found.lines == 3


def test_a_line_in_another_encoding_is_listed_and_a_header_in_one_stops():
    lines = [HEADER.encode(), line("N-1").encode("cp1251"), line("N-2").encode()]
    found = applications.parse(lines, "mini.csv", TABLES)
    assert [(one.line, one.code) for one in found.unreadable] == [(2, "encoding_wrong")]
    assert "cp1251" in found.unreadable[0].remedy
    with pytest.raises(applications.ApplicationsError, match="line 1: byte 0"):
        applications.parse(["номер,".encode("cp1251")], "mini.csv", TABLES)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (HEADER.replace("doc_at,", ""), "no column doc_at"),
        (HEADER + ",docnum", "docnum twice"),
        ("a;b", "separated by commas"),
    ],
)
def test_a_wrong_header_stops(header, says):
    with pytest.raises(applications.ApplicationsError, match=says):
        read(line("N-1"), header=header)


def test_files_plain_gzipped_damaged_and_absent(tmp_path):
    data = "\n".join(["\ufeff" + HEADER, line("N-1"), "", line("N-2"), ""]).encode()
    plain, zipped = tmp_path / "a.csv", tmp_path / "b.csv"
    plain.write_bytes(data)
    zipped.write_bytes(gzip.compress(data))
    for path in (plain, zipped):
        assert [one.line for one in applications.read(path, TABLES).read] == [2, 4]
    zipped.write_bytes(gzip.compress(data * 50)[:-20])
    with pytest.raises(applications.ApplicationsError, match=r"damaged \.gz"):
        applications.read(zipped, TABLES)
    plain.write_bytes(b"")
    with pytest.raises(applications.ApplicationsError, match="empty"):
        applications.read(plain, TABLES)
    with pytest.raises(applications.ApplicationsError, match="cannot be read"):
        applications.read(tmp_path / "none.csv", TABLES)


def test_long_lines_do_not_shift_the_numbers_of_those_after(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\n".join([HEADER, "x" * 200_000, line("N-1")]), encoding="utf-8")
    found = applications.read(path, TABLES)
    assert [one.line for one in found.unreadable] == [2]
    assert [one.line for one in found.read] == [3]


def test_a_file_of_another_kind_stops_early():
    with pytest.raises(applications.ApplicationsError, match="lines cannot be read; the first"):
        read(*["?"] * 10_001)


def test_twenty_regions_and_the_republic():
    codes = TABLES.region_codes
    assert len(codes) == 21
    assert tables.REPUBLIC in codes
    assert TABLES.regions[tables.plain("Южно-Казахстанская область")] == "61"
    assert all({"kk", "ru", "en"} <= set(title) for key, title in TABLES.titles.items() if not key.startswith("status"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("=", "own.toml"),
        ("", r"\[\[region\]\] is missing"),
        ('[[region]]\ncode = "3"\nnames = ["x"]', "two digits"),
        ('[[region]]\ncode = "39"', "names is missing"),
        ('[[region]]\ncode = "39"\nnames = ["x"]\n[[region]]\ncode = "10"\nnames = ["X"]', "already means 39"),
        ('[[region]]\ncode = "39"\ntitle = 3\nnames = ["x"]', "title must be"),
        ("region = [3]", "must be a table"),
        ('[[region]]\ncode = "39"\nnames = ["x"]\n[[purpose]]\ncode = "A B"\nnames = ["y"]', "small letters"),
    ],
)
def test_a_wrong_table_says_where(text, says):
    with pytest.raises(tables.TablesError, match=says):
        tables.parse(text, "own.toml")


# ---- what is set aside ----------------------------------------------------------------------------------------------


def test_repeated_lines_stand_once():
    sifted = sift(line("N-1"), line("N-2"), line("N-1", amount="100"), line("N-1"))
    assert [one.line for one in sifted.kept] == [2, 3]
    assert aside(sifted) == [(4, "repeated", 2), (5, "repeated", 2)]


def test_of_two_versions_the_later_stands_whatever_the_order_of_the_lines():
    early, late = line("N-1", "01.02.2026 09:00:00", "900.00"), line("N-1", "02.02.2026 09:00:00", "800.00")
    assert aside(sift(early, late)) == [(2, "superseded", 3)]
    assert aside(sift(late, early)) == [(3, "superseded", 2)]
    assert aside(sift(early, line("N-1", "03.02.2026 09:00:00", ""))) == [(3, "superseded", 2)], "one with an amount"


def test_a_final_status_ends_the_matter():
    done, later = line("N-1", status="Исполнена"), line("N-1", "02.02.2026 09:00:00")
    assert aside(sift(done, later)) == [(2, "already_paid", 0), (3, "superseded", 2)]
    assert aside(sift(line("N-1", status="Отклонена"))) == [(2, "closed", 0)]


def test_a_number_shared_by_two_purposes_is_two_applications():
    sifted = sift(line("N-1", who="A-1"), line("N-1", who="A-2", purpose=WATER))
    assert len(sifted.kept) == 2
    assert [[one.line for one in group] for group in sifted.shared] == [[2, 3]]


def test_alike_under_another_number_is_told_and_stands():
    sifted = sift(line("N-1"), line("N-2", "01.02.2026 17:00:00"), line("N-3", "02.02.2026 09:00:00"))
    assert len(sifted.kept) == 3
    assert [[one.line for one in group] for group in sifted.alike] == [[2, 3]]


def test_no_amount_trials_and_later_years():
    lines = [line("N-1", amount=""), line("N-2", amount="0"), line("N-3", amount="99.99"), line("TEST-4"), line("N-5")]
    sifted = duplicates.sift(read(*lines).read)
    assert [each[1] for each in aside(sifted)] == ["amount_zero", "amount_zero", "test_record", "test_record"]
    assert [one.number for one in sifted.kept] == ["N-5"]
    until = day("2026-01-01") * 86_400_000_000
    assert aside(sift(line("N-1", "31.12.2025 23:59:59"), line("N-2", "01.01.2026 00:00:00"), until=until)) == [
        (3, "registered_later", 0)
    ]


# ---- the queue ------------------------------------------------------------------------------------------------------


def test_nobody_overtakes_and_nobody_is_paid_in_part():
    kept = sift(
        line("N-3", "01.02.2026 11:00:00", "10.00"),
        line("N-1", "01.02.2026 09:00:00", "600.00"),
        line("N-2", "01.02.2026 10:00:00", "500.00"),
        line("W-1", "01.02.2026 10:30:00", "70.00", purpose=WATER),
    ).kept
    made = queue.plan(kept, {Q: 1_000_00})
    assert [one.number for one in made.pay] == ["N-1"]
    waiting = queue.places([one for one in kept if one.number != "N-1"], made.rest)
    third = waiting["N-3/fertilizer"]
    assert (third.place, third.place_overall, third.ahead, third.ahead_sum) == (2, 3, 1, 500_00)
    assert (third.rest, third.lacking) == (400_00, 110_00)
    assert waiting["W-1/water"].place == 1
    assert waiting["W-1/water"].lacking == 70_00


def test_at_the_same_second_the_number_decides():
    kept = sift(line("N-2", amount="5.00"), line("N-1", amount="5.00")).kept
    assert [one.number for one in queue.plan(kept, {Q: 5_00}).pay] == ["N-1"]


NEEDS = {Q: 300_00, ("fertilizer", "75"): 100_00, ("water", "39"): 600_00}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ({"total": "100.00"}, [30_00, 10_00, 60_00]),
        ({"total": "5000.00"}, [300_00, 100_00, 600_00]),
        ({"regions": {"39": "9.00"}}, [3_00, 0, 6_00]),
        ({"purposes": {"fertilizer": "0.03", "water": "1.00"}}, [2, 1, 1_00]),
        ({"queues": {"fertilizer": {"39": "7.00"}}}, [7_00, 0, 0]),
    ],
)
def test_budgets(file, expected):
    assert [budgets.parse(file, TABLES, "b.toml").spread(NEEDS)[q] for q in NEEDS] == expected


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ({}, "exactly one of"),
        ({"total": "1.00", "regions": {}}, "exactly one of"),
        ({"total": 5}, "an amount is a string"),
        ({"regions": {}}, "must be a table"),
        ({"regions": {"40": "1.00"}}, "'40' is none of"),
        ({"queues": {"water": "1.00"}}, r"queues\.water must be a table"),
        ({"queues": {"water": {"39": "-1"}}}, "negative"),
    ],
)
def test_wrong_budgets_say_what_to_write(file, says):
    with pytest.raises(budgets.BudgetError, match=says):
        budgets.parse(file, TABLES, "b.toml")


LINES = st.lists(
    st.builds(
        line,
        number=st.integers(1, 9).map(lambda n: f"N-{n}"),
        at=st.integers(1, 5).map(lambda n: f"0{n}.02.2026 09:00:00"),
        amount=st.sampled_from(["", "0.01", "10.00", "99.00", "250.50"]),
        who=st.sampled_from(["A-1", "A-2"]),
        purpose=st.sampled_from([FERTILIZER, WATER, "?"]),
        region=st.sampled_from([KOSTANAY, ALMATY]),
        status=st.sampled_from(["В резерве", "В резерве", "В резерве", "Исполнена", "Отозвана"]),
    ),
    max_size=25,
)


@given(LINES, st.integers(0, 2_000_00), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_lines_conserve_nobody_overtakes_and_their_order_does_not_matter(lines, budget, random):
    found = read(*lines)
    sifted = duplicates.sift(found.read)
    assert found.lines == len(lines) == len(sifted.kept) + len(sifted.aside) + len(found.unreadable)
    spread = budgets.Sums({("", ""): budget}).spread(queue.needs(sifted.kept))
    assert sum(spread.values()) == min(budget, sum(one.amount for one in sifted.kept))
    made = queue.plan(sifted.kept, spread)
    keys = {one.key for one in made.pay}
    for which, waiting in queue.queues(sifted.kept).items():
        done = [one.key in keys for one in waiting]
        assert done == sorted(done, reverse=True), "those paid come before those that wait"
        spent = sum(one.amount for one in waiting if one.key in keys)
        assert spent + made.rest[which] == spread[which]
        assert made.rest[which] >= 0
        if not all(done):
            assert waiting[done.index(False)].amount > made.rest[which]
    shuffled = list(lines)
    random.shuffle(shuffled)
    again = duplicates.sift(read(*shuffled).read)
    assert [one.contents for one in again.kept] == [one.contents for one in sifted.kept]
    assert [one.key for one in queue.plan(again.kept, spread).pay] == [one.key for one in made.pay]


# ---- the ledger -----------------------------------------------------------------------------------------------------

PAGE = (
    line("N-1", "01.02.2026 09:00:00", "600.00", "A-1"),
    line("N-2", "01.02.2026 10:00:00", "500.00", "A-2"),
    line("N-3", "01.02.2026 11:00:00", "10.00", "A-3"),
    line("W-1", "01.02.2026 12:00:00", "70.00", "A-1", purpose=WATER, region=ALMATY),
)
W = ("water", "75")


def test_a_page_of_payments_and_a_second_run_that_pays_nobody():
    kept = sift(*PAGE).kept
    with book() as ledger:
        done = paid(ledger, kept, {Q: 1_000_00, W: 70_00})
        assert sorted(done.paid) == ["N-1/fertilizer", "W-1/water"]
        assert done.now == set(done.paid)
        assert done.rest == {Q: 400_00, W: 0}
        state = ledger.ledger
        assert state.available("A-1@KZT") == 670_00
        assert state.counters("kz/agro/2026") == (1_070_00, 670_00, 670_00)
        assert "N-1/fertilizer" in state.subjects
        entries = ledger.entries
        again = paid(ledger, kept, {Q: 1_000_00, W: 70_00})
        assert again.paid == done.paid
        assert not again.now
        assert ledger.entries == entries, "nothing at all is written"
        repeated = ledger.row(done.paid["W-1/water"]).copy().reshape(1)
        repeated["settled"], repeated["result"] = 0, 0
        assert Result(int(ledger.post(repeated)[0]["result"])) is Result.EXISTS


def test_a_larger_budget_pays_the_next_and_a_smaller_one_takes_back_what_is_left():
    kept = sift(*PAGE).kept
    with book() as ledger:
        paid(ledger, kept, {Q: 1_000_00})
        more = paid(ledger, kept, {Q: 1_110_00})
        assert more.now == {"N-2/fertilizer", "N-3/fertilizer"}
        assert ledger.ledger.counters("kz/agro/2026/fertilizer/39") == (1_110_00,) * 3
    with book() as ledger:
        paid(ledger, kept, {Q: 1_000_00})
        less = paid(ledger, kept, {Q: 100_00})
        assert sorted(less.paid) == ["N-1/fertilizer"]
        assert less.rest[Q] == 0
        assert ledger.ledger.counters("kz/agro/2026")[0] == 600_00, "what is paid stays"
        assert paid(ledger, kept, {Q: 1_000_00}).rest[Q] == 400_00


def test_the_ledgers_own_refusal_is_the_answer_and_holds_up_nobody():
    kept = sift(*PAGE).kept
    with book() as ledger:
        ledger.record([{"type": "participant", "participant": "A-1", "classes": ["trader"]}])
        done = paid(ledger, kept, {Q: 600_00, W: 70_00})
        assert {key: one.result for key, one in done.refused.items()} == {
            "N-1/fertilizer": Result.PAYEE_CLASS,
            "W-1/water": Result.PAYEE_CLASS,
        }
        assert sorted(done.paid) == ["N-2/fertilizer", "N-3/fertilizer"]


def test_what_another_year_paid_is_not_paid_again():
    kept = sift(*PAGE).kept
    with book() as ledger:
        first = paid(ledger, kept, {Q: 600_00}, year=2025)
        assert ledger.row(first.paid["N-1/fertilizer"])["value_date"] == day("2025-12-31")
        done = paid(ledger, kept, {Q: 510_00})
        assert done.differs == {"N-1/fertilizer": first.paid["N-1/fertilizer"]}
        assert sorted(done.now) == ["N-2/fertilizer", "N-3/fertilizer"]
        with pytest.raises(PaymentError, match="2027 has not begun"):
            treasury(ledger, year=2027)


def test_the_republics_own_applications_name_no_region():
    ministry = "Министерство сельского хозяйства Республики Казахстан"
    kept = sift(line("N-1", region=ministry)).kept
    with book() as ledger:
        assert paid(ledger, kept, {("fertilizer", "00"): 100_00}).now == {"N-1/fertilizer"}


def test_what_was_interrupted_goes_on_where_it_stopped(monkeypatch):
    monkeypatch.setattr(payment, "BATCH", 1)
    kept = sift(*PAGE).kept

    def stop(_):
        raise KeyboardInterrupt

    with book() as ledger:
        desk = treasury(ledger)
        desk.fund({Q: 1_110_00, W: 70_00})
        with pytest.raises(KeyboardInterrupt):
            desk.pay(kept, stop)
        assert sorted(desk.state(kept).paid) == ["N-1/fertilizer"]
        done = paid(ledger, kept, {Q: 1_110_00, W: 70_00})
        assert len(done.now) == 3
        assert ledger.ledger.available("A-1@KZT") == 670_00


# ---- the published file ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def waitlist():
    return applications.read(shared_data("kz_agro_subsidy_waitlist.csv.gz"), TABLES)


def test_the_published_waiting_list_is_read_and_sifted_whole(waitlist):
    assert (waitlist.lines, len(waitlist.unreadable)) == (23_710, 0)
    sifted = duplicates.sift(waitlist.read)
    reasons = [one.reason for one in sifted.aside]
    assert {str(reason): reasons.count(reason) for reason in set(reasons)} == {
        "repeated": 494,
        "amount_zero": 7,
        "test_record": 2,
    }
    assert len(sifted.kept) == 23_207
    assert len(sifted.shared) == 6
    assert len(sifted.alike) == 170
    assert sum(one.amount for one in sifted.kept) == 16_254_992_344_766
    assert len(queue.queues(sifted.kept)) == 54


def test_the_published_waiting_list_is_paid_by_two_budgets_and_a_third_run_pays_nobody(waitlist):
    sifted = duplicates.sift(waitlist.read)
    needs = queue.needs(sifted.kept)
    with book() as ledger:
        desk, before = treasury(ledger), 0
        for total, expected in ((50_000_000_000_00, 6_296), (100_000_000_000_00, 13_630)):
            given = budgets.Sums({("", ""): total}).spread(needs)
            assert sum(given.values()) == total
            desk.fund(given)
            done = desk.pay(sifted.kept)
            assert (len(done.paid), len(done.now)) == (expected, expected - before)
            before = expected
            assert not done.refused
            assert set(done.paid) == {one.key for one in queue.plan(sifted.kept, given).pay}
            told = answers(sifted, Outcome(done.paid), given, done.rest)
            whole = summary(waitlist, sifted, told, given, done.rest)
            assert len(told) == waitlist.lines
            assert whole["paid"] + whole["waiting"] == len(sifted.kept)
            json.dumps(whole)
        entries = ledger.entries
        desk.fund(given)
        assert not desk.pay(sifted.kept).now
        assert ledger.entries == entries
