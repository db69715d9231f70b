"""The command line: noun and verb, answers on standard output, progress and errors on standard error.

Exit codes: 0 done · 1 something was refused, or differs · 2 the command was written wrongly · 3 the input cannot be
read · 4 the ledger is not there, is locked, or its disk is full · 5 the journal was changed · 130 interrupted.
"""

import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments == ["--version"]:  # answered without loading anything
        from boyau import __version__

        compiled = any((Path(__file__).parent.parent / "ledger").glob("kernel.*.so"))
        print(f"boyau {__version__}, kernel {'compiled' if compiled else 'NOT compiled: everything works, slower'}")
        return
    from boyau.cli.app import run

    sys.exit(run(arguments))
