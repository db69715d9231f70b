"""Repeated, superseded, empty and trial applications: each set aside, with its reason and the line that stands instead.

What stands is decided by the contents alone, never by the order of the lines. Lines in = kept + set aside.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from boyau.treasury.subsidies.applications import Application

TEST_BELOW = 100_00
"""Tiyn. No purpose subsidises less than this; smaller amounts are trials of the system. ``--test-below`` changes it."""
_TEST = re.compile(r"(?:^|[._-])test", re.IGNORECASE)
"""A number or an applicant's code that says of itself that it is one."""
_DAY = 86_400_000_000


class Reason(StrEnum):
    """Why a line is set aside, in the order in which it is asked."""

    REPEATED = "repeated"
    SUPERSEDED = "superseded"
    ALREADY_PAID = "already_paid"
    CLOSED = "closed"
    AMOUNT_ZERO = "amount_zero"
    TEST_RECORD = "test_record"
    REGISTERED_LATER = "registered_later"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A line that takes no part. *instead*: the line that stands for its number, 0 where none does."""

    application: Application
    reason: Reason
    instead: int = 0


@dataclass(frozen=True, slots=True)
class Sifted:
    """What is left of a file. *shared*: one number, several applications. *alike*: suspicious, but all of them kept."""

    kept: tuple[Application, ...]
    aside: tuple[SetAside, ...]
    shared: tuple[tuple[Application, ...], ...]
    alike: tuple[tuple[Application, ...], ...]


def sift(read: Iterable[Application], *, test_below: int = TEST_BELOW, until: int | None = None) -> Sifted:
    """Set aside what cannot be paid; also what was registered at or after *until*, and so waits for a later year."""
    aside: list[SetAside] = []
    standing: list[Application] = []
    by_key: dict[str, dict[object, Application]] = defaultdict(dict)
    for one in sorted(read, key=lambda each: each.line):
        first = by_key[one.key].setdefault(one.contents, one)
        if first is not one:
            aside.append(SetAside(one, Reason.REPEATED, first.line))
    for versions in by_key.values():
        stands = max(versions.values(), key=_precedence)
        standing.append(stands)
        aside += [SetAside(one, Reason.SUPERSEDED, stands.line) for one in versions.values() if one is not stands]
    kept = []
    for one in standing:
        reason = _unpayable(one, test_below, until)
        if reason is None:
            kept.append(one)
        else:
            aside.append(SetAside(one, reason))
    kept.sort(key=lambda each: each.order)
    return Sifted(
        tuple(kept),
        tuple(sorted(aside, key=lambda each: each.application.line)),
        _groups(standing, lambda one: one.number),
        _groups(kept, lambda one: (one.applicant, one.purpose, one.amount, one.at // _DAY)),
    )


def _precedence(one: Application) -> tuple[object, ...]:
    """Of several versions of one application the greatest stands.

    One that is paid or closed ends the matter whatever else was written. Then one that states an amount. Then the one
    registered last: who changes an application stands where the change stands. Then the smaller amount, so that doubt
    costs the budget nothing; the rest only makes the choice one function of the contents.
    """
    final = {"paid": 2, "closed": 1}.get(one.state, 0)
    return final, one.amount > 0, one.at, -one.amount, one.region, one.applicant


def _unpayable(one: Application, test_below: int, until: int | None) -> Reason | None:
    if one.state == "paid":
        return Reason.ALREADY_PAID
    if one.state == "closed":
        return Reason.CLOSED
    if one.amount == 0:
        return Reason.AMOUNT_ZERO
    if one.amount < test_below or _TEST.search(one.number) or _TEST.search(one.applicant):
        return Reason.TEST_RECORD
    if until is not None and one.at >= until:
        return Reason.REGISTERED_LATER
    return None


def _groups(of: Iterable[Application], alike: Callable[[Application], Hashable]) -> tuple[tuple[Application, ...], ...]:
    found: dict[object, list[Application]] = defaultdict(list)
    for one in of:
        found[alike(one)].append(one)
    groups = (tuple(sorted(group, key=lambda each: each.order)) for group in found.values() if len(group) > 1)
    return tuple(sorted(groups, key=lambda group: group[0].order))
