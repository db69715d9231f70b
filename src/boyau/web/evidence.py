"""Evidence: who was asked for what, until when, what would become payable, and the forms to give, deny, appeal, ask."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.journal.find import describe_entry
from boyau.journal.operations import OperationError
from boyau.ledger import Result, codes
from boyau.ledger.explain import Explainer
from boyau.ledger.registry import CONDITIONS_MAX
from boyau.service.gate.policy import Facts
from boyau.service.problems import Problem
from boyau.web import labels, requests
from boyau.web.pages import Asked, Page
from boyau.web.parties import Party, sides
from boyau.web.reader import Reader
from boyau.web.requests import Request

router = APIRouter(include_in_schema=False)
SHOWN = 50
WAITING_SHOWN = 20
WAITING_LOOKED_AT = 60
"""So many of the newest refusals for want of evidence are asked again, what they would say with it."""
WAITING_AT_ONCE = 10
STATES = ("open", "overdue", "denied", "answered")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A payment that was refused for want of this evidence; ``others``: what else stands against it now."""

    entry: int
    kind: str
    payer: Party | None
    payee: Party | None
    minor: int
    unit: str
    scale: int
    others: tuple[str, ...]


def may_see(page: Page, one: Request, by: str) -> bool:
    """Tell whether the reader has to do with a request: as its record may be read."""
    who = (*(owner for owner, _ in one.steps), by)
    verdict = page.access.policy.decide(page.caller.grants, "read.entry", Facts((one.colour,), who))
    return verdict.allowed or bool(page.caller.participants() & {*who})


@router.get("/evidence")
def evidence(page: Asked) -> Response:
    """Return requests to me and by me, and others that I may see; and the form to ask."""
    if not page.caller.account:
        raise Problem(401, "sign-in", page.words.text("Sign in to see this."))
    query = page.request.query_params
    state, start = query.get("state", ""), query.get("from", "0")
    if (state and state not in STATES) or not (start.isascii() and start.isdigit() and len(start) < 8):
        raise Problem(422, "unreadable", page.words.text("There is no such filter. Choose one from the list."))
    found = _lists(page, state, int(start))
    asking = {key: query.get(key, "")[:600] for key in ("colour", "condition", "subject", "owner")}
    return page.render(
        "evidence.html", **found, state=state, states=STATES, begin=int(start), size=SHOWN, labels=labels,
        speakers=_speakers(page, "record.request"), asking=asking, now=page.reader.ask(_names),
        opened=any(asking.values()),
    )  # fmt: skip


def _lists(page: Page, state: str, skip: int) -> dict[str, Any]:
    """Return the requests by what the reader has to do with them."""
    who = page.caller.participants()
    found = [one for one in requests.recent(page.reader) if not state or one.state == state]
    by = requests.askers(page.reader, found)
    mine = requests.owned(found, who, SHOWN)
    by_me = [one for one in found if by.get(one.entry, "") in who][:SHOWN]
    done = [one for one in found if one.owner in who and one.state in ("answered", "denied")][:SHOWN]
    told = {one.name for one in (*mine, *by_me, *done)}
    others = [one for one in found if one.name not in told and may_see(page, one, by.get(one.entry, ""))]
    shown = others[skip : skip + SHOWN]
    names = {each for one in (*mine, *by_me, *shown, *done) for each in (one.owner, *(own for own, _ in one.steps))}
    return {
        "mine": mine, "by_me": by_me, "done": done, "others": shown, "more": len(others) > skip + SHOWN,
        "people": page.reader.ask(lambda book: _people(book, names)),
    }  # fmt: skip


def _people(book: Book, names: set[str]) -> dict[str, dict[str, Any]]:
    registry = book.ledger.registry
    return {
        who: {} if (at := registry.participants.get(who)) is None else registry.participant_facts[at] for who in names
    }


def _names(book: Book) -> list[str]:
    """Return the conditions that rules name."""
    return sorted(book.ledger.registry.condition_bits)[:CONDITIONS_MAX]


def _speakers(page: Page, action: str, colour: str = "") -> list[str]:
    """Return in whose name the reader may record this about a colour ("": some colour)."""
    policy, grants = page.access.policy, page.caller.grants
    return [
        who
        for who in sorted(page.caller.participants())
        if (colour and policy.decide(grants, action, Facts((colour,), (who,))).allowed)
        or (not colour and page.could(action))
    ]


# ---- one ------------------------------------------------------------------------------------------------------------


@router.get("/evidence/{request:path}")
def one_request(request: str, page: Asked) -> Response:
    """Return one request with what is known of its matter, and what the reader may do about it."""
    if not page.caller.account:
        raise Problem(401, "sign-in", page.words.text("Sign in to see this."))
    name = request[:80]

    def look(book: Book) -> Request | None:
        known = book.ledger.registry.evidence.requests.get(name)
        return None if known is None else requests.told(name, known, codes.day_of(book.now()))

    told = page.reader.ask(look)
    by = "" if told is None else requests.askers(page.reader, [told])[told.entry]
    if told is None or not may_see(page, told, by):
        raise Problem(404, "not-found", page.words.text("There is no such request, or it is none of yours."))
    facts = page.reader.ask(lambda book: _facts(book, told, by))
    waiting = payable_with(page.reader, told)
    with page.reader.views() as views:
        history = views.names.listed(f"request {name}", SHOWN)
    attests = _speakers(page, "record.attestation", told.colour)
    return page.render(
        "evidence_request.html", one=told, by=by, waiting=waiting, history=history, labels=labels, **facts,
        attests=attests, denies=[who for who in attests if who == told.owner and told.state in ("open", "overdue")],
        appeals=_speakers(page, "record.appeal", told.colour) if _appealable(told) else [],
        total=sum(each.minor for each in waiting if not each.others),
    )  # fmt: skip


def _appealable(one: Request) -> bool:
    return one.state in ("denied", "overdue") and not one.last


def _facts(book: Book, one: Request, by: str) -> dict[str, Any]:
    """Return names, the matter's worth, and who must sign with a key."""
    registry = book.ledger.registry
    node = registry.colours[registry.colour_numbers[one.colour]]
    worth = -1
    if one.subject:
        worth = registry.subject_facts[registry.subjects[one.subject] - 1][1]
    keyed = {key.participant for key in registry.evidence.keys.values()}
    return {
        "people": _people(book, {by, *(owner for owner, _ in one.steps)} - {""}), "title": node.title,
        "unit": node.unit, "scale": registry.units[node.unit], "worth": worth,
        "signed": sorted(keyed), "signed_condition": one.condition in registry.evidence.signed,
    }  # fmt: skip


def payable_with(reader: Reader, one: Request) -> list[Waiting]:
    """Return the payments and acts that were refused for want of this evidence and would now be met with it, or nearly.

    Each is asked again as it was sent, and what this evidence alone stood against is left out: the evidence given
    changes no other answer of the ledger. What was sent again and posted is not listed.
    """
    rows, out = reader.rows, list[Waiting]()
    subject, inside = reader.ask(lambda book: _home(book, one))
    chosen = rows.result == Result.EVIDENCE_MISSING
    if subject:
        chosen &= rows.subject == subject
    found = np.flatnonzero(chosen)[::-1][: 50 * WAITING_LOOKED_AT]
    found = found[np.isin(rows.debit[found], inside)]
    columns = np.stack([column[found] for column in (rows.debit, rows.credit, rows.kind, rows.amount, rows.subject)])
    _, first = np.unique(columns, axis=1, return_index=True)  # sent again and again: the newest stands for all
    places = found[np.sort(first)][:WAITING_LOOKED_AT]
    for begin in range(0, len(places), WAITING_AT_ONCE):
        entries = [int(entry) for entry in rows.entry[places[begin : begin + WAITING_AT_ONCE]]]
        out += reader.ask(partial(_asked_again, entries=entries, one=one))
        if len(out) >= WAITING_SHOWN:
            break
    return out[:WAITING_SHOWN]


def _home(book: Book, one: Request) -> tuple[int, npt.NDArray[np.int64]]:
    """Return the number of the request's subject (0 none), and the accounts for which its evidence counts."""
    registry = book.ledger.registry
    subject = registry.subjects.get(one.subject, 0) if one.subject else 0
    below = [f"{node.path}/".startswith(f"{one.colour}/") for node in registry.colours]
    table = book.ledger.tables.acc[: len(book.ledger.accounts)]
    return subject, np.flatnonzero(np.array(below, np.bool_)[table[:, 3]])


def _asked_again(book: Book, entries: list[int], one: Request) -> list[Waiting]:
    explainer, out = Explainer(book.ledger), []
    fields = ("op", "id", "from", "to", "amount", "hold", "item", "region", "date", "subject", "document", "quantity")
    for entry in entries:
        told = describe_entry(book, entry)
        operation = {name: told[name] for name in fields if name in told}
        try:
            row = book.operations.rows([operation], codes.day_of(book.now()))[0]
        except OperationError:
            continue
        findings = explainer.explain(row, book.now())
        names = [each.result for each in findings]
        lacking = tuple(each.result.name.lower() for each in findings if not _is_this(each, one))
        if Result.EXISTS in names or Result.ID_CONFLICT in names or len(lacking) == len(findings):
            continue  # it was posted since, or the evidence is there by now, or is not what is missing
        side = sides(book, told)
        facts = (side["payer"], side["payee"], side["minor"], side["unit"], side["scale"])
        out.append(Waiting(entry, str(told["op"]), *facts, lacking))
    return out


def _is_this(finding: Any, one: Request) -> bool:
    if finding.result is not Result.EVIDENCE_MISSING or finding.facts.get("condition") != one.condition:
        return False
    return not one.subject or finding.facts.get("subject") == one.subject
