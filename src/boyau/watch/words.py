"""Words in texts that people wrote: a description, a reason, a condition."""

from collections.abc import Iterable


def holds(words: Iterable[str], *texts: str | None) -> list[str]:
    """Return those of *words* that stand in any of *texts*, upper and lower case unheeded, in order."""
    whole = " ".join(text for text in texts if text).casefold()
    return sorted(word for word in words if word.casefold() in whole) if whole else []
