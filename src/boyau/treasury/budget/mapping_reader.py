"""Tables of a TOML file read key by key: what is missing, of another kind or unknown is reported where it stands."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from boyau.treasury.budget.problems import Report, shown


class TableReader:
    """One table of the file: takes its keys one by one and reports what is missing, wrong or unknown."""

    def __init__(self, table: Any, place: str, report: Report, text: str) -> None:
        self.table = dict(table) if isinstance(table, dict) else {}
        self.place, self.report, self.text = place, report, text
        if not isinstance(table, dict):
            self.wrong("", f"is {shown(str(table))}, not a table", f"Write it as [{place}] with keys below")

    def line(self, key: str) -> int:
        """Return where *key* of this table most likely stands: TOML's reader keeps no positions. 0 where unknown."""
        root, _, rest = self.place.partition("[")
        start = 0
        if root:
            heads = [each.start() for each in re.finditer(rf"^\s*\[+{re.escape(root)}[\].]", self.text, re.MULTILINE)]
            index = int(rest.split("]")[0]) if rest else 0
            start = heads[min(index, len(heads) - 1)] if heads else 0
        inner = re.findall(r"\.([a-z_]+)", self.place)
        for name in (key, *reversed(inner)):
            found = re.compile(rf"^[^\n#]*?\b{re.escape(name)}\b\"?\s*=", re.MULTILINE).search(self.text, start)
            if name and found:
                return self.text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip())) + 1
        return self.text.count("\n", 0, start) + 1 if start else 0

    def at(self, key: str) -> str:
        """Return the full name of *key*."""
        return ".".join(part for part in (self.place, key) if part)

    def wrong(self, key: str, message: str, remedy: str) -> None:
        """Report a mistake at *key*."""
        name = self.at(key)
        self.report.add(self.line(key), name, "mapping_invalid", f"{name} {message}", remedy + ".")

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = ..., *, says: str = "") -> Any:
        """Return and remove the value of *key*, which must be a *kind*; ``...`` as *default* means it must be there."""
        if key not in self.table:
            if default is ...:
                self.wrong(key, "is missing", f"Add {key} = {says or 'its value'}")
                return None
            return default
        value = self.table.pop(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            self.wrong(key, f"is {shown(str(value))}", f"Write {says or 'another kind of value'}")
            return None if default is ... else default
        return value

    def words(self, key: str, default: Any = ..., *, among: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return a list of strings, each *among* the words allowed."""
        found = self.take(key, list, default, says='a list of strings, such as ["a", "b"]')
        allowed = None if among is None else tuple(among)
        for word in found or ():
            if not isinstance(word, str) or (allowed is not None and word not in allowed):
                hint = "Use " + ", ".join(allowed) if allowed else "Write strings"
                self.wrong(key, f"holds {shown(str(word))}", hint)
                return ()
        return tuple(found or ())

    def read(self, key: str, parse: Callable[[str], Any], default: Any = ..., *, says: str) -> Any:
        """Return a string's parsed value; *parse* raises ``ValueError`` with the reason."""
        text = self.take(key, str, default, says=says)
        if not isinstance(text, str):
            return text
        try:
            return parse(text)
        except ValueError as reason:
            self.wrong(key, f"is {shown(text)}: {reason}", f"Write {says}")
            return None

    def inner(self, key: str) -> "TableReader":
        """Return a reader for the table *key*."""
        return TableReader(self.take(key, dict, {}), self.at(key), self.report, self.text)

    def several(self, key: str) -> list["TableReader"]:
        """Return readers for an array of tables."""
        found = self.take(key, list, [], says=f"as [[{key}]] tables")
        places = (f"{self.at(key)}[{index}]" for index in range(len(found or ())))
        return [
            TableReader(each, place, self.report, self.text) for each, place in zip(found or (), places, strict=True)
        ]

    def done(self) -> None:
        """Report what nobody asked for: a key that would silently do nothing."""
        for key in self.table:
            self.wrong(key, "is not a key of a mapping", "Remove it, or correct its spelling")
