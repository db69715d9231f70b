"""What can go wrong when money is traced."""


class TraceError(ValueError):
    """The journal's rows cannot be traced, or the question names something that is not in them."""


def require(holds: object, otherwise: str) -> None:
    """Raise :class:`TraceError` saying *otherwise* unless *holds*. Unlike ``assert`` it is never switched off."""
    if not holds:
        raise TraceError(otherwise)
