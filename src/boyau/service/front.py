"""The very front: what comes beyond what can be served at once is turned away before anything of it is looked at.

Turning away must cost next to nothing, or those who are turned away slow down those who are served. So this stands
outside everything else (log, identity, signatures, routes), and what it answers is made beforehand. ``Front`` does it
for any server; ``protocol`` has uvicorn do the same where a request has just been read, which costs a third of that.

Even so, tens of thousands turned away a second would leave no time for those who are served. So ``Pace`` turns away in
a bounded share of the time; whoever asks beyond it waits a little for their refusal, and is not read from meanwhile.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boyau.service.desk import Desk
from boyau.service.problems import MEDIA, busy

AT_ONCE_MAX = 64
"""From about 8 requests at once the writer never rests, and whatever comes on top only waits longer; a disk ten times
slower than the one this was measured on keeps some 60 busy."""
BOUNDED = frozenset({"transfers", "records", "batches", "explain", "iso20022"})
"""Which addresses below ``/api/v1/`` the bound is for: those that give the ledger something to decide."""
_PREFIX = "/api/v1/"
SHARE = 0.03
"""Of the time, what sending refusals may take; reading what is refused takes two or three times as much again. Measured
with ten times what can be served: those who are served take 1.3 to 1.7 times as long; with 0.05, 1.5 to 2."""
TURN_MAX = 32
"""Refusals sent in one turn of the loop."""
_LOGGED_SECONDS = 1.0
"""What was turned away is logged by number, at most so often: a line for each would cost more than its answer."""


class Front:
    """ASGI middleware around an application. *headers*: those of every answer; *most*: requests at once."""

    def __init__(
        self, app: ASGIApp, desk: Desk, headers: dict[str, str], *, most: int = AT_ONCE_MAX, logger: Any = None
    ) -> None:
        self._app, self._desk, self._most, self._logger = app, desk, most, logger
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._made: dict[int, tuple[Message, Message, bytes]] = {}
        self._unsaid, self._said_at = 0, 0.0
        self.at_once = 0
        """Requests whose answers are being made."""

    @property
    def full(self) -> bool:
        """True where a request that the bound is for is turned away."""
        return self.at_once >= self._most or self._desk.full

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or turn it away."""
        if scope["type"] != "http" or scope["method"] != "POST" or not _bounded(scope["path"]):
            await self._app(scope, receive, send)
        elif self.full:
            begin, body, _ = self.turned_away()
            await send(begin)
            await send(body)
        else:
            await self._admitted(scope, receive, send)

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on. It counts from the end of its body on: who sends slowly takes nobody's place."""
        counted = False

        async def whole() -> Message:
            nonlocal counted
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False) and not counted:
                if self.at_once >= self._most:  # the places were taken while it came in
                    self._count()
                    raise busy(self._desk.wait_seconds)
                counted = True
                self.at_once += 1
            return message

        try:
            await self._app(scope, whole, send)
        finally:
            self.at_once -= counted

    def turned_away(self) -> tuple[Message, Message, bytes]:
        """Count one more that is turned away; return the answer in two messages, and as it goes over the wire."""
        self._count()
        seconds = self._desk.wait_seconds
        if seconds not in self._made:
            self._made[seconds] = self._answer(seconds)
        return self._made[seconds]

    def _answer(self, seconds: int) -> tuple[Message, Message, bytes]:
        problem = busy(seconds)
        body = json.dumps(problem.document(), separators=(",", ":")).encode()
        own = {"content-type": MEDIA, "content-length": str(len(body))} | problem.headers
        headers = self._headers + [(name.lower().encode(), value.encode()) for name, value in own.items()]
        begin = {"type": "http.response.start", "status": problem.status, "headers": headers}
        lines = [b"HTTP/1.1 503 Service Unavailable", *(name + b": " + value for name, value in headers)]
        return begin, {"type": "http.response.body", "body": body}, b"\r\n".join(lines) + b"\r\n\r\n" + body

    def _count(self) -> None:
        self._desk.counts.busy += 1
        if self._logger is None:
            return
        self._unsaid += 1
        now = time.monotonic()
        if now >= self._said_at + _LOGGED_SECONDS:
            self._logger.warning("turned away", requests=self._unsaid, at_once=self.at_once)
            self._unsaid, self._said_at = 0, now


def _bounded(path: str) -> bool:
    return path.startswith(_PREFIX) and path[len(_PREFIX) :].partition("/")[0] in BOUNDED


class Pace:
    """Calls functions one after the other, in at most ``SHARE`` of the time of the event loop."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._free_at = 0.0
        self._planned = False

    def add(self, function: Callable[[], None]) -> None:
        """Have *function* called: soon, or when its turn comes."""
        self._waiting.append(function)
        if not self._planned:
            self._plan()

    def _plan(self) -> None:
        loop = asyncio.get_running_loop()
        self._planned = True
        loop.call_later(max(0.0, self._free_at - loop.time()), self._turn)

    def _turn(self) -> None:
        began = time.perf_counter()
        for _ in range(min(len(self._waiting), TURN_MAX)):
            self._waiting.popleft()()
        taken = time.perf_counter() - began
        self._free_at = asyncio.get_running_loop().time() + taken * (1 / SHARE - 1)
        self._planned = False
        if self._waiting:
            self._plan()


_RAW = tuple(f"{_PREFIX}{name}".encode() for name in sorted(BOUNDED))
"""The same addresses as bytes; written in any other way, a request goes on to ``Front``, which reads it fully."""


def protocol(front: Front) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol (its setting ``http``) with *front* before it.

    The parser stays uvicorn's, which finds where a request ends; what is turned away gets no scope, task or cycle.
    """
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    pace = Pace()

    class Protocol(HttpToolsProtocol):
        _turned: bool | None = None
        """Whether the request that is being read is turned away; None before its first header."""
        _owed: bytes = b""
        """What is to be answered to it."""

        def on_message_begin(self) -> None:
            self._turned = None
            super().on_message_begin()

        def on_header(self, name: bytes, value: bytes) -> None:
            if self._turned is None:  # the first header: method and address are whole
                # Answers keep the order of their requests.
                idle = not self._owed and (self.cycle is None or self.cycle.response_complete)
                wanted = front.full and self.parser.get_method() == b"POST" and self.url.startswith(_RAW)
                self._turned = wanted and idle
            if not self._turned:
                super().on_header(name, value)

        def on_headers_complete(self) -> None:
            if not self._turned:
                super().on_headers_complete()
                return
            self._ends = self.parser.get_http_version() == "1.0" or not self.parser.should_keep_alive()
            self._owed = front.turned_away()[2]
            self.flow.pause_reading()
            pace.add(self._answer)

        def _answer(self) -> None:
            if not self._owed or self.transport.is_closing():
                return
            self.transport.write(self._owed)
            self._owed = b""
            if self._ends:
                self.transport.close()
            else:
                self.on_response_complete()  # counts it, reads on, and lets the connection end where nothing follows

        def on_body(self, body: bytes) -> None:
            if not self._turned:
                super().on_body(body)

        def on_message_complete(self) -> None:
            if not self._turned:
                super().on_message_complete()

        def shutdown(self) -> None:
            self._answer()
            super().shutdown()

    return Protocol
