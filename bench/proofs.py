"""What proofs cost and what they give: signing a log, proofs and receipts, and verifying a whole ledger anew."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import workload
from bench.measure import OURS, check
from bench.ours import ACCOUNTS, Clock, _stream
from boyau.journal.book import Book
from boyau.journal.log import Log, key_record, origin_of
from boyau.ledger.rows import BATCH_ROWS_MAX
from boyau.proofs.note import Checkpoint, Verifier
from boyau.proofs.receipt import Receipt
from boyau.proofs.tree import leaf_hash, verify_consistency, verify_inclusion

PROOFS = 20_000
RECEIPTS = 300
SECONDS_PER_MILLION_MAX = 60


class _Key:
    """A key that follows from nothing and is gone when the bench ends."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        self.public_key = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def measure(entries: int, disk: Path, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Return rates, each with what was checked: every proof made is verified too."""
    say(f"{OURS}: a ledger of {entries:,} entries for proofs")
    out: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="boyau-bench-", dir=disk) as folder:
        path, key = f"{folder}/bench.boyau", _Key()
        with Book.create(path, clock=Clock()) as book:
            world = workload.coloured_world(ACCOUNTS)
            first = key_record(book.ledger.registry.log_keys, "bench", key, origin_of(book.id), None)
            check(not any(book.record([*world.records, first])), "a record was refused")
            stream, _ = _stream(world, book.ledger)
            for rows in stream.funding():
                book.post(rows)
            made = (stream.pays()[0] for _ in range(entries // BATCH_ROWS_MAX))
            for _ in book.post_batches(made, overlap=True):
                pass
            count = book.entries
            log, started = Log(book.store), time.perf_counter()
            note = log.checkpoint(key, "bench")
            out.append(_rate("entries hashed again before a checkpoint is signed", count, started))
            size = Checkpoint.read(note.text).size
            chosen = np.random.default_rng(workload.SEED).integers(0, size, PROOFS).tolist()
            out += _proofs(log, size, chosen, say)
            out += _receipts(log, chosen[:RECEIPTS], [Verifier("bench", key.public_key)], say)
        out.append(_whole(path, count, say))
    return out


def _rate(what: str, count: int, started: float) -> dict[str, Any]:
    return {"what": what, "count": count, "per_second": count / (time.perf_counter() - started)}


def _proofs(log: Log, size: int, chosen: Iterable[int], say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Measure inclusion proofs in one tile after the other, as a log serves them, and consistency proofs."""
    say(f"{OURS}: {PROOFS:,} inclusion proofs")
    ordered = sorted(chosen)
    started = time.perf_counter()
    proofs = [log.nodes.inclusion(entry, size) for entry in ordered]
    made = _rate("inclusion proofs made, in order of entry", len(proofs), started)
    leaves = {entry: bytes(log.nodes._full(0, entry)) for entry in ordered[:2000]}  # noqa: SLF001 - what is proved
    started = time.perf_counter()
    for entry, proof in zip(ordered[:2000], proofs[:2000], strict=True):
        verify_inclusion(leaves[entry], entry, size, proof, log.last.root)
    checked = _rate("inclusion proofs verified", 2000, started)
    started = time.perf_counter()
    for old in ordered[:500]:
        proof = log.consistency(old + 1, size)
        verify_consistency(old + 1, size, proof, log.nodes.root(0, old + 1), log.last.root)
    return [made, checked, _rate("consistency proofs made and verified", 500, started)]


def _receipts(log: Log, chosen: list[int], keys: list[Verifier], say: Callable[[str], None]) -> list[dict[str, Any]]:
    say(f"{OURS}: {len(chosen)} receipts")
    started = time.perf_counter()
    texts = [log.receipt(entry).to_json().encode() for entry in chosen]
    made = _rate("receipts made, in random order, read from disk", len(texts), started)
    started = time.perf_counter()
    for entry, text in zip(chosen, texts, strict=True):
        receipt = Receipt.from_json(text)
        receipt.verify(keys)
        check(receipt.entry == entry and leaf_hash(b"") != receipt.salt, "a receipt is of another entry")
    return [made, _rate("receipts verified, signature included", len(texts), started)]


def _whole(path: str, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure `boyau verify` as whoever distrusts us runs it: another process, everything computed again."""
    say(f"{OURS}: verifying {count:,} entries")
    started = time.perf_counter()
    command = [str(Path(sys.executable).with_name("boyau")), "verify", path, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"verify found something: {done.stdout[-600:]}{done.stderr[-600:]}")
    out = _rate("entries verified by `boyau verify`, decisions made again", count, started)
    million = 1_000_000 / out["per_second"]
    check(million < SECONDS_PER_MILLION_MAX or count < 10**6, f"a million entries take {million:.0f} s")
    return out
