"""The read models of one ledger, in one SQLite file beside it (``LEDGER-views``), followed batch by batch.

``volume`` sums what the entries did by budget colour, kind and month of the value date; ``limits`` keeps every
amendment; ``published`` the figures a state published, for comparison. A view that does not fit the journal it stands
beside (other tip at the same place) is dropped and built again.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from boyau.codec import ROWS, Batch
from boyau.journal import Book
from boyau.ledger import BATCH_ROWS_MAX, Kind, Rows, amounts, codes
from boyau.stores import StoreError
from boyau.views import names
from boyau.views.names import NameIndex
from boyau.views.persons import is_person

FORMAT = 3
_SCHEMA = """
create table if not exists place (
  one integer primary key check (one = 1), format integer, next integer, tip blob
) strict;
create table if not exists volume (
  colour integer not null, kind integer not null, month integer not null, amount integer not null,
  entries integer not null, primary key (colour, kind, month)
) strict, without rowid;
create table if not exists limits (
  colour text not null, entry integer not null, day integer not null, plan integer, obligations integer,
  payments integer, primary key (colour, entry)
) strict, without rowid;
create table if not exists published (entry integer primary key, statement text not null, month integer not null,
  record text not null) strict;
create index if not exists published_statement on published (statement, month);
"""
_COLUMNS = (
    "one, format, next, tip from place",
    "colour, kind, month, amount, entries from volume",
    "colour, entry, day, plan, obligations, payments from limits",
    "entry, statement, month, record from published",
    *names.COLUMNS,
)
DEBIT_KINDS = (
    Kind.WITHDRAW,
    Kind.LAPSE,
    Kind.CARRY,
    Kind.COMMIT,
    Kind.PAY,
    Kind.RELEASE,
    Kind.VOID,
    Kind.EXPIRE,
    Kind.RECEIVE,
    Kind.ACCEPT,
    Kind.ADVANCE,
    Kind.COURT,
)
"""Kinds that are counted on the debit account's colour; the others on the credit account's."""
CHARGED_AS = {Kind.ADVANCE: Kind.PAY, Kind.COURT: Kind.PAY}
"""What these do to a budget is what a payment does."""
AT_ANY_HOP = (Kind.COMMIT, Kind.PAY, Kind.RELEASE, Kind.VOID, Kind.EXPIRE, Kind.ACCEPT, Kind.ADVANCE, Kind.COURT)
"""Kinds that later hands do too; only what a budget's own account does is charged to the budget."""
ON_HOLD = 200
"""A pay that is a part of a hold counts as its kind plus this: its obligation was counted when it was committed."""
UNDO = 100
"""A return or reversal counts as its original's kind plus this, on the original's colour."""


def month_of(days: int) -> int:
    """Return the month of a day as ``YYYYMM``."""
    text = str(np.datetime64(int(days), "D"))
    return int(text[:4]) * 100 + int(text[5:7])


class Views:
    """Open read models. ``follow`` brings them up to the journal's end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=off")  # what is lost here is built again
        self.db.executescript(_SCHEMA + names.SCHEMA)
        for columns in _COLUMNS:  # a file of another programme may have tables of these names
            self.db.execute(f"select {columns} limit 0")
        self.names = NameIndex(self.db)

    @staticmethod
    def path_of(ledger: str) -> Path:
        """Return where the read models of *ledger* lie."""
        return Path(ledger.removeprefix("sqlite:///").removeprefix("sqlite:") + "-views")

    @classmethod
    def open(cls, ledger: str) -> Self:
        """Open (or begin) the read models of *ledger*."""
        path = cls.path_of(ledger)
        try:
            return cls(path)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN):
                raise StoreError(f"{path}: {error}; somebody else is building it, or it cannot be written") from None
            # whatever it is, it is no view: begin again
            cls.drop(ledger)
            return cls(path)

    @classmethod
    def drop(cls, ledger: str) -> str:
        """Remove the read models; return their path, "" where there were none."""
        path, found = cls.path_of(ledger), ""
        for part in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            if part.exists():
                part.unlink()
                found = str(path)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()

    # ---- following --------------------------------------------------------------------------------------------------

    def follow(self, book: Book, most: int | None = None) -> int:
        """Read what has come since the last time, about *most* entries of it; all again where the place does not fit.

        Returns how many entries were read.
        """
        begin = self._place(book)
        tip = b""
        count = 0
        waiting: list[Rows] = []  # single payments make small batches: they are summed together
        self.db.execute("begin immediate")
        try:
            for batch in book.store.batches(begin):
                if batch.kind == ROWS:
                    waiting.append(batch.rows())
                    if sum(map(len, waiting)) >= BATCH_ROWS_MAX:
                        self._rows(book, waiting)
                else:
                    self._rows(book, waiting)
                    self._records(book, batch)
                begin, tip, count = batch.number + 1, batch.hash, count + batch.end - batch.first
                if most is not None and count >= most:
                    break
            self._rows(book, waiting)
            if tip:
                self.db.execute("insert or replace into place values (1, ?, ?, ?)", (FORMAT, begin, tip))
            self.db.execute("commit")
        except BaseException:
            self.db.execute("rollback")
            raise
        return count

    def _place(self, book: Book) -> int:
        row = self.db.execute("select format, next, tip from place").fetchone()
        if row is None:
            return 0
        if row[0] == FORMAT:
            try:
                if book.store.read(row[1] - 1).hash == row[2]:
                    return int(row[1])
            except KeyError:
                pass
        self.db.executescript("delete from place; delete from volume; delete from limits; delete from published;")
        self.db.executescript(names.EMPTY)
        return 0

    def _rows(self, book: Book, waiting: list[Rows]) -> None:
        """Sum up the rows that wait, and empty the list."""
        if not waiting:
            return
        rows = np.concatenate(waiting)
        waiting.clear()
        rows = rows[rows["result"] == 0]
        accounts = book.ledger.tables.acc
        debit, credit = (
            accounts[rows["debit"]],
            accounts[np.where(rows["credit"] == 0xFFFFFFFF, rows["debit"], rows["credit"])],
        )
        kind = rows["kind"].astype(np.int64)
        colour = np.where(np.isin(kind, DEBIT_KINDS), debit[:, 3], credit[:, 3])
        # A budget is charged by its own accounts only; what later hands pay on is not charged again.
        counts = ~(np.isin(kind, AT_ANY_HOP) & (debit[:, 6] != 0))
        for k in np.flatnonzero(np.isin(kind, (Kind.RETURN, Kind.REVERSE, Kind.CLAWBACK))).tolist():
            kind[k], colour[k], counts[k] = self._original(book, rows[k], credit[k])
        for done, charged in CHARGED_AS.items():
            kind[kind == done] = charged
        referred = rows.view("<i8").reshape(-1, 16)[:, 2:4].any(axis=1)
        kind = np.where((kind == Kind.PAY) & referred, kind + ON_HOLD, kind)
        months = _months(rows["value_date"])
        self._add(colour[counts], kind[counts], months[counts], rows["settled"][counts])

    @staticmethod
    def _original(book: Book, row: Any, payer: npt.NDArray[np.int64]) -> tuple[int, int, bool]:
        """Return what a return or reversal undoes: kind, colour, whether it was counted."""
        original = int(book.row_posted(book.ledger.entry_of(row["ref"].tobytes()))["kind"])
        accounts = book.ledger.tables.acc
        side = row["credit"] if original in DEBIT_KINDS else row["debit"]  # swapped: its credit was the debit
        counted = original not in AT_ANY_HOP or int(payer[6]) == 0
        return UNDO + CHARGED_AS.get(Kind(original), original), int(accounts[int(side), 3]), counted

    def _add(self, colour: Rows, kind: Rows, month: Rows, amount: Rows) -> None:
        if not len(colour):
            return
        keys, place = np.unique(np.stack([colour, kind, month]), axis=1, return_inverse=True)
        sums = np.zeros(keys.shape[1], np.int64)
        np.add.at(sums, place.ravel(), amount)
        counts = np.bincount(place.ravel(), minlength=keys.shape[1])
        self.db.executemany(
            "insert into volume values (?, ?, ?, ?, ?) on conflict do update set"
            " amount = amount + excluded.amount, entries = entries + excluded.entries",
            zip(*keys.tolist(), sums.tolist(), counts.tolist(), strict=True),
        )

    def _records(self, book: Book, batch: Batch) -> None:
        for k, record in enumerate(batch.records()):
            entry = batch.first + k
            self.names.take(record, entry, person=is_person(str(record.get("participant")), record.get("classes", ())))
            if record["type"] == "limits":
                unit = book.ledger.registry.colours[book.ledger.registry.colour_numbers[record["colour"]]].unit
                scale = book.ledger.registry.units[unit]
                before = self.db.execute(
                    "select plan, obligations, payments from limits where colour = ? order by entry desc limit 1",
                    (record["colour"],),
                ).fetchone() or (None, None, None)
                now = [
                    (None if record[name] is None else amounts.parse(record[name], scale)) if name in record else old
                    for name, old in zip(("plan", "obligations", "payments"), before, strict=True)
                ]
                day = codes.day(record["date"]) if "date" in record else codes.day_of(batch.time)
                self.db.execute("insert into limits values (?, ?, ?, ?, ?, ?)", (record["colour"], entry, day, *now))
            elif record["type"] == "published" and isinstance(record.get("statement"), str):
                month = record.get("month")
                self.db.execute(
                    "insert into published values (?, ?, ?, ?)",
                    (
                        entry,
                        record["statement"],
                        month if isinstance(month, int) else 0,
                        json.dumps(record, ensure_ascii=False),
                    ),
                )

    # ---- reading ----------------------------------------------------------------------------------------------------

    def volumes(self, first_month: int, last_month: int) -> Iterator[tuple[int, int, int]]:
        """Return (colour number, kind, amount) summed over the months from first to last."""
        yield from self.db.execute(
            "select colour, kind, sum(amount) from volume where month between ? and ? group by colour, kind",
            (first_month, last_month),
        )

    def limits_until(self, root: str, day: int) -> dict[str, tuple[int | None, int | None, int | None]]:
        """Return the limits in force on *day* of all colours below *root*: the newest by value date, then by entry."""
        rows: Iterable[Any] = self.db.execute(
            "select colour, plan, obligations, payments from limits where (colour = ? or colour like ? || '/%')"
            " and day <= ? order by day, entry",
            (root, root, day),
        )
        return {row[0]: tuple(row[1:]) for row in rows}

    def limits_before(self, colour: str, entry: int) -> tuple[int, tuple[int | None, ...]] | None:
        """Return the entry that had set a colour's limits when *entry* was made, and the limits; None where none had.

        Plan, obligations, payments in minor units; None: not limited.
        """
        row = self.db.execute(
            "select entry, plan, obligations, payments from limits where colour = ? and entry < ? order by entry desc"
            " limit 1",
            (colour, entry),
        ).fetchone()
        return None if row is None else (row[0], tuple(row[1:]))

    def published(self, statement: str, month: int) -> list[dict[str, Any]]:
        """Return the published records of a statement for a month (``YYYYMM``; 0 for those of no month)."""
        rows = self.db.execute(
            "select record from published where statement = ? and month = ? order by entry", (statement, month)
        )
        return [json.loads(row[0]) for row in rows]


def _months(days: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return (1970 + months // 12) * 100 + months % 12 + 1
