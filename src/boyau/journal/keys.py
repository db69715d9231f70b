"""Signers: private keys in files, sealed with a passphrase, or in a token (PKCS#11). The contract is docs/keys.md.

Whoever signs asks `open_signer` for a `Signer` and never sees the private key. A secret stands in no error, no
representation and no log; it comes from a terminal or from a file, never from the command line or the environment.
"""

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boyau import codec
from boyau.language.catalogue import mark as _
from boyau.proofs.note import Signer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from boyau.language import Language

Passphrase = str | Callable[[], str] | None
"""A passphrase or PIN, or who is asked for it once it is needed."""
PASSPHRASE_LENGTH_MIN = 12
FILE_BYTES_MAX = 4096
# OWASP Password Storage (2023): the strongest of its equal choices for scrypt; 128 MiB and half a second a guess here.
# An encrypted PKCS#8, as `cryptography` 50 writes it, has PBKDF2 with 2,048 rounds, where OWASP asks for 600,000.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1
_FORM = "boyau sealed key 1"
_SEAL_TAG = b"boyau sealed key 1\n"
_CHECK_TAG = b"boyau key file 1\n"
_OPEN = re.compile(rb"\s*[0-9a-fA-F]{64}\s*")
_SIZES = {"public": 64, "salt": 32, "nonce": 24, "sealed": 96, "check": 16}
"""Hexadecimal digits of each field of a sealed key."""


class SignerError(ValueError):
    """A key that cannot be made, opened or used: why, and what to do, in any language."""

    def __init__(self, source: str, **values: object) -> None:
        super().__init__(source.format(**values))
        self.source, self.values = source, values

    def told(self, words: "Language") -> str:
        """Return the message in the language of *words*."""
        return words.text(self.source, **self.values)


class FileSigner:
    """Signs with a private key that was read from a file."""

    __slots__ = ("_private", "_public")

    def __init__(self, private: "Ed25519PrivateKey") -> None:
        self._private = private
        self._public: bytes = private.public_key().public_bytes_raw()

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature (RFC 8032), 64 bytes."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"FileSigner({self._public.hex()})"


# ---- what callers use -----------------------------------------------------------------------------------------------


def open_signer(where: str | Path, passphrase: Passphrase = None) -> Signer:
    """Open the key at *where*, a file or a ``pkcs11:`` URI (RFC 7512). SignerError where that cannot be."""
    if in_token(where):
        from boyau.journal import pkcs11

        return pkcs11.open_token(str(where), passphrase)
    path = Path(where)
    data = _read(path)
    if _OPEN.fullmatch(data):
        return FileSigner(_private_key(bytes.fromhex(data.decode("ascii").strip())))
    fields = _fields(path, data)
    if passphrase is None:
        raise SignerError(_("{file} is sealed, and no passphrase was given"), file=path)
    return FileSigner(_unsealed(path, fields, passphrase if isinstance(passphrase, str) else passphrase()))


def public_key(where: str | Path, passphrase: Passphrase = None) -> bytes:
    """Return the public key at *where*, 32 bytes. A sealed file tells it without its passphrase."""
    if in_token(where):
        from boyau.journal import pkcs11

        return pkcs11.public_key(str(where), passphrase)
    path = Path(where)
    data = _read(path)
    if _OPEN.fullmatch(data):
        return open_signer(path).public_key
    return bytes.fromhex(_fields(path, data)["public"])


def make_key(path: Path, passphrase: str) -> bytes:
    """Make a private key in a new file, sealed with *passphrase*; return the public key, 32 bytes."""
    if len(_normal(passphrase)) < PASSPHRASE_LENGTH_MIN:
        raise SignerError(_("a passphrase has at least {number} characters"), number=PASSPHRASE_LENGTH_MIN)
    private = _new_key()
    _write(path, _sealed(private, passphrase))
    return private.public_key().public_bytes_raw()


def make_open_key(path: Path) -> bytes:
    """Make a private key in a new file, sealed with nothing, for demonstrations; return the public key, 32 bytes."""
    private = _new_key()
    _write(path, private.private_bytes_raw().hex().encode() + b"\n")
    return private.public_key().public_bytes_raw()


def is_sealed(path: Path) -> bool:
    """Tell whether the key in a file is sealed. SignerError where the file holds no key."""
    data = _read(path)
    return not _OPEN.fullmatch(data) and bool(_fields(path, data))


def in_token(where: str | Path) -> bool:
    """Tell whether *where* is a ``pkcs11:`` URI. The scheme of a URI is read in either case (RFC 3986, 3.1)."""
    return isinstance(where, str) and where[:7].lower() == "pkcs11:"


def read_passphrase(path: Path) -> str:
    """Read a passphrase or PIN: the one line of a file that only its owner may read."""
    try:
        text = _read(path).decode("utf-8")
    except UnicodeDecodeError:
        raise SignerError(_("{file} is not written in {encoding}"), file=path, encoding="UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or "\n" in text:
        raise SignerError(_("{file} must hold one line, the passphrase"), file=path)
    return text


# ---- files ----------------------------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    """Read a file that holds a secret; one that others may read holds none any more."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise SignerError(
                    _(
                        "others may use {file} too; type {command}, "
                        "and take a new secret if anybody may have read this one"
                    ),
                    file=path,
                    command=f"`chmod 600 {path}`",
                )
            data = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise SignerError(_("there is no file {file}"), file=path) from None
    except IsADirectoryError:
        raise SignerError(_("{file} is a folder"), file=path) from None
    if len(data) > FILE_BYTES_MAX:
        raise SignerError(_("{file} is longer than {number} bytes"), file=path, number=FILE_BYTES_MAX)
    return data


def _write(path: Path, data: bytes) -> None:
    """Write a new file that only its owner may read, and have it on disk before its public key is told to anybody."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise SignerError(_("{file} is there already; a key is never overwritten"), file=path) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)  # half a key would look like a damaged one
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the name is on disk too
    finally:
        os.close(folder)


# ---- sealing --------------------------------------------------------------------------------------------------------


def _normal(passphrase: str) -> str:
    """Return the one form of a passphrase: й typed as one character or as two is the same letter (NFC)."""
    return unicodedata.normalize("NFC", passphrase)


def _new_key() -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate()


def _private_key(raw: bytes) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(raw)


def _cipher(passphrase: str, salt: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    try:
        secret = _normal(passphrase).encode()
    except UnicodeEncodeError:  # the terminal gave bytes that are no text
        raise SignerError(_("the passphrase is not written in {encoding}"), encoding="UTF-8") from None
    return ChaCha20Poly1305(Scrypt(salt=salt, length=32, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(secret))


def _frame(public: bytes, salt: bytes, nonce: bytes) -> dict[str, Any]:
    """Return the fields of a sealed key that are no secret; the seal covers them all."""
    return {
        "form": _FORM,
        "public": public.hex(),
        "kdf": "scrypt",
        "n": SCRYPT_N,
        "r": SCRYPT_R,
        "p": SCRYPT_P,
        "salt": salt.hex(),
        "cipher": "chacha20-poly1305",
        "nonce": nonce.hex(),
    }


def _check(fields: dict[str, Any]) -> str:
    """Return the check of a sealed key: tells a damaged file from a wrong passphrase, and protects from nobody."""
    return hashlib.sha256(_CHECK_TAG + codec.canonical(fields)).hexdigest()[:16]


def _sealed(private: "Ed25519PrivateKey", passphrase: str) -> bytes:
    salt, nonce = os.urandom(16), os.urandom(12)
    frame = _frame(private.public_key().public_bytes_raw(), salt, nonce)
    seal = _cipher(passphrase, salt).encrypt(nonce, private.private_bytes_raw(), _SEAL_TAG + codec.canonical(frame))
    fields = frame | {"sealed": seal.hex()}
    return codec.canonical(fields | {"check": _check(fields)}) + b"\n"


def _fields(path: Path, data: bytes) -> dict[str, Any]:
    """Return the fields of a sealed key. Only the bytes that `_sealed` writes are read: one key, one file."""
    if not data.startswith(b"{"):
        raise SignerError(
            _("{file} is no private key; {command} makes one in a new file"), file=path, command="`boyau key FILE`"
        )
    damaged = SignerError(_("{file} is damaged; take the copy that you keep elsewhere"), file=path)
    try:
        fields: dict[str, Any] = codec.read_json(data)
        exact = data == codec.canonical(fields) + b"\n"
    except codec.CodecError:
        raise damaged from None
    hexadecimal = all(re.fullmatch(rf"[0-9a-f]{{{n}}}", str(fields.get(name))) for name, n in _SIZES.items())
    if not exact or not hexadecimal or fields.pop("check") != _check(fields):
        raise damaged
    public, salt, nonce = (bytes.fromhex(fields[name]) for name in ("public", "salt", "nonce"))
    # Other parameters are not even tried: a file may neither weaken the seal nor ask for all memory.
    if fields != _frame(public, salt, nonce) | {"sealed": fields["sealed"]}:
        raise SignerError(_("{file} is sealed in a form that this version does not know"), file=path)
    return fields


def _unsealed(path: Path, fields: dict[str, Any], passphrase: str) -> "Ed25519PrivateKey":
    from cryptography.exceptions import InvalidTag

    frame = {name: value for name, value in fields.items() if name != "sealed"}
    cipher = _cipher(passphrase, bytes.fromhex(fields["salt"]))
    try:
        raw = cipher.decrypt(
            bytes.fromhex(fields["nonce"]), bytes.fromhex(fields["sealed"]), _SEAL_TAG + codec.canonical(frame)
        )
    except InvalidTag:
        raise SignerError(_("this passphrase does not open {file}; try again"), file=path) from None
    private = _private_key(raw)
    if private.public_key().public_bytes_raw().hex() != fields["public"]:  # who sealed it has lied
        raise SignerError(_("the public key in {file} is not that of its private key"), file=path)
    return private
