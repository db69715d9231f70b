"""Personal data of natural persons, for those who have no right to see it.

Who is a natural person follows from what the ledger knows: an identification number of a person (its fifth digit is 0
to 3; a company's is 4 to 6), or a class that only persons have.
"""

import hashlib
from collections.abc import Iterable

PERSONS = frozenset({"person", "employee", "farmer", "pupil", "patient", "sole_trader"})
"""Classes of natural persons in the programmes that come with Boyau."""
_PERSON_DIGITS = "0123"
_ID_CHARS = 12


def is_person(participant: str, classes: Iterable[str] = ()) -> bool:
    """Tell whether a participant is a natural person."""
    if len(participant) == _ID_CHARS and participant.isdecimal() and participant[4] in _PERSON_DIGITS:
        return True
    return not PERSONS.isdisjoint(classes)


def pseudonym(participant: str, salt: bytes) -> str:
    """Return a short name that tells persons apart within this installation and says nothing of them.

    *salt* is the installation's own and secret: without it all numbers could be tried.
    """
    return hashlib.blake2b(participant.encode(), key=salt, digest_size=4).hexdigest()
