"""``/api/v1/approvals``: propose a command, see what waits for me, approve, withdraw, send."""

import datetime as dt
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from boyau.journal.operations import OperationError
from boyau.journal.submission import Answer
from boyau.language.catalogue import mark as _
from boyau.service import answers, api
from boyau.service.api import Ledger, Words
from boyau.service.bodies import body_of, object_of
from boyau.service.gate import pending as commands
from boyau.service.gate.access import Access
from boyau.service.gate.policy import Facts
from boyau.service.gate.turn import TURN
from boyau.service.identity.routes import PROBLEMS, Door
from boyau.service.problems import Problem

router = APIRouter(prefix="/api/v1/approvals", tags=["approvals"])
DIGEST = 64


def speaker(body: dict[str, Any], words: Any) -> str:
    """Return for which participant the caller speaks: the one they name, or the only one they were granted."""
    mine = TURN.get().caller.participants()
    by = body.get("by", next(iter(mine)) if len(mine) == 1 else "")
    if by not in mine:
        raise Problem(
            403, "not-allowed", words.text(_("Say in {field} for which participant of yours you act."), field="`by`")
        )
    return str(by)


async def _record(desk: Any, record: dict[str, Any], words: Any) -> Answer:
    """Have a proposal or an approval recorded; a problem where the ledger does not take it.

    Who has a key in the ledger must sign: the problem then holds the record that is to be signed.
    """
    (answer,) = await api.submitted(desk, [record])
    if answer.result != "recorded":
        title = words.text(_("The ledger does not take this record."))
        raise Problem(409, "refused", title, answer.message, field=answer.field, record=record)
    return answer


def until(body: dict[str, Any], now: int, words: Any) -> dt.date:
    """Return the last day of what is asked for: at most a month ahead, by default a week."""
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    text = body.get("until", (today + dt.timedelta(days=7)).isoformat())
    try:
        day = dt.date.fromisoformat(text)
    except (TypeError, ValueError):
        day = today - dt.timedelta(days=1)
    if not today <= day <= today + dt.timedelta(days=commands.DAYS_MAX):
        title = words.text(
            _("{field} must be a date within the next {number} days."), field="`until`", number=commands.DAYS_MAX
        )
        raise Problem(422, "unreadable", title, field="until")
    return day


def _signed(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("at", "signature") if name in body}


@router.post("", status_code=201, responses=PROBLEMS, operation_id="proposeCommand")
async def propose(request: Request, desk: Ledger, words: Words, door: Door) -> Response:
    """Propose ``command``, an operation or a change of rules or limits, to be approved exactly as it stands."""
    body = object_of(await body_of(request), request)
    by, wanted = speaker(body, words), body.get("command")
    if not isinstance(wanted, dict):
        raise Problem(
            422,
            "unreadable",
            words.text(_("{field} must be an operation or a record."), field="`command`"),
            field="command",
        )
    day = until(body, door.store.now(), words)
    digest = await proposed(desk, door, words, wanted, by, day, _signed(body))
    return JSONResponse(await _told(desk, door, digest), 201, {"Location": f"/api/v1/approvals/{digest}"})


async def proposed(
    desk: Any, door: Access, words: Any, wanted: dict[str, Any], by: str, day: dt.date, signed: dict[str, Any]
) -> str:
    """Have *wanted* wait for approval until *day*, proposed for the participant *by*; return its digest.

    *signed*: time and signature of the proposal, where the participant has a key. A problem where it may not wait.
    """
    caller = TURN.get().caller
    try:
        command = await api.looked(desk, lambda book: commands.read(book, wanted))
    except OperationError as error:
        title = words.text(_("{field} must be an operation or a record."), field="`command`")
        raise Problem(422, "unreadable", title, error.message, field=error.field) from None
    # Nobody proposes what is not theirs to send: the same row of the table, for the same account.
    action = f"op.{wanted['op']}" if "op" in wanted else f"record.{wanted['type']}"
    facts = Facts((command.colour,), (command.debtor,))
    verdict = door.policy.decide(caller.grants, action, facts)
    door.told(TURN.get(), f"propose {action}", command.colour, allowed=verdict.allowed, rule=verdict.rule)
    if not verdict.allowed:
        raise Problem(403, "not-allowed", words.text(_("You may propose only what you may send.")), rule=verdict.rule)
    end = int(dt.datetime.combine(day, dt.time.max, dt.UTC).timestamp())
    if not door.pending.add(command, caller, by, end):
        title = words.text(_("This command waits already, or too many do."))
        raise Problem(409, "proposal-made", title, digest=command.digest)
    try:
        await _record(desk, {"type": "proposal", "command": command.digest, "by": by} | signed, words)
    except BaseException:
        door.pending.drop(command.digest)
        raise
    return command.digest


async def _told(desk: Any, door: Access, digest: str) -> dict[str, Any]:
    found = door.pending.get(digest) if len(digest) == DIGEST else None
    if found is None:
        raise Problem(404, "not-found", "There is no such command")
    lacking = await api.looked(desk, lambda book: commands.missing(book, found["command"], digest))
    return found | {"ready": lacking is None, "missing": lacking}


def may_see(door: Access, one: dict[str, Any]) -> bool:
    """Tell whether the caller has to do with a command: their own, theirs to decide, or theirs to look at."""
    caller = TURN.get().caller
    if caller.account == one["account"] or caller.participants() & {one["maker"], one["debtor"], one["beneficiary"]}:
        return True
    return may_decide(door, one) or door.policy.decide(caller.grants, "read.entries", Facts()).allowed


def may_decide(door: Access, one: dict[str, Any]) -> bool:
    """Tell whether the caller may approve a command in anybody's name."""
    caller = TURN.get().caller
    for by in caller.participants():
        record = {"type": "approval", "command": one["digest"], "by": by}
        facts = Facts((one["colour"],), (by,))
        allowed = door.policy.decide(caller.grants, "record.approval", facts).allowed
        if allowed and not door.pending.four_eyes(caller, record)[0]:
            return True
    return False


@router.get("", responses=PROBLEMS, operation_id="listApprovals")
async def waiting(door: Door, mine: bool = True) -> Response:
    """List what waits for me to decide; with ``mine=false`` everything waiting that I may see."""
    found = [one for one in door.pending.waiting() if may_see(door, one)]
    if mine:
        given = TURN.get().caller.participants()
        found = [one for one in found if may_decide(door, one) and not given & {a["by"] for a in one["approvals"]}]
    return JSONResponse({"items": found, "next": None})


@router.get("/{digest}", responses=PROBLEMS, operation_id="getApproval")
async def look(digest: str, desk: Ledger, door: Door) -> Response:
    """Return a command that was proposed, who approved it and what is still missing."""
    found = await _told(desk, door, digest)
    if not may_see(door, found):
        raise Problem(404, "not-found", "There is no such command")
    return JSONResponse(found)


async def _decide(request: Request, digest: str, desk: Any, words: Any, door: Access, *, withdrawn: bool) -> Response:
    data = await body_of(request)
    body = object_of(data, request) if data else {}
    by, found = speaker(body, words), await _told(desk, door, digest)
    if found["state"] != "open":
        raise Problem(409, "closed", words.text(_("This command does not wait any more.")), state=found["state"])
    last = dt.datetime.fromtimestamp(found["expires"], dt.UTC).date()
    day = min(until(body, door.store.now(), words), last).isoformat()
    record = {"type": "approval", "command": digest, "by": by, "until": day} | _signed(body)
    await _record(desk, record | ({"withdrawn": True} if withdrawn else {}), words)
    door.pending.decided(digest, TURN.get().caller, by, day, withdrawn=withdrawn)
    return JSONResponse(await _told(desk, door, digest))


@router.post("/{digest}/approve", responses=PROBLEMS, operation_id="approveCommand")
async def approve(request: Request, digest: str, desk: Ledger, words: Words, door: Door) -> Response:
    """Approve a command. The checker is neither the maker nor the payer nor the beneficiary."""
    return await _decide(request, digest, desk, words, door, withdrawn=False)


@router.post("/{digest}/withdraw", responses=PROBLEMS, operation_id="withdrawApproval")
async def withdraw(request: Request, digest: str, desk: Ledger, words: Words, door: Door) -> Response:
    """Take an approval back; the maker takes the whole command back."""
    found = await _told(desk, door, digest)
    if TURN.get().caller.account == found["account"] and found["state"] == "open":
        door.pending.set_state(digest, "withdrawn")
        return JSONResponse(await _told(desk, door, digest))
    return await _decide(request, digest, desk, words, door, withdrawn=True)


@router.post("/{digest}/send", responses=PROBLEMS, operation_id="sendCommand")
async def send(digest: str, desk: Ledger, words: Words, door: Door) -> Response:
    """Send a command that has its quorum, exactly as it was approved."""
    found = await _told(desk, door, digest)
    if found["state"] != "open":
        raise Problem(409, "closed", words.text(_("This command does not wait any more.")), state=found["state"])
    (answer,) = await api.submitted(desk, [found["command"]])
    if answer.result not in answers.GOOD:
        title = words.text(_("The ledger does not take this command."))
        raise Problem(answers.status(answer), answer.result.replace("_", "-"), title, answer.message)
    door.pending.set_state(digest, "sent")
    return JSONResponse(answers.document(answer), answers.status(answer))
