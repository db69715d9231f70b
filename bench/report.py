"""How the bench is told: the table, what is not equal, and the same as Markdown for docs/benchmarks.md."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import ours
from bench.measure import OURS, Measured

DISK_SPREAD_MAX = 2
BEGIN, END = "<!-- figures: written by `python -m bench --markdown` -->", "<!-- end of figures -->"
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
[bold]Over HTTP:[/bold] the same framework before both, 64 clients. PostgreSQL's route does one statement and
knows no rules; ours decides every rule, chains, hashes and logs. Access control is off. The load shares the cores.
`kernel alone` is not durable and is no rival to any durable row. p50, p99 and max are of one batch; where each transfer
is sent alone, of one transfer. `ours ÷ this` compares with the row in bold."""


def show(
    screen: Console, facts: dict[str, Any], rows: list[Measured], extra: dict[str, Any], missing: str, *, quick: bool
) -> None:
    """Print everything measured."""
    if quick:
        screen.print("[bold]--quick: rough figures, for looking only.[/bold]")
    if rows:
        screen.print(_table(rows))
    for line in _facts(extra):
        screen.print(line, highlight=False, markup=False, soft_wrap=True)
    _print_disk(screen, rows)
    if missing:
        screen.print(f"[bold red]PostgreSQL was not measured:[/bold red] {missing}")
    if rows:
        screen.print(NOT_EQUAL)
    screen.print(_machine(facts), highlight=False, markup=False)


def _print_disk(screen: Console, rows: list[Measured]) -> None:
    """Warn where the disk itself was not the same for everybody."""
    raw = [row.per_second for row in rows if row.workload.startswith(ours.RAW)]
    if raw and max(raw) > DISK_SPREAD_MAX * min(raw):
        screen.print(
            f"[bold red]The disk changed by {max(raw) / min(raw):.1f} × during the run[/bold red]: durable figures of "
            "this run compare badly; run again when the machine is quiet."
        )


def _table(rows: list[Measured]) -> Table:
    reference = _reference(rows)
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
        style = "bold" if row.workload == ours.REFERENCE else None if row.system == OURS else "dim"
        table.add_row(*_cells(row, reference), row.checks, style=style)
    return table


def _short(ratio: float) -> str:
    return f"{ratio:,.0f} ×" if ratio >= 20 else f"{ratio:.2g} ×" if ratio < 1 else f"{ratio:.1f} ×"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def _facts(extra: dict[str, Any]) -> list[str]:
    """Return a line for each figure that is no rate."""
    lines = [
        f"Memory per million: {entry['array_bytes_each']:.1f} MB in arrays (their nbytes, spare room included), "
        f"{entry['resident_bytes_each']:.1f} MB resident (growth of VmRSS): {entry['what']}."
        for entry in extra.get("memory", ())
    ]
    lines += [f"{entry['per_second']:,.0f} {entry['what']} a second." for entry in extra.get("proofs", ())]
    for entry in extra.get("startup", ()):
        found = (
            f"not measured, {entry['missing']}"
            if "missing" in entry
            else f"{entry['median_seconds']:.3f} s, median of {entry['runs']} runs"
        )
        lines.append(f"Start-up of `{entry['what']}`: {found}.")
    for entry in extra.get("watch", ()):
        if "missing" in entry:
            lines.append(f"Flags over releases: not measured, {entry['missing']}.")
            continue
        lines.append(_watch(entry))
    return lines


def _watch(entry: dict[str, Any]) -> str:
    return (
        f"{entry['flags']} flags over {entry['releases']:,} releases ({entry['megabytes']} MB), "
        f"{entry['workers']} workers: {entry['all_seconds']:.2f} s; plain json parse of the same file in the same run "
        f"{entry['json_seconds']:.2f} s: {entry['ratio']:.2f} times (goal at most {entry['goal']}). Cardinal's eleven "
        f"alone: {entry['cardinal_seconds']:.2f} s, {entry['cardinal_ratio']:.2f} times. By processor time: parse "
        f"{entry['json_processor']:.2f} s, parent {entry['parent_processor']:.2f} s, workers "
        f"{entry['workers_processor']:.2f} s over {entry['workers']}: {entry['processor_ratio']:.2f} times. Best of "
        f"{len(entry['all_runs'])} each. Most memory: {entry['parent_peak_mib']:.0f} MiB in the parent, "
        f"{entry['worker_peak_mib']:.0f} in a worker."
    )


def _machine(facts: dict[str, Any]) -> str:
    return (
        f"{facts['date']}, {facts['processor']}, {facts['cores']} cores, {facts['memory']}, {facts['file_system']}, "
        f"Linux {facts['kernel']}, Python {facts['python']}, "
        f"load {facts['load_before']} before and {facts['load_after']} after; "
        f"took {facts['seconds']} s."
    )


def around(file: Path) -> tuple[str, str]:
    """Return what stands before and after the figures in *file*. ValueError, OSError: there is no place for them."""
    before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{file} has not both marks, `{BEGIN}` and `{END}`")
    return before, after


def write_markdown(file: Path, facts: dict[str, Any], rows: list[Measured], extra: dict[str, Any]) -> None:
    """Put the figures of this run between the two marks of *file*."""
    before, after = around(file)
    reference = _reference(rows)
    lines = [f"Measured {_machine(facts)}", ""]
    lines += [
        "| system | workload | transfers/s | p50 ms | p99 ms | max ms | ours ÷ this |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    lines += ["| " + " | ".join(_cells(row, reference)) + " |" for row in rows]
    lines += ["", *(f"- {line}" for line in _facts(extra))]
    file.write_text("\n".join([before + BEGIN, *lines, END + after]), encoding="utf-8")


def _reference(rows: list[Measured]) -> float | None:
    return next((row.per_second for row in rows if row.workload == ours.REFERENCE), None)


def _cells(row: Measured, reference: float | None) -> list[str]:
    if row.workload == ours.REFERENCE:
        ratio = "ours"
    else:
        ratio = "–" if reference is None else _short(reference / row.per_second)
    times = (_ms(row.quantile_ms(share)) for share in (0.5, 0.99, 1.0))
    return [row.system, row.workload, f"{row.per_second:,.0f}", *times, ratio]
