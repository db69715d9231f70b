"""Who calls, and what became of it: one line of JSON a request, without names, amounts, bodies or queries.

A path may hold a participant's number and a query a search: only the form of the path is logged. A caller is told apart
by a hash whose salt ends with the process, so that nobody can try numbers until the hash fits.
"""

import asyncio
import hashlib
import itertools
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
QUIET = frozenset({"/health", "/ready", "/metrics"})
"""Asked for every few seconds by machines; logged at ``debug``."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SALT = os.urandom(16)
_PROCESS, _NUMBERS = os.urandom(8).hex(), itertools.count(1)
"""What ids of requests are made of. Random bits for each of them would be a call of the system for each."""


class _Lines:
    """Writes lines; those that come in one turn of a loop are handed to the system together.

    Each flush is a call of the system, for which another thread gets the interpreter, and it takes time to come back.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._planned = stream, False

    def msg(self, line: bytes) -> None:
        """Write one line."""
        self._stream.write(line + b"\n")
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # another thread, or no service at all
            self._stream.flush()
            return
        if not self._planned:
            self._planned = True
            loop.call_soon(self._flush)

    debug = info = warning = error = msg

    def _flush(self) -> None:
        self._planned = False
        self._stream.flush()


def configure(level: str = "info", stream: BinaryIO | None = None) -> Any:
    """Set up logging to *stream*, by default standard error; return the logger."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda value, **_: msgspec.json.encode(value)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: _Lines(stream or sys.stderr.buffer),
        cache_logger_on_first_use=False,
    )
    return structlog.get_logger().bind()  # bound once, not for each line


def caller_of(scope: Scope) -> str:
    """Return who calls: whom the gate has recognised, else the address."""
    known = scope.get("state", {}).get("caller")
    return str(known) if known else str((scope.get("client") or ("",))[0])


def masked(caller: str) -> str:
    """Return a caller's hash, which means nothing after this process."""
    return hashlib.sha256(_SALT + caller.encode()).hexdigest()[:12] if caller else ""


class Log:
    """ASGI middleware: gives each request an id and writes one line when it has been answered."""

    def __init__(self, app: ASGIApp, logger: Any) -> None:
        self._app, self._logger = app, logger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"x-request-id"), "")
        identity = given if _REQUEST_ID.fullmatch(given) else f"{_PROCESS}{next(_NUMBERS):016x}"
        scope.setdefault("state", {})["request_id"] = identity
        status, sent, began = 0, 0, time.perf_counter()

        async def counted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", identity.encode())]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except BaseException as error:
            # The text of an error may hold what was sent: its kind and place are enough to find it.
            self._logger.error("failed", request=identity, kind=type(error).__name__, place=_place(error))  # noqa: TRY400
            raise
        finally:
            path = getattr(scope.get("route"), "path", "") or ("" if status != 200 else "other")
            say = self._logger.debug if path in QUIET else self._logger.info
            say(
                "request", request=identity, method=scope["method"], path=path, status=status or 499, bytes=sent,
                ms=round((time.perf_counter() - began) * 1000, 2), caller=masked(caller_of(scope)),
            )  # fmt: skip


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


class Headers:
    """ASGI middleware: sets headers where the answer has none of that name.

    Starlette's own middleware for functions runs every request in a task of its own and passes its answer through a
    stream, which takes longer than a payment does.
    """

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def more(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name for name, _ in given}
                message["headers"] = given + [one for one in self._headers if one[0] not in names]
            await send(message)

        await self._app(scope, receive, more)


def decisions(logger: Any) -> Callable[[dict[str, Any]], None]:
    """Return what writes a decision of the gate to the log, so that whatever collects the log keeps it elsewhere."""
    return lambda facts: logger.info(
        "decision", **{("decided" if name == "at" else name): v for name, v in facts.items()}
    )


def install(app: Starlette, logger: Any) -> None:
    """Have an application log its requests."""
    app.add_middleware(Log, logger=logger)
