"""Turns a programme and values into records, ready for ``boyau submit``, and into requests for evidence."""

from typing import Any

from boyau.programmes import values
from boyau.programmes.model import Programme, ProgrammeError

Record = dict[str, Any]


def chosen(programme: Programme, given: dict[str, Any], *, examples: bool = False) -> dict[str, Any]:
    """Return a value for every parameter: the given one, else the default, else (if asked for) the example."""
    for name in given:
        if name not in programme.parameters:
            known = ", ".join(programme.parameters)
            raise ProgrammeError(programme.source, 0, name, f"no such parameter; there are {known}")
    out: dict[str, Any] = {}
    for name, parameter in programme.parameters.items():
        value = given.get(name, parameter.example if examples else parameter.default)
        if value is None:
            continue  # whoever needs it says so
        try:
            out[name] = values.check(parameter.kind, value)
        except ValueError as error:
            raise ProgrammeError(programme.source, parameter.line, f"parameters.{name}", str(error)) from None
    return out


def colour_records(
    programme: Programme, given: dict[str, Any], *, only: tuple[str, ...] = (), examples: bool = False
) -> list[Record]:
    """Return the colours' records, parents first. *only* names those wanted, for a further contract, say."""
    known = {colour.name for colour in programme.colours}
    for name in only:
        if name not in known:
            raise ProgrammeError(programme.source, 0, name, f"no such colour; there are {', '.join(sorted(known))}")
    having = chosen(programme, given, examples=examples)
    paths: set[str] = set()
    wanted: list[Record] = []
    for k, colour in enumerate(programme.colours):
        places = values.placeholders(colour.path)
        if only and colour.name not in only:
            if places <= set(having):
                paths.add(values.fill(colour.path, having))
            continue
        places |= values.placeholders(colour.rules)
        for name in sorted(places - set(having)):
            told = "must be given" if name in programme.parameters else "is no parameter of the programme"
            raise ProgrammeError(programme.source, colour.line, f"colours[{k}] {colour.name}", f"{{{name}}} {told}")
        path = values.fill(colour.path, having)
        if path in paths:
            raise ProgrammeError(programme.source, colour.line, f"colours[{k}].path", f"{path} stands twice")
        paths.add(path)
        record = {"type": "colour", "colour": path, "title": colour.title, "rules": values.fill(colour.rules, having)}
        wanted.append(record)
    wanted.sort(key=lambda record: record["colour"].count("/"))
    for record in wanted:
        if record["colour"].rpartition("/")[0] not in paths:
            record["unit"] = programme.unit
    return wanted


def records(
    programme: Programme, given: dict[str, Any], *, only: tuple[str, ...] = (), examples: bool = False
) -> list[Record]:
    """Return all records that install the programme: the unit, then the colours."""
    unit = {"type": "unit", "unit": programme.unit, "scale": programme.scale}
    return [unit, *colour_records(programme, given, only=only, examples=examples)]


def request(
    programme: Programme, condition: str, colour: str, *, name: str, by: str, who: dict[str, str], subject: str = ""
) -> Record:
    """Return a request for evidence, with the deadlines of the programme; *who* names a participant for each class."""
    duty = programme.evidence.get(condition)
    if duty is None:
        raise ProgrammeError(programme.source, 0, condition, "the programme asks for no such evidence")
    missing = [step.owner for step in duty.steps if step.owner not in who]
    if missing:
        raise ProgrammeError(programme.source, duty.line, condition, f"name a participant of class {missing[0]}")
    first, *further = [{"owner": who[step.owner], "days": step.days} for step in duty.steps]
    record = {"type": "request", "request": name, "condition": condition, "colour": colour, "by": by} | first
    return record | ({"escalation": further} if further else {}) | ({"subject": subject} if subject else {})
