"""Prints the table of faults at the end of a run of this folder; a run of all tests leaves it in out/faults.txt."""

import time

from tests.faults import report

_BEGUN = time.time()


def pytest_terminal_summary(terminalreporter):
    if report.TABLE.exists() and report.TABLE.stat().st_mtime >= _BEGUN:
        terminalreporter.section("faults")
        for line in report.current():
            terminalreporter.write_line(line)
