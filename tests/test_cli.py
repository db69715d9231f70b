"""The command line: answers, exit codes, what it says when something is wrong, and how it ends when it is stopped."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from boyau import codec
from boyau.cli.app import run
from boyau.journal import Book
from tests.page import WORLD

BOYAU = str(Path(sys.executable).with_name("boyau"))
COMMANDS = [
    ["init"], ["info"], ["submit"], ["explain"], ["check"], ["trace"], ["demo"], ["import", "budget"],
    ["report", "execution"], ["show", "account"], ["show", "colour"], ["show", "entry"], ["views", "drop"],
    ["views", "rebuild"], ["subsidies", "queue"], ["subsidies", "pay"], ["key"], ["sign"], ["evidence"],
    ["watch", "run"], ["watch", "flags"], ["watch", "flag"],
    ["log-key"], ["checkpoint"], ["receipt"],
    ["serve"], ["doctor"],
    ["verify"], ["export"], ["backup"], ["restore"],
    ["programme", "list"], ["programme", "show"], ["programme", "check"], ["programme", "records"], ["simulate"],
    ["iso20022", "import"], ["iso20022", "statement"], ["iso20022", "notify"], ["iso20022", "reconcile"],
    ["witness", "init"], ["witness", "log"], ["witness", "serve"], ["witness", "disputes"],
]  # fmt: skip
OPEN = [json.loads(json.dumps(one).replace("2026-12-31", "2090-12-31")) for one in WORLD]
ISSUE = {"op": "issue", "id": "I1", "from": "issuer@kz", "to": "budget@kz/road", "amount": "1000.00"}
PAY = {"op": "pay", "id": "P1", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "10.00"}


@pytest.fixture
def boyau(capsys, monkeypatch):
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.delenv("BOYAU_LEDGER", raising=False)

    def call(*arguments, code=0):
        got = run([str(one) for one in arguments])
        out, err = capsys.readouterr()
        assert got == code, f"exit code {got}: {out}{err}"
        return out if code == 0 or out else err

    return call


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "x.boyau"
    with Book.create(str(path)) as book:
        assert not any(book.record(OPEN))
    return path


@pytest.fixture
def lines(tmp_path):
    def write(*operations, name="x.ndjson"):
        path = tmp_path / name
        path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in operations))
        return path

    return write


def answers(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_ledger_from_nothing_to_a_balance(boyau, tmp_path, lines):
    path = tmp_path / "new.boyau"
    said = boyau("init", path, "--name", "Republican treasury")
    assert f"boyau submit FILE --ledger {path}" in said
    assert boyau("submit", lines(*OPEN[1:], ISSUE, PAY), "--ledger", path) == "17 posted, 0 refused\n"
    facts = json.loads(boyau("info", "--ledger", path, "--json"))
    assert (facts["entries"], facts["accounts"], len(facts["state_hash"])) == (19, 7, 64)
    assert "state hash" in boyau("info", "-l", path)
    account = json.loads(boyau("show", "account", "budget@kz/road", "--ledger", path, "--json"))
    assert (account["credits"], account["available"]) == ("1000.00", "990.00")
    assert "990.00" in boyau("show", "account", "budget@kz/road", "--ledger", path, "--language", "en")
    colour = json.loads(boyau("show", "colour", "kz/road", "--ledger", path, "--json"))
    assert {one["limit"]: one["used"] for one in colour["limits"]} == {
        "plan": "1000.00", "obligations": "10.00", "payments": "10.00"
    }  # fmt: skip
    assert {"payees.classes", "hops"} <= {one["rule"] for one in colour["rules"]}
    assert "kz/road" in boyau("show", "colour", "kz/road", "--ledger", path)
    entry = json.loads(boyau("show", "entry", "P1", "--ledger", path, "--json"))
    assert (entry["op"], entry["amount"], entry["entry"]) == ("pay", "10.00", 18)
    assert json.loads(boyau("show", "entry", "18", "--ledger", path, "--json")) == entry
    assert json.loads(boyau("show", "entry", "0", "--ledger", path, "--json"))["name"] == "Republican treasury"
    assert "asphalt@KZT" in boyau("show", "entry", "P1", "--ledger", path)


def test_the_ledger_may_be_named_by_the_environment(boyau, ledger, monkeypatch):
    monkeypatch.setenv("BOYAU_LEDGER", f"sqlite:{ledger}")
    assert json.loads(boyau("info", "--json"))["entries"] == 17


def test_each_line_is_answered_in_json(boyau, ledger, lines):
    path = lines(ISSUE, PAY, PAY, PAY | {"id": "P2", "to": "casino@KZT"}, PAY | {"id": "P3", "amount": "1,00"}, "{")
    told = answers(boyau("submit", path, "--ledger", ledger, "--json", code=3))
    assert [(one["line"], one["result"]) for one in told] == [
        (1, "posted"), (2, "posted"), (3, "exists"), (4, "payee_class"), (5, "unreadable"), (6, "unreadable")
    ]  # fmt: skip
    assert told[3]["reason"]
    assert told[3]["remedy"]
    assert told[4]["field"] == "amount"


def test_refusals_are_told_with_file_line_reason_and_remedy(boyau, ledger, lines):
    path = lines(ISSUE, PAY | {"to": "casino@KZT"})
    said = boyau("submit", path, "--ledger", ledger, code=1)
    assert f"{path}:2 P1: payee_class" in said
    assert "→" in said
    assert said.endswith("1 posted, 1 refused\n")


def test_a_dry_run_says_what_would_be_and_changes_no_byte(boyau, ledger, lines):
    before = ledger.read_bytes()
    path = lines(ISSUE, PAY, {"type": "subject", "subject": "x"})
    assert boyau("submit", path, "--ledger", ledger, "--dry-run") == "3 would be posted, 0 refused\n"
    dry = boyau("submit", path, "--ledger", ledger, "--dry-run", "--json")
    assert ledger.read_bytes() == before
    assert boyau("submit", path, "--ledger", ledger, "--json") == dry


@pytest.mark.parametrize(("code", "words"), [("en", "class"), ("ru", "получател"), ("kk", "алушы")])
def test_every_broken_rule_is_explained_in_three_languages(boyau, ledger, lines, code, words):
    path = lines(PAY | {"to": "casino@KZT"}, {"op": "pay"}, ISSUE)
    before = ledger.read_bytes()
    told = answers(boyau("explain", path, "--ledger", ledger, "--language", code, "--json", code=3))
    assert [one["result"] for one in told] == ["payee_class", "unreadable", "posted"]
    assert {one["result"] for one in told[0]["findings"]} == {"payee_class", "end_forbidden", "funds_insufficient"}
    assert words in json.dumps(told[0], ensure_ascii=False).lower()
    assert "payee_class" in boyau("explain", path, "--ledger", ledger, "--language", code, code=3)
    assert ledger.read_bytes() == before


def test_records_are_checked_with_file_line_and_field(boyau, ledger, lines):
    path = lines(
        {"type": "colour", "colour": "a", "unit": "KZT"},
        {"type": "colour", "colour": "a/b", "rules": {"hop": 1}},
        {"type": "limits", "colour": "a", "plan": "1.001"},
        {"type": "magic"},
        "{",
    )
    said = boyau("check", path, code=3)
    assert f"{path}:2: rules" in said
    assert f"{path}:3: plan: amount_unreadable" in said
    assert f"{path}:4: type: type_unknown" in said
    assert f"{path}:5: not JSON at character" in said
    assert "5 lines checked, 4 with errors" in said
    errors = json.loads(boyau("check", path, "--json", code=3))
    assert [one["line"] for one in errors["errors"]] == [2, 3, 4, 5]
    before = ledger.read_bytes()
    assert "0 with errors" in boyau("check", lines({"type": "subject", "subject": "x"}), "--ledger", ledger)
    assert "1 with errors" in boyau("check", lines({"type": "account", "account": "x@kz"}), "--ledger", ledger, code=1)
    assert ledger.read_bytes() == before


def test_read_models_are_dropped_and_rebuilt(boyau, ledger, lines):
    boyau("submit", lines(ISSUE, PAY), "--ledger", ledger)
    assert boyau("views", "drop", "--ledger", ledger) == "there were none\n"
    assert "rebuilt from 19 entries" in boyau("views", "rebuild", "--ledger", ledger)
    assert boyau("views", "drop", "--ledger", ledger) == f"removed {ledger}-views\n"
    assert not Path(f"{ledger}-views").exists()


@pytest.mark.parametrize(
    ("code", "arguments", "words"),
    [
        (1, ["show", "account", "x@y", "--ledger", "LEDGER"], "there is no account x@y"),
        (1, ["show", "colour", "x", "--ledger", "LEDGER"], "there is no colour x"),
        (1, ["show", "entry", "99", "--ledger", "LEDGER"], "no entry was posted under '99'"),
        (2, ["inform"], "inform"),
        (2, ["info"], "ledger"),
        (2, ["info", "--ledger", "LEDGER", "--jason"], "jason"),
        (2, ["submit", "EMPTY", "--ledger", "LEDGER", "--language", "fr"], "fr"),
        (2, ["import", "budget", "--ledger", "LEDGER"], "at least one file"),
        (2, ["report", "execution", "--month", "2024-13", "--ledger", "LEDGER"], "YYYY-MM"),
        (3, ["submit", "none.csv", "--ledger", "LEDGER"], "there is no file none.csv"),
        (3, ["submit", "EMPTY.csv", "--ledger", "LEDGER"], "is empty"),
        (3, ["check", "EMPTY"], "holds no lines"),
        (4, ["info", "--ledger", "none.boyau"], "boyau init none.boyau"),
        (4, ["init", "LEDGER"], "exists already"),
        (4, ["info", "--ledger", "EMPTY"], "is not a ledger"),
        (4, ["info", "--ledger", "postgres://x/y"], "is not a ledger this version opens"),
    ],
)
def test_exit_codes(boyau, ledger, tmp_path, code, arguments, words):
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "empty.csv").write_bytes(b"")
    names = {"LEDGER": ledger, "EMPTY": tmp_path / "empty", "EMPTY.csv": tmp_path / "empty.csv"}
    said = boyau(*(names.get(one, one) for one in arguments), code=code)
    assert words in said
    assert "Traceback" not in said


def test_a_journal_sealed_anew_contradicts_itself(boyau, ledger):
    with sqlite3.connect(ledger) as db:
        (header,) = db.execute("select header from batch where number = 1").fetchone()
        forged = codec._checked(header[:40] + bytes(32) + header[72:])
        db.execute("update batch set header = ? where number = 1", (forged,))
    db.close()
    assert "the journal is not what it was: batch 1 does not follow" in boyau("info", "--ledger", ledger, code=5)


def test_a_changed_journal_has_an_exit_code_of_its_own(boyau, ledger):
    with sqlite3.connect(ledger) as db:
        db.execute("update batch set body = zeroblob(length(body)) where number = 1")
    db.close()
    assert "batch 1 was changed" in boyau("info", "--ledger", ledger, code=5)
    with sqlite3.connect(ledger) as db:
        db.execute("delete from batch where number = 0")
        db.execute("update batch set number = 2")
    db.close()
    assert "batch 2 was changed" in boyau("info", "--ledger", ledger, code=5)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_has_an_example(boyau, command):
    said = boyau(*command, "--help")
    assert "Example" in said
    assert f"boyau {' '.join(command)}" in said


def test_every_command_is_in_the_list_above():
    from boyau.cli import app

    groups = {
        id(app.app): [],
        id(app.import_app): ["import"],
        id(app.report_app): ["report"],
        id(app.show_app): ["show"],
        id(app.views_app): ["views"],
        id(app.subsidies_app): ["subsidies"],
        id(app.programme_app): ["programme"],
        id(app.iso20022_app): ["iso20022"],
        id(app.witness_app): ["witness"],
        id(app.watch_app): ["watch"],
    }
    assert sorted(COMMANDS) == sorted([*groups[id(parent)], name] for parent, name, *_ in app._COMMANDS)


# ---- as a process ---------------------------------------------------------------------------------------------------


def process(*arguments, **more):
    environment = os.environ | {"LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": ""}
    return subprocess.Popen([BOYAU, *map(str, arguments)], env=environment, text=True, **more)


def test_lines_are_read_from_standard_input(ledger):
    text = "".join(json.dumps(one) + "\n" for one in (ISSUE, PAY))
    with process("submit", "-", "--ledger", ledger, "--json", stdin=-1, stdout=-1, stderr=-1) as done:
        out, err = done.communicate(text, timeout=30)
    assert (done.returncode, err) == (0, "")
    assert [one["result"] for one in answers(out)] == ["posted", "posted"]


def test_half_a_character_does_not_break_the_answer(ledger):
    with process("submit", "-", "--ledger", ledger, stdin=-1, stdout=-1, stderr=-1) as done:
        out, err = done.communicate('{"op": "pay", "id": "\\ud800", "\\ud800": 1}\n', timeout=30)
    assert (done.returncode, err) == (3, "")
    assert "surrogate" in out


def test_an_interrupted_submission_keeps_what_it_answered(ledger, tmp_path):
    answered = tmp_path / "answers"
    with (
        answered.open("wb") as file,
        process("submit", "-", "--ledger", ledger, "--json", stdin=-1, stdout=file, stderr=-1) as running,
    ):
        running.stdin.write(json.dumps(ISSUE) + "\n")
        for n in range(9000):
            running.stdin.write(json.dumps(PAY | {"id": f"P{n}", "amount": "0.01"}) + "\n")
        running.stdin.flush()
        for _ in range(300):  # until a batch was answered; the next waits for more lines
            if answered.stat().st_size > 300_000:
                break
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        err = running.stderr.read()
    assert running.returncode == 130
    assert "interrupted; what was answered is kept" in err
    assert "Traceback" not in err
    told = answers(answered.read_text())
    assert {one["result"] for one in told} == {"posted"}
    with Book.open(str(ledger)) as book:
        assert book.entries - 17 == len(told) == 8190


@pytest.mark.parametrize("lines_read", [0, 1])
def test_a_reader_that_goes_away_is_no_error(ledger, tmp_path, lines_read):
    path = tmp_path / "many.ndjson"
    path.write_text("".join(json.dumps(PAY | {"id": f"P{n}"}) + "\n" for n in range(3000)))
    with process("submit", path, "--ledger", ledger, "--dry-run", "--json", stdout=-1, stderr=-1) as running:
        for _ in range(lines_read):
            running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == ""


def test_a_short_answer_to_a_reader_that_has_gone_is_no_error_either(ledger):
    with process("info", "--ledger", ledger, stdout=-1, stderr=-1) as running:
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 0
