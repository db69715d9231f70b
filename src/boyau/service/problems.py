"""Problem details (RFC 9457): one form for everything that goes wrong; and bodies, with which most of it begins.

A body is read strictly and within bounds, or not at all.
"""

import re
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from boyau import codec
from boyau.journal import intake
from boyau.journal.intake import Line
from boyau.service.models import Bulk

BASE = "https://boyau.kz/problems/"
MEDIA = "application/problem+json"


class Problem(Exception):  # noqa: N818 - the name of the standard
    """An answer that is not what was asked for. ``kind`` ends the type's address and never changes its meaning."""

    def __init__(self, status: int, kind: str, title: str, detail: str = "", **more: Any) -> None:
        super().__init__(f"{status} {kind}: {detail or title}")
        self.status, self.kind, self.title, self.detail = status, kind, title, detail
        self.headers: dict[str, str] = more.pop("headers", {})
        self.more = more

    def document(self, instance: str = "") -> dict[str, Any]:
        """Return the body."""
        out: dict[str, Any] = {"type": BASE + self.kind, "title": self.title, "status": self.status}
        if self.detail:
            out["detail"] = self.detail
        if instance:
            out["instance"] = instance
        return out | self.more

    def response(self, request: Request) -> JSONResponse:
        """Return the answer to *request*."""
        return JSONResponse(self.document(request.url.path), self.status, self.headers, MEDIA)


def busy(seconds: int) -> Problem:
    """Return what is said when the queue is full."""
    return Problem(
        503, "busy", "Too much is waiting", f"Nothing of this request was begun. Try again in {seconds} s.",
        headers={"Retry-After": str(seconds)},
    )  # fmt: skip


WORDS = {
    304: "Not changed", 400: "Not readable", 401: "Not signed in", 403: "Not allowed", 404: "Not there",
    409: "Refused by a rule, a limit or the state: every reason is in `findings`", 413: "Too large",
    415: "A type that is not read", 422: "Not an operation, record or query that is known",
    429: "Too many requests", 503: "Not now: too much waits, the disk fails, or the service ends",
}  # fmt: skip
_DETAILS = {
    "type": "object",
    "title": "ProblemDetails",
    "description": "RFC 9457.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "findings": {"type": "array", "items": {"type": "object"}},
    },
}


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Return how OpenAPI tells of the problems of a route; those of the gate and of the queue stand at each."""
    return {
        code: {"description": WORDS[code], "content": {MEDIA: {"schema": _DETAILS}}}
        for code in sorted({*codes, 401, 403, 429, 503})
    }


# ---- bodies ---------------------------------------------------------------------------------------------------------

FORMATS = {
    "application/x-ndjson": "ndjson",
    "application/json": "json",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.apache.arrow.stream": "arrow",
}


BODY_BYTES_MAX = 64 * 1024
BATCH_BYTES_MAX = 64 << 20
BATCH_LINES_MAX = 100_000


async def body_of(request: Request, most: int = BODY_BYTES_MAX) -> bytes:
    """Read a body, but not without end."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > most:
        raise Problem(413, "too-large", "The body is too large", f"At most {most} bytes.")
    out = bytearray()
    async for part in request.stream():
        out += part
        if len(out) > most:
            raise Problem(413, "too-large", "The body is too large", f"At most {most} bytes.")
    return bytes(out)


def object_of(data: bytes, request: Request) -> dict[str, Any]:
    """Read one JSON object, strictly."""
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "media-type", "The body must be application/json", f"It says {kind!r:.60}.")
    try:
        value = codec.read_json(data)
    except codec.CodecError as error:
        raise Problem(400, "unreadable", "The body cannot be read", str(error)) from None
    if not isinstance(value, dict):
        raise Problem(400, "unreadable", "The body must be a JSON object")
    return value


def read_batch(kind: str, data: bytes) -> Bulk | list[Line]:
    """Read the lines of a batch; the whole is refused where it is not what its type says."""
    return Bulk.read(data) if kind == "ndjson" else _lines(kind, data)


def _lines(kind: str, data: bytes) -> list[Line]:
    try:
        if kind == "json":
            lines = [Line(number, value) for number, value in enumerate(_array(data), 1)]
        else:
            lines = _columns(kind, data)
    except intake.IntakeError as error:
        raise Problem(400, "unreadable", "The batch cannot be read", str(error)) from None
    return lines


def _array(data: bytes) -> list[Any]:
    try:
        value = codec.read_json(data, BATCH_BYTES_MAX)
    except codec.CodecError as error:
        raise Problem(400, "unreadable", "The batch cannot be read", str(error)) from None
    if not isinstance(value, list):
        raise Problem(400, "unreadable", "The batch must be a JSON array of operations and records")
    return value


def _columns(kind: str, data: bytes) -> list[Line]:
    if kind == "arrow":
        return _arrow(data)
    with SpooledTemporaryFile(max_size=1) as file:
        file.rollover()
        file.write(data)
        file.flush()
        try:
            return list(intake.parquet(Path(f"/proc/self/fd/{file.fileno()}")))
        except intake.IntakeError as error:  # the name of our own file says nothing to whoever sent it
            raise intake.IntakeError(re.sub(r"/proc/self/fd/[0-9]+", "the batch", str(error))) from None


def _arrow(data: bytes) -> list[Line]:
    try:
        import pyarrow as pa  # an extra: it is four times as large as all the rest together
    except ImportError:
        told = "This service was installed without pyarrow. Send Parquet, or lines of JSON."
        raise Problem(415, "media-type", "Arrow streams are not read here", told) from None
    try:
        with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
            for column in reader.schema:
                if pa.types.is_floating(column.type):
                    raise intake.IntakeError(f"column {column.name}: floating-point numbers lose money; send text")
            table = reader.read_all()
            if table.num_rows > BATCH_LINES_MAX:
                raise Problem(413, "too-large", "The batch is too large", f"At most {BATCH_LINES_MAX} lines.")
            rows = table.to_pylist()
    except pa.ArrowException as error:
        raise intake.IntakeError(f"this is no Arrow stream: {str(error).splitlines()[0]:.200}") from None
    return [
        Line(k, {name: _cell(v) for name, v in row.items() if v not in (None, "")}) for k, row in enumerate(rows, 1)
    ]


def _cell(value: Any) -> Any:
    return value if isinstance(value, bool | str) else str(value)
