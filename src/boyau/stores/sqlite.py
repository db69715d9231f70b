"""The embedded default: one SQLite file, no server. A batch that was acknowledged is on disk.

WAL with synchronous=FULL: every commit is synced (sqlite.org/pragma.html#pragma_synchronous); with NORMAL a power cut
loses acknowledged batches, so FULL is not a setting. Pages of 64 KiB, because a batch is a megabyte.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from boyau.codec import TILE, Batch, CodecError
from boyau.stores.port import Conflict, StoreDamaged, StoreError, StoreFull, StoreLocked

APPLICATION_ID = 0x42594131  # "BYA1"
FORMAT_VERSION = 2
PAGE_BYTES = 65_536
MAPPED_BYTES = 1 << 40
"""The file is read through the memory map, as far as the system's build of SQLite allows: one row, not its pages."""
CHECKPOINT_PAGES = 256
"""The log is written back every 16 MiB: rarely enough to cost little, often enough that no batch waits long for it."""
LOCK_WAIT_SECONDS = 5.0
_RENEWED_BYTES = 1 << 20
_COMMIT_PAGES = 4
"""What a commit logs besides its blobs: about so many pages of tables and indexes."""
BLOB_BYTES_MAX = 256 << 20
"""A blob is at most 1 GB in SQLite; snapshots are cut into parts well below that."""

_SCHEMA = """
create table batch (
  number integer primary key,          -- gapless from 0: a second writer meets the key
  first integer not null,              -- number of its first entry
  header blob not null,
  body blob not null,
  marks blob not null                  -- first 4 bytes of each leaf hash: to name an entry that was changed
) strict;
create index batch_first on batch (first);
create table tile (
  number integer primary key,          -- of its first tile: 256 entries each
  hashes blob not null                 -- what a batch made full, 32 bytes each
) strict;
create table checkpoint (
  size integer primary key,            -- entries that it covers
  note text not null                   -- the signed note, with the cosignatures it has so far
) strict;
create table snapshot (
  entry integer not null, number integer not null, part integer not null, what text not null, data blob not null,
  primary key (entry, what, part)
) strict;
"""


class SqliteStore:
    """A ledger's batches in one file. One process writes at a time; any number reads."""

    def __init__(self, path: str, *, write: bool, create: bool = False) -> None:
        self.path = Path(path)
        self._lock: IO[str] | None = None
        self._stopped = False
        if not create and not self.path.exists():
            raise StoreError(f"there is no ledger at {self.path}; `boyau init {self.path}` makes one")
        if create and self.path.exists():
            raise StoreError(f"{self.path} exists already; a ledger is never overwritten")
        if create and not self.path.parent.is_dir():
            raise StoreError(f"{self.path.parent} is no folder; make it first")
        if write or create:
            self._lock = _take_lock(self.path)
        try:
            self._open(create=create, write=write or create)
        except _UNREADABLE as error:
            self.close()
            raise StoreError(f"{self.path} is not a ledger: {error}") from None
        except BaseException:
            self.close()
            raise

    def _open(self, *, create: bool, write: bool) -> None:
        # Reading has a connection of its own, so that it never waits for the disk that a commit is being synced to.
        path = self.path.absolute().as_posix().replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        uri = f"file:{path}?mode={'rwc' if create else 'rw'}"
        self._log_bytes = _renew_log(self.path) if write else 0
        self._uri = f"file:{path}?mode=rw"
        self._db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=10)
        if create:
            self._db.execute(f"pragma page_size={PAGE_BYTES}")
        else:
            self._check_version()
        if write:
            self._db.execute("pragma journal_mode=wal")
            self._db.execute("pragma synchronous=full")
            self._db.execute("pragma wal_autocheckpoint=0")  # SQLite's own keeps silent about a failed sync
        else:
            self._db.execute("pragma query_only=on")
        if create:
            self._db.executescript(
                f"begin;{_SCHEMA}pragma application_id={APPLICATION_ID};pragma user_version={FORMAT_VERSION};commit;"
            )
        self._reader = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=10)
        self._reader.execute("pragma query_only=on")
        self._reader.execute(f"pragma mmap_size={MAPPED_BYTES}")

    def _check_version(self) -> None:
        (application,) = self._db.execute("pragma application_id").fetchone()
        (version,) = self._db.execute("pragma user_version").fetchone()
        if application != APPLICATION_ID:
            raise StoreError(f"{self.path} is not a ledger")
        if version != FORMAT_VERSION:
            raise StoreError(f"{self.path} has format {version}; this version reads {FORMAT_VERSION}")

    def append(self, batches: Sequence[Batch]) -> None:
        """Keep all of *batches* or none, synced to disk before this returns."""
        self._may_write()
        try:
            self._db.execute("begin immediate")
            try:
                (expected,) = self._db.execute("select coalesce(max(number) + 1, 0) from batch").fetchone()
                if [batch.number for batch in batches] != list(range(expected, expected + len(batches))):
                    raise Conflict(f"batch {batches[0].number} is not the next, {expected}: another writer was first")
                self._db.executemany(
                    "insert into batch values (?, ?, ?, ?, ?)",
                    [(b.number, b.first, b.header, b.body, b.marks) for b in batches],
                )
                self._db.executemany(
                    "insert into tile values (?, ?)", [(b.first // TILE, b.tiles) for b in batches if b.tiles]
                )
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise
        except sqlite3.IntegrityError as error:
            raise Conflict(f"batch {batches[0].number}: {error}") from None
        except sqlite3.DatabaseError as error:
            raise self._refusal(error) from error
        self._write_back(sum(len(b.body) for b in batches))

    def _may_write(self) -> None:
        if self._stopped:
            raise StoreError(f"{self.path}: {_STOPPED}")

    def _refusal(self, error: sqlite3.DatabaseError) -> StoreError:
        """Return what to raise. A failed sync is never tried again: the system may have dropped what it was to save."""
        if getattr(error, "sqlite_errorcode", 0) in _UNSYNCED:
            self._stopped = True
            return StoreError(f"{self.path}: {_STOPPED}")
        return _store_error(error)

    def _write_back(self, logged: int) -> None:
        """Write the log back into the file where it has grown. What was committed is on disk in any case."""
        self._log_bytes += logged + _COMMIT_PAGES * PAGE_BYTES
        if self._log_bytes < CHECKPOINT_PAGES * PAGE_BYTES:
            return
        try:
            _, pages, written = self._db.execute("pragma wal_checkpoint(passive)").fetchone()
        except sqlite3.DatabaseError as error:
            self._refusal(error)  # a failed sync stops the store; anything else is tried again after the next commit
        else:
            if pages == written:
                self._log_bytes = 0

    def _ask(self, query: str, *values: int) -> list[Any]:
        try:
            return self._reader.execute(query, values).fetchall()
        except _UNREADABLE as error:
            raise StoreDamaged(f"{self.path} cannot be read: {error}") from None

    def read(self, number: int) -> Batch:
        """Return batch *number*, checked against its own hashes."""
        for row in self._ask("select header, body from batch where number = ?", number):
            return self._batch(number, row)
        raise KeyError(number)

    def _batch(self, number: int, row: tuple[Any, Any]) -> Batch:
        if not (isinstance(row[0], bytes) and isinstance(row[1], bytes)):  # a damaged record reads as NULL or a number
            raise StoreDamaged(f"{self.path}: batch {number} was changed: its header or body is gone")
        try:
            batch = Batch.read(*row)
        except CodecError as error:
            raise StoreDamaged(f"{self.path}: batch {number} was changed: {error}") from None
        if batch.number != number:
            raise StoreDamaged(f"{self.path}: batch {batch.number} stands in the place of {number}")
        return batch

    def containing(self, entry: int) -> Batch:
        """Return the batch that holds entry *entry*."""
        number, first = self.locate(entry)
        try:
            batch = self.read(number)
        except KeyError:
            raise StoreDamaged(f"{self.path}: batch {number} is missing, and the index knows it") from None
        if batch.first != first:
            raise StoreDamaged(f"{self.path}: batch {number} begins at entry {batch.first}, not at {first}")
        if entry >= batch.end:
            if self._ask("select 1 from batch not indexed where number > ? and first <= ? limit 1", number, entry):
                raise StoreDamaged(f"{self.path}: the index does not know the batch of entry {entry}")
            raise KeyError(entry)
        return batch

    def locate(self, entry: int) -> tuple[int, int]:
        """Return (number, first entry) of the batch that holds entry *entry*, without reading its body."""
        for row in self._ask(
            "select number, first from batch where first <= ? order by first desc, number desc limit 1", entry
        ):
            if not (isinstance(row[0], int) and isinstance(row[1], int)):
                raise StoreDamaged(f"{self.path}: the index has no number for the batch of entry {entry}")
            return row[0], row[1]
        if entry >= 0 and self._ask("select 1 from batch not indexed limit 1"):
            raise StoreDamaged(f"{self.path}: the index does not know the batch of entry {entry}")
        raise KeyError(entry)

    def part(self, number: int, offset: int, size: int) -> bytes:
        """Return a part of a batch's body, unchecked, without reading the rest."""
        try:
            with self._reader.blobopen("batch", "body", number, readonly=True) as blob:
                blob.seek(offset)
                return blob.read(size)
        except sqlite3.DatabaseError as error:
            raise StoreDamaged(f"{self.path}: batch {number} cannot be read: {error}") from None

    def batches(self, number: int = 0) -> Iterator[Batch]:
        """Return the batches from *number* on, one at a time."""
        while True:
            while found := self._ask("select header, body from batch where number = ?", number):
                yield self._batch(number, found[0])
                number += 1
            if self._ends_at(number):
                return

    def last(self) -> Batch | None:
        """Return the newest batch."""
        found = self._ask("select number, header, body from batch order by number desc limit 1")
        batch = self._batch(found[0][0], found[0][1:]) if found else None
        self._ends_at(batch.number + 1 if batch else 0)
        return batch

    def _ends_at(self, number: int) -> bool:
        """Return whether there is no batch *number*, nor one after it. One question: a writer may append meanwhile.

        The index is a second witness: a bit turned in the table's last page can hide the newest batches there.
        """
        there, last, indexed = self._ask(
            "select exists (select 1 from batch where number = ?), (select max(number) from batch not indexed),"
            " (select number from batch indexed by batch_first order by first desc, number desc limit 1)",
            number,
        )[0]
        if not there and (last is not None or indexed is not None) and (last != indexed or last >= number):
            raise StoreDamaged(
                f"{self.path}: the table ends at batch {last}, its index at {indexed}: batch {number} is missing"
            )
        return not there

    def tiles(self) -> bytes:
        """Return the hashes of all full tiles, 32 bytes each."""
        out = bytearray()
        for number, hashes in self._ask("select number, hashes from tile order by number"):
            if number * 32 != len(out):
                raise StoreDamaged(f"{self.path}: the hash of tile {len(out) // 32} is missing")
            out += hashes
        return bytes(out)

    def put_checkpoint(self, size: int, note: str) -> None:
        """Keep a signed checkpoint, in the place of one of that size. Whoever reads may: it is no entry."""
        try:
            with closing(sqlite3.connect(self._uri, uri=True, isolation_level=None, timeout=LOCK_WAIT_SECONDS)) as db:
                db.execute("pragma synchronous=full")
                # Moving pages on its own, SQLite would pass over a failed sync in silence: the writer moves them.
                db.execute("pragma wal_autocheckpoint=0")
                db.execute("insert or replace into checkpoint values (?, ?)", (size, note))
        except sqlite3.DatabaseError as error:
            raise _store_error(error) from error

    def checkpoints(self) -> list[tuple[int, str]]:
        """Return (size, note) of every checkpoint, smallest first."""
        return self._ask("select size, note from checkpoint order by size")

    def checkpoint(self, size: int) -> tuple[int, str] | None:
        """Return the smallest checkpoint of at least *size* entries; of size 0 the newest."""
        order = "asc" if size else "desc"
        query = f"select size, note from checkpoint where size >= ? order by size {order} limit 1"  # noqa: S608 - fixed
        found = self._ask(query, size)
        return (found[0][0], found[0][1]) if found else None

    def put_snapshot(self, entry: int, number: int, state: bytes, ids: bytes) -> None:
        """Keep a snapshot, and forget older states; the lists of ids stay, they are only ever added to."""
        self._may_write()
        try:
            self._db.execute("begin immediate")
            self._db.execute("delete from snapshot where what = 'state' and entry < ?", (entry,))
            for what, data in (("state", state), ("ids", ids)):
                for part, at in enumerate(range(0, max(len(data), 1), BLOB_BYTES_MAX)):
                    self._db.execute(
                        "insert or replace into snapshot values (?, ?, ?, ?, ?)",
                        (entry, number, part, what, data[at : at + BLOB_BYTES_MAX]),
                    )
            self._db.execute("commit")
        except sqlite3.DatabaseError as error:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise self._refusal(error) from error
        self._write_back(len(state) + len(ids))

    def snapshot(self) -> tuple[int, int, bytes] | None:
        """Return (entry, batch number, state) of the newest snapshot."""
        rows = self._ask(
            "select entry, number, data from snapshot where what = 'state' and entry ="
            " (select max(entry) from snapshot where what = 'state') order by part"
        )
        return (rows[0][0], rows[0][1], b"".join(row[2] for row in rows)) if rows else None

    def snapshot_ids(self, entry: int) -> Iterator[bytes]:
        """Return the lists of ids up to the snapshot at *entry*, oldest first."""
        lists = self._ask("select distinct entry from snapshot where what = 'ids' and entry <= ? order by entry", entry)
        for (at,) in lists:
            parts = self._ask("select data from snapshot where what = 'ids' and entry = ? order by part", at)
            yield b"".join(part for (part,) in parts)

    def drop_snapshots(self) -> None:
        """Forget all snapshots; they can be made again from the batches."""
        self._may_write()
        try:
            self._db.execute("delete from snapshot")
        except sqlite3.DatabaseError as error:
            raise self._refusal(error) from error

    def close(self) -> None:
        """Close the file and give back the lock."""
        for name in ("_reader", "_db"):
            if hasattr(self, name):
                getattr(self, name).close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


_UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What `sqlite3` raises over a damaged file; the second where the damage is in the very words of its message."""


_UNSYNCED = (sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC)
_STOPPED = (
    "a sync to the disk failed; whether the newest batch was kept shows when the ledger is opened anew, and until then "
    "nothing more is taken. Look at the disk before"
)


def _store_error(error: sqlite3.DatabaseError) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StoreFull("the disk is full; nothing of this batch was kept. Make room and send it again")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreLocked("another process is writing; try again")
    return StoreError(f"the disk did not take the batch, nothing of it was kept: {error}")


def _renew_log(path: Path) -> int:
    """Write the log that a dead process left once more, and sync it, before it is read as truth; return its size.

    Its last sync may have failed. The system then shows what the disk does not have, takes it for written, and leaves
    it out of later syncs (PostgreSQL met this in 2018). What is acknowledged on top of it would be lost with it.
    """
    try:
        with path.with_name(path.name + "-wal").open("r+b") as log:
            size = log.seek(0, os.SEEK_END)
            for at in range(0, size, _RENEWED_BYTES):
                log.seek(at)
                data = log.read(_RENEWED_BYTES)
                log.seek(at)
                log.write(data)
            log.flush()
            os.fsync(log.fileno())
            return size
    except FileNotFoundError:  # it was closed in order
        return 0
    except OSError as error:
        raise StoreError(f"the log of {path} cannot be written: {error}") from None


def _take_lock(path: Path) -> IO[str]:
    """Take the writer's lock, waiting a little for a short-lived writer to finish. The lock dies with the process."""
    try:
        lock = path.with_name(path.name + "-lock").open("a+", encoding="ascii")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}") from None
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                lock.seek(0)
                owner = lock.read(40).strip() or "unknown"
                lock.close()
                raise StoreLocked(f"{path} is being written by process {owner}; one process writes at a time") from None
            time.sleep(0.05)
        else:
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            return lock
