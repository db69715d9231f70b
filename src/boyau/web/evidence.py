"""Evidence: who was asked for what, until when, what would become payable, and the forms to give, deny, appeal, ask."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.journal.find import describe_entry
from boyau.journal.operations import OperationError
from boyau.ledger import Result, codes
from boyau.ledger.explain import Explainer
from boyau.ledger.registry import CONDITIONS_MAX
from boyau.service.gate.policy import Facts
from boyau.service.problems import Problem
from boyau.views.columns import Table
from boyau.web import labels, requests
from boyau.web.pages import Asked, Page
from boyau.web.parties import Party, sides
from boyau.web.requests import Request
from boyau.web.spending import in_force, path_of

router = APIRouter(include_in_schema=False)
SHOWN = 50
WAITING_SHOWN = 20
WAITING_LOOKED_AT = 60
"""So many of the newest refusals for want of evidence are asked again, what they would say with it."""
STATES = ("open", "overdue", "denied", "answered")
_ASKERS: dict[str, dict[int, str]] = {}
"""Who made the request of an entry, by ledger: an entry never changes, so what was looked up stays."""


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


def asker(page: Page, book: Book, entry: int, budget: list[int]) -> str:
    """Return who made a request; "" where that was not looked up yet and *budget* look-ups are used up."""
    known = _ASKERS.setdefault(page.reader.ledger, {})
    if entry not in known:
        if budget[0] <= 0:
            return ""
        budget[0] -= 1
        known[entry] = requests.asker(book, entry)
    return known[entry]


@router.get("/evidence")
def evidence(page: Asked) -> Response:
    """Return requests to me and by me, and others that I may see; and the form to ask."""
    if not page.caller.account:
        raise Problem(401, "sign-in", page.words.text("Sign in to see this."))
    query = page.request.query_params
    state, start = query.get("state", ""), query.get("from", "0")
    if (state and state not in STATES) or not (start.isascii() and start.isdigit() and len(start) < 8):
        raise Problem(422, "unreadable", page.words.text("There is no such filter. Choose one from the list."))
    found = page.reader.ask(lambda book: _lists(book, page, state, int(start)))
    asking = {key: query.get(key, "")[:600] for key in ("colour", "condition", "subject", "owner")}
    return page.render(
        "evidence.html", **found, state=state, states=STATES, begin=int(start), size=SHOWN, labels=labels,
        speakers=_speakers(page, "record.request"), asking=asking, now=page.reader.ask(_names),
        opened=any(asking.values()),
    )  # fmt: skip


def _lists(book: Book, page: Page, state: str, skip: int) -> dict[str, Any]:
    who, budget = page.caller.participants(), [requests.ASKERS_AT_ONCE]

    def fits(one: Request) -> bool:
        return not state or one.state == state

    def other(one: Request) -> bool:
        return fits(one) and one.owner not in who and may_see(page, one, asker(page, book, one.entry, budget))

    mine = requests.owned(book, who, SHOWN) if not state or state in ("open", "overdue") else []
    by_me, _ = requests.find(
        book, lambda one: fits(one) and bool(who) and asker(page, book, one.entry, budget) in who, SHOWN
    )
    others, more = requests.find(book, other, SHOWN, skip=skip)
    done, _ = requests.find(
        book, lambda one: fits(one) and one.owner in who and one.state in ("answered", "denied"), SHOWN
    )
    names = {each for one in (*mine, *by_me, *others, *done) for each in (one.owner, *(own for own, _ in one.steps))}
    return {
        "mine": [one for one in mine if fits(one)], "by_me": by_me, "done": done, "more": more,
        "others": [one for one in others if one not in by_me], "people": _people(book, names),
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

    def look(book: Book) -> tuple[Request, str] | None:
        known = book.ledger.registry.evidence.requests.get(name)
        if known is None:
            return None
        told = requests.told(name, known, codes.day_of(book.now()))
        return told, asker(page, book, told.entry, [1])

    found = page.reader.ask(look)
    if found is None or not may_see(page, *found):
        raise Problem(404, "not-found", page.words.text("There is no such request, or it is none of yours."))
    told, by = found
    rows = page.reader.rows
    facts = page.reader.ask(lambda book: _facts(book, told, by))
    waiting = page.reader.ask(lambda book: payable_with(book, rows, told))
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


def payable_with(book: Book, rows: Table, one: Request) -> list[Waiting]:
    """Return the payments and acts that were refused for want of this evidence and would now be met with it, or nearly.

    Each is asked again as it was sent, and what this evidence alone stood against is left out: the evidence given
    changes no other answer of the ledger. What was sent again and posted is not listed.
    """
    registry = book.ledger.registry
    home = registry.colour_numbers.get(one.colour, -1)
    subject = registry.subjects.get(one.subject, 0) if one.subject else 0
    chosen = rows.result == Result.EVIDENCE_MISSING
    if subject:
        chosen &= rows.subject == subject
    found = np.flatnonzero(chosen)[::-1][: 20 * WAITING_LOOKED_AT]
    out: list[Waiting] = []
    seen: set[tuple[Any, ...]] = set()
    explainer = Explainer(book.ledger)
    asked = 0
    for place in found.tolist():
        key = tuple(int(column[place]) for column in (rows.debit, rows.credit, rows.kind, rows.amount, rows.subject))
        if key in seen or not _inside(book, int(rows.debit[place]), home):
            continue
        seen.add(key)
        asked += 1
        told = _asked_again(book, explainer, int(rows.entry[place]), one)
        if told is not None:
            out.append(told)
        if len(out) == WAITING_SHOWN or asked == WAITING_LOOKED_AT:
            break
    return out


def _inside(book: Book, account: int, home: int) -> bool:
    """Tell whether an account's colour is the request's, or below it: there its evidence counts."""
    if account < 0 or home < 0:
        return False
    registry = book.ledger.registry
    node = registry.colours[int(book.ledger.tables.acc[account, 3])]
    return any(each.number == home for each in path_of(book, node))


def _asked_again(book: Book, explainer: Explainer, entry: int, one: Request) -> Waiting | None:
    told = describe_entry(book, entry)
    fields = ("op", "id", "from", "to", "amount", "hold", "item", "region", "date", "subject", "document", "quantity")
    operation = {name: told[name] for name in fields if name in told}
    try:
        row = book.operations.rows([operation], codes.day_of(book.now()))[0]
    except OperationError:
        return None
    with in_force(book):
        findings = explainer.explain(row, book.now())
    names = [each.result for each in findings]
    if Result.EXISTS in names or Result.ID_CONFLICT in names:
        return None
    lacking = [each for each in findings if not _is_this(each, one)]
    if len(lacking) == len(findings):
        return None  # the evidence is there by now, or is not what is missing
    side = sides(book, told)
    return Waiting(
        entry, str(told["op"]), side["payer"], side["payee"], side["minor"], side["unit"], side["scale"],
        tuple(each.result.name.lower() for each in lacking),
    )  # fmt: skip


def _is_this(finding: Any, one: Request) -> bool:
    if finding.result is not Result.EVIDENCE_MISSING or finding.facts.get("condition") != one.condition:
        return False
    return not one.subject or finding.facts.get("subject") == one.subject
