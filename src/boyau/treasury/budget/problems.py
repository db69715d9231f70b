"""What is wrong with a file somebody handed in: every problem says where it is and what to do about it."""

from dataclasses import dataclass, field

PROBLEMS_MAX = 50
"""Problems listed for one file; a file with more is told how many there are in all."""

TEXT_MAX = 80
"""Characters of a foreign value repeated in a message."""


def shown(value: str) -> str:
    """Return a foreign *value* as it may stand in a message: quoted, on one line, never longer than ``TEXT_MAX``."""
    text = value if len(value) <= TEXT_MAX else value[: TEXT_MAX - 1] + "…"
    return ascii(text) if not text.isprintable() else f"{text!r}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: *code* is stable, *line* counts from 1 (0: the file as a whole), *column* is the file's own."""

    file: str
    line: int
    column: str
    code: str
    message: str
    remedy: str

    def __str__(self) -> str:
        place = self.file + (f", line {self.line}" if self.line else "") + (f", {self.column}" if self.column else "")
        return f"{place}: {self.message}. {self.remedy}"


class BudgetFileError(ValueError):
    """A budget file or mapping that is not read at all: all *problems* found, up to ``PROBLEMS_MAX`` of *count*."""

    def __init__(self, problems: tuple[Problem, ...], count: int) -> None:
        more = f"\n… and {count - len(problems)} more" if count > len(problems) else ""
        super().__init__("\n".join(map(str, problems)) + more)
        self.problems, self.count = problems, count


@dataclass(slots=True)
class Report:
    """Collects the problems of one *file* while it is read; nothing of the file is used where it holds any."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, line: int, column: str, code: str, message: str, remedy: str) -> None:
        """Note a problem at *line* (0: whole file) and *column* ("" none)."""
        self.count += 1
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(Problem(self.file, line, column, code, message, remedy))

    def stop_if_any(self) -> None:
        """Raise ``BudgetFileError`` with everything found so far, if anything was."""
        if self.count:
            raise BudgetFileError(tuple(self.problems), self.count)
