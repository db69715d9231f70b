"""R063: can the contract be read?"""

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
    return contract.documents or ()


FLAG = Flag(
    id="R063",
    title=mark("Contract is not published"),
    question=mark("Is a signed contract not published?"),
    formula="contractSigned ∉ contracts.documents.documentType",
    fields=("contracts/documents/documentType",),
    alarms=(mark("Contracts that hold a secret of the state."),),
    basis=(bases.OCP, bases.KZ_2016, bases.KZ_2025),
    needs=("contracts",),
    somewhere=("contracts/documents",),
    options={
        "types": Option(["contractSigned", "contractText"], mark("document types that will do"), list),
        "statuses": Option(["active", "terminated"], mark("statuses of a contract that are looked at"), list),
    },
    check=check,
)
