"""Commands of the watch: put flags to procurement data, and show what flags there are."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, chosen, print_json, print_table, say

if TYPE_CHECKING:
    from boyau.language import Language
    from boyau.watch.report import Answered, Report

INTERRUPTED = 130
_NEEDED = ("msgspec", "ocdsmerge")
_TROUBLES_SHOWN = 20


def run(
    *,
    ocds: Annotated[
        str | None, Parameter(name="--ocds", help="Releases, records or packages; plain or gzip; - for standard input.")
    ] = None,
    lots: Annotated[str | None, Parameter(name="--lots", help="Health procurement lots of Kazakhstan (CSV).")] = None,
    orgs: Annotated[str | None, Parameter(name="--orgs", help="Health organisations with their BIN (CSV).")] = None,
    settings: Annotated[
        Path | None, Parameter(name="--settings", help="Which flags, with which options (TOML).")
    ] = None,
    like_cardinal: Annotated[
        bool,
        Parameter(name="--like-cardinal", negative="", help="Cardinal's eleven indicators, by its rules, in its form."),
    ] = False,
    workers: Annotated[int | None, Parameter(name="--workers", help="Processes; by default one a core.")] = None,
    top: Annotated[int, Parameter(name="--top", help="Processes that are listed, those with most money first.")] = 20,
    language: In = None,
    json: Json = False,
) -> None:
    """Put every flag to published procurement data.

    Example calls:

        boyau watch run --ocds tenders.jsonl.gz
        boyau watch run --ocds tenders.jsonl.gz --settings flags.toml --json
        boyau watch run --ocds tenders.jsonl --like-cardinal --json
        boyau watch run --lots lots.csv.gz --orgs organisations.csv

    Broken lines are told on standard error, and the rest is read. Exit code 3: the file cannot be read.
    """
    _installed()
    from boyau.watch import cardinal
    from boyau.watch.intake.source import SourceError
    from boyau.watch.lists import ListError
    from boyau.watch.run import RunError
    from boyau.watch.run import run as survey
    from boyau.watch.settings import SettingsError, load

    words = chosen(language)
    if (ocds is None) == (lots is None) or (orgs is not None and lots is None):
        raise Failure("name either --ocds, or --lots with or without --orgs", 2)
    if workers is not None and workers < 1:
        raise Failure("--workers: at least 1", 2)
    show = _progress(words) if sys.stderr.isatty() else None
    try:
        chosen_flags = load(settings, like_cardinal=like_cardinal)
        if ocds is not None:
            report = survey(ocds, chosen_flags, workers=workers, progress=show)
        else:
            report = _lots(str(lots), orgs, chosen_flags)
    except SettingsError as error:
        raise Failure(str(error), 2) from None
    except (SourceError, ListError) as error:
        raise Failure(str(error), 3) from None
    except RunError as error:
        raise Failure(str(error)) from None
    except KeyboardInterrupt:
        raise Failure("interrupted; nothing was written", INTERRUPTED) from None
    finally:
        if show is not None:
            print("\r\x1b[2K", end="", file=sys.stderr)
    _tell_troubles(report, words)
    if like_cardinal:
        print_json(cardinal.output(report))
    elif json:
        print_json(_document(report))
    else:
        _print(report, words, top)


def flags(*, language: In = None, json: Json = False) -> None:
    """List the flags: what each asks, and the fields it needs.

    Example: boyau watch flags --language kk
    """
    _installed()
    from boyau.watch.registry import FLAGS

    words = chosen(language)
    if json:
        print_json([{"id": one.id, "title": words.text(one.title), "fields": one.fields} for one in FLAGS.values()])
        return
    rows = [(one.id, words.text(one.title), words.text(one.question)) for one in FLAGS.values()]
    print_table([words.text("flag"), words.text("title"), words.text("question")], rows)


def flag(name: Annotated[str, Parameter(help="Such as R024.")], *, language: In = None, json: Json = False) -> None:
    """Show one flag: question, formula, fields, basis, false alarms, options.

    Example: boyau watch flag R024
    """
    _installed()
    from boyau.watch.page import page
    from boyau.watch.registry import FLAGS

    words = chosen(language)
    known = {one.upper(): one for one in FLAGS}
    if name.upper() not in known:
        raise Failure(f"{name!r:.40} is no flag; `boyau watch flags` lists them")
    shown = page(FLAGS[known[name.upper()]], words)
    if json:
        print_json(shown)
        return
    print(f"{shown['id']}  {shown['title']}\n\n{shown['question']}\n")
    for heading, lines in (
        (words.text("Formula"), [shown["formula"]]),
        (words.text("Fields"), shown["fields"]),
        (words.text("Basis"), shown["basis"]),
        (words.text("Known false alarms"), shown["false_alarms"]),
        (words.text("Options"), [f"{one['name']} = {one['default']}: {one['text']}" for one in shown["options"]]),
    ):
        if lines:
            print(heading + "".join(f"\n  {line}" for line in lines) + "\n")


# ---- telling --------------------------------------------------------------------------------------------------------


def _installed() -> None:
    """Say what to install where a library is missing."""
    from importlib.util import find_spec

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise Failure(f"the watch needs {' and '.join(missing)}: pip install 'boyau[watch]'", 2)


def _lots(path: str, orgs: str | None, settings: Any) -> "Report":
    from boyau.watch.intake.lots import lots, organisations
    from boyau.watch.intake.troubles import Troubles
    from boyau.watch.run import run_releases

    troubles = Troubles()
    return run_releases(lots(path, organisations(orgs) if orgs else {}, troubles), settings, troubles)


def _progress(words: "Language") -> Any:
    def show(documents: int, size: int) -> None:
        text = words.text("{count} documents, {size} MB", count=f"{documents:,}", size=size >> 20)
        print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)

    return show


def _tell_troubles(report: "Report", words: "Language") -> None:
    for trouble in report.troubles.kept[:_TROUBLES_SHOWN]:
        say(trouble.told(words))
    more = sum(report.troubles.counts.values()) - min(len(report.troubles.kept), _TROUBLES_SHOWN)
    if more > 0:
        say(words.text("{count} more troubles; --json counts them all", count=more))


def _document(report: "Report") -> dict[str, Any]:
    from boyau.watch.figures import written

    return {
        "processes": report.processes,
        "cancelled": report.cancelled,
        "flags": [
            {
                "flag": one.flag,
                "found": one.found,
                "parties": one.parties,
                "not_found": one.not_found,
                "not_applicable": {str(reason): count for reason, count in one.not_applicable.items()},
                "cannot_fire": dict(one.cannot),
                "fires_on_these_data": one.fires,
                "fields_never_present": list(one.why_fields),
                "options_to_set": list(one.why_options),
            }
            for one in report.answers
        ],
        "findings": [
            {
                "flag": one.flag,
                "group": one.group.value,
                "subject": one.subject,
                "value": written(one.value),
                "evidence": {name: written(value) for name, value in one.evidence.items()},
                **({"ocid": one.row.ocid, "buyer": one.row.buyer} if one.row else {}),
                **({"amount": written(one.row.money), "currency": one.row.currency} if one.row else {}),
            }
            for one in report.findings
        ],
        "fences": {
            name: {what: written(value) for what, value in found.items()}
            for name, found in report.meta.items()
            if found
        },
        "coverage": report.coverage,
        "troubles": {
            "counts": {str(fault): count for fault, count in report.troubles.counts.items() if count},
            "first": [one._asdict() for one in report.troubles.kept],
        },
    }


def _print(report: "Report", words: "Language", top: int) -> None:
    from boyau.watch.registry import FLAGS

    columns = [
        *(words.text("flag"), words.text("title"), words.text("found"), words.text("parties")),
        words.text("not found"),
        *(words.text("not applicable"), words.text("cannot fire"), words.text("why not")),
    ]
    rows = [
        (
            *(one.flag, words.text(FLAGS[one.flag].title), str(one.found), str(one.parties)),
            *(
                str(one.not_found),
                str(sum(one.not_applicable.values())),
                str(sum(one.cannot.values())),
                _why(one, words),
            ),
        )
        for one in report.answers
    ]
    title = words.text(
        "{count} processes, {cancelled} of them cancelled", count=report.processes, cancelled=report.cancelled
    )
    print_table(columns, rows, right=[2, 3, 4, 5, 6], title=title)
    listed = _by_money(report)[:top]
    if listed:
        columns = [words.text("process"), words.text("buyer"), words.text("amount"), words.text("flags")]
        print_table(columns, [_row(one, words) for one in listed], right=[2], title=words.text("Findings by money"))


def _why(one: "Answered", words: "Language") -> str:
    from boyau.watch.flag import REASONS

    if one.why_options:
        return words.text("set {options}", options=", ".join(one.why_options))
    if one.why_fields:
        return words.text("never present: {fields}", fields=", ".join(one.why_fields))
    if one.not_applicable:
        return words.text(REASONS[max(one.not_applicable, key=lambda reason: one.not_applicable[reason])])
    return ""


def _by_money(report: "Report") -> list[tuple[Any, list[str]]]:
    """Return processes with their flags, those with most money first."""
    found: dict[Any, set[str]] = {}
    for one in report.findings:
        if one.row is not None:
            found.setdefault(one.row, set()).add(one.flag)
    ordered = sorted(found.items(), key=lambda item: (-(item[0].money or 0), item[0].ocid))
    return [(row, sorted(names)) for row, names in ordered]


def _row(one: tuple[Any, Iterable[str]], words: "Language") -> tuple[str, str, str, str]:
    row, names = one
    money = "" if row.money is None else f"{words.number(f'{row.money:f}')}\u00a0{row.currency or ''}"
    return row.ocid, row.buyer or "", money, " ".join(names)
