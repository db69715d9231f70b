"""One entry as pages tell of it: an operation with its two sides, or a record; and who may see it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from boyau.journal import Book
from boyau.journal.find import entry_number
from boyau.ledger import Kind, Result, codes
from boyau.ledger.findings import Hold
from boyau.service.gate.policy import Facts, account_facts
from boyau.service.problems import Problem
from boyau.web import masks
from boyau.web.pages import Page
from boyau.web.parties import Party, party, round_minor

NAME_CHARS_MAX = 40
UNKNOWN = 0xFFFFFFFF
SEEN = (Result.POSTED,)
"""Operations that everybody may see."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The commitment that an operation makes or stands on, as it is now. ``entry``: where it was made; minor units."""

    entry: int
    name: str
    hold: Hold
    ended: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as it stands in the journal. ``told``: as docs/formats.md writes it; ``time``: journal time, µs."""

    entry: int
    time: int
    batch: int
    batch_hash: str
    row: Any
    told: dict[str, Any]
    payer: Party | None
    payee: Party | None
    minor: int
    unit: str
    scale: int
    contract: Contract | None

    @property
    def kind(self) -> Kind:
        """What it does."""
        return Kind(int(self.row["kind"]))

    @property
    def result(self) -> Result:
        """What became of it."""
        return Result(int(self.row["result"]))

    @property
    def colour(self) -> Party | None:
        """The side whose colour the operation is of: the payer's, or where that has none the payee's."""
        for side in (self.payer, self.payee):
            if side is not None and not side.plain:
                return side
        return self.payer or self.payee


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in the journal; ``time``: journal time, µs."""

    entry: int
    time: int
    batch: int
    batch_hash: str
    record: dict[str, Any]


def number_of(page: Page, name: str) -> int:
    """Return the entry that an address names, by number or id. Problem 404 where there is none."""
    found = page.reader.ask(lambda book: entry_number(book, name)) if len(name) <= NAME_CHARS_MAX else None
    if found is None:
        raise Problem(404, "not-found", page.words.text("There is no entry {entry}.", entry=name[:NAME_CHARS_MAX]))
    return found


def read(page: Page, number: int) -> Operation | Record:
    """Return an entry. Whether the reader may see it is asked by ``must_see``."""
    batch = page.reader.sealed.batch(number)
    place = (number, batch.time, batch.number, batch.hash.hex())
    row = page.reader.sealed.row(number)
    if row is None:
        return Record(*place, page.reader.sealed.record(number))
    return page.reader.ask(lambda book: _operation(book, place, row))


def _operation(book: Book, place: tuple[int, int, int, str], row: "np.void") -> Operation:
    told = book.operations.describe(row, place[0])
    contract = _contract(book, row, told)
    if contract is not None:  # what was refused on a commitment may have left its accounts out
        for side, account in (("from", contract.hold.debit), ("to", contract.hold.credit)):
            told.setdefault(side, book.operations.account_name(account))
    payer, payee = party(book, told.get("from", "")), party(book, told.get("to", ""))
    home = payer or payee
    scale = home.scale if home else 2
    minor = round_minor(str(told.get("amount", "0")), scale)
    return Operation(
        *place, row, told, payer, payee, minor, home.unit if home else "", scale, _contract(book, row, told)
    )


def _contract(book: Book, row: "np.void", told: dict[str, Any]) -> Contract | None:
    """Return the commitment of an operation, by the id that it has or names."""
    field = "id" if int(row["kind"]) == Kind.COMMIT else "ref"
    name = told.get("id" if field == "id" else "hold", "")
    identity = row[field].tobytes()
    if not name or not identity.strip(b"\0"):
        return None
    low, high = (int.from_bytes(identity[k : k + 8], "little", signed=True) for k in (0, 8))
    number = book.ledger.tables.kernel.hold_of(low, high)
    if number < 0:
        return None
    hold = Hold.of(book.ledger.tables.hold[number].tolist())
    return Contract(book.ledger.entry_of(identity), name, hold, bool(hold.state) or hold.left == 0)


# ---- who may see it -------------------------------------------------------------------------------------------------


def facts_of(found: Operation | Record) -> Facts:
    """Return what an entry is about, as the gate asks it of the API."""
    if isinstance(found, Operation):
        return account_facts(found.told.get("from"), found.told.get("to"))
    record = found.record
    sides = account_facts(record.get("account"))
    colours = (*sides.colours, *([record["colour"]] if isinstance(record.get("colour"), str) else ()))
    named = (record.get(name) for name in ("by", "participant"))
    return Facts(colours, (*sides.holders, *(one for one in named if isinstance(one, str))))


def must_see(page: Page, found: Operation | Record) -> None:
    """Refuse an entry to whoever may not see it: what was posted is public, what was refused is not."""
    if isinstance(found, Operation) and found.result not in SEEN:
        page.must("read.entry", facts_of(found))


# ---- names ----------------------------------------------------------------------------------------------------------


def known_names(page: Page, ids: "list[str] | set[str]") -> dict[str, dict[str, Any]]:
    """Return what the ledger knows of participants (name, classes, region); {} of those it does not know."""
    wanted = sorted({one for one in ids if one})

    def look(book: Book) -> dict[str, dict[str, Any]]:
        registry = book.ledger.registry
        numbers = registry.participants
        return {one: registry.participant_facts[numbers[one]] if one in numbers else {} for one in wanted}

    return page.reader.ask(look)


def hides(page: Page, participant: str, facts: dict[str, Any]) -> bool:
    """Tell whether this is a natural person whom the reader may not see."""
    return (
        masks.is_person(participant, facts.get("classes", ()))
        and not page.sees_persons
        and participant not in page.caller.participants()
    )


def link(page: Page, participant: str, facts: dict[str, Any]) -> Markup:
    """Name a participant with a link to all that is known of it; a hidden person under its pseudonym."""
    if not participant:
        return Markup("–")
    hidden = hides(page, participant, facts)
    address = masks.pseudonym(participant, page.access.store.salt) if hidden else participant
    if not facts and not hidden:  # a name that is no participant's has no page
        return Markup("{}").format(page.who(participant, facts))
    return Markup('<a href="/who/{}">{}</a>').format(address, page.who(participant, facts))


def account_text(page: Page, side: Party | None) -> str:
    """Write an account: ``participant@colour#1``; of a hidden person with its pseudonym."""
    if side is None:
        return "–"
    if not page.hides(side):
        return side.account
    return f"{page.hidden(side)}@{side.account.partition('@')[2]}"


def moment(page: Page, time: int) -> str:
    """Write a journal time to the second, in UTC: 14.02.2025 09:30:00."""
    day, rest = divmod(time // 1_000_000, 86_400)
    hours, minutes = divmod(rest // 60, 60)
    return f"{page.words.day(codes.day_of(day * 86_400_000_000))} {hours:02}:{minutes:02}:{rest % 60:02}"
