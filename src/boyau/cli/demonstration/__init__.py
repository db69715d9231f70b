"""The demonstration year: published figures, a simulated year of contracts with abuse in it, and the pilots at work."""
