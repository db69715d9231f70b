"""R054: did a small direct award grow?"""

from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import DIRECT, Process, same_money


def check(process: Process, options: Any) -> Answer:
    """Compare awards and contracts with the threshold."""
    if process.method not in DIRECT:
        return Reason.METHOD
    values = {award.id: award.value for award in process.active_awards}
    for contract in process.standing_contracts:
        award, value = values.get(contract.awardID), contract.value
        if award is None or value is None or not contract.amendments or not same_money(award, value):
            continue
        if award.amount is not None and value.amount is not None and award.amount < options.threshold <= value.amount:
            told = {"awarded": award.amount, "contracted": value.amount, "amendments": len(contract.amendments)}
            return Hit(value.amount, told | {"threshold": options.threshold})
    return None


FLAG = Flag(
    id="R054",
    title=mark("Direct award followed by change orders that exceed the competitive threshold"),
    question=mark("Did a direct award below the threshold grow above it by changes of the contract?"),
    formula="awards.value < threshold ≤ contracts.value, with amendments; direct or limited",
    fields=(
        "tender/procurementMethod",
        "awards/value/amount",
        "awards/value/currency",
        "contracts/value/amount",
        "contracts/value/currency",
        "contracts/amendments/description",
    ),
    alarms=(mark("Prices that the law let rise."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=("tender/procurementMethod", "awards/value/amount", "contracts/value/amount", "contracts/amendments"),
    options={
        "threshold": Option(None, mark("amount up to which a direct award is lawful"), Decimal, needed=True),
    },
    check=check,
)
