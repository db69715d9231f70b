"""A served demonstration ledger, and a browser that looks at it: every look is checked and kept as a picture."""

import json
import socket
import threading
import time
from functools import cache
from pathlib import Path

import uvicorn

from boyau.journal import Book
from boyau.language import language
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


class Site:
    """A service with pages over a ledger of its own."""

    def __init__(self, folder: Path, transfers: int = 2000) -> None:
        self.ledger = str(folder / "demo.boyau")
        simulate(self.ledger, transfers=transfers, seed=1, answers=folder / "answers.ndjson", each=1)
        self.desk = Desk(Book.open(self.ledger))
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
