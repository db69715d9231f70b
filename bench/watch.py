"""Flags over 100,000 releases, beside a plain ``json`` parse of the same file in the same run."""

import json
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from bench.measure import check

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "prozorro_lviv_ocds.jsonl.gz"
GOAL = 1.5
"""Times the plain parse, on two cores."""
WORKERS = 2
RUNS = 3


def measure(releases: int, folder: Path, say: Any) -> list[dict[str, Any]]:
    """Return the figures; none where the data are absent."""
    from boyau.watch.registry import FLAGS
    from boyau.watch.run import run
    from boyau.watch.settings import Settings

    if not DATA.exists():
        return [{"missing": f"{DATA} is absent"}]
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "releases.jsonl"
        say(f"watch: writing {releases:,} releases")
        _repeat(path, releases)
        plain, ours, alone = [], [], []
        for k in range(RUNS):
            say(f"watch: json parse, {k + 1} of {RUNS}")
            plain.append(_timed(lambda: _parse(path)))
            say(f"watch: all flags, {k + 1} of {RUNS}")
            reports: list[Any] = []
            ours.append(_timed(lambda: reports.append(run(str(path), Settings(), workers=WORKERS))))  # noqa: B023
            check(reports[0].processes == releases, f"{reports[0].processes} of {releases} processes were read")
            check(not +reports[0].troubles.counts, "good data gave troubles")
            eleven: list[Any] = []
            say(f"watch: Cardinal's eleven, {k + 1} of {RUNS}")
            alone.append(
                _timed(lambda: eleven.append(run(str(path), Settings(like_cardinal=True), workers=WORKERS)))  # noqa: B023
            )
        own, children = (
            resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        size = path.stat().st_size
    parse, all_flags, few = min(plain), min(ours), min(alone)
    busy = min(took.own + took.children / WORKERS for took in ours)
    parsing = min(took.own for took in plain)
    return [
        {
            "releases": releases,
            "megabytes": round(size / 1e6),
            "flags": len(FLAGS),
            "workers": WORKERS,
            "cores": os.cpu_count(),
            "json_seconds": parse.wall,
            "all_seconds": all_flags.wall,
            "cardinal_seconds": few.wall,
            "ratio": all_flags.wall / parse.wall,
            "cardinal_ratio": few.wall / parse.wall,
            "json_processor": parsing,
            "parent_processor": all_flags.own,
            "workers_processor": all_flags.children,
            "processor_ratio": busy / parsing,
            "all_runs": ours,
            "json_runs": plain,
            "findings": len(reports[0].findings),
            "parent_peak_mib": own,
            "worker_peak_mib": children,
            "goal": GOAL,
        }
    ]


def _repeat(path: Path, releases: int) -> None:
    """Repeat the file to the size, each time with other ocids."""
    import gzip

    lines = gzip.decompress(DATA.read_bytes()).splitlines(keepends=True)
    with path.open("wb") as out:
        for k in range(releases):
            again, which = divmod(k, len(lines))
            out.write(lines[which].replace(b'"ocid": "ocds-be6bcu-', b'"ocid": "ocds-be6bcu-%d-' % again, 1))


def _parse(path: Path) -> None:
    with path.open("rb") as file:
        for line in file:
            json.loads(line)


class Took(NamedTuple):
    """Wall time, and processor time of this process and of those it started, in seconds."""

    wall: float
    own: float
    children: float


def _timed(what: Any) -> Took:
    def processor() -> list[float]:
        return [
            used.ru_utime + used.ru_stime
            for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        ]

    before, start = processor(), time.perf_counter()
    what()
    wall, after = time.perf_counter() - start, processor()
    return Took(wall, after[0] - before[0], after[1] - before[1])
