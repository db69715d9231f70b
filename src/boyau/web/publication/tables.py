"""Reads from the ledger what is published: once for all files, so that they all tell of the same entry."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from boyau.journal import Book
from boyau.ledger import codes
from boyau.ledger.rules_text import own_texts
from boyau.programmes import checks, installed, reader
from boyau.proofs.note import Checkpoint, Note
from boyau.views.columns import Table
from boyau.web.publication.masking import Masking
from boyau.web.reader import Reader

Cells = dict[str, list[Any]]
LANGUAGES = ("kk", "ru", "en")


@dataclass(slots=True)
class Facts:
    """What the ledger is at one entry: names and rules, balances of colours, and the rows up to there."""

    ledger: bytes
    entries: int
    root: bytes
    units: dict[str, int]
    nodes: list[Any]
    who: list[str]
    facts: list[dict[str, Any]]
    accounts: npt.NDArray[np.int64]
    counters: npt.NDArray[np.int64]
    notes: list[tuple[int, str]]
    limits: list[list[int | None]] = field(default_factory=list)
    rows: Table | None = None

    @property
    def root_text(self) -> str:
        """The root hash as checkpoints write it."""
        return base64.b64encode(self.root).decode()


def look(book: Book) -> Facts:
    """Take what only the writer knows: a short look between two commits."""
    ledger = book.ledger
    registry = ledger.registry
    colours, count = len(registry.colours), len(ledger.accounts)
    nodes = registry.colours[:colours]
    return Facts(
        book.id, book.entries, book.frontier.root(), dict(registry.units), nodes, registry.who[:],
        registry.participant_facts[:], ledger.tables.acc[:count].copy(), ledger.tables.cnt[:colours, 3:6].copy(),
        [one for one in book.store.checkpoints() if one[0] <= book.entries], [list(one.limits) for one in nodes],
    )  # fmt: skip


def facts(source: Reader, seconds: float = 600.0) -> Facts:
    """Return the ledger's facts with its rows up to the same entry. TimeoutError: the rows do not follow."""
    found = source.ask(look)
    if not source.wait(found.entries, seconds):
        raise TimeoutError("the pages do not follow the ledger")
    rows = source.rows
    end = int(np.searchsorted(rows.entry, found.entries))
    found.rows = rows.until(end, found.entries) if end < len(rows) else rows
    return found


def _titles(title: object, clean: Callable[[str], str]) -> tuple[str, ...]:
    """Return a title in the three languages; where it is only one text, the same in each."""
    if isinstance(title, dict):
        return tuple(clean(str(title.get(code, ""))) for code in LANGUAGES)
    return tuple(clean(str(title or "")) for _ in LANGUAGES)


def _columns(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Cells:
    return {name: [row[k] for row in rows] for k, name in enumerate(names)}


def colours(found: Facts, masking: Masking) -> Cells:
    """Return the colours; sums as minor units, with the scale beside."""
    out: list[tuple[Any, ...]] = []
    level: dict[int, int] = {-1: 0}
    for node, limits in zip(found.nodes, found.limits, strict=True):  # parents stand before their children
        level[node.number] = level[node.parent] + 1
        if node.plain:
            continue
        scale = found.units[node.unit]
        texts: dict[str, str] = {}
        for rule, value in own_texts(node.own, scale):
            texts[rule] = f"{texts[rule]}; {value}" if rule in texts else value
        rules = masking.text(json.dumps(texts, ensure_ascii=False, sort_keys=True))
        path, parent = masking.text(node.path), found.nodes[node.parent].path if node.parent >= 0 else ""
        used = found.counters[node.number].tolist()
        out.append((
            path, masking.text(parent), level[node.number], node.unit, *_titles(node.title, masking.text),
            *limits, *used, rules, node.rules_entry if node.rules_entry >= 0 else None, scale,
        ))  # fmt: skip
    names = (
        "colour", "parent", "level", "unit", "title_kk", "title_ru", "title_en", "plan", "obligations_limit",
        "payments_limit", "allocated", "obligations", "paid", "rules", "rules_entry", "scale",
    )  # fmt: skip
    return _columns(names, out)


def participants(found: Facts, masking: Masking) -> Cells:
    """Return the participants that are no natural persons."""
    out = [
        (
            masking.text(who), *_titles(facts.get("name", ""), masking.text),
            masking.text(" ".join(sorted(facts.get("classes", ())))), str(facts.get("region", "") or ""),
        )
        for who, facts in zip(found.who, found.facts, strict=False)
        if not masking.person(who)
    ]  # fmt: skip
    return _columns(("participant", "name_kk", "name_ru", "name_en", "classes", "region"), out)


def programmes(found: Facts, masking: Masking) -> Cells:
    """Return the programmes that come with the program, and where each is installed."""
    out = []
    for name in reader.names():
        one = reader.load(name)
        report = checks.check(one)
        places = " ".join(masking.text(node.path) for node in installed.found(one, found.nodes))
        longest = max((way.days for way in report.ways), default=0)
        texts = _titles(one.title, str)
        out.append((name, *texts, report.colours, len(report.ways), longest, report.errors, places))
    names = (
        "programme",
        "title_kk",
        "title_ru",
        "title_en",
        "colours",
        "ways",
        "days_at_worst",
        "errors",
        "installed_at",
    )
    return _columns(names, out)


def checkpoints(found: Facts) -> Cells:
    """Return the signed checkpoints."""
    out = []
    for size, text in found.notes:
        note = Note.read(text)
        root = base64.b64encode(Checkpoint.read(note.text).root).decode()
        out.append((size, root, " ".join(name for name, _, _ in note.signatures), text))
    return _columns(("entries", "root", "signers", "note"), out)


def accounts(found: Facts, masking: Masking) -> Cells:
    """Return, by account number, how each is called in the files: participant, name, colour, account, unit, scale."""
    who = [masking.participant(one) for one in found.who]
    person = [masking.person(one) for one in found.who]
    names = [
        "" if hidden else masking.text(_name(facts.get("name", "")))
        for hidden, facts in zip(person, found.facts, strict=False)
    ]
    paths = [masking.text(node.path) for node in found.nodes]
    out: list[tuple[Any, ...]] = []
    for number, (colour, holder, hop) in enumerate(found.accounts[:, [3, 4, 6]].tolist()):
        node = found.nodes[colour]
        account = f"{who[holder]}@{paths[colour]}" + (f"#{hop}" if hop else "")
        scale = found.units[node.unit]
        out.append((number, who[holder], names[holder], paths[colour], account, node.unit, scale, node.plain))
    return _columns(("number", "who", "name", "colour", "account", "unit", "scale", "plain"), out)


def _name(title: object) -> str:
    if isinstance(title, dict):
        return str(title.get("ru") or title.get("kk") or next(iter(title.values()), ""))
    return str(title or "")


def items(rows: Table) -> Cells:
    """Return the codes of what was bought, by number."""
    numbers = [int(one) for one in np.unique(rows.item) if one]
    return {"number": list(numbers), "item": [codes.item_text(one) for one in numbers]}
