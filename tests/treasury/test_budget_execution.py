"""Months become operations that the ledger's rules allow at every step, and that give the published figures back."""

from collections import Counter

import pytest
from budget_files import FILES, Reference, csv, line, statement
from hypothesis import given, settings
from hypothesis import strategies as st

from boyau.treasury.budget.derive import derive
from boyau.treasury.budget.execution import Kind, Operation, close_year, operations, published
from boyau.treasury.budget.findings import findings
from boyau.treasury.budget.lines import UNITEMISED
from boyau.treasury.budget.reallocation import match
from boyau.treasury.budget.statement import Statement, parse

REPORTED = ("plan", "plan_payments", "plan_obligations", "paid", "obligations", "unpaid")
DIFFER = ("sum_differs", "balance_differs", "unpaid_differs", "figure_unexpected")
COMPARED = {  # figures compared, differences (each of them a finding)
    "Республиканский бюджет.csv": (56_772, 197),
    "местный_бюджет_Атырауская.csv": (52_236, 204),
    "местный_бюджет_Карагандинская.csv": (51_750, 196),
    "местный_бюджет_Костанайская.csv": (51_576, 184),
    "местный_бюджет_г_Астана.csv": (40_140, 197),
    "РБ_приоритетные_инвестиции.csv": (13_656, 0),
    "РБ_ведомств_классификация.csv": (6_714, 0),
    "РБ_функц_классификация.csv": (2_754, 0),
    "РБ_экон_классификация.csv": (1_134, 8),
    "Гос_функц_классификация.csv": (2_658, 0),
    "Гос_экон_классификация.csv": (1_134, 12),
}


def report(found: Statement) -> tuple[int, dict, list[Operation]]:
    """Run a statement through the reference ledger; return figures compared, differences, and all operations."""
    compared, differ, done = 0, {}, []
    for year, months in found.years().items():
        ledger, state = Reference(), {}
        for month in months:
            steps, state = operations(state, found.months[month], month, found.mapping)
            done += steps
            ledger.apply(steps)
            figures = derive(found.months[month], found.mapping, ledger.leaves()).figures
            for path, each in found.months[month].items():
                for column in REPORTED if each.name != UNITEMISED else ():
                    compared += 1
                    if figures[path][column] != each.figures[column]:
                        differ[month, path, column] = each.figures[column], figures[path][column]
        steps, state = close_year(state, year)
        done += steps
        ledger.apply(steps)
        assert not any(ledger.funds.values())
        assert not any(ledger.pending.values())
        assert not any(each.holds for each in state.values())
        assert not any(path not in ledger.lines for path in state)
    return compared, differ, done


@pytest.mark.parametrize("name", FILES)
def test_every_published_month_comes_back_from_its_entries(name):
    """Every line and parent of every month, to the last digit; what differs is what the publication contradicts."""
    found = statement(name)
    compared, differ, _ = report(found)
    assert (compared, len(differ)) == COMPARED[name]
    assert differ == {
        (each.month, each.path, each.column): (each.published, each.computed)
        for each in findings(found)
        if each.code in DIFFER and each.column in REPORTED
    }


def page(*figures: tuple[str, ...], code: str = "2", name: str = "II. ЗАТРАТЫ") -> list[str]:
    """Return the operations of one line over months of (plan, obligations, paid) in thousand tenge, one text each."""
    lines = []
    for number, (plan, obligations, paid) in enumerate(figures, 1):
        month = f"{number:02}.2024"
        lines.append(line(1, code, name, month=month, plan=plan, plgo=plan, plgp=plan, obz=obligations, paid=paid))
        lines.append(line(2, "1", "I. ДОХОДЫ", month=month))
    _, _, done = report(parse(csv(*lines), "b.csv"))
    texts = []
    for each in done:
        if each.kind not in (Kind.OPEN, Kind.LIMITS):
            place = each.ref.replace("2024-", "").replace("/2/", " ").replace("/", " ") if each.ref else ""
            texts.append(" ".join(filter(None, (each.key[5:7], each.kind.value, f"{each.amount / 10**5:g}", place))))
    return texts


def test_a_plan_is_issued_committed_and_paid_in_parts():
    assert page(("10.0", "4.0", "1.0"), ("12.0", "6.0", "5.5")) == [
        "01 issue 10",
        "01 allocate 10",
        "01 commit 4",
        "01 pay 1 01 commit 0",
        "02 issue 2",
        "02 allocate 2",
        "02 commit 2",
        "02 pay 3 01 commit 0",
        "02 pay 1.5 02 commit 0",
        "13 void 0 02 commit 0",
        "13 withdraw 6.5",
        "13 lapse 6.5",
    ]


def test_a_negative_month_is_a_return_of_the_latest_payment():
    assert page(("9.0", "5.0", "3.0"), ("9.0", "6.0", "4.0"), ("9.0", "5.0", "1.5"))[5:] == [
        "02 pay 1 01 commit 0",
        "03 return 1 02 pay 0",
        "03 return 1.5 01 pay 0",
        "03 commit 1.5",
        "13 void 0 01 commit 0",
        "13 void 0 02 commit 0",
        "13 void 0 03 commit 0",
        "13 withdraw 7.5",
        "13 lapse 7.5",
    ]


def test_obligations_given_up_are_released_and_the_plan_lapses():
    assert page(("9.0", "5.0", "3.0"), ("4.0", "3.5", "3.0"))[4:] == [
        "02 release 1.5 01 commit 0",
        "02 withdraw 5",
        "02 lapse 5",
        "13 void 0 01 commit 0",
        "13 withdraw 1",
        "13 lapse 1",
    ]


def test_obligations_beyond_the_plan_are_funded_and_overridden():
    data = csv(
        line(1, "2", "II. ЗАТРАТЫ", plan="3.0", plgo="3.0", plgp="3.0", obz="5.0", unpaid="5.0"),
        line(2, "1", "А", 1, plan="3.0", plgo="3.0", plgp="3.0", obz="5.0", unpaid="5.0"),
        line(1, "2", "II. ЗАТРАТЫ", month="02.2024", plan="6.0", plgo="6.0", plgp="6.0", obz="5.0", unpaid="5.0"),
        line(2, "1", "А", 1, month="02.2024", plan="6.0", plgo="6.0", plgp="6.0", obz="5.0", unpaid="5.0"),
    )
    _, differ, done = report(parse(data, "b.csv"))
    assert differ == {}
    over = [(each.key, dict(each.override), bool(each.reason)) for each in done if each.override is not None]
    both = {"plan": 200_000, "obligations": 200_000}
    assert over == [
        ("2024-01/2/limits/0", both, True),
        ("2024-01/2/1/limits/0", both, True),
        ("2024-02/2/1/limits/1", {}, True),
        ("2024-02/2/limits/1", {}, True),
    ]


def test_plan_moves_within_the_narrowest_group():
    moves, rest = match({"2/1/1": -5, "2/1/2": 3, "2/2/1": 4, "2/2/2": -1, "3/1/1": 2, "7/2": -2})
    assert moves == [("2/1/1", "2/1/2", 3), ("2/2/2", "2/2/1", 1), ("2/1/1", "2/2/1", 2)]
    assert rest == {"2/2/1": 1, "3/1/1": 2, "7/2": -2}


def test_receipts_come_before_refunds_and_count_per_payer():
    lines = []
    for month, total, one, other in (("01.2024", "2.0", "3.0", "-1.0"), ("02.2024", "2.5", "1.0", "1.5")):
        lines.append(line(1, "1", "I. ДОХОДЫ", month=month, paid=total))
        lines.append(line(2, "1", "А", 1, month=month, paid=one))
        lines.append(line(3, "2", "Б", 1, month=month, paid=other))
    _, differ, done = report(parse(csv(*lines), "b.csv"))
    assert differ == {}
    assert [(each.kind.value, each.line, each.amount) for each in done if each.kind in (Kind.RECEIVE, Kind.REFUND)] == [
        ("receive", "1/1", 300_000),
        ("refund", "1/2", 100_000),
        ("receive", "1/2", 250_000),
        ("refund", "1/1", 200_000),
    ]


def test_a_vanished_line_goes_to_zero_and_may_come_back():
    def month(number: int, *, there: bool) -> list[str]:
        at = f"{number:02}.2024"
        figures = {"plan": "4.0", "plgo": "4.0", "plgp": "4.0", "obz": "3.0", "paid": "2.0", "unpaid": "1.0"}
        lines = [line(1, "2", "II. ЗАТРАТЫ", month=at, **(figures if there else {}))]
        return [*lines, line(2, "1", "А", 1, month=at, **figures)] if there else lines

    _, differ, done = report(parse(csv(*month(1, there=True), *month(2, there=False), *month(3, there=True)), "b.csv"))
    assert differ == {}
    assert [each.kind.value for each in done if each.key.startswith("2024-02/2/1")] == [
        "return", "release", "withdraw", "limits",
    ]  # fmt: skip


def test_a_list_without_its_total_keeps_the_lines_where_they_were():
    head = "id;code;name;utv;utch;plg;plgp;plgo;sumrg;obz;obzsumrg;month"
    rows = ["1;0;Итого;2;2;2;2;2;1;1;0;02.2024", "2;7;Школы;2;2;2;2;2;1;1;0;02.2024"]
    data = csv(rows[1].replace("02.2024", "01.2024"), *rows, header=head)
    found = parse(data, "b.csv")
    assert [list(month) for month in found.months.values()] == [["total/7"], ["total", "total/7"]]
    _, differ, done = report(found)
    assert differ == {}
    assert [each.line for each in done if each.kind is Kind.OPEN] == ["total", "total/7", "total"]


def test_the_same_months_give_the_same_keys():
    found = statement(FILES[0])
    first, second = report(found)[2], report(found)[2]
    assert first == second
    assert len({each.key for each in first}) == len(first)


def test_published_figures_are_records_of_all_lines():
    found = statement(FILES[0])
    month = next(iter(found.months))
    records = published(found.months[month].values(), month)
    assert len(records) == len(found.months[month])
    assert Counter(each.kind for each in records) == {Kind.PUBLISHED: len(records)}


FIGURES = st.tuples(*[st.integers(0, 6)] * 5)  # plan, plan of obligations, plan of payments, obligations, paid
YEAR = st.lists(
    st.dictionaries(st.sampled_from(["1/1", "1/2", "2/1", "2/2/1", "2/2/2"]), FIGURES), min_size=1, max_size=6
)


@given(YEAR)
@settings(max_examples=300, deadline=None)
def test_any_months_whatever_can_be_entered(year):
    """Lines come and go, plans fall below what is used, execution exceeds every plan: the rules hold at every step."""
    lines = []
    for number, leaves in enumerate(year, 1):
        month = f"{number:02}.2024"
        lines.append(line(1, "1", "I. ДОХОДЫ", month=month))
        groups = {"": [0] * 5}
        for path, figures in leaves.items():
            parts = path.split("/")
            for depth in range(len(parts)):
                total = groups.setdefault("/".join(parts[:depth]), [0] * 5)
                total[:] = [one + other for one, other in zip(total, figures, strict=True)]
            groups[path] = list(figures)
        ids = {path: index for index, path in enumerate(groups, 2)}
        for path, (plan, plgo, plgp, obz, paid) in groups.items():
            parent = ids[path.rpartition("/")[0]] if path else ""
            code, name = (path.rpartition("/")[2], f"line {path}") if path else ("2", "II. ЗАТРАТЫ")
            amounts = {"plan": plan, "plgo": plgo, "plgp": plgp, "obz": obz, "paid": paid, "unpaid": obz - paid}
            lines.append(line(ids[path], code, name, parent, month, **{key: f"{v}.0" for key, v in amounts.items()}))
    found = parse(csv(*lines), "b.csv")
    _, differ, _ = report(found)
    above = {(e.month, e.path) for e in findings(found) if e.code == "paid_above_obligations"}
    for month, path, column in differ:
        assert column in ("obligations", "unpaid")
        assert any(place == month and (other + "/").startswith(path + "/") for place, other in above)
