"""How much each queue may spend: a sum split by need, or sums by region, by purpose, or by queue, from a file."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boyau.ledger import amounts
from boyau.treasury.subsidies.tables import Tables

Queue = tuple[str, str]
"""Purpose and region."""
BUDGET_BYTES_MAX = 1 << 20
FORMS = ("total", "regions", "purposes", "queues")


class BudgetError(ValueError):
    """A budget that cannot be used; the message says where and what to write."""


@dataclass(frozen=True, slots=True)
class Sums:
    """*parts*: tiyn by a pattern of purpose and region, where "" stands for all of them that have a need."""

    parts: dict[Queue, int]

    def spread(self, needs: Mapping[Queue, int]) -> dict[Queue, int]:
        """Return what each queue may spend: every sum split by need, by largest remainders, never more than is needed.

        A sum for one queue is what that queue gets, needed or not. What a split does not need stays unspent.
        """
        out = dict.fromkeys(sorted(needs), 0)
        for (purpose, region), amount in self.parts.items():
            if purpose and region:
                out[purpose, region] = amount
                continue
            under = [q for q in sorted(needs) if purpose in ("", q[0]) and region in ("", q[1])]
            weights = [needs[q] for q in under]
            if sum(weights) > 0:
                for queue, part in zip(under, amounts.split(min(amount, sum(weights)), weights), strict=True):
                    out[queue] = part
        return out

    @property
    def total(self) -> int:
        """All the money there is, in tiyn."""
        return sum(self.parts.values())


def of_total(text: str) -> Sums:
    """Return a budget of one sum, written in tenge."""
    return Sums({("", ""): _amount(text, "budget")})


def load(path: Path, tables: Tables) -> Sums:
    """Read a budget file: TOML, or JSON where its name ends in .json."""
    try:
        if path.stat().st_size > BUDGET_BYTES_MAX:
            raise BudgetError(f"{path} is larger than {BUDGET_BYTES_MAX} bytes; that is no budget of queues")
        text = path.read_text(encoding="utf-8")
        read = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise BudgetError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BudgetError(f"{path} is not UTF-8; save it as UTF-8") from None
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BudgetError(f"{path}: {error}") from None
    return parse(read, tables, str(path))


def parse(read: Any, tables: Tables, file: str) -> Sums:
    """Read a budget from its tables. It has exactly one form: two would count the same money twice."""
    if not isinstance(read, dict) or len(read) != 1 or next(iter(read)) not in FORMS:
        raise BudgetError(f"{file}: a budget names exactly one of {', '.join(FORMS)}")
    ((form, value),) = read.items()
    if form == "total":
        return Sums({("", ""): _amount(value, f"{file}: total")})
    if not isinstance(value, dict) or not value:
        raise BudgetError(f'{file}: {form} must be a table of amounts, such as "39" = "1000000.00"')
    if form == "regions":
        return Sums({("", _code(k, tables.region_codes, file)): _amount(v, f"{file}: {k}") for k, v in value.items()})
    if form == "purposes":
        return Sums({(_code(k, tables.purpose_codes, file), ""): _amount(v, f"{file}: {k}") for k, v in value.items()})
    parts = {}
    for purpose, regions in value.items():
        if not isinstance(regions, dict):
            raise BudgetError(f'{file}: queues.{purpose} must be a table, such as "39" = "1000000.00"')
        for region, amount in regions.items():
            queue = _code(purpose, tables.purpose_codes, file), _code(region, tables.region_codes, file)
            parts[queue] = _amount(amount, f"{file}: {purpose}, {region}")
    return Sums(parts)


def _code(code: str, known: frozenset[str], file: str) -> str:
    if code not in known:
        raise BudgetError(f"{file}: {code!r:.60} is none of {', '.join(sorted(known))}")
    return code


def _amount(text: Any, place: str) -> int:
    try:
        return amounts.parse(text)
    except amounts.AmountError as error:
        raise BudgetError(f"{place}: {error}") from None
