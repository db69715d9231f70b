"""An entry's page, its permanent link: a payment with the rules it met, a refusal and what stands against it, a record.

Everybody may see what was posted and what records say, natural persons masked. A refused operation is for those who
may read the entry of one of its sides.
"""

import io
from typing import Any

import segno
from fastapi import APIRouter, Response
from starlette.responses import RedirectResponse

from boyau.journal import Book
from boyau.language import explanation
from boyau.ledger import Result, codes
from boyau.ledger.rule_findings import Finding
from boyau.proofs.note import Verifier
from boyau.service.problems import Problem
from boyau.web import cloth, items, labels
from boyau.web.links import RELATIONS, relations
from boyau.web.operation import (
    Operation,
    Record,
    account_text,
    known_names,
    link,
    moment,
    must_see,
    number_of,
    read,
)
from boyau.web.pages import Asked, Page
from boyau.web.past import Past
from boyau.web.provenance import provenance
from boyau.web.record import record_page, shows_whole
from boyau.web.refusal import refusal
from boyau.web.rules_met import Met, RulesMet
from boyau.web.sealed import Signed
from boyau.web.sentences import further, plain_sentence, sentence
from boyau.web.verify import script_facts

router = APIRouter(include_in_schema=False)


@router.get("/e/{entry}")
def entry(entry: str, page: Asked) -> Response:
    """Return an entry's page; by its id, the way to the page by number, which is the link that lasts."""
    number = number_of(page, entry)
    if entry != str(number):
        return RedirectResponse(f"/e/{number}", 302)
    found = read(page, number)
    must_see(page, found)
    if isinstance(found, Record):
        return record_page(page, found, _proof(page, found))
    if found.result in (Result.POSTED, Result.EXISTS):
        return _posted(page, found)
    return _refused(page, found)


def _posted(page: Page, one: Operation) -> Response:
    with page.reader.views() as views:
        met = RulesMet(page, one, Past(views, page.reader.sealed, one.entry, one.time)).all()
    first = -1
    if one.result is Result.EXISTS:
        first = page.reader.ask(lambda book: book.ledger.entry_of(one.row["id"].tobytes()))
    return page.render(
        "entry.html", **_shared(page, one), met=met, signers=_signers(page, met), first=first,
        further=further(page, one), relations=relations(page, one), relation_names=RELATIONS,
        contract=_contract(page, one), trail_link=f"/trail/entry/{one.entry}",
        money_trail=provenance(page, one.entry, one.kind) if one.result is Result.POSTED else None,
    )  # fmt: skip


def _refused(page: Page, one: Operation) -> Response:
    told = refusal(page, one)
    asked = {name for against in told.now for name in against.names}
    then = explanation(Finding(one.result), page.words)
    return page.render(
        "refusal.html", **_shared(page, one), refusal=told, then=labels.result(page.words, one.result.name),
        then_known=then, relations=relations(page, one), relation_names=RELATIONS,
        whom={name: link(page, name, facts) for name, facts in known_names(page, asked).items()},
    )  # fmt: skip


def _shared(page: Page, one: Operation) -> dict[str, Any]:
    """Return what the pages of all operations show."""
    colour = one.colour
    payer, payee = one.payer, one.payee
    return {
        "one": one,
        "headline": sentence(page, one),
        "title": plain_sentence(page, one),
        "kind_word": labels.kind(page.words, one.kind.name.lower()),
        "colour": colour,
        "thread": cloth.thread(
            colour.colour if colour else "",
            begins_plain=payer is None or payer.plain,
            ends_plain=payee is None or payee.plain,
        ),
        "account_text": lambda side: account_text(page, side),
        "moment": moment(page, one.time),
        "numbers": tuple(int(one.row[side]) for side in ("debit", "credit")),
        "expires": codes.day_of(int(one.row["expires"])) if int(one.row["expires"]) else None,
        "proof": _proof(page, one),
        "link": f"{page.access.origin}/e/{one.entry}",
        "kind_name": lambda kind: labels.kind(page.words, kind.name.lower()),
        "item_words": lambda item: items.words(page.words, item),
        "condition_name": lambda name: labels.condition(page.words, name),
    }


def _contract(page: Page, one: Operation) -> dict[str, Any] | None:
    """Return the contract of an operation as it is now, amounts in minor units."""
    if one.contract is None:
        return None
    hold = one.contract.hold
    # Without acts nothing is accepted: what left the hold, other than what was released, was paid.
    paid = hold.paid + hold.advanced if hold.acceptance else hold.total - hold.left
    money = page.words.money
    return {
        "total": hold.total, "accepted": max(hold.accepted, paid) if hold.acceptance else paid, "paid": paid,
        "advanced": hold.advanced, "left": 0 if hold.state else hold.left, "acceptance": hold.acceptance,
        "paid_text": money(paid, one.unit, one.scale), "total_text": money(hold.total, one.unit, one.scale),
    }  # fmt: skip


def _signers(page: Page, met: list[Met]) -> dict[str, Any]:
    """Return the links of those whose words the rules took as evidence."""
    names = {word.by for one in met for word in one.words}
    return {name: link(page, name, facts) for name, facts in known_names(page, names).items()}


# ---- the proof ------------------------------------------------------------------------------------------------------


def _proof(page: Page, found: Operation | Record) -> dict[str, Any]:
    """Return how an entry can be proved: signed, newer than the newest checkpoint, or in a log without a key."""
    signed = page.reader.sealed.signed(found.entry + 1)
    newest = page.reader.sealed.signed()

    def look(book: Book) -> list[str]:
        keys = book.ledger.registry.log_keys.keys
        return [str(Verifier(one.name, bytes.fromhex(one.key))) for one in keys]

    keys = page.reader.ask(look)
    own = isinstance(found, Operation) or shows_whole(page, found)
    state = "signed" if signed else "later" if newest else "unsigned" if keys else "keyless"
    return {
        "state": state if own else "hidden",
        "signed": signed,
        "newest": newest.checkpoint.size if newest else 0,
        "signed_by": _signed_by(signed),
        "script": script_facts(page),
        "address": f"/e/{found.entry}/receipt",
    }


def _signed_by(signed: Signed | None) -> list[tuple[str, str]]:
    return signed.signers if signed else []


@router.get("/e/{entry}/receipt")
def receipt(entry: str, page: Asked) -> Response:
    """Return the receipt of an entry, a JSON file that anybody can check with the log's key."""
    number = number_of(page, entry)
    found = read(page, number)
    must_see(page, found)
    if isinstance(found, Record) and not shows_whole(page, found):
        raise Problem(403, "not-allowed", page.words.text("This record names a person: its receipt would show whom."))
    made = page.reader.sealed.receipt(number)
    if made is None:
        text = page.words.text("No signed checkpoint covers entry {entry} yet.", entry=number)
        advice = page.words.text("Come back after the next one: the log's operator signs it with {command}.",
                                 command="boyau checkpoint")  # fmt: skip
        raise Problem(404, "not-covered", text, advice)
    headers = {
        "Content-Disposition": f'attachment; filename="entry-{number}.receipt.json"',
        "Cache-Control": "no-cache",
    }
    return Response(made.to_json(), 200, headers, "application/json")


@router.get("/e/{entry}/qr.svg")
def qr(entry: str, page: Asked) -> Response:
    """Return a picture that a phone reads as the address of the entry's page."""
    number = number_of(page, entry)
    must_see(page, read(page, number))
    out = io.BytesIO()
    segno.make(f"{page.access.origin}/e/{number}", error="m").save(
        out, kind="svg", scale=4, border=2, dark="#000", light="#fff"
    )
    return Response(out.getvalue(), 200, {"Cache-Control": "public, max-age=86400"}, "image/svg+xml")
