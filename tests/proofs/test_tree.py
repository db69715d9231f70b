"""The Merkle tree against RFC 9162: outside vectors, a definition taken from the text, and proofs that were mutated."""

import base64
import hashlib
import json
import random

import numpy as np
import pytest

from boyau.proofs import hasher, tree
from boyau.proofs.tree import EMPTY_ROOT, Frontier, Nodes, ProofError, verify_consistency, verify_inclusion
from tests.shared_data import shared_data

SIZES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 255, 256, 257, 511, 512, 513, 700, 1024, 1025, 2300]


def leaves_of(count):
    return np.array([list(tree.leaf_hash(b"%d" % k)) for k in range(count)], np.uint8).reshape(-1, 32)


LEAVES = leaves_of(2300)


def root_by_definition(leaves):
    """RFC 9162, 2.1.1, word for word."""
    if len(leaves) == 0:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0].tobytes()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + root_by_definition(leaves[:k]) + root_by_definition(leaves[k:])).digest()


def nodes_of(size):
    tiles = Frontier().append(LEAVES[:size])
    return Nodes(size, tree.as_hashes(tiles), lambda first, count: LEAVES[first : first + count])


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_the_outside_vectors_decide(kind):
    seen = 0
    for path in sorted(shared_data("vectors", "merkle", kind).rglob("*.json")):
        case = json.loads(path.read_text())
        proof = [base64.b64decode(one) for one in case["proof"] or []]
        decoded = {name: base64.b64decode(case[name] or "") for name in case if name.startswith(("root", "leafHash"))}
        try:
            if kind == "inclusion":
                verify_inclusion(decoded["leafHash"], case["leafIdx"], case["treeSize"], proof, decoded["root"])
            else:
                verify_consistency(case["size1"], case["size2"], proof, decoded["root1"], decoded["root2"])
            good = True
        except ProofError:
            good = False
        assert good is not case["wantErr"], f"{path}: {case['desc']}"
        seen += 1
    assert seen == 98


@pytest.mark.parametrize("size", SIZES)
def test_the_root_is_the_one_defined_however_the_leaves_arrive(size):
    chance = random.Random(size)
    frontier, at = Frontier(), 0
    while at < size:
        step = min(chance.choice([1, 2, 3, 100, 256, 700]), size - at)
        frontier.append(LEAVES[at : at + step])
        at += step
        assert frontier.size == at
        frontier = Frontier.load(frontier.dump())
    assert frontier.root() == root_by_definition(LEAVES[:size])


def test_tiles_come_out_once_each_in_order():
    whole = Frontier().append(LEAVES)
    parts, frontier = b"", Frontier()
    for at in range(0, len(LEAVES), 37):
        parts += frontier.append(LEAVES[at : at + 37])
    assert parts == whole
    assert len(whole) == 32 * (2300 // 256)
    assert whole[32:64] == root_by_definition(LEAVES[256:512])


@pytest.mark.parametrize("size", [one for one in SIZES if one])
def test_every_proof_verifies_and_no_mutation_of_it_does(size):
    chance = random.Random(size)
    nodes, root = nodes_of(size), root_by_definition(LEAVES[:size])
    for _ in range(12):
        within = chance.randint(1, size)
        entry = chance.randrange(within)
        proof, leaf = nodes.inclusion(entry, within), LEAVES[entry].tobytes()
        root_then = root_by_definition(LEAVES[:within])
        verify_inclusion(leaf, entry, within, proof, root_then)
        for broken in mutations(chance, [leaf, root_then, *proof]):
            with pytest.raises(ProofError):
                verify_inclusion(broken[0], entry, within, broken[2:], broken[1])
        with pytest.raises(ProofError):
            verify_inclusion(leaf, entry ^ 1, within, proof, root_then)
        old = chance.randint(0, size)
        proof, old_root = nodes.consistency(old, size), root_by_definition(LEAVES[:old])
        if old:
            verify_consistency(old, size, proof, old_root, root)
        if 0 < old < size:
            for broken in mutations(chance, [old_root, root, *proof]):
                with pytest.raises(ProofError):
                    verify_consistency(old, size, broken[2:], broken[0], broken[1])


def mutations(chance, hashes):
    """Yield the hashes with one bit flipped, one left out, one doubled, one put in."""
    at = chance.randrange(len(hashes))
    bit = 1 << chance.randrange(256)
    flipped = (int.from_bytes(hashes[at], "big") ^ bit).to_bytes(32, "big")
    yield [*hashes[:at], flipped, *hashes[at + 1 :]]
    yield [*hashes, hashes[-1]]
    yield [*hashes, bytes(32)]
    if len(hashes) > 2:
        yield hashes[:-1]
        yield [*hashes[:2], *hashes[3:]]


def test_what_is_no_proof_is_refused_with_a_reason():
    root = root_by_definition(LEAVES[:2])
    for call in (
        lambda: verify_inclusion(LEAVES[0].tobytes(), 0, 0, [], EMPTY_ROOT),
        lambda: verify_inclusion(b"short", 0, 1, [], root),
        lambda: verify_inclusion(LEAVES[0].tobytes(), -1, 2, [root], root),
        lambda: verify_inclusion(LEAVES[0].tobytes(), 0, 2, [root] * 200, root),
        lambda: verify_consistency(3, 2, [], root, root),
        lambda: verify_consistency(0, 2, [], root, root),
        lambda: verify_consistency(0, 0, [], EMPTY_ROOT, root),
        lambda: nodes_of(5).inclusion(5, 5),
        lambda: nodes_of(5).inclusion(0, 6),
        lambda: nodes_of(5).consistency(4, 6),
        lambda: Frontier(3, {0: root}),
        lambda: Frontier.load(b"\3" + bytes(7) + root),
        lambda: Nodes(512, LEAVES[:1], lambda first, count: LEAVES[first : first + count]),
    ):
        with pytest.raises(ProofError, match=r"\w{4}"):
            call()


@pytest.mark.parametrize("width", [1, 55, 56, 64, 65, 154, 1000])
def test_the_fast_loop_and_hashlib_agree(width):
    data = np.random.default_rng(width).integers(0, 256, (300, width)).astype(np.uint8)
    fast = tree.hash_rows(data)
    hasher._ready, ready = False, hasher._ready
    try:
        slow = tree.hash_rows(data)
    finally:
        hasher._ready = ready
    assert fast.tobytes() == slow.tobytes() == b"".join(hashlib.sha256(row.tobytes()).digest() for row in data)
