"""Commands of those who attest, propose and approve: their keys, their signatures, and what is asked of whom."""

import datetime as dt
import json as json_module
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from boyau.cli.output import Failure, In, Json, Ledger, chosen, print_json, print_table
from boyau.cli.submit import Source


def key(file: Path, *, json: Json = False) -> int:
    """Make a private key in a new file that only you may read, or show the public key of one that is there.

    The public key goes into a `key` record, by which the ledger knows it; the file stays with its owner.

    Example: boyau key inspector.key
    """
    from boyau.journal import signing

    try:
        public = signing.public_key(file) if file.exists() else signing.make_key(file)
    except (OSError, signing.KeyFileError) as error:
        raise Failure(str(error), 3) from None
    print_json({"file": str(file), "key": public}) if json else print(public)
    return 0


def sign(
    file: Source,
    *,
    key: Annotated[Path, Parameter(help="The file with the private key, made by `boyau key`.")],
    at: Annotated[str, Parameter(help="Moment of the act, YYYY-MM-DDTHH:MM:SSZ; by default now.")] = "",
) -> int:
    """Sign records (attestations, proposals, approvals, denials, appeals), one JSON object a line; print them signed.

    What is printed goes to `boyau submit`. The key never leaves the machine it is on.

    Example: boyau sign act-17.ndjson --key inspector.key | boyau submit - --ledger treasury.boyau
    """
    import sys

    from boyau import codec
    from boyau.journal import intake, signing

    moment = at or dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    for line in intake.read(file, sys.stdin.buffer):
        if line.error or not isinstance(line.value, dict) or "type" not in line.value:
            raise Failure(f"{file}:{line.number}: {line.error or 'is no record; only records are signed'}", 3)
        try:
            signed = signing.sign(line.value, key, moment)
        except (OSError, signing.KeyFileError, codec.CodecError) as error:
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
