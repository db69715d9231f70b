"""Small detectors over the journal. None reads the answer file; each returns findings, sets of ids of entries.

What they may read is what an auditor has: posted entries, the rules of colours, participants' classes, and declared
ownership (notes).
"""

from collections import defaultdict
from collections.abc import Callable

import numpy as np

from boyau.codec import RECORDS, ROWS
from boyau.journal import Book
from boyau.ledger import Kind, Rows
from boyau.ledger.rows import AMOUNT_MAX, ROW

Finding = frozenset[bytes]
WITHIN_DAYS = 3
JUST_BELOW = 85
"""Hundredths of the sum that asks for approval."""
DEAR = 130
"""Hundredths of the contract's ceiling above which a purchase is reported."""
CASHED = 75
"""Hundredths of a company's receipts that go to persons."""
BACK_DAYS = 30


class Journal:
    """The posted payments and acts, and what was declared."""

    def __init__(self, book: Book) -> None:
        self.book = book
        parts, self.owners = [], dict[str, str]()
        for batch in book.store.batches(0):
            if batch.kind == ROWS:
                rows = batch.rows()
                parts.append(rows[(rows["result"] == 0) & np.isin(rows["kind"], (Kind.PAY, Kind.ACCEPT))])
            elif batch.kind == RECORDS and b'"ownership"' in batch.body:
                for record in batch.records():
                    if "ownership" in record:
                        self.owners[record["ownership"]["company"]] = record["ownership"]["owner"]
        rows = np.concatenate(parts) if parts else np.zeros(0, ROW)
        self.accepts: Rows = rows[rows["kind"] == Kind.ACCEPT]
        pays = rows[rows["kind"] == Kind.PAY]
        table = book.ledger.tables.acc
        colour = table[:, 3]
        plain = np.array([one.plain for one in book.ledger.registry.colours])[colour]
        self.plain: Rows = pays[plain[pays["debit"]]]
        self.ends: Rows = pays[~plain[pays["debit"]] & plain[pays["credit"]]]
        self.colour = colour
        tiers = [one.effective.approval for one in book.ledger.registry.colours]
        self.tier = np.array([min((tier.above for tier in one), default=AMOUNT_MAX) for one in tiers])
        """Of each colour, the least sum above which an approval is asked."""
        self.holder = [book.ledger.registry.who[int(k)] for k in table[: len(book.ledger.accounts), 4]]


def split_invoices(journal: Journal) -> list[Finding]:
    """Find payments of one payer to one payee for one item within days, each just below the sum for approval."""
    rows = journal.ends
    tier = journal.tier[journal.colour[rows["debit"]]]
    near = rows[(rows["amount"] <= tier) & (rows["amount"] >= tier // 100 * JUST_BELOW)]
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for k in range(len(near)):
        groups[int(near["debit"][k]), int(near["credit"][k]), int(near["item"][k])].append(k)
    out = []
    for places in groups.values():
        places.sort(key=lambda k: int(near["value_date"][k]))
        first = 0
        for k in range(1, len(places) + 1):
            ended = k == len(places)
            if ended or near["value_date"][places[k]] - near["value_date"][places[first]] > WITHIN_DAYS:
                if k - first > 1:
                    out.append(frozenset(near["id"][one].tobytes() for one in places[first:k]))
                first = k
    return out


def dear_purchases(journal: Journal) -> list[Finding]:
    """Find purchases whose price is far above the ceiling of the contract's line for that item."""
    rows, colours = journal.ends[journal.ends["quantity"] > 0], journal.book.ledger.registry.colours
    colour = journal.colour[rows["debit"]].astype(np.int64)
    pairs, inverse = np.unique(np.stack([colour, rows["item"]]), axis=1, return_inverse=True)
    ceilings = np.full(pairs.shape[1], -1, np.int64)
    for k, (number, item) in enumerate(pairs.T.tolist()):
        lines = colours[number].effective.lines or ()
        ceilings[k] = next((line.price or -1 for line in lines if line.low <= item <= line.high), -1)
    ceiling = ceilings[inverse.reshape(-1)]
    dear = (ceiling > 0) & (rows["amount"] * 1000 // rows["quantity"] > ceiling * DEAR // 100)
    return [frozenset([one.tobytes()]) for one in rows["id"][dear]]


def renumbered(journal: Journal) -> list[Finding]:
    """Find payments that are equal in payer, payee, item, quantity and amount, under different documents."""
    rows = journal.ends[journal.ends["quantity"] > 0]
    return _equal(rows, ("debit", "credit", "item", "quantity", "amount"))


def same_work(journal: Journal) -> list[Finding]:
    """Find acts of one contract with the same item, quantity and amount."""
    rows = journal.accepts
    return _equal(rows, ("debit", "credit", "item", "quantity", "amount"))


def _equal(rows: Rows, fields: tuple[str, ...]) -> list[Finding]:
    if not len(rows):
        return []
    keys = np.stack([rows[name].astype(np.int64) for name in fields])
    order = np.lexsort(keys)
    keys = keys[:, order]
    same = np.flatnonzero((keys[:, 1:] == keys[:, :-1]).all(0))
    return [frozenset(rows["id"][order[k + d]].tobytes() for d in (0, 1)) for k in same.tolist()]


def circular(journal: Journal) -> list[Finding]:
    """Find plain money that a supplier passes on, within days of being paid, to a company of the payer's owner."""
    companies = set(journal.owners)
    payee = [journal.holder[int(k)] for k in journal.plain["credit"]]
    suspects = [k for k, who in enumerate(payee) if who in companies]
    by_credit: dict[int, list[int]] = defaultdict(list)
    wanted = {int(journal.plain["debit"][k]) for k in suspects}
    for k in np.flatnonzero(np.isin(journal.ends["credit"], sorted(wanted))).tolist():
        by_credit[int(journal.ends["credit"][k])].append(k)
    out = []
    for k in suspects:
        row, owner = journal.plain[k], journal.owners[payee[k]]
        ids = {row["id"].tobytes()}
        for j in by_credit[int(row["debit"])]:
            source = journal.ends[j]
            late = int(row["value_date"]) - int(source["value_date"])
            enough = int(source["amount"]) >= int(row["amount"])
            if journal.holder[int(source["debit"])] == owner and 0 <= late <= BACK_DAYS and enough:
                ids.add(source["id"].tobytes())
        if len(ids) > 1:
            out.append(frozenset(ids))
    return out


def shells(journal: Journal) -> list[Finding]:
    """Find companies that one payer alone pays, and that pass most of it to natural persons."""
    ledger = journal.book.ledger
    classes = [set(facts["classes"]) for facts in ledger.registry.participant_facts]
    holders = ledger.tables.acc[: len(ledger.accounts), 4]
    person = np.array([bool(classes[int(k)] & {"person", "employee"}) for k in holders])
    company = np.array(["supplier" in classes[int(k)] for k in holders])
    size = len(holders)
    received, cashed = np.zeros(size, np.int64), np.zeros(size, np.int64)
    np.add.at(received, journal.ends["credit"], journal.ends["amount"])
    between = journal.plain[~person[journal.plain["credit"]]]
    np.add.at(received, between["credit"], between["amount"])
    out_rows = journal.plain[person[journal.plain["credit"]]]
    np.add.at(cashed, out_rows["debit"], out_rows["amount"])
    least, most = np.full(size, 1 << 40), np.full(size, -1)
    for rows in (journal.ends, between):
        payers = holders[rows["debit"]]
        np.minimum.at(least, rows["credit"], payers)
        np.maximum.at(most, rows["credit"], payers)
    found = company & (least == most) & (received > 0) & (cashed * 100 >= received * CASHED)
    out = []
    for account in np.flatnonzero(found).tolist():
        ids = [journal.ends["id"][journal.ends["credit"] == account], out_rows["id"][out_rows["debit"] == account]]
        out.append(frozenset(one.tobytes() for one in np.concatenate(ids)))
    return out


DETECTORS: dict[str, Callable[[Journal], list[Finding]]] = {
    "inflated_price/purchase": dear_purchases,
    "split_invoices/below_tier": split_invoices,
    "circular/plain": circular,
    "shell_cash_out/shell": shells,
    "duplicate_invoice/renumbered": renumbered,
    "paid_twice/second_act": same_work,
}
"""Form of abuse: what looks for it."""


def find_all(book: Book) -> dict[str, list[Finding]]:
    """Run every detector over the journal."""
    journal = Journal(book)
    return {form: detector(journal) for form, detector in DETECTORS.items()}
