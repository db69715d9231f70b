"""Who owns whom, from statements of beneficial ownership (BODS 0.4, https://standard.openownership.org/en/0.4.0/).

A record is told by statements; the latest by date counts, and one that is ``closed`` ends it. Relationships lead from a
*subject* to an *interested party*; owners are followed through all levels, and a circle ends where it began. Owners go
by the ids of their records: no name of a person is kept.
"""

import json
from collections import defaultdict
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from boyau.watch.intake.source import Source, SourceError
from boyau.watch.intake.troubles import Fault, Troubles
from boyau.watch.lists import ListError

LEVELS_MAX = 50
"""Levels of ownership that are followed; deeper ones are left off."""
_SHARES = ("exact", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum")


class Ownership:
    """A register of owners."""

    def __init__(self) -> None:
        self.troubles = Troubles()
        self._records: dict[str, tuple[str, dict[str, Any]]] = {}
        self._by_identifier: dict[str, set[str]] = defaultdict(set)
        self._up: dict[str, set[tuple[str, Decimal | None]]] = defaultdict(set)

    def take(self, statement: Any, line: int) -> None:
        """Take one statement in. What is none is a trouble, and changes nothing."""
        if not isinstance(statement, dict):
            self.troubles.add(line, "", Fault.NOT_AN_OBJECT, statement)
            return
        record, date = statement.get("recordId"), str(statement.get("statementDate") or "")
        if not isinstance(record, str):
            self.troubles.add(line, "recordId", Fault.WRONG_TYPE, record)
            return
        known = self._records.get(record)
        if known is None or known[0] <= date:
            self._records[record] = (date, statement)

    def settle(self) -> None:
        """Build the ways up, once everything is taken in."""
        for record, (_, statement) in sorted(self._records.items()):
            details = statement.get("recordDetails")
            if statement.get("recordStatus") == "closed" or not isinstance(details, dict):
                continue
            if statement.get("recordType") == "relationship":
                self._relate(details)
            for identifier in _dicts(details.get("identifiers")):
                if isinstance(identifier.get("id"), str):
                    self._by_identifier[identifier["id"]].add(record)
                    self._by_identifier[f"{identifier.get('scheme')}-{identifier['id']}"].add(record)

    def _relate(self, details: dict[str, Any]) -> None:
        subject, owner = details.get("subject"), details.get("interestedParty")
        if not isinstance(subject, str) or not isinstance(owner, str):
            return  # an owner that is unspecified is told with a reason, and is nobody
        standing = [one for one in _dicts(details.get("interests")) if not one.get("endDate")]
        if standing:
            shares = [_share(one.get("share")) for one in standing]
            known = [share for share in shares if share is not None]
            self._up[subject].add((owner, max(known) if known and None not in shares else None))

    def owners(self, identifier: str, share: Decimal) -> set[str]:
        """Return the records of all who hold at least *share* per cent of one another, up from *identifier*.

        A share that is not told counts as enough.
        """
        found: set[str] = set()
        level = set(self._by_identifier.get(identifier, ()))
        begun = set(level)
        for _ in range(LEVELS_MAX):
            level = {
                owner
                for record in level
                for owner, held in self._up.get(record, ())
                if (held is None or held >= share) and owner not in found
            }
            if not level:
                break
            found |= level
        return found - begun

    def __len__(self) -> int:
        return len(self._records)


@cache
def read(path: str) -> Ownership:
    """Read statements from *path*: a list, or one a line; plain or gzip. ListError: it cannot be read at all."""
    register = Ownership()
    try:
        for block in Source(path).blocks(register.troubles):
            for line, text in block.documents():
                if text.strip():
                    _take(register, text, line)
    except SourceError as error:
        raise ListError(str(error)) from None
    register.settle()
    return register


def _take(register: Ownership, text: bytes, line: int) -> None:
    try:
        parsed = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError, InvalidOperation) as error:
        register.troubles.add(line, "", Fault.NOT_JSON, error)
        return
    for statement in parsed if isinstance(parsed, list) else [parsed]:
        register.take(statement, line)


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _share(told: Any) -> Decimal | None:
    """Return the largest share that a range allows."""
    if not isinstance(told, dict):
        return None
    for name in _SHARES:
        value = told.get(name)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Decimal(value)
    return None
