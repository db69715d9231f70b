"""A table of a page as a file: CSV, XLSX, Parquet, JSON. What is seen is what is downloaded, every unit exact.

Amounts are integers of minor units; a file has them

- in CSV and JSON as exact decimal texts of major units (``"1234.56"``), never as JSON numbers;
- in Parquet as whole numbers of minor units in a column ``NAME_minor``, with the decimal places in the file's metadata;
- in XLSX as numbers where a spreadsheet can hold them to the last unit, else as texts: its cells are doubles.

Every file names the question, the address, the number of entries it was made from, and the journal's root and tip
there, by which anybody can tell whether it was made from this ledger: in XLSX and JSON beside the rows, in Parquet in
the metadata, in CSV in the column ``made_from`` of the first row, so that the table stays a table.
"""

import csv
import datetime as dt
import io
import json
import tempfile
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

from fastapi import Response

from boyau.language.catalogue import mark as _
from boyau.ledger import amounts, codes
from boyau.service.problems import Problem
from boyau.web.pages import Page

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}
ROWS_MAX = 100_000
"""Rows of one file; the whole journal is in the open data."""
EXACT_MAX = 1 << 53
"""Beyond, a double does not tell neighbouring whole numbers apart."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A text that begins so would be calculated, or sent somewhere, by the spreadsheet that opens it."""
_WIDTHS = {"text": 28, "integer": 12, "amount": 20, "date": 12}
_SMALL = 1 << 63
_FIRST_DAY = -25_500
"""Spreadsheets know no day before 1900-03-01 that all of them agree on."""

Kind = Literal["text", "integer", "amount", "date"]
Row = Sequence[Any]


class Sum(NamedTuple):
    """An amount with the decimals of its own unit, in tables of several units."""

    minor: int
    scale: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in files for machines, its title for people, what its values are.

    text: str; integer: int; amount: int of minor units with ``scale`` decimals, or a ``Sum`` that has its own; date:
    int of days since 1970-01-01. None is an empty cell of any kind.
    """

    name: str
    title: str
    kind: Kind = "text"
    scale: int = 2


@dataclass(frozen=True, slots=True)
class About:
    """What a file was made from."""

    question: str
    address: str
    ledger: str
    entries: int
    root: str
    tip: str
    recorded: str

    def facts(self) -> dict[str, str]:
        """Return it as texts, by name."""
        return {
            "question": self.question, "address": self.address, "ledger": self.ledger, "entries": str(self.entries),
            "root": self.root, "tip": self.tip, "recorded": self.recorded,
        }  # fmt: skip


_NAMES = {
    "question": _("Question"), "address": _("Address"), "ledger": _("Ledger"),
    "entries": _("Made from so many entries"), "root": _("Root of the journal there"),
    "tip": _("Hash of its last batch there"), "recorded": _("Journal time there"),
}  # fmt: skip


def wanted(page: Page) -> bool:
    """Tell whether a file is asked for. Raises a problem for a format there is none of."""
    name = page.request.query_params.get("format", "")
    if name and name not in FORMATS:
        words = page.words
        raise Problem(
            422, "format-unknown", words.text("There is no such format."),
            words.text("{given} was asked for; the formats are {known}.", given=name[:20], known=", ".join(FORMATS)),
        )  # fmt: skip
    return bool(name)


def export(
    page: Page, name: str, columns: Sequence[Column], rows: Iterable[Row], *, question: str = "", entries: int = 0
) -> Response:
    """Return *rows* in the format that the request asks for, as a file called after *name*.

    *question*: what the rows answer, in the reader's language; *entries*: from how many entries, by default all.
    """
    kind = page.request.query_params.get("format", "")
    kept: list[Row] = []
    for row in rows:
        if len(kept) == ROWS_MAX:
            raise too_many(page)
        kept.append(row)
    about = about_page(page, question or name, entries)
    data = {"csv": _csv, "json": _json, "parquet": _parquet, "xlsx": lambda *of: _xlsx(page, *of)}[kind](
        columns, kept, about
    )
    file = f"boyau-{name}-{about.entries}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"', "Vary": "Cookie, Accept-Language"}
    return Response(data, media_type=FORMATS[kind], headers=headers)


def too_many(page: Page) -> Problem:
    """Return the problem of a file that would have more than ``ROWS_MAX`` rows."""
    words = page.words
    told = words.text("These are more than {number} rows.", number=words.number(str(ROWS_MAX)))
    return Problem(422, "too-much", told, words.text("Narrow the question, or take the open data."))


def about_page(page: Page, question: str, entries: int = 0) -> About:
    """Return what a file of this page is made from."""
    entries = entries or page.reader.rows.entries
    url = page.request.url.remove_query_params(["format", "language"])
    if not entries:
        return About(question, str(url), "", 0, "", "", "")
    batch = page.reader.sealed.batch(entries - 1)
    recorded = dt.datetime.fromtimestamp(batch.time // 1_000_000, dt.UTC).isoformat()
    ledger = str(uuid.UUID(bytes=batch.ledger))
    return About(question, str(url), ledger, batch.end, batch.root.hex(), batch.hash.hex(), recorded)


def _sum(column: Column, value: "int | Sum") -> Sum:
    return value if isinstance(value, Sum) else Sum(value, column.scale)


def _plain(column: Column, value: Any) -> "str | int | None":
    """Return a value as machines read it: amounts and dates as texts."""
    if value is None:
        return None
    if column.kind == "amount":
        return amounts.write(*_sum(column, value))
    if column.kind == "date":
        return codes.day_text(value)
    return int(value) if column.kind == "integer" else str(value)


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _csv(columns: Sequence[Column], rows: Sequence[Row], about: About) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([*(column.name for column in columns), "made_from"])
    origin = "; ".join(f"{name}: {value}" for name, value in about.facts().items())
    for place, row in enumerate(rows or [[None] * len(columns)]):
        cells = []
        for column, value in zip(columns, row, strict=True):
            plain = _plain(column, value)
            cells.append(safe(plain) if column.kind == "text" and isinstance(plain, str) else plain)
        writer.writerow([*cells, "" if place else origin])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _json(columns: Sequence[Column], rows: Sequence[Row], about: About) -> bytes:
    told = [
        {"name": column.name, "title": column.title, "type": column.kind}
        | ({"scale": column.scale} if column.kind == "amount" else {})
        for column in columns
    ]
    data = [{column.name: _plain(column, value) for column, value in zip(columns, row, strict=True)} for row in rows]
    return json.dumps({"about": about.facts(), "columns": told, "rows": data}, ensure_ascii=False).encode()


def _parquet(columns: Sequence[Column], rows: Sequence[Row], about: About) -> bytes:
    import duckdb

    types: dict[str, str] = {}
    for place, column in enumerate(columns):
        whole = column.kind in ("amount", "integer")
        large = whole and any(row[place] is not None and not -_SMALL <= _whole(row[place]) < _SMALL for row in rows)
        name = f"{column.name}_minor" if column.kind == "amount" else column.name
        types[name] = "DECIMAL(38,0)" if large else "BIGINT" if whole else {"date": "DATE"}.get(column.kind, "VARCHAR")
    null = "\\N"  # a text of these two signs would be read as none; no name or title is
    told = about.facts() | {f"{column.name}_scale": str(column.scale) for column in columns if column.kind == "amount"}
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "rows.csv", Path(folder) / "rows.parquet"
        with source.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(types)
            for row in rows:
                cells = zip(columns, row, strict=True)
                writer.writerow([null if one is None else _cast(column, one) for column, one in cells])
        listed = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in types.items())
        metadata = ", ".join(f"{name}: {_quoted(value)}" for name, value in told.items())
        with duckdb.connect() as database:
            database.execute(
                f"copy (select * from read_csv({_quoted(str(source))}, header = true, auto_detect = false,"  # noqa: S608
                f" delim = ',', quote = '\"', escape = '\"', nullstr = {_quoted(null)}, parallel = false,"
                rf" new_line = '\r\n', columns = {{{listed}}})) to {_quoted(str(target))}"
                f" (format parquet, compression zstd, kv_metadata {{{metadata}}})"
            )
        return target.read_bytes()


def _whole(value: "int | Sum") -> int:
    return value.minor if isinstance(value, Sum) else value


def _cast(column: Column, value: Any) -> Any:
    """Return a value as the Parquet file is made from it."""
    if column.kind == "date":
        return codes.day_text(value)
    return _whole(value) if column.kind == "amount" else value


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Exact(float):
    """A number that is written as short as it can be: 79.4, where 16 digits would be 79.40000000000001."""

    __slots__ = ()

    def __format__(self, _spec: str) -> str:
        return str(int(self)) if self.is_integer() else repr(float(self))


def cell(minor: int, scale: int) -> "Exact | str":
    """Return an amount as a spreadsheet can hold it to the last unit: a number, else a text."""
    text = amounts.write(minor, scale)
    if abs(minor) > EXACT_MAX:
        return text
    number = Exact(text)
    return number if Decimal(f"{number}") == Decimal(text) else text


def _xlsx(page: Page, columns: Sequence[Column], rows: Sequence[Row], about: About) -> bytes:
    from xlsxwriter import Workbook

    out = io.BytesIO()
    # A text stays a text, whatever it begins with.
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd",
    }  # fmt: skip
    with Workbook(out, options) as book:
        if about.recorded:  # the same ledger gives the same file
            made = dt.datetime.fromisoformat(about.recorded).replace(tzinfo=None)
            book.set_properties({"created": made, "title": about.question[:255]})
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        right = book.add_format({"align": "right", "num_format": "@"})
        looks = {
            place: book.add_format({"num_format": "#,##0" + ("." + "0" * column.scale if column.scale else "")})
            for place, column in enumerate(columns)
            if column.kind == "amount"
        }
        whole, day = book.add_format({"num_format": "#,##0"}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet(page.words.text("Data")[:31])
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, _WIDTHS[column.kind])
            sheet.write_string(0, place, column.title, bold)
        for line, row in enumerate(rows, 1):
            for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                if value is None:
                    continue
                if column.kind == "date" and int(value) > _FIRST_DAY:
                    when = dt.datetime(1970, 1, 1) + dt.timedelta(days=int(value))  # noqa: DTZ001 - a cell has no zone
                    sheet.write_datetime(line, place, when, day)
                elif column.kind == "date":
                    sheet.write_string(line, place, codes.day_text(int(value)))
                elif column.kind == "text":
                    sheet.write_string(line, place, str(value))
                else:
                    held = cell(*_sum(column, value)) if column.kind == "amount" else cell(int(value), 0)
                    if isinstance(held, str):
                        sheet.write_string(line, place, held, right)
                    else:
                        sheet.write_number(line, place, held, looks.get(place, whole))
        if rows:
            sheet.autofilter(0, 0, len(rows), len(columns) - 1)
        told = book.add_worksheet(page.words.text("About")[:31])
        told.set_column(0, 0, 34)
        told.set_column(1, 1, 90)
        for line, (name, value) in enumerate(about.facts().items()):
            told.write_string(line, 0, page.words.text(_NAMES[name]), bold)
            told.write_string(line, 1, value)
    return out.getvalue()
