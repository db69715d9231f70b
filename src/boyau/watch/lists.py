"""Lists that the operator keeps beside the data: registers, debarred firms, owners. One id a line, # for remarks."""

from functools import cache
from pathlib import Path


class ListError(Exception):
    """A list cannot be read; the message is a sentence for people."""


@cache
def listed(path: str) -> frozenset[str]:
    """Return the ids in *path*; what follows the first comma or tab of a line is a remark."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ListError(f"the list {path} cannot be read: {reason}") from None
    ids = (line.partition("#")[0].replace("\t", ",").partition(",")[0].strip() for line in lines)
    return frozenset(one for one in ids if one)


def bare(party: str) -> str:
    """Return the number within a party's id: ``KZ-BIN-100140005678`` and ``100140005678`` are the same organisation."""
    return party.rpartition("-")[2]
