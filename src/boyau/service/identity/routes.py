"""How people sign in and out, and what is theirs: passkeys and sessions."""

import asyncio
import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse, RedirectResponse

from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.service.api import Words
from boyau.service.bodies import body_of, object_of
from boyau.service.gate.access import Access
from boyau.service.gate.turn import TURN
from boyau.service.identity import oidc
from boyau.service.identity.oidc import OidcRefused
from boyau.service.identity.passkeys import PasskeyRefused
from boyau.service.identity.people import Caller
from boyau.service.identity.sessions import FRESH_SECONDS, cookie, csrf_token
from boyau.service.problems import Problem, problems

router = APIRouter(prefix="/api/v1", tags=["sign-in"])
log = logging.getLogger("boyau.identity")
FIRST_LABEL = "administrator"
PROBLEMS = problems(400, 404, 409, 413, 415, 422)


def access_of(request: Request) -> Access:
    """Return who may come in and how."""
    access: Access = request.app.state.access
    return access


Door = Annotated[Access, Depends(access_of)]


def same_origin(request: Request, door: Access, words: Language) -> None:
    """Refuse a sign-in that another site has a browser begin: there is no session yet whose token could tell."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if (origin is not None and origin != door.origin) or site not in ("same-origin", "none"):
        raise Problem(403, "cross-site", words.text(_("This request did not come from our own pages.")))


def failed(door: Access, words: Language, how: str) -> Problem:
    """Record that somebody did not get in; say nothing of why."""
    turn = TURN.get()
    door.told(turn, "sign-in", how, allowed=False, rule=how)
    log.warning("a sign-in by %s failed", how)
    return Problem(401, "sign-in", words.text(_("You are not signed in. Try again, or ask an administrator.")))


def person(words: Language, fresh: Access | None = None) -> Caller:
    """Return the person who has a session; with *fresh*, one that began just now (ASVS 5.0, 7.5.1 and 7.5.2)."""
    caller = TURN.get().caller
    if not caller.session:
        headers = {"WWW-Authenticate": 'Signature tag="boyau"'}
        raise Problem(401, "sign-in", words.text(_("Sign in, or sign the request.")), headers=headers)
    if fresh is not None and caller.how != "link" and fresh.store.now() >= caller.began + FRESH_SECONDS:
        raise Problem(403, "sign-in-again", words.text(_("Sign in again before you do this.")))
    return caller


async def _json(request: Request) -> dict[str, Any]:
    return object_of(await body_of(request), request)


async def _begun(door: Access, account: str, how: str, status: int = 200) -> Response:
    """Begin a session; what this browser had before ends."""
    turn = TURN.get()
    secret = await asyncio.to_thread(door.sessions.begin, account, how, turn.caller.session)
    door.told(turn, "sign-in", how, allowed=True, rule=how, who=account)
    value = {"account": account, "how": how, "csrf": csrf_token(secret)}
    return JSONResponse(value, status, {"Set-Cookie": cookie(secret)})


# ---- signing in -----------------------------------------------------------------------------------------------------


@router.post("/sign-in/link", responses=PROBLEMS, operation_id="signInByLink")
async def by_link(request: Request, words: Words, door: Door) -> Response:
    """Use up a one-time link; the session it gives may register a passkey, and nothing else."""
    same_origin(request, door, words)
    body = await _json(request)
    good, account = await asyncio.to_thread(door.store.redeem, str(body.get("link", ""))[:200])
    if good and account is None:
        account = await asyncio.to_thread(_first, door)
    if not good or not account or door.people.kind(account) != "person":
        raise failed(door, words, "link")
    return await _begun(door, account, "link")


def _first(door: Access) -> str:
    """Make the administrator whom the installation lacks; "" where it lacks none."""
    with door.store.change() as db:
        if not door.store.wants_administrator():
            return ""
        # One who began and never registered a passkey is given up.
        able = door.store.administrators()
        for (one,) in db.execute("select distinct account from granted where role = 'administrator'").fetchall():
            if one not in able:
                door.people.remove(one)
        account = door.people.add("person", FIRST_LABEL)
        door.people.grant(account, "administrator", "", "", "first-link")
    return account


@router.post("/sign-in/options", responses=PROBLEMS, operation_id="signInOptions")
async def options(request: Request, words: Words, door: Door) -> Response:
    """Return what a browser needs to sign in with a passkey."""
    same_origin(request, door, words)
    return JSONResponse(door.passkeys.begin_sign_in())


@router.post("/sign-in", responses=PROBLEMS, operation_id="signIn")
async def by_passkey(request: Request, words: Words, door: Door) -> Response:
    """Sign in with a passkey's answer: ``{"ceremony": .., "credential": ..}``."""
    same_origin(request, door, words)
    body = await _json(request)
    credential = body.get("credential")
    try:
        if not isinstance(credential, dict):
            raise PasskeyRefused
        account = await asyncio.to_thread(door.passkeys.end_sign_in, body.get("ceremony"), credential)
    except PasskeyRefused:
        raise failed(door, words, "passkey") from None
    return await _begun(door, account, "passkey")


@router.get("/sign-in/oidc/{provider}", responses=PROBLEMS, operation_id="signInElsewhere")
async def elsewhere(provider: str, words: Words, door: Door) -> Response:
    """Send the browser to an OpenID provider."""
    if provider not in door.openid.providers:
        raise Problem(404, "not-found", words.text(_("There is nothing here.")))
    try:
        address, browser = await door.openid.begin(provider)
    except OidcRefused as error:
        log.warning("OpenID provider %s: %s", provider, error)
        raise failed(door, words, "oidc") from None
    answer = RedirectResponse(address, 303)
    answer.headers["Set-Cookie"] = f"{oidc.COOKIE}={browser}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=300"
    return answer


@router.get("/sign-in/oidc/{provider}/callback", responses=PROBLEMS, operation_id="signInFromElsewhere")
async def back(request: Request, provider: str, words: Words, door: Door) -> Response:
    """Take the browser back from an OpenID provider."""
    browser = request.cookies.get(oidc.COOKIE, "")
    try:
        if provider not in door.openid.providers:
            raise OidcRefused("there is no such provider")
        account = await door.openid.end(provider, dict(request.query_params), browser)
    except OidcRefused as error:
        log.warning("OpenID provider %.40r: %s", provider, error)
        raise failed(door, words, "oidc") from None
    begun = await _begun(door, account, "oidc")
    answer = RedirectResponse("/sign-in", 303)
    answer.headers["Set-Cookie"] = begun.headers["set-cookie"]
    answer.headers.append("Set-Cookie", f"{oidc.COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
    return answer


@router.post("/sign-out", status_code=204, responses=PROBLEMS, operation_id="signOut")
async def sign_out(words: Words, door: Door) -> Response:
    """End this session."""
    caller = person(words)
    await asyncio.to_thread(door.sessions.end, caller.session)
    door.told(TURN.get(), "sign-out", "", allowed=True, rule=caller.how)
    return Response(status_code=204, headers={"Set-Cookie": cookie(""), "Clear-Site-Data": '"cache", "storage"'})


# ---- what is mine ---------------------------------------------------------------------------------------------------


@router.get("/me", responses=PROBLEMS, operation_id="me")
async def me(words: Words, door: Door) -> Response:
    """Return who I am to the service and what I was granted; in a session also its token for unsafe requests."""
    caller = TURN.get().caller
    if not caller.account:
        raise Problem(401, "sign-in", words.text(_("Sign in, or sign the request.")))
    out: dict[str, Any] = {
        "account": caller.account,
        "kind": caller.kind,
        "how": caller.how,
        "grants": [{"role": g.role, "colour": g.colour, "participant": g.participant} for g in caller.grants],
    }
    if caller.session:
        out |= {"csrf": csrf_token(caller.secret), "passkeys": door.passkeys.of(caller.account)}
    return JSONResponse(out)


@router.post("/me/passkeys/options", responses=PROBLEMS, operation_id="passkeyOptions")
async def passkey_options(words: Words, door: Door) -> Response:
    """Return what a browser needs to make a passkey for me."""
    caller = person(words, fresh=door)
    label = door.store.row("select label from account where id = ?", caller.account)
    return JSONResponse(door.passkeys.begin_registration(caller.account, label[0] if label else ""))


@router.post("/me/passkeys", status_code=201, responses=PROBLEMS, operation_id="addPasskey")
async def add_passkey(request: Request, words: Words, door: Door) -> Response:
    """Register a passkey. Who came by a link has a full session from here on."""
    caller, body = person(words, fresh=door), await _json(request)
    credential = body.get("credential")
    try:
        if not isinstance(credential, dict):
            raise PasskeyRefused
        await asyncio.to_thread(door.passkeys.end_registration, caller.account, body.get("ceremony"), credential)
    except PasskeyRefused:
        door.told(TURN.get(), "passkey.add", "", allowed=False, rule="webauthn")
        title = words.text(_("The passkey was not registered. Begin again."))
        raise Problem(422, "passkey", title) from None
    door.told(TURN.get(), "passkey.add", "", allowed=True, rule="webauthn")
    return await _begun(door, caller.account, "passkey", 201)


@router.delete("/me/passkeys/{passkey}", status_code=204, responses=PROBLEMS, operation_id="removePasskey")
async def remove_passkey(passkey: str, words: Words, door: Door) -> Response:
    """Remove one of my passkeys, not the last one; all my other sessions end."""
    caller = person(words, fresh=door)
    if not await asyncio.to_thread(door.passkeys.remove, caller.account, passkey):
        raise Problem(409, "last-passkey", words.text(_("There is no such passkey, or it is your last one.")))
    await asyncio.to_thread(door.sessions.end_all, caller.account, caller.session)
    door.told(TURN.get(), "passkey.remove", "", allowed=True, rule=caller.how)
    return Response(status_code=204)


@router.get("/me/sessions", responses=PROBLEMS, operation_id="mySessions")
async def my_sessions(words: Words, door: Door) -> Response:
    """List my open sessions."""
    caller = person(words)
    found = [one | {"this": one["session"] == caller.session} for one in door.sessions.open_ones(caller.account)]
    return JSONResponse({"items": found, "next": None})


@router.delete("/me/sessions/{session}", status_code=204, responses=PROBLEMS, operation_id="endMySession")
async def end_my_session(session: int, words: Words, door: Door) -> Response:
    """End one of my sessions."""
    caller = person(words, fresh=door)
    if not await asyncio.to_thread(door.sessions.end, session, caller.account):
        raise Problem(404, "not-found", words.text(_("There is nothing here.")))
    door.told(TURN.get(), "session.end", str(session), allowed=True, rule="self")
    return Response(status_code=204)
