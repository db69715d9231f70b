"""All flags by their names. A new flag is a module in ``flags/`` with a ``FLAG``, and nothing else."""

import importlib
import pkgutil

from boyau.watch import flags
from boyau.watch.flag import Flag


def _found() -> dict[str, Flag]:
    names = sorted(module.name for module in pkgutil.iter_modules(flags.__path__))
    modules = [importlib.import_module(f"{flags.__name__}.{name}") for name in names]
    listed: list[Flag] = [module.FLAG for module in modules]
    return {flag.id: flag for flag in sorted(listed, key=lambda flag: (not flag.id.startswith("R"), flag.id))}


FLAGS: dict[str, Flag] = _found()
"""The flags in order: the Open Contracting Partnership's by number, then Kazakhstan's."""
