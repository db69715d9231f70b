"""What a verification finds: a code, the entries it is about, where it stands, and the facts. Words are elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

FINDINGS_MAX = 1000
"""So many are kept; the others are counted. A ledger that was rewritten differs everywhere."""


class Code(StrEnum):
    """Kinds of findings, from what keeps the most from being checked to what keeps the least."""

    UNREADABLE = "unreadable"
    MISSING = "missing"
    SEGMENT_MISSING = "segment_missing"
    SEGMENT_CHANGED = "segment_changed"
    SEGMENT_SWAPPED = "segment_swapped"
    FRAME_LENGTH = "frame_length"
    HEADER_CHANGED = "header_changed"
    OUT_OF_PLACE = "out_of_place"
    OTHER_LEDGER = "other_ledger"
    TIME_BACK = "time_back"
    CHAIN_BROKEN = "chain_broken"
    ENTRY_CHANGED = "entry_changed"
    BODY_CHANGED = "body_changed"
    BODY_FORM = "body_form"
    MARK_DIFFERS = "mark_differs"
    ROOT_DIFFERS = "root_differs"
    TILE_DIFFERS = "tile_differs"
    COLUMN_DIFFERS = "column_differs"
    DECISION_DIFFERS = "decision_differs"
    RECORD_REFUSED = "record_refused"
    REPLAY_FAILED = "replay_failed"
    UNBALANCED = "unbalanced"
    SNAPSHOT_DIFFERS = "snapshot_differs"
    SNAPSHOT_CHANGED = "snapshot_changed"
    CHECKPOINT_FORM = "checkpoint_form"
    CHECKPOINT_BEYOND = "checkpoint_beyond"
    CHECKPOINT_ROOT = "checkpoint_root"
    CHECKPOINT_UNSIGNED = "checkpoint_unsigned"
    CHECKPOINT_FILE = "checkpoint_file"
    KEY_UNTRUSTED = "key_untrusted"
    COSIGNATURE_WRONG = "cosignature_wrong"
    QUORUM = "quorum"
    WITNESS_ORDER = "witness_order"
    TIME_AHEAD = "time_ahead"
    BACK_DATED = "back_dated"
    MANIFEST_DIFFERS = "manifest_differs"
    AGAINST_DIFFERS = "against_differs"
    AGAINST_HEADER = "against_header"
    AGAINST_LONGER = "against_longer"
    AGAINST_OTHER = "against_other"
    AGAINST_DAMAGED = "against_damaged"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be. ``first`` to ``last``: entries, or None where it is about none."""

    code: Code
    first: int | None = None
    last: int | None = None
    where: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return the finding as JSON has it; bytes as hexadecimal digits."""
        facts = {name: value.hex() if isinstance(value, bytes) else value for name, value in self.facts.items()}
        return {"code": str(self.code), "first": self.first, "last": self.last, "where": self.where, **facts}


class Findings:
    """Findings so far, in the order in which they were met; beyond ``FINDINGS_MAX`` they are only counted."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.count = 0

    def add(
        self, code: Code, first: int | None = None, last: int | None = None, where: str = "", **facts: object
    ) -> None:
        """Note one more."""
        self.count += 1
        if len(self.kept) < FINDINGS_MAX:
            self.kept.append(Finding(code, first, first if last is None else last, where, facts))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.kept)

    def __len__(self) -> int:
        return self.count


def ranges(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Join numbers that follow one another: (first, last) of each run."""
    begin = 0
    for k in range(1, len(numbers) + 1):
        if k == len(numbers) or numbers[k] != numbers[k - 1] + 1:
            yield numbers[begin], numbers[k - 1]
            begin = k
