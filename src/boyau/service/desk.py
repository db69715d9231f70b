"""One ledger at work: a thread decides and writes, everybody else queues. Whoever waits together is committed together.

A commit is synced to disk before anybody in it is answered, and it takes as long for one payment as for thousands. So
while one commit is under way the next one gathers: single requests get the throughput of batches without knowing it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from boyau.journal import Book
from boyau.journal.intake import Line
from boyau.journal.operations import Operations
from boyau.journal.submission import Answer, Scratch, Submission, is_record
from boyau.ledger import ROW, Result, codes
from boyau.service.answers import Outcome
from boyau.service.bulk import Bulk, fill, judge
from boyau.stores import StoreError

JOBS_MAX = 4096
LINES_MAX = 262_144
"""What may wait: beyond either the caller is told to come back later, and nothing of theirs was begun."""
GROUP_LINES_MAX = 65_536
"""At most so many lines share one turn of the writer, so that reads in between do not wait long."""

WAIT_SECONDS_MAX = 60
"""Nobody is told to come back later than this, however slow the last turn was."""

T = TypeVar("T")


class Busy(Exception):  # noqa: N818 - a condition
    """The queue is full. ``seconds``: when it is likely to have room."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too much is waiting; try again in {seconds} s")
        self.seconds = seconds


class Closing(Exception):  # noqa: N818 - a condition
    """The service is being shut down and takes nothing more."""


@dataclass(slots=True)
class _Job:
    lines: Sequence[Line] = ()
    call: Callable[[Book], Any] | None = None
    bulk: Bulk | None = None
    dry: bool = False
    done: "Future[Any]" = field(default_factory=Future)

    @property
    def alone(self) -> bool:
        """True where nothing else shares its turn."""
        return self.dry or self.call is not None or self.bulk is not None

    @property
    def weight(self) -> int:
        """How much of the queue it takes."""
        return max(1, len(self.lines) if self.bulk is None else len(self.bulk))


@dataclass(slots=True)
class Counts:
    """What happened since the start, for metrics."""

    lines: int = 0
    commits: int = 0
    busy: int = 0
    failed: int = 0
    results: dict[str, int] = field(default_factory=dict)


class Desk:
    """Owns an open book. Every method may be called from any thread; futures are done when all is on disk."""

    def __init__(self, book: Book, *, jobs_max: int = JOBS_MAX, lines_max: int = LINES_MAX) -> None:
        self._book = book
        self._jobs_max, self._lines_max = jobs_max, lines_max
        self._queue: deque[_Job] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._speed = 1000.0  # lines a second, as last seen
        self.counts = Counts()
        self.watchers: list[Callable[[int], None]] = []
        """Called, in the writer's thread, with the number of entries after each commit."""
        self.entries = book.entries
        self._thread = threading.Thread(target=self._run, name="boyau-writer", daemon=True)
        self._thread.start()

    # ---- asking -----------------------------------------------------------------------------------------------------

    def submit(self, values: Sequence[Any], *, dry: bool = False) -> "Future[list[Answer]]":
        """Queue operations and records, in order; the answers come in order too. Raises ``Busy`` or ``Closing``.

        They are decided one after the other, linked ones together; nothing of another caller comes in between a chain.
        """
        lines = [one if isinstance(one, Line) else Line(number, one) for number, one in enumerate(values, 1)]
        if lines and isinstance(lines[-1].value, dict) and lines[-1].value.get("linked", False) is not False:
            done: Future[list[Answer]] = Future()
            done.set_result(_open_chain(lines))
            return done
        return self._put(_Job(lines=lines, dry=dry))

    def submit_bulk(self, bulk: Bulk) -> "Future[Outcome]":
        """Queue a batch that is not tangled, as ``submit`` would its lines. Where the disk fails, part may be kept."""
        return self._put(_Job(bulk=bulk))

    def call(self, function: Callable[[Book], T], *, always: bool = False) -> "Future[T]":
        """Queue a short look at the book, between two commits; *always*: however much waits."""
        return self._put(_Job(call=function), always=always)

    def _put(self, job: _Job, *, always: bool = False) -> "Future[Any]":
        weight = job.weight
        with self._changed:
            if self._stopping:
                raise Closing
            full = len(self._queue) >= self._jobs_max or self._waiting + weight > self._lines_max
            if full and not always:
                self.counts.busy += 1
                raise Busy(self.wait_seconds)
            self._queue.append(job)
            self._waiting += weight
            self._changed.notify()
        return job.done

    @property
    def waiting(self) -> int:
        """How many lines and looks wait."""
        return self._waiting

    @property
    def full(self) -> bool:
        """True where nothing more can be queued; a look from outside, which takes no lock."""
        return len(self._queue) >= self._jobs_max or self._waiting >= self._lines_max

    @property
    def wait_seconds(self) -> int:
        """In how many seconds what waits now is likely to be done; at least one, at most a minute."""
        return min(max(1, round(self._waiting / max(self._speed, 1.0))), WAIT_SECONDS_MAX)

    def close(self) -> None:
        """Take nothing more, finish what was taken, close the book."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    # ---- working ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while jobs := self._take():
                self._serve(jobs)
        finally:
            self._book.close()

    def _take(self) -> list[_Job]:
        """Wait for work; return what shares the next turn, in order. Empty: it is time to go."""
        with self._changed:
            while not self._queue and not self._stopping:
                self._changed.wait()
            jobs: list[_Job] = []
            lines = 0
            while self._queue and lines < GROUP_LINES_MAX:
                job = self._queue[0]
                if jobs and (job.alone or jobs[0].alone):
                    break
                jobs.append(self._queue.popleft())
                lines += job.weight
                self._waiting -= job.weight
            return jobs

    def _serve(self, jobs: list[_Job]) -> None:
        began = time.monotonic()
        live = [job for job in jobs if job.done.set_running_or_notify_cancel()]
        try:
            if live and live[0].call is not None:
                live[0].done.set_result(live[0].call(self._book))
                return
            if live and live[0].dry:
                scratch = Scratch(self._book.ledger, self._book.clock)
                live[0].done.set_result(sorted(Submission(scratch).run(live[0].lines), key=lambda one: one.line))
                return
            if live and live[0].bulk is not None:
                live[0].done.set_result(self._bulk(live[0].bulk))
                return
            self._commit(live)
        except BaseException as error:  # noqa: BLE001 - it belongs to those who wait, not to the thread
            self.counts.failed += 1
            for job in live:
                if not job.done.done():
                    job.done.set_exception(error)
            if isinstance(error, StoreError):
                time.sleep(0.05)  # a disk that is full or gone is not asked a thousand times a second
        finally:
            count = sum(job.weight for job in live if job.call is None)
            if count:
                self._speed = 0.8 * self._speed + 0.2 * count / max(time.monotonic() - began, 1e-4)
            self.entries = self._book.entries
            for watch in self.watchers:
                watch(self.entries)

    def _commit(self, jobs: list[_Job]) -> None:
        numbered: list[Line] = []
        for job in jobs:
            numbered += [Line(len(numbered) + k, one.value, one.error, one.field) for k, one in enumerate(job.lines)]
        answers: list[Answer | None] = [None] * len(numbered)
        try:
            for answer in Submission(self._book).run(numbered):
                answers[answer.line] = answer
                self.counts.results[answer.result] = self.counts.results.get(answer.result, 0) + 1
        finally:  # where the disk fails half way, those whose answers were durable before are told so
            at = 0
            for job in jobs:
                own = answers[at : at + len(job.lines)]
                at += len(job.lines)
                if None not in own:
                    job.done.set_result(own)
        self.counts.lines += len(numbered)
        self.counts.commits += 1

    def _bulk(self, bulk: Bulk) -> Outcome:
        """Decide a batch: what stands between two records as columns, the records one after the other."""
        out = Outcome.blank(len(bulk))
        records = [k for k, line in sorted(bulk.others.items()) if is_record(line)]
        cuts = [-1, *records, len(bulk)]
        waiting: list[int] = []
        for before, after in pairwise(cuts):
            if after - before > 1:
                self._records(bulk, waiting, out)
                waiting = []
                self._rows(bulk, before + 1, after, out)
            waiting.append(after)
        self._records(bulk, waiting[:-1], out)
        for name, count in out.counts().items():
            self.counts.results[name] = self.counts.results.get(name, 0) + count
        self.counts.lines += len(bulk)
        self.counts.commits += 1
        return out

    def _records(self, bulk: Bulk, places: list[int], out: Outcome) -> None:
        """Apply records that follow each other, each on its own, together to disk."""
        if not places:
            return
        entry = self._book.entries
        refusals = self._book.record([bulk.others[k].value for k in places])
        for k, refusal in zip(places, refusals, strict=True):
            number = bulk.numbers[k]
            if refusal is None:
                out.told[k] = Answer(number, "recorded", entry=entry)
                entry += 1
            else:
                told = f"{refusal.code}: {refusal.message}"
                out.told[k] = Answer(number, "refused", field=refusal.field, message=told)

    def _rows(self, bulk: Bulk, begin: int, end: int, out: Outcome) -> None:
        book, today = self._book, codes.day_of(self._book.now())
        low, high = np.searchsorted(bulk.places, (begin, end)).tolist()
        places = bulk.places[low:high]
        filled, sure = fill({name: column[low:high] for name, column in bulk.columns.items()}, book.ledger, today)
        rows, good = np.zeros(end - begin, ROW), np.zeros(end - begin, bool)
        rows[(places - begin)[sure]], good[places - begin] = filled[sure], sure
        for place, own in zip(places.tolist(), bulk.columns["id"][low:high], strict=True):
            out.ids[place] = own
        operations = Operations(book.ledger)
        for k in np.flatnonzero(~good).tolist():
            line = bulk.others.get(begin + k) or bulk.line(begin + k)
            error = judge(rows[k], line, operations, today)
            own = line.value.get("id", "") if isinstance(line.value, dict) else ""
            if error is None:
                good[k], out.ids[begin + k] = True, str(own)
            else:
                told = Answer(line.number, "unreadable", str(own)[:60], error.field, error.message)
                out.told[begin + k] = told
        if True in bulk.columns["linked"] and (bulk.chained(begin, end) & ~good).any():
            self._lines(bulk, begin, end, out)  # one of a chain cannot be read: its answers depend on each other
            return
        if not good.any():
            return
        decided = book.post(rows[good])
        chosen = begin + np.flatnonzero(good)
        out.results[chosen], out.entries[chosen] = decided["result"], book.numbers
        for k in np.flatnonzero(decided["result"] == Result.EXISTS).tolist():
            # It stands where it was posted, not where it was sent again.
            out.entries[chosen[k]] = book.ledger.entry_of(decided["id"][k].tobytes())

    def _lines(self, bulk: Bulk, begin: int, end: int, out: Outcome) -> None:
        """Decide a part of a batch line by line."""
        lines = [bulk.others.get(k) or bulk.line(k) for k in range(begin, end)]
        numbered = [Line(begin + k, one.value, one.error, one.field) for k, one in enumerate(lines)]
        for answer in Submission(self._book).run(numbered):
            out.told[answer.line] = replace(answer, line=bulk.numbers[answer.line])


def _open_chain(lines: Sequence[Line]) -> list[Answer]:
    """Answer operations that end inside a chain: the rest of it may be in another request, but chains never are."""
    begin = len(lines)
    while begin and isinstance(value := lines[begin - 1].value, dict) and value.get("linked", False) is not False:
        begin -= 1
    told = "the last operation is linked to nothing; all of a chain goes into one request"
    out = []
    for k, line in enumerate(lines):
        identity = line.value.get("id", "") if isinstance(line.value, dict) else ""
        out.append(
            Answer(line.number, "chain_open" if k >= begin else "chain_broken", str(identity)[:60], "linked", told)
        )
    return out
