"""Whose every account is and of which colour, as columns: for questions over all rows, outside the writer's thread."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from boyau.journal import Book
from boyau.web.reader import Reader

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Holders:
    """By account number: ``colour`` and ``who``. Names by number: lists that only ever grow, shared with the ledger."""

    colour: Numbers
    who: Numbers
    names: list[str]
    participants: dict[str, int]
    colours: list[Any]
    units: dict[str, int]

    def __len__(self) -> int:
        return len(self.colour)

    @cached_property
    def unit(self) -> Numbers:
        """By colour: the place of its unit in ``units``."""
        order = {name: k for k, name in enumerate(self.units)}
        return np.array([order[one.unit] for one in self.colours], np.int64)

    def unit_number(self, name: str) -> int:
        """Return the place of a unit."""
        return list(self.units).index(name)

    def within(self, path: str) -> npt.NDArray[np.bool_]:
        """Return by colour whether it is *path* or below it; of "" all are."""
        if not path:
            return np.ones(len(self.colours), np.bool_)
        below = f"{path}/"
        return np.array([one.path == path or one.path.startswith(below) for one in self.colours], np.bool_)

    def of(self, participant: str) -> npt.NDArray[np.bool_]:
        """Return by account whether it is that participant's."""
        return np.asarray(self.who == self.participants.get(participant, -1))


def holders(reader: Reader) -> Holders:
    """Return the accounts as they are now; remembered until there are more entries."""

    def look(book: Book) -> Holders:
        registry = book.ledger.registry
        accounts = book.ledger.tables.acc[: len(book.ledger.accounts)]
        return Holders(
            accounts[:, 3].copy(), accounts[:, 4].copy(), registry.who, registry.participants, registry.colours,
            dict(registry.units),
        )  # fmt: skip

    return reader.once("holders", lambda _rows: reader.ask(look))


def marked(accounts: npt.NDArray[np.bool_], side: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Return by row whether *side*, an account number, is one of *accounts*; −1, an unknown account, is none."""
    known = np.append(accounts, np.zeros(1, np.bool_))
    found: npt.NDArray[np.bool_] = known[np.minimum(side, len(accounts))]
    return found
