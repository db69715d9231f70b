"""What the trail pages must say, counted again: row by row from the batches, with nothing of the trace room."""

import json
import urllib.error
import urllib.request
from collections import defaultdict
from dataclasses import dataclass

from boyau.codec import ROWS
from boyau.ledger import Kind
from boyau.service.identity.sessions import COOKIE

MOVING = {
    Kind.ISSUE, Kind.ALLOCATE, Kind.WITHDRAW, Kind.LAPSE, Kind.CARRY, Kind.PAY, Kind.RETURN, Kind.REVERSE, Kind.RECEIVE,
    Kind.REFUND, Kind.ADVANCE, Kind.CLAWBACK, Kind.COURT,
}  # fmt: skip


@dataclass(frozen=True)
class Moved:
    """One transfer that moved money, sides as (participant, colour path, plain, issuer, hop)."""

    entry: int
    month: str
    amount: int
    giver: tuple
    taker: tuple


def moved(book) -> list[Moved]:
    """Read every posted transfer that moved money."""
    registry, accounts = book.ledger.registry, book.ledger.tables.acc
    sides, out, kinds = {}, [], {}

    def side(number):
        if number not in sides:
            row = accounts[number].tolist()
            colour = registry.colours[row[3]]
            sides[number] = (registry.who[row[4]], colour.path, colour.plain, bool(row[5] & 1), row[6])
        return sides[number]

    for batch in book.store.batches():
        if batch.kind != ROWS:
            continue
        for place, row in enumerate(batch.rows()):
            kind = Kind(int(row["kind"]))
            if row["result"]:
                continue
            kinds[row["id"].tobytes()] = kind
            undoes_act = kind in (Kind.RETURN, Kind.REVERSE) and kinds.get(row["ref"].tobytes()) is Kind.ACCEPT
            if kind in MOVING and int(row["settled"]) and not undoes_act:
                month = str(row["value_date"].astype("datetime64[D]"))[:7]
                ends = (side(int(row[name])) for name in ("debit", "credit"))
                out.append(Moved(batch.first + place, month, int(row["settled"]), *ends))
    return out


def below(path: str, top: str) -> bool:
    return path == top or path.startswith(top + "/")


def get(site, path: str, *, session: str = "", accept: str = "text/html", status: int = 200):
    """Ask the service; return the headers and the body."""
    headers = {"Accept": accept, "Accept-Language": "en"}
    if session:
        headers["Cookie"] = f"{COOKIE}={session}"
    request = urllib.request.Request(site.url + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            got, head, body = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        got, head, body = error.code, error.headers, error.read()
    assert got == status, (path, got, body[:500])
    return head, body


def data(site, path: str, **more) -> dict:
    """Ask for a page as JSON."""
    mark = "&" if "?" in path else "?"
    return json.loads(get(site, f"{path}{mark}format=json", **more)[1])


def minor(text: str) -> int:
    """Read an exact decimal text."""
    whole, _, part = text.partition(".")
    assert len(part) == 2
    return int(whole + part) if not whole.startswith("-") else -int(whole[1:] + part)


def sums(rows) -> dict:
    """Sum amounts by key."""
    total = defaultdict(int)
    for key, amount in rows:
        total[key] += amount
    return dict(total)
