"""The questions: of a colour, of an account, of a transfer. Each answer is a `Flow`.

Money is not followed beyond an issuer: what it gave is where it came from, what it got back is *returned*. *follow*
says how far else:

- ``"colour"`` (of a colour; elsewhere the same as ``"coloured"``): to the first account outside it and its descendants;
- ``"coloured"``: as long as it has a colour, also another one; its end is the payee of plain money;
- ``"all"``: through plain accounts as well, as far as it went.

*held* is, by account, the amount set aside by holds (pending). The oldest money of an account is held first.

*span* restricts an answer to a period. Which money became which does not depend on it: lots are those of the whole
journal. Of a colour only the transfers of the period are told, with what lay there before and what lay there at its
end. Of accounts, what they received and paid in the period is told with its whole way, before and after.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from boyau.trace.errors import require
from boyau.trace.flow import Flow
from boyau.trace.lineage import Lineage
from boyau.trace.names import Names
from boyau.trace.parts import Flags, Int64s, Integers
from boyau.trace.story import Chapter, Remainder, balances, content, remainder, tell

Follow = Literal["colour", "coloured", "all"]
Direction = Literal["from", "to", "both"]
FOLLOW: tuple[Follow, ...] = get_args(Follow)

TOP = 12
"""Nodes of one kind and tier that are shown by default; the others are one node."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period: the first and the last day, and the value date of every transfer, as days since 1970-01-01."""

    first: int
    last: int
    days: Integers

    def __post_init__(self) -> None:
        require(self.first <= self.last, "a period that ends before it begins")

    @property
    def inside(self) -> Flags:
        """Say by transfer whether it is of the period."""
        return (self.days >= self.first) & (self.days <= self.last)

    @property
    def over(self) -> bool:
        """Tell whether something moved after the period."""
        return bool(len(self.days)) and int(self.days.max()) > self.last

    def told(self) -> dict[str, Any]:
        """Return it as a part of the question."""
        return {"first": self.first, "last": self.last}


def _lying(lineage: Lineage, accounts: Flags, held: Int64s | None, span: Span | None) -> Remainder:
    """Return what lies on *accounts*, or what lay there at the end of a period that is over."""
    if span is None or not span.over:
        return content(lineage, accounts, held)
    return balances(lineage, accounts, span.days <= span.last)


def _ends(lineage: Lineage, names: Names, follow: Follow) -> Flags:
    """Say by account whether money that arrives there is followed no further."""
    require(len(names) == len(lineage.issuer), "names for every account")
    require(follow in FOLLOW, f"follow {follow}?")
    return lineage.issuer if follow == "all" else lineage.issuer | names.plain_accounts()


def _coloured(lineage: Lineage, names: Names) -> Flags:
    """Say by account whether money that lies there is a colour's: unspent or held."""
    return ~lineage.issuer & ~names.plain_accounts()


def flow_of_colour(
    lineage: Lineage,
    names: Names,
    colour: str,
    *,
    level: int | None = None,
    top: int | None = TOP,
    held: Int64s | None = None,
    follow: Follow = "colour",
    span: Span | None = None,
) -> Flow:
    """Where all money went that ever entered *colour* or its descendants, and what of it is unspent, held, returned.

    *level*: colours are shown to this depth (segments of the path); by default one below *colour*.
    """
    inside = names.within(colour) & ~lineage.issuer
    ends = _ends(lineage, names, follow)
    out, into = inside[lineage.debit], inside[lineage.credit]
    told = out | into if span is None else (out | into) & span.inside
    entry = np.flatnonzero(told)
    amount = lineage.amount[entry]
    linked = np.where(out[entry], amount, 0)  # all that left the colour had entered it
    chapters = [Chapter(entry, amount, lineage.debit[entry], linked)]
    lying = [_lying(lineage, inside, held, span)]
    if follow != "colour":
        # Where plain money came and nothing was ever paid, there is nothing to follow: nearly all payees are such.
        onward = _coloured(lineage, names)
        onward[lineage.debit] = True
        onward &= ~ends
        leaving = entry[out[entry] & ~into[entry] & onward[lineage.credit[entry]]]
        trace = lineage.forward(leaving, ends | inside)
        again = told[trace.entry]  # money that came back: those transfers are told of above
        linked[np.searchsorted(entry, trace.entry[again])] += trace.linked[again]
        chapters.append(Chapter.of(trace, ~again))
        lying.append(remainder(lineage, trace, _coloured(lineage, names) & ~inside, held))
    depth = colour.count("/") + 2 if level is None else level
    question: dict[str, Any] = {"of": "colour", "colour": colour, "level": depth, "follow": follow}
    question |= {"method": lineage.method} | (span.told() if span else {})
    return tell(lineage, names, question, chapters, lying, level=depth, top=top, focus_colour=colour)


def flow_of_account(
    lineage: Lineage,
    names: Names,
    account: int,
    *,
    direction: Direction = "both",
    level: int | None = None,
    top: int | None = TOP,
    held: Int64s | None = None,
    follow: Follow = "coloured",
    span: Span | None = None,
) -> Flow:
    """Through whom the money of *account* came, and where it went.

    Money that left the account and came back to it is not told twice: it shows as ``returned`` of the links it took.
    """
    require(0 <= account < len(lineage.issuer), f"no account {account}")
    itself = np.zeros(len(lineage.issuer), np.bool_)
    itself[account] = True
    chapters, lying = _of_accounts(lineage, names, itself, direction, held, follow, span)
    question: dict[str, Any] = {"of": "account", "account": names.address(account), "direction": direction}
    question |= {"follow": follow, "method": lineage.method} | (span.told() if span else {})
    return tell(lineage, names, question, chapters, lying, level=level, top=top, focus=[account])


def flow_of_participant(
    lineage: Lineage,
    names: Names,
    participant: str,
    *,
    among: Flags | None = None,
    direction: Direction = "both",
    level: int | None = None,
    top: int | None = TOP,
    held: Int64s | None = None,
    follow: Follow = "coloured",
    span: Span | None = None,
) -> Flow:
    """As `flow_of_account`, of all accounts of a participant together; what moves between them is not told.

    Accounts that issue are left out where it has others. Of one that only issues all money comes, so only the first
    step is told: to whom it gave and from whom it got back. *among*: only those of these accounts, as of one unit.
    """
    require(participant in names.participants, f"no participant {participant}")
    itself = names.participant_of == names.participants.index(participant)
    if among is not None:
        itself = itself & among
    if (itself & ~lineage.issuer).any():
        itself = itself & ~lineage.issuer
    require(itself.any(), f"{participant} has no such account")
    if (itself & lineage.issuer).any():
        chapters, lying = _first_step(lineage, itself, direction, span), list[Remainder]()
    else:
        chapters, lying = _of_accounts(lineage, names, itself, direction, held, follow, span)
    question: dict[str, Any] = {"of": "participant", "participant": participant, "direction": direction}
    question |= {"follow": follow, "method": lineage.method} | (span.told() if span else {})
    focus = np.flatnonzero(itself).tolist()
    return tell(lineage, names, question, chapters, lying, level=level, top=top, focus=focus, together=participant)


def _first_step(lineage: Lineage, itself: Flags, direction: Direction, span: Span | None) -> list[Chapter]:
    """Tell only the transfers of the accounts *itself*."""
    require(direction in ("from", "to", "both"), f"no direction {direction}")
    told = np.zeros(len(lineage), np.bool_)
    if direction != "from":
        told |= itself[lineage.debit]
    if direction != "to":
        told |= itself[lineage.credit]
    entry = np.flatnonzero(told if span is None else told & span.inside)
    amount = lineage.amount[entry]
    return [Chapter(entry, amount, lineage.debit[entry], np.zeros(len(entry), np.int64))]


def _of_accounts(
    lineage: Lineage,
    names: Names,
    itself: Flags,
    direction: Direction,
    held: Int64s | None,
    follow: Follow,
    span: Span | None,
) -> tuple[list[Chapter], list[Remainder]]:
    """Tell where the money of the accounts *itself* came from and where it went; what moves among them is left out."""
    require(direction in ("from", "to", "both"), f"no direction {direction}")
    ends = _ends(lineage, names, follow)
    stop = ends | itself
    coloured = _coloured(lineage, names)
    out_of, into = itself[lineage.debit], itself[lineage.credit]
    told = out_of != into if span is None else (out_of != into) & span.inside
    leaving, arriving = (lineage.whole(np.flatnonzero(side & told)) for side in (out_of, into))
    out = lineage.forward(leaving, stop)
    _, _, round_trip = out.pieces.common(arriving)
    chapters = []
    lying: list[Remainder] = []
    issuer = bool(lineage.issuer[itself].any())
    if len(round_trip) and not issuer:
        trip = lineage.backward(round_trip, stop)
        chapters.append(Chapter(trip.entry, trip.amount, lineage.debit[trip.entry], trip.amount))
        leaving = leaving.without(trip.pieces)
        out = lineage.forward(leaving, stop)
    fresh = arriving.without(round_trip)
    if direction != "to":
        chapters.append(Chapter.of(lineage.backward(fresh, stop)))
    if direction != "from":
        chapters.append(Chapter.of(out))
        lying.append(remainder(lineage, out, coloured & ~itself, held))
        if (coloured & itself).any():
            lying.append(_lying(lineage, coloured & itself, held, span))
    if direction == "to" and (coloured & itself).any():  # what payees of plain money gave back, they no longer have
        giver = lineage.debit[fresh.entry]
        back = names.plain_accounts()[giver] & ~lineage.issuer[giver] & coloured[lineage.credit[fresh.entry]]
        given = fresh.size[back]
        chapters.append(Chapter(fresh.entry[back], given, lineage.credit[fresh.entry[back]], given))
    if direction == "both" and not issuer:
        chapters.append(Chapter(leaving.entry[:0], leaving.size[:0], lineage.debit[leaving.entry], leaving.size))
    return chapters, lying


def flow_of_entry(
    lineage: Lineage,
    names: Names,
    number: int,
    *,
    direction: Direction = "both",
    level: int | None = None,
    top: int | None = TOP,
    held: Int64s | None = None,
    follow: Follow = "coloured",
) -> Flow:
    """Where the money of one transfer (by its entry number) came from, and who has it now."""
    require(direction in ("from", "to", "both"), f"no direction {direction}")
    place = lineage.place(number)
    ends = _ends(lineage, names, follow)
    seed = np.array([place])
    chapters = []
    lying: list[Remainder] = []
    if direction != "from":
        trace = lineage.forward(seed, ends)
        chapters.append(Chapter.of(trace))
        lying.append(remainder(lineage, trace, _coloured(lineage, names), held))
    if direction != "to":
        trace = lineage.backward(seed, ends)
        chapters.append(Chapter.of(trace, trace.entry != place if chapters else None))
    question = {"of": "entry", "entry": number, "direction": direction, "follow": follow, "method": lineage.method}
    focus = [int(lineage.debit[place]), int(lineage.credit[place])]
    return tell(lineage, names, question, chapters, lying, level=level, top=top, focus=focus)
