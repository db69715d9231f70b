"""`boyau serve` and `boyau doctor` as people run them; settings and logs."""

import io
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path

import pytest

from boyau.cli.app import run
from boyau.journal import Book
from boyau.language import language
from boyau.service import doctor, logs, settings
from boyau.service.client import Client
from tests.service.test_desk import ISSUE
from tests.test_cli import BOYAU, OPEN

DOCS = Path(__file__).resolve().parents[2] / "docs"


class Served:
    """A service in a process of its own."""

    def __init__(self, path, *more, **environment):
        command = [BOYAU, "serve", str(path), "--listen", "127.0.0.1:0", *more]
        self.errors = path.with_name("errors").open("w+b")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BOYAU_")}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.errors, text=True, env=kept | environment
        )
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http"), self.said()

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def logged(self):
        return [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]

    def stop(self, sign=signal.SIGTERM):
        self.process.send_signal(sign)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


@pytest.fixture
def served(tmp_path):
    made = []

    def serve(path=None, *more, **environment):
        made.append(Served(path or tmp_path / "x.boyau", *more, **environment))
        return made[-1]

    yield serve
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        one.process.stdout.close()
        one.errors.close()


def test_one_command_makes_a_ledger_and_serves_it_until_it_is_told_to_end(served, tmp_path):
    service = served(None, "--create")
    with Client(service.url, tries_max=3) as client:
        assert client._http.get("/health").json()["status"] == "ok"
    link = service.process.stdout.readline()
    assert link.startswith(f"{service.url}/sign-in#link=")
    assert link.partition("=")[2].strip() not in service.said()
    assert service.stop() == 0, service.said()
    for secret in tmp_path.glob("x.boyau-[aw]*"):
        if not secret.name.startswith(("x.boyau-wal", "x.boyau-shm")):
            assert secret.stat().st_mode & 0o077 == 0, f"{secret} may be read by others"
    with Book.open(str(tmp_path / "x.boyau")) as book:
        assert book.entries == 2
    again = served()
    assert again.stop(signal.SIGINT) == 0
    assert "Traceback" not in again.said()


@pytest.mark.parametrize(
    ("code", "arguments", "words"),
    [
        (4, ["none.boyau"], "boyau init"),
        (2, ["x.boyau", "--listen", "nowhere"], "HOST:PORT"),
        (2, ["x.boyau", "--create", "--listen", "0.0.0.0:0"], "https"),
        (2, ["x.boyau", "--listen", "127.0.0.1:99999"], "HOST:PORT"),
    ],
)
def test_what_cannot_be_served_is_said(capsys, tmp_path, monkeypatch, code, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert run(["serve", *arguments]) == code
    assert words in capsys.readouterr().err


def test_an_address_in_use_is_said(capsys, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code = run(["serve", str(tmp_path / "x"), "--create", "--listen", f"127.0.0.1:{taken.getsockname()[1]}"])
    assert (code, "cannot listen" in capsys.readouterr().err) == (4, True)


def test_where_a_part_of_the_service_is_missing_nothing_is_served(capsys, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "boyau.service.app", raising=False)
    monkeypatch.delattr("boyau.service.app", raising=False)
    monkeypatch.setitem(sys.modules, "boyau.service.gate", None)
    assert run(["serve", str(tmp_path / "x"), "--create", "--listen", "127.0.0.1:0"]) == 2
    assert "pip install 'boyau[serve]'" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_the_bill_of_materials_lists_what_is_installed(capsys):
    assert run(["doctor", "--components"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.5")
    assert told["metadata"]["component"]["name"] == "boyau"
    found = {one["name"]: one for one in told["components"]}
    for requirement in requires("boyau"):
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
        if "extra" not in requirement or "== 'serve'" in requirement.replace('"', "'"):
            assert found[name]["version"] == version(name)
            assert found[name]["purl"] == f"pkg:pypi/{name}@{version(name)}"


# ---- settings -------------------------------------------------------------------------------------------------------


def test_an_option_comes_before_the_environment_and_that_before_the_default(monkeypatch):
    assert settings.load().listen == "127.0.0.1:8080"
    monkeypatch.setenv("BOYAU_LISTEN", "127.0.0.1:1")
    assert settings.load(listen=None).address == ("127.0.0.1", 1)
    assert settings.load(listen="[::1]:2").address == ("::1", 2)
    monkeypatch.setenv("BOYAU_QUEUE_LINES_MAX", "0")
    with pytest.raises(settings.SettingError, match="BOYAU_QUEUE_LINES_MAX"):
        settings.load()


def test_the_reference_of_the_settings_is_current():
    text = (DOCS / "operation.md").read_text(encoding="utf-8")
    begin, end = "<!-- settings: made from settings.py -->\n", "<!-- end of settings -->"
    assert text.split(begin)[1].split(end)[0] == settings.reference(), "run tests/service/test_serve.py as a script"


# ---- logs -----------------------------------------------------------------------------------------------------------


def test_a_line_of_the_log_says_what_happened_and_nothing_of_whom():
    from fastapi.testclient import TestClient

    from boyau.service.app import create_app
    from boyau.service.desk import Desk
    from tests.service.test_desk import world

    stream = io.BytesIO()
    app = create_app(Desk(world()))
    logs.install(app, logs.configure("info", stream))
    with TestClient(app) as client:
        client.post("/api/v1/transfers?dry_run=true", json=ISSUE, headers={"x-request-id": "abcdefgh-1"})
        client.get("/api/v1/accounts/budget@kz/road", headers={"x-request-id": "no good"})
        client.get("/api/v1/accounts?colour=secret-colour")
        client.get("/nowhere/991231300123")
        answer = client.get("/health")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers["x-request-id"]) == 32
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(one["method"], one["path"], one["status"]) for one in lines] == [
        ("POST", "/api/v1/transfers", 200), ("GET", "/api/v1/accounts/{name:path}", 200),
        ("GET", "/api/v1/accounts", 200), ("GET", "", 404),
    ]  # fmt: skip
    assert lines[0]["request"] == "abcdefgh-1"
    assert lines[1]["request"] != "no good"
    text = stream.getvalue().decode()
    for secret in ("budget", "1000.00", "secret-colour", "991231300123", "testclient", "dry_run"):
        assert secret not in text
    assert all(len(one["caller"]) == 12 and one["ms"] >= 0 for one in lines)


def test_an_error_is_logged_by_kind_and_place_without_its_text():
    import asyncio

    async def failing(_scope, _receive, _send):
        raise ValueError("budget@kz/road has 1000.00")

    stream = io.BytesIO()
    middleware = logs.Log(failing, logs.configure("info", stream))
    with pytest.raises(ValueError, match="budget"):
        asyncio.run(middleware({"type": "http", "method": "GET", "headers": [], "client": None}, None, None))
    failed, request = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (failed["kind"], failed["place"].split(":")[0]) == ("ValueError", "test_serve.py")
    assert request["status"] == 499
    assert b"budget" not in stream.getvalue()


# ---- doctor ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "x.boyau"
    with Book.create(str(path)) as book:
        assert not any(book.record(OPEN))
    return path


def examined(path, **more):
    found = doctor.examine(None if path is None else str(path), settings.load(listen="127.0.0.1:0", **more), EN)
    return {one.name: one for one in found if one.state != "good"}, {one.name: one for one in found}


EN = language("en")


def test_a_sound_installation_has_nothing_wrong(ledger, monkeypatch):
    monkeypatch.setattr(doctor, "SYNC_SECONDS_LEAST", 0)
    monkeypatch.setattr(doctor, "VOLATILE", frozenset())
    wrong, every = examined(ledger)
    assert not [one for one in wrong.values() if one.state == "wrong"]
    assert {"kernel", "packages", "SQLite", "durability", "disk space", "languages", "address", "ledger", "clock",
            "permissions"} <= set(every)  # fmt: skip
    assert "17 entries" in every["ledger"].finding


def test_the_clock_is_compared_with_the_journal(ledger, monkeypatch):
    monkeypatch.setattr(doctor.time, "time_ns", lambda: 1_800_000_000_000_000_000 - 200_000_000_000_000_000)
    assert "ahead of the clock" in examined(ledger)[0]["clock"].finding
    monkeypatch.undo()
    monkeypatch.setattr(doctor.time, "time", lambda: 0)
    assert examined(None)[0]["clock"].state == "wrong"


def test_who_else_may_read_keys_or_write_the_ledger_is_told(ledger):
    ledger.chmod(0o666)
    (ledger.parent / "signer.key").write_text("secret")
    (ledger.parent / "signer.key").chmod(0o644)
    found = doctor.examine(str(ledger), settings.load(listen="127.0.0.1:0"), EN)
    told = {one.finding: one.remedy for one in found if one.name == "permissions"}
    assert "chmod go-w" in told["x.boyau"]
    assert "chmod 600" in told["signer.key"]
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o666


@pytest.mark.parametrize(
    ("name", "place", "value", "words"),
    [
        ("kernel", "COMPILED_KERNELS", (True,), "compiler"),
        ("SQLite", "SQLITE_LEAST", (99,), "3.37"),
        ("disk space", "FREE_BYTES_LEAST", 1 << 62, "make room"),
        ("durability", "SYNC_SECONDS_LEAST", 1e9, "write cache"),
        ("packages", "_MODULES", ("no_such_module",), "boyau[serve]"),
        ("languages", "LANGUAGES", ("xx", "yy", "en"), ""),
    ],
)
def test_each_thing_that_may_be_wrong_is_said_with_its_remedy(ledger, monkeypatch, name, place, value, words):
    monkeypatch.setattr(doctor, place, value)
    monkeypatch.setattr(doctor, "VOLATILE", frozenset())
    assert words in examined(ledger)[0][name].remedy


def test_a_ledger_that_is_not_there_and_a_port_in_use(tmp_path):
    assert "boyau init" in examined(tmp_path / "none.boyau")[0]["ledger"].remedy
    with socket.create_server(("127.0.0.1", 0)) as taken:
        chosen = settings.load(listen=f"127.0.0.1:{taken.getsockname()[1]}")
        found = {one.name: one for one in doctor.examine(None, chosen, EN)}
    assert "--listen" in found["address"].remedy
    found = {one.name: one for one in doctor.examine(None, settings.load(listen="0.0.0.0:0"), EN)}
    assert "TLS" in found["address"].remedy


@pytest.mark.parametrize("code", ["kk", "ru", "en"])
def test_the_doctor_speaks(capsys, ledger, code):
    assert run(["doctor", str(ledger), "--language", code]) in (0, 1)
    assert language(code).text("what to do") in capsys.readouterr().out
    run(["doctor", str(ledger), "--json"])
    assert {"name", "state", "finding", "remedy"} == set(json.loads(capsys.readouterr().out)[0])


if __name__ == "__main__":
    page = DOCS / "operation.md"
    before, _, rest = page.read_text(encoding="utf-8").partition("<!-- settings: made from settings.py -->\n")
    _, mark, after = rest.partition("<!-- end of settings -->")
    page.write_text(f"{before}<!-- settings: made from settings.py -->\n{settings.reference()}{mark}{after}")
