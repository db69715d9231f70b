"""Batches on their way to the disk: one is decided while the one before it is sealed and written."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from boyau.ledger.rows import Rows


@dataclass(eq=False, slots=True)
class Flight:
    """A decided batch that is under way."""

    first: int
    rows: Rows
    expired: int
    done: "Future[None]"


class Runway:
    """One other thread that keeps batches, in the order in which they were decided."""

    def __init__(self, keep: Callable[[Rows, int, int, int], None]) -> None:
        self._keep = keep
        self._flights: list[Flight] = []
        self._hand: ThreadPoolExecutor | None = None

    def send(self, rows: Rows, first: int, expired: int, at: int) -> Flight:
        """Let the other thread keep a batch."""
        if self._hand is None:
            self._hand = ThreadPoolExecutor(1, "boyau-append")
        flight = Flight(first, rows, expired, self._hand.submit(self._keep, rows, first, expired, at))
        self._flights.append(flight)
        return flight

    def landed(self, flight: Flight) -> tuple[Rows, int, int]:
        """Wait until a batch is durable, or raise what kept it from being so."""
        flight.done.result()
        self._flights.remove(flight)
        return flight.rows, flight.expired, flight.first

    def row(self, entry: int) -> bytes | None:
        """Return the row of an entry that is under way: whoever decides on may ask for it."""
        for flight in self._flights:
            if flight.first <= entry < flight.first + len(flight.rows):
                return bytes(flight.rows[entry - flight.first].tobytes())
        return None

    def clear(self) -> None:
        """Wait until nothing is under way; raise the first failure. Those behind it are its consequence."""
        flights, self._flights = self._flights, []
        failure: BaseException | None = None
        for flight in flights:
            failure = failure or flight.done.exception()
        if failure is not None:
            raise failure

    def close(self) -> None:
        """End the other thread, after what is under way."""
        with suppress(BaseException):
            self.clear()
        if self._hand is not None:
            self._hand.shutdown()
