"""Watch: what looks wrong in public procurement, and what became of it.

Procurement data of any form become one model (``model``, ``intake``); flags look at it (``flags``, one module each) and
answer *found*, *not found*, *not applicable because …* or *cannot fire because …*; a controller disposes of what was
found (``dispositions``), and what a decision prevented is computed from the ledger's own entries (``prevented``).
"""
