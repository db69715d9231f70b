"""Processes killed at random moments, again and again on the same ledger.

    python -m tests.faults.kill SEED CYCLES [early]

``early`` runs a writer that acknowledges a batch before it is kept, to see that this is noticed.

One warm parent forks a writer for each cycle, so that a cycle costs milliseconds, not the start of an interpreter. It
is a program of its own because a test runner has threads, and a fork of those is asking for trouble.
"""

import json
import os
import random
import shutil
import signal
import struct
import sys
import time
from pathlib import Path

from boyau.journal import Book, JournalBroken
from boyau.stores import StoreError
from boyau.stores import sqlite as engine
from tests.faults.recovery import NAME, copied, workshop
from tests.faults.work import Clock, History, begin, open_book, steps
from tests.page import START

CYCLES_OF_A_LEDGER = 25
"""After so many kills a new ledger is begun, so that checking it does not grow."""
ACKNOWLEDGEMENT = struct.Struct("<Q32s")
"""Number of batches and hash of the last one: small enough to pass through a pipe whole."""


def hold_back(book: Book) -> None:
    """Make the store answer one batch too early: it keeps each only when the next one comes."""
    keep, held = book.store.append, []

    def append(batches) -> None:
        keep(held)
        held[:] = batches

    book.store.append = append


def write_until_killed(path: Path, pipe: int, seed: str, minutes: int, *, early: bool) -> None:
    """Open the ledger, work, and tell of each thing once it is acknowledged."""
    rng, clock = random.Random(seed), Clock(START + minutes * 60_000_000)
    engine.CHECKPOINT_PAGES = rng.choice((3, 10, 256))
    book = open_book(path, History(), None, clock)
    if early:
        hold_back(book)
    os.write(pipe, ACKNOWLEDGEMENT.pack(book.next_number, book.tip))
    for _ in steps(book, clock, rng, seed, 10_000):
        os.write(pipe, ACKNOWLEDGEMENT.pack(book.next_number, book.tip))
    os._exit(3)  # somebody forgot to kill


def killed(path: Path, seed: str, minutes: int, rng: random.Random, *, early: bool) -> list[tuple[int, bytes]]:
    """Let a writer work, kill it, and return what it had acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            write_until_killed(path, writing, seed, minutes, early=early)
        except BaseException as error:  # noqa: BLE001 - told, so that it does not pass for a kill
            print(f"the writer fell over: {error!r}", file=sys.stderr, flush=True)
        os._exit(4)
    os.close(writing)
    out, awaited = bytearray(), rng.randint(0, 25) * ACKNOWLEDGEMENT.size
    while len(out) < awaited:
        more = os.read(reading, 4096)
        if not more:
            break
        out += more
    time.sleep(rng.random() * 0.012)
    os.kill(child, signal.SIGKILL)
    while more := os.read(reading, 65_536):
        out += more
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError("the writer ended by itself")
    return list(ACKNOWLEDGEMENT.iter_unpack(bytes(out[: len(out) - len(out) % ACKNOWLEDGEMENT.size])))


def check(path: Path, acknowledged: list[tuple[int, bytes]]) -> str:
    """Open the ledger as it lies there; say what is wrong with it."""
    try:
        book = Book.open(str(path), write=False)
    except (StoreError, JournalBroken) as error:
        return f"it does not open: {error}"
    with book:
        hashes = [batch.hash for batch in book.store.batches()]
        for count, tip in acknowledged:
            if count > len(hashes) or hashes[count - 1] != tip:
                return f"batch {count - 1} was acknowledged, and is not there"
        from_snapshot = book.ledger.state_hash(), book.entries, book.tip
        book.store.snapshot = lambda: None
        book._load()
        if from_snapshot != (book.ledger.state_hash(), book.entries, book.tip):
            return "the state is not that of the replay"
    return ""


def run(seed: int, cycles: int, *, early: bool = False) -> dict:
    """Kill so often; return counts, and what was wrong."""
    begun, folder, side = time.perf_counter(), workshop(), workshop()
    out = {"cycles": 0, "acknowledged": 0, "wrong": []}
    acknowledged: list[tuple[int, bytes]] = []
    try:
        for cycle in range(cycles):
            rng = random.Random(f"kill {seed}/{cycle}")
            if cycle % CYCLES_OF_A_LEDGER == 0:
                shutil.rmtree(folder)
                folder, acknowledged = workshop(), []
                with open_book(folder / NAME, History(), None, Clock(), create=True) as book:
                    begin(book)
            new = killed(folder / NAME, f"{cycle}", cycle % CYCLES_OF_A_LEDGER + 1, rng, early=early)
            acknowledged += new
            out["cycles"] += 1
            out["acknowledged"] += len(new)
            words = check(copied(folder, side), acknowledged)
            if words:
                out["wrong"].append(f"cycle {cycle} of seed {seed}: {words}")
                break
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(side)
    out["seconds"] = time.perf_counter() - begun
    return out


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]), early=sys.argv[3:] == ["early"])))
