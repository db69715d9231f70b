"""Every decision made again from the entries alone and compared byte for byte; debits and credits; the snapshot.

After an entry that is not the one sealed nothing later can be decided: the state is not known. That is said, once.
"""

import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np

from boyau.codec import RECORDS, Batch, CodecError
from boyau.ledger import ConservationError, Ledger, RecordRefused, Rows, snapshot
from boyau.ledger.rows import ROW_BYTES
from boyau.proofs.tree import Frontier
from boyau.verify.findings import Code, Findings
from boyau.verify.sources import Source

NAMED_MAX = 20
"""So many accounts of a changed snapshot are named."""
_RECENT_MAX = 4096


class Replay:
    """The ledger decided again. ``stopped`` is the entry from which on nothing could be decided, or None."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self._source, self._findings = source, findings
        self.ledger = Ledger(keep_history=False)
        self.stopped: int | None = None
        self.differing = 0
        """Entries decided otherwise. Only those of the first batch that differs are named: the rest may follow."""
        self._firsts, self._places = array("q"), array("q")
        self._recent: dict[int, list[int]] = {}
        self._snapshot = source.snapshot()
        self.snapshot_checked = False

    def begin(self, ledger: bytes) -> None:
        """Begin with the id of the ledger, from which the order of its id tables follows."""
        self.ledger = Ledger(seed=int.from_bytes(ledger[:8], "little"), keep_history=False)
        self.ledger.history = self._row

    def _row(self, entry: int) -> Sequence[int]:
        """Return an earlier row as 16 words. It was compared when it was decided; only its bytes are read again."""
        words = self._recent.get(entry)
        if words is None:
            at = bisect_right(self._firsts, entry) - 1
            offset = (entry - self._firsts[at]) * ROW_BYTES
            data = self._source.part(self._places[at], offset, ROW_BYTES)
            if len(self._recent) >= _RECENT_MAX:
                self._recent.clear()
            words = self._recent[entry] = np.frombuffer(data, "<i8", 16).tolist()
        return words

    def stop(self, entry: int) -> None:
        """Stop deciding: *entry* is not known."""
        if self.stopped is None:
            self.stopped = entry

    def take(self, place: int, batch: Batch, frontier: Frontier | None) -> None:
        """Decide a batch again. *place* is where the source finds its body again."""
        if self.stopped is not None:
            return
        if batch.first != self.ledger.sequence:
            self.stop(batch.first)
            return
        self._firsts.append(batch.first)
        self._places.append(place)
        try:
            if batch.kind == RECORDS:
                self._records(batch)
            else:
                self._rows(batch)
        except ConservationError as error:
            self._findings.add(Code.UNBALANCED, batch.first, batch.end - 1, error=str(error))
            self.stop(batch.first)
        except Exception as error:  # noqa: BLE001 - whatever stands in a journal, a report comes out
            self._findings.add(
                Code.REPLAY_FAILED,
                batch.first,
                max(batch.first, batch.end - 1),
                error=f"{type(error).__name__}: {error}"[:200],
            )
            self.stop(batch.first)
        if self._snapshot is not None and self.stopped is None and self._snapshot[0] == self.ledger.sequence:
            self._compare_snapshot(batch, frontier)

    def _records(self, batch: Batch) -> None:
        try:
            for record in batch.records():
                self.ledger.record(record, batch.time)
        except (RecordRefused, CodecError) as error:
            self._findings.add(Code.RECORD_REFUSED, self.ledger.sequence, reason=str(error)[:200])
            self.stop(self.ledger.sequence)

    def _rows(self, batch: Batch) -> None:
        stored = batch.rows()
        if batch.expired > batch.count:
            raise ValueError(f"{batch.expired} of {batch.count} rows are said to be expired")
        commands = stored[batch.expired :].copy()
        for written in ("settled", "result", "detail"):
            commands[written] = 0
        again = self.ledger.apply(commands, batch.time)
        if again.tobytes() != batch.body:
            self._differ(batch, stored, again)

    def _differ(self, batch: Batch, stored: Rows, again: Rows) -> None:
        both = min(len(stored), len(again))
        wrong = [k for k in range(both) if stored[k].tobytes() != again[k].tobytes()]
        if len(stored) != len(again):
            wrong.append(both)
            self.stop(batch.first + both)
        if not self.differing:
            for k in wrong[:NAMED_MAX]:
                rows = [rows[k].tobytes() if k < len(rows) else b"" for rows in (stored, again)]
                self._findings.add(Code.DECISION_DIFFERS, batch.first + k, stands=rows[0], decided=rows[1])
        self.differing += len(wrong)

    def finish(self) -> None:
        """Sum up all accounts by unit: what went out of some came into others."""
        state = self.ledger
        accounts, colours = state.tables.acc[: state.tables.kernel.accounts], state.registry.colours
        sums: dict[str, list[int]] = {}
        for debits, credits, _, colour in accounts[:, :4].tolist():
            one = sums.setdefault(colours[colour].unit, [0, 0])
            one[0] += debits
            one[1] += credits
        for unit, (debits, credits) in sums.items():
            if debits != credits:
                self._findings.add(Code.UNBALANCED, error=f"{unit}: {debits} ≠ {credits}")

    # ---- snapshot ---------------------------------------------------------------------------------------------------

    def _compare_snapshot(self, batch: Batch, frontier: Frontier | None) -> None:
        """Compare the newest snapshot with the state decided again: whoever edits balances edits them there."""
        assert self._snapshot is not None
        entry, number = self._snapshot
        try:
            found = self._source.snapshot_data(entry)
            if found is None:
                return  # a writer has made a newer one meanwhile
            kept = self._loaded(*found, batch, frontier)
            if number != batch.number:
                raise snapshot.SnapshotError(f"it names batch {number}")
        except Exception as error:  # noqa: BLE001 - bytes that anybody may have written
            reason = f"{type(error).__name__}: {error}"[:200]
            self._findings.add(Code.SNAPSHOT_CHANGED, 0, entry - 1, f"snapshot {entry}", error=reason)
            return
        self.snapshot_checked = True
        if kept.state_hash() != self.ledger.state_hash():
            self._differences(kept, entry)

    def _loaded(self, state: bytes, lists: list[bytes], batch: Batch, frontier: Frontier | None) -> Ledger:
        begin = 36 + int.from_bytes(state[32:36], "little")
        if state[:32] != batch.hash:
            raise snapshot.SnapshotError("it belongs to another history")
        if frontier is not None and state[36:begin] != frontier.dump():
            raise snapshot.SnapshotError("its edge of the tree is another")
        kept = Ledger(seed=self.ledger.seed, keep_history=False)
        count = snapshot.load(kept, _unsealed(state[begin:]))
        for data in lists:
            both = np.frombuffer(_unsealed(data), "<u8").reshape(2, -1)
            snapshot.load_ids(kept, both[0], both[1])
        if kept.tables.kernel.ids != count:
            raise snapshot.SnapshotError("lists of ids are missing")
        return kept

    def _differences(self, kept: Ledger, entry: int) -> None:
        """Name what a snapshot has otherwise: accounts by name, other parts of the state by theirs."""
        (facts, arrays), (own_facts, own_arrays) = snapshot.parts(kept), snapshot.parts(self.ledger)
        where, named = f"snapshot {entry}", 0
        mine, theirs = own_arrays["accounts"], arrays["accounts"]
        for number, name in enumerate(list(self.ledger.accounts)[: len(theirs)]):
            if named < NAMED_MAX and not np.array_equal(mine[number], theirs[number]):
                named += 1
                held = {"stands": theirs[number][:3].tolist(), "decided": mine[number][:3].tolist()}
                self._findings.add(Code.SNAPSHOT_DIFFERS, 0, entry - 1, where, what=name, **held)
        others: list[Any] = [name for name in own_facts if facts.get(name) != own_facts[name]]
        others += [
            name for name in own_arrays if name != "accounts" and not np.array_equal(own_arrays[name], arrays[name])
        ]
        if not named and not others:
            others = ["ids"]
        for name in others:
            self._findings.add(Code.SNAPSHOT_DIFFERS, 0, entry - 1, where, what=name)


def _unsealed(data: bytes) -> bytes:
    if hashlib.sha256(data[32:]).digest() != data[:32]:
        raise snapshot.SnapshotError("it is not as it was written")
    return data[32:]
