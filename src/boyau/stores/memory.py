"""A store that forgets when it is closed: for tests, simulations and trying things out."""

from collections.abc import Iterator, Sequence

from boyau.codec import Batch
from boyau.stores.port import Conflict


class MemoryStore:
    """Keeps batches in a list. Behaves as the others do, durability aside."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []
        self._snapshots: list[tuple[int, int, bytes, bytes]] = []
        self._checkpoints: dict[int, str] = {}

    def append(self, batches: Sequence[Batch]) -> None:
        """Keep all of *batches* or none."""
        if [batch.number for batch in batches] != list(range(len(self._batches), len(self._batches) + len(batches))):
            raise Conflict(f"batch {batches[0].number} is not the next, {len(self._batches)}")
        self._batches.extend(batches)

    def read(self, number: int) -> Batch:
        """Return batch *number*."""
        if not 0 <= number < len(self._batches):
            raise KeyError(number)
        return self._batches[number]

    def containing(self, entry: int) -> Batch:
        """Return the batch that holds entry *entry*."""
        low, high = 0, len(self._batches)
        while low < high:
            middle = (low + high) // 2
            if self._batches[middle].end <= entry:
                low = middle + 1
            else:
                high = middle
        if low == len(self._batches):
            raise KeyError(entry)
        return self._batches[low]

    def locate(self, entry: int) -> tuple[int, int]:
        """Return (number, first entry) of the batch that holds entry *entry*."""
        batch = self.containing(entry)
        return batch.number, batch.first

    def part(self, number: int, offset: int, size: int) -> bytes:
        """Return a part of a batch's body."""
        return self._batches[number].body[offset : offset + size]

    def batches(self, number: int = 0) -> Iterator[Batch]:
        """Return the batches from *number* on."""
        return iter(self._batches[number:])

    def last(self) -> Batch | None:
        """Return the newest batch."""
        return self._batches[-1] if self._batches else None

    def tiles(self) -> bytes:
        """Return the hashes of all full tiles."""
        return b"".join(batch.tiles for batch in self._batches)

    def put_checkpoint(self, size: int, note: str) -> None:
        """Keep a signed checkpoint."""
        self._checkpoints[size] = note

    def checkpoints(self) -> list[tuple[int, str]]:
        """Return every checkpoint, smallest first."""
        return sorted(self._checkpoints.items())

    def checkpoint(self, size: int) -> tuple[int, str] | None:
        """Return the smallest checkpoint of at least *size* entries; of size 0 the newest."""
        found = [one for one in self.checkpoints() if one[0] >= size]
        return None if not found else found[0] if size else found[-1]

    def put_snapshot(self, entry: int, number: int, state: bytes, ids: bytes) -> None:
        """Keep a snapshot."""
        self._snapshots = [one for one in self._snapshots if one[0] != entry]
        self._snapshots.append((entry, number, state, ids))

    def snapshot(self) -> tuple[int, int, bytes] | None:
        """Return the newest snapshot."""
        return self._snapshots[-1][:3] if self._snapshots else None

    def snapshot_ids(self, entry: int) -> Iterator[bytes]:
        """Return the lists of ids up to *entry*."""
        return (ids for at, _, _, ids in self._snapshots if at <= entry)

    def drop_snapshots(self) -> None:
        """Forget all snapshots."""
        self._snapshots.clear()

    def close(self) -> None:
        """Nothing to give back."""
