"""Snapshots of the state beside the batches: what is kept, and when one that is found is believed."""

import hashlib

import numpy as np

from boyau.codec import Batch
from boyau.ledger import Ledger, snapshot
from boyau.proofs.tree import Frontier
from boyau.stores import Store


def put(store: Store, ledger: Ledger, last: tuple[int, bytes], frontier: Frontier, since: int) -> None:
    """Keep the state after batch *last* (number, hash), and the ids that came since entry *since*."""
    number, tip = last
    if since == 0:
        store.drop_snapshots()  # one that was not believed must not lend its ids to this one
    keys, entries = snapshot.ids_since(ledger, since)
    ids = _sealed(np.stack([keys, entries]).astype("<u8").tobytes())
    edge = frontier.dump()
    state = tip + len(edge).to_bytes(4, "little") + edge + _sealed(snapshot.dump(ledger))
    store.put_snapshot(ledger.sequence, number, state, ids)


def load(store: Store, ledger: Ledger) -> tuple[Batch, Frontier] | None:
    """Fill *ledger* from the newest snapshot; return the last batch that it covers, and the edge of the tree there.

    None where there is none, or where it belongs to another history. ValueError or KeyError where it is damaged: the
    ledger is then half filled, and the batches decide.
    """
    found = store.snapshot()
    if found is None:
        return None
    entry, number, state = found
    batch = store.read(number)
    if batch.end != entry or state[:32] != batch.hash:
        return None
    begin = 36 + int.from_bytes(state[32:36], "little")
    frontier = Frontier.load(state[36:begin])
    if frontier.size != entry or frontier.root() != batch.root:
        return None
    count = snapshot.load(ledger, _unsealed(state[begin:]))
    for data in store.snapshot_ids(entry):
        both = np.frombuffer(_unsealed(data), "<u8").reshape(2, -1)
        snapshot.load_ids(ledger, both[0], both[1])
    if ledger.tables.kernel.ids != count:
        raise snapshot.SnapshotError("lists of ids are missing")
    return batch, frontier


def _sealed(data: bytes) -> bytes:
    return hashlib.sha256(data).digest() + data


def _unsealed(data: bytes) -> bytes:
    if hashlib.sha256(data[32:]).digest() != data[:32]:
        raise snapshot.SnapshotError("the snapshot was changed")
    return data[32:]
