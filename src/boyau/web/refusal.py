"""Why an operation was refused: what stood against it then, what would stand against it now, and whom to ask."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from boyau.journal import Book
from boyau.language import Language, explanation
from boyau.ledger import Result
from boyau.ledger.explain import Explainer
from boyau.ledger.rule_findings import Finding
from boyau.web.operation import Operation
from boyau.web.pages import Page
from boyau.web.parties import Party, party

ASKED_MAX = 4
"""People who are named as those to ask."""


@dataclass(frozen=True, slots=True)
class Against:
    """One rule that stands against it: its words, and who can help: ``why`` says in which duty."""

    told: dict[str, Any]
    why: str
    whom: list[Party]
    names: list[str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """``now``: all that would stand against it today; ``posted``: the entry under which it was posted later, else −1.

    What stood against it then is the answer in the entry: the first rule that failed, in the order of precedence.
    ``same``: it would be refused today for the same reason.
    """

    now: list[Against]
    posted: int
    same: bool


def refusal(page: Page, one: Operation) -> Refusal:
    """Explain a refused operation again, against the state as it is now."""
    words = page.words
    following = page.reader.sealed.row(one.entry + 1) if int(one.row["flags"]) & 1 else None
    row, after = blank(one.row), None if following is None else blank(following)

    def look(book: Book) -> Refusal:
        ledger = book.ledger
        posted = ledger.entry_of(one.row["id"].tobytes())
        explainer = Explainer(ledger)
        findings = [] if posted >= 0 else explainer.explain(row, book.now(), after)
        return Refusal(
            [_against(book, words, finding) for finding in findings], posted,
            bool(findings) and findings[0].result is one.result,
        )  # fmt: skip

    return page.reader.ask(look)


def blank(row: "np.void") -> "np.void":
    """Return a row as it was sent: what the ledger wrote is blank."""
    sent: np.void = row.copy()
    sent["settled"] = sent["result"] = sent["detail"] = 0
    return sent


def _against(book: Book, words: Language, finding: Finding) -> Against:
    told = explanation(finding, words)
    if finding.result is Result.EVIDENCE_MISSING:
        if "owner" in told:
            return Against(told, words.text("must answer the request for evidence"), [], [told["owner"]])
        names = _signers(book, str(finding.facts.get("condition", "")), finding.colour)
        return Against(told, words.text("may attest it, with their key"), [], names)
    if finding.result is Result.APPROVAL_MISSING:
        return Against(told, words.text("may approve it"), [], _of_classes(book, finding.facts.get("classes", ())))
    if finding.colour:
        return Against(told, words.text("administers the colour {colour}", colour=finding.colour),
                       _administrators(book, finding.colour), [])  # fmt: skip
    return Against(told, "", [], [])


def _signers(book: Book, condition: str, colour: str) -> list[str]:
    """Return participants whose key may attest a condition for a colour."""
    keys = book.ledger.registry.evidence.keys.values()
    found = dict.fromkeys(
        key.participant
        for key in keys
        if (key.conditions is None or condition in key.conditions)
        and (not key.colour or f"{colour}/".startswith(f"{key.colour}/"))
    )
    return list(found)[:ASKED_MAX]


def _of_classes(book: Book, classes: Any) -> list[str]:
    """Return some participants of one of *classes*."""
    ledger = book.ledger
    bits = [ledger.registry.class_bits[name] for name in classes if name in ledger.registry.class_bits]
    mask = sum(1 << bit for bit in bits)
    numbers = np.flatnonzero(ledger.tables.holder_class[: len(ledger.registry.who)] & mask)
    return [ledger.registry.who[number] for number in numbers[:ASKED_MAX].tolist()]


def _administrators(book: Book, colour: str) -> list[Party]:
    """Return who holds the budget's own account of a colour, or of the nearest above that has one."""
    ledger = book.ledger
    accounts = ledger.tables.acc[: len(ledger.accounts)]
    number = ledger.registry.colour_numbers.get(colour, -1)
    while number >= 0:
        found = np.flatnonzero((accounts[:, 3] == number) & (accounts[:, 6] == 0) & (accounts[:, 5] & 1 == 0))
        if len(found):
            sides = [party(book, book.operations.account_name(one)) for one in found[:ASKED_MAX].tolist()]
            return [side for side in sides if side is not None]
        number = ledger.registry.colours[number].parent
    return []
