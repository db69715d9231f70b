"""Waiting in the event loop for what the writer's thread does: answers, and entries for those who follow."""

import asyncio
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from boyau.service.desk import Desk

T = TypeVar("T")
_Waiting = tuple["asyncio.Future[Any]", "Future[Any]"]
_ready: "WeakKeyDictionary[asyncio.AbstractEventLoop, deque[_Waiting]]" = WeakKeyDictionary()


async def answered(asked: "Future[T]") -> T:
    """Wait for what the writer answers.

    A commit answers many at once. ``asyncio.wrap_future`` would wake the loop for each of them; here the first one
    wakes it, and finds the others there.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[T] = loop.create_future()
    asked.add_done_callback(partial(_done, loop, waiting))
    try:
        return await waiting
    except asyncio.CancelledError:
        asked.cancel()  # whoever has gone is not posted for, if the writer has not begun
        raise


def _done(loop: asyncio.AbstractEventLoop, waiting: "asyncio.Future[Any]", asked: "Future[Any]") -> None:
    queue = _ready.setdefault(loop, deque())
    queue.append((waiting, asked))
    if len(queue) == 1:
        with suppress(RuntimeError):  # the loop has ended: nobody waits
            loop.call_soon_threadsafe(_wake_all, queue)


def _wake_all(queue: "deque[_Waiting]") -> None:
    while queue:
        waiting, asked = queue[0]
        if not waiting.done():
            error = None if asked.cancelled() else asked.exception()
            if asked.cancelled():
                waiting.cancel()
            elif error is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(asked.result())
        queue.popleft()  # last, so that one who comes meanwhile knows that the loop is awake


class Feed:
    """Wakes coroutines of one loop when the desk has more entries."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._loop: asyncio.AbstractEventLoop | None = None
        self._more = asyncio.Event()
        self._closing = False
        desk.watchers.append(self._told)

    def _told(self, _entries: int) -> None:
        """Wake the loop; called in the writer's thread after each turn."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended: nobody waits
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        more, self._more = self._more, asyncio.Event()
        more.set()

    def close(self) -> None:
        """Let nobody wait any longer: the service ends."""
        self._closing = True
        self._told(0)

    async def wait(self, entries: int, seconds: float) -> None:
        """Return when there are more than *entries*, or after *seconds*."""
        self._loop = asyncio.get_running_loop()
        end = self._loop.time() + seconds
        while not self._closing and self._desk.entries <= entries and (left := end - self._loop.time()) > 0:
            more = self._more
            if self._closing or self._desk.entries > entries:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(more.wait(), left)
