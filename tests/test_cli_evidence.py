"""Keys, signatures, requests and "what if", as their users type them."""

import getpass
import json
import re
import stat
import warnings

import pytest

from boyau.cli.app import run
from boyau.ledger import evidence
from boyau.proofs.note import Verifier
from tests.page import WORLD

OPEN = [json.loads(json.dumps(one).replace("2026-12-31", "2090-12-31")) for one in WORLD]
RULED = {
    "type": "colour",
    "colour": "kz/road",
    "rules": {"payees": {"classes": ["contractor", "supplier"]}, "hops": 2, "evidence": ["quality", "invoice"]},
}
ISSUE = {"op": "issue", "id": "I1", "from": "issuer@kz", "to": "budget@kz/road", "amount": "1000.00"}
PAY = {"op": "pay", "id": "P1", "from": "budget@kz/road", "to": "asphalt@KZT", "amount": "10.00", "subject": "km-17"}
ATTESTED = {"type": "attestation", "condition": "quality", "subject": "km-17", "by": "lab"}


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setenv("BOYAU_LEDGER", str(tmp_path / "t.boyau"))

    def call(*arguments, lines=None, code=0):
        if lines is not None:
            (tmp_path / "in.ndjson").write_text("".join(json.dumps(one) + "\n" for one in lines))
        got = run([str(tmp_path / "in.ndjson") if one == "IN" else str(one) for one in arguments])
        out, err = capsys.readouterr()
        assert got == code, out + err
        return out + err

    call("init", tmp_path / "t.boyau")
    subject = {"type": "subject", "subject": "km-17"}
    lab = {"type": "participant", "participant": "lab", "classes": ["laboratory"]}
    call("submit", "IN", lines=[*OPEN, RULED, subject, lab, ISSUE])
    return call


def test_a_laboratory_signs_and_the_ledger_believes_it(call, tmp_path, phrase):
    key = tmp_path / "lab.key"
    made = call("key", key, "--passphrase-file", phrase)
    public = made.splitlines()[0]
    assert "nobody can restore either" in made
    assert stat.S_IMODE(key.stat().st_mode) == 0o600, "only its owner may read a private key"
    assert call("key", key).strip() == public, "a key that is there is shown, never made anew, and nothing is asked"
    assert call("key", "--show", key).strip() == public
    call("submit", "IN", lines=[{"type": "key", "participant": "lab", "key": public, "conditions": ["quality"]}])
    assert "signature_missing" in call("submit", "IN", lines=[ATTESTED], code=1)
    signed = json.loads(call("sign", "IN", "--key", key, "--passphrase-file", phrase, lines=[ATTESTED]))
    assert "1 posted" in call("submit", "IN", lines=[signed])
    assert "attestation_old" in call("submit", "IN", lines=[signed], code=1)
    assert "signature_invalid" in call("submit", "IN", lines=[signed | {"by": "budget"}], code=1)


@pytest.fixture
def phrase(tmp_path):
    path = tmp_path / "phrase"
    path.touch(0o600)
    path.write_text("құпия сөз тіркесі\n", encoding="utf-8")
    return path


@pytest.fixture
def typed(monkeypatch):
    """What will be typed at the terminal, in order; and what was asked."""
    monkeypatch.delenv("BOYAU_PASSPHRASE_FILE", raising=False)
    answers, asked = [], []
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or answers.pop(0))
    return answers, asked


def test_a_passphrase_is_asked_for_twice_and_then_once_for_all_records(call, tmp_path, typed):
    answers, asked = typed
    key = tmp_path / "lab.key"
    answers += ["correct horse battery", "correct horse batterie"]
    assert "differ; nothing was made" in call("key", key, code=3)
    answers += ["short", "short"]
    assert "at least 12" in call("key", key, code=3)
    assert not key.exists()
    answers += ["correct horse battery"] * 2
    public = call("key", key, "--language", "en").splitlines()[0]
    assert asked[-2:] == [f"Passphrase for {key}, at least 12 characters: ", "Once more: "]
    answers += ["correct horse battery"]
    lines = call("sign", "IN", "--key", key, lines=[ATTESTED] * 3).splitlines()
    assert len(lines) == 3
    assert all(evidence.verify(public, json.loads(line)) for line in lines)
    assert answers == [], "asked once for all of them"
    answers += ["correct horse batterie"]
    told = call("sign", "IN", "--key", key, lines=[ATTESTED], code=3)
    assert "does not open" in told
    assert "horse" not in told


def test_where_there_is_no_terminal_nothing_is_read_from_elsewhere(call, tmp_path, monkeypatch, phrase):
    def nobody(prompt):
        warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=2)
        pytest.fail("the passphrase would be read where the records come from")

    monkeypatch.delenv("BOYAU_PASSPHRASE_FILE", raising=False)
    monkeypatch.setattr("getpass.getpass", nobody)
    assert "--passphrase-file" in call("key", tmp_path / "lab.key", code=3)
    monkeypatch.setenv("BOYAU_PASSPHRASE_FILE", str(phrase))
    call("key", tmp_path / "lab.key")
    phrase.chmod(0o644)
    assert "chmod 600" in call("sign", "IN", "--key", tmp_path / "lab.key", lines=[ATTESTED], code=3)


def test_an_open_key_is_made_only_when_asked_for_and_warns(call, tmp_path, phrase):
    key = tmp_path / "open.key"
    assert "leave one of them out" in call("key", key, "--unsealed", "--passphrase-file", phrase, code=2)
    made = call("key", key, "--unsealed")
    assert "not sealed" in made
    assert re.fullmatch("[0-9a-f]{64}\n", key.read_text())
    signed = json.loads(call("sign", "IN", "--key", key, lines=[ATTESTED]))
    assert evidence.verify(made.splitlines()[0], signed)


def test_a_key_is_shown_as_those_who_check_notes_write_it(call, tmp_path):
    key = tmp_path / "open.key"
    call("key", key, "--unsealed")
    public, verifier = call("key", "--show", key, "--name", "lab.example").splitlines()
    assert Verifier.read(verifier) == Verifier("lab.example", bytes.fromhex(public))
    shown = json.loads(call("key", key, "--name", "lab.example", "--json"))
    assert shown == {"file": str(key), "key": public, "made": False, "verifier": verifier}
    assert "is no name of a key" in call("key", tmp_path / "none.key", "--unsealed", "--name", "my lab", code=2)
    assert "no file" in call("key", "--show", tmp_path / "none.key", code=3)
    assert not (tmp_path / "none.key").exists()


@pytest.mark.parametrize(
    ("code", "word"), [("kk", "жабық кілт емес"), ("ru", "не закрытый ключ"), ("en", "no private key")]
)
def test_errors_of_keys_are_told_in_three_languages(call, tmp_path, code, word):
    (tmp_path / "no.key").touch(0o600)
    assert word in call("key", tmp_path / "no.key", "--language", code, code=3)
    assert word in call("sign", "IN", "--key", tmp_path / "no.key", "--language", code, lines=[ATTESTED], code=3)


def test_wrong_inputs_of_sign_say_what_to_do(call, tmp_path):
    (tmp_path / "no.key").write_text("hello")
    (tmp_path / "no.key").chmod(0o600)
    assert "no private key" in call("sign", "IN", "--key", tmp_path / "no.key", lines=[ATTESTED], code=3)
    assert "only records are signed" in call("sign", "IN", "--key", tmp_path / "no.key", lines=[PAY], code=3)
    assert "no private key" in call("key", tmp_path / "no.key", code=3)
    (tmp_path / "no.key").chmod(0o644)
    assert "chmod 600" in call("key", tmp_path / "no.key", code=3)


def test_what_if_this_evidence_arrived(call):
    answer = json.loads(call("explain", "IN", "--json", lines=[PAY], code=1))
    assert [one["result"] for one in answer["findings"]] == ["evidence_missing", "evidence_missing"]
    answer = json.loads(call("explain", "IN", "--json", "--given", "quality@km-17", code=1))
    assert ["invoice" in one["reason"] for one in answer["findings"]] == [True]
    both = ("--given", "quality@km-17", "--given", "invoice@kz/road")
    assert json.loads(call("explain", "IN", "--json", *both))["result"] == "posted"
    assert json.loads(call("explain", "IN", "--json", code=1))["result"] == "evidence_missing", "nothing was kept"
    assert "knows no" in call("explain", "IN", "--given", "weather@km-17", code=2)


def test_what_is_asked_of_whom(call):
    assert "Nothing is asked" in call("evidence")
    asked = {"type": "request", "request": "R1", "condition": "quality", "colour": "kz/road", "subject": "km-17"}
    steps = {"by": "builder", "owner": "lab", "days": 10, "escalation": [{"owner": "budget", "days": 5}]}
    call("submit", "IN", lines=[asked | steps])
    (one,) = json.loads(call("evidence", "--json"))
    assert (one["owner"], one["about"], one["overdue_days"], one["state"]) == ("lab", "km-17", 0, "open")
    assert json.loads(call("evidence", "--json", "--owner", "budget")) == []
    for language in ("kk", "ru", "en"):
        said = json.loads(call("explain", "IN", "--json", "--language", language, lines=[PAY], code=1))
        assert "lab" in json.dumps(said, ensure_ascii=False), "a refusal names who must answer"
    call("submit", "IN", lines=[ATTESTED])
    assert json.loads(call("evidence", "--json")) == []
    assert json.loads(call("evidence", "--json", "--every"))[0]["state"] == "answered"
