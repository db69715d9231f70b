"""Reads a programme from TOML: strictly, and every error names file, line and field."""

import re
import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from boyau.ledger.evidence import STEPS_MAX
from boyau.ledger.terms import POWERS
from boyau.programmes import values
from boyau.programmes.model import Class, Colour, Duty, Parameter, Programme, ProgrammeError, Step, Texts

BYTES_MAX = 1_000_000
COLOURS_MAX = CLASSES_MAX = 64
"""What a programme needs is a tenth of it; the proofs go through every pair."""
LANGUAGES = ("kk", "ru", "en")
APPROVALS = ("payment", *POWERS)
"""What an ``[[approvals]]`` entry may be for: payments above a tier, or one of the powers."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_DAYS_MAX = 366


def names() -> list[str]:
    """Return the names of the programmes that come with the program."""
    files = resources.files("boyau.programmes").iterdir()
    return sorted(entry.name.removesuffix(".toml") for entry in files if entry.name.endswith(".toml"))


def text(name: str) -> str:
    """Return the file of a programme that comes with the program."""
    return resources.files("boyau.programmes").joinpath(f"{name}.toml").read_text("utf-8")


def document(written: str) -> dict[str, Any]:
    """Return what the text of a programme says, as data; it has been parsed before."""
    return tomllib.loads(written)


def load(name: str) -> Programme:
    """Read a programme by file or, where it is no path, by the name of one that comes with the program."""
    if name in names():
        data = resources.files("boyau.programmes").joinpath(f"{name}.toml").read_bytes()
        return parse(data, f"{name}.toml")
    if not name.endswith(".toml"):
        raise ProgrammeError(name, 0, "", f"is no programme; there are {', '.join(names())}, or name a .toml file")
    try:
        with Path(name).open("rb") as file:
            return parse(file.read(BYTES_MAX + 1), name)
    except OSError as error:
        raise ProgrammeError(name, 0, "", f"cannot be read: {error.strerror or error}") from None


def parse(data: bytes, source: str) -> Programme:
    """Read a programme from the bytes of its file."""
    if len(data) > BYTES_MAX:
        raise ProgrammeError(source, 0, "", f"is larger than {BYTES_MAX:,} bytes")
    try:
        text = data.decode()
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ProgrammeError(source, 0, "", f"is not UTF-8: {error.reason} at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        last = max(1, text.count("\n") + 1)  # where the fault is that the text ends
        raise ProgrammeError(source, int(found[1]) if found else last, "", str(error)) from None
    except RecursionError:
        raise ProgrammeError(source, 0, "", "is nested too deeply") from None
    return _Reader(text, source).read(document)


class _Reader:
    """Reads one document; knows on which line what stands."""

    def __init__(self, text: str, source: str) -> None:
        self._lines, self._source = text.splitlines(), source

    def line(self, header: str, nth: int = 0, key: str = "") -> int:
        """Return the line of the *nth* header (and of *key* below it, if it is found), 0 where there is none."""
        seen = -1
        for number, text in enumerate(self._lines, 1):
            if text.strip() == header:
                seen += 1
                if seen == nth:
                    for further, below in enumerate(self._lines[number:], number + 1):
                        if key and re.match(rf"\s*(\[[\w.]*\.)?{re.escape(key)}\b", below):
                            return further
                        if below.strip() == header:
                            break
                    return number
        return 0

    def fail(self, line: int, place: str, message: str) -> ProgrammeError:
        """Return the error; the caller raises it."""
        return ProgrammeError(self._source, line, place, message)

    def read(self, document: dict[str, Any]) -> Programme:
        """Read the whole document."""
        needed = ("name", "title", "summary", "unit", "classes", "colours")
        optional = ("scale", "parameters", "evidence", "approvals")
        self._known(document, 1, "", needed, optional)
        name, unit, scale = document["name"], document["unit"], document.get("scale", 2)
        self._name(name, 1, "name")
        if not isinstance(unit, str) or not re.fullmatch(r"[A-Z][A-Z0-9_]{0,15}", unit):
            raise self.fail(1, "unit", f"{unit!r:.40} is no unit; write KZT")
        if not isinstance(scale, int) or isinstance(scale, bool) or not 0 <= scale <= 9:
            raise self.fail(1, "scale", "must be a whole number from 0 to 9")
        for table, most in (("classes", CLASSES_MAX), ("colours", COLOURS_MAX)):
            if isinstance(document[table], dict | list) and len(document[table]) > most:
                raise self.fail(1, table, f"there are {len(document[table])}, and at most {most} are read")
        classes = {key: self._class(key, body) for key, body in self._table(document, "classes").items()}
        return Programme(
            source=self._source,
            name=name,
            title=self._texts(document["title"], self.line("[title]") or 1, "title"),
            summary=self._texts(document["summary"], self.line("[summary]") or 1, "summary"),
            unit=unit,
            scale=scale,
            parameters={key: self._parameter(key, body) for key, body in self._table(document, "parameters").items()},
            classes=classes,
            colours=self._colours(document),
            evidence=self._duties(document, "evidence", "condition"),
            approvals=self._duties(document, "approvals", "for"),
        )

    # ---- parts ------------------------------------------------------------------------------------------------------

    def _parameter(self, name: str, body: Any) -> Parameter:
        line, place = self.line(f"[parameters.{name}]"), f"parameters.{name}"
        self._name(name, line, place)
        self._known(body, line, place, ("type", "what"), ("default", "example"))
        if not isinstance(body["type"], str) or body["type"] not in values.KINDS:
            raise self.fail(line, f"{place}.type", f"must be one of {', '.join(values.KINDS)}")
        given = [body[key] for key in ("default", "example") if key in body]
        if not given:
            raise self.fail(line, place, "needs a default, or an example to be checked with")
        for value in given:
            try:
                values.check(body["type"], value)
            except ValueError as error:
                raise self.fail(line, place, str(error)) from None
        what = self._texts(body["what"], line, f"{place}.what")
        return Parameter(name, body["type"], body.get("default"), given[-1], what, line)

    def _class(self, name: str, body: Any) -> Class:
        line, place = self.line(f"[classes.{name}]"), f"classes.{name}"
        self._name(name, line, place)
        self._known(body, line, place, ("what",), ("also", "count"))
        also, count = body.get("also", []), body.get("count")
        if not isinstance(also, list) or not all(isinstance(one, str) for one in also):
            raise self.fail(line, f"{place}.also", "must be a list of classes")
        if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
            raise self.fail(line, f"{place}.count", "must be a whole number from 1")
        return Class(name, self._texts(body["what"], line, f"{place}.what"), tuple(also), count, line)

    def _colours(self, document: dict[str, Any]) -> tuple[Colour, ...]:
        out: list[Colour] = []
        for k, body in enumerate(self._list(document, "colours")):
            line, place = self.line("[[colours]]", k), f"colours[{k}]"
            self._known(body, line, place, ("name", "path", "title"), ("rules",))
            self._name(body["name"], line, f"{place}.name")
            if body["name"] in (colour.name for colour in out):
                raise self.fail(line, f"{place}.name", f"{body['name']} stands twice")
            if not isinstance(body["path"], str):
                raise self.fail(line, f"{place}.path", "must be a text")
            rules = body.get("rules", {})
            if not isinstance(rules, dict):
                raise self.fail(line, f"{place}.rules", "must be a table")
            self._plain(rules, line, f"{place}.rules")
            title = self._texts(body["title"], line, f"{place}.title")
            out.append(Colour(body["name"], body["path"], title, rules, line))
        if not out:
            raise self.fail(1, "colours", "a programme has at least one colour")
        return tuple(out)

    def _duties(self, document: dict[str, Any], table: str, key: str) -> dict[str, Duty]:
        out: dict[str, Duty] = {}
        for k, body in enumerate(self._list(document, table)):
            line, place = self.line(f"[[{table}]]", k), f"{table}[{k}]"
            self._known(body, line, place, (key, "owner", "days", "what"), ("escalation",))
            name = body[key]
            self._name(name, line, f"{place}.{key}")
            if table == "approvals" and name not in APPROVALS:
                raise self.fail(line, f"{place}.for", f"must be one of {', '.join(APPROVALS)}")
            if name in out:
                raise self.fail(line, f"{place}.{key}", f"{name} stands twice")
            further = body.get("escalation", [])
            if not isinstance(further, list) or len(further) >= STEPS_MAX:
                raise self.fail(line, f"{place}.escalation", f"must be a list of fewer than {STEPS_MAX} owners")
            steps = [self._step(body, line, place)]
            for n, one in enumerate(further):
                where = f"{place}.escalation[{n}]"
                self._known(one, line, where, ("owner", "days"))
                steps.append(self._step(one, line, where))
            out[name] = Duty(name, tuple(steps), self._texts(body["what"], line, f"{place}.what"), line)
        return out

    def _step(self, body: dict[str, Any], line: int, place: str) -> Step:
        self._name(body["owner"], line, f"{place}.owner")
        days = body["days"]
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= _DAYS_MAX:
            raise self.fail(line, f"{place}.days", f"must be a whole number from 1 to {_DAYS_MAX}")
        return Step(body["owner"], days)

    # ---- forms ------------------------------------------------------------------------------------------------------

    def _known(self, body: Any, line: int, place: str, needed: Iterable[str], optional: Iterable[str] = ()) -> None:
        if not isinstance(body, dict):
            raise self.fail(line, place, f"must be a table, not {body!r:.40}")
        needed, optional = tuple(needed), tuple(optional)
        for name in body:
            if name not in needed + optional:
                told = f"no such field; there are {', '.join(needed + optional)}"
                raise self.fail(line, f"{place}.{name}".strip("."), told)
        for name in needed:
            if name not in body:
                raise self.fail(line, f"{place}.{name}".strip("."), "is missing")

    def _plain(self, value: Any, line: int, place: str) -> None:
        """Refuse what a record cannot hold: dates, times and floats of TOML; they are written as texts."""
        if isinstance(value, dict):
            for name, inner in value.items():
                self._plain(inner, line, f"{place}.{name}")
        elif isinstance(value, list):
            for k, inner in enumerate(value):
                self._plain(inner, line, f"{place}[{k}]")
        elif not isinstance(value, str | int):
            raise self.fail(line, place, f"{value!s:.40} must be written in quotes")

    def _name(self, value: Any, line: int, place: str) -> None:
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise self.fail(line, place, f"{value!r:.40} is not a name in small letters, digits and _")

    def _texts(self, value: Any, line: int, place: str) -> Texts:
        self._known(value, line, place, LANGUAGES)
        for code, text in value.items():
            if not isinstance(text, str) or not text.strip():
                raise self.fail(line, f"{place}.{code}", "must be a text")
        return dict(value)

    def _table(self, document: dict[str, Any], name: str) -> dict[str, Any]:
        value = document.get(name, {})
        if not isinstance(value, dict):
            raise self.fail(1, name, "must be a table of tables")
        return value

    def _list(self, document: dict[str, Any], name: str) -> list[Any]:
        value = document.get(name, [])
        if not isinstance(value, list):
            raise self.fail(1, name, f"must be a list of tables, [[{name}]]")
        return value
