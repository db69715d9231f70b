"""``/api/v1/iso20022``: payments in (pain.001), their status out (pain.002); statements, notifications, reconciliation.

Whatever takes long is done in a thread of its own, or in short looks between which the writer takes its turns: nobody
else waits for a message of 50,000 payments, nor for a journal that is read from its beginning.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import JSONResponse

from boyau.journal import Book
from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.ledger.codes import day_text
from boyau.records.iso20022 import bank_statement, initiation, posting, reconcile, status
from boyau.records.iso20022.instructions import Directory, MessageRefused, Owners
from boyau.records.iso20022.message import MESSAGE_BYTES_MAX, MessageError, SchemaMissing, Unwritable
from boyau.records.iso20022.movements import Enough, NoSuchAccount, NotAsked, day_asked, range_asked
from boyau.records.iso20022.numbers import Numbers
from boyau.records.iso20022.statement import Notification, Statement, moment
from boyau.service.api import Ledger, Words, looked, submitted
from boyau.service.bodies import body_of
from boyau.service.problems import Problem, busy, problems

router = APIRouter(prefix="/api/v1/iso20022", tags=["ISO 20022"])
XML = "application/xml"
TYPES = (XML, "text/xml")
WHERE = "message"
"""How sentences about what is wrong call the message."""
LOOK_SECONDS = 0.02
"""How long the journal is read in one look; then the writer has its turn."""
TOLD_AT_ONCE = 500
"""Payments whose refusals are put into words in one look."""
WAITING_MAX = 8
"""Who may wait for a message or for the journal to be read; of either one is read at a time."""

T = TypeVar("T")
_IN: dict[str, Any] = {
    "requestBody": {"required": True, "content": {XML: {"schema": {"type": "string", "maxLength": MESSAGE_BYTES_MAX}}}}
}
_OUT: dict[int | str, dict[str, Any]] = {
    200: {"description": "A message that conforms to its schema", "content": {XML: {"schema": {"type": "string"}}}}
}
Date = Annotated[
    str, Query(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", description="The day; by default that of the last entry.")
]
Span = Annotated[
    str, Query(pattern=r"^([0-9]{1,18}-[0-9]{1,18})?$", description="Entries FIRST-LAST, instead of a day.")
]
Page = Annotated[int, Query(ge=1, le=1 << 31, description="Which page of a day with very many entries.")]


class OneByOne:
    """Has one at a time do something costly; few wait for their turn, the rest are told to come back."""

    def __init__(self) -> None:
        self._free, self._waiting = asyncio.Semaphore(1), 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn, or raise ``Problem``."""
        if self._waiting >= WAITING_MAX:
            raise busy(10)
        self._waiting += 1
        try:
            async with self._free:
                yield
        finally:
            self._waiting -= 1


class Shared:
    """What the routes of one application share: the numbers of the outside world, who owns what, whose turn it is.

    The tree of a message takes ten times its size of memory, and reading the journal takes time from the writer.
    """

    def __init__(self, numbers: Numbers) -> None:
        self.numbers, self.owners = numbers, Owners()
        self.messages, self.journal = OneByOne(), OneByOne()

    async def read(self, reader: Callable[[bytes, str], T], data: bytes) -> T:
        """Read a message, in a thread."""
        async with self.messages.turn():
            return await asyncio.to_thread(reader, data, WHERE)


class Readable(Protocol):
    """What reads a journal in steps."""

    @property
    def more(self) -> bool:
        """True until everything has been read."""

    def step(self, book: Book, enough: Enough) -> None:
        """Read on, until it is enough."""


def shared(request: Request) -> Shared:
    """Return what the routes share."""
    found: Shared = request.app.state.iso20022
    return found


async def message_of(request: Request) -> bytes:
    """Return the XML that a request brings, within the bounds of a message."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in TYPES:
        raise Problem(415, "media-type", "The body must be application/xml", f"It says {kind!r:.60}.")
    return await body_of(request, MESSAGE_BYTES_MAX)


async def _told(words: Language, work: Callable[[], Awaitable[T]]) -> T:
    """Do *work*; what a message or a question has wrong becomes a problem."""
    try:
        return await work()
    except SchemaMissing as error:
        raise Problem(501, "not-installed", words.text(_("The schema is not installed here.")), str(error)) from None
    except MessageError as error:
        raise Problem(400, "unreadable", words.text(_("The message cannot be read.")), str(error)) from None
    except NoSuchAccount as error:
        raise Problem(404, "not-found", words.text(_("There is nothing here.")), str(error)) from None
    except NotAsked as error:
        if error.missing:
            raise Problem(404, "not-found", words.text(_("There is nothing here.")), str(error)) from None
        title = words.text(_("The field {field} is not what it must be."), field=f"`{error.field}`")
        raise Problem(422, "unreadable", title, str(error), field=error.field) from None
    except Unwritable as error:
        raise Problem(422, "unwritable", words.text(_("The message cannot be written.")), str(error)) from None


async def _read(desk: Any, here: Shared, of: Readable) -> None:
    """Read the journal for *of* in short looks; one at a time, or each would take the writer's time from the other."""
    async with here.journal.turn():
        while of.more:
            await looked(desk, lambda book: of.step(book, _for(LOOK_SECONDS)))


def _for(seconds: float) -> Enough:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until


# ---- payments in ----------------------------------------------------------------------------------------------------


@router.post(
    "/pain.001", responses=_OUT | problems(400, 413, 415, 422, 501), openapi_extra=_IN, operation_id="postInitiation",
    response_class=Response,
)  # fmt: skip
async def initiate(
    request: Request,
    desk: Ledger,
    words: Words,
    dry_run: Annotated[bool, Query(description="Decide, keep nothing.")] = False,
) -> Response:
    """Post the payments of a pain.001; the answer is the pain.002 with a status for each. Sent again: nothing twice."""
    data, here = await message_of(request), shared(request)

    async def work() -> bytes:
        created, originator = await looked(desk, lambda book: (moment(book.now()), posting.originator(book)))
        telling: Any = {"created": created, "originator": originator}
        try:
            message = await here.read(initiation.read, data)
        except MessageRefused as refused:
            if refused.message is None:  # pragma: no cover - the reader always gives it
                raise
            return status.write_refused(refused.message, refused, words, **telling)

        directory = await looked(desk, lambda book: Directory(book.ledger, here.numbers, here.owners))
        lines, faults = await asyncio.to_thread(posting.operations, directory, message)
        answers = await submitted(desk, lines, dry=dry_run)
        teller = await looked(desk, lambda book: posting.Teller(book, words, faults, kept=not dry_run))
        outcomes: list[posting.Outcome] = []
        asked = list(zip(range(len(answers)), message.instructions, answers, strict=True))
        for begin in range(0, len(asked), TOLD_AT_ONCE):
            part = asked[begin : begin + TOLD_AT_ONCE]
            outcomes += await looked(desk, partial(_tell, teller, part))
        return await asyncio.to_thread(status.write, message, outcomes, **telling)

    return Response(await _told(words, work), media_type=XML)


def _tell(teller: posting.Teller, part: list[Any], _book: Book) -> list[posting.Outcome]:
    return [teller.tell(*one) for one in part]


# ---- statements and notifications out -------------------------------------------------------------------------------


@router.get(
    "/camt.053/{name:path}", responses=_OUT | problems(404, 422, 501), operation_id="getStatement",
    response_class=Response,
)  # fmt: skip
async def statement(
    request: Request, name: str, desk: Ledger, words: Words, date: Date = "", page: Page = 1
) -> Response:
    """Return the statement of an account for one day, camt.053: opening balance, entries, closing balance."""
    here = shared(request)

    def begin(book: Book) -> Statement:
        if name not in book.ledger.accounts:
            raise NoSuchAccount(f"there is no account {name:.80}")
        return Statement(book, name, day_asked(book, date), here.numbers)

    async def work() -> Response:
        made = await looked(desk, begin)
        await _read(desk, here, made.reading)
        data, found, pages = await asyncio.to_thread(made.write, page=page)
        query = urlencode({"date": day_text(found.first), "page": page + 1})
        following = f"/api/v1/iso20022/camt.053/{quote(name, safe='@/')}?{query}"
        headers = {"Link": f'<{following}>; rel="next"'} if page < pages else {}
        return Response(data, headers=headers, media_type=XML)

    return await _told(words, work)


@router.get("/camt.054", responses=_OUT | problems(422, 501), operation_id="getNotifications", response_class=Response)
async def notifications(request: Request, desk: Ledger, words: Words, date: Date = "", entries: Span = "") -> Response:
    """Return a notification of every debit and credit of a day, or of a range of entries: camt.054 of all accounts."""
    return await _notified(request, desk, words, (), date, entries)


@router.get(
    "/camt.054/{name:path}", responses=_OUT | problems(404, 422, 501), operation_id="getNotification",
    response_class=Response,
)  # fmt: skip
async def notification(
    request: Request, name: str, desk: Ledger, words: Words, date: Date = "", entries: Span = ""
) -> Response:
    """Return a notification of every debit and credit of one account: camt.054."""
    return await _notified(request, desk, words, (name,), date, entries)


async def _notified(
    request: Request, desk: Any, words: Language, accounts: tuple[str, ...], date: str, entries: str
) -> Response:
    here = shared(request)

    def begin(book: Book) -> Notification:
        for name in accounts:
            if name not in book.ledger.accounts:
                raise NoSuchAccount(f"there is no account {name:.80}")
        if date and entries:
            raise NotAsked("entries", "name a day or a range of entries, not both")
        day, span = day_asked(book, date), range_asked(book, entries)
        return Notification(book, accounts, here.numbers, days=None if span else (day, day), entries=span)

    async def work() -> bytes:
        made = await looked(desk, begin)
        await _read(desk, here, made)
        return (await asyncio.to_thread(made.write))[0]

    return Response(await _told(words, work), media_type=XML)


# ---- a bank's statement ---------------------------------------------------------------------------------------------


@router.post(
    "/camt.053", responses=problems(400, 404, 413, 415, 422, 501), openapi_extra=_IN, operation_id="reconcileStatement"
)
async def reconciled(
    request: Request,
    desk: Ledger,
    words: Words,
    of: Annotated[str, Query(max_length=600, description="The account or colour here, where it is not said.")] = "",
) -> Response:
    """Compare a bank's camt.053 with the coloured money outstanding, and list every difference. Nothing is kept."""
    data, here = await message_of(request), shared(request)

    async def work() -> list[dict[str, Any]]:
        read = await here.read(bank_statement.read, data)
        out = []
        for one in bank_statement.joined(read, WHERE):
            name = of or reconcile.target_of(one, here.numbers, WHERE)
            compared = await looked(desk, partial(_begun, one, name))
            await _read(desk, here, compared.reading)
            out.append((await asyncio.to_thread(compared.compare)).facts())
        return out

    return JSONResponse({"items": await _told(words, work)})


def _begun(statement: bank_statement.BankStatement, name: str, book: Book) -> reconcile.Comparison:
    return reconcile.Comparison(book, statement, name, WHERE)
