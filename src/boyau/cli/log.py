"""Commands of the log's operator: its key, signed checkpoints, receipts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from boyau.cli.evidence import Secret, opened
from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, say

if TYPE_CHECKING:
    from boyau.journal.log import Log
    from boyau.language import Language
    from boyau.proofs.note import Note, Signer, Verifier

Key = Annotated[str, Parameter(help="The log's key: a file made by `boyau key`, or a `pkcs11:` URI.")]


def log_key(
    *,
    ledger: Ledger,
    key: Key,
    before: str = "",
    name: str = "",
    passphrase_file: Secret = None,
    language: In = None,
    json: Json = False,
) -> int:
    """Record the key that signs the log from now on: the first, or the one that takes over from the key before.

    What is printed, name+id+base64, is what others need to check checkpoints and receipts. Hand it out on paper,
    print it in the gazette: whoever has it need not trust this machine.

    Example: boyau log-key --ledger treasury.boyau --key log.key

    Parameters
    ----------
    before
        The key that signs today; needed from the second key on.
    name
        The name in signature lines; by default the origin of the log, `boyau/ledger/` and its id.
    """
    from boyau.journal import Book
    from boyau.journal.log import key_record, origin_of
    from boyau.proofs.note import Verifier

    words = chosen(language)
    new = opened(key, passphrase_file, words)
    old = opened(before, passphrase_file, words) if before else None
    with Book.open(ledger) as book:
        origin = origin_of(book.id)
        record = key_record(book.ledger.registry.log_keys, name or origin, new, origin, old)
        (refusal,) = book.record([record])
        if refusal is not None:
            raise Failure(words.text("the ledger refuses the key: {reason}", reason=refusal), 1)
        entry = book.entries - 1
    verifier = str(Verifier(name or origin, new.public_key))
    if json:
        print_json({"entry": entry, "number": record["number"], "verifier": verifier})
    else:
        print(verifier)
    return 0


def checkpoint(
    *,
    ledger: Ledger,
    key: Key,
    witnesses: Path | None = None,
    quorum: int = 0,
    passphrase_file: Secret = None,
    language: In = None,
    json: Json = False,
) -> int:
    """Sign what the ledger is now: its size and its root, and have witnesses cosign it. Works while it is written.

    Before it signs, the tree is computed again from the entries since the checkpoint before, and must extend it.

    Example: boyau checkpoint --ledger treasury.boyau --key log.key --witnesses witnesses.txt --quorum 2

    Parameters
    ----------
    witnesses
        A file with a line for each witness: its key (name+id+base64), a space, its address.
    quorum
        So many witnesses must have cosigned, else the exit code is 1. The checkpoint is kept all the same.
    """
    from boyau.journal import Book
    from boyau.journal.log import Log

    words = chosen(language)
    asked = _witnesses(witnesses, words) if witnesses else []
    if quorum > len(asked):
        told = words.text("{quorum} witnesses are asked for and {count} are named", quorum=quorum, count=len(asked))
        raise Failure(told, 2)
    with Book.open(ledger, write=False) as book:
        log = Log(book.store)
        ruling = book.ledger.registry.log_keys.at(log.size)
        if ruling is None:
            raise Failure(words.text("the log has no key yet; {command} records the first", command="boyau log-key"), 3)
        signer = opened(key, passphrase_file, words)
        if signer.public_key.hex() != ruling.key:
            told = words.text("this is not the key that signs the log; that is {key}, by entry {entry}",
                              key=ruling.key, entry=ruling.entry)  # fmt: skip
            raise Failure(told, 3)
        note = _signed(log, signer, ruling.name, words)
        cosigned = 0
        for verifier, url in asked:
            note, done = _cosigned(log, note, verifier, url, words)
            cosigned += done
        log.keep(note)
    if json:
        print_json({"size": log.size, "root": log.last.root.hex(), "cosigned": cosigned, "note": str(note)})
    else:
        print(str(note), end="")
    if cosigned < quorum:
        say(words.text("{cosigned} of {quorum} witnesses have cosigned", cosigned=cosigned, quorum=quorum))
        return 1
    return 0


def receipt(
    entry: str,
    *,
    ledger: Ledger,
    language: In = None,
) -> int:
    """Print the receipt of one entry: what it says, and the proof that a signed checkpoint covers it.

    It reveals nothing of other entries. Anybody can check it: boyau verify FILE --key KEY

    Example: boyau receipt P-1 --ledger treasury.boyau > P-1.receipt.json

    Parameters
    ----------
    entry
        Number of the entry, or the id under which the row was posted.
    """
    from boyau.journal import Book
    from boyau.journal.find import entry_number
    from boyau.journal.log import Log

    words = chosen(language)
    with Book.open(ledger, write=False) as book:
        number = entry_number(book, entry)
        if number is None:
            raise Failure(words.text("there is no entry {entry}", entry=entry), 3)
        log = Log(book.store)
        try:
            made = log.receipt(number)
        except KeyError:
            told = words.text(
                "no checkpoint covers entry {entry} yet; {command} signs one", entry=number, command="boyau checkpoint"
            )
            raise Failure(told, 3) from None
    print(made.to_json(), end="")
    return 0


def _witnesses(path: Path, words: "Language") -> "list[tuple[Verifier, str]]":
    """Read the file of witnesses: a key and an address a line; # begins a remark."""
    from boyau.proofs.note import COSIGNATURE, NoteError, Verifier

    out = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(str(error), 3) from None
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        key, _, url = text.partition(" ")
        try:
            verifier = Verifier.read(key)
        except NoteError as error:
            raise Failure(f"{path}:{number}: {error}", 3) from None
        if verifier.kind != COSIGNATURE or not url.strip():
            told = words.text("a line has the key of a witness, a space, and its address")
            raise Failure(f"{path}:{number}: {told}", 3)
        out.append((verifier, url.strip()))
    return out


def _signed(log: "Log", signer: "Signer", name: str, words: "Language") -> "Note":
    from boyau.journal.log import SplitLog

    try:
        return log.checkpoint(signer, name)
    except SplitLog as error:
        told = words.text("nothing was signed: {reason}. Find out who changed the ledger before anything else",
                          reason=error)  # fmt: skip
        raise Failure(told, 5) from None


def _cosigned(log: "Log", note: "Note", verifier: "Verifier", url: str, words: "Language") -> "tuple[Note, int]":
    """Ask one witness; what it refuses is told, and never stops the others."""
    from boyau.proofs.note import Checkpoint
    from boyau.proofs.witness_http import WitnessError, cosign_with

    size = Checkpoint.read(note.text).size
    known = [at for at, text in log.store.checkpoints() if at <= size and f"\u2014 {verifier.name} " in text]
    try:
        given = cosign_with(url, str(note), lambda old: log.consistency(old, size), max(known, default=0), key=verifier)
    except WitnessError as error:
        say(words.text("witness {name}: {reason}", name=verifier.name, reason=error))
        return note, 0
    return note.signed(given.key, given.signature), 1
