"""Administration of an installation: people, machines and their keys, sessions; and decisions for auditors."""

import asyncio
import re
import secrets
import sqlite3
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import JSONResponse

from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.service.api import Words
from boyau.service.bodies import body_of, object_of
from boyau.service.gate.grants import NotNow
from boyau.service.gate.turn import TURN
from boyau.service.identity.people import LABEL_MAX
from boyau.service.identity.routes import PROBLEMS, Door
from boyau.service.problems import Problem

router = APIRouter(prefix="/api/v1", tags=["administration"])
_HEX = re.compile(r"[0-9a-f]{64}")


async def json_of(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request brings."""
    return object_of(await body_of(request), request)


def text_of(body: dict[str, Any], field: str, words: Language, pattern: re.Pattern[str] | None = None) -> str:
    """Return a text of the body, "" where it is left out."""
    value = body.get(field, "")
    if not isinstance(value, str) or len(value) > 600 or (value and pattern and not pattern.fullmatch(value)):
        title = words.text(_("The field {field} is not what it must be."), field=f"`{field}`")
        raise Problem(422, "unreadable", title, field=field)
    return value


def _label(body: dict[str, Any], words: Language) -> str:
    text = text_of(body, "label", words).strip()
    if not text or len(text) > LABEL_MAX or not text.isprintable():
        title = words.text(_("The field {field} is not what it must be."), field="`label`")
        raise Problem(422, "unreadable", title, field="label")
    return text


def _there(door: Any, account: str, kind: str, words: Language) -> None:
    if not kind or door.people.kind(account) != kind:
        raise Problem(404, "not-found", words.text(_("There is nothing here.")))


def own(words: Language) -> Problem:
    """Return the problem of what nobody may do for themselves."""
    return Problem(403, "own", words.text(_("Somebody else must do this for you.")))


def not_now(error: NotNow, words: Language) -> Problem:
    """Return the problem of what cannot be asked for or agreed to."""
    if error.rule == "maker":
        return Problem(403, "own", words.text(_("Who asked for it may not agree to it.")), rule="four-eyes/maker")
    if error.rule == "own":
        return own(words)
    if error.rule == "gone":
        return Problem(404, "not-found", words.text(_("There is nothing here.")))
    return Problem(409, "waiting", words.text(_("This waits for another administrator already, or too much does.")))


def taken(words: Language) -> Problem:
    """Return the problem of a key or an identity that is somebody's."""
    return Problem(409, "taken", words.text(_("This belongs to an account already.")))


# ---- people ---------------------------------------------------------------------------------------------------------


@router.get("/people", responses=PROBLEMS, operation_id="listPeople")
async def people(door: Door) -> Response:
    """List people with what they were granted."""
    return JSONResponse({"items": door.people.accounts("person"), "next": None})


@router.post("/people", status_code=201, responses=PROBLEMS, operation_id="addPerson")
async def add_person(request: Request, words: Words, door: Door) -> Response:
    """Add a person. The answer has a link for them, good once and for 15 minutes; hand it over in person."""
    body = await json_of(request)
    label = _label(body, words)
    issuer, subject = text_of(body, "issuer", words), text_of(body, "subject", words)

    def add() -> tuple[str, str]:
        with door.store.change():
            account = door.people.add("person", label)
            if issuer and subject:
                door.people.join(account, issuer, subject)
            return account, door.store.link(account, door.origin)

    try:
        account, link = await asyncio.to_thread(add)
    except sqlite3.IntegrityError:
        raise taken(words) from None
    door.told(TURN.get(), "admin.people", account, allowed=True, rule="added")
    return JSONResponse({"account": account, "link": link}, 201, {"Location": f"/api/v1/people/{account}"})


@router.post("/people/{account}/link", status_code=201, responses=PROBLEMS, operation_id="linkPerson")
async def link_person(account: str, words: Words, door: Door) -> Response:
    """Make a new link for a person who has lost their passkeys. Roles given under four eyes wait for consent again."""
    _there(door, account, "person", words)
    by = TURN.get().caller.account
    if account == by:
        raise own(words)

    def make() -> tuple[str, int]:
        with door.store.change():
            return door.store.link(account, door.origin), door.grants.linked(account, by)

    try:
        link, again = await asyncio.to_thread(make)
    except NotNow as error:
        raise not_now(error, words) from None
    door.told(
        TURN.get(), "admin.people", account, allowed=True, rule=f"linked, {again} to agree" if again else "linked"
    )
    return JSONResponse({"account": account, "link": link}, 201)


@router.delete("/people/{account}", status_code=204, responses=PROBLEMS, operation_id="removePerson")
async def remove_person(account: str, words: Words, door: Door) -> Response:
    """End a person's account: name and passkeys are erased, sessions end; the id stays in the history."""
    return await _remove(door, account, "person", words)


async def _remove(door: Any, account: str, kind: str, words: Language) -> Response:
    _there(door, account, kind, words)
    if account == TURN.get().caller.account:
        raise own(words)
    await asyncio.to_thread(door.people.remove, account)
    door.told(
        TURN.get(), f"admin.{'people' if kind == 'person' else 'machines'}", account, allowed=True, rule="removed"
    )
    return Response(status_code=204)


# ---- machines -------------------------------------------------------------------------------------------------------


@router.get("/machines", responses=PROBLEMS, operation_id="listMachines")
async def machines(door: Door) -> Response:
    """List machines with their keys and what they were granted."""
    return JSONResponse({"items": door.people.accounts("machine"), "next": None})


@router.post("/machines", status_code=201, responses=PROBLEMS, operation_id="addMachine")
async def add_machine(request: Request, words: Words, door: Door) -> Response:
    """Add a machine with its public key (Ed25519), or the SHA-256 of its certificate's public key; both hexadecimal."""
    body = await json_of(request)
    label = _label(body, words)

    def add() -> tuple[str, str]:
        with door.store.change():
            account = door.people.add("machine", label)
            return account, _key(door, account, body, words)[0]  # it has no role yet, so nobody has to agree

    try:
        account, key = await asyncio.to_thread(add)
    except sqlite3.IntegrityError:
        raise taken(words) from None
    door.told(TURN.get(), "admin.machines", account, allowed=True, rule="added")
    return JSONResponse({"account": account, "key": key}, 201, {"Location": f"/api/v1/machines/{account}"})


def _key(door: Any, account: str, body: dict[str, Any], words: Language, by: str = "") -> tuple[str, int]:
    """Add the key that *body* names; return what it is called, its ``keyid``, and the number if it has to wait."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public, spki = text_of(body, "public_key", words, _HEX), text_of(body, "certificate_spki", words, _HEX)
    if bool(public) == bool(spki):
        title = words.text(_("Give either {one} or {other}."), one="`public_key`", other="`certificate_spki`")
        raise Problem(422, "unreadable", title, field="public_key")
    if public:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        if door.store.row("select 1 from machine_key where public = ?", bytes.fromhex(public)):
            raise taken(words)  # also one that was revoked: a stolen key never comes back
    key = f"k-{secrets.token_hex(6)}"
    return key, door.grants.ask_key(account, key, bytes.fromhex(public) or None, bytes.fromhex(spki) or None, by)


@router.post("/machines/{account}/keys", status_code=201, responses=PROBLEMS, operation_id="addKey")
async def add_key(request: Request, account: str, words: Words, door: Door) -> Response:
    """Add a further key to a machine, to change keys without a pause. 202: it waits for another administrator."""
    body = await json_of(request)
    _there(door, account, "machine", words)
    try:
        key, waiting = await asyncio.to_thread(_key, door, account, body, words, TURN.get().caller.account)
    except NotNow as error:
        raise not_now(error, words) from None
    except sqlite3.IntegrityError:
        raise taken(words) from None
    rule = "key asked" if waiting else "key added"
    door.told(TURN.get(), "admin.machines", f"{account} {key}", allowed=True, rule=rule)
    value = {"account": account, "key": key} | ({"pending": waiting} if waiting else {})
    return JSONResponse(value, 202 if waiting else 201)


@router.delete("/machines/{account}/keys/{key}", status_code=204, responses=PROBLEMS, operation_id="revokeKey")
async def revoke_key(account: str, key: str, words: Words, door: Door) -> Response:
    """Take a key back, from the next request on."""
    if not await asyncio.to_thread(door.people.revoke_key, account, key):
        raise Problem(404, "not-found", words.text(_("There is nothing here.")))
    door.told(TURN.get(), "admin.machines", f"{account} {key}", allowed=True, rule="key revoked")
    return Response(status_code=204)


@router.delete("/machines/{account}", status_code=204, responses=PROBLEMS, operation_id="removeMachine")
async def remove_machine(account: str, words: Words, door: Door) -> Response:
    """End a machine's account with all its keys."""
    return await _remove(door, account, "machine", words)


# ---- sessions and decisions -----------------------------------------------------------------------------------------


@router.get("/sessions", responses=PROBLEMS, operation_id="listSessions")
async def sessions(door: Door) -> Response:
    """List everybody's open sessions."""
    return JSONResponse({"items": door.sessions.open_ones(), "next": None})


@router.delete("/sessions/{session}", status_code=204, responses=PROBLEMS, operation_id="endSession")
async def end_session(session: int, words: Words, door: Door) -> Response:
    """End somebody's session."""
    if not await asyncio.to_thread(door.sessions.end, session):
        raise Problem(404, "not-found", words.text(_("There is nothing here.")))
    door.told(TURN.get(), "admin.sessions", str(session), allowed=True, rule="ended")
    return Response(status_code=204)


@router.get("/decisions", responses=PROBLEMS, operation_id="listDecisions")
async def decisions(
    door: Door,
    after: Annotated[int, Query(ge=0, le=1 << 62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    who: Annotated[str, Query(max_length=40)] = "",
    allowed: bool | None = None,
) -> Response:
    """List what the gate decided, in order; a person who is administrator sees it as the auditor does."""
    found = door.decisions.page(after, limit, who, allowed)
    last = found[-1]["number"] if found else None
    return JSONResponse({"items": found, "next": f"/api/v1/decisions?after={last}&limit={limit}" if last else None})
