"""The simulated year: the same from the same seed, honest throughout, and its planted abuse refused as promised."""

import json

import pytest

from boyau.cli.app import run
from boyau.journal import Book
from boyau.treasury.simulation import SimulationError, simulate
from boyau.treasury.simulation.detect import DETECTORS
from boyau.treasury.simulation.kinds import BY_NAME, DETECTABLE, FORMS, KINDS, REFUSED
from boyau.treasury.simulation.world import with_check_digit

TRANSFERS, EACH = 6000, 4


def made(folder, seed=1, transfers=TRANSFERS, each=EACH):
    folder.mkdir()
    ledger, answers = folder / "x.boyau", folder / "answers.ndjson"
    outcome = simulate(str(ledger), transfers=transfers, seed=seed, answers=answers, each=each)
    cases = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    return outcome, cases, ledger


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    return made(tmp_path_factory.mktemp("simulation") / "one")


def test_the_same_seed_gives_the_same_ledger(year, tmp_path):
    again, cases, _ = made(tmp_path / "two")
    other, _, _ = made(tmp_path / "three", seed=2)
    assert again.state_hash == year[0].state_hash != other.state_hash
    assert cases == year[1]


def test_a_replay_gives_the_same_state(year):
    with Book.open(str(year[2]), write=False) as book:
        assert book.ledger.state_hash().hex() == year[0].state_hash


def test_money_is_conserved_and_nobody_is_overdrawn(year):
    with Book.open(str(year[2]), write=False) as book:
        table = book.ledger.tables.acc[: len(book.ledger.accounts)]
        assert int(table[:, 0].sum()) == int(table[:, 1].sum()) > 0
        free = table[:, 1] - table[:, 0] - table[:, 2]
        assert all(free[table[:, 5] & 1 == 0] >= 0)


def test_there_are_as_many_transfers_as_asked_for(year):
    assert year[0].transfers == TRANSFERS


@pytest.mark.parametrize("transfers", [1000, 1199, 1200, 2500])
def test_small_years(tmp_path, transfers):
    outcome, _, _ = made(tmp_path / "small", transfers=transfers, each=1)
    assert outcome.transfers == transfers


def test_every_kind_is_planted_and_stands_in_the_answer_file(year):
    outcome, cases, _ = year
    assert len(KINDS) == 11
    assert {case["kind"] for case in cases} == set(KINDS)
    assert sum(line.planted for line in outcome.lines) == len(cases)
    assert len(cases) + outcome.not_planted == EACH * len(KINDS)
    for case in cases:
        assert len(case["ids"]) == len(case["answers"]) > 0, case
        assert case["what"], case


def test_ids_of_the_answer_file_tell_planted_from_honest(year):
    ids = [one for case in year[1] for one in case["ids"]]
    assert len(ids) == len(set(ids))


def test_what_must_be_refused_is_refused_and_the_rest_is_posted(year):
    for case in year[1]:
        refused = BY_NAME[f"{case['kind']}/{case['form']}"].outcome == REFUSED
        assert [answer != "posted" for answer in case["answers"]] == [refused] * len(case["answers"]), case
        assert case["expected"] == ("refused" if refused else "posted")
    assert not any(line.broken for line in year[0].lines)


def test_every_detectable_form_has_a_detector_and_says_what_it_found(year):
    assert set(DETECTORS) == {form.name for form in FORMS if form.outcome == DETECTABLE}
    for line in year[0].lines:
        if line.outcome == DETECTABLE:
            assert line.found + line.missed == line.posted
        else:
            assert line.found is None
    assert sum(line.found or 0 for line in year[0].lines) > 0


def test_a_year_that_is_too_small_is_refused(tmp_path):
    with pytest.raises(SimulationError, match="transfers must be"):
        made(tmp_path / "none", transfers=10)


def test_check_digits():
    assert with_check_digit("00014000001"[:11])[-1].isdigit()
    for eleven in ("95044000012", "01124000077", "23064001234"):
        whole = with_check_digit(eleven)
        if whole:
            first = sum(k * int(one) for k, one in enumerate(eleven, 1)) % 11
            second = sum(k * int(one) for k, one in zip([*range(3, 12), 1, 2], eleven, strict=True)) % 11
            assert int(whole[-1]) == (first if first < 10 else second)


def test_the_command(tmp_path, capsys):
    ledger = tmp_path / "x.boyau"
    arguments = ["simulate", "--transfers", "1500", "--seed", "3", "--abuse-per-kind", "2", "--ledger", str(ledger)]
    assert run([*arguments, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["transfers"] == 1500
    assert len(answer["lines"]) == len(FORMS)
    assert (tmp_path / "x.boyau-answers.ndjson").exists()
    assert run(arguments) == 2
    assert "is there already" in capsys.readouterr().err
    assert run([*arguments, "--answers", str(tmp_path / "other.ndjson")]) == 4


def test_the_table_of_the_command(tmp_path, capsys):
    ledger = tmp_path / "x.boyau"
    assert run(["simulate", "--transfers", "1500", "--abuse-per-kind", "2", "--ledger", str(ledger)]) == 0
    out = capsys.readouterr().out
    assert "split invoices" in out
    assert "state hash" in out
