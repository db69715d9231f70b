"""No bytes from outside crash a reader or make it take memory without bound: a fuzzer's 150,000 tries in every run."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, kept, seeds, try_one

RUNS = {"record": 6_000, "row": 4_000}
RUNS_OTHERWISE = 20_000


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_once_found_and_what_is_good_are_read_without_a_fault(target):
    for data in seeds(target):
        try_one(target, data)
    for data in kept(target):
        try_one(target, data)


@pytest.mark.parametrize("target", TARGETS)
def test_a_fuzzer_finds_nothing(target):
    if importlib.util.find_spec("atheris") is None:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail("atheris is not installed")
        pytest.skip("atheris is not installed; it has no package for this Python")
    runs = int(os.environ.get("BOYAU_FUZZ_RUNS", RUNS.get(target, RUNS_OTHERWISE)))
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", target, "--runs", str(runs)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    tried = int(re.search(r"number_of_executed_units: (\d+)", done.stderr).group(1))
    assert tried >= runs, done.stderr[-500:]
