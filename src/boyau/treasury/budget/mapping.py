"""Mappings: data files that say how a published budget file is read, so that another country's needs no new code.

A mapping names the columns and their meaning, the unit, how months and codes are written, which lines are known by
name (*roles*), and what each of them is: an expenditure, a receipt, a balance derived by a formula, or a memo that is
only taken over. ``mappings/tree.toml`` is the worked example.
"""

import re
from collections.abc import Mapping as Frozen
from dataclasses import dataclass
from enum import StrEnum

from boyau.treasury.budget.formula import Terms

AMOUNTS = (
    "approved",
    "refined",
    "plan",
    "plan_payments",
    "plan_obligations",
    "paid",
    "obligations",
    "unpaid",
)
"""Our names of the amount columns. ``unpaid`` is always obligations - paid; receipts count what came in as ``paid``."""


class Nature(StrEnum):
    """What a line's figures mean, and so by which entries they come about."""

    EXPENDITURE = "expenditure"
    RECEIPT = "receipt"
    BALANCE = "balance"
    SUM = "sum"
    MEMO = "memo"


@dataclass(frozen=True, slots=True)
class NatureRule:
    """Which *columns* a nature reports (the others are zero) and in which of them its figures may be *negative*."""

    columns: frozenset[str]
    negative: frozenset[str]


@dataclass(frozen=True, slots=True)
class Match:
    """One way to know a line: by its (normal) *code*, a pattern in its *name*, or both."""

    code: str | None
    name: re.Pattern[str] | None

    def fits(self, code: str, name: str) -> bool:
        """Tell whether a line with this code and name is meant."""
        return (self.code is None or self.code == code) and (self.name is None or self.name.search(name) is not None)


@dataclass(frozen=True, slots=True)
class Role:
    """A line known by name: formulas call it *key*.

    It is looked for among the top lines, among the children of role *under*, or anywhere below role *within*. The
    first of *matches* that fits a line not yet claimed decides. *nature* holds for all that stands below, unless a
    role there says otherwise. *formulas* gives a derived figure per column. *widths* are the digits of the codes
    below it, by depth, for display. *remainder* names a line for what a total holds beyond its listed lines.
    """

    key: str
    matches: tuple[Match, ...]
    under: str | None
    within: str | None
    nature: Nature | None
    segment: str | None
    formulas: Frozen[str, Terms]
    widths: tuple[int, ...]
    remainder: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """An equation between published figures: *left* equals *formula* in these *columns*."""

    name: str
    left: str
    formula: Terms
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Carry:
    """A figure that one year takes over from the last month of the year before: *key* from *previous*, in *column*."""

    key: str
    previous: str
    column: str


@dataclass(frozen=True, slots=True)
class Implied:
    """What a memo that cannot be derived would need: stated as *title*, computed by *formula*, in these *columns*."""

    key: str
    title: str
    formula: Terms
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Detection:
    """When a file without a named mapping is read by this one: its header has *columns* and none of *without*.

    Some line's name fits *content*, if that is given. Of several mappings that fit, the highest *priority* is taken.
    """

    columns: frozenset[str]
    without: frozenset[str]
    content: re.Pattern[str] | None
    priority: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """The short name of a data set, from its file's name: *file* is a pattern, *slug* may use its groups."""

    file: re.Pattern[str]
    slug: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """How one kind of published file is read.

    *text* is the mapping file itself, which an import keeps. *columns* and *amounts* go from our names to the file's.
    Of a printed amount *places* digits after the mark are whole minor units; *step* is the last decimal the publisher
    means, in minor units.
    """

    name: str
    title: str
    source: str
    text: str
    encoding: str
    delimiter: str
    decimal: str
    detection: Detection
    columns: Frozen[str, str]
    amounts: Frozen[str, str]
    unit: str
    scale: int
    places: int
    step: int
    month: re.Pattern[str]
    month_format: str
    natures: Frozen[Nature, NatureRule]
    default_nature: Nature
    flat_total: str | None
    roles: tuple[Role, ...]
    identities: tuple[Identity, ...]
    carries: tuple[Carry, ...]
    implied: tuple[Implied, ...]
    datasets: tuple[Dataset, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """All columns a file must have, by its own names."""
        return (*self.columns.values(), *self.amounts.values())

    def role(self, key: str) -> Role | None:
        """Return the role of this *key*, if the mapping has it."""
        return next((role for role in self.roles if role.key == key), None)
