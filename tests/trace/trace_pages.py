"""Ledger pages for the tests: a journal as text, and a simulation that moves every unit by hand."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from hypothesis import strategies as st

import boyau.trace.lots
from boyau.trace import Flow, Lineage, Names


def uncompiled() -> ModuleType:
    """Load the kernel's own file, whatever is compiled beside it."""
    path = Path(boyau.trace.__file__).with_name("lots.py")
    spec = importlib.util.spec_from_file_location("boyau_trace_lots_uncompiled", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert not module.COMPILED
    return module


@dataclass
class Page:
    """A journal read from text: lines ``number from to amount [returns number]``; accounts starting with T issue."""

    lineage: Lineage
    names: Names
    held: np.ndarray

    def account(self, address: str) -> int:
        return self.names.account(address)


def page(text: str, *, method="fifo", titles=None, held=None) -> Page:
    accounts: dict[str, int] = {}
    numbers, debit, credit, amount, returns = [], [], [], [], []
    for line in text.strip().splitlines():
        number, giver, taker, value, *rest = line.split()
        returns.append(numbers.index(int(rest[1])) if rest else -1)
        numbers.append(int(number))
        debit.append(accounts.setdefault(giver, len(accounts)))
        credit.append(accounts.setdefault(taker, len(accounts)))
        amount.append(int(value))
    names = Names.of(accounts, titles=titles)
    issuer = [address.startswith("T") for address in accounts]
    columns = [np.array(column, np.int64) for column in (debit, credit, amount, numbers)]
    pending = np.zeros(len(accounts), np.int64)
    for address, value in (held or {}).items():
        pending[accounts[address]] = value
    lineage = Lineage.of(*columns, issuer, method, returns=np.array(returns))
    return Page(lineage, names, pending)


def read(flow: Flow) -> list[str]:
    """Write a flow as lines, for comparison."""
    lines = []
    for link in flow.links:
        back = f" (back {link.returned})" if link.returned else ""
        lines.append(f"{link.origin} -> {link.target} {link.amount}{back}")
    return lines


def check(flow: Flow, text: str) -> None:
    assert sorted(read(flow)) == sorted(line.strip() for line in text.strip().splitlines())


@dataclass(frozen=True)
class Journal:
    """Small amounts moving among few accounts; account 0 issues."""

    accounts: int
    rows: tuple[tuple[int, int, int, int], ...]  # debit, credit, amount, place of what it returns or -1
    issuer: tuple[bool, ...]

    def lineage(self, method="fifo") -> Lineage:
        table = np.array(self.rows, np.int64).reshape(-1, 4)
        return Lineage.of(
            table[:, 0], table[:, 1], table[:, 2], np.arange(len(table)), self.issuer, method, returns=table[:, 3]
        )


def make_journal(choices, accounts: int, issuers: int) -> Journal:
    """Turn raw choices into a journal in which nobody but issuers pays more than it has."""
    balance = [0] * accounts
    rows: list[tuple[int, int, int, int]] = []
    for debit, shift, amount, giving_back in choices:
        payer, payee, returns = debit % accounts, (debit + 1 + shift % (accounts - 1)) % accounts, -1
        if giving_back and rows:
            original = giving_back % len(rows)
            payer, payee, returns = rows[original][1], rows[original][0], original
            amount = min(amount, rows[original][2])  # noqa: PLW2901
        if payer >= issuers:
            amount = min(amount, balance[payer])  # noqa: PLW2901
        if amount:
            rows.append((payer, payee, amount, returns))
            balance[payer] -= amount
            balance[payee] += amount
            balance[:issuers] = [max(0, value) for value in balance[:issuers]]
    return Journal(accounts, tuple(rows), tuple(place < issuers for place in range(accounts)))


@st.composite
def journals(draw, rows_max=40, returns=True) -> Journal:
    accounts = draw(st.integers(2, 5))
    issuers = draw(st.integers(1, min(2, accounts - 1)))
    one = st.tuples(
        st.integers(0, 9), st.integers(0, 9), st.integers(1, 7), st.integers(0, 99) if returns else st.just(0)
    )
    return make_journal(draw(st.lists(one, min_size=1, max_size=rows_max)), accounts, issuers)


class ByHand:
    """Every unit on its own: where it has been, transfer by transfer."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        queues: list[list[tuple[int, int, int]]] = [[] for _ in range(journal.accounts)]  # (unit, lot, offset)
        self.path: list[list[tuple[int, int]]] = []  # by unit: (transfer, offset), in order
        self.parents: list[list[tuple[int, int]]] = []  # by transfer and offset: where that unit came from
        for number, (payer, payee, amount, returns) in enumerate(journal.rows):
            queue = queues[payer]
            own = [item for item in queue if item[1] == returns][-amount:] if returns >= 0 else []
            taken = own + [item for item in queue if item not in own][: amount - len(own)]
            queues[payer] = [item for item in queue if item not in taken]
            while len(taken) < amount:
                assert journal.issuer[payer]
                taken.append((len(self.path), -1, 0))
                self.path.append([])
            self.parents.append([(lot, offset) for _, lot, offset in taken])
            for offset, (unit, _, _) in enumerate(taken):
                self.path[unit].append((number, offset))
                queues[payee].append((unit, number, offset))
        self.rest = {(lot, offset) for queue in queues for _, lot, offset in queue}

    def follow(self, seeds: set[tuple[int, int]], stop: list[bool], *, ahead: bool) -> set[tuple[int, int]]:
        """Return every (transfer, offset) that *seeds* reach."""
        reached = set()
        for path in self.path:
            for start, place in enumerate(path):
                if place not in seeds:
                    continue
                reached.add(place)
                at = start
                while ahead and at + 1 < len(path) and not stop[self.journal.rows[path[at + 1][0]][0]]:
                    at += 1
                    reached.add(path[at])
                while not ahead and at > 0 and not stop[self.journal.rows[path[at][0]][0]]:
                    at -= 1
                    reached.add(path[at])
        return reached


def units(pieces) -> set[tuple[int, int]]:
    """Spell pieces out, unit by unit."""
    found = [
        (entry, offset)
        for entry, begin, end in zip(pieces.entry.tolist(), pieces.begin.tolist(), pieces.end.tolist(), strict=True)
        for offset in range(begin, end)
    ]
    assert len(found) == len(set(found)), "a unit twice"
    return set(found)
