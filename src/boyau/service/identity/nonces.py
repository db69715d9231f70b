"""Nonces that were seen: a signed request counts once (RFC 9421, 7.2.2)."""

import heapq

NONCES_MAX = 2_000_000
"""All of the window; beyond it requests wait instead of a nonce being forgotten."""


class NoncesFull(Exception):  # noqa: N818 - a condition
    """No further nonce can be remembered now."""


class Nonces:
    """Remembers each until its signature has expired."""

    def __init__(self, known: list[tuple[str, str, int]] | None = None, most: int = NONCES_MAX) -> None:
        self._most = most
        self._seen: set[tuple[str, str]] = set()
        self._ends: list[tuple[int, str, str]] = []
        for key, nonce, until in known or ():
            self.first(key, nonce, until, 0)

    def first(self, key: str, nonce: str, until: int, now: int) -> bool:
        """Tell whether this is the first time, and remember it. ``NoncesFull`` where it cannot be remembered."""
        while self._ends and self._ends[0][0] < now:
            _, *old = heapq.heappop(self._ends)
            self._seen.discard((old[0], old[1]))
        if (key, nonce) in self._seen:
            return False
        if len(self._ends) >= self._most:
            raise NoncesFull
        self._seen.add((key, nonce))
        heapq.heappush(self._ends, (until, key, nonce))
        return True

    def kept(self, now: int) -> list[tuple[str, str, int]]:
        """Return what still counts, for the store."""
        return [(key, nonce, until) for until, key, nonce in self._ends if until >= now]
