"""Keys in a token: an HSM, a smart card, SoftHSM2. They sign there (PKCS#11, CKM_EDDSA) and never leave it.

A key is named by a URI (RFC 7512), of which we read `token`, `serial`, `object`, `id` and `type`, and behind the
question mark `module-path`, `pin-source` and `pin-value`. What we do not read is refused: it could have named another
key.
"""

import contextlib
import importlib.util
import re
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from boyau.journal.keys import Passphrase, SignerError, read_passphrase
from boyau.language.catalogue import mark as _

if TYPE_CHECKING:
    from pkcs11 import Session

_PATH = frozenset({"token", "serial", "object", "id", "type"})
_QUERY = frozenset({"module-path", "pin-source", "pin-value"})
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
EXAMPLE = "pkcs11:token=TOKEN;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so"
# RFC 8410: the object identifier 1.3.101.112, in DER. SoftHSM2 2.6 knows the curve by no other name.
_ED25519 = bytes.fromhex("06032b6570")
_POINTS = (bytes.fromhex("0420"), bytes.fromhex("032100"), b"")
"""What stands before the 32 bytes of a public key: an OCTET STRING; of some tokens a BIT STRING, or nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a URI names: a token, a key in it, the library that speaks to it, and where its PIN is."""

    module: str
    token: str
    serial: bytes
    label: str
    id: bytes
    pin_source: str = ""
    pin: str = field(default="", repr=False)

    @property
    def key(self) -> str:
        """How messages call the key: never by the whole URI, which may hold the PIN."""
        return self.label or self.id.hex()

    @classmethod
    def read(cls, uri: str) -> "Place":
        """Read a URI. SignerError says what is wrong with it, and repeats no value of it."""
        path, _sep, query = uri[len("pkcs11:") :].partition("?")
        found = _attributes(path, ";", _PATH) | _attributes(query, "&", _QUERY)
        for name, needed in (("module-path", True), ("token", True), ("object", "id" not in found)):
            if needed and not found.get(name):
                raise SignerError(_("the URI lacks {name}; it is written {example}"), name=name, example=EXAMPLE)
        module, source = (_text(found, name) for name in ("module-path", "pin-source"))
        source = source.removeprefix("file://").removeprefix("file:")
        # A relative path would be looked up where the program happens to stand, or where libraries lie.
        for name, value in (("module-path", module), ("pin-source", source or "/")):
            if not value.startswith("/"):
                raise SignerError(_("{name} must be the whole path of a file"), name=name)
        if found.get("type", b"private") != b"private":
            raise SignerError(_("a URI names a private key here; its {name} says otherwise"), name="type")
        return cls(
            module=module,
            token=_text(found, "token"),
            serial=found.get("serial", b""),
            label=_text(found, "object"),
            id=found.get("id", b""),
            pin_source=source,
            pin=_text(found, "pin-value"),
        )


def _attributes(part: str, between: str, known: frozenset[str]) -> dict[str, bytes]:
    out: dict[str, bytes] = {}
    for one in part.split(between) if part else ():
        name, equals, value = one.partition("=")
        if name not in known:
            raise SignerError(
                _("{name} is not read in a URI of a key; it is written {example}"), name=name[:40], example=EXAMPLE
            )
        if not equals or name in out or _BAD_ESCAPE.search(value):
            raise SignerError(_("{name} is written wrongly in the URI, or twice"), name=name)
        out[name] = unquote_to_bytes(value)
    return out


def _text(found: dict[str, bytes], name: str) -> str:
    try:
        return found.get(name, b"").decode("utf-8")
    except UnicodeDecodeError:
        raise SignerError(_("{name} is written wrongly in the URI, or twice"), name=name) from None


class TokenSigner:
    """Signs with a private key that stays in its token; one signature at a time, as a session allows."""

    def __init__(self, place: Place, session: "Session", private: Any, public: bytes) -> None:
        self._place, self._session, self._private, self._public = place, session, private, public
        self._lock, self._closed = Lock(), False

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature (RFC 8032), 64 bytes.

        It is verified before it is handed out: a token whose halves do not belong together is found here, and a
        signature that went wrong in a token can give its key away.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from pkcs11 import Mechanism
        from pkcs11.exceptions import PKCS11Error

        try:
            with self._lock:
                signature: bytes = self._private.sign(message, mechanism=Mechanism.EDDSA)
            Ed25519PublicKey.from_public_bytes(self._public).verify(signature, message)
        except PKCS11Error as error:
            raise _said(error, self._place) from None
        except (InvalidSignature, ValueError):
            raise SignerError(
                _("the signature of {key} does not fit its public key; do not use this token"), key=self._place.key
            ) from None
        return signature

    def close(self) -> None:
        """End the session, and with it the login of the whole process: the token asks for its PIN again."""
        with self._lock:
            if not self._closed:  # the number of an ended session may be another's by now
                _end(self._session)
            self._closed = True

    def __repr__(self) -> str:
        return f"TokenSigner({self._place.token}, {self._place.key}, {self._public.hex()})"


# ---- what keys.py calls ---------------------------------------------------------------------------------------------


def open_token(uri: str, passphrase: Passphrase) -> TokenSigner:
    """Open the private key that *uri* names; *passphrase* is the PIN, where the URI tells none."""
    _installed()
    from pkcs11 import ObjectClass
    from pkcs11.exceptions import PKCS11Error

    place = Place.read(uri)
    session = _session(place, passphrase)
    try:
        private = _only(session, place, ObjectClass.PRIVATE_KEY)
        return TokenSigner(place, session, private, _public(session, place))
    except PKCS11Error as error:
        _end(session)
        raise _said(error, place) from None
    except SignerError:
        _end(session)
        raise


def public_key(uri: str, passphrase: Passphrase) -> bytes:
    """Return the public key that belongs to *uri*. The PIN is asked for only where the token hides public keys."""
    _installed()
    from pkcs11.exceptions import PKCS11Error

    place = Place.read(uri)
    for login in (False, True):
        session = _session(place, passphrase, login=login)
        try:
            return _public(session, place)
        except PKCS11Error as error:
            raise _said(error, place) from None
        except KeyMissingError:
            if login or not (place.pin or place.pin_source or passphrase):
                raise
        finally:
            _end(session)
    raise AssertionError("unreachable")


def make_key(uri: str, passphrase: Passphrase) -> bytes:
    """Make a key in a token, which will never give it out; return the public key, 32 bytes."""
    _installed()
    from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
    from pkcs11.exceptions import PKCS11Error

    place = Place.read(uri)
    session = _session(place, passphrase, write=True)
    try:
        if list(session.get_objects(_template(place, ObjectClass.PRIVATE_KEY))):
            raise SignerError(_("{key} is there already; a key is never overwritten"), key=place.key)
        curve = session.create_domain_parameters(KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: _ED25519}, local=True)
        curve.generate_keypair(
            mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            store=True,
            label=place.label or None,
            id=place.id or None,
            private_template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        )
        return _public(session, place)
    except PKCS11Error as error:
        raise _said(error, place) from None
    finally:
        _end(session)


# ---- the token ------------------------------------------------------------------------------------------------------


class KeyMissingError(SignerError):
    """The token has no such key, or shows none to whoever has given no PIN."""


def _installed() -> None:
    """Say what to install where the library of the extra `hsm` is not there: who keeps keys in files needs none."""
    if importlib.util.find_spec("pkcs11") is None:
        raise SignerError(
            _("keys in tokens need a library that is not installed; type {command}"),
            command="`pip install 'boyau[hsm]'`",
        )


def _session(place: Place, passphrase: Passphrase, *, login: bool = True, write: bool = False) -> "Session":
    """Open a session with the token, logged in once only: most tokens lock after a few wrong PINs."""
    import pkcs11
    from pkcs11.exceptions import PKCS11Error, UserAlreadyLoggedIn

    if not Path(place.module).is_file():
        raise SignerError(_("there is no file {file}"), file=place.module)
    try:
        # Loaded code runs as we do: the module is as trusted as this program, and whoever writes the URI too.
        library = pkcs11.lib(place.module)
    except PKCS11Error:
        raise SignerError(
            _("{file} is no library for tokens ({standard})"), file=place.module, standard="PKCS#11"
        ) from None
    try:
        token = library.get_token(token_label=place.token, token_serial=place.serial or None)
        pin = _pin(place, passphrase) if login else None
        try:
            return token.open(rw=write, user_pin=pin)
        except UserAlreadyLoggedIn:  # a login is the whole process's: another signer of ours has shown the PIN
            return token.open(rw=write)
    except PKCS11Error as error:
        raise _said(error, place) from None


def _end(session: "Session") -> None:
    """End a session. A token that was pulled out has ended it already."""
    from pkcs11.exceptions import PKCS11Error

    with contextlib.suppress(PKCS11Error):
        session.close()


def _pin(place: Place, passphrase: Passphrase) -> str:
    if place.pin:
        return place.pin
    if place.pin_source:
        return read_passphrase(Path(place.pin_source))
    if passphrase is None:
        raise SignerError(_("the token {token} asks for a PIN, and none was given"), token=place.token)
    return passphrase if isinstance(passphrase, str) else passphrase()


def _template(place: Place, kind: Any) -> dict[Any, Any]:
    from pkcs11 import Attribute, KeyType

    template: dict[Any, Any] = {Attribute.CLASS: kind, Attribute.KEY_TYPE: KeyType.EC_EDWARDS}
    if place.label:
        template[Attribute.LABEL] = place.label
    if place.id:
        template[Attribute.ID] = place.id
    return template


def _only(session: "Session", place: Place, kind: Any) -> Any:
    found = list(session.get_objects(_template(place, kind)))
    if not found:
        raise KeyMissingError(
            _("the token {token} has no key {key} for {curve}"), token=place.token, key=place.key, curve="Ed25519"
        )
    if len(found) > 1:
        raise SignerError(
            _("the token {token} has several keys {key}; name one by {name} in the URI"),
            token=place.token,
            key=place.key,
            name="id",
        )
    return found[0]


def _public(session: "Session", place: Place) -> bytes:
    """Return the public key from its own object: a private key does not tell it in most tokens."""
    from pkcs11 import Attribute, ObjectClass

    point = bytes(_only(session, place, ObjectClass.PUBLIC_KEY)[Attribute.EC_POINT])
    for head in _POINTS:
        if len(point) == len(head) + 32 and point.startswith(head):
            return point[len(head) :]
    raise KeyMissingError(
        _("the token {token} has no key {key} for {curve}"), token=place.token, key=place.key, curve="Ed25519"
    )


def _said(error: Exception, place: Place) -> SignerError:
    """Tell an error of the token. Its own text is left out: a library may write anything there."""
    from pkcs11 import exceptions as told

    if isinstance(error, told.NoSuchToken | told.TokenNotPresent):
        return SignerError(_("there is no token {token}; is it plugged in, and named so?"), token=place.token)
    if isinstance(error, told.MultipleTokensReturned):
        return SignerError(
            _("there are several tokens {token}; name one by {name} in the URI"), token=place.token, name="serial"
        )
    if isinstance(error, told.PinIncorrect | told.PinInvalid | told.PinLenRange):
        return SignerError(
            _("the token {token} refuses this PIN; most tokens lock after a few wrong ones"), token=place.token
        )
    if isinstance(error, told.PinLocked):
        return SignerError(_("the token {token} is locked; who keeps it sets a new PIN"), token=place.token)
    if isinstance(error, told.MechanismInvalid | told.MechanismParamInvalid):
        return SignerError(_("the token {token} does not sign with {curve}"), token=place.token, curve="Ed25519")
    return SignerError(
        _("the token {token} does not answer as it should: {error}"), token=place.token, error=type(error).__name__
    )
