"""A run: a file in, a report out. Workers read ranges of the file by themselves; nothing holds the file.

What grows with the file: eight bytes an ocid (to see repeated ones), a row a finding, a row a comparable price. What
does not: everything else.
"""

import gc
import multiprocessing
import os
import queue
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import getcontext, localcontext
from itertools import islice
from typing import Any

from boyau.watch.cardinal import Maps
from boyau.watch.coverage import BITS
from boyau.watch.intake.documents import AMOUNT_AS_TEXT, Documents, Loose
from boyau.watch.intake.merging import Merging, Spool
from boyau.watch.intake.source import Block, Range, Source, SourceError
from boyau.watch.intake.troubles import Troubles
from boyau.watch.model import Release
from boyau.watch.registry import FLAGS
from boyau.watch.report import Report
from boyau.watch.settings import Settings
from boyau.watch.survey import Survey

RANGE_BYTES = 4 << 20
ALONE_BYTES = 8 << 20
"""Files below this size are read by one process: starting others would take longer."""
DIGITS = 200
"""Digits that decimals are computed with: more than sums and squares of amounts have, so that nothing is rounded."""
SAMPLE = 500
"""Documents from the beginning of the file that show what is published."""
_WAIT_SECONDS = 1.0
Progress = Callable[[int, int], None]
"""Called with documents read so far, and bytes read so far (0 where that is not known)."""


class RunError(Exception):
    """A run could not be brought to its end; the message is a sentence for people."""


@dataclass(frozen=True)
class _Done:
    documents: int
    bytes: int
    loose: list[Loose]


class _Worker:
    """Reads documents and puts them to the flags."""

    def __init__(self, source: Source, settings: Settings, only: frozenset[str]) -> None:
        self.source, self.settings, self.only = source, settings, only
        self.survey = Survey(settings, [Maps()] if settings.like_cardinal else [], only)
        self._loose: list[Loose] = []
        keep = None if settings.like_cardinal else self._loose.append
        self.documents = Documents(self.survey.state.troubles, keep, strict=settings.like_cardinal)

    def do(self, part: Range | Block) -> _Done:
        """Do one part."""
        blocks = self.source.read(part) if isinstance(part, Range) else (part,)
        count = size = 0
        take, read = self.survey.take, self.documents.read
        for block in blocks:
            size += len(block.data) + 1
            suspicious = AMOUNT_AS_TEXT.search(block.data) is not None
            for line, text in block.documents():
                if text:
                    count += 1
                    for release in read(text, line, suspicious=suspicious):
                        take(release, line)
        loose = self._loose.copy()
        self._loose.clear()
        return _Done(count, size, loose)


def run(path: str, settings: Settings, *, workers: int | None = None, progress: Progress | None = None) -> Report:
    """Read *path* and answer every flag. SourceError: it cannot be read. RunError: a worker died.

    The answers do not depend on the number of workers. A flag about what is absent waits until it is known that others
    publish it at all: where the beginning of the file does not show it and the rest does, the file is read again.
    """
    source = Source(path)
    if settings.like_cardinal and settings.scope.currency is None:
        settings.scope = settings.scope._replace(currency=first_currency(source))
    waiting = frozenset(name for name in settings.flags if FLAGS[name].somewhere)
    if waiting:
        waiting -= _shown(source, waiting)
    collecting = gc.isenabled()
    gc.disable()  # a great many small tuples come and stay; looking for cycles among them finds none
    try:
        with localcontext(prec=DIGITS):
            return _run(source, settings, waiting, workers, progress)
    finally:
        if collecting:
            gc.enable()


def _run(
    source: Source, settings: Settings, waiting: frozenset[str], workers: int | None, progress: Progress | None
) -> Report:
    spool = Spool()
    try:
        main = _Worker(source, settings, frozenset(settings.flags) - waiting)
        _pass(main, workers, _Tally(spool, progress), spool)
        masks = main.survey.state.masks
        late = frozenset(name for name in waiting if _shows(masks, name))
        if late:
            again = _Worker(source, settings, late)
            _pass(again, workers, _Tally(None, progress), spool)
            main.survey.state.add_answers(again.survey.state)
        return Report(settings, main.survey.state)
    finally:
        spool.close()


def run_releases(releases: Iterable[tuple[int, Release]], settings: Settings, troubles: Troubles) -> Report:
    """Put every flag to processes that were read elsewhere, each with its line; *troubles* are of their reading."""
    with localcontext(prec=DIGITS):
        survey = Survey(settings)
        survey.state.troubles = troubles
        for line, release in releases:
            survey.take(release, line)
        return Report(settings, survey.state)


def _pass(main: _Worker, workers: int | None, tally: "_Tally", spool: Spool) -> None:
    """Read the whole file once."""
    source = main.source
    count = workers or min(os.cpu_count() or 1, 8)
    alone = count == 1 or (source.plain and source.bytes is not None and source.bytes < ALONE_BYTES)
    parts: Iterator[Range | Block] = (
        source.ranges(RANGE_BYTES) if source.splits and not alone else source.blocks(main.survey.state.troubles)
    )
    if alone:
        for part in parts:
            tally.take(main.do(part))
    else:
        _together(main, parts, count, tally)
    if len(spool):
        merging = Merging(main.documents)
        for pieces in spool.groups():
            main.survey.take(merging.merge(pieces), pieces[0].line)


def _shown(source: Source, waiting: frozenset[str]) -> frozenset[str]:
    """Return those of *waiting* whose fields the beginning of the file shows; all, where it can be read once only."""
    if source.path == "-":
        return waiting
    survey = Survey(Settings({"flags": []}))
    documents = Documents(Troubles())
    block = next(source.blocks(Troubles()), None)
    for line, text in islice(block.documents(), SAMPLE) if block is not None else ():
        for release in documents.read(text, line, suspicious=True):
            survey.take(release, line)
    return frozenset(name for name in waiting if _shows(survey.state.masks, name))


def _shows(masks: Counter[int], name: str) -> bool:
    """Tell whether what a flag must find somewhere is there."""
    return all(any(bits & BITS[path] for bits in masks) for path in FLAGS[name].somewhere)


class _Tally:
    """Adds up what was done, and puts pieces of processes aside."""

    def __init__(self, spool: Spool | None, progress: Progress | None) -> None:
        self._spool, self._progress = spool, progress
        self._documents = self._bytes = 0

    def take(self, done: _Done) -> None:
        """Take note of one part."""
        for piece in done.loose:
            if self._spool is not None:
                self._spool.add(piece)
        self._documents += done.documents
        self._bytes += done.bytes
        if self._progress is not None:
            self._progress(self._documents, self._bytes)


def _together(main: _Worker, parts: Iterator[Range | Block], count: int, tally: _Tally) -> None:
    """Have *count* processes do the parts, and join what they found in *main*."""
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context: Any = multiprocessing.get_context(method)
    tasks, answers = context.Queue(2 * count), context.Queue()
    processes = [
        context.Process(target=_serve, args=(main.source, main.settings, main.only, tasks, answers), daemon=True)
        for _ in range(count)
    ]
    for process in processes:
        process.start()
    left = count

    def drain(*, wait: bool) -> None:
        nonlocal left
        while left:
            try:
                answer = answers.get(timeout=_WAIT_SECONDS if wait else 0)
            except queue.Empty:
                if any(process.exitcode not in (None, 0) for process in processes):
                    raise RunError(
                        "a worker was ended from outside, perhaps for want of memory; run it again"
                    ) from None
                if not wait:
                    return
                continue
            if isinstance(answer, _Done):
                tally.take(answer)
            elif isinstance(answer, str):
                raise SourceError(answer)
            else:
                left -= 1
                main.survey.state.merge(answer)

    try:
        for part in parts:
            _put(tasks, part, drain)
        for _ in processes:
            _put(tasks, None, drain)
        drain(wait=True)
        for process in processes:
            process.join()
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()


def _put(tasks: Any, part: Range | Block | None, drain: Any) -> None:
    while True:
        try:
            tasks.put(part, timeout=_WAIT_SECONDS)
        except queue.Full:
            drain(wait=False)
        else:
            drain(wait=False)
            return


def _serve(source: Source, settings: Settings, only: frozenset[str], tasks: Any, answers: Any) -> None:
    """Do parts until there are none; then hand the state over. What was interrupted ends without a word."""
    gc.disable()  # the model has no cycles, and there is a great deal of it
    getcontext().prec = DIGITS
    worker = _Worker(source, settings, only)
    try:
        while (part := tasks.get()) is not None:
            answers.put(worker.do(part))
        answers.put(worker.survey.state)
    except KeyboardInterrupt:
        os._exit(0)
    except OSError as error:
        answers.put(f"{source.path} cannot be read to its end: {error.strerror or error}")


def first_currency(source: Source) -> str | None:
    """Return the first currency of a bid, in the order of the file: the one that Cardinal compares in."""
    if source.path == "-":
        return None
    found: Documents = Documents(Troubles(), strict=True)
    for block in source.blocks(Troubles()):
        for line, text in block.documents():
            if b'"bids"' in text:
                for release in found.read(text, line):
                    currency = _currency(release)
                    if currency is not None:
                        return currency
    return None


def _currency(release: Release) -> str | None:
    if release.bids is None:
        return None
    for bid in release.bids.details or ():
        value = bid.value
        if value is not None and value.amount is not None and value.currency is not None:
            return value.currency
    return None
