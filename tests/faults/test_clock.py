"""A clock that jumps: the journal's own time rises all the same, and what expires does so by the journal's time."""

import itertools
import random
import shutil
import time

import pytest

from boyau.journal import Book
from boyau.ledger import Result
from tests.faults import report
from tests.faults.recovery import NAME, workshop
from tests.faults.work import COMMIT, History, begin, open_book, pays, rows
from tests.page import DAY, START

RUNS = 120
JUMPS = (-DAY, DAY, 0, 1, -1, 1000, -3600_000_000, 60_000_000)


@pytest.fixture
def folder():
    out = workshop()
    yield out
    shutil.rmtree(out)


class Hands:
    """A clock that only moves when it is moved."""

    def __init__(self):
        self.at = START

    def __call__(self):
        return self.at


def times(book):
    return [(batch.time, batch.kind) for batch in book.store.batches()]


def rises(found):
    """Rows come strictly after whatever was before; records at least not before it."""
    pairs = itertools.pairwise(found)
    return all(later > earlier or (kind == 2 and later == earlier) for (earlier, _), (later, kind) in pairs)


@pytest.mark.parametrize("jump", [-DAY, DAY, 0], ids=["back a day", "forward a day", "frozen"])
def test_time_rises_through_a_jump_and_a_restart(folder, jump):
    begun, clock = time.perf_counter(), Hands()
    with open_book(folder / NAME, History(), None, clock, create=True) as book:
        begin(book)
        for n in range(6):
            clock.at += jump
            assert not book.post(pays(book, f"A{n}", 1))["result"].any()
            book.record([{"type": "note", "n": n}])
    clock.at += jump
    with open_book(folder / NAME, History(), None, clock) as book:
        assert not book.post(pays(book, "B", 1))["result"].any()
        found = times(book)
        before = book.ledger.state_hash()
    assert rises(found)
    assert len({at for at, kind in found if kind == 1}) == 8
    if jump > 0:
        assert found[-1][0] == START + 7 * DAY, "a clock that runs ahead is believed"
    else:
        assert found[-1][0] < START + 1000, "a clock that lags costs a microsecond a batch"
    with Book.open(str(folder / NAME)) as book:
        assert book.ledger.state_hash() == before
    report.add("clock jumps", tried=7, seconds=time.perf_counter() - begun)


def test_a_hold_expires_once_by_the_journals_time_and_never_comes_back(folder):
    clock, ends = Hands(), START + DAY
    hold = COMMIT | {"amount": "10.00", "expires": "2026-11-25T10:00:00Z"}
    with open_book(folder / NAME, History(), None, clock, create=True) as book:
        begin(book)
        book.post(rows(book, hold | {"id": "H1"}, hold | {"id": "H2"}))
        held = lambda: book.ledger.balance("budget@kz/road")[2]  # noqa: E731
        assert held() == 2000
        clock.at = ends - 1000
        assert book.post(rows(book, {"op": "pay", "id": "P1", "hold": "H1", "amount": "1.00"}))["result"].tolist() == [
            0
        ]
        clock.at = START - 30 * DAY  # the journal has seen later: nothing is younger for that
        book.post(pays(book, "Q", 1))
        assert held() == 1900
        clock.at = ends + DAY
        book.post(pays(book, "R", 1))
        assert held() == 0
        assert book.store.last().expired == 2
        clock.at = START
        late = rows(book, {"op": "pay", "id": "P2", "hold": "H2", "amount": "1.00"})
        assert book.post(late)["result"].tolist() == [Result.HOLD_EXPIRED]
        assert held() == 0
        before, found = book.ledger.state_hash(), times(book)
    assert rises(found)
    with Book.open(str(folder / NAME), clock=lambda: START - DAY) as book:
        assert book.ledger.state_hash() == before
        assert book.post(rows(book, {"op": "pay", "id": "P3", "hold": "H2", "amount": "1.00"}))["result"].tolist() == [
            Result.HOLD_EXPIRED
        ]


def test_any_sequence_of_jumps(folder):
    begun, batches = time.perf_counter(), 0
    for run in range(RUNS):
        rng, clock, name = random.Random(f"clock {run}"), Hands(), folder / f"{run}.boyau"
        with open_book(name, History(), None, clock, create=True) as book:
            begin(book)
            for n in range(12):
                clock.at += rng.choice(JUMPS)
                if rng.random() < 0.4:
                    ends = rng.choice(("2026-11-24T09:00:00Z", "2026-11-24T12:00:00Z", "2026-11-25T10:00:00Z"))
                    book.post(rows(book, COMMIT | {"id": f"H{n}", "amount": "1.00", "expires": ends}))
                else:
                    book.post(pays(book, f"P{n}", 1))
                now = book.ledger.time
                live = [at for at, number in book.ledger.pending_expiries if at <= now and held(book, number)]
                assert not live, f"run {run}: a hold outlived its time"
            before, found = (book.ledger.state_hash(), book.entries, book.tip), times(book)
        assert rises(found), f"run {run}"
        with Book.open(str(name), clock=lambda: START - DAY) as book:
            assert (book.ledger.state_hash(), book.entries, book.tip) == before
        batches += len(found)
    report.add("clock jumps", tried=batches, seconds=time.perf_counter() - begun)


def held(book, number):
    return int(book.ledger.tables.hold[number][2]) > 0 and not int(book.ledger.tables.hold[number][7])
