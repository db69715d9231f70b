"""What the budget tests share: the published files, small hand-written ones, and a strict reference of the ledger."""

from collections import defaultdict
from functools import cache

from boyau.treasury.budget.execution import Kind, Operation
from boyau.treasury.budget.mapping import Nature
from boyau.treasury.budget.statement import Statement, read
from shared_data import shared_data

TREES = (
    "Республиканский бюджет.csv",
    "местный_бюджет_Атырауская.csv",
    "местный_бюджет_Карагандинская.csv",
    "местный_бюджет_Костанайская.csv",
    "местный_бюджет_г_Астана.csv",
)
FILES = (
    *TREES,
    "РБ_приоритетные_инвестиции.csv",
    "РБ_ведомств_классификация.csv",
    "РБ_функц_классификация.csv",
    "РБ_экон_классификация.csv",
    "Гос_функц_классификация.csv",
    "Гос_экон_классификация.csv",
)


@cache
def statement(name: str) -> Statement:
    return read(shared_data("kz_budget", name))


HEADER = "id;code;name;utv;utch;plg;plgp;plgo;sumrg;obz;obzsumrg;level;parentCode;parent_id;month"


def line(  # one line of a tree file, amounts in thousand tenge as text
    number: object,
    code: str,
    name: str,
    parent: object = "",
    month: str = "01.2024",
    *,
    plan: str = "0.0",
    plgp: str = "0.0",
    plgo: str = "0.0",
    paid: str = "0.0",
    obz: str = "0.0",
    unpaid: str = "0.0",
) -> str:
    return f"{number};{code};{name};{plan};{plan};{plan};{plgp};{plgo};{paid};{obz};{unpaid};0;;{parent};{month}"


def csv(*lines: str, header: str = HEADER) -> bytes:
    return ("\n".join((header, *lines)) + "\n").encode()


class Reference:
    """The rules of docs/ledger.md that budget operations must keep, checked after every single step."""

    def __init__(self) -> None:
        self.funds: dict[str, int] = defaultdict(int)  # of budget@…; "" is the year's root
        self.pending: dict[str, int] = defaultdict(int)
        self.counters: dict[str, dict[str, int]] = defaultdict(lambda: {"plan": 0, "obligations": 0, "payments": 0})
        self.limits: dict[str, dict[str, int]] = defaultdict(dict)
        self.override: dict[str, dict[str, int]] = defaultdict(dict)
        self.holds: dict[str, list] = {}
        self.payments: dict[str, list] = {}
        self.received: dict[str, int] = defaultdict(int)
        self.lines: dict[str, Operation] = {}
        self.published: dict[str, dict[str, int]] = {}
        self.keys: set[str] = set()
        self.recipients = self.treasury = 0
        self.count = 0

    def count_on(self, path: str, name: str, amount: int) -> None:
        while path:
            counter = self.counters[path]
            counter[name] += amount
            assert counter[name] >= 0, (path, name)
            if amount > 0 and name in self.limits[path]:
                allowed = self.limits[path][name] + self.override[path].get(name, 0)
                assert counter[name] <= allowed, (path, name, counter[name], allowed)
            path = path.rpartition("/")[0]

    def apply(self, operations: list[Operation]) -> None:
        chain = None
        for each in operations:
            assert each.key not in self.keys, each
            self.keys.add(each.key)
            self.count += 1
            if chain is not None:
                assert each.kind is Kind.ALLOCATE
                assert each.amount == chain
            chain = each.amount if each.linked else None
            getattr(self, f"do_{each.kind.value}")(each)
            assert self.funds[each.line] - self.pending[each.line] >= 0, each
            assert self.funds[""] >= 0, each
        assert chain is None

    def movable(self, each: Operation, leaf: bool = True) -> None:
        assert each.amount > 0
        assert self.lines[each.line].nature is Nature.EXPENDITURE

    def do_open(self, each):
        above = each.line.rpartition("/")[0]
        assert not above or above in self.lines, each
        self.lines[each.line] = each

    def do_limits(self, each):
        assert each.figures or each.override is not None
        assert all(value >= 0 for value in each.figures.values())
        self.limits[each.line].update(each.figures)
        if each.override is not None:
            self.override[each.line] = dict(each.override)
            assert each.reason
        for name, value in self.limits[each.line].items():
            assert value + self.override[each.line].get(name, 0) >= self.counters[each.line][name], each

    def do_issue(self, each):
        assert each.line == ""
        assert each.amount > 0
        self.funds[""] += each.amount

    def do_lapse(self, each):
        assert each.line == ""
        assert each.amount > 0
        self.funds[""] -= each.amount

    def do_allocate(self, each):
        self.movable(each)
        self.funds[""] -= each.amount
        self.funds[each.line] += each.amount
        self.count_on(each.line, "plan", each.amount)

    def do_withdraw(self, each):
        self.movable(each)
        self.funds[each.line] -= each.amount
        self.funds[""] += each.amount
        self.count_on(each.line, "plan", -each.amount)

    def do_commit(self, each):
        self.movable(each)
        self.holds[each.key] = [each.line, each.amount]
        self.pending[each.line] += each.amount
        self.count_on(each.line, "obligations", each.amount)

    def take_hold(self, each):
        hold = self.holds[each.ref]
        assert hold[0] == each.line, each
        assert 0 < each.amount <= hold[1], each
        hold[1] -= each.amount
        self.pending[each.line] -= each.amount

    def do_release(self, each):
        self.take_hold(each)
        self.count_on(each.line, "obligations", -each.amount)

    def do_pay(self, each):
        self.take_hold(each)
        self.funds[each.line] -= each.amount
        self.recipients += each.amount
        self.payments[each.key] = [each.line, each.amount]
        self.count_on(each.line, "payments", each.amount)

    def do_return(self, each):
        payment = self.payments[each.ref]
        assert payment[0] == each.line, each
        assert 0 < each.amount <= payment[1], each
        payment[1] -= each.amount
        self.recipients -= each.amount
        assert self.recipients >= 0
        self.funds[each.line] += each.amount
        self.count_on(each.line, "payments", -each.amount)
        self.count_on(each.line, "obligations", -each.amount)

    def do_void(self, each):
        hold = self.holds[each.ref]
        assert hold[0] == each.line
        assert each.amount == 0
        assert hold[1] > 0
        self.pending[each.line] -= hold[1]
        self.count_on(each.line, "obligations", -hold[1])
        hold[1] = 0

    def do_receive(self, each):
        assert self.lines[each.line].nature is Nature.RECEIPT
        assert each.amount > 0
        self.received[each.line] += each.amount
        self.treasury += each.amount

    def do_refund(self, each):
        assert self.lines[each.line].nature is Nature.RECEIPT
        assert each.amount > 0
        self.received[each.line] -= each.amount
        self.treasury -= each.amount
        assert self.treasury >= 0

    def do_published(self, each):
        self.published[each.line] = dict(each.figures)

    def leaves(self) -> dict[str, dict[str, int]]:
        """What the entries say of every leaf, in the statement's columns."""
        found = {}
        for path, opened in self.lines.items():
            limits, counters, override = self.limits[path], self.counters[path], self.override[path]
            if opened.nature is Nature.EXPENDITURE:
                assert counters["plan"] - override.get("plan", 0) == limits["plan"] or not opened.leaf, path
                found[path] = {
                    "plan": counters["plan"] - override.get("plan", 0),
                    "plan_obligations": limits.get("obligations", 0),
                    "plan_payments": limits.get("payments", 0),
                    "obligations": counters["obligations"],
                    "paid": counters["payments"],
                }
            elif opened.nature is Nature.RECEIPT:
                found[path] = {
                    "plan": limits["plan"],
                    "plan_payments": limits.get("payments", 0),
                    "paid": self.received[path],
                }
            else:
                found[path] = self.published.get(path, {})
        return found
