"""What this installation is made of: a bill of materials (CycloneDX 1.5), for whoever watches for known faults."""

import datetime as dt
import platform
import re
from importlib.metadata import Distribution, distributions
from typing import Any

LICENCE_CHARS_MAX = 100
"""Some packages put the whole text there; that is no name of a licence."""
_NAME = re.compile(r"[-_.]+")


def bill(at: dt.datetime) -> dict[str, Any]:
    """Return everything that is installed beside Boyau, each with its version and licence."""
    found = {_name(one): one for one in distributions() if one.metadata["Name"]}
    own = found.pop("boyau", None)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "name": "boyau", "version": own.version if own else "unknown"},
            "properties": [{"name": "python", "value": platform.python_version()}],
        },
        "components": [_component(name, found[name]) for name in sorted(found)],
    }


def _component(name: str, one: Distribution) -> dict[str, Any]:
    place = f"pkg:pypi/{name}@{one.version}"
    out: dict[str, Any] = {"type": "library", "name": name, "version": one.version, "purl": place, "bom-ref": place}
    stated = [one.metadata[field] for field in ("License-Expression", "License") if field in one.metadata]
    licence = next((text for text in stated if text and "\n" not in text and len(text) <= LICENCE_CHARS_MAX), "")
    if licence:
        out["licenses"] = [{"license": {"name": licence}}]
    return out


def _name(one: Distribution) -> str:
    """Return the name as PEP 503 has it."""
    return _NAME.sub("-", one.metadata["Name"]).lower()
