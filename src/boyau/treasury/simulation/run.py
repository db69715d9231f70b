"""A run: the year month by month with abuse among it, then what the ledger refused and what the detectors found."""

import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from boyau import codec
from boyau.journal import Book
from boyau.treasury.simulation.abuse import Case, Planter
from boyau.treasury.simulation.detect import Finding, find_all
from boyau.treasury.simulation.incidents import Incidents
from boyau.treasury.simulation.keys import Keys
from boyau.treasury.simulation.kinds import FORMS, REFUSED
from boyau.treasury.simulation.world import KATO, ROWS_A_CONTRACT, YEAR, World, day
from boyau.treasury.simulation.writer import Clock, SimulationError, Writer
from boyau.treasury.simulation.year import Year

LEAST, MOST = 1_000, 1_000_000_000


@dataclass(slots=True)
class Line:
    """What became of one form of abuse; *found*, *missed* and *false_alarms* where a detector looks for it."""

    kind: str
    form: str
    outcome: str
    why: str
    planted: int = 0
    refused: int = 0
    posted: int = 0
    results: dict[str, int] = field(default_factory=dict)
    found: int | None = None
    missed: int | None = None
    false_alarms: int | None = None

    @property
    def broken(self) -> bool:
        """True where the ledger posted what it must refuse."""
        return self.outcome == REFUSED and self.posted > 0


@dataclass(slots=True)
class Outcome:
    """What a run gives back."""

    transfers: int
    contracts: int
    records: int
    tenths_of_seconds: int
    rows_a_second: int
    not_planted: int
    state_hash: str
    lines: list[Line]

    def plain(self) -> dict[str, Any]:
        """Return everything as JSON would have it."""
        return asdict(self)


def simulate(
    ledger: str,
    *,
    transfers: int,
    seed: int,
    answers: Path,
    each: int = 10,
    regions: int = 0,
    progress: Callable[[str, int, int], None] = lambda _month, _rows, _a_second: None,
) -> Outcome:
    """Make a ledger of a simulated year of *transfers* honest transfers, with *each* cases of every kind of abuse.

    *regions*: in how many of the country's regions; 0: as many as the size makes room for.
    """
    if not LEAST <= transfers <= MOST:
        raise SimulationError(f"transfers must be from {LEAST} to {MOST}")
    if not 0 <= regions <= len(KATO) or 2 * regions > max(4, transfers // ROWS_A_CONTRACT):
        raise SimulationError(
            f"{regions} regions cannot be: {len(KATO)} at most, and {2 * ROWS_A_CONTRACT} transfers for each"
        )
    rng = np.random.Generator(np.random.PCG64(seed))
    clock, began = Clock(day(1, 2)), time.monotonic_ns()
    identity = uuid.UUID(bytes=rng.bytes(16), version=4)
    month = [1]

    def told(rows: int) -> None:
        progress(f"{YEAR}-{month[0]:02d}", rows, rows * 1_000_000_000 // max(time.monotonic_ns() - began, 1))

    with (
        answers.open("x", encoding="utf-8") as file,
        Book.create(
            ledger,
            name=f"Simulated year, seed {seed}",
            clock=clock,
            entropy=np.random.Generator(np.random.PCG64([seed, 1])).bytes,  # the same file for the same seed
            ledger_id=identity,
        ) as book,
    ):
        writer = Writer(book, clock, Keys(seed), told)
        year = Year(World(transfers, rng, regions), writer, transfers)
        incidents = Incidents(year)
        planter = Planter(year, each, file)
        year.begin()
        for month[0] in range(1, 13):
            year.month(month[0])
            planter.month(month[0])
            incidents.month(month[0])
            year.onward(month[0])
        year.end()
        incidents.carry_over()
        planter.month(13)
        taken = max(time.monotonic_ns() - began, 1)
        lines = judge(planter.cases, find_all(book))
        return Outcome(
            transfers=writer.posted,
            contracts=year.world.count,
            records=book.entries - writer.posted - sum(len(case.ids) for case in planter.cases),
            tenths_of_seconds=taken // 100_000_000,
            rows_a_second=writer.posted * 1_000_000_000 // taken,
            not_planted=planter.not_planted,
            state_hash=book.ledger.state_hash().hex(),
            lines=lines,
        )


def judge(cases: list[Case], findings: dict[str, list[Finding]]) -> list[Line]:
    """Count what was refused and found, form by form; the only place where answers and findings meet.

    A finding that touches no planted case, of whatever kind, is a false alarm.
    """
    out = []
    planted = frozenset[bytes]().union(*(_ids(case) for case in cases))
    for form in FORMS:
        these = [case for case in cases if case.form == form.name]
        line = Line(form.kind, form.form, form.outcome, form.why, planted=len(these))
        refused = [case for case in these if not all(answer.ok for answer in case.answers)]
        line.refused, line.posted = len(refused), len(these) - len(refused)
        answers = Counter(answer.name.lower() for case in refused for answer in case.answers if not answer.ok)
        line.results = dict(sorted(answers.items()))
        if form.name in findings:
            posted = [_ids(case) for case in these if all(answer.ok for answer in case.answers)]
            seen = frozenset[bytes]().union(*findings[form.name])
            line.found = sum(1 for one in posted if one & seen)
            line.missed = len(posted) - line.found
            line.false_alarms = sum(1 for finding in findings[form.name] if not finding & planted)
        out.append(line)
    return out


def _ids(case: Case) -> frozenset[bytes]:
    return frozenset(codec.id_bytes(one) for one in case.ids)
