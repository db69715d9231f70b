"""The simulated year, month by month: contracts, advances, acts, payments onward, returns, year's end."""

from typing import Any

import numpy as np

from boyau.journal import Book
from boyau.ledger import Kind, Rows, codes
from boyau.ledger.rows import ROW
from boyau.treasury.simulation import incidents, records
from boyau.treasury.simulation.world import (
    LINES,
    POOL,
    ROOT,
    SHARE_TAXES,
    SHARE_WAGES,
    TAXES,
    WAGES,
    Ints,
    World,
    day,
)
from boyau.treasury.simulation.writer import SimulationError, Writer

_SUB_PAYMENTS = 4
_URGENT = 2000
"""One purchase in so many is honest and dearer than the contract's ceiling."""
_REGULAR = 3000
"""One purchase in so many is equal to another of the same month."""
_FIXED_A_CONTRACT = 3 + 2 * (2 + 3 * (2 + _SUB_PAYMENTS)) + 1


class Year:
    """What stands while the year goes by: money left on every contractor's account, sums accepted and paid."""

    def __init__(self, world: World, writer: Writer, transfers: int) -> None:
        self.world, self.writer, self.rng = world, writer, world.rng
        self.book: Book = writer.book
        n = world.count
        self.left = np.zeros(n, np.int64)
        self.sub_left = np.zeros((n, 2), np.int64)
        self.accepted, self.paid = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self.sub_accepted, self.sub_paid = np.zeros((n, 2), np.int64), np.zeros((n, 2), np.int64)
        self.hold, self.sub_hold = np.zeros(n, "V16"), np.zeros((n, 2), "V16")
        self.advance_id = np.zeros(n, "V16")
        self.pay_id = np.zeros(n, "V16")
        """Of every contract, the last payment on an act."""
        self.acts: dict[tuple[int, int], int] = {}
        self.purchases: Rows = np.zeros(0, ROW)
        """Payments of this month to suppliers."""
        self._onward = self._budget(transfers)

    def _budget(self, transfers: int) -> Ints:
        """Return how many onward payments, returns included, each month shall have, so that all make *transfers*."""
        world = self.world
        acts = int((world.act > 0).sum() - world.unfinished.sum())
        fixed = 2 + world.projects + world.count * _FIXED_A_CONTRACT + 2 * acts + 2 * int(world.unfinished.sum())
        fixed += incidents.transfers(world)
        rest = transfers - fixed
        active = np.array([self.active(m).sum() for m in range(14)])
        least = int(active.sum()) * 4
        if rest < least:
            raise SimulationError(f"{fixed + least} transfers are the least for {world.count} contracts")
        cumulated = np.cumsum(active) * rest // int(active.sum())
        out: Ints = np.diff(cumulated, prepend=0)
        return out

    def active(self, month: int) -> Any:
        """Tell which contracts spend in a month."""
        return (self.world.first <= month) & (month <= self.world.last)

    # ---- the beginning ----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Record the world, issue the year's money and allocate it to the projects."""
        world, writer = self.world, self.writer
        writer.record([{"type": "unit", "unit": "KZT", "scale": 2}, *records.base(world), *writer.keys.records(world)])
        for c in range(0, world.count, 500):
            these = range(c, min(c + 500, world.count))
            writer.record([one for k in these for one in records.contract(world, k)])
        self._number_accounts()
        writer.checkers = world.ids["controller"]
        account = self.book.ledger.accounts
        source, root = account[f"issuer@{ROOT}"], account[f"treasury@{ROOT}"]
        writer.post(writer.make(Kind.ISSUE, source, root, int(world.project_total.sum() + world.vat.sum())))
        writer.post(writer.make(Kind.ALLOCATE, root, self.project_account, world.project_total))

    def _number_accounts(self) -> None:
        world, account = self.world, self.book.ledger.accounts

        def plain(kind: str) -> Ints:
            return np.array([account[f"{who}@KZT"] for who in world.ids[kind]])

        paths = [world.path(c) for c in range(world.count)]
        customers = [world.bin("administrator", k) for k in world.administrator]
        self.customer = np.array([account[f"{who}@{path}"] for who, path in zip(customers, paths, strict=True)])
        first = {int(p): customers[c] for c, p in reversed(list(enumerate(world.project)))}
        self.project_account = np.array([account[f"{first[p]}@{world.project_path(p)}"] for p in range(world.projects)])
        self.contractor = np.array(
            [account[f"{world.bin('contractor', world.contractor[c])}@{paths[c]}#1"] for c in range(world.count)]
        )
        self.sub = np.array(
            [
                [account[f"{world.bin('subcontractor', world.sub[c, k])}@{paths[c]}/s{k}#2"] for k in range(2)]
                for c in range(world.count)
            ]
        )
        self.plain = {kind: plain(kind) for kind in world.ids if kind not in records.NOT_PLAIN}
        self.region = np.array([codes.region_number(records.kato(int(r))) for r in world.region])

    # ---- a month ----------------------------------------------------------------------------------------------------

    def month(self, month: int) -> None:
        """Let a month go by, up to its payments onward."""
        world, writer = self.world, self.writer
        if month == 4:
            writer.clock.move(day(4, 1))
            writer.record([records.limits(world, project, 100) for project in range(world.projects)])
        starting = np.flatnonzero(world.first == month + 1)
        if len(starting):
            self._contracts(starting, month)
        sub_starting = np.flatnonzero(world.first == month)
        if len(sub_starting):
            self._subcontracts(sub_starting, month)
        self._acts(month)
        self._sub_acts(month)

    def onward(self, month: int) -> None:
        """Pay onward: suppliers, wages, taxes; some of it comes back, some of it goes on as plain money."""
        self.writer.clock.move(day(month, 22))
        self._sub_onward(month)
        self._contractor_onward(month)

    def _contracts(self, which: Ints, month: int) -> None:
        world, writer = self.world, self.writer
        writer.clock.move(day(month, 5))
        project = self.project_account[world.project[which]]
        writer.post(writer.make(Kind.ALLOCATE, project, self.customer[which], world.allocated[which]))
        details = {"region": self.region[which], "item": world.item[which, 0]}
        commit = writer.make(Kind.COMMIT, self.customer[which], self.contractor[which], world.total[which], **details)
        self.hold[which] = writer.post(commit, approved=True)["id"]
        writer.clock.move(day(month, 12))
        amount = world.total[which] * world.advance[which] // 10
        rows = writer.make(
            Kind.ADVANCE, self.customer[which], self.contractor[which], amount, **details, ref=self.hold[which]
        )
        self.advance_id[which] = writer.post(rows, approved=True)["id"]
        self.left[which] += amount

    def _subcontracts(self, which: Ints, month: int) -> None:
        world, writer = self.world, self.writer
        writer.clock.move(day(month, 4))
        made = []
        for k in range(2):
            details = {"region": self.region[which], "item": world.item[which, LINES + k]}
            total = world.sub_total[which, k]
            commit = writer.make(Kind.COMMIT, self.contractor[which], self.sub[which, k], total, **details)
            self.sub_hold[which, k] = writer.post(commit, approved=True)["id"]
            made.append(details)
            self.left[which] -= total
        writer.clock.move(day(month, 8))
        for k, details in enumerate(made):
            amount = world.sub_total[which, k] * 2 // 10
            rows = writer.make(
                Kind.ADVANCE,
                self.contractor[which],
                self.sub[which, k],
                amount,
                **details,
                ref=self.sub_hold[which, k],
            )
            writer.post(rows, approved=True)
            self.sub_left[which, k] += amount

    def _acts(self, month: int) -> None:
        world = self.world
        done = (world.act[:, month] > 0) & ~(world.unfinished & (world.last == month))
        which = np.flatnonzero(done)
        if len(which):
            self.writer.clock.move(day(month, 14))
            self.accept_and_pay(which, month)
        self._returns_of_advance(np.flatnonzero(world.unfinished & (world.last == month)))

    def accept_and_pay(self, which: Ints, month: int) -> tuple[Rows, Rows]:
        """Accept the month's acts of these contracts and pay what is payable for them."""
        world, writer = self.world, self.writer
        amount, subjects = world.act[which, month], []
        made: list[dict[str, Any]] = []
        for c, worth in zip(which.tolist(), amount.tolist(), strict=True):
            customer = world.bin("administrator", world.administrator[c])
            made += records.act(f"act-{c}-{month}", world.path(c), worth, customer)
        writer.record(made)
        for c in which.tolist():
            self.acts[c, month] = self.book.ledger.subjects[f"act-{c}-{month}"]
            subjects.append(self.acts[c, month])
        line = month % LINES
        details = {
            "region": self.region[which],
            "item": world.item[which, line],
            "ref": self.hold[which],
            "subject": np.array(subjects),
        }
        accounts = self.customer[which], self.contractor[which]
        accepts = writer.make(Kind.ACCEPT, *accounts, amount, quantity=world.act_quantity[which, month], **details)
        writer.post(accepts)
        self.accepted[which] += amount
        pay = self.payable(which) - self.paid[which]
        pays = writer.post(writer.make(Kind.PAY, *accounts, pay, **details), approved=True)
        self.pay_id[which] = pays["id"]
        self.paid[which] += pay
        self.left[which] += pay
        return accepts, pays

    def payable(self, which: Ints) -> Ints:
        """Return all that may be paid on acts: less the advance recovered, less what is retained."""
        accepted = self.accepted[which]
        out: Ints = accepted - accepted * self.world.advance[which] // 10 - -(-accepted // 20)
        return out

    def _sub_acts(self, month: int) -> None:
        world, writer = self.world, self.writer
        for k in range(2):
            which = np.flatnonzero((world.sub_month == month).any(1))
            if not len(which):
                return
            made: list[dict[str, Any]] = []
            turn = (month - world.first[which]) // 2 - 1
            amount = world.sub_act[which, k, turn]
            for c, worth in zip(which.tolist(), amount.tolist(), strict=True):
                contractor = world.bin("contractor", world.contractor[c])
                made += records.act(f"act-{c}-{month}-s{k}", f"{world.path(c)}/s{k}", worth, contractor)
            writer.record(made)
            subject = [self.book.ledger.subjects[f"act-{c}-{month}-s{k}"] for c in which.tolist()]
            details = {
                "region": self.region[which],
                "item": world.item[which, LINES + k],
                "ref": self.sub_hold[which, k],
                "subject": np.array(subject),
            }
            accounts = self.contractor[which], self.sub[which, k]
            quantity = world.sub_quantity[which, k, turn]
            writer.post(writer.make(Kind.ACCEPT, *accounts, amount, quantity=quantity, **details))
            self.sub_accepted[which, k] += amount
            accepted = self.sub_accepted[which, k]
            pay = accepted - accepted * 2 // 10 - -(-accepted // 20) - self.sub_paid[which, k]
            writer.post(writer.make(Kind.PAY, *accounts, pay, **details), approved=True)
            self.sub_paid[which, k] += pay
            self.sub_left[which, k] += pay

    def _returns_of_advance(self, which: Ints) -> None:
        """Give back what was not worked off of advances, as far as there is money: contracts that are not finished."""
        if not len(which):
            return
        world, writer = self.world, self.writer
        open_part = world.total[which] - self.accepted[which]
        back = np.minimum(open_part * world.advance[which] // 10, self.left[which] // 2)
        accounts = self.contractor[which], self.customer[which]
        writer.post(writer.make(Kind.RETURN, *accounts, back, ref=self.advance_id[which]))
        self.left[which] -= back

    # ---- onward -----------------------------------------------------------------------------------------------------

    def _sub_onward(self, month: int) -> None:
        world, writer, rng = self.world, self.writer, self.rng
        which = np.flatnonzero((world.sub_month == month).any(1))
        for k in range(2):
            if not len(which):
                return
            spend = self.sub_left[which, k] * rng.integers(60, 90, len(which)) // 100
            for part in range(_SUB_PAYMENTS):
                wages = part == 0
                amount = spend * (SHARE_WAGES if wages else 24) // 100
                payee = (
                    self.plain["employee"][rng.integers(0, len(self.plain["employee"]), len(which))]
                    if wages
                    else self.plain["supplier"][world.pool[which, (month + 3 * k + part) % POOL]]
                )
                price = world.price[which, LINES + k]
                fields = {
                    "region": self.region[which],
                    "item": WAGES if wages else world.item[which, LINES + k],
                    "quantity": 0 if wages else amount * 1000 // (price * 94 // 100),
                }
                writer.post(writer.make(Kind.PAY, self.sub[which, k], payee, amount, **fields), approved=True)
                self.sub_left[which, k] -= amount

    def _contractor_onward(self, month: int) -> None:
        which = np.flatnonzero(self.active(month))
        budget = int(self._onward[month])
        if not len(which) or not budget:
            return
        extra = budget // 50  # half of it returns, half goes on as plain money
        payments, rng, world = budget - extra, self.rng, self.world
        count = np.full(len(which), payments // len(which))
        count[: payments % len(which)] += 1
        place = np.repeat(np.arange(len(which)), count)
        turn = np.arange(payments) - np.repeat(np.cumsum(count) - count, count)
        contract = which[place]
        tax, wage = turn == 0, (turn > 0) & (turn <= np.maximum(count[place] * 3 // 10, 1))
        spend = (self.left[which] * rng.integers(75, 91, len(which)) // 100)[place]
        weight = rng.integers(100, 1000, payments)
        amount = np.zeros(payments, np.int64)
        for group, share in ((tax, SHARE_TAXES), (wage, SHARE_WAGES), (~tax & ~wage, 100 - SHARE_TAXES - SHARE_WAGES)):
            whole = np.zeros(len(which), np.int64)
            np.add.at(whole, place[group], weight[group])
            amount[group] = spend[group] * share // 100 * weight[group] // whole[place[group]]
        amount = np.maximum(amount, 1)
        line = rng.integers(0, LINES, payments)
        unit = world.price[contract, line] * rng.integers(80, 98, payments) // 100
        urgent = rng.integers(0, _URGENT, payments) == 0
        unit[urgent] = world.price[contract, line][urgent] * rng.integers(102, 141, int(urgent.sum())) // 100
        goods = ~tax & ~wage
        like = self._regular(goods, contract, amount, line, unit)
        payee = self.plain["supplier"][world.pool[contract, rng.integers(0, POOL, payments)]]
        small = goods & (contract % 50 == 3) & (turn % 9 == 5)
        payee[small] = self.plain["small"][contract[small] // 50]
        payee[like] = payee[like - 1]
        employees, taxes = self.plain["employee"], self.plain["tax_authority"]
        payee[wage] = employees[rng.integers(0, len(employees), int(wage.sum()))]
        payee[tax] = taxes[world.region[contract[tax]]]
        rows = self.writer.make(
            Kind.PAY,
            self.contractor[contract],
            payee,
            amount,
            region=self.region[contract],
            item=np.where(tax, TAXES, np.where(wage, WAGES, world.item[contract, line])),
            quantity=np.where(goods, np.maximum(amount * 1000 // unit, 1), 0),
        )
        rows = rows[rng.permutation(payments)]
        self.writer.post(rows, approved=True)
        np.subtract.at(self.left, contract, amount)
        self._back_and_on(rows, extra, month)

    def _regular(self, goods: Any, contract: Ints, amount: Ints, line: Ints, unit: Ints) -> Ints:
        """Make some purchases equal to the one before them, as regular deliveries are; return which."""
        pairs = goods[1:] & goods[:-1] & (contract[1:] == contract[:-1])
        like = np.flatnonzero(pairs & (self.rng.integers(0, _REGULAR, len(pairs)) == 0)) + 1
        like = like[np.diff(like, prepend=-2) > 1]
        least = np.minimum(amount[like], amount[like - 1])
        amount[like] = amount[like - 1] = least
        line[like], unit[like] = line[like - 1], unit[like - 1]
        out: Ints = like
        return out

    def _back_and_on(self, rows: Rows, extra: int, month: int) -> None:
        """Return some purchases in part; let some suppliers and small firms pay on with plain money."""
        writer, rng = self.writer, self.rng
        goods = rows[(rows["quantity"] > 0) & (rows["amount"] > 100)]
        self.purchases = goods
        writer.clock.move(day(month, 26))
        some = goods[rng.permutation(len(goods))[: min(extra, len(goods))]]
        back, on = some[: len(some) // 2], some[len(some) // 2 :]
        if len(back):
            part = back["amount"] * rng.integers(5, 51, len(back)) // 100
            writer.post(writer.make(Kind.RETURN, back["credit"], back["debit"], part, ref=back["id"]))
            owner = np.zeros(len(self.book.ledger.accounts), np.int64)
            owner[self.contractor] = np.arange(self.world.count)
            np.add.at(self.left, owner[back["debit"]], part)
        if len(on):
            part = on["amount"] * rng.integers(10, 46, len(on)) // 100
            small = np.isin(on["credit"], self.plain["small"])
            others = self.plain["supplier"][rng.integers(0, len(self.plain["supplier"]), len(on))]
            others = np.where(others == on["credit"], np.roll(self.plain["supplier"], 1)[0], others)
            people = self.plain["employee"][rng.integers(0, len(self.plain["employee"]), len(on))]
            payee = np.where(small | (np.arange(len(on)) % 2 == 0), people, others)
            payee = np.where(payee == on["credit"], people, payee)
            writer.post(writer.make(Kind.PAY, on["credit"], payee, part))

    # ---- the end ----------------------------------------------------------------------------------------------------

    def end(self) -> None:
        """End the year: what was not worked is released, what is not bound goes up and lapses."""
        world, writer = self.world, self.writer
        writer.clock.move(day(12, 30))
        which = np.flatnonzero(world.unfinished)
        part = world.total[which] - self.accepted[which]
        part = np.maximum(part * (10 - world.advance[which]) // 10, 1)
        writer.post(writer.make(Kind.RELEASE, self.customer[which], self.contractor[which], part, ref=self.hold[which]))
        table = self.book.ledger.tables.acc[self.customer]
        free = table[:, 1] - table[:, 0] - table[:, 2]
        free[world.clawed] = 0  # it is carried over
        account = self.book.ledger.accounts
        root, source = account[f"treasury@{ROOT}"], account[f"issuer@{ROOT}"]
        some = np.flatnonzero(free)
        writer.post(writer.make(Kind.WITHDRAW, self.customer[some], root, free[some]))
        writer.post(writer.make(Kind.LAPSE, root, source, int(free.sum())))
