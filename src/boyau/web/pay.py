"""The payment form: it says while somebody types what would become of the payment, and by which rules.

Without a script it explains when asked to; what it posts needs the session's token, which only a script can send.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from boyau.journal import Book
from boyau.language.catalogue import mark as _
from boyau.ledger import codes
from boyau.service import answers
from boyau.service.gate.policy import account_facts
from boyau.web import labels, payment
from boyau.web.account import address, known, may_pay, show
from boyau.web.pages import Asked, Page
from boyau.web.parties import Party
from boyau.web.payment import Choices
from boyau.web.spending import Spending

router = APIRouter(include_in_schema=False)
TEXTS = {
    "empty": _("Write the amount."),
    "negative": _("An amount is never negative: choose what to do instead, as giving money back."),
    "digits": _("Write the amount in digits, as 1 500 000,50."),
    "places": _("At most {number} digits may stand after the decimal mark."),
    "zero": _("The amount must be above zero."),
    "large": _("This is more than a ledger can hold. Check the number of digits."),
    "which": _("Is this {one} or {other}? Write it without the mark, or with the digits after it."),
    "needed": _("This is needed."),
    "choose": _("Choose an account of this payee from the list."),
    "hash": _("Choose the file, or write its {hash}: 64 hexadecimal digits."),
    "hashing": _("The file is being read …"),
    "hashed": _("Read on this device; the file itself is sent to nobody."),
    "unread": _("The file cannot be read, or is larger than 512 MB."),
    "incomplete": _("Fill in what is needed, and every rule is checked at once. Nothing is sent by that."),
    "good": _("Every rule is met: this would be posted."),
    "bad": _("This would be refused. Rules that fail: {number}"),
    "tell": _("It was not sent: {reason}"),
    "approval": _("Every other rule is met. Approvals needed: {number}, by {kinds}."),
    "approved": _("Given so far: {names}."),
    "never": _("These may not approve: {names}."),
    "proposeas": _("Nobody whom you speak for can propose this. Ask the treasury for a role with a participant."),
    "after": _("free on the account after it"),
    "afterlimit": _("{limit} of {colour} after it"),
    "afterhold": _("remains of the contract after it"),
    "busy": _("The ledger is busy. Checking again in a moment."),
    "offline": _("No connection. Nothing was sent; what you have typed stays."),
    "signin": _("Your session has ended. Sign in again in another tab; what you have typed stays."),
    "sending": _(
        "Sending. A second click changes nothing: the payment has a number of its own, and a number is paid once."
    ),
    "exists": _("It had arrived the first time. It was posted once, and nothing was paid twice."),
    "posted": _("Posted."),
    "entry": _("To the entry"),
    "lost": _("The answer to this payment did not come: {amount}, {to}. Whether it was posted is not known yet."),
    "means": _("means {amount}"),
}
"""What the script says."""
OP_OF = {"pay": "pay", "hold": "pay", "commit": "commit", "return": "return"}


@router.get("/a/{name:path}/payees")
def payees(name: str, page: Asked, q: str = "") -> Response:
    """Return accounts that could be paid, for who is typing. Persons are found by their whole number only."""
    told = known(page, name)
    if not may_pay(page, name):
        page.must("op.pay", account_facts(name))
    return JSONResponse({"items": [_suggestion(page, one) for one in _found(page, told, q[:120])]})


def _found(page: Page, told: Spending, text: str) -> list[Party]:
    with page.reader.views() as views:
        names = payment.named(views, text)
    found = page.reader.ask(lambda book: payment.suggested(book, told, text, names))
    return [one for one in found if not page.hides(one) or one.participant == text.strip()]


def _suggestion(page: Page, one: Party) -> dict[str, str]:
    title = page.words.text("plain money") if one.plain else one.colour_title(page.words)
    return {"account": one.account, "who": page.who(one.participant, one.facts), "colour": title}


@router.get("/a/{name:path}/pay")
def pay(name: str, page: Asked) -> Response:
    """Return the form; with what was typed in its address, what would become of it."""
    if page.reader.ask(lambda book: name not in book.ledger.accounts and f"{name}/pay" in book.ledger.accounts):
        # A colour may end in “pay”: then this is the address of an account, not of a form.
        page.must("read.account", account_facts(f"{name}/pay"))
        return show(f"{name}/pay", page)
    told = known(page, name)
    ops = may_pay(page, name)
    if not ops:
        page.must("op.pay", account_facts(name))
    values = {key: value[:700] for key, value in page.request.query_params.items()}
    kind = values.get("op", "") if values.get("op") in payment.KINDS else "pay"
    rows = page.reader.rows
    before, came = payment.paid_before(rows, told.number), payment.paid_in(rows, told.number)
    choices = page.reader.ask(lambda book: payment.choices(book, told, before, came))
    blank = dict.fromkeys(payment.FIELDS[kind], "") | {"date": codes.day_text(told.today)}
    given = blank | values | {"op": kind}
    draft, findings = None, None
    if values.get("amount") or values.get("check"):
        draft = payment.read(_resolved(page, given, told), told, page.words, choices)
        operation = draft.operation
        if not draft.wrong:
            page.must("explain", account_facts(name))
            findings = page.reader.ask(lambda book: _explained(book, page, operation))
    return page.render(
        "pay.html", name=name, told=told, kind=kind, given=given, choices=choices, draft=draft, findings=findings,
        kinds={key: text for key, text in payment.KINDS.items() if OP_OF[key] in ops}, fields=payment.FIELDS[kind],
        field_of=payment.FIELD_OF, labels=labels, address=address, facts=_facts(page, told, choices, kind),
        names=labels.FIELDS, suggested=[one for one in choices.payees if not page.hides(one)],
        candidates=_candidates(page, given, told),
        invalid={*(draft.wrong if draft else ()), *(payment.FIELD_OF.get(one["result"], "") for one in findings or ())},
    )  # fmt: skip


def _explained(book: Book, page: Page, operation: dict[str, Any]) -> list[dict[str, Any]]:
    return answers.findings(book, operation, page.words)


def _candidates(page: Page, given: Mapping[str, str], told: Spending) -> list[Party]:
    """Return the accounts of whom was typed without naming an account."""
    text = given.get("to", "").strip()
    if not text or "@" in text:
        return []
    return _found(page, told, text)


def _resolved(page: Page, given: Mapping[str, str], told: Spending) -> Mapping[str, str]:
    """Put the account in the place of a payee who has only one that could be paid."""
    found = _candidates(page, given, told)
    return {**given, "to": found[0].account} if len(found) == 1 else given


def _facts(page: Page, told: Spending, choices: Choices, kind: str) -> dict[str, Any]:
    """Return what the script needs to know: sums as text, for they may be larger than its numbers are exact."""
    words, party = page.words, told.party
    speakers = sorted(page.caller.participants())
    return {
        "account": party.account, "kind": kind, "op": OP_OF[kind], "scale": party.scale, "unit": party.unit,
        "sign": words.money(0, party.unit, party.scale).rsplit("\u00a0", 1)[-1], "language": words.code,
        "available": str(told.available), "fields": payment.FIELD_OF, "needed": sorted(payment.NEEDED),
        "limits": [
            {"left": str(one.left), "name": words.text(labels.LIMITS[one.name]),
             "colour": words.title(one.title) or one.colour}
            for one in (told.limits if kind != "return" else ())
            if kind != "hold" or one.name == "payments"
            if kind != "commit" or one.name == "obligations"
        ],
        "holds": {one.id: str(one.left) for one in told.payable_on},
        "payees": {one.id: one.other.account for one in told.payable_on if one.other is not None},
        "originals": {one.id: one.payer for one in choices.originals},
        "speakers": [party.participant] if party.participant in speakers else speakers,
        "names": {key: words.text(text) for key, text in labels.FIELDS.items()},
        "classes": {key: words.text(text) for key, text in labels.CLASSES.items()},
        "may": {"propose": page.could("approval.propose")},
        "texts": {key: words.text(text) for key, text in TEXTS.items()},
    }  # fmt: skip
