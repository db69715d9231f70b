"""The questions: of a colour, of an account, of a transfer. Each answer is a `Flow`.

Money is not followed beyond an issuer: what it gave is where it came from, what it got back is *returned*. *follow*
says how far else:

- ``"colour"`` (of a colour; elsewhere the same as ``"coloured"``): to the first account outside it and its descendants;
- ``"coloured"``: as long as it has a colour, also another one; its end is the payee of plain money;
- ``"all"``: through plain accounts as well, as far as it went.

*held* is, by account, the amount set aside by holds (pending). The oldest money of an account is held first.
"""

from typing import Literal, get_args

import numpy as np

from boyau.trace.errors import require
from boyau.trace.flow import Flow
from boyau.trace.lineage import Lineage
from boyau.trace.names import Names
from boyau.trace.parts import Flags, Int64s
from boyau.trace.story import Chapter, Remainder, content, remainder, tell

Follow = Literal["colour", "coloured", "all"]
Direction = Literal["from", "to", "both"]
FOLLOW: tuple[Follow, ...] = get_args(Follow)

TOP = 12
"""Nodes of one kind and tier that are shown by default; the others are one node."""


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
) -> Flow:
    """Where all money went that ever entered *colour* or its descendants, and what of it is unspent, held, returned.

    *level*: colours are shown to this depth (segments of the path); by default one below *colour*.
    """
    inside = names.within(colour) & ~lineage.issuer
    ends = _ends(lineage, names, follow)
    out, into = inside[lineage.debit], inside[lineage.credit]
    entry = np.flatnonzero(out | into)
    amount = lineage.amount[entry]
    linked = np.where(out[entry], amount, 0)  # all that left the colour had entered it
    chapters = [Chapter(entry, amount, lineage.debit[entry], linked)]
    lying = [content(lineage, inside, held)]
    if follow != "colour":
        leaving = entry[out[entry] & ~into[entry] & ~ends[lineage.credit[entry]]]
        trace = lineage.forward(leaving, ends | inside)
        again = into[trace.entry]  # money that came back: those transfers are told of above
        linked[np.searchsorted(entry, trace.entry[again])] += trace.linked[again]
        chapters.append(Chapter.of(trace, ~again & ~out[trace.entry]))
        lying.append(remainder(lineage, trace, _coloured(lineage, names) & ~inside, held))
    depth = colour.count("/") + 2 if level is None else level
    question = {"of": "colour", "colour": colour, "level": depth, "follow": follow, "method": lineage.method}
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
) -> Flow:
    """Through whom the money of *account* came, and where it went.

    Money that left the account and came back to it is not told twice: it shows as ``returned`` of the links it took.
    """
    require(0 <= account < len(lineage.issuer), f"no account {account}")
    require(direction in ("from", "to", "both"), f"no direction {direction}")
    ends = _ends(lineage, names, follow)
    itself = np.zeros(len(ends), np.bool_)
    itself[account] = True
    stop = ends | itself
    coloured = _coloured(lineage, names)
    leaving = lineage.whole(np.flatnonzero(lineage.debit == account))
    arriving = lineage.whole(np.flatnonzero(lineage.credit == account))
    out = lineage.forward(leaving, stop)
    _, _, round_trip = out.pieces.common(arriving)
    chapters = []
    lying: list[Remainder] = []
    issuer = bool(lineage.issuer[account])
    if len(round_trip) and not issuer:
        trip = lineage.backward(round_trip, stop)
        chapters.append(Chapter(trip.entry, trip.amount, lineage.debit[trip.entry], trip.amount))
        leaving = leaving.without(trip.pieces)
        out = lineage.forward(leaving, stop)
    if direction != "to":
        chapters.append(Chapter.of(lineage.backward(arriving.without(round_trip), stop)))
    if direction != "from":
        chapters.append(Chapter.of(out))
        lying.append(remainder(lineage, out, coloured & ~itself, held))
        if coloured[account]:
            lying.append(content(lineage, itself, held))
    if direction == "to" and coloured[account]:  # what payees of plain money gave back, they no longer have
        fresh = arriving.without(round_trip)
        back = names.plain_accounts()[lineage.debit[fresh.entry]] & ~lineage.issuer[lineage.debit[fresh.entry]]
        given = fresh.size[back]
        chapters.append(Chapter(fresh.entry[back], given, np.full(len(given), account, np.int32), given))
    if direction == "both" and not issuer:
        chapters.append(
            Chapter(leaving.entry[:0], leaving.size[:0], np.full(len(leaving), account, np.int32), leaving.size)
        )
    question = {"of": "account", "account": names.address(account), "direction": direction}
    question |= {"follow": follow, "method": lineage.method}
    return tell(lineage, names, question, chapters, lying, level=level, top=top, focus=[account])


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
