"""How long tracing takes, and how much memory: ``python -m bench.trace [transfers ...]``. Prints; asserts nothing.

Three journals over 10,000 accounts. *budget* is what a ledger looks like: 1,000 colours, money going down from the
issuer over the colours' own accounts and contractors to payees, a tenth of it given back. In *random* anybody pays
anybody and one account in a hundred issues, so that money runs on and on and is cut ever finer. In *everybody issues*
lots are used up at once: the most parts a journal can have, nearly two a transfer.
"""

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np

from boyau.trace import COMPILED, Figures, Lineage, Names, flow_of_account, flow_of_colour, flow_of_entry, sankey

ACCOUNTS = 10_000
COLOURS = 1_000
AMOUNT_MAX = 1_000_000
Journal = tuple[np.ndarray, np.ndarray, np.ndarray, list[str], np.ndarray | None]


def random_journal(count: int, dice: np.random.Generator, issuers: int = ACCOUNTS // 100) -> Journal:
    debit = dice.integers(0, ACCOUNTS, count)
    credit = (debit + dice.integers(1, ACCOUNTS, count)) % ACCOUNTS
    amount = dice.integers(1, AMOUNT_MAX, count)
    begun = ACCOUNTS - issuers
    debit[:begun], credit[:begun] = 0, np.arange(issuers, ACCOUNTS)
    amount[:begun] = int(6 * AMOUNT_MAX * (count / ACCOUNTS) ** 0.5)  # enough for nobody to fall short, by chance
    addresses = [f"T{place}@KZT" for place in range(issuers)]
    addresses += [f"P{place}@kz/{place % COLOURS}" for place in range(issuers, ACCOUNTS)]
    return debit, credit, amount, addresses, None


def budget_journal(count: int, dice: np.random.Generator) -> Journal:
    """One in 20 issues to a colour, one in 4 pays a contractor, the others pay suppliers; one in 10 gives back."""
    contractors, payees = 4 * COLOURS, ACCOUNTS - 1 - 5 * COLOURS
    addresses = ["T@KZT"] + [f"M@kz/{place}" for place in range(COLOURS)]
    addresses += [f"C{place}@kz/{place % COLOURS}#1" for place in range(contractors)]
    addresses += [f"P{place}@KZT" for place in range(payees)]
    holder, payee = 1 + COLOURS, 1 + COLOURS + contractors
    who, stage = dice.integers(0, contractors, count), dice.random(count)
    debit, credit = holder + who, payee + dice.integers(0, payees, count)
    amount = dice.integers(1, AMOUNT_MAX, count)
    down = stage < 0.3
    debit[down], credit[down] = 1 + who[down] % COLOURS, holder + who[down]
    amount[down] *= 3
    issue = stage < 0.05
    debit[issue], credit[issue] = 0, 1 + who[issue] % COLOURS
    amount[issue] *= 7
    begun = COLOURS + contractors
    spread = int(8 * AMOUNT_MAX * (count / contractors) ** 0.5)
    debit[:COLOURS], credit[:COLOURS], amount[:COLOURS] = 0, np.arange(1, holder), 12 * spread
    debit[COLOURS:begun], credit[COLOURS:begun] = 1 + np.arange(contractors) % COLOURS, np.arange(holder, payee)
    amount[COLOURS:begun] = spread
    returns = np.full(count, -1, np.int64)
    back = begun + np.flatnonzero(dice.random(count - begun) < 0.1)
    original = begun + (dice.random(len(back)) * (back - begun)).astype(np.int64)
    fresh = ~np.isin(original, back) & (original < back) & (debit[original] > 0)
    _, once = np.unique(original[fresh], return_index=True)  # a payment is given back once
    back, original = back[fresh][once], original[fresh][once]
    returns[back] = original
    debit[back], credit[back], amount[back] = credit[original], debit[original], amount[original]
    return debit, credit, amount, addresses, returns


def issuers_journal(count: int, dice: np.random.Generator) -> Journal:
    return random_journal(count, dice, ACCOUNTS)


def timed(what: str, run: Callable[[], object]) -> object:
    start = time.perf_counter()
    result = run()
    print(f"  {what:46} {time.perf_counter() - start:8.3f} s")
    return result


def measure(name: str, journal: Journal) -> None:
    debit, credit, amount, addresses, returns = journal
    count = len(debit)
    print(f"{name}, {count:,} transfers, {len(addresses):,} accounts")
    issuer = np.array([address.startswith("T") for address in addresses])
    names = Names.of(addresses)
    numbers = np.arange(count)
    lineage = timed("lineage", lambda: Lineage.of(debit, credit, amount, numbers, issuer, returns=returns))
    assert isinstance(lineage, Lineage)
    print(f"  {'parts':46} {len(lineage.parts.part):10,}")
    if name == "everybody issues":
        return
    flow = timed("one colour (kz/7)", lambda: flow_of_colour(lineage, names, "kz/7"))
    timed("one colour, followed beyond", lambda: flow_of_colour(lineage, names, "kz/7", follow="coloured"))
    timed("all colours (kz)", lambda: flow_of_colour(lineage, names, "kz"))
    timed("one account, both ways", lambda: flow_of_account(lineage, names, 2000))
    timed("one transfer from the middle, both ways", lambda: flow_of_entry(lineage, names, count // 2))
    timed("the last transfer, to its sources", lambda: flow_of_entry(lineage, names, count - 1, direction="from"))
    timed("picture of one colour", lambda: sankey.svg(flow, title="x", language="en", number_format=Figures("en")))
    print(f"  {'most memory so far':46} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MiB")


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("transfers", nargs="*", type=int, default=[1_000_000, 10_000_000])
    print(f"kernel {'compiled' if COMPILED else 'uncompiled'}, numpy {np.__version__}")
    for count in reader.parse_args().transfers:
        kinds = {"budget": budget_journal, "random": random_journal, "everybody issues": issuers_journal}
        for name, make in kinds.items():
            measure(name, make(count, np.random.default_rng(7)))


if __name__ == "__main__":
    main()
