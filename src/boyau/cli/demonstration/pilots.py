"""The pilots' programmes: installed, with a few steps each, as ``pilots.toml`` tells them."""

import hashlib
import tomllib
from importlib.resources import files
from typing import Any

from boyau.cli.demonstration.names import MODEL
from boyau.journal import Book
from boyau.journal.operations import Operations
from boyau.ledger import Result
from boyau.ledger.codes import day_of
from boyau.programmes import install, reader


class StoryBroken(Exception):  # noqa: N818 - says what is the matter
    """A step of the demonstration was answered otherwise than it must be: a fault of the demonstration."""


def play(book: Book, year: int) -> int:
    """Install all pilots and take their steps; return how many operations were answered."""
    text = (files("boyau.cli.demonstration") / "pilots.toml").read_text("utf-8")
    pilots = tomllib.loads(text.replace("{year}", str(year)))["pilot"]
    return sum(_Pilot(book, pilot).play() for pilot in pilots)


class _Pilot:
    def __init__(self, book: Book, told: dict[str, Any]) -> None:
        self._book, self._told, self._count = book, told, 0
        self._chain: list[dict[str, Any]] = []

    def play(self) -> int:
        programme = reader.load(self._told["programme"])
        known = self._book.ledger.registry
        world = [one for one in install.records(programme, self._told["values"]) if one.get("unit") not in known.units
                 or one["type"] != "unit"]  # fmt: skip
        world += [_participant(one) for one in self._told["people"]]
        world += [{"type": "account", "account": f"issuer@{one}", "flags": ["issuer"]} for one in self._told["issuers"]]
        world += [{"type": "account", "account": one} for one in self._told["accounts"]]
        self._record(world)
        self._record(
            [{"type": "colour", "colour": one, "title": _model_title(known, one)} for one in self._told["issuers"]]
        )
        for step in self._told["steps"]:
            if "op" in step:
                self._post(step)
            else:
                self._record(_said(step))
        return self._count

    def _record(self, records: list[dict[str, Any]]) -> None:
        for record, refused in zip(records, self._book.record(records), strict=True):
            if refused is not None:
                raise StoryBroken(f"{record}: {refused}")

    def _post(self, step: dict[str, Any]) -> None:
        """Post an operation; a linked one waits for the one it is linked to."""
        self._count += 1
        operation = {k: v for k, v in step.items() if k not in ("doc", "refused", "name")}
        operation["id"] = self._name(step.get("name", str(self._count)))
        if "hold" in step:
            operation["hold"] = self._name(step["hold"])
        if "doc" in step:
            operation["document"] = hashlib.sha256(step["doc"].encode()).hexdigest()
        self._chain.append(operation)
        if step.get("linked"):
            return
        rows = Operations(self._book.ledger).rows(self._chain, day_of(self._book.now()))
        for row in self._book.post(rows):
            answer = Result(int(row["result"])).name.lower()
            if answer != step.get("refused", "posted"):
                raise StoryBroken(f"{operation}: {answer}")
        self._chain = []

    def _name(self, name: str) -> str:
        return f"{self._told['programme']}-{name}"


def _model_title(registry: Any, path: str) -> dict[str, str]:
    """Return a root's title with the word *model* behind it."""
    title = registry.colours[registry.colour_numbers[path]].title
    return {code: f"{title[code]} ({word})" for code, word in zip(("kk", "ru", "en"), MODEL, strict=True)}


def _participant(one: dict[str, Any]) -> dict[str, Any]:
    name = {code: f"{one[code]} ({word})" for code, word in zip(("kk", "ru", "en"), MODEL, strict=True)}
    record = {"type": "participant", "participant": one["id"], "classes": one["classes"], "name": name}
    return record | ({"region": one["region"]} if one["region"] else {})


def _said(step: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the records of a step that is no operation: an act, or what somebody attests."""
    if "act" in step:
        return [{"type": "subject", "subject": step["act"]} | {k: step[k] for k in ("colour", "amount") if k in step}]
    about = [{"subject": one} for one in step.get("on", ())] or [{"colour": step["colour"]}]
    return [
        {"type": "attestation", "condition": condition, "by": step["by"]} | one
        for condition in step["attest"]
        for one in about
    ]
