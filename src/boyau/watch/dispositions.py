"""What a controller does with a finding, written into the ledger's journal: dismiss, hold, open a case, decide.

Both findings and dispositions are records of the type ``note``: the journal orders and proves them, and the ledger's
state does not depend on them. What may be recorded is decided here. No personal data: people act as participants, by
id, and a number of a natural person in a text is refused.

A **hold** stops the coloured money itself: the account that the contract pays into is closed until the hold is lifted,
so that nothing is paid and nothing passes on. It needs a legal basis, a last day, a place to appeal, and two different
participants. A **cancel** or **cut** cites the entries that gave money back; ``prevented`` counts those and no others.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from boyau.codec import RECORDS
from boyau.journal import Book
from boyau.ledger import Kind
from boyau.watch.bins import is_bin
from boyau.watch.money import SetAside, read

ACTIONS = ("dismiss", "hold", "lift", "case", "cancel", "cut")
_TWO = ("hold", "lift", "cancel", "cut")
_FIELDS = {
    "dismiss": ("reason",),
    "hold": ("basis", "until", "appeal"),
    "lift": ("reason",),
    "case": ("case",),
    "cancel": ("reason", "entries"),
    "cut": ("reason", "entries"),
}
"""What each action must say, beside ``finding``, ``action`` and ``by``."""
_TEXT_MAX = 2000
_TWELVE = re.compile(r"(?<!\d)\d{12}(?!\d)")


class DispositionRefused(Exception):  # noqa: N818 - a refusal
    """A finding or disposition cannot be recorded: *code* for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True)
class Raised:
    """A finding in the journal: *hold* is the entry of the commitment that it is about."""

    finding: str
    flag: str
    ocid: str
    hold: int
    entry: int
    time: int


@dataclass(frozen=True)
class Disposed:
    """A disposition in the journal."""

    finding: str
    action: str
    by: str
    approved_by: str
    entries: tuple[int, ...]
    entry: int
    time: int


@dataclass
class Desk:
    """All findings and dispositions of a journal."""

    raised: dict[str, Raised] = field(default_factory=dict)
    disposed: list[Disposed] = field(default_factory=list)

    def state(self, finding: str) -> str:
        """Return the last action on a finding; ``open`` where there is none."""
        return next((one.action for one in reversed(self.disposed) if one.finding == finding), "open")

    def held(self, hold: int, but: str) -> bool:
        """Tell whether another finding than *but* holds the same commitment."""
        return any(one.hold == hold and name != but and self.state(name) == "hold" for name, one in self.raised.items())


def desk(book: Book) -> Desk:
    """Read all findings and dispositions of *book*."""
    found = Desk()
    for batch in book.store.batches():
        if batch.kind != RECORDS:
            continue
        for place, record in enumerate(batch.records()):
            if record.get("type") == "note":
                _take(found, record, batch.first + place, batch.time)
    return found


def _take(found: Desk, record: dict[str, Any], entry: int, time: int) -> None:
    name = record.get("finding")
    if not isinstance(name, str):
        return
    hold, cited = record.get("hold_entry"), record.get("entries", [])
    if record.get("note") == "finding" and name not in found.raised and isinstance(hold, int):
        found.raised[name] = Raised(name, str(record.get("flag")), str(record.get("ocid")), hold, entry, time)
    elif record.get("note") == "disposition" and name in found.raised and isinstance(cited, list):
        action, by, second = (str(record.get(one) or "") for one in ("action", "by", "approved_by"))
        if action in _TWO and (not second or second == by):
            return  # anybody may write a note; what counts has two hands
        entries = tuple(one for one in cited if isinstance(one, int))
        found.disposed.append(Disposed(name, action, by, second, entries, entry, time))


def raise_finding(book: Book, *, finding: str, flag: str, ocid: str, hold: int) -> int:
    """Record a finding about the commitment in entry *hold*; return the entry. DispositionRefused: it cannot be."""
    known, aside = desk(book), read(book)
    if not finding or len(finding) > 64 or finding in known.raised:
        raise DispositionRefused("finding_taken", f"{finding!r:.70} is no new name of 1 to 64 characters")
    commitment = aside.entry(hold)
    if commitment is None or commitment.kind is not Kind.COMMIT:
        raise DispositionRefused("hold_unknown", f"entry {hold} is no commitment of this ledger")
    record = {"type": "note", "note": "finding", "finding": finding, "flag": flag, "ocid": ocid, "hold_entry": hold}
    return _record(book, [record])


def dispose(book: Book, *, finding: str, action: str, by: str, approved_by: str = "", **more: Any) -> int:
    """Record a disposition and do what it says; return the entry. DispositionRefused: it cannot be.

    *more* is what the action must say: see ``_FIELDS``.
    """
    known, aside = desk(book), read(book)
    raised = known.raised.get(finding)
    if raised is None:
        raise DispositionRefused("finding_unknown", f"there is no finding {finding!r:.70}")
    if action not in ACTIONS:
        raise DispositionRefused("action_unknown", f"{action!r:.40} is none of {', '.join(ACTIONS)}")
    _check_people(book, action, by, approved_by)
    _check_said(action, more, _today(book))
    _check_state(known, raised, action)
    entries = _check_entries(known, aside, raised, more["entries"]) if "entries" in more else []
    record = {"type": "note", "note": "disposition", "finding": finding, "action": action, "by": by}
    record |= {"approved_by": approved_by} if approved_by else {}
    record |= more | ({"entries": entries} if entries else {})
    records = [record]
    if action == "hold" or (action == "lift" and not known.held(raised.hold, finding)):
        records.append(_account(book, raised.hold, closed=action == "hold"))
    return _record(book, records)


def _check_people(book: Book, action: str, by: str, approved_by: str) -> None:
    people = book.ledger.registry.participants
    for name, who in (("by", by), ("approved_by", approved_by)):
        if who and who not in people:
            raise DispositionRefused("participant_unknown", f"{name}: no participant {who!r:.40}; record it first")
    if not by:
        raise DispositionRefused("participant_unknown", "by: somebody must act")
    if action in _TWO and (not approved_by or approved_by == by):
        raise DispositionRefused("four_eyes", f"a {action} needs a second participant in approved_by")


def _check_said(action: str, more: dict[str, Any], today: dt.date) -> None:
    needed = _FIELDS[action]
    for name in needed:
        if not more.get(name):
            raise DispositionRefused("field_missing", f"a {action} must say its {name}")
    for name, value in more.items():
        if name not in needed:
            raise DispositionRefused("field_unknown", f"a {action} has no {name!r:.40}")
        if name != "entries":
            _check_text(name, value)
    if "until" in needed:
        try:
            until = dt.date.fromisoformat(more["until"])
        except ValueError:
            raise DispositionRefused("field_value", "until: a day is meant, YYYY-MM-DD") from None
        if until < today:
            raise DispositionRefused("field_value", f"until: {until} lies before today")


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str) or len(value) > _TEXT_MAX:
        raise DispositionRefused("field_value", f"{name}: a text of at most {_TEXT_MAX} characters is meant")
    if any(not is_bin(number) for number in _TWELVE.findall(value)):
        raise DispositionRefused("personal_data", f"{name}: leave out numbers that may be those of a person")


def _check_state(known: Desk, raised: Raised, action: str) -> None:
    state = known.state(raised.finding)
    if action == "lift" and state != "hold":
        raise DispositionRefused("not_held", "there is no hold to lift")
    if action == "hold" and state == "hold":
        raise DispositionRefused("held_already", "the money is held already")
    if action == "dismiss" and state == "hold":
        raise DispositionRefused("held", "lift the hold first")
    if state == "dismiss" and action != "case":
        raise DispositionRefused("dismissed", "the finding was dismissed; only a case can follow")


def _check_entries(known: Desk, aside: SetAside, raised: Raised, entries: Any) -> list[int]:
    """Check that what a decision cites gave money of this commitment back, after the finding, and is cited once."""
    cited = {entry for one in known.disposed for entry in one.entries}
    if not isinstance(entries, Iterable) or isinstance(entries, str):
        raise DispositionRefused("field_value", "entries: a list of entry numbers is meant")
    numbers = list(entries)
    for number in numbers:
        movement = aside.entry(number) if isinstance(number, int) else None
        if movement is None or movement.kind not in (Kind.RELEASE, Kind.VOID) or movement.hold != raised.hold:
            raise DispositionRefused("entry_unfit", f"entry {number!r:.20} gives nothing of this commitment back")
        if number < raised.entry:
            raise DispositionRefused("entry_early", f"entry {number} came before the finding")
        if number in cited or numbers.count(number) > 1:
            raise DispositionRefused("entry_cited", f"entry {number} is cited already; nothing counts twice")
    return numbers


def _account(book: Book, hold: int, *, closed: bool) -> dict[str, Any]:
    """Return the record that closes or opens the account which the commitment pays into."""
    number = int(book.row(hold)["credit"])
    name = next(name for name, one in book.ledger.accounts.items() if one == number)
    bits = int(book.ledger.tables.acc[number, 5])
    from boyau.ledger.registry import FLAG_BITS

    flags = {flag for flag, bit in FLAG_BITS.items() if bits & bit} - {"closed"}
    return {"type": "account", "account": name, "flags": sorted(flags | ({"closed"} if closed else set()))}


def _today(book: Book) -> dt.date:
    return dt.datetime.fromtimestamp(book.now() // 1_000_000, dt.UTC).date()


def _record(book: Book, records: list[dict[str, Any]]) -> int:
    entry = book.entries
    for refusal in book.record(records):
        if refusal is not None:
            raise DispositionRefused("ledger_refused", str(refusal))
    return entry
