"""Rotten bits: whatever bit turns, what is read is what was written, or an error; never something else."""

import itertools
import os
import random
import re
import shutil
import sqlite3
import time

import pytest

from boyau.journal import Book
from tests.faults import flips, report
from tests.faults.recovery import NAME, judge, lay_out, workshop
from tests.faults.work import Clock, History, begin, open_book, pays

SEED = int(os.environ.get("BOYAU_SEED", "1"))
SAMPLED = int(os.environ.get("BOYAU_FLIPS", "4000"))
PARTS = 16
SAMPLED_PART = max(500, SAMPLED // 400)


@pytest.fixture
def folder():
    out = workshop()
    yield out
    shutil.rmtree(out)


def tell(fault, found, begun, remarks=""):
    report.add(
        fault,
        tried=found.tried,
        lost=len(found.wrong),
        caught=found.reported,
        seconds=time.perf_counter() - begun,
        remarks=remarks,
    )
    assert not found.wrong, f"{len(found.wrong)} of {found.tried}:\n" + "\n".join(found.wrong[:20])


@pytest.mark.parametrize("part", range(PARTS))
def test_every_bit_of_a_small_journal(folder, part):
    begun = time.perf_counter()
    whole = flips.small(folder)
    bits = range(part, len(whole.data) * 8, PARTS)
    found = flips.turn(folder / NAME, whole, bits)
    tell("bit flips, every bit of a small file", found, begun, "the rest stood in unused bytes")
    assert found.tried == len(bits) > 4000
    assert found.reported > found.tried // 4
    assert found.same > 0, "the page has bytes that mean nothing"


@pytest.mark.parametrize("first", range(0, SAMPLED, SAMPLED_PART))
def test_sampled_bits_of_a_journal_with_a_snapshot_and_the_pages_it_has_in_use(folder, first):
    begun = time.perf_counter()
    rng = random.Random(f"flips {SEED}/{first}")
    page = rng.choice((512, 4096, 65_536))
    whole = flips.small(folder, page_bytes=page, posts=rng.randint(3, 12), snapshot=True)
    used = [n for n in range(0, len(whole.data), 32) if any(whole.data[n : n + 32])]
    bits = [8 * (rng.choice(used) + rng.randrange(32)) + rng.randrange(8) for _ in range(min(SAMPLED_PART, SAMPLED))]
    tell("bit flips, sampled, with a snapshot", flips.turn(folder / NAME, whole, bits), begun)


def test_every_bit_of_headers_and_bodies_is_reported_with_its_batch(folder):
    """In the columns themselves, where no page structure helps to notice."""
    begun = time.perf_counter()
    whole = flips.small(folder)
    found, unnamed = flips.Found(), []
    with sqlite3.connect(folder / NAME, isolation_level=None) as db:
        kept = db.execute("select number, header, body from batch").fetchall()
        for (number, header, body), name in itertools.product(kept, ("header", "body")):
            data = header if name == "header" else body
            for bit in random.Random(number).sample(range(len(data) * 8), 60):
                changed = bytearray(data)
                changed[bit // 8] ^= 1 << bit % 8
                db.execute(f"update batch set {name} = ? where number = ?", (bytes(changed), number))
                words = flips.read_all(folder / NAME, whole)
                found.tried += 1
                found.reported += bool(words and words.startswith("reported"))
                if not (words and re.search(rf"reported: .*batch {number}\b", words)):
                    unnamed.append(f"batch {number} {name} bit {bit}: {words}")
            db.execute(f"update batch set {name} = ? where number = ?", (data, number))
    db.close()
    report.add("bit flips in headers and bodies, named", tried=found.tried, caught=found.reported, lost=len(unnamed),
               seconds=time.perf_counter() - begun)  # fmt: skip
    assert not unnamed, "\n".join(unnamed[:20])


def test_bits_of_the_unfinished_log_shorten_the_history_at_worst(folder):
    """A turned bit in the log looks like a write that was cut off. What is read is true, but may be less: see docs."""
    begun = time.perf_counter()
    history, image = _log_with_batches(folder)
    log, rng, found, shorter = image[NAME + "-wal"], random.Random(SEED), flips.Found(), 0
    for _ in range(600):
        bit = rng.randrange(len(log) * 8)
        turned = bytearray(log)
        turned[bit // 8] ^= 1 << bit % 8
        verdict = judge(lay_out(folder, image | {NAME + "-wal": bytes(turned)}), history, 0, len(history.batches))
        found.tried += 1
        shorter += verdict.kept < len(history.batches)
        if verdict.wrong:
            found.wrong.append(f"bit {bit} of the log: {verdict.wrong}")
    tell("bit flips in the log", found, begun, f"{shorter} read an earlier state: not promised, keep tips elsewhere")


def _log_with_batches(folder):
    """Return a ledger whose log was never written back, as after a kill, and what it held."""
    from boyau.stores import sqlite as engine

    history, clock, path, before = History(), Clock(), folder / NAME, engine.PAGE_BYTES
    engine.PAGE_BYTES = 512
    try:
        book = open_book(path, history, None, clock, create=True)
    finally:
        engine.PAGE_BYTES = before
    begin(book)
    for n in range(6):
        book.post(pays(book, f"L{n}", 2))
    image = {name: (folder / name).read_bytes() for name in (NAME, NAME + "-wal")}
    book.close()
    return history, image


def test_a_reading_that_is_cut_short_would_be_noticed(folder):
    """The check of the check: a store that stops one batch early is called wrong."""
    whole = flips.small(folder)
    with sqlite3.connect(folder / NAME) as db:
        db.execute("delete from batch where number = (select max(number) from batch)")
    db.close()
    words = flips.read_all(folder / NAME, whole)
    assert words is not None
    assert words.startswith("_state: opens with")
    Book.open(str(folder / NAME)).close()
