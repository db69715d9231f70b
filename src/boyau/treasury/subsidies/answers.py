"""What is answered about every line: paid, or why not and where in the queue; as JSON and in one sentence."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from boyau.language import Language, explanation
from boyau.language.catalogue import mark
from boyau.ledger import amounts
from boyau.ledger.rule_findings import Finding
from boyau.treasury.subsidies.applications import Application, Applications
from boyau.treasury.subsidies.budgets import Queue
from boyau.treasury.subsidies.duplicates import Reason, Sifted
from boyau.treasury.subsidies.queue import Place, places, queue_of

ASIDE = {
    Reason.REPEATED: mark("Not counted again: line {line} says the same as line {instead}."),
    Reason.SUPERSEDED: mark("Line {line} is another version of this application; line {instead} stands."),
    Reason.ALREADY_PAID: mark("Its status says that it was paid already."),
    Reason.CLOSED: mark("Its status says that it was refused or withdrawn."),
    Reason.AMOUNT_ZERO: mark("It states no amount, so there is nothing to pay. Have the amount entered."),
    Reason.TEST_RECORD: mark(
        "It is taken for a trial of the system: its amount is {amount}, or its number says so. See --test-below."
    ),
    Reason.REGISTERED_LATER: mark("It was registered after the year of this budget and waits for the next one."),
}
PAID = mark("Paid, entry {entry} of the ledger.")
PLANNED = mark("It would be paid now.")
DIFFERS = mark("Entry {entry} of the ledger paid this number already, from another year or with other contents.")
NO_BUDGET = mark(
    "Its queue has no budget. Its place there is {place}; applications ahead of it: {ahead}, for {ahead_sum}; "
    "{lacking} would reach it. Its place among all that wait is {overall}."
)
EXHAUSTED = mark(
    "The budget of its queue does not reach it; left there: {rest}. Its place there is {place}; applications ahead of "
    "it: {ahead}, for {ahead_sum}; {lacking} more would reach it. Its place among all that wait is {overall}."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One line's answer. *status*: paid, planned, waiting, aside or refused; *reason*: a stable code, "" for paid."""

    application: Application
    status: str
    reason: str = ""
    instead: int = 0
    entry: int = -1
    place: Place | None = None
    finding: Finding | None = None

    def json(self, words: Language) -> dict[str, Any]:
        """Return it as an object; fields that do not apply are left out, amounts are texts in tenge."""
        one = self.application
        out: dict[str, Any] = {
            "number": one.number,
            "line": one.line,
            "purpose": one.purpose,
            "region": one.region,
            "registered": one.registered,
            "applicant": one.applicant,
            "amount": amounts.write(one.amount),
            "status": self.status,
            "reason": self.reason,
            "instead": self.instead or None,
            "entry": self.entry if self.entry >= 0 else None,
        }
        if self.place is not None:
            out |= {
                "place": self.place.place,
                "place_overall": self.place.place_overall,
                "ahead": self.place.ahead,
                "ahead_sum": amounts.write(self.place.ahead_sum),
                "left": amounts.write(self.place.rest),
                "lacking": amounts.write(self.place.lacking),
            }
        if self.finding is not None:
            out["remedy"] = explanation(self.finding, words)["remedy"]
        out["text"] = self.text(words)
        return {name: value for name, value in out.items() if value not in ("", None)}

    def text(self, words: Language) -> str:
        """Say it in one or two sentences."""
        if self.finding is not None:
            return str(explanation(self.finding, words)["reason"])
        if self.place is not None:
            return words.text(
                NO_BUDGET if self.reason == "no_budget" else EXHAUSTED,
                place=self.place.place,
                overall=self.place.place_overall,
                ahead=self.place.ahead,
                ahead_sum=words.money(self.place.ahead_sum),
                rest=words.money(self.place.rest),
                lacking=words.money(self.place.lacking),
            )
        source = {"paid": PAID, "planned": PLANNED}.get(self.status) or (
            DIFFERS if self.reason == "paid_otherwise" else ASIDE[Reason(self.reason)]
        )
        one = self.application
        return words.text(source, line=one.line, instead=self.instead, entry=self.entry, amount=words.money(one.amount))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ledger says of the kept applications, by key, or what a plan says of them."""

    paid: Mapping[str, int] = field(default_factory=dict)
    planned: Collection[str] = ()
    differs: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, Finding] = field(default_factory=dict)


def answers(sifted: Sifted, outcome: Outcome, budgets: Mapping[Queue, int], rest: Mapping[Queue, int]) -> list[Answer]:
    """Return an answer for every line that could be read, in order of the lines."""
    out = [Answer(one.application, "aside", one.reason, one.instead) for one in sifted.aside]
    waiting = []
    for one in sifted.kept:
        if one.key in outcome.paid:
            out.append(Answer(one, "paid", entry=outcome.paid[one.key]))
        elif one.key in outcome.planned:
            out.append(Answer(one, "planned"))
        elif one.key in outcome.differs:
            out.append(Answer(one, "aside", "paid_otherwise", entry=outcome.differs[one.key]))
        elif one.key in outcome.refused:
            finding = outcome.refused[one.key]
            out.append(Answer(one, "refused", finding.result.name.lower(), finding=finding))
        else:
            waiting.append(one)
    place = places(waiting, rest)
    for one in waiting:
        reason = "budget_exhausted" if budgets.get(queue_of(one)) else "no_budget"
        out.append(Answer(one, "waiting", reason, place=place[one.key]))
    return sorted(out, key=lambda answer: answer.application.line)


def summary(
    read: Applications,
    sifted: Sifted,
    told: Iterable[Answer],
    budgets: Mapping[Queue, int],
    rest: Mapping[Queue, int],
) -> dict[str, Any]:
    """Return the counts and sums of a whole file, and of each queue."""
    told = list(told)
    queues: dict[Queue, dict[str, int]] = {queue: Counter() for queue in budgets}
    for answer in told:
        if answer.status in ("paid", "planned", "waiting", "refused"):
            figures = queues.setdefault(queue_of(answer.application), Counter())
            figures[answer.status] += 1
            figures[f"{answer.status}_sum"] += answer.application.amount
    kinds = ("paid", "planned", "waiting", "refused")
    total: Counter[str] = Counter()
    for figures in queues.values():
        total.update(figures)
    return {
        "file": read.file,
        "lines": read.lines,
        "kept": len(sifted.kept),
        "aside": dict(sorted(Counter(answer.reason for answer in told if answer.status == "aside").items())),
        "unreadable": [
            {"line": one.line, "column": one.column, "code": one.code, "message": one.message, "remedy": one.remedy}
            for one in read.unreadable
        ],
        "shared_numbers": [[one.line for one in group] for group in sifted.shared],
        "alike": [[one.line for one in group] for group in sifted.alike],
        "budget": amounts.write(sum(budgets.values())),
        **_figures(total, kinds),
        "queues": [
            {"purpose": purpose, "region": region}
            | {"budget": amounts.write(budgets.get((purpose, region), 0))}
            | {"left": amounts.write(rest.get((purpose, region), 0))}
            | _figures(figures, kinds)
            for (purpose, region), figures in sorted(queues.items())
        ],
    }


def _figures(figures: Mapping[str, int], kinds: Iterable[str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for kind in kinds:
        out |= {kind: figures.get(kind, 0), f"{kind}_sum": amounts.write(figures.get(f"{kind}_sum", 0))}
    return out
