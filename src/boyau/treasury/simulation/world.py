"""The simulated world: regions, administrators, projects, contracts, participants; drawn from one seed.

Everything is an array with one place a contract. Money and quantities are integers from the first draw on.
"""

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt

from boyau.ledger import codes
from boyau.views.persons import with_check_digit as with_check_digit  # noqa: PLC0414 - told on: worlds give numbers out

Ints = npt.NDArray[np.int64]
YEAR = 2025
ROOT, NEXT = f"sim/{YEAR}", f"sim/{YEAR + 1}"
VAT = f"{ROOT}/vat"
KATO = (
    *("10", "11", "15", "19", "23", "27", "31", "33", "35", "39", "43", "47", "55", "59", "61", "62", "63", "71"),
    *("75", "79"),
)
REGIONS_MOST = 18
"""Regions of a year that names no number of them; a year in which there shall be more says so."""
ITEMS = (
    *("ENSTRU:421110.200.000001", "ENSTRU:421120.100.000001", "ENSTRU:429919.500.000001", "ENSTRU:235112.100.000001"),
    *("ENSTRU:081212.300.000001", "ENSTRU:192042.100.000001", "CPV:45233120", "CPV:45233220", "CPV:44113000"),
)
RULED = ("ENSTRU:42", "ENSTRU:23", "ENSTRU:08", "ENSTRU:19", "CPV:45", "CPV:44", "OTHER:1", "OTHER:2")
WAGES, TAXES, CAR = (codes.item_number(text) for text in ("OTHER:1", "OTHER:2", "ENSTRU:291022.300.000001"))
LINES, SUB_LINES, MONTHS = 4, 2, 14
ACT_LEAST, ACT_MOST = 1_000_000_000, 6_000_000_000
"""An act's worth, tiyn."""
TIER, TIER_HIGH = 4_000_000_000, 10_000_000_000
"""Above these amounts one and two approvals are asked, tiyn."""
TIER_STRICT = 500_000_000
"""Above this one approval is asked under the strict contracts, one in ten, tiyn."""
VAT_PER_HUNDRED = 12
"""VAT on every hundred of the price; of a payment with VAT it is 12/112."""
SHARE_WAGES, SHARE_TAXES = 20, 8
"""Hundredths of what a contractor spends in a month; the caps stand at 30 and 20."""
POOL = 12
ROWS_A_CONTRACT = 300


def day(month: int, number: int, year: int = YEAR) -> int:
    """Return a day as days since 1970-01-01; month 13 is January of the next year."""
    year, month = (year + 1, month - 12) if month > 12 else (year, month)
    return codes.day(dt.date(year, month, number).isoformat())


class Names:
    """Gives out BIN and IIN that were not given before."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng, self._next = rng, int(rng.integers(1, 500))

    def bins(self, count: int, *, person: bool = False) -> list[str]:
        """Return *count* new numbers: of organisations (fifth digit 4), or of persons (a day of birth)."""
        out: list[str] = []
        draws = self._rng.integers(0, 1 << 30, 2 * count + 20).tolist()
        for draw in draws:
            self._next += 1
            head = f"{draw % 25:02d}{draw // 25 % 12 + 1:02d}"
            serial = f"{self._next:07d}"
            middle = f"{draw // 300 % 3}{serial[-6:]}" if person else f"4{serial[-6:]}"
            whole = with_check_digit(head + middle)
            if whole:
                out.append(whole)
            if len(out) == count:
                break
        return out


class World:
    """Who there is and what is planned. *transfers* sets the size; the same seed gives the same world.

    *regions*: in how many; 0: as many as the size makes room for. Each region has two projects at least.
    """

    def __init__(self, transfers: int, rng: np.random.Generator, regions: int = 0) -> None:
        self.rng = rng
        self.count = n = max(4, transfers // ROWS_A_CONTRACT)
        self.projects = max(2, n // 4, 2 * regions)
        self.regions = regions or min(REGIONS_MOST, max(1, self.projects // 2))
        self.administrators = max(self.regions, self.projects // 20)
        self.programmes = max(self.administrators, self.projects // 5)
        self.project = np.arange(n) % self.projects
        self.administrator = self.project % self.programmes % self.administrators
        self.region = self.administrator % self.regions
        self._people()
        self._plan()

    def _people(self) -> None:
        n, rng, names = self.count, self.rng, Names(self.rng)
        self.suppliers = max(3 * POOL, 2 * n) // self.regions * self.regions + POOL * self.regions
        self.ids: dict[str, list[str]] = {
            "administrator": names.bins(self.administrators),
            "contractor": names.bins(n // 3 + 3),
            "subcontractor": names.bins(n // 2 + 4),
            "supplier": names.bins(self.suppliers),
            "small": names.bins(1 + n // 50),
            "tax_authority": names.bins(self.regions),
            "controller": names.bins(4),
            "consultant": names.bins(3),
            "vat_supplier": names.bins(self.regions),
            "vat_office": names.bins(1),
            "bailiff": names.bins(1),
            "employee": names.bins(20 + 2 * n, person=True),
            "person": names.bins(20, person=True),
        }
        self.contractor = rng.integers(0, len(self.ids["contractor"]), n)
        first = rng.integers(0, len(self.ids["subcontractor"]), n)
        self.sub = np.stack([first, (first + 1) % len(self.ids["subcontractor"])], 1)
        each = self.suppliers // self.regions
        start = rng.integers(0, each, n)
        self.pool = (start[:, None] + np.arange(POOL)) % each * self.regions + self.region[:, None]
        """Suppliers of each contract, all of its own region, all different."""

    def _plan(self) -> None:
        n, rng = self.count, self.rng
        self.first = rng.integers(2, 4, n)
        self.last = rng.integers(10, 12, n)
        self.advance = rng.integers(2, 4, n)
        """Tenths of the whole."""
        self.unfinished = np.arange(n) % 5 == 1
        self.strict = np.arange(n) % 10 == 3
        order = rng.permuted(np.tile(np.arange(len(ITEMS)), (n, 1)), axis=1)
        numbers = np.array([codes.item_number(text) for text in ITEMS])
        self.line_item = order[:, : LINES + SUB_LINES]
        self.item = numbers[self.line_item]
        self.price = rng.integers(20_000, 900_000, (n, LINES + SUB_LINES))
        month = np.arange(MONTHS)
        active = (month >= self.first[:, None]) & (month <= self.last[:, None])
        rows = np.arange(n)[:, None]
        ceiling = self.price[rows, month % LINES]
        self.act_quantity = rng.integers(ACT_LEAST, ACT_MOST, (n, MONTHS)) * 1000 // ceiling
        self.act_price = ceiling * rng.integers(90, 101, (n, MONTHS)) // 100
        same = self.unfinished | (np.arange(n) % 25 == 7)  # the last act looks like the one of four months before
        for array in (self.act_quantity, self.act_price):
            array[same, self.last[same]] = array[same, self.last[same] - LINES]
            array[~active] = 0
        self.act = self.act_quantity * self.act_price // 1000
        self.total = _padded(self.act.sum(1))
        self.quantity = np.zeros((n, LINES + SUB_LINES), np.int64)
        np.add.at(self.quantity, (rows, np.broadcast_to(month % LINES, (n, MONTHS))), self.act_quantity)
        self._plan_subs()
        self.quantity += self.quantity // 50
        self.project_total = np.zeros(self.projects, np.int64)
        np.add.at(self.project_total, self.project, self.allocated)
        self._plan_incidents()

    def _plan_subs(self) -> None:
        n = self.count
        wanted = self.total[:, None, None] * self.rng.integers(70_000, 80_001, (n, 2, 3)) // 3_000_000
        ceiling = self.price[:, LINES:, None]
        self.sub_quantity = wanted * 1000 // ceiling
        self.sub_act = self.sub_quantity * ceiling // 1000
        self.sub_total = _padded(self.sub_act.sum(2))
        self.quantity[:, LINES:] = self.sub_quantity.sum(2)
        self.sub_month = self.first[:, None] + np.array([2, 4, 6])
        """Months of the three acts of every subcontract."""
        self.allocated = self.total + self.total // 50

    def _plan_incidents(self) -> None:
        """Choose what is seldom and lawful: at least one of each, in the smallest year too."""
        n = self.count
        self.services = np.arange(0, self.projects, 4)
        """Projects that buy a service of their own, with VAT."""
        self.service = self.rng.integers(1_000_000, 4_000_000, len(self.services)) * 25
        self.vat = self.service * VAT_PER_HUNDRED // 100
        self.project_total[self.services] += self.service
        self.emergencies = np.arange(0, n, 100)
        """Contracts in which something must be repaired at once."""
        self.debtors = np.arange(2, n, 150)
        """Contracts whose contractor a court orders to pay."""
        self.clawed = np.flatnonzero(self.unfinished)[::10]
        """Unfinished contracts: part of the last payment is clawed back, and the rest carried into the next year."""

    def path(self, contract: int) -> str:
        """Return the colour of a contract."""
        return f"{self.project_path(int(self.project[contract]))}/c{contract}"

    def project_path(self, project: int) -> str:
        """Return the colour of a project, below its region, administrator and programme."""
        programme = project % self.programmes
        return f"{self.administrator_path(programme % self.administrators)}/p{programme}/j{project}"

    def administrator_path(self, administrator: int) -> str:
        """Return the colour of an administrator, below its region."""
        return f"{ROOT}/r{administrator % self.regions}/a{administrator}"

    def bin(self, group: str, number: Any) -> str:
        """Return the id of participant *number* of a group."""
        return self.ids[group][int(number)]


def _padded(total: Ints) -> Ints:
    """Round up to twenty tiyn, so that the shares of advance and retention of the whole are exact."""
    out: Ints = -(-total // 20) * 20
    return out
