"""Every decision of the gate: who, what, allowed or not, which rule, when. Chained: none can be changed alone.

A request waits for its decision to be on disk before it is answered, if it changes anything; decisions of requests that
come together are written together. Whole days beyond the last 31 are moved to files, one a day.
"""

import datetime as dt
import gzip
import hashlib
import json
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boyau.service.identity.store import AccessStore

DAYS_KEPT = 31
WAITING_MAX = 100_000
_FIELDS = ("number", "at", "who", "how", "action", "resource", "allowed", "rule", "count")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision, or so many alike in one request."""

    who: str
    how: str
    action: str
    resource: str
    allowed: bool
    rule: str
    count: int = 1


@dataclass(slots=True)
class _Job:
    decisions: list[Decision]
    done: "Future[None]" = field(default_factory=Future)


def chained(before: bytes, row: tuple[Any, ...]) -> bytes:
    """Return the chain's next link: the hash of the one before and of the decision."""
    return hashlib.sha256(before + json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()).digest()


def _told(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a decision as it is told elsewhere, with its link of the chain."""
    return dict(zip((*_FIELDS, "chain"), (*row[:-1], row[-1].hex()), strict=True))


class Decisions:
    """Writes decisions in a thread of its own, those together that wait together."""

    def __init__(
        self, store: AccessStore, folder: Path | None = None, tell: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        self._store, self._folder = store, folder
        self._tell = tell
        """Is told of each decision as well, with its link of the chain, when it is on disk: the log of the service."""
        self._queue: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        last = store.row("select number, chain from decision order by number desc limit 1")
        ended = store.meta("decisions_end").partition(" ")
        if last is None and ended[0]:
            last = (int(ended[0]), bytes.fromhex(ended[2]))
        self._number: int = last[0] if last else 0
        self._chain: bytes = last[1] if last else bytes(32)
        self._day = 0
        self._thread = threading.Thread(target=self._run, name="boyau-decisions", daemon=True)
        self._thread.start()

    def record(self, decisions: list[Decision]) -> "Future[None]":
        """Have decisions written; done when they are on disk. Where too many wait it fails at once."""
        job = _Job(decisions)
        with self._changed:
            if self._stopping or len(self._queue) >= WAITING_MAX:
                job.done.set_exception(RuntimeError("decisions cannot be recorded"))
                return job.done
            self._queue.append(job)
            self._changed.notify()
        return job.done

    def close(self) -> None:
        """Write what waits and stop."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._stopping:
                    self._changed.wait()
                jobs = [self._queue.popleft() for _ in range(min(len(self._queue), 1000))]
            if not jobs:
                return
            self._serve(jobs)

    def _serve(self, jobs: list[_Job]) -> None:
        number, chain = self._number, self._chain
        rows: list[tuple[Any, ...]] = []
        try:
            with self._store.change() as db:
                at = int(self._store.clock() * 1_000_000)
                self._rotate(at)
                for one in (decision for job in jobs for decision in job.decisions):
                    number += 1
                    told = one.who, one.how, one.action, one.resource[:200], int(one.allowed), one.rule, one.count
                    row = (number, at, *told)
                    chain = chained(chain, row)
                    rows.append((*row, chain))
                db.executemany("insert into decision values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._number, self._chain = number, chain
        except BaseException as error:  # noqa: BLE001 - it belongs to those who wait, not to the thread
            for job in jobs:
                job.done.set_exception(error)
            return
        for job in jobs:
            job.done.set_result(None)
        if self._tell is not None:
            for row in rows:
                self._tell(_told(row))

    def _rotate(self, at: int) -> None:
        """Move days that are over for long to files; each ends where the next begins, by the chain."""
        day = at // 86_400_000_000
        if self._folder is None or day == self._day:
            return
        while True:
            first = self._store.row("select at from decision order by number limit 1")
            if first is None or first[0] // 86_400_000_000 >= day - DAYS_KEPT:
                break
            end = (first[0] // 86_400_000_000 + 1) * 86_400_000_000
            rows = self._store.rows("select * from decision where at < ? order by number", end)
            name = dt.datetime.fromtimestamp(first[0] / 1e6, dt.UTC).date().isoformat()
            self._folder.mkdir(mode=0o700, exist_ok=True)
            lines = [json.dumps(_told(row)) for row in rows]
            with (self._folder / f"{name}.ndjson.gz").open("wb") as file:
                file.write(gzip.compress("\n".join(lines).encode() + b"\n"))
                file.flush()
                os.fsync(file.fileno())  # before the rows go
            self._store.db.execute("delete from decision where at < ?", (end,))
            self._store.set_meta("decisions_end", f"{rows[-1][0]} {rows[-1][-1].hex()}")
        self._day = day

    def page(
        self, after: int = 0, limit: int = 100, who: str = "", allowed: bool | None = None
    ) -> list[dict[str, Any]]:
        """List decisions in order; those of the days kept here."""
        rows = self._store.rows(
            "select number, at, who, how, action, resource, allowed, rule, count from decision where number > ? "
            "and (? = '' or who = ?) and (? is null or allowed = ?) order by number limit ?",
            after, who, who, allowed, allowed, limit,
        )  # fmt: skip
        return [dict(zip(_FIELDS, row, strict=True)) | {"allowed": bool(row[6])} for row in rows]

    def number_at(self, at: int) -> int:
        """Return the number of the first decision at or after a moment (µs since 1970), of those kept here."""
        ends = self._store.row("select min(number), max(number) from decision")
        if ends is None or ends[0] is None:
            return 0
        low, high = ends[0], ends[1] + 1
        while low < high:  # numbers rise with time, and an index would cost every decision
            middle = (low + high) // 2
            row = self._store.row("select at from decision where number >= ? order by number limit 1", middle)
            low, high = (middle + 1, high) if row is not None and row[0] < at else (low, middle)
        return int(low)

    def find(
        self, before: int, first: int, most: int, *, who: str = "", action: str = "", allowed: bool | None = None
    ) -> list[dict[str, Any]]:
        """List decisions from number *first* up to one before *before*, newest first; of an account, a kind, an answer.

        *action* may be its beginning, as ``op.``.
        """
        rows = self._store.rows(
            "select number, at, who, how, action, resource, allowed, rule, count from decision where number < ? and "
            "number >= ? and (? = '' or who = ?) and substr(action, 1, ?) = ? and (? is null or allowed = ?) "
            "order by number desc limit ?",
            before, first, who, who, len(action), action, allowed, allowed, most,
        )  # fmt: skip
        return [dict(zip(_FIELDS, row, strict=True)) | {"allowed": bool(row[6])} for row in rows]

    def last(self) -> int:
        """Return the number of the newest decision that is on disk, 0 where there is none."""
        row = self._store.row("select max(number) from decision")
        return int(row[0] or 0) if row else 0

    def faults(self, first: int = 0) -> list[int]:
        """Return the numbers of decisions that the chain does not vouch for: changed, or one before them is missing.

        From decision *first* on: the one before it is taken as it stands.
        """
        found, before, expected = [], None, None
        for *row, chain in self._store.rows("select * from decision where number >= ? order by number", first):
            if before is not None and (row[0] != expected or chained(before, tuple(row)) != chain):
                found.append(row[0])
            before, expected = chain, row[0] + 1
        return found
