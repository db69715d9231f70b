"""A published budget file read whole: every month, every line, exact minor units, or else every problem it has."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from boyau.treasury.budget import amounts, naming, table
from boyau.treasury.budget.lines import Lines, Month, Repeated, Row, Tree, lines
from boyau.treasury.budget.mapping import Mapping, Nature
from boyau.treasury.budget.mapping_choice import choose
from boyau.treasury.budget.problems import Report, shown

NAME_MAX = 1_000
"""Characters of a line's name."""
ID_DIGITS_MAX = 12
YEAR_MIN, YEAR_MAX = 1991, 2100

_ID = re.compile(rf"(\d{{1,{ID_DIGITS_MAX}}})(?:\.0+)?", re.ASCII)


@dataclass(slots=True)
class Noise:
    """What binary arithmetic left in one column: *count* figures, the worst *minor* units away from a whole one."""

    count: int = 0
    minor: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Statement:
    """A file of budget execution. *months* are in order of time; *sha256* is the file's, *dataset* its short name.

    *noise* tells, by our column names, how many figures were not whole minor units as printed.
    """

    file: str
    dataset: str
    mapping: Mapping
    sha256: str
    months: dict[Month, Lines]
    noise: dict[str, Noise]
    repeated: frozenset[tuple[str, str]]

    @property
    def columns(self) -> tuple[str, ...]:
        """Our names of the amount columns the file has."""
        return tuple(self.mapping.amounts)

    def years(self) -> dict[int, list[Month]]:
        """Return the months by fiscal year."""
        found: dict[int, list[Month]] = defaultdict(list)
        for month in self.months:
            found[month.year].append(month)
        return dict(found)

    def printed(self, minor: int) -> str:
        """Return an amount in minor units as the file would print it."""
        return amounts.printed(minor, self.mapping.places, self.mapping.decimal)


def read(path: Path, mapping: Mapping | None = None, *, dataset: str | None = None) -> Statement:
    """Read the file at *path*. Without *mapping* one that fits is chosen; without *dataset* the mapping names it.

    ``BudgetFileError`` lists what is wrong; nothing of such a file is used.
    """
    report = Report(path.name)
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= table.FILE_BYTES_MAX else b""
    except OSError as reason:
        size, data = 0, b""
        report.add(0, "", "file_unreadable", f"cannot be read: {reason.strerror}", "Check the path.")
    if size > table.FILE_BYTES_MAX:
        report.add(0, "", "file_too_large", f"{size} bytes, more than {table.FILE_BYTES_MAX}", "Split it by year.")
    report.stop_if_any()
    return parse(data, path.name, mapping, dataset=dataset)


def parse(data: bytes, name: str, mapping: Mapping | None = None, *, dataset: str | None = None) -> Statement:
    """Read a file's bytes as ``read`` does; *name* is used in messages and for the data set's name."""
    report = Report(name)
    mapping = mapping or choose(data, name)
    content = table.read(data, mapping, report)
    reader = _Reader(mapping, content.header, report)
    months: dict[Month, list[Row]] = defaultdict(list)
    for number, fields in content.rows:
        month, row = reader.row(number, fields)
        if month is not None and row is not None:
            months[month].append(row)
    # A broken line would be missed by its children and its sum: what follows from it is not worth reporting.
    report.stop_if_any()
    trees = {month: Tree(month, months[month], mapping, report) for month in sorted(months)}
    report.stop_if_any()
    repeated = Repeated()
    for tree in trees.values():
        repeated.note(tree)
    found = {month: lines(tree, repeated) for month, tree in trees.items()}
    _same_natures(found, report)
    report.stop_if_any()
    return Statement(
        file=name,
        dataset=dataset or dataset_of(name, mapping),
        mapping=mapping,
        sha256=hashlib.sha256(data).hexdigest(),
        months=found,
        noise={column: noise for column, noise in reader.noise.items() if noise.count},
        repeated=frozenset(repeated.codes),
    )


def _same_natures(months: dict[Month, Lines], report: Report) -> None:
    """Hold every line to one nature for the whole year: its money cannot change sides in between."""
    natures: dict[tuple[int, str], tuple[Nature, Month]] = {}
    for month, found in months.items():
        for path, line in found.items():
            nature, before = natures.setdefault((month.year, path), (line.nature, month))
            if nature is not line.nature:
                message = (
                    f"{shown(line.name)} ({path}) is {line.nature.value!r} here and was {nature.value!r} in {before}"
                )
                report.add(
                    line.number,
                    "",
                    "nature_changed",
                    message,
                    "Say in the mapping by which code or name the line is known, so that it is one thing all year.",
                )


def dataset_of(name: str, mapping: Mapping) -> str:
    """Return the short name of the data set in the file *name*, as the mapping has it or transliterated."""
    stem = name.removesuffix(".csv")
    for dataset in mapping.datasets:
        if found := dataset.file.search(stem):
            try:
                return naming.slug(found.expand(dataset.slug))
            except (re.error, IndexError):
                continue
    return naming.slug(stem) or mapping.name


@dataclass(slots=True)
class _Reader:
    """Turns one line's fields into a row, noting each field that cannot be read."""

    mapping: Mapping
    header: tuple[str, ...]
    report: Report
    noise: dict[str, Noise] = field(default_factory=dict)
    at: dict[str, int] = field(init=False)
    money: list[tuple[str, int]] = field(init=False)
    shape: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        place = {name: index for index, name in enumerate(self.header)}
        self.at = {key: place[name] for key, name in self.mapping.columns.items()}
        self.money = [(key, place[name]) for key, name in self.mapping.amounts.items()]
        self.shape = amounts.pattern(self.mapping.decimal)
        self.noise = {key: Noise() for key in self.mapping.amounts}

    def wrong(self, number: int, key: str, code: str, message: str, remedy: str) -> None:
        """Note a problem in the column we call *key*."""
        name = self.mapping.columns.get(key) or self.mapping.amounts.get(key, key)
        self.report.add(number, name, code, message, remedy)

    def row(self, number: int, fields: list[str]) -> tuple[Month | None, Row | None]:
        """Return the line's month and row; ``None`` for what could not be read."""
        month = self.month(number, fields[self.at["month"]])
        own = self.number(number, "id", fields[self.at["id"]])
        above = fields[self.at["parent"]] if "parent" in self.at else ""
        parent = self.number(number, "parent", above) if above.strip() else None
        name = fields[self.at["name"]]
        if len(name) > NAME_MAX:
            self.wrong(number, "name", "name_too_long", f"{len(name)} characters", f"Shorten it to {NAME_MAX}.")
        code = naming.code_of(fields[self.at["code"]])
        figures = self.figures(number, fields)
        if own is None:
            return month, None
        return month, Row(number, own, parent, code, name, figures)

    def month(self, number: int, text: str) -> Month | None:
        """Read the line's month."""
        found = self.mapping.month.fullmatch(text.strip())
        if found is not None:
            month = Month(int(found["year"]), int(found["month"]))
            if 1 <= month.month <= 12 and YEAR_MIN <= month.year <= YEAR_MAX:
                return month
        message = f"{shown(text)} is no month written {self.mapping.month_format}"
        self.wrong(number, "month", "month_unreadable", message, "Correct it, or the mapping's month format.")
        return None

    def number(self, line: int, key: str, text: str) -> int | None:
        """Read a line's own id or its parent's: whole, though spreadsheets print 6 as ``6.0``."""
        found = _ID.fullmatch(text.strip())
        if found is None:
            self.wrong(line, key, "id_unreadable", f"{shown(text)} is no whole number", "Number the lines of a month.")
            return None
        return int(found[1])

    def figures(self, number: int, fields: list[str]) -> dict[str, int]:
        """Read the line's amounts to whole minor units, counting the noise taken off."""
        readings: dict[str, amounts.Reading] = {}
        for key, at in self.money:
            try:
                readings[key] = amounts.read(fields[at], self.shape, self.mapping.places)
            except amounts.AmountError as error:
                self.wrong(number, key, error.code, str(error), error.remedy)
        found = {key: reading.minor for key, reading in readings.items()}
        step = self.mapping.step
        if not any(reading.rest or reading.minor % step for reading in readings.values()):
            return self.beside(found, readings)
        row_max = max(map(abs, found.values())) + 1
        for key, reading in readings.items():
            if (reading.rest or reading.minor % step) and not (
                key == "unpaid" and {"obligations", "paid"} <= readings.keys()
            ):
                self.take(number, key, fields, reading, row_max, found)
        if "unpaid" in readings and {"obligations", "paid"} <= readings.keys():
            exact = found["obligations"] - found["paid"]
            distance = abs(readings["unpaid"].exact - exact)
            if distance <= amounts.noise_max(row_max):
                found["unpaid"] = exact
                self.count("unpaid", distance)
            else:
                self.take(number, "unpaid", fields, readings["unpaid"], row_max, found)
        return found

    def beside(self, found: dict[str, int], readings: dict[str, amounts.Reading]) -> dict[str, int]:
        """Where all figures are whole, ``unpaid`` may still be noise away from its exact value (a coin's rounding)."""
        if {"unpaid", "obligations", "paid"} <= readings.keys():
            distance = abs(found["unpaid"] - found["obligations"] + found["paid"])
            if distance and Fraction(distance) <= amounts.noise_max(max(map(abs, found.values()))):
                found["unpaid"] = found["obligations"] - found["paid"]
                self.count("unpaid", Fraction(distance))
        return found

    def take(
        self,
        number: int,
        key: str,
        fields: list[str],
        reading: amounts.Reading,
        row_max: int,
        found: dict[str, int],
    ) -> None:
        """Round one figure off its noise into *found*, or note that it is too fine."""
        try:
            found[key], distance = amounts.settle(reading, row_max, self.mapping.step)
            self.count(key, distance)
        except amounts.AmountError as error:
            text = shown(fields[dict(self.money)[key]])
            self.wrong(number, key, error.code, f"{text} {error}", error.remedy)

    def count(self, key: str, distance: Fraction) -> None:
        """Tally noise of one figure in the column *key*."""
        if distance:
            noise = self.noise[key]
            noise.count, noise.minor = noise.count + 1, max(noise.minor, distance)


def months_between(months: Iterable[Month]) -> list[Month]:
    """Return the months of the covered fiscal years, from January to the last published one, that are missing."""
    have = set(months)
    missing = []
    for year in sorted({month.year for month in have}):
        later = any(month.year > year for month in have)
        last = 12 if later else max(month.month for month in have if month.year == year)
        missing += [Month(year, each) for each in range(1, last + 1) if Month(year, each) not in have]
    return missing
