"""What one measurement says, and the machine it was taken on."""

import datetime as dt
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

OURS = "boyau"


@dataclass
class Measured:
    """One row of the table. *checks* says what was verified afterwards; a failed check raises instead."""

    system: str
    workload: str
    per_second: float
    batch_ms: Sequence[float] = ()
    checks: str = ""
    group: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    def quantile_ms(self, share: float) -> float | None:
        """Return the latency below which *share* of the batches (or single transactions) stay."""
        return float(np.quantile(np.asarray(self.batch_ms), share)) if len(self.batch_ms) else None

    def document(self) -> dict[str, Any]:
        """Return the row as JSON: quantiles instead of all latencies."""
        out = asdict(self)
        out["batches"] = len(out.pop("batch_ms"))
        out["p50_ms"], out["p99_ms"] = self.quantile_ms(0.5), self.quantile_ms(0.99)
        return out


class CheckFailedError(RuntimeError):
    """A system under test gave a wrong result: its figure would be worth nothing."""


def check(condition: object, message: str) -> None:
    """Stop the bench where a result is not what it must be."""
    if not condition:
        raise CheckFailedError(message)


class Stopwatch:
    """Collects the time of each batch, in milliseconds."""

    def __init__(self) -> None:
        self.batch_ms: list[float] = []

    def __enter__(self) -> None:
        self.started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.batch_ms.append((time.perf_counter() - self.started) * 1000)


def disk() -> Path:
    """Return a folder on a real disk: $BENCH_DIR, /var/tmp or here. In memory every fsync would be free."""
    for name in filter(None, (os.environ.get("BENCH_DIR"), "/var/tmp", ".")):
        folder = Path(name).absolute()
        if folder.is_dir() and os.access(folder, os.W_OK) and not file_system(folder).startswith(("tmpfs", "ramfs")):
            return folder
    raise CheckFailedError("every folder tried is in memory; set BENCH_DIR to one on a disk")


def resident_bytes() -> int:
    """Return how much memory this process occupies (VmRSS)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def file_system(path: Path) -> str:
    """Return the type and device of the file system that holds *path*, such as ``ext4 on /dev/vda``."""
    done = subprocess.run(["df", "-T", str(path)], capture_output=True, text=True, check=False)
    words = done.stdout.splitlines()[-1].split() if done.returncode == 0 else []
    return f"{words[1]} on {words[0]}" if len(words) > 1 else "unknown file system"


def machine() -> dict[str, Any]:
    """Describe where the figures come from."""
    facts = dict.fromkeys(("model name", "MemTotal"), "unknown")
    for source in ("/proc/cpuinfo", "/proc/meminfo"):
        for line in Path(source).read_text().splitlines() if Path(source).exists() else []:
            name, _, value = line.partition(":")
            if facts.get(name.strip()) == "unknown":
                facts[name.strip()] = value.strip()
    kib = facts["MemTotal"].split()[0]
    memory = f"{int(kib) / 2**20:.0f} GiB" if kib.isdigit() else "unknown"
    return {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cores": os.cpu_count(),
        "processor": facts["model name"],
        "memory": memory,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }
