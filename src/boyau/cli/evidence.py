"""Commands of those who attest, propose and approve: their keys, their signatures, and what is asked of whom."""

import datetime as dt
import json as json_module
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, print_table, say
from boyau.cli.submit import Source

if TYPE_CHECKING:
    from boyau.language import Language
    from boyau.proofs.note import Signer

PASSPHRASE_FILE = "BOYAU_PASSPHRASE_FILE"  # noqa: S105 - the name of a variable
"""The variable names a file. There is none for the passphrase itself: an environment is shown to too many."""
Secret = Annotated[
    Path | None,
    Parameter(
        name="--passphrase-file",
        help="A file whose one line is the passphrase, or a token's PIN; by default that of BOYAU_PASSPHRASE_FILE, "
        "else it is asked for at the terminal.",
    ),
]


def _secret(file: Path | None, question: str, words: "Language", *, twice: str = "") -> Callable[[], str]:
    """Return what gives the passphrase when it is needed: from a file, or from whoever sits at the terminal."""
    from boyau.journal.keys import read_passphrase

    named = file or (Path(os.environ[PASSPHRASE_FILE]) if os.environ.get(PASSPHRASE_FILE) else None)

    def given() -> str:
        if named is not None:
            return read_passphrase(named)
        first = _asked(question, words)
        if twice and _asked(twice, words) != first:
            raise Failure(words.text("the two passphrases differ; nothing was made"), 3)
        return first

    return given


def _asked(question: str, words: "Language") -> str:
    """Ask at the terminal, which shows nothing of the answer; where there is none, never read it from elsewhere."""
    import getpass
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would be shown, or taken from the records
            return getpass.getpass(f"{question}: ")
    except (getpass.GetPassWarning, EOFError):
        told = words.text("there is no terminal to ask at; name a file with {option}", option="--passphrase-file")
        raise Failure(told, 3) from None


def place_of(where: str, words: "Language") -> str:
    """Return where a key is, unless its PIN stands on the command line, which every user of the machine can read."""
    from boyau.journal.keys import in_token

    if in_token(where) and "pin-value" in where:
        told = words.text("a PIN does not belong on the command line; name a file with {option}", option="pin-source=")
        raise Failure(told, 2)
    return where


def key(
    file: str,
    *,
    show: Annotated[bool, Parameter(negative="")] = False,
    unsealed: Annotated[bool, Parameter(negative="")] = False,
    passphrase_file: Secret = None,
    name: str = "",
    language: In = None,
    json: Json = False,
) -> int:
    """Make a private key, sealed with a passphrase, in a new file; or show the public key of one that is there.

    The public key goes into a `key` record, by which the ledger knows it; the file stays with its owner.
    In place of a file, a `pkcs11:` URI names a key in a token (docs/keys.md).

    Example: boyau key inspector.key

    Parameters
    ----------
    show
        Only show; never make a key.
    unsealed
        Do not ask for a passphrase: whoever reads the file can sign. For demonstrations.
    name
        Give the public key also as those who check notes write it: name+id+base64.
    """
    from boyau.journal.keys import SignerError, in_token

    words = chosen(language)
    where = place_of(file, words)
    if unsealed and (passphrase_file is not None or in_token(where)):
        told = words.text(
            "{option} leaves nothing for a passphrase to open; leave one of them out", option="--unsealed"
        )
        raise Failure(told, 2)
    if name:
        _verifier(name, bytes(32), words)  # a wrong name is told before a key is made
    try:
        public, made = _public_key(where, words, show=show, unsealed=unsealed, passphrase_file=passphrase_file)
        verifier = _verifier(name, public, words) if name else ""
    except (OSError, SignerError) as error:
        raise _failure(error, words) from None
    if json:
        print_json({"file": file, "key": public.hex(), "made": made} | ({"verifier": verifier} if name else {}))
    else:
        print("\n".join([public.hex(), verifier] if name else [public.hex()]))
    return 0


def _public_key(
    where: str, words: "Language", *, show: bool, unsealed: bool, passphrase_file: Path | None
) -> tuple[bytes, bool]:
    """Return the public key, and whether it was made just now."""
    from boyau.journal import keys, pkcs11

    if keys.in_token(where):
        pin = _secret(passphrase_file, words.text("PIN of the token"), words)
        try:
            return keys.public_key(where, None if not show else pin), False
        except pkcs11.KeyMissingError:
            if show:
                raise
        return pkcs11.make_key(where, pin), True
    path = Path(where)
    if show or path.exists():
        return keys.public_key(path), False
    if unsealed:
        public = keys.make_open_key(path)
        say(
            words.text("{file} is not sealed: whoever reads it signs in your name. Only for demonstrations.", file=path)
        )
        return public, True
    least = keys.PASSPHRASE_LENGTH_MIN
    question = words.text("Passphrase for {file}, at least {number} characters", file=path, number=least)
    public = keys.make_key(path, _secret(passphrase_file, question, words, twice=words.text("Once more"))())
    say(
        words.text(
            "{file} is sealed. Keep a copy of it and the passphrase, apart: nobody can restore either.", file=path
        )
    )
    return public, True


def _verifier(name: str, public: bytes, words: "Language") -> str:
    from boyau.proofs.note import NoteError, Verifier

    verifier = str(Verifier(name, public))
    try:
        Verifier.read(verifier)
    except NoteError:
        told = words.text("{name} is no name of a key: no spaces and no plus signs", name=f"{name!r:.60}")
        raise Failure(told, 2) from None
    return verifier


def opened(where: str, passphrase_file: Path | None, words: "Language") -> "Signer":
    """Open the key that a command was given: a file, or a URI of a key in a token."""
    from boyau.journal import keys

    place = place_of(where, words)
    question = (
        words.text("PIN of the token") if keys.in_token(place) else words.text("Passphrase for {file}", file=place)
    )
    try:
        return keys.open_signer(place, _secret(passphrase_file, question, words))
    except (OSError, keys.SignerError) as error:
        raise _failure(error, words) from None


def _failure(error: Exception, words: "Language") -> Failure:
    from boyau.journal.keys import SignerError

    return Failure(error.told(words) if isinstance(error, SignerError) else str(error), 3)


def sign(
    file: Source,
    *,
    key: Annotated[str, Parameter(help="The key: a file made by `boyau key`, or a `pkcs11:` URI of one in a token.")],
    passphrase_file: Secret = None,
    at: Annotated[str, Parameter(help="Moment of the act, YYYY-MM-DDTHH:MM:SSZ; by default now.")] = "",
    language: In = None,
) -> int:
    """Sign records (attestations, proposals, approvals, denials, appeals), one JSON object a line; print them signed.

    What is printed goes to `boyau submit`. The key never leaves the machine, or the token, it is in.

    Example: boyau sign act-17.ndjson --key inspector.key | boyau submit - --ledger treasury.boyau
    """
    import sys

    from boyau import codec
    from boyau.journal import intake, signing
    from boyau.journal.keys import SignerError

    words = chosen(language)
    place = place_of(key, words)
    moment = at or dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    signer = None
    for line in intake.read(file, sys.stdin.buffer):
        if line.error or not isinstance(line.value, dict) or "type" not in line.value:
            raise Failure(f"{file}:{line.number}: {line.error or 'is no record; only records are signed'}", 3)
        # Opened for the first record, once for all: the passphrase is not asked for where there is nothing to sign.
        signer = signer or opened(place, passphrase_file, words)
        try:
            signed = signing.sign(line.value, signer, moment)
        except SignerError as error:
            raise _failure(error, words) from None
        except codec.CodecError as error:
            raise Failure(f"{file}:{line.number}: {error}", 3) from None
        print(json_module.dumps(signed, ensure_ascii=False))
    return 0


def evidence(*, ledger: Ledger, owner: str = "", every: bool = False, language: In = None, json: Json = False) -> int:
    """List the requests for evidence: who must answer, until when; overdue ones first.

    Example: boyau evidence --ledger treasury.boyau --owner 123456789012

    Parameters
    ----------
    owner
        Only what this participant must answer.
    every
        Answered ones too.
    """
    from boyau.journal import Book
    from boyau.ledger import codes

    words = chosen(language)
    with Book.open(ledger, write=False) as book:
        today, rows = codes.day_of(book.now()), []
        for name, request in book.ledger.registry.evidence.requests.items():
            step, deadline, number = request.standing(today)
            one: dict[str, Any] = {
                "request": name,
                "condition": request.condition,
                "about": request.subject or request.colour,
                "owner": step.owner,
                "deadline": codes.day_text(deadline),
                "overdue_days": max(0, today - deadline) if request.state == "open" else 0,
                "escalations": number,
                "state": request.state,
                "reason": request.reason,
            }
            if (every or request.state != "answered") and owner in ("", step.owner):
                rows.append(one)
    rows.sort(key=lambda one: (-one["overdue_days"], one["deadline"], one["request"]))
    if json:
        print_json(rows)
        return 0
    if not rows:
        print(words.text("Nothing is asked of anybody."))
        return 0
    shown = ("request", "condition", "about", "owner", "deadline", "overdue_days", "state", "reason")
    print_table([words.text(name.replace("_", " ")) for name in shown], [[str(one[n]) for n in shown] for one in rows])
    return 0
