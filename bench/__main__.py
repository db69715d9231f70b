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
from rich.table import Table

from bench import ours, postgres
from bench.cluster import PeerMissing, running
from bench.measure import OURS, CheckFailedError, Measured, disk, file_system, machine

DISK_SPREAD_MAX = 2
GROUPS = ("postgres", "durable", "kernel", "memory", "startup")
DURABLE = ("postgres", "durable")
WIDTH = 168
NOT_EQUAL = """\
[bold]What is not equal.[/bold]
[bold]Equal:[/bold] machine, disk, file system; the seeded accounts, pairs, amounts and ids (pgbench draws its own).
Both sync before a transfer is counted (PostgreSQL: fsync, synchronous_commit, full_page_writes on; ours: SQLite's WAL
with synchronous=FULL). Both refuse a repeated id and an overdraft. Neither runs while the other is measured.
[bold]PostgreSQL does less:[/bold] without colours it knows accounts, amounts and overdrafts only. Its row is 32 bytes
of facts, ours 128 with the document's hash. It has no holds, returns, linked rows, or answer to a repeated id; an
overdraft, a passed limit or a repeated id fails its whole batch of 8,190, where ours refuses one row. No hash chain
covers what it stores. Its tables are new and small. Rows reach it laid out for binary COPY beforehand. The emulated
rules look at one row at a time, against effective rules worked out beforehand; they count obligations and payments at
five levels, and leave out plan limits, holds, returns, payments onward and rule versions by date.
[bold]Ours does less:[/bold] it is called inside the process, PostgreSQL over a Unix socket. It has one writer;
PostgreSQL serves many at once and keeps tables that can be queried and rolled back. PostgreSQL writes each row to log,
table and index; ours to the log, from which the state is rebuilt. One payment each: one caller with ours, 8 or 32 with
PostgreSQL, which syncs several at once.
`kernel alone` is not durable and is no rival to any durable row. p50, p99 and max are of one batch; where each transfer
is sent alone, of one transfer. `ours ÷ this` compares with the row in bold."""


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
    arguments = parser.parse_args()
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
    _print(screen, facts, rows, extra, missing, quick=arguments.quick)
    if arguments.json:
        document = {"machine": facts, "quick": arguments.quick, "rows": [row.document() for row in rows], **extra}
        arguments.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return 2 if missing else 0


# ---- groups ----------------------------------------------------------------------------------------------------------

Runner = Callable[[bool, Path, Progress, list[Measured], dict[str, Any]], None]


def _postgres(quick: bool, folder: Path, say: Progress, rows: list[Measured], _extra: dict[str, Any]) -> None:
    say("PostgreSQL 15: starting a private server")
    with running(folder) as cluster:
        rows.extend(postgres.single(cluster, clients, 3 if quick else 12, say) for clients in (8, 32))
        batches = 20 if quick else 120
        rows.extend(postgres.batched(cluster, form, batches, say) for form in postgres.BATCH_FORMS)
        rows.append(postgres.coloured(cluster, batches, say))


def _durable(quick: bool, folder: Path, say: Progress, rows: list[Measured], _extra: dict[str, Any]) -> None:
    for which in ours.END_TO_END:
        # The long one passes the 4 million entries after which a snapshot is made, and pays for it.
        many = 520 if which == "mix-pipelined" else 150
        rows.append(ours.end_to_end(which, 30 if quick else many, 5 if quick else 30, folder, say))
    rows.append(ours.singles(3 if quick else 10, folder, say))


def _kernel(quick: bool, _folder: Path, say: Progress, rows: list[Measured], _extra: dict[str, Any]) -> None:
    for kind, (_, accounts) in ours.KERNELS.items():
        if quick and accounts > ours.ACCOUNTS:
            continue
        rows.append(ours.kernel(kind, 30 if quick else 150, say))


def _memory(_quick: bool, _folder: Path, say: Progress, _rows: list[Measured], extra: dict[str, Any]) -> None:
    extra["memory"] = ours.memory(1, say)


def _startup(quick: bool, _folder: Path, say: Progress, _rows: list[Measured], extra: dict[str, Any]) -> None:
    extra["startup"] = ours.start_up(5 if quick else 10, say)


RUNNERS: dict[str, Runner] = {
    "postgres": _postgres, "durable": _durable, "kernel": _kernel, "memory": _memory, "startup": _startup,
}  # fmt: skip


# ---- printing --------------------------------------------------------------------------------------------------------


def _print(
    screen: Console, facts: dict[str, Any], rows: list[Measured], extra: dict[str, Any], missing: str, *, quick: bool
) -> None:
    if quick:
        screen.print("[bold]--quick: rough figures, for looking only.[/bold]")
    if rows:
        screen.print(_table(rows))
    for entry in extra.get("memory", ()):
        screen.print(
            f"Memory per million: {entry['array_bytes_each']:.1f} MB in arrays (their nbytes, spare room included), "
            f"{entry['resident_bytes_each']:.1f} MB resident (growth of VmRSS): {entry['what']}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    for entry in extra.get("startup", ()):
        if "missing" in entry:
            screen.print(f"Start-up of `{entry['what']}`: not measured, {entry['missing']}", markup=False)
        else:
            screen.print(
                f"Start-up of `{entry['what']}`: {entry['median_seconds']:.3f} s, median of {entry['runs']} runs",
                highlight=False, markup=False,
            )  # fmt: skip
    _print_disk(screen, rows)
    if missing:
        screen.print(f"[bold red]PostgreSQL was not measured:[/bold red] {missing}")
    if rows:
        screen.print(NOT_EQUAL)
    screen.print(
        f"{facts['date']}, {facts['processor']}, {facts['cores']} cores, {facts['memory']}, {facts['file_system']}, "
        f"Linux {facts['kernel']}, Python {facts['python']}, load before {facts['load_before']}; "
        f"took {facts['seconds']} s.",
        highlight=False, markup=False,
    )  # fmt: skip


def _print_disk(screen: Console, rows: list[Measured]) -> None:
    """Warn where the disk itself was not the same for everybody."""
    raw = [row.per_second for row in rows if row.workload.startswith(ours.RAW)]
    if raw and max(raw) > DISK_SPREAD_MAX * min(raw):
        screen.print(
            f"[bold red]The disk changed by {max(raw) / min(raw):.1f} × during the run[/bold red]: durable figures of "
            "this run compare badly; run again when the machine is quiet."
        )


def _table(rows: list[Measured]) -> Table:
    reference = next((row.per_second for row in rows if row.workload == ours.REFERENCE), None)
    table = Table(title="Transfers per second", title_justify="left", pad_edge=False)
    table.add_column("system")
    table.add_column("workload", max_width=64)
    for name in ("transfers/s", "p50 ms", "p99 ms", "max ms", "ours ÷ this"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("checks (all passed)", max_width=34)
    last = rows[0].system
    for row in rows:
        if row.system != last:
            table.add_section()
            last = row.system
        is_reference = row.workload == ours.REFERENCE
        ratio = "ours" if is_reference else "–" if reference is None else _short(reference / row.per_second)
        table.add_row(
            row.system, row.workload, f"{row.per_second:,.0f}", *(_ms(row.quantile_ms(q)) for q in (0.5, 0.99, 1.0)),
            ratio, row.checks, style="bold" if is_reference else None if row.system == OURS else "dim",
        )  # fmt: skip
    return table


def _short(ratio: float) -> str:
    return f"{ratio:,.0f} ×" if ratio >= 20 else f"{ratio:.2g} ×" if ratio < 1 else f"{ratio:.1f} ×"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nstopped; the private server and its files are removed", file=sys.stderr)
        sys.exit(130)
