"""The regions of Kazakhstan: KATO prefix, ISO 3166-2 code, name in three languages.

KATO (the classifier of administrative units, NK RK 11) begins a unit's nine digits with these two; ISO 3166-2:KZ uses
the same two digits since the three regions of 2022.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A region or a city of its rank. ``kato``: the first two digits of every KATO number in it."""

    kato: str
    name: dict[str, str]

    @property
    def iso(self) -> str:
        """Return the ISO 3166-2 code."""
        return f"KZ-{self.kato}"


_ALL = (
    ("10", "Абай облысы", "Область Абай", "Abai Region"),
    ("11", "Ақмола облысы", "Акмолинская область", "Akmola Region"),
    ("15", "Ақтөбе облысы", "Актюбинская область", "Aktobe Region"),
    ("19", "Алматы облысы", "Алматинская область", "Almaty Region"),
    ("23", "Атырау облысы", "Атырауская область", "Atyrau Region"),
    ("27", "Батыс Қазақстан облысы", "Западно-Казахстанская область", "West Kazakhstan Region"),
    ("31", "Жамбыл облысы", "Жамбылская область", "Zhambyl Region"),
    ("33", "Жетісу облысы", "Область Жетісу", "Zhetisu Region"),
    ("35", "Қарағанды облысы", "Карагандинская область", "Karaganda Region"),
    ("39", "Қостанай облысы", "Костанайская область", "Kostanay Region"),
    ("43", "Қызылорда облысы", "Кызылординская область", "Kyzylorda Region"),
    ("47", "Маңғыстау облысы", "Мангистауская область", "Mangystau Region"),
    ("55", "Павлодар облысы", "Павлодарская область", "Pavlodar Region"),
    ("59", "Солтүстік Қазақстан облысы", "Северо-Казахстанская область", "North Kazakhstan Region"),
    ("61", "Түркістан облысы", "Туркестанская область", "Turkistan Region"),
    ("62", "Ұлытау облысы", "Область Ұлытау", "Ulytau Region"),
    ("63", "Шығыс Қазақстан облысы", "Восточно-Казахстанская область", "East Kazakhstan Region"),
    ("71", "Астана қаласы", "Город Астана", "Astana"),
    ("75", "Алматы қаласы", "Город Алматы", "Almaty"),
    ("79", "Шымкент қаласы", "Город Шымкент", "Shymkent"),
)
REGIONS: dict[str, Region] = {kato: Region(kato, {"kk": kk, "ru": ru, "en": en}) for kato, kk, ru, en in _ALL}
"""By KATO prefix."""
