"""The engine against the reference model: random worlds, random entries, every answer compared.

`python -m tests.differential --seed 7 --operations 100000 [--pure]` replays what a failing test names.
"""

import argparse
import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from boyau.ledger import Ledger
from boyau.ledger.refusals import RecordRefused, Result
from boyau.ledger.rows import ROW, Kind
from tests.model import (
    DAY,
    EMERGENCY,
    LAYOUT,
    LINKED,
    MAX,
    NOTHING,
    PAYMENTS,
    SCHEMES,
    UNKNOWN,
    Account,
    Answer,
    Model,
    Refused,
    Row,
    own_rules,
    record_digest,
)
from tests.model_clerk import Clerk, iso

WORLD_OPERATIONS = 2_000
"""Operations in one world before a new one is drawn."""
BATCH_ROWS = 90
COMPARE_EVERY_BATCHES = 10
ALL_RESULTS_FROM_OPERATIONS = 50_000
"""Runs at least this long are asked to have met every result."""
ALL_CODES_FROM_OPERATIONS = 100_000
"""Likewise every code of docs/ledger.md, "Evidence"; there are fewer records than rows."""
EVIDENCE_CODES = {
    *("issuer_unknown", "signature_missing", "signature_invalid", "key_taken", "key_expired", "issuer_scope"),
    *("attestation_old", "request_made", "request_unknown", "request_closed", "condition_unasked"),
    *("owner_missing", "deadline_missing", "not_owner", "appeal_early", "appeal_exhausted"),
}
POSTED_SHARE = 0.4
CLERK_SHARE = 0.8
"""Of the batches before which a clerk hands something in: a signature costs as much as a row, so there are few."""

CLASSES = ("budget", "builder", "clinic", "farmer", "school", "supplier")
CONDITIONS = ("acceptance_act", "contract", "delivery_note", "permit")
STAGES = ("pay", "pay", "commit", "advance", "accept")
POWERS = ("clawback", "court", "emergency")
LINES = ("ENSTRU:42.11", "ENSTRU:42.12", "ENSTRU:21.2", "CPV:45.2", "CPV:45.3", "OTHER:7")
CODES = ("ENSTRU:42.11", "ENSTRU:42", "ENSTRU:21.20", "CPV:45", "CPV:45.2", "GTIN:48", "KPVED:01.1", "OTHER:7")
REGIONS = ("71", "7110", "75", "39", "391", "3915")
COUNTERS = ("plan", "obligations", "payments")
WEIGHTS = {
    Kind.ISSUE: 9,
    Kind.ALLOCATE: 11,
    Kind.WITHDRAW: 4,
    Kind.LAPSE: 3,
    Kind.CARRY: 4,
    Kind.COMMIT: 16,
    Kind.PAY: 30,  # about a third of them on a hold
    Kind.RELEASE: 5,
    Kind.VOID: 3,
    Kind.RETURN: 5,
    Kind.REVERSE: 6,
    Kind.RECEIVE: 4,
    Kind.REFUND: 3,
    Kind.ACCEPT: 9,
    Kind.ADVANCE: 6,
    Kind.CLAWBACK: 3,
    Kind.COURT: 3,
}
KINDS, ODDS = list(WEIGHTS), list(WEIGHTS.values())
PAIRED = (*(k for k in KINDS[:6]), Kind.RECEIVE, Kind.REFUND, Kind.COURT, Kind.PAY)
"""Kinds that join two accounts of their own choice."""


class DifferenceFoundError(AssertionError):
    """Engine and model answer differently."""


def command_digest(row: Row) -> str:
    """Return the digest of a command, from its bytes as they are sent."""
    return hashlib.sha256(b"boyau command 1\n" + packed([row]).tobytes()[:112]).hexdigest()


def amount_text(minor: int, scale: int) -> str:
    """Write an amount in major units."""
    return f"{minor // 10**scale}.{minor % 10**scale:0{scale}d}" if scale else str(minor)


def paying(debit: int, credit: int, amount: int = 1) -> Row:
    """Return a payment without more."""
    return Row(kind=Kind.PAY, debit=debit, credit=credit, amount=amount)


def packed(rows: Iterable[Row]) -> np.ndarray:
    """Return rows as the engine takes them."""
    return np.frombuffer(b"".join(LAYOUT.pack(*row) for row in rows), ROW).copy()


class Pair:
    """The engine and the model, given the same entries; the first difference is raised."""

    def __init__(self, ledger: Any, where: str = "", replay: str = "") -> None:
        self.ledger, self.model, self.where, self.replay = ledger, Model(), where, replay
        self.batches, self.counts = 0, Counter[Any]()
        self.last: list[Answer] = []

    def differ(self, what: str, engine: object, model: object) -> None:
        """Raise where the two answers are not the same."""
        if engine != model:
            text = f"{what}\n  engine {engine}\n  model  {model}\n  {self.where}, batch {self.batches}"
            raise DifferenceFoundError(f"{text}\n  replay: {self.replay}" if self.replay else text)

    def record(self, record: dict[str, Any], at: int) -> bool:
        """Give a record to both; return whether it was taken."""
        engine, model = "taken", ("taken",)
        try:
            self.model.record(record, at)
        except Refused as refused:
            model = refused.args
        try:
            self.ledger.record(record, at)
        except RecordRefused as refused:
            engine = refused.code
        if engine not in model:
            self.differ(f"record {record}", engine, model)
        self.counts["record_" + record["type"], engine] += 1
        return engine == "taken"

    def apply(self, rows: list[Row], at: int) -> list[Result]:
        """Give a batch to both, compare every answer, and return the results of the given rows."""
        answers = self.model.apply(rows, at)
        decided = self.ledger.apply(packed(rows), at)
        self.batches += 1
        expired = len(answers) - len(rows)
        self.differ("rows in the answer, expired holds included", len(decided), len(answers))
        columns = (decided[name].tolist() for name in ("result", "detail", "settled", "debit", "credit", "kind", "ref"))
        for number, (engine, model) in enumerate(zip(zip(*columns, strict=True), answers, strict=True)):
            if engine[:3] != model[:3] or (model.result == Result.POSTED and engine != model):
                row = rows[number - expired] if number >= expired else "generated by the ledger"
                told = f"{Result(engine[0]).name} {engine[1:]}", f"{model.result.name} {tuple(model[1:])}"
                reasons = [] if isinstance(row, str) else sorted({r.name for r, _ in self.model.refusals(row)})
                kind = Kind(row.kind).name if isinstance(row, Row) and row.kind in set(Kind) else ""
                self.differ(f"row {number - expired} of {len(rows)} {kind} {row} (now refused by {reasons})", *told)
            self.counts[model.result] += 1
        self.last = answers[expired:]
        return [answer.result for answer in self.last]

    def compare(self) -> None:
        """Compare all sums: accounts, counters, what remains of holds."""
        sums = self.model.sums
        for index, (name, account) in enumerate(zip(self.model.names, self.model.accounts, strict=True)):
            model = tuple(sums[what, index] for what in ("debits", "credits", "pending"))
            self.differ(f"balance of {name}", tuple(self.ledger.balance(name)), model)
            self.differ(f"given back at {name}", int(self.ledger.tables.acc[index, 7]), sums["back", index])
            if "issuer" not in account.flags:
                assert sum(sums[what, index] for what in ("debits", "pending")) <= MAX
        for colour in self.model.colours:
            model = tuple(sums[what, colour] for what in COUNTERS)
            self.differ(f"counters of {colour}", tuple(self.ledger.counters(colour)), model)
        for number, (hold, facts) in enumerate(self.model.holds.items()):
            self.differ(f"rest of hold {hold!r}", self.ledger.hold_remaining(hold), facts["left"])
            terms = (*(share_word(facts[n]) for n in ("advance", "retention")), contract_word(facts), facts["warranty"])
            model = (*(facts[name] for name in ("total", "accepted", "advanced", "paid")), *terms)
            self.differ(f"contract {hold!r}", tuple(self.ledger.tables.hold[number, 8:16].tolist()), model)
        for (table, key), value in sums.items():
            if table in METERS:
                self.differ(
                    f"meter {table} {key}", self.ledger.meter(METERS[table], *self.meter_key(table, key)), value
                )
        self.compare_evidence()
        self.differ("rest of a hold never made", self.ledger.hold_remaining(b"never".ljust(16, b"\0")), None)

    def compare_evidence(self) -> None:
        """Compare where every request stands, whose word must be signed, and the moments of the last words."""
        engine, model = self.ledger.registry.evidence, self.model.evidence
        self.differ("requests", list(engine.requests), list(model.requests))
        for name, request in model.requests.items():
            step, deadline, number = engine.requests[name].standing(self.model.today)
            told = {"answered": (), "denied": (step.owner, number)}.get(
                request["state"], (step.owner, number, deadline)
            )
            holder, last = model.standing(request)
            stands = (model.owner(request), holder, last)[: len(told)]
            self.differ(f"standing of {name}", (engine.requests[name].state, *told), (request["state"], *stands))
        self.differ("conditions to be signed for", engine.signed, model.named)
        self.differ("last words", sorted(engine.words.values()), sorted(model.words.values()))

    def meter_key(self, table: str, key: Any) -> tuple[int, int]:
        """Return how the engine names what the model counts."""
        registry = self.ledger.registry
        if table.startswith("subject"):
            return key, 0
        if table == "document":
            return int.from_bytes(key[:8], "little", signed=True), int.from_bytes(key[8:16], "little", signed=True)
        first, second = key
        if table == "cap":
            return first, sum(1 << registry.class_bits[name] for name in second)
        number = registry.colour_numbers[first]
        return number, registry.participants[second] if table == "payee" else int(second.ljust(19, "0"))


METERS = {"line": 1, "payee": 2, "cap": 3, "subject paid": 4, "document": 5, "subject accepted": 6}


def share_word(share: Any) -> int:
    """Return a share as the engine keeps it."""
    return share.numerator << 32 | share.denominator if share else 0


def contract_word(facts: dict[str, Any]) -> int:
    """Return a contract's acceptance and days of warranty as the engine keeps them."""
    return int(facts["acceptance"]) | facts["retention_days"] << 1


class World:
    """A random world that grows while it is used, and what might happen in it next."""

    def __init__(self, rng: random.Random, pair: Pair) -> None:
        self.rng, self.pair, self.model = rng, pair, pair.model
        self.at = 1_700_000_000_000_000 + rng.randrange(DAY)
        self.today = self.at // DAY
        self.base = 10 ** rng.randint(1, 6)  # a usual amount
        self.rich = self.chance(0.3)  # amounts near 2^62 occur
        self.often = self.rng.choice((0.7, 1, 2))  # contracts and controls
        self.sent: list[Row] = []
        self.recent: list[Row] = []
        self.pairs: dict[int, list[tuple[int, int]]] = {}
        self.serial = 0
        self.conditions = CONDITIONS
        self.clerk = Clerk(self)
        self.found()

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def some(self, pool: Iterable[str], leave_out: float = 0.25) -> list[str]:
        """Return most of *pool*, never nothing of something."""
        pool = sorted(pool)
        kept = [one for one in pool if not self.chance(leave_out)]
        return kept or self.rng.sample(pool, min(1, len(pool)))

    def give(self, **record: Any) -> bool:
        """Give a record to both ledgers; where it wants four eyes, mostly ask them and give it again."""
        record = self.clerk.signed(record)
        if self.pair.record(record, self.at):
            return True
        colour, changes = record.get("colour"), record["type"] in ("colour", "limits")
        if not changes or colour not in self.model.colours or not self.chance(0.7):
            return False
        if self.model.change_unapproved(colour, record):
            self.approve(record_digest(record), *self.model.effective(colour)["powers"]["change"], set())
        return self.pair.record(record, self.at)

    def approve(self, digest: str, quorum: int, classes: Iterable[str], parties: set[str]) -> None:
        """Let somebody propose and, mostly, the right ones approve."""
        rng, people = self.rng, sorted(self.model.participants)
        maker = rng.choice(people)
        if not self.chance(0.05):
            self.give(type="proposal", command=digest, by=maker)
        fit = [who for who in people if self.model.participants[who][0] & set(classes) and who not in parties | {maker}]
        some = rng.sample(fit, min(len(fit), quorum)) if self.chance(0.85) else rng.sample(people, 2)
        for who in some:
            until = {"until": iso(self.today + rng.choice((-1, 0, 1, 30)))} if self.chance(0.3) else {}
            self.give(type="approval", command=digest, by=who, **until)
        if self.chance(0.1):
            self.give(type="approval", command=digest, by=rng.choice(some or people), withdrawn=True)
        self.at += 1  # a batch lies after the records

    # -- the world -----------------------------------------------------------------------------------------------------

    def found(self) -> None:
        """Draw units, participants, colours, accounts, limits and evidence."""
        rng = self.rng
        for unit, scale in (("KZT", 2), ("USD", rng.choice((0, 3))))[: rng.choice((1, 2, 2))]:
            self.give(type="unit", unit=unit, scale=scale)
        for number in range(rng.randint(5, 9)):
            self.participant(f"P-{number}")
        for root in rng.sample(("kz/rb/24", "kz/rb/25", "kz/mb", "eu", "fund.a/x"), rng.randint(2, 4)):
            while not self.colour(root, rng.choice(list(self.model.units))):
                pass
            for _ in range(rng.randint(1, 4)):
                above = rng.choice([colour for colour in self.model.colours if self.model.colours[colour][-1] == root])
                self.colour(f"{above}/{rng.randint(1, 99)}")
            while self.chance(0.1) and len(self.model.colours[above]) < 14:
                above += "/0"
                self.colour(above) or self.colour(above)
                if above not in self.model.colours:
                    break
        for _ in range(rng.randint(1, 4)):
            self.subject()
        for colour in list(self.model.colours):
            for hop, odds in ((0, 1.0), (0, 0.4), (1, 0.9), (1, 0.3), (2, 0.4), (3, 0.15)):
                if self.chance(odds):
                    self.account(colour, hop, issuer=False)
            if self.model.colours[colour][-1] == colour or self.chance(0.1):
                self.account(colour, 0, issuer=True)
        for unit in self.model.units:
            for number in range(rng.randint(2, 5)):
                self.account(unit, 0, issuer=number == 0)
        self.slices()
        for colour in self.some(self.model.colours, 0.6):
            self.limit(colour)
        for _ in range(rng.randint(0, 8)):
            self.attest()

    def subject(self) -> None:
        """Give an act, mostly with the colour that it belongs to and what it is worth; or one again."""
        number = self.rng.choice((len(self.model.subjects), len(self.model.subjects), 0))
        kept: dict[str, Any] = {}
        if self.model.colours and self.chance(0.6):
            kept["colour"] = self.rng.choice(list(self.model.colours))
            if self.chance(0.8):
                worth = self.base * self.rng.choice((1, 10, 100)) + self.rng.randint(0, 2)
                kept["amount"] = self.money(kept["colour"], worth)
        self.give(type="subject", subject=f"act {number}", **kept)

    def slices(self) -> None:
        """Open accounts through which slices can be paid."""
        wanting = [pair for pair in self.joinable(Kind.PAY) if self.model.sliced(paying(*pair), None) is False]
        for debit, credit in self.rng.sample(wanting, min(3, len(wanting))):
            rule = self.model.effective(self.model.accounts[debit].colour)["slice"]
            if rule[0] in self.model.colours:
                for index, hop in ((debit, ""), (credit, "#1")):
                    name = f"{self.model.accounts[index].owner}@{rule[0]}{hop}"
                    if name not in self.model.names:
                        self.give(type="account", account=name, flags=[])
        self.pairs.clear()

    def participant(self, name: str) -> None:
        kept = {"region": self.rng.choice(REGIONS) + self.rng.choice(("", "1", "0000"))} if self.chance(0.8) else {}
        self.give(
            type="participant", participant=name, classes=self.rng.sample(CLASSES, self.rng.randint(1, 4)), **kept
        )

    def terms(self, above: dict[str, Any], scale: int) -> dict[str, Any]:
        """Draw rules of contracts and of control."""
        rng, terms = self.rng, {}

        def sum_of(*times: int) -> str:
            return amount_text(self.base * rng.choice(times) + rng.randint(0, 2), scale)

        def quorum(name: str = "") -> dict[str, Any]:
            least, classes = above["powers"].get(name, (1, CLASSES))
            return {"quorum": rng.choice((least, least, 1, 2)), "classes": self.some(classes)}

        if self.chance(0.15 * self.often):
            lines = [{"item": code} for code in self.some(LINES, 0.3)]
            for line in lines:
                if self.chance(0.6):
                    line["quantity"] = f"{rng.choice((2, 50, 10**6))}.5"
                if self.chance(0.6):
                    line["price"] = sum_of(1, 5, 20)
            terms["lines"] = lines + ([{"item": "ENSTRU:42.111"}] if self.chance(0.03) else [])
        if self.chance(0.12 * self.often):
            terms["payee_limit"] = sum_of(10, 100, 1000)
        if self.chance(0.15 * self.often):
            terms["documents"] = "once"
        if self.chance(0.2 * self.often):
            terms["acceptance"] = self.chance(0.9)
        if self.chance(0.25 * self.often):
            terms["advance"] = rng.choice(("30%", "1/7", "50%", "99.9%", "100%", "0%", "5/13"))
        if self.chance(0.7 if terms.get("acceptance") else 0.2):
            terms["retention"] = {"share": rng.choice(("5%", "1/3", "10%", "0%")), "days": rng.choice((0, 0, 1, 3))}
        if self.chance(0.12 * self.often if above["slice"] is None else 0.01) and self.model.colours:
            path = rng.choice([*self.model.colours, *self.model.colours, "not/yet"])
            terms["slice"] = {
                "colour": path,
                "share": rng.choice(("12/112", "20%", "1/2")),
                "classes": self.some(CLASSES),
            }
        if self.chance(0.1 * self.often):
            terms["approval"] = [{"above": sum_of(1, 10, 100), **quorum()} for _ in range(rng.choice((1, 1, 2, 5)))]
        powers = {name: quorum(name) for name in POWERS if self.chance(0.25)}
        if self.chance(0.04):
            powers["change"] = quorum("change")
        if powers:
            terms["powers"] = powers
        return terms

    def caps(self) -> list[dict[str, Any]]:
        """Draw caps on where a colour ends."""
        caps: list[dict[str, Any]] = []
        for _ in range(self.rng.choice((1, 1, 2, 5))):
            caps.append({"classes": self.some(CLASSES, 0.6), "share": self.rng.choice(("20%", "1/3", "80%", "100%"))})
            if self.chance(0.3):
                caps[-1]["classes"] = caps[0]["classes"]
            if self.chance(0.15):
                caps[-1]["evidence"] = self.rng.sample(CONDITIONS, self.rng.randint(1, 2))
        return caps

    def rules(self, above: dict[str, Any], scale: int) -> dict[str, Any]:
        """Draw rules that mostly narrow what *above* allows, and sometimes do not."""
        rng, rules, people = self.rng, {}, sorted(self.model.participants)
        if self.chance(0.05):
            above = own_rules({})
        payees: dict[str, Any] = {}
        if self.chance(0.3):
            payees["classes"] = self.some(CLASSES if above["classes"] is None else above["classes"])
        if self.chance(0.15):
            payees["allow"] = self.some(people if above["allow"] is None else above["allow"], 0.2)
        if self.chance(0.2):
            payees["deny"] = rng.sample(people, rng.randint(1, 2))
        rules["payees"] = payees
        if self.chance(0.3):
            rules["holders"] = {"classes": self.some(CLASSES if above["holders"] is None else above["holders"])}
        if self.chance(0.12 if above["ends"] is not None else 0.8):
            rules["ends"] = {"classes": self.some(CLASSES if above["ends"] is None else above["ends"])}
            if self.chance(0.25):
                rules["ends"]["caps"] = self.caps()
        if self.chance(0.2):
            schemes = {digit: scheme for scheme, digit in SCHEMES.items()}
            codes = [f"{schemes[code[0]]}:{code[1:]}" for code in self.deepest(above, "items")]
            rules["items"] = [(code + self.digits(2))[:20] for code in codes] or self.some(CODES, 0.6)
        if self.chance(0.15):
            codes = self.deepest(above, "regions")
            rules["regions"] = [(code + self.digits(2))[:9] for code in codes] or self.some(REGIONS)
        if self.chance(0.3):
            first = max(self.today - rng.randint(0, 200), above["first"])
            ends = rng.randint(0, 9) if self.chance(0.3) else rng.randint(10, 250)
            last = min(self.today + ends, above["last"], above["until"])
            if first <= last:
                rules["window"] = {"first": iso(first), "last": iso(last)}
                if above["until"] > last and self.chance(0.5):
                    rules["window"]["entry_until"] = iso(min(last + rng.randint(0, 9), above["until"]))
        if self.chance(0.3):
            rules["hops"] = min(rng.choice((0, 1, 1, 1, 2, 3)), above["hops"])
        if self.chance(0.15):
            rules["evidence"] = [
                one if self.chance(0.4) else {"condition": one, "at": rng.choice(STAGES)}
                for one in rng.sample(CONDITIONS, rng.randint(1, 2))
            ]
        if self.chance(0.5) and self.model.colours:
            rules["carry_from"] = self.some(self.model.colours, 0.6)
        rules = {name: rule for name, rule in rules.items() if rule} | self.terms(above, scale)
        if self.chance(0.03):  # lists that name nothing, and half a window
            nobody: dict[str, Any] = {"classes": []}
            empty = ({"items": []}, {"regions": []}, {"holders": nobody}, {"ends": nobody}, {"payees": nobody})
            rules |= rng.choice((*empty, {"payees": {"allow": []}}))
            rules["window"] = rng.choice(({"first": iso(self.today - 5)}, {"last": iso(self.today + 9)}))
        if "last" in rules.get("window", {}) and self.chance(0.05):
            rules["window"]["entry_until"] = iso(self.today + 2)
        return rules

    @staticmethod
    def deepest(above: dict[str, Any], name: str) -> list[str]:
        return list(above[name][-1]) if above[name] else []

    def digits(self, most: int) -> str:
        return "".join(self.rng.choice("0123456789") for _ in range(self.rng.randint(0, most)))

    def colour(self, name: str, unit: str = "", starts: int = 0) -> bool:
        """Give a colour, or a new version of its rules."""
        above = self.model.colours.get(name.rpartition("/")[0], ())
        kept: dict[str, Any] = {"unit": unit} if unit else {}
        if starts:
            kept["from"] = iso(starts)
        unit = unit or self.model.colour_units[(name if name in self.model.colours else above[0])]
        rules = self.rules(self.model.effective(above[0]) if above else own_rules({}), self.model.units[unit])
        self.pairs.clear()
        return self.give(type="colour", colour=name, title=f"Colour {name}", rules=rules, **kept)

    def account(self, colour: str, hop: int, *, issuer: bool) -> None:
        owner = self.rng.choice(sorted(self.model.participants))
        name = f"{owner}@{colour}" + (f"#{hop}" if hop else "")
        if name not in self.model.names:
            self.give(type="account", account=name, flags=["issuer"] if issuer else [])
            self.pairs.clear()

    def money(self, colour: str, minor: int) -> str:
        return amount_text(minor, self.model.units[self.model.colour_units[colour]])

    def limit(self, colour: str) -> None:
        """Set limits a little above what is used, lift them, or override them."""
        kept: dict[str, Any] = {}
        for name in self.rng.sample(COUNTERS, self.rng.randint(1, 3)):
            used = max(self.model.sums[name, colour], 0)
            room = self.base * self.rng.choice((1, 10, 100, 1000)) + self.rng.randint(0, 2)
            if self.chance(0.15):
                kept.setdefault("override", {})[name] = self.money(colour, room)
            elif self.chance(0.1):
                kept[name] = None
            elif self.chance(0.05):
                kept[name] = self.money(colour, MAX - self.rng.randint(0, 2))
            elif self.chance(0.1):
                kept[name] = self.money(colour, max(used - self.rng.randint(-1, 2), 1))
            else:
                kept[name] = self.money(colour, min(used + room, MAX))
        reason = {"reason": "flood"} if "override" in kept else {}
        self.give(type="limits", colour=colour, date=iso(self.today - self.rng.randint(0, 3)), **kept, **reason)

    def attest(self) -> None:
        """Attest a condition, or take back one that was attested."""
        if self.model.evidence.attested and self.chance(0.25):
            condition, about, name = self.rng.choice(sorted(self.model.evidence.attested))
            kept: dict[str, Any] = {about: name, "withdrawn": True}
        else:
            condition = self.rng.choice(CONDITIONS)
            about = "colour" if self.chance(0.6) or not self.model.subjects else "subject"
            kept = {about: self.rng.choice(list(self.model.colours) if about == "colour" else self.model.subjects)}
        self.give(type="attestation", condition=condition, by=self.clerk.issuer(condition), **kept)

    def change(self) -> None:
        """Let the world change between two batches."""
        rng, model = self.rng, self.model
        match rng.choices("PCLFASE", (1, 2, 6, 5, 1, 1, 5))[0]:
            case "P":
                self.participant(rng.choice([*model.participants, f"P-{len(model.participants)}"]))
            case "C":
                name = rng.choice(list(model.colours))
                unit = model.colour_units[name] if len(model.colours[name]) == 1 else ""
                self.colour(name, unit, rng.choice((0, self.today, self.today + 1, self.today + rng.randint(2, 9))))
                if self.chance(0.2) and len(model.colours[name]) < 14 and f"{name}/new" not in model.colours:
                    self.colour(f"{name}/new", starts=rng.choice((0, 0, self.today + 3)))
            case "L":
                self.limit(rng.choice(list(model.colours)))
            case "F":
                barred = [i for i, one in enumerate(model.accounts) if one.flags & {"closed", "frozen"}]
                index = rng.choice(barred if barred and self.chance(0.6) else range(len(model.accounts)))
                flags = set(model.accounts[index].flags - {"closed", "frozen"})
                if index not in barred:
                    flags.add(rng.choice(("closed", "frozen")))
                if self.chance(0.03):
                    flags ^= {"issuer"}
                    self.pairs.clear()
                self.give(type="account", account=model.names[index], flags=sorted(flags))
            case "A":
                colour = rng.choice([*model.colours, *model.units])
                self.account(colour, rng.choice((0, 1, 2)) if colour in model.colours else 0, issuer=self.chance(0.1))
            case "S":
                self.subject()
            case "E":
                self.attest()

    def pass_time(self) -> None:
        """Let time pass: an instant, an hour, now and then days."""
        spans = (1, 1_000_000, 3_600_000_000, DAY // 2, DAY, 5 * DAY)
        self.at += 1 + self.rng.randrange(self.rng.choices(spans, (20, 20, 30, 20, 8, 2))[0])
        ends = [when for when, _ in self.model.expiring.values() if self.at < when < self.at + DAY]
        if ends and self.chance(0.2):
            self.at = self.rng.choice(ends) - self.rng.choice((1, 1, 2))  # a batch comes one microsecond later
        self.today = self.at // DAY

    # -- rows ----------------------------------------------------------------------------------------------------------

    def batch(self, most: int) -> list[Row]:
        """Draw a batch of rows, some of them in chains, some sent before."""
        rows: list[Row] = []
        self.recent = rows
        size, chain = self.rng.randint(1, most), 0
        while len(rows) < size:
            if not chain and self.chance(0.07):
                chain, calm = self.rng.randint(2, 5), self.chance(0.7)
            if self.sent and not chain and self.chance(0.04):
                row = self.again()
            elif not chain and self.chance(0.09):
                row = self.seldom()
            else:
                row = self.lawful()
                if self.chance(0.03 if chain and calm else 0.2):
                    row = self.rng.choice(SPOILS)(self, row)
            if chain:
                chain -= 1
                row = row._replace(flags=row.flags & ~LINKED | (chain > 0))
            rows.append(row._replace(amount=min(row.amount, 2 * MAX)))
            if not chain and self.chance(0.9) and not row.flags & LINKED and self.model.sliced(row, None) is False:
                rows += self.slice_of(rows.pop())
        linked = [row for row in self.sent if row.flags & 1 and row.id in self.model.posted]
        if linked and self.chance(0.05):
            rows.append(self.rng.choice(linked))
        elif not self.chance(0.4):
            rows[-1] = rows[-1]._replace(flags=rows[-1].flags & ~1)
        self.sent.extend(rows)
        for number, row in enumerate(rows):
            after = rows[number + 1] if row.flags & LINKED and number + 1 < len(rows) else None
            asked = row.kind in (*PAYMENTS, Kind.CLAWBACK, Kind.COURT) or row.flags & EMERGENCY
            reasons = {reason for reason, _ in self.model.refusals(row, None, after)} if asked else set()
            if Result.APPROVAL_MISSING in reasons and self.chance(0.85):
                self.have_approved(row)
        return rows

    def have_approved(self, row: Row) -> None:
        """Propose a row and have it approved as its debit's colour wants it."""
        filled, model = self.model.filled(row), self.model
        debit, credit = model.accounts[filled.debit], model.accounts[filled.credit]
        rules = model.effective(debit.colour)
        name = {Kind.CLAWBACK: "clawback", Kind.COURT: "court"}.get(
            row.kind, "emergency" if row.flags & EMERGENCY else ""
        )
        wanted = [tier[1:] for tier in rules["approval"] if row.amount > tier[0]]
        for quorum, classes in [rules["powers"][name]] if name else wanted:
            self.approve(command_digest(row), quorum, classes, {debit.owner, credit.owner})

    def slice_of(self, row: Row) -> list[Row]:
        """Return a payment linked with its slice, or alone where no accounts are there for one."""
        model, filled = self.model, self.model.filled(row)
        debit, credit = model.accounts[filled.debit], model.accounts[filled.credit]
        rule = model.effective(debit.colour)["slice"]
        fit = [
            (d, c)
            for d, c in self.joinable(Kind.PAY)
            if model.accounts[d].owner == debit.owner
            and model.accounts[c].owner == credit.owner
            and rule[0] in model.accounts[c].path
        ]
        if not fit:
            return [row]
        d, c = max(fit, key=lambda pair: (model.available(pair[0]), pair))
        part = row.amount * rule[1] / (1 - rule[1])
        amount = max(part // 1 + self.rng.choice((0, 0, 0, 1, 1, -1, 2)), 1)
        self.serial += 1
        other = paying(d, c, min(int(amount), 2 * MAX))._replace(
            id=f"S-{self.serial}".encode().ljust(16, b"\0"), value_date=self.today, document=row.document
        )
        return [row._replace(flags=row.flags | LINKED), self.told(other, model.accounts[d], model.accounts[c])]

    def again(self) -> Row:
        """Return a row sent before, or one of its id with something changed."""
        row = self.rng.choice(self.sent[-200:] + self.recent)
        if row.id in self.model.posted or self.chance(0.3):
            if self.chance(0.5):
                return row
            if self.chance(0.7):
                field = self.rng.choice(Row._fields[1:14])
                value = getattr(row, field)
                changed = bytes(reversed(value)) or b"" if isinstance(value, bytes) else value ^ 1
                if field in ("debit", "credit") and self.chance(0.3):
                    changed = UNKNOWN
                if field == "document":
                    changed = self.rng.randbytes(24)
                return row._replace(**{field: changed})
            return self.lawful()._replace(id=row.id)
        return row

    def lawful(self) -> Row:
        """Return a row that the model would post now, if a few draws find one."""
        row = self.draw()
        for _ in range(4):
            if {reason for reason, _ in self.model.refusals(row)} <= {Result.SLICE_MISSING, Result.APPROVAL_MISSING}:
                break
            if row.ref != NOTHING and any(row.ref == other.id for other in self.recent):
                break
            row = self.draw()
        return row

    def seldom(self) -> Row:
        """Return the one of a few spoiled rows whose answer was given least often so far."""
        rows = [self.rng.choice(SPOILS)(self, self.draw()) for _ in range(8)]
        rows += [
            aimed(paying(0, 0)._replace(id=self.rng.randbytes(16), value_date=self.today)) for aimed in self.aims()
        ]
        return min(rows, key=lambda row: self.pair.counts[min(self.model.refusals(row), default=(Result.POSTED,))[0]])

    def aims(self) -> list[Callable[[Row], Row]]:
        """Return ways to make a row that goes just past one rule of a contract."""
        lines = [self.past_line, self.past_line, self.past_line, self.past_payee]
        return [
            *lines,
            self.past_retention,
            self.past_slice,
            self.past_subject,
            self.past_cap,
            self.past_document,
            self.past_item,
        ]

    def past_retention(self, row: Row) -> Row:
        """Pay what is retained, or accept what may be retained then."""
        holds = [(ref, one) for ref, one in self.model.holds.items() if one["acceptance"] and one["retention"]]
        if not holds:
            return row
        ref, facts = self.rng.choice(holds[-20:])
        payable, retained = self.model.payable(facts, self.today)
        row = row._replace(ref=ref, debit=UNKNOWN, credit=UNKNOWN, amount=max(int(payable) + 1, 1))
        row = row if retained else row._replace(kind=Kind.ACCEPT, amount=facts["total"] - facts["accepted"])
        return self.told(row, *(self.model.accounts[facts[side]] for side in ("debit", "credit")))

    def past(self, row: Row, fits: Callable[[int, int], bool]) -> Row:
        """Pay between two accounts that fit, if there are some with money."""
        pairs = self.rng.sample(self.joinable(Kind.PAY), min(90, len(self.joinable(Kind.PAY))))
        found = [pair for pair in pairs if self.model.available(pair[0]) > 0 and fits(*pair)]
        if not found:
            return row
        row = row._replace(debit=found[0][0], credit=found[0][1])
        return self.told(row, *(self.model.accounts[index] for index in found[0]))

    def past_slice(self, row: Row) -> Row:
        """Pay without the slice."""
        return self.past(row, lambda debit, credit: self.model.sliced(paying(debit, credit), None) is False)

    def past_line(self, row: Row) -> Row:
        """Buy something else than the lines say, without a quantity, too much, or for too much."""

        def lined(debit: int, credit: int) -> bool:
            path = self.model.governing(self.model.accounts[debit], self.model.accounts[credit])
            return any(self.model.own_now(colour)["lines"] for colour in path)

        row = self.past(row, lined)
        spoilt = ({"item": 99 * 10**16}, {"quantity": 0}, {"quantity": 10**14}, {"amount": self.base * 50})
        return row._replace(**self.rng.choice(spoilt))

    def past_subject(self, row: Row) -> Row:
        """Pay more on an act than it is worth."""
        worth = [(n, *self.model.subject_facts[name]) for n, name in enumerate(self.model.subjects, 1)]
        worth = [one for one in worth if one[2] is not None]
        if not worth:
            return row
        number, colour, amount = self.rng.choice(worth)
        row = self.past(row, lambda debit, _: colour in self.model.accounts[debit].path)
        return row._replace(subject=number, amount=max(amount - self.model.sums["subject paid", number] + 1, 1))

    def past_cap(self, row: Row) -> Row:
        """End a colour for more than a cap leaves."""
        accounts, model = self.model.accounts, self.model

        def capped(debit: int, credit: int) -> bool:
            return bool(accounts[debit].path and not accounts[credit].path and self.caps_of(debit))

        row = self.past(row, capped)
        received = model.sums["credits", row.debit] - model.sums["back", row.debit]
        room = [received * part // 1 - model.sums["cap", (row.debit, cap)] for cap, part, _ in self.caps_of(row.debit)]
        return row._replace(amount=max(int(self.rng.choice(room or [0])) + 1, 1))

    def caps_of(self, debit: int) -> list[Any]:
        """Return the caps on what an account ends."""
        account = self.model.accounts[debit]
        return list(self.model.effective(account.colour)["caps"]) if account.path else []

    def past_item(self, row: Row) -> Row:
        """Name no item where items are ruled."""
        accounts, model = self.model.accounts, self.model
        ruled = {colour for colour in model.colours if model.effective(colour)["items"]}
        return self.past(row, lambda debit, _: accounts[debit].colour in ruled)._replace(item=0)

    def past_payee(self, row: Row) -> Row:
        """Pay somebody who is denied, or not allowed."""
        accounts, model = self.model.accounts, self.model

        def barred(debit: int, credit: int) -> bool:
            rules = model.effective(accounts[debit].colour) if accounts[debit].path else own_rules({})
            owner = accounts[credit].owner
            return owner in rules["deny"] or (rules["allow"] is not None and owner not in rules["allow"])

        return self.past(row, barred)

    def past_document(self, row: Row) -> Row:
        """Pay a document that was paid."""
        accounts, model = self.model.accounts, self.model
        ruled = {colour for colour in model.colours if model.effective(colour)["documents"]}
        row = self.past(row, lambda debit, _: accounts[debit].colour in ruled)
        return row._replace(document=self.used_document())

    def draw(self) -> Row:
        """Draw one row of any kind."""
        rng = self.rng
        kind = rng.choices(KINDS, ODDS)[0]
        self.serial += 1
        row = Row(
            id=rng.randbytes(16) if self.chance(0.5) else f"T-{self.serial}".encode().ljust(16, b"\0"),
            kind=kind,
            value_date=self.today - (rng.choice((0, 0, 0, 1, 2, 30)) if self.chance(0.3) else 0),
            quantity=rng.randint(-5, 5000) if self.chance(0.2) else 0,
            document=rng.randbytes(24) if self.chance(0.2) else bytes(24),
            subject=rng.randint(0, len(self.model.subjects)) if self.chance(0.5) else 0,
        )
        if kind in (Kind.ACCEPT, Kind.ADVANCE) and not self.model.holds and self.chance(0.9):
            return self.draw()
        if row.on_hold or (kind == Kind.PAY and self.chance(0.4)):
            return self.on_hold(row)
        if kind in (Kind.RETURN, Kind.REVERSE):
            return self.giving_back(row)
        if kind == Kind.CLAWBACK:
            return self.taking_back(row)
        pairs = self.joinable(kind)
        debit, credit = rng.choice(pairs) if pairs else (0, 1)
        for _ in range(4):
            if self.model.available(debit) > 0 or not pairs or "issuer" in self.model.accounts[debit].flags:
                break
            debit, credit = rng.choice(pairs)
        row = row._replace(debit=debit, credit=credit, amount=min(self.amount(debit, credit), 2 * MAX))
        if kind == Kind.COMMIT and self.chance(0.6):
            row = row._replace(expires=self.at + rng.choice((1, 1_000_000, 3_600_000_000, DAY, 10 * DAY)))
        return self.told(row, self.model.accounts[debit], self.model.accounts[credit])

    def told(self, row: Row, debit: Account, credit: Account) -> Row:
        """Name the item, the region, the document and the quantity as the colours ask for them."""
        rules = self.model.effective(debit.colour) if debit.path else own_rules({})
        item, region = self.deepest(rules, "items"), self.deepest(rules, "regions")
        if item or self.chance(0.1):
            code = self.rng.choice(item or ["14211"]) + self.digits(5)
            row = row._replace(item=int(code[:19].ljust(19, "0")))
        if (region and self.chance(0.7)) or self.chance(0.1):
            code = self.rng.choice(region or list(REGIONS)) + self.digits(3)
            row = row._replace(region=int(code[:9].ljust(9, "0")))
        if (rules["documents"] or row.kind == Kind.COURT) and row.document == bytes(24) and self.chance(0.9):
            row = row._replace(document=self.used_document() if self.chance(0.2) else self.rng.randbytes(24))
        subjects = [
            number
            for number, name in enumerate(self.model.subjects, 1)
            if self.model.subject_facts[name][0] in debit.path + credit.path
        ]
        if subjects and row.kind in (Kind.PAY, Kind.ADVANCE, Kind.ACCEPT) and self.chance(0.4):
            row = row._replace(subject=self.rng.choice(subjects))
        if "emergency" in rules["powers"] and row.kind in (*PAYMENTS, Kind.ACCEPT) and self.chance(0.15):
            row = row._replace(flags=row.flags | EMERGENCY)
        governing = self.model.governing(debit, credit)
        lines = [one for colour in governing for one in (self.model.own_now(colour)["lines"] or {}).items()]
        if lines and row.kind in (*PAYMENTS, Kind.ACCEPT) and self.chance(0.9):
            code, (_, price) = self.rng.choice(lines)
            enough = -(-row.amount * 1000 // price) if price else self.rng.randint(1, 999)
            quantity = min(max(enough + self.rng.choice((0, 0, 0, 1, -1)), 1), MAX)
            row = row._replace(item=int((code + self.digits(3)).ljust(19, "0")), quantity=quantity)
        return row

    def used_document(self) -> bytes:
        """Return a document that was paid, or a new one."""
        paid = [one["row"] for one in self.model.posted.values() if one["row"].kind in (Kind.PAY, Kind.ADVANCE)]
        used = [row.document for row in paid[-80:] if self.model.sums["document", row.document]]
        return self.rng.choice(used or [self.rng.randbytes(24)])

    def joinable(self, kind: int) -> list[tuple[int, int]]:
        """Return the pairs of accounts that *kind* may join."""
        if not self.pairs:
            accounts = list(enumerate(self.model.accounts))
            issuers = [(index, one) for index, one in accounts if "issuer" in one.flags]
            others = [(index, one) for index, one in accounts if "issuer" not in one.flags]
            for k in PAIRED[:-1]:
                givers = issuers if k in (Kind.ISSUE, Kind.RECEIVE) else others
                takers = issuers if k in (Kind.LAPSE, Kind.REFUND) else others
                self.pairs[k] = [
                    (d, c)
                    for d, debit in givers
                    for c, credit in takers
                    if d != c and debit.unit == credit.unit and self.model.joins(k, debit, credit) is None
                ]
            self.pairs[Kind.PAY] = self.pairs[Kind.COMMIT]
        return self.pairs[kind]

    def someone_else(self, row: Row) -> int:
        """Return another account that the kind may pay to from the row's debit."""
        return self.rng.choice([c for d, c in self.pairs.get(row.kind, ()) if d == row.debit] or [row.credit])

    def amount(self, debit: int, credit: int) -> int:
        """Draw an amount: usual, all there is, at a limit, or enormous."""
        rng, model = self.rng, self.model
        free, issuer = model.available(debit), "issuer" in model.accounts[debit].flags
        draw = rng.random()
        if draw < 0.06:
            return max(free + rng.choice((-1, 0, 0, 1)), 1)
        if draw < 0.18:
            account = model.accounts[rng.choice((debit, credit))]
            limited = [key for key, limit in model.limits.items() if limit is not None and key[1] in account.path]
            if limited and self.chance(0.9):
                key = rng.choice(limited)
                room = (model.limits[key] or 0) + model.overrides[key] - model.sums[key]
                return max(room + rng.choice((-1, 0, 0, 1)), 1)
            if account.path:
                room = MAX - model.sums[rng.choice(COUNTERS), rng.choice(account.path)]
                return max(room + rng.choice((-1, 0, 0, 1)), 1)
        if self.rich and issuer and draw < 0.4:
            room = MAX - model.sums["credits", credit]
            return max(rng.choice((room, room + 1, room // 2, MAX // 3)), 1)
        if issuer:
            return rng.randint(1, 1000 * self.base)
        return rng.randint(1, max(min(free, max(free // 8, 20 * self.base)), 1))

    def on_hold(self, row: Row) -> Row:
        """Draw a pay, release, void, accept or advance on some hold, open ones first."""
        rng, holds = self.rng, list(self.model.holds.items())
        fresh = [other for other in self.recent if other.kind == Kind.COMMIT]
        if fresh and (not holds or self.chance(0.25)):
            hold = rng.choice(fresh[-3:])
            ref, facts = hold.id, {**hold._asdict(), "left": hold.amount, "acceptance": False, "advance": None}
        elif holds:
            for _ in range(6):
                ref, facts = rng.choice(holds[-60:])
                wanted = {Kind.ADVANCE: facts["advance"], Kind.ACCEPT: facts["acceptance"]}.get(row.kind, True)
                if row.kind == Kind.PAY and facts["acceptance"]:
                    wanted = facts["accepted"] > facts["paid"]
                if facts["left"] and (wanted or self.chance(0.1)):
                    break
        else:
            return row._replace(ref=rng.randbytes(16), amount=1)
        left = facts["left"]
        if row.kind == Kind.ACCEPT and "total" in facts:
            left = facts["total"] - facts["accepted"]
        elif row.kind == Kind.ADVANCE and facts["advance"]:
            left = facts["total"] * facts["advance"] // 1 - facts["advanced"]
        elif row.kind == Kind.PAY and facts["acceptance"]:
            payable, retained = self.model.payable(facts, self.today)
            left = payable + rng.choice((0, 0, 0, retained))
        left = max(int(left), 0)
        amount = 0 if row.kind == Kind.VOID else rng.choice((left, left // 2, left // 3, 1, left + 1))
        row = row._replace(ref=ref, amount=amount, debit=UNKNOWN, credit=UNKNOWN)
        if self.chance(0.5):
            row = row._replace(debit=facts["debit"])
        if self.chance(0.5):
            row = row._replace(credit=facts["credit"])
        debit, credit = facts["debit"], facts["credit"]
        named = row.kind in (Kind.PAY, Kind.ADVANCE, Kind.ACCEPT) and self.chance(0.6)
        known = max(debit, credit) < len(self.model.accounts)
        return self.told(row, self.model.accounts[debit], self.model.accounts[credit]) if named and known else row

    def taking_back(self, row: Row) -> Row:
        """Draw a clawback of some payment from whoever may hold its money."""
        model, rng = self.model, self.rng
        paid = [one for one in model.posted.values() if one["row"].kind in (Kind.PAY, Kind.ADVANCE) and one["left"]]
        paid = [one for one in paid if model.accounts[one["row"].credit].path]
        if not paid:
            return row._replace(ref=rng.randbytes(16), amount=1)
        entry = rng.choice(paid[-60:])
        first, left = entry["row"], entry["left"]
        colour = model.accounts[first.credit].colour
        below = [
            number for number, one in enumerate(model.accounts) if colour in one.path and model.available(number) > 0
        ]
        debit = rng.choice(below or [first.credit])
        free = max(min(left, model.available(debit)), 1)
        amount = max(rng.choice((free, free // 2, 1, left, left + 1)), 1)
        return row._replace(ref=first.id, debit=debit, credit=first.debit, amount=amount)

    def giving_back(self, row: Row) -> Row:
        """Draw a return or reversal of something posted, or of something earlier in this batch."""
        rng = self.rng
        fresh = [other for other in self.recent if other.kind in (Kind.PAY, Kind.ISSUE)]
        if fresh and self.chance(0.2):
            first, left = fresh[-1], fresh[-1].amount
        elif self.model.posted:
            posted = list(self.model.posted.values())[-80:]
            for _ in range(6):
                entry = rng.choice(posted)
                first, left = entry["row"], entry["left"]
                if (left and first.kind not in (Kind.COMMIT, Kind.CLAWBACK)) or self.chance(0.05):
                    break
        else:
            return row._replace(ref=rng.randbytes(16), amount=1)
        if first.kind in (Kind.PAY, Kind.ADVANCE) and self.chance(0.5):
            row = row._replace(kind=Kind.RETURN)
        elif self.chance(0.9):
            row = row._replace(kind=Kind.REVERSE)
        amount = max(rng.choice((left, left // 2, 1, left + 1)), 1)
        return row._replace(ref=first.id, debit=first.credit, credit=first.debit, amount=amount)


def spoil(field: str, draw: Callable[[World, Row], Any]) -> Callable[[World, Row], Row]:
    """Return a way to spoil a row: another value in one field."""
    return lambda world, row: row._replace(**{field: draw(world, row)})


def any_account(world: World, _: Row) -> int:
    """Return an account's index, or what is none."""
    accounts = len(world.model.accounts)
    return world.rng.choice((world.rng.randrange(accounts), world.rng.randrange(accounts), accounts, 99_999, UNKNOWN))


def any_id(world: World, _: Row) -> bytes:
    """Return an id that is known, new or missing."""
    known = [row.id for row in (world.sent[-50:] + world.recent)] or [NOTHING]
    return world.rng.choice((NOTHING, world.rng.randbytes(16), world.rng.choice(known), world.rng.choice(known)))


def edge_of_window(world: World, row: Row) -> int:
    """Return a value date at an edge of the debit's window, or one day outside."""
    account = world.model.accounts[min(row.debit, len(world.model.accounts) - 1)]
    rules = world.model.effective(account.colour) if account.path else own_rules({})
    edges = [rules[edge] for edge in ("first", "last") if abs(rules[edge]) < 1 << 30] or [world.today]
    return min(world.rng.choice(edges) + world.rng.choice((-1, 0, 0, 0, 1)), world.today + 1)


HELD = (Kind.PAY, Kind.PAY, Kind.RELEASE, Kind.VOID, Kind.ACCEPT, Kind.ADVANCE)
SPOILS = [
    spoil("id", lambda world, row: NOTHING),
    spoil("ref", any_id),
    spoil("amount", lambda world, row: world.rng.choice((0, -1, -MAX, 1, MAX, MAX + 1, (1 << 63) - 1, 10**9))),
    spoil("amount", lambda world, row: max(world.model.available(row.debit), 0) + 1),
    spoil("item", lambda world, row: world.rng.choice((0, 0, 3 * 10**18, 142110000000000000, 7, -1, 1421 * 10**15))),
    spoil("expires", lambda world, row: world.rng.choice((world.at, world.at - 1, -5, 1, world.at + 1))),
    spoil("debit", any_account),
    spoil("credit", any_account),
    spoil("credit", lambda world, row: world.rng.randrange(len(world.model.accounts))),
    spoil("credit", lambda world, row: world.someone_else(row)),
    spoil("credit", lambda world, row: world.someone_else(row)),
    spoil("credit", lambda world, row: row.debit),
    spoil("region", lambda world, row: world.rng.choice((0, 0, 710000000, 391500000, 999999999, 71, 1))),
    spoil("value_date", lambda world, row: world.today + world.rng.choice((1, 2, 1000, -150, -300, -20_000))),
    spoil("value_date", edge_of_window),
    spoil("value_date", edge_of_window),
    spoil("subject", lambda world, row: world.rng.choice((0, 0, 1, len(world.model.subjects) + 1, 10**6))),
    spoil("kind", lambda world, row: world.rng.randint(0, 20)),
    spoil("kind", lambda world, row: world.rng.choice(PAIRED)),
    spoil("flags", lambda world, row: row.flags | world.rng.choice((2, 4, 0x8000, 2))),
    spoil("quantity", lambda world, row: world.rng.choice((0, 0, -5, 1, 10**6, MAX + 1, (1 << 63) - 1))),
    spoil("document", lambda world, row: bytes(24)),
    spoil("document", lambda world, row: world.used_document()),
    lambda world, row: row._replace(flags=row.flags | EMERGENCY),
    lambda world, row: world.taking_back(row._replace(kind=Kind.CLAWBACK)),
    spoil("reserved", lambda world, row: world.rng.choice((1, 1 << 31))),
    lambda world, row: row._replace(debit=row.credit, credit=row.debit),
    lambda world, row: row._replace(settled=world.rng.randint(-5, 5), result=1, detail=7),  # the ledger's to write
    lambda world, row: world.on_hold(row._replace(kind=world.rng.choice(HELD))),
    lambda world, row: world.giving_back(row._replace(kind=Kind.REVERSE)),
]


def run(seed: int, operations: int, *, pure: bool = False, make: Callable[..., Any] = Ledger) -> Counter[Any]:
    """Let engine and model decide *operations* random rows; return how often each answer was given."""
    counts: Counter[Any] = Counter()
    replay = f"python -m tests.differential --seed {seed} --operations {operations}" + (" --pure" if pure else "")
    done = number = 0
    while done < operations:
        rng = random.Random(f"{seed}/{number}")
        pair = Pair(make(pure=pure), f"seed {seed}, world {number}", replay)
        pair.counts = counts
        world = World(rng, pair)
        until = min(done + WORLD_OPERATIONS, operations)
        while done < until:
            world.pass_time()
            while rng.random() < 0.5:
                world.change()
            if rng.random() < CLERK_SHARE:
                world.clerk.act()
            world.at += 1
            rows = world.batch(min(BATCH_ROWS, until - done))
            pair.apply(rows, world.at)
            done += len(rows)
            if pair.batches % COMPARE_EVERY_BATCHES == 0:
                pair.compare()
        pair.compare()
        number += 1
    if operations >= ALL_RESULTS_FROM_OPERATIONS:
        told = report(counts)
        missing = [result.name for result in Result if not counts[result]]
        assert not missing, f"never answered: {missing}\n{told}"
        codes = {key[1] for key in counts if isinstance(key, tuple)}
        untold = EVIDENCE_CODES - codes if operations >= ALL_CODES_FROM_OPERATIONS else set()
        assert not untold, f"no record was refused for {sorted(untold)}\n{told}"
        assert counts[Result.POSTED] >= POSTED_SHARE * done, f"too few posted\n{told}"
    return counts


def report(counts: Counter[Any]) -> str:
    """Return the answers and how often each was given."""
    records = sorted((" ".join(key), count) for key, count in counts.items() if isinstance(key, tuple))
    answers = [(result.name.lower(), counts[result]) for result in Result]
    return "\n".join(f"{count:9} {name}" for name, count in answers + records)


def main() -> None:
    """Replay or extend what the tests do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--pure", action="store_true", help="the kernel uncompiled")
    given = parser.parse_args()
    started = time.perf_counter()
    counts = run(given.seed, given.operations, pure=given.pure)
    seconds = time.perf_counter() - started
    print(report(counts))
    print(f"no difference in {given.operations} operations, {given.operations / seconds:.0f} a second")


if __name__ == "__main__":
    main()
