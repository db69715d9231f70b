"""What an entry did, in one sentence."""

from markupsafe import Markup

from boyau.language.catalogue import mark as _
from boyau.ledger import Kind, Result
from boyau.web import figures, labels
from boyau.web.operation import Operation
from boyau.web.pages import Page
from boyau.web.parties import Party

DID = {
    Kind.ISSUE: _("{payer} issued {amount} to {payee}"),
    Kind.ALLOCATE: _("{payer} allocated {amount} to {payee}"),
    Kind.WITHDRAW: _("{payer} gave {amount} of its allocation back to {payee}"),
    Kind.LAPSE: _("{amount} of {payer} lapsed and went back to {payee}"),
    Kind.CARRY: _("{amount} of {payer} was carried over into another year"),
    Kind.COMMIT: _("{payer} set aside {amount} for a contract with {payee}"),
    Kind.PAY: _("{payer} paid {payee} {amount}"),
    Kind.RELEASE: _("{payer} released {amount} of its contract with {payee}"),
    Kind.VOID: _("{payer} ended its contract with {payee}: {amount} were released"),
    Kind.RETURN: _("{payer} gave {amount} back to {payee}"),
    Kind.REVERSE: _("{amount} went back from {payer} to {payee}: an entry was reversed"),
    Kind.RECEIVE: _("{payee} received {amount} from {payer}"),
    Kind.REFUND: _("{payer} refunded {amount} to {payee}"),
    Kind.EXPIRE: _("The contract of {payer} with {payee} expired: {amount} were released"),
    Kind.ACCEPT: _("{payer} accepted work of {payee} worth {amount}"),
    Kind.ADVANCE: _("{payer} paid {payee} an advance of {amount}"),
    Kind.CLAWBACK: _("{amount} was clawed back from {payer} to {payee}"),
    Kind.COURT: _("{payer} paid {payee} {amount} by order of a court"),
}
NEXT = {
    Kind.COMMIT: _("The money is set aside: it can go to nobody else."),
    Kind.ACCEPT: _("Nothing moved by this: it says how much of the contract may now be paid."),
    Kind.ADVANCE: _("The advance is recovered pro rata from every act of work that is accepted."),
    Kind.CLAWBACK: _("It needed the approvals that the colour's rules ask for."),
    Kind.COURT: _("It needed the approvals that the colour's rules ask for."),
}


def _name(page: Page, side: Party | None) -> str:
    return page.who(side.participant, side.facts) if side is not None else page.words.text("an unknown account")


def sentence(page: Page, one: Operation) -> Markup:
    """Say what an operation did, or would have done."""
    amount = figures.money(one.minor, page.words, one.unit, one.scale)
    payer, payee = _name(page, one.payer), _name(page, one.payee)
    if one.result is Result.POSTED:
        return page.text(DID[one.kind], payer=payer, payee=payee, amount=amount)
    if one.result is Result.EXISTS:
        return page.text(
            _("Sent again: {kind}, {amount}, {payer} → {payee}"), payer=payer, payee=payee, amount=amount,
            kind=labels.kind(page.words, one.kind.name.lower()),
        )  # fmt: skip
    return page.text(
        _("Refused: {kind}, {amount}, {payer} → {payee}"), payer=payer, payee=payee, amount=amount,
        kind=labels.kind(page.words, one.kind.name.lower()),
    )  # fmt: skip


def plain_sentence(page: Page, one: Operation) -> str:
    """Say it without markup, for the title of the page."""
    return str(sentence(page, one).striptags())


def further(page: Page, one: Operation) -> str:
    """Say what follows from it, "" where that is plain."""
    if one.result is not Result.POSTED:
        return ""
    if one.kind is Kind.PAY and one.payee is not None and one.payer is not None and one.payee.plain:
        if one.payer.plain:
            return page.words.text("Plain money on both sides: no colour's rules were asked.")
        return page.words.text("Here the colour ends: the payee may spend this money as any other.")
    if one.kind is Kind.PAY and one.payee is not None and not one.payee.plain:
        return page.words.text("The money keeps its colour: the payee may spend it only as the colour allows.")
    source = NEXT.get(one.kind)
    return page.words.text(source) if source else ""
