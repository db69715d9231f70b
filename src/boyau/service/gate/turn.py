"""The request being served: who asks, and by which door they came in."""

from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, field

from boyau.language import Language
from boyau.service.identity.people import Caller

SEVERAL = frozenset({"POST /api/v1/batches", "POST /api/v1/iso20022/pain.001"})
"""Routes that bring many lines, each with an answer of its own."""


@dataclass(slots=True)
class Turn:
    """One request. ``written``: decisions that must be on disk before it is answered."""

    caller: Caller
    route: str
    action: str
    words: Language
    address: str = ""
    written: list["Future[None]"] = field(default_factory=list)

    @property
    def single(self) -> bool:
        """True where the request is about one line, and is refused as a whole with it."""
        return self.route not in SEVERAL


TURN: ContextVar[Turn] = ContextVar("boyau_turn")
"""Without a turn nothing is allowed: what reaches the ledger past the gate is refused."""
