"""An open ledger: what was acknowledged stays, memory never knows more than the disk, an edited journal is refused."""

import contextlib
import hashlib
import os
import random
import sqlite3
import subprocess
import sys
import textwrap
import uuid

import numpy as np
import pytest

from boyau import codec
from boyau.codec import ROWS, Batch
from boyau.journal import Book, JournalBroken
from boyau.journal.cut import cut
from boyau.journal.operations import Operations
from boyau.ledger import Result
from boyau.ledger.codes import day_of
from boyau.ledger.rows import ROW
from boyau.proofs.leaves import leaf_hashes
from boyau.proofs.tree import Frontier
from boyau.stores import MemoryStore, SqliteStore, StoreDamaged, StoreError, StoreFull
from tests.page import START, WORLD

KILLS = int(os.environ.get("BOYAU_KILLS", "15"))


class Clock:
    def __init__(self):
        self.at = START

    def __call__(self):
        self.at += 1000
        return self.at


def rows(book, *operations):
    return Operations(book.ledger).rows(list(operations), day_of(START))


def pays(book, name, count, amount="1.00", **more):
    pay = {"op": "pay", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": amount}
    return rows(book, *({"id": f"{name}-{n}"} | pay | more for n in range(count)))


def begun(book):
    assert not any(book.record(WORLD))
    issue = {"op": "issue", "id": "I1", "from": "issuer@kz", "to": "budget@kz/road", "amount": "100000.00"}
    assert book.post(rows(book, issue))["result"].tolist() == [0]
    return book


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "x.boyau")


@pytest.fixture
def clock():
    return Clock()


def filled(path, clock, batches=5):
    with begun(Book.create(path, clock=clock)) as book:
        for n in range(batches):
            book.post(pays(book, f"P{n}", 7))
            book.record(
                [{"type": "note", "n": n}, {"type": "limits", "colour": "kz/road", "payments": f"{9000 + n}.00"}]
            )
        return book.ledger.state_hash(), book.entries, book.tip


def state(path, **more):
    with Book.open(path, **more) as book:
        return book.ledger.state_hash(), book.entries, book.tip


def edit(path, statement, *values):
    with sqlite3.connect(path) as db:
        db.execute(statement, values)
        db.commit()
    db.close()


# ---- opening --------------------------------------------------------------------------------------------------------


def test_reopening_gives_the_same_state_by_replay_and_from_a_snapshot(path, clock):
    before = filled(path, clock)
    assert state(path) == before
    assert state(path, write=False) == before
    assert state(path, pure=True) == before
    with Book.open(path, clock=clock) as book:
        book.make_snapshot()
        assert book.snapshot_entry == book.entries
    with Book.open(path, clock=clock) as book:
        assert book.snapshot_entry == book.entries, "the snapshot was not used"
        assert (book.ledger.state_hash(), book.entries, book.tip) == before
        book.post(pays(book, "Q", 9))
        book.record([{"type": "subject", "subject": "act-1"}])
        later = (book.ledger.state_hash(), book.entries, book.tip)
        assert later != before
    assert state(path) == later
    with Book.open(path, clock=clock) as book:
        book.make_snapshot()  # the second one adds its ids to those of the first
    assert state(path) == later
    with Book.open(path, clock=clock) as book:
        assert book.post(pays(book, "P0", 1))["result"].tolist() == [Result.EXISTS]
        book.store.drop_snapshots()
    with Book.open(path) as book:
        assert book.snapshot_entry == 0


@pytest.mark.parametrize("what", ["state", "ids"])
@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_snapshot_is_never_believed_and_the_next_one_is_whole(path, clock, what, seed):
    before = filled(path, clock)
    with Book.open(path, clock=clock) as book:
        book.make_snapshot()
    with sqlite3.connect(path) as db:
        (data,) = db.execute("select data from snapshot where what = ?", (what,)).fetchone()
        changed = bytearray(data)
        changed[random.Random(seed).randrange(len(data))] ^= 1 << seed
        db.execute("update snapshot set data = ? where what = ?", (bytes(changed), what))
    db.close()
    with Book.open(path, clock=clock) as book:
        assert book.snapshot_entry == 0
        assert (book.ledger.state_hash(), book.entries, book.tip) == before
        book.make_snapshot()
    with Book.open(path) as book:
        assert book.snapshot_entry == book.entries
        assert (book.ledger.state_hash(), book.entries, book.tip) == before


def test_a_snapshot_whose_ids_are_gone_or_that_belongs_elsewhere_is_not_believed(path, clock):
    before = filled(path, clock)
    for statement in (
        "delete from snapshot where what = 'ids'",
        "update snapshot set entry = entry - 1 where what = 'state'",
        "update snapshot set number = number - 1 where what = 'state'",
        "update snapshot set number = 999 where what = 'state'",
        "update snapshot set data = x'00' where what = 'state'",
    ):
        with Book.open(path, clock=clock) as book:
            book.make_snapshot()
        edit(path, statement)
        with Book.open(path, clock=clock) as book:
            assert book.snapshot_entry == 0, statement
            assert (book.ledger.state_hash(), book.entries, book.tip) == before, statement


def test_a_title_that_cannot_be_recorded_makes_no_ledger(path):
    for name in ("x" * 70_000, "\ud800"):
        with pytest.raises(ValueError):  # noqa: PT011
            Book.create(path, name=name)
        assert not os.path.exists(path)  # noqa: PTH110


def test_a_file_whose_making_was_interrupted_is_no_ledger(path):
    SqliteStore(path, write=True, create=True).close()
    with pytest.raises(StoreError, match="making was interrupted"):
        Book.open(path)


# ---- death of the process -------------------------------------------------------------------------------------------

LOOP = textwrap.dedent("""
    import sys
    from boyau.journal import Book
    from tests.test_book import pays
    with Book.open(sys.argv[1]) as book:
        print("open", flush=True)
        n = 0
        while True:
            name = f"{sys.argv[2]}.{n}"
            if n % 3 == 2:
                with book.group():
                    done = [book.post(pays(book, name + "a", 2, "0.01")), book.post(pays(book, name + "b", 2, "0.01"))]
            else:
                done = book.post_batches([pays(book, name + "a", 3, "0.01"), pays(book, name + "b", 3, "0.01")])
            for decided in done:
                assert not decided["result"].any(), decided["result"]
                for one in decided["id"]:
                    print(one.tobytes().rstrip(b"\\0").decode(), flush=True)
            n += 1
""")


def test_nothing_that_was_acknowledged_is_lost_when_the_process_is_killed(path):
    begun(Book.create(path)).close()
    rng, acknowledged = random.Random(5), []
    for kill in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", LOOP, path, str(kill)], stdout=subprocess.PIPE, text=True, env=os.environ
        ) as loop:
            assert loop.stdout.readline() == "open\n"
            for _ in range(rng.randint(1, 60)):
                acknowledged.append(loop.stdout.readline().strip())  # noqa: PERF401
            loop.kill()
            acknowledged += [line.strip() for line in loop.stdout if line.endswith("\n")]
    with Book.open(path) as book:
        assert len(acknowledged) > KILLS
        entries = [book.ledger.tables.kernel.entry_of(*np.frombuffer(codec.id_bytes(one), "<i8").tolist())
                   for one in acknowledged]  # fmt: skip
        assert min(entries) >= 0
        ids = {
            row["id"].tobytes().rstrip(b"\0").decode()
            for b in book.store.batches()
            if b.kind == ROWS
            for row in b.rows()
        }
        halves = [name for name in ids if name[-3:-1] == "a-" and int(name.split("a")[0].split(".")[1]) % 3 == 2]
        assert all(name.replace("a-", "b-") in ids for name in halves), "half a group was kept"


# ---- a store that fails ---------------------------------------------------------------------------------------------


class Failing:
    """A store whose nth append fails."""

    def __init__(self, store, fail_at):
        self._store, self.left = store, fail_at

    def __getattr__(self, name):
        return getattr(self._store, name)

    def append(self, batches):
        self.left -= 1
        if self.left == 0:
            raise StoreFull("full")
        self._store.append(batches)


@pytest.mark.parametrize("fail_at", range(1, 9))
def test_where_an_append_fails_memory_is_what_the_disk_is(fail_at, clock):
    store = Failing(MemoryStore(), 0)
    book = Book(store, clock=clock)
    book._begin(uuid.UUID(int=7))
    begun(book)
    store.left = fail_at
    failed = 0
    steps = [
        lambda n: book.post(pays(book, f"A{n}", 3)),
        lambda n: book.record([{"type": "subject", "subject": f"act {n}"}]),
        lambda n: list(book.post_batches(pays(book, f"B{n}{k}", 2) for k in range(4))),
        lambda n: group(n),  # noqa: PLW0108
    ]

    def group(n):
        with book.group():
            book.record([{"type": "note", "n": n}])
            book.post(pays(book, f"C{n}", 2))

    for n in range(8):
        try:
            steps[n % 4](n)
        except StoreFull:
            failed += 1
            again = Book(store._store, clock=clock)
            assert (again.ledger.state_hash(), again.entries, again.tip) == (
                book.ledger.state_hash(),
                book.entries,
                book.tip,
            )
            steps[n % 4](n)  # room was made: the same is taken now
    assert failed == 1
    again = Book(store._store, clock=clock)
    assert (again.ledger.state_hash(), again.entries, again.tip) == (book.ledger.state_hash(), book.entries, book.tip)
    assert book.ledger.balance("asphalt@KZT")[1] == 100 * (2 * 3 + 2 * 8 + 2 * 2)


def test_a_pipeline_acknowledges_only_what_is_durable(clock):
    store = Failing(MemoryStore(), 0)
    book = Book(store, clock=clock)
    book._begin(uuid.UUID(int=7))
    begun(book)
    known = len(store._batches)
    store.left = 3
    acknowledged = []
    with pytest.raises(StoreFull):  # noqa: PT012
        for decided in book.post_batches(pays(book, f"B{k}", 2) for k in range(9)):
            acknowledged.append(decided)
            assert len(store._batches) >= known + len(acknowledged)
    assert len(acknowledged) == 2 == len(store._batches) - known
    assert book.next_number == known + 2


def test_who_stops_asking_in_the_middle_leaves_a_book_that_goes_on(path, clock):
    with begun(Book.create(path, clock=clock)) as book:
        for decided in book.post_batches(pays(book, f"B{k}", 2) for k in range(9)):
            assert not decided["result"].any()
            break
        book.post(pays(book, "C", 2))
        before = book.ledger.state_hash(), book.entries, book.tip
    assert state(path) == before


def test_a_group_is_kept_whole_or_not_at_all(path, clock):
    with begun(Book.create(path, clock=clock)) as book:
        before = book.ledger.state_hash(), book.entries, book.tip
        with pytest.raises(ZeroDivisionError), book.group():  # noqa: PT012
            book.post(pays(book, "A", 2))
            book.record([{"type": "note"}])
            1 / 0  # noqa: B018
        assert (book.ledger.state_hash(), book.entries, book.tip) == before

        def broken():
            yield pays(book, "A", 2)
            raise ZeroDivisionError

        with pytest.raises(StoreError, match="nothing of the group"), book.group():  # noqa: PT012
            book.post(pays(book, "B", 2))
            with contextlib.suppress(ZeroDivisionError):
                list(book.post_batches(broken()))
            book.post(pays(book, "C", 2))
            book.record([{"type": "note"}])
        assert (book.ledger.state_hash(), book.entries, book.tip) == before
        with book.group(), book.group():
            book.post(pays(book, "D", 2))
            assert book.row(book.entries - 1)["amount"] == 100
            assert book.post(pays(book, "D", 2))["result"].tolist() == [1, 1]
        after = book.ledger.state_hash(), book.entries, book.tip
        assert after != before
    assert state(path) == after


def test_a_record_that_breaks_the_programme_leaves_memory_as_the_disk(path, clock, monkeypatch):
    with begun(Book.create(path, clock=clock)) as book:
        before = book.ledger.state_hash(), book.entries
        real = type(book.ledger.registry).record
        monkeypatch.setattr(
            type(book.ledger.registry),
            "record",
            lambda self, one, *more: 1 / 0 if one["type"] == "subject" else real(self, one, *more),
        )
        with pytest.raises(ZeroDivisionError):
            book.record([{"type": "unit", "unit": "USD", "scale": 2}, {"type": "subject", "subject": "x"}])
        monkeypatch.setattr(type(book.ledger.registry), "record", real)
        assert (book.ledger.state_hash(), book.entries) == before
        assert book.record([{"type": "unit", "unit": "USD", "scale": 2}]) == [None]


# ---- long chains ----------------------------------------------------------------------------------------------------


def test_batches_are_never_cut_inside_a_chain():
    links = np.zeros(40, ROW)
    links["flags"][[*range(3, 9), *range(12, 35)]] = 1
    parts = [len(part) for part in cut(links, 5)]
    assert parts == [3, 7, 2, 24, 4]
    links["flags"][-1] = 1
    assert sum(len(part) for part in cut(links, 5)) == 40


def test_a_chain_longer_than_a_batch_is_still_all_or_none(clock):
    book = begun(Book.create("memory:", clock=clock))
    chain = pays(book, "L", 9000, linked=True)
    chain["flags"][-1] = 0
    chain["amount"][0] = 10**12
    assert set(book.post(chain)["result"].tolist()) == {Result.CHAIN_BROKEN, Result.FUNDS_INSUFFICIENT}
    assert book.ledger.balance("asphalt@KZT")[1] == 0


# ---- edited journals ------------------------------------------------------------------------------------------------


def reseal(path, change):
    """Change batches and seal the whole chain anew, as one who knows the format would."""
    with sqlite3.connect(path) as db:
        tip, frontier = bytes(32), Frontier()
        for number, header, body in db.execute("select number, header, body from batch order by number").fetchall():
            old = Batch.read(header, body)
            facts = {"number": number, "first": old.first, "count": old.count, "expired": old.expired, "time": old.time,
                     "ledger": old.ledger, "blind": old.blind}  # fmt: skip
            new_body, more = change(old)
            facts |= more
            count = facts["count"] if new_body != old.body else old.count
            frontier.append(leaf_hashes(old.kind, new_body, count, old.blind, facts["time"]))
            new = Batch.seal(old.kind, new_body, **{"root": frontier.root()} | facts, previous=tip)
            db.execute("update batch set header = ?, body = ? where number = ?", (new.header, new.body, number))
            tip = new.hash
        db.commit()
    db.close()


def field(name, value, at=3):
    def change(batch):
        if batch.kind != ROWS or batch.count < 7 or change.done:
            return batch.body, {}
        change.done = True
        rows = batch.rows().copy()
        rows[name][at] = value
        return rows.tobytes(), {}

    change.done = False
    return change


def fact(number, **more):
    return lambda batch: (batch.body, more if batch.number == number else {})


def record(value):
    return lambda batch: (codec.pack_records([value]), {"count": 1}) if batch.number == 4 else (batch.body, {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (field("amount", 10**10), r"entry \d+: the journal says otherwise"),
        (field("result", 42), r"entry \d+: the journal says otherwise"),
        (field("settled", 99), r"entry \d+: the journal says otherwise"),
        (field("debit", 77), r"entry \d+: the journal says otherwise"),
        (field("kind", 14), r"entry \d+: the journal says otherwise"),
        (field("reserved", 1), r"entry \d+: the journal says otherwise"),
        (fact(3, expired=1), r"entry \d+: the journal says otherwise"),
        (fact(3, expired=7), r"entry \d+: the journal says otherwise"),
        (fact(3, expired=70), r"entry \d+: the journal says otherwise"),
        (fact(3, first=2), "batch 3 does not follow"),
        (fact(3, time=5), "batch 3 .*time"),
        (fact(4, time=5), "batch 4 .*time"),
        (fact(5, ledger=bytes(16)), "batch 5 belongs to another ledger"),
        (fact(4, count=5), "batch 4: 2 records where"),
        (record(b'{"type":"colour"}'), r"entry \d+: the ledger now refuses"),
        (record(b'["type"]'), r"entry \d+: the ledger now refuses"),
        (record(b'{"type"'), "batch 4: not JSON"),
    ],
)  # fmt: skip
def test_a_journal_edited_and_sealed_anew_contradicts_the_replay(path, clock, change, words):
    before = filled(path, clock)
    reseal(path, lambda batch: (batch.body, {}))
    assert state(path) == before, "sealing anew without a change changes nothing"
    reseal(path, change)
    with pytest.raises(JournalBroken, match=words):
        Book.open(path)
    with pytest.raises(JournalBroken):
        Book.open(path)


def test_every_byte_of_a_row_edited_in_place_is_named(path, clock):
    filled(path, clock, 1)
    for at in range(0, 7 * 128, 37):
        with sqlite3.connect(path) as db:
            (body,) = db.execute("select body from batch where number = 3").fetchone()
            changed = bytearray(body)
            changed[at] ^= 0x10
            db.execute("update batch set body = ? where number = 3", (bytes(changed),))
            db.commit()
            with pytest.raises(StoreDamaged, match="batch 3 was changed"):
                Book.open(path)
            (header,) = db.execute("select header from batch where number = 3").fetchone()
            forged = bytearray(header)
            forged[72:104] = hashlib.sha256(changed).digest()
            assert forged[72:104] != header[72:104]
            db.execute("update batch set header = ? where number = 3", (codec._checked(bytes(forged)),))
            db.commit()
            with pytest.raises(JournalBroken, match=r"entry \d+|entries \d+ to"):
                Book.open(path)
            db.execute("update batch set header = ?, body = ? where number = 3", (header, body))
            db.commit()
        db.close()


@pytest.mark.parametrize(
    "statements",
    [
        ["delete from batch where number = 3"],
        ["delete from batch where number = 0"],
        ["delete from batch where number = 3", "update batch set number = number - 1 where number > 3"],
        ["update batch set number = -1 where number = 3", "update batch set number = 3 where number = 4",
         "update batch set number = 4 where number = -1"],
        ["insert into batch select 99, first, header, body, marks from batch where number = 3"],
    ],
    ids=["missing", "first missing", "closed up", "swapped", "twice"],
)  # fmt: skip
def test_batches_taken_out_or_moved_are_refused(path, clock, statements):
    filled(path, clock)
    for statement in statements:
        edit(path, statement)
    with pytest.raises((JournalBroken, StoreDamaged), match=r"batch \d+"):
        Book.open(path)


# ---- time -----------------------------------------------------------------------------------------------------------


def test_journal_time_rises_whatever_the_clock_does(path):
    times = iter([START, START, START - 10**12, START + 5, START + 5, 0, START + 4, START + 10**9] + [START] * 50)
    with begun(Book.create(path, clock=lambda: next(times))) as book:
        for n in range(6):
            book.post(pays(book, f"P{n}", 1))
            book.record([{"type": "note"}])
        kept = [batch.time for batch in book.store.batches()]
    assert kept == sorted(set(kept))
    assert len(kept) == 15


def test_a_clock_that_jumps_ahead_and_back_leaves_a_journal_that_opens(path):
    """What was only asked, or refused, on a day leaves nothing of that day's rules behind."""
    at = [START]
    with begun(Book.create(path, clock=lambda: at[0])) as book:
        rules = {"payees": {"classes": ["contractor"]}}
        later = {"type": "colour", "colour": "kz/road", "rules": rules, "from": "2026-11-26"}
        assert book.record([later]) == [None]
        before = book.ledger.state_hash()
        at[0] += 5 * 86_400_000_000
        assert book.dry_run(pays(book, "D", 1))["result"].tolist() == [Result.PAYEE_CLASS]
        assert book.ledger.state_hash() == before
        assert book.record([{"type": "subject"}])[0].code == "field_missing"
        assert book.ledger.state_hash() == before
        at[0] = START
        assert book.post(pays(book, "P", 1))["result"].tolist() == [Result.POSTED]
        after = book.ledger.state_hash(), book.entries, book.tip
    assert state(path) == after


def test_holds_expire_in_the_journal_and_again_in_its_replay(path):
    at = [START]
    with begun(Book.create(path, clock=lambda: at[0])) as book:
        commit = {"op": "commit", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "10.00"}
        ends = {"expires": "2026-11-25T00:00:00Z"}
        book.post(rows(book, {"id": "H1"} | commit | ends, {"id": "H2"} | commit, {"id": "H3"} | commit | ends))
        book.post(rows(book, {"op": "void", "id": "V3", "hold": "H3"}))
        assert book.ledger.balance("budget@kz/road")[2] == 2000
        book.make_snapshot()
    at[0] += 86_400_000_000
    with Book.open(path, clock=lambda: at[0]) as book:
        late = rows(book, {"op": "pay", "id": "P1", "hold": "H1", "amount": "1.00"})
        assert book.dry_run(late)["result"].tolist() == [Result.HOLD_EXPIRED]
        assert book.ledger.balance("budget@kz/road")[2] == 2000
        assert book.post(late)["result"].tolist() == [Result.HOLD_EXPIRED]
        assert book.ledger.balance("budget@kz/road")[2] == 1000
        newest = book.store.last()
        assert (newest.count, newest.expired, newest.rows()["kind"][0]) == (2, 1, 14)
        before = book.ledger.state_hash(), book.entries, book.tip
        book.post(pays(book, "Z", 1))
        assert book.store.last().expired == 0
        before = book.ledger.state_hash(), book.entries, book.tip
    assert state(path) == before
    with Book.open(path) as book:
        book.store.drop_snapshots()
    assert state(path) == before


def test_the_newest_batch_has_no_successor_to_vouch_for_its_header_and_is_checked_all_the_same(path, clock):
    filled(path, clock, 1)
    with sqlite3.connect(path) as db:
        last, header = db.execute("select number, header from batch order by number desc limit 1").fetchone()
        for bit in range(0, 128 * 8, 5):
            changed = bytearray(header)
            changed[bit // 8] ^= 1 << bit % 8
            db.execute("update batch set header = ? where number = ?", (bytes(changed), last))
            db.commit()
            with pytest.raises((StoreDamaged, JournalBroken)):
                Book.open(path)
        db.execute("update batch set header = ? where number = ?", (header, last))
        db.commit()
    db.close()
    Book.open(path).close()
