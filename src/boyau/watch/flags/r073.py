"""R073: was the work checked?"""

from collections.abc import Iterable
from typing import Any

from boyau.language.catalogue import mark
from boyau.watch import bases
from boyau.watch.flag import Answer, Flag, Hit, Option, Reason
from boyau.watch.model import Contract, Document
from boyau.watch.process import Process


def check(process: Process, options: Any) -> Answer:
    """Look for a document of every contract that should have one."""
    meant = [
        contract for contract in process.contracts if contract.status in options.statuses or contract.status is None
    ]
    if not meant:
        return Reason.STATUS
    bare = sum(not {document.documentType for document in documents(contract)} & options.types for contract in meant)
    return Hit(bare, {"contracts": len(meant), "without": bare}) if bare else None


def documents(contract: Contract) -> Iterable[Document]:
    """Return the documents that are looked at."""
    return (contract.implementation.documents if contract.implementation is not None else None) or ()


FLAG = Flag(
    id="R073",
    title=mark("Discrepancies between work completed and contract specifications"),
    question=mark("Was a contract ended without a paper that says what was done?"),
    formula="types ∩ contracts.implementation.documents.documentType = ∅, status = terminated",
    fields=("contracts/status", "contracts/documents/documentType", "contracts/implementation/documents/documentType"),
    alarms=(
        mark("Purchases that are handed over at once."),
        mark("That the paper tells another story than the contract: somebody must read both."),
    ),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("contracts",),
    somewhere=("contracts/implementation/documents",),
    options={
        "types": Option(
            ["completionCertificate", "physicalProgressReport", "finalAudit"], mark("document types that will do"), list
        ),
        "statuses": Option(["terminated"], mark("statuses of a contract that are looked at"), list),
    },
    check=check,
)
