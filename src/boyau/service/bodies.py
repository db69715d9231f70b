"""Bodies of requests: read strictly and within bounds, or not at all."""

import re
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from starlette.requests import Request

from boyau import codec
from boyau.journal import intake
from boyau.journal.intake import Line
from boyau.service.bulk import Bulk
from boyau.service.problems import Problem

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
    except intake.TooLarge:
        raise too_many_lines() from None
    except intake.IntakeError as error:
        raise Problem(400, "unreadable", "The batch cannot be read", str(error)) from None
    return lines


def too_many_lines() -> Problem:
    """Return the problem of a batch with too many lines."""
    return Problem(413, "too-large", "The batch is too large", f"At most {BATCH_LINES_MAX} lines.")


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
            return list(intake.parquet(Path(f"/proc/self/fd/{file.fileno()}"), intake.Unpacked(BATCH_LINES_MAX)))
        except intake.TooLarge:
            raise
        except intake.IntakeError as error:  # the name of our own file says nothing to whoever sent it
            raise intake.IntakeError(re.sub(r"/proc/self/fd/[0-9]+", "the batch", str(error))) from None


def _arrow(data: bytes) -> list[Line]:
    try:
        from boyau.service.arrow import read  # pyarrow is an extra: it is four times as large as all the rest together
    except ImportError:
        told = "This service was installed without pyarrow. Send Parquet, or lines of JSON."
        raise Problem(415, "media-type", "Arrow streams are not read here", told) from None
    return read(data, intake.Unpacked(BATCH_LINES_MAX))
