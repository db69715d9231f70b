"""The workload of both sides: a seeded colour tree, its accounts, and batches of rows with the answers they must get.

Everything follows from the seed. The rows are made before the clock starts, and the expected answers are made from how
a row was built, never from what the ledger says.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from boyau.ledger.refusals import Result
from boyau.ledger.rows import BATCH_ROWS_MAX, Kind, Rows, empty

SEED = 20_250_610
TODAY = dt.date(2025, 6, 10)
DAY = TODAY.toordinal() - dt.date(1970, 1, 1).toordinal()
START_US = DAY * 86_400_000_000 + 8 * 3_600_000_000
"""Journal time of the first entry: eight in the morning, so that a whole run stays within one day."""

ACCOUNT_FUNDS = 10**12
HOP_ONE_FUNDS = 10**10
AMOUNT_MAX = 100_000
FUNDS_TEXT = "40000000000000000.00"
BRANCHES = (2, 5, 4, 5)  # below the root: 2 budgets, 5 programmes, 4 subprogrammes, 5 leaves: 200 leaves at depth 5
LEAVES = 200
SUBJECTS = 64
TIGHT = ("tight_plan", "tight_obligations", "tight_payments")

FIRST, LAST, ENTRY_UNTIL = dt.date(2025, 2, 1), dt.date(2025, 12, 15), dt.date(2025, 12, 18)
HOLDERS, PAYEES, ENDS = ("administrator", "contractor"), ("contractor", "supplier"), ("supplier",)
SPECIAL_SHARE = 0.015

Indexes = npt.NDArray[np.int64]


def days(date: dt.date) -> int:
    """Return *date* as days since 1970-01-01."""
    return date.toordinal() - dt.date(1970, 1, 1).toordinal()


@dataclass
class World:
    """Colours, participants and accounts, in the order in which their records are given to the ledger.

    An account is known by its place in ``accounts``; ``owner``, ``leaf`` (−1: plain or above the leaves) and ``hop``
    describe it in the same order, for the peer that has to rebuild the rules in SQL.
    """

    end_share: float
    records: list[dict[str, Any]] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)
    leaf: list[int] = field(default_factory=list)
    hop: list[int] = field(default_factory=list)
    participants: list[tuple[str, str]] = field(default_factory=list)
    roles: dict[str, Indexes] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    items: list[tuple[int, int]] = field(default_factory=list)
    regions: list[int] = field(default_factory=list)

    def person(self, name: str, kind: str) -> int:
        """Add a participant of class *kind* and return its place."""
        self.participants.append((name, kind))
        self.records.append({"type": "participant", "participant": name, "classes": [kind], "region": "71"})
        return len(self.participants) - 1

    def account(self, owner: int, colour: str, *, leaf: int = -1, hop: int = 0, issuer: bool = False) -> int:
        """Add an account and return its place."""
        name = f"{self.participants[owner][0]}@{colour}" + (f"#{hop}" if hop else "")
        record: dict[str, Any] = {"type": "account", "account": name}
        if issuer:
            record["flags"] = ["issuer"]
        self.records.append(record)
        self.accounts.append(name)
        self.owner.append(owner)
        self.leaf.append(leaf)
        self.hop.append(hop)
        return len(self.accounts) - 1


# ---- the coloured world ----------------------------------------------------------------------------------------------


def coloured_world(
    accounts: int = 10_000, suppliers: int = 2_500, end_share: float = 0.5, *, contracts: bool = False
) -> World:
    """Build *accounts* accounts under 200 leaf colours, with every kind of rule on every path.

    Half of the accounts are budget administrators' own (hop 0, funded), *suppliers* are plain, the rest are
    contractors' coloured accounts (hop 1). *end_share* of the payments end the colour at a supplier. With *contracts*
    every payment also meets lines with quantity and price, a limit per payee, a cap, a document that pays once, what
    its act is worth, the tiers of approval, and the classes of a slice: five meters turn with it.
    """
    world = World(end_share)
    special = 12  # accounts set apart for rows that must be refused, and the issuer's
    per_leaf = accounts // 2 // LEAVES
    contractors_per_leaf = (accounts - per_leaf * LEAVES - suppliers - special) // LEAVES
    world.records.append({"type": "unit", "unit": "KZT", "scale": 2})
    issuer = world.person("issuer", "administrator")
    administrators = [world.person(f"adm{n:05}", "administrator") for n in range(per_leaf)]
    contractors = [world.person(f"con{n:05}", "contractor") for n in range(contractors_per_leaf)]
    sellers = [world.person(f"sup{n:06}", "supplier") for n in range(suppliers)]
    casino, unlisted, barred = (
        world.person(name, kind)
        for name, kind in (("casino", "entertainment"), ("unlisted", "supplier"), ("barred", "supplier"))
    )
    allowed = [world.participants[who][0] for who in (*contractors, *sellers, barred, casino)]
    _colours(world, allowed, contracts=contracts)
    roles: dict[str, list[int]] = {}
    roles["issuer"] = [world.account(issuer, "kz", issuer=True)]
    everywhere = list(enumerate(world.paths[:LEAVES]))
    roles["budget"] = [world.account(who, path, leaf=k) for k, path in everywhere for who in administrators]
    roles["contractor"] = [world.account(who, path, leaf=k, hop=1) for k, path in everywhere for who in contractors]
    roles["supplier"] = [world.account(who, "KZT") for who in sellers]
    roles["payee_class"] = [world.account(casino, "KZT")]
    roles["payee_not_allowed"] = [world.account(unlisted, "KZT")]
    roles["payee_denied"] = [world.account(barred, "KZT")]
    roles["end_forbidden"] = [world.account(contractors[0], "KZT")]
    roles["holder_class"] = [world.account(sellers[0], world.paths[0], leaf=0, hop=1)]
    roles["hops_exceeded"] = [world.account(contractors[1], world.paths[0], leaf=0, hop=2)]
    roles["poor"] = [world.account(issuer, world.paths[0], leaf=0)]
    roles["above"] = [world.account(administrators[0], world.paths[0].rsplit("/", 1)[0])]
    for k, name in enumerate(TIGHT):
        roles[name] = [world.account(administrators[0], world.paths[LEAVES + k], leaf=LEAVES + k)]
    idle = accounts - len(world.accounts)  # what does not divide by 200
    roles["idle"] = [world.account(sellers[1 + n], world.paths[1], leaf=1, hop=1) for n in range(idle)]
    world.roles = {name: np.array(places, np.int64) for name, places in roles.items()}
    return world


def _colours(world: World, allowed: list[str], *, contracts: bool) -> None:
    """Declare the tree: each level adds or narrows rules, so that all nine kinds bind at the leaves."""
    window = {"first": "2025-01-01", "last": "2025-12-31"}
    root = {
        "payees": {"classes": [*PAYEES, "clinic"], "deny": ["barred"]},
        "holders": {"classes": list(HOLDERS)},
        "ends": {"classes": [*ENDS, "clinic"]},
        "items": ["ENSTRU:4", "CPV:45"],
        "regions": ["71", "39"],
        "window": window,
        "hops": 2,
    }
    add = world.records.append
    add({"type": "colour", "colour": "kz", "unit": "KZT", "rules": root})
    limited = ["kz"]
    conditions: list[dict[str, Any]] = []
    tight_parent = ""
    for b in range(BRANCHES[0]):
        budget = f"kz/b{b}"
        limited.append(budget)
        add({"type": "colour", "colour": budget, "rules": {"regions": [("71", "39")[b]]}})
        for p in range(BRANCHES[1]):
            programme = f"{budget}/p{p}"
            rules: dict[str, Any] = {
                "payees": {"classes": list(PAYEES), "allow": allowed},
                "items": [f"ENSTRU:4{p}"],
                "evidence": ["programme_open"],
            }
            add({"type": "colour", "colour": programme, "rules": rules})
            attested = {"condition": "programme_open", "colour": programme, "by": "issuer"}
            conditions.append({"type": "attestation", **attested})
            for s in range(BRANCHES[2]):
                sub = f"{programme}/s{s}"
                limited.append(sub)
                rules = {
                    "ends": {"classes": list(ENDS)},
                    "regions": [f"{('71', '39')[b]}{s + 1}"],
                    "window": {"first": "2025-01-01", "last": "2025-12-20"},
                    "items": [f"ENSTRU:4{p}{s}"],
                    "evidence": ["acceptance_act"],
                }
                add({"type": "colour", "colour": sub, "rules": rules})
                tight_parent = tight_parent or sub
    for b, p, s, leaf in product(*(range(n) for n in BRANCHES)):
        path = f"kz/b{b}/p{p}/s{s}/l{leaf}"
        item, kato = f"4{p}{s}{leaf}", f"{('71', '39')[b]}{s + 1}{leaf}"
        rules = {
            "items": [f"ENSTRU:{item}", f"ENSTRU:4{p}{s}{leaf + 5}"],
            "regions": [kato],
            "window": {"first": FIRST.isoformat(), "last": LAST.isoformat(), "entry_until": ENTRY_UNTIL.isoformat()},
            "hops": 1,
        }
        if contracts:
            rules |= _contract_rules(rules["items"], f"{path}/vat")
        add({"type": "colour", "colour": path, "rules": rules})
        world.paths.append(path)
        world.items.append((_item(item), _item(f"4{p}{s}{leaf + 5}")))
        world.regions.append(int(kato) * 10**5)
    for name in TIGHT:
        path = f"{tight_parent}/{name}"
        add({"type": "colour", "colour": path})
        world.paths.append(path)
        world.items.append(world.items[0])
        world.regions.append(world.regions[0])
    for path in [*limited, *world.paths]:
        limits = dict.fromkeys(("plan", "obligations", "payments"), FUNDS_TEXT)
        name = path.rsplit("/", 1)[-1]
        if name in TIGHT:
            limits[name.removeprefix("tight_")] = "0.00"
        add({"type": "limits", "colour": path, "date": TODAY.isoformat(), **limits})
    world.records.extend(conditions)
    for n in range(SUBJECTS):
        worth = {"colour": "kz", "amount": FUNDS_TEXT} if contracts else {}
        add({"type": "subject", "subject": f"act-{n}", **worth})
        add({"type": "attestation", "condition": "acceptance_act", "subject": f"act-{n}", "by": "issuer"})


def _contract_rules(items: list[str], vat: str) -> dict[str, Any]:
    """Return the rules of a contract, wide enough for every payment of the workload, and asked of each."""
    return {
        "lines": [{"item": item, "quantity": "1000000000000", "price": "10000000000.00"} for item in items],
        "payee_limit": FUNDS_TEXT,
        "documents": "once",
        "ends": {"classes": list(ENDS), "caps": [{"classes": list(ENDS), "share": "100%"}]},
        "approval": [{"above": FUNDS_TEXT, "quorum": 2, "classes": ["checker"]}],
        "slice": {"colour": vat, "share": "12/112", "classes": ["vat_payer"]},
        "powers": {"emergency": {"quorum": 2, "classes": ["checker"]}},
    }


def _item(digits: str) -> int:
    """Return the lowest number of the ENSTRU codes that begin with *digits* (docs/ledger.md, "Rows")."""
    return 10**18 + int(digits) * 10 ** (18 - len(digits))


def plain_world(accounts: int = 10_000) -> World:
    """Build *accounts* plain accounts, and one colour without rules that funds them: payments here meet no colour."""
    world = World(1.0)
    world.records.append({"type": "unit", "unit": "KZT", "scale": 2})
    state = world.person("state", "administrator")
    people = [world.person(f"p{n:07}", "supplier") for n in range(accounts)]
    rules = {"ends": {"classes": ["supplier"]}}
    world.records.append({"type": "colour", "colour": "open", "unit": "KZT", "rules": rules})
    places = [world.account(who, "KZT") for who in people]
    issuer = world.account(state, "open", issuer=True)
    budget = world.account(world.person("treasury", "administrator"), "open")
    world.roles = {
        "plain": np.array(places, np.int64),
        "issuer": np.array([issuer], np.int64),
        "budget": np.array([budget], np.int64),
    }
    return world


# ---- rows ------------------------------------------------------------------------------------------------------------


def pair(rng: np.random.Generator, count: int, accounts: int) -> tuple[Indexes, Indexes]:
    """Draw *count* uniform pairs of two different accounts out of *accounts*."""
    debit = rng.integers(0, accounts, count)
    return debit, (debit + rng.integers(1, accounts, count)) % accounts


class Ids:
    """Ids laid out as UUID version 7: they rise with time, which is kind to the peer's B-tree."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.batch = rng, 0

    def take(self, count: int) -> npt.NDArray[np.void]:
        """Return *count* new ids."""
        self.batch += 1
        out = np.frombuffer(self.rng.bytes(16 * count), np.uint8).reshape(count, 16).copy()
        stamp = START_US // 1000 + 10 * self.batch
        out[:, :6] = np.frombuffer(stamp.to_bytes(6, "big"), np.uint8)
        step = np.arange(count)
        out[:, 6] = 0x70 | ((step >> 10) & 0x0F)
        out[:, 7] = (step >> 2) & 0xFF
        out[:, 8] = 0x80 | ((step & 3) << 4) | (out[:, 8] & 0x0F)
        return out.view("V16")[:, 0]


class Stream:
    """An endless seeded source of batches over one world.

    *index* gives the ledger's number of the account at a place; *subject* the numbers of the attested subjects.
    """

    def __init__(self, world: World, index: Indexes, subject: Indexes, seed: int = SEED) -> None:
        self.world, self.subject = world, subject
        self.rng = np.random.default_rng(seed)
        self.ids = Ids(self.rng)
        self.at = {name: index[places] for name, places in world.roles.items()}
        self.holds: Rows = empty(0)
        self.paid: Rows = empty(0)
        self.long_paid: Rows = empty(0)
        if "contractor" in self.at:
            leaf = np.array(world.leaf)
            self.budget_leaf = leaf[world.roles["budget"]]
            self.contractors = self.at["contractor"].reshape(LEAVES, -1)
            self.items = np.array(world.items, np.int64)
            self.regions = np.array(world.regions, np.int64)

    # -- getting the world ready --

    def funding(self) -> Iterator[Rows]:
        """Yield the rows that put money into the accounts: issues, then first payments to contractors."""
        if "plain" in self.at:
            yield self._issue(self.at["budget"], ACCOUNT_FUNDS * len(self.at["plain"]))
            for part in _parts(self.at["plain"]):
                rows = self._blank(len(part), Kind.PAY)
                rows["debit"], rows["credit"], rows["amount"] = self.at["budget"][0], part, ACCOUNT_FUNDS
                yield rows
            return
        for part in _parts(self.at["budget"]):
            yield self._issue(part, ACCOUNT_FUNDS)
        first_of_leaf = self.at["budget"].reshape(LEAVES, -1)
        for part in _parts(np.arange(self.contractors.size)):
            leaf, place = np.divmod(part, self.contractors.shape[1])
            rows = self._blank(len(part), Kind.PAY)
            rows["debit"] = first_of_leaf[leaf, place % first_of_leaf.shape[1]]
            rows["credit"] = self.contractors[leaf, place]
            rows["amount"] = HOP_ONE_FUNDS
            self._describe(rows, leaf)
            yield rows

    def _issue(self, credit: Indexes, amount: int) -> Rows:
        rows = self._blank(len(credit), Kind.ISSUE)
        rows["debit"], rows["credit"], rows["amount"] = self.at["issuer"][0], credit, amount
        return rows

    # -- batches --

    def plain(self, count: int = BATCH_ROWS_MAX) -> tuple[Rows, npt.NDArray[np.uint16]]:
        """Return payments between uniform pairs of plain accounts: no rule is met."""
        rows = self._blank(count, Kind.PAY)
        debit, credit = pair(self.rng, count, len(self.at["plain"]))
        rows["debit"], rows["credit"] = self.at["plain"][debit], self.at["plain"][credit]
        return rows, np.zeros(count, np.uint16)

    def pays(self, count: int = BATCH_ROWS_MAX) -> tuple[Rows, npt.NDArray[np.uint16]]:
        """Return coloured payments, 1.5 % of them refused by one of the eleven rules that look at one row alone."""
        return self._with_refusals(self._pay(count), RULE_REFUSALS)

    def mix(self, count: int = BATCH_ROWS_MAX) -> tuple[Rows, npt.NDArray[np.uint16]]:
        """Return the full mix.

        4 % commits, 6 % postings in parts on the holds of the batch before, 2 % returns (half of payments of the batch
        before, half of any earlier one), 5 % payments onward by contractors, 1 % linked pairs, 1.5 % refused by each of
        the fifteen rules and limits, 0.2 % repeated ids, the rest payments from the budget.
        """
        commits = self._pay(round(count * 0.04))
        commits["kind"] = Kind.COMMIT
        commits["subject"] = 0
        onward = self._onward(round(count * 0.05))
        share = round(count * 0.01)
        returns = self._returns(np.concatenate([self.paid[:share], self._earlier(share)]))
        parts = [self._posts(self.holds), returns, commits, onward]
        rest = count - sum(len(part) for part in parts)
        pays = self._pay(rest)
        pairs = 2 * round(count * 0.005)
        pays["flags"][:pairs:2] = 1
        free = np.concatenate([*parts, pays[pairs:]])
        # Holds, originals and repeats are of batches before, so any order within the batch is good.
        rows = np.concatenate([pays[:pairs], self.rng.permutation(free)])
        rows, expected = self._with_refusals(rows, ALL_REFUSALS, after=pairs)
        self._repeat(rows, expected)
        good = rows[expected == Result.POSTED]
        self.holds = good[good["kind"] == Kind.COMMIT]
        self.paid = good[(good["kind"] == Kind.PAY) & (good["ref"] == _ZERO) & (good["flags"] == 0)]
        return rows, expected

    # -- parts of a batch --

    def _blank(self, count: int, kind: Kind) -> Rows:
        rows = empty(count)
        rows["id"] = self.ids.take(count)
        rows["kind"] = kind
        rows["value_date"] = DAY
        rows["amount"] = self.rng.integers(1, AMOUNT_MAX, count, endpoint=True)
        rows["document"] = np.frombuffer(self.rng.bytes(24 * count), "V24")
        return rows

    def _describe(self, rows: Rows, leaf: Indexes) -> None:
        """Give rows paid out of *leaf* what its rules ask for."""
        count = len(rows)
        rng = self.rng
        rows["item"] = self.items[leaf, rng.integers(0, 2, count)] + rng.integers(0, 10**14, count)
        rows["region"] = self.regions[leaf] + rng.integers(0, 10**5, count)
        rows["value_date"] = DAY - rng.integers(0, 10, count)
        rows["subject"] = self.subject[rng.integers(0, len(self.subject), count)]
        rows["quantity"] = rng.integers(1000, 1_000_000, count)

    def _pay(self, count: int) -> Rows:
        rng = self.rng
        rows = self._blank(count, Kind.PAY)
        place = rng.integers(0, len(self.at["budget"]), count)
        leaf = self.budget_leaf[place]
        rows["debit"] = self.at["budget"][place]
        coloured = self.contractors[leaf, rng.integers(0, self.contractors.shape[1], count)]
        plain = self.at["supplier"][rng.integers(0, len(self.at["supplier"]), count)]
        rows["credit"] = np.where(rng.random(count) < self.world.end_share, plain, coloured)
        self._describe(rows, leaf)
        return rows

    def _onward(self, count: int) -> Rows:
        rows = self._blank(count, Kind.PAY)
        leaf = self.rng.integers(0, LEAVES, count)
        rows["debit"] = self.contractors[leaf, self.rng.integers(0, self.contractors.shape[1], count)]
        rows["credit"] = self.at["supplier"][self.rng.integers(0, len(self.at["supplier"]), count)]
        self._describe(rows, leaf)
        return rows

    def _earlier(self, count: int) -> Rows:
        """Take *count* payments of any batch so far, each at most once: money is also returned months later."""
        fresh = self.paid[count : 3 * count]
        pool = np.concatenate([self.long_paid, fresh])
        chosen = np.zeros(len(pool), bool)
        chosen[self.rng.choice(len(pool), min(count, len(pool)), replace=False)] = True
        self.long_paid = pool[~chosen]
        return pool[chosen]

    def _posts(self, holds: Rows) -> Rows:
        """Post each hold in a part of at most a half, and every second hold in one more."""
        holds = holds[holds["amount"] >= 2]
        again = np.concatenate([holds, holds[::2]])
        rows = self._blank(len(again), Kind.PAY)
        rows["ref"] = again["id"]
        rows["amount"] = again["amount"] // 2
        rows["debit"] = rows["credit"] = 0xFFFFFFFF
        rows["subject"] = self.subject[0]
        return rows

    def _returns(self, paid: Rows) -> Rows:
        rows = self._blank(len(paid), Kind.RETURN)
        rows["ref"] = paid["id"]
        rows["amount"] = (paid["amount"] + 1) // 2
        rows["debit"], rows["credit"] = paid["credit"], paid["debit"]
        return rows

    def _with_refusals(
        self, rows: Rows, reasons: tuple[Result, ...], after: int = 0
    ) -> tuple[Rows, npt.NDArray[np.uint16]]:
        """Overwrite some rows behind place *after* so that each of *reasons* refuses its share of them."""
        expected = np.zeros(len(rows), np.uint16)
        share = max(1, round(len(rows) * SPECIAL_SHARE / len(reasons)))
        plain_pays = after + np.flatnonzero((rows["kind"][after:] == Kind.PAY) & (rows["ref"][after:] == _ZERO))
        places = self.rng.choice(plain_pays, share * len(reasons), replace=False).reshape(len(reasons), share)
        for reason, chosen in zip(reasons, places, strict=True):
            spoiled = self._pay(share)
            self._spoil(spoiled, reason)
            rows[chosen] = spoiled
            expected[chosen] = reason
        return rows, expected

    def _repeat(self, rows: Rows, expected: npt.NDArray[np.uint16]) -> None:
        """Send 0.2 % of the batch before once more, a third of it with another amount under the same id."""
        earlier = self.paid[len(self.paid) // 2 :][: round(len(rows) * 0.002)]
        pays = (rows["kind"] == Kind.PAY) & (rows["ref"] == _ZERO) & (rows["flags"] == 0)
        chosen = np.flatnonzero(pays & (expected == Result.POSTED))[-len(earlier) or None :][: len(earlier)]
        rows[chosen] = earlier
        expected[chosen] = Result.EXISTS
        changed = chosen[::3]
        rows["amount"][changed] += 1
        expected[changed] = Result.ID_CONFLICT

    def _spoil(self, rows: Rows, reason: Result) -> None:
        at = self.at
        match reason:
            case Result.WINDOW_CLOSED:
                rows["value_date"] = days(FIRST) - 1
            case Result.PAYEE_CLASS | Result.PAYEE_NOT_ALLOWED | Result.PAYEE_DENIED | Result.END_FORBIDDEN:
                rows["credit"] = at[reason.name.lower()][0]
            case Result.HOLDER_CLASS:
                self._from_leaf(rows, at["budget"][0], at["holder_class"][0])
            case Result.HOPS_EXCEEDED:
                self._from_leaf(rows, self.contractors[0, 0], at["hops_exceeded"][0])
            case Result.ITEM_MISSING:
                rows["item"] = 0
            case Result.ITEM_FORBIDDEN:
                rows["item"] = _item("99")
            case Result.REGION_FORBIDDEN:
                rows["region"] = 110_000_000
            case Result.EVIDENCE_MISSING:
                rows["subject"] = 0
            case Result.PLAN_EXCEEDED:
                rows["kind"] = Kind.ALLOCATE
                self._from_leaf(rows, at["above"][0], at["tight_plan"][0])
            case Result.OBLIGATIONS_EXCEEDED | Result.PAYMENTS_EXCEEDED:
                name = "tight_" + reason.name.lower().removesuffix("_exceeded")
                self._from_leaf(rows, at[name][0], at["supplier"][0])
            case Result.FUNDS_INSUFFICIENT:
                self._from_leaf(rows, at["poor"][0], at["supplier"][0])
            case _:
                raise AssertionError(reason)

    def _from_leaf(self, rows: Rows, debit: int, credit: int) -> None:
        """Move *rows* to two given accounts of leaf 0 (or of its parent, whose rules are wider)."""
        rows["debit"], rows["credit"] = debit, credit
        self._describe(rows, np.zeros(len(rows), np.int64))


_ZERO = np.zeros(1, "V16")[0]
RULE_REFUSALS = tuple(Result(n) for n in range(Result.WINDOW_CLOSED, Result.EVIDENCE_MISSING + 1))
LIMIT_REFUSALS = tuple(Result(n) for n in range(Result.PLAN_EXCEEDED, Result.FUNDS_INSUFFICIENT + 1))
ALL_REFUSALS = RULE_REFUSALS + LIMIT_REFUSALS


def _parts(places: Indexes) -> Iterator[Indexes]:
    for start in range(0, len(places), BATCH_ROWS_MAX):
        yield places[start : start + BATCH_ROWS_MAX]


# ---- what must be true afterwards ------------------------------------------------------------------------------------

MOVES_NOTHING = (Kind.ACCEPT, Kind.COMMIT, Kind.RELEASE, Kind.VOID, Kind.EXPIRE)


class Tally:
    """Balances kept beside the ledger, from its answers: what the ledger's own balances are compared with."""

    def __init__(self, accounts: int) -> None:
        self.debits, self.credits = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
        self.posted = 0

    def add(self, decided: Rows) -> None:
        """Count the posted rows of a decided batch."""
        posted = decided[decided["result"] == Result.POSTED]
        self.posted += len(posted)
        moved = posted[~np.isin(posted["kind"], MOVES_NOTHING)]
        np.add.at(self.debits, moved["debit"], moved["amount"])
        np.add.at(self.credits, moved["credit"], moved["amount"])
