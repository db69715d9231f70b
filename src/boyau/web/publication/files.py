"""Writes the files: DuckDB reads the columns where they lie and streams them out, so that memory stays bounded.

Every file says of which entry it is and under which root hash, in the way of its format.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from boyau.ledger import Kind, Result
from boyau.web.publication import tables
from boyau.web.publication.datasets import DATASETS, DATE, FLAG, MONEY, NUMBER, XLSX_ROWS_MAX, Column, Dataset
from boyau.web.publication.masking import Masking
from boyau.web.publication.tables import Cells, Facts

MEMORY = "1GB"
COPY_BYTES = 1 << 24
_SQL = {NUMBER: "bigint", DATE: "date", FLAG: "boolean"}
NAMES = ("title_", "name_", "payer_name", "payee_name")
"""Columns of free text. In CSV what would be a formula to a spreadsheet stands behind an apostrophe there."""
_GUARD = r"case when regexp_matches({0}, '^[=+\-@\t\r\n]') then chr(39) || {0} else {0} end"
FIXED_ORDER = "set disabled_optimizers = 'join_order,build_side_probe_side'"
"""Rows stay in the order of the journal only where DuckDB looks names up for rows, and not rows for names."""


class Maker:
    """Makes the files of one moment in a folder. *threads*: how many DuckDB may use."""

    def __init__(self, found: Facts, masking: Masking, *, threads: int = 1) -> None:
        import duckdb

        self._found = found
        self._scale = max([2, *found.units.values()])
        self._db = duckdb.connect()
        for setting in (f"set threads = {threads}", f"set memory_limit = '{MEMORY}'", FIXED_ORDER):
            self._db.execute(setting)
        self._db.execute("set enable_progress_bar = false")
        self._small(tables.colours(found, masking), "colours")
        self._small(tables.participants(found, masking), "participants")
        self._small(tables.programmes(found, masking), "programmes")
        self._small(tables.checkpoints(found), "checkpoints")
        self._small(tables.accounts(found, masking), "account")
        self._rows()

    def close(self) -> None:
        """Give memory back."""
        self._db.close()

    # ---- reading ----------------------------------------------------------------------------------------------------

    def _small(self, cells: Cells, name: str) -> None:
        """Keep a table of names; what is registered would be read again as Python objects for every file."""
        arrays = {column: np.array(values, dtype=object) for column, values in cells.items()}
        if not len(next(iter(arrays.values()))):
            columns = ", ".join(f"null::varchar as {column}" for column in cells)
            self._db.execute(f"create table {name} as select {columns} limit 0")
            return
        self._db.register("cells", arrays)
        self._db.execute(f"create table {name} as select * from cells")  # noqa: S608 - names of ours
        self._db.unregister("cells")

    def _rows(self) -> None:
        rows = self._found.rows
        assert rows is not None
        self._small({"number": [int(k) for k in Kind], "kind": [k.name.lower() for k in Kind]}, "kind")
        self._small(tables.items(rows), "item")
        self._db.execute("create table power (scale integer, factor decimal(18, 9))")
        factors = [(k, "1" if k == 0 else f"0.{'1'.zfill(k)}") for k in range(10)]
        self._db.executemany("insert into power values (?, ?::decimal(18, 9))", factors)
        self._db.execute(
            "create table account_ as select number::bigint as number, who::varchar as who, name::varchar as name, "
            "colour::varchar as colour, account::varchar as account, unit::varchar as unit, plain::boolean as plain, "
            "factor from account join power on power.scale = account.scale::integer"
        )
        names = ("entry", "ref", "settled", "debit", "credit", "day", "kind", "result", "item")
        self._db.register("row_", {name: getattr(rows, name) for name in names})

    def _select(self, dataset: Dataset) -> str:
        money = f"decimal(38, {self._scale})"
        if dataset.name == "payments":
            return f"""
                select r.entry, date '1970-01-01' + r.day as date, k.kind as operation,
                  (r.settled::decimal(19, 0) * d.factor)::{money} as amount, d.unit, d.colour, d.who as payer,
                  d.name as payer_name, d.account as payer_account, c.colour as payee_colour, c.who as payee,
                  c.name as payee_name, c.account as payee_account, c.plain and not d.plain as plain,
                  coalesce(i.item::varchar, '') as item, case when r.ref >= 0 then r.ref end as refers_to
                from row_ r left join account_ d on d.number = r.debit left join account_ c on c.number = r.credit
                left join kind k on k.number::integer = r.kind left join item i on i.number::bigint = r.item
                where r.result = {int(Result.POSTED)}"""  # noqa: S608 - names and numbers of ours
        if dataset.name == "execution":
            return f"""
                select strftime(date '1970-01-01' + r.day, '%Y-%m') as month, d.colour, d.unit, k.kind as operation,
                  c.plain and not d.plain as plain, count(*) as operations,
                  (sum(r.settled::decimal(38, 0)) * any_value(d.factor))::{money} as amount
                from row_ r left join account_ d on d.number = r.debit left join account_ c on c.number = r.credit
                left join kind k on k.number::integer = r.kind
                where r.result = {int(Result.POSTED)} group by all order by all"""  # noqa: S608 - as above
        parts = []
        for column in dataset.columns:
            if column.type == MONEY:
                parts.append(f"(s.{column.name}::decimal(19, 0) * p.factor)::{money} as {column.name}")
            else:
                parts.append(f"s.{column.name}::{_SQL.get(column.type, 'varchar')} as {column.name}")
        scaled = any(column.type == MONEY for column in dataset.columns)
        join = "left join power p on p.scale = s.scale::integer" if scaled else ""
        return f"select {', '.join(parts)} from {dataset.name} s {join} order by 1"  # noqa: S608 - names of ours

    # ---- writing ----------------------------------------------------------------------------------------------------

    @property
    def about(self) -> dict[str, Any]:
        """What every file says of itself."""
        found = self._found
        return {"ledger": found.ledger.hex(), "entries": found.entries, "root": found.root_text}

    def count(self, dataset: Dataset) -> int:
        """Count the rows of a dataset."""
        (count,) = self._db.execute(f"select count(*) from ({self._select(dataset)})").fetchone()  # noqa: S608 - ours
        return int(count)

    def write(self, dataset: Dataset, form: str, path: Path) -> None:
        """Write one file."""
        _WRITERS[form](self, dataset, path)

    def csv(self, dataset: Dataset, path: Path) -> None:
        """Write commas; the remark before them is what CSV on the Web calls a comment."""
        told = self.about
        head = f"# boyau {dataset.name}; ledger {told['ledger']}; entries {told['entries']}; root {told['root']}\n"
        guarded = [f"{_GUARD.format(one.name)} as {one.name}" for one in dataset.columns if one.name.startswith(NAMES)]
        replaced = f" replace ({', '.join(guarded)})" if guarded else ""
        select = f"select *{replaced} from ({self._select(dataset)})"  # noqa: S608 - names of ours
        self._copied(select, path, "(format csv, header true)", head.encode())

    def parquet(self, dataset: Dataset, path: Path) -> None:
        """Write columns."""
        told = ", ".join(f"{name}: '{value}'" for name, value in (self.about | {"dataset": dataset.name}).items())
        options = f"(format parquet, compression zstd, kv_metadata {{{told}}})"
        self._db.execute(f"copy ({self._select(dataset)}) to '{_quoted(path)}' {options}")

    def jsonl(self, dataset: Dataset, path: Path) -> None:
        """Write objects; sums are texts."""
        sums = [f"{one.name}::varchar as {one.name}" for one in dataset.columns if one.type == MONEY]
        replaced = f" replace ({', '.join(sums)})" if sums else ""
        head = json.dumps({"_about": {"dataset": dataset.name} | self.about}, separators=(",", ":")) + "\n"
        select = f"select *{replaced} from ({self._select(dataset)})"  # noqa: S608 - names of ours
        self._copied(select, path, "(format json)", head.encode())

    def xlsx(self, dataset: Dataset, path: Path) -> None:
        """Write a workbook with the newest rows, and a sheet that says what it is."""
        import xlsxwriter

        count = self.count(dataset)
        left_out = max(0, count - XLSX_ROWS_MAX)
        with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False,
                                             "strings_to_urls": False}) as book:  # fmt: skip
            sheet = book.add_worksheet(dataset.name)
            sheet.freeze_panes(1, 0)
            heads = book.add_format({"bold": True})
            for k, column in enumerate(dataset.columns):
                sheet.write_string(0, k, column.name, heads)
            forms = [_form(book, column, self._scale) for column in dataset.columns]
            for number, row in enumerate(self._fetched(dataset, left_out), 1):
                for k, value in enumerate(row):
                    if value is not None:
                        _cell(sheet, number, k, value, dataset.columns[k], forms[k])
            about = book.add_worksheet("About")
            told = {"dataset": dataset.name, **self.about, "rows": count, "rows left out": left_out}
            for number, (name, value) in enumerate(told.items()):
                about.write_string(number, 0, name, heads)
                about.write_string(number, 1, str(value))

    def _fetched(self, dataset: Dataset, skip: int) -> Iterator[tuple[Any, ...]]:
        query = f"select * from ({self._select(dataset)}) offset {skip}"  # noqa: S608 - names of ours
        cursor = self._db.execute(query)
        while some := cursor.fetchmany(2000):
            yield from some

    def _copied(self, select: str, path: Path, options: str, head: bytes) -> None:
        """Have DuckDB write to a file, and put a first line before it."""
        body = path.with_suffix(path.suffix + "-body")
        self._db.execute(f"copy ({select}) to '{_quoted(body)}' {options}")
        with path.open("wb") as out, body.open("rb") as file:
            out.write(head)
            out.flush()
            size, at = body.stat().st_size, 0
            while at < size:  # by the kernel: the bytes do not pass through here
                at += os.sendfile(out.fileno(), file.fileno(), at, min(COPY_BYTES, size - at))
        body.unlink()


_WRITERS: dict[str, Callable[[Maker, Dataset, Path], None]] = {
    "csv": Maker.csv, "xlsx": Maker.xlsx, "parquet": Maker.parquet, "jsonl": Maker.jsonl,
}  # fmt: skip


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _form(book: Any, column: Column, scale: int) -> Any:
    if column.type == MONEY:
        return book.add_format({"num_format": "#,##0." + "0" * scale if scale else "#,##0"})
    return book.add_format({"num_format": "yyyy-mm-dd"}) if column.type == DATE else None


XLSX_EXACT = 10**15
"""A spreadsheet keeps 15 digits: a larger sum goes in as a text, with all of them."""


def _cell(sheet: Any, row: int, column: int, value: Any, kind: Column, form: Any) -> None:
    if kind.type == MONEY:
        digits = len(value.as_tuple().digits)
        if digits <= 15:
            sheet.write_number(row, column, value, form)
        else:
            sheet.write_string(row, column, str(value))
    elif kind.type == DATE:
        sheet.write_datetime(row, column, value, form)
    elif kind.type == NUMBER:
        sheet.write_number(row, column, value)
    elif kind.type == FLAG:
        sheet.write_boolean(row, column, value)
    else:
        sheet.write_string(row, column, str(value)[:32_767])


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights(found: Facts) -> dict[str, int]:
    """Return about how much work each dataset is, for showing how far it is."""
    assert found.rows is not None
    many = len(found.rows)
    small = {one.name: 1 + len(found.nodes) for one in DATASETS}
    return small | {"payments": 1 + 8 * many, "execution": 1 + many}
