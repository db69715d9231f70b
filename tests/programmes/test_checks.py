"""The proofs of a programme: each fault that a file can have is found, by name and line; the seven have none."""

import json
from pathlib import Path

import pytest

from boyau.cli import app as cli
from boyau.programmes import checks, install, reader, values
from boyau.programmes.model import ProgrammeError
from boyau.programmes.words import MESSAGES

T = '{ kk = "а", ru = "б", en = "c" }'
BASE = f"""
name = "mini"
unit = "KZT"
title = {T}
summary = {T}

[parameters.root]
type = "path"
default = "kz/mini"
what = {T}

[classes.owner]
what = {T}
[classes.builder]
what = {T}
[classes.shop]
what = {T}
[classes.judge]
count = 2
what = {T}

[[colours]]
name = "top"
path = "{{root}}"
title = {T}
[colours.rules]
holders = {{ classes = ["owner", "builder"] }}
payees = {{ classes = ["builder", "shop"] }}
ends = {{ classes = ["shop"] }}
hops = 1
window = {{ first = "2026-01-01", last = "2026-12-31" }}
items = ["ENSTRU:42"]
evidence = ["act"]
powers = {{ change = {{ quorum = 2, classes = ["judge"] }} }}

[[colours]]
name = "low"
path = "{{root}}/low"
title = {T}
[colours.rules]
EXTRA = 0

[[evidence]]
condition = "act"
owner = "judge"
days = 5
escalation = [{{ owner = "owner", days = 3 }}]
what = {T}

[[approvals]]
for = "change"
owner = "judge"
days = 5
what = {T}
"""


def checked(text):
    return checks.check(reader.parse(text.replace("EXTRA = 0", "").encode(), "mini.toml"))


def codes(report):
    return {(finding.severity, finding.code) for finding in report.findings}


def test_the_base_is_proved():
    report = checked(BASE)
    assert report.findings == ()
    assert {way.stations for way in report.ways} >= {("owner@top", "shop"), ("owner@top", "builder@top#1", "shop")}
    way = next(way for way in report.ways if way.stations == ("owner@top", "builder@top#1", "shop"))
    assert way.days == 16, "two payments, each of which may wait 5 and then 3 days"


@pytest.mark.parametrize("name", reader.names())
def test_the_programmes_that_come_with_the_program_are_proved(name):
    report = checks.check(reader.load(name))
    assert report.findings == (), [MESSAGES[one.code].format(**one.facts) for one in report.findings]
    assert report.ways
    assert all(way.blockers and way.days for way in report.ways), "no way to plain money waits for nothing"


RULES = [
    ('payees = { classes = ["builder", "owner"] }', "widens_parent"),
    ("hops = 2", "widens_parent"),
    ('window = { first = "2025-01-01", last = "2026-12-31" }', "widens_parent"),
    ('colour = "x"', "refused"),
    ('payees = { classes = ["nobody"] }', "widens_parent"),
    ("payees = { classes = [] }", "nobody_paid"),
    ("holders = { classes = [] }", "nobody_holds"),
    ('payees = { classes = ["builder"] }\nends = { classes = ["shop"] }', "end_nowhere"),
    ("items = []", "list_empty"),
    ("regions = []", "list_empty"),
    ("payees = { allow = [] }", "list_empty"),
    ('payees = { allow = ["a"], deny = ["a"] }', "list_empty"),
    ('window = { first = "2027-01-01" }', "window_empty"),
    ('lines = [{ item = "CPV:45" }]', "line_outside"),
    ('lines = [{ item = "ENSTRU:42.11", quantity = "0" }]', "line_empty"),
    ('advance = "10%"', "acceptance_needed"),
    ('acceptance = true\nadvance = "0%"', "nothing"),
    ('retention = { share = "5%", days = 9 }', "acceptance_needed"),
    ('payee_limit = "0"', "nothing"),
    ('evidence = [{ condition = "act", at = "advance" }]', "advance_needed"),
    ('evidence = [{ condition = "act", at = "accept" }]', "accept_needed"),
    ('evidence = ["unowned"]', "owner_missing"),
    ('ends = { classes = ["shop"], caps = [{ classes = ["builder"], share = "5%" }] }', "cap_outside"),
    ('ends = { classes = ["shop"], caps = [{ classes = ["shop"], share = "0%" }] }', "nothing"),
    ('approval = [{ above = "5", quorum = 3, classes = ["judge"] }]', "quorum_impossible"),
    ('approval = [{ above = "5", quorum = 1, classes = ["judge"] }]', "approver_missing"),
    ('payee_limit = "4"\napproval = [{ above = "5", quorum = 1, classes = ["judge"] }]', "tier_unreachable"),
    ('powers = { court = { quorum = 1, classes = ["judge"] } }', "approver_missing"),
    ('slice = { colour = "kz/other", share = "1/2", classes = ["shop"] }', "slice_unknown"),
    ('slice = { colour = "kz/mini", share = "1/2", classes = ["shop"] }', "slice_outside"),
    ('payees = { classes = ["builder"] }', "dead_end"),
]


@pytest.mark.parametrize(("rule", "code"), RULES, ids=[f"{code}-{k}" for k, (_, code) in enumerate(RULES)])
def test_a_rule_that_cannot_be_is_found(rule, code):
    report = checked(BASE.replace("EXTRA = 0", rule))
    assert ("error", code) in codes(report), report.findings
    assert report.errors
    found = next(one for one in report.findings if one.code == code)
    assert BASE.splitlines()[found.line - 1].startswith("[[colours]]")
    assert MESSAGES[code].format(**found.facts)


IDLE = [
    'payees = { classes = ["builder", "shop"] }',
    "hops = 1",
    'evidence = ["act"]',
    'items = ["ENSTRU:42"]',
    'window = { last = "2026-12-31" }',
    'powers = { change = { quorum = 2, classes = ["judge"] } }',
]


@pytest.mark.parametrize("rule", IDLE)
def test_a_rule_that_changes_nothing_is_found(rule):
    report = checked(BASE.replace("EXTRA = 0", rule))
    assert codes(report) == {("warning", "changes_nothing")}


EDITS = [
    ('owner = "judge"\ndays = 5\nesc', 'owner = "nobody"\ndays = 5\nesc', "error", "class_unknown"),
    ('condition = "act"', 'condition = "other"', "error", "duty_unasked"),
    ('for = "change"\nowner = "judge"', 'for = "change"\nowner = "shop"', "error", "approver_differs"),
    ('powers = { change = { quorum = 2, classes = ["judge"] } }', "", "error", "change_missing"),
    ('evidence = ["act"]', "", "warning", "way_open"),
    ('owner = "judge"\ndays = 5\nesc', 'owner = "shop"\ndays = 5\nesc', "warning", "owner_is_payee"),
    ("[classes.judge]", f"[classes.idle]\nwhat = {T}\n[classes.judge]", "warning", "class_unused"),
    ("{root}/low", "kz/mini/low", None, None),
    ("{root}", "kz/mini", "error", "parameter_unused"),
    ('["owner", "builder"]', '["owner", "ghost"]', "error", "class_unknown"),
    ('"shop"] }\nhops', '"shop"], caps = [{ classes = ["shop"], share = "0%" }] }\nhops', "error", "dead_end"),
]


@pytest.mark.parametrize(("old", "new", "severity", "code"), EDITS, ids=[str(edit[3]) for edit in EDITS])
def test_an_edit_is_judged(old, new, severity, code):
    assert old in BASE
    found = codes(checked(BASE.replace(old, new)))
    assert (severity, code) in found if code else not found


def test_money_that_can_only_pile_up_is_named():
    report = checked(BASE.replace('ends = { classes = ["shop"] }\n', ""))
    stuck = {(one.place, one.facts["hop"], one.facts["classes"]) for one in report.findings if one.code == "dead_end"}
    assert ("colours[0] top", 1, "builder") in stuck
    assert ("colours[0] top", 0, "builder, owner") in stuck


BROKEN = [
    ('name = "mini"', "name = ", 2, "Invalid value"),
    ('unit = "KZT"', 'unit = "KZT"\nextra = 1', 1, "extra"),
    (f'type = "path"\ndefault = "kz/mini"\nwhat = {T}', f'type = "path"\nwhat = {T}', 7, "needs a default"),
    ('default = "kz/mini"', 'default = "KZ"', 7, "not of the form"),
    ('type = "path"', 'type = "colour"', 7, "must be one of"),
    ("days = 5\nesc", "days = 0\nesc", 43, "from 1 to 366"),
    ('owner = "judge"\ndays = 5\nesc', "days = 5\nesc", 43, "owner: is missing"),
    ("days = 5\nesc", "esc", 43, "days: is missing"),
    ('for = "change"', 'for = "everything"', 50, "must be one of"),
    ('name = "low"', 'name = "top"', 36, "stands twice"),
    (f"count = 2\nwhat = {T}", 'count = 2\nwhat = "judge"', 18, "must be a table"),
    ("count = 2", "count = 0", 18, "whole number"),
]


@pytest.mark.parametrize(("old", "new", "line", "message"), BROKEN, ids=[edit[3] for edit in BROKEN])
def test_a_file_that_is_no_programme_says_where(old, new, line, message):
    assert old in BASE
    text = BASE.replace("EXTRA = 0", "").replace(old, new, 1)
    with pytest.raises(ProgrammeError) as error:
        reader.parse(text.encode(), "mini.toml")
    assert message in str(error.value)
    assert str(error.value).startswith(f"mini.toml:{line}: "), str(error.value)


def test_bytes_that_are_no_text():
    with pytest.raises(ProgrammeError, match="not UTF-8"):
        reader.parse(b"\xff", "x.toml")
    with pytest.raises(ProgrammeError, match="is larger"):
        reader.parse(b"#" * (reader.BYTES_MAX + 1), "x.toml")


# ---- installing ------------------------------------------------------------------------------------------------------


def test_a_further_contract_is_a_record_of_its_own():
    road = reader.load("road")
    given = {"project": "km-12", "contract": "c2", "work": "CPV:45", "quantity": "1", "price": "2"}
    unit, contract = install.records(road, given, only=("contract",))
    assert unit["type"] == "unit"
    assert contract["colour"] == "kz/road/2026/km-12/c2"
    assert "unit" not in contract
    assert contract["rules"] == {"lines": [{"item": "CPV:45", "quantity": "1", "price": "2"}]}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "{project} must be given"),
        ({"project": "A B"}, "not of the form"),
        ({"nothing": "1"}, "no such parameter"),
        ({"warranty": "soon"}, "no whole number"),
        ({"advance": "130%"}, "no share"),
        ({"first": "2026-02-30"}, "2026-02-30"),
    ],
)
def test_values_that_do_not_fit(given, message):
    with pytest.raises(ProgrammeError) as error:
        install.records(reader.load("road"), given)
    assert message in str(error.value)


# ---- commands --------------------------------------------------------------------------------------------------------


def test_commands(tmp_path, capsys):
    assert cli.run(["programme", "list"]) == 0
    assert "cattle" in capsys.readouterr().out
    assert cli.run(["programme", "list", "--json"]) == 0
    assert {one["name"] for one in json.loads(capsys.readouterr().out)} == set(reader.names())
    assert cli.run(["programme", "show", "cattle", "--language", "kk"]) == 0
    assert "Мал сау" in capsys.readouterr().out
    assert cli.run(["programme", "show", "cattle", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "cattle"
    assert cli.run(["programme", "check", "road"]) == 0
    assert "quality_conclusion" in capsys.readouterr().out
    file = tmp_path / "mini.toml"
    file.write_text(BASE.replace("EXTRA = 0", 'payees = { classes = ["builder"] }'), encoding="utf-8")
    assert cli.run(["programme", "check", str(file), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["errors"] >= 1
    assert told["findings"][0]["line"]
    assert cli.run(["programme", "check", str(file)]) == 1
    assert f"{file}:" in capsys.readouterr().out
    assert cli.run(["programme", "check", "nothing"]) == 3
    assert cli.run(["programme", "check", str(tmp_path / "none.toml")]) == 3
    assert cli.run(["programme", "records", "road"]) == 3
    assert cli.run(["programme", "records", "road", "--set", "project"]) == 2


def test_what_records_prints_can_be_submitted(tmp_path, capsys):
    for name in reader.names():
        wanted = [
            f"--set={one.name}={','.join(one.example) if isinstance(one.example, list) else one.example}"
            for one in reader.load(name).parameters.values()
            if one.default is None
        ]
        assert cli.run(["programme", "records", name, *wanted]) == 0
        file = tmp_path / f"{name}.ndjson"
        file.write_text(capsys.readouterr().out, encoding="utf-8")
        assert cli.run(["check", str(file)]) == 0
        capsys.readouterr()


# ---- documentation ---------------------------------------------------------------------------------------------------


def test_the_page_about_programmes_is_complete():
    page = (Path(__file__).parents[2] / "docs" / "programmes.md").read_text(encoding="utf-8")
    for word in (*MESSAGES, *values.KINDS, *reader.names()):
        assert f"`{word}`" in page, word
    for name in reader.names():
        report = checks.check(reader.load(name))
        days = sorted({way.days for way in (report.ways[0], report.ways[-1])})
        told = " to ".join(map(str, days))
        assert f"| `{name}` | {report.colours} | {len(report.ways)} | {told} |" in page
        assert f"### {name}\n" in page
