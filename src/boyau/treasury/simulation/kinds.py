"""The kinds of abuse that are planted: what the ledger must answer, or what may find it, and why."""

from dataclasses import dataclass

from boyau.language.catalogue import mark

REFUSED, DETECTABLE, NEITHER = "refused", "detectable", "neither"


@dataclass(frozen=True, slots=True)
class Form:
    """One form of one kind of abuse."""

    kind: str
    form: str
    outcome: str
    why: str

    @property
    def name(self) -> str:
        """Kind and form together."""
        return f"{self.kind}/{self.form}"


FORMS = (
    Form("outside_chain", "class", REFUSED, mark("the payee has none of the classes that the colour may go to")),
    Form(
        "outside_chain", "contract", REFUSED, mark("coloured money goes down its own tree only, never into another's")
    ),
    Form("wrong_item", "declared", REFUSED, mark("the item is none that the colour buys")),
    Form(
        "wrong_item",
        "mislabelled",
        NEITHER,
        mark("the entry is that of a lawful purchase; only goods on the site differ"),
    ),
    Form(
        "inflated_price", "act", REFUSED, mark("the contract's line has a ceiling, and an act names quantity and price")
    ),
    Form("inflated_price", "purchase", DETECTABLE, mark("a purchase down the chain is not on the contract's lines")),
    Form(
        "split_invoices", "below_tier", DETECTABLE, mark("each payment alone is below the sum that asks for approval")
    ),
    Form("early_payment", "without_act", REFUSED, mark("more than what was accepted")),
    Form("early_payment", "unattested_act", REFUSED, mark("an act that nobody attested accepts nothing")),
    Form("circular", "coloured", REFUSED, mark("coloured money does not go back up as a payment")),
    Form(
        "circular",
        "plain",
        DETECTABLE,
        mark("after its lawful end the colour is gone; ownership is known where declared"),
    ),
    Form("shell_cash_out", "direct", REFUSED, mark("a natural person is no payee of the colour")),
    Form("shell_cash_out", "shell", DETECTABLE, mark("a shell is a supplier by class; its behaviour gives it away")),
    Form("duplicate_invoice", "same_document", REFUSED, mark("a document is paid once")),
    Form(
        "duplicate_invoice",
        "renumbered",
        DETECTABLE,
        mark("another number is another document; what it bought is equal"),
    ),
    Form("paid_twice", "same_act", REFUSED, mark("an act is accepted and paid up to what it is worth")),
    Form(
        "paid_twice", "second_act", DETECTABLE, mark("another act is other work to the ledger; its measures are equal")
    ),
    Form("expired", "next_year", REFUSED, mark("the value date lies after the window")),
    Form("expired", "backdated", REFUSED, mark("entered after the last day of entry, whatever the value date says")),
    Form("over_limit", "commitment", REFUSED, mark("one payee gets no more of a contract than it is worth")),
    Form("over_limit", "obligations", REFUSED, mark("the project's limit stands above all its contracts together")),
    Form("over_limit", "payee", REFUSED, mark("the subcontract limits what one payee may get of it")),
)
NAMES = {
    "outside_chain": mark("outside chain"),
    "class": mark("class"),
    "contract": mark("contract"),
    "wrong_item": mark("wrong item"),
    "declared": mark("declared"),
    "mislabelled": mark("mislabelled"),
    "inflated_price": mark("inflated price"),
    "act": mark("act"),
    "purchase": mark("purchase"),
    "split_invoices": mark("split invoices"),
    "below_tier": mark("below tier"),
    "early_payment": mark("early payment"),
    "without_act": mark("without act"),
    "unattested_act": mark("unattested act"),
    "circular": mark("circular"),
    "coloured": mark("coloured"),
    "plain": mark("plain"),
    "shell_cash_out": mark("shell cash out"),
    "direct": mark("direct"),
    "shell": mark("shell"),
    "duplicate_invoice": mark("duplicate invoice"),
    "same_document": mark("same document"),
    "renumbered": mark("renumbered"),
    "paid_twice": mark("paid twice"),
    "same_act": mark("same act"),
    "second_act": mark("second act"),
    "expired": mark("expired"),
    "next_year": mark("next year"),
    "backdated": mark("backdated"),
    "over_limit": mark("over limit"),
    "commitment": mark("commitment"),
    "obligations": mark("obligations"),
    "payee": mark("payee"),
    REFUSED: mark("refused"),
    DETECTABLE: mark("detectable"),
    NEITHER: mark("neither"),
}
"""How kinds, forms and outcomes are told to people."""
KINDS = tuple(dict.fromkeys(form.kind for form in FORMS))
BY_NAME = {form.name: form for form in FORMS}


def forms_of(kind: str) -> list[Form]:
    """Return the forms of a kind."""
    return [form for form in FORMS if form.kind == kind]
