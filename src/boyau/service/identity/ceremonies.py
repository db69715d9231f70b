"""What a sign-in in progress must be answered with: challenges and states, each for five minutes and once."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

SECONDS = 300
CEREMONIES_MAX = 10_000
"""Beyond it the oldest is given up: who begins many and ends none cannot fill the memory."""


class Ceremonies:
    """In memory: whoever was in the middle of signing in when the service stopped begins again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: OrderedDict[str, tuple[float, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, facts: Any) -> str:
        """Remember *facts*; return the name that they are asked for by."""
        name = secrets.token_urlsafe(32)
        with self._lock:
            self._open[name] = (self._clock() + SECONDS, facts)
            if len(self._open) > CEREMONIES_MAX:
                self._open.popitem(last=False)
        return name

    def end(self, name: object) -> Any:
        """Return the facts, once; None where there are none, or not any more."""
        with self._lock:
            until, facts = self._open.pop(name, (0.0, None)) if isinstance(name, str) else (0.0, None)
        return facts if self._clock() < until else None
