"""Serving the demonstration: pages on a loopback address, with a guest for each role who comes in by one click."""

import contextlib
import datetime as dt
import logging
import os
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING, Any

from boyau.cli import serve
from boyau.cli.output import Failure

if TYPE_CHECKING:
    from boyau.language import Language

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
KEY = "-log.key"
"""Beside the ledger: the key of its log, sealed with nothing."""
SIGN_SECONDS = 5.0


def serve_demonstration(ledger: str, listen: str, words: "Language") -> int:
    """Serve *ledger* until Ctrl-C; print the address, and open a browser where there is one."""
    settings = serve.read_settings(words, listen=listen)
    host, port = settings.address
    if host not in LOOPBACK:
        told = "{address} is no loopback address; in the demonstration everybody may look around in every role"
        raise Failure(words.text(told, address=listen), 2)
    try:
        listening = serve.listening_at(host, port, words)
    except Failure:
        if not port:
            raise
        listening = serve.listening_at(host, 0, words)  # somebody else is there; any other port is as good
    try:
        url = serve.address_of(listening, tls=False)
        access = serve.open_access(ledger, url, settings, words)
        book = serve.open_book(ledger)
        _guests(access, book)
        opening = threading.Timer(1.0, _open, (url,))
        opening.daemon = True
        opening.start()
        signing = Signing(ledger, book.ledger.registry.log_keys.keys[-1].name)
        try:
            given = access, serve.read_numbers(settings)
            return serve.run(book, ledger, settings, given, listening, url, words, demonstration=True)
        finally:
            signing.close()
    finally:
        listening.close()


class Signing:
    """Signs the log again, a few seconds after something was written: what a visitor pays has a receipt as well."""

    def __init__(self, ledger: str, name: str) -> None:
        from boyau.journal.keys import open_signer

        self._ledger, self._name = ledger, name
        self._signer = open_signer(f"{ledger}{KEY}")
        self._signed = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="boyau-signing", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(SIGN_SECONDS):
            try:
                self._sign()
            except Exception:
                logging.getLogger("boyau.demonstration").exception("the log cannot be signed")

    def _sign(self) -> None:
        from boyau.journal.log import Log
        from boyau.stores import open_store

        with contextlib.closing(open_store(self._ledger, write=False)) as store:
            log = Log(store)
            if log.size > self._signed:
                log.checkpoint(self._signer, self._name)
                self._signed = log.size

    def close(self) -> None:
        """Sign no more."""
        self._ended.set()
        self._thread.join(10)


def _open(url: str) -> None:
    """Open a browser where somebody sits in front of the machine."""
    seen = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if seen and sys.stdout.isatty():
        webbrowser.open(url)


def _guests(access: Any, book: Any) -> None:
    """Make the guests, and a payment that waits for the controller among them."""
    from boyau.cli.demo import ROAD
    from boyau.service.gate import pending
    from boyau.service.identity.people import Caller
    from boyau.treasury.simulation.keys import Keys
    from boyau.web.guests import invite

    guests = {
        "treasury": ("", ""),
        "owner": (ROAD, "owner"),
        "contractor": (ROAD, "builder"),
        "controller": ("", "agency"),
        "inspector": ("", "rail-engineer"),
        "analyst": ("", ""),
        "head": ("", ""),
        "auditor": ("", ""),
    }
    accounts = {role: invite(access, role, colour, participant) for role, (colour, participant) in guests.items()}
    waits = {
        "op": "pay", "id": "DEMO-WAITS", "from": f"owner@{ROAD}/c2", "to": f"builder@{ROAD}/c2#1",
        "amount": "80000000.00", "item": "ENSTRU:42.11.20", "subject": "act-2",
    }  # fmt: skip
    command = pending.read(book, waits)
    now = dt.datetime.now(dt.UTC)
    until = int((now + dt.timedelta(days=7)).timestamp())
    if access.pending.add(command, Caller(accounts["owner"], "person", "guest"), "owner", until):
        proposal = {"type": "proposal", "command": command.digest, "by": "owner"}
        at = now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        (refusal,) = book.record([Keys(1).sign(proposal, at)])
        if refusal is not None:
            raise Failure(f"the demonstration did not go as it must: {refusal}")
