"""``/api/v1/programmes``: list them, prove one, see what installing it would do, install it under four eyes.

Nothing is applied by halves: a plan that the ledger would refuse anywhere, or that is no more the one that was seen, is
not begun. What may not act at once is proposed first; only then the rest is recorded, in one turn of the writer.
"""

import asyncio
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.responses import JSONResponse

from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.programmes import checks, installed, plan, reader, writer
from boyau.programmes.model import Finding, Programme, ProgrammeError
from boyau.programmes.words import DIRECTIONS, MESSAGES, REMEDIES, RULES, STATES
from boyau.service import answers, api
from boyau.service.api import Ledger, Words
from boyau.service.bodies import body_of, object_of
from boyau.service.gate import approval_routes
from boyau.service.gate import programme_models as models
from boyau.service.gate.access import Access
from boyau.service.gate.policy import Facts
from boyau.service.gate.turn import TURN
from boyau.service.identity.routes import PROBLEMS, Door
from boyau.service.problems import Problem, problems

router = APIRouter(prefix="/api/v1/programmes", tags=["programmes"])
M = TypeVar("M", bound=BaseModel)
SOURCE = "programme.toml"
TEXT = "application/toml"


def find(name: str, words: Language) -> Programme:
    """Return a programme that comes with the program; a problem where there is none."""
    if name not in reader.names():
        raise Problem(404, "not-found", words.text(_("There is no such programme.")))
    return reader.load(name)


@router.get("", response_model=models.List, responses=problems(), operation_id="listProgrammes")
async def listed(desk: Ledger) -> Response:
    """List the programmes that come with the program, and where each is installed in this ledger."""
    nodes = await api.looked(desk, lambda book: tuple(book.ledger.registry.colours))
    items = [
        {
            "name": one.name, "title": one.title, "summary": one.summary, "unit": one.unit,
            "colours": len(one.colours), "installed": [node.path for node in installed.found(one, nodes)],
        }
        for one in map(reader.load, reader.names())
    ]  # fmt: skip
    return JSONResponse({"items": items, "next": None})


@router.get("/{name}", response_model=models.Checked, responses=problems(404), operation_id="getProgramme")
async def one(name: str, words: Words) -> Response:
    """Return a programme: its text, what it says, and its proof."""
    find(name, words)
    return JSONResponse(await asyncio.to_thread(proved, reader.text(name), {}, words))


@router.get(
    "/{name}/file", operation_id="getProgrammeFile",
    responses=problems(404) | {200: {"content": {TEXT: {"schema": {"type": "string"}}}}},
)  # fmt: skip
async def file(name: str, words: Words) -> Response:
    """Return a programme's file, to be changed and proved."""
    find(name, words)
    headers = {"Content-Disposition": f'attachment; filename="{name}.toml"'}
    return Response(reader.text(name), media_type=f"{TEXT}; charset=utf-8", headers=headers)


@router.post(
    "/check", response_model=models.Checked, responses=PROBLEMS, operation_id="checkProgramme",
    openapi_extra=models.body(models.Written),
)  # fmt: skip
async def check(request: Request, words: Words) -> Response:
    """Prove a text (or a document, which is written as text first). What is wrong with it is in ``findings``."""
    given = await _read(request, models.Written)
    return JSONResponse(await asyncio.to_thread(proved, text_of(given, words), given.values, words))


@router.post(
    "/plan", response_model=models.Plan, responses=PROBLEMS, operation_id="planProgramme",
    openapi_extra=models.body(models.Written),
)  # fmt: skip
async def dry_run(request: Request, desk: Ledger, words: Words, door: Door) -> Response:
    """Say which records installing would make, and what each would change in force. Nothing is recorded."""
    given = await _read(request, models.Written)
    programme = await asyncio.to_thread(_parsed, text_of(given, words), words)
    made = await _planned(desk, programme, given, words)
    return JSONResponse(await asyncio.to_thread(_told, made, programme, given, words, door))


@router.post(
    "/install", response_model=models.Installed, responses=PROBLEMS, operation_id="installProgramme",
    openapi_extra=models.body(models.Install),
)  # fmt: skip
async def install(request: Request, desk: Ledger, words: Words, door: Door) -> Response:
    """Install what a plan showed: propose what needs approval, record the rest; all of it, or nothing is begun."""
    given = await _read(request, models.Install)
    programme = await asyncio.to_thread(_parsed, text_of(given, words), words)
    made = await _planned(desk, programme, given, words)
    report = await asyncio.to_thread(_told, made, programme, given, words, door)
    if report["errors"]:
        title = words.text(_("The programme does not hold: its proofs found errors."))
        raise Problem(409, "not-proved", title, findings=report["findings"])
    if made.refused:
        title = words.text(_("The ledger would refuse a part of it, so nothing was begun."))
        raise Problem(409, "refused", title, records=report["records"])
    if made.digest != given.plan:
        title = words.text(_("The ledger is not as it was in the plan that you saw. Look at the new one."))
        raise Problem(409, "plan-changed", title, plan=made.digest, records=report["records"])
    _must(made, door, words)
    waiting = await _propose(made, given, desk, door, words)
    at_once = made.of(plan.NEW, plan.CHANGES)
    given_answers = await api.submitted(desk, [one.record for one in at_once]) if at_once else []
    answered = {one.digest: answer for one, answer in zip(at_once, given_answers, strict=True)}
    done = [_done(one, answered.get(one.digest), waiting) for one in made.records if one.record["type"] == "colour"]
    if any(answer.result not in answers.GOOD for answer in given_answers):  # somebody else was a moment faster
        title = words.text(_("The ledger changed while this was recorded. See what was kept, and plan again."))
        raise Problem(409, "plan-changed", title, records=done)
    return JSONResponse({"records": done})


# ---- reading --------------------------------------------------------------------------------------------------------


async def _read(request: Request, model: type[M]) -> M:
    value = object_of(await body_of(request), request)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise Problem(422, "unreadable", "The request cannot be read", first["msg"], field=field) from None


def text_of(given: models.Written, words: Language) -> str:
    """Return the text of what was handed in: as it is, or written from a document, or of a programme by its name."""
    if given.text is not None:
        return given.text
    if given.document is not None:
        try:
            return writer.write(given.document)
        except (ValueError, AttributeError, RecursionError) as error:
            raise Problem(422, "unreadable", words.text(_("This is no programme.")), str(error)) from None
    if given.name is not None:
        find(given.name, words)
        return reader.text(given.name)
    title = words.text(_("Hand in a text, a document or the name of a programme."))
    raise Problem(422, "unreadable", title, field="text")


def _parsed(text: str, words: Language) -> Programme:
    try:
        return reader.parse(text.encode(), SOURCE)
    except (ProgrammeError, UnicodeEncodeError) as error:
        raise Problem(422, "unreadable", words.text(_("This is no programme.")), str(error)) from None


def proved(text: str, given: dict[str, Any], words: Language) -> dict[str, Any]:
    """Return a text with what it says and what its proofs found; where it is no programme, why not."""
    out: dict[str, Any] = {
        "text": text, "document": None, "findings": [], "errors": 0, "ways": [], "colours": 0, "states": 0,
    }  # fmt: skip
    try:
        programme = reader.parse(text.encode(), SOURCE)
        out["document"] = reader.document(text)
        report = checks.check(programme, _values(programme, given))
    except UnicodeEncodeError:
        return out | {"errors": 1, "findings": [_unreadable(1, "", "the text holds half a character")]}
    except ProgrammeError as error:
        # A text that is read but cannot be proved (a value that does not fit) is still shown in the form.
        return out | {"errors": 1, "findings": [_unreadable(error.line, error.place, error.message)]}
    return out | {
        "findings": [_finding(one, words) for one in report.findings], "errors": report.errors,
        "ways": [_way(one) for one in report.ways], "colours": report.colours, "states": report.states,
    }  # fmt: skip


def _values(programme: Programme, given: dict[str, Any]) -> dict[str, Any]:
    """Leave out values that are blank, and those of parameters that the text has no more."""
    return {name: one for name, one in given.items() if name in programme.parameters and one not in ("", None)}


def _unreadable(line: int, place: str, message: str) -> dict[str, Any]:
    return {"severity": "error", "code": "unreadable", "line": line, "place": place, "message": message, "remedy": ""}


def _finding(one: Finding, words: Language) -> dict[str, Any]:
    remedy = words.text(REMEDIES[one.code]) if one.code in REMEDIES else ""
    message = words.text(MESSAGES[one.code], **one.facts)
    return {
        "severity": one.severity, "code": one.code, "line": one.line, "place": one.place, "message": message,
        "remedy": remedy,
    }  # fmt: skip


def _way(way: Any) -> dict[str, Any]:
    waits = [
        {
            "colour": one.colour, "stage": one.stage, "condition": one.name, "days": one.days,
            "owners": [{"class": step.owner, "days": step.days} for step in one.duty.steps] if one.duty else [],
        }
        for one in way.blockers
    ]  # fmt: skip
    return {"way": list(way.stations), "days": way.days, "waits": waits}


# ---- planning -------------------------------------------------------------------------------------------------------


async def _planned(desk: Any, programme: Programme, given: models.Written, words: Language) -> plan.Plan:
    copies = await api.looked(desk, lambda book: plan.Copies(book.ledger, book.now()))
    values = _values(programme, given.values)
    try:
        return await asyncio.to_thread(plan.plan, copies, programme, values, only=tuple(given.only))
    except ProgrammeError as error:
        title = words.text(_("A value is missing or does not fit."))
        raise Problem(422, "unreadable", title, error.message, field=error.place) from None


def _told(
    made: plan.Plan, programme: Programme, given: models.Written, words: Language, door: Access
) -> dict[str, Any]:
    try:
        report = checks.check(programme, _values(programme, given.values))
        findings, errors = [_finding(one, words) for one in report.findings], report.errors
    except ProgrammeError as error:
        findings, errors = [_unreadable(error.line, error.place, error.message)], 1
    records = [_record(one, words, door) for one in made.records]
    ready = not errors and not made.refused and all(one["allowed"] for one in records)
    return {"plan": made.digest, "ready": ready, "findings": findings, "errors": errors, "records": records}


def _record(one: plan.Planned, words: Language, door: Access) -> dict[str, Any]:
    differences = [
        {
            "rule": found.rule, "before": found.before, "after": found.after, "direction": found.direction,
            "words": words.text(
                _("{rule}: {before} → {after}"), rule=words.text(RULES.get(found.rule, found.rule)),
                before=found.before or "–", after=found.after or "–",
            ) + (f" ({words.text(DIRECTIONS[found.direction])})" if found.rule != "title" else ""),
        }
        for found in one.differences
    ]  # fmt: skip
    return {
        "record": one.record, "state": one.state, "words": words.text(STATES[one.state]), "digest": one.digest,
        "colour": one.record.get("colour", ""), "differences": differences, "quorum": one.quorum,
        "classes": list(one.classes), "proposed_by": one.proposed_by, "waits_for": one.waits_for,
        "allowed": _verdict(one, door).allowed, "field": one.field, "reason": one.reason,
    }  # fmt: skip


def _verdict(one: plan.Planned, door: Access) -> Any:
    action = f"record.{one.record['type']}"
    facts = Facts((one.record["colour"],)) if "colour" in one.record else Facts()
    if one.state == plan.SAME:  # nothing is asked of anybody
        return door.policy.decide((), "open", None)
    return door.policy.decide(TURN.get().caller.grants, action, facts)


def _must(made: plan.Plan, door: Access, words: Language) -> None:
    """Refuse the whole where the caller may not record a part of it."""
    for one in made.records:
        verdict = _verdict(one, door)
        if not verdict.allowed:
            place = str(one.record.get("colour", "*"))
            door.told(TURN.get(), f"record.{one.record['type']}", place, allowed=False, rule=verdict.rule)
            title = words.text(_("You may not record rules for {colour}, so nothing was begun."), colour=place)
            raise Problem(403, "not-allowed", title, rule=verdict.rule)


async def _propose(made: plan.Plan, given: models.Install, desk: Any, door: Access, words: Language) -> set[str]:
    """Propose what needs approval; where one cannot be, take back those that were. Return the digests that wait."""
    wanted = [one for one in made.of(plan.APPROVAL) if not one.proposed_by]
    waiting = {one.digest for one in made.of(plan.APPROVAL)}
    gone = [one for one in made.of(plan.APPROVAL) if one.proposed_by and not _waits(door, one.digest)]
    if gone:
        title = words.text(
            _("The change of {colour} was proposed before and waits no more. Change its title, then plan again."),
            colour=gone[0].record["colour"],
        )
        raise Problem(409, "proposal-made", title, digest=gone[0].digest)
    if not wanted:
        return waiting
    asked = {name: value for name, value in (("by", given.by), ("until", given.until)) if value is not None}
    by = approval_routes.speaker(asked, words)
    day = approval_routes.until(asked, door.store.now(), words)
    made_now: list[str] = []
    try:
        for one in wanted:
            digest = await approval_routes.proposed(desk, door, words, one.record, by, day, {})
            made_now.append(digest)
    except BaseException:
        for digest in made_now:
            door.pending.set_state(digest, "withdrawn")
        raise
    return waiting


def _waits(door: Access, digest: str) -> bool:
    found = door.pending.get(digest)
    return found is None or found["state"] == "open"  # None: it was proposed by another way than this service


def _done(one: plan.Planned, answer: Any, waiting: set[str]) -> dict[str, Any]:
    out = {"colour": one.record["colour"], "quorum": one.quorum, "classes": list(one.classes)}
    if one.digest in waiting:
        return out | {"result": "proposed", "digest": one.digest, "href": f"/api/v1/approvals/{one.digest}"}
    if one.state == plan.LATER:
        return out | {"result": "later", "message": one.waits_for}
    if answer is None:
        return out | {"result": "in_force"}
    told = answers.document(answer)
    return out | {name: told[name] for name in ("result", "entry", "href", "message") if name in told}
