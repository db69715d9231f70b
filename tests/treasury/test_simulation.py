"""The simulated year: the same from the same seed, honest throughout, and its planted abuse refused as promised."""

import contextlib
import io
import json
import re

import numpy as np
import pytest

from boyau.cli.app import run
from boyau.codec import RECORDS, ROWS, id_text
from boyau.journal import Book
from boyau.language import LANGUAGES, language
from boyau.ledger import Kind, RecordRefused, Result, RowFlag
from boyau.ledger.approvals import command_digest
from boyau.ledger.codes import region_interval
from boyau.ledger.evidence import verify
from boyau.ledger.rows import COMMAND_BYTES
from boyau.treasury.regions import REGIONS
from boyau.treasury.simulation import SimulationError, simulate
from boyau.treasury.simulation.detect import DETECTORS
from boyau.treasury.simulation.keys import SIGNED
from boyau.treasury.simulation.kinds import BY_NAME, DETECTABLE, FORMS, KINDS, NAMES, REFUSED
from boyau.treasury.simulation.world import NEXT, VAT, with_check_digit

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


def records_of(book):
    return [record for batch in book.store.batches(0) if batch.kind == RECORDS for record in batch.records()]


def posted(book, *kinds):
    """The posted rows of these kinds, in the journal's order."""
    rows = np.concatenate([batch.rows() for batch in book.store.batches(0) if batch.kind == ROWS])
    return rows[(rows["result"] == 0) & np.isin(rows["kind"], kinds)]


def as_sent(row):
    """The command of a row of the journal: what the ledger wrote into it is blank again."""
    row = row.copy()
    row["settled"] = 0
    return row.tobytes()[:COMMAND_BYTES]


def path(book, account):
    """The colour of an account, by its number."""
    ledger = book.ledger
    return ledger.registry.colours[int(ledger.tables.acc[account, 3])].path


@pytest.fixture(scope="module")
def book(year):
    with Book.open(str(year[2]), write=False) as opened:
        yield opened


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


# ---- who signs -------------------------------------------------------------------------------------------------------


def test_every_attestation_request_proposal_and_approval_is_signed_by_its_issuers_key(book):
    records = records_of(book)
    keys = {record["participant"]: record["key"] for record in records if record["type"] == "key"}
    signed = [record for record in records if record["type"] in SIGNED]
    assert {record["type"] for record in signed} == SIGNED
    assert all(record["by"] in keys for record in signed)
    for record in (*signed[:40], *signed[-40:]):  # the ledger checked them all; so does a replay
        assert verify(keys[record["by"]], record), record


def test_nobody_attests_without_a_signature(year):
    with Book.open(str(year[2]), write=False) as book:
        old = next(one for one in records_of(book) if one.get("condition") == "acceptance_act")
        for record, code in (
            ({name: old[name] for name in old if name not in ("at", "signature")}, "signature_missing"),
            (old | {"by": "somebody"}, "signature_invalid"),
            (old, "attestation_old"),
        ):
            with pytest.raises(RecordRefused) as refused:
                book.ledger.record(record, book.now())
            assert refused.value.code == code


def test_keys_follow_from_the_seed(year, tmp_path):
    def keys(ledger):
        with Book.open(str(ledger), write=False) as book:
            return {record["key"] for record in records_of(book) if record["type"] == "key"}

    same, other = made(tmp_path / "same", transfers=1000, each=0), made(tmp_path / "other", seed=2, transfers=1000)
    again = made(tmp_path / "again", transfers=1000, each=0)
    assert keys(same[2]) == keys(again[2])
    assert not keys(same[2]) & keys(other[2])


# ---- what is seldom and lawful ---------------------------------------------------------------------------------------


def test_vat_goes_beside_the_payment_for_a_service_and_only_the_office_makes_it_plain(book):
    pays = posted(book, Kind.PAY)
    first = np.flatnonzero(pays["flags"] & RowFlag.LINKED)
    assert len(first) > 0
    price, tax = pays[first], pays[first + 1]
    assert (tax["amount"] * 112 == (price["amount"] + tax["amount"]) * 12).all()
    assert (tax["document"] == price["document"]).all()
    assert {path(book, one) for one in tax["credit"]} == {VAT}
    remitted = [row for row in pays if path(book, row["debit"]) == VAT and path(book, row["credit"]) != VAT]
    assert sum(int(row["amount"]) for row in remitted) == int(tax["amount"].sum())


def test_an_emergency_leaves_its_trail(book):
    pays = posted(book, Kind.PAY)
    urgent = pays[(pays["flags"] & RowFlag.EMERGENCY) != 0]
    assert len(urgent) > 0
    records = records_of(book)
    told = {one["emergency"]["id"]: one["emergency"] for one in records if "emergency" in one}
    for row in urgent:
        assert told[id_text(row["id"].tobytes())]["reason"]
        requests = book.ledger.registry.evidence.requests.values()
        assert [one.state for one in requests if one.colour == path(book, row["debit"])] == ["answered"]
        digest = command_digest(as_sent(row))
        checkers = [one["by"] for one in records if one["type"] == "approval" and one["command"] == digest]
        assert len(set(checkers)) == 2


def test_a_clawback_takes_back_part_of_a_payment_for_work(book):
    clawed, pays = posted(book, Kind.CLAWBACK), {row["id"].tobytes(): row for row in posted(book, Kind.PAY)}
    assert len(clawed) > 0
    for row in clawed:
        original = pays[row["ref"].tobytes()]
        assert (row["debit"], row["credit"]) == (original["credit"], original["debit"])
        assert 0 < row["amount"] < original["amount"]


def test_a_court_debits_coloured_money_to_the_bailiff(book):
    (row,) = posted(book, Kind.COURT)
    assert path(book, row["credit"]) == "KZT"
    assert book.ledger.registry.who[int(book.ledger.tables.acc[row["credit"], 4])]
    assert row["document"].tobytes().strip(b"\0")


def test_what_unfinished_contracts_have_left_is_carried_into_the_next_year(book):
    carried = posted(book, Kind.CARRY)
    assert len(carried) > 0
    for row in carried:
        contract = path(book, row["debit"]).rpartition("/")[2]
        assert path(book, row["credit"]) == f"{NEXT}/{contract}"
        debits, credits, _ = (int(one) for one in book.ledger.tables.acc[row["credit"], :3])
        assert credits - debits == row["amount"]


def test_the_smallest_year_has_all_of_them(tmp_path):
    with Book.open(str(made(tmp_path / "least", transfers=1000, each=0)[2]), write=False) as book:
        for kind in (Kind.CLAWBACK, Kind.COURT, Kind.CARRY):
            assert len(posted(book, kind)) == 1
        flags = posted(book, Kind.PAY)["flags"]
        assert (flags & RowFlag.LINKED).any()
        assert (flags & RowFlag.EMERGENCY).any()


# ---- what is planted -------------------------------------------------------------------------------------------------


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


def test_a_year_is_spread_over_as_many_regions_as_asked_for(tmp_path):
    ledger = tmp_path / "all.boyau"
    simulate(str(ledger), transfers=13_000, seed=1, answers=tmp_path / "answers", each=0, regions=20)
    with Book.open(str(ledger), write=False) as book:
        tree = book.ledger.registry.colours
        rules = [colour.own.regions for colour in tree if re.fullmatch(r"sim/2025/r\d+", colour.path)]
        assert sorted(rules) == sorted((region_interval(kato),) for kato in REGIONS)
        paid = [book.ledger.counters(f"sim/2025/r{k}")[2] for k in range(20)]
        assert min(paid) > 0


def test_a_year_has_no_more_regions_than_there_are_or_than_its_size_makes_room_for(tmp_path):
    for transfers, regions in ((100_000, 21), (11_000, 20), (100_000, -1)):
        with pytest.raises(SimulationError, match="regions cannot be"):
            simulate(str(tmp_path / "no"), transfers=transfers, seed=1, answers=tmp_path / "no.a", regions=regions)


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


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the command says of the same year, by language: its table, and its summary."""
    folder, out = tmp_path_factory.mktemp("languages"), {}
    for code in LANGUAGES:
        arguments = ["--transfers", "1000", "--abuse-per-kind", "20", "--ledger", str(folder / f"{code}.boyau")]
        printed, remarks = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(remarks):
            assert run(["simulate", *arguments, "--language", code]) == 0
        out[code] = printed.getvalue(), remarks.getvalue()
    return out


def test_every_reason_name_and_outcome_is_told_in_three_languages():
    sources = {form.why for form in FORMS} | set(NAMES.values())
    assert set(NAMES) >= {*KINDS, *(form.form for form in FORMS), *(form.outcome for form in FORMS)}
    for source in sources:
        assert language("en").text(source) == source
        assert len({language(code).text(source) for code in LANGUAGES}) >= 2, source
        for code in ("kk", "ru"):
            assert re.search("[а-яё]", language(code).text(source), re.IGNORECASE), source


@pytest.mark.parametrize(
    ("code", "reason", "kind", "summary", "room"),
    [
        (
            "kk",
            "құжатқа бір рет қана төленеді",
            "шоттарды бөлшектеу",
            "аударым: 1\u00a0000, шарт: 4,",
            "шарт табылмаған",
        ),
        (
            "ru",
            "документ оплачивают один раз",
            "дробление счетов",
            "переводов: 1\u00a0000, договоров: 4,",
            "не нашлось",
        ),
        ("en", "a document is paid once", "split invoices", "1,000 transfers of 4 contracts", "found no contract"),
    ],
)
def test_the_table_and_its_summary_speak_the_language(told, code, reason, kind, summary, room):
    table, remarks = told[code]
    assert reason in unfolded(table)
    assert kind in unfolded(table)
    assert summary in remarks
    assert room in remarks
    if code != "en":
        latin = set(re.findall(r"[A-Za-z]+", table)) - {
            word for result in Result for word in result.name.lower().split("_")
        }
        assert not {word for word in latin if not re.fullmatch("[0-9a-f]*", word)}, "a text was left untranslated"


def unfolded(table):
    """A table's texts, each cell put together again from the lines it was folded into."""
    heads = next(line for line in table.splitlines() if "─" in line)
    start = table.splitlines().index(heads) + 1
    cells, out = {}, []
    for line in table.splitlines()[start:]:
        first = line[1:4].strip()
        if first:
            out += [" ".join(parts) for parts in cells.values()]
            cells = {}
        for found in re.finditer(r"\S+(?: \S+)*", line):
            cells.setdefault(found.start(), []).append(found[0])
    return "\n".join([*out, *(" ".join(parts) for parts in cells.values())])


def test_reasons_are_told_in_json_too(tmp_path, capsys):
    arguments = ["simulate", "--transfers", "1000", "--abuse-per-kind", "0", "--ledger", str(tmp_path / "x.boyau")]
    assert run([*arguments, "--language", "kk", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)["lines"]
    assert [line["kind"] for line in lines] == [form.kind for form in FORMS]
    assert [line["why"] for line in lines] == [language("kk").text(form.why) for form in FORMS]
