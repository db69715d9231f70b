"""A published file as a header and rows of fields: encoding, delimiter and quotes, and nothing about their meaning."""

import csv
import difflib
from dataclasses import dataclass

from boyau.treasury.budget.mapping import Mapping
from boyau.treasury.budget.problems import Report, shown

FILE_BYTES_MAX = 256 << 20
"""Bytes of one file; the largest published one has 2.4 MB for 27 months."""

QUOTED_LINES_MAX = 8
"""Lines that one quoted field may run over."""

BROKEN_MAX = 1_000
"""Broken lines after which the rest of a file is not looked at: it is another kind of file."""


@dataclass(frozen=True, slots=True)
class Table:
    """*header* names the columns; each row is the line it begins on and its fields, as many as the header has."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]


def decode(data: bytes, encoding: str, report: Report) -> str:
    """Return the file's text without byte order mark; a wrong encoding is a problem with its place, and stops."""
    if len(data) > FILE_BYTES_MAX:
        report.add(0, "", "file_too_large", f"{len(data)} bytes, more than {FILE_BYTES_MAX}", "Split it by year.")
    elif not data.strip():
        report.add(0, "", "file_empty", "the file is empty", "Download it again.")
    report.stop_if_any()
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as reason:
        line = data.count(b"\n", 0, reason.start) + 1
        guess = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1251"
        report.add(
            line,
            "",
            "encoding_wrong",
            f"byte {reason.start} (0x{data[reason.start]:02x}) is not {encoding}",
            f"Save the file as UTF-8, or name its encoding in a mapping; it may be {guess}.",
        )
        report.stop_if_any()
        raise


_UNFINISHED = "unexpected end of data"


def _quoted(line: str, delimiter: str) -> tuple[list[str], str]:
    """Return the fields of a line that has quotes, or why it has none."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True)), ""
    except (csv.Error, StopIteration) as reason:
        return [], str(reason) or _UNFINISHED


def split(text: str, delimiter: str, report: Report) -> list[tuple[int, list[str]]]:
    """Return every line's number and fields. A quote that does not close within a few lines is a problem."""
    lines = text.split("\n")
    while lines and not lines[-1].strip("\r"):
        lines.pop()
    rows: list[tuple[int, list[str]]] = []
    at = 0
    while at < len(lines) and report.count < BROKEN_MAX:
        line, first = lines[at].rstrip("\r"), at + 1
        at += 1
        if '"' not in line:
            rows.append((first, line.split(delimiter)))
            continue
        fields, reason = _quoted(line, delimiter)
        for more in range(1, min(QUOTED_LINES_MAX, len(lines) - at + 1)):
            if reason != _UNFINISHED:
                break
            line = f"{line}\n{lines[at + more - 1]}".rstrip("\r")
            fields, reason = _quoted(line, delimiter)
            if not reason:
                at += more
        if reason:
            message = f"quotes do not pair up ({reason})"
            report.add(first, "", "quote_open", message, 'Close the quote, or double it: "".')
            continue
        rows.append((first, fields))
    return rows


def headers(data: bytes, delimiter: str = ";") -> frozenset[str]:
    """Return the header's names for choosing a mapping, whatever state the rest of the file is in."""
    first = data[: 1 << 16].split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    return frozenset(field.strip().strip('"') for field in first.rstrip("\r").split(delimiter))


def read(data: bytes, mapping: Mapping, report: Report) -> Table:
    """Split the file by the *mapping* and check its shape.

    Missing columns stop; half lines are reported and left out.
    """
    rows = split(decode(data, mapping.encoding, report), mapping.delimiter, report)
    if not rows:
        if not report.count:
            report.add(0, "", "file_empty", "no line holds anything", "Download it again.")
        report.stop_if_any()
    number, names = rows[0]
    header = tuple(name.strip() for name in names)
    sound = report.count
    twice = sorted({name for name in header if header.count(name) > 1} & set(mapping.headers))
    for name in twice:
        report.add(number, name, "column_twice", f"the header names {shown(name)} twice", "Rename one of them.")
    for name in mapping.headers:
        if name not in header:
            near = difflib.get_close_matches(name, header, 1)
            have = ", ".join(header[:40])
            report.add(
                number,
                name,
                "column_missing",
                f"no column {shown(name)}; the file has: {shown(have) if not have.isprintable() else have[:400]}",
                (f"Perhaps it is {shown(near[0])}. " if near else "")
                + f"Name the column in a mapping (--mapping), or check that the delimiter is {mapping.delimiter!r}.",
            )
    if report.count > sound:
        report.stop_if_any()
    whole = []
    for line, fields in rows[1:]:
        if report.count >= BROKEN_MAX:
            break
        if len(fields) != len(header):
            report.add(
                line,
                "",
                "line_broken",
                f"{len(fields)} fields where the header has {len(header)}",
                "The line is cut, or holds an unquoted delimiter: download the file again or repair the line.",
            )
        else:
            whole.append((line, fields))
    if len(rows) == 1:
        report.add(0, "", "file_empty", "a header and nothing below it", "Download the file again.")
    return Table(header, tuple(whole))
