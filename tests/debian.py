"""Programs that tests need and pip cannot bring: as root on Debian they are installed, in CI they may not be absent."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest


def needed(package: str, *programs: str) -> str:
    """Return the path of the first of *programs* that is here, installing *package* if none is; else skip loudly."""
    lock = Path(tempfile.gettempdir()) / f"boyau-{package}-{os.geteuid()}.lock"
    with lock.open("w") as one_at_a_time:  # workers of one run
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not _found(programs) and os.geteuid() == 0 and shutil.which("apt-get"):
            _install(package)
    found = _found(programs)
    if found:
        return found
    told = f"{programs[0]} is not here, so what needs it is NOT TESTED; as root: apt-get install {package}"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(told)
    print(f"\n{told}", file=sys.__stderr__, flush=True)
    pytest.skip(told)


def _found(programs: tuple[str, ...]) -> str | None:
    return next((path for one in programs if (path := shutil.which(one))), None)


def _install(package: str) -> None:
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", package]
    print(f"{package} is missing, installing it: {' '.join(command)}", file=sys.__stderr__, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(command, env=environment, capture_output=True, check=False).returncode:
        subprocess.run(["apt-get", "update"], env=environment, capture_output=True, check=False)
        subprocess.run(command, env=environment, capture_output=True, check=False)
