"""kz_contract_increase: did the contract grow beyond the law?"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.outliers import quotient
from boyau.watch.process import Process, same_money


def check(process: Process, options: Any) -> Answer:
    """Compare every contract with its award."""
    values = {award.id: award.value for award in process.active_awards}
    worst: tuple[Fraction, Decimal, Decimal] | None = None
    compared = False
    for contract in process.standing_contracts:
        award, value = values.get(contract.awardID), contract.value
        if award is None or value is None or not same_money(award, value) or not award.amount or value.amount is None:
            continue
        compared = True
        grown = quotient(value.amount - award.amount, award.amount)
        if grown > Fraction(options.share) and (worst is None or grown > worst[0]):
            worst = (grown, award.amount, value.amount)
    if worst is not None:
        return Hit(worst[0], {"awarded": worst[1], "contracted": worst[2], "allowed": options.share})
    return None if compared else Reason.NOTHING_TO_COMPARE


FLAG = Flag(
    id="kz_contract_increase",
    title=mark("Contract increased beyond what the law allows"),
    question=mark("Did a contract grow by more than the law allows?"),
    formula="(contracts.value − awards.value) / awards.value > share",
    fields=("awards/id", "awards/value/amount", "contracts/awardID", "contracts/value/amount"),
    alarms=(mark("Awards without and contracts with value added tax."),),
    basis=(bases.KZ_2016, bases.KZ_2025, bases.OPERATOR),
    needs=("awards/value/amount", "contracts/awardID", "contracts/value/amount"),
    options={
        "share": Option(None, mark("share by which the law lets a contract grow"), Decimal, needed=True),
    },
    check=check,
)
