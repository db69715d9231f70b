"""A published file is read whole or not at all; every problem says file, line, column and what to do."""

import pytest
from budget_files import HEADER, TREES, csv, line, statement

from boyau.treasury.budget import statement as reading
from boyau.treasury.budget.lines import Month
from boyau.treasury.budget.mapping import Nature
from boyau.treasury.budget.problems import PROBLEMS_MAX, BudgetFileError
from boyau.treasury.budget.table import FILE_BYTES_MAX

REVENUE = line(1, "1.0", "I. ДОХОДЫ", plan="5.0")
SPENDING = line(2, "2.0", "II. ЗАТРАТЫ", plan="3.0", plgp="1.0", plgo="2.0", paid="0.5", obz="1.5", unpaid="1.0")
GOOD = csv(REVENUE, SPENDING)


def problems(data: bytes, name: str = "b.csv") -> list[tuple[int, str, str]]:
    with pytest.raises(BudgetFileError) as refused:
        reading.parse(data, name)
    for each in refused.value.problems:
        assert each.file == name
        assert each.message
        assert each.remedy.endswith(".")
        assert len(str(each)) < 1500
    return [(each.line, each.column, each.code) for each in refused.value.problems]


def test_a_small_file_is_read():
    found = reading.parse(b"\xef\xbb\xbf" + GOOD, "местный_бюджет_Тест.csv")
    assert found.dataset == "local-test"
    assert list(found.months) == [Month(2024, 1)]
    revenue, spending = found.months[Month(2024, 1)].values()
    assert (revenue.path, revenue.nature, revenue.figures["plan"]) == ("1", Nature.RECEIPT, 500_000)
    assert (spending.path, spending.nature, spending.figures["unpaid"]) == ("2", Nature.EXPENDITURE, 100_000)


def test_windows_line_ends_and_blank_last_lines_are_no_matter():
    assert reading.parse(GOOD.replace(b"\n", b"\r\n") + b"\r\n\n", "b.csv").months == reading.parse(GOOD, "b").months


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [(0, "", "file_empty")]),
        (b" \n\n", [(0, "", "file_empty")]),
        (HEADER.encode() + b"\n", [(0, "", "file_empty")]),
        (GOOD.replace("ДОХОДЫ".encode(), "ДОХОДЫ".encode("cp1251")), [(2, "", "encoding_wrong")]),
        (GOOD.decode().encode("utf-16"), [(1, "", "encoding_wrong")]),
        (GOOD.replace(b";obz;", b";obl;"), [(1, "obz", "column_missing")]),
        (GOOD.replace(b";utv;", b";utw;"), [(1, "utv", "column_missing")]),
        (GOOD.replace(b";utv;utch;", b";utv;utv;"), [(1, "utv", "column_twice"), (1, "utch", "column_missing")]),
        (GOOD + b"3;3.0;III. ", [(4, "", "line_broken")]),
        (csv(REVENUE, "", SPENDING), [(3, "", "line_broken")]),
        (csv(REVENUE, SPENDING + ";1"), [(3, "", "line_broken")]),
        (csv(REVENUE, line(2, "2.0", '"II. ЗАТРАТЫ')), [(3, "", "quote_open")]),
        (csv(REVENUE, line("x", "2.0", "II. ЗАТРАТЫ")), [(3, "id", "id_unreadable")]),
        (csv(REVENUE, line("", "2.0", "II. ЗАТРАТЫ")), [(3, "id", "id_unreadable")]),
        (csv(REVENUE, line(1, "2.0", "II. ЗАТРАТЫ")), [(3, "id", "id_twice")]),
        (csv(REVENUE, line(2, "1.0", "Налог", 9)), [(3, "parent_id", "parent_unknown")]),
        (csv(REVENUE, line(2, "1.0", "Налог", "1.5")), [(3, "parent_id", "id_unreadable")]),
        (csv(REVENUE, line(2, "1", "A", 3), line(3, "1", "B", 2)), [(3, "parent_id", "parent_cycle")]),
        (csv(REVENUE, line(2, "1", "A", 2)), [(3, "parent_id", "parent_cycle")]),
        (csv(REVENUE, line(2, "1", "A", 1), line(3, "1.0", " a ", 1)), [(4, "code", "line_twice")]),
        (csv(REVENUE.replace("01.2024", "13.2024")), [(2, "month", "month_unreadable")]),
        (csv(REVENUE.replace("01.2024", "1.2024")), [(2, "month", "month_unreadable")]),
        (csv(REVENUE.replace("01.2024", "01.0024")), [(2, "month", "month_unreadable")]),
        (csv(line(1, "1.0", "I. ДОХОДЫ", paid="nan")), [(2, "sumrg", "amount_not_finite")]),
        (csv(line(1, "1.0", "I. ДОХОДЫ", paid="1e9")), [(2, "sumrg", "amount_exponent")]),
        (csv(line(1, "1.0", "I. ДОХОДЫ", paid="")), [(2, "sumrg", "amount_missing")]),
        (csv(line(1, "1.0", "I. ДОХОДЫ", paid="1 0")), [(2, "sumrg", "amount_unreadable")]),
        (csv(line(1, "1.0", "I. ДОХОДЫ", paid="1.234567")), [(2, "sumrg", "amount_too_fine")]),
        (csv(line(1, "1.0", "I. ДОХОДЫ", paid="9" * 15)), [(2, "sumrg", "amount_overflow")]),
        (csv(line(2, "2.0", "II. ЗАТРАТЫ", paid="-0.001")), [(2, "sumrg", "amount_negative")]),
        (csv(line(1, "1.0", "I. ДОХОДЫ", plgp="-1.0")), [(2, "plgp", "amount_negative")]),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(data, expected):
    assert problems(data) == expected


def test_receipts_and_balances_may_be_negative():
    data = csv(line(1, "1.0", "I. ДОХОДЫ", paid="-1.0"), line(2, "5.0", "V. ДЕФИЦИТ", paid="-1.0", plan="-2.0"))
    assert [each.figures["paid"] for each in reading.parse(data, "b").months[Month(2024, 1)].values()] == [-(10**5)] * 2


def test_all_problems_are_reported_together_up_to_a_limit():
    lines = [line(n, "1", "A", paid="x", obz="nan") for n in range(3, 103)]
    with pytest.raises(BudgetFileError) as refused:
        reading.parse(csv(REVENUE, *lines), "b.csv")
    assert len(refused.value.problems) == PROBLEMS_MAX
    assert refused.value.count == 200
    assert "and 150 more" in str(refused.value)


def test_a_line_cannot_change_sides_within_a_year():
    first = line(8, "4", "IV. САЛЬДО"), line(9, "", "ПРИОБРЕТЕНИЕ ФИНАНСОВЫХ АКТИВОВ", 8)
    later = (
        line(1, "4", "IV. САЛЬДО", month="02.2024"),
        line(2, "1", "ПОСТУПЛЕНИЯ ОТ ПРОДАЖИ ФИНАНСОВЫХ АКТИВОВ", 1, month="02.2024"),
    )
    reading.parse(csv(REVENUE, *first, *later), "b.csv")  # each name has its own place, whatever its code
    swapped = line(1, "1", "I. ДОХОДЫ", month="03.2024"), line(2, "2", "Прочее", month="03.2024")
    data = csv(line(1, "1", "I. ДОХОДЫ"), line(2, "2", "II. ЗАТРАТЫ"), *swapped)
    assert problems(data) == [(5, "", "nature_changed")]


def test_a_quote_within_a_name_is_part_of_it():
    data = csv(line(1, "1.0", 'I. ДОХОДЫ 7" и'), line(2, "2.0", 'II. "ЗАТРАТЫ"'))
    assert [each.name for each in reading.parse(data, "b").months[Month(2024, 1)].values()] == [
        'I. ДОХОДЫ 7" и', 'II. "ЗАТРАТЫ"',
    ]  # fmt: skip


def test_an_open_quote_costs_its_own_line_only():
    half = line(1, "1.0", '"I. ДОХОДЫ')
    data = csv(half, line(2, "2.0", "II. ЗАТРАТЫ", paid="x"), line(3, "3.0", "III. ЧИСТОЕ", plan="y"))
    found = problems(data)
    assert found[0] == (2, "", "quote_open")
    assert (3, "sumrg", "amount_unreadable") in found


def test_a_name_over_several_lines_is_one_line_of_the_file():
    wrapped = line(2, "2.0", "x").replace(";x;", ';"II. ЗАТРАТЫ\nи ""прочее""";')
    found = reading.parse(csv(REVENUE, wrapped, line(3, "5.0", "V. ДЕФИЦИТ", paid="x")[:-8] + ";01.2024").replace(
        b";x;", b";0.0;"), "b.csv")  # fmt: skip
    lines = list(found.months[Month(2024, 1)].values())
    assert lines[1].name == 'II. ЗАТРАТЫ\nи "прочее"'
    assert [each.number for each in lines] == [2, 3, 5]


def test_lines_that_share_a_code_are_told_apart_by_name_all_year():
    january = line(1, "2", "II. ЗАТРАТЫ"), line(2, "7", "Школы", 1), line(3, "7", "Больницы", 1)
    february = line(1, "2", "II. ЗАТРАТЫ", month="02.2024"), line(2, "7", "ШКОЛЫ", 1, month="02.2024")
    found = reading.parse(csv(REVENUE.replace("1;1.0", "9;1.0"), *january, *february), "b.csv")
    one, two = found.months.values()
    assert len(one) == 4
    assert set(two) < set(one)
    assert next(path for path in two if "/" in path).startswith("2/7-")


def test_lines_without_code_keep_their_place_by_name():
    found = statement(TREES[1]).months[Month(2024, 12)]
    assert {"1/1", "1/2", "1/3", "1/4", "3/1", "3/2", "4/1", "4/2", "7/1", "7/2"} <= set(found)
    assert {"used_balances", "opening_balance", "closing_balance", "reference_balances"} <= set(found)
    unknown = reading.parse(csv(REVENUE, line(2, "", "Новая строка")), "b.csv").months[Month(2024, 1)]
    again = reading.parse(csv(REVENUE, line(7, "", " новая  СТРОКА ")), "b.csv").months[Month(2024, 1)]
    assert list(unknown) == list(again)
    assert unknown[list(unknown)[1]].nature is Nature.MEMO


def test_codes_are_shown_with_their_zeros():
    lines = statement(TREES[0]).months[Month(2024, 12)]
    assert [lines[path].code_shown for path in ("2", "2/1", "2/12/1", "2/12/1/228", "1/1/1/5/2")] == [
        "2", "01", "1", "228", "2",
    ]  # fmt: skip
    assert lines["1/1/1/5"].code_shown == "05"


def test_files_that_are_absent_or_too_large(tmp_path):
    with pytest.raises(BudgetFileError, match="cannot be read"):
        reading.read(tmp_path / "none.csv")
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    with pytest.raises(BudgetFileError, match="Split it"):
        reading.read(large)


def test_all_sections_are_recognised_in_every_month_of_every_tree():
    need = {"revenue", "expenditure", "lending", "credits", "repayments", "assets", "financing", "loans", "opening"}
    for name in TREES:
        for month, lines in statement(name).months.items():
            roles = {each.role for each in lines.values()}
            assert need <= roles, (name, month, need - roles)
            assert roles >= {"deficit", "used", "closing"} or str(month) == "2023-06"
            assert all(each.nature is not Nature.MEMO or each.role for each in lines.values())
