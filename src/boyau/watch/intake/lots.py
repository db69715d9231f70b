"""Health procurement lots of Kazakhstan, as the single distributor and the insurance fund publish them, as releases.

One row is one lot, and becomes one process. Numbers are written ``1 178 037.82``. Customers go by name; their BIN comes
from the table of organisations, where the name is there exactly once. Methods are mapped where they are certain; others
keep their name only (``procurementMethodDetails``), so that flags about methods do not apply.
"""

import csv
import gzip
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from boyau.watch.bins import is_bin
from boyau.watch.intake.source import SourceError
from boyau.watch.intake.troubles import Fault, Troubles
from boyau.watch.model import Classification, Item, Period, Reference, Release, Tender, Unit, Value

COLUMNS = {
    "lot": "№ лота",
    "customer": "Заказчик",
    "notice": "Наименование объявления",
    "item": "Наименование ЛС и ИМН",
    "kind": "Характеристика",
    "method": "Способ закупки",
    "quantity": "Кол-во единиц измерения",
    "price": "Цена за единицу (тенге)",
    "sum": "Сумма",
    "status": "Статус",
    "bids": "Кол-во заявок",
}
METHODS = {
    "Тендер": "open",
    "Двухэтапный тендер": "open",
    "Конкурс": "open",
    "Конкурс на заключение долгосрочных договоров поставки ЛС и МИ": "open",
    "Из одного источника": "direct",
    "Из одного источника (Логистика)": "direct",
}
STATUSES = {"Отменен": "cancelled", "Закупка состоялась": "complete", "Закупка не состоялась": "unsuccessful"}
SCHEME = "KZ-HEALTH"
"""Of item codes: the item's name and characteristic, as there are no codes."""
_PERIOD = re.compile(
    r"Дата начала приема заявок: (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) Дата окончания приема заявок: (\d{4}-\d\d-\d\d) "
    r"(\d\d:\d\d:\d\d)"
)
_ONE_ZONE_FROM = "2024-03-01"
"""Since that day the whole country keeps UTC+5; the capital kept UTC+6 before."""


def organisations(path: str) -> dict[str, str]:
    """Return BIN by name of the organisations in *path*; left out: ambiguous names, and numbers that are no BIN."""
    found: dict[str, set[str]] = {}
    for row in _rows(path):
        name, number = _plain(row.get("name")), (row.get("bin") or "").strip().zfill(12)
        if name and is_bin(number):
            found.setdefault(name, set()).add(number)
    return {name: next(iter(numbers)) for name, numbers in found.items() if len(numbers) == 1}


def lots(path: str, known: dict[str, str], troubles: Troubles) -> Iterator[tuple[int, Release]]:
    """Yield (line, process) of every lot. SourceError: it cannot be read, or has not the columns."""
    for line, row in enumerate(_rows(path, needed=COLUMNS.values()), 2):
        yield line, _release({name: row.get(title) or "" for name, title in COLUMNS.items()}, line, known, troubles)


def _rows(path: str, needed: object = ()) -> Iterator[dict[str, str]]:
    opened = gzip.open if path.endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [title for title in needed if title not in (reader.fieldnames or ())]  # type: ignore[attr-defined]
            if missing:
                raise SourceError(f"{path} has no column {missing[0]!r}; hand in the table of lots as it is published")
            yield from reader
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}") from None
    except (EOFError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} is damaged: {error}; download it again") from None


def _release(row: dict[str, str], line: int, known: dict[str, str], troubles: Troubles) -> Release:
    quantity, price, total, bids = (
        _number(row[name], line, COLUMNS[name], troubles) for name in ("quantity", "price", "sum", "bids")
    )
    customer = _plain(row["customer"])
    number = known.get(customer)
    code = " / ".join(dict.fromkeys(part for part in (_plain(row["item"]), _plain(row["kind"])) if part))
    value = Value(amount=price, currency="KZT") if price is not None else None
    item = Item(
        classification=Classification(scheme=SCHEME, id=code or None), quantity=quantity, unit=Unit(value=value)
    )
    return Release(
        ocid=f"kz-health-{row['lot'].strip() or f'line-{line}'}",
        tag=["compiled"],
        buyer=Reference(id=f"KZ-BIN-{number}" if number else customer or None),
        tender=Tender(
            status=STATUSES.get(row["status"].strip(), "active"),
            procurementMethod=METHODS.get(row["method"].strip()),
            procurementMethodDetails=row["method"].strip() or None,
            tenderPeriod=_period(row["notice"]),
            value=Value(amount=total, currency="KZT") if total is not None else None,
            items=[item],
            numberOfTenderers=int(bids) if bids is not None and bids == bids.to_integral_value() else None,
        ),
    )


def _number(text: str, line: int, column: str, troubles: Troubles) -> Decimal | None:
    digits = re.sub(r"[\s\u00a0]", "", text).replace(",", ".")
    if not digits:
        return None
    try:
        number = Decimal(digits)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        troubles.add(line, column, Fault.BAD_ROW, text)
        return None
    return number


def _period(notice: str) -> Period | None:
    found = _PERIOD.search(notice)
    if found is None:
        return None
    first, last = (
        f"{day}T{time}{'+05:00' if day >= _ONE_ZONE_FROM else '+06:00'}"
        for day, time in (found.group(1, 2), found.group(3, 4))
    )
    return Period(startDate=first, endDate=last)


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())
