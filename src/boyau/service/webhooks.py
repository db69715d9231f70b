"""Webhooks: entries sent to those who asked, in order, at least once, signed (standardwebhooks.com, HMAC-SHA256).

Each receiver has a place in the journal. What is due is sent from there, up to 100 entries at a time, and the place
moves on only when the receiver has answered 2xx. A message keeps its id and its entries through all repetitions, so a
receiver can tell a repetition by the id. Retries come after 1, 2, 4 … seconds, at most an hour apart; a receiver that
has failed for five days is paused, and told of in the list.

Messages go to public addresses only, over HTTPS, without following redirects: a receiver's address is somebody's input,
and must not become a way into the network that this service stands in.
"""

import base64
import hashlib
import hmac
import ipaddress
import os
import random
import secrets
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from boyau.service import answers
from boyau.service.desk import Busy, Closing, Desk
from boyau.service.problems import Problem, problems

ENTRIES_MAX = 100
"""Entries in one message."""
TIMEOUT_SECONDS = 10.0
RETRY_SECONDS_MAX = 3600.0
GIVE_UP_SECONDS = 5 * 86_400
WORKERS = 8
URL_CHARS_MAX = 2048
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_SCHEMA = """
create table if not exists hook (
  id text primary key, url text not null, secret text not null, created integer not null,
  next integer not null,                 -- the first entry that it has not acknowledged
  last integer not null default -1,      -- end of the message under way: a repetition holds the same entries
  failures integer not null default 0, failing_since integer not null default 0, due real not null default 0,
  state text not null default 'active', said text not null default ''
) strict
"""
_SHOWN = "id, url, created, next, failures, state, said"


class HookError(ValueError):
    """A webhook that cannot be registered; the message says why."""


class TooManyError(HookError):
    """There are as many webhooks as there may be."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A receiver: where its messages go, and how far it is."""

    id: str
    url: str
    created: int
    next: int
    failures: int
    state: str
    said: str

    def document(self) -> dict[str, Any]:
        """Return it as JSON; the secret is never shown again."""
        return asdict(self)


def sign(secret: str, identity: str, at: int, body: bytes) -> str:
    """Return the signature of a message, as standardwebhooks.com has it: HMAC-SHA256 over ``id.timestamp.body``."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{identity}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def resolve(url: str, *, private: bool) -> tuple[str, str]:
    """Return (host, address to connect to) of a receiver; raises ``HookError`` where it may not be sent to.

    The address is checked and then used: a name that means something else a moment later changes nothing.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise HookError("this is no address of the web") from None
    if len(url) > URL_CHARS_MAX or not host or parts.username is not None or parts.fragment:
        raise HookError("write https://host/path, without user name and fragment")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise HookError("only https is sent to")
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise HookError("the host has no address") from None
    addresses = [str(one[4][0]) for one in found]
    if not private and not all(_public(one) for one in addresses):
        raise HookError("the host has a private or local address")
    return host, addresses[0]


def _public(text: str) -> bool:
    one = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        inner = one.ipv4_mapped or one.sixtofour or (one.teredo[1] if one.teredo else None)
        if one in _TRANSLATED:  # RFC 6052: the last 32 bits are an IPv4 address, behind a translator
            inner = ipaddress.IPv4Address(int(one) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global
    return one.is_global and not one.is_multicast


class Hooks:
    """Receivers and their deliveries. One thread looks what is due; a few send."""

    def __init__(
        self,
        desk: Desk,
        path: str,
        *,
        most: int = 64,
        private: bool = False,
        clock: Callable[[], float] = time.time,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._desk, self._most, self._private, self._clock = desk, most, private, clock
        if path != ":memory:":  # SQLite gives its other files the same rights
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=full")
        self._db.execute(_SCHEMA)
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._closing = False
        self._busy: set[str] = set()
        self._client = httpx.Client(
            transport=transport, timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
        )
        self._pool = ThreadPoolExecutor(WORKERS, "boyau-webhook")
        desk.watchers.append(lambda _entries: self._changed.set())
        self._thread = threading.Thread(target=self._run, name="boyau-webhooks", daemon=True)
        self._thread.start()

    # ---- registering ------------------------------------------------------------------------------------------------

    def add(self, url: str, after: int | None = None) -> tuple[Hook, str]:
        """Register a receiver of the entries after *after* (by default of those to come); return it and its secret."""
        resolve(url, private=self._private)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        identity = "wh_" + uuid.uuid4().hex
        first = self._desk.entries if after is None else after + 1
        with self._lock:
            (count,) = self._db.execute("select count(*) from hook").fetchone()
            if count >= self._most:
                raise TooManyError(f"At most {self._most}.")
            facts = (identity, url, secret, int(self._clock()), first)
            self._db.execute("insert into hook (id, url, secret, created, next) values (?, ?, ?, ?, ?)", facts)
        self._changed.set()
        return self.all(identity)[0], secret

    def all(self, identity: str | None = None) -> list[Hook]:
        """Return the receivers, or the one with that id."""
        with self._lock:
            query = f"select {_SHOWN} from hook where ?1 is null or id = ?1 order by created, id"  # noqa: S608 - names
            return [Hook(*row) for row in self._db.execute(query, (identity,))]

    def remove(self, identity: str) -> bool:
        """Forget a receiver; False where there is none."""
        with self._lock:
            return self._db.execute("delete from hook where id = ?", (identity,)).rowcount > 0

    def move(self, identity: str, after: int) -> bool:
        """Send again from the entry after *after*, also to a receiver that was paused; False where there is none."""
        with self._lock:
            moved = self._db.execute(
                "update hook set next = ?, last = -1, failures = 0, failing_since = 0, due = 0, state = 'active',"
                " said = '' where id = ?", (after + 1, identity)
            ).rowcount  # fmt: skip
        self._changed.set()
        return moved > 0

    def close(self) -> None:
        """Stop. What is under way is finished or repeated after the next start."""
        self._closing = True
        self._changed.set()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)
        self._client.close()
        self._db.close()

    # ---- sending ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            self._changed.clear()
            now = self._clock()
            with self._lock:
                query = "select id, due from hook where state = 'active' and (next < ? or last >= 0)"
                waiting = self._db.execute(query, (self._desk.entries,)).fetchall()
            for identity, due in waiting:
                if due <= now and identity not in self._busy:
                    self._busy.add(identity)
                    self._pool.submit(self._deliver, identity)
            next_due = min((due for identity, due in waiting if identity not in self._busy), default=now + 60)
            self._changed.wait(max(0.05, min(60.0, next_due - now)))

    def _deliver(self, identity: str) -> None:
        """Send one message, and note what became of it."""
        try:
            with self._lock:
                row = self._db.execute("select url, secret, next, last from hook where id = ?", (identity,)).fetchone()
            if row is None:
                return
            url, secret, first, last = row
            count = last - first + 1 if last >= first else ENTRIES_MAX
            entries = self._desk.call(lambda book: answers.entries(book, first, count)).result()
            if not entries:
                return
            end = first + len(entries) - 1
            with self._lock:
                self._db.execute("update hook set last = ? where id = ? and next = ?", (end, identity, first))
            ok, gone, said = self._send(url, secret, f"{identity}_{first}_{end}", entries)
            self._note(identity, first, end, ok=ok, gone=gone, said=said)
        except (Busy, Closing):
            pass  # the service has more urgent things to do; the message stays due
        except Exception as error:  # noqa: BLE001 - whatever it is, the receiver's place must not move
            with suppress(sqlite3.Error):
                self._note(identity, -1, -1, ok=False, gone=False, said=type(error).__name__)
        finally:
            self._busy.discard(identity)
            self._changed.set()

    def _send(self, url: str, secret: str, identity: str, entries: list[dict[str, Any]]) -> tuple[bool, bool, str]:
        at = int(self._clock())
        body = msgspec.json.encode({"type": "entries", "timestamp": at, "data": {"entries": entries}})
        try:
            host, address = resolve(url, private=self._private)
            parts = urlsplit(url)
            place = f"[{address}]" if ":" in address else address
            target = parts._replace(netloc=place + (f":{parts.port}" if parts.port else "")).geturl()
            headers = {
                "host": parts.netloc, "content-type": "application/json", "user-agent": "boyau",
                "webhook-id": identity, "webhook-timestamp": str(at),
                "webhook-signature": sign(secret, identity, at, body),
            }  # fmt: skip
            extensions = {"sni_hostname": host}
            with self._client.stream("POST", target, content=body, headers=headers, extensions=extensions) as response:
                return response.is_success, response.status_code == 410, str(response.status_code)
        except HookError as error:
            return False, False, str(error)
        except httpx.HTTPError as error:
            return False, False, type(error).__name__

    def _note(self, identity: str, first: int, end: int, *, ok: bool, gone: bool, said: str) -> None:
        now = self._clock()
        with self._lock:
            if ok:  # nothing, if somebody has moved its place meanwhile
                self._db.execute(
                    "update hook set next = ?, last = -1, failures = 0, failing_since = 0, due = 0, said = ?"
                    " where id = ? and next = ?", (end + 1, said, identity, first)
                )  # fmt: skip
                return
            row = self._db.execute("select failures, failing_since from hook where id = ?", (identity,)).fetchone()
            if row is None:
                return
            failures, since = row[0] + 1, row[1] or int(now)
            pause = min(RETRY_SECONDS_MAX, 2.0 ** min(failures - 1, 12))
            pause *= 1 + random.random() / 4  # noqa: S311 - so that receivers of one host do not come back together
            state = "gone" if gone else "paused" if now - since > GIVE_UP_SECONDS else "active"
            self._db.execute(
                "update hook set failures = ?, failing_since = ?, due = ?, state = ?, said = ? where id = ?",
                (failures, since, now + pause, state, said, identity),
            )


# ---- routes ---------------------------------------------------------------------------------------------------------

router = APIRouter(prefix="/webhooks")
Place = Annotated[int, Field(ge=-1, lt=1 << 62, description="The number of the entry before the first that is sent.")]


class NewHook(BaseModel):
    """Where to send entries, and from where in the journal on."""

    model_config = ConfigDict(strict=True, extra="forbid")
    url: Annotated[str, Field(min_length=1, max_length=URL_CHARS_MAX, examples=["https://example.kz/entries"])]
    after: Place | None = None


class Move(BaseModel):
    """From where in the journal to send again."""

    model_config = ConfigDict(strict=True, extra="forbid")
    after: Place


class Told(BaseModel):
    """A webhook: how far it is, and how its receiver answered last."""

    id: str
    url: str
    created: int
    next: int
    failures: int
    state: Annotated[str, Field(json_schema_extra={"enum": ["active", "paused", "gone"]})]
    said: str
    secret: str | None = None


class All(BaseModel):
    """All webhooks."""

    items: list[Told]


def hooks_of(request: Request) -> Hooks:
    """Return the webhooks of this service."""
    hooks: Hooks | None = getattr(request.app.state, "hooks", None)
    if hooks is None:
        raise Problem(404, "webhooks-off", "Webhooks are not switched on")
    return hooks


@router.post("", status_code=201, response_model=Told, responses=problems(404, 409, 422), operation_id="addWebhook")
def add(request: Request, new: NewHook) -> Response:
    """Register a webhook. The answer holds its secret, which is never shown again."""
    try:
        hook, secret = hooks_of(request).add(new.url, new.after)
    except TooManyError as error:
        raise Problem(409, "webhooks-full", "There are too many webhooks", str(error)) from None
    except HookError as error:
        raise Problem(422, "webhook-url", "This cannot be sent to", str(error), field="url") from None
    headers = {"Location": f"/api/v1/webhooks/{hook.id}"}
    return JSONResponse(hook.document() | {"secret": secret}, 201, headers)


@router.get("", response_model=All, responses=problems(404), operation_id="listWebhooks")
def every(request: Request) -> Response:
    """List webhooks."""
    return JSONResponse({"items": [one.document() for one in hooks_of(request).all()]})


@router.get("/{hook}", response_model=Told, responses=problems(404), operation_id="getWebhook")
def one(request: Request, hook: str) -> Response:
    """Return one webhook."""
    found = hooks_of(request).all(hook)
    if not found:
        raise Problem(404, "not-found", "There is no such webhook")
    return JSONResponse(found[0].document())


@router.delete("/{hook}", status_code=204, responses=problems(404), operation_id="removeWebhook")
def remove(request: Request, hook: str) -> Response:
    """Forget a webhook: nothing more is sent."""
    if not hooks_of(request).remove(hook):
        raise Problem(404, "not-found", "There is no such webhook")
    return Response(status_code=204)


@router.put("/{hook}/place", response_model=Told, responses=problems(404, 422), operation_id="moveWebhook")
def move(request: Request, hook: str, to: Move) -> Response:
    """Send again from another place in the journal, or wake a webhook that was paused."""
    if not hooks_of(request).move(hook, to.after):
        raise Problem(404, "not-found", "There is no such webhook")
    return JSONResponse(hooks_of(request).all(hook)[0].document())
