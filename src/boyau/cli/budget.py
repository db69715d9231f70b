"""Commands about budgets: import what a state published, report execution from the entries, compare the two."""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, print_table

Month = Annotated[str, Parameter(help="The month up to which execution is reported, YYYY-MM.")]
COLUMNS = ("plan", "plan_payments", "plan_obligations", "paid", "obligations", "unpaid")


def import_budget(
    *files: Annotated[Path, Parameter(help="Published files of budget execution, or folders of them.")],
    ledger: Ledger,
    mapping: Path | None = None,
    name: Annotated[str, Parameter(name="--as")] = "",
    root: str = "kz",
    findings: bool = False,
    json: Json = False,
) -> int:
    """Read published budget execution and post each month as coloured operations.

    Every month is posted whole or not at all; the same file again posts nothing new. What the publication contradicts
    in itself is listed, never adjusted.

    Example calls:

        boyau import budget "Республиканский бюджет.csv" --ledger kz.boyau
        boyau import budget other.csv --mapping other.toml --as other/republic --ledger kz.boyau

    Parameters
    ----------
    mapping
        A mapping file (TOML) that says how the files are read; by default the one that fits is chosen.
    name
        Name of the statement; by default the mapping names it by the file's name.
    root
        The colour that the statements stand below: root/name/year.
    findings
        List every contradiction, not only how many there are.
    """
    from boyau.treasury.budget import mapping_file, statement
    from boyau.treasury.budget.problems import BudgetFileError

    files = tuple(one for path in files for one in (sorted(path.glob("*.csv")) if path.is_dir() else [path]))
    if not files:
        raise Failure("name at least one file, or a folder that holds .csv files", 2)
    try:
        chosen_mapping = mapping_file.load(mapping) if mapping else None
        read = [statement.read(path, chosen_mapping, dataset=name or None) for path in files]
    except BudgetFileError as error:
        raise Failure(f"nothing was imported:\n{error}", 3) from None
    names = [one.dataset for one in read]
    if len(set(names)) < len(names):
        raise Failure(f"two files would be one statement ({', '.join(names)}); import them one by one with --as", 2)
    answers = []
    for one in read:
        answers.append(_imported(one, _post(one, ledger, root), findings=findings))
        if not json:
            _print_imported(answers[-1])
    if json:
        print_json({"imported": answers})
    return 0


def _imported(statement: Any, done: Any, *, findings: bool) -> dict[str, Any]:
    """Return what an import did, and what the publication contradicts itself."""
    from boyau.treasury.budget.findings import findings as contradictions

    found = contradictions(statement)
    answer = {
        "file": statement.file,
        "statement": statement.dataset,
        "mapping": statement.mapping.name,
        "sha256": statement.sha256,
        "months": [str(month) for month in done.posted],
        "known": [str(month) for month in done.known],
        "rows": done.rows,
        "records": done.records,
        "findings": dict(Counter(finding.code for finding in found)),
    }
    return answer | ({"contradictions": [_finding(finding, statement) for finding in found]} if findings else {})


def _print_imported(answer: dict[str, Any]) -> None:
    from boyau.treasury.budget.findings import CODES

    known = f", {len(answer['known'])} were there already" if answer["known"] else ""
    print(
        f"{answer['file']} → {answer['statement']}: {len(answer['months'])} months, {answer['rows']} rows, "
        f"{answer['records']} records{known}"
    )
    for code, count in answer["findings"].items():
        print(f"    {count:5} {code}: {CODES[code]}")
    for facts in answer.get("contradictions", ()):
        print("      " + " ".join(f"{name}={value}" for name, value in facts.items()))


def _finding(finding: Any, statement: Any) -> dict[str, Any]:
    facts = {
        "code": finding.code,
        "month": str(finding.month) if finding.month else None,
        "line": finding.path,
        "column": statement.mapping.amounts.get(finding.column, finding.column),
        "text": finding.text,
        "file_line": finding.number or None,
    }
    for name in ("published", "computed", "difference"):
        value = getattr(finding, name)
        facts[name] = None if value is None else statement.printed(value)
    return {name: value for name, value in facts.items() if value not in ("", None)}


def _post(statement: Any, ledger: str, root: str = "kz") -> Any:
    from boyau.journal import Book
    from boyau.treasury.budget.posting import BudgetImport, ImportRefusedError
    from boyau.views import Views

    with Book.open(ledger) as book, Views.open(ledger) as views:
        views.follow(book)
        known = {}
        for month in (0, *(m.year * 100 + m.month for m in statement.months)):
            known[month] = views.published(statement.dataset, month)
        try:
            with _progress(statement) as tick:
                return BudgetImport(book, statement, f"{root}/{statement.dataset}", lambda _, month: known[month]).run(
                    tick
                )
        except (ImportRefusedError, ValueError) as error:
            raise Failure(str(error)) from None


@contextlib.contextmanager
def _progress(statement: Any) -> Iterator[Any]:
    """Show the months go by, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(statement.file, total=len(statement.months))
        yield lambda _: progress.advance(task)


def report_execution(
    *,
    ledger: Ledger,
    month: Month,
    statement: str = "",
    line: str = "",
    depth: int = 2,
    check: bool = False,
    language: In = None,
    json: Json = False,
) -> int:
    """Report budget execution from January to a month, computed from the entries.

    Example calls:

        boyau report execution --month 2024-12 --ledger kz.boyau
        boyau report execution --month 2024-12 --line 2/12 --depth 4 --ledger kz.boyau
        boyau report execution --month 2024-12 --check --json --ledger kz.boyau

    Parameters
    ----------
    statement
        One of the imported statements; by default all of them.
    line
        Report only this line and what is below it.
    depth
        Levels shown below the top (or below the line); JSON always has all.
    check
        Compare every line with what the state published; exit code 1 where a figure differs.
    """
    from boyau.journal import Book
    from boyau.treasury.budget import report
    from boyau.views import Views

    number = _month(month)
    words = chosen(language)
    with Book.open(ledger, write=False) as book, Views.open(ledger) as views:
        views.follow(book)
        try:
            names = [statement] if statement else list(report.statements(views))
            if not names:
                raise Failure("no budget was imported into this ledger; see boyau import budget --help")
            reports, missing = [], []
            for one in names:
                try:
                    reports.append(report.execution(views, book.ledger, one, number))
                except report.ReportError as error:
                    missing.append(str(error))
            if not reports:
                raise Failure("; ".join(missing))
        finally:
            entries = book.entries
    if check:
        return _checked(reports, number, json=json)
    if json:
        print_json({"month": month, "entries": entries, "statements": [_report_json(one, line) for one in reports]})
        return 0
    for made in reports:
        _print_report(made, words, line, depth)
    return 0


def _month(text: str) -> int:
    year, dash, month = text.partition("-")
    if not (dash and len(year) == 4 and len(month) == 2 and (year + month).isdigit() and 1 <= int(month) <= 12):
        raise Failure(f"{text!r} is not a month; write YYYY-MM", 2)
    return int(year) * 100 + int(month)


def _checked(reports: list[Any], month: int, *, json: bool) -> int:
    from boyau.treasury.budget.report import compare

    results = [compare(one) for one in reports]
    places = {one.statement: one for one in reports}

    def written(found: dict[str, Any]) -> dict[str, Any]:
        mapping = places[found["statement"]].mapping
        from boyau.treasury.budget.amounts import printed

        return found | {k: printed(found[k], mapping.places, ".") for k in ("published", "computed", "difference")}

    differences = [written(found) for one in results for found in one.differences]
    contradictions = [written(found) for one in results for found in one.contradictions]
    answer: dict[str, Any] = {
        "compared": sum(one.compared for one in results),
        "differences": differences,
        "contradictions": contradictions,
    }
    silent = [one.statement for one in reports if not one.published]
    if silent:
        answer["not_published"] = silent
    if json:
        print_json(answer)
    else:
        print(f"{month // 100}-{month % 100:02}: {answer['compared']} figures compared, {len(differences)} differ")
        for found in differences:
            print(
                f"  {found['statement']} {found['line']} {found['column']}: published {found['published']}, "
                f"from entries {found['computed']}"
            )
        if contradictions:
            print(f"{len(contradictions)} published figures contradict the published lines they are made of:")
        for found in contradictions:
            print(
                f"  {found['statement']} {found['line']} {found['column']}: published {found['published']}, "
                f"its lines give {found['computed']}"
            )
        for name in silent:
            print(f"  {name}: nothing was published for this month, so there is nothing to compare with")
    return 1 if differences else 0


def _report_json(report: Any, line: str) -> dict[str, Any]:
    from boyau.ledger import amounts

    scale, names = report.mapping.scale, report.mapping.amounts
    return {
        "statement": report.statement,
        "colour": report.root,
        "unit": report.mapping.unit,
        "lines": [
            {"line": path, "code": one.code, "name": one.name, "nature": str(one.nature)}
            | {names.get(c, c): amounts.write(v, scale) for c, v in report.figures[path].items() if c in COLUMNS}
            for path, one in report.lines.items()
            if not line or path == line or path.startswith(line + "/")
        ],
    }


def _steps(report: Any, words: Any) -> tuple[int, str]:
    """Return what one shown unit is in minor units, and its name: millions where the figures are large."""
    whole = 10**report.mapping.scale
    largest = max((abs(value) for figures in report.figures.values() for value in figures.values()), default=0)
    if largest < 10_000_000 * whole:
        return whole, report.mapping.unit
    unit = words.text("million tenge") if report.mapping.unit == "KZT" else f"10⁶ {report.mapping.unit}"
    return 1_000_000 * whole, unit


def _print_report(report: Any, words: Any, line: str, depth: int) -> None:
    step, unit = _steps(report, words)
    base = line.count("/") + 1 if line else 0
    rows = []
    for path, one in report.lines.items():
        level = path.count("/") + 1 - base
        if (line and path != line and not path.startswith(line + "/")) or level > depth:
            continue
        figures, columns = report.figures[path], report.mapping.natures[one.nature].columns
        cells = [
            words.rounded(figures.get(column, 0), step) if figures.get(column) or column in columns else ""
            for column in COLUMNS
        ]
        name = words.title(report.titles.get(path) or one.name).strip()
        share = words.percent(figures["paid"], figures.get("plan_payments", 0)) if one.nature != "balance" else ""
        rows.append(("  " * max(0, level - 1) + name, *cells, share))
    if not rows:
        raise Failure(f"{report.statement} has no line {line}")
    until = f"{report.month % 100:02}.{report.month // 100}"
    print_table(
        [
            words.text("line"),
            words.text("plan"),
            words.text("payments plan"),
            words.text("obligations plan"),
            words.text("paid"),
            words.text("obligations"),
            words.text("unpaid"),
            words.text("paid, % of plan"),
        ],
        rows,
        right=range(1, 8),
        title=f"{report.root}: {words.text('budget execution')}, 01–{until}, {unit}",
    )
