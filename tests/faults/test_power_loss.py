"""Power goes at any moment: what was acknowledged is there, nothing half is read as truth, and writing goes on."""

import os
import random
import time

import pytest

from tests.faults import crash, report
from tests.faults.disk import CREATE, DELETE, SYNC, SYNC_FAILED, TRUNCATE, WRITE, Cut, Disk

SEED = int(os.environ.get("BOYAU_SEED", "1"))
POINTS = int(os.environ.get("BOYAU_CRASH_POINTS", "20000"))
SLICE = max(500, POINTS // 400)
MUTANT_POINTS = 500


@pytest.mark.parametrize("first", range(0, POINTS, SLICE))
def test_power_loss_takes_nothing_that_was_acknowledged(first):
    begun = time.perf_counter()
    tally = crash.points(SEED, range(first, min(first + SLICE, POINTS)))
    report.add("power loss", tried=tally.points, lost=len(tally.wrong), seconds=time.perf_counter() - begun)
    assert not tally.wrong, (
        f"{len(tally.wrong)} of {tally.points} points; the first again: python -m tests.faults.crash {SEED} "
        f"{tally.wrong[0].split()[1]}\n" + "\n".join(tally.wrong[:20])
    )
    assert tally.unsynced > tally.points // 2, "the power went while there was nothing to lose"
    assert tally.ahead > tally.points // 50, "no batch was met between disk and acknowledgement"


@pytest.mark.parametrize("synchronous", ["normal", "off"])
def test_a_store_that_syncs_less_is_caught(synchronous):
    """The laboratory is only worth something while it finds these: both lose what they acknowledged."""
    begun = time.perf_counter()
    tally = crash.points(SEED, range(MUTANT_POINTS), synchronous)
    report.add(
        f"power loss, mutant synchronous={synchronous}",
        tried=tally.points,
        caught=tally.lost,
        seconds=time.perf_counter() - begun,
        remarks="losses are wanted here",
    )
    assert tally.lost > MUTANT_POINTS // 20, "the laboratory is broken: a store that does not sync lost next to nothing"


def test_a_point_comes_out_the_same_alone_as_among_others():
    """NORMAL, because there is something to tell."""
    together = crash.points(SEED, range(250), "normal")
    alone = [crash.points(SEED, range(n, n + 1), "normal") for n in range(0, 250, 25)]
    numbers = {int(words.split()[1]) for words in together.wrong}
    assert [bool(tally.wrong) for tally in alone] == [n in numbers for n in range(0, 250, 25)]
    assert [tally.points for tally in alone] == [1] * 10


# ---- the model of the disk ------------------------------------------------------------------------------------------

A, B = b"a" * 1024, b"b" * 1024


def disk(*ops):
    out = Disk()
    for op in ops:
        out.do(op)
    return out


def images(state, cut, count=60):
    return [state.image(cut, random.Random(n)) for n in range(count)]


def test_nothing_is_durable_before_it_is_synced_neither_data_nor_name():
    made = [(CREATE, 0, "x"), (WRITE, 0, 0, A)]
    assert disk(*made).image(Cut.NOTHING, random.Random(1)) == {}
    assert disk(*made, (SYNC, 0, False)).image(Cut.NOTHING, random.Random(1)) == {}
    assert disk(*made, (SYNC, 0, True)).image(Cut.NOTHING, random.Random(1)) == {"x": A}
    assert disk(*made).image(Cut.EVERYTHING, random.Random(1)) == {"x": A}
    assert {tuple(one) for one in images(disk(*made), Cut.TORN)} == {(), ("x",)}


def test_a_removed_name_comes_back_unless_its_folder_was_synced():
    made = [(CREATE, 0, "x"), (WRITE, 0, 0, A), (SYNC, 0, True)]
    assert disk(*made, (DELETE, 0, "x", False)).image(Cut.NOTHING, random.Random(1)) == {"x": A}
    assert disk(*made, (DELETE, 0, "x", True)).image(Cut.NOTHING, random.Random(1)) == {}
    again = disk(*made, (DELETE, 0, "x", False), (CREATE, 1, "x"), (WRITE, 1, 0, B))
    assert again.image(Cut.NOTHING, random.Random(1)) == {"x": A}
    assert {len(one) for one in images(again, Cut.SUBSET)} == {0, 1}


def test_unsynced_writes_arrive_in_any_mixture_and_in_sectors():
    state = disk((CREATE, 0, "x"), (SYNC, 0, True), (WRITE, 0, 0, A), (WRITE, 0, 512, B))
    found = {one["x"] for one in images(state, Cut.SUBSET)}
    assert found == {b"", A, bytes(512) + B, A[:512] + B}
    torn = {one["x"] for one in images(state, Cut.TORN, 400)}
    assert A[:512] in torn
    assert bytes(1024) + B[:512] in torn
    assert bytes(1536) in {one["x"] for one in images(state, Cut.GROWN)}
    rubbish = [one["x"] for one in images(state, Cut.RUBBISH)]
    assert any(set(data) - set(b"ab\0") for data in rubbish)


def test_a_truncation_waits_for_its_sync_like_all_else():
    state = disk((CREATE, 0, "x"), (WRITE, 0, 0, A), (SYNC, 0, True), (TRUNCATE, 0, 100))
    assert {len(one["x"]) for one in images(state, Cut.SUBSET)} == {100, 1024}
    state.do((SYNC, 0, False))
    assert state.image(Cut.NOTHING, random.Random(1)) == {"x": A[:100]}


def test_after_a_failed_sync_a_later_one_saves_only_what_was_written_again():
    made = [(CREATE, 0, "x"), (SYNC, 0, True), (WRITE, 0, 0, A), (SYNC_FAILED, 0)]
    assert disk(*made, (SYNC, 0, False)).image(Cut.EVERYTHING, random.Random(1)) == {"x": bytes(1024)}
    assert disk(*made, (WRITE, 0, 0, A), (SYNC, 0, False)).image(Cut.NOTHING, random.Random(1)) == {"x": A}
