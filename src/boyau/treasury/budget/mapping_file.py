"""Reading mapping files (TOML), ours and a user's, with every mistake named by file, line and key."""

import re
import tomllib
import warnings
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from boyau.treasury.budget import formula
from boyau.treasury.budget.mapping import (
    AMOUNTS,
    Carry,
    Dataset,
    Detection,
    Identity,
    Implied,
    Mapping,
    Match,
    Nature,
    NatureRule,
    Role,
)
from boyau.treasury.budget.mapping_reader import TableReader
from boyau.treasury.budget.naming import SEGMENT
from boyau.treasury.budget.problems import Report, shown

MAPPING_BYTES_MAX = 1 << 20
PATTERN_MAX = 500
"""Characters of one pattern."""
SCALE_MAX = 6
COLUMNS_NEEDED = ("id", "name", "code", "month")
AMOUNTS_NEEDED = ("plan", "paid")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
_ENCODINGS = ("utf-8", "utf-16", "cp1251", "koi8-r", "iso-8859-1", "ascii")


def _pattern(text: str) -> re.Pattern[str]:
    if len(text) > PATTERN_MAX:
        raise ValueError(f"longer than {PATTERN_MAX} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python may read otherwise some day is no pattern to rely on
            return re.compile(text, re.IGNORECASE)
    except (re.error, Warning) as reason:
        raise ValueError(f"not a pattern: {reason}") from None


def _month(text: str) -> re.Pattern[str]:
    if text.count("YYYY") != 1 or text.count("MM") != 1:
        raise ValueError("needs YYYY and MM once each")
    plain = re.escape(text).replace("YYYY", r"(?P<year>\d{4})").replace("MM", r"(?P<month>\d{2})")
    return re.compile(plain, re.ASCII)


def _character(text: str) -> str:
    if len(text) != 1 or text in '"\r\n':
        raise ValueError("not one character")
    return text


def _segment(text: str) -> str:
    if not SEGMENT.fullmatch(text):
        raise ValueError("a path is made of a-z, 0-9, _ and -")
    return text


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise ValueError("a key is made of a-z, 0-9 and _, beginning with a letter")
    return text


def _encoding(text: str) -> str:
    if text.lower() not in _ENCODINGS:
        raise ValueError("unknown encoding")
    return text.lower()


def _nature(text: str) -> Nature:
    return Nature(text)


def _columns(reader: TableReader, needed: tuple[str, ...], known: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in known:
        value = reader.take(key, str, ... if key in needed else "", says="the column's name in the file")
        if value:
            found[key] = value
    reader.done()
    return found


def _natures(reader: TableReader, present: tuple[str, ...]) -> dict[Nature, NatureRule]:
    rules = {}
    for nature in Nature:
        table = reader.inner(nature)
        columns = table.words("columns", list(present), among=AMOUNTS)
        # Unpaid falls below zero where payments exceed obligations: a contradiction to list, not a broken figure.
        signed = ["unpaid"] if nature in (Nature.EXPENDITURE, Nature.RECEIPT) else list(present)
        rules[nature] = NatureRule(frozenset(columns), frozenset(table.words("negative", signed, among=AMOUNTS)))
        table.done()
    reader.done()
    return rules


def _matches(reader: TableReader) -> tuple[Match, ...]:
    found = []
    for table in reader.several("match"):
        code = table.take("code", str, None, says="a code without leading zeros, as a string")
        name = table.read("name", _pattern, None, says="a regular expression")
        if code is None and name is None:
            table.wrong("", "matches nothing", "Give code, name or both")
        table.done()
        found.append(Match(code, name))
    if not found:
        reader.wrong("match", "is missing", 'Add match = [{ code = "1" }, { name = "^I\\\\." }]')
    return tuple(found)


def _role(reader: TableReader, present: tuple[str, ...], balance: frozenset[str]) -> Role:
    formulas: dict[str, formula.Terms] = {}
    whole = reader.read("formula", formula.terms, None, says="a sum of keys, such as revenue - expenditure")
    if whole:
        formulas = dict.fromkeys((column for column in present if column in balance), whole)
    each = reader.inner("formulas")
    for column in AMOUNTS:
        one = each.read(column, formula.terms, None, says="a sum of keys")
        if one:
            formulas[column] = one
    each.done()
    says = "a key such as revenue"
    role = Role(
        key=reader.read("key", _key, says=says) or "",
        matches=_matches(reader),
        under=reader.read("under", _key, None, says=says),
        within=reader.read("within", _key, None, says=says),
        nature=reader.read("nature", _nature, None, says=" or ".join(Nature)),
        segment=reader.read("segment", _segment, None, says="a path segment"),
        formulas=formulas,
        widths=tuple(reader.take("widths", list, [], says="a list of numbers") or ()),
        remainder=reader.read("remainder", _segment, None, says="a path segment"),
    )
    if any(not isinstance(width, int) or not 0 < width < 20 for width in role.widths):
        reader.wrong("widths", "holds something else than numbers from 1 to 19", "Write such as [2, 1, 3]")
    if formulas and role.nature is not Nature.BALANCE:
        reader.wrong("formula", "stands on a line that is no balance", 'Add nature = "balance"')
    if role.nature is Nature.BALANCE and not formulas:
        reader.wrong("nature", "is balance, but nothing says how it is derived", "Add formula")
    reader.done()
    return role


def _check_keys(roles: tuple[Role, ...], used: Iterable[tuple[str, str]], top: TableReader) -> None:
    """Every key named must exist, before it is needed; every formula must come to an end."""
    known: set[str] = set()
    for role in roles:
        if role.key in known:
            top.wrong("line", f"has two roles with the key {shown(role.key)}", "Give each its own key")
        for parent in (role.under, role.within):
            if parent is not None and parent not in known:
                top.wrong("line", f"{role.key}: {shown(parent)} is not a role above it", "Put that role first")
        known.add(role.key)
    needs = {role.key: {key for terms in role.formulas.values() for _, key in terms} for role in roles}
    for place, key in [*used, *((f"line {role}", key) for role, keys in needs.items() for key in keys)]:
        if key not in known:
            top.wrong("line", f"{place}: no role has the key {shown(key)}", "Correct it or add the role")
    settled: set[str] = set()
    while fresh := {key for key in known - settled if needs.get(key, set()) & known <= settled}:
        settled |= fresh
    if known - settled:
        top.wrong("line", "formulas go in a circle: " + ", ".join(sorted(known - settled)), "Break the circle")


def _tail(top: TableReader, present: tuple[str, ...]) -> tuple[Any, ...]:
    """Read what may follow the lines: identities, carries, implied figures, names of data sets."""
    says = "a sum of keys"
    identities: list[Identity] = []
    carries: list[Carry] = []
    implied: list[Implied] = []
    datasets: list[Dataset] = []
    for table in top.several("identity"):
        left = table.read("left", _key, says="a key") or ""
        terms = table.read("formula", formula.terms, says=says) or ()
        identities.append(Identity(table.take("name", str) or "", left, terms, table.words("columns", among=present)))
        table.done()
    for table in top.several("carry"):
        key, previous = (table.read(name, _key, says="a key") or "" for name in ("key", "previous"))
        column = table.words("columns", among=present)
        carries.extend(Carry(key, previous, each) for each in column)
        table.done()
    for table in top.several("implied"):
        key = table.read("key", _key, says="a key") or ""
        terms = table.read("formula", formula.terms, says=says) or ()
        title = table.take("title", str, says="what the figure would be") or ""
        implied.append(Implied(key, title, terms, table.words("columns", among=present)))
        table.done()
    for table in top.several("dataset"):
        file = table.read("file", _pattern, says="a regular expression for the file's name")
        name = table.take("slug", str, says="a short name; \\\\1 stands for the pattern's first group") or ""
        if file is not None:
            datasets.append(Dataset(file, name))
        table.done()
    return tuple(identities), tuple(carries), tuple(implied), tuple(datasets)


def _detection(reader: TableReader, headers: tuple[str, ...]) -> Detection:
    columns = reader.words("columns", list(headers))
    content = reader.read("content", _pattern, None, says="a regular expression for some line's name")
    found = Detection(
        frozenset(columns), frozenset(reader.words("without", [])), content, reader.take("priority", int, 0) or 0
    )
    reader.done()
    return found


def _units(unit: TableReader) -> tuple[str, int, int, int]:
    """Read the unit's name, its scale, how many digits after the mark are whole minor units, and the last one meant."""
    name = unit.read("name", str, "KZT", says="the unit's name") or "KZT"
    scale = unit.take("scale", int, 2, says="a number from 0 to 6")
    multiplier = unit.take("multiplier", int, 1, says="a power of ten: 1, 1000, 1000000")
    if not isinstance(scale, int) or not 0 <= scale <= SCALE_MAX:
        unit.wrong("scale", f"is {shown(str(scale))}", f"Write a number from 0 to {SCALE_MAX}")
        scale = 0
    if not re.fullmatch("10{0,9}", str(multiplier)):
        unit.wrong("multiplier", f"is {shown(str(multiplier))}", "Write a power of ten: 1, 1000, 1000000")
        multiplier = 1
    places = scale + len(str(multiplier)) - 1
    decimals = unit.take("decimals", int, places, says=f"a number from 0 to {places}")
    if not isinstance(decimals, int) or not 0 <= decimals <= places:
        message = f"is {shown(str(decimals))}, but the smallest coin is at {places} decimals"
        unit.wrong("decimals", message, f"Write a number from 0 to {places}")
        decimals = places
    unit.done()
    return name, scale, places, 10 ** (places - decimals)


def _uses(total: str | None, tail: tuple[Any, ...]) -> list[tuple[str, str]]:
    """Return every key that something outside the lines names, with where it is named."""
    identities, carries, implied, _ = tail
    used = [("flat_total", total)] if total else []
    used += [(each.name, key) for each in identities for key in (each.left, *(key for _, key in each.formula))]
    used += [("carry", key) for each in carries for key in (each.key, each.previous)]
    used += [(each.title, key) for each in implied for key in (each.key, *(key for _, key in each.formula))]
    return used


def _document(text: str, report: Report) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as reason:
        place = re.search(r"line (\d+)", str(reason))
        line = int(place[1]) if place else 0
        report.add(line, "", "mapping_unreadable", f"not TOML: {reason}", "Correct that line.")
    report.stop_if_any()
    raise AssertionError


def parse(text: str, name: str) -> Mapping:
    """Read a mapping from TOML *text*; *name* is its file, for messages. ``BudgetFileError`` lists every mistake."""
    report = Report(name)
    top = TableReader(_document(text, report), "", report, text)
    file, month = top.inner("file"), top.inner("month")
    unit, scale, places, step = _units(top.inner("unit"))
    columns = _columns(top.inner("columns"), COLUMNS_NEEDED, (*COLUMNS_NEEDED, "parent"))
    amounts = _columns(top.inner("amounts"), AMOUNTS_NEEDED, AMOUNTS)
    present = tuple(amounts)
    natures = _natures(top.inner("natures"), present)
    roles = tuple(_role(each, present, natures[Nature.BALANCE].columns) for each in top.several("line"))
    tail = _tail(top, present)
    total = top.read("flat_total", _key, None, says="a key")
    identities, carries, implied, datasets = tail
    mapping = Mapping(
        name=top.read("name", _segment, says="a short name") or "",
        title=top.take("title", str, "") or "",
        source=name,
        text=text,
        encoding=file.read("encoding", _encoding, "utf-8", says=" or ".join(_ENCODINGS)) or "utf-8",
        delimiter=file.read("delimiter", _character, ";", says='one character, such as ";"') or ";",
        decimal=file.read("decimal", _character, ".", says='"." or ","') or ".",
        detection=_detection(top.inner("detect"), (*columns.values(), *amounts.values())),
        columns=columns,
        amounts=amounts,
        unit=unit,
        scale=scale,
        places=places,
        step=step,
        month_format=str(month.table.get("format", "")),
        month=month.read("format", _month, says="such as MM.YYYY or YYYY-MM") or re.compile(""),
        natures=natures,
        default_nature=top.read("default_nature", _nature, Nature.MEMO, says=" or ".join(Nature)) or Nature.MEMO,
        flat_total=total,
        roles=roles,
        identities=identities,
        carries=carries,
        implied=implied,
        datasets=datasets,
    )
    _check_keys(roles, _uses(total, tail), top)
    for table in (file, month, top):
        table.done()
    report.stop_if_any()
    return mapping


def load(path: Path) -> Mapping:
    """Read a user's mapping file; ``BudgetFileError`` where it cannot be read or is wrong."""
    report = Report(str(path))
    try:
        data = path.read_bytes() if path.stat().st_size <= MAPPING_BYTES_MAX else None
    except OSError as reason:
        report.add(0, "", "mapping_unreadable", f"cannot be read: {reason.strerror}", "Check the path.")
        report.stop_if_any()
    if data is None:
        report.add(0, "", "mapping_unreadable", f"larger than {MAPPING_BYTES_MAX} bytes", "Give a mapping file.")
        report.stop_if_any()
    try:
        text = (data or b"").decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        report.add(0, "", "mapping_unreadable", f"not UTF-8 at byte {reason.start}", "Save the file as UTF-8.")
        report.stop_if_any()
    return parse(text, str(path))


def builtin() -> tuple[Mapping, ...]:
    """Return the mappings that come with the program, the most particular first."""
    folder = resources.files("boyau.treasury.budget") / "mappings"
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    found = [parse(each.read_text("utf-8"), f"mappings/{each.name}") for each in files]
    return tuple(sorted(found, key=lambda mapping: -mapping.detection.priority))
