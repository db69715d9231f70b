"""One pass over a ledger: chain, tree, decisions, checkpoints, and an older copy beside it; memory stays bounded."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from boyau.codec import RECORDS, CodecError
from boyau.ledger import Ledger
from boyau.ledger.log_keys import ORIGIN
from boyau.proofs.note import NoteError, Verifier
from boyau.proofs.receipt import Receipt
from boyau.proofs.tree import ProofError
from boyau.verify.against import Against
from boyau.verify.archive_files import ArchiveFiles
from boyau.verify.chain import Chain, Taken
from boyau.verify.checkpoints import Checkpoints, Newest, Trust
from boyau.verify.findings import Code, Finding, Findings
from boyau.verify.ledger_file import LedgerFile
from boyau.verify.replay import Replay
from boyau.verify.sources import Header, Source, Unreadable, read_header

SQLITE = b"SQLite format 3\x00"
RECEIPT_BYTES_MAX = 256 << 10


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and what was looked at."""

    kind: str
    name: str
    ledger: str
    title: str
    entries: int
    batches: int
    time: int
    tip: str
    root: str
    state_hash: str
    stopped: int | None
    """The entry from which on decisions could not be made again, or None."""
    differing: int
    """Entries that were decided otherwise; the first of them are among the findings."""
    checkpoints: int
    newest: Newest
    first_key: str
    snapshot_checked: bool
    compared: int | None
    """Entries that an older copy has alike; None where none was given."""
    count: int
    findings: list[Finding] = field(default_factory=list)


def open_source(target: str) -> Source:
    """Open what is verified: a ledger file, or the directory of an export. ``Unreadable`` where it is neither."""
    path = Path(target.removeprefix("sqlite:///").removeprefix("sqlite:"))
    if path.is_dir():
        return ArchiveFiles(path)
    head = _head(path)
    if head != SQLITE:
        raise Unreadable(f"{path} is neither a ledger nor an export nor a receipt")
    return LedgerFile(path)


def is_receipt(target: str) -> bool:
    """Tell whether a file begins as a receipt does."""
    path = Path(target)
    return not path.is_dir() and _head(path).lstrip()[:1] == b"{"


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(SQLITE))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None


def read_receipt(path: Path) -> Receipt:
    """Read a receipt; ``Unreadable`` where a file is none."""
    try:
        with path.open("rb") as file:
            return Receipt.from_json(file.read(RECEIPT_BYTES_MAX))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from None
    except (ProofError, NoteError) as error:
        raise Unreadable(f"{path}: {error}") from None


def verify_receipt(receipt: Receipt, trust: Trust) -> tuple[dict[Verifier, int], list[Finding]]:
    """Check a receipt; return who of the trusted has signed, and what is wrong with it."""
    try:
        return receipt.verify([*trust.keys, *trust.witnesses], trust.needed), []
    except (ProofError, NoteError, ValueError) as error:
        return {}, [Finding(Code.RECEIPT, receipt.entry, receipt.entry, facts={"error": str(error)})]


class Verification:
    """A source being verified. ``batches`` gives each batch after its checks; ``report`` says what came out."""

    def __init__(
        self,
        source: Source,
        trust: Trust | None = None,
        *,
        against: Source | None = None,
        progress: Callable[[int], None] = lambda _entries: None,
    ) -> None:
        self.source, self._progress = source, progress
        self.findings = Findings()
        self.checkpoints = Checkpoints(source, self.findings, trust or Trust())
        self.chain = Chain(source, self.findings, self.checkpoints.cuts)
        self.replay = Replay(source, self.findings)
        self._against = None if against is None else Against(against, self.findings)
        self.title: str | None = None
        self.passed: Header | None = None
        """The header at which ``batches`` stopped, if it stopped before the end."""

    @property
    def ledger(self) -> Ledger:
        """The state decided again."""
        return self.replay.ledger

    def batches(self, beyond: Callable[[Header], bool] | None = None) -> Iterator[Taken]:
        """Check batch after batch, up to the first that lies *beyond*."""
        for frame in self.source.frames(self.findings):
            if beyond is not None:
                self.passed = read_header(frame.header)
                if self.passed is not None and beyond(self.passed):
                    return
                self.passed = None
            taken = self.chain.take(frame)
            if taken is None:
                self.replay.stop(self.ledger.sequence)
                continue
            header, batch = taken
            if self.title is None:
                self.replay.begin(header.ledger)
                self.title = _title(taken)
            if batch is None:
                self.replay.stop(header.first)
            else:
                self.replay.take(frame.place, batch, self.chain.frontier)
            if self._against is not None:
                self._against.take(frame, header)
            if self.chain.gap:  # perhaps there was a record with a key
                self.checkpoints.keys_sure = False
            self.checkpoints.take(frame, header, self.origin, self.chain.roots, sealed=batch is not None)
            self._progress(header.end)
            yield taken

    @cached_property
    def origin(self) -> str:
        """The origin line that the checkpoints must have; asked for when the first header was read."""
        return ORIGIN + str(uuid.UUID(bytes=self.chain.ledger or bytes(16)))

    def report(self, taken: Iterable[Taken] = ()) -> Report:
        """Check what is left of *taken* (by default everything), then what only the end shows; return the report."""
        for _ in taken or self.batches():
            pass
        chain, replay = self.chain, self.replay
        entries = chain.first
        facts: dict[str, object] = {"entries": entries, "batches": chain.number, "name": self.title, "time": chain.time}
        facts |= {
            "ledger": self.origin.removeprefix(ORIGIN),
            "tip": chain.tip.hex() if chain.tip else None,
            "edge": chain.frontier.dump().hex() if chain.frontier else None,
        }
        self.checkpoints.finish(entries)
        if replay.stopped is None:
            replay.finish()
        if self._against is not None:
            self._against.finish(entries)
        self.source.finish(self.findings, facts)
        return Report(
            kind=self.source.kind,
            name=self.source.name,
            ledger=str(facts["ledger"]),
            title=self.title or "",
            entries=entries,
            batches=chain.number,
            time=chain.time or 0,
            tip=chain.tip.hex() if chain.tip else "",
            root=chain.frontier.root().hex() if chain.frontier else "",
            state_hash=replay.ledger.state_hash().hex() if replay.stopped is None else "",
            stopped=replay.stopped,
            differing=replay.differing,
            checkpoints=self.checkpoints.count,
            newest=self.checkpoints.newest,
            first_key=self.checkpoints.first_key,
            snapshot_checked=replay.snapshot_checked,
            compared=None if self._against is None else self._against.entries,
            count=len(self.findings),
            findings=list(self.findings),
        )


def _title(taken: Taken) -> str:
    """Return the name that entry 0 gives the ledger."""
    first: Any = None
    if taken.batch is not None and taken.header.kind == RECORDS and taken.header.first == 0:
        with suppress(CodecError):
            first = taken.batch.records()[0]
    return str(first.get("name", "")) if isinstance(first, dict) else ""
