"""What a store must do. Decorators and other engines add the rest behind the same Protocol."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from boyau.codec import Batch


class StoreError(Exception):
    """The store cannot do what was asked; nothing was acknowledged."""


class StoreFull(StoreError):  # noqa: N818 - a condition of the disk
    """No room is left. Nothing of the batch was kept; reading goes on; make room and send it again."""


class StoreLocked(StoreError):  # noqa: N818 - a condition of the file
    """Another process writes this ledger."""


class StoreDamaged(StoreError):  # noqa: N818 - a condition of the file
    """What is stored is not what was written: it was changed, or the disk is failing."""


class Conflict(StoreError):  # noqa: N818 - a race, not a fault
    """Another writer has appended first: this one's state is old. It must read on before it writes again."""


class Store(Protocol):
    """Appends sealed batches and reads them back. Numbers are gapless from 0 and never written twice."""

    def append(self, batches: Sequence[Batch]) -> None:
        """Keep all of *batches* or none; they are on disk when this returns. Raises ``Conflict`` or ``StoreFull``."""

    def read(self, number: int) -> Batch:
        """Return batch *number*, checked against its own hashes. KeyError where there is none."""

    def containing(self, entry: int) -> Batch:
        """Return the batch that holds entry *entry*."""

    def locate(self, entry: int) -> tuple[int, int]:
        """Return (number, first entry) of the batch that would hold entry *entry*. KeyError where none does."""

    def part(self, number: int, offset: int, size: int) -> bytes:
        """Return a part of a batch's body, unchecked: whoever asks has checked that batch before."""

    def batches(self, number: int = 0) -> Iterator[Batch]:
        """Return the batches from *number* on, in order."""

    def last(self) -> Batch | None:
        """Return the newest batch, or None in an empty store."""

    def tiles(self) -> bytes:
        """Return the hashes of all full tiles (256 entries each), 32 bytes each."""

    def put_checkpoint(self, size: int, note: str) -> None:
        """Keep a signed checkpoint of *size* entries, in the place of an earlier one of that size."""

    def checkpoints(self) -> list[tuple[int, str]]:
        """Return (size, note) of every checkpoint, smallest first."""

    def checkpoint(self, size: int) -> tuple[int, str] | None:
        """Return the smallest checkpoint of at least *size* entries, None where none is; of size 0 the newest."""

    def put_snapshot(self, entry: int, number: int, state: bytes, ids: bytes) -> None:
        """Keep a snapshot of the state after batch *number*, and the ids since the snapshot before."""

    def snapshot(self) -> tuple[int, int, bytes] | None:
        """Return (entry, batch number, state) of the newest snapshot."""

    def snapshot_ids(self, entry: int) -> Iterator[bytes]:
        """Return the lists of ids up to the snapshot at *entry*, oldest first."""

    def drop_snapshots(self) -> None:
        """Forget all snapshots; they can be made again from the batches."""

    def close(self) -> None:
        """Give back files and locks."""
