"""R066: was more ordered without a tender?"""

from decimal import Decimal
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.model import Item
from boyau.watch.process import Process
from boyau.watch.words import holds


def check(process: Process, options: Any) -> Answer:
    """Compare quantities of award and contract by code; where they are not published, look for words in the change."""
    changed = [contract for contract in process.contracts if contract.amendments]
    if not changed:
        return Reason.NOTHING_TO_COMPARE
    awarded = {award.id: quantities(award.items) for award in process.active_awards}
    for contract in changed:
        before, after = awarded.get(contract.awardID, {}), quantities(contract.items)
        codes = sorted(code for code in before if code in after and after[code] > before[code])
        if codes:
            told = {"items": codes[:5], "before": before[codes[0]], "after": after[codes[0]]}
            return Hit(len(codes), told)
        for amendment in contract.amendments or ():
            words = holds(options.words, amendment.description, amendment.rationale)
            if words:
                return Hit(1, {"words": words})
    return None


def quantities(items: list[Item] | None) -> dict[str, Decimal]:
    """Add the quantities of every code up."""
    found: dict[str, Decimal] = {}
    for item in items or ():
        code = item.classification
        if code is not None and code.id and item.quantity is not None:
            found[code.id] = found.get(code.id, Decimal(0)) + item.quantity
    return found


FLAG = Flag(
    id="R066",
    title=mark("Contract amendments to increase line items"),
    question=mark("Did a change of the contract add to what is bought?"),
    formula="quantity(contract) > quantity(award) after an amendment, or a word of `words` in it",
    fields=("contracts/status", "contracts/amendments/description", "contracts/amendments/rationale"),
    alarms=(mark("Additions that the law allows up to a share."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("contracts/amendments",),
    options={
        "words": Option(["additional", "дополнительн", "қосымша"], mark("words that tell of it"), list),
    },
    check=check,
)
