"""A witness: it cosigns what a log says of itself, as long as the log takes nothing back (C2SP tlog-witness).

It keeps every checkpoint that it has cosigned. A new one is cosigned only with a proof that it continues the last one;
check and change are one transaction, and it is on disk before the signature is made. What a log has signed and cannot
prove is kept too: two different trees of one size, both signed, convict the log before anybody.
"""

import base64
import re
import sqlite3
import threading
import time as time_module
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from boyau.proofs.note import (
    COSIGNATURE,
    ED25519,
    NOTE_BYTES_MAX,
    Checkpoint,
    Note,
    NoteError,
    Signer,
    Verifier,
    cosign,
)
from boyau.proofs.tree import EMPTY_ROOT, SIZE_MAX, ProofError, verify_consistency

APPLICATION_ID = 0x42595731  # "BYW1"
PROOF_LINES_MAX = 63
"""C2SP tlog-witness: "The client MUST NOT send more than 63 consistency proof lines"."""
BODY_BYTES_MAX = NOTE_BYTES_MAX + 64 * (PROOF_LINES_MAX + 1)
DISPUTES_MAX = 1000
"""Disputes of one sort that are kept of one log. The first convicts it; a log that signs a million fills no disk."""
LOCK_WAIT_SECONDS = 10.0
TEXT, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"
SPLIT, UNPROVEN = "split", "unproven"

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_HASH = re.compile(r"[A-Za-z0-9+/]{43}=")
_SCHEMA = """
create table self (name text not null, key blob not null, signer text not null) strict;
create table log (origin text not null, key text not null, primary key (origin, key)) strict;
create table cosigned (
  origin text not null, size integer not null, root blob not null, note text not null, time integer not null,
  primary key (origin, size)            -- one tree of one size: whatever else fails, a second is not kept
) strict;
create table dispute (
  origin text not null, size integer not null, root blob not null,
  kind text not null,                   -- split: proof of two histories; unproven: a question to the log
  seen text not null, refused text not null, time integer not null,
  settled integer not null default 0,   -- when the refused checkpoint was shown to be a continuation after all
  primary key (origin, size, root)
) strict;
"""


class StateError(Exception):
    """The state of a witness is not there, or cannot be kept; without it nothing is cosigned."""


class Answer(NamedTuple):
    """What a witness answers over HTTP: status, Content-Type and body."""

    status: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What a log asks for: the size it believes to be the last cosigned, a proof from there, and its checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read the body of add-checkpoint. NoteError where it is not one."""
        if len(body) > BODY_BYTES_MAX:
            raise NoteError(f"a request has at most {BODY_BYTES_MAX} bytes")
        head, gap, rest = body.partition(b"\n\n")
        try:
            first, *hashes = head.decode("ascii").split("\n")
            text = rest.decode("utf-8")
        except UnicodeDecodeError:
            raise NoteError("a request is text in UTF-8") from None
        old = _OLD.fullmatch(first)
        if not gap or not old:
            raise NoteError("a request is a line `old SIZE`, lines of a proof, an empty line, and a checkpoint")
        if len(hashes) > PROOF_LINES_MAX:
            raise NoteError(f"a consistency proof has at most {PROOF_LINES_MAX} lines")
        note = Note.read(text)
        checkpoint = Checkpoint.read(note.text)
        if max(int(old[1]), checkpoint.size) > SIZE_MAX:
            raise NoteError(f"a tree has at most {SIZE_MAX} leaves")
        return cls(int(old[1]), tuple(_hash(line) for line in hashes), note, checkpoint)

    @staticmethod
    def write(old: int, proof: Sequence[bytes], note: str) -> bytes:
        """Return the body of add-checkpoint."""
        lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), ""]
        return ("".join(f"{line}\n" for line in lines) + note).encode()


@dataclass(frozen=True, slots=True)
class Dispute:
    """A checkpoint that a log has signed and that was refused, beside the one that it had to continue."""

    origin: str
    size: int
    kind: str
    seen: str
    refused: str
    time: int
    settled: int


class State:
    """The file of a witness: who it is, whom it watches, what it has cosigned, and what it disputes."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            # Never made anew here: a witness that begins again has forgotten, and would cosign a second history.
            raise StateError(f"there is no witness at {path}; `boyau witness init` makes one")
        self.path, self._lock, self._broken = path, threading.Lock(), False
        try:
            self._db = _connect(path)
            if self._db.execute("pragma application_id").fetchone() != (APPLICATION_ID,):
                self._db.close()
                raise StateError(f"{path} is not the state of a witness")
            # sqlite.org/pragma.html#pragma_synchronous: with less than FULL a power cut takes back what was cosigned.
            self._db.execute("pragma journal_mode=wal")
            self._db.execute("pragma synchronous=full")
            ((self.name, self.public_key, self.signer),) = self._db.execute("select name, key, signer from self")
        except sqlite3.DatabaseError as error:
            raise StateError(f"{path} is not the state of a witness: {error}") from None

    @classmethod
    def create(cls, path: Path, *, name: str, public_key: bytes, signer: str = "") -> Self:
        """Make the state of a new witness; *signer* says where its key is. An old state is never overwritten."""
        if path.exists():
            raise StateError(f"{path} exists already; a witness that began again would forget what it has cosigned")
        try:
            Verifier.read(str(Verifier(name, public_key, COSIGNATURE)))
        except NoteError:
            raise StateError(f"{name!r} is no name of a witness: 1 to 200 characters, no spaces, no +") from None
        db = _connect(path, "rwc")
        try:
            db.executescript(f"begin;{_SCHEMA}pragma application_id={APPLICATION_ID};")
            db.execute("insert into self values (?, ?, ?)", (name, public_key, signer))
            db.execute("commit")
        finally:
            db.close()
        return cls(path)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @property
    def verifier(self) -> Verifier:
        """The key by which others know the cosignatures of this witness."""
        return Verifier(self.name, self.public_key, COSIGNATURE)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the state alone, against other threads and processes; what was written is on disk at the end."""
        with self._lock:
            if self._broken:
                raise StateError(f"{self.path} could not be written; see to its disk and start the witness again")
            try:
                self._db.execute("begin immediate")
                try:
                    yield self._db
                except BaseException:
                    if self._db.in_transaction:  # SQLite has ended it where the disk was full
                        self._db.execute("rollback")
                    raise
            except sqlite3.Error as error:
                raise StateError(f"{self.path}: {error}") from None
            try:
                self._db.execute("commit")
            except sqlite3.Error as error:
                # After a failed sync nobody knows what the disk holds: asking again could be answered with a lie.
                self._broken = True
                raise StateError(f"{self.path} could not be written: {error}") from None

    def logs(self) -> dict[str, list[Verifier]]:
        """Return the logs that are watched, and by which keys each may sign."""
        out: dict[str, list[Verifier]] = {}
        with self.transaction() as db:
            for origin, key in db.execute("select origin, key from log order by origin, rowid"):
                out.setdefault(origin, []).append(Verifier.read(key))
        return out

    def keys(self, origin: str) -> list[Verifier]:
        """Return the keys by which the log *origin* may sign; none where it is not watched."""
        with self.transaction() as db:
            return [
                Verifier.read(key)
                for (key,) in db.execute("select key from log where origin = ? order by rowid", (origin,))
            ]

    def watch(self, origin: str, keys: Iterable[Verifier]) -> list[Verifier]:
        """Accept exactly *keys* for the log *origin* from now on; return those that were accepted until now."""
        keys = list(dict.fromkeys(keys))
        Checkpoint.read(f"{origin}\n0\n{base64.b64encode(EMPTY_ROOT).decode()}\n")
        if not keys or "\n" in origin:
            raise NoteError("a log has an origin, one line, and at least one key")
        for key in keys:
            if key.kind != ED25519:
                raise NoteError(f"{key.name}: this is the key of a witness (kind {key.kind}), not of a log (kind 1)")
        before = self.keys(origin)
        with self.transaction() as db:
            db.execute("delete from log where origin = ?", (origin,))
            db.executemany("insert into log values (?, ?)", [(origin, str(key)) for key in keys])
        return before

    def latest(self, origin: str) -> tuple[int, bytes, int] | None:
        """Return size, root and time of the last checkpoint that was cosigned for a log."""
        with self.transaction() as db:
            last = _last(db, origin)
        return last and (last.size, last.root, last.time)

    def disputes(self) -> list[Dispute]:
        """Return what logs have signed and this witness has refused, the oldest first."""
        with self.transaction() as db:
            rows = db.execute(
                "select origin, size, kind, seen, refused, time, settled from dispute order by time, rowid"
            ).fetchall()
        return [Dispute(*row) for row in rows]


class _Seen(NamedTuple):
    """A checkpoint that was cosigned."""

    size: int
    root: bytes
    note: str
    time: int


class Witness:
    """Answers add-checkpoint. *clock* tells seconds since 1970; the times that are signed never go back for a log."""

    def __init__(self, state: State, signer: Signer, clock: Callable[[], int] | None = None) -> None:
        if signer.public_key != state.public_key:
            raise StateError(f"{state.path} belongs to another key; start {state.name} with the key it was made with")
        self.state, self._signer, self._signing = state, signer, threading.Lock()
        self._clock = clock or (lambda: int(time_module.time()))

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign the checkpoint in *body*, or say why not (C2SP tlog-witness, add-checkpoint)."""
        try:
            request = Request.read(body)
        except NoteError as error:
            return _refusal(400, str(error))
        origin = request.checkpoint.origin
        keys = self.state.keys(origin)
        if not keys:
            return _refusal(404, "this witness does not watch that log; ask its operator to add the origin")
        try:
            signed_by = request.note.verified(keys)
        except NoteError as error:
            return _refusal(403, str(error))
        if not signed_by:
            return _refusal(403, "no key that this witness knows of that log has signed the checkpoint")
        # Foreign signatures are not kept: anybody can add them, and they prove nothing here.
        known = {(key.name, key.key_id) for key in signed_by}
        note = Note(request.note.text, tuple(one for one in request.note.signatures if (one[0], one[1]) in known))
        with self.state.transaction() as db:
            last = _last(db, origin)
            seconds = max(self._clock(), last.time if last else 0)
            answer = _judge(request, last)
            if answer.status == 200:
                _advance(db, request.checkpoint, note, seconds)
            else:
                _dispute(db, request, note, seconds, last if answer.status == 422 else None)
        # Signed only after the commit: there is no moment at which a signature exists that a crash could forget.
        return answer if answer.status != 200 else answer._replace(body=self._cosign(note, seconds))

    def _cosign(self, note: Note, seconds: int) -> bytes:
        with self._signing:  # a token signs one thing at a time
            last = cosign(note, self.state.name, self._signer, seconds).signatures[-1]
        self.state.verifier.check(note.text, last[2])  # a failing signer is found here, not by those who rely on it
        return str(Note("", (last,))).removeprefix("\n").encode()


def _judge(request: Request, last: _Seen | None) -> Answer:
    """Decide a request whose checkpoint the log has signed, by the last checkpoint that was cosigned."""
    old, size, root = request.old, request.checkpoint.size, request.checkpoint.root
    known, known_root = (last.size, last.root) if last else (0, EMPTY_ROOT)
    if old > size:
        return _refusal(400, f"the old size, {old}, is larger than the checkpoint's, {size}")
    if old != known:
        return Answer(409, SIZE, f"{known}\n".encode())
    if size == 0 and root != EMPTY_ROOT:
        return _refusal(422, "this is not the root of an empty tree")
    if old == size and root != known_root:
        return Answer(409, SIZE, f"{known}\n".encode())
    if old == 0:
        return _refusal(422, "from size 0 the proof is empty") if request.proof else Answer(200, TEXT, b"")
    try:
        verify_consistency(old, size, request.proof, known_root, root)
    except ProofError as error:
        return _refusal(422, str(error))
    return Answer(200, TEXT, b"")


def _advance(db: sqlite3.Connection, checkpoint: Checkpoint, note: Note, seconds: int) -> None:
    """Keep a checkpoint as the last cosigned, and say of earlier disputes what it means for them."""
    place = (checkpoint.origin, checkpoint.size)
    kept = db.execute(
        "insert into cosigned values (?, ?, ?, ?, ?) on conflict (origin, size) do update set time = excluded.time"
        " where root = excluded.root",
        (*place, checkpoint.root, str(note), seconds),
    )
    if kept.rowcount != 1:
        raise StateError(f"{checkpoint.origin}: another tree of {checkpoint.size} leaves was cosigned already")
    db.execute(
        "update dispute set settled = ? where origin = ? and size = ? and root = ? and settled = 0",
        (seconds, *place, checkpoint.root),
    )
    # What could not be proven then, and now another tree of that size: these two are the proof.
    db.execute(
        "update dispute set kind = ?, seen = ? where origin = ? and size = ? and root <> ? and kind = ?",
        (SPLIT, str(note), *place, checkpoint.root, UNPROVEN),
    )


def _dispute(db: sqlite3.Connection, request: Request, note: Note, seconds: int, last: _Seen | None) -> None:
    """Keep a refused checkpoint that contradicts one cosigned earlier, or that does not continue *last*.

    A checkpoint that is merely old is no evidence: whoever has seen it can send it again.
    """
    origin, size, root = request.checkpoint.origin, request.checkpoint.size, request.checkpoint.root
    same = _seen(db, "select size, root, note, time from cosigned where origin = ? and size = ?", origin, size)
    if same is None and size == 0:
        same = _Seen(0, EMPTY_ROOT, "", 0)  # everybody knows the empty tree
    if same and same.root != root:
        kind, seen = SPLIT, same.note
    elif last and size > last.size > 0:
        kind, seen = UNPROVEN, last.note
    else:
        return
    (count,) = db.execute("select count(*) from dispute where origin = ? and kind = ?", (origin, kind)).fetchone()
    if count < DISPUTES_MAX:
        db.execute(
            "insert or ignore into dispute values (?, ?, ?, ?, ?, ?, ?, 0)",
            (origin, size, root, kind, seen, str(note), seconds),
        )


def _last(db: sqlite3.Connection, origin: str) -> _Seen | None:
    query = "select size, root, note, time from cosigned where origin = ? order by size desc limit 1"
    return _seen(db, query, origin)


def _seen(db: sqlite3.Connection, query: str, *values: object) -> _Seen | None:
    row = db.execute(query, values).fetchone()
    return row and _Seen(*row)


def _refusal(status: int, words: str) -> Answer:
    return Answer(status, TEXT, f"{words}\n".encode("utf-8", "replace"))


def _hash(line: str) -> bytes:
    data = base64.b64decode(line) if _HASH.fullmatch(line) else b""
    if base64.b64encode(data).decode() != line:
        raise NoteError("a line of the proof is not a hash in canonical base64")
    return data


def _connect(path: Path, mode: str = "rw") -> sqlite3.Connection:
    where = path.absolute().as_posix().replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(
        f"file:{where}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=LOCK_WAIT_SECONDS,
    )
