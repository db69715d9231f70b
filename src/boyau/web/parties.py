"""Who stands behind an account, for pages: the participant, the colour, and how many hands it has passed."""

from dataclasses import dataclass
from typing import Any

from boyau.journal import Book
from boyau.language import Language


@dataclass(frozen=True, slots=True)
class Party:
    """One side of an operation. ``facts``: what the ledger knows of the participant (name, classes, region)."""

    account: str
    participant: str
    facts: dict[str, Any]
    colour: str
    title: Any
    plain: bool
    unit: str
    scale: int
    hop: int
    issuer: bool

    def colour_title(self, words: Language) -> str:
        """Return the colour's title in the reader's language, else its path."""
        return words.title(self.title) or self.colour


def party(book: Book, account: str) -> Party | None:
    """Return who stands behind *account*; None where there is no such account."""
    ledger = book.ledger
    number = ledger.accounts.get(account)
    if number is None:
        return None
    registry = ledger.registry
    _, _, _, colour, who, flags, hop = ledger.tables.acc[number, :7].tolist()
    home = registry.colours[colour]
    facts = registry.participant_facts[who]
    return Party(
        account, registry.who[who], facts, home.path, home.title, home.plain, home.unit, registry.units[home.unit],
        hop, bool(flags & 1),
    )  # fmt: skip


def sides(book: Book, told: dict[str, Any]) -> dict[str, Any]:
    """Return an operation as `describe_entry` tells it, with ``payer``, ``payee`` and ``minor``, its amount."""
    payer, payee = party(book, told.get("from", "")), party(book, told.get("to", ""))
    known = payer or payee
    scale = known.scale if known else 2
    minor = round_minor(str(told.get("amount", "0")), scale)
    return told | {"payer": payer, "payee": payee, "minor": minor, "unit": known.unit if known else "", "scale": scale}


def round_minor(text: str, scale: int) -> int:
    """Return an amount that the ledger wrote as minor units."""
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(scale, "0")) if whole else 0
