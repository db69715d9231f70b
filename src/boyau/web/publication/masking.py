"""Takes natural persons out of everything that is published: their numbers, ids and names, wherever they stand.

A number of a person can stand inside other texts, as in the path of a loan's colour; so every text that goes into a
file goes through ``text``.
"""

import re
from collections.abc import Iterable
from typing import Any

from boyau.views.names import texts
from boyau.views.persons import checked, is_person
from boyau.web.masks import pseudonym

_DIGITS = re.compile(r"\d{12,}")
_NUMBER_CHARS = 12
_TOKEN = re.compile(r"[A-Za-z0-9._-]+")
_WORD = re.compile(r"\w+")
_PERSON_DIGITS = "0123"
NAME_WORDS_MAX = 5
PREFIX = "person-"


class Masking:
    """Knows who is a natural person. *salt*: the installation's own."""

    def __init__(self, participants: Iterable[tuple[str, dict[str, Any]]], salt: bytes) -> None:
        self._salt = salt
        self._persons: set[str] = set()
        self._names: set[tuple[str, ...]] = set()
        for who, facts in participants:
            if is_person(who, facts.get("classes", ())):
                self._persons.add(who)
                for name in texts(facts.get("name", "")):
                    words = tuple(word.lower() for word in _WORD.findall(name))
                    if len(words) > 1:  # a single word may be a town's name too
                        self._names.add(words[:NAME_WORDS_MAX])
        self._lengths = sorted({len(words) for words in self._names}, reverse=True)

    def person(self, who: str) -> bool:
        """Tell whether a participant is a natural person."""
        return who in self._persons or is_person(who)

    def participant(self, who: str) -> str:
        """Return how a participant is called in the files: its id, or a person's pseudonym."""
        return PREFIX + pseudonym(who, self._salt) if self.person(who) else who

    def text(self, text: str) -> str:
        """Return a text without numbers, ids and names of natural persons."""
        if not text:
            return text
        if self._persons:
            text = _TOKEN.sub(lambda found: self._token(found[0]), text)
        text = _DIGITS.sub(lambda found: self._digits(found[0]), text)
        return self._named(text) if self._names else text

    def _token(self, token: str) -> str:
        if token in self._persons:
            return self.participant(token)
        bare = token.strip(".-_")  # a number at the end of a sentence, or between dashes
        return token.replace(bare, self.participant(bare)) if bare in self._persons else token

    def _digits(self, run: str) -> str:
        """Mask a run of digits that is a person's number, or holds one whose check digit holds."""
        if len(run) == _NUMBER_CHARS:
            return PREFIX + pseudonym(run, self._salt) if run[4] in _PERSON_DIGITS else run
        windows = (run[k : k + _NUMBER_CHARS] for k in range(len(run) - _NUMBER_CHARS + 1))
        holds = any(one[4] in _PERSON_DIGITS and checked(one) for one in windows)
        return PREFIX + pseudonym(run, self._salt) if holds else run

    def _named(self, text: str) -> str:
        words = [(found[0].lower(), found.start(), found.end()) for found in _WORD.finditer(text)]
        out, at, k = [], 0, 0
        while k < len(words):
            for length in self._lengths:
                some = words[k : k + length]
                name = tuple(word for word, _, _ in some)
                if len(some) == length and name in self._names:
                    out += [text[at : some[0][1]], PREFIX + pseudonym(" ".join(name), self._salt)]
                    at, k = some[-1][2], k + length
                    break
            else:
                k += 1
        return "".join([*out, text[at:]])
