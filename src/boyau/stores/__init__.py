"""Where batches are kept: in memory, or in one SQLite file. ``port`` says what a store must do."""

from boyau.stores.memory import MemoryStore
from boyau.stores.port import Conflict, Store, StoreDamaged, StoreError, StoreFull, StoreLocked
from boyau.stores.sqlite import SqliteStore

__all__ = [
    "Conflict",
    "MemoryStore",
    "SqliteStore",
    "Store",
    "StoreDamaged",
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "open_store",
]


def open_store(target: str, *, write: bool, create: bool = False) -> Store:
    """Open the store that *target* names: ``memory:``, ``sqlite:PATH`` or a path."""
    if target == "memory:":
        return MemoryStore()
    path = target.removeprefix("sqlite:///").removeprefix("sqlite:")
    if "://" in path:
        raise StoreError(f"{target!r} is not a ledger this version opens; give a path, sqlite:PATH or memory:")
    return SqliteStore(path, write=write, create=create)
