"""Account numbers of the outside world, and the accounts of the ledger: one small file says which is which.

[accounts]
KZ75125KZT1001300335 = "budget@kz/road"

[participants]                             # whose account it is; the colour comes with the payment
KZ48125KZT1001300336 = "140240009876"

[pools]                                    # one bank account holds all money of a colour and those below
KZ21125KZT1001300337 = "kz"

[colours]                                  # short names of colours, as payments carry them
ROAD = "kz/road"
"""

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from boyau.language.catalogue import mark as _

FILE_BYTES_MAX = 16 << 20
TABLES = ("accounts", "participants", "pools", "colours")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")
_KZ_LENGTH = 20


class NumbersError(ValueError):
    """The file cannot be used; the sentence says why."""


@dataclass(frozen=True)
class Numbers:
    """What outside numbers mean here. ``number_of``: the other way round, for accounts."""

    accounts: dict[str, str] = field(default_factory=dict)
    participants: dict[str, str] = field(default_factory=dict)
    pools: dict[str, str] = field(default_factory=dict)
    colours: dict[str, str] = field(default_factory=dict)

    @property
    def number_of(self) -> dict[str, str]:
        """The outside number of each account."""
        return {account: number for number, account in self.accounts.items()}


@lru_cache(4096)
def iban_problem(text: str) -> str:
    """Say what is wrong with an IBAN (ISO 13616: mod 97 is 1), of ``{number}``; "" where nothing is."""
    if not _IBAN.fullmatch(text):
        return _("{number} is not an IBAN.")
    if text.startswith("KZ") and len(text) != _KZ_LENGTH:
        return _("{number} is too long or too short: an IBAN of Kazakhstan has 20 characters.")
    digits = "".join(str(int(letter, 36)) for letter in text[4:] + text[:4])
    return "" if int(digits) % 97 == 1 else _("{number} has wrong check digits: some character was mistyped.")


def with_check_digits(country: str, rest: str) -> str:
    """Return the IBAN of *country* whose other characters are *rest*."""
    digits = "".join(str(int(letter, 36)) for letter in f"{rest}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{rest}"


def load(path: Path | None) -> Numbers:
    """Read the file; without one nothing is known of outside numbers."""
    if path is None:
        return Numbers()
    try:
        with path.open("rb") as stream:
            data = stream.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            raise NumbersError(f"{path}: larger than {FILE_BYTES_MAX >> 20} MiB")
        tables = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise NumbersError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NumbersError(f"{path}: not UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise NumbersError(f"{path}: {error}") from None
    seen: dict[str, str] = {}
    for name, table in tables.items():
        if name not in TABLES or not isinstance(table, dict):
            raise NumbersError(f"{path}: {name}: no such table; the tables are {', '.join(TABLES)}")
        for number, meant in table.items():
            if not isinstance(meant, str) or not meant:
                raise NumbersError(f"{path}: {name}.{number}: must be a text")
            _check(path, name, number, seen)
    return Numbers(**{name: dict(tables.get(name, {})) for name in TABLES})


def _check(path: Path, table: str, number: str, seen: dict[str, str]) -> None:
    if table == "colours":
        return
    if number in seen:
        raise NumbersError(f"{path}: {number} stands in {seen[number]} and in {table}; it can mean one thing only")
    seen[number] = table
    if re.match(r"[A-Z]{2}[0-9]{2}", number) and (problem := iban_problem(number)):
        raise NumbersError(f"{path}: {table}: {problem.format(number=number)}")
