"""What a flag is: a question with a formula, the fields it needs, its basis, its known false alarms, and its answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from boyau.language.catalogue import mark

if TYPE_CHECKING:
    from boyau.watch.process import Process

Exact = int | Fraction | Decimal
"""A figure that lost nothing. Flags know no binary floats."""


class Group(StrEnum):
    """Whom a finding is about, in Cardinal's words; the order is that of its output."""

    OCID = "OCID"
    BUYER = "Buyer"
    PROCURING_ENTITY = "ProcuringEntity"
    TENDERER = "Tenderer"
    ITEM = "Item"
    """A kind of goods, works or services; Cardinal has no such group."""


class Reason(StrEnum):
    """Why a flag does not apply to a process that has the fields it needs."""

    __hash__ = str.__hash__  # counted a dozen times a process; the hash of an enumeration is slow

    CANCELLED = "cancelled"
    METHOD = "method"
    EXCLUDED = "excluded"
    STATUS = "status"
    NOT_FINAL = "not_final"
    NO_AWARD = "no_award"
    SEVERAL_AWARDS = "several_awards"
    SEVERAL_SUPPLIERS = "several_suppliers"
    FEW_BIDS = "few_bids"
    PRICES = "prices"
    CURRENCY = "currency"
    ZERO = "zero"
    DATES = "dates"
    NOTHING_TO_COMPARE = "nothing_to_compare"


REASONS: Mapping[Reason, str] = {
    Reason.CANCELLED: mark("the process was cancelled"),
    Reason.METHOD: mark("the procurement method is not one that this flag looks at"),
    Reason.EXCLUDED: mark("a setting leaves this procurement method out"),
    Reason.STATUS: mark("the process or contract has no status that this flag looks at"),
    Reason.NOT_FINAL: mark("an award is not final yet"),
    Reason.NO_AWARD: mark("nothing has been awarded"),
    Reason.SEVERAL_AWARDS: mark("there are several awards, and bids cannot be told apart by lot"),
    Reason.SEVERAL_SUPPLIERS: mark("the award has several suppliers"),
    Reason.FEW_BIDS: mark("there are fewer bids than the comparison needs"),
    Reason.PRICES: mark("there are no two prices that can be compared"),
    Reason.CURRENCY: mark("the amounts are in different currencies"),
    Reason.ZERO: mark("the amount to compare with is zero"),
    Reason.DATES: mark("a date cannot be read"),
    Reason.NOTHING_TO_COMPARE: mark("there is nothing to compare with"),
}


class Hit(NamedTuple):
    """A flag found something in a process.

    *value* is the flag's figure, *evidence* the values it was computed from, by name. *parties* are the tenderers that
    are meant too, each with the figure *party_value*.
    """

    value: Exact
    evidence: Mapping[str, Any]
    parties: Sequence[str] = ()
    party_value: Exact = 0


Answer = Hit | Reason | None
"""Of one process: found, not applicable because, not found. That a field is absent is known before a flag is asked."""


class Row(NamedTuple):
    """A process as findings remember it; *money* is what was contracted, else awarded, else estimated."""

    ocid: str
    buyer: str | None
    money: Decimal | None
    currency: str | None


class Found(NamedTuple):
    """What a gathering found at its end, about a process (*subject* is its ocid) or about a party."""

    group: Group
    subject: str
    value: Exact
    evidence: Mapping[str, Any]
    row: Row | None = None


class Gathering(Protocol):
    """A flag that can answer only when it has seen everything.

    Its memory grows with parties, not with processes' size.
    """

    def add(self, process: "Process") -> Reason | None:
        """Take one process in, or say why it does not count."""

    def merge(self, other: Any) -> None:
        """Take in what another worker has gathered; the order must not matter."""

    def finish(self) -> Iterable[Found]:
        """Return the findings, in an order that does not depend on the workers; fill ``meta`` with the fences."""

    meta: dict[str, Exact | None]


@dataclass(frozen=True)
class Basis:
    """What a flag rests on, and the days of its validity (ISO, the last one included); "" is open."""

    text: str
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Option:
    """A setting of a flag: its default, and what it means. A default of None must be set, or the flag cannot fire."""

    default: Any
    text: str
    kind: type | tuple[type, ...] = int
    needed: bool = False


@dataclass(frozen=True)
class Flag:
    """A flag. Exactly one of *check* (of each process) and *gather* (of all together) is given.

    *needs* are the paths without which a process cannot be looked at; ``a|b`` means either. *somewhere* are paths that
    must occur in the data at all: where nobody publishes a document, its absence says nothing about anybody.
    """

    id: str
    title: str
    question: str
    formula: str
    fields: tuple[str, ...]
    alarms: tuple[str, ...]
    basis: tuple[Basis, ...]
    needs: tuple[str, ...] = ()
    somewhere: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    check: Callable[["Process", Any], Answer] | None = None
    gather: Callable[[Any], Gathering] | None = None
    cancelled: bool = False
    """Whether cancelled processes are looked at too."""
