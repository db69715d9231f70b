"""What records say: units, participants, colours, accounts, limits, evidence. Names become numbers here.

Every record is checked whole before anything of it is applied: a refused record leaves no trace.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from boyau.ledger import amounts, approvals, codes, colours
from boyau.ledger.approvals import Approvals
from boyau.ledger.colours import Rules
from boyau.ledger.evidence import Evidence, Key, Request, read_key, read_steps
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.rows import AMOUNT_MAX
from boyau.ledger.tables import Tables

ANY_CLASS = 61
"""The bit every participant has, which is all that a colour without a rule asks for."""
CLASSES_MAX, CONDITIONS_MAX = 60, 62
FLAG_BITS = {"issuer": 1, "closed": 2, "frozen": 4}
LIMITS = ("plan", "obligations", "payments")
_UNIT = re.compile(r"[A-Z][A-Z0-9_]{1,15}")
_SUBJECT = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_ACCOUNT = re.compile(r"([A-Za-z0-9._-]{1,32})@([A-Za-z0-9_./-]{1,540}?)(?:#([1-9][0-9]{0,2}))?")
_TEXT_MAX = 2000

FIELDS = {
    "unit": {"unit", "scale"},
    "participant": {"participant", "classes", "region", "name"},
    "colour": {"colour", "unit", "title", "rules", "from"},
    "limits": {"colour", *LIMITS, "override", "reason", "date"},
    "account": {"account", "flags"},
    "subject": {"subject", "colour", "amount"},
    "proposal": {"command", "by", "at", "signature"},
    "approval": {"command", "by", "until", "withdrawn", "at", "signature"},
    "key": {"participant", "key", "conditions", "colour", "from", "until"},
    "request": {"request", "condition", "colour", "subject", "by", "owner", "days", "escalation", "at", "signature"},
    "denial": {"request", "by", "reason", "at", "signature"},
    "appeal": {"request", "by", "reason", "at", "signature"},
    "attestation": {"condition", "colour", "subject", "by", "withdrawn", "at", "signature"},
    "published": None,
    "note": None,
}
"""Fields of each type of record, ``type`` aside; None: any, the ledger does not read them."""


@dataclass(slots=True)
class Colour:
    """One node of the tree, as the ledger knows it."""

    number: int
    path: str
    unit: str
    parent: int
    plain: bool = False
    own: Rules = field(default_factory=Rules)
    effective: Rules = field(default_factory=Rules)
    title: Any = ""
    limits: list[int | None] = field(default_factory=lambda: [None, None, None])
    override: list[int] = field(default_factory=lambda: [0, 0, 0])
    attested: int = 0
    rules_entry: int = -1
    """Entry that set the rules in force, and below the one that last set the limits; −1 none."""
    limits_entry: int = -1
    children: list[int] = field(default_factory=list)


class Registry:
    """Names, rules and limits, and the arrays of them that the kernel reads."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.units: dict[str, int] = {}
        self.participants: dict[str, int] = {}
        self.who: list[str] = []  # participants by number
        self.participant_facts: list[dict[str, Any]] = []
        self.colours: list[Colour] = []
        self.colour_numbers: dict[str, int] = {}
        self.accounts: dict[str, int] = {}
        self.subjects: dict[str, int] = {}
        self.subject_facts: list[tuple[int, int]] = []  # of each subject: its colour and its amount, −1 none
        self.approvals = Approvals()
        self.evidence = Evidence()
        self.time = 0
        """Journal time of the record being applied, µs; and the moment that its signer gave."""
        self.moment = -1
        self.class_bits: dict[str, int] = {}
        self.condition_bits: dict[str, int] = {}
        self.pending: list[tuple[int, int, int, Rules]] = []  # (from day, entry, colour, rules)
        self.entry = 0
        """Number of the record being applied; rules and limits remember which one set them."""
        self.carriers: set[int] = set()  # colours that ever had a carry_from rule
        self.waiting: dict[str, set[int]] = {}  # participants and colours that rules name before they are recorded

    # ---- the door ---------------------------------------------------------------------------------------------------

    def record(self, record: Any, time: int, entry: int) -> None:
        """Apply one record at journal *time* as entry number *entry*, or raise ``RecordRefused`` and change nothing."""
        self.entry, self.time, today = entry, time, codes.day_of(time)
        if not isinstance(record, dict):
            raise RecordRefused("field_type", "", f"a record is an object, not {record!r:.60}")
        kind = record.get("type")
        if not isinstance(kind, str) or kind not in FIELDS:
            raise RecordRefused("type_unknown", "type", f"{kind!r:.40} is none of {', '.join(FIELDS)}")
        allowed = FIELDS[kind]
        if allowed is not None:
            for name in record:
                if name != "type" and name not in allowed:
                    raise RecordRefused("field_unknown", str(name)[:60], f"a {kind} has no such field")
            self._four_eyes(record, today)
            getattr(self, f"_{kind}")(record, today)

    def activate(self, today: int) -> list[tuple[Colour, Rules, int, tuple[int, int, int, Rules]]]:
        """Bring into force the rule versions whose day has come; return what ``deactivate`` takes to undo it."""
        if not self.pending:
            return []
        due = sorted((version for version in self.pending if version[0] <= today), key=lambda version: version[:3])
        undo = []
        if due:
            self.pending = [version for version in self.pending if version[0] > today]
            for version in due:
                colour = self.colours[version[2]]
                undo.append((colour, colour.own, colour.rules_entry, version))
                self._own(colour, version[3], version[1])
        return undo

    def deactivate(self, activated: list[tuple[Colour, Rules, int, tuple[int, int, int, Rules]]]) -> None:
        """Undo ``activate``: what was asked for that day left no entry, and the next may bear an earlier day."""
        for colour, rules, entry, version in reversed(activated):
            self.pending.append(version)
            self._own(colour, rules, entry)

    def restore_participants(self) -> None:
        """Fill the arrays of participants from a snapshot's facts."""
        self.who = list(self.participants)
        count = len(self.participant_facts)
        self.tables.reserve("holder_class", count)
        self.tables.reserve("holder_region", count)
        for (who, number), facts in zip(self.participants.items(), self.participant_facts, strict=True):
            self._write_participant(number, who, facts)

    def restore_colour(self, colour: Colour) -> None:
        """Add a colour from a snapshot's facts; its counters follow."""
        rules = colour.own
        colour.own = Rules()
        self._add_colour(colour)
        self._own(colour, rules, colour.rules_entry)
        self._write_limits(colour)

    def _four_eyes(self, record: dict[str, Any], today: int) -> None:
        """Refuse a change of rules or limits that has not the quorum which the power `change` of its colour asks."""
        number = self.colour_numbers.get(record.get("colour")) if isinstance(record.get("colour"), str) else None  # type: ignore[arg-type]
        changes = record["type"] == "limits" or (record["type"] == "colour" and "rules" in record)
        if number is None or not changes:
            return
        power = self.colours[number].effective.power("change")
        if power is None:
            return
        digest = approvals.record_digest(record)
        maker = self.approvals.proposals.get(digest, ("", -1))[0]
        if maker and len(self.approvals.checkers(digest, power.classes, {maker}, today)) >= power.quorum:
            return
        told = f"needs {power.quorum} approvals by {', '.join(sorted(power.classes))}; propose and approve {digest}"
        raise RecordRefused("approval_missing", "colour", told)

    # ---- fields -----------------------------------------------------------------------------------------------------

    @staticmethod
    def _text(record: dict[str, Any], name: str, pattern: re.Pattern[str], *, example: str) -> str:
        value = record.get(name)
        if value is None:
            raise RecordRefused("field_missing", name, "is missing")
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise RecordRefused("field_value", name, f"{value!r:.60} is not of the form {example}")
        return value

    def _colour_of(self, record: dict[str, Any], name: str = "colour") -> Colour:
        path = record.get(name)
        if path is None:
            raise RecordRefused("field_missing", name, "is missing")
        number = self.colour_numbers.get(path) if isinstance(path, str) else None
        if number is None:
            raise RecordRefused("colour_unknown", name, f"no colour {path!r:.80}; record it first")
        return self.colours[number]

    @staticmethod
    def _title(title: Any, field: str) -> Any:
        """Check a title or name: a text, or an object of texts by language."""
        texts = title if isinstance(title, dict) else {"": title}
        if len(texts) > 8 or not all(isinstance(t, str) and len(t) <= 1000 for t in (*texts, *texts.values())):
            raise RecordRefused(
                "field_value", field, "must be a text, or texts by language, of at most 1000 characters"
            )
        return title

    @staticmethod
    def _new_names(wanted: Any, register: dict[str, int], most: int, where: str) -> list[str]:
        """Return the names met for the first time, if there is room for all of them; the last check of a record."""
        new = [name for name in dict.fromkeys(wanted) if name not in register]
        if len(register) + len(new) > most:
            raise RecordRefused("too_many", where, f"a ledger knows at most {most} of these")
        return new

    @staticmethod
    def _number(new: list[str], register: dict[str, int]) -> None:
        for name in new:
            register[name] = len(register)

    # ---- records ----------------------------------------------------------------------------------------------------

    def _unit(self, record: dict[str, Any], _today: int) -> None:
        unit = self._text(record, "unit", _UNIT, example="KZT")
        scale = record.get("scale")
        if not isinstance(scale, int) or isinstance(scale, bool) or not 0 <= scale <= 9:
            raise RecordRefused("field_value", "scale", "must be a whole number from 0 to 9")
        if unit in self.units:
            if self.units[unit] != scale:
                raise RecordRefused("unit_fixed", "scale", f"{unit} has scale {self.units[unit]}, which never changes")
            return
        self.units[unit] = scale
        plain = Colour(len(self.colours), unit, unit, -1, plain=True)
        self._add_colour(plain)
        self._own(plain, Rules(), self.entry)

    def _participant(self, record: dict[str, Any], _today: int) -> None:
        who = self._text(record, "participant", colours.PARTICIPANT, example="123456789012")
        classes = colours.class_names(record.get("classes", []), "classes")
        region = record.get("region", "")
        name = self._title(record.get("name", ""), "name")
        try:
            if not isinstance(region, str):
                raise codes.CodeError("must be a text, the KATO code")
            codes.region_number(region)
        except codes.CodeError as error:
            raise RecordRefused("field_value", "region", str(error)) from None
        self._number(
            self._new_names(record.get("classes", []), self.class_bits, CLASSES_MAX, "classes"), self.class_bits
        )
        number = self.participants.setdefault(who, len(self.participants))
        self.tables.reserve("holder_class", number + 1)
        self.tables.reserve("holder_region", number + 1)
        facts = {"classes": sorted(classes), "region": region, "name": name}
        self._write_participant(number, who, facts)
        if number == len(self.participant_facts):
            self.who.append(who)
            self.participant_facts.append(facts)
            for number_of_colour in sorted(self.waiting.pop(who, ())):
                self._refresh(number_of_colour)
        else:
            self.participant_facts[number] = facts

    def _colour(self, record: dict[str, Any], today: int) -> None:
        path = self._text(record, "colour", colours.PATH, example="kz/rb/2024/2")
        title = self._title(record.get("title", ""), "title")
        start = colours.date_field(record["from"], "from") if "from" in record else today
        if start < today:
            raise RecordRefused("acts_backwards", "from", "lies before today; a change never acts backwards")
        known = self.colour_numbers.get(path)
        if known is None and start > today:
            raise RecordRefused("starts_later", "from", "a new colour has its rules at once; record it on that day")
        parent = self._parent_of(path, record)
        rules = colours.read(record.get("rules", {}), self.units[record["unit"] if parent is None else parent.unit])
        if known is not None:
            self._lines_fit(self.colours[known].own, rules)
        if known is not None and "rules" not in record:  # only the title changes
            self.colours[known].title = title or self.colours[known].title
            return
        above = Rules() if parent is None else parent.effective
        wider = rules.widening(above)
        if wider is not None and parent is not None:
            raise RecordRefused("widens_parent", f"rules.{wider}", f"is wider than the effective rule of {parent.path}")
        named = record.get("rules", {})
        classes = self._new_names(sorted_names(rules), self.class_bits, CLASSES_MAX, "rules")
        conditions = self._new_names(_conditions(named), self.condition_bits, CONDITIONS_MAX, "rules.evidence")
        self._number(classes, self.class_bits)
        self._number(conditions, self.condition_bits)
        if known is None:
            unit = record["unit"] if parent is None else parent.unit
            colour = Colour(len(self.colours), path, unit, -1 if parent is None else parent.number)
            self._add_colour(colour)
        else:
            colour = self.colours[known]
        colour.title = title or colour.title
        if start > today:
            self.pending.append((start, self.entry, colour.number, rules))
        else:
            self._own(colour, rules, self.entry)

    @staticmethod
    def _lines_fit(old: Rules, new: Rules) -> None:
        """Refuse a line that cuts across a present one: what was taken of a line must stay countable."""
        for line in new.lines or ():
            for before in old.lines or ():
                other = (before.low, before.high) != (line.low, line.high)
                if other and before.low <= line.high and line.low <= before.high:
                    told = f"{codes.item_text(line.low)} cuts across a present line; keep its item"
                    raise RecordRefused("lines_overlap", "rules.lines", told)

    def _parent_of(self, path: str, record: dict[str, Any]) -> Colour | None:
        """Return the parent of a new or known colour, having checked the unit that the record names."""
        above = self.colour_numbers.get(path.rpartition("/")[0])
        known = self.colour_numbers.get(path)
        if known is not None and self.colours[known].parent < 0:
            above = None
        unit = record.get("unit")
        expected = (
            self.colours[known].unit if known is not None else self.colours[above].unit if above is not None else None
        )
        if unit is None and expected is None:
            raise RecordRefused(
                "parent_unknown", "colour", f"{path.rpartition('/')[0]!r} is no colour; record it first, or name a unit"
            )
        if unit is not None and (not isinstance(unit, str) or unit not in self.units):
            raise RecordRefused("unit_unknown", "unit", f"no unit {unit!r:.40}; record it first")
        if unit is not None and expected is not None and unit != expected:
            raise RecordRefused("unit_fixed", "unit", f"this colour is in {expected}")
        return None if above is None else self.colours[above]

    def _limits(self, record: dict[str, Any], today: int) -> None:
        colour = self._colour_of(record)
        if colour.plain:
            raise RecordRefused("colour_plain", "colour", "plain money has no limits")
        scale = self.units[colour.unit]
        limits, override = list(colour.limits), list(colour.override)
        extra = record.get("override", {})
        if not isinstance(extra, dict) or not set(extra) <= set(LIMITS):
            raise RecordRefused("field_value", "override", f"must be an object of {', '.join(LIMITS)}")
        if "date" in record and colours.date_field(record["date"], "date") > today:
            raise RecordRefused("date_future", "date", "lies after today; limits act at once, record them on that day")
        if not isinstance(record.get("reason", ""), str) or len(record.get("reason", "")) > _TEXT_MAX:
            raise RecordRefused("field_value", "reason", f"must be a text of at most {_TEXT_MAX} characters")
        if any(extra.values()) and not record.get("reason"):
            raise RecordRefused("field_missing", "reason", "an override needs its reason")
        for k, name in enumerate(LIMITS):
            if name in record:
                limits[k] = None if record[name] is None else self._amount(record[name], name, scale)
            if name in extra:
                override[k] = self._amount(extra[name], f"override.{name}", scale)
            self._check_limit(colour, k, limits[k], override[k], changed=name in record)
        colour.limits, colour.override, colour.limits_entry = limits, override, self.entry
        self._write_limits(colour)

    def _check_limit(self, colour: Colour, k: int, limit: int | None, override: int, *, changed: bool) -> None:
        if limit is None:
            return
        name, scale = LIMITS[k], self.units[colour.unit]
        used = int(self.tables.cnt[colour.number, 3 + k])
        if limit + override < used:
            raise RecordRefused(
                "limit_below_used",
                name,
                f"{amounts.write(limit + override, scale)} is below what is used, "
                f"{amounts.write(used, scale)}; give back or release first",
            )
        above = colour.parent
        while changed and above >= 0:
            ceiling = self.colours[above].limits[k]
            if ceiling is not None:
                if limit > ceiling:
                    raise RecordRefused(
                        "widens_parent",
                        name,
                        f"{amounts.write(limit, scale)} is above the limit of "
                        f"{self.colours[above].path}, {amounts.write(ceiling, scale)}",
                    )
                return
            above = self.colours[above].parent

    @staticmethod
    def _amount(value: Any, name: str, scale: int) -> int:
        try:
            return amounts.parse(value, scale)
        except amounts.AmountError as error:
            raise RecordRefused("amount_unreadable", name, str(error)) from None

    def _account(self, record: dict[str, Any], _today: int) -> None:
        name = self._text(record, "account", _ACCOUNT, example="participant@colour or participant@colour#1")
        match = _ACCOUNT.fullmatch(name)
        assert match is not None
        who, path, hop = match[1], match[2], int(match[3] or 0)
        if who not in self.participants:
            raise RecordRefused("participant_unknown", "account", f"no participant {who!r}; record it first")
        number_of_colour = self.colour_numbers.get(path)
        if number_of_colour is None:
            raise RecordRefused("colour_unknown", "account", f"no colour {path!r:.80}; record it first")
        if hop and self.colours[number_of_colour].plain:
            raise RecordRefused("field_value", "account", "plain money counts no hops")
        flags = record.get("flags", [])
        if not isinstance(flags, list) or not all(isinstance(flag, str) and flag in FLAG_BITS for flag in flags):
            raise RecordRefused("field_value", "flags", f"must be a list of {', '.join(FLAG_BITS)}")
        bits = sum(FLAG_BITS[flag] for flag in set(flags))
        number = self.accounts.get(name)
        row = self.tables.acc
        if number is not None and (int(row[number, 5]) ^ bits) & 1 and row[number, :3].any():
            raise RecordRefused(
                "account_used", "flags", "an account that has moved money cannot become an issuer or cease"
            )
        if number is None:
            number = self.accounts[name] = len(self.accounts)
            self.tables.reserve("acc", number + 1)
            self.tables.kernel.accounts = len(self.accounts)
            self.tables.acc[number, 3:7] = number_of_colour, self.participants[who], 0, hop
        self.tables.acc[number, 5] = bits

    def _subject(self, record: dict[str, Any], _today: int) -> None:
        name = self._text(record, "subject", _SUBJECT, example="1 to 64 printable characters")
        colour = self._colour_of(record) if "colour" in record else None
        amount = -1
        if "amount" in record:
            if colour is None or colour.plain:
                raise RecordRefused("field_missing", "colour", "an amount needs the colour that it is of")
            amount = self._amount(record["amount"], "amount", self.units[colour.unit])
        facts = (-1 if colour is None else colour.number, amount)
        if name in self.subjects:
            if facts not in ((-1, -1), self.subject_facts[self.subjects[name] - 1]):
                raise RecordRefused("subject_fixed", "subject", "its colour and amount were given once and stay")
            return
        number = self.subjects[name] = len(self.subjects) + 1
        self.subject_facts.append(facts)
        self.write_subject(number)
        self.tables.kernel.subjects = len(self.subjects)

    def write_subject(self, number: int) -> None:
        """Write a subject's facts into the kernel's tables."""
        self.tables.reserve("subject", number + 1)
        self.tables.reserve("subject_fact", number + 1)
        self.tables.subject_fact[number] = self.subject_facts[number - 1]

    def _proposal(self, record: dict[str, Any], today: int) -> None:
        digest = approvals.digest_field(record.get("command"), "command")
        self.approvals.propose(digest, self._by(record, today), self.entry)

    def _approval(self, record: dict[str, Any], today: int) -> None:
        digest = approvals.digest_field(record.get("command"), "command")
        withdrawn = record.get("withdrawn", False)
        if not isinstance(withdrawn, bool):
            raise RecordRefused("field_type", "withdrawn", "must be true or false")
        until = colours.date_field(record["until"], "until") if "until" in record else today
        who = self._by(record, today)
        word = self.evidence.last_word(who, "approval", digest, self.moment)
        self.approvals.approve(digest, who, until, withdrawn=withdrawn)
        if self.moment >= 0:
            self.evidence.words[word] = self.moment

    def _by(self, record: dict[str, Any], today: int) -> str:
        """Return whose record this is, having checked their signature where they have a key."""
        who = self._text(record, "by", colours.PARTICIPANT, example="123456789012")
        if who not in self.participants:
            raise RecordRefused("participant_unknown", "by", f"no participant {who!r}; record it first")
        self.moment = self.evidence.check(record, who, today, self.time, None, ())
        return who

    def _key(self, record: dict[str, Any], today: int) -> None:
        who = self._text(record, "participant", colours.PARTICIPANT, example="123456789012")
        if who not in self.participants:
            raise RecordRefused("participant_unknown", "participant", f"no participant {who!r}; record it first")
        conditions = colours.class_names(record["conditions"], "conditions") if "conditions" in record else None
        scope = self._colour_of(record).path if "colour" in record else ""
        first = colours.date_field(record["from"], "from") if "from" in record else today
        until = colours.date_field(record["until"], "until") if "until" in record else colours.DAY_MAX
        key = read_key(record)
        known = self.evidence.keys.get(key)
        if first < today and (known is None or first != known.first):
            raise RecordRefused("acts_backwards", "from", "lies before today; a change never acts backwards")
        if known is not None and "from" not in record:
            first = known.first
        self.evidence.register(key, Key(who, conditions, scope, first, until))

    def _request(self, record: dict[str, Any], today: int) -> None:
        name = self._text(record, "request", _SUBJECT, example="1 to 64 printable characters")
        condition = colours.condition_name(record.get("condition"), "condition")
        colour = self._colour_of(record)
        rules = colour.effective
        stages = (rules.evidence, rules.evidence_commit, rules.evidence_advance, rules.evidence_accept)
        if condition not in frozenset().union(*stages, *(cap.evidence for cap in rules.caps)):
            raise RecordRefused("condition_unasked", "condition", f"no rule of {colour.path} asks for it")
        subject = record.get("subject", "")
        if subject and (not isinstance(subject, str) or subject not in self.subjects):
            raise RecordRefused("subject_unknown", "subject", f"no subject {subject!r:.70}; record it first")
        steps = read_steps(record, self.participants)
        if "by" in record:
            self._by(record, today)
        request = Request(condition, colour.path, subject, steps, today, entry=self.entry)
        self.evidence.ask(name, request)

    def _denial(self, record: dict[str, Any], today: int) -> None:
        request = self.evidence.of(record.get("request"))
        who, reason = self._by(record, today), self._reason(record)
        self.evidence.deny(request, who, reason, today)

    def _appeal(self, record: dict[str, Any], today: int) -> None:
        request = self.evidence.of(record.get("request"))
        self._by(record, today)
        self._reason(record)
        self.evidence.appeal(request, today)

    @staticmethod
    def _reason(record: dict[str, Any]) -> str:
        reason = record.get("reason")
        if not isinstance(reason, str) or not 0 < len(reason) <= _TEXT_MAX:
            raise RecordRefused("field_missing", "reason", f"must be a text of at most {_TEXT_MAX} characters")
        return reason

    def _attestation(self, record: dict[str, Any], today: int) -> None:
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
            subject = self.subjects.get(record["subject"], 0) if isinstance(record["subject"], str) else 0
            if not subject:
                raise RecordRefused(
                    "subject_unknown", "subject", f"no subject {record['subject']!r:.70}; record it first"
                )
        colour = self._colour_of(record) if "colour" in record else None
        thing = f"colour {colour.path}" if colour else f"subject {record['subject']}"
        home = self.subject_facts[subject - 1][0] if subject else -1
        about = [colour.path] if colour else [self.colours[home].path] if home >= 0 else []
        moment = self.evidence.check(record, record.get("by", ""), today, self.time, condition, about)
        word = self.evidence.last_word(record.get("by", ""), condition, thing, moment)
        self._number(
            self._new_names([condition], self.condition_bits, CONDITIONS_MAX, "condition"), self.condition_bits
        )
        if moment >= 0:
            self.evidence.words[word] = moment
        self.evidence.answered(condition, thing, withdrawn=withdrawn)
        bit = 1 << self.condition_bits[condition]
        if colour is None:
            mask = int(self.tables.subject[subject])
            self.tables.subject[subject] = mask & ~bit if withdrawn else mask | bit
        else:
            colour.attested = colour.attested & ~bit if withdrawn else colour.attested | bit
            self._refresh(colour.number)

    def assume(self, condition: str, thing: str) -> None:
        """Take a condition as attested for a colour or subject: for trying out on a copy, never on a ledger.

        KeyError where no rule names the condition or nothing bears the name.
        """
        bit = 1 << self.condition_bits[condition]
        if thing in self.subjects:
            self.tables.subject[self.subjects[thing]] |= bit
        else:
            colour = self.colours[self.colour_numbers[thing]]
            colour.attested |= bit
            self._refresh(colour.number)

    # ---- the arrays of rules ----------------------------------------------------------------------------------------

    def _add_colour(self, colour: Colour) -> None:
        """Add a colour to the tables; whoever adds it puts its rules in force (``_own``), which writes them."""
        n = colour.number
        self.colours.append(colour)
        self.colour_numbers[colour.path] = n
        self.tables.reserve("cnt", n + 1)
        self.tables.reserve("rule", n + 1)
        self.tables.cnt[n] = (AMOUNT_MAX, AMOUNT_MAX, AMOUNT_MAX, 0, 0, 0, colour.parent, 0)
        rule = self.tables.rule
        rule[n, 17] = list(self.units).index(colour.unit)
        rule[n, 18] = colour.plain
        if colour.parent >= 0:
            self.colours[colour.parent].children.append(n)
            rule[n, 19] = rule[colour.parent, 19]
            rule[n, 20] = rule[colour.parent, 20] + 1
        else:
            rule[n, 19], rule[n, 20] = n, 0
        for waiting in sorted(self.waiting.pop(colour.path, ())):
            self._refresh(waiting)

    def _refresh(self, number: int) -> None:
        """Compute the effective rules of a colour and all below it, and write them into the kernel's table."""
        todo = [number]
        while todo:
            colour = self.colours[todo.pop()]
            parent = self.colours[colour.parent] if colour.parent >= 0 else None
            colour.effective = colour.own if parent is None else colour.own.under(parent.effective)
            self._write(colour, 0 if parent is None else int(self.tables.rule[parent.number, 16]))
            todo.extend(colour.children)

    def _own(self, colour: Colour, rules: Rules, entry: int) -> None:
        """Put rules into force as a colour's own; what they name and is not recorded yet is waited for."""
        colour.own, colour.rules_entry = rules, entry
        for name in (rules.allow or frozenset()) | rules.deny:
            if name not in self.participants:
                self.waiting.setdefault(name, set()).add(colour.number)
        for path in (*rules.carry_from, *((rules.slice.colour,) if rules.slice else ())):
            if path not in self.colour_numbers:
                self.waiting.setdefault(path, set()).add(colour.number)
        self._refresh(colour.number)
        if colour.parent >= 0 and colour.effective.exceeds(self.colours[colour.parent].effective) is not None:
            raise RuntimeError(f"{colour.path} is wider than the colour above it: a fault of the program")  # always on

    def _write(self, colour: Colour, have: int) -> None:
        rules, row = colour.effective, self.tables.rule[colour.number]
        row[0] = self._mask(rules.payees)
        row[1] = self._mask(rules.holders)
        row[2] = self._mask(rules.ends) if rules.ends is not None else 0
        row[3:7] = rules.first, rules.last, rules.entry_until, rules.hops
        row[7:9] = self._slice([n for pair in rules.items for n in pair] if rules.items is not None else None)
        row[9:11] = self._slice([n for pair in rules.regions for n in pair] if rules.regions is not None else None)
        row[11:13] = self._slice(self._numbers(rules.allow) if rules.allow is not None else None)
        row[13:15] = self._slice(self._numbers(rules.deny) if rules.deny else None)
        row[15] = self._needs(rules.evidence)
        row[16] = have | colour.attested
        self._write_terms(colour)
        allowed = {colour.number << 32 | self.colour_numbers[p] for p in rules.carry_from if p in self.colour_numbers}
        if allowed or colour.number in self.carriers:
            pairs = self.tables.kernel.carry_from
            self.tables.kernel.carry_from = {pair for pair in pairs if pair >> 32 != colour.number} | allowed
            self.carriers.add(colour.number)

    def _write_terms(self, colour: Colour) -> None:
        """Write the rules of contracts and control into the kernel's row of this colour."""
        rules, own, n = colour.effective, colour.own, colour.number
        row = self.tables.rule[n]
        above = self.tables.rule[colour.parent] if colour.parent >= 0 else None
        caps = [
            x for cap in rules.caps for x in (self._mask(cap.classes), self._needs(cap.evidence), cap.share.packed())
        ]
        lines = [-1 if x is None else x for line in own.lines or () for x in line]
        row[22:24] = self._slice(caps if rules.caps else None)
        row[24:26] = self._slice(lines if own.lines is not None else None)
        row[26] = n if own.lines is not None else -1 if above is None else above[26]
        row[27] = -1 if own.payee_limit is None else own.payee_limit
        row[28] = n if own.payee_limit is not None else -1 if above is None else above[28]
        row[29] = rules.acceptance
        row[30] = rules.advance.packed() if rules.advance and rules.advance.n else 0
        row[31] = rules.retention.packed() if rules.retention and rules.retention.n else 0
        row[32] = rules.retention_days
        inside = rules.slice and f"{colour.path}/".startswith(f"{rules.slice.colour}/")
        sliced = rules.slice if rules.slice and not inside else None
        row[33] = self.colour_numbers.get(sliced.colour, -2) if sliced else -1  # −2: it is not recorded yet
        row[34:36] = (sliced.share.packed(), self._mask(sliced.classes)) if sliced else (0, 0)
        row[36] = min((tier.above for tier in rules.approval), default=AMOUNT_MAX)
        row[37] = rules.documents
        row[38:41] = [self._needs(e) for e in (rules.evidence_commit, rules.evidence_advance, rules.evidence_accept)]
        row[21] = int(row[26] >= 0 or row[28] >= 0 or bool(rules.caps) or rules.acceptance or rules.documents)
        levels = sum(1 for k in (26, 28) if row[k] == n)
        before = 0 if above is None else int(above[41])
        row[41] = before + levels  # levels with lines or a limit per payee on the path: so many meters may turn
        self.tables.meters_most = max(self.tables.meters_most, int(row[41]) + len(rules.caps) + 2)

    def _needs(self, conditions: frozenset[str]) -> int:
        return sum(1 << self.condition_bits[name] for name in conditions)

    def _write_participant(self, number: int, who: str, facts: dict[str, Any]) -> None:
        mask = 1 << ANY_CLASS
        for name in facts["classes"]:
            mask |= 1 << self.class_bits[name]
        self.tables.holder_class[number] = mask
        self.approvals.classes[who] = frozenset(facts["classes"])
        self.tables.holder_region[number] = codes.region_number(facts["region"])

    def _write_limits(self, colour: Colour) -> None:
        for k, own in enumerate(colour.limits):
            limit = AMOUNT_MAX if own is None else min(AMOUNT_MAX, own + colour.override[k])
            self.tables.cnt[colour.number, k] = limit

    def _mask(self, classes: frozenset[str] | None) -> int:
        if classes is None:
            return 1 << ANY_CLASS
        return sum(1 << self.class_bits[name] for name in classes)

    def _numbers(self, who: frozenset[str]) -> list[int]:
        return sorted(self.participants[name] for name in who if name in self.participants)

    def _slice(self, values: list[int] | None) -> tuple[int, int]:
        return (-1, -1) if values is None else self.tables.slice_of(values)


def sorted_names(rules: Rules) -> list[str]:
    """Return all classes that *rules* name, in an order that does not depend on hashing."""
    quorums = (*rules.approval, *rules.powers, *rules.caps, *((rules.slice,) if rules.slice else ()))
    named = (rules.payees, rules.holders, rules.ends, *(one.classes for one in quorums))
    return sorted(frozenset().union(*(one for one in named if one)))


def _conditions(named: dict[str, Any]) -> list[str]:
    """Return the conditions that a record's rules name, as they stand in it."""
    plain = [one["condition"] if isinstance(one, dict) else one for one in named.get("evidence", [])]
    caps = named.get("ends", {}).get("caps", [])
    return plain + [condition for cap in caps for condition in cap.get("evidence", [])]
