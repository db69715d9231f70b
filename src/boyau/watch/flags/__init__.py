"""The flags, one module each: rNNN are the Open Contracting Partnership's, kz_… Kazakhstan's.

A module holds one ``FLAG``: what it asks, how it computes it, what it needs and rests on, and when it is known to be
wrong.
"""
