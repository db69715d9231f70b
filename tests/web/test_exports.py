"""Tables as files: read back by others' readers, exact to the last unit, safe in a spreadsheet, and of known origin."""

import csv
import io
import json
import re
import zipfile
from decimal import Decimal
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import URL, QueryParams

from boyau.language import language
from boyau.service.problems import Problem
from boyau.web import exports
from boyau.web.exports import Column, Sum
from tests.web.trail_count import data, get, minor

COLUMNS = [
    Column("name", "Имя"), Column("count", "Число", "integer"), Column("amount", "Сумма", "amount"),
    Column("packs", "Упаковки", "amount", 0), Column("day", "День", "date"),
]  # fmt: skip
BIG = 10**17
ROWS = [
    ('ТОО «Жол», "Ко"', 1, BIG, 5, 20_000),
    ("=1+1", 2, 12345, None, 20_001),
    ("+7 701", None, 0, 0, None),
    ("-5", 3, -150, 7, 20_002),
    ("@SUM(A1)", 4, 1, 1, 20_003),
    ("\tсчёт\nв две строки", 5, 10**18, 2**60, -40_000),
    (None, 1 << 62, (1 << 53) + 1, (1 << 53) - 1, 0),
    ("обычное", 6, Sum(123456, 3), 1, 1),
]  # fmt: skip
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Sealed:
    def batch(self, entry):
        assert entry == 41
        return SimpleNamespace(
            time=1_764_000_000_000_000, ledger=bytes(range(16)), end=42, root=b"\x01" * 32, hash=b"\x02" * 32
        )


def page(kind, entries=42):
    """A page as far as files need one."""
    url = URL(f"http://localhost/trail/kz?format={kind}&top=12&language=ru")
    request = SimpleNamespace(query_params=QueryParams(f"format={kind}"), url=url)
    reader = SimpleNamespace(rows=SimpleNamespace(entries=entries), sealed=Sealed())
    return SimpleNamespace(request=request, reader=reader, words=language("ru"))


def made(kind, rows=ROWS, columns=COLUMNS):
    return exports.export(page(kind), "trail", columns, rows, question="След =денег")


def sheet(body, number=1):
    """Read a sheet of a workbook: by cell the type and what it holds."""
    archive = zipfile.ZipFile(io.BytesIO(body))
    texts = ["".join(one.itertext()) for one in ET.fromstring(archive.read("xl/sharedStrings.xml"))]
    cells = {}
    for cell in ET.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml")).iter(f"{SHEET}c"):
        value = cell.find(f"{SHEET}v")
        assert cell.find(f"{SHEET}f") is None, "a formula"
        kind = cell.get("t", "n")
        if value is not None:
            cells[cell.get("r")] = (kind, texts[int(value.text)] if kind == "s" else value.text)
    return cells


def test_csv_is_read_by_spreadsheets_and_calculates_nothing():
    answer = made("csv")
    assert answer.body.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"] == 'attachment; filename="boyau-trail-42.csv"'
    rows = list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["name", "count", "amount", "packs", "day", "made_from"]
    assert [row[0] for row in rows[1:]] == [
        'ТОО «Жол», "Ко"', "'=1+1", "'+7 701", "'-5", "'@SUM(A1)", "'\tсчёт\nв две строки", "", "обычное",
    ]  # fmt: skip
    assert [row[2] for row in rows[1:]] == [
        "1000000000000000.00", "123.45", "0.00", "-1.50", "0.01", "10000000000000000.00", "90071992547409.93",
        "123.456",
    ]  # fmt: skip
    assert rows[1][4] == "2024-10-04"
    assert rows[3][3:5] == ["0", ""]
    assert "root: " + "01" * 32 in rows[1][5]
    assert "tip: " + "02" * 32 in rows[1][5]
    assert "entries: 42" in rows[1][5]
    assert "address: http://localhost/trail/kz?top=12" in rows[1][5]
    assert {row[5] for row in rows[2:]} == {""}


def test_json_has_amounts_as_texts():
    told = json.loads(made("json").body)
    assert told["about"] == {
        "question": "След =денег", "address": "http://localhost/trail/kz?top=12",
        "ledger": "00010203-0405-0607-0809-0a0b0c0d0e0f", "entries": "42", "root": "01" * 32, "tip": "02" * 32,
        "recorded": "2025-11-24T16:00:00+00:00",
    }  # fmt: skip
    assert told["rows"][0] == {
        "name": 'ТОО «Жол», "Ко"', "count": 1, "amount": "1000000000000000.00", "packs": "5", "day": "2024-10-04",
    }  # fmt: skip
    assert told["rows"][1]["name"] == "=1+1"
    assert told["columns"][2] == {"name": "amount", "title": "Сумма", "type": "amount", "scale": 2}


def test_parquet_has_whole_numbers_of_minor_units(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(made("parquet").body)
    with duckdb.connect() as database:
        asked = database.execute(f"select * from '{path}'")
        names = [one[0] for one in asked.description]
        rows = asked.fetchall()
        types = [one[1] for one in database.execute(f"describe select * from '{path}'").fetchall()]
        told = dict(database.execute(f"select key, value from parquet_kv_metadata('{path}')").fetchall())
    assert names == ["name", "count", "amount_minor", "packs_minor", "day"]
    assert types == ["VARCHAR", "BIGINT", "BIGINT", "BIGINT", "DATE"]
    assert [row[2] for row in rows] == [BIG, 12345, 0, -150, 1, 10**18, (1 << 53) + 1, 123456]
    assert [row[0] for row in rows] == [row[0] for row in ROWS], "nothing is quoted where nothing calculates"
    assert str(rows[0][4]) == "2024-10-04"
    assert rows[2][4] is None and rows[1][3] is None
    assert told[b"root"] == b"01" * 32
    assert told[b"amount_scale"] == b"2"
    assert told[b"question"] == "След =денег".encode()
    large = made("parquet", [("a", 1, 10**25, 0, 0)])
    path.write_bytes(large.body)
    with duckdb.connect() as database:
        assert int(database.execute(f"select amount_minor from '{path}'").fetchone()[0]) == 10**25


def test_xlsx_has_numbers_where_they_are_exact_and_texts_where_not():
    body = made("xlsx").body
    cells = sheet(body)
    assert [cells[f"{letter}1"] for letter in "ABCDE"] == [("s", column.title) for column in COLUMNS]
    assert cells["A3"] == ("s", "=1+1")
    assert cells["C2"] == ("s", "1000000000000000.00"), "a double would still hold it, a spreadsheet shows 15 digits"
    assert cells["C3"] == ("n", "123.45")
    assert cells["C5"] == ("n", "-1.5")
    assert cells["C7"] == ("s", "10000000000000000.00")
    assert cells["C8"] == ("s", "90071992547409.93")
    assert cells["D8"] == ("n", str((1 << 53) - 1))
    assert cells["D7"] == ("s", str(2**60))
    assert cells["B8"] == ("s", str(1 << 62))
    assert cells["C9"] == ("n", "123.456")
    assert cells["E2"] == ("n", "45569")
    assert cells["E7"] == ("s", "1860-06-26"), "no spreadsheet knows that day"
    assert "D3" not in cells, "nothing is nothing, not 0"
    about = sheet(body, 2)
    assert ("s", "01" * 32) in about.values() and ("s", "42") in about.values()
    archive = zipfile.ZipFile(io.BytesIO(body))
    assert 'state="frozen"' in archive.read("xl/worksheets/sheet1.xml").decode()
    assert made("xlsx").body == body, "the same ledger gives the same file"


@settings(max_examples=300, deadline=None)
@given(st.integers(-(10**19), 10**19), st.integers(0, 4))
def test_a_number_in_a_cell_is_the_amount_and_no_other(amount, scale):
    held = exports.cell(amount, scale)
    exact = Decimal(amount).scaleb(-scale)
    if isinstance(held, str):
        assert Decimal(held) == exact
    else:
        assert Decimal(f"{held:.16G}") == exact, "what the file will say"
        assert abs(amount) <= 1 << 53


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-(10**16), 10**16), min_size=1, max_size=40))
def test_the_workbook_says_the_amount_to_the_last_digit(amounts):
    """The library that writes it would say 79.40000000000001 for 79.4."""
    cells = sheet(made("xlsx", [(amount,) for amount in amounts], [Column("a", "a", "amount", 1)]).body)
    assert [Decimal(cells[f"A{line}"][1]) for line in range(2, len(amounts) + 2)] == [
        Decimal(amount).scaleb(-1) for amount in amounts
    ]


@pytest.mark.parametrize("kind", exports.FORMATS)
def test_an_empty_table_is_a_file_too(kind, tmp_path):
    answer = made(kind, [])
    if kind == "csv":
        assert "root: " in answer.body.decode()
    if kind == "parquet":
        path = tmp_path / "a.parquet"
        path.write_bytes(answer.body)
        with duckdb.connect() as database:
            assert database.execute(f"select count(*) from '{path}'").fetchone() == (0,)
    if kind == "json":
        assert json.loads(answer.body)["rows"] == []
    assert answer.body


def test_too_many_rows_are_refused_before_a_file_is_made(monkeypatch):
    monkeypatch.setattr(exports, "ROWS_MAX", 3)
    assert made("csv", ROWS[:3])
    with pytest.raises(Problem) as raised:
        made("csv", ROWS[:4])
    assert raised.value.status == 422


def test_a_format_there_is_none_of():
    with pytest.raises(Problem, match="format-unknown"):
        exports.wanted(page("pdf"))
    assert exports.wanted(page("csv")) is True
    assert exports.wanted(page("")) is False


# ---- the files of the pages ------------------------------------------------------------------------------------------

PATHS = ("/trail/sim/2025", "/trail/sim/2025?taker=unspent", "/colours", "/colours/sim/2025")


@pytest.mark.parametrize("path", PATHS)
def test_the_same_table_in_every_format(site, path, tmp_path):
    mark = "&" if "?" in path else "?"
    told = data(site, path)
    assert told["rows"]
    amounts = [one["name"] for one in told["columns"] if one["type"] == "amount"]
    exact = [[None if one[name] is None else minor(one[name]) for name in amounts] for one in told["rows"]]
    text = get(site, f"{path}{mark}format=csv")[1].decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [[minor(one[name]) if one[name] else None for name in amounts] for one in rows] == exact
    file = tmp_path / "a.parquet"
    file.write_bytes(get(site, f"{path}{mark}format=parquet")[1])
    with duckdb.connect() as database:
        columns = ", ".join(f"{name}_minor" for name in amounts)
        assert [list(one) for one in database.execute(f"select {columns} from '{file}'").fetchall()] == exact
    head, body = get(site, f"{path}{mark}format=xlsx")
    assert re.search(r'filename="boyau-[a-z-]+-\d+\.xlsx"', head["content-disposition"])
    cells = sheet(body)
    place = [one["name"] for one in told["columns"]].index(amounts[0])
    letter = "ABCDEFGHIJKLMNOP"[place]
    held = [cells.get(f"{letter}{line + 2}") for line in range(len(exact))]
    assert [None if one is None else int(Decimal(one[1]).scaleb(2)) for one in held] == [one[0] for one in exact]


def test_a_file_names_the_journal_it_was_made_from(site):
    about = data(site, "/trail/sim/2025")["about"]

    def look(book):
        batch = book.store.containing(book.entries - 1)
        return str(book.entries), batch.root.hex(), batch.hash.hex(), book.frontier.root().hex()

    entries, root, tip, now = site.book(look)
    assert (about["entries"], about["root"], about["tip"]) == (entries, root, tip)
    assert root == now
    assert about["address"] == f"{site.url}/trail/sim/2025"
