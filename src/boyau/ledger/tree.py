"""Everything that has a name, the rules and limits in force, and the arrays of them that the kernel reads.

Records change it (``registry.py`` and the modules beside it); a snapshot restores it. Names become numbers here.
"""

from dataclasses import dataclass, field
from typing import Any

from boyau.ledger import codes
from boyau.ledger.approvals import Approvals
from boyau.ledger.colours import Rules
from boyau.ledger.evidence import Evidence
from boyau.ledger.log_keys import LogKeys
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.rows import AMOUNT_MAX
from boyau.ledger.tables import Tables

ANY_CLASS = 61
"""The bit every participant has, which is all that a colour without a rule asks for."""
Version = tuple[int, int, int, Rules]
"""Rules that wait for their day: from which day, by which entry, of which colour."""


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


class Tree:
    """Names by number, rules in force, evidence and approvals, and the kernel's arrays of them."""

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
        self.log_keys = LogKeys()
        self.time = 0
        """Journal time of the record being applied, µs."""
        self.class_bits: dict[str, int] = {}
        self.condition_bits: dict[str, int] = {}
        self.pending: list[Version] = []
        self.entry = 0
        """Number of the record being applied; rules and limits remember which one set them."""
        self.carriers: set[int] = set()  # colours that ever had a carry_from rule
        self.waiting: dict[str, set[int]] = {}  # participants and colours that rules name before they are recorded

    def activate(self, today: int) -> list[tuple[Colour, Rules, int, Version]]:
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
                self.put_in_force(colour, version[3], version[1])
        return undo

    def deactivate(self, activated: list[tuple[Colour, Rules, int, Version]]) -> None:
        """Undo ``activate``: what was asked for that day left no entry, and the next may bear an earlier day."""
        for colour, rules, entry, version in reversed(activated):
            self.pending.append(version)
            self.put_in_force(colour, rules, entry)

    def restore_participants(self) -> None:
        """Fill the arrays of participants from a snapshot's facts."""
        self.who = list(self.participants)
        count = len(self.participant_facts)
        self.tables.reserve("holder_class", count)
        self.tables.reserve("holder_region", count)
        for (who, number), facts in zip(self.participants.items(), self.participant_facts, strict=True):
            self.write_participant(number, who, facts)

    def restore_colour(self, colour: Colour) -> None:
        """Add a colour from a snapshot's facts; its counters follow."""
        rules = colour.own
        colour.own = Rules()
        self.add_colour(colour)
        self.put_in_force(colour, rules, colour.rules_entry)
        self.write_limits(colour)

    def colour_of(self, record: dict[str, Any], name: str = "colour") -> Colour:
        """Return the colour that a field of a record names."""
        path = record.get(name)
        if path is None:
            raise RecordRefused("field_missing", name, "is missing")
        number = self.colour_numbers.get(path) if isinstance(path, str) else None
        if number is None:
            raise RecordRefused("colour_unknown", name, f"no colour {path!r:.80}; record it first")
        return self.colours[number]

    def write_subject(self, number: int) -> None:
        """Write a subject's facts into the kernel's tables."""
        self.tables.reserve("subject", number + 1)
        self.tables.reserve("subject_fact", number + 1)
        self.tables.subject_fact[number] = self.subject_facts[number - 1]

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
            self.refresh(colour.number)

    # ---- the kernel's arrays ----------------------------------------------------------------------------------------

    def add_colour(self, colour: Colour) -> None:
        """Add a colour to the tables; whoever adds it puts its rules in force (``put_in_force``), which writes them."""
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
            self.refresh(waiting)

    def refresh(self, number: int) -> None:
        """Compute the effective rules of a colour and all below it, and write them into the kernel's table."""
        todo = [number]
        while todo:
            colour = self.colours[todo.pop()]
            parent = self.colours[colour.parent] if colour.parent >= 0 else None
            colour.effective = colour.own if parent is None else colour.own.under(parent.effective)
            self._write(colour, 0 if parent is None else int(self.tables.rule[parent.number, 16]))
            todo.extend(colour.children)

    def put_in_force(self, colour: Colour, rules: Rules, entry: int) -> None:
        """Put rules into force as a colour's own; what they name and is not recorded yet is waited for."""
        colour.own, colour.rules_entry = rules, entry
        for name in (rules.allow or frozenset()) | rules.deny:
            if name not in self.participants:
                self.waiting.setdefault(name, set()).add(colour.number)
        for path in (*rules.carry_from, *((rules.slice.colour,) if rules.slice else ())):
            if path not in self.colour_numbers:
                self.waiting.setdefault(path, set()).add(colour.number)
        self.refresh(colour.number)
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
        row[11:13] = self.tables.set_of(self._numbers(rules.allow)) if rules.allow is not None else (-1, -1)
        row[13:15] = self.tables.set_of(self._numbers(rules.deny)) if rules.deny else (-1, -1)
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
        row[24:26] = self.tables.slice_of(lines, n) if own.lines is not None else (-1, -1)
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

    def write_participant(self, number: int, who: str, facts: dict[str, Any]) -> None:
        """Write a participant's classes and region into the kernel's tables."""
        mask = 1 << ANY_CLASS
        for name in facts["classes"]:
            mask |= 1 << self.class_bits[name]
        self.tables.holder_class[number] = mask
        self.approvals.classes[who] = frozenset(facts["classes"])
        self.tables.holder_region[number] = codes.region_number(facts["region"])

    def write_limits(self, colour: Colour) -> None:
        """Write a colour's limits, with what overrides them, into the kernel's tables."""
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
