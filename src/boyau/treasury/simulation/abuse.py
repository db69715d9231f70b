"""Planting abuse: each case stands among honest entries, and with the ledger's answer in the answer file."""

import json
from dataclasses import dataclass, field
from typing import Any, TextIO

import numpy as np

from boyau.codec import id_text
from boyau.ledger import Kind, Result, Rows
from boyau.treasury.simulation import records
from boyau.treasury.simulation.kinds import BY_NAME, KINDS, REFUSED, forms_of
from boyau.treasury.simulation.world import CAR, LINES, TIER_STRICT, day
from boyau.treasury.simulation.year import Year

_FIRST, _LAST = 5, 9
"""Months in which abuse is planted, if its kind has no month of its own."""
_JANUARY = 13


@dataclass(slots=True)
class Case:
    """One planted case and what became of it."""

    number: int
    form: str
    what: str
    ids: list[str] = field(default_factory=list)
    answers: list[Result] = field(default_factory=list)

    def line(self) -> dict[str, Any]:
        """Return the case's line of the answer file."""
        kind, form = self.form.split("/")
        return {
            "case": self.number,
            "kind": kind,
            "form": form,
            "ids": self.ids,
            "what": self.what,
            "expected": "refused" if BY_NAME[self.form].outcome == REFUSED else "posted",
            "answers": [answer.name.lower() for answer in self.answers],
        }


class Planter:
    """Plants so many cases of each kind, its forms in turn."""

    def __init__(self, year: Year, each: int, answers: TextIO) -> None:
        self.year, self.world, self.writer = year, year.world, year.writer
        self.rng = np.random.Generator(np.random.PCG64(int(year.rng.integers(0, 1 << 62))))
        self._answers = answers
        self.cases: list[Case] = []
        self.not_planted = 0
        self._acts = 0
        self._owned: list[str] = []
        self._planned: list[int] = []
        self._twice: list[int] = self.rng.permutation(np.flatnonzero(self.world.unfinished)).tolist()
        self._agenda: dict[int, list[str]] = {}
        for kind in KINDS:
            forms = forms_of(kind)
            for k in range(each):
                form = forms[k % len(forms)].name
                self._agenda.setdefault(self._month_of(form), []).append(form)

    def _month_of(self, form: str) -> int:
        if form.startswith("expired/"):
            return _JANUARY
        if form == "paid_twice/second_act":
            if not self._twice:
                return _JANUARY  # there is none left to plant it in
            self._planned.append(self._twice.pop())
            return int(self.world.last[self._planned[-1]])
        return int(self.rng.integers(_FIRST, _LAST + 1))

    def month(self, month: int) -> None:
        """Plant what is due in this month; money must have come in, and not all be spent."""
        self.writer.clock.move(day(month, 18 if month < _JANUARY else 15))
        for form in self._agenda.get(month, ()):
            case = Case(len(self.cases) + 1, form, "")
            if getattr(self, "_" + form.replace("/", "_"))(case, month):
                self.cases.append(case)
                self._answers.write(json.dumps(case.line(), ensure_ascii=False) + "\n")
                self._answers.flush()
            else:
                self.not_planted += 1

    # ---- tools ------------------------------------------------------------------------------------------------------

    def _try(self, case: Case, rows: Rows) -> bool:
        case.ids += [id_text(row["id"].tobytes()) for row in rows]
        case.answers += self.writer.attempt(rows)
        return True

    def _contract(self, month: int, needed: int = 0, *, strict: bool = False) -> int:
        """Choose a contract that is at work and has the money, only a strict one if asked; −1 where none has."""
        world, year = self.world, self.year
        can = (world.first < month) & (month < world.last) & (year.left >= needed) & (world.strict | (not strict))
        found = np.flatnonzero(can)
        return int(found[self.rng.integers(0, len(found))]) if len(found) else -1

    def _small_sum(self, c: int) -> int:
        """Return a sum such as a purchase has, well below what the contract has left."""
        return int(self.year.left[c]) * int(self.rng.integers(2, 7)) // 100 + 1000

    def _buy(self, c: int, payee: int, amount: int, hundredths: int, **fields: Any) -> Rows:
        """Return a purchase by contract *c*'s contractor, at so many hundredths of the line's price."""
        line = int(self.rng.integers(0, LINES))
        price = int(self.world.price[c, line]) * hundredths // 100
        values = {
            "item": self.world.item[c, line],
            "quantity": max(amount * 1000 // price, 1),
            "region": self.year.region[c],
        }
        return self.writer.make(Kind.PAY, self.year.contractor[c], payee, amount, **(values | fields))

    def _supplier(self, c: int) -> int:
        return int(self.year.plain["supplier"][self.world.pool[c, self.rng.integers(0, self.world.pool.shape[1])]])

    def _spend(self, case: Case, c: int, rows: Rows) -> bool:
        """Post purchases that no rule refuses, and take them off what is left."""
        self._try(case, rows)
        self.year.left[c] -= sum(int(a) for a, r in zip(rows["amount"], case.answers, strict=True) if r.ok)
        return True

    def _act_of(self, c: int, amount: int, *, attested: bool) -> int:
        self._acts += 1
        name, customer = f"act-x-{self._acts}", self.world.bin("administrator", self.world.administrator[c])
        self.writer.record(records.act(name, self.world.path(c), amount, customer if attested else ""))
        return self.year.book.ledger.subjects[name]

    def _accept(self, c: int, line: int, quantity: int, price: int, subject: int) -> Rows:
        return self.writer.make(
            Kind.ACCEPT,
            self.year.customer[c],
            self.year.contractor[c],
            quantity * price // 1000,
            quantity=quantity,
            item=self.world.item[c, line],
            region=self.year.region[c],
            ref=self.year.hold[c],
            subject=subject,
        )

    def _company(self, kind: str) -> int:
        """Record a new company, a supplier by class, and return its plain account."""
        name = f"{kind}-{len(self._owned)}"
        self._owned.append(name)
        self.writer.record([records.participant(name, "supplier", 0), {"type": "account", "account": f"{name}@KZT"}])
        return self.year.book.ledger.accounts[f"{name}@KZT"]

    # ---- what rules refuse ------------------------------------------------------------------------------------------

    def _outside_chain_class(self, case: Case, month: int) -> bool:
        case.what = "a consultant, who is no part of the chain, is paid with coloured money"
        c = self._contract(month)
        return c >= 0 and self._try(case, self._buy(c, self.year.plain["consultant"][0], self._small_sum(c), 90))

    def _outside_chain_contract(self, case: Case, month: int) -> bool:
        case.what = "money of one contract is paid to a subcontractor of another, into that contract's account"
        c = self._contract(month)
        other = int(self.year.sub[(c + 1) % self.world.count, 0])
        return c >= 0 and self._try(case, self._buy(c, other, self._small_sum(c), 90))

    def _wrong_item_declared(self, case: Case, month: int) -> bool:
        case.what = "a car is bought with money for road works"
        c = self._contract(month)
        return c >= 0 and self._try(case, self._buy(c, self._supplier(c), self._small_sum(c), 90, item=CAR))

    def _inflated_price_act(self, case: Case, month: int) -> bool:
        case.what = "an act counts work at half as much again as the contract's price"
        c, line = self._contract(month), month % LINES
        price = int(self.world.price[c, line]) * 3 // 2
        quantity = int(self.world.act_quantity[c, month]) // 3
        subject = self._act_of(c, quantity * price // 1000, attested=True) if c >= 0 else 0
        return c >= 0 and self._try(case, self._accept(c, line, quantity, price, subject))

    def _early_payment_without_act(self, case: Case, month: int) -> bool:
        case.what = "the contractor is paid a tenth of the contract before any act of it"
        c = self._contract(month)
        amount = int(self.world.total[c]) // 10
        accounts = self.year.customer[c], self.year.contractor[c]
        fields = {"region": self.year.region[c], "item": self.world.item[c, 0], "ref": self.year.hold[c]}
        return c >= 0 and self._try(case, self.writer.make(Kind.PAY, *accounts, amount, **fields))

    def _early_payment_unattested_act(self, case: Case, month: int) -> bool:
        case.what = "work is accepted by an act that nobody attested"
        c, line = self._contract(month), month % LINES
        price, quantity = int(self.world.price[c, line]), int(self.world.act_quantity[c, month]) // 3
        subject = self._act_of(c, quantity * price // 1000, attested=False) if c >= 0 else 0
        return c >= 0 and self._try(case, self._accept(c, line, quantity, price, subject))

    def _circular_coloured(self, case: Case, month: int) -> bool:
        case.what = "the contractor pays coloured money back to the customer's own account"
        c = self._contract(month)
        return c >= 0 and self._try(case, self._buy(c, int(self.year.customer[c]), self._small_sum(c), 90))

    def _shell_cash_out_direct(self, case: Case, month: int) -> bool:
        case.what = "coloured money is paid to a natural person"
        c = self._contract(month)
        return c >= 0 and self._try(case, self._buy(c, self.year.plain["person"][0], self._small_sum(c), 90))

    def _duplicate_invoice_same_document(self, case: Case, _month: int) -> bool:
        case.what = "an invoice that was paid a month before is paid again under another payment"
        bought = self.year.purchases
        first = bought[int(self.rng.integers(0, len(bought)))].copy().reshape(1)
        again = self.writer.make(Kind.PAY, first["debit"], first["credit"], first["amount"])
        for name in ("item", "quantity", "region", "document"):
            again[name] = first[name]
        return self._try(case, again)

    def _paid_twice_same_act(self, case: Case, month: int) -> bool:
        case.what = "an act that was accepted is accepted again"
        c = self._contract(month)
        if c < 0:
            return False
        price, quantity = int(self.world.act_price[c, month]), int(self.world.act_quantity[c, month])
        return self._try(case, self._accept(c, month % LINES, quantity, price, self.year.acts[c, month]))

    def _expired_next_year(self, case: Case, _month: int) -> bool:
        case.what = "money of the year is spent in January of the next"
        c = int(np.argmax(self.year.left - self.rng.integers(0, 1 << 30, self.world.count)))
        return self._try(case, self._buy(c, self._supplier(c), self._small_sum(c), 90))

    def _expired_backdated(self, case: Case, _month: int) -> bool:
        case.what = "a payment entered in January is dated back to December"
        c = int(np.argmax(self.year.left - self.rng.integers(0, 1 << 30, self.world.count)))
        return self._try(case, self._buy(c, self._supplier(c), self._small_sum(c), 90, value_date=day(12, 20)))

    def _over_limit_commitment(self, case: Case, month: int) -> bool:
        case.what = "the contractor of one contract gets a second one as large as the whole project"
        c = self._contract(month)
        return c >= 0 and self._commit(case, c, int(self.world.project_total[self.world.project[c]]))

    def _over_limit_obligations(self, case: Case, month: int) -> bool:
        case.what = "a second contract is registered that its project has no limit for"
        c = self._contract(month)
        paid = int(self.world.total[c] * self.world.advance[c] // 10 + self.year.paid[c])
        return c >= 0 and self._commit(case, c, max(int(self.world.total[c]) - paid, 1_000_000))

    def _commit(self, case: Case, c: int, amount: int) -> bool:
        accounts = self.year.customer[c], self.year.contractor[c]
        fields = {"region": self.year.region[c], "item": self.world.item[c, 0]}
        return self._try(case, self.writer.make(Kind.COMMIT, *accounts, amount, **fields))

    def _over_limit_payee(self, case: Case, month: int) -> bool:
        case.what = "one supplier gets more of a subcontract than one payee may get"
        c = self._contract(month)
        amount = int(self.world.sub_total[c, 0]) * 7 // 10
        rows = self._buy(c, self._supplier(c), amount, 90, item=self.world.item[c, LINES])
        rows["debit"] = self.year.sub[c, 0]
        return c >= 0 and self._try(case, rows)

    # ---- what rules let pass ----------------------------------------------------------------------------------------

    def _wrong_item_mislabelled(self, case: Case, month: int) -> bool:
        case.what = "a car is bought under the code and the price of gravel"
        c = self._contract(month, 100_000)
        return c >= 0 and self._spend(case, c, self._buy(c, self._supplier(c), self._small_sum(c), 90))

    def _inflated_price_purchase(self, case: Case, month: int) -> bool:
        case.what = "a contractor buys from a supplier far above the price of the contract's line"
        c, hundredths = self._contract(month, 100_000), int(self.rng.integers(120, 321))
        return c >= 0 and self._spend(case, c, self._buy(c, self._supplier(c), self._small_sum(c), hundredths))

    def _split_invoices_below_tier(self, case: Case, month: int) -> bool:
        count = int(self.rng.integers(3, 6))
        c = self._contract(month, count * TIER_STRICT, strict=True)
        if c < 0:
            c = int(np.argmax(np.where(self.world.strict, self.year.left, -1)))
            count = min(count, int(self.year.left[c]) // TIER_STRICT)
        if count < 2:
            return False
        case.what = f"one delivery is invoiced in {count} parts, each below the sum that asks for approval"
        supplier, line = self._supplier(c), int(self.rng.integers(0, LINES))
        amounts = self.rng.integers(TIER_STRICT * 88 // 100, TIER_STRICT, count).tolist()
        price = int(self.world.price[c, line]) * 90 // 100
        parts = [
            self._buy(c, supplier, one, 90, item=self.world.item[c, line], quantity=one * 1000 // price)
            for one in amounts
        ]
        return self._spend(case, c, np.concatenate(parts))

    def _circular_plain(self, case: Case, month: int) -> bool:
        c = self._contract(month, 100_000)
        if c < 0:
            return False
        owned, declared = self._company("affiliate"), len(self._owned) % 3 != 0
        known = "declared" if declared else "not declared"
        case.what = f"a supplier passes the money on to a company of the contractor's owner ({known})"
        if declared:
            contractor = self.world.bin("contractor", self.world.contractor[c])
            note = {"type": "note", "ownership": {"owner": contractor, "company": self._owned[-1]}}
            self.writer.record([note])
        supplier, amount = self._supplier(c), self._small_sum(c)
        self._spend(case, c, self._buy(c, supplier, amount, 90))
        back = amount * int(self.rng.integers(70, 96)) // 100
        return self._try(case, self.writer.make(Kind.PAY, supplier, owned, back))

    def _shell_cash_out_shell(self, case: Case, month: int) -> bool:
        c = self._contract(month, 100_000)
        if c < 0:
            return False
        shell = self._company("shell")
        parts = [self._buy(c, shell, self._small_sum(c), 92) for _ in range(3)]
        rows = np.concatenate(parts)
        self._spend(case, c, rows)
        cashed = int(rows["amount"].sum()) * int(self.rng.integers(70, 100)) // 100
        people = self.year.plain["person"][self.rng.permutation(len(self.year.plain["person"]))[:2]]
        case.what = "a company that only this contractor pays turns what it gets into payments to persons"
        halves = np.array([cashed // 2, cashed - cashed // 2])
        return self._try(case, self.writer.make(Kind.PAY, shell, people, halves))

    def _duplicate_invoice_renumbered(self, case: Case, _month: int) -> bool:
        case.what = "an invoice that was paid a month before is paid again under another number"
        bought = self.year.purchases
        owners = {int(account): c for c, account in enumerate(self.year.contractor)}
        for k in self.rng.permutation(len(bought))[:200].tolist():
            first = bought[k : k + 1]
            c = owners[int(first["debit"][0])]
            if int(first["amount"][0]) < int(self.year.left[c]):
                again = self.writer.make(Kind.PAY, first["debit"], first["credit"], first["amount"])
                for name in ("item", "quantity", "region"):
                    again[name] = first[name]
                return self._spend(case, c, again)
        return False

    def _paid_twice_second_act(self, case: Case, month: int) -> bool:
        case.what = "the work of four months before is accepted and paid again under another act"
        which = [c for c in self._planned if int(self.world.last[c]) == month]
        if not which:
            return False
        self._planned.remove(which[0])
        for rows in self.year.accept_and_pay(np.array(which[:1]), month):
            case.ids += [id_text(row["id"].tobytes()) for row in rows]
            case.answers += [Result.POSTED] * len(rows)
            self.writer.posted -= len(rows)
        return True
