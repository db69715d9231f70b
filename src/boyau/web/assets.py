"""Styles, scripts and the mark: a few small files, kept by browsers for as long as they do not change."""

import hashlib
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Response

from boyau.service.problems import Problem

router = APIRouter(include_in_schema=False)
_WORKER_POLICY = "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""A worker keeps the rules that came with its own script: by those of every answer it could ask for nothing at all."""
_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@cache
def _all() -> dict[str, bytes]:
    folder = files("boyau.web") / "static"
    found = {one.name: one.read_bytes() for one in folder.iterdir() if one.name.rpartition(".")[2] in _KINDS}
    return found | {"sankey.css": (files("boyau.trace") / "sankey.css").read_bytes()}


@cache
def version() -> str:
    """Return a name that changes whenever one of the files does: it stands in their addresses."""
    digest = hashlib.sha256()
    for name, data in sorted(_all().items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return digest.hexdigest()[:12]


def address(name: str) -> str:
    """Return the address of a file."""
    return f"/static/{version()}/{name}"


@router.get("/static/{version}/{name}")
async def asset(version: str, name: str) -> Response:
    """Return a file."""
    data = _all().get(name)
    if data is None:
        raise Problem(404, "not-found", "There is nothing here")
    now = version == address(name).split("/")[2]
    kept = "public, max-age=31536000, immutable" if now else "no-cache"
    return Response(data, media_type=_KINDS[name.rpartition(".")[2]], headers={"Cache-Control": kept})


@router.get("/sw.js")
async def worker() -> Response:
    """Return the worker that shows a page of our own where there is no network. Its address gives it all pages."""
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": _WORKER_POLICY}
    return Response(_all()["sw.js"], media_type=_KINDS["js"], headers=headers)


@router.get("/favicon.ico")
async def icon() -> Response:
    """Return the mark."""
    return Response(_all()["mark.svg"], media_type=_KINDS["svg"], headers={"Cache-Control": "public, max-age=86400"})
