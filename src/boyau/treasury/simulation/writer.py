"""Writing the simulated year into a ledger: rows by the array, a clock that follows the year, approvals for large sums.

An honest row that is refused is a fault of the simulation and stops it.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np

from boyau.journal import Book
from boyau.journal.cut import cut
from boyau.ledger import Kind, Result, Rows
from boyau.ledger.approvals import command_digest
from boyau.ledger.rows import COMMAND_BYTES, ROW
from boyau.treasury.simulation.keys import MAKER, Keys
from boyau.treasury.simulation.world import TIER, TIER_STRICT, Ints

_DAY_US = 86_400_000_000
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - it is written with a Z
_ID_DIGITS = 12
_MIX = np.uint64(0x9E3779B97F4A7C15)


class SimulationError(RuntimeError):
    """The simulation contradicts itself: an honest entry was refused."""


class Clock:
    """Journal time as the simulated year goes by; each question is answered one second later than the one before."""

    def __init__(self, today: int) -> None:
        self.today, self._at = today, today * _DAY_US

    def move(self, today: int) -> None:
        """Go on to a day, at its beginning."""
        self.today, self._at = today, max(self._at, today * _DAY_US)

    def moment(self) -> str:
        """Return the time of the last answer, as people write it: the moment of an act that is recorded next."""
        return (_EPOCH + dt.timedelta(microseconds=self._at)).isoformat() + "Z"

    def __call__(self) -> int:
        """Return the time."""
        self._at += 1_000_000
        return self._at


class Writer:
    """Makes rows and posts them. *progress* is told how many rows stand."""

    def __init__(self, book: Book, clock: Clock, keys: Keys, progress: Callable[[int], None]) -> None:
        self.book, self.clock, self.keys = book, clock, keys
        self._progress = progress
        self._next = 1
        self.posted = 0
        self.checkers = [""]

    def make(self, kind: Kind, debit: Any, credit: Any, amount: Any, **fields: Any) -> Rows:
        """Return rows with new ids and, where money is paid, new documents."""
        count = max(np.size(debit), np.size(credit), np.size(amount))
        rows = np.zeros(count, ROW)
        numbers = np.arange(self._next, self._next + count, dtype=np.int64)
        self._next += count
        rows["id"] = _ids(numbers)
        rows["kind"], rows["debit"], rows["credit"], rows["amount"] = kind, debit, credit, amount
        rows["value_date"] = self.clock.today
        if kind in (Kind.PAY, Kind.ADVANCE, Kind.COURT):
            rows["document"] = documents(numbers)
        for name, value in fields.items():
            rows[name] = value
        return rows

    def record(self, records: list[dict[str, Any]]) -> None:
        """Record what must be taken; what its issuer signs is signed."""
        at = self.clock.moment()
        for answer in self.book.record([self.keys.sign(record, at) for record in records]):
            if answer is not None:
                raise SimulationError(f"a record was refused: {answer}")
        self._progress(self.posted)

    def approve(self, rows: Rows) -> None:
        """Record who proposed and who approved the payments that are large, as the rules of the payer's colour ask."""
        large = np.flatnonzero(rows["amount"] > min(TIER, TIER_STRICT))
        colours, registry = self.book.ledger.tables.acc[rows["debit"][large], 3], self.book.ledger.registry
        records: list[dict[str, Any]] = []
        for k, amount, colour in zip(large.tolist(), rows["amount"][large].tolist(), colours.tolist(), strict=True):
            tiers = registry.colours[colour].effective.approval
            quorum = max((tier.quorum for tier in tiers if amount > tier.above), default=0)
            if quorum:
                records += self.consent(rows[k : k + 1], quorum)
        if records:
            self.record(records)

    def consent(self, row: Rows, quorum: int) -> list[dict[str, Any]]:
        """Return the records by which a command is proposed, and approved by so many controllers."""
        digest = command_digest(row.tobytes()[:COMMAND_BYTES])
        proposal = {"type": "proposal", "command": digest, "by": MAKER}
        return [proposal, *({"type": "approval", "command": digest, "by": who} for who in self.checkers[:quorum])]

    def post(self, rows: Rows, *, approved: bool = False) -> Rows:
        """Post honest rows; every one must be posted."""
        if approved:
            self.approve(rows)
        for decided in self.book.post_batches(cut(rows)):
            wrong = np.flatnonzero(decided["result"] != 0)
            if len(wrong):
                row = decided[int(wrong[0])]
                result, kind = Result(int(row["result"])).name.lower(), Kind(int(row["kind"])).name.lower()
                raise SimulationError(
                    f"{len(wrong)} honest entries of {len(decided)} were refused: {kind}, {result}, {row}"
                )
            self.posted += len(decided)
            self._progress(self.posted)
        return rows

    def attempt(self, rows: Rows) -> list[Result]:
        """Post planted rows, whatever the ledger answers."""
        self.approve(rows)
        return [Result(int(row["result"])) for row in self.book.post(rows)]


def _ids(numbers: Ints) -> Any:
    text = np.zeros((len(numbers), 16), np.uint8)
    text[:, 0] = ord("T")
    rest = numbers.copy()
    for place in range(_ID_DIGITS, 0, -1):
        text[:, place] = rest % 10 + ord("0")
        rest //= 10
    return text.view("V16").reshape(-1)


def documents(numbers: Ints) -> Any:
    """Return what stands for the hash of a document, from its number."""
    words = np.zeros((len(numbers), 3), np.uint64)
    for k in range(3):
        word = (numbers.astype(np.uint64) + np.uint64(k << 40)) * _MIX
        word ^= word >> np.uint64(29)
        words[:, k] = word * np.uint64(0xBF58476D1CE4E5B9)
    return words.view("V24").reshape(-1)
