"""Who is a natural person, as far as the ledger knows.

It follows from an identification number of a person (its fifth digit is 0 to 3; a company's is 4 to 6), or from a class
that only persons have.
"""

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
