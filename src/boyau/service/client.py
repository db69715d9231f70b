"""A small client of the HTTP API, for programs and for our own tests.

    with Client("http://127.0.0.1:8080") as ledger:
        ledger.post({"op": "pay", "id": "P-1", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "10.00"})
        for entry in ledger.follow(after=-1):
            ...

Whoever sends chooses the id and keeps it before sending. So a request whose answer was lost is simply sent again: the
ledger posts an id once. Only what has an id, and only reading, is ever repeated here.
"""

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

TRIES_MAX = 8
PAUSE_SECONDS_MAX = 30.0
_AGAIN = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of an operation or a record. ``new`` is False where it was posted before under this id."""

    result: str
    id: str = ""
    entry: int = -1
    new: bool = True


class ApiError(Exception):
    """A problem (RFC 9457). ``kind`` is the end of its type; ``findings`` are the rules that were broken."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        self.status, self.document = status, document
        self.kind = str(document.get("type", "")).rpartition("/")[2]
        self.findings: list[dict[str, Any]] = document.get("findings", [])
        super().__init__(f"{status} {self.kind}: {document.get('detail') or document.get('title', '')}")


class Unanswered(Exception):  # noqa: N818 - a condition
    """No answer came after all tries. Whether it was posted is not known: send it again with the same id."""


@dataclass(slots=True)
class Client:
    """One connection pool to one service. ``auth`` signs or marks each request."""

    url: str
    auth: httpx.Auth | None = None
    timeout_seconds: float = 60.0
    tries_max: int = TRIES_MAX
    language: str = "en"
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    _http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"accept-language": self.language, "user-agent": "boyau-client"}
        self._http = httpx.Client(
            base_url=self.url, headers=headers, timeout=self.timeout_seconds, transport=self.transport,
            auth=self.auth, trust_env=False,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # ---- posting ----------------------------------------------------------------------------------------------------

    def post(self, operation: dict[str, Any], *, dry_run: bool = False) -> Posted:
        """Post one operation, which must have an id; when this returns it is on disk. Refused: ``ApiError``."""
        if not operation.get("id"):
            raise ValueError("an operation needs an id that you have kept: without one it could be posted twice")
        return self._single("/api/v1/transfers", operation, again=True, dry_run=dry_run)

    def record(self, record: dict[str, Any], *, dry_run: bool = False) -> Posted:
        """Give the ledger one record. It has no id, so it is sent once: ``Unanswered`` where no answer came."""
        return self._single("/api/v1/records", record, again=dry_run, dry_run=dry_run)

    def batch(self, lines: Iterable[dict[str, Any]], *, only_counts: bool = False) -> dict[str, Any]:
        """Submit many operations and records in order. It is repeated only where each line has an id."""
        kept = list(lines)
        data = b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in kept)
        again = all(one.get("id") and "op" in one for one in kept)
        headers = {"content-type": "application/x-ndjson"}
        query = {"only_counts": "true"} if only_counts else None
        found = self._send("POST", "/api/v1/batches", again=again, content=data, headers=headers, params=query)
        document: dict[str, Any] = found.json()
        return document

    def explain(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Say what would become of an operation, and every rule against it."""
        document: dict[str, Any] = self._send("POST", "/api/v1/explain", again=True, json=operation).json()
        return document

    def _single(self, path: str, value: dict[str, Any], *, again: bool, dry_run: bool) -> Posted:
        query = {"dry_run": "true"} if dry_run else None
        answer = self._send("POST", path, again=again, json=value, params=query)
        told = answer.json()
        return Posted(told["result"], told.get("id", ""), told.get("entry", -1), new=answer.status_code == 201)

    # ---- reading ----------------------------------------------------------------------------------------------------

    def account(self, name: str) -> dict[str, Any]:
        """Return what an account has; amounts are strings."""
        return self._get(f"/api/v1/accounts/{_quoted(name)}")

    def colour(self, path: str) -> dict[str, Any]:
        """Return a colour, its rules in force and its limits."""
        return self._get(f"/api/v1/colours/{_quoted(path)}")

    def entry(self, which: int | str) -> dict[str, Any]:
        """Return an entry by its number or by the id it was posted under."""
        return self._get(f"/api/v1/entries/{_quoted(str(which))}")

    def accounts(self, *, limit: int = 100, **query: str) -> Iterator[dict[str, Any]]:
        """Iterate over all accounts, a page at a time."""
        return self._pages("/api/v1/accounts", {"limit": str(limit), **query})

    def colours(self, *, limit: int = 100) -> Iterator[dict[str, Any]]:
        """Iterate over all colours, a page at a time."""
        return self._pages("/api/v1/colours", {"limit": str(limit)})

    def entries(self, *, after: int = -1, limit: int = 1000) -> Iterator[dict[str, Any]]:
        """Iterate over the entries that there are, in order."""
        return self._pages("/api/v1/entries", {"after": str(after), "limit": str(limit)})

    def follow(self, *, after: int = -1, wait_seconds: int = 25) -> Iterator[dict[str, Any]]:
        """Iterate over entries as they come, without end. Keep the number of the last one, to go on from there."""
        while True:
            page = self._get("/api/v1/entries", {"after": str(after), "limit": "1000", "wait": str(wait_seconds)})
            for entry in page["items"]:
                after = entry["entry"]
                yield entry

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        page = self._get(path, query)
        while page["items"]:
            yield from page["items"]
            if not page["next"]:
                return
            page = self._get(page["next"])

    def _get(self, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        document: dict[str, Any] = self._send("GET", path, again=True, params=query).json()
        return document

    # ---- sending ----------------------------------------------------------------------------------------------------

    def _send(self, method: str, path: str, *, again: bool, **more: Any) -> httpx.Response:
        """Send, and repeat what may be repeated: the same bytes, after a pause that grows, or that the service asks."""
        lost: Exception | None = None
        for attempt in range(self.tries_max):
            pause = min(PAUSE_SECONDS_MAX, 0.1 * 2.0**attempt) * (0.5 + random.random() / 2)  # noqa: S311 - to spread
            try:
                answer = self._http.request(method, path, **more)
            except httpx.ConnectError as error:  # it was not even sent
                lost = error
            except httpx.TransportError as error:
                lost = error
                if not again:
                    break
            else:
                if answer.is_success:
                    return answer
                problem = ApiError(answer.status_code, _document(answer))
                if answer.status_code not in _AGAIN or not (again or problem.kind in ("busy", "closing", "rate")):
                    raise problem
                lost = problem
                told = answer.headers.get("retry-after", "")
                pause = min(PAUSE_SECONDS_MAX, max(pause, float(told))) if told.isdigit() else pause
            if attempt + 1 < self.tries_max:
                self.sleep(pause)
        if isinstance(lost, ApiError):
            raise lost
        raise Unanswered(f"{method} {path}: {lost}") from lost


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="/@:")


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"title": answer.reason_phrase, "status": answer.status_code}
