"""Posting instructions: each becomes an operation, and what the ledger answers becomes a status of ISO 20022."""

from dataclasses import dataclass
from typing import Any

from boyau import codec
from boyau.journal import Book
from boyau.journal.intake import Line
from boyau.journal.submission import Answer, Submission, Target
from boyau.language import Language, explanation
from boyau.ledger import Result
from boyau.ledger.explain import Explainer
from boyau.ledger.rule_findings import Finding
from boyau.records.iso20022 import reasons
from boyau.records.iso20022.instructions import Directory, Fault, Instruction, Message
from boyau.records.iso20022.numbers import Numbers

SETTLED, ACCEPTED, PENDING, REJECTED = "ACSC", "ACCP", "PDNG", "RJCT"
NOT_ALLOWED, NOT_ALLOWED_CODE = "not_allowed", "AG08"
"""What the service answers where whoever sends a message may not send this payment (InvalidAccessRights)."""
EXPLAINED_MAX = 10_000
"""Refusals told in words; beyond that only their codes, so that a flood of them stays quick."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one instruction. ``code`` and what follows: only where it was not done."""

    instruction: Instruction
    status: str
    result: str
    entry: int | None = None
    code: str = ""
    reason: str = ""
    remedy: str = ""

    @property
    def done(self) -> bool:
        """True where it stands in the journal, or would."""
        return self.status in (SETTLED, ACCEPTED)

    def facts(self) -> dict[str, Any]:
        """Return it for JSON."""
        asked = self.instruction
        told = {
            "line": asked.line,
            "id": asked.id,
            "end_to_end_id": asked.end_to_end_id,
            "status": self.status,
            "result": self.result,
            "entry": self.entry,
            "code": self.code,
            "reason": self.reason,
            "remedy": self.remedy,
        }
        return {name: value for name, value in told.items() if value not in ("", None) or name == "id"}


def operations(directory: Directory, message: Message) -> tuple[list[Line], dict[int, Fault]]:
    """Return the lines that *message* asks for, numbered from 0, and what is wrong with some of them."""
    lines, faults = [], {}
    for number, instruction in enumerate(message.instructions):
        try:
            lines.append(Line(number, directory.operation(instruction)))
        except Fault as fault:
            faults[number] = fault
            # Submitted all the same: it breaks what it is linked with.
            lines.append(Line(number, {"linked": instruction.linked}, error=str(fault), field=fault.field))
    return lines, faults


def post(target: Target, message: Message, known: Numbers, words: Language, *, kept: bool) -> list[Outcome]:
    """Submit every instruction of *message* to *target*; ``kept`` is False where it is only tried."""
    lines, faults = operations(Directory(target.ledger, known), message)
    answers = sorted(Submission(target).run(lines), key=lambda one: one.line)
    teller = Teller(target, words, faults, kept=kept)
    return [teller.tell(number, one, answers[number]) for number, one in enumerate(message.instructions)]


def originator(book: Book) -> str:
    """Return who answers, in a status: the ledger's name."""
    return str(book.store.read(0).records()[0].get("name") or "Boyau")


class Teller:
    """Says in codes and in words what became of an instruction. *faults*: of those that could not be read."""

    def __init__(self, target: Target, words: Language, faults: dict[int, Fault], *, kept: bool) -> None:
        self._target, self._words, self._faults, self._kept = target, words, faults, kept
        self._explainer: Explainer | None = None
        self._explained = 0

    def tell(self, number: int, instruction: Instruction, answer: Answer) -> Outcome:
        """Return the outcome of *instruction*, the message's *number*-th from 0."""
        fault = self._faults.get(number)
        if answer.result == "unreadable":
            code = fault.code if fault else reasons.of_field(answer.field)
            said = fault.told(self._words) if fault else answer.message
            told = f"{answer.field}: {said}" if answer.field else said
            return Outcome(instruction, REJECTED, answer.result, code=code, reason=told)
        if answer.result == NOT_ALLOWED:
            return Outcome(instruction, REJECTED, answer.result, code=NOT_ALLOWED_CODE, reason=answer.message)
        result = Result[answer.result.upper()]
        if result.ok:
            # A commitment is accepted, not settled: no money has moved yet. What is only tried is accepted at most.
            settles = self._kept and instruction.operation.get("op") != "commit"
            said = (
                ""
                if result is Result.POSTED
                else self._words.text("Posted before, with the same content; nothing was done twice.")
            )
            status = SETTLED if settles else ACCEPTED
            return Outcome(instruction, status, answer.result, self._entry(answer) if self._kept else None, reason=said)
        status = PENDING if result in reasons.PENDING else REJECTED
        words = self._explained_by(answer, result)
        code = reasons.REASONS[result]
        return Outcome(instruction, status, answer.result, None, code, words.get("reason", ""), words.get("remedy", ""))

    def _entry(self, answer: Answer) -> int | None:
        found = self._target.ledger.entry_of(codec.id_bytes(answer.id))
        return found if found >= 0 else None

    def _explained_by(self, answer: Answer, result: Result) -> dict[str, Any]:
        self._explained += 1
        if self._explained > EXPLAINED_MAX:
            return {}
        if answer.row is None:  # the chain it stands in was broken before it was decided
            return explanation(Finding(result), self._words)
        if self._explainer is None:
            self._explainer = Explainer(self._target.ledger)
        found = [one for one in self._explainer.explain(answer.row, self._target.now()) if one.result is result]
        return explanation(
            found[0] if found else Finding(result, facts={"field": int(answer.row["detail"])}), self._words
        )
