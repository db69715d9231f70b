"""Small files that would become enormous: refused before or while they are unpacked, in bounded time and memory."""

import io
import resource
import time
from contextlib import suppress

import duckdb
import pytest

from boyau.journal.intake import IntakeError, TooLarge, Unpacked, parquet
from boyau.service.bodies import BATCH_LINES_MAX, read_batch
from boyau.service.problems import Problem

PARQUET, ARROW = "parquet", "arrow"
MOST = Unpacked(rows=1000, columns=20, cell_chars=100, chars=10_000)


def file(tmp_path, select):
    path = tmp_path / "x.parquet"
    with duckdb.connect() as db:
        db.execute(f"copy ({select}) to '{path}' (format parquet, compression zstd)")
    return path


def growth():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def test_a_file_of_millions_of_rows_is_refused_by_what_it_says_of_itself(tmp_path):
    data = file(tmp_path, "select 'pay' as op from range(30000000)").read_bytes()
    assert len(data) < 1 << 20
    before, began = growth(), time.monotonic()
    with pytest.raises(Problem) as told:
        read_batch(PARQUET, data)
    assert (told.value.status, str(BATCH_LINES_MAX) in told.value.detail) == (413, True)
    assert time.monotonic() - began < 5
    assert growth() - before < 500


def test_one_long_text_in_every_row_is_refused(tmp_path):
    path = file(tmp_path, "select repeat('x', 5000000) as op from range(500)")
    assert path.stat().st_size < 1 << 20
    before = growth()
    with pytest.raises(Problem, match="more than 4096 characters") as told:
        read_batch(PARQUET, path.read_bytes())
    assert told.value.status == 400
    assert growth() - before < 1500


@pytest.mark.parametrize(
    ("select", "error", "words"),
    [
        ("select 'pay' as op from range(1001)", TooLarge, "1001 rows"),
        ("select repeat('x', 101) as op", IntakeError, "100 characters"),
        ("select repeat('x', 90) as op from range(200)", IntakeError, "unpacked"),
        (f"select {', '.join(f'1 as c{k}' for k in range(21))}", IntakeError, "21 columns"),
        ("select range(10) as op", IntakeError, "lists and structures"),
        ("select {'a': 1} as op", IntakeError, "lists and structures"),
    ],
)
def test_each_bound_of_parquet(tmp_path, select, error, words):
    with pytest.raises(error, match=words):
        list(parquet(file(tmp_path, select), MOST))


def test_what_is_within_the_bounds_is_read(tmp_path):
    path = file(tmp_path, "select repeat('x', 90) as op, true as linked, 1.50::decimal(9, 2) as amount from range(100)")
    lines = list(parquet(path, MOST))
    assert [lines[0].value, len(lines)] == [{"op": "x" * 90, "linked": True, "amount": "1.50"}, 100]


# ---- Arrow ----------------------------------------------------------------------------------------------------------


def stream(table, **options):
    import pyarrow as pa

    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue()


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
@pytest.mark.parametrize("dictionary", [False, True])
def test_a_compressed_stream_is_refused_before_it_is_unpacked(compression, dictionary):
    pa = pytest.importorskip("pyarrow")
    column = pa.array(["x" * 1_000_000] * 100)
    data = stream(pa.table({"op": column.dictionary_encode() if dictionary else column}), compression=compression)
    assert len(data) < 1_200_000
    with pytest.raises(Problem, match="compressed"):
        read_batch(ARROW, data)


def test_each_bound_of_arrow():
    pa = pytest.importorskip("pyarrow")
    from boyau.service import arrow

    long = pa.DictionaryArray.from_arrays(pa.array([0] * 900), pa.array(["x" * 101]))
    wide = pa.DictionaryArray.from_arrays(pa.array([0] * 900), pa.array(["x" * 90]))
    for columns, error, words in (
        ({"op": pa.array(["a"] * 1001)}, TooLarge, "1000 rows"),
        ({"op": long}, IntakeError, "100 bytes"),
        ({"op": pa.array(["x" * 101])}, IntakeError, "100 bytes"),
        ({"op": wide}, IntakeError, "unpacked"),
        ({f"c{k}": pa.array([1]) for k in range(21)}, IntakeError, "21 columns"),
        ({"op": pa.array([[1]])}, IntakeError, "no type of a value"),
        ({"op": pa.array([1.5])}, IntakeError, "lose money"),
    ):
        with pytest.raises(error, match=words):
            arrow.read(stream(pa.table(columns)), MOST)
    table = pa.table({"op": pa.array(["pay", None]), "linked": pa.array([True, None]), "n": pa.array([5, 6])})
    assert [one.value for one in arrow.read(stream(table), MOST)] == [
        {"op": "pay", "linked": True, "n": "5"},
        {"n": "6"},
    ]


def test_a_damaged_stream_is_no_error_of_the_program():
    pa = pytest.importorskip("pyarrow")
    data = stream(pa.table({"op": pa.array(["pay", "pay"]).dictionary_encode(), "id": pa.array(["a", "b"])}))
    for at in range(0, len(data), 3):
        for bit in (0x01, 0x80):
            damaged = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            with suppress(Problem):  # or it is read: not every bit matters
                read_batch(ARROW, damaged)
