"""Applications for subsidies, read from a published file line by line; what cannot be read is listed, never dropped.

A file is UTF-8 CSV, plain or gzipped (told by its first bytes, not by its name), with the columns of ``COLUMNS`` in any
order. One line is one application: the published files quote texts, but no text runs over a line.
"""

import csv
import datetime as dt
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from boyau.ledger import amounts
from boyau.treasury.budget.problems import Problem, shown
from boyau.treasury.subsidies.tables import Tables, plain

COLUMNS = ("docnum", "doc_at", "region", "category", "status", "amount_kzt", "applicant")
LINE_BYTES_MAX = 1 << 16
LINES_MAX = 5_000_000
UNREADABLE_MAX = 10_000
"""Unreadable lines after which a file is another kind of file."""
YEAR_FIRST, YEAR_LAST = 2000, 2100
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - local times as the registry wrote them: compared, never converted
_TIME = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})")
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,29}")
_APPLICANT = re.compile(r"[A-Za-z0-9._-]{1,32}")


class ApplicationsError(ValueError):
    """A file that is not read at all; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Application:
    """One line. *at*: microseconds from 1970 to the local time *registered*; *amount*: tiyn, 0 where none is stated."""

    line: int
    number: str
    registered: str
    at: int
    region: str
    purpose: str
    state: str
    amount: int
    applicant: str

    @property
    def key(self) -> str:
        """Number and purpose, which name an application: registers of different purposes give out the same numbers."""
        return f"{self.number}/{self.purpose}"

    @property
    def order(self) -> tuple[int, str, str]:
        """Its place among all: the time of registration, then the number, then the purpose."""
        return self.at, self.number, self.purpose

    @property
    def contents(self) -> tuple[str, int, str, str, str, int, str]:
        """All that it says; two lines that agree in this say the same."""
        return self.number, self.at, self.region, self.purpose, self.state, self.amount, self.applicant


@dataclass(frozen=True, slots=True)
class Applications:
    """A file as read. ``lines`` counts every line below the header that holds anything."""

    file: str
    read: tuple[Application, ...]
    unreadable: tuple[Problem, ...]

    @property
    def lines(self) -> int:
        """Lines that came in: those read and those unreadable."""
        return len(self.read) + len(self.unreadable)


class _LineError(ValueError):
    """What is wrong with one line: code, column, message, remedy."""

    def __init__(self, code: str, column: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.column, self.message, self.remedy = code, column, message, remedy


def read(path: Path, tables: Tables) -> Applications:
    """Read a file."""
    try:
        with path.open("rb") as stream:
            zipped = stream.read(2) == b"\x1f\x8b"
            stream.seek(0)
            if zipped:
                with gzip.open(stream) as inner:
                    return parse(_cut(inner), path.name, tables)
            return parse(_cut(stream), path.name, tables)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ApplicationsError(f"{path.name} is a damaged .gz file ({error}); fetch it again") from None
    except OSError as error:
        raise ApplicationsError(f"{path} cannot be read: {error.strerror or error}") from None


def _cut(stream: "BinaryIO | gzip.GzipFile") -> Iterator[bytes]:
    """Yield lines of at most ``LINE_BYTES_MAX`` bytes; of a longer one its beginning, which then is no line."""
    while line := stream.readline(LINE_BYTES_MAX + 1):
        yield line
        while len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
            line = stream.readline(LINE_BYTES_MAX + 1)  # the rest of it, so that the next line is counted right


def parse(lines: Iterable[bytes], file: str, tables: Tables) -> Applications:
    """Read *lines*, the first of which is the header."""
    kept: list[Application] = []
    unreadable: list[Problem] = []
    places: list[int] = []
    width, number = 0, 0
    for number, line in enumerate(lines, 1):
        if number == 1:
            places, width = _header(line, file)
            continue
        if not line.strip():
            continue
        if number > LINES_MAX:
            raise ApplicationsError(f"{file} has more than {LINES_MAX} lines; split it by year")
        try:
            fields = _fields(line, width)
            kept.append(_application(number, [fields[k] for k in places], tables))
        except _LineError as error:
            unreadable.append(Problem(file, number, error.column, error.code, error.message, error.remedy))
            if len(unreadable) > UNREADABLE_MAX:
                raise ApplicationsError(
                    f"more than {UNREADABLE_MAX} lines cannot be read; the first: {unreadable[0]}"
                ) from None
    if number == 0:
        raise ApplicationsError(f"{file} is empty; fetch it again")
    return Applications(file, tuple(kept), tuple(unreadable))


def _header(line: bytes, file: str) -> tuple[list[int], int]:
    """Return where each of ``COLUMNS`` stands, and how many columns there are."""
    try:
        names = [name.strip() for name in _fields(line.removeprefix(b"\xef\xbb\xbf"), None)]
    except _LineError as error:
        raise ApplicationsError(f"{file}, line 1: {error.message}. {error.remedy}") from None
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ApplicationsError(
            f"{file}, line 1: no column {', '.join(missing)}; the file has {shown(', '.join(names))}. "
            f"The columns are {','.join(COLUMNS)}, separated by commas"
        )
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise ApplicationsError(f"{file}, line 1: the header names {', '.join(twice)} twice. Rename one of them")
    return [names.index(name) for name in COLUMNS], len(names)


def _fields(line: bytes, width: int | None) -> list[str]:
    if len(line) > LINE_BYTES_MAX:
        raise _LineError("line_long", "", f"more than {LINE_BYTES_MAX} bytes", "Check that the file has line ends.")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _LineError(
            "encoding_wrong",
            "",
            f"byte {error.start} of the line (0x{line[error.start]:02x}) is not UTF-8",
            "Save the file as UTF-8; it may be cp1251.",
        ) from None
    try:
        (fields,) = csv.reader([text.rstrip("\r\n")], strict=True)
    except (csv.Error, ValueError) as error:
        raise _LineError(
            "quote_open", "", f"quotes do not pair up ({error})", 'Close the quote, or double it: "".'
        ) from None
    if width is not None and len(fields) != width:
        raise _LineError(
            "line_broken",
            "",
            f"{len(fields)} fields where the header has {width}",
            "The line is cut, or holds an unquoted comma: fetch the file again or repair the line.",
        )
    return fields


def _application(line: int, fields: list[str], tables: Tables) -> Application:
    number, registered, region, category, status, amount, applicant = (field.strip() for field in fields)
    if not _NUMBER.fullmatch(number):
        raise _LineError(
            "number_wrong", "docnum", f"{shown(number)} is no number", "Write 1 to 30 of letters, digits, point, dash."
        )
    if not _APPLICANT.fullmatch(applicant):
        raise _LineError(
            "applicant_wrong",
            "applicant",
            f"{shown(applicant)} is no applicant's code",
            "Write a BIN or a pseudonym of 1 to 32 of A-Za-z0-9._-; never a person's name.",
        )
    return Application(
        line=line,
        number=number,
        registered=registered,
        at=_instant(registered),
        region=_meaning(region, "region", tables.regions, "region"),
        purpose=_meaning(category, "category", tables.purposes, "purpose"),
        state=_meaning(status, "status", tables.statuses, "status"),
        amount=_amount(amount),
        applicant=applicant,
    )


def _meaning(text: str, column: str, table: dict[str, str], kind: str) -> str:
    code = table.get(plain(text))
    if code is None:
        raise _LineError(
            f"{column}_unknown",
            column,
            f"{shown(text)} is not a {column} of the table",
            f"Correct it, or add this name to a [[{kind}]] of your own table and give it with --tables.",
        )
    return code


def _amount(text: str) -> int:
    if text == "":
        return 0  # an application without an amount is set aside with its reason, not taken for unreadable
    try:
        return amounts.parse(text)
    except amounts.AmountError as error:
        raise _LineError("amount_wrong", "amount_kzt", str(error), "Correct the amount, such as 1234.56.") from None


def _instant(text: str) -> int:
    match = _TIME.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        day, month, year, hour, minute, second = map(int, match.groups())
        at = dt.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - see _EPOCH
    except ValueError:
        raise _LineError(
            "time_wrong", "doc_at", f"{shown(text)} is not a time", "Write DD.MM.YYYY HH:MM:SS of the registration."
        ) from None
    if not YEAR_FIRST <= year <= YEAR_LAST:
        raise _LineError(
            "time_far",
            "doc_at",
            f"{shown(text)} lies outside {YEAR_FIRST} to {YEAR_LAST}",
            "Correct the year: the time of registration decides the place in the queue.",
        )
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000
