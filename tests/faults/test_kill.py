"""Death of the process at any moment: no acknowledged batch is lost, and the state is that of the replay."""

import json
import os
import subprocess
import sys

import pytest

from tests.faults import report

SEED = int(os.environ.get("BOYAU_SEED", "1"))
CYCLES = int(os.environ.get("BOYAU_KILL_CYCLES", "500"))
PART = max(50, CYCLES // 200)
ENTRIES = int(os.environ.get("BOYAU_REOPEN_ENTRIES", "1000000"))


def run(module, *words):
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{module}", *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("first", range(0, CYCLES, PART))
def test_killed_at_any_moment_nothing_acknowledged_is_lost(first):
    part = min(PART, CYCLES - first)
    found, words = run("kill", f"{SEED}{first:06}", part)
    report.add(
        "kill -9",
        tried=found["cycles"],
        lost=len(found["wrong"]),
        seconds=found["seconds"],
        remarks=f"about {found['acknowledged'] / found['cycles']:.0f} acknowledgements each",
    )
    assert not found["wrong"], found["wrong"]
    assert found["cycles"] == part, words
    assert found["acknowledged"] > part


def test_a_writer_that_answers_too_early_is_caught():
    found, _ = run("kill", SEED, 25, "early")
    report.add("kill -9, mutant: answers too early", tried=found["cycles"], caught=len(found["wrong"]),
               seconds=found["seconds"], remarks="losses are wanted here")  # fmt: skip
    assert "was acknowledged, and is not there" in found["wrong"][0]


def test_opening_a_large_ledger_is_measured():
    found, _ = run("reopen", ENTRIES)
    report.add(
        f"opening {found['entries']:,} entries",
        tried=2,
        seconds=found["killed"] + found["closed"],
        remarks=f"{found['killed']:.2f} s after a kill (replay), {found['closed']:.2f} s after closing (snapshot)",
    )
    assert found["entries"] >= ENTRIES
