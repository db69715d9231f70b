"""`make bench`: ours and PostgreSQL 15 side by side on this machine, in one run, as one table with ratios."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import http, ours, postgres, proofs, report, watch
from bench.cluster import PeerMissing, ensure_installed, running
from bench.measure import CheckFailedError, Measured, disk, file_system, machine

GROUPS = ("postgres", "durable", "http", "proofs", "kernel", "memory", "startup", "watch")
DURABLE = ("postgres", "durable", "http")
WIDTH = 168


class Progress:
    """One line that says what runs now; on a terminal it is overwritten, in a log it is a line each."""

    def __init__(self, console: Console) -> None:
        self.console, self.started = console, time.perf_counter()

    def __call__(self, text: str) -> None:
        line = f"{time.perf_counter() - self.started:6.1f} s  {text}"
        if self.console.is_terminal:
            self.console.print(f"\r\x1b[2K{line[: self.console.width - 1]}", end="", highlight=False, markup=False)
        else:
            self.console.print(line, highlight=False, markup=False)

    def done(self) -> None:
        """End the line."""
        if self.console.is_terminal:
            self.console.print("\r\x1b[2K", end="")


def main() -> int:
    """Run what was asked for, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute; figures are rough")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS, help="measure these groups only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything measured to FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the figures between the marks of FILE")
    arguments = parser.parse_args()
    if arguments.markdown:
        try:
            report.around(arguments.markdown)  # not after four minutes of measuring
        except (OSError, ValueError) as error:
            parser.error(str(error))
    folder, facts = disk(), machine()
    facts["file_system"] = file_system(folder)
    screen, errors = Console(), Console(stderr=True)
    if not screen.is_terminal:
        screen = Console(width=WIDTH)
    say = Progress(errors)
    rows: list[Measured] = []
    extra: dict[str, Any] = {}
    missing = ""
    try:
        for group in GROUPS:
            if group not in arguments.only:
                continue
            os.sync()  # what the last one left to be written must not slow the next one down
            if group in DURABLE:
                rows.append(ours.raw_log(30 if arguments.quick else 100, f"before {group}", folder, say))
            try:
                RUNNERS[group](arguments.quick, folder, say, rows, extra)
            except PeerMissing as reason:
                missing = str(reason)
    except CheckFailedError as fault:
        say.done()
        errors.print(f"[bold red]A check failed, so there are no figures:[/bold red] {fault}")
        return 1
    raw = [row for row in rows if row.workload.startswith(ours.RAW)]
    if raw:
        raw.append(ours.raw_log(30 if arguments.quick else 100, "at the end", folder, say))
        rows = [*raw, *(row for row in rows if row not in raw)]
    say.done()
    facts["seconds"] = round(time.perf_counter() - say.started)
    facts["load_after"] = round(os.getloadavg()[0], 2)
    report.show(screen, facts, rows, extra, missing, quick=arguments.quick)
    if arguments.json:
        document = {"machine": facts, "quick": arguments.quick, "rows": [row.document() for row in rows], **extra}
        arguments.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    if arguments.markdown:
        report.write_markdown(arguments.markdown, facts, rows, extra)
    return 2 if missing else 0


# ---- groups ----------------------------------------------------------------------------------------------------------

Runner = Callable[[bool, Path, Progress, list[Measured], dict[str, Any]], None]


def _postgres(quick: bool, folder: Path, say: Progress, rows: list[Measured], _extra: dict[str, Any]) -> None:
    say("PostgreSQL 15: starting a private server")
    with running(folder) as cluster:
        rows.extend(postgres.single(cluster, clients, 2 if quick else 12, say) for clients in (8, 32))
        batches = 20 if quick else 120
        rows.extend(postgres.batched(cluster, form, batches, say) for form in postgres.BATCH_FORMS)
        rows.append(postgres.coloured(cluster, batches, say))


def _durable(quick: bool, folder: Path, say: Progress, rows: list[Measured], _extra: dict[str, Any]) -> None:
    for which in ours.END_TO_END:
        os.sync()
        # The long one passes the 4 million entries after which a snapshot is made, and pays for it.
        many = 520 if which == "mix-long" else 150
        rows.append(ours.end_to_end(which, 30 if quick else many, 3 if quick else 30, folder, say))
    rows.append(ours.singles(2 if quick else 10, folder, say))


def _http(quick: bool, folder: Path, say: Progress, rows: list[Measured], _extra: dict[str, Any]) -> None:
    try:
        ensure_installed()
    except PeerMissing:
        rows.extend(http.measure(quick, folder, say, None))
        raise
    with running(folder) as cluster:
        rows.extend(http.measure(quick, folder, say, cluster))


def _proofs(quick: bool, folder: Path, say: Progress, _rows: list[Measured], extra: dict[str, Any]) -> None:
    extra["proofs"] = proofs.measure(100_000 if quick else 1_000_000, folder, say)


def _kernel(quick: bool, _folder: Path, say: Progress, rows: list[Measured], _extra: dict[str, Any]) -> None:
    for kind, (_, accounts) in ours.KERNELS.items():
        if quick and accounts > ours.ACCOUNTS:
            continue
        rows.append(ours.kernel(kind, 30 if quick else 150, say))


def _memory(_quick: bool, _folder: Path, say: Progress, _rows: list[Measured], extra: dict[str, Any]) -> None:
    extra["memory"] = ours.memory(1, say)


def _startup(quick: bool, _folder: Path, say: Progress, _rows: list[Measured], extra: dict[str, Any]) -> None:
    extra["startup"] = ours.start_up(5 if quick else 10, say)


def _watch(quick: bool, folder: Path, say: Progress, _rows: list[Measured], extra: dict[str, Any]) -> None:
    extra["watch"] = watch.measure(20_000 if quick else 100_000, folder, say)


RUNNERS: dict[str, Runner] = {
    "postgres": _postgres, "durable": _durable, "http": _http, "proofs": _proofs,
    "kernel": _kernel, "memory": _memory, "startup": _startup, "watch": _watch,
}  # fmt: skip


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nstopped; the private server and its files are removed", file=sys.stderr)
        sys.exit(130)
