"""The commands about subsidies: one short question for one application, the whole queue, paying, what stops them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boyau.cli.app import run
from boyau.journal import Book
from boyau.treasury.subsidies import applications, tables

HEADER = "docnum,doc_at,region,category,status,amount_kzt,applicant"
ROW = "{},01.02.2024 {}:00:00,Костанайская область,Субсидирование стоимости удобрений,В резерве,{},{}"
LINES = [
    ROW.format("N-1", "09", "600000.00", "A-1"),
    ROW.format("N-2", "10", "500000.00", "A-2"),
    ROW.format("N-3", "11", "100000.00", "A-3"),
    ROW.format("N-1", "09", "600000.00", "A-1"),
    ROW.format("N-4", "12", "", "A-4"),
]


@pytest.fixture
def boyau(capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.delenv("BOYAU_LEDGER", raising=False)

    def call(command, *arguments, code=0):
        got = run(["subsidies", command, *(str(one) for one in arguments)])
        out, err = capsys.readouterr()
        assert got == code, f"exit code {got}: {out}{err}"
        return out if code == 0 or out else err

    return call


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\n".join([HEADER, *LINES]), encoding="utf-8")
    return path


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "x.boyau"
    with Book.create(str(path)):
        pass
    return path


def test_a_plan_needs_no_ledger(boyau, file):
    said = boyau("queue", file, "--budget", "1000000.00", "--year", "2024")
    assert "5 lines: 3 applications stand, 2 are set aside, 0 cannot be read" in said
    assert "600,000.00" in said
    whole = json.loads(boyau("queue", file, "--budget", "1000000.00", "--year", "2024", "--json"))
    assert (whole["planned"], whole["waiting"], whole["paid"]) == (1, 2, 0)
    assert whole["aside"] == {"amount_zero": 1, "repeated": 1}
    assert whole["queues"][0]["left"] == "400000.00"


def test_one_application_asks_why_it_is_not_paid(boyau, file, ledger):
    asked = ("queue", file, "--year", "2024", "--ledger", ledger, "-a")
    assert "has no budget. Its place there is 3; applications ahead of it: 2" in boyau(*asked, "N-3")
    said = boyau("pay", file, "--year", "2024", "--budget", "1000000.00", "--ledger", ledger)
    assert "1 paid in this run, 0 refused" in said
    assert "0 paid in this run" in boyau("pay", file, "--year", "2024", "--budget", "1000000.00", "--ledger", ledger)
    said = boyau(*asked, "N-3")
    assert "left there: 400,000.00\u00a0₸. Its place there is 2; applications ahead of it: 1, for 500,000.00" in said
    assert "200,000.00\u00a0₸ more would reach it" in said
    first, repeated = json.loads(boyau(*asked, "N-1", "--json"))["answers"]
    assert (first["status"], repeated["reason"], repeated["instead"]) == ("paid", "repeated", 2)
    assert "states no amount" in boyau(*asked, "N-4/fertilizer")
    assert "a.csv has no application N-9" in boyau(*asked, "N-9", code=1)
    whole = json.loads(boyau("queue", file, "--year", "2024", "-l", ledger, "--budget", "1100000.00", "--json"))
    assert (whole["paid"], whole["planned"], whole["waiting"]) == (1, 1, 1)


def test_the_report_answers_for_every_line(boyau, file, ledger, tmp_path):
    budget, report = tmp_path / "b.json", tmp_path / "r.json"
    budget.write_text('{"regions": {"39": "1200000.00"}}', encoding="utf-8")
    boyau("pay", file, "--year", "2024", "--budget-file", budget, "--ledger", ledger, "--report", report)
    answers = json.loads(report.read_text(encoding="utf-8"))["applications"]
    assert [one["line"] for one in answers] == [2, 3, 4, 5, 6]
    assert [one["status"] for one in answers] == ["paid", "paid", "paid", "aside", "aside"]
    assert all(one["text"] for one in answers)


def test_whom_the_ledger_refuses_is_told_its_reason(boyau, file, ledger, tmp_path):
    with Book.open(str(ledger)) as book:
        book.record([{"type": "participant", "participant": "A-1", "classes": ["trader"]}])
    report = tmp_path / "r.json"
    arguments = ("--year", "2024", "--budget", "1200000.00", "--ledger", ledger, "--report", report)
    assert "2 paid in this run, 1 refused" in boyau("pay", file, *arguments, code=1)
    refused = json.loads(report.read_text(encoding="utf-8"))["applications"][0]
    assert (refused["status"], refused["reason"]) == ("refused", "payee_class")
    assert "A-1 is not one of those" in refused["text"]
    assert refused["remedy"]


def test_nobody_is_paid_past_a_line_that_cannot_be_read(boyau, file, ledger):
    file.write_text("\n".join([HEADER, LINES[0][:30], *LINES[1:3]]), encoding="utf-8")
    arguments = ("pay", file, "--year", "2024", "--budget", "500000.00", "--ledger", ledger)
    said = boyau(*arguments, code=3)
    assert "a.csv, line 2: 3 fields where the header has 7" in said
    assert "nobody was paid" in said
    said = boyau(*arguments, "--skip-unreadable", code=3)
    assert "1 paid in this run" in said
    assert json.loads(boyau("queue", file, "--json", code=3))["unreadable"][0]["line"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--budget", "1.234"], 2, "more than 2 decimals"),
        ([], 2, "name the money"),
        (["--budget", "1.00", "--budget-file", "b.toml"], 2, "not both"),
        (["--budget-file", "none.toml"], 3, "cannot be read"),
        (["--budget", "1.00", "--tables", "none.toml"], 3, "cannot be read"),
        (["--budget", "1.00", "--year", "1"], 2, "no year"),
        (["--budget", "1.00", "--year", "2099"], 1, "has not begun"),
        (["--budget", "1.00", "--test-below", "x"], 2, "--test-below"),
        (["--budget", "1.00", "--report", "none/r.json"], 2, "no folder"),
    ],
)
def test_what_stops_a_payment(boyau, file, ledger, arguments, code, says):
    assert says in boyau("pay", file, "--ledger", ledger, *arguments, code=code)


def test_a_column_that_is_missing_and_a_ledger_that_is_not_there(boyau, file, tmp_path):
    assert "there is no ledger" in boyau("queue", file, "--ledger", tmp_path / "none.boyau", code=4)
    file.write_text("docnum\n1\n", encoding="utf-8")
    assert "no column doc_at" in boyau("queue", file, code=3)


GOOD = "\n".join([HEADER, *LINES]).encode()


@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 9), st.binary(max_size=5)), max_size=5))
def test_whatever_is_handed_in_every_line_is_accounted_for(edits):
    data = GOOD
    for at, length, new in edits:
        data = data[:at] + new + data[at + length :]
    lines = data.splitlines(keepends=True) if b"\r" not in data else data.split(b"\n")
    try:
        found = applications.parse(lines, "f.csv", tables.builtin())
    except applications.ApplicationsError:
        return
    assert found.lines == sum(1 for one in lines[1:] if one.strip())
    assert all(one.line and one.message and one.remedy for one in found.unreadable)
