"""What people hand in: the same lines in every format, and a clear word about each line that cannot be read."""

import io

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boyau.journal import intake
from boyau.journal.intake import IntakeError, Line

LINES = [
    {"op": "issue", "id": "I1", "from": "issuer@kz", "to": "budget@kz", "amount": "100.00"},
    {"op": "allocate", "id": "A1", "from": "budget@kz", "to": "budget@kz/road", "amount": "60.00", "linked": True},
    {"op": "pay", "id": "P1", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "1.50", "item": "CPV:45"},
]
COLUMNS = ["op", "id", "from", "to", "amount", "linked", "item"]


def csv_text(separator=",", end="\n"):
    cell = lambda value: {True: "true", None: ""}.get(value, value)  # noqa: E731
    return end.join(
        separator.join(map(cell, row)) for row in [COLUMNS, *([one.get(c) for c in COLUMNS] for one in LINES)]
    )


def parquet(path, select):
    with duckdb.connect() as db:
        db.execute(f"copy ({select}) to '{path}' (format parquet)")
    return path


def values(source):
    lines = list(source)
    assert not [line for line in lines if line.error], lines
    return [line.value for line in lines]


@pytest.fixture
def given_text(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    return write


def read(path):
    return list(intake.read(path, io.BytesIO()))


def whole_file_refused(path):
    with pytest.raises(IntakeError) as refused:
        read(path)
    return str(refused.value)


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["plain", "BOM"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_table_says_the_same_with_any_separator(given_text, separator, bom, end):
    path = given_text("x.csv", bom + csv_text(separator, end).encode() + end.encode())
    assert values(read(path)) == LINES
    assert [line.number for line in read(path)] == [2, 3, 4]


def test_every_format_gives_the_same_lines(given_text, tmp_path):
    import json

    text = "\n".join(json.dumps(one) for one in LINES)
    assert values(read(given_text("x.ndjson", text))) == LINES
    assert (
        values(read(given_text("x.jsonl", b"\xef\xbb\xbf# a remark\n\n" + text.replace("\n", "\r\n\r\n").encode())))
        == LINES
    )
    assert values(intake.read("-", io.BytesIO(text.encode()))) == LINES
    assert values(read(given_text("x.tsv", csv_text("\t")))) == LINES
    rows = ", ".join(
        f"('{one['op']}', '{one['id']}', '{one['from']}', '{one['to']}', {one['amount']}::decimal(18,2),"
        f" {one.get('linked', 'null')}, {repr(one['item']) if 'item' in one else 'null'})"
        for one in LINES
    )
    select = f"""select * from (values {rows}) t("op", "id", "from", "to", "amount", "linked", "item")"""
    path = parquet(tmp_path / "x.parquet", select)
    assert values(read(str(path))) == LINES
    text_path = parquet(
        tmp_path / "y.parquet", select.replace("select *", "select * replace (amount::varchar as amount)")
    )
    assert values(read(str(text_path))) == LINES


def test_a_cell_may_hold_separators_quotes_and_line_ends(given_text):
    path = given_text("x.csv", 'id,name\n1,"a, ""b""\nc"\n2,d\n')
    assert values(read(path)) == [{"id": "1", "name": 'a, "b"\nc'}, {"id": "2", "name": "d"}]
    assert [line.number for line in read(path)] == [3, 4]


def test_one_bad_line_of_json_is_told_and_hides_no_other(given_text):
    bad = [b'{"op": "pay", ', b"\xff\xfe{}", b'{"a": 1.5}', b'{"a": 1, "a": 2}', b"x" * 1_000_000, b"\x00\x01\x02",
           b'{"a": "\\ud800"}', b"[" * 60_000]  # fmt: skip
    data = b'{"n": 0}\n' + b"".join(one + b'\n{"n": 1}\n' for one in bad) + b'{"n": 2}'
    lines = read(given_text("x.ndjson", data))
    assert [line.number for line in lines] == list(range(1, 2 * len(bad) + 3))
    errors = [line.error for line in lines if line.error]
    words = ["not JSON at character", "not UTF-8 at byte 0", "floating-point", "twice", "longer than 65536 bytes",
             "not JSON", "surrogate", "nested deeper"]  # fmt: skip
    assert len(errors) == len(words)
    for error, word in zip(errors, words, strict=True):
        assert word in error
        error.encode()
    assert [line.value["n"] for line in lines if not line.error] == [0, *[1] * len(bad), 2]


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 65_538, 65_539, 131_073, 200_000])
@pytest.mark.parametrize("end", [b"", b"\n", b'\n{"n": 1}\n'])
def test_lines_around_the_longest_that_is_read(given_text, size, end):
    lines = read(given_text("x.ndjson", b'"' + b"x" * (size - 2) + b'"' + end))
    assert bool(lines[0].error) == (size > 65_536)
    assert len(lines) == 1 + (b"1" in end)
    assert not lines[-1].error or len(lines) == 1


def test_a_line_of_a_table_with_too_few_or_too_many_cells_is_told_and_hides_no_other(given_text):
    lines = read(given_text("x.csv", "op,id,amount\npay,1\npay,2,3.00\n\npay,3,4.00,5\npay,4,1.00\n"))
    assert [(line.number, line.error) for line in lines] == [
        (2, "2 fields where the header names 3"), (3, ""), (5, "4 fields where the header names 3"), (6, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "line 1: every column needs a name"),
        (b"\n1\n", "line 1: every column needs a name"),
        (b"a,a\n1,2\n", "line 1: every column needs a name"),
        (b"a,,b\n", "line 1: every column needs a name"),
        (b"a\rb\r1\r2\r", "line 1"),
        ("op,id\npay,Ж\n".encode("cp1251"), "line 2, byte 5: not UTF-8; save the file as UTF-8"),
        ("op,id\n".encode("utf-16"), "line 1, byte 1: not UTF-8"),
        (b'op,id\npay,"x\n', "line 2"),
        (b'op,id\npay,"x"y\n', "line 2"),
        (b"op\n" + b"x" * 70_000, "line 2: longer than"),
        (b'op\n"' + b"x\n" * 70_000 + b'"', "field larger"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(given_text, data, words):
    assert words in whole_file_refused(given_text("x.csv", data))


@pytest.mark.parametrize("kind", ["double", "float"])
def test_parquet_with_floating_point_is_refused_whole(tmp_path, kind):
    path = parquet(tmp_path / "x.parquet", f"select 'pay' as op, 1.5::{kind} as amount")
    assert "column amount: floating-point numbers lose money" in whole_file_refused(str(path))


def test_what_is_no_parquet_or_no_file(given_text, tmp_path):
    assert "cannot be read as Parquet" in whole_file_refused(given_text("x.parquet", b"PAR1 or so"))
    assert "cannot be read as Parquet" in whole_file_refused(given_text("y.parquet", b""))
    assert "there is no file" in whole_file_refused(str(tmp_path / "none.csv"))
    assert "there is no file" in whole_file_refused(str(tmp_path))


def test_columns_of_parquet_may_have_any_name(tmp_path):
    path = parquet(tmp_path / "x.parquet", """select 'a' as "odd "" name", date '2026-11-24' as date, 5::bigint as n""")
    assert values(read(str(path))) == [{'odd " name': "a", "date": "2026-11-24", "n": "5"}]


def test_a_line_that_is_unreadable_but_says_it_is_linked_is_known_to_be(given_text):
    (line,) = read(given_text("x.ndjson", b'{"op": "pay", "linked" : true, "amount": 1.5}\n'))
    assert line.error
    assert line.value == {"linked": True}
    line, _ = read(given_text("x.csv", b"op,linked\npay,true,7\npay,\n"))
    assert line.error
    assert line.value == {"linked": True}


CSVISH = st.text(st.sampled_from('a1,;\t"\r\n\0 Ж')).map(str.encode)


@given(st.binary(max_size=400) | CSVISH)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_lines_or_an_intake_error(tmp_path, data):
    for line in intake.ndjson(io.BytesIO(data)):
        assert isinstance(line, Line)
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    try:
        for line in intake.table(path):
            assert isinstance(line, Line)
            assert line.error or all(isinstance(v, str | bool) for v in line.value.values())
    except IntakeError as error:
        assert "x.csv" in str(error)  # noqa: PT017
