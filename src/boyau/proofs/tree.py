"""The Merkle tree of RFC 9162 (Certificate Transparency 2.0), section 2.1, with SHA-256.

``Frontier`` grows a tree by batches and knows its root; ``Nodes`` answers for proofs in any earlier size out of the
hashes of every 256 entries; the ``verify_`` functions need nothing but the proof. They decide against outside vectors.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from boyau.codec import TILE
from boyau.proofs import hasher

Hashes = npt.NDArray[np.uint8]
"""Hashes as rows: n × 32 bytes."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
TILE_LEVEL = TILE.bit_length() - 1
TILES_KEPT = 256
"""Tiles (16 KiB each, worked out down to the leaves) and partial nodes that are kept for the next proof."""
SIZE_MAX = 1 << 62
PROOF_MAX = 2 * 62


class ProofError(ValueError):
    """A proof that does not prove what it is given for; the message says where it fails."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 ‖ leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def hash_rows(data: Hashes) -> Hashes:
    """Return the SHA-256 of each row."""
    out = np.empty((len(data), 32), np.uint8)
    if len(data):
        hasher.rows(np.ascontiguousarray(data), out)
    return out


def parents(hashes: Hashes) -> Hashes:
    """Return the hashes of the nodes above 2 n hashes, n of them."""
    pairs = np.empty((len(hashes) // 2, 65), np.uint8)
    pairs[:, 0] = 1
    pairs[:, 1:] = hashes.reshape(-1, 64)
    return hash_rows(pairs)


def as_hashes(data: bytes) -> Hashes:
    """Return hashes that stand one after the other as rows."""
    return np.frombuffer(data, np.uint8).reshape(-1, 32)


class Frontier:
    """The right edge of a tree: enough to append and to know the root, 32 bytes a level."""

    def __init__(self, size: int = 0, odd: dict[int, bytes] | None = None) -> None:
        self.size = size
        self.odd: dict[int, bytes] = dict(odd or {})
        """By level: the one node that has no right neighbour yet."""
        if not 0 <= size <= SIZE_MAX or sorted(self.odd) != [k for k in range(size.bit_length()) if size >> k & 1]:
            raise ProofError("this is not the edge of a tree of that size")

    def append(self, leaves: Hashes) -> bytes:
        """Append leaf hashes and return the hashes of the tiles (256 leaves each) that became full, in order."""
        hashes, level, tiles = leaves, 0, b""
        self.size += len(leaves)
        while len(hashes):
            if level == TILE_LEVEL:
                tiles = hashes.tobytes()
            before = self.odd.pop(level, None)
            if before is not None:
                hashes = np.concatenate([as_hashes(before), hashes])
            if len(hashes) % 2:
                self.odd[level] = hashes[-1].tobytes()
                hashes = hashes[:-1]
            hashes = parents(hashes) if len(hashes) else hashes
            level += 1
        return tiles

    def root(self) -> bytes:
        """Return the root (RFC 9162, 2.1.1): the odd nodes folded from the right."""
        out: bytes | None = None
        for level in sorted(self.odd):
            out = self.odd[level] if out is None else node_hash(self.odd[level], out)
        return EMPTY_ROOT if out is None else out

    def dump(self) -> bytes:
        """Return the edge as bytes: the size in 8 bytes, little-endian, then the odd nodes from the lowest level."""
        return self.size.to_bytes(8, "little") + b"".join(self.odd[level] for level in sorted(self.odd))

    @classmethod
    def load(cls, data: bytes) -> "Frontier":
        """Read what ``dump`` wrote. ProofError where it is not that."""
        size = int.from_bytes(data[:8], "little")
        levels = [k for k in range(size.bit_length()) if size >> k & 1]
        if len(data) != 8 + 32 * len(levels):
            raise ProofError("this is not the edge of a tree")
        return cls(size, {level: data[8 + 32 * k : 40 + 32 * k] for k, level in enumerate(levels)})


class Nodes:
    """Hashes of nodes in the tree of *size* leaves: of whole tiles from *tiles*, below them from *leaves_of*.

    ``leaves_of(first, count)`` returns the leaf hashes of some entries, all in one tile.
    """

    def __init__(self, size: int, tiles: Hashes, leaves_of: Callable[[int, int], Hashes]) -> None:
        if len(tiles) != size >> TILE_LEVEL:
            raise ProofError(f"{len(tiles)} hashes of tiles are not those of {size} entries")
        self.size, self._leaves_of = size, leaves_of
        self._levels = [tiles]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append(parents(below[: len(below) // 2 * 2]))
        self._below: dict[int, list[Hashes]] = {}
        self._edge: dict[tuple[int, int], bytes] = {}

    def _full(self, level: int, index: int) -> bytes:
        """Return the hash of a full node, which covers 2^level leaves from index × 2^level."""
        if level >= TILE_LEVEL:
            return bytes(self._levels[level - TILE_LEVEL][index])
        first = (index << level) & ~(TILE - 1)
        levels = self._below.get(first)
        if levels is None:
            levels = [self._leaves_of(first, min(TILE, self.size - first))]
            while len(levels[-1]) > 1:
                levels.append(parents(levels[-1][: len(levels[-1]) // 2 * 2]))
            if len(self._below) >= TILES_KEPT:
                self._below.pop(next(iter(self._below)))
            self._below[first] = levels
        return bytes(levels[level][index - (first >> level)])

    def root(self, begin: int, end: int) -> bytes:
        """Return the hash over the leaves *begin* to *end*, as it stands in a tree that splits there (2.1.1)."""
        if begin == end:
            return EMPTY_ROOT
        width = end - begin
        if width & (width - 1) == 0:
            return self._full(width.bit_length() - 1, begin // width)
        known = self._edge.get((begin, end))  # every proof in a tree of one size needs the same few at its right edge
        if known is None:
            split = begin + _split(width)
            known = node_hash(self.root(begin, split), self.root(split, end))
            if len(self._edge) >= TILES_KEPT:
                self._edge.clear()
            self._edge[begin, end] = known
        return known

    def frontier(self, size: int) -> Frontier:
        """Return the right edge of the tree of the first *size* leaves."""
        odd, end = {}, 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                odd[level] = self._full(level, end >> level)
                end += 1 << level
        return Frontier(size, odd)

    def inclusion(self, entry: int, size: int) -> list[bytes]:
        """Return the inclusion proof of *entry* in the tree of *size* leaves (2.1.3.1)."""
        if not 0 <= entry < size <= self.size:
            raise ProofError(f"there is no entry {entry} among {size}")
        proof: list[bytes] = []
        begin, end = 0, size
        while end - begin > 1:
            split = begin + _split(end - begin)
            if entry < split:
                proof.append(self.root(split, end))
                end = split
            else:
                proof.append(self.root(begin, split))
                begin = split
        return proof[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the tree of *new* leaves extends that of *old* (2.1.4.1); empty for 0 or the same."""
        if not 0 <= old <= new <= self.size:
            raise ProofError(f"there is no tree of {old} leaves within {new}")
        if old in {0, new}:
            return []
        proof: list[bytes] = []
        begin, end, whole = 0, new, True
        while old != end:
            split = begin + _split(end - begin)
            if old <= split:
                proof.append(self.root(split, end))
                end = split
            else:
                proof.append(self.root(begin, split))
                begin, whole = split, False
        if not whole:
            proof.append(self.root(begin, end))
        return proof[::-1]


def _split(width: int) -> int:
    """Return the largest power of two below *width* (2.1.1)."""
    return 1 << (width - 1).bit_length() - 1


# ---- verifying ------------------------------------------------------------------------------------------------------


def verify_inclusion(leaf: bytes, entry: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with hash *leaf* is entry *entry* of the tree (2.1.3.2). ProofError where it is not shown."""
    _check_hashes([leaf, root, *proof])
    if not 0 <= entry < size <= SIZE_MAX:
        raise ProofError(f"entry {entry} does not lie in a tree of {size}")
    place, last, out = entry, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if place & 1 or place == last:
            out = node_hash(sibling, out)
            while place & 1 == 0 and place != 0:
                place >>= 1
                last >>= 1
        else:
            out = node_hash(out, sibling)
        place >>= 1
        last >>= 1
    if last != 0:
        raise ProofError("the inclusion proof is too short")
    if out != root:
        raise ProofError("the inclusion proof leads to another root")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree of *new* leaves extends that of *old* (2.1.4.2). ProofError where it is not shown.

    Every tree extends the empty one; that needs no proof, and none is taken: *old* is at least 1.
    """
    if not 0 < old <= new <= SIZE_MAX:
        raise ProofError(f"nothing can be shown between a tree of {old} and one of {new}")
    if old == new:
        if proof:
            raise ProofError("the consistency proof should be empty")
        if old_root != new_root:
            raise ProofError("two trees of one size have different roots")
        return
    _check_hashes([old_root, new_root, *proof])
    if not proof:
        raise ProofError("the consistency proof is missing")
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place >>= 1
        last >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if place & 1 or place == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while place & 1 == 0 and place != 0:
                place >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        place >>= 1
        last >>= 1
    if last != 0:
        raise ProofError("the consistency proof is too short")
    if first != old_root:
        raise ProofError("the consistency proof leads to another old root")
    if second != new_root:
        raise ProofError("the consistency proof leads to another new root")


def _check_hashes(hashes: Sequence[Any]) -> None:
    if len(hashes) > PROOF_MAX + 2:
        raise ProofError("a proof has at most 124 hashes")
    if not all(isinstance(one, bytes) and len(one) == 32 for one in hashes):
        raise ProofError("a hash has 32 bytes")
