"""Names in three languages for the simulated year: regions are real, all others are invented and say that they are.

Every invented name ends with the word *model*, so that nobody takes it for a company that exists.
"""

import re
from collections.abc import Iterator
from typing import Any

from boyau.journal import Book
from boyau.treasury.regions import REGIONS
from boyau.treasury.simulation.world import KATO, NEXT, ROOT, VAT

Texts = tuple[str, str, str]
"""Kazakh, Russian, English."""
MODEL: Texts = ("үлгі", "модель", "model")
PLACES: tuple[Texts, ...] = (
    ("Сарыарқа", "Сарыарка", "Saryarqa"), ("Алатау", "Алатау", "Alatau"), ("Ертіс", "Ертис", "Ertis"),
    ("Тұран", "Туран", "Turan"), ("Көкше", "Кокше", "Kokshe"), ("Қаратау", "Каратау", "Karatau"),
    ("Мұғалжар", "Мугалжар", "Mugalzhar"), ("Ақбұлақ", "Акбулак", "Aqbulaq"), ("Отырар", "Отырар", "Otyrar"),
    ("Есіл", "Есиль", "Esil"), ("Торғай", "Торгай", "Torgai"), ("Балқаш", "Балкаш", "Balqash"),
    ("Қазығұрт", "Казыгурт", "Qazygurt"), ("Самал", "Самал", "Samal"), ("Арна", "Арна", "Arna"),
    ("Шыңғыстау", "Шынгыстау", "Shyngystau"), ("Бұлақты", "Булакты", "Bulaqty"), ("Тасөткел", "Тасоткель", "Tasotkel"),
)  # fmt: skip
TRADES: dict[str, Texts] = {
    "contractor": ("Құрылыс", "Курылыс", "Qurylys"),
    "subcontractor": ("Жол", "Жол", "Zhol"),
    "supplier": ("Жабдық", "Жабдык", "Zhabdyq"),
    "consultant": ("Жоба", "Жоба", "Zhoba"),
}
OFFICES: dict[str, Texts] = {
    "controller": ("Бақылаушы", "Контролёр", "Controller"),
    "tax_authority": ("Салық басқармасы", "Налоговое управление", "Tax office"),
    "vat_office": ("ҚҚС қабылдайтын басқарма", "Управление по приёму НДС", "Office that receives VAT"),
    "bailiff": ("Сот орындаушысы", "Судебный исполнитель", "Bailiff"),
    "employee": ("Қызметкер", "Работник", "Employee"),
    "person": ("Жеке тұлға", "Физическое лицо", "Person"),
}
FIELDS: tuple[tuple[Texts, Texts, Texts], ...] = (
    (
        ("Автомобиль жолдары басқармасы", "Управление автомобильных дорог", "Road department"),
        ("Облыстық жолдарды жөндеу", "Ремонт областных дорог", "Repair of regional roads"),
        ("Жол учаскесі", "Участок дороги", "Road section"),
    ),
    (
        ("Құрылыс басқармасы", "Управление строительства", "Construction department"),
        ("Мектептер салу", "Строительство школ", "Building of schools"),
        ("Мектеп", "Школа", "School"),
    ),
    (
        ("Денсаулық сақтау басқармасы", "Управление здравоохранения", "Health department"),
        ("Емханаларды жөндеу", "Ремонт поликлиник", "Repair of clinics"),
        ("Емхана", "Поликлиника", "Clinic"),
    ),
    (
        ("Табиғи ресурстар басқармасы", "Управление природных ресурсов", "Department of natural resources"),
        ("Сумен жабдықтау", "Водоснабжение", "Water supply"),
        ("Су құбыры", "Водопровод", "Water main"),
    ),
    (
        ("Ауыл шаруашылығы басқармасы", "Управление сельского хозяйства", "Department of agriculture"),
        ("Суару жүйелерін қалпына келтіру", "Восстановление оросительных систем", "Restoration of irrigation systems"),
        ("Суару жүйесі", "Оросительная система", "Irrigation system"),
    ),
)
"""Of each field: the administrator, its programme, what its projects are."""
_PARTS = ("kk", "ru", "en")
_FIXED = {
    ROOT: ("2025 жыл (үлгі)", "2025 год (модель)", "Year 2025 (model)"),
    NEXT: ("2026 жыл (үлгі)", "2026 год (модель)", "Year 2026 (model)"),
    VAT: ("ҚҚС (үлгі)", "НДС (модель)", "VAT (model)"),
}
_LAST = re.compile(r"([a-z]+)(\d+)")
_OFFICE = re.compile(rf"([^@]+)@{ROOT}/r\d+/a(\d+)")


def _named(texts: Texts) -> dict[str, str]:
    return dict(zip(_PARTS, texts, strict=True))


def _joined(*parts: Texts | str) -> dict[str, str]:
    """Return the parts one after the other in each language; what is one text is the same in all."""
    columns = [[part] * 3 if isinstance(part, str) else list(part) for part in parts]
    return _named((*(" ".join(words) for words in zip(*columns, strict=True)),))  # type: ignore[arg-type]


def _model() -> Texts:
    return ("(үлгі)", "(модель)", "(model)")


def _region(kato: str) -> Texts:
    name = REGIONS[kato].name
    return name["kk"], name["ru"], name["en"]


def colour_titles(book: Book) -> Iterator[dict[str, Any]]:
    """Yield records that give the simulated colours titles."""
    for colour in book.ledger.registry.colours:
        path = colour.path
        if path in _FIXED:
            yield {"type": "colour", "colour": path, "title": _named(_FIXED[path])}
            continue
        if not path.startswith((f"{ROOT}/", f"{NEXT}/")):
            continue
        found = _LAST.fullmatch(path.rpartition("/")[2])
        title = found and _title(found[1], int(found[2]), path)
        if title:
            yield {"type": "colour", "colour": path, "title": title}


def _title(letter: str, number: int, path: str) -> dict[str, str] | None:
    """Return the title of a colour whose path ends with *letter* and *number*."""
    administrator = next((int(one[1:]) for one in path.split("/") if re.fullmatch(r"a\d+", one)), number)
    field = FIELDS[administrator % len(FIELDS)]
    if letter == "r":
        return _joined(_region(KATO[number]))
    if letter == "a":
        return _joined(field[0], _model())
    if letter == "p":
        return _joined(field[1], f"№ {number + 1}", _model())
    if letter == "j":
        place = PLACES[number % len(PLACES)]
        named: Texts = (f"«{place[0]} {number + 1}»", f"«{place[1]} {number + 1}»", f"“{place[2]} {number + 1}”")
        return _joined(field[2], named, _model())
    if letter == "c":
        return _joined(("Шарт", "Договор", "Contract"), f"№ 2025-{number:04d}")
    if letter == "s":
        return _joined(("Қосалқы шарт", "Субподряд", "Subcontract"), f"№ {number + 1}")
    return None


def participants(book: Book) -> Iterator[dict[str, Any]]:
    """Yield records that give the simulated participants names; their classes and regions stay."""
    registry = book.ledger.registry
    counts: dict[str, int] = {}
    homes = {found[1]: int(found[2]) for one in registry.accounts if (found := _OFFICE.fullmatch(one))}
    for identity, facts in zip(registry.participants, registry.participant_facts, strict=True):
        classes = [*facts["classes"]]
        kind = next((one for one in classes if one in TRADES or one in OFFICES or one == "administrator"), "")
        if facts["name"] or not kind:
            continue
        number = counts[kind] = counts.get(kind, 0) + 1
        record = {"type": "participant", "participant": identity, "classes": classes}
        if facts["region"]:
            record["region"] = facts["region"]
        region = str(facts["region"])
        yield record | {"name": _name(kind, homes.get(identity, number), identity, region)}


def _name(kind: str, number: int, identity: str, region: str) -> dict[str, str]:
    if identity == "treasury":
        return _joined(("Қазынашылық", "Казначейство", "Treasury"), _model())
    if kind == "administrator":
        office = FIELDS[number % len(FIELDS)][0]
        where = (_region(region[:2]),) if region[:2] in REGIONS else ()
        return _joined(office, *where, _model())
    if kind in TRADES:
        place = PLACES[number % len(PLACES)]
        trade = TRADES[kind]
        company: Texts = (
            f"«{place[0]} {trade[0]} {number}» ЖШС",
            f"ТОО «{place[1]} {trade[1]} {number}»",
            f"{place[2]} {trade[2]} {number} LLP",
        )
        return _joined(company, _model())
    return _joined(OFFICES[kind], f"№ {number}", _model())
