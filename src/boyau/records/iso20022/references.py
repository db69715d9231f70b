"""Names of payments: an operation's id from what a message calls it, and back.

The ledger's ids have 16 bytes, a message's references up to 35 characters. What fits is taken as it stands; a longer
one becomes a UUID computed from it (RFC 9562, version 5). So the same reference is always the same id, whatever message
it comes in, and a payment sent again is found again.
"""

import re
import uuid

from boyau import codec

SPACE = uuid.UUID("6f1f8a1e-9a5c-5d3b-8c6e-1b3c5a7e9d20")
"""Namespace of ids computed from references; part of the format, never to be changed."""
NOT_PROVIDED = "NOTPROVIDED"
"""What a message says by convention where it has no end-to-end reference."""
_HEX = re.compile(r"[0-9a-f]{32}")
_UETR = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}")


def operation_id(reference: str) -> str:
    """Return the id of the operation that *reference* names."""
    text = str(uuid.UUID(reference)) if _HEX.fullmatch(reference) else reference
    try:
        return codec.id_text(codec.id_bytes(text))
    except codec.CodecError:
        return str(uuid.uuid5(SPACE, reference))


def reference(identity: str) -> str:
    """Return an id as a reference of at most 35 characters: a UUID without its dashes."""
    return identity.replace("-", "") if len(identity) == 36 else identity


def uetr(identity: str) -> str:
    """Return an id as a UETR, "" where it is none (a UETR is a UUID of version 4)."""
    return identity if _UETR.fullmatch(identity) else ""
