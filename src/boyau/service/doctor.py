"""What is wrong with an installation, and what to do: each check looks at one thing and changes nothing."""

import os
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from boyau.language import LANGUAGES, Language, language
from boyau.ledger import COMPILED_KERNELS
from boyau.ledger.codes import day_of, day_text
from boyau.service.settings import Settings
from boyau.stores import StoreError, open_store

GOOD, WARNING, WRONG = "good", "warning", "wrong"
SQLITE_LEAST = (3, 37, 0)
"""The first with strict tables."""
FREE_BYTES_LEAST = 64 << 20
FREE_BYTES_ENOUGH = 2 << 30
SYNC_SECONDS_LEAST = 20e-6
"""No disk known to us makes anything durable in less."""
SYNC_SECONDS_MOST = 0.05
CLOCK_LEAST = 1_767_225_600
"""2026-01-01: the clock of a machine that shows less was never set."""
REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs", "lustre"})
VOLATILE = frozenset({"tmpfs", "ramfs", "devtmpfs"})
_KEY_ENDINGS = (".key", ".pem", ".p12")
_MODULES = ("fastapi", "uvicorn", "msgspec", "structlog", "httpx", "prometheus_client")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; ``state``: good, warning, wrong."""

    name: str
    state: str
    finding: str
    remedy: str = ""

    def document(self) -> dict[str, str]:
        """Return it as JSON."""
        return asdict(self)


Check = Callable[[], Iterator[Finding]]


def examine(ledger: str | None, settings: Settings, words: Language) -> list[Finding]:
    """Return what every check finds; a check that fails itself is a finding too."""
    path = Path((ledger or "").removeprefix("sqlite:")).absolute() if ledger else None
    room = path.parent if path is not None and path.parent.is_dir() else Path.cwd()
    looks = _Looks(path, room, settings, words)
    checks: list[Check] = [
        looks.kernel, looks.packages, looks.sqlite, looks.durability, looks.space, looks.languages, looks.address,
        *([looks.ledger, looks.clock, looks.permissions] if path is not None else [looks.own_clock]),
    ]  # fmt: skip
    out: list[Finding] = []
    for check in checks:
        try:
            out += check()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other checks are made
            out.append(Finding(check.__name__, WRONG, f"{type(error).__name__}: {error}"))
    return out


@dataclass(frozen=True, slots=True)
class _Looks:
    path: Path | None
    room: Path
    settings: Settings
    words: Language

    def kernel(self) -> Iterator[Finding]:
        """Compiled, the kernel is thirty times as fast."""
        name, text = self.words.text("kernel"), self.words.text
        if False in COMPILED_KERNELS:
            yield Finding(name, GOOD, text("compiled"))
        else:
            told = text("install a compiler of C ({command}), then the program again",
                        command="apt-get install gcc python3-dev")  # fmt: skip
            yield Finding(name, WARNING, text("not compiled: everything works, about thirty times slower"), told)

    def packages(self) -> Iterator[Finding]:
        """Look for the packages that the service needs."""
        name, text = self.words.text("packages"), self.words.text
        missing = [one for one in _MODULES if find_spec(one) is None]
        if missing:
            yield Finding(name, WRONG, text("missing: {names}", names=", ".join(missing)), "pip install 'boyau[serve]'")
            return
        yield Finding(name, GOOD, f"Python {'.'.join(map(str, sys.version_info[:3]))}")
        if find_spec("pyarrow") is None:
            yield Finding("pyarrow", GOOD, text("not installed: batches in {form} are not read", form="Arrow"))

    def sqlite(self) -> Iterator[Finding]:
        """Look whether SQLite is new enough."""
        found = sqlite3.sqlite_version_info
        if found < SQLITE_LEAST:
            told = self.words.text("install {name} or newer", name="Python, SQLite 3.37")
            yield Finding("SQLite", WRONG, sqlite3.sqlite_version, told)
        else:
            yield Finding("SQLite", GOOD, sqlite3.sqlite_version)

    def durability(self) -> Iterator[Finding]:
        """Make a file beside the ledger as the store does, and time what its promise costs there."""
        name, text = self.words.text("durability"), self.words.text
        kind = _file_system(self.room)
        if not os.access(self.room, os.W_OK):
            yield Finding(
                name, WRONG, text("{folder} cannot be written to", folder=self.room), text("change its owner")
            )
            return
        with (
            tempfile.TemporaryDirectory(prefix=".boyau-doctor-", dir=self.room) as folder,
            closing(sqlite3.connect(f"{folder}/x", isolation_level=None)) as db,
        ):
            (mode,) = db.execute("pragma journal_mode=wal").fetchone()
            db.execute("pragma synchronous=full")
            (level,) = db.execute("pragma synchronous").fetchone()
            db.execute("create table t (x)")
            seconds = min(_timed(db, number) for number in range(8))
        facts = text("{kind}; a commit takes {ms} ms", kind=kind or "?", ms=f"{seconds * 1000:.2f}")
        if mode != "wal" or level != 2:
            told = text("put the ledger on a local disk: this file system cannot keep a write-ahead log")
            yield Finding(name, WRONG, f"journal_mode={mode}, synchronous={level}; {facts}", told)
        elif kind in VOLATILE:
            yield Finding(name, WRONG, facts, text("this is memory: a power cut loses all; put the ledger on a disk"))
        elif kind in REMOTE:
            told = text("put the ledger on a local disk: locks of network file systems do not hold")
            yield Finding(name, WRONG, facts, told)
        elif seconds < SYNC_SECONDS_LEAST:
            told = text("no disk is that fast: it may acknowledge what it has not written; see its write cache")
            yield Finding(name, WARNING, facts, told)
        elif seconds > SYNC_SECONDS_MOST:
            yield Finding(name, WARNING, facts, text("a slow disk: single payments wait for it"))
        else:
            yield Finding(name, GOOD, facts)

    def space(self) -> Iterator[Finding]:
        """Look how much room there is for entries to come."""
        name, text = self.words.text("disk space"), self.words.text
        free = shutil.disk_usage(self.room).free
        entries = free // 400  # 128 bytes a row, and proofs, indexes and snapshots beside it, generously
        facts = text("{free} GB free, room for about {count} million entries", free=f"{free / 1e9:.1f}",
                     count=f"{entries / 1e6:,.0f}")  # fmt: skip
        state = WRONG if free < FREE_BYTES_LEAST else WARNING if free < FREE_BYTES_ENOUGH else GOOD
        told = text("make room: on a full disk everything is refused, and nothing is lost")
        yield Finding(name, state, facts, "" if state == GOOD else told)

    def languages(self) -> Iterator[Finding]:
        """Look whether the texts of all languages are there."""
        name, text = self.words.text("languages"), self.words.text
        missing = []
        for code in LANGUAGES[:2]:
            try:
                if language(code).text("posted") == "posted":
                    missing.append(code)
            except OSError:
                missing.append(code)
        if missing:
            facts = text("no texts in: {names}", names=", ".join(missing))
            yield Finding(name, WRONG, facts, text("install the program again"))
        else:
            yield Finding(name, GOOD, ", ".join(LANGUAGES))

    def address(self) -> Iterator[Finding]:
        """Try whether the address can be listened at."""
        name, text = self.words.text("address"), self.words.text
        host, port = self.settings.address
        try:
            socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
        except OSError as error:
            told = text("choose another ({setting}), or stop what listens there", setting="--listen, BOYAU_LISTEN")
            yield Finding(name, WARNING, f"{self.settings.listen}: {error.strerror or error}", told)
            return
        state = GOOD if self.settings.tls_certificate or host in ("127.0.0.1", "::1", "localhost") else WARNING
        told = text("give a certificate and its key ({settings}), or let a proxy on this machine encrypt",
                    settings="BOYAU_TLS_CERTIFICATE, BOYAU_TLS_KEY")  # fmt: skip
        facts = text("{address} is free", address=self.settings.listen)
        yield Finding(name, state, facts, "" if state == GOOD else told)

    def ledger(self) -> Iterator[Finding]:
        """Open the ledger to read, and look at its newest batch."""
        name, text = self.words.text("ledger"), self.words.text
        try:
            with closing(open_store(str(self.path), write=False)) as store:
                last = store.last()
        except StoreError as error:
            yield Finding(name, WRONG, str(error), text("make one with {command}, or name the right file",
                                                       command=f"boyau init {self.path}"))  # fmt: skip
            return
        count = 0 if last is None else last.end
        yield Finding(
            name,
            GOOD,
            text("{count} entries; {command} computes all of them again", count=count, command="`boyau verify`"),
        )

    def clock(self) -> Iterator[Finding]:
        """Compare the clock with the newest time in the journal."""
        name, text = self.words.text("clock"), self.words.text
        try:
            with closing(open_store(str(self.path), write=False)) as store:
                last = store.last()
        except StoreError:
            return
        now, newest = time.time_ns() // 1000, 0 if last is None else last.time
        if newest > now:
            facts = text("the journal is {seconds} s ahead of the clock, at {day}", seconds=(newest - now) // 1_000_000,
                         day=day_text(day_of(newest)))  # fmt: skip
            told = text("set the clock ({programs}): until then, time in the journal nearly stands still",
                        programs="chrony, timedatectl")  # fmt: skip
            yield Finding(name, WRONG, facts, told)
        else:
            yield from self.own_clock()

    def own_clock(self) -> Iterator[Finding]:
        """Look whether the clock was ever set."""
        name, text = self.words.text("clock"), self.words.text
        now = int(time.time())
        shown = f"{day_text(now // 86_400)} UTC"
        if now < CLOCK_LEAST:
            yield Finding(name, WRONG, shown, text("set the clock ({programs})", programs="chrony, timedatectl"))
        else:
            yield Finding(name, GOOD, shown)

    def permissions(self) -> Iterator[Finding]:
        """Look who else may read keys and write the ledger."""
        name, text = self.words.text("permissions"), self.words.text
        assert self.path is not None
        beside = [self.path, *sorted(self.room.glob(f"{self.path.name}-*"))]
        keys = [one for one in sorted(self.room.iterdir()) if one.suffix in _KEY_ENDINGS]
        secret = [*keys, *(one for one in beside if one.name.endswith(("-access", "-webhooks")))]
        if self.settings.tls_key is not None:
            secret.append(self.settings.tls_key)
        wrong = [one for one in beside if one.is_file() and one.stat().st_mode & 0o022]
        open_keys = [one for one in secret if one.is_file() and one.stat().st_mode & 0o077]
        for one in wrong:
            told = text("others may write it: {command}", command=f"chmod go-w {one}")
            yield Finding(name, WRONG, one.name, told)
        for one in open_keys:
            told = text("others may read a secret: {command}", command=f"chmod 600 {one}")
            yield Finding(name, WRONG, one.name, told)
        if self.path.is_file() and not os.access(self.path, os.W_OK):
            yield Finding(name, WRONG, self.path.name, text("this user cannot write it: change its owner"))
        elif not wrong and not open_keys:
            yield Finding(name, GOOD, text("{count} files looked at", count=len({*beside, *secret})))


def _timed(db: sqlite3.Connection, number: int) -> float:
    began = time.perf_counter()
    db.execute("insert into t values (?)", (number,))
    return time.perf_counter() - began


def _file_system(folder: Path) -> str:
    """Return the type of the file system that holds *folder*, from the longest mount point above it."""
    best, kind = "", ""
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        words = line.split()
        place = words[1].replace("\\040", " ")
        if (folder == Path(place) or Path(place) in folder.parents) and len(place) >= len(best):
            best, kind = place, words[2]
    return kind
