"""A ledger file read with its own small reader, beside whoever writes it: nothing of the store that wrote it is used.

A few batches are read in one transaction, so that a writer's log is never held for long, and the end is that of the
moment when it was opened.
"""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from boyau.codec import TILE
from boyau.verify.findings import Code, Findings
from boyau.verify.sources import Frame, Unreadable

APPLICATION_ID = 0x42594131
FORMAT_VERSION = 2
CHUNK_BYTES = 8 << 20
"""So much is read in one transaction."""
NOTES_AT_ONCE = 256


class LedgerFile:
    """A ``Source`` over one SQLite file."""

    kind = "ledger"
    has_tiles = True

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        try:
            self._db = _connected(path)
            application = self._one("pragma application_id")
            version = self._one("pragma user_version")
            if application != APPLICATION_ID:
                raise Unreadable(f"{path} is a database, but no ledger")
            if version != FORMAT_VERSION:
                raise Unreadable(f"{path} has format {version}; this version verifies {FORMAT_VERSION}")
            self._take_ends()
        except sqlite3.Error as error:
            raise Unreadable(f"{path} cannot be read as a ledger: {error}") from None
        if self._last < 0:
            self._db.close()
            raise Unreadable(f"{path} holds no entry, its making was interrupted; remove it and make it again")

    def _take_ends(self) -> None:
        """See in one transaction how far batches and checkpoints go: neither grows while this is verified."""
        self._db.execute("begin")
        last = self._one("select max(number) from batch")
        self._last: int = last if isinstance(last, int) else -1
        self._below_zero = self._one("select count(*) from batch where number < 0") > 0
        size = self._one("select max(size) from checkpoint")
        self._size: int = size if isinstance(size, int) else -1
        found = self._rows("select entry, number from snapshot where what = 'state' order by entry desc limit 1")
        self._snapshot: tuple[int, int] | None = (found[0][0], found[0][1]) if found else None
        tile = self._one("select max(number) from tile")
        self._tile: int = tile if isinstance(tile, int) else -1
        rows = self._rows("select first from batch where number = ?", self._last)
        self.entries = rows[0][0] if rows and isinstance(rows[0][0], int) else 0
        self._db.execute("commit")

    def _rows(self, query: str, *values: object) -> list[Any]:
        return self._db.execute(query, values).fetchall()

    def _one(self, query: str) -> Any:
        return self._rows(query)[0][0]

    def frames(self, findings: Findings) -> Iterator[Frame]:
        """Return the batches by number; one that the file does not give back is a frame with an error."""
        number = 0
        while number <= self._last:
            chunk: list[Frame] = []
            size = 0
            self._begin()
            while number <= self._last and size < CHUNK_BYTES:
                try:
                    rows = self._rows("select header, body, marks, first from batch where number = ?", number)
                    frame = _frame(number, rows[0]) if rows else None
                except sqlite3.Error as error:
                    frame = Frame(number, b"", b"", b"", f"batch {number}", number, error=str(error))
                number += 1
                if frame is None:  # the next one says which are missing
                    number = self._next(number)
                    continue
                chunk.append(frame)
                size += len(frame.body) + 256
            self._end()
            yield from chunk
        if self._below_zero:  # a key below 0 has no place
            findings.add(Code.OUT_OF_PLACE, where="batch -1", stands=-1, due=0)

    def _next(self, number: int) -> int:
        """Return the smallest number from *number* on that is there; after the last where there is none."""
        try:
            found = self._one(f"select min(number) from batch where number >= {number}")  # noqa: S608 - a number
        except sqlite3.Error:
            return number
        return found if isinstance(found, int) else self._last + 1

    def _begin(self) -> None:
        self._db.execute("begin")

    def _end(self) -> None:
        if self._db.in_transaction:
            self._db.execute("commit")

    def part(self, place: int, offset: int, size: int) -> bytes:
        """Return a part of a body."""
        with self._db.blobopen("batch", "body", place, readonly=True) as blob:
            blob.seek(offset)
            return blob.read(size)

    def tiles(self, number: int) -> bytes:
        """Return the hashes that the table keeps under *number*."""
        try:
            rows = self._rows("select hashes from tile where number = ?", number)
        except sqlite3.Error:
            return b""
        return rows[0][0] if rows and isinstance(rows[0][0], bytes) else b""

    def checkpoints(self, findings: Findings) -> Iterator[tuple[int, str, str]]:
        """Return the checkpoints, a few at a time."""
        after = -1 << 62
        while True:
            try:
                rows = self._rows(
                    "select size, note from checkpoint where size > ? and size <= ? order by size limit ?",
                    after,
                    self._size,
                    NOTES_AT_ONCE,
                )
            except sqlite3.Error as error:
                findings.add(Code.UNREADABLE, where="checkpoint", error=str(error))
                return
            for size, note in rows:
                yield size, f"checkpoint {size}", note if isinstance(note, str) else ""
            if len(rows) < NOTES_AT_ONCE:
                return
            after = rows[-1][0]

    def snapshot(self) -> tuple[int, int] | None:
        """Return where the newest snapshot stands."""
        return self._snapshot

    def snapshot_data(self, entry: int) -> tuple[bytes, list[bytes]] | None:
        """Return the parts of a snapshot put together."""
        self._begin()
        try:
            state = self._rows("select data from snapshot where what = 'state' and entry = ? order by part", entry)
            ids = self._rows(
                "select entry, data from snapshot where what = 'ids' and entry <= ? order by 1, part", entry
            )
        finally:
            self._end()
        if not state:
            return None
        lists: dict[int, bytes] = {}
        for at, data in ids:
            lists[at] = lists.get(at, b"") + bytes(data)
        return b"".join(bytes(data) for (data,) in state), list(lists.values())

    def finish(self, findings: Findings, facts: dict[str, object]) -> None:
        """Look for tiles that no batch has made."""
        if self._tile >= int(str(facts["entries"])) // TILE:
            findings.add(Code.TILE_DIFFERS, where=f"tile {self._tile}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _frame(number: int, row: tuple[Any, ...]) -> Frame:
    header, body, marks, first = (one if isinstance(one, bytes | int) else b"" for one in row)
    header, body, marks = (one if isinstance(one, bytes) else b"" for one in (header, body, marks))
    return Frame(number, header, body, marks, f"batch {number}", number, first=first if isinstance(first, int) else -1)


def _connected(path: Path) -> sqlite3.Connection:
    """Open a file so that nothing of it changes, and nothing is left beside it.

    Where a log (``-wal``) lies beside it, somebody writes, or has crashed: reading only leaves it as it is. Where none
    does, a connection that could write takes away at its end what it put there; one that cannot would leave it. On a
    medium that nobody can write to, there is nothing to wait for either.
    """
    name = path.absolute().as_posix().replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    wal = path.with_name(path.name + "-wal")
    modes = ["mode=ro", "mode=ro&immutable=1"]
    if not wal.exists() and os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK):
        modes.insert(0, "mode=rw")
    for mode in modes:
        db = sqlite3.connect(f"file:{name}?{mode}", uri=True, isolation_level=None, timeout=10)
        try:
            db.execute("pragma query_only=on")
            db.execute("select count(*) from sqlite_master").fetchone()
        except sqlite3.OperationalError:
            db.close()
            if mode == modes[-1] or (wal.exists() and wal.stat().st_size):  # its entries must not be read past
                raise
        except sqlite3.Error:
            db.close()
            raise
        else:
            db.text_factory = lambda data: data.decode("utf-8", "replace")
            return db
    raise AssertionError
