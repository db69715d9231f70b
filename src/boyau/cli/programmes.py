"""Commands about programmes: list and show them, prove one, make the records that install one."""

import json as json_module
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, chosen, print_json, print_table

if TYPE_CHECKING:
    from boyau.language import Language
    from boyau.programmes.model import Duty, Finding, Programme

Name = Annotated[str, Parameter(help="A programme's name, or a TOML file.")]
Values = Annotated[
    list[str] | None,
    Parameter(name="--set", negative="", help="A parameter's value, key=value; a list's members between commas."),
]
Only = Annotated[
    list[str] | None,
    Parameter(name="--only", negative="", help="Only this colour of the programme, for a further contract, say."),
]


def list_programmes(*, language: In = None, json: Json = False) -> int:
    """List the programmes that come with the program.

    Example: boyau programme list --language kk
    """
    from boyau.programmes import reader

    words = chosen(language)
    found = [reader.load(name) for name in reader.names()]
    if json:
        print_json([{"name": one.name, "title": one.title, "summary": one.summary} for one in found])
        return 0
    columns = [words.text("name"), words.text("programme"), words.text("what it does")]
    print_table(columns, [(one.name, words.title(one.title), words.title(one.summary)) for one in found])
    return 0


def show(name: Name, *, language: In = None, json: Json = False) -> int:
    """Show a programme: its parameters, classes, colours, and who attests and approves what by when.

    Example: boyau programme show road --language ru
    """
    words, programme = chosen(language), _load(name)
    if json:
        from dataclasses import asdict

        print_json(asdict(programme))
        return 0
    print(f"{words.title(programme.title)} ({programme.name}, {programme.unit})\n{words.title(programme.summary)}\n")
    parameters = [
        (one.name, one.kind, _value(one.default), words.title(one.what)) for one in programme.parameters.values()
    ]
    columns = [words.text("parameter"), words.text("kind"), words.text("default"), words.text("meaning")]
    print_table(columns, parameters)
    print_table(
        [words.text("class"), words.text("meaning")],
        [(one.name, words.title(one.what)) for one in programme.classes.values()],
    )
    print_table(
        [words.text("colour"), words.text("path"), words.text("rules")],
        [(one.name, one.path, ", ".join(one.rules)) for one in programme.colours],
    )
    for title, duties in ((words.text("evidence"), programme.evidence), (words.text("approvals"), programme.approvals)):
        rows = [(one.name, words.title(one.what), _steps(one), str(one.days)) for one in duties.values()]
        columns = [title, words.text("meaning"), words.text("who answers, days"), words.text("days at worst")]
        print_table(columns, rows, right=(3,))
    return 0


def check(name: Name, *, set_: Values = None, language: In = None, json: Json = False) -> int:
    """Prove a programme: rules only narrow, none is dead, every way ends; who could block it and for how long.

    Example calls:

        boyau programme check road
        boyau programme check my-programme.toml --json

    Exit code 0: no errors (warnings may be); 1: errors; 3: the file could not be read.
    """
    from boyau.programmes import checks
    from boyau.programmes.model import ProgrammeError
    from boyau.programmes.words import SEVERITIES

    words, programme = chosen(language), _load(name)
    try:
        report = checks.check(programme, _given(set_))
    except ProgrammeError as error:
        raise Failure(str(error), 3) from None
    if json:
        print_json(
            {
                "programme": programme.name,
                "colours": report.colours,
                "states": report.states,
                "errors": report.errors,
                "findings": [_finding(one, programme, words) for one in report.findings],
                "ways": [
                    {
                        "way": list(way.stations),
                        "days": way.days,
                        "waits": [
                            {"colour": one.colour, "stage": one.stage, "for": one.name, "days": one.days}
                            | {
                                "owners": [{"class": s.owner, "days": s.days} for s in one.duty.steps]
                                if one.duty
                                else []
                            }
                            for one in way.blockers
                        ],
                    }
                    for way in report.ways
                ],
            }
        )
        return 1 if report.errors else 0
    for one in report.findings:
        told = _finding(one, programme, words)
        where = f"{told['file']}:{told['line']}" if told["line"] else told["file"]
        print(f"{where}: {words.text(SEVERITIES[one.severity])}: {told['place']}: {told['message']}")
    rows = [
        (" → ".join(way.stations), ", ".join(dict.fromkeys(one.name for one in way.blockers)) or "—", str(way.days))
        for way in report.ways
    ]
    columns = [words.text("way of the money"), words.text("waits for"), words.text("days at worst")]
    print_table(columns, rows, right=(2,))
    asked = {one.name: one.duty for way in report.ways for one in way.blockers if one.duty is not None}
    duties = [(name, words.title(duty.what), _steps(duty), str(duty.days)) for name, duty in asked.items()]
    columns = [
        words.text("waits for"),
        words.text("meaning"),
        words.text("who answers, days"),
        words.text("days at worst"),
    ]
    print_table(columns, duties, right=(3,))
    figures = (
        (words.text("colours"), report.colours),
        (words.text("states"), report.states),
        (words.text("ways"), len(report.ways)),
        (words.text("errors"), report.errors),
        (words.text("warnings"), len(report.findings) - report.errors),
    )
    print(", ".join(f"{name}: {figure}" for name, figure in figures))
    return 1 if report.errors else 0


def records(name: Name, *, set_: Values = None, only: Only = None) -> int:
    """Print the records that install a programme, one a line, to be handed to `boyau submit`.

    Example calls:

        boyau programme records road --set project=km-12 --set contract=c1 ... | boyau submit - --ledger a.boyau
        boyau programme records road --only contract --set project=km-12 --set contract=c2 ...

    Exit code 3: a value is missing or does not fit.
    """
    from boyau.programmes import install
    from boyau.programmes.model import ProgrammeError

    programme = _load(name)
    try:
        made = install.records(programme, _given(set_), only=tuple(only or ()))
    except ProgrammeError as error:
        raise Failure(str(error), 3) from None
    for record in made:
        print(json_module.dumps(record, ensure_ascii=False))
    return 0


def _load(name: str) -> "Programme":
    from boyau.programmes import reader
    from boyau.programmes.model import ProgrammeError

    try:
        return reader.load(name)
    except ProgrammeError as error:
        raise Failure(str(error), 3) from None


def _given(pairs: list[str] | None) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for pair in pairs or []:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise Failure(f"--set {pair}: write key=value", 2)
        out[key] = value
    return out


def _finding(one: "Finding", programme: "Programme", words: "Language") -> dict[str, Any]:
    from boyau.programmes.words import MESSAGES

    return {
        "severity": one.severity,
        "code": one.code,
        "file": programme.source,
        "line": one.line,
        "place": one.place,
        "message": words.text(MESSAGES[one.code], **one.facts),
    }


def _steps(duty: "Duty") -> str:
    return " → ".join(f"{step.owner} {step.days}" for step in duty.steps)


def _value(value: Any) -> str:
    if value is None:
        return "—"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
