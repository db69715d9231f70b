"""Exports and backups, of which ``restore`` makes a ledger again. The form is docs/file-format.md, "Export".

An export is only added to: finished segments stay as they are, and the manifest, written last, lists what is finished.
So whatever interrupts it, the manifest on disk describes a whole export, and the next run goes on from there.
"""

import fcntl
import hashlib
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from boyau.codec import RECORDS, ZERO_HASH, Batch, CodecError
from boyau.proofs.leaves import batch_leaves
from boyau.proofs.tree import Frontier, Hashes, ProofError
from boyau.stores import Store, StoreDamaged
from boyau.verify.archive_files import (
    CHECKPOINTS,
    LENGTH_BYTES,
    MANIFEST,
    SEGMENTS,
    Manifest,
    Segment,
    checkpoint_name,
    read_manifest,
    segment_name,
)
from boyau.verify.sources import Unreadable

SEGMENT_BYTES = 64 << 20
"""A segment is finished once it has so much: what an interruption costs, and what a verifier holds in memory."""
PART = ".part"

Progress = Callable[[int], None]


class ArchiveError(Exception):
    """An export cannot be made here, or cannot be restored; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds now, and what it held before (None: nothing)."""

    manifest: Manifest
    before: Manifest | None

    @property
    def new_entries(self) -> int:
        """Entries that came since the last time: without this run they could have been lost."""
        return self.manifest.entries - (self.before.entries if self.before else 0)


def export(store: Store, directory: Path, progress: Progress = lambda _entries: None) -> Exported:
    """Bring the export in *directory* up to the ledger's newest batch, beside whoever writes it.

    Every batch is checked on the way, up to the root of the tree: what is damaged is not copied. Where a batch is
    damaged, what stands before it is exported, and ``StoreDamaged`` raised.
    """
    last = store.last()
    if last is None:
        raise ArchiveError("the ledger holds no entry yet")
    try:
        with _locked(directory):
            return _Export(store, directory, last, progress).run()
    except OSError as error:
        raise ArchiveError(f"{error.filename or directory} could not be written: {error.strerror}") from None


class _Export:
    """One run."""

    def __init__(self, store: Store, directory: Path, last: Batch, progress: Progress) -> None:
        self.store, self.directory, self.last, self.progress = store, directory, last, progress
        self.before = self._before()
        self.tip, self.frontier, self._edge = ZERO_HASH, Frontier(), b""
        if self.before:
            self._continue(self.before)
        self.manifest = self.before or Manifest(_uuid(last.ledger), _title(store), 0, 0, 0, "", "")

    def _before(self) -> Manifest | None:
        """Return the manifest that is there; None in a new or barely begun export."""
        names = {one.name for one in self.directory.iterdir()}
        if MANIFEST not in names:
            strange = sorted(names - {SEGMENTS, CHECKPOINTS, MANIFEST + PART})
            if strange:
                raise ArchiveError(f"{self.directory} holds other things ({strange[0]}); name a new folder")
            return None
        try:
            return read_manifest(self.directory)[0]
        except Unreadable as error:
            raise ArchiveError(str(error)) from None

    def _continue(self, before: Manifest) -> None:
        """Check that the export is of this ledger, and that the ledger still has what was exported."""
        if before.ledger != _uuid(self.last.ledger):
            raise ArchiveError(f"{self.directory} is the export of another ledger, {before.ledger}; name a new folder")
        if before.batches > self.last.number + 1:
            raise ArchiveError(
                f"{self.directory} holds {before.entries} entries, and the ledger only {self.last.end}: the ledger "
                "was put back to an older state. Keep the export; `boyau verify --against` compares the two"
            )
        newest = self.store.read(before.batches - 1)
        if newest.hash.hex() != before.tip:
            raise ArchiveError(
                f"{self.directory} holds another history of this ledger. Keep it; `boyau verify --against` names the "
                "first entry that differs"
            )
        try:
            self.frontier = Frontier.load(bytes.fromhex(before.edge))
        except (ProofError, ValueError):
            self.frontier = Frontier()
        if self.frontier.size != before.entries or self.frontier.root() != newest.root:
            raise ArchiveError(
                f"{self.directory / MANIFEST} was changed: its edge is not that of the tree; export anew"
            )
        for segment in before.segments:
            path = self.directory / segment.name
            if not path.is_file() or path.stat().st_size != segment.bytes:
                raise ArchiveError(f"{path} is missing or has another length; put it back, or export into a new folder")
        self.tip = newest.hash

    def run(self) -> Exported:
        """Write what is new."""
        for name in (SEGMENTS, CHECKPOINTS):
            (self.directory / name).mkdir(exist_ok=True)
            for left in (self.directory / name).glob(f"*{PART}"):
                left.unlink()
        sync(self.directory)
        damaged = self._segments()
        self._checkpoints()
        data = self.manifest.dump()
        if self.before is None or data != self.before.dump():
            _put(self.directory / MANIFEST, data)
        if damaged is not None:
            raise damaged
        return Exported(self.manifest, self.before)

    def _segments(self) -> StoreDamaged | None:
        """Write segment after segment, and after each the manifest; return what kept it from going on."""
        batches = self._checked()
        while self.manifest.batches <= self.last.number:
            number = self.manifest.batches
            path = self.directory / segment_name(number)
            part = path.with_name(path.name + PART)
            with part.open("wb") as file:
                segment, newest, damaged = self._fill(file, batches)
                file.flush()
                os.fsync(file.fileno())
            if newest is None:
                part.unlink()
                return damaged
            part.replace(path)
            sync(path.parent)
            self.manifest = replace(
                self.manifest,
                entries=newest.end,
                batches=newest.number + 1,
                time=newest.time,
                tip=newest.hash.hex(),
                edge=self._edge.hex(),
                segments=[*self.manifest.segments, segment],
            )
            _put(self.directory / MANIFEST, self.manifest.dump())
            if damaged is not None:
                return damaged
        return None

    def _checked(self) -> Iterator[tuple[Batch, bytes]]:
        """Return the new batches with their marks, each checked: hashes, chain, tree."""
        for batch in self.store.batches(self.manifest.batches):
            if batch.number > self.last.number:
                return
            leaves = _leaves(batch)
            if batch.previous != self.tip or batch.first != self.frontier.size:
                raise StoreDamaged(f"batch {batch.number} does not follow the one before it; `boyau verify` says more")
            self.frontier.append(leaves)
            if self.frontier.root() != batch.root:
                raise StoreDamaged(f"batch {batch.number} is not under its root; `boyau verify` says more")
            self.tip = batch.hash
            yield batch, leaves[:, :4].tobytes()

    def _fill(
        self, file: BinaryIO, batches: Iterator[tuple[Batch, bytes]]
    ) -> tuple[Segment, Batch | None, StoreDamaged | None]:
        """Write frames until the segment is full, or the batches end, or one is damaged."""
        number, first = self.manifest.batches, self.manifest.entries
        digest, size, newest, damaged = hashlib.sha256(), 0, None, None
        try:
            for batch, marks in batches:
                for part in (batch.header, len(batch.body).to_bytes(LENGTH_BYTES, "little"), batch.body, marks):
                    file.write(part)
                    digest.update(part)
                    size += len(part)
                newest, self._edge = batch, self.frontier.dump()
                self.progress(batch.end)
                if size >= SEGMENT_BYTES:
                    break
        except StoreDamaged as error:
            damaged = error
        if newest is None:
            damaged = damaged or StoreDamaged(f"batch {number} is missing; `boyau verify` says more")
        count = 0 if newest is None else newest.number + 1 - number
        entries = 0 if newest is None else newest.end - first
        return Segment(number, count, first, entries, size, digest.hexdigest()), newest, damaged

    def _checkpoints(self) -> None:
        """Write the checkpoints up to the end, and those again that have more cosignatures now."""
        listed = dict(self.manifest.checkpoints)
        for size, note in self.store.checkpoints():
            data = note.encode()
            digest = hashlib.sha256(data).hexdigest()
            if 0 < size <= self.manifest.entries and listed.get(size) != digest:
                _put(self.directory / checkpoint_name(size), data)
                listed[size] = digest
        self.manifest = replace(self.manifest, checkpoints=listed)


def _leaves(batch: Batch) -> Hashes:
    try:
        return batch_leaves(batch)
    except CodecError as error:
        raise StoreDamaged(f"batch {batch.number}: {error}") from None


def _uuid(ledger: bytes) -> str:
    return str(uuid.UUID(bytes=ledger))


def _title(store: Store) -> str:
    """Return the name that entry 0 gives the ledger."""
    batch = store.read(0)
    record = batch.records()[0] if batch.kind == RECORDS else {}
    return str(record.get("name", "")) if isinstance(record, dict) else ""


def _put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: beside its place, synced, renamed, and the rename synced."""
    part = path.with_name(path.name + PART)
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync(path.parent)


def sync(directory: Path) -> None:
    """Sync a folder, so that a rename in it survives a power cut."""
    number = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Make the folder if need be, and keep other exports out of it."""
    if not directory.exists():
        if not directory.parent.is_dir():
            raise ArchiveError(f"{directory.parent} is no folder; make it first")
        directory.mkdir()
        sync(directory.parent)
    if not directory.is_dir():
        raise ArchiveError(f"{directory} is a file; an export is a folder")
    number = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveError(f"another export is writing into {directory}; wait for it") from None
        yield
    finally:
        with suppress(OSError):
            os.close(number)
