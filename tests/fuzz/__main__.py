"""Fuzz one target: ``python -m tests.fuzz TARGET --runs N``. What is found lies in out/fuzz/TARGET."""

import argparse
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["boyau"]):
    from tests.fuzz.targets import TARGETS, kept, seeds, try_one

OUT = Path(__file__).resolve().parents[2] / "out" / "fuzz"


def main() -> None:
    """Run libFuzzer; it ends the process, with another code than 0 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    corpus = OUT / given.target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate([*seeds(given.target), *kept(given.target)]):
        (corpus / f"seed-{number}").write_bytes(data)
    options = [
        f"-runs={given.runs}", f"-seed={given.seed}", "-rss_limit_mb=2048", "-timeout=10", "-max_len=8192",
        f"-artifact_prefix={corpus}/found-", "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: try_one(given.target, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
