"""The table at the end: what was broken, how often, what it cost.

Workers of one run add lines to one file; whoever adds the last one writes the whole table to out/faults.txt.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "out"
TABLE = FOLDER / "faults.txt"
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
_LINES = FOLDER / f"faults-{_RUN}.jsonl"
_KEPT_SECONDS = 86_400
HEAD = ("fault", "tried", "lost", "caught", "seconds", "remarks")


def add(fault: str, *, tried: int, lost: int = 0, caught: int = 0, seconds: float, remarks: str = "") -> None:
    """Count a part of a run. *lost* are acknowledged batches gone or wrong answers; *caught* are damages reported."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("faults-*.jsonl"):
        if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
            old.unlink(missing_ok=True)
    with _LINES.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        lines = [json.loads(line) for line in file]
        lines.append({"fault": fault, "tried": tried, "lost": lost, "caught": caught, "seconds": seconds,
                      "remarks": remarks})  # fmt: skip
        file.write(json.dumps(lines[-1]) + "\n")
        TABLE.write_text("\n".join(table(lines)) + "\n", encoding="utf-8")


def table(lines: Iterable[dict]) -> list[str]:
    """Return the lines of the table: parts of the same fault are one line, seconds added up over the workers."""
    sums: dict[str, dict] = {}
    for line in lines:
        into = sums.setdefault(
            line["fault"], dict.fromkeys(("tried", "lost", "caught", "seconds"), 0) | {"remarks": ""}
        )
        for name in ("tried", "lost", "caught", "seconds"):
            into[name] += line[name]
        into["remarks"] = line["remarks"] or into["remarks"]
    out = [HEAD]
    for fault, one in sorted(sums.items()):
        counts = (f"{one[name]:,}" for name in ("tried", "lost", "caught"))
        out.append((fault, *counts, f"{one['seconds']:.0f}", one["remarks"]))
    widths = [max(len(row[k]) for row in out) for k in range(len(HEAD))]
    right = (1, 2, 3, 4)
    return [
        "  ".join(cell.rjust(widths[k]) if k in right else cell.ljust(widths[k]) for k, cell in enumerate(row)).rstrip()
        for row in out
    ]


def current() -> list[str]:
    """Return the table as it stands."""
    return TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []
