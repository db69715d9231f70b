"""Keys, signatures, requests and "what if", as their users type them."""

import json
import stat

import pytest

from boyau.cli.app import run
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


def test_a_laboratory_signs_and_the_ledger_believes_it(call, tmp_path):
    key = tmp_path / "lab.key"
    public = call("key", key).strip()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600, "only its owner may read a private key"
    assert call("key", key).strip() == public, "a key that is there is shown, never made anew"
    call("submit", "IN", lines=[{"type": "key", "participant": "lab", "key": public, "conditions": ["quality"]}])
    assert "signature_missing" in call("submit", "IN", lines=[ATTESTED], code=1)
    signed = json.loads(call("sign", "IN", "--key", key, lines=[ATTESTED]))
    assert "1 posted" in call("submit", "IN", lines=[signed])
    assert "attestation_old" in call("submit", "IN", lines=[signed], code=1)
    assert "signature_invalid" in call("submit", "IN", lines=[signed | {"by": "budget"}], code=1)


def test_wrong_inputs_of_sign_say_what_to_do(call, tmp_path):
    (tmp_path / "no.key").write_text("hello")
    assert "no private key" in call("sign", "IN", "--key", tmp_path / "no.key", lines=[ATTESTED], code=3)
    assert "only records are signed" in call("sign", "IN", "--key", tmp_path / "no.key", lines=[PAY], code=3)
    assert "no private key" in call("key", tmp_path / "no.key", code=3)


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
