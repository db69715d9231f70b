"""The arrays of the state: accounts, colours, holds, ids; grown here, handed to the kernel as views."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from boyau.ledger import kernel as compiled_kernel

Ints = npt.NDArray[np.int64]
_DOUBLE_UNTIL = 1 << 16
ID_LOAD_MAX = 0.75
_HINTS = {"pool": "line_hint", "subject_fact": "subject_hint", "acc": "cap_hint"}
"""Where the kernel remembers meters, and the array that it grows with."""
METER_LOAD_MAX = 0.5  # most questions to it are answered no, and a no takes 9 looks at three quarters full, 3 at half
METER_GROWTH = 1.5
METER_USED_MIN = 0.75  # where fewer of them show something, the others are dropped before more room is made
ID_GROWTH = 1.5
"""With these an id costs 16 to 24 bytes: 12 for a slot, half to three quarters of the slots in use."""


def _uncompiled() -> ModuleType:
    """Load the kernel's own file as plain Python, beside the compiled one."""
    spec = importlib.util.spec_from_file_location(
        "boyau.ledger.kernel_uncompiled", Path(__file__).with_name("kernel.py")
    )
    if spec is None or spec.loader is None:
        raise ImportError("src/boyau/ledger/kernel.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seen(array: Any) -> memoryview:
    """Return an array as the kernel sees it, compiled (typed views) or not (plain integers come out)."""
    return memoryview(array)


class Tables:
    """Owns the arrays. ``kernel`` sees the same memory; every growth hands it the new views."""

    def __init__(self, *, pure: bool, seed: int) -> None:
        module = _uncompiled() if pure else compiled_kernel
        self.columns = module
        self.kernel: Any = module.Kernel()
        self.kernel.seed = seed
        self.acc = self._new("acc", (64, module.ACCOUNT_COLUMNS))
        self.cnt = self._new("cnt", (64, module.COUNTER_COLUMNS))
        self.rule = self._new("rule", (64, module.RULE_COLUMNS))
        self.hold = self._new("hold", (64, module.HOLD_COLUMNS))
        self.hold_expires = np.zeros(64, np.int64)
        self.holder_class = self._new("holder_class", (64,))
        self.holder_region = self._new("holder_region", (64,))
        self.subject = self._new("subject", (64,))
        self.subject_fact = self._new("subject_fact", (64, 2))
        self.subject_fact[0] = -1
        self.meter = self._new("meter", (256, module.METER_COLUMNS))
        self.meter_index = self._new("meter_index", (512,), np.uint64)
        self.line_hint = self._new("line_hint", (64,))
        self.subject_hint = self._new("subject_hint", (64, 2))
        self.cap_hint = self._new("cap_hint", (64,))
        self.memo = self._new("memo", (8, 6))
        self.memo[:, 3] = -1
        self.log = self._new("log", (256, module.LOG_COLUMNS))
        self.mark = self._new("mark", (64,))
        self.meters_most = 2
        """Meters that one row may turn, at most."""
        self.pool = self._new("pool", (64,))
        self.aux = self._new("aux", (64,))
        self.was = self._new("was", (64,))
        self.id_key = self._new("id_key", (1024,), np.uint64)
        self.id_seq = self._new("id_seq", (1024,), np.uint32)
        self.hold_key = self._new("hold_key", (256,), np.uint64)
        self.hold_val = self._new("hold_val", (256,), np.uint32)
        self.pool_used = 0
        self._slices: dict[tuple[int, ...], tuple[int, int]] = {}

    def _new(self, name: str, shape: tuple[int, ...], kind: type[np.generic] = np.int64) -> Any:
        array = np.zeros(shape, kind)
        self.show(name, array)
        return array

    def show(self, name: str, array: npt.NDArray[Any]) -> None:
        """Make *array* the one that stands under *name*, here and in the kernel."""
        setattr(self, name, array)
        setattr(self.kernel, name, seen(array))

    def reserve(self, name: str, rows: int) -> None:
        """Grow the array *name* to at least *rows* rows: doubling, and when large by a sixteenth, to waste little."""
        array = getattr(self, name)
        if rows > len(array):
            more = len(array) if len(array) < _DOUBLE_UNTIL else len(array) >> 4
            grown = np.zeros((max(rows, len(array) + more), *array.shape[1:]), array.dtype)
            grown[: len(array)] = array
            self.show(name, grown)
        if name in _HINTS:
            self.reserve(_HINTS[name], len(getattr(self, name)))

    def reserve_ids(self, more: int) -> None:
        """Make room for *more* ids, so that the hash table never grows inside a batch."""
        self._reserve_hash("id_key", "id_seq", self.kernel.ids + more)

    def reserve_holds(self, more: int) -> None:
        """Make room for *more* holds."""
        holds = self.kernel.holds + more
        self.reserve("hold", holds)
        if holds > len(self.hold_expires):
            self.hold_expires = np.concatenate([self.hold_expires, np.zeros(holds, np.int64)])
        self._reserve_hash("hold_key", "hold_val", holds)

    def reserve_meters(self, rows: int) -> None:
        """Make room for the meters that *rows* rows may begin, and for the log of what they overwrite."""
        self.reserve("mark", rows)
        self.reserve("log", rows * (self.meters_most + 3))
        needed = self.kernel.meters + rows * self.meters_most
        if needed > len(self.meter) and np.count_nonzero(self._meters()[:, 3]) < self.kernel.meters * METER_USED_MIN:
            self.set_meters(self._shown())
            needed = self.kernel.meters + rows * self.meters_most
        if needed > len(self.meter):
            grown = np.zeros((max(needed, int(len(self.meter) * METER_GROWTH)), self.columns.METER_COLUMNS), np.int64)
            grown[: self.kernel.meters] = self._meters()
            self.show("meter", grown)
        if needed > len(self.meter_index) * METER_LOAD_MAX:
            before = self.meter_index
            self.show("meter_index", np.zeros(max(2 * len(before), int(needed / METER_LOAD_MAX) + 1), np.uint64))
            self.kernel.widen_meter_index(seen(before))

    def _meters(self) -> Ints:
        meters: Ints = self.meter[: self.kernel.meters]
        return meters

    def _shown(self) -> Ints:
        meters = self._meters()
        shown: Ints = meters[meters[:, 3] != 0]
        return shown

    def used_meters(self) -> Ints:
        """Return the meters that show something: rows of tag, a, b, value, in order."""
        used = self._shown()
        return used[np.lexsort((used[:, 2], used[:, 1], used[:, 0]))]

    def set_meters(self, rows: Ints) -> None:
        """Make *rows*, all different, the meters that there are."""
        self.show("meter", np.zeros((max(256, 2 * len(rows)), self.columns.METER_COLUMNS), np.int64))
        self.meter[: len(rows)] = rows
        self.kernel.meters = len(rows)
        self.show("meter_index", np.zeros(max(512, int(2 * len(rows) / METER_LOAD_MAX)), np.uint64))
        self.kernel.index_meters()

    def _reserve_hash(self, key_name: str, value_name: str, entries: int) -> None:
        keys: npt.NDArray[np.uint64] = getattr(self, key_name)
        if entries <= len(keys) * ID_LOAD_MAX:
            return
        values = getattr(self, value_name)
        size = max(int(len(keys) * ID_GROWTH), int(entries / ID_LOAD_MAX * 1.1) + 1)
        if size >= 1 << 32:
            raise MemoryError("a ledger remembers at most 3.2 thousand million ids; open another ledger")
        self.show(key_name, np.zeros(size, np.uint64))
        self.show(value_name, np.zeros(size, np.uint32))
        self.kernel.insert_all(seen(getattr(self, key_name)), seen(getattr(self, value_name)), seen(keys), seen(values))

    def set_of(self, values: list[int]) -> tuple[int, int]:
        """Put a set of numbers into the pool and return where it begins and ends, for the kernel to look into."""
        return self.slice_of(self.columns.set_layout(values))

    def slice_of(self, values: list[int], owner: int = -1) -> tuple[int, int]:
        """Put *values* into the pool (once for each *owner*) and return where they begin and end."""
        key = (owner, *values)
        found = self._slices.get(key)
        if found is None:
            found = self.pool_used, self.pool_used + len(values)
            self.reserve("pool", found[1])
            self.pool[found[0] : found[1]] = values
            self.pool_used = found[1]
            self._slices[key] = found
        return found
