"""The gate: who may do what (``roles.toml``), every decision recorded, four eyes. The contract is docs/access.md."""

from boyau.service.gate.access import Access
from boyau.service.gate.policy import POLICY, Facts, Policy

__all__ = ["POLICY", "Access", "Facts", "Policy"]
