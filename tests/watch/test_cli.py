"""The commands of the watch: tables, JSON, exit codes, one clear sentence for what is wrong."""

import json

import pytest

from boyau.cli.app import run
from boyau.language import LANGUAGES
from boyau.watch.registry import FLAGS

LINE = {
    "ocid": "o",
    "tag": ["compiled"],
    "buyer": {"id": "B"},
    "tender": {
        "procurementMethod": "open",
        "numberOfTenderers": 1,
        "value": {"amount": 1234.50, "currency": "KZT"},
        "tenderPeriod": {"startDate": "2026-01-01T00:00:00Z", "endDate": "2026-01-03T00:00:00Z"},
    },
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tenders.jsonl"
    path.write_text(json.dumps(LINE) + "\n{broken\n")
    return str(path)


def test_a_run_tells_flags_findings_and_troubles(file, capsys):
    assert run(["watch", "run", "--ocds", file, "--language", "en"]) == 0
    out, err = capsys.readouterr()
    assert "1 processes, 0 of them cancelled" in out
    assert "1,234.5\u00a0KZT   R003 R018" in out
    assert "planning/documents" in out
    assert "2: this is not JSON" in " ".join(err.split())


def test_json_holds_every_flag_and_exact_figures(file, capsys):
    assert run(["watch", "run", "--ocds", file, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["flag"] for one in told["flags"]] == list(FLAGS)
    for one in told["flags"]:
        answers = (
            one["found"] + one["not_found"] + sum(one["not_applicable"].values()) + sum(one["cannot_fire"].values())
        )
        assert answers == told["processes"] == 1, one["flag"]
    assert {(one["flag"], one["amount"]) for one in told["findings"]} == {("R003", "1234.5"), ("R018", "1234.5")}
    assert told["troubles"]["counts"] == {"not_json": 1}


def test_cardinals_form(file, capsys):
    assert run(["watch", "run", "--ocds", file, "--like-cardinal", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["OCID"] == {"o": {"R003": 1.0, "R018": 1.0}}
    assert set(told) == {"OCID", "Meta", "Maps"}


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ([], 2, "--ocds"),
        (["--ocds", "none.jsonl"], 3, "none.jsonl cannot be read: No such file or directory"),
        (["--lots", "none.csv"], 3, "none.csv cannot be read"),
        (["--ocds", "x", "--lots", "y"], 2, "--ocds"),
        (["--ocds", "x", "--workers", "0"], 2, "at least 1"),
        (["--ocds", "x", "--settings", "none.toml"], 2, "none.toml cannot be read"),
    ],
)
def test_what_is_wrong_is_one_sentence(more, code, words, capsys):
    assert run(["watch", "run", *more]) == code
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def test_an_interrupted_run_writes_nothing(file, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("boyau.watch.run.run", interrupted)
    assert run(["watch", "run", "--ocds", file, "--json"]) == 130
    assert capsys.readouterr() == ("", "boyau: interrupted; nothing was written\n")


def test_a_library_that_is_missing_is_one_sentence(file, capsys, monkeypatch):
    monkeypatch.setattr("boyau.cli.watch._NEEDED", ("msgspec", "no_such_library"))
    assert run(["watch", "run", "--ocds", file]) == 2
    assert capsys.readouterr().err == "boyau: the watch needs no_such_library: pip install 'boyau[watch]'\n"


def test_lists_of_flags_and_pages_in_three_languages(capsys):
    assert run(["watch", "flags", "--json"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == list(FLAGS)
    pages = {}
    for code in LANGUAGES:
        assert run(["watch", "flags", "--language", code]) == 0
        assert "R073" in capsys.readouterr().out
        assert run(["watch", "flag", "r028", "--language", code]) == 0
        pages[code] = capsys.readouterr().out
    assert len(set(pages.values())) == len(LANGUAGES)
    assert all("bid(a).value = bid(b).value" in page and "95 %" in page for page in pages.values())
    assert run(["watch", "flag", "R999"]) == 1
    assert "is no flag" in capsys.readouterr().err
