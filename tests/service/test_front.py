"""The very front: what is turned away, at what cost to whom, and what is never turned away."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import uvicorn

from boyau.service.app import HEADERS
from boyau.service.front import TURN_MAX, Front, Pace, protocol


class Slow:
    """An application that answers nothing until it is let; it remembers what reached it."""

    def __init__(self):
        self.reached, self.go = [], asyncio.Event()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        self.reached.append(scope["path"])
        if scope["method"] == "POST":
            while (await receive()).get("more_body"):
                pass
            if scope["path"].startswith("/api/v1/transfers"):
                await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


def desk(*, full=False):
    return SimpleNamespace(full=full, wait_seconds=7, counts=SimpleNamespace(busy=0))


@contextmanager
def served(*, most=1, full=False, bare=False):
    """Serve ``Slow`` behind a front, in a thread; *bare*: by the middleware alone."""
    app, at = Slow(), desk(full=full)
    front = Front(app, at, HEADERS, most=most)
    config = uvicorn.Config(
        front, http="httptools" if bare else protocol(front), lifespan="off", log_level="critical", access_log=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    one = SimpleNamespace(app=app, front=front, desk=at, wires=[])
    one.port = listening.getsockname()[1]
    try:
        yield one
    finally:
        app.go.set()
        for wire in one.wires:
            wire.file.close()
            wire.socket.close()
        server.should_exit = True
        thread.join(10)
        listening.close()
        assert not thread.is_alive()


class Wire:
    """A connection on which requests are written byte by byte."""

    def __init__(self, one):
        one.wires.append(self)
        self.socket = socket.create_connection(("127.0.0.1", one.port), timeout=10)
        self.file = self.socket.makefile("rb")

    def send(self, method, path, body=b"", *, more="", length=None, version="1.1"):
        length = len(body) if length is None else length
        head = f"{method} {path} HTTP/{version}\r\nhost: x\r\n{more}content-length: {length}\r\n\r\n"
        self.socket.sendall(head.encode() + body)

    def answer(self):
        status = int(self.file.readline().split()[1])
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name] = value
        return status, headers, self.file.read(int(headers["content-length"]))


def until(true):
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it does not come to that")


def taken(one):
    """Take the only place."""
    wire = Wire(one)
    wire.send("POST", "/api/v1/transfers", b"{}")
    until(lambda: one.front.at_once == 1)
    return wire


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("path", ["transfers", "records", "batches?dry_run=true", "explain", "iso20022/pain.001"])
def test_beyond_the_bound_a_problem_is_answered_and_nothing_is_looked_at(bare, path):
    with served(bare=bare) as one:
        first, second = taken(one), Wire(one)
        for _ in range(2):  # the connection stays usable
            second.send("POST", f"/api/v1/{path}", b"{}")
            status, headers, body = second.answer()
            problem = json.loads(body)
            assert (status, headers["retry-after"], headers["content-type"]) == (503, "7", "application/problem+json")
            assert (problem["type"].rpartition("/")[2], problem["status"]) == ("busy", 503)
            assert {name.lower(): value for name, value in HEADERS.items()}.items() <= headers.items()
        assert one.app.reached == ["/api/v1/transfers"]
        assert one.desk.counts.busy == 2
        one.app.go.set()
        assert first.answer()[0] == 200
        until(lambda: one.front.at_once == 0)
        second.send("POST", "/api/v1/transfers", b"{}")
        assert second.answer()[0] == 200


@pytest.mark.parametrize("bare", [False, True])
def test_a_full_queue_turns_away_too(bare):
    with served(most=100, full=True, bare=bare) as one:
        wire = Wire(one)
        wire.send("POST", "/api/v1/transfers", b"{}")
        assert wire.answer()[0] == 503
        assert not one.app.reached


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"), ("GET", "/ready"), ("GET", "/metrics"),
        ("GET", "/api/v1/transfers"), ("POST", "/api/v1/sign-in"),
    ],
)  # fmt: skip
def test_looking_signing_in_and_probes_always_pass(bare, method, path):
    with served(full=True, bare=bare) as one:
        wire = Wire(one)
        wire.send(method, path)
        assert wire.answer()[0] == 200


def test_who_sends_slowly_takes_nobodys_place():
    with served() as one:
        slow = [Wire(one) for _ in range(3)]
        for wire in slow:
            wire.send("POST", "/api/v1/records", b"{", length=2)
        until(lambda: len(one.app.reached) == 3)
        assert one.front.at_once == 0
        quick = Wire(one)
        quick.send("POST", "/api/v1/records", b"{}")
        assert quick.answer()[0] == 200


def test_what_was_still_coming_when_the_places_were_taken_is_turned_away_at_its_end():
    told = []

    async def go():
        async def app(_scope, receive, _send):
            try:
                await receive()
            except Exception as error:  # noqa: BLE001 - what it is is asked below
                told.append(error)

        front = Front(app, desk(), {}, most=1)
        front.at_once = 0

        async def receive():
            front.at_once = 1  # meanwhile somebody else
            return {"type": "http.request", "body": b"{}"}

        await front({"type": "http", "method": "POST", "path": "/api/v1/records"}, receive, None)
        return front

    front = asyncio.run(go())
    assert (told[0].status, told[0].kind, told[0].headers) == (503, "busy", {"Retry-After": "7"})
    assert front.at_once == 1


def test_a_large_body_that_is_turned_away_is_read_to_its_end():
    with served(full=True) as one:
        wire = Wire(one)
        wire.send("POST", "/api/v1/batches", b"x" * 2_000_000)
        assert wire.answer()[0] == 503
        wire.send("GET", "/health")
        assert wire.answer()[0] == 200


def test_answers_keep_the_order_of_requests_on_one_connection():
    with served() as one:
        wire = taken(one)
        wire.send("POST", "/api/v1/records", b"{}")
        time.sleep(0.1)  # a refusal would be there before the answer to the first
        one.app.go.set()
        assert [wire.answer()[0], wire.answer()[0]] == [200, 200]


def test_two_that_are_turned_away_at_once_on_one_connection_are_both_answered():
    with served(full=True) as one:
        wire = Wire(one)
        one_request = b"POST /api/v1/transfers HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"
        wire.socket.sendall(one_request * 2 + b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert [wire.answer()[0] for _ in range(3)] == [503, 503, 200]


@pytest.mark.parametrize("more", [{"version": "1.0"}, {"more": "connection: close\r\n"}])
def test_a_connection_that_is_to_end_ends_with_the_refusal(more):
    with served(full=True) as one:
        wire = Wire(one)
        wire.send("POST", "/api/v1/transfers", b"{}", **more)
        assert wire.answer()[0] == 503
        assert wire.file.read() == b""


def test_refusals_take_a_bounded_share_of_the_time():
    async def go():
        pace, times, done = Pace(), [], asyncio.Event()

        def costly():
            times.append(time.perf_counter())
            time.sleep(0.0005)
            if len(times) == 3 * TURN_MAX:
                done.set()

        for _ in range(3 * TURN_MAX):
            pace.add(costly)
        await done.wait()
        return times

    times = asyncio.run(go())
    turns = [times[0], times[TURN_MAX], times[2 * TURN_MAX]]
    busy = TURN_MAX * 0.0005
    assert turns[1] - turns[0] > 10 * busy
    assert turns[2] - turns[1] > 10 * busy


def test_what_is_turned_away_is_logged_by_number():
    said = []
    logger = SimpleNamespace(warning=lambda event, **facts: said.append((event, facts)))
    front = Front(None, desk(full=True), {}, logger=logger)
    for _ in range(1000):
        front.turned_away()
    assert said == [("turned away", {"requests": 1, "at_once": 0})]
    front._said_at -= 2
    front.turned_away()
    assert said[1][1]["requests"] == 1000
