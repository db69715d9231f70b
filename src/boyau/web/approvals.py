"""Approvals: what waits for me, what I proposed, what is over; and one command with everything needed to decide."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from boyau.journal import Book
from boyau.language.catalogue import mark as _
from boyau.ledger import amounts, colours
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.registry import LIMITS, Colour
from boyau.ledger.rules_text import rule_texts
from boyau.service import answers
from boyau.service.gate import approval_routes
from boyau.service.gate import pending as commands
from boyau.service.gate.policy import Facts
from boyau.service.problems import Problem
from boyau.web import labels
from boyau.web.pages import Asked, Page
from boyau.web.parties import Party, party, round_minor
from boyau.web.spending import in_force

router = APIRouter(include_in_schema=False)
SHOWN = 50
DIGEST_CHARS = 64
REASONS = {
    "maker": _("You have proposed it: somebody else must approve."),
    "payer": _("You speak for the payer: whoever pays may not approve."),
    "beneficiary": _("You speak for the payee: whoever is paid may not approve."),
    "role": _("Your role approves nothing of this colour."),
    "given": _("You have approved it already."),
    "closed": _("It does not wait any more."),
    "speaker": _("Your role speaks for no participant; approvals are given in somebody's name."),
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command in words; ``minor`` in minor units, ``payer`` and ``payee`` None where it is a record."""

    kind: str
    payer: Party | None
    payee: Party | None
    minor: int
    unit: str
    scale: int
    colour: str
    title: Any
    details: tuple[tuple[str, str], ...]


def command(book: Book, one: dict[str, Any]) -> Command:
    """Return a command that waits in words."""
    body, registry = one["command"], book.ledger.registry
    number = registry.colour_numbers.get(one["colour"])
    node = registry.colours[number] if number is not None else None
    title, unit = (node.title, node.unit) if node is not None else ("", "KZT")
    scale = registry.units.get(unit, 2)
    if "op" not in body:
        return Command(str(body.get("type", "")), None, None, 0, unit, scale, one["colour"], title, ())
    names = [str(body.get("from", "")), str(body.get("to", ""))]
    details = tuple(
        (name, str(body[name]))
        for name in ("item", "quantity", "region", "subject", "hold", "original", "document", "date", "expires")
        if name in body
    )
    minor = round_minor(str(body.get("amount", "0")), scale)
    return Command(
        str(body["op"]), party(book, names[0]), party(book, names[1]), minor, unit, scale, one["colour"], title, details
    )


# ---- lists ----------------------------------------------------------------------------------------------------------


@router.get("/approvals")
def approvals(page: Asked) -> Response:
    """Return what waits for me, what I proposed, what else waits, and what is over."""
    door, caller = page.access, page.caller
    seen = [one for one in door.pending.waiting() if approval_routes.may_see(door, one)]
    mine = [one for one in seen if caller.account == one["account"] or one["maker"] in caller.participants()]
    given = caller.participants()
    for_me = [
        one for one in seen
        if approval_routes.may_decide(door, one) and not given & {each["by"] for each in one["approvals"]}
    ]  # fmt: skip
    others = [one for one in seen if one not in mine and one not in for_me]
    over = [one for one in door.pending.past() if approval_routes.may_see(door, one)]
    groups = {"me": for_me, "mine": mine, "others": others, "over": over}
    shown = {name: found[:SHOWN] for name, found in groups.items()}
    told = page.reader.ask(lambda book: {name: _listed(book, found) for name, found in shown.items()})
    return page.render(
        "approvals.html", groups=told, counts={name: len(found) for name, found in groups.items()}, labels=labels,
        now=door.store.now(), day=_day, may=page.could("approval.decide"),
    )  # fmt: skip


def _listed(book: Book, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        one | {"told": command(book, one), "missing": _missing(book, one), "maker_party": _who(book, one["maker"])}
        for one in found
    ]


def _missing(book: Book, one: dict[str, Any]) -> dict[str, Any] | None:
    return commands.missing(book, one["command"], one["digest"]) if one["state"] == "open" else None


def _who(book: Book, participant: str) -> tuple[str, dict[str, Any]]:
    number = book.ledger.registry.participants.get(participant)
    return participant, {} if number is None else book.ledger.registry.participant_facts[number]


def _day(seconds: int) -> int:
    """Return a moment as days since 1970-01-01."""
    return seconds // 86_400


# ---- one ------------------------------------------------------------------------------------------------------------


@router.get("/approvals/{digest}")
def approval(digest: str, page: Asked) -> Response:
    """Return one command with what it would change, who may decide, and why a button is not there."""
    door = page.access
    found = door.pending.get(digest) if len(digest) == DIGEST_CHARS else None
    if found is None or not approval_routes.may_see(door, found):
        raise Problem(404, "not-found", page.words.text("There is no such command, or it is none of yours."))
    one = found
    told = page.reader.ask(lambda book: _all(book, page, one))
    speakers, why = deciding(page, one)
    own = page.caller.participants() & {each["by"] for each in one["approvals"]}
    action = f"op.{one['command']['op']}" if "op" in one["command"] else f"record.{one['command'].get('type', '')}"
    facts = Facts((one["colour"],), (one["debtor"],))
    sends = one["state"] == "open" and page.access.policy.decide(page.caller.grants, action, facts).allowed
    return page.render(
        "approval.html", one=one, **told, speakers=speakers, why=[page.words.text(REASONS[each]) for each in why],
        own=sorted(own), mine=page.caller.account == one["account"] and page.could("approval.withdraw"),
        sends=sends and page.could("approval.send"),
        labels=labels, ends=dt.datetime.fromtimestamp(one["expires"], dt.UTC).date().isoformat(), day=_day,
        proposed=dt.datetime.fromtimestamp(one["proposed"], dt.UTC).strftime("%H:%M UTC"), names=labels.FIELDS,
    )  # fmt: skip


def deciding(page: Page, one: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return in whose name the reader may approve, and, where in nobody's, why not."""
    door, caller = page.access, page.caller
    if one["state"] != "open":
        return [], ["closed"]
    given = {each["by"] for each in one["approvals"]}
    speakers, why = [], dict[str, None]()
    for by in sorted(caller.participants()):
        record = {"type": "approval", "command": one["digest"], "by": by}
        allowed = door.policy.decide(caller.grants, "record.approval", Facts((one["colour"],), (by,))).allowed
        rule = door.pending.four_eyes(caller, record)[0]
        if rule == "four-eyes/maker":
            why["maker"] = None
        elif rule:
            why["payer" if by == one["debtor"] else "beneficiary"] = None
        elif not allowed or not page.could("approval.decide"):
            why["role"] = None
        elif by in given:
            why["given"] = None
        else:
            speakers.append(by)
    if not caller.participants():
        why["maker" if caller.account == one["account"] else "speaker"] = None
    return speakers, [] if speakers else list(why)


def _all(book: Book, page: Page, one: dict[str, Any]) -> dict[str, Any]:
    """Look up everything about a command in one turn of the writer."""
    body = one["command"]
    known = {one["maker"], one["debtor"], one["beneficiary"], *(each["by"] for each in one["approvals"])}
    known |= page.caller.participants()
    out: dict[str, Any] = {
        "told": command(book, one), "missing": _missing(book, one),
        "people": {who: _who(book, who)[1] for who in sorted(known - {""}, key=str)},
        "findings": [], "limits": [], "rules": [],
    }  # fmt: skip
    if one["state"] != "open":
        return out
    if "op" in body:
        out["findings"] = [
            each for each in answers.findings(book, body, page.words) if each["result"] != "approval_missing"
        ]
    elif body.get("type") == "limits":
        out["limits"] = _limits(book, body)
    else:
        out["rules"] = _rules(book, body)
    return out


def _limits(book: Book, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return limits before and after, in minor units, with what is used of each."""
    registry = book.ledger.registry
    number = registry.colour_numbers.get(str(body.get("colour", "")))
    if number is None:
        return []
    node, used = registry.colours[number], book.ledger.counters(registry.colours[number].path)
    scale, out = registry.units[registry.colours[number].unit], []
    for k, name in enumerate(LIMITS):
        after = node.limits[k]
        if name in body:
            try:
                after = None if body[name] is None else amounts.parse(body[name], scale)
            except amounts.AmountError:
                continue
        out.append({"name": name, "before": node.limits[k], "after": after, "used": used[k]})
    return out


def _rules(book: Book, body: dict[str, Any]) -> list[dict[str, str]]:
    """Return each of a colour's own rules before and after the command."""
    registry = book.ledger.registry
    number = registry.colour_numbers.get(str(body.get("colour", "")))
    unit = registry.colours[number].unit if number is not None else "KZT"
    with in_force(book):
        before = _own(book, registry.colours[number]) if number is not None else {}
    after = before
    if "rules" in body:
        try:
            rules = colours.read(body["rules"], registry.units.get(unit, 2))
        except RecordRefused:
            return []
        after = _own(book, Colour(-1, str(body.get("colour", "")), unit, -1, own=rules))
    return [
        {"rule": name, "before": before.get(name, ""), "after": after.get(name, "")}
        for name in sorted({*before, *after})
    ]


def _own(book: Book, node: Colour) -> dict[str, str]:
    """Return a colour's own rules as short texts, without those above it."""
    alone = Colour(node.number, node.path, node.unit, -1, own=node.own)
    out: dict[str, str] = {}
    for one in rule_texts(book.ledger.registry, alone):
        out[one["rule"]] = f"{out[one['rule']]}; {one['value']}" if one["rule"] in out else one["value"]
    return out
