"""The kinds of abuse that are planted: what the ledger must answer, or what may find it, and why."""

from dataclasses import dataclass

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
    Form("outside_chain", "class", REFUSED, "the payee has none of the classes that the colour may go to"),
    Form("outside_chain", "contract", REFUSED, "coloured money goes down its own tree only, never into another's"),
    Form("wrong_item", "declared", REFUSED, "the item is none that the colour buys"),
    Form("wrong_item", "mislabelled", NEITHER, "the entry is that of a lawful purchase; only goods on the site differ"),
    Form("inflated_price", "act", REFUSED, "the contract's line has a ceiling, and an act names quantity and price"),
    Form("inflated_price", "purchase", DETECTABLE, "a purchase down the chain is not on the contract's lines"),
    Form("split_invoices", "below_tier", DETECTABLE, "each payment alone is below the sum that asks for approval"),
    Form("early_payment", "without_act", REFUSED, "more than what was accepted"),
    Form("early_payment", "unattested_act", REFUSED, "an act that nobody attested accepts nothing"),
    Form("circular", "coloured", REFUSED, "coloured money does not go back up as a payment"),
    Form("circular", "plain", DETECTABLE, "after its lawful end the colour is gone; ownership is known where declared"),
    Form("shell_cash_out", "direct", REFUSED, "a natural person is no payee of the colour"),
    Form("shell_cash_out", "shell", DETECTABLE, "a shell is a supplier by class; its behaviour gives it away"),
    Form("duplicate_invoice", "same_document", REFUSED, "a document is paid once"),
    Form("duplicate_invoice", "renumbered", DETECTABLE, "another number is another document; what it bought is equal"),
    Form("paid_twice", "same_act", REFUSED, "an act is accepted and paid up to what it is worth"),
    Form("paid_twice", "second_act", DETECTABLE, "another act is other work to the ledger; its measures are equal"),
    Form("expired", "next_year", REFUSED, "the value date lies after the window"),
    Form("expired", "backdated", REFUSED, "entered after the last day of entry, whatever the value date says"),
    Form("over_limit", "commitment", REFUSED, "one payee gets no more of a contract than it is worth"),
    Form("over_limit", "obligations", REFUSED, "the project's limit stands above all its contracts together"),
    Form("over_limit", "payee", REFUSED, "the subcontract limits what one payee may get of it"),
)
KINDS = tuple(dict.fromkeys(form.kind for form in FORMS))
BY_NAME = {form.name: form for form in FORMS}


def forms_of(kind: str) -> list[Form]:
    """Return the forms of a kind."""
    return [form for form in FORMS if form.kind == kind]
