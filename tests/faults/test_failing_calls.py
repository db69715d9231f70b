"""The nth sync, the nth write: each of a piece of work fails. The store says so, and acknowledges nothing untrue."""

import os
import time

import pytest

from boyau.journal import Book
from boyau.stores import StoreError, StoreFull
from boyau.stores import sqlite as engine
from tests.faults import failing, report
from tests.faults.failing import DISK_FULL, SYNC_FAILS, WRITE_FAILS, Scene
from tests.faults.recovery import copied
from tests.faults.work import Clock, History, begin, open_book, pays

CUTS = 4
PARTS = 4
ENDS = ("close", "kill")


def run(make, end, part, parts, *, forever):
    """Let each call in turn fail, end in a manner, let the power go; yield what came of it."""
    n = 1 + part
    while True:
        with Scene(make(n, forever)) as scene:
            out = scene.work()
            if not out.fired:
                return
            getattr(scene, end)()
            scene.power_cuts(f"{end} {n}", CUTS)
            yield n, out
        n += parts


def tell(fault, outcomes, begun, remarks=""):
    wrong = [f"call {n}: {words}" for n, out in outcomes for words in out.wrong]
    report.add(
        fault,
        tried=len(outcomes),
        lost=len({words.split(":")[0] for words in wrong}),
        caught=sum(bool(out.refused) for _, out in outcomes),
        seconds=time.perf_counter() - begun,
        remarks=remarks,
    )
    assert not wrong, "\n".join(wrong[:20])
    assert not any(isinstance(one, StoreFull) for _, out in outcomes for one in out.refused)


@pytest.mark.parametrize("forever", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("end", ENDS)
def test_a_failed_sync_stops_the_store_until_it_is_opened_anew(end, forever):
    begun = time.perf_counter()
    outcomes = list(run(SYNC_FAILS, end, 0, 1, forever=forever))
    assert len(outcomes) >= 20, "the work has as many syncs"
    tell("failing sync, every nth", outcomes, begun)
    for n, out in outcomes:
        assert out.refused, f"sync {n} failed, and nobody was told"
        assert out.acknowledged_after == 0, f"sync {n} failed, and the store went on"
        assert all("a sync to the disk failed" in str(error) for error in out.refused)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("end", "forever"), [("kill", False), ("close", True)], ids=["once", "from then on"])
def test_a_failed_write_keeps_nothing_of_its_batch(part, end, forever):
    begun = time.perf_counter()
    outcomes = list(run(WRITE_FAILS, end, part, PARTS, forever=forever))
    assert len(outcomes) >= 20
    tell("failing write, every nth", outcomes, begun, "a write that fails in writing the log back is tried again")
    assert all(out.refused or not forever for _, out in outcomes)
    assert sum(bool(out.refused) for _, out in outcomes) > len(outcomes) // 2
    if forever:
        assert not any(out.acknowledged_after for _, out in outcomes)


def test_a_store_that_believes_the_log_of_a_dead_process_is_caught(monkeypatch):
    """What a failed sync left in the log is not on the disk. Without writing it anew, acknowledged batches are lost."""
    begun = time.perf_counter()
    monkeypatch.setattr(engine, "_renew_log", lambda _path: 0)
    outcomes = list(run(SYNC_FAILS, "kill", 0, 1, forever=False))
    wrong = [words for _, out in outcomes for words in out.wrong]
    report.add("failing sync, mutant: log not renewed", tried=len(outcomes), caught=len(wrong),
               seconds=time.perf_counter() - begun, remarks="losses are wanted here")  # fmt: skip
    assert any("acknowledged batches are lost" in words for words in wrong)


def test_a_store_that_goes_on_after_a_failed_sync_is_caught(monkeypatch):
    monkeypatch.setattr(engine, "_UNSYNCED", ())
    outcomes = list(run(SYNC_FAILS, "close", 0, 3, forever=False))
    assert any(out.acknowledged_after for _, out in outcomes)


def test_who_resends_after_opening_anew_posts_once():
    """Whether the batch of a failed sync was kept is not known; ids make it safe to ask again."""
    for n in (2, 9, 14):
        with Scene(SYNC_FAILS(n)) as scene:
            out = scene.work()
            assert isinstance(out.refused[0], StoreError)
            scene.kill()
            assert not out.wrong
            ids = [
                row["id"].tobytes()
                for b in scene.history.batches
                if b.kind == 1
                for row in b.rows()
                if row["result"] == 0
            ]
            assert len(ids) == len(set(ids))


def test_a_scene_without_a_fault_ends_well_and_says_so():
    with Scene(SYNC_FAILS(10_000)) as scene:
        out = scene.work()
        scene.close()
        assert (out.fired, out.refused, out.wrong) == (False, [], [])
        assert scene.acknowledged == len(scene.history.batches) > len(failing.STEPS)


# ---- what the store does about its log by itself --------------------------------------------------------------------


def test_the_log_of_a_dead_process_is_written_once_more_and_synced_before_it_is_read(tmp_path, monkeypatch):
    path, log = tmp_path / "x.boyau", tmp_path / "x.boyau-wal"
    assert engine._renew_log(path) == 0
    data = bytes(range(256)) * 9000
    log.write_bytes(data)
    synced = []
    monkeypatch.setattr(engine.os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    assert engine._renew_log(path) == len(data)
    assert (synced, log.read_bytes()) == ([len(data)], data)


def test_a_ledger_whose_log_cannot_be_synced_is_not_opened_for_writing(tmp_path, monkeypatch):
    path, side = tmp_path / "x.boyau", tmp_path / "side"
    with open_book(path, History(), None, Clock(), create=True) as book:
        begin(book)
        killed = copied(tmp_path, side)
    real, failed = os.fsync, []

    def fail(file):
        failed.append(file)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(engine.os, "fsync", fail)
    with pytest.raises(StoreError, match=r"the log of .* cannot be written"):
        Book.open(str(killed))
    assert failed
    monkeypatch.setattr(engine.os, "fsync", real)
    Book.open(str(killed)).close()


def test_the_log_is_written_back_as_it_grows(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "CHECKPOINT_PAGES", 10)
    path, sizes = tmp_path / "x.boyau", []
    with open_book(path, History(), None, Clock(), create=True) as book:
        begin(book)
        for n in range(60):
            book.post(pays(book, f"W{n}", 300))
            sizes.append((tmp_path / "x.boyau-wal").stat().st_size)
        assert path.stat().st_size > 30 * engine.PAGE_BYTES, "nothing was written back"
    assert max(sizes) < 30 * engine.PAGE_BYTES


def test_a_full_disk_under_the_writing_back_does_not_stop_the_store():
    """The batch is safe in the log by then; only a failed sync stops the store."""
    for n in range(1, 200, 3):
        with Scene(DISK_FULL(n)) as scene:
            out = scene.work()
            if not out.fired:
                break
            assert not any("sync" in str(error) for error in out.refused)
            assert not out.wrong
    assert n > 50
