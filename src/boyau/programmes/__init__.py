"""Programmes: ready-made coloured money as data, one TOML file each, and the proofs that a file holds together.

``reader`` reads a file, ``install`` makes records of it, ``checks`` proves it. The format is docs/programmes.md.
"""
