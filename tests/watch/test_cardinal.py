"""The answers are Cardinal's: on its own fixtures, and on real tenders, with default settings."""

import json
import re
import tarfile

import pytest

from boyau.watch import cardinal
from boyau.watch.run import run
from boyau.watch.settings import Settings
from tests.shared_data import shared_data

OPTIONS = {
    "R003-threshold-10": {"R003": {"threshold": 10}},
    "R003-procurement_methods-open+selective": {"R003": {"methods": ["open", "selective"]}},
    "R003-procurement_method_details-x-5-y-10": {"R003": {"details": {"x": 5, "y": 10}}},
    "R048-minimum_contracting_processes-1": {"R048": {"minimum_contracting_processes": 1}},
}
"""What Cardinal's test suite reads out of the names of its fixtures."""
SUITE = {"excluded": ["EXC"], "no_prices": ["NPC"]}
"""The settings with which Cardinal's test suite runs."""
NAMES = ["R003", *OPTIONS, *(f"R{n:03}" for n in (18, 24, 25, 28, 30, 35, 36, 38, 58)), "R038-tenderer"]


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cardinal")
    with tarfile.open(shared_data("cardinal_fixtures.tgz")) as packed:
        packed.extractall(folder, filter="data")
    return folder / "cardinal_fixtures"


def like_cardinal(path, told=None, workers=None):
    return cardinal.output(run(str(path), Settings(told, like_cardinal=True), workers=workers))


def groups(output):
    return {group: found for group, found in output.items() if group not in ("Meta", "Maps")}


def test_no_fixture_is_forgotten(fixtures):
    assert {path.stem for path in (fixtures / "indicators").glob("*.jsonl")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_fixture_gives_what_cardinal_expects(fixtures, name):
    expected = json.loads((fixtures / "indicators" / f"{name}.expected").read_text())
    told = OPTIONS.get(name, {}) | SUITE | {"flags": [re.match(r"R\d{3}", name)[0]]}
    found = groups(like_cardinal(fixtures / "indicators" / f"{name}.jsonl", told))
    assert found == expected
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True), "0.0 is written, and not 0"


def test_the_examples_of_cardinals_pages_fire(fixtures):
    """Its documentation shows one finding of every indicator; the figures are those of its pages."""
    shown = {}
    for path in sorted((fixtures / "docs_examples" / "R").glob("*.jsonl")):
        flag = f"R{path.stem}"
        told = {"flags": [flag]} | ({flag: {"minimum_contracting_processes": 1}} if flag == "R048" else {})
        shown[flag] = groups(like_cardinal(path, told))
    assert shown["R048"] == {"Tenderer": {"F": {"R048": 2.0}}}
    assert [flag for flag, found in shown.items() if not found] == []


@pytest.mark.parametrize("workers", [1, 3])
def test_real_tenders_give_what_cardinal_gives(workers):
    expected = json.loads(shared_data("prozorro_cardinal_expected.json").read_text())
    settings = json.loads(shared_data("cardinal_settings.json").read_text())
    told = {"currency": settings["currency"], "flags": [name for name in settings if name != "currency"]}
    found = like_cardinal(shared_data("prozorro_lviv_ocds.jsonl.gz"), told, workers)
    assert set(found) == set(expected)
    maps, theirs = found.pop("Maps"), expected.pop("Maps")
    assert found == expected
    assert sum(len(one) for one in found["OCID"].values()) == 1682
    for name, kept in theirs.items():
        assert maps[name] == {ocid: sorted(who) if isinstance(who, list) else who for ocid, who in kept.items()}, name
    assert set(maps) == set(theirs)


def test_the_main_currency_is_the_first_of_a_bid():
    told = {"flags": ["R036", "R058"]}
    path = shared_data("prozorro_lviv_ocds.jsonl.gz")
    assert like_cardinal(path, told) == like_cardinal(path, told | {"currency": "UAH"})
    assert "OCID" not in like_cardinal(path, told | {"currency": "KZT"})
