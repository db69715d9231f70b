"""Load and abuse: ten times what it can do, everybody at one balance, one key ten thousand times, a kill in between.

Bounded: about a minute and a half in all. ``BOYAU_LOAD_SECONDS`` makes the overload longer.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from bench.http import Load, framed

from boyau import codec
from boyau.journal import Book
from tests.page import WORLD

ROOT = Path(__file__).resolve().parents[2]
SECONDS = float(os.environ.get("BOYAU_LOAD_SECONDS", "20"))
FEW = 8
"""Clients that keep the service busy."""
AT_ONCE = 16
"""Requests served at once in the overload; with so many clients nobody is turned away."""
TIMES = 10
"""How much more is asked for than can be served."""
AGAIN_SECONDS = 0.05
"""Who is turned away is told to come back after a second or more, and comes back so soon."""
TRIES = 3
"""Other work on the machine may fall into one half of a comparison only."""
OPEN = [json.loads(json.dumps(one).replace("2026-12-31", "2090-12-31")) for one in WORLD]
SERVER = """
import sys, uvicorn
from boyau.journal import Book
from boyau.service import logs
from boyau.service.app import HEADERS, create_app
from boyau.service.desk import Desk
from boyau.service.front import Front, protocol
from boyau.service.interpreter import settle
desk = Desk(Book.open(sys.argv[1]))
app = create_app(desk)
logs.install(app, logs.configure("error"))
front = Front(app, desk, HEADERS, most=int(sys.argv[3]))
settle()
uvicorn.run(
    front, http=protocol(front), host="127.0.0.1", port=int(sys.argv[2]), log_level="critical", access_log=False,
    backlog=4096,
)
"""


class Service:
    """The service in a process of its own, without a gate; it may be killed."""

    def __init__(self, path, *, at_once=4096):
        self.path = path
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [sys.executable, "-c", SERVER, str(path), str(self.port), str(at_once)]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise AssertionError("it does not answer")

    def drive(self, bodies, clients, seconds, warm_up=0.5):
        load = Load([framed(json.dumps(one).encode()) for one in bodies], seconds, warm_up)
        asyncio.run(load.run(self.port, clients))
        return load

    def get(self, path):
        import urllib.request

        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return answer.read().decode()

    def end(self, sign=signal.SIGTERM):
        self.process.send_signal(sign)
        self.process.wait(60)


@pytest.fixture
def serve(tmp_path):
    made = []

    def start(**more):
        path = tmp_path / "load.boyau"
        if not path.exists():
            with Book.create(str(path)) as book:
                assert not any(book.record(OPEN))
        made.append(Service(path, **more))
        return made[-1]

    yield start
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def issue(amount, identity="I1"):
    return {"op": "issue", "id": identity, "from": "issuer@kz", "to": "budget@kz/road", "amount": amount}


def pays(count, amount, prefix="P"):
    one = {"op": "pay", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": amount}
    return [one | {"id": f"{prefix}{k}"} for k in range(count)]


def milliseconds(admitted):
    return np.quantile(np.array(admitted) * 1000, [0.5, 0.99]).round(1).tolist()


class Watched(Load):
    """Keeps apart how long the admitted took."""

    def answered(self, number, status, sent, answer):
        super().answered(number, status, sent, answer)
        if status in (200, 201) and sent >= self.begin:
            self.__dict__.setdefault("admitted", []).append(time.perf_counter() - sent)
        if status == 503:
            assert b"retry-after: " in answer.lower(), answer
            self.__dict__["refused"] = self.__dict__.get("refused", 0) + 1


def test_ten_times_too_much_is_turned_away_and_what_is_admitted_is_quick_and_kept(serve, capsys):
    """Those who are served take less than twice as long as without the others, and nothing they were told is lost."""
    service = serve(at_once=AT_ONCE)
    service.drive([issue("9000000.00")], 1, 1, 0)
    acknowledged, ratios = [], []
    for turn in range(TRIES):
        before, after = compared(service, turn, acknowledged, capsys)
        ratios.append(after / before)
        if ratios[-1] < 2:
            break
    service.end(signal.SIGKILL)
    with Book.open(str(service.path)) as book:
        kernel = book.ledger.tables.kernel
        for name in acknowledged:
            low, high = np.frombuffer(codec.id_bytes(name), "<i8").tolist()
            assert kernel.entry_of(low, high) >= 0, f"{name} was acknowledged and is not there"
    assert min(ratios) < 2, f"those who are served take {ratios} times as long"


def compared(service, turn, acknowledged, capsys):
    """Load it fully, then ask for ten times as much; return the p99 of those who were served in either, in ms."""
    normal = watched(turn, "N", 60_000, SECONDS / 4, 0)
    asyncio.run(normal.run(service.port, AT_ONCE))
    assert set(normal.statuses) == {201}, normal.statuses
    capacity = len(normal.admitted) / normal.seconds
    clients = int(TIMES * capacity * AGAIN_SECONDS)
    heavy, waiting = watched(turn, "H", 400_000, SECONDS / 2, AGAIN_SECONDS), []

    async def overload():
        looking = asyncio.create_task(looks())
        await heavy.run(service.port, clients)
        looking.cancel()

    async def looks():
        while True:
            for path in ("/ready", "/metrics", "/health"):
                found = await asyncio.to_thread(service.get, path)  # an answer other than 200 raises
            waiting.append(json.loads(found)["waiting"])
            await asyncio.sleep(0.25)

    asyncio.run(overload())
    before, after = milliseconds(normal.admitted), milliseconds(heavy.admitted)
    with capsys.disabled():
        print(
            f"\nnormal: {AT_ONCE} clients, {capacity:.0f} posted/s, p50 {before[0]} ms, p99 {before[1]} ms"
            f"\noverload: {clients} clients that come back after {AGAIN_SECONDS} s, {TIMES} times what it can do: "
            f"{len(heavy.admitted) / heavy.seconds:.0f} posted/s, {heavy.statuses.get(503, 0) / heavy.seconds:.0f} "
            f"turned away/s, p50 {after[0]} ms, p99 {after[1]} ms, longest queue {max(waiting)}"
        )
    assert set(heavy.statuses) == {201, 503}, heavy.statuses
    assert heavy.statuses[503] > heavy.statuses[201], "it was not too much"
    assert max(waiting) <= AT_ONCE
    for load in (normal, heavy):
        assert len(load.good) == load.statuses[201]
        acknowledged += [load.names[k] for k in load.good]
    return before[1], after[1]


def watched(turn, half, count, seconds, again):
    bodies = pays(count, "0.01", f"{half}{turn}-")
    load = Watched([framed(json.dumps(one).encode()) for one in bodies], seconds, 1.0, again)
    load.__dict__["names"] = [one["id"] for one in bodies]
    return load


def test_a_kill_at_any_moment_loses_nothing_that_was_answered(serve):
    posted = 0
    for turn in range(3):
        service = serve()
        if not turn:
            service.drive([issue("9000000.00")], 1, 1, 0)
        bodies = pays(60_000, "0.01", f"K{turn}-")
        load = Load([framed(json.dumps(one).encode()) for one in bodies], 30, 0)

        async def killed(load=load, service=service):
            running = asyncio.create_task(load.run(service.port, FEW))
            await asyncio.sleep(1.5)
            service.process.kill()
            await running

        asyncio.run(killed())
        service.process.wait()
        assert load.statuses.get(201, 0) > 50
        with Book.open(str(service.path)) as book:
            for number in load.good:
                low, high = np.frombuffer(codec.id_bytes(bodies[number]["id"]), "<i8").tolist()
                assert book.ledger.tables.kernel.entry_of(low, high) >= 0
            debits, credits, _ = book.ledger.balance("budget@kz/road")
            assert debits >= posted + len(load.good)
            assert credits == 900_000_000
            posted = debits


def test_sixty_four_writers_at_one_balance_post_exactly_what_it_covers(serve):
    service = serve()
    service.drive([issue("1000.00")], 1, 1, 0)
    load = service.drive(pays(64 * 20, "3.00", "W"), 64, 60, 0)
    assert load.statuses == {201: 333, 409: 64 * 20 - 333}
    told = json.loads(service.get("/api/v1/accounts/budget@kz/road"))
    assert (told["debits"], told["available"]) == ("999.00", "1.00")


def test_one_key_ten_thousand_times_posts_once(serve):
    service = serve()
    service.drive([issue("1000.00")], 1, 1, 0)
    before = json.loads(service.get("/health"))["entries"]
    load = service.drive([pays(1, "1.00", "once")[0]] * 10_000, 64, 120, 0)
    assert load.statuses == {201: 1, 200: 9_999}
    assert json.loads(service.get("/api/v1/accounts/budget@kz/road"))["debits"] == "1.00"
    assert json.loads(service.get("/api/v1/entries/once0"))["result"] == "posted"
    assert json.loads(service.get("/health"))["entries"] >= before + 1
