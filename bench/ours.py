"""Our engine: the kernel alone, end to end on the SQLite store, memory, start-up, and the disk's own limit."""

import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bench import workload
from bench.measure import OURS, Measured, Stopwatch, check, file_system, resident_bytes
from bench.workload import START_US, Indexes, Stream, Tally, World
from boyau.journal import book as journal_book
from boyau.journal.book import Book
from boyau.ledger import Ledger
from boyau.ledger.refusals import Result
from boyau.ledger.rows import BATCH_ROWS_MAX, ROW_BYTES, Rows

WARM_UP_BATCHES = 5
BATCH_STEP_US = 1000
ACCOUNTS = 10_000
ACCOUNTS_MANY = 1_000_000
Say = Callable[[str], None]
Made = list[tuple[Rows, Any]]


class Clock:
    """Journal time that rises by a millisecond a batch, so that a run is the same on every day."""

    def __init__(self) -> None:
        self.now = START_US

    def __call__(self) -> int:
        self.now += BATCH_STEP_US
        return self.now


def _stream(world: World, ledger: Ledger) -> tuple[Stream, Indexes]:
    index = np.array([ledger.accounts[name] for name in world.accounts], np.int64)
    subjects = np.array([ledger.subjects.get(f"act-{n}", 0) for n in range(workload.SUBJECTS)], np.int64)
    return Stream(world, index, subjects), index


def _verify(made: Made, answers: Sequence[Rows], tally: Tally) -> None:
    """Compare every answer with the one its row was built to get."""
    check(len(made) == len(answers), "a batch was not answered")
    for (_, expected), decided in zip(made, answers, strict=True):
        wrong = np.flatnonzero(decided["result"] != expected)
        if len(wrong):
            row = decided[wrong[0]]
            want, got = Result(int(expected[wrong[0]])).name, Result(int(row["result"])).name
            check(False, f"{len(wrong)} rows were answered wrongly; the first: {got}, not {want}: {row}")
        tally.add(decided)


def _conserved(ledger: Ledger, index: Indexes, tally: Tally) -> None:
    """Compare the ledger's balances with those kept beside it."""
    used = ledger.tables.acc[: len(ledger.accounts)]
    check(np.array_equal(used[:, 0], tally.debits), "an account's debits are not the sum of its rows")
    check(np.array_equal(used[:, 1], tally.credits), "an account's credits are not the sum of its rows")
    check(len(index) == len(used), "the ledger has other accounts than it was given")
    check(int(used[:, 0].sum()) == int(used[:, 1].sum()), "debits and credits differ")


# ---- the kernel alone ------------------------------------------------------------------------------------------------


class InMemory:
    """A ledger without a journal: decided batches are kept in memory, where earlier rows are looked up."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.ledger = Ledger(keep_history=False)
        self.ledger.history = self.row_words
        self.clock = Clock()
        self.first: list[int] = []
        self.kept: list[Rows] = []
        for record in records:
            self.ledger.record(record, START_US)

    def apply(self, rows: Rows) -> Rows:
        """Decide a batch."""
        self.first.append(self.ledger.sequence)
        decided = self.ledger.apply(rows, self.clock())
        self.kept.append(decided)
        return decided

    def row_words(self, entry: int) -> Sequence[int]:
        """Return an earlier row as 16 words."""
        place = bisect_right(self.first, entry) - 1
        words: Sequence[int] = self.kept[place].view("<i8").reshape(-1, 16)[entry - self.first[place]].tolist()
        return words


KERNELS: dict[str, tuple[str, int]] = {
    "mix": (f"kernel alone, all rule kinds, full mix, {ACCOUNTS:,} accounts", ACCOUNTS),
    "pays": (f"kernel alone, all rule kinds, payments, {ACCOUNTS:,} accounts", ACCOUNTS),
    "pays-contracts": (f"kernel alone, contract rules as well, payments, {ACCOUNTS:,} accounts", ACCOUNTS),
    "plain": (f"kernel alone, no colour met, {ACCOUNTS:,} accounts", ACCOUNTS),
    "mix-many": (f"kernel alone, all rule kinds, full mix, {ACCOUNTS_MANY:,} accounts", ACCOUNTS_MANY),
}


def kernel(kind: str, batches: int, say: Say) -> Measured:
    """Measure the ledger in memory: decisions, ids, limits and conservation, but no journal, hash or disk."""
    title, accounts = KERNELS[kind]
    say(f"{OURS}: {title}, making the world")
    contracts = kind.endswith("-contracts")
    if kind == "plain":
        world = workload.plain_world(accounts)
    else:
        world = workload.coloured_world(accounts, contracts=contracts)
    engine = InMemory(world.records)
    stream, index = _stream(world, engine.ledger)
    tally = Tally(len(world.accounts))
    for rows in stream.funding():
        decided = engine.apply(rows)
        check(not decided["result"].any(), "the accounts could not be funded")
        tally.add(decided)
    make = getattr(stream, kind.removesuffix("-many").removesuffix("-contracts"))
    made = [make() for _ in range(batches + WARM_UP_BATCHES)]
    say(f"{OURS}: {title}, {batches} batches")
    watch, answers = Stopwatch(), []
    with _no_collection():
        for rows, _ in made[:WARM_UP_BATCHES]:
            answers.append(engine.apply(rows))
        for rows, _ in made[WARM_UP_BATCHES:]:
            with watch:
                decided = engine.apply(rows)
            answers.append(decided)
    _verify(made, answers, tally)
    _conserved(engine.ledger, index, tally)
    return Measured(
        OURS, title, batches * BATCH_ROWS_MAX / (sum(watch.batch_ms) / 1000), watch.batch_ms,
        "every answer, every balance, conservation", "memory only",
        {"compiled": engine.ledger.compiled, "refused_share": _refused_share(made)},
    )  # fmt: skip


class _no_collection:  # noqa: N801 - reads as a statement
    """Keep Python's cycle collector from running over the bench's own objects while it measures."""

    def __enter__(self) -> None:
        gc.collect()
        gc.freeze()

    def __exit__(self, *_: object) -> None:
        gc.unfreeze()


def _refused_share(made: Made) -> float:
    results = np.concatenate([expected for _, expected in made])
    return round(float((results > Result.EXISTS).mean()), 4)


# ---- end to end ------------------------------------------------------------------------------------------------------

END_TO_END: dict[str, tuple[str, str]] = {
    "mix": ("durable, all rule kinds, full mix, one batch at a time", "mix"),
    "mix-long": ("durable, all rule kinds, full mix, up to 4.2 million rows, a snapshot among them", "mix"),
    "pays": ("durable, all rule kinds, payments, one batch at a time", "pays"),
    "pays-overlap": ("durable, all rule kinds, payments, decided while the batch before is written", "pays"),
    "pays-unproved": ("the same without the Merkle tree", "pays"),
    "contracts-overlap": ("the same with the tree, contract rules on every payment as well", "pays"),
    "plain-overlap": ("durable, no colour met, decided while the batch before is written", "plain"),
    "plain": ("durable, no colour met, one batch at a time", "plain"),
}
REFERENCE = END_TO_END["mix"][0]


def end_to_end(which: str, batches: int, seconds_max: float, disk: Path, say: Say) -> Measured:
    """Measure a book on the SQLite store: decided, hashed, appended, synced, and only then counted.

    Sends *batches* batches, or as many as *seconds_max* allow.
    """
    title, kind = END_TO_END[which]
    say(f"{OURS}: {title}, making the world")
    contracts = which.startswith("contracts")
    world = (
        workload.plain_world(ACCOUNTS) if kind == "plain" else workload.coloured_world(ACCOUNTS, contracts=contracts)
    )
    with tempfile.TemporaryDirectory(prefix="boyau-bench-", dir=disk) as folder, _proofs(made=which != "pays-unproved"):
        path = f"{folder}/bench.boyau"
        with Book.create(path, clock=Clock()) as book:
            refused = [answer for answer in book.record(world.records) if answer is not None]
            check(not refused, f"a record was refused: {refused[:1]}")
            _check_durable(book)
            stream, index = _stream(world, book.ledger)
            tally = Tally(len(world.accounts))
            for rows in stream.funding():
                decided = book.post(rows)
                check(not decided["result"].any(), "the accounts could not be funded")
                tally.add(decided)
            made = [getattr(stream, kind)() for _ in range(batches + WARM_UP_BATCHES)]
            say(f"{OURS}: {title}, {batches} batches")
            with _no_collection():
                answers = [book.post(rows) for rows, _ in made[:WARM_UP_BATCHES]]
                work = [rows for rows, _ in made[WARM_UP_BATCHES:]]
                send = _post_each if which in {"mix", "mix-long", "pays", "plain"} else _post_overlapped
                answered, latencies, seconds = send(book, work, seconds_max)
            made = made[: WARM_UP_BATCHES + len(answered)]
            _verify(made, answers + answered, tally)
            _conserved(book.ledger, index, tally)
            state, entries = book.ledger.state_hash(), book.entries
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        started = time.perf_counter()
        with Book.open(path) as again:
            reopened = time.perf_counter() - started
            check(again.entries == entries, "the reopened ledger has lost entries")
            check(again.ledger.state_hash() == state, "the reopened ledger has another state")
    return Measured(
        OURS, title, len(answered) * BATCH_ROWS_MAX / seconds, latencies,
        "every answer, every balance, conservation, same state hash when reopened",
        "plain durable" if kind == "plain" else "coloured durable",
        {
            "file_system": file_system(disk), "refused_share": _refused_share(made), "entries": entries,
            "reopen_seconds": round(reopened, 3), "bytes_per_entry_on_disk": round(size / entries, 1),
        },
    )  # fmt: skip


def singles(seconds: float, disk: Path, say: Say) -> Measured:
    """Measure payments sent alone, each durable before the next: what one caller gets who does not batch."""
    title = "durable, all rule kinds, one payment each, 1 caller"
    say(f"{OURS}: {title}, {seconds} s")
    world = workload.coloured_world(ACCOUNTS)
    with (
        tempfile.TemporaryDirectory(prefix="boyau-bench-", dir=disk) as folder,
        Book.create(f"{folder}/bench.boyau", clock=Clock()) as book,
    ):
        book.record(world.records)
        _check_durable(book)
        stream, index = _stream(world, book.ledger)
        tally = Tally(len(world.accounts))
        for rows in stream.funding():
            tally.add(book.post(rows))
        made: Made = []
        for rows, expected in (stream.pays() for _ in range(4)):
            made += [(rows[n : n + 1], expected[n : n + 1]) for n in range(len(rows))]
        with _no_collection():
            answers, latencies, taken = _post_each(book, [rows for rows, _ in made], seconds)
        _verify(made[: len(answers)], answers, tally)
        _conserved(book.ledger, index, tally)
    return Measured(
        OURS, title, len(answers) / taken, latencies, "every answer, every balance, conservation", "coloured durable"
    )  # fmt: skip


def _check_durable(book: Book) -> None:
    """Look whether the store syncs every commit; a bench of one that does not would compare nothing."""
    database = book.store._db  # type: ignore[attr-defined]  # noqa: SLF001 - nothing public says it
    mode, level = (database.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous"))
    check((mode, level) == ("wal", 2), f"the store is not durable: journal_mode {mode}, synchronous {level}")


def _post_each(book: Book, work: list[Rows], seconds_max: float) -> tuple[list[Rows], list[float], float]:
    watch, answers = Stopwatch(), []
    started = time.perf_counter()
    for rows in work:
        if time.perf_counter() - started > seconds_max:
            break
        with watch:
            decided = book.post(rows)
        answers.append(decided)
    return answers, watch.batch_ms, sum(watch.batch_ms) / 1000


def _post_overlapped(book: Book, work: list[Rows], seconds_max: float) -> tuple[list[Rows], list[float], float]:
    """Post one batch after the other, each decided while the one before is written; times from answer to answer."""
    times, answers = [time.perf_counter()], []

    def batches() -> Iterator[Rows]:
        for rows in work:
            if time.perf_counter() - times[0] > seconds_max:
                return
            yield rows

    for decided in book.post_batches(batches(), overlap=True):
        times.append(time.perf_counter())
        answers.append(decided)
    return answers, [(b - a) * 1000 for a, b in pairwise(times)], times[-1] - times[0]


@contextmanager
def _proofs(*, made: bool) -> Iterator[None]:
    """Leave the tree out of the journal, to see what it costs; such a ledger could not be opened again."""
    real = journal_book.leaf_hashes, journal_book.batch_leaves
    if not made:
        journal_book.leaf_hashes = lambda *_: np.zeros((0, 32), np.uint8)
        journal_book.batch_leaves = lambda *_: np.zeros((0, 32), np.uint8)
    try:
        yield
    finally:
        journal_book.leaf_hashes, journal_book.batch_leaves = real


RAW = "raw: a batch's bytes appended, fdatasync each"


def raw_log(batches: int, moment: str, disk: Path, say: Say) -> Measured:
    """Measure the disk alone: a batch's bytes into a preallocated file, fdatasync each. Nothing durable is faster.

    It is measured at several *moments*, because shared and virtual disks change their mind within minutes.
    """
    say(f"disk: {batches} raw appends, {moment}")
    body = os.urandom(BATCH_ROWS_MAX * ROW_BYTES + 128)
    watch = Stopwatch()
    with tempfile.NamedTemporaryFile(dir=disk, prefix="boyau-bench-") as file:
        descriptor = file.fileno()
        os.posix_fallocate(descriptor, 0, len(body) * (batches + WARM_UP_BATCHES))
        for n in range(batches + WARM_UP_BATCHES):
            with watch:
                os.pwrite(descriptor, body, n * len(body))
                os.fdatasync(descriptor)
        check(os.pread(descriptor, len(body), (batches - 1) * len(body)) == body, "the file holds something else")
    times = watch.batch_ms[WARM_UP_BATCHES:]
    return Measured(
        "the disk", f"{RAW}, {moment}",
        batches * BATCH_ROWS_MAX / (sum(times) / 1000), times, "read back", "limit",
    )  # fmt: skip


# ---- memory ----------------------------------------------------------------------------------------------------------


def memory(millions: int, say: Say) -> list[dict[str, Any]]:
    """Measure memory in processes of their own, so that nothing of the bench is counted."""
    out = []
    for what in ("ids", "balances"):
        say(f"{OURS}: memory of {millions} million {what}")
        command = [sys.executable, "-m", "bench.ours", what, str(millions)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"measuring memory failed: {done.stderr.strip()[-600:]}")
        out.append(json.loads(done.stdout))
    return out


def _memory_of_ids(millions: int) -> dict[str, Any]:
    """Post transfers and forget the rows: what grows is what the ledger remembers of each (its id)."""
    world = workload.plain_world(ACCOUNTS)
    engine = InMemory(world.records)
    stream, _ = _stream(world, engine.ledger)

    def post(rows: Rows) -> None:
        engine.apply(rows)
        engine.kept.clear()
        engine.first.clear()

    for rows in stream.funding():
        post(rows)
    post(stream.plain()[0])
    gc.collect()
    tables, before, known = engine.ledger.tables, resident_bytes(), engine.ledger.tables.kernel.ids
    for _ in range(round(millions * 1_000_000 / BATCH_ROWS_MAX)):
        post(stream.plain()[0])
    gc.collect()
    ids = tables.kernel.ids - known
    return {
        "what": "transfer remembered (its id; the row itself lies in the journal)",
        "count": ids,
        "array_bytes_each": (tables.id_key.nbytes + tables.id_seq.nbytes) / tables.kernel.ids,
        "resident_bytes_each": (resident_bytes() - before) / ids,
    }


def _memory_of_balances(millions: int) -> dict[str, Any]:
    """Open accounts: arrays of balances, and the dictionary of their names, which is in the resident figure only."""
    ledger = Ledger(keep_history=False)
    ledger.record({"type": "unit", "unit": "KZT", "scale": 2}, START_US)
    ledger.record({"type": "colour", "colour": "kz", "unit": "KZT"}, START_US)
    for n in range(workload.LEAVES):
        ledger.record({"type": "colour", "colour": f"kz/{n}"}, START_US)
    owners = millions * 1_000_000 // workload.LEAVES
    for n in range(owners):
        ledger.record({"type": "participant", "participant": f"p{n:05}"}, START_US)
    gc.collect()
    before = resident_bytes()
    for n in range(owners):
        for colour in range(workload.LEAVES):
            ledger.record({"type": "account", "account": f"p{n:05}@kz/{colour}"}, START_US)
    gc.collect()
    count = len(ledger.accounts)
    return {
        "what": "balance (an account: debits, credits, pending, colour, owner, flags, hop; resident: and its name)",
        "count": count,
        "array_bytes_each": ledger.tables.acc.nbytes / count,
        "resident_bytes_each": (resident_bytes() - before) / count,
    }


# ---- start-up --------------------------------------------------------------------------------------------------------


def start_up(runs: int, say: Say) -> list[dict[str, Any]]:
    """Measure how long the command line takes to do nothing, and Python alone for comparison."""
    program = Path(sys.executable).with_name("boyau")
    commands = {
        "boyau --version": [str(program), "--version"],
        "boyau": [str(program)],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    out = []
    for title, command in commands.items():
        say(f"start-up of `{title}`, {runs} runs")
        if not Path(command[0]).exists():
            out.append({"what": title, "missing": f"{command[0]} is not installed"})
            continue
        seconds, done = [], None
        for _ in range(runs + 1):
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            seconds.append(time.perf_counter() - started)
        assert done is not None
        if done.returncode != 0:
            out.append({"what": title, "missing": f"failed: {done.stderr.strip()[-200:]}"})
            continue
        out.append({"what": title, "median_seconds": statistics.median(seconds[1:]), "runs": runs})
    return out


if __name__ == "__main__":
    measure = {"ids": _memory_of_ids, "balances": _memory_of_balances}[sys.argv[1]]
    json.dump(measure(int(sys.argv[2])), sys.stdout)
