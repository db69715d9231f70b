"""A ledger page on which a programme is installed: its colours, the people of the story, their accounts."""

import hashlib

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
        for root in issuer.split():
            world += [
                {"type": "participant", "participant": "issuer"},
                {"type": "account", "account": f"issuer@{root}", "flags": ["issuer"]},
            ]
        world += [{"type": "account", "account": one} for one in accounts.split()]
        super().__init__(world=world)

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


def _document(word):
    field, sign, name = word.partition("=doc:")
    return f"{field}={hashlib.sha256(name.encode()).hexdigest()}" if sign else word
