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


def is_number(text: str) -> bool:
    """Tell whether a text has the form of a BIN or IIN; whether its check digit holds ``checked`` says."""
    return len(text) == _ID_CHARS and text.isascii() and text.isdecimal()


def checked(number: str) -> bool:
    """Tell whether the check digit of a BIN or IIN holds."""
    return with_check_digit(number[:-1]) == number


def with_check_digit(eleven: str) -> str:
    """Return a BIN or IIN: eleven digits and their check digit; empty where these eleven can have none."""
    digits = [int(one) for one in eleven]
    rest = sum(k * one for k, one in enumerate(digits, 1)) % 11
    if rest == 10:
        rest = sum(k * one for k, one in zip((3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2), digits, strict=True)) % 11
    return "" if rest == 10 else eleven + str(rest)
