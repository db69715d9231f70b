"""A witness over HTTP, and how a log asks one: POST /add-checkpoint (C2SP tlog-witness), GET /health.

Nobody need be known to ask. So everything is bounded: bytes, connections, and the time that one connection may take.
"""

import socket
import socketserver
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from boyau.proofs.note import Checkpoint, Note, NoteError, Verifier, read_signatures
from boyau.proofs.witness import BODY_BYTES_MAX, SIZE, TEXT, Answer, Request, StateError, Witness

CONNECTIONS_MAX = 64
IDLE_SECONDS_MAX = 10.0
CONNECTION_SECONDS_MAX = 60.0
"""One connection is cut then, whatever it does: a client that sends a byte a second holds its place no longer."""
ANSWER_BYTES_MAX = 64 * 1024
TIMEOUT_SECONDS = 10.0
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness at an address (host, port); *log* is told of each answer in one line."""

    daemon_threads = True
    request_queue_size = CONNECTIONS_MAX

    def __init__(self, address: tuple[str, int], witness: Witness, log: Callable[[str], None] | None = None) -> None:
        self.witness = witness
        self.log = log or (lambda _line: None)
        self._places = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind, without asking the name service who we are."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def url(self) -> str:
        """Where this witness is asked."""
        host = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{host}:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection its thread, or send it away when all places are taken."""
        if not self._places.acquire(blocking=False):
            with suppress(OSError):
                request.settimeout(0)
                request.sendall(_BUSY)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection, for as long as it may last."""
        end = threading.Timer(CONNECTION_SECONDS_MAX, _cut, [request])
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._places.release()

    def handle_error(self, _request: Any, client_address: Any) -> None:
        """Tell of a connection that broke; that is its own affair."""
        self.log(f"{client_address[0]}: the connection broke")


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"  # tlog-witness: "witnesses SHOULD support HTTP keep-alive"
    server_version, sys_version = "boyau-witness", ""
    timeout = IDLE_SECONDS_MAX
    wbufsize = -1  # an answer goes out whole: in two packets, the second would wait for the first one's receipt

    def handle_expect_100(self) -> bool:
        """Let the client go on, at once."""
        out = super().handle_expect_100()
        self.wfile.flush()
        return out

    def do_GET(self) -> None:
        if self.path != "/health":
            self.send_error(404)
            return
        try:
            with self.server.witness.state.transaction():
                answer = Answer(200, TEXT, b"ok\n")
        except StateError as error:
            answer = Answer(503, TEXT, f"{error}\n".encode())
        self._answer(answer)

    def do_POST(self) -> None:
        if self.path != "/add-checkpoint":
            self.send_error(404)
            return
        lengths = self.headers.get_all("Content-Length", [])
        if len(lengths) != 1 or "Transfer-Encoding" in self.headers:
            self.send_error(411)
            return
        if not (lengths[0].isascii() and lengths[0].isdigit() and len(lengths[0]) < 10):
            self.send_error(400)
            return
        if int(lengths[0]) > BODY_BYTES_MAX:
            self.send_error(413)
            return
        body = self.rfile.read(int(lengths[0]))
        if len(body) < int(lengths[0]):
            self.close_connection = True  # cut short on the way: nobody is there to be answered
            return
        try:
            answer = self.server.witness.add_checkpoint(body)
        except Exception as error:  # noqa: BLE001 - a full disk, a signer that is away: the log is to try again later
            self.server.log(f"nothing was cosigned: {type(error).__name__}: {error}")
            answer = Answer(503, TEXT, b"the witness cannot cosign now; try again later\n")
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        if answer.status == 405:
            self.send_header("Allow", "POST" if self.path == "/add-checkpoint" else "GET")
        if answer.status == 503:
            self.send_header("Retry-After", "5")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        said = "" if answer.status == 200 else answer.body.decode("utf-8", "replace").strip()
        line = f"{self.client_address[0]} {answer.status} {said}".rstrip()
        self.server.log("".join(c if c.isprintable() else "?" for c in line))  # a terminal obeys what it is shown

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse in plain text; the connection ends, since a body may be left unread."""
        del message, explain  # they repeat what was sent
        self.close_connection = True
        status = HTTPStatus(405 if code == 501 else code)  # any other method is refused, not "not implemented"
        self._answer(Answer(status.value, TEXT, f"{status.phrase}\n".encode()))

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing; ``_answer`` does."""


# ---- the log's side -------------------------------------------------------------------------------------------------


class WitnessError(Exception):
    """A witness has not cosigned; the message says why."""


class WitnessUnreachable(WitnessError):  # noqa: N818 - read as "the witness is unreachable"
    """No answer, or none that can be read: try again later."""


class WitnessRefused(WitnessError):  # noqa: N818
    """The witness has refused with *status*."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class WitnessConflict(WitnessRefused):
    """The last checkpoint that the witness has cosigned has *size* leaves, or it has that size and another root."""

    def __init__(self, size: int, message: str) -> None:
        super().__init__(409, message)
        self.size = size


class WitnessFalse(WitnessError):  # noqa: N818
    """What was answered is no cosignature of the witness that was asked."""


class Cosignature(NamedTuple):
    """A cosignature that holds; ``note.signed(key, signature)`` adds it. *seconds*: when it was given, since 1970."""

    key: Verifier
    signature: bytes
    seconds: int


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nowhere: a witness is where its operator has said."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def submit(url: str, note: str, old: int, proof: Sequence[bytes], *, timeout: float = TIMEOUT_SECONDS) -> str:
    """Ask the witness at *url* to cosign *note*, which continues *old* leaves; return the lines, not yet verified."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise WitnessUnreachable(f"{url} is no address of a witness; it begins with https:// or http://")
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        f"{url.rstrip('/')}/add-checkpoint", Request.write(old, proof, note), {"Content-Type": TEXT}, method="POST"
    )
    try:
        try:
            with _OPENER.open(request, timeout=timeout) as answer:
                status, kind, body = answer.status, "", _body(answer, timeout)
        except urllib.error.HTTPError as error:
            with error:
                status, kind, body = error.code, error.headers.get_content_type(), _body(error, timeout)
    except (OSError, HTTPException, ValueError) as error:
        raise WitnessUnreachable(f"{url} gives no answer: {error}") from None
    text = body.decode("utf-8", "replace")
    if status == 200:
        return text
    number = text.removesuffix("\n")
    if status == 409 and kind == SIZE and number.isascii() and number.isdigit() and len(number) < 20:
        size = int(number)
        found = f"another tree of {size} leaves" if size == old else f"{size} leaves last, not {old}"
        raise WitnessConflict(size, f"{url} has cosigned {found}")
    raise WitnessRefused(status, f"{url} refuses ({status}): {text.strip():.300}")


def cosign_with(
    url: str,
    note: str,
    proof_from: Callable[[int], Sequence[bytes]],
    known: int,
    *,
    key: Verifier,
    timeout: float = TIMEOUT_SECONDS,
) -> Cosignature:
    """Have *note* cosigned by the witness that signs with *key*; *known* is the size it was last seen to cosign.

    ``proof_from(size)`` proves that the checkpoint continues its first *size* leaves. Where the witness names another
    size than *known*, it is asked once more with a proof from there.
    """
    size = Checkpoint.read(Note.read(note).text).size
    lines = None
    if known <= size:
        try:
            lines = submit(url, note, known, _proof(proof_from, known, size), timeout=timeout)
        except WitnessConflict as conflict:
            if conflict.size == known:  # the same size and another root: no proof can help
                raise
            known = conflict.size
    if known > size:
        raise WitnessConflict(
            known, f"{url} has cosigned {known} leaves, more than these {size}: the log was cut, or restored too old"
        )
    if lines is None:
        lines = submit(url, note, known, _proof(proof_from, known, size), timeout=timeout)
    return accepted(note, lines, key)


def accepted(note: str, lines: str, key: Verifier) -> Cosignature:
    """Return the cosignature by *key* among *lines*. WitnessFalse where there is none that holds.

    Lines of other keys are passed over (tlog-witness: "MUST ignore any cosignatures from unknown keys").
    """
    try:
        for name, key_id, signature in read_signatures(lines):
            if (name, key_id) == (key.name, key.key_id):
                return Cosignature(key, signature, key.check(Note.read(note).text, signature))
    except NoteError as error:
        raise WitnessFalse(f"the answer of {key.name} is no cosignature: {error}") from None
    raise WitnessFalse(f"{key.name} has not cosigned: none of the lines in the answer is by its key")


def _proof(proof_from: Callable[[int], Sequence[bytes]], known: int, size: int) -> Sequence[bytes]:
    return proof_from(known) if 0 < known < size else []


def _body(answer: Any, timeout: float) -> bytes:
    """Read an answer, but not for ever: neither in bytes nor in time."""
    end, out = time.monotonic() + timeout, b""
    while part := answer.read1(ANSWER_BYTES_MAX):
        out += part
        if len(out) > ANSWER_BYTES_MAX or time.monotonic() > end:
            raise HTTPException("the answer is too long")
    return out
