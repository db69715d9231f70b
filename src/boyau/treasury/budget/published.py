"""What a state published, kept in the journal as ``published`` records: the lines of a month, and how they were read.

They have no effect on any balance. The report takes from them what cannot come from entries of money (which lines a
month has, what they are called, memo figures), and the check compares its own figures with theirs.
"""

import json
from collections.abc import Iterator
from typing import Any

from boyau.codec import RECORD_BYTES_MAX, canonical
from boyau.ledger import amounts
from boyau.treasury.budget.lines import Line, Lines, Month
from boyau.treasury.budget.mapping import Mapping, Nature
from boyau.treasury.budget.mapping_file import parse
from boyau.treasury.budget.statement import Statement

LINES_A_RECORD = 80
_TEXT_BYTES_MAX = RECORD_BYTES_MAX - 4096


def statement_record(statement: Statement, root: str) -> dict[str, Any]:
    """Return the record that says where a statement came from and how it is read. ValueError for a huge mapping."""
    text = statement.mapping.text
    if len(text.encode()) > _TEXT_BYTES_MAX:
        raise ValueError(f"the mapping has more than {_TEXT_BYTES_MAX} bytes; shorten its comments")
    return {
        "type": "published",
        "statement": statement.dataset,
        "month": 0,
        "root": root,
        "file": statement.file,
        "sha256": statement.sha256,
        "mapping": statement.mapping.name,
        "mapping_text": text,
    }


def month_records(statement: Statement, month: Month) -> list[dict[str, Any]]:
    """Return the records of one month's published lines."""
    mapping, lines = statement.mapping, list(statement.months[month].values())
    pages = [lines[at : at + LINES_A_RECORD] for at in range(0, len(lines), LINES_A_RECORD)]
    records = []
    for page, part in enumerate(pages):
        record = {
            "type": "published",
            "statement": statement.dataset,
            "month": month.year * 100 + month.month,
            "page": page,
            "pages": len(pages),
            "lines": [_written(line, mapping) for line in part],
        }
        canonical(record)  # bounded here, not in the middle of an import
        records.append(record)
    return records


def _written(line: Line, mapping: Mapping) -> dict[str, Any]:
    out: dict[str, Any] = {
        "path": line.path,
        "nature": str(line.nature),
        "code": line.code_shown,
        "name": line.name,
        "figures": {column: amounts.write(value, mapping.scale) for column, value in line.figures.items() if value},
    }
    out |= {"parent": line.parent} if line.parent is not None else {}
    out |= {"role": line.role} if line.role else {}
    out |= {"leaf": True} if line.leaf else {}
    return out


def read_mapping(record: dict[str, Any]) -> Mapping:
    """Return the mapping that a statement was read by, from its record."""
    return parse(record["mapping_text"], record["mapping"])


def read_lines(records: list[dict[str, Any]], mapping: Mapping) -> Lines:
    """Return one month's lines from its records, in the file's order."""
    lines: Lines = {}
    for number, one in enumerate(_pages(records)):
        figures = {column: _minor(one["figures"].get(column, "0"), mapping.scale) for column in mapping.amounts}
        lines[one["path"]] = Line(
            one["path"],
            one.get("parent"),
            one.get("role", ""),
            Nature(one["nature"]),
            bool(one.get("leaf")),
            one["code"],
            one["code"],
            one["name"],
            number,
            figures,
        )
    return lines


def _pages(records: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for record in sorted(records, key=lambda record: record["page"]):
        yield from record["lines"]


def _minor(text: str, scale: int) -> int:
    return -amounts.parse(text[1:], scale) if text.startswith("-") else amounts.parse(text, scale)


def same(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    """Tell whether two sets of records publish the same figures for the same lines."""
    key = [json.dumps(list(_pages(records)), sort_keys=True) for records in (one, other)]
    return key[0] == key[1]
