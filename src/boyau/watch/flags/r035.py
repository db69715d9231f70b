"""R035: was everybody but the winner disqualified?"""

from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.process import Process, ids


def check(process: Process, options: Any) -> Answer:
    """Compare whose bids were valid and whose were disqualified."""
    if isinstance(process.complete, Reason):
        return process.complete
    valid: set[str] = set()
    disqualified: set[str] = set()
    for bid in process.bids:
        if bid.status == "valid":
            valid.update(ids(bid.tenderers))
        elif bid.status == "disqualified":
            disqualified.update(ids(bid.tenderers))
    if len(valid) != 1:  # several winners share what was bought; that is no sign of anything
        return Reason.SEVERAL_SUPPLIERS if valid else Reason.FEW_BIDS
    if valid != process.winners():
        return Reason.NO_AWARD
    others = len(disqualified - valid)
    if others < max(options.threshold, 1):
        return None
    return Hit(others, {"disqualified": others}, tuple(valid))


FLAG = Flag(
    id="R035",
    title=mark("All except winning bid disqualified"),
    question=mark("Was everybody disqualified but the winner?"),
    formula="|disqualified ∖ {winner}| ≥ threshold, where valid = {winner}",
    fields=("bids/details/status", "bids/details/tenderers/id", "awards/status", "awards/suppliers/id"),
    alarms=(mark("Careless bidders: papers that are missing in every bid but one. Read the protocol."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("bids/details/status", "bids/details/tenderers/id", "awards/suppliers/id"),
    options={"threshold": Option(1, mark("fewest others that were disqualified"))},
    check=check,
)
