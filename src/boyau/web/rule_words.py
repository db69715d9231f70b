"""Rules of a colour in sentences, for whoever reads a programme: what each asks, in the programme's own words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.ledger import amounts
from boyau.ledger.colours import DAY_MAX, DAY_MIN, EVIDENCE_AT, HOPS_MAX, Rules
from boyau.ledger.rules_text import item_prefix, region_prefix, share_text
from boyau.programmes.model import Programme
from boyau.web import labels

STAGES = {
    "commit": _("before a contract is registered"), "advance": _("before an advance"),
    "accept": _("before work is accepted"), "pay": _("before payment"),
}  # fmt: skip
POWERS = {
    "change": _("change the rules"), "clawback": _("claw money back"), "court": _("act on a court's order"),
    "emergency": _("pay in an emergency"),
}  # fmt: skip
LISTED_MAX = 12
"""Names or prefixes of one rule that are written out."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a programme calls classes and conditions, in one language."""

    words: Language
    classes: Mapping[str, object]
    conditions: Mapping[str, object]

    @classmethod
    def of(cls, words: Language, programme: Programme) -> "Naming":
        """Return the names of one programme."""
        classes = {name: one.what for name, one in programme.classes.items()}
        return cls(words, classes, {name: one.what for name, one in programme.evidence.items()})

    def kind(self, name: str) -> str:
        """Name a class shortly, as inside a sentence: the part of its description before a colon."""
        told = self.words.title(self.classes[name]) if name in self.classes else ""
        short = told.partition(":")[0].strip() or labels.named(self.words, labels.CLASSES, name)
        return short[:1].lower() + short[1:] if short[1:2].islower() or short[1:2] == " " else short

    def kinds(self, names: Iterable[str]) -> str:
        """Name classes, in the order of their ids."""
        return "; ".join(self.kind(name) for name in sorted(names))

    def condition(self, name: str) -> str:
        """Name a condition."""
        told = self.words.title(self.conditions[name]) if name in self.conditions else ""
        return told or labels.condition(self.words, name)


def sentences(rules: Rules, naming: Naming, scale: int, unit: str) -> list[tuple[str, str]]:
    """Return (rule, sentence) for every rule that a colour makes itself."""
    t = naming.words.text

    def money(minor: int) -> str:
        return naming.words.money(minor, unit, scale)

    return [*_who(rules, naming, t), *_what(rules, naming, t, money), *_contract(rules, t, money),
            *_control(rules, naming, t, money)]  # fmt: skip


def _many(names: list[str]) -> str:
    return ", ".join(names[:LISTED_MAX]) + (f" … ({len(names)})" if len(names) > LISTED_MAX else "")


def _who(rules: Rules, naming: Naming, t: Callable[..., str]) -> Iterator[tuple[str, str]]:
    if rules.holders is not None:
        yield t("Who may hold"), naming.kinds(rules.holders) or t("nobody")
    if rules.payees is not None:
        yield t("Who may be paid"), naming.kinds(rules.payees) or t("nobody")
    if rules.allow is not None:
        yield t("List of payees"), t("one of {number} on the list of payees", number=len(rules.allow))
    if rules.deny:
        yield t("Banned payees"), t("none of {number} who are banned", number=len(rules.deny))
    if rules.hops != HOPS_MAX:
        told = t("it may be passed on, still coloured, {hops} times at most", hops=rules.hops)
        yield t("Chain"), told if rules.hops else t("it is not passed on coloured")
    if rules.ends is not None:
        told = t("it becomes plain money at: {kinds}", kinds=naming.kinds(rules.ends) or t("nobody"))
        yield t("Where the colour ends"), told
    for cap in rules.caps:
        told = t("to {kinds} at most {share} of what was received", kinds=naming.kinds(cap.classes),
                    share=share_text(cap.share))  # fmt: skip
        if cap.evidence:
            told += "; " + "; ".join(naming.condition(one) for one in sorted(cap.evidence))
        yield t("Share that may end"), told


def _what(
    rules: Rules, naming: Naming, t: Callable[..., str], money: Callable[[int], str]
) -> Iterator[tuple[str, str]]:
    days = naming.words.day
    if rules.first != DAY_MIN or rules.last != DAY_MAX:
        begin = days(rules.first) if rules.first != DAY_MIN else "…"
        yield t("Time"), f"{begin} – {days(rules.last) if rules.last != DAY_MAX else '…'}"
    if rules.entry_until not in (DAY_MAX, rules.last):
        yield t("Last day of entry"), days(rules.entry_until)
    if rules.items is not None:
        yield t("What it buys"), _many([item_prefix(one) for one in rules.items]) or t("nothing")
    if rules.regions is not None:
        yield t("Where"), _many([region_prefix(one) for one in rules.regions]) or t("nowhere")
    if rules.carry_from:
        yield t("What is carried over into it"), _many(sorted(rules.carry_from))
    for line in rules.lines or ():
        told = item_prefix((line.low, line.high))
        if line.quantity is not None:
            told += "; " + t("at most {quantity} in all", quantity=naming.words.number(amounts.write(line.quantity, 3)))
        if line.price is not None:
            told += "; " + t("at most {sum} each", sum=money(line.price))
        yield t("Line of the contract"), told
    for at, field in EVIDENCE_AT.items():
        found = sorted(getattr(rules, field))
        if found:
            told = "; ".join(naming.condition(one) for one in found)
            yield t("Evidence"), f"{t(STAGES[at])}: {told}"


def _contract(rules: Rules, t: Callable[..., str], money: Callable[[int], str]) -> Iterator[tuple[str, str]]:
    if rules.payee_limit is not None:
        yield t("Limit per payee"), t("at most {sum} to one payee", sum=money(rules.payee_limit))
    if rules.documents:
        yield t("Document"), t("each document is paid once")
    if rules.acceptance:
        yield t("Acceptance"), t("only what was accepted is paid")
    if rules.advance is not None:
        yield t("Advance"), t("at most {share} of the contract", share=share_text(rules.advance))
    if rules.retention is not None:
        share, kept = share_text(rules.retention), rules.retention_days
        yield t("Retention"), t("{share} is kept back for {days} days", share=share, days=kept)


def _control(
    rules: Rules, naming: Naming, t: Callable[..., str], money: Callable[[int], str]
) -> Iterator[tuple[str, str]]:
    if rules.slice is not None:
        told = t(
            "{share} goes into the colour {colour}", share=share_text(rules.slice.share), colour=rules.slice.colour
        )
        yield t("Part of its own"), f"{naming.kinds(rules.slice.classes)}: {told}"
    for tier in rules.approval:
        asked = {"sum": money(tier.above), "number": tier.quorum, "kinds": naming.kinds(tier.classes)}
        yield t("Approval"), t("above {sum}, approvals needed: {number}; by: {kinds}", **asked)
    for power in rules.powers:
        asked = {"what": t(POWERS[power.name]), "number": power.quorum, "kinds": naming.kinds(power.classes)}
        yield t("Who may go past the rules"), t("{what}: {number} together; of: {kinds}", **asked)
