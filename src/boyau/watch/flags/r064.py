"""R064: was the contract changed?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit
from boyau.watch.process import Process


def check(process: Process, _options: Any) -> Answer:
    """Count the changes of all contracts."""
    count = sum(len(contract.amendments or ()) for contract in process.contracts)
    return Hit(count, {"amendments": count}) if count else None


FLAG = Flag(
    id="R064",
    title=mark("Contract has modifications"),
    question=mark("Was the contract changed?"),
    formula="|contracts.amendments| > 0",
    fields=("contracts/status", "contracts/amendments/description"),
    alarms=(mark("Harmless changes, such as of a bank account. The other flags tell what was changed."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("contracts",),
    somewhere=("contracts/amendments",),
    check=check,
)
