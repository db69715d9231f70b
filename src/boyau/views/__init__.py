"""Read models over the journal: they can be thrown away at any time and are rebuilt from the entries alone."""

from boyau.views.views import Views

__all__ = ["Views"]
