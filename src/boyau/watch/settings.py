"""Settings of a run: which flags, and the options of each, from a TOML file.

    currency = "KZT"
    flags = ["R003", "R018"]      # without it all
    excluded = ["emergency"]      # procurementMethodDetails that no flag looks at
    no_prices = ["quality only"]  # those in which prices do not decide
    prices = []                   # or the only ones in which they do

    [R003]
    threshold = 15
    methods = ["open"]

Every option is listed by ``boyau watch flag R003``. Decimal figures are read exactly.
"""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from boyau.watch.flag import Flag
from boyau.watch.process import Scope
from boyau.watch.registry import FLAGS

_METHODS = ("no_prices", "prices", "excluded")
_TOP = {"currency", "flags", *_METHODS}


class SettingsError(Exception):
    """A settings file says what cannot be; the message is a sentence for people."""


class Settings:
    """What a run is to do: *scope*, and the options of each flag."""

    def __init__(self, told: Mapping[str, Any] | None = None, *, like_cardinal: bool = False) -> None:
        from boyau.watch.cardinal import FLAGS as CARDINAL

        told = dict(told or {})
        self.like_cardinal = like_cardinal
        methods = {name: frozenset(_texts(told, name, [])) for name in _METHODS}
        self.scope = Scope(_text(told, "currency"), **methods)
        wanted = _texts(told, "flags", list(CARDINAL if like_cardinal else FLAGS))
        for name in (*wanted, *(name for name in told if name not in _TOP)):
            if name not in FLAGS:
                raise SettingsError(f"{name!r:.40} is no flag and no setting; `boyau watch flags` lists the flags")
        self.flags: dict[str, SimpleNamespace] = {
            name: _options(FLAGS[name], told.get(name, {}), like_cardinal=like_cardinal)
            for name in dict.fromkeys(wanted)
        }


def load(path: Path | None, *, like_cardinal: bool = False) -> Settings:
    """Read settings; without a file every flag runs with its defaults."""
    if path is None:
        return Settings(like_cardinal=like_cardinal)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} is no TOML: {error}") from None
    try:
        return Settings(told, like_cardinal=like_cardinal)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None


def _text(told: Mapping[str, Any], name: str) -> str | None:
    value = told.get(name)
    if value is not None and not isinstance(value, str):
        raise SettingsError(f"{name}: a text is meant")
    return value


def _texts(told: Mapping[str, Any], name: str, default: list[str]) -> list[str]:
    value = told.get(name, default)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise SettingsError(f"{name}: a list of texts is meant")
    return value


def _options(flag: Flag, told: Any, *, like_cardinal: bool) -> SimpleNamespace:
    if not isinstance(told, Mapping):
        raise SettingsError(f"{flag.id}: a table of options is meant")
    values = {name: option.default for name, option in flag.options.items()}
    if like_cardinal:
        from boyau.watch.cardinal import OVERRIDES

        values |= OVERRIDES.get(flag.id, {})
    for name, value in told.items():
        option = flag.options.get(name)
        if option is None:
            known = ", ".join(flag.options) or "it has none"
            raise SettingsError(f"{flag.id} has no option {name!r:.40}; its options: {known}")
        kinds = option.kind if isinstance(option.kind, tuple) else (option.kind,)
        if Decimal in kinds and isinstance(value, int) and not isinstance(value, bool):
            value = Decimal(value)  # noqa: PLW2901 - 1 is as good as 1.0
        if not isinstance(value, option.kind) or (isinstance(value, bool) and bool not in kinds):
            meant = " or ".join(_NAMES[kind] for kind in kinds)
            raise SettingsError(f"{flag.id}.{name}: {meant} is meant, not {value!r:.40}")
        values[name] = frozenset(value) if isinstance(value, list) else value
    return SimpleNamespace(**{n: frozenset(v) if isinstance(v, list | tuple) else v for n, v in values.items()})


_NAMES = {
    int: "a whole number",
    Decimal: "a number",
    str: "a text",
    list: "a list of texts",
    dict: "a table",
    bool: "true or false",
}
