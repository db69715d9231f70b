"""The application: API, health, metrics, errors in one form, headers as OWASP asks."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from boyau import __version__
from boyau.records.iso20022.numbers import Numbers
from boyau.service import api, iso20022, logs
from boyau.service.desk import Busy, Closing, Desk
from boyau.service.feed import Feed
from boyau.service.gate import Access, admin_routes, approval_routes, grant_routes, programme_routes
from boyau.service.gate.desk import GuardedDesk
from boyau.service.gate.middleware import Gate
from boyau.service.identity import routes as sign_in
from boyau.service.identity.store import AccessStore
from boyau.service.problems import Problem, busy
from boyau.stores import StoreError, StoreFull

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Cache-Control": "no-store",
}


log = logging.getLogger("boyau.service")


def create_app(desk: Desk, access: Access | AccessStore | None = None, *, numbers: Numbers | None = None) -> FastAPI:
    """Return the application over a ledger at work; leaving it closes the desk, after what was taken is written.

    *access* may be the store alone: then passkeys and signed requests, no OpenID provider, no proxy that is trusted.
    Without it there is neither identity nor gate, and everybody may do everything: for tests and demonstrations.
    *numbers*: what account numbers of the outside world mean here (docs/iso20022.md).
    """
    if isinstance(access, AccessStore):
        access = Access(access)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()
        if access is not None:
            guarded.close()
            access.close()

    app = FastAPI(
        title="Boyau", version=__version__, lifespan=life, docs_url=None, redoc_url=None, openapi_url="/openapi.json",
        description="Coloured public money: post, explain, look, follow.",
    )  # fmt: skip
    app.include_router(api.router)  # first: what is called all the time is found at once
    app.add_middleware(api.Express)
    app.state.desk, app.state.access = desk, access
    if access is None:
        log.warning("no access control: everybody who reaches this service may do everything")
    else:
        app.state.desk = guarded = GuardedDesk(desk, access)
        app.add_middleware(Gate, access=access, desk=desk)
        routers = (sign_in, admin_routes, grant_routes, approval_routes, programme_routes)
        for router in (one.router for one in routers):
            app.include_router(router)
    app.state.feed = Feed(desk)
    app.state.iso20022 = iso20022.Shared(numbers or Numbers())
    app.include_router(iso20022.router)
    _operation(app, desk)
    _errors(app)
    app.add_middleware(logs.Headers, headers=HEADERS)
    return app


def _operation(app: FastAPI, desk: Desk) -> None:
    registry = CollectorRegistry(auto_describe=True)
    registry.register(_Metrics(desk))

    @app.get("/health", operation_id="health")
    async def health() -> Response:
        """Tell whether the process lives."""
        return JSONResponse({"status": "ok", "entries": desk.entries, "waiting": desk.waiting})

    @app.get("/ready", operation_id="ready")
    async def ready() -> Response:
        """Tell whether requests are answered: the writer takes a turn."""
        await api.looked(desk, lambda book: book.entries, always=True)
        return JSONResponse({"status": "ok", "entries": desk.entries, "waiting": desk.waiting})

    @app.get("/metrics", operation_id="metrics")
    async def metrics() -> Response:
        """Return figures for Prometheus; no name, account or amount is in them."""
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")


def _errors(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return error.response(request)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found = [{"field": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors()]
        return Problem(422, "unreadable", "The request cannot be read", errors=found).response(request)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        kinds = {404: "not-found", 405: "method"}
        titles = {404: "There is nothing here", 405: "This cannot be done here"}
        headers = dict(error.headers or {})
        kind, title = kinds.get(error.status_code, "http"), titles.get(error.status_code, str(error.detail))
        return Problem(error.status_code, kind, title, headers=headers).response(request)

    @app.exception_handler(StoreError)
    async def stored(request: Request, error: StoreError) -> Response:
        kind = "disk-full" if isinstance(error, StoreFull) else "store"
        told = "Nothing of this request was kept."
        return Problem(503, kind, "The ledger cannot be written", told, headers={"Retry-After": "10"}).response(request)

    @app.exception_handler(Busy)
    async def full(request: Request, error: Busy) -> Response:
        return busy(error.seconds).response(request)  # where a page asks the writer

    @app.exception_handler(Closing)
    async def closing(request: Request, _error: Closing) -> Response:
        title = "The service is being shut down"
        return Problem(503, "closing", title, headers={"Retry-After": "5"}).response(request)

    @app.exception_handler(Exception)
    async def failed(request: Request, _error: Exception) -> Response:
        told = "The fault is ours. It is in the log of the service, with the number of this request."
        number = request.scope.get("state", {}).get("request_id", "")
        answer = Problem(500, "failed", "Something failed here", told, request=number).response(request)
        for name, value in HEADERS.items():  # what stands outside of everything passes no middleware
            answer.headers.setdefault(name, value)
        return answer


class _Metrics:
    """Reads the desk's counts when Prometheus asks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Any:
        """Yield the families."""
        counts = self._desk.counts
        yield GaugeMetricFamily("boyau_entries", "Entries in the journal", value=self._desk.entries)
        yield GaugeMetricFamily("boyau_waiting_lines", "Lines that wait for the writer", value=self._desk.waiting)
        yield CounterMetricFamily("boyau_commits", "Commits since the start", value=counts.commits)
        yield CounterMetricFamily("boyau_busy", "Requests sent away because the queue was full", value=counts.busy)
        yield CounterMetricFamily("boyau_failures", "Turns of the writer that failed", value=counts.failed)
        results = CounterMetricFamily("boyau_results", "Answers since the start, by result", labels=["result"])
        for name, count in sorted(counts.results.items()):
            results.add_metric([name], count)
        yield results
