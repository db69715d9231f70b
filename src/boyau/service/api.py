"""The HTTP API under ``/api/v1``: operations and records singly and in batches, explanations, entries, accounts."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from http import HTTPStatus
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from boyau.journal import Book
from boyau.journal.submission import Answer
from boyau.language import LANGUAGES, Language, language
from boyau.service import answers, models, webhooks
from boyau.service.answers import Outcome
from boyau.service.bodies import BATCH_BYTES_MAX, BATCH_LINES_MAX, FORMATS, body_of, object_of, read_batch
from boyau.service.bulk import Bulk
from boyau.service.desk import Busy, Closing, Desk
from boyau.service.feed import answered
from boyau.service.problems import Problem, busy, problems
from boyau.stores import StoreError, StoreFull

T = TypeVar("T")


router = APIRouter(prefix="/api/v1")
PAGE_MAX = 1000
FEED_SECONDS_MAX = 30
POSTING = problems(400, 409, 413, 415, 422)


def desk_of(request: Request) -> Desk:
    """Return the ledger at work."""
    desk: Desk = request.app.state.desk
    return desk


LANGUAGE_COOKIE = "boyau-language"
"""Where a browser keeps the language that was chosen on a page."""


def words_of(request: Request) -> Language:
    """Return the language that the caller reads: chosen on the page, else of kk, ru and en the first it accepts."""
    for chosen in (request.query_params.get("language", ""), request.cookies.get(LANGUAGE_COOKIE, "")):
        if chosen in LANGUAGES:
            return language(chosen)
    # A preference list may be weighted; the order is what browsers send, and what people mean.
    for part in request.headers.get("accept-language", "").split(","):
        code = part.split(";")[0].strip()[:2].lower()
        if code in LANGUAGES:
            return language(code)
    return language("en")


async def _ledger(request: Request) -> Desk:
    # Not the plain function: FastAPI would call that in another thread, which costs more than the rest of a request.
    return desk_of(request)


async def _words(request: Request) -> Language:
    return words_of(request)


Ledger = Annotated[Desk, Depends(_ledger)]
Words = Annotated[Language, Depends(_words)]


async def submitted(desk: Desk, lines: Iterable[Any], *, dry: bool = False) -> list[Answer]:
    """Have lines decided and written; the answers are durable."""
    return await _waited(lambda: desk.submit(list(lines), dry=dry))


async def looked(desk: Desk, function: Callable[[Book], T], *, always: bool = False) -> T:
    """Have a short look at the book, between two commits; *always*: however much waits."""
    return await _waited(lambda: desk.call(function, always=True) if always else desk.call(function))


async def _waited(ask: "Callable[[], Future[T]]", *, several: bool = False) -> T:
    """Ask the desk and wait. What it cannot do becomes a problem that says what may have been kept."""
    try:
        return await answered(ask())
    except Busy as full:
        raise busy(full.seconds) from None
    except Closing:
        raise Problem(503, "closing", "The service is being shut down", headers={"Retry-After": "5"}) from None
    except StoreError as error:
        kind = "disk-full" if isinstance(error, StoreFull) else "store"
        told = "Part of this request may have been kept" if several else "Whether this request was kept is not known"
        told += ". Send it again with the same ids: nothing is posted twice."
        raise Problem(503, kind, "The ledger cannot be written", told, headers={"Retry-After": "10"}) from None


def _keyed(request: Request, value: dict[str, Any]) -> dict[str, Any]:
    """Let an Idempotency-Key be the operation's id. A body that names another id contradicts its own header."""
    key = request.headers.get("idempotency-key", "").strip().strip('"')
    if not key:
        return value
    if value.get("id", key) != key:
        raise Problem(400, "key-differs", "Idempotency-Key and id differ", "They are the same thing: send one of them.")
    return value | {"id": key}


# ---- one at a time --------------------------------------------------------------------------------------------------


def _body(model: Any) -> dict[str, Any]:
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": model.model_json_schema(by_alias=True)}},
        }
    }


DRY = {
    "name": "dry_run", "in": "query", "description": "Decide, keep nothing.",
    "schema": {"type": "boolean", "default": False},
}  # fmt: skip


@router.post(
    "/transfers", status_code=201, response_model=models.Answer,
    responses=POSTING | {200: {"model": models.Answer}},
    openapi_extra=_body(models.Operation) | {"parameters": [DRY]}, operation_id="postTransfer",
)  # fmt: skip
async def transfer(request: Request) -> Response:
    """Post one operation. 201: it is on disk; 200: it was posted before under this id; 409: a problem, every reason."""
    # The one route that is called all the time: what FastAPI would find out for it, it finds out itself.
    desk, dry = desk_of(request), _dry(request)
    value = _keyed(request, object_of(await body_of(request), request))
    if "op" not in value:
        raise Problem(422, "unreadable", "This is no operation", "It has no `op`; records go to /api/v1/records.")
    (answer,) = await submitted(desk, [value], dry=dry)
    if answer.result in answers.GOOD:
        return _good(answer, dry=dry)
    return await _single(request, desk, words_of(request), value, answer, dry=dry)


def _good(answer: Answer, *, dry: bool) -> Response:
    """Return the answer to what stands in the journal, or would."""
    body, code = answers.document(answer, dry=dry), answers.status(answer)
    code = 200 if dry else code
    headers = {"Location": body["href"]} if code == HTTPStatus.CREATED else None
    return Response(msgspec.json.encode(body), code, headers, "application/json")


def _dry(request: Request) -> bool:
    told = request.query_params.get("dry_run", "false") if request.scope["query_string"] else "false"
    if told not in ("true", "false", "1", "0"):
        raise Problem(422, "unreadable", "The request cannot be read", "dry_run is true or false.", field="dry_run")
    return told in ("true", "1")


@router.post(
    "/records", status_code=201, response_model=models.Answer,
    responses=POSTING | {200: {"model": models.Answer}},
    openapi_extra=_body(models.Record), operation_id="postRecord",
)  # fmt: skip
async def record(
    request: Request,
    desk: Ledger,
    words: Words,
    dry_run: Annotated[bool, Query(description="Decide, keep nothing.")] = False,
) -> Response:
    """Give the ledger one record: a colour, an account, a limit, evidence, an approval."""
    value = object_of(await body_of(request), request)
    if "type" not in value or "op" in value:
        raise Problem(422, "unreadable", "This is no record", "It has no `type`; operations go to /api/v1/transfers.")
    (answer,) = await submitted(desk, [value], dry=dry_run)
    return await _single(request, desk, words, value, answer, dry=dry_run)


async def _single(
    request: Request, desk: Desk, words: Language, value: dict[str, Any], answer: Answer, *, dry: bool
) -> Response:
    if answer.result in answers.GOOD:
        return _good(answer, dry=dry)
    body, code = answers.document(answer, dry=dry), answers.status(answer)
    reasons: list[dict[str, Any]] = []
    if "op" in value and answer.result != "unreadable":
        reasons = await looked(desk, lambda book: answers.findings(book, value, words))
    title = reasons[0]["reason"] if reasons else answer.message or answer.result
    problem = Problem(code, answer.result.replace("_", "-"), title, answer.message, **body, findings=reasons)
    return problem.response(request)


@router.post(
    "/explain", response_model=models.Explained, responses=problems(400, 413, 415, 422),
    openapi_extra=_body(models.Operation), operation_id="explainTransfer",
)  # fmt: skip
async def explain(request: Request, desk: Ledger, words: Words) -> Response:
    """Say what would become of an operation, and list every rule that fails. Nothing is posted or queued."""
    value = object_of(await body_of(request), request)
    (answer,) = await submitted(desk, [value], dry=True)
    if answer.result == "unreadable":
        raise Problem(422, "unreadable", answer.message, field=answer.field)
    found = await looked(desk, lambda book: answers.findings(book, value, words))
    return JSONResponse({"result": answer.result, "findings": found})


# ---- many at a time -------------------------------------------------------------------------------------------------


@router.post(
    "/batches", response_model=models.Batch, responses=problems(400, 413, 415, 422),
    operation_id="postBatch",
    openapi_extra={"requestBody": {"required": True, "content": {
        "application/x-ndjson": {"schema": {"type": "string", "description": "An operation or record a line."}},
        "application/json": {"schema": {"type": "array", "items": {"type": "object"}, "maxItems": BATCH_LINES_MAX}},
        "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        "application/vnd.apache.arrow.stream": {"schema": {"type": "string", "format": "binary"}},
    }}},
)  # fmt: skip
async def batch(
    request: Request,
    desk: Ledger,
    only_counts: Annotated[bool, Query(description="Do not list an answer for each line.")] = False,
    dry_run: Annotated[bool, Query(description="Decide, keep nothing.")] = False,
) -> Response:
    """Submit many operations and records in order. Each line has its own answer; a bad line never hides another."""
    kind = FORMATS.get(request.headers.get("content-type", "").split(";")[0].strip().lower())
    if kind is None:
        raise Problem(415, "media-type", "The body has no type that is known", f"One of {', '.join(FORMATS)}.")
    data = await body_of(request, BATCH_BYTES_MAX)
    lines = await asyncio.to_thread(read_batch, kind, data)
    if len(lines) > BATCH_LINES_MAX:
        raise Problem(413, "too-large", "The batch is too large", f"At most {BATCH_LINES_MAX} lines.")
    if isinstance(lines, Bulk) and not dry_run and not lines.tangled:
        outcome = await _waited(lambda: desk.submit_bulk(lines), several=True)
    else:
        plain = lines.lines() if isinstance(lines, Bulk) else lines
        given = await _waited(lambda: desk.submit(plain, dry=dry_run), several=True)
        outcome = Outcome.of(given)
    text = await asyncio.to_thread(_told, outcome, only_counts=only_counts, dry=dry_run)
    return Response(text, 200, media_type="application/json")


def _told(outcome: Outcome, *, only_counts: bool, dry: bool) -> bytes:
    counts = outcome.counts()
    good = sum(counts.get(name, 0) for name in answers.GOOD)
    text = json.dumps({"lines": len(outcome.ids), "good": good, "results": counts}, separators=(",", ":"))
    if not only_counts:
        text = f'{text[:-1]},"answers":[{",".join(outcome.documents(dry=dry))}]}}'
    return text.encode()


# ---- looking --------------------------------------------------------------------------------------------------------


READING = problems(404) | {304: {"description": "As the caller has it already (If-None-Match)."}}
After = Annotated[int, Query(ge=-1, le=1 << 62, description="The number of the last one seen; -1 before the first.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="At most so many.")]


@router.get("/accounts", response_model=models.Page, responses=problems(422), operation_id="listAccounts")
async def accounts(
    desk: Ledger,
    after: After = -1,
    limit: Limit = 100,
    colour: Annotated[str, Query(max_length=200, description="Only accounts of this colour and those below it.")] = "",
) -> Response:
    """List accounts in the order in which they were made, with what they have."""
    items, last = await looked(desk, lambda book: answers.accounts(book, after, limit, colour))
    return _page("accounts", items, last, limit, **({"colour": colour} if colour else {}))


@router.get("/colours", response_model=models.Page, responses=problems(422), operation_id="listColours")
async def colours(desk: Ledger, after: After = -1, limit: Limit = 100) -> Response:
    """List colours in the order in which they were made, with their limits; the rules stand under each colour."""
    items, last = await looked(desk, lambda book: answers.colours(book, after, limit))
    return _page("colours", items, last, limit)


@router.get(
    "/accounts/{name:path}",
    response_model=answers.Account,
    responses=READING,
    operation_id="getAccount",
)
async def account(request: Request, name: str, desk: Ledger) -> Response:
    """Return what an account has, what is set aside, what it can still spend."""
    return _found(request, await looked(desk, lambda book: answers.account(book, name)), f"account {name:.80}")


@router.get(
    "/colours/{path:path}",
    response_model=answers.Colour,
    responses=READING,
    operation_id="getColour",
)
async def colour(request: Request, path: str, desk: Ledger) -> Response:
    """Return a colour: its rules in force with where each comes from, its limits and what is used of them."""
    return _found(request, await looked(desk, lambda book: answers.colour(book, path)), f"colour {path:.80}")


@router.get("/entries/{entry}", response_model=answers.Entry, responses=READING, operation_id="getEntry")
async def entry(request: Request, entry: str, desk: Ledger) -> Response:
    """Return one entry, by its number or by the id it was posted under. It never changes."""
    looked_at = request.scope.get("state", {}).get("entry", entry)  # which one it is, the gate has found out already
    found = await looked(desk, lambda book: answers.entry(book, looked_at))
    # An id of digits gives way to the entry of that number once there is one; every other answer stays.
    lasting = found is not None and (not entry.isdigit() or entry == str(found["entry"]))
    return _found(request, found, f"entry {entry:.40}", lasting=lasting)


@router.get("/entries", response_model=models.Page, responses=problems(422), operation_id="listEntries")
async def entries(
    request: Request,
    desk: Ledger,
    after: After = -1,
    limit: Limit = 100,
    wait: Annotated[int, Query(ge=0, le=FEED_SECONDS_MAX, description="Wait so many seconds for one to come.")] = 0,
) -> Response:
    """List entries in order: the feed that others follow. An entry once seen changes neither number nor content."""
    if wait:
        await request.app.state.feed.wait(after + 1, wait)
    items = await looked(desk, lambda book: answers.entries(book, after + 1, limit))
    return _page("entries", items, items[-1]["entry"] if items else after, limit)


def _page(what: str, items: list[dict[str, Any]], last: int | None, limit: int, **more: str) -> Response:
    """Return a part of a list. ``next`` is there as long as something may follow: a feed never ends."""
    following = None
    if last is not None and items:
        following = f"/api/v1/{what}?{urlencode({'after': last, 'limit': limit, **more})}"
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    return JSONResponse({"items": items, "next": following}, headers=headers)


def _found(request: Request, value: dict[str, Any] | None, what: str, *, lasting: bool = False) -> Response:
    """Return a thing with its ETag; 304 where the caller has it already, 404 where there is none."""
    if value is None:
        raise Problem(404, "not-found", f"There is no {what}")
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=31536000, immutable" if lasting else "private, no-cache"}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(data, 200, headers, "application/json")


class Express:
    """ASGI middleware, the innermost: takes the one route that is called all the time past the router to its function.

    The route stands in the router all the same: that is where its description is, and what its address is from.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._route = next(one for one in router.routes if isinstance(one, APIRoute) and one.endpoint is transfer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._route.path:
            await self._app(scope, receive, send)
            return
        scope["route"] = self._route  # the log asks for it
        request = Request(scope, receive, send)
        try:
            response = await transfer(request)
        except Problem as problem:
            response = problem.response(request)
        await response(scope, receive, send)


router.include_router(webhooks.router)
