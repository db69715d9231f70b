"""The rules that one colour makes itself, each as a sentence in the reader's language."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.ledger import amounts, codes
from boyau.ledger.colours import DAY_MAX, DAY_MIN, EVIDENCE_AT, HOPS_MAX, Rules
from boyau.ledger.rules_text import item_prefix, region_prefix, share_text
from boyau.web import labels

LISTED_MAX = 12
"""Names or codes of one rule that are written out."""
STAGES = {
    "pay": _("before payment"), "commit": _("before a contract is registered"), "advance": _("before an advance"),
    "accept": _("before work is accepted"),
}  # fmt: skip
Naming = Callable[[str], "str | Markup"]


@dataclass(frozen=True, slots=True)
class Said:
    """One rule: its name, as ``rules_text.own_texts`` calls it, and what it asks."""

    rule: str
    text: Markup


class Sentences:
    """Says rules. *who* names a participant as the reader may see it; amounts are in *unit* with *scale* decimals."""

    def __init__(self, words: Language, unit: str, scale: int, who: Naming) -> None:
        self.words, self.unit, self.scale, self.who = words, unit, scale, who

    def of(self, rules: Rules) -> list[Said]:
        """Return all that these rules say, in the order in which the ledger asks them."""
        return [Said(name, text) for name, text in (*self._when(rules), *self._whom(rules), *self._what(rules),
                                                    *self._contract(rules), *self._control(rules))]  # fmt: skip

    def _text(self, source: str, **values: object) -> Markup:
        return escape(self.words.text(source)).format(**values)

    def _listed(self, names: Iterable["str | Markup"]) -> Markup:
        """Write a list, cut where it is long."""
        every = list(names)
        shown = Markup(", ").join(every[:LISTED_MAX])
        if len(every) > LISTED_MAX:
            shown += self._text(_(" and {number} more"), number=self.words.number(str(len(every) - LISTED_MAX)))
        return shown or self._text(_("nobody and nothing"))

    def _classes(self, names: frozenset[str]) -> str:
        return labels.classes(self.words, names) or self.words.text(_("nobody"))

    def _money(self, minor: int) -> str:
        return self.words.money(minor, self.unit, self.scale)

    def _when(self, rules: Rules) -> Iterable[tuple[str, Markup]]:
        for name, day, blank, source in (
            ("window.first", rules.first, DAY_MIN, _("Operations dated {day} or later.")),
            ("window.last", rules.last, DAY_MAX, _("Operations dated {day} or earlier.")),
            ("window.entry_until", rules.entry_until, DAY_MAX, _("Entered on {day} at the latest.")),
        ):
            if day != blank:
                yield name, self._text(source, day=self.words.day(day))

    def _whom(self, rules: Rules) -> Iterable[tuple[str, Markup]]:
        if rules.payees is not None:
            yield "payees.classes", self._text(_("It pays only: {kinds}."), kinds=self._classes(rules.payees))
        if rules.allow is not None:
            names = self._listed(self.who(one) for one in sorted(rules.allow))
            yield "payees.allow", self._text(_("It pays only those on the list: {names}."), names=names)
        if rules.deny:
            names = self._listed(self.who(one) for one in sorted(rules.deny))
            yield "payees.deny", self._text(_("It never pays: {names}."), names=names)
        if rules.holders is not None:
            told = self._text(_("It is held, still coloured, only by: {kinds}."), kinds=self._classes(rules.holders))
            yield "holders.classes", told
        if rules.hops != HOPS_MAX:
            yield "hops", self._text(_("The chain has at most {number} links that hold it."), number=rules.hops)
        if rules.ends is not None:
            source = _("The colour ends, and the money becomes plain, at: {kinds}.")
            yield "ends.classes", self._text(source, kinds=self._classes(rules.ends))
        for cap in rules.caps:
            told = self._text(
                _("At {kinds} it may end for at most {share} of what an account received."),
                kinds=self._classes(cap.classes), share=share_text(cap.share),
            )  # fmt: skip
            if cap.evidence:
                asked = ", ".join(labels.condition(self.words, one) for one in sorted(cap.evidence))
                told += Markup(" ") + self._text(_("Needed: {names}."), names=asked)
            yield "ends.caps", told

    def _what(self, rules: Rules) -> Iterable[tuple[str, Markup]]:
        if rules.items is not None:
            shown = self._listed(Markup("<code>{}</code>").format(item_prefix(one)) for one in rules.items)
            yield "items", self._text(_("It buys only what has a code beginning with: {codes}."), codes=shown)
        if rules.regions is not None:
            names = self._listed(region_prefix(one) for one in rules.regions)
            yield "regions", self._text(_("Delivered in regions (KATO): {names}"), names=names)
        for at, field in EVIDENCE_AT.items():
            for condition in sorted(getattr(rules, field)):
                yield "evidence", self._text(
                    _("{condition}, {stage}."), condition=labels.condition(self.words, condition),
                    stage=self.words.text(STAGES[at]),
                )  # fmt: skip

    def _contract(self, rules: Rules) -> Iterable[tuple[str, Markup]]:
        if rules.lines is not None:
            lines = []
            for line in rules.lines:
                told = Markup("<code>{}</code>").format(item_prefix((line.low, line.high)))
                if line.quantity is not None:
                    quantity = self.words.number(amounts.write(line.quantity, 3).rstrip("0").rstrip("."))
                    told += " × " + quantity
                if line.price is not None:
                    told += self._text(_(" at most {price} each"), price=self._money(line.price))
                lines.append(told)
            yield "lines", self._text(_("Lines of the contract: {lines}."), lines=self._listed(lines))
        if rules.payee_limit is not None:
            limit = self._money(rules.payee_limit)
            yield "payee_limit", self._text(_("All payments to one payee together: at most {sum}."), sum=limit)
        if rules.documents:
            source = _("A document with every payment; the same document is never paid twice.")
            yield "documents", self._text(source)
        if rules.acceptance:
            source = _("A registered contract and accepted work: paid is only what was accepted.")
            yield "acceptance", self._text(source)
        if rules.advance is not None:
            share = share_text(rules.advance)
            yield "advance", self._text(_("Of a contract at most {share} in advance."), share=share)
        if rules.retention is not None:
            yield "retention", self._text(
                _("Of every act {share} is kept back until {days} days after the last act."),
                share=share_text(rules.retention), days=rules.retention_days,
            )  # fmt: skip
        if rules.carry_from:
            names = self._listed(sorted(rules.carry_from))
            yield (
                "carry_from",
                self._text(_("What is left of these may be carried over into it: {names}."), names=names),
            )

    def _control(self, rules: Rules) -> Iterable[tuple[str, Markup]]:
        if rules.slice:
            yield "slice", self._text(
                _("With a payment to {kinds} goes {share} of the whole into {colour}."),
                kinds=self._classes(rules.slice.classes), share=share_text(rules.slice.share),
                colour=rules.slice.colour,
            )  # fmt: skip
        for tier in rules.approval:
            yield "approval", self._text(
                _("Above {sum}: approvals {number}, by {kinds}."), sum=self._money(tier.above), number=tier.quorum,
                kinds=self._classes(tier.classes),
            )  # fmt: skip
        for power in rules.powers:
            source = _("Needs approvals: {number}, by {kinds}.")
            told = self._text(source, number=power.quorum, kinds=self._classes(power.classes))
            yield f"powers.{power.name}", told


def day_left(words: Language, last: int, today: int) -> str:
    """Say how long a window is still open; "" where it has no end."""
    if last == DAY_MAX:
        return ""
    if last < today:
        return words.text("closed since {day}", day=words.day(last + 1))
    return words.text("{number} days left", number=words.number(str(last - today + 1)))


def today_of(now: int) -> int:
    """Return the day of a journal time."""
    return codes.day_of(now)
