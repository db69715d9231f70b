"""Describes the open data to machines: a catalogue in DCAT-AP 3, its columns as CSV on the Web has them; JSON-LD."""

import datetime as dt
from typing import Any

from boyau.language import LANGUAGES, language
from boyau.language.catalogue import mark as _
from boyau.web.publication.datasets import (
    DATASETS,
    DATE,
    FLAG,
    FORMATS,
    MONEY,
    NUMBER,
    TEXT,
    Column,
    Dataset,
    Format,
    file_name,
)
from boyau.web.publication.job import Published, Terms

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#", "csvw": "http://www.w3.org/ns/csvw#", "xsd": "http://www.w3.org/2001/XMLSchema#",
    "boyau": "https://boyau.kz/terms/",
}  # fmt: skip
FILE_TYPES = "http://publications.europa.eu/resource/authority/file-type/"
MEDIA_TYPES = "http://www.iana.org/assignments/media-types/"
KAZAKHSTAN = "http://publications.europa.eu/resource/authority/country/KAZ"
LANGUAGE_NAMES = {"kk": "KAZ", "ru": "RUS", "en": "ENG"}
_XSD = {TEXT: "string", NUMBER: "integer", DATE: "date", MONEY: "decimal", FLAG: "boolean"}


def catalogue(origin: str, terms: Terms, published: Published | None) -> dict[str, Any]:
    """Return the catalogue. *origin*: what the service is called from outside."""
    home = f"{origin}/open"
    publisher = terms.publisher or "Boyau"
    out: dict[str, Any] = {
        "@context": CONTEXT, "@id": home, "@type": "dcat:Catalog",
        "dct:title": _texts(_("Open data of coloured public money")),
        "dct:description": _texts(
            _("Colours with their rules, posted operations, execution, participants, programmes.")
        ),
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": publisher},
        "foaf:homepage": {"@id": home}, "dct:spatial": {"@id": KAZAKHSTAN},
        "dct:language": [
            {"@id": f"http://publications.europa.eu/resource/authority/language/{LANGUAGE_NAMES[code]}"}
            for code in LANGUAGES
        ],
        "dcat:dataset": [_dataset(home, one, terms, published, publisher) for one in DATASETS],
    }  # fmt: skip
    if published is not None:
        out |= {"dct:modified": _time(published.made), "boyau:entries": published.entries, "boyau:root": published.root}
    return out


def _texts(source: str) -> list[dict[str, str]]:
    return [{"@language": code, "@value": language(code).text(source)} for code in LANGUAGES]


def _time(seconds: int) -> dict[str, str]:
    return {"@type": "xsd:dateTime", "@value": dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()}


def _dataset(home: str, one: Dataset, terms: Terms, published: Published | None, publisher: str) -> dict[str, Any]:
    out: dict[str, Any] = {
        "@id": f"{home}#{one.name}", "@type": "dcat:Dataset", "dct:identifier": one.name,
        "dct:title": _texts(one.title), "dct:description": _texts(one.about),
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": publisher},
        "dct:accrualPeriodicity": {"@id": "http://publications.europa.eu/resource/authority/frequency/CONT"},
        "csvw:tableSchema": {"@type": "csvw:Schema", "csvw:column": [_column(column) for column in one.columns]},
        "dcat:distribution": [_file(home, one, form, terms, published) for form in FORMATS],
    }  # fmt: skip
    if published is not None:
        out |= {"dct:modified": _time(published.made), "boyau:rows": published.rows[one.name]}
    return out


def _column(column: Column) -> dict[str, Any]:
    out: dict[str, Any] = {
        "@type": "csvw:Column", "csvw:name": column.name, "dct:description": _texts(column.meaning),
        "csvw:datatype": {"@id": f"xsd:{_XSD[column.type]}"},
    }  # fmt: skip
    return out | ({"boyau:unit": column.unit} if column.unit else {})


def _file(home: str, one: Dataset, form: Format, terms: Terms, published: Published | None) -> dict[str, Any]:
    name = file_name(one.name, form.name)
    out: dict[str, Any] = {
        "@id": f"{home}/{name}", "@type": "dcat:Distribution", "dcat:accessURL": {"@id": home},
        "dcat:downloadURL": {"@id": f"{home}/{name}"}, "dct:format": {"@id": FILE_TYPES + form.vocabulary},
        "dcat:mediaType": {"@id": MEDIA_TYPES + form.media}, "dct:title": form.title,
    }  # fmt: skip
    if terms.licence_url or terms.licence:
        licence: dict[str, Any] = {"@type": "dct:LicenseDocument"}
        licence |= {"@id": terms.licence_url} if terms.licence_url else {}
        licence |= {"dct:title": terms.licence} if terms.licence else {}
        out["dct:license"] = licence
    if published is not None:
        file = published.files[name]
        out |= {
            "dcat:byteSize": file.size, "dct:modified": _time(published.made),
            "spdx:checksum": {
                "@type": "spdx:Checksum", "spdx:checksumValue": file.sha256,
                "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            },
        }  # fmt: skip
    return out
