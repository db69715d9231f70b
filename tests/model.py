"""The reference model: docs/ledger.md said a second time, in plain dicts and ints, to be compared with the engine.

It shares no code with the engine. Where the engine looks for the first refusal, the model lists all that hold and
takes the lowest; where the engine keeps tables, the model walks paths. Clarity goes before speed.
"""

import struct
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from boyau.ledger.refusals import Result as R  # noqa: N817 - read on every line
from boyau.ledger.rows import Kind as K  # noqa: N817

MAX, UNKNOWN, DAY, EVER = (1 << 62) - 1, 0xFFFFFFFF, 86_400_000_000, 1 << 80
LAYOUT = struct.Struct("<16s16sqqqqIIIiIHH24sqHHI")
NOTHING = bytes(16)
SCHEMES = {"ENSTRU": "1", "CPV": "2", "GTIN": "3", "KPVED": "4", "OTHER": "5"}
GIVES_BACK = {
    K.RETURN: {K.PAY},
    K.REVERSE: {K.ISSUE, K.ALLOCATE, K.WITHDRAW, K.LAPSE, K.CARRY, K.PAY, K.RECEIVE, K.REFUND},
}
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
        return self.kind in (K.RELEASE, K.VOID) or (self.kind == K.PAY and self.ref != NOTHING)


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


class Refused(Exception):  # noqa: N818 - as in the engine
    """A record that is not taken; the arguments are the codes, any of which may be given as the reason."""


# -- rules of a colour -------------------------------------------------------------------------------------------------

CLASS_SETS = ("classes", "allow", "holders", "ends")  # None: not ruled


def days(text: str | None, otherwise: int) -> int:
    """Return the days since 1970 of an ISO date."""
    return otherwise if text is None else date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def own_rules(rules: dict[str, Any]) -> dict[str, Any]:
    """Return one level's rules in the form that `narrowed` and `widens` work on."""
    payees, window = rules.get("payees", {}), rules.get("window", {})
    named = (payees.get("classes"), payees.get("allow"), *(rules.get(n, {}).get("classes") for n in CLASS_SETS[2:]))
    items = [SCHEMES[code.split(":")[0]] + "".join(filter(str.isdigit, code)) for code in rules.get("items", ())]
    last = days(window.get("last"), EVER)
    return {
        **{name: None if one is None else frozenset(one) for name, one in zip(CLASS_SETS, named, strict=True)},
        "deny": frozenset(payees.get("deny", ())),
        "evidence": frozenset(rules.get("evidence", ())),
        "items": [tuple(items)] if "items" in rules else [],  # one entry for every level that rules them
        "regions": [tuple(rules["regions"])] if "regions" in rules else [],
        "first": days(window.get("first"), -EVER),
        "last": last,
        "until": days(window.get("entry_until"), last),
        "hops": rules.get("hops", EVER),
        "carry_from": rules.get("carry_from", ()),
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
        self.conditions: dict[str, int] = {}
        self.attested: set[tuple[str, str, str]] = set()
        self.sums: Counter[tuple[str, Any]] = Counter()
        self.holds: dict[bytes, dict[str, Any]] = {}
        self.expiring: dict[bytes, tuple[int, int]] = {}
        self.posted: dict[bytes, dict[str, Any]] = {}
        self.undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self.effective_now: dict[str, dict[str, Any]] = {}

    # -- records -------------------------------------------------------------------------------------------------------

    def pass_time(self, at: int) -> None:
        """Move to journal time *at*; a new day may bring new versions of rules."""
        if at // DAY != self.today:
            self.effective_now.clear()
        self.at, self.today = at, at // DAY

    def record(self, record: dict[str, Any], at: int) -> None:
        """Take a record, or raise `Refused`."""
        self.pass_time(at)
        getattr(self, "take_" + record["type"])(record)

    def take_unit(self, record: dict[str, Any]) -> None:
        """A unit."""
        self.units[record["unit"]] = record["scale"]

    def take_participant(self, record: dict[str, Any]) -> None:
        """A participant, or its new classes and region."""
        self.participants[record["participant"]] = (frozenset(record["classes"]), record.get("region", ""))

    def take_colour(self, record: dict[str, Any]) -> None:
        """A colour or a new version of its rules, which may only narrow what its parent allows now."""
        name, own = record["colour"], own_rules(record.get("rules", {}))
        above = self.colours.get(name.rpartition("/")[0], ())
        if name not in self.colours and days(record.get("from"), self.today) > self.today:
            raise Refused("starts_later")
        if above and widens(self.effective(above[0]), own):
            raise Refused("widens_parent")
        self.colours.setdefault(name, (name, *above))
        self.colour_units.setdefault(name, self.colour_units[above[0]] if above else record.get("unit", ""))
        versions = self.versions.setdefault(name, [])
        versions.append((days(record.get("from"), self.today), len(versions), own))
        for condition in record.get("rules", {}).get("evidence", ()):
            self.conditions.setdefault(condition, len(self.conditions))
        self.effective_now.clear()

    def take_limits(self, record: dict[str, Any]) -> None:
        """New limits or overrides; what is not given stays."""
        colour, override = record["colour"], record.get("override", {})
        scale = self.units[self.colour_units[colour]]
        limits, overrides, codes = dict(self.limits), Counter(self.overrides), set()
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
        """Something that evidence is about."""
        if record["subject"] not in self.subjects:
            self.subjects.append(record["subject"])

    def take_attestation(self, record: dict[str, Any]) -> None:
        """A condition attested for a colour or a subject, or taken back."""
        self.conditions.setdefault(record["condition"], len(self.conditions))
        about = "colour" if "colour" in record else "subject"
        fact = (record["condition"], about, record[about])
        (self.attested.discard if record.get("withdrawn") else self.attested.add)(fact)

    def effective(self, colour: str) -> dict[str, Any]:
        """Return the intersection of the versions in force today, from the colour up to its root."""
        if colour not in self.effective_now:
            in_force = [version for version in self.versions[colour] if version[0] <= self.today]
            own = max(in_force, key=lambda version: version[:2])[2] if in_force else own_rules({})
            above = self.colours[colour][1:]
            self.effective_now[colour] = narrowed(self.effective(above[0]), own) if above else own
        return self.effective_now[colour]

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
            linked, at_end = row.flags & 1, number == len(rows)
            answer = self.identity(row)
            if answer is None and linked and at_end:
                answer = Answer(R.CHAIN_OPEN)
            if answer is None and broken:
                answer = Answer(R.CHAIN_BROKEN)
            if answer is None:
                answer = min((Answer(*refusal) for refusal in self.refusals(row)), default=None) or self.post(row)
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

    def refusals(self, row: Row) -> Iterator[tuple[R, int]]:
        """Yield every refusal that holds, with its detail, as far as the row makes sense at all."""
        kind, amount = row.kind, row.amount
        if not K.ISSUE <= kind <= K.REFUND or row.flags & ~1 or row.reserved:
            yield R.KIND_UNKNOWN, 0
            return
        if amount < 1 if kind != K.VOID else amount != 0:
            yield R.AMOUNT_MISSING, 0
            return
        if amount > MAX:
            yield R.AMOUNT_OVERFLOW, 0
            return

        row = self.filled(row)
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
            if amount > hold["left"] or not hold["left"]:
                yield R.HOLD_EXCEEDED, 0

        original: dict[str, Any] = {}
        if kind in GIVES_BACK:
            original = self.posted.get(row.ref, {})
            if not original:
                yield R.ORIGINAL_UNKNOWN, 0
                return
            first = original["row"]
            if (row.debit, row.credit) != (first.credit, first.debit) or first.kind not in GIVES_BACK[kind]:
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
        if debit.flags & {"closed", "frozen"}:
            yield R.DEBIT_CLOSED, 0
        if "closed" in credit.flags:
            yield R.CREDIT_CLOSED, 0
        if debit.unit != credit.unit:
            yield R.UNITS_DIFFER, 0
        if row.value_date > self.today:
            yield R.DATE_FUTURE, 0
        if kind == K.COMMIT and row.expires != 0 and row.expires <= self.at:
            yield R.EXPIRY_PAST, 0
        if kind in (K.RELEASE, K.VOID):
            return

        if "issuer" not in debit.flags and not hold and self.available(row.debit) < amount:
            yield R.FUNDS_INSUFFICIENT, 0
        if kind != K.COMMIT and max(self.sums["debits", row.debit], self.sums["credits", row.credit]) + amount > MAX:
            yield R.SUM_OVERFLOW, 0
        if not original:
            forbidden = self.joins(kind, debit, credit)
            if forbidden:
                yield forbidden, 0
                return
            yield from self.colour_refusals(row, debit, credit, hold)
        counters = original["counters"] if original else self.counters(kind, debit, credit, bool(hold))
        if kind == K.COMMIT:  # it does not count towards the plan yet, but there must be room for it
            counters += [one for one in self.counters(K.PAY, debit, credit, held=True) if one[0][0] == "plan"]
        for key, sign, level in counters:
            limit = MAX if self.limits.get(key) is None else self.limits[key] + self.overrides[key]
            if sign == (-1 if original else 1) and self.sums[key] + amount > min(limit, MAX):
                yield EXCEEDED[key[0]], level
            elif sign == (1 if original else -1) and key[0] == "plan" and self.sums[key] - amount < -MAX:
                yield R.SUM_OVERFLOW, 0

    def joins(self, kind: int, debit: Account, credit: Account) -> R | None:
        """Return why this kind may not join these accounts, whatever their owners and rules."""
        from_issuer, to_issuer = kind in (K.ISSUE, K.RECEIVE), kind in (K.LAPSE, K.REFUND)
        if ("issuer" in debit.flags, "issuer" in credit.flags) != (from_issuer, to_issuer):
            return R.STAGE_FORBIDDEN
        paying, coloured = kind in (K.COMMIT, K.PAY), bool(debit.path and credit.path)
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
        paying, funding = row.kind in (K.COMMIT, K.PAY), row.kind in (K.ISSUE, K.ALLOCATE, K.CARRY)
        classes, own_region = self.participants[credit.owner]
        coming = self.effective(credit.colour) if credit.path and (paying or funding) else None
        leaving = self.effective(debit.colour) if debit.path and paying else None
        timed = leaving or (coming if funding else None)
        if timed and not (timed["first"] <= row.value_date <= timed["last"] and self.today <= timed["until"]):
            yield R.WINDOW_CLOSED, 0
        if coming and coming["holders"] is not None and not classes & coming["holders"]:
            yield R.HOLDER_CLASS, 0
        if coming and credit.hop > coming["hops"]:
            yield R.HOPS_EXCEEDED, 0
        if not leaving:
            return
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
        if row.kind == K.PAY:
            about = [("colour", colour) for colour in debit.path]
            about += [("subject", self.subjects[row.subject - 1])] if 0 < row.subject <= len(self.subjects) else []
            for condition in leaving["evidence"]:
                if not any((condition, *thing) in self.attested for thing in about):
                    yield R.EVIDENCE_MISSING, self.conditions[condition]

    @staticmethod
    def counters(kind: int, debit: Account, credit: Account, held: bool) -> list[tuple[tuple[str, str], int, int]]:
        """Return the counters that the kind moves: (counter and colour, sign, level above the counted colour)."""

        def along(name: str, path: tuple[str, ...], sign: int, top: str = "") -> list[tuple[tuple[str, str], int, int]]:
            counted = path[: path.index(top)] if top in path else path
            return [((name, colour), sign, level) for level, colour in enumerate(counted)]

        if kind in (K.COMMIT, K.PAY):
            names = ["payments"] * (kind == K.PAY) + ["obligations"] * (not held)
            counted = [one for name in names if debit.hop == 0 for one in along(name, debit.path, +1)]
            return counted + (along("plan", credit.path, +1, debit.colour) if kind == K.PAY else [])
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
            moves, sign = original["counters"], -1
            self.put(original, "left", original["left"] - moved)
        for (name, colour), direction, _ in moves:
            self.add(name, colour, sign * direction * moved)
        if hold:
            left = hold["left"] - moved
            self.put(hold, "left", left)
            self.put(hold, "state", {K.VOID: R.HOLD_VOIDED, K.EXPIRE: R.HOLD_EXPIRED}.get(K(kind), hold["state"]))
            self.add("pending", row.debit, -moved)
            if not left and row.ref in self.expiring:
                self.put(self.expiring, row.ref, (EVER, 0))
        if kind == K.COMMIT:
            facts = {"debit": row.debit, "credit": row.credit, "item": row.item, "region": row.region}
            self.put(self.holds, row.id, {**facts, "left": moved, "state": R.POSTED})
            self.add("pending", row.debit, moved)
            if row.expires:
                self.put(self.expiring, row.id, (row.expires, len(self.holds)))
        elif kind not in (K.RELEASE, K.VOID, K.EXPIRE):
            self.add("debits", row.debit, moved)
            self.add("credits", row.credit, moved)
        if kind != K.EXPIRE:
            undone = self.counters(kind, debit, credit, held=False)
            self.put(self.posted, row.id, {"row": row, "left": moved, "counters": undone})
        return Answer(R.POSTED, 0, moved, row.debit, row.credit, kind, row.ref)
