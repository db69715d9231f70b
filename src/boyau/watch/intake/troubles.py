"""What is wrong with data, line by line: what, where, and what to do. Nothing is thrown away because of it."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from boyau.language import Language
from boyau.language.catalogue import mark

KEPT_MAX = 1_000
"""Troubles that are kept with their place; all are counted."""
GOT_MAX = 60
"""Characters of the data that a trouble repeats."""


class Fault(StrEnum):
    """The kinds of trouble."""

    NOT_JSON = "not_json"
    NOT_UTF8 = "not_utf8"
    NOT_AN_OBJECT = "not_an_object"
    TOO_LARGE = "too_large"
    CUT_OFF = "cut_off"
    NO_OCID = "no_ocid"
    NO_RELEASES = "no_releases"
    LINKED_ONLY = "linked_only"
    NOT_MERGED = "not_merged"
    REPEATED = "repeated"
    WRONG_TYPE = "wrong_type"
    READ_AS = "read_as"
    OUT_OF_RANGE = "out_of_range"
    BAD_ROW = "bad_row"


WHAT: Mapping[Fault, str] = {
    Fault.NOT_JSON: mark("this is not JSON; nothing of the line was read"),
    Fault.NOT_UTF8: mark("this is not UTF-8; unreadable characters were replaced"),
    Fault.NOT_AN_OBJECT: mark("a release is an object, and this is none"),
    Fault.TOO_LARGE: mark("a single document is too large to be read"),
    Fault.CUT_OFF: mark("the file ends in the middle of a document"),
    Fault.NO_OCID: mark("there is no ocid; the process goes by its place in the file"),
    Fault.NO_RELEASES: mark("a record without releases; only its ocid is kept"),
    Fault.LINKED_ONLY: mark("a record that only links to its releases; only its ocid is kept"),
    Fault.NOT_MERGED: mark("releases of one process cannot be merged; the latest is kept as it is"),
    Fault.REPEATED: mark("the ocid occurs before; both processes are kept"),
    Fault.WRONG_TYPE: mark("a value of the wrong type; it counts as absent"),
    Fault.READ_AS: mark("a value of another type than the standard asks for; it was read all the same"),
    Fault.OUT_OF_RANGE: mark("a number beyond all sense; it counts as absent"),
    Fault.BAD_ROW: mark("a row with a figure that cannot be read; the figure counts as absent"),
}
REMEDY: Mapping[Fault, str] = {
    Fault.NOT_JSON: mark("ask the publisher to export the line again"),
    Fault.NOT_UTF8: mark("save the file as UTF-8"),
    Fault.NOT_AN_OBJECT: mark("hand in releases, records or packages of them"),
    Fault.TOO_LARGE: mark("write one release a line"),
    Fault.CUT_OFF: mark("download the file again"),
    Fault.NO_OCID: mark("ask the publisher for the ocid, which the standard requires"),
    Fault.NO_RELEASES: mark("ask the publisher for the compiled release"),
    Fault.LINKED_ONLY: mark("download the releases themselves"),
    Fault.NOT_MERGED: mark("check the dates of the releases"),
    Fault.REPEATED: mark("hand in every process once"),
    Fault.WRONG_TYPE: mark("ask the publisher to follow the schema"),
    Fault.READ_AS: mark("ask the publisher to follow the schema"),
    Fault.OUT_OF_RANGE: mark("ask the publisher to correct the number"),
    Fault.BAD_ROW: mark("correct the row in the table"),
}


class Trouble(NamedTuple):
    """One thing that is wrong: the *line* of the file (from 1), the *path* inside, and what stands there."""

    line: int
    path: str
    fault: Fault
    got: str

    def told(self, words: Language) -> str:
        """Say it in a language."""
        where = f" {self.path}:" if self.path else ""
        got = f" ({self.got})" if self.got else ""
        return f"{self.line}:{where} {words.text(WHAT[self.fault])}{got} → {words.text(REMEDY[self.fault])}"


class Troubles:
    """All troubles of a run: counted, the first ``KEPT_MAX`` of a worker kept with their places."""

    def __init__(self) -> None:
        self.kept: list[Trouble] = []
        self.counts: Counter[Fault] = Counter()

    def add(self, line: int, path: str, fault: Fault, got: object = "") -> None:
        """Note one trouble."""
        self.counts[fault] += 1
        if len(self.kept) < KEPT_MAX:
            text = str(got)
            self.kept.append(Trouble(line, path, fault, text if len(text) <= GOT_MAX else text[: GOT_MAX - 1] + "…"))

    def merge(self, other: "Troubles") -> None:
        """Take in another worker's; the order of workers does not matter to the counts."""
        self.counts += other.counts
        self.kept = sorted([*self.kept, *other.kept])[:KEPT_MAX]
