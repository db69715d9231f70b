"""A test that reads like a ledger page.

    page = Page()
    page.check('''
        T1 issue   issuer@kz -> budget@kz          1000.00            : posted
        T2 pay     budget@kz -> asphalt@KZT         600.00 item=CPV:45 : payee_class
        T3 pay     on H1                             10.00            : posted
        balance budget@kz 1000.00
        held H1 90.00
    ''')

`linked` after an id joins the line with the next one, `emergency` waives what an emergency may waive. Lines between
blank lines are one batch. `approve` has a line proposed and approved before it is sent.
"""

import hashlib
import re

from boyau import codec
from boyau.journal import Book
from boyau.journal.operations import Operations
from boyau.ledger import Result, amounts
from boyau.ledger.codes import day, day_of

DAY = 86_400_000_000
START = day("2026-11-24") * DAY + 36_000_000_000

WORLD = [
    {"type": "unit", "unit": "KZT", "scale": 2},
    {"type": "participant", "participant": "issuer"},
    {"type": "participant", "participant": "budget", "classes": ["administrator"]},
    {"type": "participant", "participant": "builder", "classes": ["contractor"], "region": "710000000"},
    {"type": "participant", "participant": "asphalt", "classes": ["supplier"], "region": "710000000"},
    {"type": "participant", "participant": "casino", "classes": ["gambling"], "region": "750000000"},
    {
        "type": "colour",
        "colour": "kz",
        "unit": "KZT",
        "title": "Budget",
        "rules": {"window": {"first": "2026-01-01", "last": "2026-12-31"}, "ends": {"classes": ["supplier"]}},
    },
    {"type": "colour", "colour": "kz/road", "rules": {"payees": {"classes": ["contractor", "supplier"]}, "hops": 2}},
    {"type": "colour", "colour": "kz/rail"},
    {"type": "account", "account": "issuer@kz", "flags": ["issuer"]},
    {"type": "account", "account": "budget@kz"},
    {"type": "account", "account": "budget@kz/road"},
    {"type": "account", "account": "budget@kz/rail"},
    {"type": "account", "account": "builder@kz/road#1"},
    {"type": "account", "account": "asphalt@KZT"},
    {"type": "account", "account": "casino@KZT"},
]
_LINE = re.compile(
    r"(?P<id>\S+)(?P<linked> linked)?(?P<emergency> emergency)?\s+"
    r"(?P<op>[a-z]+)\s+(?:(?P<from>\S+)\s*->\s*(?P<to>\S+)|on\s+(?P<on>\S+))?"
    r"\s*(?P<amount>[\d.]+)?(?P<more>(?:\s+\w+=\S+)*)\s*:\s*(?P<result>\w+)"
)


class Page:
    """A ledger in memory, written to and checked line by line."""

    def __init__(self, *, world=WORLD, pure=False, book=None):
        self.at = START
        self.book = book or Book.create("memory:", pure=pure, clock=lambda: self.at)
        self.record(*world)

    def record(self, *records):
        """Record all of them; none may be refused."""
        answers = self.book.record(list(records))
        assert not any(answers), [str(answer) for answer in answers if answer]

    def refused(self, record):
        """Return the refusal of a record."""
        before = self.book.ledger.state_hash(), self.book.entries
        (answer,) = self.book.record([record])
        assert answer is not None, "was recorded"
        assert (self.book.ledger.state_hash(), self.book.entries) == before, "a refused record left a trace"
        return answer

    def approve(self, line, maker, *checkers):
        """Propose a line by *maker* and approve it by *checkers*; return its digest."""
        operation, _ = self._operation(f"{line} : posted")
        row = Operations(self.book.ledger).rows([operation], day_of(self.at))
        digest = hashlib.sha256(b"boyau command 1\n" + row.tobytes()[:112]).hexdigest()
        self.propose(digest, maker, *checkers)
        return digest

    def propose(self, digest, maker, *checkers):
        """Record the proposal of a digest and its approvals."""
        self.record({"type": "proposal", "command": digest, "by": maker})
        self.record(*({"type": "approval", "command": digest, "by": checker} for checker in checkers))

    def wait(self, *, days=0, hours=0):
        """Let time pass."""
        self.at += days * DAY + hours * DAY // 24

    def check(self, text):
        """Post the operations of *text* and compare every answer and balance."""
        batch, expected = [], []
        for line in [*text.strip().splitlines(), ""]:
            words = line.split()
            if words[:1] in (["balance"], ["held"], ["available"], ["used"]) or not words:
                self._post(batch, expected)
                batch, expected = [], []
                if words:
                    self._figure(*words)
                continue
            operation, result = self._operation(line.strip())
            batch.append(operation)
            expected.append(result)

    @staticmethod
    def _operation(line):
        found = _LINE.fullmatch(line)
        assert found, f"cannot read {line!r}"
        op = found["op"]
        operation = {"op": op, "id": found["id"]}
        for name in ("from", "to", "amount"):
            if found[name]:
                operation[name] = found[name]
        for flag in ("linked", "emergency"):
            if found[flag]:
                operation[flag] = True
        if found["on"]:
            operation["original" if op in ("return", "reverse", "clawback") else "hold"] = found["on"]
        for pair in found["more"].split():
            name, _, value = pair.partition("=")
            operation[name] = value
        return operation, found["result"]

    def _post(self, batch, expected):
        if not batch:
            return
        self.at += 1000
        rows = Operations(self.book.ledger).rows(batch, day_of(self.at))
        decided = self.book.post(rows)
        answers = [Result(int(row["result"])).name.lower() for row in decided]
        assert answers == expected, [
            f"{operation['id']}: {answer}, expected {wanted}"
            for operation, answer, wanted in zip(batch, answers, expected, strict=True)
            if answer != wanted
        ]

    def _figure(self, what, name, *figures):
        ledger = self.book.ledger
        if what == "balance":
            debits, credits, _ = ledger.balance(name)
            got = [credits - debits]
        elif what == "available":
            got = [ledger.available(name)]
        elif what == "held":
            got = [ledger.hold_remaining(codec.id_bytes(name))]
        else:
            got = list(ledger.counters(name))
        assert [amounts.write(one) for one in got] == list(figures), f"{what} {name}: {[amounts.write(g) for g in got]}"
