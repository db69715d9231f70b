"""The power-loss laboratory: work is recorded once, then the power goes at thousands of its moments.

A point is named by seed and number, nothing else decides what happens in it:

    python -m tests.faults.crash SEED NUMBER [full|normal|off]
"""

import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from boyau.journal import JournalBroken
from boyau.stores import StoreError
from tests.faults.disk import Cut, Disk
from tests.faults.driver import under
from tests.faults.recovery import NAME, Verdict, judge, lay_out, workshop
from tests.faults.vfs import Layer, Recorder
from tests.faults.work import Clock, History, begin, open_book, steps
from tests.page import DAY, START

POINTS_OF_A_RECORDING = 250
TWICE_OF = 10
"""Every so many points the power goes a second time, while the first loss is being recovered from."""


@dataclass
class Recording:
    """One piece of work and all that the disk was asked meanwhile."""

    history: History = field(default_factory=History)
    recorder: Recorder = field(default_factory=Recorder)


@dataclass
class Tally:
    """What the points of a run came to."""

    points: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)
    unsynced: int = 0  # points where the power cut had something to take
    ahead: int = 0  # points that kept more than was acknowledged

    def add(self, other: "Tally") -> None:
        """Take in the tally of another part."""
        self.points, self.lost = self.points + other.points, self.lost + other.lost
        self.unsynced, self.ahead = self.unsynced + other.unsynced, self.ahead + other.ahead
        self.wrong += other.wrong


def record(seed: str, synchronous: str) -> Recording:
    """Do a piece of work on a recorded disk. It is closed and opened again in the middle."""
    rng, out, folder, clock = random.Random(f"work {seed}"), Recording(), workshop(), Clock()
    layer = Layer(out.recorder)
    try:
        with under(
            layer.name,
            synchronous=synchronous,
            checkpoint_pages=rng.choice((2, 5, 12, 40)),
            page_bytes=rng.choice((65_536, 65_536, 4096, 512)),
        ):
            with open_book(folder / NAME, out.history, out.recorder, clock, create=True) as book:
                begin(book)
                for _ in steps(book, clock, rng, "a", rng.randint(4, 12)):
                    pass
            with open_book(folder / NAME, out.history, out.recorder, clock) as book:
                for _ in steps(book, clock, rng, "b", rng.randint(4, 12)):
                    pass
    finally:
        layer.unregister()
        shutil.rmtree(folder)
    return out


def points(seed: int, numbers: range, synchronous: str = "full") -> Tally:
    """Try the points of *numbers*; each comes out the same in whatever portion it is tried."""
    tally, folder = Tally(), workshop()
    try:
        for first in range(numbers.start - numbers.start % POINTS_OF_A_RECORDING, numbers.stop, POINTS_OF_A_RECORDING):
            recording = record(f"{seed}/{first // POINTS_OF_A_RECORDING}", synchronous)
            inside = range(max(first, numbers.start), min(first + POINTS_OF_A_RECORDING, numbers.stop))
            for number, disk, at, rng in _moments(recording, seed, inside):
                _point(recording, number, disk, at, rng, folder, tally, synchronous)
    finally:
        shutil.rmtree(folder)
    return tally


def _moments(recording: Recording, seed: int, numbers: range) -> Iterator[tuple[int, Disk, int, random.Random]]:
    """Choose a moment for each number; go through them in order of time, so that the disk is replayed only once."""
    chosen = []
    for number in numbers:
        rng = random.Random(f"point {seed}/{number}")
        chosen.append((rng.randint(0, len(recording.recorder.ops)), number, rng))
    disk, done = Disk(recording.recorder.start), 0
    for at, number, rng in sorted(chosen, key=lambda one: one[:2]):
        for op in recording.recorder.ops[done:at]:
            disk.do(op)
        done = at
        yield number, disk, at, rng


def _point(recording, number, disk, at, rng, folder, tally, synchronous) -> None:
    cut = rng.choice(list(Cut))
    image = disk.image(cut, rng)
    if NAME in image and rng.random() < 0.3:
        image[NAME + "-shm"] = rng.randbytes(32_768)  # it is memory, but its file stays behind
    decided, acknowledged = recording.recorder.promised(at)
    tally.points += 1
    tally.unsynced += disk.unsynced() > 0
    twice = number % TWICE_OF == 0 and acknowledged > 0
    if twice:
        verdict = _twice(recording.history, image, acknowledged, decided, rng, folder, synchronous)
    else:
        verdict = judge(lay_out(folder, image), recording.history, acknowledged, decided)
    tally.ahead += verdict.kept > acknowledged
    tally.lost += verdict.lost > 0
    if verdict.wrong:
        tally.wrong.append(
            f"point {number} ({cut.name.lower()}{' and again' * twice}, after {at} calls): {verdict.wrong}"
        )


def _twice(history, image, acknowledged, decided, rng, folder: Path, synchronous) -> Verdict:
    """Recover and go on under the recorder, and let the power go again at some moment of that."""
    path, recorder, clock = lay_out(folder, image), Recorder(image), Clock(START + 30 * DAY)
    again = history.copy()
    layer = Layer(recorder)
    recorder.marks.append((0, decided, acknowledged))
    try:
        with under(layer.name, synchronous=synchronous, checkpoint_pages=rng.choice((2, 5, 40))):
            try:
                book = open_book(path, again, None, clock)
            except (StoreError, JournalBroken):
                return judge(path, history, acknowledged, decided)
            kept = book.next_number
            book.store.recorder = recorder
            if not acknowledged <= kept <= decided:
                book.close()
                return judge(path, history, acknowledged, decided)
            # What was found is from now on what must be found: it was read, and acted upon.
            again.cut(kept)
            with book:
                book.make_snapshot()
                for n in range(3):
                    book.record([{"type": "note", "n": f"again {n}"}])
    finally:
        layer.unregister()
    moment = rng.randint(0, len(recorder.ops))
    disk = Disk(recorder.start)
    for op in recorder.ops[:moment]:
        disk.do(op)
    promised = [mark for mark in recorder.marks if mark[0] <= moment]
    now_decided, now_acknowledged = promised[-1][1:]
    if len(promised) == 1:
        again, now_decided, now_acknowledged = history, decided, acknowledged
    return judge(lay_out(folder, disk.image(rng.choice(list(Cut)), rng)), again, now_acknowledged, now_decided)


def main() -> None:
    """Try one point again and say how it went."""
    seed, number = int(sys.argv[1]), int(sys.argv[2])
    tally = points(seed, range(number, number + 1), *sys.argv[3:4])
    print(tally.wrong[0] if tally.wrong else f"point {number} of seed {seed}: nothing lost, nothing wrong")
    sys.exit(bool(tally.wrong))


if __name__ == "__main__":
    main()
