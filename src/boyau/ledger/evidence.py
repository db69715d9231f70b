"""Evidence: who may attest what, with which key; who was asked for it, until when, and who answers if they do not.

Whoever has a key signs with it (Ed25519, RFC 8032); a condition that somebody has a key for counts only when signed.
The contract is docs/ledger.md, "Evidence".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from boyau.ledger import codes
from boyau.ledger.approvals import canonical
from boyau.ledger.refusals import RecordRefused

_KEY = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
STEPS_MAX = 8


@dataclass(slots=True)
class Key:
    """A participant's public key: what it may attest, below which colour, on which days."""

    participant: str
    conditions: frozenset[str] | None
    colour: str
    first: int
    until: int


@dataclass(slots=True)
class Step:
    """Somebody who must answer, and within how many days."""

    owner: str
    days: int


@dataclass(slots=True)
class Request:
    """A request for evidence. ``step`` is who must answer now, since the day ``since``; further steps by time."""

    condition: str
    colour: str
    subject: str
    steps: list[Step]
    since: int
    step: int = 0
    state: str = "open"  # or answered, denied
    reason: str = ""
    entry: int = field(default=-1)
    answers: list[str] = field(default_factory=list)  # what was attested and stands: the colour, the subject, or both

    def standing(self, today: int) -> tuple[Step, int, int]:
        """Return who must answer on *today*, the last day for it, and the number of the step.

        Unanswered, a request passes to the next step the day after its deadline; the last owner keeps it, overdue.
        """
        step, deadline = self.step, self.since + self.steps[self.step].days
        while self.state == "open" and today > deadline and step + 1 < len(self.steps):
            step += 1
            deadline += self.steps[step].days
        return self.steps[step], deadline, step


def message(record: dict[str, Any]) -> bytes:
    """Return what a record's signature is over: its canonical JSON without the signature."""
    body = {name: value for name, value in record.items() if name != "signature"}
    return b"boyau signed record 1\n" + canonical(body)


def verify(key: str, record: dict[str, Any]) -> bool:
    """Tell whether the record's signature is by *key* (64 hexadecimal digits)."""
    return signed_by(key, record["signature"], message(record))


def signed_by(key: str, signature: str, data: bytes) -> bool:
    """Tell whether *signature* over *data* is by *key* (Ed25519, both in hexadecimal digits)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True


class Evidence:
    """Keys, the last word of each issuer, and requests."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.words: dict[str, int] = {}
        """Issuer, condition and thing: the moment of the last signed word, so that an old one cannot be told again."""
        self.requests: dict[str, Request] = {}
        self.signed: set[str] = set()
        """Conditions that somebody ever had a key for: from then on they count only when signed, for good."""
        self._keys_of: dict[str, list[str]] = {}
        self._about: dict[tuple[str, str], list[Request]] = {}
        """Requests by condition and thing, so that an attestation looks only at those it answers."""
        self._filed = 0
        """How many requests ``_about`` knows; the newest are filed when they are first looked for."""

    # ---- keys -------------------------------------------------------------------------------------------------------

    def register(self, key: str, facts: Key) -> None:
        """Keep a key, or its new scope and days."""
        known = self.keys.get(key)
        if known is not None and known.participant != facts.participant:
            raise RecordRefused("key_taken", "key", f"belongs to {known.participant}")
        if known is None:
            self._keys_of.setdefault(facts.participant, []).append(key)
        self.keys[key] = facts
        self.signed |= facts.conditions or set()

    def _asked_of(self, by: str, condition: str | None) -> bool:
        """Tell whether a record by *by* must be signed: they have a key, or somebody has one for the condition."""
        return by in self._keys_of or condition in self.signed

    def check(  # what signed records have in common
        self, record: dict[str, Any], by: str, today: int, now: int, condition: str | None, colours: Iterable[str]
    ) -> int:
        """Check the signature of *record*, about *colours*; return its moment (µs), −1 where no signature was asked."""
        if not self._asked_of(by, condition):
            if "signature" in record:
                raise RecordRefused("issuer_unknown", "by", f"{by or 'nobody'} has no key; record it first")
            return -1
        signature = record.get("signature")
        if not isinstance(signature, str) or not _SIGNATURE.fullmatch(signature):
            raise RecordRefused(
                "signature_missing", "signature", "128 small hexadecimal digits are asked for; see `boyau sign`"
            )
        moment = instant(record.get("at"), "at")
        if moment > now:
            raise RecordRefused("date_future", "at", "lies after the journal's time")
        key = next((k for k in self._keys_of.get(by, ()) if verify(k, record)), None)
        if key is None:
            raise RecordRefused("signature_invalid", "signature", f"is by no key of {by}")
        facts = self.keys[key]
        for day in (codes.day_of(moment), today):
            if not facts.first <= day <= facts.until:
                raise RecordRefused("key_expired", "at", f"the key of {by} does not count on {codes.day_text(day)}")
        if condition is not None:
            if facts.conditions is not None and condition not in facts.conditions:
                raise RecordRefused("issuer_scope", "condition", f"{by} may not attest {condition}")
            if facts.colour and not any(f"{path}/".startswith(f"{facts.colour}/") for path in colours):
                raise RecordRefused("issuer_scope", "by", f"{by} may attest only what is of {facts.colour}")
        return moment

    def last_word(self, by: str, condition: str, thing: str, moment: int) -> str:
        """Check that a signed word is newer than the issuer's last about this; return the name it is kept under."""
        name = f"{by} {condition} {thing}"
        if moment >= 0 and moment <= self.words.get(name, -1):
            raise RecordRefused(
                "attestation_old", "at", "a later word by the same issuer stands; an old one cannot return"
            )
        return name

    # ---- requests ---------------------------------------------------------------------------------------------------

    def ask(self, name: str, request: Request) -> None:
        """Keep a request for evidence."""
        if name in self.requests:
            raise RecordRefused("request_made", "request", "was made before; choose another name")
        self.requests[name] = request

    def of(self, name: Any) -> Request:
        """Return a request by name."""
        if not isinstance(name, str) or name not in self.requests:
            raise RecordRefused("request_unknown", "request", f"no request {name!r:.70}; record it first")
        return self.requests[name]

    def answered(self, condition: str, thing: str, *, withdrawn: bool) -> None:
        """Close the requests that an attestation answers."""
        self._file()
        for request in self._about.get((condition, thing), ()):
            if not withdrawn:
                request.answers = sorted({*request.answers, thing})
                request.state = "answered"
            elif thing in request.answers:
                request.answers.remove(thing)
                if not request.answers:
                    request.state = "open"

    def _file(self) -> None:
        """File the requests made since the last time; a snapshot fills ``requests`` and knows nothing of this."""
        new = list(islice(reversed(self.requests.values()), len(self.requests) - self._filed))
        for request in reversed(new):
            for thing in (f"subject {request.subject}", f"colour {request.colour}"):
                self._about.setdefault((request.condition, thing), []).append(request)
        self._filed = len(self.requests)

    def deny(self, request: Request, by: str, reason: str, today: int) -> None:
        """Keep a refusal to attest, which the owner of the day gives with a reason."""
        owner = request.standing(today)
        if request.state != "open":
            raise RecordRefused("request_closed", "request", f"is {request.state}")
        if by != owner[0].owner:
            raise RecordRefused("not_owner", "by", f"{owner[0].owner} must answer this today")
        request.step, request.since = owner[2], today
        request.state, request.reason = "denied", reason

    def appeal(self, request: Request, today: int) -> None:
        """Pass a request that was denied, or is overdue, to the next who must answer, from today."""
        _, deadline, step = request.standing(today)
        if request.state == "answered" or (request.state == "open" and today <= deadline):
            raise RecordRefused("appeal_early", "request", "is neither denied nor overdue")
        if step + 1 >= len(request.steps):
            raise RecordRefused("appeal_exhausted", "request", f"{request.steps[step].owner} was the last; go to court")
        request.step, request.since, request.state = step + 1, today, "open"


def instant(value: Any, field: str) -> int:
    """Read a moment ``YYYY-MM-DDTHH:MM:SS[.ffffff]Z`` as µs since 1970."""
    try:
        return codes.instant(value)
    except codes.CodeError as error:
        raise RecordRefused("field_value", field, str(error)) from None


def read_key(record: dict[str, Any]) -> str:
    """Read a public key."""
    key = record.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise RecordRefused("field_value", "key", "must be an Ed25519 public key, 64 small hexadecimal digits")
    return key


def read_steps(record: dict[str, Any], participants: dict[str, int]) -> list[Step]:
    """Read who must answer a request: ``owner`` and ``days``, then ``escalation``, a list of the same."""
    further = record.get("escalation", [])
    if not isinstance(further, list):
        raise RecordRefused("field_type", "escalation", f"must be a list, not {further!r:.60}")
    wanted = [record, *further]
    steps = []
    for k, one in enumerate(wanted):
        where = f"escalation[{k - 1}]." if k else ""
        owner, days = (one.get("owner"), one.get("days")) if isinstance(one, dict) else (None, None)
        if not isinstance(owner, str) or owner not in participants:
            raise RecordRefused(
                "owner_missing", f"{where}owner", f"{owner!r:.40} is no participant; a request names who answers"
            )
        if not isinstance(days, int) or isinstance(days, bool) or not 0 < days <= 366:
            raise RecordRefused(
                "deadline_missing", f"{where}days", "must be 1 to 366: nothing waits without a deadline"
            )
        steps.append(Step(owner, days))
    if len(steps) > STEPS_MAX:
        raise RecordRefused("too_many", "escalation", f"at most {STEPS_MAX - 1} may stand here")
    return steps
