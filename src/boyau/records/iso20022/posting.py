"""Posting instructions: each becomes an operation, and what the ledger answers becomes a status of ISO 20022."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from boyau import codec
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


def post(target: Target, message: Message, known: Numbers, words: Language, *, kept: bool) -> list[Outcome]:
    """Submit every instruction of *message* to *target*; ``kept`` is False where it is only tried."""
    instructions = message.instructions
    directory, faults = Directory(target.ledger, known), {}

    def lines() -> Iterator[Line]:
        for number, instruction in enumerate(instructions):
            try:
                yield Line(number, directory.operation(instruction))
            except Fault as fault:
                faults[number] = fault
                # Submitted all the same: it breaks what it is linked with.
                yield Line(number, {"linked": instruction.linked}, error=str(fault), field=fault.field)

    answers = {answer.line: answer for answer in Submission(target).run(lines())}
    teller = _Teller(target, words, kept=kept)
    return [teller.tell(one, answers[number], faults.get(number)) for number, one in enumerate(instructions)]


class _Teller:
    """Says in codes and in words what became of an instruction."""

    def __init__(self, target: Target, words: Language, *, kept: bool) -> None:
        self._target, self._words, self._kept = target, words, kept
        self._explainer: Explainer | None = None
        self._explained = 0

    def tell(self, instruction: Instruction, answer: Answer, fault: Fault | None) -> Outcome:
        """Return the outcome of *instruction*."""
        if answer.result == "unreadable":
            code = fault.code if fault else reasons.of_field(answer.field)
            said = fault.told(self._words) if fault else answer.message
            told = f"{answer.field}: {said}" if answer.field else said
            return Outcome(instruction, REJECTED, answer.result, code=code, reason=told)
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
