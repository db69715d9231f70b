"""Broken machines on purpose: power loss, killed processes, failing and full disks, rotten bits, jumping clocks.

``disk`` says what a disk may do at a power cut, ``vfs`` puts a recorder (or a fault) under SQLite, ``driver`` lets the
real store run on it, ``work`` is what the store does meanwhile, ``recovery`` opens what is left with the ordinary
store and judges it. What is promised under which fault is in docs/fault-model.md.
"""
