"""What the publication contradicts in itself is listed with its figures, and nothing is adjusted."""

from collections import Counter

import pytest
from budget_files import FILES, TREES, csv, line, statement

from boyau.treasury.budget.derive import derive
from boyau.treasury.budget.findings import CODES, findings
from boyau.treasury.budget.lines import Month
from boyau.treasury.budget.statement import parse

EXPECTED = {
    "Республиканский бюджет.csv": {
        "balance_differs": 130, "identity_differs": 32, "memo_implied": 78, "line_vanished": 11,
        "paid_above_payments_plan": 9, "line_returned": 7, "line_renamed": 6, "sum_differs": 71,
        "obligations_above_obligations_plan": 5, "obligations_above_plan": 3, "noise": 1,
    },
    "местный_бюджет_Атырауская.csv": {
        "month_missing": 1, "sum_differs": 98, "balance_differs": 106, "identity_differs": 28, "line_vanished": 5,
        "line_renamed": 1, "noise": 1,
    },
    "местный_бюджет_Карагандинская.csv": {
        "month_missing": 2, "sum_differs": 90, "balance_differs": 106, "identity_differs": 16, "line_vanished": 6,
        "line_returned": 1, "line_renamed": 1, "noise": 1,
    },
    "местный_бюджет_Костанайская.csv": {
        "month_missing": 2, "sum_differs": 88, "balance_differs": 96, "identity_differs": 22, "line_vanished": 7,
        "line_renamed": 1, "noise": 1,
    },
    "местный_бюджет_г_Астана.csv": {
        "sum_differs": 98, "balance_differs": 99, "identity_differs": 21, "line_vanished": 2, "line_renamed": 1,
        "noise": 1,
    },
    "РБ_приоритетные_инвестиции.csv": {
        "paid_above_payments_plan": 26, "line_renamed": 2, "obligations_above_plan": 18,
        "obligations_above_obligations_plan": 16, "paid_above_plan": 13, "noise": 5,
    },
    "РБ_ведомств_классификация.csv": {
        "line_renamed": 3, "paid_above_payments_plan": 241, "obligations_above_plan": 1,
        "obligations_above_obligations_plan": 1, "noise": 1,
    },
    "РБ_функц_классификация.csv": {
        "paid_above_payments_plan": 103, "obligations_above_plan": 1, "obligations_above_obligations_plan": 1,
        "noise": 1,
    },
    "РБ_экон_классификация.csv": {
        "total_not_itemised": 27, "paid_above_payments_plan": 42, "sum_differs": 8, "noise": 1,
    },
    "Гос_функц_классификация.csv": {"line_vanished": 2, "noise": 1},
    "Гос_экон_классификация.csv": {"total_not_itemised": 27, "sum_differs": 12, "noise": 1},
}  # fmt: skip
JUNE = Month(2023, 6)


@pytest.mark.parametrize("name", FILES)
def test_the_findings_of_every_published_file(name):
    found = findings(statement(name))
    assert Counter(each.code for each in found) == EXPECTED[name]
    assert {each.code for each in found} <= CODES.keys()


@pytest.mark.parametrize("name", TREES)
def test_sums_and_balances_differ_by_rounding_only_but_for_june_2023(name):
    """Section totals are rounded apart from their lines: at most 16 tenge of trillions, and only in sums of execution.

    In June 2023 the republican sections III, IV and VII were published as plain sums of their lines.
    """
    for each in findings(statement(name)):
        if each.code not in ("sum_differs", "balance_differs") or (name == TREES[0] and each.month == JUNE):
            continue
        assert abs(each.difference) <= 1600
        assert each.column in ("paid", "obligations", "unpaid")
        assert "/" not in each.path  # never below a section
        assert each.path in {"1", "2", "3", "4", "5", "7", "used_balances", "closing_balance"}


@pytest.mark.parametrize("name", TREES)
def test_plans_agree_to_the_last_digit(name):
    """Every plan of every section and balance follows from its lines, in all months but the republican June 2023."""
    compared = 0
    found = statement(name)
    for month, lines in found.months.items():
        derived = derive(lines, found.mapping)
        for path, each in lines.items():
            for column in ("approved", "refined", "plan", "plan_payments", "plan_obligations"):
                if name != TREES[0] or month != JUNE or path not in ("3", "4", "7"):
                    assert derived.figures[path][column] == each.figures[column], (month, path, column)
                    compared += 1
    assert compared > 30_000


def test_the_line_that_was_committed_beyond_its_plan():
    found = [each for each in findings(statement(TREES[0])) if each.path == "2/12/1/228"]
    texts = [f"{each.month} {each.code} {statement(TREES[0]).printed(each.difference)}" for each in found]
    assert texts == [
        "2024-09 paid_above_payments_plan 2064503.992",
        "2024-10 obligations_above_obligations_plan 7092589.924",
        "2024-10 paid_above_payments_plan 5292739.075",
        "2024-11 obligations_above_plan 25260161.568",
        "2024-11 obligations_above_obligations_plan 41824200.568",
        "2024-11 paid_above_payments_plan 45611854.972",
    ]


def test_five_trillion_that_were_gone_for_a_month():
    found = [each for each in findings(statement(TREES[0])) if each.path == "2/6/1/213"]
    assert [(str(each.month), each.code) for each in found] == [
        ("2024-09", "line_vanished"),
        ("2024-10", "line_returned"),
    ]


def test_what_the_non_oil_deficit_implies():
    found = {(str(e.month), e.column): e.computed for e in findings(statement(TREES[0])) if e.code == "memo_implied"}
    assert found["2024-12", "plan"] == 1_367_922_901 * 10**5
    assert all(amount > 0 for amount in found.values())


def test_a_file_that_agrees_has_no_findings():
    data = csv(
        line(1, "1", "I. ДОХОДЫ", plan="5.0", paid="3.0"),
        line(2, "1", "НАЛОГОВЫЕ ПОСТУПЛЕНИЯ", 1, plan="5.0", paid="3.0"),
        line(3, "2", "II. ЗАТРАТЫ", plan="7.0", plgp="2.0", plgo="4.0", paid="1.0", obz="2.5", unpaid="1.5"),
        line(4, "5", "V. ДЕФИЦИТ", plan="-2.0", plgp="-2.0", paid="2.0"),
        line(5, "6", "VI. ФИНАНСИРОВАНИЕ ДЕФИЦИТА", plan="2.0", plgp="2.0", paid="-2.0"),
        line(6, "", "ПОСТУПЛЕНИЕ ЗАЙМОВ", 5, plan="2.0"),
        line(7, "", "ИСПОЛЬЗУЕМЫЕ ОСТАТКИ", plgp="2.0", paid="-2.0"),
        line(8, "", "Остатки бюджетных средств на начало года", paid="10.0"),
        line(9, "", "Остатки бюджетных средств на конец периода", paid="12.0"),
    )
    assert findings(parse(data, "b.csv")) == []


def test_unpaid_that_is_not_obligations_minus_paid():
    data = csv(line(3, "2", "II. ЗАТРАТЫ", plan="7.0", plgp="2.0", plgo="4.0", paid="1.0", obz="2.5", unpaid="1.4"))
    (found,) = findings(parse(data, "b.csv"))
    assert (found.code, found.column, found.published, found.computed) == ("unpaid_differs", "unpaid", 140_000, 150_000)


def test_each_contradiction_of_a_small_file():
    data = csv(
        line(1, "1", "I. ДОХОДЫ", plan="5.0", obz="1.0"),
        line(2, "2", "II. ЗАТРАТЫ", plan="7.0"),
        line(3, "1", "А", 2, plan="6.0", plgp="1.0", plgo="1.0", paid="2.0", obz="1.5", unpaid="-0.5"),
        line(4, "", "Что-то новое", plan="1.0"),
        line(5, "5", "V. ДЕФИЦИТ", plan="-2.0"),
        line(6, "", "Остатки бюджетных средств на конец периода", paid="3.0"),
        line(7, "3", "III. ЧИСТОЕ БЮДЖЕТНОЕ КРЕДИТОВАНИЕ"),
        line(8, "9", "ПРОЧЕЕ", 7),
        line(1, "2", "II. ЗАТРАТЫ", month="03.2024"),
        line(2, "2", "Б", 1, month="03.2024"),
    )
    found = [(str(each.month), each.code, each.path, each.column) for each in findings(parse(data, "b.csv"))]
    assert ("2024-02", "month_missing", "", "") in found
    assert ("2024-01", "figure_unexpected", "1", "obligations") in found
    assert ("2024-01", "sum_differs", "2", "plan") in found
    assert ("2024-01", "paid_above_obligations", "2/1", "paid") in found
    assert ("2024-01", "paid_above_payments_plan", "2/1", "paid") in found
    assert ("2024-01", "obligations_above_obligations_plan", "2/1", "obligations") in found
    assert ("2024-01", "not_derivable", "closing_balance", "") in found
    assert ("2024-01", "balance_differs", "5", "plan") in found
    assert [each[2][:1] for each in found if each[1] == "line_unrecognised"] == ["n", "3"]
    assert ("2024-03", "line_vanished", "2/1", "") in found
