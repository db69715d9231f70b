"""Headers, bodies, chain, leaves, roots, marks and tiles: everything about a batch but its decisions.

Each check that fails names the fewest entries that it can: by marks one entry, by a tile 256, else a batch.
"""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from boyau.codec import RECORDS, ROWS, TILE, Batch, CodecError
from boyau.ledger.rows import ROW_BYTES
from boyau.proofs.leaves import SALT_BYTES, leaf, leaf_hashes, salts
from boyau.proofs.tree import Frontier, Hashes, as_hashes, leaf_hash
from boyau.verify.archive_files import MARK_BYTES
from boyau.verify.findings import Code, Findings, ranges
from boyau.verify.sources import Frame, Header, Source, read_header

RECORD_BYTES_LEAST = 5
"""Four for the length, one for the smallest JSON."""
KINDS = {ROWS: "rows", RECORDS: "records"}


class Taken(NamedTuple):
    """A batch after its checks. ``batch`` is None where its entries are not those that were sealed."""

    header: Header
    batch: Batch | None


class Chain:
    """Walks the batches in order and knows what must come next."""

    def __init__(self, source: Source, findings: Findings, cuts: Callable[[int, int], list[int]]) -> None:
        self._source, self._findings = source, findings
        self._cuts = cuts
        """Sizes between two where a root is wanted: those of checkpoints."""
        self.number = self.first = 0
        self.tip: bytes | None = bytes(32)
        """None where the batch before could not be read."""
        self.time: int | None = None
        self.ledger: bytes | None = None
        self.frontier: Frontier | None = Frontier()
        """None from the first entry on whose leaf is not known."""
        self.roots: dict[int, bytes] = {}
        """Roots at the sizes asked for, computed; where that cannot be, as headers say that the chain vouches for."""
        self.root_wrong = False
        self.made_tiles = b""
        """Hashes of the tiles that the newest batch made full."""
        self.gap = False
        """Whether a batch was missing, or its header could not be believed."""
        self._before: tuple[int, int] = (0, 0)
        self._shift = 0
        self._error = ""

    def take(self, frame: Frame) -> Taken | None:
        """Check one frame; None where not even its header can be believed."""
        header = None if frame.error else read_header(frame.header)
        if header is None:
            if frame.error and frame.error != self._error:  # a run of batches on one bad page is told once
                self._findings.add(Code.UNREADABLE, self.first, where=frame.where, error=frame.error)
            self._error = frame.error
            if not frame.error:
                count = len(frame.marks) // MARK_BYTES
                last = self.first + count - 1 if count else None
                self._findings.add(Code.HEADER_CHANGED, self.first, last, frame.where)
                self.first += count
            self._lose(frame.number + 1)
            return None
        self._order(frame, header)
        self._follow(frame, header)
        leaves = self._body(frame, header)
        self._grow(frame, header, leaves)
        self._before = header.first, header.end - 1
        self.number, self.first, self.tip = frame.number + 1, header.end, header.hash
        self.time = header.time if self.time is None else max(self.time, header.time)
        if leaves is None:
            return Taken(header, None)
        facts = (header.kind, header.number, header.first, header.count, header.expired, header.time)
        hashes = (header.previous, header.ledger, header.blind, header.root, frame.body, header.body_hash)
        return Taken(header, Batch(*facts, *hashes, frame.header, header.hash, self.made_tiles, frame.marks))

    def _lose(self, number: int) -> None:
        self.number, self.tip, self.frontier, self.gap = number, None, None, True

    # ---- order ------------------------------------------------------------------------------------------------------

    def _order(self, frame: Frame, header: Header) -> None:
        """Check that the batch stands in its place, and that none is missing before it."""
        entries = (header.first, max(header.first, header.end - 1))
        shift = header.number - frame.number
        if shift != self._shift:  # said once: all that follow are shifted with it
            facts = {"stands": header.number, "due": frame.number + self._shift}
            self._findings.add(Code.OUT_OF_PLACE, *entries, frame.where, **facts)
            self._shift = shift
            self._lose(frame.number)
        if frame.number > self.number:
            if not frame.told:
                last = max(self.first, header.first - 1)
                self._findings.add(Code.MISSING, self.first, last, frame.where, batches=frame.number - self.number)
            self._lose(frame.number)
        if self.tip is not None and header.first != self.first:
            facts = {"stands": header.first, "due": self.first}
            self._findings.add(Code.OUT_OF_PLACE, *entries, frame.where, **facts)
            self._lose(frame.number)
        if frame.first is not None and frame.first != header.first:
            facts = {"stands": frame.first, "due": header.first}
            self._findings.add(Code.COLUMN_DIFFERS, *entries, frame.where, **facts)

    def _follow(self, frame: Frame, header: Header) -> None:
        """Check the link to the batch before, the time, and whose batch it is."""
        entries = (header.first, max(header.first, header.end - 1))
        if self.tip is not None and header.previous != self.tip:
            self._findings.add(Code.CHAIN_BROKEN, self._before[0], entries[1], frame.where)
        if self.ledger is None:
            self.ledger = header.ledger
        elif header.ledger != self.ledger:
            self._findings.add(Code.OTHER_LEDGER, *entries, frame.where)
        if self.time is not None and header.time < self.time + (header.kind == ROWS):
            self._findings.add(Code.TIME_BACK, *entries, frame.where, time=header.time, before=self.time)

    # ---- entries ----------------------------------------------------------------------------------------------------

    def _body(self, frame: Frame, header: Header) -> Hashes | None:
        """Return the hashes of the leaves, or None, and findings, where the body is not the one sealed."""
        sealed = hashlib.sha256(frame.body).digest() == header.body_hash
        try:
            least = ROW_BYTES if header.kind == ROWS else RECORD_BYTES_LEAST
            if header.count * least > len(frame.body):  # a header must not make us reserve more than there is
                raise CodecError(f"{len(frame.body)} bytes are not {header.count} {KINDS[header.kind]}")
            leaves = leaf_hashes(header.kind, frame.body, header.count, header.blind, header.time)
        except CodecError as error:
            if sealed:
                last = max(header.first, header.end - 1)
                self._findings.add(Code.BODY_FORM, header.first, last, frame.where, error=str(error))
                return None
            leaves = _leaves_as_far(header, frame.body)
        wrong = _unmarked(leaves, frame.marks)
        if sealed:
            if len(frame.marks) != MARK_BYTES * header.count:
                last = max(header.first, header.end - 1)
                self._findings.add(Code.MARK_DIFFERS, header.first, last, frame.where)
            else:
                for begin, end in ranges(wrong):
                    self._findings.add(Code.MARK_DIFFERS, header.first + begin, header.first + end, frame.where)
            return leaves
        named = [k for k in wrong if k < header.count]
        if named and len(frame.marks) == MARK_BYTES * header.count:
            for begin, end in ranges(named):
                self._findings.add(Code.ENTRY_CHANGED, header.first + begin, header.first + end, frame.where)
        else:
            last = max(header.first, header.end - 1)
            self._findings.add(Code.BODY_CHANGED, header.first, last, frame.where)
        return None

    def _grow(self, frame: Frame, header: Header, leaves: Hashes | None) -> None:
        """Append the leaves to the tree; compare its root and its tiles with those kept."""
        self.made_tiles = b""
        cuts = self._cuts(header.first, header.end)
        if leaves is None or self.frontier is None or self.frontier.size != header.first:
            self.frontier = None
            if header.end in cuts and not self.root_wrong:
                self.roots[header.end] = header.root
            return
        done = 0
        for size in (*cuts, header.end):
            if size - header.first > done:
                self.made_tiles += self.frontier.append(leaves[done : size - header.first])
                done = size - header.first
            if size in cuts:
                self.roots[size] = self.frontier.root()
        if not self.root_wrong and self.frontier.root() != header.root:
            self.root_wrong = True  # every later root follows from this one
            self._findings.add(Code.ROOT_DIFFERS, header.first, max(header.first, header.end - 1), frame.where)
        if self.made_tiles and self._source.has_tiles:
            self._tiles(header.first // TILE)

    def _tiles(self, number: int) -> None:
        kept = self._source.tiles(number)
        if kept == self.made_tiles:
            return
        wrong = [
            number + k
            for k in range(len(self.made_tiles) // 32)
            if kept[32 * k : 32 * k + 32] != self.made_tiles[32 * k : 32 * k + 32]
        ]
        for begin, end in ranges(wrong or [number]):
            self._findings.add(Code.TILE_DIFFERS, begin * TILE, end * TILE + TILE - 1, f"tile {begin}")


def _unmarked(leaves: Hashes, marks: bytes) -> list[int]:
    """Return the places of the leaves that do not begin with their mark."""
    count = min(len(leaves), len(marks) // MARK_BYTES)
    kept = np.frombuffer(marks, np.uint8, count * MARK_BYTES).reshape(count, MARK_BYTES)
    return [int(k) for k in np.flatnonzero((leaves[:count, :MARK_BYTES] != kept).any(axis=1))]


def _leaves_as_far(header: Header, body: bytes) -> Hashes:
    """Return the hashes of as many entries as a body of another length or form still has, one after the other."""
    if header.kind == ROWS:
        count = min(header.count, len(body) // ROW_BYTES)
        return leaf_hashes(ROWS, body[: count * ROW_BYTES], count, header.blind, header.time)
    out, at, salt = [], 0, salts(header.blind, min(header.count, len(body) // RECORD_BYTES_LEAST))
    for k in range(len(salt) // SALT_BYTES):
        size = int.from_bytes(body[at : at + 4], "little")
        entry = body[at + 4 : at + 4 + size]
        out.append(leaf_hash(leaf(header.kind, salt[SALT_BYTES * k : SALT_BYTES * k + 16], header.time, entry)))
        if not size or len(entry) != size:
            break
        at += 4 + size
    return as_hashes(b"".join(out))
