"""What every store must do, asked of each of them; then what only a file can get wrong."""

import os
import sqlite3
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from boyau.codec import ROWS, ZERO_HASH, Batch
from boyau.ledger.rows import ROW
from boyau.stores import (
    Conflict,
    MemoryStore,
    SqliteStore,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    open_store,
)
from boyau.stores import sqlite as engine


def chain(*counts, number=0, first=0, previous=ZERO_HASH, fill=1):
    out = []
    for count in counts:
        rows = np.zeros(count, ROW)
        rows["amount"] = fill
        out.append(
            Batch.seal(ROWS, rows.tobytes(), number=number, first=first, count=count, expired=0, time=number,
                       previous=previous, ledger=b"l" * 16, blind=b"b" * 32, root=b"r" * 32)
        )  # fmt: skip
        number, first, previous = number + 1, first + count, out[-1].hash
    return out


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    out = (
        MemoryStore() if request.param == "memory" else SqliteStore(str(tmp_path / "x.boyau"), write=True, create=True)
    )
    yield out
    out.close()


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "x.boyau")


# ---- every store ----------------------------------------------------------------------------------------------------


def test_an_empty_store_holds_nothing(store):
    assert (store.last(), list(store.batches()), store.snapshot(), list(store.snapshot_ids(9))) == (None, [], None, [])
    for call in (store.read, store.containing, store.locate):
        with pytest.raises(KeyError):
            call(0)
    store.append([])
    assert store.last() is None


def test_batches_come_back_in_order(store):
    batches = chain(2, 1, 3)
    store.append(batches[:2])
    store.append(batches[2:])
    assert list(store.batches()) == batches
    assert list(store.batches(2)) == batches[2:]
    assert list(store.batches(3)) == []
    assert [store.read(n) for n in range(3)] == batches
    assert store.last() == batches[2]
    for number in (-1, 3, 99):
        with pytest.raises(KeyError):
            store.read(number)


def test_the_batch_of_an_entry_is_found(store):
    batches = chain(2, 1, 0, 3, 0)
    store.append(batches)
    assert [store.containing(n).number for n in range(6)] == [0, 0, 1, 3, 3, 3]
    assert [store.locate(n) for n in range(6)] == [(0, 0), (0, 0), (1, 2), (3, 3), (3, 3), (3, 3)]
    assert store.part(3, 128, 128) == batches[3].body[128:256]
    for entry in (6, 99):
        with pytest.raises(KeyError):
            store.containing(entry)


@pytest.mark.parametrize("taken", [[0], [1], [2, 4], [3], [2, 2], [2, 3, 3]])
def test_a_number_that_is_not_the_next_is_a_conflict_and_nothing_is_kept(store, taken):
    batches = chain(1, 1, 1, 1, 1)
    store.append(batches[:2])
    with pytest.raises(Conflict):
        store.append([batches[n] for n in taken])
    assert list(store.batches()) == batches[:2]
    store.append(batches[2:])
    assert list(store.batches()) == batches


def test_snapshots_the_newest_state_and_all_lists_of_ids(store):
    store.put_snapshot(10, 1, b"state one", b"ids one")
    store.put_snapshot(20, 2, b"state two", b"ids two")
    assert store.snapshot() == (20, 2, b"state two")
    assert list(store.snapshot_ids(20)) == [b"ids one", b"ids two"]
    assert list(store.snapshot_ids(10)) == [b"ids one"]
    store.put_snapshot(20, 2, b"again", b"ids again")
    assert store.snapshot() == (20, 2, b"again")
    assert list(store.snapshot_ids(20)) == [b"ids one", b"ids again"]
    store.drop_snapshots()
    assert store.snapshot() is None
    assert list(store.snapshot_ids(99)) == []


# ---- files ----------------------------------------------------------------------------------------------------------


def test_a_large_snapshot_is_cut_and_joined_again(path, monkeypatch):
    monkeypatch.setattr(engine, "BLOB_BYTES_MAX", 10)
    store = SqliteStore(path, write=True, create=True)
    store.put_snapshot(3, 0, b"s" * 35, bytes(range(32)))
    store.put_snapshot(5, 1, b"t" * 20, b"i" * 11)
    assert store.snapshot() == (5, 1, b"t" * 20)
    assert list(store.snapshot_ids(5)) == [bytes(range(32)), b"i" * 11]
    store.close()


def test_each_commit_is_synced(path):
    store = SqliteStore(path, write=True, create=True)
    ask = lambda name: store._db.execute(f"pragma {name}").fetchone()[0]  # noqa: E731
    assert (ask("journal_mode"), ask("synchronous"), ask("page_size")) == ("wal", 2, 65_536)
    store.close()
    store = SqliteStore(path, write=True)
    assert (ask("journal_mode"), ask("synchronous")) == ("wal", 2)
    store.close()


def test_what_was_appended_is_there_after_reopening(path):
    store = SqliteStore(path, write=True, create=True)
    store.append(chain(2, 3))
    store.close()
    store = open_store(f"sqlite:{path}", write=False)
    assert list(store.batches()) == chain(2, 3)
    with pytest.raises(StoreError):
        store.append(chain(1, number=2, first=5))
    store.close()


def test_a_second_writer_is_told_which_process_writes(path, monkeypatch):
    monkeypatch.setattr(engine, "LOCK_WAIT_SECONDS", 0.2)
    SqliteStore(path, write=True, create=True).close()
    code = f"""
        import sys
        from boyau.stores import SqliteStore
        store = SqliteStore({path!r}, write=True)
        print("open", flush=True)
        sys.stdin.readline()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreLocked, match=rf"written by process {other.pid};"):
            SqliteStore(path, write=True)
        SqliteStore(path, write=False).close()  # readers are never kept out
        other.kill()
    SqliteStore(path, write=True).close()  # the lock died with the process


def test_a_stale_writer_that_goes_round_the_lock_meets_a_conflict(path, monkeypatch):
    monkeypatch.setattr(engine, "_take_lock", lambda _path: open(os.devnull))  # noqa: PTH123, SIM115
    one = SqliteStore(path, write=True, create=True)
    other = SqliteStore(path, write=True)
    first, mine, theirs = *chain(1, 1), chain(1, 1, fill=2)[1]
    one.append([first])
    one.append([mine])
    with pytest.raises(Conflict, match="another writer was first"):
        other.append([theirs])
    assert list(other.batches()) == [first, mine]
    one.close()
    other.close()


def test_while_another_connection_writes_the_answer_is_try_again(path):
    store = SqliteStore(path, write=True, create=True)
    store._db.execute("pragma busy_timeout=50")
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreLocked, match="try again"):
            store.append(chain(1))
        other.execute("rollback")
    other.close()
    store.append(chain(1))
    store.close()


@pytest.mark.parametrize("write", [True, False])
def test_files_that_are_no_ledgers_are_refused_and_left_alone(tmp_path, write):
    path = tmp_path / "x.boyau"
    with pytest.raises(StoreError, match="there is no ledger at .*boyau init"):  # noqa: RUF043
        open_store(str(path), write=write)
    assert not path.exists()
    path.write_bytes(b"Dear Sir or Madam, " * 100)
    with pytest.raises(StoreError, match="is not a ledger"):
        open_store(str(path), write=write)
    assert path.read_bytes() == b"Dear Sir or Madam, " * 100
    path.unlink()
    sqlite3.connect(path).execute("create table batch (a)").connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is not a ledger"):
        open_store(str(path), write=write)
    assert path.read_bytes() == before
    with pytest.raises(StoreError, match="is not a ledger"):
        open_store(str(tmp_path), write=write)
    with pytest.raises(StoreError, match="postgres://x"):
        open_store("postgres://x", write=write)


def test_another_format_is_refused_with_both_numbers(path):
    SqliteStore(path, write=True, create=True).close()
    with sqlite3.connect(path) as db:
        db.execute("pragma user_version=7")
    db.close()
    with pytest.raises(StoreError, match="has format 7; this version reads 2"):
        SqliteStore(path, write=True)


def test_a_ledger_is_never_overwritten_nor_made_where_no_folder_is(path, tmp_path):
    SqliteStore(path, write=True, create=True).close()
    with pytest.raises(StoreError, match="exists already"):
        SqliteStore(path, write=True, create=True)
    with pytest.raises(StoreError, match="is no folder"):
        SqliteStore(str(tmp_path / "none" / "x"), write=True, create=True)


def test_names_with_signs_that_mean_something_in_an_address(tmp_path):
    for name in ("a b.boyau", "50%.boyau", "a?b#c.boyau", "қазына.boyau"):
        SqliteStore(str(tmp_path / name), write=True, create=True).close()
        assert (tmp_path / name).exists()


def test_a_damaged_page_is_reported_not_read(path):
    store = SqliteStore(path, write=True, create=True)
    store.append(chain(3000, 3000))
    store.close()
    with open(path, "r+b") as file:  # noqa: PTH123
        file.seek(8 * 65_536 + 1000)
        file.write(b"\xff" * 20)
    store = SqliteStore(path, write=False)
    with pytest.raises(StoreDamaged):
        list(store.batches())
    store.close()


@pytest.mark.parametrize("where", ["header", "body", "first", "number", "missing"])
def test_changed_columns_are_reported_not_believed(path, where):
    store = SqliteStore(path, write=True, create=True)
    store.append(chain(2, 2, 2))
    changes = {
        "header": "update batch set header = zeroblob(128) where number = 1",
        "body": "update batch set body = zeroblob(256) where number = 1",
        "first": "update batch set first = 3 where number = 1",
        "number": "update batch set number = 7 where number = 2",
        "missing": "delete from batch where number = 1",
    }
    store._db.execute(changes[where])
    with pytest.raises(StoreDamaged):  # noqa: PT012
        if where == "first":
            store.containing(3)
        list(store.batches())
    store.close()


def test_a_full_disk_keeps_nothing_and_takes_the_same_batch_later(path):
    store = SqliteStore(path, write=True, create=True)
    store.append(chain(10))
    pages = store._db.execute("pragma page_count").fetchone()[0]
    store._db.execute(f"pragma max_page_count={pages + 1}")
    large = chain(10, 4000, 10)[1:]
    with pytest.raises(StoreFull, match="Make room and send it again"):
        store.append(large)
    assert list(store.batches()) == chain(10)
    with pytest.raises(StoreFull):
        store.put_snapshot(10, 0, b"s" * 500_000, b"i")
    assert store.snapshot() is None
    store._db.execute(f"pragma max_page_count={pages + 100}")
    store.append(large)
    assert list(store.batches()) == chain(10, 4000, 10)
    store.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_is_really_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], capture_output=True).returncode:  # noqa: PLW1510
        pytest.skip("cannot mount here")
    try:
        ballast = disk / "ballast"
        store = SqliteStore(str(disk / "x.boyau"), write=True, create=True)
        store.append(chain(10))
        ballast.write_bytes(bytes(1_800_000))
        large = chain(10, 8000)[1:]
        with pytest.raises(StoreError, match="nothing of"):
            store.append(large)
        assert list(store.batches()) == chain(10)
        ballast.unlink()
        store.append(large)
        store.close()
        store = SqliteStore(str(disk / "x.boyau"), write=False)
        assert list(store.batches()) == chain(10, 8000)
        store.close()
    finally:
        subprocess.run(["umount", disk], check=True)
