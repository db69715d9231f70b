"""Whose an account is: the little that tracing must know about accounts besides their numbers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from boyau.trace.errors import TraceError
from boyau.trace.parts import Flags, Integers

Titles = Callable[[str, str], str]
"""(participant id or colour path, language) -> its title, or "" where it has none."""


def _untitled(_what: str, _language: str) -> str:
    return ""


@dataclass(frozen=True)
class Names:
    """Accounts by their index: participant, colour and hop; and titles by language.

    ``participant_of`` and ``colour_of`` hold indices into ``participants`` and ``colours``; ``plain`` says by colour
    index whether it is a unit's own, plain colour (whose path is then the unit's name).
    """

    participants: Sequence[str]
    colours: Sequence[str]
    plain: Flags
    participant_of: Integers
    colour_of: Integers
    hop_of: Integers
    participant_title: Titles = field(default=_untitled)
    colour_title: Titles = field(default=_untitled)

    @classmethod
    def of(
        cls,
        addresses: Iterable[str],
        *,
        units: Iterable[str] = ("KZT",),
        titles: Mapping[str, Mapping[str, str]] | None = None,
    ) -> "Names":
        """Make names of addresses such as ``clinic@kz/rb/2024#1``, in the order of the accounts' indices.

        *titles* maps a participant id or a colour path to its title by language.
        """
        participants: dict[str, int] = {}
        colours: dict[str, int] = {}
        rows = []
        for address in addresses:
            participant, _, rest = address.partition("@")
            colour, _, hop = rest.partition("#")
            place = participants.setdefault(participant, len(participants))
            rows.append((place, colours.setdefault(colour, len(colours)), int(hop or 0)))
        table = np.array(rows, np.int64).reshape(-1, 3)
        plain = set(units)

        def title(what: str, language: str) -> str:
            return (titles or {}).get(what, {}).get(language, "")

        return cls(
            participants=list(participants),
            colours=list(colours),
            plain=np.array([colour in plain for colour in colours], np.bool_),
            participant_of=table[:, 0],
            colour_of=table[:, 1],
            hop_of=table[:, 2],
            participant_title=title,
            colour_title=title,
        )

    def __len__(self) -> int:
        return len(self.colour_of)

    def address(self, account: int) -> str:
        """Write an account as in docs/ledger.md."""
        hop = int(self.hop_of[account])
        participant = self.participants[int(self.participant_of[account])]
        return f"{participant}@{self.colours[int(self.colour_of[account])]}" + (f"#{hop}" if hop else "")

    def account(self, address: str) -> int:
        """Return the index of the account written *address*."""
        participant, _, rest = address.partition("@")
        colour, _, hop = rest.partition("#")
        if participant in self.participants and colour in self.colours:
            found = np.flatnonzero(
                (self.participant_of == self.participants.index(participant))
                & (self.colour_of == self.colours.index(colour))
                & (self.hop_of == int(hop or 0))
            )
            if len(found):
                return int(found[0])
        raise TraceError(f"no account {address}")

    def plain_accounts(self) -> Flags:
        """Say by account whether its money is plain."""
        return self.plain[self.colour_of]

    def within(self, colour: str) -> Flags:
        """Say by account whether its colour is *colour* or below it."""
        below = colour + "/"
        inside = np.array([path == colour or path.startswith(below) for path in self.colours], np.bool_)
        if not inside.any():
            raise TraceError(f"no account has the colour {colour}")
        return inside[self.colour_of]
