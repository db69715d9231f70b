"""Random keys, signed words and requests for evidence: what the clerks of a random world hand in, rightly or not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.model_evidence import DAY, signed_text

SIGNED = {"proposal", "approval", "request", "denial", "appeal", "attestation"}
KEYS_MOST = 6
REQUESTS_MOST = 40
"""Of one world; the model walks all of them for every attestation."""


def iso(day: int) -> str:
    """Return the ISO date of a day since 1970."""
    return instant(day * DAY)[:10]


def instant(at: int) -> str:
    """Return the text of a moment."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if moment.microsecond else "%Y-%m-%dT%H:%M:%SZ")


class Clerk:
    """Keeps the private keys of a world and what was signed with them, and knows what may be asked and answered."""

    def __init__(self, world: Any) -> None:
        self.world, self.rng, self.model, self.evidence = world, world.rng, world.model, world.model.evidence
        self.private: dict[str, Ed25519PrivateKey] = {}
        self.kept: list[dict[str, Any]] = []  # signed before
        self.signing = world.chance(0.4)

    def act(self) -> None:
        """Hand in a record or two."""
        acts = [self.key] * self.signing + [self.again] * bool(self.kept) + [self.ask, self.world.attest]
        acts += [self.answer, self.deny, self.appeal] * bool(self.evidence.requests)
        for _ in range(self.rng.randint(1, 3)):
            self.rng.choice(acts)()

    def someone(self) -> str:
        """Return a participant."""
        return str(self.rng.choice(sorted(self.model.participants)))

    # -- keys ----------------------------------------------------------------------------------------------------------

    def key(self) -> None:
        """Give a key, or another scope or other days to one, or try to take somebody else's."""
        world, rng, known = self.world, self.rng, sorted(self.evidence.keys)
        if known and (len(known) >= KEYS_MOST or world.chance(0.6)):
            key = rng.choice(known)
            who = self.someone() if world.chance(0.1) else self.evidence.keys[key]["participant"]
        else:
            private = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
            key, who = private.public_key().public_bytes_raw().hex(), self.someone()
            self.private[key] = private
        kept: dict[str, Any] = {}
        if world.chance(0.7):
            kept["conditions"] = rng.sample(world.conditions, rng.randint(1, 2))
        if world.chance(0.3):
            kept["colour"] = rng.choice([*self.model.colours, *self.model.colours, "not/yet"])
        if world.chance(0.2):
            kept["from"] = iso(world.today + rng.choice((-1, 0, 0, 1, 2)))
        if world.chance(0.25):
            kept["until"] = iso(world.today + rng.choice((-1, 0, 1, 3, 30)))
        world.give(type="key", participant="nobody" if world.chance(0.02) else who, key=key, **kept)

    def issuer(self, condition: str) -> str:
        """Return who attests this: where it wants a key mostly somebody whose key has it."""
        fit = [
            facts["participant"]
            for facts in self.evidence.keys.values()
            if facts["scope"] is None or condition in facts["scope"]
        ]
        return str(self.rng.choice(fit)) if fit and self.world.chance(0.8) else self.someone()

    def signed(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record as its author hands it in: signed where it must be, most of the time as it must be."""
        if record["type"] not in SIGNED or "signature" in record or "by" not in record:
            return record
        if not self.evidence.signs(record["by"], record.get("condition", "") * (record["type"] == "attestation")):
            return self.sealed(record, sorted(self.private)) if self.private and self.world.chance(0.01) else record
        if self.world.chance(0.04):
            return record
        own = sorted(self.evidence.keys_of(record["by"]))
        return self.spoiled(self.sealed(record, own if own and self.world.chance(0.97) else sorted(self.private)))

    def sealed(self, record: dict[str, Any], keys: list[str]) -> dict[str, Any]:
        """Return a record signed with one of *keys*, mostly as of now."""
        ages = (0, 0, 0, 0, 0, 1, 1_000_000, DAY // 4, DAY, 3 * DAY, -1, -DAY)
        at = self.world.at - (self.rng.choice(ages) if self.world.chance(0.5) else 0)
        if self.evidence.words and self.world.chance(0.1):  # at the moment of an earlier word, or just after it
            at = self.rng.choice(list(self.evidence.words.values())[-9:]) + self.rng.choice((0, 0, 1))
        key, record = self.rng.choice(keys), {**record, "at": instant(at)}
        record["signature"] = self.private[key].sign(signed_text(record)).hex()
        self.evidence.seal(key, record)
        self.kept.append(record)
        return record

    def spoiled(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a signed record, now and then with something changed after it was signed."""
        if not self.world.chance(0.05):
            return record
        other = {"at": instant(self.world.at - 1)}, {"at": "yesterday"}, {"signature": "f" * 128}, {"signature": "F"}
        return {**record, **self.rng.choice((*other, {"by": self.someone()}))}

    def again(self) -> None:
        """Hand in once more what was signed and handed in before."""
        self.world.give(**self.rng.choice(self.kept[-30:]))

    # -- requests ------------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask somebody for evidence, mostly for what a rule names."""
        world, rng, model = self.world, self.rng, self.model
        name = f"R-{len(self.evidence.requests)}"
        if self.evidence.requests and (len(self.evidence.requests) >= REQUESTS_MOST or world.chance(0.05)):
            name = rng.choice(list(self.evidence.requests))
        named = [(colour, one) for colour in model.colours for one in sorted(model.asked(colour))]
        colour, condition = rng.choice(list(model.colours)), rng.choice(world.conditions)
        if named and world.chance(0.95):
            colour, condition = rng.choice(named)
        kept: dict[str, Any] = {"by": self.someone()} if world.chance(0.7) else {}
        if model.subjects and world.chance(0.6):
            kept["subject"] = rng.choice(model.subjects) if world.chance(0.97) else "no act"
        further = [self.step() for _ in range(rng.choice((0, 1, 1, 2, 3)))]
        if further or world.chance(0.5):
            kept["escalation"] = further
        world.give(type="request", request=name, condition=condition, colour=colour, **self.step(), **kept)

    def step(self) -> dict[str, Any]:
        """Return who must answer, and within how many days; seldom nobody, or no days."""
        step = {"owner": self.someone(), "days": self.rng.choice((1, 1, 2, 3, 30, 366))}
        if self.world.chance(0.05):
            step |= self.rng.choice(({"owner": "nobody"}, {"days": 0}, {"days": 367}, {"days": "3"}, {"owner": None}))
        return step

    def named(self, wanted: Callable[[dict[str, Any]], bool] = bool) -> tuple[str, dict[str, Any]]:
        """Return a request, mostly one as it is wanted."""
        requests = list(self.evidence.requests.items())
        fit = [(name, request) for name, request in requests if wanted(request)]
        return self.rng.choice(fit if fit and self.world.chance(0.85) else requests)

    def answer(self) -> None:
        """Attest what was asked for, of its subject or its colour, or take that back."""
        _, request = self.named()
        about = "subject" if request["subject"] and self.world.chance(0.6) else "colour"
        kept: dict[str, Any] = {about: request[about], "by": self.issuer(request["condition"])}
        if self.world.chance(0.6 if request["state"] == "answered" else 0.05):
            kept["withdrawn"] = True
        self.world.give(type="attestation", condition=request["condition"], **kept)

    def deny(self) -> None:
        """Say no, mostly as whoever must answer today."""
        name, request = self.named(lambda request: request["state"] == "open")
        by = self.evidence.owner(request) if self.world.chance(0.85) else self.someone()
        name = "never made" if self.world.chance(0.02) else name
        self.world.give(type="denial", request=name, by=by, reason="Үлгілер жол шетінен алынған.")

    def appeal(self) -> None:
        """Appeal, mostly against what was denied or is late."""
        late = self.world.chance(0.2)
        name, _ = self.named(
            lambda request: (
                self.evidence.standing(request)[1] < self.model.today
                if late
                else request["state"] == "denied" and request["holder"] + 1 < len(request["steps"])
            )
        )
        name = "never made" if self.world.chance(0.02) else name
        self.world.give(type="appeal", request=name, by=self.someone(), reason="Не согласны.")
