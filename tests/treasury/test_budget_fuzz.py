"""Whatever is handed in: a statement or mapping comes out, or the one declared error, soon and in little memory."""

import time
import tracemalloc
from functools import cache
from importlib import resources

import pytest
from budget_files import HEADER, csv, line
from hypothesis import given, settings
from hypothesis import strategies as st

from boyau.treasury.budget import mapping_file, statement
from boyau.treasury.budget.execution import operations
from boyau.treasury.budget.findings import findings
from boyau.treasury.budget.mapping_choice import choose
from boyau.treasury.budget.problems import PROBLEMS_MAX, BudgetFileError
from shared_data import shared_data

TREE = next(each for each in mapping_file.builtin() if each.name == "tree")
FLAT = next(each for each in mapping_file.builtin() if each.name == "economic")
GOOD = csv(
    line(1, "1.0", "I. ДОХОДЫ", plan="5.0", paid="-1.5"),
    line(2, "1.0", "НАЛОГОВЫЕ ПОСТУПЛЕНИЯ", "1.0", plan="5.0", paid="-1.5"),
    line(3, "2.0", "II. ЗАТРАТЫ", plan="7.0", plgo="4.0", paid="1.0", obz="2.5", unpaid="1.4999999999999998"),
    line(4, "12.0", "Транспорт", "3.0", plan="7.0", plgo="4.0", paid="1.0", obz="2.5", unpaid="1.5"),
    line(5, "3.0", "III. ЧИСТОЕ БЮДЖЕТНОЕ КРЕДИТОВАНИЕ", paid="0.0"),
    line(6, "", "БЮДЖЕТНЫЕ КРЕДИТЫ", "5.0"),
    line(7, "", "ИСПОЛЬЗУЕМЫЕ ОСТАТКИ", paid="2.5"),
    line(1, "2.0", "II. ЗАТРАТЫ", month="02.2024", plan="7.0", obz="2.5", unpaid="2.5"),
)
BITS = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b";", b"\n", b'"', b"\r", b"\0", b"-", b".", b"e9", b"nan", b"9" * 30, b"\xff", b"\xd0", b"01.2024"]
    ),
)
EDITS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 30), BITS), min_size=1, max_size=6)
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", "1.0", "-1.0", "1e9", "inf", "2", "01.2024", "II. ЗАТРАТЫ", "ДЕФИЦИТ", '"']),
)


def edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for place, length, new in edits:
        at = place % (len(data) + 1)
        data = data[:at] + new + data[at + length :]
    return data


def whole_or_refused(data: bytes, mapping) -> None:
    refused = None
    try:
        found = statement.parse(data, "f.csv", mapping)
    except BudgetFileError as error:
        refused = error
    if refused is not None:
        assert 0 < len(refused.problems) <= min(PROBLEMS_MAX, refused.count)
        assert all(each.message and each.remedy and each.line >= 0 for each in refused.problems)
        assert len(str(refused)) < PROBLEMS_MAX * 2500
        return
    findings(found)
    for months in found.years().values():
        state = {}
        for month in months:
            _, state = operations(state, found.months[month], month, found.mapping)


@given(st.binary(max_size=400), st.sampled_from([None, TREE, FLAT]))
def test_any_bytes(data, mapping):
    whole_or_refused(data, mapping)


@given(EDITS, st.sampled_from([None, TREE]))
@settings(max_examples=500, deadline=None)
def test_a_damaged_file(edits, mapping):
    whole_or_refused(edited(GOOD, edits), mapping)


@given(st.lists(st.lists(TEXTS, min_size=15, max_size=15), max_size=6))
@settings(deadline=None)
def test_any_fields(rows):
    text = "\n".join([HEADER, *(";".join(row) for row in rows)])
    whole_or_refused(text.encode("utf-8", "replace"), TREE)


SMALL = st.integers(0, 6)
SHAPES = st.lists(st.tuples(SMALL, SMALL, SMALL, st.booleans(), st.integers(-3, 9)), max_size=12)


@given(SHAPES)
@settings(max_examples=300, deadline=None)
def test_any_tree(shapes):
    """Parents that are missing, above themselves, or in another place; codes twice; sections anywhere."""
    names = ["I. ДОХОДЫ", "II. ЗАТРАТЫ", "III. ЧИСТОЕ", "ПОГАШЕНИЕ ЗАЙМОВ", "V. ДЕФИЦИТ", "x", "VII. ФИНАНСИРОВАНИЕ"]
    lines = []
    for number, (code, name, parent, early, amount) in enumerate(shapes, 1):
        month, figure = "01.2024" if early else "02.2024", f"{amount}.0"
        lines.append(line(number, str(code or ""), names[name], parent or "", month, plan=figure, paid=figure))
    whole_or_refused(csv(*lines), TREE)


@cache
def real() -> bytes:
    return shared_data("kz_budget", "местный_бюджет_г_Астана.csv").read_bytes()[: 1 << 17]


@given(EDITS)
@settings(max_examples=25, deadline=None)
def test_a_damaged_real_file(edits):
    whole_or_refused(edited(real(), edits), None)


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda data: data.decode("latin-1"))))
def test_any_text_as_a_mapping(text):
    with pytest.raises(BudgetFileError):
        mapping_file.parse(text, "m.toml")


MAPPING = (resources.files("boyau.treasury.budget") / "mappings" / "tree.toml").read_text("utf-8")
WORDS = ["", "[", "]", "=", '"', "'", "(", "1", "true", "[]", "{}", "key", "under", "formula", "-", "\n", "[[line]]\n"]
SPLICES = st.lists(st.tuples(st.integers(0, 20_000), SMALL, st.sampled_from(WORDS)), min_size=1, max_size=4)


@given(SPLICES)
@settings(max_examples=200, deadline=None)
def test_a_damaged_mapping(splices):
    text = MAPPING
    for place, length, new in splices:
        at = place % (len(text) + 1)
        text = text[:at] + new + text[at + length :]
    try:
        mapping = mapping_file.parse(text, "m.toml")
    except BudgetFileError as refused:
        whole = [each.message and each.remedy for each in refused.problems]
    else:
        whole = [True]
        whole_or_refused(GOOD, mapping)
    assert whole
    assert all(whole)


@pytest.mark.parametrize(
    "data",
    [
        csv(line(1, "1", "I. ДОХОДЫ")) + b'"' * 400_000,
        csv(line(1, "1", "I. ДОХОДЫ")) + b'"\n' * 200_000,
        csv(line(1, "1", "I. ДОХОДЫ")) + b";" * 400_000,
        csv(line(1, "1", "I. ДОХОДЫ"), line(2, "2", "9" * 400_000, plan="9" * 400_000)),
        csv(line(1, "1", "I. ДОХОДЫ"), *(line(n, "1", "А", n - 1) for n in range(2, 4_000))),
        csv(line(1, "1", "I. ДОХОДЫ"), *(line(n, "1", "А", n + 1) for n in range(2, 4_000))),
        csv(line(1, "1", "I. ДОХОДЫ"), *(line(n, str(n), "А", 1) for n in range(2, 4_000))),
        csv(
            line(1, "1", "I. ДОХОДЫ", month="01.1991"),
            *(line(1, "1", "I.", month=f"12.{y}") for y in range(1991, 2101)),
        ),
    ],
    ids=["quotes", "quoted lines", "fields", "digits", "deep", "circle", "wide", "years"],
)
def test_nothing_costs_much(data):
    """A hostile file of 400 kB takes seconds (the bound allows for a busy machine), and little memory."""
    begin = time.perf_counter()
    whole_or_refused(data, None)
    assert time.perf_counter() - begin < 30
    tracemalloc.start()  # apart: it slows everything down
    try:
        whole_or_refused(data, None)
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()


def test_choosing_a_mapping_fails_with_every_reason():
    with pytest.raises(BudgetFileError) as refused:
        choose(b"a;b\n1;2\n", "x.csv")
    assert all(name in str(refused.value) for name in ("tree", "economic", "functional", "investments"))
