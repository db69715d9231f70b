"""What the words of an application file mean: regions, purposes and statuses, from a table that anyone can edit."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

TABLES_BYTES_MAX = 1 << 20
STATES = ("waiting", "paid", "closed")
REPUBLIC = "00"
"""The region of applications that the ministry pays: bound to no region."""
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
_REGION = re.compile(r"[0-9]{2}")


class TablesError(ValueError):
    """A table that cannot be used; the message says where and what to write."""


@dataclass(frozen=True, slots=True)
class Tables:
    """*regions*, *purposes*, *statuses*: code by name as ``plain`` writes it; *titles*: by ``region/39``."""

    regions: dict[str, str]
    purposes: dict[str, str]
    statuses: dict[str, str]
    titles: dict[str, dict[str, str]]

    @property
    def region_codes(self) -> frozenset[str]:
        """Codes that a budget may name."""
        return frozenset(self.regions.values())

    @property
    def purpose_codes(self) -> frozenset[str]:
        """Codes that a budget may name."""
        return frozenset(self.purposes.values())


def plain(name: str) -> str:
    """Return *name* as names are compared: case, runs of spaces and ё do not matter."""
    return " ".join(name.split()).casefold().replace("ё", "е")


@cache
def builtin() -> Tables:
    """Return the tables that come with the program."""
    return parse((resources.files(__package__) / "tables.toml").read_text(encoding="utf-8"), "tables.toml")


def load(path: Path | None) -> Tables:
    """Return the tables of a file; the program's own where *path* is None."""
    if path is None:
        return builtin()
    try:
        if path.stat().st_size > TABLES_BYTES_MAX:
            raise TablesError(f"{path} is larger than {TABLES_BYTES_MAX} bytes; that is no table of names")
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise TablesError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TablesError(f"{path} is not UTF-8; save it as UTF-8") from None


def parse(text: str, file: str) -> Tables:
    """Read tables from TOML."""
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TablesError(f"{file}: {error}") from None
    titles: dict[str, dict[str, str]] = {}
    found = {}
    for kind in ("region", "purpose", "status"):
        names: dict[str, str] = {}
        for k, one in enumerate(_list(read.get(kind), f"{file}: [[{kind}]]"), 1):
            place = f"{file}: {kind} {k}"
            if not isinstance(one, dict):
                raise TablesError(f"{place} must be a table with code and names")
            code = _code(kind, one.get("code"), place)
            for name in _list(one.get("names"), f"{place}, names"):
                if not isinstance(name, str) or names.setdefault(plain(name), code) != code:
                    raise TablesError(
                        f"{place}: {name!r:.80} is no text, or already means {names.get(plain(str(name)))}"
                    )
            title = one.get("title", {"en": code})
            if not isinstance(title, dict) or not all(isinstance(each, str) for each in title.values()) or not title:
                raise TablesError(f'{place}: title must be texts by language, such as {{ ru = "...", en = "..." }}')
            titles[f"{kind}/{code}"] = title
        found[kind] = names
    return Tables(found["region"], found["purpose"], found["status"], titles)


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise TablesError(f"{place} is missing, or no list; see docs/subsidies.md for the form")
    return value


def _code(kind: str, code: Any, place: str) -> str:
    ok = (
        isinstance(code, str)
        and {
            "region": _REGION.fullmatch(code) is not None,
            "purpose": _CODE.fullmatch(code) is not None,
            "status": code in STATES,
        }[kind]
    )
    if not ok:
        form = {"region": "two digits of KATO", "purpose": "small letters, digits, -", "status": ", ".join(STATES)}
        raise TablesError(f"{place}: code {code!r:.40} must be {form[kind]}")
    return str(code)
