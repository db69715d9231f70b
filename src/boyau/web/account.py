"""One account, for whoever owns it and whoever may read it: what may be spent, what is blocked and why, the entries."""

import re
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Response

from boyau.ledger import amounts, codes
from boyau.service.gate.policy import account_facts
from boyau.service.problems import Problem
from boyau.web import labels, statement, typed
from boyau.web.exports import Column, export, wanted
from boyau.web.pages import Asked, Page
from boyau.web.spending import Spending, spending

router = APIRouter(include_in_schema=False)
_NUMBER = re.compile(r"[0-9]{1,18}")
OPS = ("pay", "commit", "return")


def address(name: str, more: str = "") -> str:
    """Return the address of an account's page; '#' would end it and is written %23."""
    return f"/a/{quote(name, safe='/@')}{more}"


def known(page: Page, name: str) -> Spending:
    """Return what the account may spend, or say that there is none."""
    found = page.reader.ask(lambda book: spending(book, name)) if len(name) <= 600 else None
    if found is None:
        raise Problem(404, "not-found", page.words.text("There is no account {name}.", name=name[:120]))
    return found


def may_pay(page: Page, name: str) -> list[str]:
    """Return which operations the reader may send from the account."""
    facts = account_facts(name)
    policy, grants = page.access.policy, page.caller.grants
    return [op for op in OPS if policy.decide(grants, f"op.{op}", facts).allowed]


@router.get("/a/{name:path}")
def account(name: str, page: Asked) -> Response:
    """Return an account's page, or its statement as a file."""
    return show(name, page)


def show(name: str, page: Page) -> Response:
    """Return an account's page; whether the reader may see it has been decided by its address."""
    told = known(page, name)
    asked = _asked(page)
    found = statement.find(page.reader.rows, told.number, asked)
    if wanted(page):
        return _file(page, name, told, found)
    which, older = statement.page(found, asked.before)
    shown = page.reader.ask(lambda book: statement.movements(book, found, which))
    return page.render(
        "account.html", name=name, told=told, asked=asked, shown=shown, found=statement.turnover(found), older=older,
        which=which, kinds=statement.SHOWN, ops=may_pay(page, name), labels=labels, address=address, quote=quote,
        frozen=_frozen_by(page, name, told), quantity=lambda value: page.words.number(amounts.write(value, 3)),
        soon=told.days_left is not None and told.days_left <= 30,
    )  # fmt: skip


def _asked(page: Page) -> statement.Asked:
    """Read which entries are asked for; what cannot be is said with the field's name."""
    query, words = page.request.query_params, page.words
    show = query.get("show", "") or "moves"
    if show not in statement.SHOWN:
        raise Problem(422, "unreadable", words.text("There is no such filter. Choose one from the list."))
    days = []
    for name in ("first", "last"):
        try:
            text = typed.day(query.get(name, ""))
        except typed.TypedError as error:
            raise Problem(422, "unreadable", words.text(error.source, **error.values)) from None
        days.append(codes.day(text) if text else None)
    before = query.get("before", "")
    if before and not _NUMBER.fullmatch(before):
        raise Problem(422, "unreadable", words.text("There is no such page of the list. Go back to its beginning."))
    return statement.Asked(show, days[0], days[1], int(before) if before else None)


def _frozen_by(page: Page, name: str, told: Spending) -> int | None:
    """Return the record that froze or closed the account; None where it is open."""
    if not (told.frozen or told.closed):
        return None
    with page.reader.views() as views:
        entries = views.names.about(f"account {name}", ("account",), most=1)
    return entries[0] if entries else None


# ---- as a file ------------------------------------------------------------------------------------------------------


def _file(page: Page, name: str, told: Spending, found: statement.Found) -> Response:
    """Return all that was found as a file, not only what stands on the page."""
    words, scale = page.words, told.party.scale
    if len(found) > statement.EXPORT_MAX:
        most = words.number(str(statement.EXPORT_MAX))
        raise Problem(422, "too-large", words.text("More than {number} entries: choose a shorter period.", number=most))
    columns = [
        Column("entry", words.text("entry"), "integer"), Column("date", words.text("date"), "date"),
        Column("kind", words.text("what")), Column("result", words.text("answer")),
        Column("other_account", words.text("account")), Column("other_name", words.text("with whom")),
        Column("item", words.text("item")), Column("amount", words.text("amount"), "amount", scale),
        Column("change", words.text("in and out"), "amount", scale),
        Column("balance", words.text("balance after it"), "amount", scale), Column("unit", words.text("unit")),
        Column("refers_to", words.text("refers to entry"), "integer"),
    ]  # fmt: skip
    rows: list[list[Any]] = []
    for part in statement.parts(len(found)):
        moved = page.reader.ask(partial(statement.movements, found=found, which=part))
        rows += [_row(page, told, one) for one in moved]
    file = f"statement-{re.sub(r'[^A-Za-z0-9]+', '-', told.party.colour)}"[:80]
    return export(page, file, columns, rows, question=words.text("Statement of {account}", account=name))


def _row(page: Page, told: Spending, one: statement.Movement) -> list[Any]:
    other = one.other
    hidden = other is not None and page.hides(other)
    account_name = "" if other is None else f"{page.hidden(other)}@{other.colour}" if hidden else other.account
    return [
        one.entry, one.day, one.kind, one.result, account_name,
        "" if other is None else page.who(other.participant, other.facts), one.item, one.amount, one.change,
        one.balance, told.party.unit, one.ref if one.ref >= 0 else None,
    ]  # fmt: skip
