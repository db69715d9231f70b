"""The state of an installation: its ledger and log, its queue, what it refuses, its disk, and what is wrong with it."""

import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path

import numpy as np
from fastapi import APIRouter, Response

from boyau import __version__
from boyau.journal import Book
from boyau.ledger import Result, codes
from boyau.proofs.note import Checkpoint, Note, NoteError
from boyau.service import settings as configured
from boyau.service.doctor import Finding, examine
from boyau.views.columns import Table
from boyau.web import labels
from boyau.web.pages import ROLE_NAMES, Asked, Page
from boyau.web.state import NOT_REFUSED

router = APIRouter(include_in_schema=False)
REASONS_SHOWN = 20
PEOPLE_SHOWN = 200
PACKAGES = ("boyau", "fastapi", "uvicorn", "numpy", "msgspec", "cryptography", "pyarrow", "jinja2")


@dataclass(frozen=True, slots=True)
class Signed:
    """The newest checkpoint: how many entries it covers, the journal time of the last of them (µs), who signed it."""

    entries: int
    time: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """The ledger's files and log. Sizes in bytes, times in µs since 1970."""

    entries: int
    batches: int
    accounts: int
    colours: int
    participants: int
    time: int
    now: int
    snapshot: int
    signed: Signed | None
    keys: int


def kept(book: Book) -> Kept:
    """Look at the ledger between two commits."""
    registry, last, note = book.ledger.registry, book.store.last(), book.store.checkpoint(0)
    return Kept(
        book.entries, 0 if last is None else last.number + 1, len(registry.accounts), len(registry.colours),
        len(registry.participants), book.ledger.time, book.now(), book.snapshot_entry,
        None if note is None else _signed(book, *note), len(registry.log_keys.keys),
    )  # fmt: skip


def _signed(book: Book, size: int, text: str) -> Signed | None:
    try:
        note = Note.read(text)
        Checkpoint.read(note.text)
    except NoteError:
        return None
    time = book.store.containing(size - 1).time if 0 < size <= book.entries else 0
    return Signed(size, time, tuple(dict.fromkeys(name for name, _, _ in note.signatures)))


def refusals(rows: Table) -> list[tuple[str, int, int]]:
    """Return each reason with how often it refused and how much, minor units, the most frequent first."""
    counts = np.bincount(rows.result, minlength=len(Result))
    sums = np.zeros(len(counts), np.int64)
    bad = np.flatnonzero(~np.isin(rows.result, NOT_REFUSED))
    np.add.at(sums, rows.result[bad], rows.amount[bad])
    known = [(code, int(counts[code])) for code in range(len(counts)) if counts[code] and code not in NOT_REFUSED]
    known.sort(key=lambda one: -one[1])
    return [(Result(code).name.lower(), count, int(sums[code])) for code, count in known[:REASONS_SHOWN]]


@router.get("/installation")
def installation(page: Asked) -> Response:
    """Return the state of the installation; people by name only for who administers them."""
    reader, door = page.reader, page.access
    path = Path(reader.ledger.removeprefix("sqlite:"))
    files = [(one.name, one.stat().st_size) for one in sorted(path.parent.glob(f"{path.name}*")) if one.is_file()]
    disk = shutil.disk_usage(path.parent)
    desk, hooks = reader.desk, getattr(page.request.app.state, "hooks", None)
    names = page.could("admin.people")
    people = door.people.accounts("person") if page.could("admin.read") else []
    machines = door.people.accounts("machine") if page.could("admin.read") else []
    found = reader.ask(kept)
    rows = reader.rows
    return page.render(
        "installation.html", kept=found, files=files, disk=disk, counts=desk.counts, waiting=desk.waiting,
        refused=reader.once("refusals", refusals), unit=reader.ask(_unit), labels=labels,
        hooks=None if hooks is None else [(one.url, found.entries - one.next, one.failures, one.state, one.said)
                                          for one in hooks.all()],
        findings=_findings(page, reader.ledger), versions=_versions(), settings=_settings(page), names=names,
        people=people[:PEOPLE_SHOWN], machines=machines[:PEOPLE_SHOWN], totals=(len(people), len(machines)),
        sessions=len(door.sessions.open_ones()), row_count=len(rows), roles=ROLE_NAMES, size=_size,
        since=_ago, day=lambda at: page.words.day(codes.day_of(at)),
    )  # fmt: skip


def _unit(book: Book) -> tuple[str, int]:
    return next(iter(book.ledger.registry.units.items()), ("KZT", 2))


def _findings(page: Page, ledger: str) -> list[Finding]:
    """Return what the doctor finds. That the address is taken is no finding: this service listens there."""
    address = page.words.text("address")
    order = {"wrong": 0, "warning": 1, "good": 2}
    found = [one for one in examine(ledger, _load(), page.words) if one.name != address]
    return sorted(found, key=lambda one: order.get(one.state, 3))


def _load() -> configured.Settings:
    try:
        return configured.load()
    except configured.SettingError:
        return configured.Settings.model_construct()


def _settings(page: Page) -> list[tuple[str, str, bool]]:
    """Return settings as the environment has them: name, value, whether it is not the default. Never a secret."""
    chosen, out = _load(), []
    for name, field in configured.Settings.model_fields.items():
        value = getattr(chosen, name, field.default)
        shown = page.words.text("set") if isinstance(value, Path) else str(value).lower() if value is not None else ""
        out.append((f"{configured.PREFIX}{name.upper()}", shown, value != field.default))
    return out


def _versions() -> list[tuple[str, str]]:
    out = [("boyau", __version__)]
    for name in PACKAGES[1:]:
        try:
            out.append((name, version_of(name)))
        except PackageNotFoundError:
            continue
    return out


def _size(count: int) -> str:
    """Write a number of bytes short: 12.3 MB."""
    for name, unit in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= unit:
            return f"{count * 10 // unit / 10:.1f} {name}"
    return f"{count} B"


def _ago(then: int, now: int) -> int:
    """Return how many minutes lie between two moments in µs."""
    return max(0, now - then) // 60_000_000
