"""Problem details (RFC 9457): one form for everything that goes wrong."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

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

    def response(self, request: Request) -> Response:
        """Return the answer to *request*: as a page to people, where the application has pages."""
        shown = getattr(request.app.state, "error_page", None)
        page: Response | None = None if shown is None else shown(request, self)
        if page is not None:
            return page
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
    429: "Too many requests", 501: "Not installed here",
    503: "Not now: too much waits, the disk fails, or the service ends",
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
