"""A ledger page on which a programme is installed: its colours, the people of the story, their keys and accounts.

Everybody signs what they say. A key may attest what the programme asks of its owner's classes, and nothing else.
"""

import datetime as dt
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from boyau.ledger.evidence import message
from boyau.programmes import install, reader
from tests.page import Page


class ProgrammePage(Page):
    """A page with one programme; ``people`` are classes by participant."""

    def __init__(self, name, people, accounts, *, issuer, **values):
        self.programme = reader.load(name)
        world = install.records(self.programme, values)
        world += [
            {"type": "participant", "participant": who, "classes": classes.split(), "region": "711110000"}
            for who, classes in people.items()
        ]
        world += [self._key(who, classes.split()) for who, classes in people.items()]
        for root in issuer.split():
            world += [
                {"type": "participant", "participant": "issuer"},
                {"type": "account", "account": f"issuer@{root}", "flags": ["issuer"]},
            ]
        world += [{"type": "account", "account": one} for one in accounts.split()]
        super().__init__(world=world)

    def _key(self, who, classes):
        duties = self.programme.evidence.items()
        conditions = [name for name, duty in duties if {step.owner for step in duty.steps} & set(classes)]
        public = _private(who).public_key().public_bytes_raw().hex()
        return {"type": "key", "participant": who, "key": public, "conditions": conditions}

    def record(self, *records):
        """As on every page, each record signed by whoever it is by."""
        super().record(*(self.signed(record) if "by" in record else record for record in records))

    def signed(self, record):
        """The record as its issuer signs it; every act has a moment of its own."""
        self.at += 1000
        at = dt.datetime.fromtimestamp(self.at // 1_000_000, dt.UTC) + dt.timedelta(microseconds=self.at % 1_000_000)
        record = record | {"at": at.isoformat().replace("+00:00", "Z")}
        return record | {"signature": _private(record["by"]).sign(message(record)).hex()}

    def subject(self, name, colour, amount):
        """An act, an animal, an application: worth so much, once."""
        self.record({"type": "subject", "subject": name, "colour": colour, "amount": amount})

    def attest(self, by, *conditions, subject="", colour="", withdrawn=False):
        """*by* attests conditions: the one place where these tests make attestations."""
        for condition in conditions:
            record = {"type": "attestation", "condition": condition, "by": by}
            record |= {"subject": subject} if subject else {"colour": colour}
            self.record(record | ({"withdrawn": True} if withdrawn else {}))

    def check(self, text):
        """As on every page; ``doc:NAME`` stands for the SHA-256 of a document."""
        words = text.split(" ")
        super().check(" ".join(_document(word) for word in words))


def _private(who):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"a key for tests: {who}".encode()).digest())


def _document(word):
    field, sign, name = word.partition("=doc:")
    return f"{field}={hashlib.sha256(name.encode()).hexdigest()}" if sign else word
