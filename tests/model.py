"""The reference model: docs/ledger.md said a second time, in plain dicts and ints, to be compared with the engine.

It shares no code with the engine. Where the engine looks for the first refusal, the model lists all that hold and
takes the lowest; where the engine keeps tables, the model walks paths. Clarity goes before speed.
"""

import hashlib
import struct
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from boyau.ledger.refusals import Result as R  # noqa: N817 - read on every line
from boyau.ledger.rows import Kind as K  # noqa: N817
from tests.model_evidence import DAY, EVER, Evidence, Refused, days, record_digest

MAX, UNKNOWN = (1 << 62) - 1, 0xFFFFFFFF
LAYOUT = struct.Struct("<16s16sqqqqIIIiIHH24sqHHI")
NOTHING = bytes(16)
SCHEMES = {"ENSTRU": "1", "CPV": "2", "GTIN": "3", "KPVED": "4", "OTHER": "5"}
MONEY_BACK = {K.ISSUE, K.ALLOCATE, K.WITHDRAW, K.LAPSE, K.CARRY, K.PAY, K.RECEIVE, K.REFUND, K.ADVANCE, K.COURT}
GIVES_BACK = {K.RETURN: {K.PAY, K.ADVANCE}, K.REVERSE: {*MONEY_BACK, K.ACCEPT}, K.CLAWBACK: {K.PAY, K.ADVANCE}}
ON_HOLD = (K.RELEASE, K.VOID, K.ACCEPT, K.ADVANCE)  # and a pay that names one
PAYMENTS = (K.COMMIT, K.PAY, K.ADVANCE)
LINKED, EMERGENCY = 1, 2  # bits of `flags`
WAIVED = {*range(28, 32), *range(35, 39), *range(40, 53)}  # in an emergency
KINDS = {*range(K.ISSUE, K.REFUND + 1), K.ACCEPT, K.ADVANCE, K.CLAWBACK, K.COURT}
EXCEEDED = {"plan": R.PLAN_EXCEEDED, "obligations": R.OBLIGATIONS_EXCEEDED, "payments": R.PAYMENTS_EXCEEDED}


class Row(NamedTuple):
    """The 128 bytes of a row, field by field; the first fourteen are the command."""

    id: bytes = NOTHING
    ref: bytes = NOTHING
    amount: int = 0
    item: int = 0
    expires: int = 0
    quantity: int = 0
    debit: int = 0
    credit: int = 0
    region: int = 0
    value_date: int = 0
    subject: int = 0
    kind: int = 0
    flags: int = 0
    document: bytes = bytes(24)
    settled: int = 0
    result: int = 0
    detail: int = 0
    reserved: int = 0

    @property
    def on_hold(self) -> bool:
        """True where `ref` is to name a hold."""
        return self.kind in ON_HOLD or (self.kind == K.PAY and self.ref != NOTHING)

    @property
    def digest(self) -> str:
        """Return what a proposal and approvals of this command name."""
        return hashlib.sha256(b"boyau command 1\n" + LAYOUT.pack(*self)[:112]).hexdigest()


class Account(NamedTuple):
    """Who holds which colour, through how many hands it came, and the flags; `path` is empty for plain money."""

    owner: str
    colour: str
    hop: int
    flags: frozenset[str]
    unit: str
    path: tuple[str, ...]


class Answer(NamedTuple):
    """What the ledger writes into a row; debit and credit as filled in from the hold."""

    result: R
    detail: int = 0
    settled: int = 0
    debit: int = UNKNOWN
    credit: int = UNKNOWN
    kind: int = 0
    ref: bytes = NOTHING


# -- rules of a colour -------------------------------------------------------------------------------------------------

CLASS_SETS = ("classes", "allow", "holders", "ends")  # None: not ruled


def minor(text: str, scale: int) -> int:
    """Return an amount in minor units."""
    return int(Decimal(text).scaleb(scale))


def share(text: str) -> Fraction:
    """Return a share, `30%` or `12/112`."""
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


def prefix(code: str) -> str:
    """Return what an item's number of 19 digits begins with where it falls under this code."""
    return SCHEMES[code.split(":", maxsplit=1)[0]] + "".join(filter(str.isdigit, code))


def own_terms(rules: dict[str, Any], scale: int) -> dict[str, Any]:
    """Return one level's rules of contracts and of control."""
    lines, retention, part = rules.get("lines"), rules.get("retention"), rules.get("slice")
    caps = rules.get("ends", {}).get("caps", ())
    return {
        "lines": None
        if lines is None
        else {
            prefix(one["item"]): (
                None if "quantity" not in one else minor(one["quantity"], 3),
                None if "price" not in one else minor(one["price"], scale),
            )
            for one in lines
        },
        "payee_limit": minor(rules["payee_limit"], scale) if "payee_limit" in rules else None,
        "documents": "documents" in rules,
        "acceptance": rules.get("acceptance", False),
        "advance": share(rules["advance"]) if "advance" in rules else None,
        "retention": share(retention["share"]) if retention else Fraction(0),
        "retention_days": retention["days"] if retention else 0,
        "slice": (part["colour"], share(part["share"]), frozenset(part["classes"])) if part else None,
        "approval": [
            (minor(one["above"], scale), one["quorum"], frozenset(one["classes"])) for one in rules.get("approval", ())
        ],
        "powers": {n: (one["quorum"], frozenset(one["classes"])) for n, one in rules.get("powers", {}).items()},
        "caps": [(frozenset(one["classes"]), share(one["share"]), frozenset(one.get("evidence", ()))) for one in caps],
    }


def narrowed_terms(above: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return the effective rules of contracts and of control; lines and payee limits are asked level by level."""
    advances = [one for one in (above["advance"], own["advance"]) if one is not None]
    return {
        **{n: above[n] or own[n] for n in ("documents", "acceptance")},
        **{n: max(above[n], own[n]) for n in ("retention", "retention_days")},
        **{n: own[n] + above[n] for n in ("approval", "caps")},
        "advance": min(advances, default=None),
        "slice": own["slice"] or above["slice"],
        "powers": above["powers"]
        | {
            name: (max(quorum, above["powers"][name][0]), classes & above["powers"][name][1])
            if name in above["powers"]
            else (quorum, classes)
            for name, (quorum, classes) in own["powers"].items()
        },
    }


def widens_terms(above: dict[str, Any], own: dict[str, Any]) -> bool:
    """Return whether *own* gives away more than the levels above, or there would be too many tiers or caps."""
    return (
        (None not in (above["advance"], own["advance"]) and own["advance"] > above["advance"])
        or (None not in (above["slice"], own["slice"]) and own["slice"] != above["slice"])
        or any(
            quorum < above["powers"][name][0] or not classes <= above["powers"][name][1]
            for name, (quorum, classes) in own["powers"].items()
            if name in above["powers"]
        )
        or any(len(above[n]) + len(own[n]) > 8 for n in ("caps", "approval"))
    )


def overlap(lines: list[str], present: list[str]) -> bool:
    """Return whether one of *lines* overlaps another of them, or one of *present* that is not itself."""
    return any(
        one.startswith(other) or other.startswith(one)
        for number, one in enumerate(lines)
        for other in [*lines[:number], *(two for two in present if two != one)]
    )


def own_rules(rules: dict[str, Any], scale: int = 2) -> dict[str, Any]:
    """Return one level's rules in the form that `narrowed` and `widens` work on."""
    payees, window = rules.get("payees", {}), rules.get("window", {})
    named = (payees.get("classes"), payees.get("allow"), *(rules.get(n, {}).get("classes") for n in CLASS_SETS[2:]))
    items = [prefix(code) for code in rules.get("items", ())]
    evidence = [one if isinstance(one, dict) else {"condition": one} for one in rules.get("evidence", ())]
    last = days(window.get("last"), EVER)
    return {
        **{name: None if one is None else frozenset(one) for name, one in zip(CLASS_SETS, named, strict=True)},
        "deny": frozenset(payees.get("deny", ())),
        "evidence": frozenset((one["condition"], one.get("at", "pay")) for one in evidence),
        "items": [tuple(items)] if "items" in rules else [],  # one entry for every level that rules them
        "regions": [tuple(rules["regions"])] if "regions" in rules else [],
        "first": days(window.get("first"), -EVER),
        "last": last,
        "until": days(window.get("entry_until"), last),
        "hops": rules.get("hops", EVER),
        "carry_from": rules.get("carry_from", ()),
        **own_terms(rules, scale),
    }


def narrowed(above: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return the effective rule: what both the levels *above* and this one allow."""
    return {
        **{n: own[n] if above[n] is None else above[n] if own[n] is None else above[n] & own[n] for n in CLASS_SETS},
        **{n: above[n] | own[n] for n in ("deny", "evidence")},
        **{n: above[n] + own[n] for n in ("items", "regions")},
        **{n: min(above[n], own[n]) for n in ("last", "until", "hops")},
        "first": max(above["first"], own["first"]),
        "carry_from": own["carry_from"],
        **narrowed_terms(above, own),
    }


def widens(above: dict[str, Any], own: dict[str, Any]) -> bool:
    """Return whether *own* allows anything that the levels above do not."""
    return (
        any(not own[n] <= above[n] for n in CLASS_SETS if None not in (above[n], own[n]))
        or any(
            not code.startswith(level)
            for name in ("items", "regions")
            for level in above[name]
            for code in sum(own[name], ())
        )
        or any(above[n] < own[n] < EVER for n in ("last", "until", "hops"))
        or -EVER < own["first"] < above["first"]
        or widens_terms(above, own)
    )


class Model:
    """The whole ledger: records in, rows decided, sums kept under ("credits", account) or ("plan", colour)."""

    def __init__(self) -> None:
        self.at = self.today = 0
        self.units: dict[str, int] = {}
        self.participants: dict[str, tuple[frozenset[str], str]] = {}
        self.colours: dict[str, tuple[str, ...]] = {}  # path upwards: the colour, its parent, ..., its root
        self.colour_units: dict[str, str] = {}
        self.versions: dict[str, list[tuple[int, int, dict[str, Any]]]] = {}  # (from, order given, rules)
        self.limits: dict[tuple[str, str], int | None] = {}
        self.overrides: Counter[tuple[str, str]] = Counter()
        self.accounts: list[Account] = []
        self.names: list[str] = []
        self.subjects: list[str] = []
        self.subject_facts: dict[str, tuple[str, int | None]] = {}  # colour and amount
        self.conditions: dict[str, int] = {}
        self.evidence = Evidence(self)
        self.sums: Counter[tuple[str, Any]] = Counter()
        self.holds: dict[bytes, dict[str, Any]] = {}
        self.expiring: dict[bytes, tuple[int, int]] = {}
        self.posted: dict[bytes, dict[str, Any]] = {}
        self.undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self.effective_now: dict[str, dict[str, Any]] = {}
        self.own_rules_now: dict[str, dict[str, Any]] = {}

    # -- records -------------------------------------------------------------------------------------------------------

    def pass_time(self, at: int) -> None:
        """Move to journal time *at*; a new day may bring new versions of rules."""
        if at // DAY != self.today:
            self.forget_rules()
        self.at, self.today = at, at // DAY

    def forget_rules(self) -> None:
        """Look anew which versions are in force."""
        self.effective_now.clear()
        self.own_rules_now.clear()

    def record(self, record: dict[str, Any], at: int) -> None:
        """Take a record, or raise `Refused`."""
        self.pass_time(at)
        taking = "take_" + record["type"]
        getattr(self.evidence if hasattr(self.evidence, taking) else self, taking)(record)

    def take_unit(self, record: dict[str, Any]) -> None:
        """A unit."""
        self.units[record["unit"]] = record["scale"]

    def take_participant(self, record: dict[str, Any]) -> None:
        """A participant, or its new classes and region."""
        self.participants[record["participant"]] = (frozenset(record["classes"]), record.get("region", ""))

    def take_colour(self, record: dict[str, Any]) -> None:
        """A colour or a new version of its rules, which may only narrow what its parent allows now."""
        name, known = record["colour"], record["colour"] in self.colours
        if known and "rules" not in record:
            return
        above, codes = self.colours.get(name.rpartition("/")[0], ()), set()
        unit = self.colour_units[above[0]] if above else record.get("unit", "") or self.colour_units[name]
        rules = record.get("rules", {})
        own = own_rules(rules, self.units[unit])
        if not known and days(record.get("from"), self.today) > self.today:
            codes.add("starts_later")
        if above and widens(self.effective(above[0]), own):
            codes.add("widens_parent")
        present = list(self.own_now(name)["lines"] or ()) if known else []
        if overlap([prefix(one["item"]) for one in rules.get("lines", ())], present):
            codes.add("lines_overlap")
        if known and self.change_unapproved(name, record):
            codes.add("approval_missing")
        if codes:
            raise Refused(*codes)
        self.colours.setdefault(name, (name, *above))
        self.colour_units.setdefault(name, unit)
        versions = self.versions.setdefault(name, [])
        versions.append((days(record.get("from"), self.today), len(versions), own))
        for one in rules.get("evidence", ()):
            self.meet(one["condition"] if isinstance(one, dict) else one)
        for cap in rules.get("ends", {}).get("caps", ()):
            for condition in cap.get("evidence", ()):
                self.meet(condition)
        self.forget_rules()

    def meet(self, condition: str) -> None:
        """Number a condition when it is met first."""
        self.conditions.setdefault(condition, len(self.conditions))

    def change_unapproved(self, colour: str, record: dict[str, Any]) -> bool:
        """Return whether a change of this colour wants approvals that are not there."""
        if "change" not in self.effective(colour)["powers"]:
            return False
        quorum, classes = self.effective(colour)["powers"]["change"]
        return self.evidence.checkers(record_digest(record), classes, set()) < quorum

    def take_limits(self, record: dict[str, Any]) -> None:
        """New limits or overrides; what is not given stays."""
        colour, override = record["colour"], record.get("override", {})
        scale = self.units[self.colour_units[colour]]
        limits, overrides, codes = dict(self.limits), Counter(self.overrides), set()
        if self.change_unapproved(colour, record):
            codes.add("approval_missing")
        for name in EXCEEDED:
            key = (name, colour)
            if name in record:
                limits[key] = None if record[name] is None else int(Decimal(record[name]).scaleb(scale))
            if name in override:
                overrides[key] = int(Decimal(override[name]).scaleb(scale))
            limit = MAX if limits.get(key) is None else limits[key]
            above = [limits.get((name, ancestor)) for ancestor in self.colours[colour][1:]]
            if record.get(name) is not None and limit > next((one for one in above if one is not None), MAX):
                codes.add("widens_parent")
            if (name in record or name in override) and limit + overrides[key] < self.sums[key]:
                codes.add("limit_below_used")
        if codes:
            raise Refused(*codes)
        self.limits, self.overrides = limits, overrides

    def take_account(self, record: dict[str, Any]) -> None:
        """An account, or its new flags."""
        owner, _, rest = record["account"].partition("@")
        colour, _, hop = rest.partition("#")
        path, unit = self.colours.get(colour, ()), self.colour_units.get(colour, colour)
        account = Account(owner, colour, int(hop or 0), frozenset(record.get("flags", ())), unit, path)
        if record["account"] in self.names:
            index = self.names.index(record["account"])
            used = any(self.sums[what, index] for what in ("debits", "credits", "pending"))
            if used and ("issuer" in self.accounts[index].flags) != ("issuer" in account.flags):
                raise Refused("account_used")
            self.accounts[index] = account
        else:
            self.names.append(record["account"])
            self.accounts.append(account)

    def take_subject(self, record: dict[str, Any]) -> None:
        """Something that evidence is about; what it belongs to and is worth is said once."""
        name, colour, amount = record["subject"], record.get("colour", ""), None
        if "amount" in record:
            amount = minor(record["amount"], self.units[self.colour_units[colour]])
        if name not in self.subjects:
            self.subjects.append(name)
            self.subject_facts[name] = (colour, amount)
        elif (colour, amount) not in (("", None), self.subject_facts[name]):
            raise Refused("subject_fixed")

    def asked(self, colour: str) -> set[str]:
        """Return the conditions that the rules of a colour name."""
        rules = self.effective(colour)
        return {one for one, _ in rules["evidence"]} | {one for _, _, named in rules["caps"] for one in named}

    def effective(self, colour: str) -> dict[str, Any]:
        """Return the intersection of the versions in force today, from the colour up to its root."""
        if colour not in self.effective_now:
            own, above = self.own_now(colour), self.colours[colour][1:]
            self.effective_now[colour] = narrowed(self.effective(above[0]), own) if above else own
        return self.effective_now[colour]

    def own_now(self, colour: str) -> dict[str, Any]:
        """Return the version of a colour's own rules that is in force today."""
        if colour in self.own_rules_now:
            return self.own_rules_now[colour]
        in_force = [version for version in self.versions[colour] if version[0] <= self.today]
        own = max(in_force, key=lambda version: version[:2])[2] if in_force else own_rules({})
        return self.own_rules_now.setdefault(colour, own)

    # -- rows ----------------------------------------------------------------------------------------------------------

    def apply(self, rows: bytes | list[Row], at: int) -> list[Answer]:
        """Decide a batch at journal time *at*: first the holds that end, then each row in order."""
        self.pass_time(at)
        rows = [Row(*fields) for fields in LAYOUT.iter_unpack(rows)] if isinstance(rows, bytes) else rows
        due = sorted((when, ref) for ref, when in self.expiring.items() if when[0] <= at)
        answers = [self.post(Row(ref=ref, kind=K.EXPIRE)) for _, ref in due]
        self.undo.clear()
        start, broken = len(answers), False  # of the chain that the row is in
        for number, row in enumerate(rows, 1):
            linked, at_end = row.flags & LINKED, number == len(rows)
            before = rows[number - 2] if number > 1 and rows[number - 2].flags & LINKED else None
            after = rows[number] if linked and not at_end else None
            answer = self.identity(row)
            if answer is None and linked and at_end:
                answer = Answer(R.CHAIN_OPEN)
            if answer is None and broken:
                answer = Answer(R.CHAIN_BROKEN)
            if answer is None:
                refusals = self.refusals(row, before, after)
                answer = min((Answer(*refusal) for refusal in refusals), default=None) or self.post(row)
            if not broken and (answer.result > R.EXISTS or (linked and at_end)):
                broken = True
                while self.undo:
                    table, key, before = self.undo.pop()
                    table.pop(key) if before is None else table.__setitem__(key, before)
                for earlier in range(start, len(answers)):
                    known = self.identity(rows[number - 1 - len(answers) + earlier])
                    answers[earlier] = known or Answer(R.CHAIN_BROKEN)
            answers.append(answer)
            if not linked:
                start, broken = len(answers), False
                self.undo.clear()
        self.undo.clear()
        return answers

    def identity(self, row: Row) -> Answer | None:
        """Answer from the id alone, if that settles it."""
        if row.id == NOTHING:
            return Answer(R.ID_MISSING)
        if row.id not in self.posted:
            return None
        before = self.posted[row.id]["row"]
        left_open = {"debit", "credit"} if before.on_hold else set()  # 0xFFFFFFFF says again "as in the hold"
        differs = [
            number
            for number, field in enumerate(Row._fields[:14])
            if before[number] != row[number] and not (field in left_open and row[number] == UNKNOWN)
        ]
        return Answer(R.ID_CONFLICT, differs[0]) if differs else Answer(R.EXISTS)

    def filled(self, row: Row) -> Row:
        """Return the row with the accounts that it leaves to its hold."""
        hold = self.holds.get(row.ref) if row.on_hold and UNKNOWN in (row.debit, row.credit) else None
        if hold is None:
            return row
        debit = hold["debit"] if row.debit == UNKNOWN else row.debit
        return row._replace(debit=debit, credit=hold["credit"] if row.credit == UNKNOWN else row.credit)

    def refusals(self, row: Row, before: Row | None = None, after: Row | None = None) -> Iterator[tuple[R, int]]:
        """Yield every refusal that holds, with its detail, as far as the row makes sense at all.

        *before* is the row that is linked with this one, *after* the one that this is linked with.
        """
        kind, amount, urgent = row.kind, row.amount, row.flags & EMERGENCY
        if kind not in KINDS or row.flags & ~(LINKED | EMERGENCY) or row.reserved:
            yield R.KIND_UNKNOWN, 0
            return
        if urgent and kind not in (*PAYMENTS, K.ACCEPT):
            yield R.KIND_UNKNOWN, 0
            return
        if amount < 1 if kind != K.VOID else amount != 0:
            yield R.AMOUNT_MISSING, 0
            return
        if amount > MAX:
            yield R.AMOUNT_OVERFLOW, 0
            return

        row = self.filled(row)
        digest = row.digest  # what is approved is what the journal keeps
        hold: dict[str, Any] = {}
        if row.on_hold:
            hold = self.holds.get(row.ref, {})
            if not hold:
                yield R.HOLD_UNKNOWN, 0
                return
            if (row.debit, row.credit) != (hold["debit"], hold["credit"]):
                yield R.HOLD_DIFFERS, 0
                return
            if hold["state"]:
                yield hold["state"], 0
            left = hold["total"] - hold["accepted"] if kind == K.ACCEPT else hold["left"]
            if amount > left or left <= 0:
                yield R.HOLD_EXCEEDED, 0

        original: dict[str, Any] = {}
        if kind in GIVES_BACK:
            original = self.posted.get(row.ref, {})
            if not original:
                yield R.ORIGINAL_UNKNOWN, 0
                return
            first = original["row"]
            holder = row.debit if kind == K.CLAWBACK else first.credit  # who holds clawed back money may be anyone
            plain = kind == K.CLAWBACK and not self.accounts[first.debit].path
            if (row.debit, row.credit) != (holder, first.debit) or first.kind not in GIVES_BACK[kind] or plain:
                yield R.ORIGINAL_DIFFERS, 0
                return
            if amount > original["left"]:
                yield R.ORIGINAL_EXCEEDED, 0

        if row.debit >= len(self.accounts):
            yield R.DEBIT_UNKNOWN, 0
        if row.credit >= len(self.accounts):
            yield R.CREDIT_UNKNOWN, 0
        if max(row.debit, row.credit) >= len(self.accounts):
            return
        debit, credit = self.accounts[row.debit], self.accounts[row.credit]
        if row.debit == row.credit:
            yield R.ACCOUNTS_SAME, 0
        if row.subject > len(self.subjects):
            yield R.SUBJECT_UNKNOWN, 0
        if debit.flags & ({"closed"} if kind in (K.CLAWBACK, K.COURT) else {"closed", "frozen"}):
            yield R.DEBIT_CLOSED, 0
        if "closed" in credit.flags:
            yield R.CREDIT_CLOSED, 0
        if debit.unit != credit.unit:
            yield R.UNITS_DIFFER, 0
        if row.value_date > self.today:
            yield R.DATE_FUTURE, 0
        if kind == K.COMMIT and row.expires != 0 and row.expires <= self.at:
            yield R.EXPIRY_PAST, 0
        if kind in (K.RELEASE, K.VOID) or (original and original["row"].kind == K.ACCEPT):
            return

        if "issuer" not in debit.flags and not hold and self.available(row.debit) < amount:
            yield R.FUNDS_INSUFFICIENT, 0
        moving = kind not in (K.COMMIT, K.ACCEPT)
        if moving and max(self.sums["debits", row.debit], self.sums["credits", row.credit]) + amount > MAX:
            yield R.SUM_OVERFLOW, 0
        if kind == K.CLAWBACK:
            paid_into = self.accounts[original["row"].credit].colour
            if paid_into not in debit.path or "issuer" in debit.flags:
                yield R.COLOUR_FORBIDDEN, 0
                return
        elif not original:
            unasked = kind == K.ACCEPT
            forbidden = None if unasked else self.joins(kind, debit, credit)
            if forbidden:
                yield forbidden, 0
                return
            for refusal in (
                *self.colour_refusals(row, debit, credit, hold),
                *self.contract_refusals(row, debit, credit, hold),
                *self.document_refusals(row, debit, before),
                *self.slice_refusals(row, after),
            ):
                if not (urgent and refusal[0] in WAIVED):
                    yield refusal
        yield from self.approval_refusals(row, digest, debit, credit)
        yield from self.limit_refusals(row, debit, credit, original)

    def limit_refusals(
        self, row: Row, debit: Account, credit: Account, original: dict[str, Any]
    ) -> Iterator[tuple[R, int]]:
        """Yield the limits that would be exceeded, and a plan that would fall too low."""
        counters, amount = self.moved_counters(row, debit, credit, original), row.amount
        if row.kind == K.COMMIT:  # it does not count towards the plan yet, but there must be room for it
            counters += [one for one in self.counters(K.PAY, debit, credit, held=True) if one[0][0] == "plan"]
        for key, sign, level in counters:
            limit = MAX if self.limits.get(key) is None else self.limits[key] + self.overrides[key]
            if sign == (-1 if original else 1) and self.sums[key] + amount > min(limit, MAX):
                yield EXCEEDED[key[0]], level
            elif sign == (1 if original else -1) and key[0] == "plan" and self.sums[key] - amount < -MAX:
                yield R.SUM_OVERFLOW, 0

    def moved_counters(
        self, row: Row, debit: Account, credit: Account, original: dict[str, Any]
    ) -> list[tuple[tuple[str, str], int, int]]:
        """Return the counters that a row moves, or undoes where it gives back."""
        if not original:
            return self.counters(row.kind, debit, credit, row.on_hold)
        below: list[tuple[tuple[str, str], int, int]] = []
        if row.kind == K.CLAWBACK:  # the colours that the money went down since
            further = debit.path[: debit.path.index(self.accounts[original["row"].credit].colour)]
            below = [(("plan", colour), 1, level) for level, colour in enumerate(further)]
        return original["counters"] + below

    def joins(self, kind: int, debit: Account, credit: Account) -> R | None:
        """Return why this kind may not join these accounts, whatever their owners and rules."""
        from_issuer, to_issuer = kind in (K.ISSUE, K.RECEIVE), kind in (K.LAPSE, K.REFUND)
        if ("issuer" in debit.flags, "issuer" in credit.flags) != (from_issuer, to_issuer):
            return R.STAGE_FORBIDDEN
        if kind == K.COURT:
            return None if debit.path and not credit.path else R.STAGE_FORBIDDEN
        paying, coloured = kind in PAYMENTS, bool(debit.path and credit.path)
        if not coloured and not paying and kind not in (K.RECEIVE, K.REFUND):
            return R.STAGE_FORBIDDEN
        if paying and coloured and credit.hop != debit.hop + 1:
            return R.STAGE_FORBIDDEN
        if not paying and ((credit.hop and not to_issuer) or (debit.hop and not from_issuer)):
            return R.STAGE_FORBIDDEN
        if not debit.path and not credit.path:
            return None  # plain money of one unit
        if paying and not credit.path:
            return None  # the colour ends, where `ends` allows it
        same, down, up = debit.colour == credit.colour, debit.colour in credit.path[1:], credit.colour in debit.path[1:]
        if kind == K.CARRY:
            fits = debit.path[-1] != credit.path[-1] and debit.colour in self.effective(credit.colour)["carry_from"]
        elif kind in (K.ALLOCATE, K.WITHDRAW):
            fits = down if kind == K.ALLOCATE else up
        else:
            fits = same or (up if kind in (K.LAPSE, K.RECEIVE) else down)
        return None if fits else R.COLOUR_FORBIDDEN

    def colour_refusals(
        self, row: Row, debit: Account, credit: Account, hold: dict[str, Any]
    ) -> Iterator[tuple[R, int]]:
        """Yield what the effective rules refuse, results 28 to 38."""
        paying, funding = row.kind in PAYMENTS, row.kind in (K.ISSUE, K.ALLOCATE, K.CARRY)
        classes, own_region = self.participants[credit.owner]
        coming = self.effective(credit.colour) if credit.path and (paying or funding) else None
        leaving = self.effective(debit.colour) if debit.path and (paying or row.kind == K.ACCEPT) else None
        timed = leaving or (coming if funding else None)
        if timed and not (timed["first"] <= row.value_date <= timed["last"] and self.today <= timed["until"]):
            yield R.WINDOW_CLOSED, 0
        if coming and coming["holders"] is not None and not classes & coming["holders"]:
            yield R.HOLDER_CLASS, 0
        if coming and credit.hop > coming["hops"]:
            yield R.HOPS_EXCEEDED, 0
        if not leaving:
            return
        if paying:
            if leaving["classes"] is not None and not classes & leaving["classes"]:
                yield R.PAYEE_CLASS, 0
            if leaving["allow"] is not None and credit.owner not in leaving["allow"]:
                yield R.PAYEE_NOT_ALLOWED, 0
            if credit.owner in leaving["deny"]:
                yield R.PAYEE_DENIED, 0
            if not credit.path and not classes & (leaving["ends"] or frozenset()):
                yield R.END_FORBIDDEN, 0
        item = row.item or hold.get("item", 0)
        if leaving["items"] and not item:
            yield R.ITEM_MISSING, 0
        if not all(f"{item:019}".startswith(level) for level in leaving["items"]):
            yield R.ITEM_FORBIDDEN, 0
        region = row.region or hold.get("region", 0)
        region_code = f"{region:09}" if region else own_region.ljust(9, "0") if own_region else ""
        if not all(region_code.startswith(level) for level in leaving["regions"]):
            yield R.REGION_FORBIDDEN, 0
        accepted_before = row.kind == K.PAY and hold.get("acceptance")
        stage = {K.COMMIT: "commit", K.PAY: "pay", K.ADVANCE: "advance", K.ACCEPT: "accept"}[K(row.kind)]
        wanted = {condition for condition, at in leaving["evidence"] if at == stage and not accepted_before}
        if paying and row.kind != K.COMMIT and not credit.path:
            wanted |= {one for cap, _, evidence in leaving["caps"] if cap & classes for one in evidence}
        about = [("colour", colour) for colour in debit.path]
        about += [("subject", self.subjects[row.subject - 1])] if 0 < row.subject <= len(self.subjects) else []
        for condition in wanted:
            if not any((condition, *thing) in self.evidence.attested for thing in about):
                yield R.EVIDENCE_MISSING, self.conditions[condition]

    # -- contracts -----------------------------------------------------------------------------------------------------

    @staticmethod
    def governing(debit: Account, credit: Account) -> tuple[str, ...]:
        """Return the path of the colour whose contract rules govern a payment; empty where none does."""
        if credit.path and credit.colour != debit.colour:
            return credit.path
        return debit.path if debit.hop == 0 else ()

    @staticmethod
    def payable(hold: dict[str, Any], today: int) -> tuple[int, int]:
        """Return what may be paid on a hold's acts now, and what besides is retained."""
        recovered = min(hold["accepted"] * hold["advanced"] // max(hold["total"], 1), hold["advanced"])
        retained = -(-hold["accepted"] * hold["retention"] // 1) if today <= hold["warranty"] else 0
        return hold["accepted"] - recovered - retained - hold["paid"], retained

    def lines_at(
        self, row: Row, debit: Account, credit: Account, hold: dict[str, Any]
    ) -> list[tuple[str, int, str | None, tuple[int | None, int | None]]]:
        """Return where lines are asked: the colour, its level above the governing one, the line's prefix, the line."""
        asked = bool(hold.get("acceptance")) == (row.kind == K.ACCEPT) and row.kind in (K.ACCEPT, K.PAY)
        found: list[tuple[str, int, str | None, tuple[int | None, int | None]]] = []
        for level, colour in enumerate(self.governing(debit, credit) if asked else ()):
            lines = self.own_now(colour)["lines"]
            if lines is not None:
                item = f"{row.item or hold.get('item', 0):019}"
                code = next((code for code in lines if item.startswith(code)), None)
                found.append((colour, level, code, lines[code] if code else (None, None)))
        return found

    def contract_refusals(
        self, row: Row, debit: Account, credit: Account, hold: dict[str, Any]
    ) -> Iterator[tuple[R, int]]:
        """Yield what contracts refuse, results 39 to 47, 50 to 52."""
        kind, amount, governing = row.kind, row.amount, self.governing(debit, credit)
        if kind not in (*PAYMENTS, K.ACCEPT):
            return
        for colour, level, code, (quantity, price) in self.lines_at(row, debit, credit, hold):
            if code is None:
                yield R.LINE_MISSING, level
            elif row.quantity < 1 and (quantity, price) != (None, None):
                yield R.QUANTITY_MISSING, level
            else:
                if price is not None and amount * 1000 > row.quantity * price:
                    yield R.PRICE_EXCEEDED, level
                if quantity is not None and self.sums["line", (colour, code)] + row.quantity > quantity:
                    yield R.QUANTITY_EXCEEDED, level
        if kind == K.PAY and not hold and governing and self.effective(governing[0])["acceptance"]:
            yield R.HOLD_MISSING, 0
        if kind == K.ADVANCE and hold["advanced"] + amount > hold["total"] * (hold["advance"] or 0) // 1:
            yield R.ADVANCE_EXCEEDED, 0
        if kind == K.PAY and hold and hold["acceptance"]:
            payable, retained = self.payable(hold, self.today)
            if amount > payable:
                yield R.RETENTION_HELD if amount <= payable + retained else R.NOT_ACCEPTED, 0
        if kind != K.COMMIT and debit.path and 0 < row.subject <= len(self.subjects):
            colour, worth = self.subject_facts[self.subjects[row.subject - 1]]
            if colour and colour not in debit.path + credit.path:
                yield R.SUBJECT_DIFFERS, 0
            meter = self.sums["subject accepted" if kind == K.ACCEPT else "subject paid", row.subject]
            if worth is not None and meter + amount > worth:
                yield R.SUBJECT_EXCEEDED, 0
        if kind == K.ACCEPT or not debit.path:
            return
        for level, colour in enumerate(debit.path):
            limit = self.own_now(colour)["payee_limit"]
            if limit is not None and self.sums["payee", (colour, credit.owner)] + amount > limit:
                yield R.PAYEE_LIMIT_EXCEEDED, level
        received = self.sums["credits", row.debit] - self.sums["back", row.debit]
        for cap, part, _ in self.effective(debit.colour)["caps"] if not credit.path else ():
            ended = self.sums["cap", (row.debit, cap)]
            if cap & self.participants[credit.owner][0] and ended + amount > received * part // 1:
                yield R.CAP_EXCEEDED, 0

    def document_refusals(self, row: Row, debit: Account, before: Row | None) -> Iterator[tuple[R, int]]:
        """Yield what is missing of a document, or what of it was used before."""
        named = row.document != bytes(24)
        if row.kind == K.COURT and not named:
            yield R.DOCUMENT_MISSING, 0
        if row.kind not in (K.PAY, K.ADVANCE) or not debit.path or not self.effective(debit.colour)["documents"]:
            return
        if before and named and before.document == row.document and self.sliced(before, row):
            return
        if not named:
            yield R.DOCUMENT_MISSING, 0
        elif self.sums["document", row.document]:
            yield R.DOCUMENT_USED, 0

    def sliced(self, row: Row, after: Row | None) -> bool | None:
        """Return whether *after* is the slice that a payment asks for; None where it asks for none."""
        row = self.filled(row)
        if row.kind not in (K.PAY, K.ADVANCE) or max(row.debit, row.credit) >= len(self.accounts):
            return None
        debit, credit = self.accounts[row.debit], self.accounts[row.credit]
        rule = self.effective(debit.colour)["slice"] if debit.path else None
        if rule is None or rule[0] in debit.path or not rule[2] & self.participants[credit.owner][0]:
            return None
        if after is None or after.kind not in (K.PAY, K.ADVANCE):
            return False
        if max(after.debit, after.credit) >= len(self.accounts) or not 1 <= after.amount <= MAX - row.amount:
            return False
        payer, payee, part = self.accounts[after.debit], self.accounts[after.credit], after.amount
        exact = rule[1] * (row.amount + part)
        together = (payer.owner, payee.owner) == (debit.owner, credit.owner)
        return together and rule[0] in payee.path and part in (exact // 1, -(-exact // 1))

    def slice_refusals(self, row: Row, after: Row | None) -> Iterator[tuple[R, int]]:
        """Yield that the slice is missing."""
        if self.sliced(row, after) is False:
            yield R.SLICE_MISSING, 0

    def approval_refusals(self, row: Row, digest: str, debit: Account, credit: Account) -> Iterator[tuple[R, int]]:
        """Yield powers and approvals that are missing."""
        rules, parties = self.effective(debit.colour) if debit.path else own_rules({}), {debit.owner, credit.owner}
        needed = {K.CLAWBACK: "clawback", K.COURT: "court"}.get(K(row.kind), "emergency")
        if row.flags & EMERGENCY or needed != "emergency":
            if needed not in rules["powers"]:
                yield R.POWER_MISSING, 0
                return
            quorum, classes = rules["powers"][needed]
            if self.evidence.checkers(digest, classes, parties) < quorum:
                yield R.APPROVAL_MISSING, 0
        elif row.kind in PAYMENTS:
            for above, quorum, classes in rules["approval"]:
                if row.amount > above and self.evidence.checkers(digest, classes, parties) < quorum:
                    yield R.APPROVAL_MISSING, 0

    def meters(self, row: Row, hold: dict[str, Any]) -> list[tuple[str, Any, str]]:
        """Return the counted sums that a row adds to as the rules are now: which one, of what, and what is counted."""
        if row.kind not in (K.PAY, K.ADVANCE, K.ACCEPT) or row.flags & EMERGENCY:
            return []
        debit, credit = self.accounts[row.debit], self.accounts[row.credit]
        lines = self.lines_at(row, debit, credit, hold)
        if not debit.path:
            return []
        counted = [
            ("line", (colour, code), "quantity") for colour, _, code, line in lines if code and line[0] is not None
        ]
        if row.subject and self.subject_facts[self.subjects[row.subject - 1]][1] is not None:
            counted.append(("subject accepted" if row.kind == K.ACCEPT else "subject paid", row.subject, "amount"))
        if row.kind == K.ACCEPT:
            return counted
        limited = [colour for colour in debit.path if self.own_now(colour)["payee_limit"] is not None]
        counted += [("payee", (colour, credit.owner), "amount") for colour in limited]
        if self.effective(debit.colour)["documents"] and row.document != bytes(24):
            counted.append(("document", row.document, "amount"))
        caps = {cap for cap, _, _ in self.effective(debit.colour)["caps"] if not credit.path}
        classes = self.participants[credit.owner][0]
        return counted + [("cap", (row.debit, cap), "amount") for cap in caps if cap & classes]

    @staticmethod
    def counters(kind: int, debit: Account, credit: Account, held: bool) -> list[tuple[tuple[str, str], int, int]]:
        """Return the counters that the kind moves: (counter and colour, sign, level above the counted colour)."""

        def along(name: str, path: tuple[str, ...], sign: int, top: str = "") -> list[tuple[tuple[str, str], int, int]]:
            counted = path[: path.index(top)] if top in path else path
            return [((name, colour), sign, level) for level, colour in enumerate(counted)]

        if kind in (*PAYMENTS, K.COURT):
            names = ["payments"] * (kind != K.COMMIT) + ["obligations"] * (not held)
            counted = [one for name in names if debit.hop == 0 for one in along(name, debit.path, +1)]
            return counted + (along("plan", credit.path, +1, debit.colour) if kind != K.COMMIT else [])
        rising = {K.ISSUE: "", K.ALLOCATE: debit.colour, K.CARRY: ""}
        falling = {K.WITHDRAW: credit.colour, K.LAPSE: "", K.CARRY: ""}
        return (along("plan", credit.path, +1, rising[kind]) if kind in rising else []) + (
            along("plan", debit.path, -1, falling[kind]) if kind in falling else []
        )

    # -- effects -------------------------------------------------------------------------------------------------------

    def available(self, account: int) -> int:
        """Return what an account can pay out."""
        return self.sums["credits", account] - self.sums["debits", account] - self.sums["pending", account]

    def put(self, table: Any, key: Any, value: Any) -> None:
        """Write *value*, remembering what was there until the chain is settled."""
        self.undo.append((table, key, table.get(key)))
        table[key] = value

    def add(self, table: str, key: Any, amount: int) -> None:
        """Add to a sum."""
        self.put(self.sums, (table, key), self.sums[table, key] + amount)

    def post(self, row: Row) -> Answer:
        """Let a row that nothing refuses take effect."""
        row, kind = self.filled(row), row.kind
        hold, original = self.holds.get(row.ref) if row.on_hold or kind == K.EXPIRE else None, None
        if hold:
            row = row._replace(debit=hold["debit"], credit=hold["credit"])
        debit, credit = self.accounts[row.debit], self.accounts[row.credit]
        moved = hold["left"] if hold and kind in (K.VOID, K.EXPIRE) else row.amount
        moves, sign = self.counters(kind, debit, credit, hold is not None), 1
        if kind in (K.RELEASE, K.VOID, K.EXPIRE):
            moves, sign = self.counters(K.COMMIT, debit, credit, held=False), -1
        elif kind in GIVES_BACK:
            original = self.posted[row.ref]
            moves, sign = self.moved_counters(row, debit, credit, original), -1
            self.undo_contract(original, moved)
            self.put(original, "left", original["left"] - moved)
        for (name, colour), direction, _ in moves:
            self.add(name, colour, sign * direction * moved)
        for table, key, what in self.meters(row, hold or {}):
            self.add(table, key, max(row.quantity, 0) if what == "quantity" else moved)
        of_act = kind == K.ACCEPT or (original is not None and original["row"].kind == K.ACCEPT)
        if hold:
            self.post_on_hold(row, hold, moved)
        if kind == K.COMMIT:
            self.commit(row, debit, credit)
        elif kind not in (K.RELEASE, K.VOID, K.EXPIRE) and not of_act:
            self.add("debits", row.debit, moved)
            self.add("credits", row.credit, moved)
            for account in (row.debit, row.credit) if original else ():
                self.add("back", account, moved)
        if kind != K.EXPIRE:
            undone = self.counters(kind, debit, credit, held=False)
            self.put(self.posted, row.id, {"row": row, "left": moved, "counters": undone})
        return Answer(R.POSTED, 0, moved, row.debit, row.credit, kind, row.ref)

    def commit(self, row: Row, debit: Account, credit: Account) -> None:
        """Set money aside under the terms of today."""
        governing = self.governing(debit, credit)
        rules = self.effective(governing[0]) if governing else own_rules({})
        terms = {name: rules[name] for name in ("acceptance", "advance", "retention", "retention_days")}
        facts = {"debit": row.debit, "credit": row.credit, "item": row.item, "region": row.region, **terms}
        sums = {"left": row.amount, "total": row.amount, "accepted": 0, "advanced": 0, "paid": 0, "warranty": 0}
        self.put(self.holds, row.id, {**facts, **sums, "state": R.POSTED})
        self.add("pending", row.debit, row.amount)
        if row.expires:
            self.put(self.expiring, row.id, (row.expires, len(self.holds)))

    def post_on_hold(self, row: Row, hold: dict[str, Any], moved: int) -> None:
        """Let a row act on its hold."""
        kind = K(row.kind)
        if kind == K.ACCEPT:
            self.put(hold, "accepted", hold["accepted"] + moved)
            ends = row.value_date + hold["retention_days"]
            self.put(hold, "warranty", max(hold["warranty"] or ends, ends))
            return
        left = hold["left"] - moved
        self.put(hold, "left", left)
        self.put(hold, "state", {K.VOID: R.HOLD_VOIDED, K.EXPIRE: R.HOLD_EXPIRED}.get(kind, hold["state"]))
        self.add("pending", row.debit, -moved)
        if not left and row.ref in self.expiring:
            self.put(self.expiring, row.ref, (EVER, 0))
        if kind in (K.PAY, K.ADVANCE):
            name = "advanced" if kind == K.ADVANCE else "paid"
            self.put(hold, name, hold[name] + moved)
        else:
            self.put(hold, "total", hold["total"] - moved)

    def undo_contract(self, original: dict[str, Any], moved: int) -> None:
        """Take what is given back off the hold's sums and off the meters that are still ruled."""
        row, given = original["row"], original["row"].amount - original["left"]
        hold = self.holds[row.ref] if row.on_hold else None
        if hold:
            name = {K.ACCEPT: "accepted", K.ADVANCE: "advanced"}.get(K(row.kind), "paid")
            self.put(hold, name, hold[name] - moved)
        for table, key, what in self.meters(row, hold or {}):
            off = moved
            if what == "quantity":
                taken = max(row.quantity, 0)
                off = taken * (given + moved) // row.amount - taken * given // row.amount
            self.put(self.sums, (table, key), max(self.sums[table, key] - off, 0))
