"""Over HTTP: single payments and batches with us, the same payment through the same framework into PostgreSQL, nothing.

Every server and the load run in processes of their own, on the same cores. The load is cheap: sockets and prepared
bytes, no HTTP library. ``python -m bench.http ROLE …`` is how those processes are started.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.measure import OURS, Measured, check

CLIENTS = 64
BATCH_LINES = 50_000
GROUP = "over HTTP"
POSTGRES = "PostgreSQL 15"
POOL = 24
"""Connections of the pool; more of them were slower here."""
_JSON = {"content-type": "application/json"}
Say = Callable[[str], None]


# ---- the load -------------------------------------------------------------------------------------------------------


def framed(body: bytes, path: str = "/api/v1/transfers", kind: str = "application/json") -> bytes:
    """Return a whole request."""
    head = f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Connection(asyncio.Protocol):
    """One client: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, load: "Load") -> None:
        self.load, self.buffer, self.sent = load, b"", 0.0
        self.number, self.over = -1, False
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.next()

    def next(self) -> None:
        if self.over:
            return
        request = self.load.take()
        if request is None:
            self.end()
            self.transport.close()
            return
        self.number, data = request
        self.sent = time.perf_counter()
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.find(b"content-length: ", 0, head)
        size = int(self.buffer[at + 16 : self.buffer.find(b"\r\n", at)])
        if len(self.buffer) < head + 4 + size:
            return
        status = int(self.buffer[9:12])
        self.load.answered(self.number, status, self.sent, self.buffer)
        self.buffer = self.buffer[head + 4 + size :]
        if status == 503 and self.load.refused_wait_seconds:
            asyncio.get_running_loop().call_later(self.load.refused_wait_seconds, self.next)
        else:
            self.next()

    def connection_lost(self, _error: Exception | None) -> None:
        self.end()

    def end(self) -> None:
        if not self.over:
            self.over = True
            self.load.left -= 1
            if not self.load.left:
                self.load.done.set_result(None)


@dataclass
class Load:
    """What many clients send together, and what they were answered."""

    requests: list[bytes]
    seconds: float
    warm_up_seconds: float = 0.5
    refused_wait_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    good: list[int] = field(default_factory=list)
    left: int = 0
    at: int = 0

    def take(self) -> tuple[int, bytes] | None:
        now = time.perf_counter()
        if self.at >= len(self.requests) or now > self.end:
            return None
        self.at += 1
        return self.at - 1, self.requests[self.at - 1]

    def answered(self, number: int, status: int, sent: float, _answer: bytes) -> None:
        now = time.perf_counter()
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status in (200, 201):
            self.good.append(number)
        if sent >= self.begin:
            self.latencies.append(now - sent)
            self.last = now

    async def run(self, port: int, clients: int) -> None:
        loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = loop.create_future()
        self.left = clients
        self.begin = time.perf_counter() + self.warm_up_seconds
        self.last, self.end = self.begin, self.begin + self.seconds
        for _ in range(clients):
            await loop.create_connection(lambda: _Connection(self), "127.0.0.1", port)
        await self.done


def _load(port: str, clients: str, seconds: str, requests: str) -> None:
    """Send the bodies in file *requests*, a line each; print what came of it."""
    load = Load([framed(line) for line in Path(requests).read_bytes().splitlines()], float(seconds))
    asyncio.run(load.run(int(port), int(clients)))
    taken = load.last - load.begin
    print(json.dumps({"per_second": len(load.latencies) / taken, "statuses": load.statuses, "good": len(load.good),
                      "ms": [round(one * 1000, 3) for one in load.latencies]}))  # fmt: skip


# ---- the servers ----------------------------------------------------------------------------------------------------


def _serve(app: Any, port: int, **more: Any) -> None:
    import uvicorn

    from boyau.service.interpreter import settle

    settle()  # as `boyau serve` does; the others get it too
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False, server_header=False, **more)


def _ours(port: str, path: str) -> None:
    """Serve a ledger with all that `boyau serve` has around the routes, access control excepted."""
    from bench.ours import Clock
    from boyau.journal import Book
    from boyau.service import logs
    from boyau.service.app import HEADERS, create_app
    from boyau.service.desk import Desk
    from boyau.service.front import Front, protocol

    desk = Desk(Book.open(path, clock=Clock()))
    app = create_app(desk)
    with Path(f"{path}-log").open("wb") as log:
        logs.install(app, logs.configure("info", log))
        front = Front(app, desk, HEADERS)
        _serve(front, int(port), http=protocol(front))


def _nothing(port: str) -> None:
    """Answer without any work: what the framework leaves at best."""
    from fastapi import FastAPI, Request
    from starlette.responses import JSONResponse

    app = FastAPI()

    @app.post("/api/v1/transfers", status_code=201)
    async def transfer(request: Request) -> JSONResponse:
        operation = json.loads(await request.body())
        return JSONResponse({"result": "posted", "id": operation["id"]}, 201)

    _serve(app, int(port))


_MOVE = """with t as (insert into transfers values (%s, %s, %s, %s))
update accounts set debits = debits + case when id = %s then %s else 0 end,
credits = credits + case when id = %s then %s else 0 end where id = any (%s)"""


def _postgres(port: str, conninfo: str) -> None:
    """Write the payment to PostgreSQL: one transaction, one statement, prepared, from a pool."""
    from contextlib import asynccontextmanager

    from fastapi import FastAPI, Request
    from psycopg_pool import AsyncConnectionPool
    from starlette.responses import JSONResponse

    async def prepared(connection: Any) -> None:
        await connection.set_autocommit(True)
        connection.prepare_threshold = 0

    pool = AsyncConnectionPool(conninfo, min_size=POOL, max_size=POOL, open=False, configure=prepared)

    @asynccontextmanager
    async def life(_app: FastAPI) -> Any:
        await pool.open(wait=True)
        yield
        await pool.close()

    app = FastAPI(lifespan=life)

    @app.post("/api/v1/transfers", status_code=201)
    async def transfer(request: Request) -> JSONResponse:
        one = json.loads(await request.body())
        debit, credit, amount = one["debit"], one["credit"], one["amount"]
        async with pool.connection() as connection:
            await connection.execute(
                _MOVE, (one["id"], debit, credit, amount, debit, amount, credit, amount, [debit, credit])
            )
        return JSONResponse({"result": "posted", "id": one["id"]}, 201)

    _serve(app, int(port))


@contextmanager
def running(role: str, *arguments: object) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a server in its own process until it answers; end it at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.http", role, str(port), *map(str, arguments)]
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(Path.cwd())}) as process:
        try:
            for _ in range(400):
                check(process.poll() is None, f"the server of {role} has ended")
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
            yield port, process
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()


def driven(port: int, clients: int, seconds: float, bodies: Path) -> dict[str, Any]:
    """Drive a server from another process; return what came of it."""
    command = [sys.executable, "-m", "bench.http", "load", str(port), str(clients), str(seconds), str(bodies)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"the load failed: {done.stderr[-600:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def fetched(port: int, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
    """Ask a server once, by the standard library."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"content-type": kind})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as answer:
        return json.load(answer)


# ---- measuring ------------------------------------------------------------------------------------------------------


def measure(quick: bool, disk: Path, say: Say, cluster: Any) -> list[Measured]:
    """Return the rows of the group; without *cluster* PostgreSQL's is left out."""
    seconds, batches = (2, 2) if quick else (8, 8)
    singles = 20_000 if quick else 60_000
    rows = []
    with tempfile.TemporaryDirectory(prefix="boyau-bench-", dir=disk) as folder:
        path = f"{folder}/bench.boyau"
        say(f"{OURS}: a ledger and {singles + batches * BATCH_LINES:,} payments to send over HTTP")
        bodies, lines = _world(path, folder, singles, batches * BATCH_LINES)
        say(f"nothing but the framework, {CLIENTS} clients, {seconds} s")
        with running("nothing") as (port, _):
            rows.append(_row("FastAPI", "an answer without any work", driven(port, CLIENTS, seconds, bodies), ""))
        if cluster is not None:
            say(f"{POSTGRES} over HTTP, {CLIENTS} clients, {seconds} s")
            rows.append(_through_postgres(cluster, folder, singles, seconds))
        say(f"{OURS} over HTTP, {CLIENTS} clients, {seconds} s")
        with running("ours", path) as (port, _):
            before = fetched(port, "/health")["entries"]
            found = driven(port, CLIENTS, seconds, bodies)
            answered = found["good"] + found["statuses"].get("409", 0)
            check(answered == sum(found["statuses"].values()), f"other answers than 201 and 409: {found['statuses']}")
            check(fetched(port, "/health")["entries"] - before == answered, "entries and answers differ")
            rows.append(_row(OURS, f"one durable payment a request, {CLIENTS} clients", found, "every answer an entry"))
            for counts in (True, False):
                half = lines[: batches // 2] if counts else lines[batches // 2 :]
                rows.append(_batches(port, half, say, only_counts=counts))
    return rows


def _row(system: str, workload: str, found: dict[str, Any], checks: str) -> Measured:
    notes = {"statuses": found["statuses"]}
    return Measured(system, workload, found["per_second"], found["ms"], checks, GROUP, notes)


def _world(path: str, folder: str, singles: int, many: int) -> tuple[Path, list[bytes]]:
    """Make a ledger with every kind of rule, and payments as JSON: single ones and batches."""
    from bench import workload
    from bench.ours import ACCOUNTS, Clock, _stream
    from boyau.journal import Book
    from boyau.journal.operations import Operations

    texts: list[bytes] = []
    with Book.create(path, clock=Clock()) as book:
        world = workload.coloured_world(ACCOUNTS)
        check(not any(book.record(world.records)), "a record was refused")
        stream, _ = _stream(world, book.ledger)
        for rows in stream.funding():
            check(not book.post(rows)["result"].any(), "the accounts could not be funded")
        operations = Operations(book.ledger)
        while len(texts) < singles + many:
            for row in stream.pays()[0]:
                told = operations.describe(row)
                del told["result"]
                texts.append(json.dumps(told, separators=(",", ":")).encode())
    bodies = Path(folder) / "bodies"
    bodies.write_bytes(b"\n".join(texts[:singles]))
    rest = texts[singles : singles + many]
    return bodies, [b"\n".join(rest[k : k + BATCH_LINES]) for k in range(0, len(rest), BATCH_LINES)]


def _through_postgres(cluster: Any, folder: str, count: int, seconds: int) -> Measured:
    import uuid

    from bench import postgres, workload
    from bench.postgres import _connect, _conserved, _count, _fresh

    draw = np.random.default_rng(workload.SEED)
    debit = draw.integers(0, postgres.ACCOUNTS, count)
    credit = (debit + draw.integers(1, postgres.ACCOUNTS, count)) % postgres.ACCOUNTS
    amount = draw.integers(1, 1000, count)
    ids = [str(uuid.UUID(bytes=draw.bytes(16), version=4)) for _ in range(count)]
    bodies = Path(folder) / "bodies-postgres"
    facts = zip(ids, debit.tolist(), credit.tolist(), amount.tolist(), strict=True)
    bodies.write_bytes(
        b"\n".join(
            json.dumps(dict(zip(("id", "debit", "credit", "amount"), one, strict=True))).encode() for one in facts
        )
    )
    with _connect(cluster) as connection:
        _fresh(connection)
        before = _count(connection)
        with running("postgres", cluster.conninfo) as (port, _):
            found = driven(port, CLIENTS, seconds, bodies)
        check(set(found["statuses"]) == {"201"}, f"other answers than 201: {found['statuses']}")
        check(_count(connection) - before == found["good"], "rows and answers differ")
        _conserved(connection)
    title = f"one durable transfer a request, no rules, {CLIENTS} clients, same framework"
    return _row(POSTGRES, title, found, "count, debits = credits = amounts")


def _batches(port: int, bodies: list[bytes], say: Say, *, only_counts: bool) -> Measured:
    what = "counts" if only_counts else "an answer a line"
    title = f"batches of {BATCH_LINES:,} lines of JSON a request, {what}, 1 client"
    say(f"{OURS} over HTTP: {title}")
    path = "/api/v1/batches" + ("?only_counts=true" if only_counts else "")
    taken = []
    for body in bodies:
        began = time.perf_counter()
        told = fetched(port, path, body, "application/x-ndjson")
        taken.append(time.perf_counter() - began)
        check(told["lines"] == BATCH_LINES and "unreadable" not in told["results"], f"{told['results']}")
    rate = BATCH_LINES * len(taken) / sum(taken)
    return Measured(OURS, title, rate, [one * 1000 for one in taken], "every line answered", GROUP)


ROLES = {"load": _load, "ours": _ours, "nothing": _nothing, "postgres": _postgres}

if __name__ == "__main__":
    ROLES[sys.argv[1]](*sys.argv[2:])
