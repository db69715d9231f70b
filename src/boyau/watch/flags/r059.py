"""R059: does the contract cost what was awarded?"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Flag, Option, Reason
from boyau.watch.model import Contract
from boyau.watch.outliers import Figure, Outliers, Side, quotient
from boyau.watch.process import Process, same_money


def figures(process: Process) -> Iterable[Figure] | Reason:
    """Return how far every contract is from its award."""
    values = {award.id: award.value for award in process.awards if award.value is not None}
    sums: dict[str, list[Contract]] = {}
    for contract in process.standing_contracts:
        if contract.awardID in values:
            sums.setdefault(contract.awardID or "", []).append(contract)
    found = []
    for name, contracts in sums.items():
        award = values[name]
        contracted = [contract.value for contract in contracts]
        if not same_money(award, *contracted) or not award.amount:
            continue
        total = sum((v.amount for v in contracted if v is not None and v.amount is not None), Decimal(0))
        share = quotient(abs(total - award.amount), award.amount)
        found.append(Figure(share, (("awarded", award.amount), ("contracted", total))))
    return found or Reason.NOTHING_TO_COMPARE


def gather(options: Any) -> Outliers:
    """Begin."""
    return Outliers(figures, Side.HIGH, threshold=options.threshold)


FLAG = Flag(
    id="R059",
    title=mark("Large difference between the award value and final contract amount"),
    question=mark("Does the amount of the contract differ unusually from the award?"),
    formula="|contracts.value − awards.value| / awards.value ≥ q3 + 1.5 (q3 − q1), or ≥ threshold",
    fields=(
        "awards/id",
        "awards/status",
        "awards/value/amount",
        "awards/value/currency",
        "contracts/awardID",
        "contracts/value/amount",
        "contracts/value/currency",
        "contracts/status",
    ),
    alarms=(mark("Awards without and contracts with value added tax."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("awards/value/amount", "contracts/awardID", "contracts/value/amount"),
    options={
        "threshold": Option(None, mark("share instead of the fence that is computed"), Decimal),
    },
    gather=gather,
)
