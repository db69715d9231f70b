"""Where every page of the site is, for tests that visit them all: addresses found in the ledger by looking.

A route of roles.toml that is a page and has no sample here fails the sweep: whoever adds a page adds a sample.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from boyau.journal.operations import Operations
from boyau.ledger import Kind, Result
from boyau.service.gate.policy import POLICY
from tests.web import works as w

TECHNICAL = {
    "GET /health", "GET /ready", "GET /openapi.json", "GET /metrics", "GET /static/{version}/{name}", "GET /sw.js",
    "GET /favicon.ico",
}  # fmt: skip
PAGES = tuple(
    route
    for route in POLICY.routes
    if route.startswith("GET ") and not route.startswith("GET /api/") and route not in TECHNICAL
)
"""What has an address for people."""
PAGE, DOOR, FILE = "page", "door", "file"
"""A door is a page by itself, without head and foot: where one signs in."""


@dataclass(frozen=True)
class Sample:
    """A visit: the address as the site's ledger has it, as whom, and whether it is a page or something else."""

    path: Callable
    grants: tuple = ()
    kind: str = PAGE
    name: str = ""


TREASURY = (("treasury", "", w.CUSTOMER),)
CONTROLLER = (("controller", "", w.CHECKER),)
CONTRACTOR = (("contractor", w.ROOT, w.BUILDER),)
INSPECTOR = (("inspector", w.ROOT, w.QUALITY),)
AUDITOR = (("auditor",),)
ADMINISTRATOR = (("administrator",),)


def at(path):
    """An address that is the same in every ledger."""
    return lambda _site: path


def _row(site, chosen):
    rows = site.reader.rows
    return int(rows.entry[np.flatnonzero(chosen(rows))[-1]])


def paid(site):
    """The newest payment that was posted."""
    return _row(site, lambda rows: (rows.result == Result.POSTED) & (rows.kind == Kind.PAY))


def refused(site):
    return _row(site, lambda rows: ~np.isin(rows.result, (Result.POSTED, Result.EXISTS)))


def account(site):
    """The account that paid most often."""
    rows = site.reader.rows
    number = int(np.bincount(rows.debit[rows.debit >= 0]).argmax())
    return quote(site.book(lambda book: Operations(book.ledger).account_name(number)))


def largest_colour(site):
    def look(book):
        nodes = [one for one in book.ledger.registry.colours if one.parent < 0 and not one.plain]
        return max(nodes, key=lambda one: book.ledger.counters(one.path)[0]).path

    return site.book(look)


def payee(site):
    rows = site.reader.rows
    chosen = (rows.result == Result.POSTED) & (rows.kind == Kind.PAY)
    number = int(rows.credit[np.flatnonzero(chosen)[-1]])
    return site.book(lambda book: Operations(book.ledger).account_name(number)).partition("@")[0]


def waiting(site):
    """A command that waits for approval: proposed now, where none is."""
    known = site.access.pending.waiting()
    if known:
        return known[0]["digest"]
    from boyau.service.gate import pending
    from boyau.service.identity.people import Caller

    wanted = {
        "op": "pay", "id": "SWEEP-1", "from": f"{w.CUSTOMER}@{w.CONTRACT}", "to": w.FROM, "amount": "2000000.00",
        "hold": "W-C", "item": w.ITEM, "region": "231010000", "date": w.TODAY.isoformat(), "document": "b" * 64,
    }  # fmt: skip
    command = site.book(lambda book: pending.read(book, wanted))
    caller = Caller(site.access.people.add("person", "maker"), "person", "passkey")
    assert site.access.pending.add(command, caller, w.CUSTOMER, site.access.store.now() + 5 * 86_400)
    assert site.desk.submit([{"type": "proposal", "command": command.digest, "by": w.CUSTOMER}]).result()[0].ok
    return command.digest


def abuse(site):
    """The hunt needs the answers beside the ledger, as the demonstration has them."""
    shutil.copy(Path(site.ledger).with_name("answers.ndjson"), f"{site.ledger}-answers.ndjson")
    return "/tour/abuse"


def published(_site):
    return "/open/colours.csv"


SAMPLES: dict[str, tuple[Sample, ...]] = {
    "GET /": (Sample(at("/")), Sample(at("/"), TREASURY, name="home-treasury")),
    "GET /offline": (Sample(at("/offline"), kind="bare"),),
    "GET /search": (
        Sample(at("/search")), Sample(lambda site: f"/search?q={payee(site)[:4]}", name="search-many"),
        Sample(at("/search?q=zzzzzz"), name="search-nothing"),
    ),
    "GET /budget": (Sample(at("/budget")),),
    "GET /trail": (Sample(at("/trail")),),
    "GET /trail/{what:path}": (
        Sample(lambda site: f"/trail/{largest_colour(site)}"), Sample(at(f"/trail/{w.CONTRACT}"), name="trail-small"),
    ),
    "GET /colours": (Sample(at("/colours")),),
    "GET /colours/{path:path}": (
        Sample(lambda site: f"/colours/{largest_colour(site)}"),
        Sample(at(f"/colours/{w.CONTRACT}"), name="colour-rules"),
    ),
    "GET /e/{entry}": (
        Sample(lambda site: f"/e/{paid(site)}"), Sample(at("/e/3"), name="entry-record"),
        Sample(lambda site: f"/e/{refused(site)}", AUDITOR, name="entry-refused"),
    ),
    "GET /e/{entry}/receipt": (Sample(lambda site: f"/e/{paid_before(site)}/receipt", kind=FILE),),
    "GET /e/{entry}/qr.svg": (Sample(lambda site: f"/e/{paid(site)}/qr.svg", kind=FILE),),
    "GET /who/{name}": (
        Sample(lambda site: f"/who/{payee(site)}"), Sample(at(f"/who/{w.BUILDER}"), name="who-builder"),
    ),
    "GET /refusals": (Sample(at("/refusals"), AUDITOR), Sample(at("/refusals"), TREASURY, name="refusals-treasury")),
    "GET /programmes": (Sample(at("/programmes")),),
    "GET /programmes/new": (Sample(at("/programmes/new"), TREASURY),),
    "GET /programmes/{name}": (Sample(at("/programmes/vat")),),
    "GET /programmes/{name}/edit": (Sample(at("/programmes/subsidies/edit"), TREASURY),),
    "GET /open": (Sample(at("/open")),),
    "GET /open/catalogue.jsonld": (Sample(at("/open/catalogue.jsonld"), kind=FILE),),
    "GET /open/{file}": (Sample(published, kind=FILE),),
    "GET /verify": (Sample(at("/verify")),),
    "GET /verify/checkpoint": (Sample(at("/verify/checkpoint"), kind=FILE),),
    "GET /tour": (Sample(at("/tour")),),
    "GET /tour/abuse": (Sample(abuse),),
    "GET /tour/{role}": (Sample(at("/tour/citizen")),),
    "GET /sign-in": (
        Sample(at("/sign-in"), kind=DOOR), Sample(at("/sign-in"), TREASURY, kind=DOOR, name="sign-in-signed"),
    ),
    "GET /mine": (Sample(at("/mine"), CONTRACTOR), Sample(at("/mine"), TREASURY, name="mine-treasury")),
    "GET /a/{name:path}": (
        Sample(at(f"/a/{quote(w.FROM)}"), CONTRACTOR),
        Sample(lambda site: f"/a/{account(site)}", AUDITOR, name="account-busy"),
    ),
    "GET /a/{name:path}/pay": (Sample(at(f"/a/{quote(w.FROM)}/pay"), CONTRACTOR),),
    "GET /a/{name:path}/payees": (Sample(at(f"/a/{quote(w.FROM)}/payees?q=a"), CONTRACTOR, kind=FILE),),
    "GET /approvals": (
        Sample(at("/approvals"), CONTROLLER), Sample(at("/approvals"), TREASURY, name="approvals-maker"),
    ),
    "GET /approvals/{digest}": (Sample(lambda site: f"/approvals/{waiting(site)}", CONTROLLER),),
    "GET /evidence": (Sample(at("/evidence"), INSPECTOR),),
    "GET /evidence/{request:path}": (Sample(at("/evidence/ask-act-1"), INSPECTOR),),
    "GET /audit": (Sample(at("/audit"), AUDITOR),),
    "GET /installation": (Sample(at("/installation"), ADMINISTRATOR),),
}  # fmt: skip


def paid_before(site):
    """A payment that a signed checkpoint covers."""
    return _row(site, lambda rows: (rows.result == Result.POSTED) & (rows.entry < site.signed))
