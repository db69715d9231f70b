"""Choosing the mapping for a file nobody named one for, by its header and by what its lines are called."""

from collections.abc import Sequence
from functools import lru_cache

from boyau.treasury.budget import table
from boyau.treasury.budget.mapping import Mapping
from boyau.treasury.budget.mapping_file import builtin
from boyau.treasury.budget.problems import Report

SAMPLE_BYTES = 1 << 17
"""How much of the file is looked at."""


def choose(data: bytes, name: str, among: Sequence[Mapping] | None = None) -> Mapping:
    """Return the mapping of highest priority that fits *data*; ``BudgetFileError`` says why none does."""
    reasons = []
    report = Report(name)
    for mapping in sorted(among or builtin(), key=lambda each: -each.detection.priority):
        have = table.headers(data, mapping.delimiter)
        detection = mapping.detection
        missing = sorted(detection.columns - have)
        unwanted = sorted(detection.without & have)
        if missing or unwanted:
            reasons.append(f"{mapping.name}: " + (f"no {', '.join(missing)}" if missing else f"has {unwanted[0]}"))
        elif detection.content is not None and not _names(data, mapping):
            reasons.append(f"{mapping.name}: no line is called {detection.content.pattern!r}")
        else:
            return mapping
    if not data.strip():
        report.add(0, "", "file_empty", "the file is empty", "Download it again.")
    elif b"\0" in data[:200]:
        message = "the file is not UTF-8; it looks like UTF-16"
        report.add(1, "", "encoding_wrong", message, 'Save it as UTF-8, or give a mapping with encoding = "utf-16".')
    else:
        message = "no mapping fits (" + "; ".join(reasons) + ")"
        report.add(1, "", "mapping_unknown", message, "Describe the file in a mapping and name it with --mapping.")
    report.stop_if_any()
    raise AssertionError


def _names(data: bytes, mapping: Mapping) -> bool:
    """Tell whether some line near the beginning has a name that fits the mapping's content."""
    content = mapping.detection.content
    assert content is not None
    rows = _sample(data[:SAMPLE_BYTES], mapping.encoding, mapping.delimiter)
    if not rows or mapping.columns["name"] not in (header := [field.strip() for field in rows[0]]):
        return False
    at = header.index(mapping.columns["name"])
    return any(len(fields) > at and content.search(fields[at]) for fields in rows[1:])


@lru_cache(maxsize=1)
def _sample(data: bytes, encoding: str, delimiter: str) -> list[list[str]]:
    """Return the fields of the whole lines in *data*; several mappings look at the same ones."""
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding, "replace")
    return [fields for _, fields in table.split(text.rpartition("\n")[0] or text, delimiter, Report(""))]
