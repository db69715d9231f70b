"""Submitting lines: records and operations in the order given, one answer for each line.

Operations between two records are decided together, in batches; linked operations stay together and take effect all or
none, also when one of their lines cannot be read.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from boyau import codec
from boyau.journal.intake import Line
from boyau.journal.operations import OperationError, Operations
from boyau.ledger import BATCH_ROWS_MAX, Ledger, RecordRefused, Result, Rows, codes, snapshot
from boyau.ledger.rows import ROW


class Target(Protocol):
    """What lines are submitted to: an open book, or a scratch copy of its state."""

    ledger: Ledger
    numbers: npt.NDArray[np.int64]
    """Entry numbers of the rows that were posted last."""

    def now(self) -> int:
        """Return the journal time for the next batch."""

    def record(self, records: list[dict[str, Any]]) -> list[RecordRefused | None]:
        """Apply records."""

    def post(self, rows: Rows) -> Rows:
        """Decide rows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a line. ``result``: a ``Result``'s name, ``recorded``, ``refused`` (a record), ``unreadable``."""

    line: int
    result: str
    id: str = ""
    field: str = ""
    message: str = ""
    row: Any = None
    entry: int = -1
    """Number of the entry that the line became, or that it repeats; −1 where it is none."""

    @property
    def ok(self) -> bool:
        """True where the line stands in the journal."""
        return self.result in ("posted", "exists", "recorded")


class Scratch:
    """A copy of a ledger's state to try things on: what is posted here is decided as it would be, and kept nowhere."""

    def __init__(self, ledger: Ledger, clock: Callable[[], int]) -> None:
        self.ledger = Ledger(seed=ledger.seed, keep_history=False)
        snapshot.load(self.ledger, snapshot.dump(ledger))
        snapshot.load_ids(self.ledger, *snapshot.ids_since(ledger, 0))
        self._clock = clock
        self._rows: dict[int, Any] = {}
        self.numbers = np.zeros(0, np.int64)
        self._older = ledger.history
        self.ledger.history = self._row

    def _row(self, entry: int) -> Any:
        return self._rows[entry] if entry in self._rows else self._older(entry)

    def now(self) -> int:
        """Return the journal time for the next batch."""
        return max(self._clock(), self.ledger.time + 1)

    def record(self, records: list[dict[str, Any]]) -> list[RecordRefused | None]:
        """Apply records to the copy."""
        answers: list[RecordRefused | None] = []
        for record in records:
            try:
                codec.canonical(record)
                self.ledger.record(record, self.now())
                answers.append(None)
            except RecordRefused as refusal:
                answers.append(refusal)
            except codec.CodecError as error:
                answers.append(RecordRefused("record_unreadable", "", str(error)))
        return answers

    def post(self, rows: Rows) -> Rows:
        """Decide rows on the copy."""
        first = self.ledger.sequence
        decided = self.ledger.apply(rows, self.now())
        self.numbers = np.arange(first + len(decided) - len(rows), first + len(decided))
        words = decided.view("<i8").reshape(len(decided), 16).tolist()
        self._rows.update(zip(range(first, first + len(decided)), words, strict=True))
        return decided[len(decided) - len(rows) :]


class Submission:
    """Submits lines to *target*; each of ``run``'s answers is given when its line is durable."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._operations = Operations(target.ledger)
        self._lines: list[Line] = []
        self._rows = np.zeros(2 * BATCH_ROWS_MAX, ROW)
        self._chain_begin = -1
        self._chain_fault = False
        self._done: list[Answer] = []

    def run(self, lines: Iterable[Line]) -> Iterator[Answer]:
        """Submit *lines* and yield their answers, in order within each batch."""
        for line in lines:
            if is_record(line) and self._chain_begin < 0:
                yield from self._flush()
                yield self._record(line)
                continue
            self._take(line)
            if len(self._lines) == len(self._rows) and self._chain_begin >= 0:
                self._break_chain()  # a chain is decided in one batch: this one is too long for any
            elif len(self._lines) >= BATCH_ROWS_MAX and self._chain_begin < 0:
                yield from self._flush()
            elif not self._lines:
                yield from self._answers()
        yield from self._flush()

    def _record(self, line: Line) -> Answer:
        (refusal,) = self._target.record([line.value])
        if refusal is None:
            return Answer(line.number, "recorded", entry=self._target.ledger.sequence - 1)
        return Answer(line.number, "refused", field=refusal.field, message=f"{refusal.code}: {refusal.message}")

    def _take(self, line: Line) -> None:
        """Read one operation into the batch. A line that cannot be read breaks the chain that it stands in."""
        position = len(self._lines)
        self._rows[position] = np.zeros((), ROW)
        row = self._rows[position]
        fault: Answer | None = None
        if line.error:
            fault = Answer(line.number, "unreadable", field=line.field, message=line.error)
        elif is_record(line):
            told = "a record cannot stand inside a linked chain"
            fault = Answer(line.number, "unreadable", field="type", message=told)
        else:
            try:
                self._operations.fill(row, line.value, codes.day_of(self._target.now()))
            except OperationError as error:
                identity = line.value.get("id", "") if isinstance(line.value, dict) else ""
                fault = Answer(line.number, "unreadable", str(identity)[:60], error.field, error.message)
        linked = bool(row["flags"] & 1)
        if fault is not None and isinstance(line.value, dict):
            # What cannot be read may have been meant to be linked: then what follows must not be posted without it.
            linked = line.value.get("linked", is_record(line)) is not False
        if fault is not None:
            self._done.append(fault)
            self._chain_fault = self._chain_fault or linked or self._chain_begin >= 0
        else:
            self._lines.append(line)
        if linked:
            if self._chain_begin < 0:
                self._chain_begin = position
            return
        if self._chain_begin >= 0 and self._chain_fault:
            self._break_chain()
        self._chain_begin, self._chain_fault = -1, False

    def _break_chain(self) -> None:
        """Answer what was read of the chain; what still follows of it is broken too."""
        for broken in self._lines[self._chain_begin :]:
            self._done.append(Answer(broken.number, "chain_broken", broken.value.get("id", "")))
        del self._lines[self._chain_begin :]
        self._chain_fault = True

    def _flush(self) -> Iterator[Answer]:
        if self._chain_begin >= 0 and self._chain_fault:  # the file ends inside a broken chain
            self._break_chain()
        self._chain_begin, self._chain_fault = -1, False
        if self._lines:
            lines, self._lines = self._lines, []
            decided = self._target.post(self._rows[: len(lines)].copy())
            for line, row, at in zip(lines, decided, self._target.numbers.tolist(), strict=True):
                result = Result(int(row["result"]))
                # What was posted before stands where it was posted, not where it was sent again.
                number = self._target.ledger.entry_of(row["id"].tobytes()) if result is Result.EXISTS else at
                name = result.name.lower()
                self._done.append(Answer(line.number, name, str(line.value.get("id", "")), row=row, entry=number))
        yield from self._answers()

    def _answers(self) -> Iterator[Answer]:
        done, self._done = sorted(self._done, key=lambda answer: answer.line), []
        yield from done


def is_record(line: Line) -> bool:
    """Tell whether a line is a record: it says its ``type``, and no ``op``."""
    return isinstance(line.value, dict) and "type" in line.value and "op" not in line.value
