"""No room left: refused by name, nothing half kept, reading goes on, and the same is taken once there is room."""

import os
import subprocess
import sys
import textwrap
import time

import pytest

from boyau.journal import Book
from boyau.stores import SqliteStore, StoreError, StoreFull
from tests.faults import report
from tests.faults.failing import DISK_FULL, Scene
from tests.faults.recovery import judge
from tests.faults.work import Clock, History, begin, open_book, pays

PARTS = 4


def resume(scene, n):
    """Read everything, make room, and send the same again."""
    error = scene.out.refused[-1]
    if not isinstance(error, StoreFull):
        scene.out.wrong.append(f"step {n}: {error!r} instead of StoreFull")
    found = list(scene.book.store.batches())
    if len(found) != scene.book.next_number or len(found) != scene.acknowledged:
        scene.out.wrong.append(f"step {n}: {len(found)} batches are read, {scene.acknowledged} were acknowledged")
    scene.fault.on = False
    scene.do(n)


@pytest.mark.parametrize("forever", [False, True], ids=["once", "until there is room"])
@pytest.mark.parametrize("part", range(PARTS))
def test_every_write_that_finds_no_room(part, forever):
    begun, tried, refused, wrong, n = time.perf_counter(), 0, 0, [], 1 + part
    while True:
        with Scene(DISK_FULL(n, forever)) as scene:
            out = scene.work(resume)
            if not out.fired:
                break
            scene.close()
            scene.power_cuts(f"full {n}", 2)
            tried, refused, wrong = (
                tried + 1,
                refused + bool(out.refused),
                wrong + [f"write {n}: {w}" for w in out.wrong],
            )
            if len(out.refused) > 1:
                wrong.append(f"write {n}: refused again, with room")
        n += PARTS
    report.add("disk full, every nth write", tried=tried, lost=len(wrong), caught=refused,
               seconds=time.perf_counter() - begun)  # fmt: skip
    assert not wrong, "\n".join(wrong[:20])
    assert tried >= 20
    assert refused > tried // 2 if not forever else refused == tried


LIMITED = textwrap.dedent("""
    import resource, sys
    from pathlib import Path
    from boyau.stores import StoreError
    from tests.faults.work import Clock, History, begin, open_book, pays
    path, limit = Path(sys.argv[1]), int(sys.argv[2])
    book = open_book(path, History(), None, Clock(), create=True)
    begin(book)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    for n in range(400):
        before = book.next_number, book.tip, book.ledger.state_hash()
        try:
            book.post(pays(book, f"A{n}", 300))
        except StoreError as error:
            assert (book.next_number, book.tip, book.ledger.state_hash()) == before
            assert len(list(book.store.batches())) == book.next_number
            print(type(error).__name__, str(error)[:60], flush=True)
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert book.post(pays(book, f"A{n}", 300))["result"].tolist() == [0] * 300
    print(book.next_number, book.ledger.state_hash().hex(), flush=True)
    book.close()
""")


@pytest.mark.parametrize("limit", [1_000_000, 1_500_000, 2_100_000, 3_000_001])
def test_a_limit_on_the_size_of_files(tmp_path, limit):
    """The system answers EFBIG, which SQLite calls a failed write: refused as such, the rest is as on a full disk."""
    begun, path = time.perf_counter(), tmp_path / "x.boyau"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, path, str(limit)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    refused, end = done.stdout.splitlines()
    assert refused.startswith("StoreError the disk did not take the batch, nothing of it was kept")
    with Book.open(str(path)) as book:
        assert f"{book.next_number} {book.ledger.state_hash().hex()}" == end
    report.add("file-size limit, in a process", tried=1, caught=1, seconds=time.perf_counter() - begun)


@pytest.fixture
def disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("cannot mount here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_disk_that_is_really_full_at_every_page(disk):
    """A ballast leaves room for so many pages; with each page more, the batch must be refused whole or kept whole."""
    begun, path, history, clock, ballast = time.perf_counter(), disk / "x.boyau", History(), Clock(), disk / "ballast"
    book, refused, taken, words = open_book(path, history, None, clock, create=True), 0, 0, []
    begin(book)
    book.close()
    for pages in range(60):
        book = open_book(path, history, None, clock)
        room = os.statvfs(disk)
        ballast.write_bytes(bytes(max(0, (room.f_bavail - pages * 3) * room.f_bsize)))
        before = book.next_number
        try:
            book.post(pays(book, f"F{pages}", 30))
            taken += 1
        except StoreError as error:
            refused += 1
            words.append(f"{type(error).__name__}: {error}")
            assert book.next_number == before == len(list(book.store.batches()))
            ballast.unlink()
            book.post(pays(book, f"F{pages}", 30))  # there is room: the same is taken
        ballast.unlink(missing_ok=True)
        book.close()
    report.add("disk full, for real, page by page", tried=refused + taken, caught=refused,
               seconds=time.perf_counter() - begun)  # fmt: skip
    assert all(one.startswith("StoreFull") or "nothing of it was kept" in one for one in words), words
    assert sum(one.startswith("StoreFull") for one in words) > 5
    assert taken > 5
    verdict = judge(path, history, len(history.batches), len(history.batches))
    assert not verdict.wrong
    store = SqliteStore(str(path), write=False)
    assert store.last().number == len(history.batches)
    store.close()
