"""A seeded year of a country's contracts, of any size, with abuse planted in it whose answers are known."""

from boyau.treasury.simulation.run import Outcome, simulate
from boyau.treasury.simulation.writer import SimulationError

__all__ = ["Outcome", "SimulationError", "simulate"]
