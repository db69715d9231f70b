"""What a record says, in one sentence for each type."""

from typing import Any

from markupsafe import Markup

from boyau.language import Language
from boyau.language.catalogue import mark as _
from boyau.ledger import amounts, codes
from boyau.web import labels
from boyau.web.pages import Page

KINDS = {
    "unit": _("unit of money"), "participant": _("participant"), "account": _("account"),
    "subject": _("act or delivery"),
    "proposal": _("proposal"), "approval": _("approval"), "key": _("key"), "request": _("request for evidence"),
    "denial": _("denial"), "appeal": _("appeal"), "attestation": _("attestation"), "log_key": _("key of the log"),
    "published": _("published figures"), "note": _("note"),
}  # fmt: skip


def kind_word(words: Language, name: str) -> str:
    """Name a type of record."""
    return words.text(KINDS[name]) if name in KINDS else labels.kind(words, name)


def sentence(page: Page, record: dict[str, Any], names: dict[str, Markup], scale: int) -> Markup:
    """Say what a record says. *names*: participants as they may be named."""
    told = _SENTENCES.get(record["type"], _other)
    return told(page, record, _Names(names), scale)


class _Names(dict[str, Markup]):
    """Names of participants; what is none is written as it stands."""

    def __missing__(self, key: str) -> Markup:
        return Markup("{}").format(key or "–")

    def of(self, record: dict[str, Any], field: str) -> str:
        """Name whom a field names, without a link."""
        return self[str(record.get(field, ""))].striptags()


def _thing(page: Page, record: dict[str, Any]) -> str:
    t = page.words.text
    if record.get("subject"):
        return t("the act or delivery {name}", name=record["subject"])
    return t("the colour {colour}", colour=record.get("colour", ""))


def _colour(page: Page, record: dict[str, Any], _names: _Names, _scale: int) -> Markup:
    if "rules" not in record and record.get("title"):
        return page.text("The colour {colour} and its title", colour=record["colour"])
    if "from" in record:
        day = page.words.day(codes.day(record["from"]))
        return page.text("Rules of the colour {colour} from {date}", colour=record["colour"], date=day)
    return page.text("Rules of the colour {colour}", colour=record["colour"])


def _limits(page: Page, record: dict[str, Any], _names: _Names, _scale: int) -> Markup:
    return page.text("Limits of the colour {colour}", colour=record["colour"])


def _participant(page: Page, record: dict[str, Any], names: _Names, _scale: int) -> Markup:
    classes = labels.classes(page.words, list(record.get("classes", ()))) or "–"
    return page.text("{who} is one of: {classes}", who=names.of(record, "participant"), classes=classes)


def _account(page: Page, record: dict[str, Any], names: _Names, _scale: int) -> Markup:
    who, _, rest = str(record["account"]).partition("@")
    whose, colour = names[who].striptags(), rest.partition("#")[0]
    flags = set(record.get("flags", ()))
    if "frozen" in flags:
        return page.text("The account of {who} in {colour} is frozen", who=whose, colour=colour)
    if "closed" in flags:
        return page.text("The account of {who} in {colour} is closed", who=whose, colour=colour)
    return page.text("An account of {who} in {colour}", who=whose, colour=colour)


def _subject(page: Page, record: dict[str, Any], _names: _Names, scale: int) -> Markup:
    if "amount" not in record:
        return page.text("The act or delivery {name}", name=record["subject"])
    amount = page.words.money(amounts.parse(record["amount"], scale), "KZT", scale)
    return page.text("The act or delivery {name}, worth {amount}", name=record["subject"], amount=amount)


def _attestation(page: Page, record: dict[str, Any], names: _Names, _scale: int) -> Markup:
    values = {
        "by": names.of(record, "by"), "condition": labels.condition(page.words, record["condition"]),
        "thing": _thing(page, record),
    }  # fmt: skip
    if record.get("withdrawn"):
        return page.text("{by} takes back “{condition}” for {thing}", **values)
    return page.text("{by} attests “{condition}” for {thing}", **values)


def _proposal(page: Page, record: dict[str, Any], names: _Names, _scale: int) -> Markup:
    return page.text("{by} proposed a command for approval", by=names.of(record, "by"))


def _approval(page: Page, record: dict[str, Any], names: _Names, _scale: int) -> Markup:
    if record.get("withdrawn"):
        return page.text("{by} took an approval back", by=names.of(record, "by"))
    return page.text("{by} approved a command", by=names.of(record, "by"))


def _key(page: Page, record: dict[str, Any], names: _Names, _scale: int) -> Markup:
    who, conditions = names.of(record, "participant"), record.get("conditions")
    if conditions:
        told = ", ".join(labels.condition(page.words, one) for one in conditions)
        return page.text("{who} has a key to attest: {conditions}", who=who, conditions=told)
    return page.text("{who} has a key to sign with", who=who)


def _request(page: Page, record: dict[str, Any], names: _Names, _scale: int) -> Markup:
    return page.text(
        "{owner} is asked to attest “{condition}” for {thing} within {days} days", owner=names.of(record, "owner"),
        condition=labels.condition(page.words, record["condition"]), thing=_thing(page, record), days=record["days"],
    )  # fmt: skip


def _denial(page: Page, record: dict[str, Any], names: _Names, _scale: int) -> Markup:
    return page.text("{by} denies the request {request}", by=names.of(record, "by"), request=record["request"])


def _appeal(page: Page, record: dict[str, Any], names: _Names, _scale: int) -> Markup:
    return page.text("{by} appeals about the request {request}", by=names.of(record, "by"), request=record["request"])


def _log_key(page: Page, record: dict[str, Any], _names: _Names, _scale: int) -> Markup:
    return page.text("The key that signs the log, number {number}", number=record["number"])


def _unit(page: Page, record: dict[str, Any], _names: _Names, _scale: int) -> Markup:
    return page.text("The unit {unit}", unit=record["unit"])


def _published(page: Page, record: dict[str, Any], _names: _Names, _scale: int) -> Markup:
    return page.text("Published figures: {statement}", statement=str(record.get("statement", "–")))


def _other(page: Page, record: dict[str, Any], _names: _Names, _scale: int) -> Markup:
    if "ledger" in record and "format" in record:
        return page.text("The ledger begins here")
    return page.text("A note")


_SENTENCES = {
    "colour": _colour, "limits": _limits, "participant": _participant, "account": _account, "subject": _subject,
    "attestation": _attestation, "proposal": _proposal, "approval": _approval, "key": _key, "request": _request,
    "denial": _denial, "appeal": _appeal, "log_key": _log_key, "unit": _unit, "published": _published,
}  # fmt: skip
