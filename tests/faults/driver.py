"""Stands in the place of the module ``sqlite3`` inside the store, over ``apsw``: the one that can carry our VFS.

Only what the store uses is here. Errors come back as those of ``sqlite3``, with the same codes, so that the store's own
handling is what is tested. What was left on the "disk" is always opened by the ordinary ``sqlite3``.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import apsw

from boyau.stores import sqlite as engine


class Driver:
    """``connect`` as ``sqlite3`` has it; everything else is that of ``sqlite3``."""

    def __init__(self, vfs: str, replaced: dict[str, str]) -> None:
        self._vfs, self._replaced = vfs, replaced

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)

    def connect(self, address: str, *, timeout: float, **_: Any) -> "Connection":
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        with _translated():
            db = apsw.Connection(address, flags=flags, vfs=self._vfs)
            db.set_busy_timeout(int(timeout * 1000))
        return Connection(db, self._replaced)


class Connection:
    """The methods of a connection that the store calls."""

    def __init__(self, db: apsw.Connection, replaced: dict[str, str]) -> None:
        self._db, self._replaced = db, replaced
        self._pages = self._due = 0
        db.set_wal_hook(self._logged)

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def execute(self, query: str, values: tuple = ()) -> "Rows | None":
        if query == "commit":
            return self._commit()
        if query.startswith("pragma wal_autocheckpoint="):
            self._due = int(query.partition("=")[2])
            return None
        with _translated():
            return Rows(self._db.execute(self._replaced.get(query, query), values or None))

    def _commit(self) -> None:
        """Commit, and then write the log back where it is due, forgiving what fails in that: SQLite does the same.

        Done by hand, because apsw raises what its VFS raised, also where SQLite itself answers that all is well.
        """
        with _translated():
            self._db.execute("commit")
        if self._due and self._pages >= self._due:
            with contextlib.suppress(apsw.Error):
                self._db.execute("pragma wal_checkpoint(passive)").fetchall()

    def _logged(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK

    def executemany(self, query: str, rows: list) -> None:
        with _translated():
            self._db.executemany(query, rows)

    def executescript(self, script: str) -> None:
        with _translated():
            self._db.execute(script)

    def blobopen(self, table: str, column: str, row: int, *, readonly: bool) -> Any:
        with _translated():
            return self._db.blob_open("main", table, column, row, not readonly)

    def close(self) -> None:
        with contextlib.suppress(apsw.Error):  # `sqlite3` keeps silent about what fails in closing, too
            self._db.close()


class Rows:
    """A cursor."""

    def __init__(self, cursor: apsw.Cursor) -> None:
        self._cursor = cursor

    def fetchone(self) -> Any:
        with _translated():
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        with _translated():
            return self._cursor.fetchall()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        code = getattr(error, "extendedresult", getattr(error, "result", 0))
        kind = {
            apsw.SQLITE_CONSTRAINT: sqlite3.IntegrityError,
            apsw.SQLITE_NOTADB: sqlite3.DatabaseError,
            apsw.SQLITE_CORRUPT: sqlite3.DatabaseError,
        }.get(code & 0xFF, sqlite3.OperationalError)
        out = kind(str(error))
        out.sqlite_errorcode = code
        raise out from error


@contextlib.contextmanager
def under(
    vfs: str, *, synchronous: str = "full", checkpoint_pages: int = 6, page_bytes: int = 65_536
) -> Iterator[None]:
    """Let stores opened inside run on *vfs*, write their log back often, and sync as told: ``full`` is the real one."""
    before = engine.sqlite3, engine.CHECKPOINT_PAGES, engine.PAGE_BYTES
    replaced = {"pragma synchronous=full": f"pragma synchronous={synchronous}"}
    engine.sqlite3 = Driver(vfs, replaced)
    engine.CHECKPOINT_PAGES, engine.PAGE_BYTES = checkpoint_pages, page_bytes
    try:
        yield
    finally:
        engine.sqlite3, engine.CHECKPOINT_PAGES, engine.PAGE_BYTES = before


@contextlib.contextmanager
def ordinary() -> Iterator[None]:
    """Let stores opened inside run on the ordinary ``sqlite3``, as another process's do."""
    before = engine.sqlite3
    engine.sqlite3 = sqlite3
    try:
        yield
    finally:
        engine.sqlite3 = before
