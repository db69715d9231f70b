"""Restoring: a new ledger from an export, every batch of it verified on the way."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boyau.codec import Batch
from boyau.journal.archive import PART, ArchiveError, Progress, sync
from boyau.journal.book import SNAPSHOT_ENTRIES_AT_CLOSE
from boyau.ledger import snapshot
from boyau.stores import SqliteStore, Store, StoreError
from boyau.verify import Code, Finding, Verification
from boyau.verify.archive_files import ArchiveFiles, Manifest
from boyau.verify.sources import Header, Unreadable

RESTORED_AT_ONCE_BYTES = 32 << 20
"""So much of a ledger that is being restored is synced at once: nobody was told yet that it is there."""
ABOUT_NOTES = {Code.CHECKPOINT_FILE, Code.CHECKPOINT_FORM, Code.CHECKPOINT_UNSIGNED, Code.MANIFEST_DIFFERS}
"""What a restored ledger can do without: such a checkpoint is left out, and said."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and what was not: the export's manifest says what there was."""

    entries: int
    batches: int
    time: int
    state_hash: bytes
    manifest: Manifest
    left_out: list[Finding]
    """Checkpoints that were not as they must be."""


def restore(
    directory: Path,
    target: Path,
    *,
    until_entry: int | None = None,
    until: int | None = None,
    progress: Progress = lambda _entries: None,
) -> Restored:
    """Make a new ledger from an export, verified batch by batch on the way; whole, or not at all.

    Batches are not divided: the last one ends at *until_entry* or before, or was sealed at *until* (µs) or before.
    """
    if target.exists():
        raise StoreError(f"{target} exists already; a ledger is never overwritten")
    try:
        files = ArchiveFiles(directory)
    except Unreadable as error:
        raise ArchiveError(str(error)) from None
    part = target.with_name(target.name + PART)
    leftovers = [part.with_name(part.name + end) for end in ("", "-wal", "-shm", "-journal", "-lock")]
    try:
        for left in leftovers:
            left.unlink(missing_ok=True)
        made = _restored(files, part, until_entry, until, progress)
        try:
            target.hardlink_to(part)  # never over a file that came meanwhile, as a rename would be
        except PermissionError:  # a file system without links
            part.rename(target)
        sync(target.absolute().parent)
    except FileExistsError:
        raise StoreError(f"{target} exists already; a ledger is never overwritten") from None
    except OSError as error:
        raise StoreError(f"{error.filename or target} could not be written: {error.strerror}") from None
    finally:
        files.close()
        for left in leftovers:
            with suppress(OSError):
                left.unlink(missing_ok=True)
    return made


def _restored(
    files: ArchiveFiles, part: Path, until_entry: int | None, until: int | None, progress: Progress
) -> Restored:
    def beyond(header: Header) -> bool:
        return (until_entry is not None and header.end - 1 > until_entry) or (until is not None and header.time > until)

    work = Verification(files, progress=progress)
    store = SqliteStore(str(part), write=True, create=True)
    try:
        group: list[Batch] = []
        for taken in work.batches(beyond):
            _stop_at_damage(work)
            if taken.batch is not None:
                group.append(taken.batch)
            if sum(len(one.body) for one in group) >= RESTORED_AT_ONCE_BYTES:
                store.append(group)
                group = []
        _stop_at_damage(work)
        if group:
            store.append(group)
        last = store.last()
        if last is None:
            raise ArchiveError("nothing lies before that point: the first entry is later")
        if last.number + 1 < files.manifest.batches and work.passed is None:
            raise ArchiveError(f"{files.name} lacks batch {last.number + 1}; take another copy of the export")
        left_out = [one for one in work.findings if one.code in ABOUT_NOTES]
        faulty = {one.where for one in left_out}
        for size, where, note in files.checkpoints(work.findings):
            if size <= last.end and where not in faulty:
                store.put_checkpoint(size, note)
        if last.end >= SNAPSHOT_ENTRIES_AT_CLOSE:
            _snapshot(store, work, last)
    finally:
        store.close()
    return Restored(last.end, last.number + 1, last.time, work.ledger.state_hash(), files.manifest, left_out)


def _stop_at_damage(work: Verification) -> None:
    """Stop where an entry is not as it was sealed, signed or decided."""
    found = next((one for one in work.findings if one.code not in ABOUT_NOTES), None)
    if found is None and work.checkpoints.contradicted is None:
        return
    first = found.first if found is not None else work.checkpoints.contradicted
    where = f" ({found.where})" if found is not None and found.where else ""
    before = f", or restore what is before it with --until-entry {first - 1}" if first else ""
    raise ArchiveError(
        f"the export is damaged at entry {first}{where}: {found.code if found else Code.CHECKPOINT_ROOT}. "
        f"`boyau verify` says more; take another copy of the export{before}"
    )


def _snapshot(store: Store, work: Verification, last: Batch) -> None:
    """Keep the state that was decided on the way, so that opening need not decide everything once more."""
    assert work.chain.frontier is not None
    keys, entries = snapshot.ids_since(work.ledger, 0)
    ids = np.stack([keys, entries]).astype("<u8").tobytes()
    edge, state = work.chain.frontier.dump(), snapshot.dump(work.ledger)
    head = last.hash + len(edge).to_bytes(4, "little") + edge
    store.put_snapshot(last.end, last.number, head + _sealed(state), _sealed(ids))


def _sealed(data: bytes) -> bytes:
    return hashlib.sha256(data).digest() + data
