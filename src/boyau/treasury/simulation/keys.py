"""Who signs in the simulated year, and with which key.

The keys follow from the seed: whoever knows it can sign as anybody. They are for demonstration only; a real key is made
by `boyau key` on its owner's machine and never leaves it.
"""

import hashlib
from typing import Any

from boyau.ledger.evidence import message
from boyau.treasury.simulation.world import ROOT, World

Record = dict[str, Any]
SIGNED = frozenset({"attestation", "request", "proposal", "approval"})
"""Records that whoever has a key signs (docs/ledger.md, "Evidence")."""
MAKER = "treasury"
"""Who proposes what needs approvals."""


class Keys:
    """One private key of every participant who signs, made from the seed when it is first asked for."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._keys: dict[str, Any] = {}

    def _key(self, who: str) -> Any:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if who not in self._keys:
            private = hashlib.sha256(f"boyau simulation key 1\n{self._seed}\n{who}".encode()).digest()
            self._keys[who] = Ed25519PrivateKey.from_private_bytes(private)
        return self._keys[who]

    def record(self, who: str, *conditions: str, colour: str) -> Record:
        """Return the record that registers a participant's key: what it may attest, below which colour."""
        public = self._key(who).public_key().public_bytes_raw().hex()
        return {"type": "key", "participant": who, "key": public, "conditions": list(conditions), "colour": colour}

    def records(self, world: World) -> list[Record]:
        """Return the keys of all who sign: customers, contractors, controllers, and the maker of proposals."""
        return [
            *(
                self.record(who, "acceptance_act", "bank_guarantee", "payroll", colour=world.administrator_path(k))
                for k, who in enumerate(world.ids["administrator"])
            ),
            *(self.record(who, "acceptance_act", colour=ROOT) for who in world.ids["contractor"]),
            *(self.record(who, colour=ROOT) for who in (*world.ids["controller"], MAKER)),
        ]

    def sign(self, record: Record, at: str) -> Record:
        """Return *record* as its issuer signs it at the moment *at*; what nobody signs stays as it is."""
        if record["type"] not in SIGNED:
            return record
        signed = record | {"at": at}
        return signed | {"signature": self._key(record["by"]).sign(message(signed)).hex()}
