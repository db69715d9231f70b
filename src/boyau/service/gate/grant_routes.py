"""``/api/v1/grants``: what was granted, what waits for the other administrator, and their consent."""

import asyncio
import sqlite3
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from boyau.language.catalogue import mark as _
from boyau.ledger.colours import PARTICIPANT, PATH
from boyau.service.api import Words
from boyau.service.gate import grants as kept
from boyau.service.gate.admin_routes import json_of, not_now, own, taken, text_of
from boyau.service.gate.grants import NotNow
from boyau.service.gate.policy import POLICY, PUBLIC
from boyau.service.gate.turn import TURN
from boyau.service.identity.routes import PROBLEMS, Door
from boyau.service.problems import Problem

router = APIRouter(prefix="/api/v1/grants", tags=["administration"])


@router.get("", responses=PROBLEMS, operation_id="listGrants")
async def grants(door: Door) -> Response:
    """List what was granted and is in force, and under ``pending`` what waits for another administrator."""
    return JSONResponse({"items": door.grants.in_force(), "pending": door.grants.waiting(), "next": None})


@router.post("", status_code=201, responses=PROBLEMS, operation_id="grant")
async def grant(request: Request, words: Words, door: Door) -> Response:
    """Grant a role to an account, below a colour, for a participant. 202: it waits for another administrator.

    Nobody grants anything to themselves. ``alone``: there was no other administrator yet.
    """
    body = await json_of(request)
    account, role = text_of(body, "account", words), text_of(body, "role", words)
    colour, participant = text_of(body, "colour", words, PATH), text_of(body, "participant", words, PARTICIPANT)
    kind, by = door.people.kind(account), TURN.get().caller.account
    if account == by:
        raise own(words)
    wrong = (
        "account" if not kind
        else "role" if role not in POLICY.roles or role == PUBLIC or (role == "administrator" and kind == "machine")
        else "participant" if role in POLICY.needs_participant and not participant
        else "colour" if role in POLICY.needs_colour and not colour
        else ""
    )  # fmt: skip
    if wrong:
        title = words.text(_("The field {field} is not what it must be."), field=f"`{wrong}`")
        raise Problem(422, "unreadable", title, field=wrong)
    try:
        state, number = await asyncio.to_thread(door.grants.ask, account, role, colour, participant, by)
    except NotNow as error:
        raise not_now(error, words) from None
    rule = {kept.DONE: "granted", kept.ALONE: "granted alone", kept.OPEN: "asked"}[state]
    door.told(TURN.get(), "admin.grants", f"{account} {role} {colour}", allowed=True, rule=rule)
    if state == kept.OPEN:
        return waits(number)
    return JSONResponse({"number": number, "alone": state == kept.ALONE}, 201)


def waits(number: int, **more: Any) -> Response:
    """Return the answer to what waits for another administrator."""
    return JSONResponse({"pending": number} | more, 202)


@router.post("/pending/{number}/approve", status_code=201, responses=PROBLEMS, operation_id="approveGrant")
async def approve(number: int, words: Words, door: Door) -> Response:
    """Agree to a grant or a key that another administrator asked for; it counts from the next request on."""
    by = TURN.get().caller.account
    try:
        found = await asyncio.to_thread(door.grants.approve, number, by)
    except NotNow as error:
        if error.rule in ("maker", "own"):
            door.told(TURN.get(), "admin.grants", f"pending {number}", allowed=False, rule=f"four-eyes/{error.rule}")
        raise not_now(error, words) from None
    except sqlite3.IntegrityError:
        raise taken(words) from None
    what = found["role"] or found["key"]
    door.told(TURN.get(), "admin.grants", f"{found['account']} {what}", allowed=True, rule="approved")
    return JSONResponse({name: value for name, value in found.items() if value != ""}, 201)


@router.post("/pending/{number}/withdraw", status_code=204, responses=PROBLEMS, operation_id="withdrawGrant")
async def withdraw(number: int, words: Words, door: Door) -> Response:
    """Have a grant or a key wait no longer: its maker takes it back, or another administrator does not agree."""
    try:
        account = await asyncio.to_thread(door.grants.withdraw, number, TURN.get().caller.account)
    except NotNow as error:
        raise not_now(error, words) from None
    door.told(TURN.get(), "admin.grants", f"{account} pending {number}", allowed=True, rule="withdrawn")
    return Response(status_code=204)


@router.delete("/{number}", status_code=204, responses=PROBLEMS, operation_id="revokeGrant")
async def revoke_grant(number: int, words: Words, door: Door) -> Response:
    """Take a grant back, from the next request on; one administrator is enough to take away."""
    account, role = door.people.holder(number)
    if not account:
        raise Problem(404, "not-found", words.text(_("There is nothing here.")))
    if account == TURN.get().caller.account:
        raise own(words)
    await asyncio.to_thread(door.people.revoke, number)
    door.told(TURN.get(), "admin.grants", f"{account} {role}", allowed=True, rule="revoked")
    return Response(status_code=204)
