"""What a programme consists of, and what its checks find."""

from dataclasses import dataclass, field
from typing import Any

Texts = dict[str, str]
"""A text by language."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that whoever installs the programme chooses. Without a default it must be given."""

    name: str
    kind: str
    default: Any
    example: Any
    what: Texts
    line: int


@dataclass(frozen=True, slots=True)
class Class:
    """A class of participants; ``also``: classes that they may have too; ``count``: how many there are at most."""

    name: str
    what: Texts
    also: tuple[str, ...]
    count: int | None
    line: int


@dataclass(frozen=True, slots=True)
class Colour:
    """A template of a colour: path and rules may hold placeholders."""

    name: str
    path: str
    title: Texts
    rules: dict[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """A class that must answer, and within how many days."""

    owner: str
    days: int


@dataclass(frozen=True, slots=True)
class Duty:
    """A condition to attest, or an approval to give: by whom, by when, and who answers if they do not."""

    name: str
    steps: tuple[Step, ...]
    what: Texts
    line: int

    @property
    def days(self) -> int:
        """How long it can take until the last owner is overdue."""
        return sum(step.days for step in self.steps)


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme, as its file says it."""

    source: str
    name: str
    title: Texts
    summary: Texts
    unit: str
    scale: int
    parameters: dict[str, Parameter]
    classes: dict[str, Class]
    colours: tuple[Colour, ...]
    evidence: dict[str, Duty]
    approvals: dict[str, Duty]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found: ``code`` names the sentence in ``words.MESSAGES``, *facts* fill it in."""

    severity: str
    code: str
    place: str
    line: int = 0
    facts: dict[str, Any] = field(default_factory=dict)


class ProgrammeError(ValueError):
    """A file that is no programme, or values that do not fit it: where (file, line, field) and what to write."""

    def __init__(self, source: str, line: int, place: str, message: str) -> None:
        self.source, self.line, self.place, self.message = source, line, place, message
        where = f"{source}:{line}" if line else source
        super().__init__(": ".join(part for part in (where, place, message) if part))
