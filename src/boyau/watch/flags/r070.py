"""R070: do losers work for the winner?"""

from collections.abc import Iterator
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Exact, Flag, Found, Group, Reason, Row
from boyau.watch.process import Process


class Subcontracts:
    """Which process names which as its subcontract, who lost in the first, and who was awarded each."""

    def __init__(self, _options: Any) -> None:
        self.meta: dict[str, Exact | None] = {}
        self._losers: dict[str, list[tuple[Row, frozenset[str]]]] = {}
        self._suppliers: dict[str, frozenset[str]] = {}

    def add(self, process: Process) -> Reason | None:
        """Take one process in: as one that has subcontracts, and as one that may be one."""
        winners = process.winners()
        named = [
            related.identifier
            for contract in process.contracts
            for related in contract.relatedProcesses or ()
            if related.identifier and "subContract" in (related.relationship or ())
        ]
        for identifier in named:
            self._losers.setdefault(identifier, []).append((process.row(), process.participants - winners))
        if winners and not process.bids:  # subcontracts are published without a contest of their own
            self._suppliers[process.ocid] = winners
        return None if named else Reason.NOTHING_TO_COMPARE

    def merge(self, other: Any) -> None:
        """Take in another's."""
        for identifier, found in other._losers.items():  # noqa: SLF001 - one class
            self._losers.setdefault(identifier, []).extend(found)
        self._suppliers |= other._suppliers  # noqa: SLF001

    def finish(self) -> Iterator[Found]:
        """Bring both together."""
        for identifier, found in sorted(self._losers.items()):
            hired = self._suppliers.get(identifier, frozenset())
            for row, losers in sorted(found, key=lambda one: one[0].ocid):
                same = sorted(losers & hired)
                if same:
                    told = {"subcontract": identifier, "losers": same}
                    yield Found(Group.OCID, row.ocid, len(same), told, row)
                    for who in same:
                        yield Found(Group.TENDERER, who, 1, told, row)


def gather(options: Any) -> Subcontracts:
    """Begin."""
    return Subcontracts(options)


FLAG = Flag(
    id="R070",
    title=mark("Losing bidders are hired as subcontractors"),
    question=mark("Did a losing bidder become a subcontractor of the winner?"),
    formula="∃ contracts.relatedProcesses(subContract) → awards.suppliers ∩ (bidders ∖ winners) ≠ ∅",
    fields=(
        "contracts/relatedProcesses",
        "contracts/relatedProcesses/relationship",
        "awards/suppliers/id",
        "bids/details/tenderers/id",
    ),
    alarms=(mark("A subcontractor that the bid named openly."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("contracts/relatedProcesses|awards/suppliers/id",),
    somewhere=("contracts/relatedProcesses",),
    gather=gather,
)
