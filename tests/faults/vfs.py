"""A layer under SQLite: records what reaches the files, and fails where it is told to.

It sits on the ordinary VFS of the system, so that files, locks and the shared memory of the log are real. What is
recorded is what the *system* is asked for: SQLite's own order of writes and syncs.
"""

import itertools
from collections.abc import Callable
from pathlib import Path

import apsw

from tests.faults.disk import CREATE, DELETE, SYNC, SYNC_FAILED, TRUNCATE, WRITE, Op

_KEPT = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL
_NAME_SYNCED = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL
"""The ordinary VFS syncs the directory with the first sync of a journal or log that it has opened, of no other file."""
_numbers = itertools.count()

Fault = Callable[[str, str], int | None]
"""Asked before each call with its kind and the file's name; answers SQLite's error code where the call shall fail."""


def no_fault(_kind: str, _name: str) -> None:
    """Let everything pass."""


class Recorder:
    """All that was asked of the files, in order, and what the ledger had promised by then."""

    def __init__(self, start: dict[str, bytes] | None = None) -> None:
        self.start = dict(start or {})
        self.ops: list[Op] = []
        self.marks: list[tuple[int, int, int]] = []
        """(operations done, batches decided, batches acknowledged), in order."""
        self._names = {name: number for number, name in enumerate(self.start)}
        self._inodes = itertools.count(len(self.start))

    def inode(self, name: str, *, made: bool) -> int:
        if made or name not in self._names:
            self._names[name] = next(self._inodes)
            self.ops.append((CREATE, self._names[name], name))
        return self._names[name]

    def deleted(self, name: str, *, synced: bool) -> None:
        self.ops.append((DELETE, self._names.pop(name, -1), name, synced))

    def wrote_beside(self, name: str, data: bytes) -> None:
        """Note that the store itself, past SQLite, wrote a file from its beginning and synced it."""
        self.ops += [(WRITE, self._names[name], 0, data), (SYNC, self._names[name], False)]

    def promised(self, at: int) -> tuple[int, int]:
        """Return how many batches were decided and how many acknowledged before operation *at*."""
        decided = acknowledged = 0
        for done, now_decided, now_acknowledged in self.marks:
            if done > at:
                break
            decided, acknowledged = now_decided, now_acknowledged
        return decided, acknowledged


class Layer(apsw.VFS):
    """The VFS. One for each "process"; ``gone`` makes it deaf, as the files of a killed process are."""

    def __init__(self, recorder: Recorder, fault: Fault = no_fault) -> None:
        self.name = f"faults-{next(_numbers)}"
        self.recorder, self.fault, self.gone = recorder, fault, False
        super().__init__(self.name, "")

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's names
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        made = path is not None and not Path(path).exists()
        return _File(self, path, name, flags, made=made)

    def xDelete(self, path, sync):  # noqa: N802
        if self.gone:
            return
        super().xDelete(path, sync)
        self.recorder.deleted(Path(path).name, synced=bool(sync))

    def ask(self, kind: str, name: str) -> None:
        """Fail if it is this call's turn."""
        code = self.fault(kind, name)
        if code:
            raise apsw.exception_for(code)


class _File(apsw.VFSFile):
    def __init__(self, layer: Layer, path, name, flags, *, made: bool) -> None:
        super().__init__("", name, flags)
        self._layer, self._kept = layer, bool(flags[0] & _KEPT) and path is not None
        self._name = Path(path).name if path is not None else ""
        self._name_unsynced = bool(flags[0] & _NAME_SYNCED and flags[0] & apsw.SQLITE_OPEN_CREATE)
        self._inode = layer.recorder.inode(self._name, made=made) if self._kept else -1

    def xWrite(self, data, offset):  # noqa: N802
        if self._kept and not self._layer.gone:
            self._layer.ask(WRITE, self._name)
            self._layer.recorder.ops.append((WRITE, self._inode, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size):  # noqa: N802
        if self._kept and not self._layer.gone:
            self._layer.ask(TRUNCATE, self._name)
            self._layer.recorder.ops.append((TRUNCATE, self._inode, size))
        super().xTruncate(size)

    def xSync(self, flags):  # noqa: N802
        if self._kept and not self._layer.gone:
            try:
                self._layer.ask(SYNC, self._name)
            except apsw.Error:
                self._layer.recorder.ops.append((SYNC_FAILED, self._inode))
                raise
            self._layer.recorder.ops.append((SYNC, self._inode, self._name_unsynced))
            self._name_unsynced = False
        # The real disk below need not be waited for: the model decides what is durable.
