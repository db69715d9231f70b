"""The door: identifies every request, decides whether its route is open to the caller, and records it.

It stands before the routes: a route that ``roles.toml`` does not name does not exist.
"""

import hmac
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boyau.journal.find import describe_entry, entry_number
from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.service.api import words_of
from boyau.service.desk import Busy, Closing, Desk
from boyau.service.feed import answered
from boyau.service.gate.access import Access
from boyau.service.gate.desk import refused
from boyau.service.gate.policy import Facts, account_facts
from boyau.service.gate.turn import TURN, Turn
from boyau.service.identity.nonces import NoncesFull
from boyau.service.identity.people import Caller
from boyau.service.identity.sessions import COOKIE, csrf_token
from boyau.service.identity.signatures import Digest, NotSigned
from boyau.service.problems import Problem, busy

SAFE = frozenset({"GET", "HEAD"})
DOORS = frozenset({"submit", "explain"})
"""Routes with lines behind them: here it is asked whether the caller may submit anything at all."""
OPEN = frozenset({"open", "see"})
"""For everybody, so nothing is decided: what a page shows beyond that it asks for itself."""
NOBODY = Caller()
ATTEMPTS = ("POST /api/v1/sign-in", "POST /api/v1/sign-in/", "GET /api/v1/sign-in/oidc/")


def too_often(words: Language, seconds: int) -> Problem:
    """Return what is said to who asks too often."""
    title = words.text(_("Too many requests. Try again in {seconds} s."), seconds=seconds)
    return Problem(429, "too-often", title, headers={"Retry-After": str(seconds)})


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, access: Access, desk: Desk) -> None:
        self._app, self._access, self._desk = app, access, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a websocket has no row in the table
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope)
        try:
            turn, digest = await self._admit(request)
        except Problem as problem:
            await problem.response(request)(scope, receive, send)
            return
        body = receive if digest is None else self._hashing(receive, digest, turn.words)
        token = TURN.set(turn)
        try:
            await self._app(scope, body, _Written(turn, request, send))
        finally:
            TURN.reset(token)

    def _hashing(self, receive: Receive, digest: Digest, words: Language) -> Receive:
        """Return *receive*, which refuses a body that is not what was signed before its last part is handed on."""

        async def hashed() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                try:
                    digest.take(message.get("body", b""), last=not message.get("more_body", False))
                except NotSigned as error:
                    raise _unsigned(words, error) from None
            return message

        return hashed

    async def _admit(self, request: Request) -> tuple[Turn, Digest | None]:
        """Let a request in, or raise ``Problem``."""
        access, words = self._access, words_of(request)
        address = self._address(request)
        path = request.scope["path"]  # what the routes match, and not the address: there # would end it
        found = access.policy.route(request.method, path)
        if found is None:
            if access.policy.known(path):
                raise Problem(405, "method", words.text(_("This cannot be done here.")))
            raise Problem(404, "not-found", words.text(_("There is nothing here.")))
        template, action, values = found
        route = f"{'GET' if request.method == 'HEAD' else request.method} {template}"
        caller, digest = self._identify(request, words, address)
        turn = Turn(caller, route, action, words, address)
        if caller.account:
            request.scope.setdefault("state", {})["caller"] = caller.account  # for the log, which hashes it
        self._limit(turn)
        if caller.session and request.method not in SAFE:
            self._same_site(request, turn)
        if action in OPEN:
            return turn, digest
        facts = None if action in DOORS else await self._facts(request, action, values)
        verdict = access.policy.decide(caller.grants, action, facts)
        if action not in ("self", *DOORS) or not verdict.allowed:
            resource = " ".join((route, *(facts.colours[:1] if facts else ())))
            access.told(turn, action, resource, allowed=verdict.allowed, rule=verdict.rule)
        if not verdict.allowed:
            await _durable(turn)
            if not caller.account:
                raise _unknown(words)
            raise refused(turn, verdict.rule)
        return turn, digest

    # ---- who asks ---------------------------------------------------------------------------------------------------

    def _address(self, request: Request) -> str:
        """Return the caller's address: the peer's, or what a trusted proxy says it is."""
        peer = request.client.host if request.client else ""
        told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return told if told and self._access.is_trusted(peer) else peer

    def _identify(self, request: Request, words: Language, address: str) -> tuple[Caller, Digest | None]:
        access, headers = self._access, request.headers
        if "signature" in headers or "signature-input" in headers:
            wait = access.attempts.take(address, look=True)
            if wait:
                raise too_often(words, wait)
            try:
                signed = access.signatures.check(request.scope)
            except NotSigned as error:
                access.attempts.take(address)
                raise _unsigned(words, error) from None
            except NoncesFull:
                raise busy(60) from None
            grants = access.people.grants(signed.account)
            return Caller(signed.account, "machine", "signature", grants), Digest(signed.digest)
        if access.certificate_header and access.certificate_header in headers:
            return self._certified(headers, request), None
        secret = _cookie(headers)
        return (access.sessions.caller(secret) if secret else None) or NOBODY, None

    def _certified(self, headers: Headers, request: Request) -> Caller:
        """Return the machine whose certificate a trusted proxy has checked; the word of others does not count."""
        access = self._access
        values = headers.getlist(access.certificate_header)
        if not access.is_trusted(request.client.host if request.client else "") or len(values) != 1:
            return NOBODY
        try:
            spki = bytes.fromhex(values[0])
        except ValueError:
            return NOBODY
        account = access.people.certified(spki)
        return Caller(account, "machine", "certificate", access.people.grants(account)) if account else NOBODY

    def _limit(self, turn: Turn) -> None:
        access, caller = self._access, turn.caller
        wait = access.callers.take(caller.account) if caller.account else access.public.take(turn.address)
        if not wait and turn.route.startswith(ATTEMPTS):
            wait = access.attempts.take(turn.address)
        if wait:
            raise too_often(turn.words, wait)

    def _same_site(self, request: Request, turn: Turn) -> None:
        """Refuse what another site has the browser of a signed-in person send."""
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        ours = origin == self._access.origin if origin is not None else site in ("same-origin", "none")
        token = request.headers.get("x-csrf-token", "")
        if not ours or not hmac.compare_digest(token.encode(), csrf_token(turn.caller.secret).encode()):
            self._access.told(turn, turn.action, turn.route, allowed=False, rule="csrf")
            raise Problem(403, "cross-site", turn.words.text(_("This request did not come from our own pages.")))

    # ---- what about -------------------------------------------------------------------------------------------------

    async def _facts(self, request: Request, action: str, values: dict[str, str]) -> Facts:
        if action == "read.account":
            return account_facts(values["name"])
        if action == "read.entry":
            return await self._entry(request, values["entry"])
        return Facts()

    async def _entry(self, request: Request, name: str) -> Facts:
        """Return what an entry is about: either side of an operation, the colour and the author of a record."""

        def look(book: Any) -> Facts:
            number = entry_number(book, name)
            if number is None:
                return Facts()
            # An id of digits may mean another entry a moment later: this one was looked at, this one is shown.
            request.scope.setdefault("state", {})["entry"] = str(number)
            told = describe_entry(book, number)
            if "op" in told:
                return account_facts(told.get("from"), told.get("to"))
            sides = account_facts(told.get("account"))
            colours = (*sides.colours, *([told["colour"]] if isinstance(told.get("colour"), str) else ()))
            named = (told.get(name) for name in ("by", "participant"))
            return Facts(colours, (*sides.holders, *(one for one in named if isinstance(one, str))))

        try:
            return await answered(self._desk.call(look))
        except Busy as full:
            raise busy(full.seconds) from None
        except Closing:
            raise busy(5) from None


class _Written:
    """Sends the answer when the decisions that led to it are on disk; where they cannot be, another one."""

    def __init__(self, turn: Turn, request: Request, send: Send) -> None:
        self._turn, self._request, self._send, self._failed = turn, request, send, False

    async def __call__(self, message: Message) -> None:
        if self._failed:
            return
        if message["type"] == "http.response.start" and self._request.method not in SAFE:
            try:
                await _durable(self._turn)
            except Problem as problem:
                self._failed = True
                answer = problem.response(self._request)
                await self._send(
                    {"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers}
                )
                await self._send({"type": "http.response.body", "body": bytes(answer.body)})
                return
        await self._send(message)


async def _durable(turn: Turn) -> None:
    try:
        for one in turn.written:
            await answered(one)
    except Exception:  # noqa: BLE001 - a full disk, a broken one: it is logged where it happens
        title = turn.words.text(_("Decisions cannot be recorded, so nothing is answered."))
        raise Problem(503, "decisions", title, headers={"Retry-After": "10"}) from None


def _unsigned(words: Language, error: NotSigned) -> Problem:
    headers = {"WWW-Authenticate": 'Signature tag="boyau"'}
    return Problem(401, "signature", words.text(error.source, **error.values), headers=headers)


def _unknown(words: Language) -> Problem:
    headers = {"WWW-Authenticate": 'Signature tag="boyau"'}
    return Problem(401, "sign-in", words.text(_("Sign in, or sign the request.")), headers=headers)


def _cookie(headers: Headers) -> str:
    """Return the session's secret from the cookies, "" where there is none or more than one."""
    pairs = [one.strip().partition("=") for one in headers.get("cookie", "").split(";")]
    found = [value for name, _, value in pairs if name == COOKIE]
    return found[0] if len(found) == 1 else ""
