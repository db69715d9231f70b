"""Verifying a ledger, an export or a receipt apart from the program that wrote it: with codec, proofs and ledger alone.

Whatever it is given, a report comes out; ``Unreadable`` where there is nothing to report on (docs/verify.md).
"""

from boyau.verify.checkpoints import Trust
from boyau.verify.findings import Code, Finding
from boyau.verify.sources import Source, Unreadable
from boyau.verify.verification import (
    Report,
    Verification,
    is_receipt,
    open_source,
    read_receipt,
    verify_receipt,
)

__all__ = [
    "Code",
    "Finding",
    "Report",
    "Source",
    "Trust",
    "Unreadable",
    "Verification",
    "is_receipt",
    "open_source",
    "read_receipt",
    "verify_receipt",
]
