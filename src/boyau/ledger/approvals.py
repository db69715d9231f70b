"""Four eyes: who proposed a command or a record, who approved it, and whether that makes its quorum.

A command is known by the digest of its bytes, a record by the digest of its canonical JSON: whoever approves, approves
exactly that. The checker is neither the maker nor the beneficiary (docs/ledger.md, "Approvals").
"""

import hashlib
import json
import re
from collections.abc import Collection
from typing import Any

from boyau.ledger.refusals import RecordRefused

_DIGEST = re.compile(r"[0-9a-f]{64}")


def command_digest(command: bytes) -> str:
    """Return the digest of a row's command: its first 112 bytes, as sent."""
    return hashlib.sha256(b"boyau command 1\n" + command).hexdigest()


def canonical(record: dict[str, Any]) -> bytes:
    """Return a record's canonical JSON (docs/formats.md), which digests and signatures are over."""
    return json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def record_digest(record: dict[str, Any]) -> str:
    """Return the digest of a record: of its canonical JSON (docs/formats.md)."""
    return hashlib.sha256(b"boyau record 1\n" + canonical(record)).hexdigest()


def digest_field(value: Any, field: str) -> str:
    """Read a digest: 64 small hexadecimal digits."""
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise RecordRefused("field_value", field, "must be a digest, 64 small hexadecimal digits; explain shows it")
    return value


class Approvals:
    """Proposals and approvals by digest."""

    def __init__(self) -> None:
        self.proposals: dict[str, tuple[str, int]] = {}
        """Digest: (maker, entry)."""
        self.given: dict[str, dict[str, int]] = {}
        """Digest: checker: last day on which the approval counts."""
        self.classes: dict[str, frozenset[str]] = {}
        """Classes of the participants by id; the registry keeps it."""

    def propose(self, digest: str, maker: str, entry: int) -> None:
        """Keep a proposal; the first stands."""
        if digest in self.proposals:
            told = f"was proposed by {self.proposals[digest][0]} in entry {self.proposals[digest][1]}"
            raise RecordRefused("proposal_made", "command", told)
        self.proposals[digest] = maker, entry

    def approve(self, digest: str, checker: str, until: int, *, withdrawn: bool) -> None:
        """Keep an approval, or take it back."""
        if digest not in self.proposals:
            raise RecordRefused("proposal_unknown", "command", "nobody proposed this; record the proposal first")
        if checker == self.proposals[digest][0]:
            raise RecordRefused("checker_is_maker", "by", f"{checker} proposed it; somebody else must approve")
        if withdrawn:
            self.given.get(digest, {}).pop(checker, None)
        else:
            self.given.setdefault(digest, {})[checker] = until

    def checkers(self, digest: str, classes: Collection[str], excluded: Collection[str], today: int) -> list[str]:
        """Return whose approvals count: of one of *classes*, none of *excluded*, valid *today*."""
        return sorted(
            who
            for who, until in self.given.get(digest, {}).items()
            if until >= today and who not in excluded and not self.classes[who].isdisjoint(classes)
        )
