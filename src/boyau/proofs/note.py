"""Signed notes, checkpoints and cosignatures in the forms of C2SP: signed-note, tlog-checkpoint, tlog-cosignature.

A note is a text, an empty line, and signature lines ``— name base64(key id ‖ signature)``. A checkpoint is a note whose
text is the log's origin, its size and its root. Everything signed here begins with what no other signed thing begins
with: the origin of this log, or ``cosignature/v1``.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519, COSIGNATURE = 0x01, 0x04
NOTE_BYTES_MAX = 64 * 1024
SIGNATURES_MAX = 100
_NAME = re.compile(r"[^\s+\u2014]{1,200}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_KINDS = {ED25519: 64, COSIGNATURE: 72}


class NoteError(ValueError):
    """A text that is no signed note, or whose signature does not hold; the message says where."""


class Signer(Protocol):
    """Whatever can sign with one Ed25519 key: a file, a token, a remote service."""

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature (RFC 8032), 64 bytes."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and a public key, and which kind of signature it gives."""

    name: str
    public_key: bytes
    kind: int = ED25519

    @property
    def key_id(self) -> bytes:
        """Return the 4 bytes by which a signature line finds its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public_key).digest()[:4]

    def __str__(self) -> str:
        """Return the key as people hand it on: name+id+base64(kind ‖ key)."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public_key).decode()}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what ``str`` gives. NoteError where it is not that."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        data = _decode(encoded, "the key")
        if not _NAME.fullmatch(name) or len(data) != 33 or data[0] not in _KINDS:
            raise NoteError(f"{text!r:.80} is no key of the form name+id+base64")
        key = cls(name, data[1:], data[0])
        if key.key_id.hex() != key_id:
            raise NoteError(
                f"the key of {name} was written down wrongly: its id is {key.key_id.hex()}, not {key_id:.8}"
            )
        return key

    def _message(self, text: str, signature: bytes) -> tuple[bytes, bytes]:
        if self.kind == COSIGNATURE:
            return cosigned(text, int.from_bytes(signature[:8], "big")), signature[8:]
        return text.encode(), signature

    def check(self, text: str, signature: bytes) -> int:
        """Check a signature over *text*; return when a cosignature was given, in seconds since 1970 (else 0)."""
        if len(signature) != _KINDS[self.kind]:
            raise NoteError(f"the signature of {self.name} has {len(signature)} bytes, not {_KINDS[self.kind]}")
        message, plain = self._message(text, signature)
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(plain, message)
        except (InvalidSignature, ValueError):
            raise NoteError(f"the signature of {self.name} does not fit the text") from None
        return int.from_bytes(signature[:8], "big") if self.kind == COSIGNATURE else 0


def cosigned(text: str, seconds: int) -> bytes:
    """Return what a witness signs: the text of a checkpoint, and that it was seen at *seconds*."""
    return f"cosignature/v1\ntime {seconds}\n".encode() + text.encode()


@dataclass(frozen=True, slots=True)
class Note:
    """A text (it ends with a newline) and its signatures: (name, key id, signature)."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...] = ()

    def __str__(self) -> str:
        lines = [f"\u2014 {name} {base64.b64encode(key_id + sig).decode()}\n" for name, key_id, sig in self.signatures]
        return self.text + "\n" + "".join(lines)

    @classmethod
    def read(cls, data: str) -> Self:
        """Take a signed note apart; no signature is checked yet."""
        if len(data.encode("utf-8", "replace")) > NOTE_BYTES_MAX:
            raise NoteError(f"a note has at most {NOTE_BYTES_MAX} bytes")
        text, gap, tail = data.rpartition("\n\n")
        text += "\n"
        if not gap or any(ord(c) < 32 and c != "\n" for c in data) or "\ufffd" in data:
            raise NoteError("a signed note is a text, an empty line, and lines of signatures")
        return cls(text, tuple(read_signatures(tail)))

    def signed(self, verifier: Verifier, signature: bytes) -> Self:
        """Return the note with one more signature; one of the same key is replaced."""
        kept = [one for one in self.signatures if (one[0], one[1]) != (verifier.name, verifier.key_id)]
        return type(self)(self.text, (*kept, (verifier.name, verifier.key_id, signature)))

    def verified(self, keys: Iterable[Verifier]) -> dict[Verifier, int]:
        """Return which of *keys* have signed, each with the time it gives (0: none). A false signature is an error."""
        out: dict[Verifier, int] = {}
        for key in keys:
            for name, key_id, signature in self.signatures:
                if (name, key_id) == (key.name, key.key_id):
                    out[key] = key.check(self.text, signature)
        return out


def read_signatures(lines: str) -> list[tuple[str, bytes, bytes]]:
    """Read signature lines, each ended by a newline."""
    out = []
    if not lines.endswith("\n"):
        raise NoteError("the last signature line is cut short")
    for line in lines[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        data = _decode(encoded, f"the signature of {name:.60}")
        if dash != "\u2014" or not _NAME.fullmatch(name) or len(data) < 5:
            raise NoteError(f"{line!r:.60} is no signature line")
        out.append((name, data[:4], data[4:]))
    if len(out) > SIGNATURES_MAX:
        raise NoteError(f"a note has at most {SIGNATURES_MAX} signatures")
    return out


def sign(note: Note, name: str, signer: Signer) -> Note:
    """Return *note* signed under *name*, as a log signs."""
    return note.signed(Verifier(name, signer.public_key), signer.sign(note.text.encode()))


def cosign(note: Note, name: str, signer: Signer, seconds: int) -> Note:
    """Return *note* cosigned under *name*, as a witness signs: it has seen this checkpoint at *seconds*."""
    signature = seconds.to_bytes(8, "big") + signer.sign(cosigned(note.text, seconds))
    return note.signed(Verifier(name, signer.public_key, COSIGNATURE), signature)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: its origin, its size and its root, and lines of its own after them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the text of a note as a checkpoint."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not lines[0] or not _NUMBER.fullmatch(lines[1]) or not all(lines[3:]):
            raise NoteError("a checkpoint has a line each for its origin, its size and its root")
        root = _decode(lines[2], "the root")
        if len(root) != 32:
            raise NoteError("the root of a checkpoint has 32 bytes")
        return cls(lines[0], int(lines[1]), root, tuple(lines[3:]))


def _decode(text: str, what: str) -> bytes:
    """Decode base64 strictly: only its one canonical form."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError(f"{what} is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise NoteError(f"{what} is not canonical base64")
    return data
