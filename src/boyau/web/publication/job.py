"""Keeps the published files up to date, in a thread of its own: nobody who asks waits for them to be made.

They lie in a folder beside the ledger, one folder for each entry they tell of, and are put in place all at once. What
was there before stays until the next ones come, for those who are still reading it.
"""

import hashlib
import json
import logging
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boyau.service.desk import Busy, Closing
from boyau.web.publication import tables
from boyau.web.publication.datasets import DATASETS, FORMATS, file_name
from boyau.web.publication.files import Maker, digest, weights
from boyau.web.publication.masking import Masking
from boyau.web.reader import Reader

MANIFEST = "manifest.json"
VERSION = 1
"""Of the files' form: files of another one are made again."""
KEPT = 2
"""Folders that are kept: the newest, and the one that somebody may still be reading."""
log = logging.getLogger("boyau.web.open")


@dataclass(frozen=True, slots=True)
class File:
    """A published file: where it lies, its size in bytes, its SHA-256."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Published:
    """What is published: of how many entries, under which root, made when (seconds since 1970)."""

    entries: int
    root: str
    ledger: str
    made: int
    files: dict[str, File]
    rows: dict[str, int]


@dataclass(slots=True)
class State:
    """How far the work is: ``done`` of 1000; ``failed`` says that the last try did not end well."""

    working: bool = False
    done: int = 0
    what: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator says: under which licence, who publishes, and how old files may become."""

    licence: str = ""
    licence_url: str = ""
    publisher: str = ""
    seconds: int = 3600


class Publication:
    """Makes the files behind *reader*. *salt*: the installation's own, for pseudonyms."""

    def __init__(self, reader: Reader, salt: bytes, terms: Terms | None = None) -> None:
        self._reader, self._salt = reader, salt
        self.terms = terms or Terms()
        self.state = State()
        self.folder = Path(f"{reader.ledger.removeprefix('sqlite:')}-open")
        self._wanted, self._ended = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.published: Published | None = self._found()

    def close(self) -> None:
        """End the work; what is half made is thrown away by the next start."""
        self._ended.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(30)

    def want(self) -> None:
        """Have the files made where there are none, or where they have become old; returns at once."""
        known = self.published
        if known is not None and (
            known.entries == self._reader.rows.entries or time.time() - known.made < self.terms.seconds
        ):
            return
        with self._lock:
            if self._ended.is_set():
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="boyau-open", daemon=True)
                self._thread.start()
        self._wanted.set()

    def wait(self, seconds: float) -> Published | None:
        """Wait until what is wanted is made; for tests and benches."""
        end = time.monotonic() + seconds
        self.want()
        while time.monotonic() < end and (self._wanted.is_set() or self.state.working):
            time.sleep(0.02)
        return self.published

    # ---- working ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wanted.wait()
            if self._ended.is_set():
                return
            self.state = State(working=True)
            self._wanted.clear()
            try:
                self.published = self._make()
                self.state = State()
            except (Busy, Closing, TimeoutError):
                self.state = State(failed=True)
            except Exception:
                log.exception("the open data cannot be made")
                self.state = State(failed=True)
                self._ended.wait(10)  # a full disk is not asked again at once

    def _make(self) -> Published:
        found = tables.facts(self._reader)
        masking = Masking(zip(found.who, found.facts, strict=False), self._salt)
        making = self.folder / f".{found.entries}"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        steps = weights(found)
        whole, done = sum(steps.values()) * len(FORMATS), 0
        maker = Maker(found, masking)
        files: dict[str, Any] = {}
        rows: dict[str, int] = {}
        try:
            for dataset in DATASETS:
                rows[dataset.name] = maker.count(dataset)
                for form in FORMATS:
                    if self._ended.is_set():
                        raise TimeoutError
                    name = file_name(dataset.name, form.name)
                    self.state = State(working=True, done=1000 * done // whole, what=name)
                    maker.write(dataset, form.name, making / name)
                    size = (making / name).stat().st_size
                    files[name] = {"size": size, "sha256": digest(making / name)}
                    done += steps[dataset.name]
        finally:
            maker.close()
        told = maker.about | {
            "made": int(time.time()), "files": files, "rows": rows, "version": VERSION, "salt": self._salted(),
        }  # fmt: skip
        (making / MANIFEST).write_text(json.dumps(told), "utf-8")
        place = self.folder / str(found.entries)
        shutil.rmtree(place, ignore_errors=True)
        making.rename(place)
        self._tidy()
        return _read(place, told)

    def _salted(self) -> str:
        """Return what tells another installation's pseudonyms apart, without telling the salt."""
        return hashlib.blake2b(b"boyau open data", key=self._salt, digest_size=8).hexdigest()

    def _tidy(self) -> None:
        numbers = sorted((int(one.name) for one in self.folder.iterdir() if one.name.isdigit()), reverse=True)
        for number in numbers[KEPT:]:
            shutil.rmtree(self.folder / str(number), ignore_errors=True)

    def _found(self) -> Published | None:
        """Return what an earlier run has published, where it is of this ledger and of this form."""
        if not self.folder.is_dir():
            return None
        for place in sorted(
            (one for one in self.folder.iterdir() if one.name.isdigit()), key=lambda one: -int(one.name)
        ):
            try:
                told = json.loads((place / MANIFEST).read_text("utf-8"))
                if (told["version"], told["salt"]) == (VERSION, self._salted()):
                    return _read(place, told)
            except (OSError, ValueError, KeyError):
                continue
        return None


def _read(place: Path, told: dict[str, Any]) -> Published:
    files = {name: File(place / name, one["size"], one["sha256"]) for name, one in told["files"].items()}
    return Published(told["entries"], told["root"], told["ledger"], told["made"], files, told["rows"])
