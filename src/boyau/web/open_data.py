"""Open data: what is published, its files for people and programs, and a catalogue for machines."""

import datetime as dt
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import FileResponse

from boyau.language import Language
from boyau.ledger import codes
from boyau.service.problems import Problem
from boyau.web.pages import Asked
from boyau.web.publication.catalogue import catalogue
from boyau.web.publication.datasets import DATASETS, FILES, FORMATS, TYPES, XLSX_ROWS_MAX, file_name
from boyau.web.publication.job import Publication

router = APIRouter(include_in_schema=False)
FRESH_SECONDS = 300
KILO = 1000


async def publication_of(request: Request) -> Publication:
    """Return what makes the files."""
    made: Publication = request.app.state.publication
    return made


Open = Annotated[Publication, Depends(publication_of)]


@router.get("/open")
def portal(page: Asked, publication: Open) -> Response:
    """Say what is published, where the files are, and what their columns mean."""
    publication.want()
    published, words = publication.published, page.words
    made = ""
    if published is not None:
        moment = dt.datetime.fromtimestamp(published.made, dt.UTC)
        made = f"{words.day(codes.day(moment.date().isoformat()))} {moment:%H:%M} UTC"
    return page.render(
        "open.html", datasets=DATASETS, formats=FORMATS, types=TYPES, published=published, made=made,
        state=publication.state, terms=publication.terms, file_name=file_name, most=XLSX_ROWS_MAX,
        size=lambda count: _size(words, count),
    )  # fmt: skip


def _size(words: Language, count: int) -> str:
    """Write a number of bytes as people read it."""
    if count < KILO:
        return words.text("{number} bytes", number=count)
    if count < KILO**2:
        return words.text("{number} kB", number=words.rounded(count, KILO, 0))
    if count < KILO**3:
        return words.text("{number} MB", number=words.rounded(count, KILO**2))
    return words.text("{number} GB", number=words.rounded(count, KILO**3))


@router.get("/open/catalogue.jsonld")
def described(page: Asked, publication: Open) -> Response:
    """Return the catalogue."""
    publication.want()
    told = catalogue(page.access.origin, publication.terms, publication.published)
    text = json.dumps(told, ensure_ascii=False, indent=1)
    return Response(
        text, media_type="application/ld+json", headers={"Cache-Control": f"public, max-age={FRESH_SECONDS}"}
    )


@router.api_route("/open/{file}", methods=["GET", "HEAD"])
def download(file: str, request: Request, page: Asked, publication: Open) -> Response:
    """Return a file, or a part of it (Range); 304 where the reader has it already."""
    words = page.words
    known = FILES.get(file)
    if known is None:
        raise Problem(
            404, "not-found", words.text("No such file is published. All of them are listed under open data.")
        )
    publication.want()
    published = publication.published
    if published is None:
        title = words.text("The files are being made. They will be here in a moment.")
        raise Problem(503, "being-made", title, headers={"Retry-After": "5"})
    found, form = published.files[file], known[1]
    etag = f'"{found.sha256[:32]}"'
    headers = {
        "ETag": etag, "Cache-Control": f"public, max-age={FRESH_SECONDS}", "Boyau-Entries": str(published.entries),
        "Boyau-Root": published.root,
    }  # fmt: skip
    asked = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if etag in asked or "*" in asked:
        return Response(status_code=304, headers=headers)
    name = f"boyau-{known[0].name}-{published.entries}.{form.name}"
    return FileResponse(found.path, media_type=form.media, filename=name, headers=headers)
