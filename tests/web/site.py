"""A served demonstration ledger, and a browser that looks at it: every look is checked and kept as a picture."""

import json
import socket
import threading
import time
from functools import cache
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from boyau.journal import Book
from boyau.journal.log import Log, key_record, origin_of
from boyau.language import language
from boyau.proofs.note import COSIGNATURE, Verifier, cosign
from boyau.service.app import create_app
from boyau.service.desk import Desk
from boyau.service.gate import Access
from boyau.service.identity.sessions import COOKIE
from boyau.service.identity.store import AccessStore
from boyau.treasury.simulation import simulate
from boyau.web import install

SCREENS = Path(__file__).resolve().parents[2] / "out" / "screens"
LANGUAGES = ("kk", "ru", "en")
LOCALES = {"kk": "kk-KZ", "ru": "ru-RU", "en": "en-GB"}
WIDE, PHONE = 1280, 390
SERIOUS = ("serious", "critical")


@cache
def axe() -> str:
    """The accessibility checker, as the package brings it."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


class Signer:
    """A key that follows from a number: of the log (1) and of a witness (2)."""

    def __init__(self, number: int) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.public_key = self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


LOG_KEY, WITNESS_KEY = Signer(1), Signer(2)
WITNESS = "witness.example/w1"


def sign_log(path: str) -> str:
    """Give a ledger a key of its log and a checkpoint that a witness cosigned; return the log's key for people."""
    with Book.open(path) as book:
        name = origin_of(book.id)
        assert book.record([key_record(book.ledger.registry.log_keys, name, LOG_KEY, name, None)]) == [None]
        log = Log(book.store)
        log.keep(cosign(log.checkpoint(LOG_KEY, name), WITNESS, WITNESS_KEY, 1_767_225_600))
        return str(Verifier(name, LOG_KEY.public_key))


class Site:
    """A service with pages over a ledger of its own.

    Its log is signed by ``LOG_KEY`` (``site.log_key`` is the public key as people hand it on) up to ``site.signed``
    entries, and cosigned by ``WITNESS_KEY``; one entry, a note, came after: it has no receipt yet.
    """

    def __init__(self, folder: Path, transfers: int = 2000) -> None:
        self.ledger = str(folder / "demo.boyau")
        simulate(self.ledger, transfers=transfers, seed=1, answers=folder / "answers.ndjson", each=1)
        self.log_key = sign_log(self.ledger)
        self.witness_key = str(Verifier(WITNESS, WITNESS_KEY.public_key, COSIGNATURE))
        book = Book.open(self.ledger)
        self.signed = book.entries
        assert book.record([{"type": "note", "text": "After the checkpoint."}]) == [None]
        self.serve(book)

    def serve(self, book: Book) -> None:
        """Serve a book, from now on."""
        self.desk = Desk(book)
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{listening.getsockname()[1]}"
        self.access = Access(AccessStore.open(":memory:"), self.url, public_limit=(1e6, 1e6))
        self.app = create_app(self.desk, self.access)
        self.reader = install(self.app, self.desk, self.ledger, demonstration=True)
        self.server = uvicorn.Server(uvicorn.Config(self.app, log_level="warning"))
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listening]}, daemon=True)
        self._thread.start()
        while not self.server.started:
            time.sleep(0.02)
        assert self.reader.wait(self.desk.entries, 60)

    def session(self, *grants: tuple[str, ...]) -> str:
        """Sign somebody in with grants of (role, colour, participant); return the secret of the session."""
        person = self.access.people.add("person", "Test")
        for role, *scope in grants:
            colour, participant = (*scope, "", "")[:2]
            self.access.people.grant(person, role, colour, participant, "test")
        return self.access.sessions.begin(person, "passkey")

    def book(self, look):
        """Look at the ledger."""
        return self.desk.call(look).result()

    def close(self) -> None:
        self.server.should_exit = True
        self._thread.join(20)
        self.reader.close()


class Look:
    """A browser's page on the site, in one language, as somebody. Faults of scripts, of styles and of access count."""

    def __init__(self, browser, site: Site, language: str, *, width: int = WIDE, session: str = "", **more) -> None:
        self.site, self.language, self.width = site, language, width
        self.context = browser.new_context(locale=LOCALES[language], viewport={"width": width, "height": 900}, **more)
        if session:
            self.context.add_cookies([{
                "name": COOKIE, "value": session, "url": site.url.replace("http://", "https://"), "secure": True,
                "httpOnly": True, "sameSite": "Lax",
            }])  # fmt: skip
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)

    def go(self, path: str, status: int = 200) -> str:
        """Open a page; return its text. What it is must be right: status, language, one heading, no sideways scroll."""
        answer = self.page.goto(self.site.url + path)
        assert answer is not None
        assert answer.status == status, (path, answer.status, answer.text()[:400])
        if status != 200:  # the browser itself reports the status as a fault
            self.faults = [one for one in self.faults if str(status) not in one]
        self.check(path)
        return self.page.locator("main").inner_text()

    def check(self, path: str = "") -> None:
        page = self.page
        assert page.locator("html").get_attribute("lang") == self.language, path
        assert page.locator("h1").count() == 1, path
        assert self.faults == [], (path, self.faults)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{path} scrolls sideways by {wide} px at {self.width}"

    def words_number(self, number: int) -> str:
        """Write a number as the language of the page does."""
        return language(self.language).number(str(number))

    def accessible(self) -> None:
        """Fail on serious findings of axe-core (WCAG 2.2 AA and best practices)."""
        # Into the page's world by the debugger: our policy allows no script of others, which is as it should be.
        self.page.evaluate(axe())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        bad = [
            (one["id"], one["impact"], one["help"], [node["html"][:160] for node in one["nodes"][:3]])
            for one in found["violations"]
            if one["impact"] in SERIOUS
        ]
        assert bad == [], json.dumps(bad, indent=1, ensure_ascii=False)

    def picture(self, name: str) -> Path:
        """Keep what is seen, as test output."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        path = SCREENS / f"{name}-{self.language}-{self.width}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def close(self) -> None:
        self.context.close()
