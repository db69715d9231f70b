"""Guided tours: five minutes for each who uses this, along real entries of the ledger that is open.

Where a step leads is looked up in the ledger; a step whose example it does not have is left out.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from boyau.journal import Book
from boyau.language.catalogue import mark as _
from boyau.ledger import Kind, Result
from boyau.service.identity.sessions import cookie
from boyau.service.problems import Problem
from boyau.views.columns import Table
from boyau.web.guests import guest, may_enter
from boyau.web.hunt import offered
from boyau.web.pages import ROLE_NAMES, Asked, Page

router = APIRouter(include_in_schema=False)
RECENT = 200_000
"""Among so many of the newest rows examples are looked for."""
CITIZEN = "citizen"
ABOUT = {
    CITIZEN: _("Look up public money, follow it, and check what you see without trusting anybody."),
    "treasury": _("Colour an allocation, see what is bound and paid, and what the rules refused."),
    "owner": _("The customer of works: what may be spent, on what evidence, and what waits."),
    "contractor": _("What may I spend, on whom, until when; and why was this refused."),
    "controller": _("What waits for your approval, what was refused, and whose money it was."),
    "inspector": _("Give evidence, and see what becomes payable by it."),
    "analyst": _("Where money goes, region by region, and how to take the figures away."),
    "head": _("The whole in five minutes: budget, trail, refusals, proof."),
    "auditor": _("Recount everything yourself: decisions, receipts, open data."),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to look at and why; where; a question with its answer, if there is one."""

    title: str
    text: str
    link: str
    question: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Examples:
    """Addresses in this ledger, "" where it has none."""

    payment: str
    refusal: str
    refusal_rule: str
    colour: str
    trail: str
    payee: str
    account: str


def examples(page: Page, account: str = "") -> Examples:
    """Look for examples: the largest payment and the newest refusal of coloured money that this reader may see."""
    everybody = page.could("read.entries")
    mine = sorted(page.caller.participants())

    def make(rows: Table) -> tuple[int, int, int, str, str]:
        begin = max(0, len(rows) - RECENT)

        def look(book: Book) -> tuple[int, int, int, str, str]:
            accounts, registry = book.ledger.tables.acc, book.ledger.registry
            plain = np.array([one.plain for one in registry.colours], np.bool_)
            payer = np.where(rows.debit[begin:] < 0, 0, rows.debit[begin:])
            coloured = (rows.debit[begin:] >= 0) & ~plain[accounts[payer, 3]]
            paid = np.flatnonzero(coloured & (rows.result[begin:] == Result.POSTED) & (rows.kind[begin:] == Kind.PAY))
            seen = coloured
            if not everybody:
                known = [registry.participants[one] for one in mine if one in registry.participants]
                seen = coloured & np.isin(accounts[payer, 4], known)
            refused = np.flatnonzero(seen & (rows.result[begin:] > Result.EXISTS))
            payment = int(paid[np.argmax(rows.settled[begin:][paid])]) + begin if len(paid) else -1
            refusal = int(refused[-1]) + begin if len(refused) else -1
            if payment < 0:
                return -1, -1, 0, "", ""
            path = registry.colours[int(accounts[rows.debit[payment], 3])].path
            who = registry.who[int(accounts[rows.credit[payment], 4])]
            stopped = int(rows.entry[refusal]) if refusal >= 0 else -1
            return int(rows.entry[payment]), stopped, int(rows.result[refusal]) if refusal >= 0 else 0, path, who

        return page.reader.ask(look)

    payment, refusal, rule, path, who = page.reader.once(f"tour {everybody} {mine}", make)
    return Examples(
        f"/e/{payment}" if payment >= 0 else "", f"/e/{refusal}" if refusal >= 0 else "",
        Result(rule).name.lower() if refusal >= 0 else "", f"/colours/{path}" if path else "",
        f"/trail/{path}" if path else "", f"/who/{who}" if who else "", account,
    )  # fmt: skip


def _look_up(page: Page, found: Examples) -> list[Step]:
    t = page.words.text
    return [
        Step(
            t("Follow a colour"),
            t(
                "Each band is money; click one to see the payments behind it. What is not yet spent and what is set "
                "aside stand beside it, so that nothing is missing."
            ),
            found.trail,
        ),
        Step(
            t("Open one payment"),
            t("Who, what for, which rules it met, where the money came from and who has it now."),
            found.payment,
            t("Which rule asked for the most, and who set it?"),
            t("The table “The rules it met” names for each rule the colour and the entry that set it."),
        ),
    ]


def _check(page: Page, found: Examples) -> Step:
    t = page.words.text
    return Step(
        t("Verify it in your own browser"),
        t(
            "The button on the payment's page recomputes its proof on your device, up to the signature. "
            "Nothing is sent."
        ),
        found.payment,
        t("What would happen if one digit of the receipt were changed?"),
        t("The computed root would be another one, and the page would say at which step it differs."),
    )


def _map(page: Page) -> str:
    """Return the address of the map of the budget with most colours that are bound to a region, else of any budget."""

    def make(_rows: Table) -> str:
        colours = page.reader.ask(lambda book: book.ledger.registry.colours)
        found: Counter[str] = Counter()
        for colour in list(colours):
            if colour.own.regions:
                top = colour
                while top.parent >= 0:
                    top = colours[top.parent]
                found[top.path] += 1
        return f"/budget?of={quote(found.most_common(1)[0][0])}&by=region" if found else "/budget"

    return page.reader.once("tour map", make)


def _hunt(page: Page) -> Step:
    t = page.words.text
    return Step(
        t("Find the abuse"),
        t("What was planted in this year: refused by a rule, or waiting to be found by you."),
        "/tour/abuse" if offered(page) else "",
    )


def _citizen(page: Page, found: Examples) -> list[Step]:
    t = page.words.text
    return [
        Step(
            t("The budget, by programme and region"),
            t("Plan, what is bound by contracts, what is paid; month by month."),
            "/budget",
        ),
        *_look_up(page, found),
        Step(t("Who received it"), t("A payee's page: from whom, in which colours, through whom."), found.payee),
        _check(page, found),
        Step(t("Take the data with you"), t("Everything public as files, with natural persons masked."), "/open"),
    ]


def _treasury(page: Page, found: Examples) -> list[Step]:
    t = page.words.text
    return [
        Step(t("Your accounts"), t("What is free in the colours you administer, and what waits for you."), "/mine"),
        Step(
            t("A colour and its rules"),
            t("Limits of all three stages against what is used; each rule with the colour it comes from."),
            found.colour,
        ),
        Step(
            t("What the rules refused"),
            t("Each refusal with every rule that stood against it, and the remedy."),
            "/refusals",
        ),
        Step(
            t("A new programme, tried without effect"),
            t("Choose a ready-made one; the dry run shows every record it would make."),
            "/programmes",
        ),
        Step(
            t("Budget execution"),
            t("The published figures beside those made from entries: they must not differ."),
            "/budget",
        ),
    ]


def _works(page: Page, found: Examples) -> list[Step]:
    t = page.words.text
    return [
        Step(t("Your accounts"), t("What may be spent, on what, until when; what is set aside and why."), "/mine"),
        Step(
            t("Pay, and be told at once"),
            t("Fill in a payment: while you type, all rules are asked. Nothing is sent until you send it."),
            found.account and f"{found.account}/pay",
            t("Try an item that the colour does not buy. How many rules object?"),
            t("All that fail are shown at once, each beside its field and with its remedy, not only the first."),
        ),
        Step(
            t("A refusal, with its remedy"),
            t("Every rule that failed, where it comes from in the tree, and whom to ask."),
            found.refusal,
        ),
        Step(
            t("Evidence"),
            t("Who has been asked for what, until when, and what becomes payable when it comes."),
            "/evidence",
        ),
    ]


def _controller(page: Page, found: Examples) -> list[Step]:
    t = page.words.text
    return [
        Step(
            t("What waits for you"),
            t("A payment above the limit waits for a second pair of eyes. See what it is, and decide."),
            "/approvals",
            t("Why may the customer not approve it?"),
            t("The checker is neither the maker nor the beneficiary; the page says so where the button would be."),
        ),
        Step(
            t("What was refused"),
            t("Filter by reason, colour and payer; open one."),
            "/refusals",
            t("Which reason was the most frequent?"),
            t("The filters count each reason; the installation's page shows them as bars."),
        ),
        Step(
            t("One refusal in full"),
            t("What stood against it then, and what would stand against it now."),
            found.refusal,
        ),
        Step(t("Whose money it was"), t("The trail shows where it came from and who has the rest."), found.trail),
        Step(t("Who received it"), t("A payee's page: from whom, in which colours, through whom."), found.payee),
        _hunt(page),
    ]


def _inspector(page: Page, found: Examples) -> list[Step]:
    t = page.words.text
    return [
        Step(t("Your accounts"), t("What is free in the colours you administer, and what waits for you."), "/mine"),
        Step(
            t("Evidence"),
            t("Who has been asked for what, until when, and what becomes payable when it comes."),
            "/evidence",
        ),
        Step(
            t("A payment that stood on evidence"),
            t("Who attested it and when stands beside the rule that asked for it."),
            found.payment,
        ),
        Step(
            t("What is waiting for evidence"),
            t("Refusals for want of evidence, with the amounts that wait."),
            "/refusals?reason=evidence_missing" if page.could("read.entries") else "",
        ),
    ]


def _analyst(page: Page, found: Examples) -> list[Step]:
    t = page.words.text
    return [
        Step(t("The map"), t("Execution region by region, with the table beside it."), _map(page)),
        *_look_up(page, found),
        Step(
            t("Take the data with you"),
            t("Every page downloads as what it shows; whole datasets stand in the open data."),
            "/open",
        ),
        Step(
            t("Search for anything"), t("A number, a contract, a name in Kazakh, Russian or Latin letters."), "/search"
        ),
        _hunt(page),
    ]


def _head(page: Page, found: Examples) -> list[Step]:
    t = page.words.text
    return [
        Step(t("The state of public money now"), t("Five figures, each of them a way to the entries behind it."), "/"),
        Step(t("The map"), t("Execution region by region, with the table beside it."), _map(page)),
        Step(
            t("What the rules refused"),
            t("Each refusal with every rule that stood against it, and the remedy."),
            "/refusals",
        ),
        *_look_up(page, found),
        _check(page, found),
    ]


def _auditor(page: Page, found: Examples) -> list[Step]:
    t = page.words.text
    return [
        Step(
            t("Who did what"),
            t("Every decision of the gate, by whom and by which row of the table."),
            "/audit",
            t("Are your own visits in it?"),
            t("Yes: looking at what is not public is a decision too."),
        ),
        Step(
            t("The installation"),
            t("Checkpoints, witnesses, refusals by reason, findings and their remedies."),
            "/installation",
        ),
        _check(page, found),
        Step(t("Verify the whole ledger"), t("What is provable, by which commands, and what stays open."), "/verify"),
        Step(t("Take the data with you"), t("Everything public as files, with natural persons masked."), "/open"),
    ]


TOURS: dict[str, Callable[[Page, Examples], list[Step]]] = {
    CITIZEN: _citizen, "treasury": _treasury, "owner": _works, "contractor": _works, "controller": _controller,
    "inspector": _inspector, "analyst": _analyst, "head": _head, "auditor": _auditor,
}  # fmt: skip


def _named(page: Page, role: str) -> str:
    return page.words.text(_("citizen or journalist")) if role == CITIZEN else page.words.text(ROLE_NAMES[role])


@router.get("/tour")
def tours(page: Asked) -> Response:
    """Return the choice of tours."""
    cards: list[dict[str, Any]] = [
        {"role": role, "name": _named(page, role), "about": page.words.text(ABOUT[role])} for role in TOURS
    ]
    return page.render("tours.html", cards=cards, hunt=offered(page))


@router.get("/tour/{role}")
def tour(page: Asked, role: str) -> Response:
    """Return one tour."""
    if role not in TOURS:
        raise Problem(404, "not-found", page.words.text("There is nothing here"))
    here = any(grant.role == role for grant in page.caller.grants) or role == CITIZEN
    found = examples(page, _account(page))
    steps = [step for step in TOURS[role](page, found) if step.link]
    can_enter = page.demonstration and not here and bool(guest(page.access, role))
    return page.render("tour.html", role=role, name=_named(page, role), about=page.words.text(ABOUT[role]),
                       steps=steps, here=here, can_enter=can_enter)  # fmt: skip


def _account(page: Page) -> str:
    """Return the address of the reader's account with the most free money, "" where there is none."""
    mine = page.caller.participants()
    if not mine:
        return ""

    def look(book: Book) -> str:
        ledger = book.ledger
        plain = [colour.plain for colour in ledger.registry.colours]
        held = [
            (ledger.available(account), account)
            for account, number in ledger.accounts.items()
            if account.partition("@")[0] in mine and not plain[int(ledger.tables.acc[number, 3])]
        ]
        return max(held)[1] if held else ""

    found = page.reader.ask(look)
    return f"/a/{found.replace('#', '%23')}" if found else ""


@router.post("/tour/{role}/enter")
def enter(page: Asked, request: Request, role: str) -> Response:
    """Let a visitor of the demonstration look around in a role; elsewhere there is no such address."""
    account = guest(page.access, role) if page.demonstration else ""
    if not account:
        raise Problem(404, "not-found", page.words.text("There is nothing here"))
    if not may_enter(page, request):
        raise Problem(403, "cross-site", page.words.text("This request did not come from our own pages."))
    secret = page.access.sessions.begin(account, "passkey", page.caller.session)
    answer = RedirectResponse(f"/tour/{role}", 303)
    answer.headers["set-cookie"] = cookie(secret)
    return answer
