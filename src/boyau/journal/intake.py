"""Reading what people hand in: lines of JSON, CSV, Parquet. Each line becomes a value or an error that says where.

One bad line never hides another: the reader goes on, and the caller decides.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from boyau import codec

LINE_BYTES_MAX = codec.RECORD_BYTES_MAX
_CHUNK_ROWS = 8190
_TRUTH = {"true": True, "false": False}
_LINKED = re.compile(rb'"linked"\s*:\s*true')
"""A line that is no JSON may still say that it is linked, and then the chain it stands in is broken."""


class IntakeError(Exception):
    """The whole file cannot be read; the message says why and what to do."""


class TooLarge(IntakeError):  # noqa: N818 - says what it is
    """The file has more lines than may be."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number, and the value read, or what is wrong with it and in which field."""

    number: int
    value: Any = None
    error: str = ""
    field: str = ""


def read(source: str, stdin: BinaryIO) -> Iterator[Line]:
    """Read *source*: ``-`` for lines of JSON on standard input, else a file whose ending says its format."""
    if source == "-":
        return ndjson(stdin)
    path = Path(source)
    if not path.is_file():
        raise IntakeError(f"there is no file {source}")
    if path.suffix.lower() == ".parquet":
        return parquet(path)
    return table(path) if path.suffix.lower() in (".csv", ".tsv") else _closing(path)


def _closing(path: Path) -> Iterator[Line]:
    with path.open("rb") as stream:
        yield from ndjson(stream)


def _bounded(stream: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Yield (number, line, whole?) with lines cut at the limit, so that no line can fill the memory."""
    number = 0
    while line := stream.readline(LINE_BYTES_MAX + 2):
        number += 1
        whole = line.endswith(b"\n") or len(line) <= LINE_BYTES_MAX
        while not whole and (rest := stream.readline(LINE_BYTES_MAX)):
            if rest.endswith(b"\n"):
                break
        yield number, line, whole


def ndjson(stream: BinaryIO) -> Iterator[Line]:
    """Read one JSON object a line; empty lines and lines that begin with # are passed over."""
    for number, raw, whole in _bounded(stream):
        line = raw.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else raw.strip()
        if not line or line.startswith(b"#"):
            continue
        try:
            if not whole:
                raise codec.CodecError(f"longer than {LINE_BYTES_MAX} bytes")
            yield Line(number, codec.read_json(line))
        except codec.CodecError as error:
            yield Line(number, {"linked": True} if _LINKED.search(raw) else None, error=str(error))


def table(path: Path) -> Iterator[Line]:
    """Read CSV with a header line that names the fields; the separator is what the header uses: , ; or tab."""
    with path.open("rb") as stream:
        numbers: list[int] = []

        def texts() -> Iterator[str]:
            for number, raw, whole in _bounded(stream):
                numbers.append(number)
                if not whole:
                    raise IntakeError(f"{path}, line {number}: longer than {LINE_BYTES_MAX} bytes")
                try:
                    yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    raise IntakeError(
                        f"{path}, line {number}, byte {error.start + 1}: not UTF-8; save the file as UTF-8"
                    ) from None

        yield from _table(path, texts(), numbers)


def _table(path: Path, lines: Iterator[str], numbers: list[int]) -> Iterator[Line]:
    first = next(lines, None)
    if first is None:
        raise IntakeError(f"{path} is empty; its first line must name the fields")
    separator = max(",;\t", key=first.count)
    try:
        header = [name.strip() for name in next(csv.reader(io.StringIO(first), delimiter=separator), [])]
    except csv.Error as error:
        raise IntakeError(f"{path}, line 1: {error}") from None
    if not header or "" in header or len(set(header)) != len(header):
        raise IntakeError(f"{path}, line 1: every column needs a name of its own")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise IntakeError(f"{path}, line {numbers[-1]}: {error}") from None
        if not cells:
            continue
        if len(cells) != len(header):
            linked = {"linked": True} if "linked" in header and "true" in (cell.lower() for cell in cells) else None
            yield Line(numbers[-1], linked, error=f"{len(cells)} fields where the header names {len(header)}")
            continue
        yield Line(numbers[-1], _cells(zip(header, cells, strict=True)))


def _cells(cells: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in cells:
        if value in ("", None):
            continue
        out[name] = _TRUTH.get(str(value).lower(), value) if name in ("linked", "emergency", "withdrawn") else value
    return out


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a compressed file of a stranger may become: a small one can say that it is enormous."""

    rows: int
    columns: int = 100
    cell_chars: int = 4096
    chars: int = 256 << 20
    memory: str = "1GB"


def parquet(path: Path, most: Unpacked | None = None) -> Iterator[Line]:
    """Read Parquet: text columns, amounts as text or DECIMAL. Floating-point columns are refused whole.

    *most*: what it may become; beyond that it is refused before it is unpacked, or while it is.
    """
    import duckdb

    try:
        with duckdb.connect() as db:
            if most:
                _bound(db, path, most)
            found = db.execute("select * from read_parquet(?) limit 0", [str(path)])
            names = [(column[0], str(column[1])) for column in found.description or []]
            for name, kind in names:
                if kind in ("DOUBLE", "FLOAT"):
                    raise IntakeError(
                        f"{path}, column {name}: floating-point numbers lose money; store text or DECIMAL"
                    )
                if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
                    raise IntakeError(f"{path}, column {name}: lists and structures are no values")
            if most and len(names) > most.columns:
                raise IntakeError(f"{path}: has {len(names)} columns; at most {most.columns}")
            wanted = ", ".join(_wanted(name, kind, most) for name, kind in names)
            rows = db.execute(f"select {wanted} from read_parquet(?)", [str(path)])  # noqa: S608 - names are quoted
            number, chars = 0, 0
            while chunk := rows.fetchmany(_CHUNK_ROWS):
                for row in chunk:
                    number += 1
                    if most:
                        chars += _measured(path, row, most)
                        if chars > most.chars:
                            raise IntakeError(f"{path}: unpacked it is larger than {most.chars >> 20} MiB")
                    yield Line(
                        number, _cells((name, v) for (name, _), v in zip(names, row, strict=True) if v is not None)
                    )
    except duckdb.Error as error:
        raise IntakeError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def _bound(db: Any, path: Path, most: Unpacked) -> None:
    """Have the file refused by what it says of itself, and the engine keep to a bounded memory, whatever it is."""
    db.execute(f"set memory_limit = '{most.memory}'")
    db.execute("set max_temp_directory_size = '0B'")
    db.execute("set threads = 1")
    (rows,) = db.execute("select num_rows from parquet_file_metadata(?)", [str(path)]).fetchone()
    if rows > most.rows:
        raise TooLarge(f"{path}: has {rows} rows; at most {most.rows}")


def _wanted(name: str, kind: str, most: Unpacked | None) -> str:
    if kind == "BOOLEAN":
        return _quoted(name)
    text = f"cast({_quoted(name)} as varchar)"
    # One character more than may be, so that it is seen; a long text stands once in the file and in a million rows.
    return f"left({text}, {most.cell_chars + 1})" if most else text


def _measured(path: Path, row: tuple[Any, ...], most: Unpacked) -> int:
    sizes = [len(cell) for cell in row if isinstance(cell, str)]
    if sizes and max(sizes) > most.cell_chars:
        raise IntakeError(f"{path}: holds a text of more than {most.cell_chars} characters")
    return sum(sizes)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
