"""How long a ledger of so many entries takes to open: after a kill by replay, after closing from a snapshot.

python -m tests.faults.reopen ENTRIES
"""

import json
import os
import shutil
import sys
import time

from boyau.journal import Book
from tests.faults.recovery import NAME, copied, workshop
from tests.faults.work import Clock, History, begin, open_book, pays

BATCH = 8000


def measure(entries: int) -> dict:
    """Return seconds of opening, and the entries that were there."""
    folder, side = workshop(), workshop()
    try:
        book = open_book(folder / NAME, History(), None, Clock(), create=True)
        book.store.append = type(book.store).__mro__[1].append.__get__(book.store)  # the history would keep it all
        begin(book)
        rows = pays(book, "x", BATCH)
        rows["amount"] = 1
        first = 0
        while book.entries < entries:
            rows["id"] = [f"x{n}".encode() for n in range(first, first + BATCH)]
            first += BATCH
            assert not book.post(rows.copy())["result"].any()
        state, count = book.ledger.state_hash(), book.entries
        path = copied(folder, side)  # as a killed process leaves it
        seconds = []
        for _ in range(2):
            begun = time.perf_counter()
            with Book.open(str(path)) as again:  # closing makes the snapshot for the second time
                seconds.append(time.perf_counter() - begun)
                assert (again.ledger.state_hash(), again.entries) == (state, count)
        book.close()
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(side)
    return {"entries": count, "killed": seconds[0], "closed": seconds[1], "cores": os.cpu_count()}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
