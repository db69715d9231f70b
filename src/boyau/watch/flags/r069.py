"""R069: did the price rise after the award?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process, same_money
from boyau.watch.words import holds


def check(process: Process, options: Any) -> Answer:
    """Compare the amount of a changed contract with its award; where they are not published, look for words."""
    values = {award.id: award.value for award in process.active_awards}
    changed = [contract for contract in process.contracts if contract.amendments]
    if not changed:
        return Reason.NOTHING_TO_COMPARE
    for contract in changed:
        award, value = values.get(contract.awardID), contract.value
        if award is not None and value is not None and same_money(award, value) and value.amount and award.amount:
            if value.amount > award.amount:
                return Hit(value.amount - award.amount, {"awarded": award.amount, "contracted": value.amount})
            continue
        for amendment in contract.amendments or ():
            words = holds(options.words, amendment.description, amendment.rationale)
            if words:
                return Hit(1, {"words": words})
    return None


FLAG = Flag(
    id="R069",
    title=mark("Contract amendments to increase price"),
    question=mark("Did a change of the contract raise its price?"),
    formula="contracts.value > awards.value after an amendment, or a word of `words` in it",
    fields=("contracts/status", "contracts/amendments/description", "contracts/amendments/rationale"),
    alarms=(mark("Prices that the law let rise."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("contracts/amendments",),
    options={
        "words": Option(["price increase", "увеличение цены", "бағаны арттыру"], mark("words that tell of it"), list),
    },
    check=check,
)
