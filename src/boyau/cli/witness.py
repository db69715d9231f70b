"""Commands of a witness: an institution that signs what a ledger says of itself, as long as it takes nothing back."""

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from boyau.cli.evidence import Secret, opened, place_of
from boyau.cli.output import Failure, In, Json, chosen, print_json, say
from boyau.language.catalogue import mark

if TYPE_CHECKING:
    from boyau.proofs.witness import State

STATE = "witness.db"
Folder = Annotated[Path, Parameter(help="The folder of the witness.")]

MEANINGS = {
    "split": mark(
        "The log has signed two different trees of one size. These two notes prove it to anybody: publish them."
    ),
    "unproven": mark(
        "The log has signed this checkpoint, and it was not shown that it continues the one before. Ask the log for the"
        " proof; if it has none, its history was changed."
    ),
    "settled": mark("It was shown later that this checkpoint continues the one before. Settled."),
}


def init(directory: Folder, *, name: str, key: str, language: In = None, json: Json = False) -> int:
    """Set up a witness in a new folder. Prints its public key, which logs and readers are given.

    Example: boyau witness init witness --name chamber.example/w1 --key witness.key

    Parameters
    ----------
    name
        Name under which it signs: the address of the institution and a word, no spaces.
    key
        Its key: a file made by `boyau key`, or a `pkcs11:` URI. It serves this witness alone.
    """
    from boyau.journal import keys
    from boyau.proofs.witness import State, StateError

    words = chosen(language)
    where = place_of(key if keys.in_token(key) else str(Path(key).absolute()), words)
    try:
        public = keys.public_key(where)
        directory.mkdir(parents=True, exist_ok=True)
        state = State.create(directory / STATE, name=name, public_key=public, signer=where)
    except keys.SignerError as error:
        raise Failure(error.told(words), 3) from None
    except (OSError, StateError) as error:
        raise Failure(str(error), 4) from None
    verifier = str(state.verifier)
    state.close()
    print_json({"witness": str(directory), "name": name, "key": verifier}) if json else print(verifier)
    return 0


def log(directory: Folder, origin: str, *keys: str, json: Json = False) -> int:
    """Watch a log: cosign its checkpoints, as long as each continues the one before.

    The keys given are those by which it may sign from now on; keys that were accepted before and are not given again
    are accepted no more. A running witness obeys at once.

    Example: boyau witness log witness treasury.example/ledger treasury.example/ledger+1a2b3c4d+AQ…

    Parameters
    ----------
    origin
        First line of the log's checkpoints.
    keys
        Public keys of the log, of the form name+id+base64.
    """
    from boyau.proofs.note import NoteError, Verifier
    from boyau.proofs.witness import StateError

    if not keys:
        raise Failure("give at least one key of the log, of the form name+id+base64; its operator has it", 2)
    state = _open(directory)
    try:
        accepted = [Verifier.read(key) for key in keys]
        before = state.watch(origin, accepted)
        last = state.latest(origin)
    except (NoteError, StateError) as error:
        raise Failure(str(error), 3 if isinstance(error, NoteError) else 4) from None
    finally:
        state.close()
    gone = [str(key) for key in before if key not in accepted]
    facts = {"origin": origin, "keys": [str(key) for key in accepted], "removed": gone, "size": last[0] if last else 0}
    if json:
        print_json(facts)
        return 0
    print(f"{origin}: {len(accepted)} accepted, {len(gone)} removed, cosigned up to size {facts['size']}")
    return 0


def serve(
    directory: Folder,
    *,
    listen: Annotated[str, Parameter(help="Address to listen at, HOST:PORT; port 0 takes a free one.")],
    key: Annotated[str, Parameter(help="Where the key of the witness is, if it has moved.")] = "",
    passphrase_file: Secret = None,
    language: In = None,
) -> int:
    """Run the witness until it is interrupted; it answers POST /add-checkpoint and GET /health.

    It may be stopped and killed at any moment: what was cosigned is on disk before it is answered.

    Example: boyau witness serve witness --listen 127.0.0.1:8340
    """
    from boyau.proofs.witness import StateError, Witness
    from boyau.proofs.witness_http import WitnessServer

    words = chosen(language)
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise Failure(f"{listen!r} is no address; write HOST:PORT, for example 127.0.0.1:8340", 2)
    state = _open(directory)
    try:
        witness = Witness(state, opened(key or state.signer, passphrase_file, words))
        server = WitnessServer((host.strip("[]"), int(port)), witness, say)
    except StateError as error:
        raise Failure(str(error), 4) from None
    except OSError as error:
        raise Failure(f"cannot listen at {listen}: {error}", 4) from None
    else:
        with server:
            print(f"{server.url} {state.verifier}")
            sys.stdout.flush()
            say(words.text("logs watched: {count}; {key} stops", key="Ctrl-C", count=len(state.logs())))
            server.serve_forever()
    finally:
        state.close()
    return 0


def disputes(directory: Folder, *, language: In = None, json: Json = False) -> int:
    """Print what logs have signed and this witness has refused: each refused note, beside the one it contradicts.

    Example: boyau witness disputes witness

    Exit code 1: a log has signed two histories.
    """
    from boyau.proofs.witness import SPLIT, StateError

    words = chosen(language)
    state = _open(directory)
    try:
        found = state.disputes()
    except StateError as error:
        raise Failure(str(error), 4) from None
    finally:
        state.close()
    code = 1 if any(one.kind == SPLIT for one in found) else 0
    rows = [
        {"origin": one.origin, "size": one.size, "kind": one.kind, "time": _moment(one.time)}
        | {"settled": _moment(one.settled) if one.settled else None, "seen": one.seen, "refused": one.refused}
        for one in found
    ]
    if json:
        print_json(rows)
        return code
    if not rows:
        print(words.text("Nothing is in dispute."))
    for row in rows:
        print(words.text("{origin}, size {size}, refused {moment}", **row, moment=row["time"]))
        print(words.text(MEANINGS["settled" if row["settled"] else str(row["kind"])]))
        if row["seen"]:
            print(f"\n{words.text('Cosigned before:')}\n\n{row['seen']}")
        print(f"\n{words.text('Refused:')}\n\n{row['refused']}")
    return code


def _open(directory: Path) -> "State":
    from boyau.proofs.witness import State, StateError

    try:
        return State(directory / STATE)
    except StateError as error:
        raise Failure(str(error), 4) from None


def _moment(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat().replace("+00:00", "Z")
