"""Documentation is tested: what can be named is named in it, and its examples give what it says."""

import ast
import datetime as dt
import json
import re
import uuid
from pathlib import Path

import pytest

from boyau import codec
from boyau.cli import app as cli_app
from boyau.codec import Batch
from boyau.journal import Book, operations
from boyau.journal.intake import Line
from boyau.journal.submission import Submission
from boyau.ledger import Kind, Ledger, Result, registry
from boyau.ledger.colours import read as read_rules
from boyau.ledger.refusals import RecordRefused
from boyau.treasury.budget import findings, mapping, mapping_file, statement

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$(?:\n\n→ ([^\n]*))?", re.MULTILINE | re.DOTALL)
DAY_OF_THE_STORY = int(dt.datetime(2026, 11, 24, 10, tzinfo=dt.UTC).timestamp()) * 1_000_000


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def section(text, heading):
    """Return what stands under *heading*, down to the next heading of the same level or above."""
    level = heading.split(" ")[0]
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading!r}"
    return found[1]


def fences(text, info):
    """Return (kind, body, answers) of every fence whose info string begins with *info*."""
    return [
        (kind, body, re.findall(r"`(\w+)`", arrow))
        for kind, body, arrow in FENCE.findall(text)
        if kind.startswith(info)
    ]


def named(text, word):
    """Tell whether *word* is named as code: alone, or as the word that a line of code begins with."""
    return re.search(rf"`[^`\n]*(?<![\w-]){re.escape(word)}(?![\w-])[^`\n]*`", text) is not None


def commands():
    """Yield (words, cyclopts app) of every command by walking the app."""

    def walk(app, words):
        for name in app:
            if name.startswith("-"):
                continue
            inner = app[name]
            below = [each for each in inner if not each.startswith("-")]
            if below:
                yield from walk(inner, (*words, name))
            else:
                yield (*words, name), inner

    return list(walk(cli_app.app, ("boyau",)))


# ---- the command line -----------------------------------------------------------------------------------------------


def test_every_command_of_the_table_is_found_by_the_walk():
    assert len(commands()) == len(cli_app._COMMANDS)


@pytest.mark.parametrize("words", [words for words, _ in commands()], ids=" ".join)
def test_every_option_stands_in_the_section_of_its_command(words):
    text = page("cli.md")
    own = section(text, "## " + " ".join(words))
    assert "```console" in own, "a command has an example"
    (command,) = [app for found, app in commands() if found == words]
    for argument in command.assemble_argument_collection():
        names = [name for name in argument.names if not name.startswith("--no-")]
        for name in names:
            if name != "-l" or "--ledger" not in names:
                assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", own), f"{' '.join(words)}: {name}"


def test_every_exit_code_is_explained():
    stated = {
        int(code) for code in re.findall(r"^\| (\d+) \|", section(page("cli.md"), "### Exit codes"), re.MULTILINE)
    }
    promised = {int(code) for code in re.findall(r"(?<![\w.])(\d+) [a-z]", cli_docstring())}
    assert stated == promised
    assert cli_app.EXIT_INTERRUPTED in stated


def cli_docstring():
    text = (ROOT / "src/boyau/cli/__init__.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(text)).split("Exit codes:")[1]


def test_environment_and_files_beside_a_ledger():
    text = page("cli.md")
    for name in ("BOYAU_LEDGER", "LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS"):
        assert named(section(text, "### Environment"), name)
    for ending in ("-wal", "-shm", "-lock", "-views"):
        assert f".boyau{ending}`" in section(text, "### Files beside a ledger")


# ---- names ----------------------------------------------------------------------------------------------------------


def test_every_result_is_explained():
    text = page("ledger.md")
    for result in Result:
        assert re.search(rf"^\| {result.value} \| {result.name.lower()} \|", text, re.MULTILINE), result.name
        assert named(page("formats.md"), result.name.lower()), result.name


def test_every_kind_is_explained():
    for kind in Kind:
        assert re.search(rf"^\| {kind.value} \| {kind.name.lower()} \|", page("ledger.md"), re.MULTILINE), kind.name
        assert f"**{kind.name.lower()}**" in section(page("formats.md"), "## Operations"), kind.name


def test_every_kind_has_an_example():
    shown = {
        json.loads(line)["op"]
        for _, body, _ in fences(page("formats.md"), "json operation")
        for line in body.splitlines()
    }
    assert shown == set(operations.OPS)


def test_every_operation_field_is_explained_and_used():
    text = section(page("formats.md"), "## Operations")
    for field in operations.FIELDS:
        assert re.search(rf"^\| [^|]*`{field}`", text, re.MULTILINE), field
        assert f'"{field}":' in text, field


@pytest.mark.parametrize("kind", registry.FIELDS)
def test_every_record_type_and_field_is_explained(kind):
    own = section(page("formats.md"), f"### {kind}")
    assert f'"type": "{kind}"' in own
    assert re.search(rf"^\| `{kind}` \|", page("ledger.md"), re.MULTILINE)
    for field in registry.FIELDS[kind] or ():
        assert named(own, field), field


def test_every_rule_is_explained_and_has_an_example():
    text = section(page("formats.md"), "## Rules of a colour")
    with pytest.raises(RecordRefused) as refusal:
        read_rules({"?": 1}, 2)
    rules = refusal.value.message.partition("the rules are ")[2].split(", ")
    assert len(rules) == 18
    for rule in rules:
        assert re.search(rf"^\| `{rule}` \|", text, re.MULTILINE), rule
        assert f'"{rule}": ' in text, rule
        assert re.search(rf"^\| {rule} \|", page("ledger.md"), re.MULTILINE), rule
    for flag in registry.FLAG_BITS:
        assert named(section(page("formats.md"), "### account"), flag), flag


def test_every_code_of_a_refused_record_is_explained():
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in [*(ROOT / "src/boyau/ledger").glob("*.py"), ROOT / "src/boyau/journal/book.py"]
    )
    codes = set(re.findall(r'RecordRefused\(\s*"(\w+)"', source))
    assert len(codes) > 10
    text = section(page("formats.md"), "### Refusals of records")
    assert [code for code in sorted(codes) if not named(text, code)] == []


def test_limits_are_the_programs():
    text = section(page("formats.md"), "## Limits")
    for number in (
        codec.RECORD_BYTES_MAX,
        registry.CLASSES_MAX,
        registry.CONDITIONS_MAX,
        8190,
        mapping_file.MAPPING_BYTES_MAX,
    ):
        assert f"{number:,}" in text, number


# ---- examples -------------------------------------------------------------------------------------------------------


def test_the_story_of_formats_md_goes_as_it_says():
    with Book.create("memory:", clock=lambda: DAY_OF_THE_STORY) as book:
        for kind, body, answers in fences(page("formats.md"), "json "):
            lines = [Line(n, codec.read_json(line.encode())) for n, line in enumerate(body.splitlines(), 1)]
            given = list(Submission(book).run(lines))
            results = [one.message.partition(":")[0] if one.result == "refused" else one.result for one in given]
            if kind == "json record":
                assert results == (answers or ["recorded"] * len(lines)), body
            else:
                assert kind == "json operation"
                assert results == answers, body


def test_the_mapping_example_reads_its_table():
    text = section(page("formats.md"), "## Budget mappings")
    ((_, table, _),) = fences(text, "csv")
    ((_, toml, _),) = fences(text, "toml")
    read = statement.parse(table.encode(), "mini.csv", mapping_file.parse(toml, "mini.toml"), dataset="freedonia")
    assert [str(month) for month in read.months] == ["2025-01", "2025-02"]
    assert set(read.months[2025, 2]) == {"exp", "exp/1", "exp/2"}
    assert f"mini.csv → freedonia: {len(read.months)} months" in text
    assert not findings.findings(read)
    for name in (*mapping.AMOUNTS, *mapping.Nature, *findings.CODES):
        assert named(text, str(name)), name


def test_the_worked_example_of_file_format_md():
    text = page("file-format.md")
    ((_, body, _),) = fences(text, "json example")
    lines = [json.loads(line) for line in body.splitlines()]
    start = int(dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()) * 1_000_000
    identity = uuid.UUID("0192f0c1-2b3c-7d4e-8f50-617283940a0b")
    assert str(identity) in text
    with Book.create(
        "memory:", name="example", ledger_id=identity, clock=lambda: start, entropy=lambda n: b"B" * n
    ) as book:
        assert book.record(lines[:-1]) == [None] * 6
        book.post(operations.Operations(book.ledger).rows(lines[-1:], start // 86_400_000_000))
        batches = list(book.store.batches())
    stated = {kind: bytes.fromhex(body) for kind, body, _ in fences(text, "hex ")}
    assert stated == {
        f"hex {part} {batch.number}": getattr(batch, part) for batch in batches for part in ("header", "body", "hash")
    }
    again = [Batch.read(stated[f"hex header {n}"], stated[f"hex body {n}"]) for n in range(3)]
    assert [batch.previous for batch in again] == [bytes(32), again[0].hash, again[1].hash]


def test_the_worked_example_is_decided_again_from_the_bytes_alone():
    """A second reader, as the page describes one: blank what the ledger wrote, decide, compare."""
    stated = {kind: bytes.fromhex(body) for kind, body, _ in fences(page("file-format.md"), "hex ")}
    ledger = Ledger(seed=int.from_bytes(stated["hex header 0"][104:112], "little"))
    for n in range(3):
        batch = Batch.read(stated[f"hex header {n}"], stated[f"hex body {n}"])
        if batch.kind == codec.RECORDS:
            for record in batch.records():
                ledger.record(record, batch.time)
        else:
            rows = batch.rows().copy()
            rows["settled"], rows["result"], rows["detail"] = 0, 0, 0
            assert ledger.apply(rows, batch.time).tobytes() == batch.body


def test_the_schema_and_the_header_are_the_programs():
    text = page("file-format.md")
    from boyau.stores import sqlite

    ((_, schema, _),) = fences(text, "sql")
    assert " ".join(schema.split()) == " ".join(sqlite._SCHEMA.split())
    assert f"0x{sqlite.APPLICATION_ID:08X}" in text
    assert f"| `page_size` | {sqlite.PAGE_BYTES} |" in text
    table = section(text, "## Batch header")
    sizes = [(int(at), int(size)) for at, size in re.findall(r"^\| (\d+) \| (\d+) \|", table, re.MULTILINE)]
    assert sizes == [(sum(size for _, size in sizes[:k]), size) for k, (_, size) in enumerate(sizes)]
    assert sum(size for _, size in sizes) == codec.HEADER_BYTES


# ---- links ----------------------------------------------------------------------------------------------------------


def anchor(heading):
    return re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", "")).replace(" ", "-")


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda path: path.name)
def test_relative_links_resolve(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, place = target.partition("#")
        found = (path.parent / name).resolve() if name else path
        assert found.exists(), target
        if place:
            headings = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert place in {anchor(heading) for heading in headings}, target


def test_the_places_that_architecture_md_names_exist():
    named_files = re.findall(r"`([\w/]+\.py)`", page("architecture.md"))
    assert len(named_files) > 10
    for name in named_files:
        assert (ROOT / name).exists() or (ROOT / "src/boyau" / name).exists(), name


def test_every_decision_has_its_four_parts():
    found = sorted((DOCS / "decisions").glob("*.md"))
    assert [path.name[:4] for path in found] == [f"{n:04}" for n in range(1, len(found) + 1)]
    for path in found:
        parts = re.findall(r"^(?:## |\*\*)(\w[\w ]*)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert parts == ["Context", "Decision", "Turned down", "Consequences"], path.name
