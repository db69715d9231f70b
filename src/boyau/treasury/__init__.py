"""The budget tree and the stages of budget money, and published budgets turned into them."""

from boyau.treasury.stages import Budget, close_year, common_ancestor

__all__ = ["Budget", "close_year", "common_ancestor"]
