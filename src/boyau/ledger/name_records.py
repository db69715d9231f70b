"""Records that give names: units, participants, accounts, subjects of evidence."""

import re
from typing import Any

from boyau.ledger import codes, colours, record_fields
from boyau.ledger.colours import Rules
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.tree import Colour, Tree

FLAG_BITS = {"issuer": 1, "closed": 2, "frozen": 4}
_UNIT = re.compile(r"[A-Z][A-Z0-9_]{1,15}")
_ACCOUNT = re.compile(r"([A-Za-z0-9._-]{1,32})@([A-Za-z0-9_./-]{1,540}?)(?:#([1-9][0-9]{0,2}))?")


def take_unit(tree: Tree, record: dict[str, Any], _today: int) -> None:
    """Take a unit of money and its scale."""
    unit = record_fields.text(record, "unit", _UNIT, example="KZT")
    scale = record.get("scale")
    if not isinstance(scale, int) or isinstance(scale, bool) or not 0 <= scale <= 9:
        raise RecordRefused("field_value", "scale", "must be a whole number from 0 to 9")
    if unit in tree.units:
        if tree.units[unit] != scale:
            raise RecordRefused("unit_fixed", "scale", f"{unit} has scale {tree.units[unit]}, which never changes")
        return
    tree.units[unit] = scale
    plain = Colour(len(tree.colours), unit, unit, -1, plain=True)
    tree.add_colour(plain)
    tree.put_in_force(plain, Rules(), tree.entry)


def take_participant(tree: Tree, record: dict[str, Any], _today: int) -> None:
    """Take a participant, or its new classes and region."""
    who = record_fields.text(record, "participant", colours.PARTICIPANT, example="123456789012")
    classes = colours.class_names(record.get("classes", []), "classes")
    region = record.get("region", "")
    name = record_fields.title(record.get("name", ""), "name")
    try:
        if not isinstance(region, str):
            raise codes.CodeError("must be a text, the KATO code")
        codes.region_number(region)
    except codes.CodeError as error:
        raise RecordRefused("field_value", "region", str(error)) from None
    new = record_fields.new_names(record.get("classes", []), tree.class_bits, record_fields.CLASSES_MAX, "classes")
    record_fields.number(new, tree.class_bits)
    number = tree.participants.setdefault(who, len(tree.participants))
    tree.tables.reserve("holder_class", number + 1)
    tree.tables.reserve("holder_region", number + 1)
    facts = {"classes": sorted(classes), "region": region, "name": name}
    tree.write_participant(number, who, facts)
    if number == len(tree.participant_facts):
        tree.who.append(who)
        tree.participant_facts.append(facts)
        for number_of_colour in sorted(tree.waiting.pop(who, ())):
            tree.refresh(number_of_colour)
    else:
        tree.participant_facts[number] = facts


def take_account(tree: Tree, record: dict[str, Any], _today: int) -> None:
    """Take an account, or its new flags."""
    name = record_fields.text(record, "account", _ACCOUNT, example="participant@colour or participant@colour#1")
    match = _ACCOUNT.fullmatch(name)
    assert match is not None
    who, path, hop = match[1], match[2], int(match[3] or 0)
    if who not in tree.participants:
        raise RecordRefused("participant_unknown", "account", f"no participant {who!r}; record it first")
    number_of_colour = tree.colour_numbers.get(path)
    if number_of_colour is None:
        raise RecordRefused("colour_unknown", "account", f"no colour {path!r:.80}; record it first")
    if hop and tree.colours[number_of_colour].plain:
        raise RecordRefused("field_value", "account", "plain money counts no hops")
    flags = record.get("flags", [])
    if not isinstance(flags, list) or not all(isinstance(flag, str) and flag in FLAG_BITS for flag in flags):
        raise RecordRefused("field_value", "flags", f"must be a list of {', '.join(FLAG_BITS)}")
    bits = sum(FLAG_BITS[flag] for flag in set(flags))
    number = tree.accounts.get(name)
    row = tree.tables.acc
    if number is not None and (int(row[number, 5]) ^ bits) & 1 and row[number, :3].any():
        raise RecordRefused("account_used", "flags", "an account that has moved money cannot become an issuer or cease")
    if number is None:
        number = tree.accounts[name] = len(tree.accounts)
        tree.tables.reserve("acc", number + 1)
        tree.tables.kernel.accounts = len(tree.accounts)
        tree.tables.acc[number, 3:7] = number_of_colour, tree.participants[who], 0, hop
    tree.tables.acc[number, 5] = bits


def take_subject(tree: Tree, record: dict[str, Any], _today: int) -> None:
    """Take something that evidence is about, an act or a delivery."""
    name = record_fields.text(record, "subject", record_fields.NAME, example="1 to 64 printable characters")
    colour = tree.colour_of(record) if "colour" in record else None
    amount = -1
    if "amount" in record:
        if colour is None or colour.plain:
            raise RecordRefused("field_missing", "colour", "an amount needs the colour that it is of")
        amount = record_fields.amount(record["amount"], "amount", tree.units[colour.unit])
    facts = (-1 if colour is None else colour.number, amount)
    if name in tree.subjects:
        if facts not in ((-1, -1), tree.subject_facts[tree.subjects[name] - 1]):
            raise RecordRefused("subject_fixed", "subject", "its colour and amount were given once and stay")
        return
    number = tree.subjects[name] = len(tree.subjects) + 1
    tree.subject_facts.append(facts)
    tree.write_subject(number)
    tree.tables.kernel.subjects = len(tree.subjects)
