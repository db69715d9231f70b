"""A private PostgreSQL 15 in a temporary directory: default durability, sized like a server meant to be fast."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BINARIES = Path(os.environ.get("BENCH_PG_BIN", "/usr/lib/postgresql/15/bin"))
INSTALL = ["apt-get", "install", "-y", "postgresql-15"]
START_SECONDS_MAX = 60

SETTINGS = {
    # Durability is PostgreSQL's own default, written out so that nobody has to look it up.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Sized so that no checkpoint and no small buffer slows the peer down while it is measured.
    "shared_buffers": "1GB",
    "wal_buffers": "64MB",
    "max_wal_size": "8GB",
    "min_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "work_mem": "64MB",
    "temp_buffers": "64MB",
    "max_connections": "50",
    "jit": "off",  # compiling the plan costs more than it saves in statements of milliseconds
    "listen_addresses": "",
}


class PeerMissing(RuntimeError):  # noqa: N818 - the bench goes on without this peer
    """PostgreSQL cannot be run here; the message says what to do."""


@dataclass(frozen=True)
class Cluster:
    """A running server: *directory* holds its socket and its files."""

    directory: Path

    @property
    def conninfo(self) -> str:
        return f"host={self.directory} dbname=postgres user=bench"

    def pgbench(self, *arguments: str) -> str:
        """Run pgbench to its end and return what it printed."""
        command = [str(BINARIES / "pgbench"), "-h", str(self.directory), "-U", "bench", *arguments, "postgres"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pgbench failed: {done.stderr.strip()[-600:]}")
        return done.stdout


def ensure_installed() -> None:
    """Raise PeerMissing without the servers' programs; with BENCH_INSTALL=1 and as root, install them first."""
    if (BINARIES / "initdb").exists():
        return
    command = " ".join(INSTALL)
    if os.environ.get("BENCH_INSTALL") == "1" and os.geteuid() == 0:
        print(f"PostgreSQL 15 is missing, installing it: {command}", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(INSTALL, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0 and (BINARIES / "initdb").exists():
            return
        raise PeerMissing(f"`{command}` failed: {done.stderr.strip()[-400:]}\nTry `apt-get update` first.")
    raise PeerMissing(
        f"PostgreSQL 15 is not in {BINARIES}. Install it as root with\n    {command}\n"
        "or point BENCH_PG_BIN at the folder that has initdb, pg_ctl and pgbench."
    )


def _server_user() -> str | None:
    """Name the user to run the server as; None for ourselves. A PostgreSQL server refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise PeerMissing("PostgreSQL does not run as root and there is neither a user `postgres` nor `nobody`.")


def _as(user: str | None, *command: str | Path) -> list[str]:
    words = [str(word) for word in command]
    if user is None:
        return words
    return ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--init-groups", *words]


def _run(command: list[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise PeerMissing(f"`{' '.join(command)}` failed: {done.stderr.strip()[-600:]}")


@contextlib.contextmanager
def running(disk: Path) -> Iterator[Cluster]:
    """Start a fresh server in a new folder under *disk* and hand it out.

    At the end, Ctrl-C and SIGTERM included, it is stopped and removed.
    """
    ensure_installed()
    user = _server_user()
    directory = Path(tempfile.mkdtemp(prefix="boyau-bench-pg-", dir=disk))
    data, log = directory / "data", directory / "log"

    def leave(*_: object) -> None:
        raise SystemExit(143)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        if user is not None:
            shutil.chown(directory, user)
        _run(
            _as(user, BINARIES / "initdb", "-D", data, "-U", "bench", "-A", "trust", "--no-sync", "--no-locale",
                "-E", "UTF8", "--wal-segsize=64"),
            directory,
        )  # fmt: skip
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
        options += f" -c unix_socket_directories='{directory}'"
        start = ["start", "-D", data, "-l", log, "-w", "-t", str(START_SECONDS_MAX), "-o", options]
        _run(_as(user, BINARIES / "pg_ctl", *start), directory)
        yield Cluster(directory)
    finally:
        # A second Ctrl-C must not leave a server behind.
        ours = signal.signal(signal.SIGINT, signal.SIG_IGN)
        if (data / "postmaster.pid").exists():
            stop = _as(user, BINARIES / "pg_ctl", "stop", "-D", data, "-m", "immediate", "-w", "-t", "30")
            subprocess.run(stop, cwd="/", capture_output=True, check=False)
        shutil.rmtree(directory, ignore_errors=True)
        signal.signal(signal.SIGINT, ours)
        signal.signal(signal.SIGTERM, before)
