"""What is seldom in a year, and lawful: a VAT slice, an emergency, a court's order, a clawback, a carry-over."""

from typing import TYPE_CHECKING, Any

import numpy as np

from boyau.codec import id_text
from boyau.ledger import Kind, RowFlag, amounts, codes
from boyau.treasury.simulation import records
from boyau.treasury.simulation.world import ITEMS, NEXT, ROOT, TAXES, VAT, Ints, World, day

if TYPE_CHECKING:
    from boyau.treasury.simulation.year import Year

_MONTH_FUNDS, _MONTH_EMERGENCY, _MONTH_COURT = 4, 6, 7
_MONTHS_BUYING = 5
"""Services are bought in so many months after the VAT was allocated; the tax is paid the month after."""
_DAY = 20
_SERVICE = codes.item_number(ITEMS[7])
_ACT_DAYS, _CHECK_DAYS = 30, 10
"""Within so many days the customer attests what was done in an emergency; then a controller answers for it."""


def transfers(world: World) -> int:
    """Return how many transfers these are; those carried over are not counted, for they do not lapse instead."""
    return (
        3 * len(world.services)
        + len(_customers(world))
        + sum(len(these) for these in (world.emergencies, world.debtors, world.clawed))
    )


def _customers(world: World) -> list[str]:
    """Return who buys services, each once."""
    return list(dict.fromkeys(records.customer(world, project) for project in world.services.tolist()))


class Incidents:
    """Lets them happen, each in its month."""

    def __init__(self, year: "Year") -> None:
        self.year, self.world, self.writer = year, year.world, year.writer
        self._account = year.book.ledger.accounts
        self._acts: list[tuple[int, int]] = []
        """Contract and sum of the emergencies whose act is not attested yet."""

    def month(self, month: int) -> None:
        """Let happen what is due in a month, before its payments onward."""
        self.writer.clock.move(day(month, _DAY))
        turn = np.arange(len(self.world.services)) % _MONTHS_BUYING
        if month == _MONTH_FUNDS:
            self._allocate_vat()
        self._remit_vat(np.flatnonzero(turn == month - _MONTH_FUNDS - 2))
        self._buy_services(np.flatnonzero(turn == month - _MONTH_FUNDS - 1))
        self._attest_emergencies()
        if month == _MONTH_EMERGENCY:
            for c in self.world.emergencies.tolist():
                self._emergency(c)
        if month == _MONTH_COURT:
            self._court()
        self._claw_back(self.world.clawed[self.world.last[self.world.clawed] == month - 1])

    # ---- VAT: a slice of a project's payment ------------------------------------------------------------------------

    def _allocate_vat(self) -> None:
        world = self.world
        buyers = _customers(world)
        sums = np.zeros(len(buyers), np.int64)
        for project, vat in zip(world.services.tolist(), world.vat.tolist(), strict=True):
            sums[buyers.index(records.customer(world, project))] += vat
        treasury, buying = self._account[f"treasury@{ROOT}"], [self._account[f"{who}@{VAT}"] for who in buyers]
        self.writer.post(self.writer.make(Kind.ALLOCATE, treasury, buying, sums))

    def _supplier(self, which: Ints) -> tuple[list[str], Ints]:
        """Return the suppliers of services, and their regions."""
        projects = self.world.services[which]
        regions = projects % self.world.programmes % self.world.administrators % self.world.regions
        return [self.world.bin("vat_supplier", region) for region in regions], regions

    def _buy_services(self, which: Ints) -> None:
        """Pay for services from the project's own account, each payment linked with its VAT under the same document."""
        if not len(which):
            return
        world, writer = self.world, self.writer
        projects, (suppliers, regions) = world.services[which], self._supplier(which)
        payers = [self._account[f"{records.customer(world, project)}@{VAT}"] for project in projects.tolist()]
        price = writer.make(
            Kind.PAY,
            self.year.project_account[projects],
            [self._account[f"{who}@KZT"] for who in suppliers],
            world.service[which],
            item=_SERVICE,
            region=[codes.region_number(records.kato(int(region))) for region in regions],
            flags=RowFlag.LINKED,
        )
        payees = [self._account[f"{who}@{VAT}#1"] for who in suppliers]
        tax = writer.make(Kind.PAY, payers, payees, world.vat[which], item=TAXES, document=price["document"])
        writer.post(np.stack([price, tax], 1).reshape(-1))

    def _remit_vat(self, which: Ints) -> None:
        """Let the suppliers pay the VAT they got: it is plain only at the office that collects it."""
        if not len(which):
            return
        payers = [self._account[f"{who}@{VAT}#1"] for who in self._supplier(which)[0]]
        office = self.year.plain["vat_office"][0]
        self.writer.post(self.writer.make(Kind.PAY, payers, office, self.world.vat[which], item=TAXES))

    # ---- past the rules, by those who may ---------------------------------------------------------------------------

    def _emergency(self, c: int) -> None:
        """Pay for a repair at once, without contract or act: approved twice, its reason told, its act asked for."""
        world, writer = self.world, self.writer
        customer, path, amount = world.bin("administrator", world.administrator[c]), world.path(c), int(world.total[c])
        amount, act = amount // 200, _act_name(c)
        writer.record(records.act(act, path, amount, ""))
        row = writer.make(
            Kind.PAY,
            self.year.customer[c],
            self.year.contractor[c],
            amount,
            subject=self.year.book.ledger.subjects[act],
            flags=RowFlag.EMERGENCY,
        )
        facts = {"id": id_text(row["id"][0].tobytes()), "reason": "a flood washed the road away", "contract": path}
        first, second = writer.checkers[:2]
        asked = {
            "type": "request",
            "request": act,
            "condition": "acceptance_act",
            "colour": path,
            "subject": act,
            "by": first,
            "owner": customer,
            "days": _ACT_DAYS,
            "escalation": [{"owner": second, "days": _CHECK_DAYS}],
        }
        trail: list[dict[str, Any]] = [{"type": "note", "emergency": facts}, asked]
        writer.record([*writer.consent(row, records.QUORUM["emergency"]), *trail])
        writer.post(row)
        self.year.left[c] += amount
        self._acts.append((c, amount))

    def _attest_emergencies(self) -> None:
        """Attest, a month later, what was done; that answers the request."""
        if self._acts:
            administrators = [self.world.bin("administrator", self.world.administrator[c]) for c, _ in self._acts]
            whom = zip(self._acts, administrators, strict=True)
            self.writer.record([records.attest("acceptance_act", by, subject=_act_name(c)) for (c, _), by in whom])
            self._acts = []

    def _court(self) -> None:
        """Debit contractors' accounts by order of a court, for what they owe to others."""
        which = self.world.debtors
        amount = np.maximum(self.year.left[which] // 20, 1)
        rows = self.writer.make(Kind.COURT, self.year.contractor[which], self.year.plain["bailiff"][0], amount)
        self._consented(rows, "court")
        self.year.left[which] -= amount

    def _claw_back(self, which: Ints) -> None:
        """Take back part of the last payment on an act, from contracts that are not finished."""
        if not len(which):
            return
        year = self.year
        table = year.book.ledger.tables.acc[year.contractor[which]]
        amount = np.minimum(table[:, 1] - table[:, 0] - table[:, 2], year.left[which]) // 3
        rows = self.writer.make(
            Kind.CLAWBACK, year.contractor[which], year.customer[which], amount, ref=year.pay_id[which]
        )
        told = [
            {"type": "note", "clawback": {"id": id_text(one.tobytes()), "sum": amounts.write(int(worth), 2)}}
            for one, worth in zip(rows["id"], amount, strict=True)
        ]
        self.writer.record(told)
        self._consented(rows, "clawback")
        year.left[which] -= amount
        year.paid[which] -= amount

    def _consented(self, rows: Any, power: str) -> None:
        wanted = [self.writer.consent(rows[k : k + 1], records.QUORUM[power]) for k in range(len(rows))]
        self.writer.record([record for records_of_one in wanted for record in records_of_one])
        self.writer.post(rows)

    # ---- the next year ----------------------------------------------------------------------------------------------

    def carry_over(self) -> None:
        """Carry what unfinished contracts have left into the next year, in January."""
        world, writer = self.world, self.writer
        writer.clock.move(day(13, 9))
        writer.record(list(records.next_year(world)))
        source = self.year.customer[world.clawed]
        table = self.year.book.ledger.tables.acc[source]
        customers = [world.bin("administrator", world.administrator[c]) for c in world.clawed.tolist()]
        target = [self._account[f"{who}@{NEXT}/c{c}"] for who, c in zip(customers, world.clawed.tolist(), strict=True)]
        writer.post(writer.make(Kind.CARRY, source, target, table[:, 1] - table[:, 0] - table[:, 2]))


def _act_name(c: int) -> str:
    return f"act-emergency-{c}"
