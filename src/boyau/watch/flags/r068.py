"""R068: was more paid than agreed?"""

from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Reason
from boyau.watch.process import Process, same_money


def check(process: Process, _options: Any) -> Answer:
    """Sum up the payments of every contract."""
    compared, over = 0, []
    for contract in process.contracts:
        work, value = contract.implementation, contract.value
        payments = [one.value or one.amount for one in (work.transactions if work is not None else None) or ()]
        if value is None or not payments or not same_money(value, *payments) or value.amount is None:
            continue
        compared += 1
        paid = sum((one.amount for one in payments if one is not None and one.amount is not None), Decimal(0))
        if paid > value.amount:
            over.append((paid - value.amount, paid, value.amount))
    if not compared:
        return Reason.CURRENCY
    if not over:
        return None
    excess, paid, worth = max(over)
    return Hit(excess, {"paid": paid, "contract": worth, "contracts": len(over)})


FLAG = Flag(
    id="R068",
    title=mark("Contract transactions exceed contract amount"),
    question=mark("Was more paid under a contract than it is worth?"),
    formula="Σ contracts.implementation.transactions.value > contracts.value",
    fields=("contracts/value/amount", "contracts/value/currency", "contracts/implementation/transactions/value/amount"),
    alarms=(mark("Payments in advance that were given back and are not published as such."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("contracts/value/amount", "contracts/implementation/transactions"),
    check=check,
)
