"""Commands of the service: run it, and find out what is wrong with an installation."""

import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, chosen, print_json, print_table, say

if TYPE_CHECKING:
    from boyau.language import Language
    from boyau.service.settings import Settings

Served = Annotated[str, Parameter(env_var="BOYAU_LEDGER", help="The ledger: a path, or sqlite:PATH.")]
Examined = Annotated[str | None, Parameter(env_var="BOYAU_LEDGER", help="The ledger to look at as well.")]
Listen = Annotated[
    str | None,
    Parameter(help="Address to listen at, HOST:PORT; port 0 takes a free one. By default BOYAU_LISTEN."),
]


def serve(ledger: Served, *, listen: Listen = None, create: bool = False, language: In = None) -> int:
    """Run the service on a ledger until it is stopped; print its address, and the link for the first sign-in.

    Example calls:

        boyau serve treasury.boyau
        boyau serve treasury.boyau --create --listen 127.0.0.1:8080

    It may be stopped (SIGTERM, Ctrl-C) and killed at any moment: nothing is answered before it is on disk. All settings
    are in docs/operation.md; `boyau doctor` says what is wrong with an installation.

    Parameters
    ----------
    create
        Make the ledger if there is none yet.
    """
    words = chosen(language)
    settings = read_settings(words, listen=listen)
    host, port = settings.address
    listening = listening_at(host, port, words)
    try:
        url = settings.public_url or address_of(listening, tls=settings.tls_certificate is not None)
        numbers = read_numbers(settings)
        access = open_access(ledger, url, settings, words)
        book = open_book(ledger, create=create)
        return run(book, ledger, settings, (access, numbers), listening, url, words)
    finally:
        listening.close()


def read_settings(words: "Language", **given: Any) -> "Settings":
    """Return the settings; a sentence where a part of the service is missing or a setting is wrong."""
    try:
        from boyau.service import app, settings  # noqa: F401 - all that the service needs
    except ImportError as error:
        told = "the service needs {name}; install it with {command}"
        raise Failure(words.text(told, name=error.name, command="pip install 'boyau[serve]'"), 2) from None
    try:
        return settings.load(**given)
    except settings.SettingError as error:
        raise Failure(str(error), 2) from None


def read_numbers(settings: "Settings") -> Any:
    """Read what outside account numbers mean here."""
    from boyau.records.iso20022 import numbers

    try:
        return numbers.load(settings.iso20022_numbers)
    except numbers.NumbersError as error:
        raise Failure(str(error), 2) from None


def open_access(ledger: str, url: str, settings: "Settings", words: "Language") -> Any:
    """Open the access store beside the ledger."""
    from boyau.service import logs
    from boyau.service.gate import Access
    from boyau.service.identity.oidc import read_providers
    from boyau.service.identity.store import AccessStore

    store = AccessStore.open(f"{ledger.removeprefix('sqlite:')}-access")
    proxies = [one.strip() for one in settings.trusted_proxies.split(",") if one.strip()]
    try:
        providers = read_providers(settings.openid_providers) if settings.openid_providers else []
    except ValueError as error:
        store.close()
        raise Failure(str(error), 2) from None
    try:
        return Access(
            store,
            url,
            providers=providers,
            trusted_proxies=proxies,
            certificate_header=settings.certificate_header,
            decisions_folder=settings.decisions_folder,
            decisions_told=logs.decisions(logs.configure(settings.log_level)) if settings.decisions_logged else None,
            caller_limit=(settings.rate_per_second, settings.rate_burst),
        )
    except ValueError as error:
        store.close()
        told = "{address} cannot be served to others: {reason}; see BOYAU_PUBLIC_URL, BOYAU_TLS_CERTIFICATE"
        raise Failure(words.text(told, address=url, reason=error), 2) from None


def listening_at(host: str, port: int, words: "Language") -> socket.socket:
    """Return a socket that listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048, reuse_port=False)
    except OSError as error:
        told = "cannot listen at {address}: {reason}"
        raise Failure(words.text(told, address=f"{host}:{port}", reason=error.strerror or error), 4) from None


def open_book(ledger: str, *, create: bool = False) -> Any:
    """Open the ledger for writing; with *create*, make it where there is none."""
    from boyau.journal import Book

    if create and not Path(ledger.removeprefix("sqlite:")).exists():
        book = Book.create(ledger)
        book.record([{"type": "unit", "unit": "KZT", "scale": 2}])
        return book
    return Book.open(ledger)


def run(  # what is served, and where
    book: Any, ledger: str, settings: "Settings", given: tuple[Any, Any], listening: socket.socket, url: str,
    words: "Language", *, demonstration: bool = False,
) -> int:  # fmt: skip
    """Serve until a signal ends it; print the address, and the link for the first administrator where there is none.

    *given*: who may come in, and what outside account numbers mean.
    """
    import uvicorn

    from boyau.service import logs
    from boyau.service.app import HEADERS, create_app
    from boyau.service.desk import Desk
    from boyau.service.front import Front, protocol
    from boyau.service.interpreter import settle
    from boyau.service.webhooks import Hooks
    from boyau.web import install
    from boyau.web.publication.job import Terms

    outlines = _outlines(settings)
    logger = logs.configure(settings.log_level)
    desk = Desk(book, jobs_max=settings.queue_requests_max, lines_max=settings.queue_lines_max)
    access, numbers = given
    app = create_app(desk, access, numbers=numbers)
    terms = Terms(
        settings.open_licence, settings.open_licence_url, settings.open_publisher, settings.open_seconds,
    )  # fmt: skip
    reader = install(app, desk, ledger, demonstration=demonstration, terms=terms, outlines=outlines)
    logs.install(app, logger)
    if settings.webhooks_max:
        path = f"{ledger.removeprefix('sqlite:')}-webhooks"
        app.state.hooks = Hooks(desk, path, most=settings.webhooks_max, private=settings.webhooks_private)
    front = Front(app, desk, HEADERS, most=settings.requests_at_once_max, logger=logger)

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: Any) -> None:
            app.state.feed.close()  # whoever waits for entries must not keep the others waiting for the end
            super().handle_exit(sig, frame)

    server = Server(
        uvicorn.Config(
            front, http=protocol(front), log_config=None, access_log=False, server_header=False, proxy_headers=False,
            ws="none", lifespan="on",
            timeout_keep_alive=30, limit_concurrency=settings.connections_max,
            timeout_graceful_shutdown=settings.drain_seconds, ssl_certfile=settings.tls_certificate,
            ssl_keyfile=settings.tls_key,
        )
    )  # fmt: skip
    # Before anybody can know the address: a signal from here on means an end in order.
    handlers = (signal.SIGINT, signal.SIGTERM)
    before = {one: signal.signal(one, lambda *_: setattr(server, "should_exit", True)) for one in handlers}
    print(url)
    if not demonstration and (link := access.store.first_link(url)):
        print(link)
    sys.stdout.flush()
    say(words.text("{ledger} is served, {entries} entries; {key} stops", **_facts(ledger, book)))
    settle()
    try:
        # uvicorn sends itself the signal again when it has ended; by then there is nothing left to interrupt.
        server.run(sockets=[listening])
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        if getattr(app.state, "hooks", None) is not None:
            app.state.hooks.close()
        reader.close()
        desk.close()
    logger.info("stopped", entries=desk.entries)
    return 0


def _outlines(settings: "Settings") -> Any:
    """Return the operator's map of the regions, None where there is none."""
    from boyau.web.execution import outlines

    if settings.map is None:
        return None
    try:
        return outlines.read(settings.map)
    except outlines.OutlineError as error:
        raise Failure(f"map (BOYAU_MAP): {error}", 2) from None


def _facts(ledger: str, book: Any) -> dict[str, Any]:
    return {"ledger": ledger, "entries": book.entries, "key": "Ctrl-C"}


def address_of(listening: socket.socket, *, tls: bool) -> str:
    """Return the address under which browsers find what listens."""
    host, port = listening.getsockname()[:2]
    if host in {"127.0.0.1", "::1"}:
        host = "localhost"  # a passkey is bound to a name; browsers make none for a number
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def doctor(ledger: Examined = None, *, components: bool = False, language: In = None, json: Json = False) -> int:
    """Look at an installation, and say of everything that is wrong with it what to do.

    Example calls:

        boyau doctor
        boyau doctor treasury.boyau --json
        boyau doctor --components > boyau.cdx.json

    Exit code 1: something is wrong.

    Parameters
    ----------
    components
        Only list what is installed, as a bill of materials (CycloneDX, JSON).
    """
    words = chosen(language)
    if components:
        from datetime import UTC, datetime

        from boyau.service.components import bill

        print_json(bill(datetime.now(UTC)))
        return 0
    settings = read_settings(words)
    from boyau.service.doctor import examine

    found = examine(ledger, settings, words)
    if json:
        print_json([one.document() for one in found])
    else:
        marks = {"good": words.text("good"), "warning": words.text("warning"), "wrong": words.text("wrong")}
        rows = [(one.name, marks[one.state], one.finding, one.remedy) for one in found]
        heads = [words.text("what"), words.text("state"), words.text("finding"), words.text("what to do")]
        print_table(heads, rows)
    return 1 if any(one.state == "wrong" for one in found) else 0
