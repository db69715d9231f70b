"""Records that vouch: approvals and who proposed, keys, attestations, requests for them, denials and appeals."""

from typing import Any

from boyau.ledger import approvals, colours, record_fields
from boyau.ledger.evidence import Key, Request, read_key, read_steps
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.tree import Tree


def take_proposal(tree: Tree, record: dict[str, Any], today: int) -> None:
    """Take a proposal: who is the maker of a command or record."""
    digest = approvals.digest_field(record.get("command"), "command")
    maker, _ = _by(tree, record, today)
    tree.approvals.propose(digest, maker, tree.entry)


def take_approval(tree: Tree, record: dict[str, Any], today: int) -> None:
    """Take a checker's approval, or its withdrawal."""
    digest = approvals.digest_field(record.get("command"), "command")
    withdrawn = record.get("withdrawn", False)
    if not isinstance(withdrawn, bool):
        raise RecordRefused("field_type", "withdrawn", "must be true or false")
    until = colours.date_field(record["until"], "until") if "until" in record else today
    who, moment = _by(tree, record, today)
    word = tree.evidence.last_word(who, "approval", digest, moment)
    tree.approvals.approve(digest, who, until, withdrawn=withdrawn)
    if moment >= 0:
        tree.evidence.words[word] = moment


def _by(tree: Tree, record: dict[str, Any], today: int) -> tuple[str, int]:
    """Return whose record this is and when they signed it (µs; −1 where they have no key to sign with)."""
    who = record_fields.text(record, "by", colours.PARTICIPANT, example="123456789012")
    if who not in tree.participants:
        raise RecordRefused("participant_unknown", "by", f"no participant {who!r}; record it first")
    return who, tree.evidence.check(record, who, today, tree.time, None, ())


def take_key(tree: Tree, record: dict[str, Any], today: int) -> None:
    """Take a participant's key, or its new scope and days."""
    who = record_fields.text(record, "participant", colours.PARTICIPANT, example="123456789012")
    if who not in tree.participants:
        raise RecordRefused("participant_unknown", "participant", f"no participant {who!r}; record it first")
    conditions = colours.class_names(record["conditions"], "conditions") if "conditions" in record else None
    scope = tree.colour_of(record).path if "colour" in record else ""
    first = colours.date_field(record["from"], "from") if "from" in record else today
    until = colours.date_field(record["until"], "until") if "until" in record else colours.DAY_MAX
    key = read_key(record)
    known = tree.evidence.keys.get(key)
    if first < today and (known is None or first != known.first):
        raise RecordRefused("acts_backwards", "from", "lies before today; a change never acts backwards")
    if known is not None and "from" not in record:
        first = known.first
    tree.evidence.register(key, Key(who, conditions, scope, first, until))


def take_request(tree: Tree, record: dict[str, Any], today: int) -> None:
    """Take a request for evidence: who must answer it, and who after them."""
    name = record_fields.text(record, "request", record_fields.NAME, example="1 to 64 printable characters")
    condition = colours.condition_name(record.get("condition"), "condition")
    colour = tree.colour_of(record)
    rules = colour.effective
    stages = (rules.evidence, rules.evidence_commit, rules.evidence_advance, rules.evidence_accept)
    if condition not in frozenset().union(*stages, *(cap.evidence for cap in rules.caps)):
        raise RecordRefused("condition_unasked", "condition", f"no rule of {colour.path} asks for it")
    subject = record.get("subject", "")
    if subject and (not isinstance(subject, str) or subject not in tree.subjects):
        raise RecordRefused("subject_unknown", "subject", f"no subject {subject!r:.70}; record it first")
    steps = read_steps(record, tree.participants)
    if "by" in record:
        _by(tree, record, today)
    elif "signature" in record:
        raise RecordRefused("field_missing", "by", "is missing: nobody can check a signature without a name")
    request = Request(condition, colour.path, subject, steps, today, entry=tree.entry)
    tree.evidence.ask(name, request)


def take_denial(tree: Tree, record: dict[str, Any], today: int) -> None:
    """Take a denial by whoever must answer a request today."""
    request = tree.evidence.of(record.get("request"))
    who, moment = _by(tree, record, today)
    word = tree.evidence.last_word(who, "denial", f"request {record['request']}", moment)
    reason = record_fields.reason(record)
    tree.evidence.deny(request, who, reason, today)
    if moment >= 0:
        tree.evidence.words[word] = moment


def take_appeal(tree: Tree, record: dict[str, Any], today: int) -> None:
    """Take an appeal, which passes a request to the next who must answer it."""
    request = tree.evidence.of(record.get("request"))
    who, moment = _by(tree, record, today)
    word = tree.evidence.last_word(who, "appeal", f"request {record['request']}", moment)
    record_fields.reason(record)
    tree.evidence.appeal(request, today)
    if moment >= 0:
        tree.evidence.words[word] = moment


def take_attestation(tree: Tree, record: dict[str, Any], today: int) -> None:
    """Take an attestation of a condition for a colour or a subject, or its withdrawal."""
    condition = colours.condition_name(record.get("condition"), "condition")
    withdrawn = record.get("withdrawn", False)
    if not isinstance(withdrawn, bool):
        raise RecordRefused("field_type", "withdrawn", "must be true or false")
    if not isinstance(record.get("by", ""), str) or len(record.get("by", "")) > 64:
        raise RecordRefused("field_value", "by", "must be a participant's id")
    if ("colour" in record) == ("subject" in record):
        raise RecordRefused("field_missing", "subject", "evidence is about a colour or a subject, one of the two")
    subject = 0
    if "subject" in record:
        subject = tree.subjects.get(record["subject"], 0) if isinstance(record["subject"], str) else 0
        if not subject:
            raise RecordRefused("subject_unknown", "subject", f"no subject {record['subject']!r:.70}; record it first")
    colour = tree.colour_of(record) if "colour" in record else None
    thing = f"colour {colour.path}" if colour else f"subject {record['subject']}"
    home = tree.subject_facts[subject - 1][0] if subject else -1
    about = [colour.path] if colour else [tree.colours[home].path] if home >= 0 else []
    moment = tree.evidence.check(record, record.get("by", ""), today, tree.time, condition, about)
    word = tree.evidence.last_word(record.get("by", ""), condition, thing, moment)
    new = record_fields.new_names([condition], tree.condition_bits, record_fields.CONDITIONS_MAX, "condition")
    record_fields.number(new, tree.condition_bits)
    if moment >= 0:
        tree.evidence.words[word] = moment
    tree.evidence.answered(condition, thing, withdrawn=withdrawn)
    bit = 1 << tree.condition_bits[condition]
    if colour is None:
        mask = int(tree.tables.subject[subject])
        tree.tables.subject[subject] = mask & ~bit if withdrawn else mask | bit
    else:
        colour.attested = colour.attested & ~bit if withdrawn else colour.attested | bit
        tree.refresh(colour.number)
