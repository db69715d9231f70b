"""Boyau: coloured public money, followed from the budget line to the last payee."""

__version__ = "0.1.0"
