"""A small ledger with every kind of entry: records in several scripts, movements, refusals, expiries, two log keys."""

import sqlite3
from contextlib import closing

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from boyau.codec import _checked
from boyau.journal import Book
from boyau.journal.log import Log, key_record, origin_of
from boyau.proofs.note import COSIGNATURE, Verifier, cosign
from boyau.verify import Verification, open_source
from tests.page import START, WORLD, Page


class Signer:
    """A key that follows from a number."""

    def __init__(self, number):
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.public_key = self.private.public_key().public_bytes_raw()

    def sign(self, message):
        return self.private.sign(message)


FIRST, SECOND, WITNESS, OTHER = (Signer(number) for number in (1, 2, 3, 4))
KEY = Verifier("log", FIRST.public_key)
SECOND_KEY = Verifier("log", SECOND.public_key)
STRANGE_KEY = Verifier("log", OTHER.public_key)
WITNESSES = (Verifier("w/1", WITNESS.public_key, COSIGNATURE), Verifier("w/2", OTHER.public_key, COSIGNATURE))
OPEN = [one for one in WORLD if one["type"] != "colour" or one["colour"] != "kz/rail"]


def make(path, *, payments=600, cosigned_after=5, ledger_id=None):
    """Make the ledger; return the sizes that have checkpoints."""
    pages = []

    def clock():
        return pages[0].at if pages else START

    with Book.create(str(path), name="Қазына", ledger_id=ledger_id, clock=clock) as book:
        page = Page(book=book)
        pages.append(page)
        record_key(book, FIRST, None)
        page.check(
            """
            T1 issue   issuer@kz -> budget@kz                1000000.00                   : posted
            T2 allocate budget@kz -> budget@kz/road           500000.00                   : posted
            H1 commit  budget@kz/road -> asphalt@KZT            90.00 expires=2026-11-24T12:00:00Z : posted
            H2 commit  budget@kz/road -> asphalt@KZT            50.00                     : posted
            T3 pay     on H2                                    20.00                     : posted
            T4 pay     budget@kz/road -> casino@KZT             20.00                     : payee_class
            T5 release on H2                                    10.00                     : posted
            """
        )
        sign(book, FIRST, seconds(page) + cosigned_after)
        page.record({"type": "subject", "subject": "АКТ-17 «Жол»"}, {"type": "note", "text": "ескерту\n"})
        page.wait(hours=4)
        for begin in range(0, payments, 200):
            lines = [
                f"P{k} pay budget@kz/road -> asphalt@KZT 1.00 : posted"
                for k in range(begin, min(payments, begin + 200))
            ]
            page.check("\n".join(lines))
        sign(book, FIRST, seconds(page) + cosigned_after)
        page.check(
            """
            R1 return  asphalt@KZT -> budget@kz/road             0.50 original=P7         : posted
            R2 return  asphalt@KZT -> budget@kz/road             9.00 original=P7         : original_exceeded
            P3 pay     budget@kz/road -> asphalt@KZT             1.00                     : exists
            """
        )
        record_key(book, SECOND, FIRST)
        page.wait(days=1)
        page.check("T9 pay budget@kz/road -> asphalt@KZT 3.00 : posted")
        sign(book, SECOND, seconds(page) + cosigned_after)
        page.wait(days=1)
        page.check("T10 pay budget@kz/road -> asphalt@KZT 4.00 : posted")
        return [size for size, _ in book.store.checkpoints()]


def seconds(page):
    return page.at // 1_000_000


def record_key(book, new, old):
    record = key_record(book.ledger.registry.log_keys, "log", new, origin_of(book.id), old)
    assert book.record([record]) == [None]


def sign(book, signer, at):
    log = Log(book.store)
    note = log.checkpoint(signer, "log")
    for witness, private in zip(WITNESSES, (WITNESS, OTHER), strict=True):
        note = cosign(note, witness.name, private, at)
    log.keep(note)


def found(target, trust=None, against=None):
    """Return the report on *target*."""
    source, other = open_source(str(target)), None if against is None else open_source(str(against))
    try:
        return Verification(source, trust, against=other).report()
    finally:
        source.close()
        if other is not None:
            other.close()


def codes(report):
    return [str(one.code) for one in report.findings]


def edit(path, *statements):
    """Change a ledger file as a database root can."""
    with closing(sqlite3.connect(path)) as db, db:
        for statement, *values in statements:
            db.execute(statement, values)


def ask(path, query, *values):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query, values).fetchall()


def resealed(header, **fields):
    """Return a header with other fields (by place) and a check that fits."""
    data = bytearray(header)
    for place, value in fields.values():
        data[place : place + len(value)] = value
    return _checked(bytes(data))
