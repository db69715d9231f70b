"""The main job on real input: published budgets in, coloured operations, the published figures out of the entries."""

import json

import pytest
from budget_files import FILES

from boyau.cli.app import run
from boyau.journal import Book
from boyau.treasury.budget import report, statement
from boyau.treasury.budget.posting import BudgetImport
from boyau.views import Views
from shared_data import shared_data

REPUBLICAN = "Республиканский бюджет.csv"
MONTHS_OF_ALL = 27


@pytest.fixture(scope="module", params=FILES)
def imported(request, tmp_path_factory):
    """A ledger with one published file in it."""
    path = tmp_path_factory.mktemp("ledger") / "kz.boyau"
    read = statement.read(shared_data("kz_budget", request.param))
    with Book.create(str(path)) as book:
        BudgetImport(book, read, f"kz/{read.dataset}", lambda *_: []).run()
    return path, read


def reports(path, read):
    with Book.open(str(path), write=False) as book, Views.open(str(path)) as views:
        views.follow(book)
        return [report.execution(views, book.ledger, read.dataset, m.year * 100 + m.month) for m in read.months]


def test_every_line_of_every_month_is_reproduced_to_the_last_digit(imported):
    """What differs is only what the publication contradicts itself: totals that were rounded apart from their lines."""
    path, read = imported
    made = reports(path, read)
    compared = [report.compare(one) for one in made]
    assert [one.differences for one in compared] == [[]] * len(made)
    assert all(one.compared >= 6 * 7 for one in compared)
    if read.dataset == "republican":
        assert len(made) == MONTHS_OF_ALL
        assert sum(one.compared for one in compared) == 56_772
        found = [contradiction for one in compared for contradiction in one.contradictions]
        assert len(found) == 197
        rounding = max(abs(one["difference"]) for one in found if one["month"] != 202306)
        assert rounding <= 1600, "more than 16 tenge is no rounding"


def test_the_report_comes_from_the_entries_alone(imported):
    """Every view dropped and built again from the journal: the same figures. (The file was only read by the import.)"""
    path, read = imported
    before = [one.figures for one in reports(path, read)]
    assert Views.drop(str(path))
    assert [one.figures for one in reports(path, read)] == before


def test_importing_again_changes_nothing_and_a_revised_month_is_refused(imported):
    path, read = imported
    with Book.open(str(path)) as book, Views.open(str(path)) as views:
        views.follow(book)
        state = book.ledger.state_hash()
        known = BudgetImport(book, read, f"kz/{read.dataset}", views.published).run()
        assert (known.posted, known.rows, known.records) == ([], 0, 0)
        assert book.ledger.state_hash() == state


@pytest.fixture(scope="module")
def republic(tmp_path_factory):
    path = tmp_path_factory.mktemp("republic") / "kz.boyau"
    assert run(["init", str(path)]) == 0
    source = tmp_path_factory.mktemp("source") / "Республиканский бюджет.csv"
    source.write_bytes(shared_data("kz_budget", REPUBLICAN).read_bytes())
    assert run(["import", "budget", str(source), "--ledger", str(path)]) == 0
    source.unlink()  # the imported file is gone: nothing may need it any more
    return path


def said(capsys, *arguments):
    capsys.readouterr()
    code = run(list(arguments))
    return code, json.loads(capsys.readouterr().out)


def minor(text):
    return int(text.replace(".", ""))


def test_the_command_answers_with_what_was_compared_and_what_differs(republic, capsys):
    where = ["--ledger", str(republic)]
    code, answer = said(capsys, "report", "execution", "--month", "2024-12", "--check", "--json", *where)
    assert code == 0
    assert answer["compared"] == 2112
    assert answer["differences"] == []
    totals = {"1", "2", "4", "5", "7", "used_balances", "closing_balance"}
    assert {found["line"] for found in answer["contradictions"]} <= totals


def test_one_payment_moves_its_line_and_every_parent_by_just_that_amount(republic, capsys, tmp_path):
    where = ["--ledger", str(republic)]
    _, before = said(capsys, "report", "execution", "--month", "2025-03", "--json", *where)
    payment = {
        "op": "pay",
        "id": "EXTRA-1",
        "from": "budget@kz/republican/2025/2/4/1/224",
        "to": "recipients@KZT",
        "amount": "0.07",
        "date": "2025-03-31",
    }
    (tmp_path / "one.ndjson").write_text(json.dumps(payment))
    assert run(["submit", str(tmp_path / "one.ndjson"), *where]) == 0
    assert run(["views", "drop", *where]) == 0
    _, after = said(capsys, "report", "execution", "--month", "2025-03", "--json", *where)
    moved = {}
    for old, new in zip(before["statements"][0]["lines"], after["statements"][0]["lines"], strict=True):
        names = [name for name in ("plg", "plgp", "plgo", "sumrg", "obz", "obzsumrg") if name in old]
        exact = {name: minor(new[name]) - minor(old[name]) for name in names}
        exact = {name: change for name, change in exact.items() if change}
        if exact:
            moved[new["line"]] = exact
    line = {"sumrg": 7, "obz": 7}
    assert moved == {
        "2": line,
        "2/4": line,
        "2/4/1": line,
        "2/4/1/224": line,
        "5": {"sumrg": -7},
        "7": {"sumrg": 7},
        "used_balances": {"sumrg": 7},
        "closing_balance": {"sumrg": -7},
    }
    code, checked = said(capsys, "report", "execution", "--month", "2025-03", "--check", "--json", *where)
    assert code == 1
    assert {(found["line"], found["column"]) for found in checked["differences"]} == {
        (path, column) for path, columns in moved.items() for column in columns
    }
    _, earlier = said(capsys, "report", "execution", "--month", "2025-02", "--check", "--json", *where)
    assert earlier["differences"] == []


def test_views_and_tree_of_the_republic_stand_beside_each_other_in_one_ledger(republic, capsys):
    where = ["--ledger", str(republic)]
    more = [str(shared_data("kz_budget", name)) for name in FILES if name.startswith("РБ_")]
    assert run(["import", "budget", *more, *where]) == 0
    code, answer = said(capsys, "report", "execution", "--month", "2023-05", "--check", "--json", *where)
    assert code == 0
    assert answer["compared"] > 2148
    assert answer["differences"] == []


def test_a_statement_with_other_figures_for_a_known_month_is_refused_whole(republic, capsys, tmp_path):
    source = tmp_path / "Республиканский бюджет.csv"
    text = shared_data("kz_budget", REPUBLICAN).read_text(encoding="utf-8-sig")
    changed = text.replace("20194797994.0", "20194797995.0", 1)
    source.write_text(changed, encoding="utf-8")
    capsys.readouterr()
    assert run(["import", "budget", str(source), "--ledger", str(republic)]) == 1
    assert "was imported before with other figures" in capsys.readouterr().err
