"""What a lineage refuses, and what it checks of itself."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from trace_pages import journals, page

from boyau.trace import Lineage, TraceError
from boyau.trace.parts import check_conservation, pieces, sums

GOOD = {
    "debit": [0, 1],
    "credit": [1, 2],
    "amount": [5, 3],
    "entry_numbers": [7, 9],
    "issuer_flags": [True, False, False],
}


def build(**changed) -> Lineage:
    columns = {key: np.array(value) for key, value in (GOOD | changed).items()}
    return Lineage.of(**columns)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"debit": [0]}, "different length"),
        ({"debit": [0, 3]}, "names nothing"),
        ({"credit": [-1, 2]}, "names nothing"),
        ({"amount": [5, 0]}, "below 1"),
        ({"amount": [5, 6]}, "entry 9 pays 6"),
        ({"credit": [1, 1]}, "one account"),
        ({"entry_numbers": [9, 7]}, "do not rise"),
        ({"returns": [-1, 1]}, "precedes"),
        ({"returns": [1, -1]}, "precedes"),
        ({"returns": [0]}, "precedes"),
        ({"debit": [0, 0], "returns": [-1, 0]}, "another account"),
    ],
)
def test_refused(changed, reason):
    with pytest.raises(TraceError, match=reason):
        build(**changed)


def test_a_method_that_is_not_there():
    with pytest.raises(TraceError, match="no method lifo"):
        Lineage.of(*(np.array(GOOD[key]) for key in GOOD), "lifo")


def test_entries_are_found_by_number():
    one = build()
    assert one.place(9) == 1
    for number in (6, 8, 10):
        with pytest.raises(TraceError, match=f"entry {number} moved no money"):
            one.place(number)


def test_seeds_outside_the_journal():
    one = build()
    with pytest.raises(TraceError, match="names nothing"):
        one.forward([2])
    with pytest.raises(TraceError, match="outside its transfer"):
        one.backward(pieces(np.array([1]), np.array([0]), np.array([4])))
    with pytest.raises(TraceError, match="a stop for every account"):
        one.forward([0], np.array([True]))


def test_an_empty_journal():
    one = Lineage.of(*(np.empty(0, np.int64) for _ in range(4)), np.array([True]))
    assert len(one) == 0
    assert len(one.forward(np.empty(0, np.int64))) == len(one.backward(np.empty(0, np.int64))) == 0


def test_rows_of_the_journal_as_they_are():
    """Read-only, strided and unsigned, as a field of a row array is."""
    rows = np.zeros(2, np.dtype([("debit", "<u4"), ("credit", "<u4"), ("settled", "<i8")]))
    rows[:] = [(0, 1, 5), (1, 2, 3)]
    rows.flags.writeable = False
    one = Lineage.of(rows["debit"], rows["credit"], rows["settled"], np.arange(2), np.array([True, False, False]))
    assert one.parts.part.tolist() == [5, 3]


@pytest.mark.parametrize("column", ["part", "parent", "parent_offset", "child_offset", "first"])
@settings(max_examples=30, deadline=None)
@given(journal=journals())
def test_no_part_can_be_altered_unnoticed(column, journal):
    if not journal.rows:
        return
    lineage = journal.lineage()
    values = getattr(lineage.parts, column).copy()
    for place in {0, len(values) // 2, len(values) - 1}:
        for change in (1, -1):
            altered = values.copy()
            altered[place] += change
            if column == "first" and not 0 < place < len(values) - 1:
                continue
            if column == "parent_offset" and lineage.parts.parent[place] < 0:
                continue  # new money comes from nowhere
            parts = replace(lineage.parts, **{column: altered})
            with pytest.raises((TraceError, ValueError, IndexError)):
                check_conservation(lineage.debit, lineage.credit, lineage.amount, parts, lineage.issuer)


def test_sums_do_not_overflow():
    huge = np.full(9, (1 << 62) - 1)
    assert sums(np.zeros(9, np.int64), huge, 2).tolist() == [9 * ((1 << 62) - 1), 0]
    assert sums(np.array([1, 1]), np.array([2, 3]), 2).tolist() == [0, 5]


def test_amounts_at_the_limit_of_the_ledger():
    most = (1 << 62) - 1
    one = page(f"""1 T@KZT A@kz {most}
                   2 A@kz B@kz {most}
                   3 B@kz A@kz {most}
                   4 A@kz B@kz {most}""").lineage
    assert one.backward([3]).amount.tolist() == [most] * 4


def test_pieces_in_common_and_apart():
    one = pieces(np.array([0, 0, 2]), np.array([0, 10, 0]), np.array([5, 20, 9]))
    other = pieces(np.array([0, 0, 0]), np.array([3, 12, 15]), np.array([11, 13, 16]))
    _, _, both = one.common(other)
    assert list(zip(both.entry, both.begin, both.end, strict=True)) == [
        (0, 3, 5),
        (0, 10, 11),
        (0, 12, 13),
        (0, 15, 16),
    ]
    left = one.without(other)
    assert list(zip(left.entry, left.begin, left.end, strict=True)) == [
        (0, 0, 3), (0, 11, 12), (0, 13, 15), (0, 16, 20), (2, 0, 9),
    ]  # fmt: skip
