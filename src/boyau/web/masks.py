"""Personal data of natural persons, for those who have no right to see it (who is one: ``views.persons``)."""

import hashlib

from boyau.views.persons import PERSONS, is_person

__all__ = ["PERSONS", "is_person", "pseudonym"]


def pseudonym(participant: str, salt: bytes) -> str:
    """Return a short name that tells persons apart within this installation and says nothing of them.

    *salt* is the installation's own and secret: without it all numbers could be tried.
    """
    return hashlib.blake2b(participant.encode(), key=salt, digest_size=4).hexdigest()
