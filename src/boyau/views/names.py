"""Finding by name: participants, colours and acts by the words of their names; records by what they are about.

Words are folded before they are kept and before they are looked for, so that Cyrillic and Latin spellings, Kazakh and
Russian letters, and small and large ones meet: қазақстан, Казахстан and Qazaqstan are one word.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

WHO, PERSON, COLOUR, SUBJECT = 1, 2, 3, 4
"""Kinds of things. Natural persons are a kind of their own, so that a search without the right never reads of them."""
_SPAN = 1 << 40
"""A thing's kind stands in the high bits of its number: one range of numbers is one kind."""
WORDS_MAX, WORD_CHARS_MAX = 12, 40
SCHEMA = """
create table if not exists thing (id integer primary key, what text not null, name text not null) strict;
create unique index if not exists thing_name on thing (what, name);
create virtual table if not exists word using fts5 (words, tokenize = 'ascii', prefix = '2 3 4', detail = none);
create virtual table if not exists vocabulary using fts5vocab (word, row);
create table if not exists about (
  name text not null, entry integer not null, type text not null, primary key (name, entry)
) strict, without rowid;
"""
EMPTY = "delete from thing; delete from word; delete from about;"
COLUMNS = ("id, what, name from thing", "words from word", "name, entry, type from about")
_LETTERS = {
    "а": "a", "ә": "a", "б": "b", "в": "v", "г": "g", "ғ": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
    "и": "i", "й": "i", "к": "k", "қ": "k", "л": "l", "м": "m", "н": "n", "ң": "n", "о": "o", "ө": "o", "п": "p",
    "р": "r", "с": "s", "т": "t", "у": "u", "ұ": "u", "ү": "u", "ф": "f", "х": "h", "һ": "h", "ц": "ts", "ч": "ch",
    "ш": "sh", "щ": "sh", "ъ": "", "ы": "i", "і": "i", "ь": "", "э": "e", "ю": "iu", "я": "ia", "ı": "i", "ş": "sh",
    "ç": "ch", "j": "zh", "q": "k", "x": "h", "y": "i", "w": "u", "ñ": "n", "ğ": "g",
}  # fmt: skip
_FOLDING = str.maketrans(_LETTERS)
_PAIRS = re.compile("kh|gh")
_WORD = re.compile(r"[a-z0-9]+")
_ALPHABET = "abcdefghiklmnoprstuvz"
"""Letters that are left after folding."""


def fold(text: str) -> list[str]:
    """Return the words of a text in the spelling under which they are found."""
    plain = text.lower().translate(_FOLDING)
    plain = "".join(one for one in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(one))
    plain = _PAIRS.sub(lambda pair: "h" if pair[0] == "kh" else "g", plain.translate(_FOLDING))
    return [word[:WORD_CHARS_MAX] for word in _WORD.findall(plain)]


def texts(title: Any) -> Iterable[str]:
    """Return the texts of a title: one, or one for each language."""
    return title.values() if isinstance(title, dict) else (title,) if isinstance(title, str) else ()


def near(word: str) -> Iterator[str]:
    """Yield what differs from *word* by one letter: left out, put in, another one, or two that changed places."""
    yield word
    for k in range(len(word) + 1):
        head, tail = word[:k], word[k:]
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in _ALPHABET)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        yield from (head + letter + tail for letter in _ALPHABET)


class NameIndex:
    """The tables of names in the database of the views. Whoever writes opens the transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # ---- following --------------------------------------------------------------------------------------------------

    def take(self, record: dict[str, Any], entry: int, *, person: bool) -> None:
        """Take one record. *person*: its participant is a natural person."""
        kind = record["type"]
        if kind == "participant":
            who = record["participant"]
            self._name("who", who, PERSON if person else WHO, [who, *texts(record.get("name", ""))])
        elif kind == "colour":
            path = record["colour"]
            self._name("colour", path, COLOUR, [path, *texts(record.get("title", ""))])
        elif kind == "subject":
            self._name("subject", record["subject"], SUBJECT, [record["subject"]])
        self._db.executemany(
            "insert or ignore into about values (?, ?, ?)", ((name, entry, kind) for name in _about(record))
        )

    def _name(self, what: str, name: str, kind: int, words: list[str]) -> None:
        known = self._db.execute("select id from thing where what = ? and name = ?", (what, name)).fetchone()
        if known is not None:
            if what == "colour" and not any(words[1:]):
                return  # a new version of its rules: the title stays
            self._db.execute("delete from thing where id = ?", known)
            self._db.execute("delete from word where rowid = ?", known)
        number = self._next(kind)
        self._db.execute("insert into thing values (?, ?, ?)", (number, what, name))
        folded = dict.fromkeys(word for text in words for word in fold(text))
        self._db.execute("insert into word (rowid, words) values (?, ?)", (number, " ".join(folded)))

    def _next(self, kind: int) -> int:
        """Return a number of a kind that nothing bears."""
        query = "select max(id) from thing where id between ? and ?"
        (top,) = self._db.execute(query, (kind * _SPAN, (kind + 1) * _SPAN - 1)).fetchone()
        return int(top or kind * _SPAN) + 1

    # ---- asking -----------------------------------------------------------------------------------------------------

    def about(self, name: str, types: tuple[str, ...] = (), *, before: int = 1 << 62, most: int = 100) -> list[int]:
        """Return the entries of records about *name*, newest first: ``colour kz/road``, ``command 1f…``."""
        asked = f" and type in ({','.join('?' * len(types))})" if types else ""
        rows = self._db.execute(
            f"select entry from about where name = ? and entry < ?{asked} order by entry desc limit ?",  # noqa: S608
            (name, before, *types, most),
        )
        return [row[0] for row in rows]

    def listed(self, name: str, most: int) -> list[tuple[int, str]]:
        """Return records about *name*: (entry, type), newest first."""
        return list(
            self._db.execute("select entry, type from about where name = ? order by entry desc limit ?", (name, most))
        )

    def find(self, words: list[str], kind: int, most: int, *, counted: int) -> tuple[list[str], int]:
        """Return up to *most* names of things that have all *words*, whole words first, and how many there are.

        No more than *counted* are counted. Words that nothing begins with are taken as misspelt by one letter.
        """
        if not words:
            return [], 0
        words = words[:WORDS_MAX]
        # What begins with one letter is half of everything: a letter alone must be the whole word.
        asked = " AND ".join(_quoted(word) + "*" * (len(word) > 1) for word in words)
        count = self._count(asked, kind, counted)
        if not count:
            every = [self._nearest(word) for word in words]
            asked = " AND ".join(every)
            count = self._count(asked, kind, counted) if all(every) else 0
            return (self._names(asked, kind, most) if count else []), count
        found = dict.fromkeys(self._names(" AND ".join(map(_quoted, words)), kind, most))
        if len(found) < most:
            found |= dict.fromkeys(self._names(asked, kind, most))
        return list(found)[:most], count

    def _nearest(self, word: str) -> str:
        """Return the words that differ from one by a letter, as a question; "" where none does.

        Numbers are never guessed: another one is somebody else.
        """
        if any(letter.isdigit() for letter in word):
            return ""
        some = dict.fromkeys(near(word))
        marks = ",".join("?" * len(some))
        rows = self._db.execute(f"select term from vocabulary where term in ({marks})", tuple(some))  # noqa: S608
        known = [row[0] for row in rows]
        return f"({' OR '.join(map(_quoted, known))})" if known else ""

    def _count(self, match: str, kind: int, most: int) -> int:
        query = "select count(*) from (select 1 from word where word match ? and rowid between ? and ? limit ?)"
        return int(self._db.execute(query, (match, kind * _SPAN, (kind + 1) * _SPAN - 1, most)).fetchone()[0])

    def _names(self, match: str, kind: int, most: int) -> list[str]:
        query = (
            "select name from (select rowid as number from word where word match ? and rowid between ? and ?"
            " order by rowid limit ?) join thing on thing.id = number"
        )
        return [row[0] for row in self._db.execute(query, (match, kind * _SPAN, (kind + 1) * _SPAN - 1, most))]


def _quoted(word: str) -> str:
    return f'"{word}"'


_NAMED_BY = {
    "participant": ("participant",), "account": ("account",), "colour": ("colour",), "limits": ("colour",),
    "subject": ("subject", "colour"), "attestation": ("colour", "subject"), "key": ("participant",),
    "request": ("request", "subject", "colour"), "denial": ("request",), "appeal": ("request",),
    "proposal": ("command",), "approval": ("command",), "log_key": ("type",),
}  # fmt: skip


def _about(record: dict[str, Any]) -> Iterator[str]:
    """Yield what a record is about: the field and its value; of an attestation also what is attested of what."""
    for field in _NAMED_BY.get(record["type"], ()):
        if isinstance(record.get(field), str):
            yield f"{field} {record[field]}"
    if record["type"] == "attestation":
        thing = "subject" if "subject" in record else "colour"
        yield f"attested {record['condition']} {thing} {record[thing]}"
