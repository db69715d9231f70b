"""Where the shared data stand. They are read in place and never copied into the repository."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_data(*parts: str) -> Path:
    """Return a path below ``../shared/data``; skip the test loudly where it is absent, fail it where ``CI=true``."""
    path = ROOT.joinpath(*parts)
    if path.exists():
        return path
    message = f"shared data are absent: {path} (see docs and ../shared/data/README.md)"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(message)
    pytest.skip(message)
