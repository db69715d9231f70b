"""Same journal, same state: with other hash seeds, uncompiled, and in every other Python that is on this machine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from boyau.journal import Book
from boyau.treasury.simulation import simulate

ROOT = Path(__file__).resolve().parent.parent
TRANSFERS = 1_000
MINORS = (11, 12, 13, 14)
REPLAY = """
import sys
from boyau.journal import Book
with Book.open(sys.argv[1], write=False, pure=sys.argv[2] == "pure") as book:
    assert book.snapshot_entry == 0, "the state must come from the entries"
    compiled = book.ledger.compiled
    print(book.ledger.state_hash().hex(), book.frontier.root().hex(), "compiled" if compiled else "uncompiled")
"""


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    """A simulated year: contracts, signed evidence, requests, approvals, holds that expire, refusals, chains."""
    path = tmp_path_factory.mktemp("determinism") / "year.boyau"
    simulate(str(path), transfers=TRANSFERS, seed=20, answers=path.with_suffix(".ndjson"))
    with Book.open(str(path), write=False) as book:
        return path, book.ledger.state_hash().hex(), book.frontier.root().hex()


def replayed(python, journal, *, how="compiled", **environment):
    path, state, root = journal
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    done = subprocess.run(
        [str(python), "-c", REPLAY, str(path), how],
        capture_output=True, text=True, check=False, env=plain | {"PYTHONPATH": str(ROOT / "src")} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[:2] == [state, root]
    return done.stdout.split()[2]


@pytest.mark.parametrize("seed", ["0", "1", "4294967295"])
def test_hash_seeds_change_nothing(journal, seed):
    replayed(sys.executable, journal, PYTHONHASHSEED=seed)


def test_the_uncompiled_kernel_comes_to_the_same_state(journal):
    assert replayed(sys.executable, journal, how="pure") == "uncompiled"


def interpreter(minor):
    """Return a Python 3.*minor* that can make environments: on the path, or where pyenv keeps them; else None."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for python in (shutil.which(f"python3.{minor}"), *sorted(kept.glob(f"3.{minor}.*/bin/python"))):
        if python is None:
            continue
        tried = subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True, check=False)
        if tried.returncode == 0:  # there are names without an interpreter behind them
            return python
    return None


@pytest.mark.parametrize("minor", MINORS)
def test_another_python_comes_to_the_same_state(journal, minor, record_property):
    """Which interpreters were at hand is told; a machine may have only one, and then there is nothing to compare."""
    python = None if minor == sys.version_info.minor else interpreter(minor)
    record_property("interpreter", str(python))
    if python is None:
        print(f"Python 3.{minor} is not here, or is the one that runs the tests")
        return
    folder = ROOT / "out" / "interpreters" / f"3.{minor}"
    inside = folder / "bin" / "python"
    if not inside.exists():
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
    needed = ["numpy", "Cython", "cryptography"]
    done = subprocess.run(
        [inside, "-m", "pip", "install", "--quiet", *needed], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"Python 3.{minor} is here, but its packages cannot be installed: {done.stderr[-300:]}")
    for seed in ("0", "7"):
        how = replayed(inside, journal, PYTHONHASHSEED=seed)
        print(f"Python 3.{minor}, {how}, hash seed {seed}: the same state")
