"""The stored checkpoints against the recomputed tree, the log's keys, and the witnesses that the reader trusts.

Times. A witness says when it saw a checkpoint. An entry that the checkpoint covers cannot have been made later; the
first entry that it does not cover was made later, or at most so long before as a checkpoint takes to reach a witness.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from boyau.codec import RECORDS, read_json, split_records
from boyau.ledger.log_keys import LogKeys
from boyau.proofs.note import Checkpoint, Note, NoteError, Verifier
from boyau.verify.findings import Code, Findings
from boyau.verify.sources import Frame, Header, Source

CLOCKS_APART_SECONDS = 300
"""Clocks of a log and of witnesses may differ by so much."""
COSIGNED_AFTER_SECONDS = 3600
"""A checkpoint reaches its first witness within so much; what was entered meanwhile is not back-dated."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the reader knows from elsewhere. *quorum* None: more than half of the witnesses."""

    keys: tuple[Verifier, ...] = ()
    witnesses: tuple[Verifier, ...] = ()
    quorum: int | None = None

    @property
    def needed(self) -> int:
        """How many witnesses must have cosigned the newest checkpoint."""
        if self.quorum is not None:
            return self.quorum
        return len(self.witnesses) // 2 + 1 if self.witnesses else 0


class Kept(NamedTuple):
    """A checkpoint that is stored."""

    size: int
    where: str
    note: str


@dataclass(slots=True)
class Newest:
    """The newest checkpoint that holds."""

    size: int = 0
    cosigned: int = 0
    """How many trusted witnesses have cosigned it."""
    witnessed: int = 0
    """The newest size that enough of them have cosigned."""
    key: str = ""


class Checkpoints:
    """Meets the checkpoints in order of size while the tree grows."""

    def __init__(self, source: Source, findings: Findings, trust: Trust) -> None:
        self._findings, self._trust = findings, trust
        self._rest: Iterator[tuple[int, str, str]] = iter(source.checkpoints(findings))
        self._ahead: Kept | None = None
        self._pull()
        self._waiting: list[Kept] = []
        self._late: tuple[int, int, str] | None = None
        """(size, cosigned at, where) of a checkpoint whose next entry is still to come."""
        self._times: dict[Verifier, tuple[int, int]] = {}
        self._bad: list[Kept] = []
        self.keys = LogKeys()
        self.keys_sure = True
        self.count = 0
        self.newest = Newest()

    def _pull(self) -> None:
        found = next(self._rest, None)
        self._ahead = None if found is None else Kept(*found)

    def cuts(self, first: int, end: int) -> list[int]:
        """Return the sizes of checkpoints above *first* and up to *end*."""
        while self._ahead is not None and self._ahead.size <= end:
            self._waiting.append(self._ahead)
            self._pull()
        return [one.size for one in self._waiting if first < one.size <= end]

    def take(self, frame: Frame, header: Header, origin: str, roots: dict[int, bytes], *, sealed: bool) -> None:
        """Judge the checkpoints whose size this batch reached."""
        if self._late is not None and header.count:
            size, seconds, where = self._late
            self._late = None
            if size == header.first:
                self._back_dated(size, seconds, where, header.time)
        if header.kind == RECORDS:
            if not sealed:
                self.keys_sure = False
            elif b'"log_key"' in frame.body:
                self._keys(frame.body, header)
        for kept in self._waiting:
            self._judge(kept, header, origin, roots.pop(kept.size, None))
        self._waiting.clear()

    def _keys(self, body: bytes, header: Header) -> None:
        try:
            for k, data in enumerate(split_records(body, header.count)):
                if b'"log_key"' in data:
                    record = read_json(data)
                    if isinstance(record, dict) and record.get("type") == "log_key":
                        self.keys.take(record, header.first + k)
        except Exception:  # noqa: BLE001 - a record that is no such record; the replay says so
            self.keys_sure = False

    def _judge(self, kept: Kept, header: Header, origin: str, root: bytes | None) -> None:
        self.count += 1
        try:
            note = Note.read(kept.note)
            said = Checkpoint.read(note.text)
            if said.origin != origin or said.size != kept.size or kept.size < 1:
                raise NoteError(f"it says {said.origin} {said.size}")
        except NoteError as error:
            self._findings.add(Code.CHECKPOINT_FORM, where=kept.where, error=str(error))
            return
        key = self._signed(kept, note)
        times = self._witnesses(kept, note)
        if root is None:  # damage that is told keeps this size from being computed
            return
        if root != said.root:
            self._bad.append(kept)
            return
        if self._bad or not key:
            return
        cosigned = len({one.public_key for one in times})  # two names of one key are one witness
        self.newest.size, self.newest.cosigned, self.newest.key = kept.size, cosigned, key
        if cosigned >= self._trust.needed:
            self.newest.witnessed = kept.size
        if times:
            self._judge_times(kept, header, times)

    def _signed(self, kept: Kept, note: Note) -> str:
        """Return the name of the key that rules at this size and has signed; "" and a finding where it has not."""
        ruling = self.keys.at(kept.size)
        allowed = [Verifier(ruling.name, bytes.fromhex(ruling.key))] if ruling else list(self._trust.keys)
        reason = "" if allowed else "no key"
        try:
            signed = note.verified(allowed)
            if signed:
                return str(next(iter(signed)))
        except NoteError as error:
            reason = str(error)
        if self.keys_sure or not reason:
            signers = ", ".join(sorted({name for name, _, _ in note.signatures}))
            facts = {"reason": reason, "signers": signers, "key": str(allowed[0]) if allowed else ""}
            self._findings.add(Code.CHECKPOINT_UNSIGNED, 0, kept.size - 1, kept.where, **facts)
        return ""

    def _witnesses(self, kept: Kept, note: Note) -> dict[Verifier, int]:
        """Return when each trusted witness has cosigned."""
        times: dict[Verifier, int] = {}
        for witness in self._trust.witnesses:
            try:
                times |= note.verified([witness])
            except NoteError as error:
                self._findings.add(
                    Code.COSIGNATURE_WRONG, 0, kept.size - 1, kept.where, name=witness.name, error=str(error)
                )
        return times

    def _judge_times(self, kept: Kept, header: Header, times: dict[Verifier, int]) -> None:
        for witness, seconds in times.items():
            size, before = self._times.get(witness, (0, seconds))
            if seconds + CLOCKS_APART_SECONDS < before:
                facts = {"name": witness.name, "time": seconds * 1_000_000, "before": before * 1_000_000}
                self._findings.add(Code.WITNESS_ORDER, size, kept.size - 1, kept.where, **facts)
            self._times[witness] = kept.size, max(seconds, before)
        earliest = min(times.values())
        if header.time > (earliest + CLOCKS_APART_SECONDS) * 1_000_000:
            facts = {"time": header.time, "seen": earliest * 1_000_000}
            self._findings.add(Code.TIME_AHEAD, max(header.first, 0), kept.size - 1, kept.where, **facts)
        if kept.size == header.end:
            self._late = kept.size, earliest, kept.where
        else:
            self._back_dated(kept.size, earliest, kept.where, header.time)

    def _back_dated(self, entry: int, seconds: int, where: str, time: int) -> None:
        if time < (seconds - COSIGNED_AFTER_SECONDS) * 1_000_000:
            self._findings.add(Code.BACK_DATED, entry, where=where, time=time, seen=seconds * 1_000_000)

    def finish(self, entries: int) -> None:
        """Tell of checkpoints beyond the end, of roots that differ, and whether what is trusted covers the ledger."""
        while self._ahead is not None:
            self._waiting.append(self._ahead)
            self._pull()
        if self._waiting:
            newest = self._waiting[-1]
            facts: dict[str, Any] = {"size": newest.size, "entries": entries, "more": len(self._waiting) - 1}
            self._findings.add(Code.CHECKPOINT_BEYOND, entries, max(entries, newest.size - 1), newest.where, **facts)
        if self._bad:
            first = self._bad[0]
            good = self.newest.size
            self._findings.add(
                Code.CHECKPOINT_ROOT, good, first.size - 1, first.where, good=good, more=len(self._bad) - 1
            )
        if self._trust.keys and not self._key_trusted():
            self._findings.add(Code.KEY_UNTRUSTED, 0, max(0, entries - 1), key=self.first_key)
        newest_size, needed = self.newest.size, self._trust.needed
        if needed and (self.newest.cosigned < needed or not newest_size):
            facts = {"where": "", "count": self.newest.cosigned, "needed": needed, "size": newest_size}
            last = max(self.newest.witnessed, newest_size - 1, 0)
            self._findings.add(Code.QUORUM, self.newest.witnessed, last, **facts)

    def _key_trusted(self) -> bool:
        """Tell whether the newest checkpoint is signed by a key that is trusted, or by one that such a key named."""
        trusted = {str(key) for key in self._trust.keys}
        named = [str(Verifier(one.name, bytes.fromhex(one.key))) for one in self.keys.keys]
        first = next((k for k, key in enumerate(named) if key in trusted), len(named))
        return self.newest.key in trusted or self.newest.key in named[first:]

    @property
    def contradicted(self) -> int | None:
        """The first entry that may be another than the log signed; None while every root has been the signed one."""
        return self.newest.size if self._bad else None

    @property
    def first_key(self) -> str:
        """The first key that the journal names, as people hand it on; "" where there is none."""
        keys = self.keys.keys
        return str(Verifier(keys[0].name, bytes.fromhex(keys[0].key))) if keys else ""
