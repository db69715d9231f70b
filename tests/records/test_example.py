"""docs/iso20022.md goes as it says, and names all that there is."""

import hashlib
import json
import re
from pathlib import Path

from boyau.cli.app import run
from boyau.journal import Book
from boyau.journal.intake import Line
from boyau.journal.submission import Submission
from boyau.language import language
from boyau.ledger.codes import day
from boyau.records.iso20022 import (
    initiation,
    instructions,
    message,
    numbers,
    orders,
    posting,
    reasons,
    reconcile,
    references,
    status,
)
from tests.records.messages import conforms

TEXT = (Path(__file__).parents[2] / "docs" / "iso20022.md").read_text(encoding="utf-8")
AT = day("2026-11-24") * 86_400_000_000 + 36_000_000_000


def fence(info):
    return re.search(rf"^```{re.escape(info)}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)[1]


def squeezed(text):
    """Return XML without the blanks between elements."""
    return re.sub(r">\s+<", "><", text.strip())


def book():
    made = Book.create("memory:", name="Treasury of Atyrau", clock=lambda: AT)
    lines = [{"type": "unit", "unit": "KZT", "scale": 2}, *map(json.loads, fence("json world").splitlines())]
    answers = list(Submission(made).run(Line(n, one) for n, one in enumerate(lines)))
    assert all(answer.ok for answer in answers)
    return made


def known(tmp_path):
    path = tmp_path / "numbers.toml"
    path.write_text(fence("toml"), encoding="utf-8")
    return numbers.load(path)


def test_the_example(tmp_path):
    made = book()
    read = initiation.read(fence("xml pain.001").encode(), "payments.xml")
    outcomes = posting.post(made, read, known(tmp_path), language("en"), kept=True)
    assert [(one.status, one.code) for one in outcomes] == [("ACCP", ""), ("ACSC", ""), ("RJCT", "RR04")]
    assert f"payments.xml:{outcomes[2].instruction.line} CAR-1: RJCT RR04 payee_class: {outcomes[2].reason}" in TEXT
    written = status.write(read, outcomes, created="2026-11-24T10:00:00Z", originator="Treasury of Atyrau")
    conforms(written, "pain.002.001.12")
    assert squeezed(fence("xml pain.002")) in squeezed(written.decode())
    again = posting.post(made, read, known(tmp_path), language("en"), kept=True)
    assert [one.result for one in again] == ["exists", "exists", "payee_class"]
    path = tmp_path / "orders.csv"
    path.write_text(fence("csv orders"), encoding="utf-8")
    (order,) = posting.post(made, orders.read(str(path)), known(tmp_path), language("ru"), kept=True)
    assert (order.status, order.reason) == ("ACSC", "")


def test_the_example_at_the_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.chdir(tmp_path)
    today = book_with_today(tmp_path)
    text = fence("xml pain.001").replace("<Dt>2026-11-24</Dt>", f"<Dt>{today}</Dt>")
    (tmp_path / "payments.xml").write_text(text, encoding="utf-8")

    def call(*arguments, code=0):
        capsys.readouterr()
        assert run(list(arguments)) == code, capsys.readouterr()
        return capsys.readouterr().out

    ledger = ("--ledger", "t.boyau", "--numbers", "numbers.toml")
    before = (tmp_path / "t.boyau").read_bytes()
    tried = json.loads(call("iso20022", "import", "payments.xml", *ledger, "--dry-run", "--json", code=1))
    assert [one["status"] for one in tried["transactions"]] == ["ACCP", "ACCP", "RJCT"]
    assert (tmp_path / "t.boyau").read_bytes() == before
    said = call("iso20022", "import", "payments.xml", *ledger, "--status", "status.xml", code=1)
    for line in fence("console").splitlines()[1:]:
        assert line.split() in [one.split() for one in said.splitlines()]
    conforms((tmp_path / "status.xml").read_bytes(), "pain.002.001.12")
    facts = json.loads(call("iso20022", "statement", "roads@kz/road", *ledger, "--output", "s.xml", "--json"))
    assert (facts["opening"], facts["entries"], facts["closing"]) == ("0.00", 2, "4700.00")
    assert call("iso20022", "statement", "roads@kz/road", *ledger).encode() == (tmp_path / "s.xml").read_bytes()
    conforms(call("iso20022", "notify", *ledger, "--entries", "13-15").encode(), "camt.054.001.08")
    assert "Nothing differs." in call("iso20022", "reconcile", "s.xml", *ledger)
    found = json.loads(call("iso20022", "reconcile", "s.xml", *ledger, "--of", "kz", "--json", code=1))
    assert [one["kind"] for one in found[0]["differences"]] == ["closing", "elsewhere"]
    for code in ("kk", "ru"):
        call("iso20022", "reconcile", "s.xml", *ledger, "--of", "kz", "--language", code, code=1)


def book_with_today(tmp_path):
    from boyau.journal.book import system_clock
    from boyau.ledger.codes import day_of, day_text

    (tmp_path / "world.ndjson").write_text(fence("json world"), encoding="utf-8")
    (tmp_path / "numbers.toml").write_text(fence("toml"), encoding="utf-8")
    assert run(["init", "t.boyau", "--name", "Treasury of Atyrau"]) == 0
    assert run(["submit", "world.ndjson", "--ledger", "t.boyau"]) == 0
    return day_text(day_of(system_clock()))


def test_mistakes_at_the_command_line_are_one_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    today = book_with_today(tmp_path)
    (tmp_path / "wrong.xml").write_text("<a>\n<b></a>")
    counts = (
        fence("xml pain.001").replace("<NbOfTxs>3", "<NbOfTxs>4").replace("<Dt>2026-11-24</Dt>", f"<Dt>{today}</Dt>")
    )
    (tmp_path / "counts.xml").write_text(counts, encoding="utf-8")
    capsys.readouterr()
    for code, words, *arguments in (
        (3, "wrong.xml, line 2: not well-formed", "import", "wrong.xml"),
        (3, "none.xml cannot be read", "import", "none.xml"),
        (3, "there is no file none.csv", "import", "none.csv"),
        (3, "none.toml cannot be read", "import", "counts.xml", "--numbers", "none.toml"),
        (2, "there is no folder", "import", "counts.xml", "--status", "no/where.xml"),
        (1, "AM19", "import", "counts.xml", "--status", "status.xml"),
        (1, "there is no account x@y", "statement", "x@y"),
        (2, "--date", "statement", "roads@kz/road", "--date", "24.11.2026"),
        (1, "there is no account x", "notify", "x"),
        (2, "not both", "notify", "--date", today, "--entries", "1-2"),
        (2, "write FIRST-LAST", "notify", "--entries", "7"),
        (1, "there is no entry 999", "notify", "--entries", "999-1000"),
        (1, "no money moved", "notify", "--date", "2001-01-01"),
        (3, "wrong.xml, line 2", "reconcile", "wrong.xml"),
        (2, "at least one file", "reconcile"),
        (1, "there is no page 2", "statement", "roads@kz/road", "--page", "2"),
    ):
        got = run(["iso20022", *arguments, "--ledger", "t.boyau"])
        out, err = capsys.readouterr()
        assert got == code, (arguments, out, err)
        assert words in out + err
        assert "Traceback" not in err
    conforms((tmp_path / "status.xml").read_bytes(), "pain.002.001.12")


def test_every_code_column_difference_and_limit_is_named():
    for result, code in reasons.REASONS.items():
        row = next(line for line in TEXT.splitlines() if re.match(rf"^\|.*`{result.name.lower()}`.*\| `\w+` \|$", line))
        assert row.endswith(f"| `{code}` |"), result
    for field, code in reasons.FIELD_CODES.items():
        assert f"`{field}`" in TEXT
        assert f"`{code}`" in TEXT
    for names in orders.COLUMNS.values():
        for name in names:
            assert f"| `{name}` |" in TEXT, name
    for name in (*reconcile.KINDS, *instructions.KINDS, *orders.KINDS, *message.PAIN_001, *message.CAMT_053):
        assert f"`{name}`" in TEXT, name
    for name in (posting.SETTLED, posting.ACCEPTED, posting.PENDING, posting.REJECTED, orders.NAME):
        assert f"`{name}`" in TEXT, name
    for table in numbers.TABLES:
        assert f"`[{table}]`" in TEXT, table
    assert str(references.SPACE) in TEXT
    assert f"{message.TRANSACTIONS_MAX:,}" in TEXT
    assert f"{message.PAGE_ENTRIES:,}" in TEXT
    assert f"{message.MESSAGE_BYTES_MAX >> 20} MiB" in TEXT


def test_the_schemas_are_the_published_ones():
    names = {*message.PAIN_001, *message.CAMT_053, message.PAIN_002, message.STATEMENT, message.NOTIFICATION}
    found = {f"{name}.xsd": hashlib.sha256(message.published(name)).hexdigest() for name in names}
    stated = dict(re.findall(r"^\| `([\w.]+\.xsd)` \| `([0-9a-f]{64})` \|$", TEXT, re.MULTILINE))
    assert found == stated
