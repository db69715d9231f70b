"""The reference model of evidence and approvals: docs/ledger.md, "Evidence", said a second time in dicts and days.

It knows no cryptography. Whoever signs tells it so (`seal`), and a signature is genuine where somebody who has that key
made it over exactly these bytes. Where the engine stops at the first fault of a record, the model lists all of them.
"""

import hashlib
import json
import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

DAY, EVER = 86_400_000_000, 1 << 80
SIGNATURE = re.compile("[0-9a-f]{128}")


class Refused(Exception):  # noqa: N818 - as in the engine
    """A record that is not taken; the arguments are the codes, any of which may be given as the reason."""


def days(text: str | None, otherwise: int) -> int:
    """Return the days since 1970 of an ISO date."""
    return otherwise if text is None else date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def moment(text: Any) -> int | None:
    """Return the microseconds since 1970 of a moment, None where it is none."""
    try:
        return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    except (TypeError, ValueError):
        return None


def canonical(record: dict[str, Any]) -> bytes:
    """Return the bytes that digests and signatures are over."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def record_digest(record: dict[str, Any]) -> str:
    """Return what a proposal and approvals of this record name."""
    return hashlib.sha256(b"boyau record 1\n" + canonical(record)).hexdigest()


def signed_text(record: dict[str, Any]) -> bytes:
    """Return what is signed of a record."""
    return b"boyau signed record 1\n" + canonical({name: one for name, one in record.items() if name != "signature"})


class Evidence:
    """Who may vouch for what, who did, and who was asked to."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.keys: dict[str, dict[str, Any]] = {}
        self.named: set[str] = set()  # conditions that any key ever named
        self.seals: set[tuple[str, bytes, str]] = set()  # key, text, signature
        self.words: dict[tuple[str, str, str], int] = {}  # issuer, what it is, of what: moment of the last signed one
        self.proposals: dict[str, str] = {}  # digest: maker
        self.approvals: dict[tuple[str, str], int] = {}  # digest and checker: last day
        self.attested: set[tuple[str, str, str]] = set()
        self.requests: dict[str, dict[str, Any]] = {}

    # -- keys and signatures -------------------------------------------------------------------------------------------

    def seal(self, key: str, record: dict[str, Any]) -> None:
        """Remember that the owner of a key signed this record."""
        self.seals.add((key, signed_text(record), record["signature"]))

    def take_key(self, record: dict[str, Any]) -> None:
        """A key, or its new scope and days; without `from` its first day stays as it was."""
        key, who, codes, today = record["key"], record["participant"], set(), self.model.today
        known = self.keys.get(key, {"participant": who, "first": today})
        first = days(record.get("from"), known["first"])
        if who not in self.model.participants:
            codes.add("participant_unknown")
        if known["participant"] != who:
            codes.add("key_taken")
        if "colour" in record and record["colour"] not in self.model.colours:
            codes.add("colour_unknown")
        if first < today and (key not in self.keys or first != known["first"]):
            codes.add("acts_backwards")
        if codes:
            raise Refused(*codes)
        scope = frozenset(record["conditions"]) if "conditions" in record else None
        self.named |= scope or set()
        until = days(record.get("until"), EVER)
        colour = record.get("colour", "")
        self.keys[key] = {"participant": who, "scope": scope, "colour": colour, "first": first, "until": until}

    def keys_of(self, who: str) -> dict[str, dict[str, Any]]:
        """Return the keys that a participant ever had: whoever had one signs."""
        return {key: facts for key, facts in self.keys.items() if facts["participant"] == who}

    def signs(self, who: str, condition: str = "") -> bool:
        """Return whether a word of theirs, or about this condition, counts only when signed."""
        return bool(self.keys_of(who)) or condition in self.named

    def faults(
        self, record: dict[str, Any], thing: str = "", condition: str = "", path: Collection[str] = ()
    ) -> set[str]:
        """Return what is wrong with a record's signature or with there being none.

        *thing* is what the word is on, *path* the colours that it is of, where that matters.
        """
        by = record.get("by", "")
        if not self.signs(by, condition):
            return {"issuer_unknown"} if "signature" in record else set()
        if not SIGNATURE.fullmatch(record.get("signature", "")):
            return {"signature_missing"}
        at, own = moment(record.get("at")), self.keys_of(by)
        made = [facts for key, facts in own.items() if (key, signed_text(record), record["signature"]) in self.seals]
        codes = {code for code, holds in (("issuer_unknown", not own), ("signature_invalid", not made)) if holds}
        if at is None:
            return codes | {"field_value"}
        if at > self.model.at:
            codes.add("date_future")
        for facts in made:
            if not all(facts["first"] <= day <= facts["until"] for day in (at // DAY, self.model.today)):
                codes.add("key_expired")
            scope, colour = facts["scope"], facts["colour"]
            if condition and ((scope is not None and condition not in scope) or (colour and colour not in path)):
                codes.add("issuer_scope")
        if thing and at <= self.words.get((by, condition or record["type"], thing), -1):
            codes.add("attestation_old")
        return codes

    def spoken(self, record: dict[str, Any], thing: str, condition: str = "") -> None:
        """Remember a signed word, so that no older one can follow."""
        if self.signs(record.get("by", ""), condition):
            self.words[record["by"], condition or record["type"], thing] = moment(record["at"]) or 0

    # -- words ---------------------------------------------------------------------------------------------------------

    def take_proposal(self, record: dict[str, Any]) -> None:
        """Who made a command."""
        codes = self.faults(record)
        if record["command"] in self.proposals:
            codes.add("proposal_made")
        if codes:
            raise Refused(*codes)
        self.proposals[record["command"]] = record["by"]

    def take_approval(self, record: dict[str, Any]) -> None:
        """Who has checked a command, or takes that back."""
        digest, by = record["command"], record["by"]
        codes = self.faults(record, digest)
        if digest not in self.proposals:
            codes.add("proposal_unknown")
        if self.proposals.get(digest) == by:
            codes.add("checker_is_maker")
        if codes:
            raise Refused(*codes)
        self.spoken(record, digest)
        if record.get("withdrawn"):
            self.approvals.pop((digest, by), None)
        else:
            self.approvals[digest, by] = days(record.get("until"), self.model.today)

    def checkers(self, digest: str, classes: frozenset[str], excluded: set[str]) -> int:
        """Return how many participants of these classes have approved and may."""
        return sum(
            bool(self.model.participants[who][0] & classes) and who not in excluded | {self.proposals[digest]}
            for (approved, who), until in self.approvals.items()
            if approved == digest and until >= self.model.today
        )

    def take_attestation(self, record: dict[str, Any]) -> None:
        """A condition attested for a colour or a subject, or taken back."""
        condition, about = record["condition"], "colour" if "colour" in record else "subject"
        name = record[about]
        if name not in (self.model.colours if about == "colour" else self.model.subjects):
            raise Refused(f"{about}_unknown")
        home = name if about == "colour" else self.model.subject_facts[name][0]
        codes = self.faults(record, f"{about} {name}", condition, self.model.colours.get(home, ()))
        if codes:
            raise Refused(*codes)
        self.spoken(record, f"{about} {name}", condition)
        self.model.meet(condition)
        withdrawn = record.get("withdrawn", False)
        (self.attested.discard if withdrawn else self.attested.add)((condition, about, name))
        for request in self.requests.values():
            if request["condition"] == condition and request[about] == name:
                self.answer(request, about, withdrawn=withdrawn)

    # -- requests ------------------------------------------------------------------------------------------------------

    @staticmethod
    def answer(request: dict[str, Any], about: str, *, withdrawn: bool) -> None:
        """Let an attestation answer a request, or its withdrawal open it again; the clock never stood still."""
        if not withdrawn:
            request["answers"].add(about)
            request["state"] = "answered"
        elif request["state"] == "answered":
            request["answers"].discard(about)
            if not request["answers"]:
                request["state"] = "open"

    def take_request(self, record: dict[str, Any]) -> None:
        """A request for evidence: somebody must answer it, within so many days, and others after them."""
        colour, condition, codes = record["colour"], record["condition"], set()
        if colour not in self.model.colours:
            raise Refused("colour_unknown")
        if condition not in self.model.asked(colour):
            codes.add("condition_unasked")
        if record.get("subject") and record["subject"] not in self.model.subjects:
            codes.add("subject_unknown")
        if record["request"] in self.requests:
            codes.add("request_made")
        steps = [(one.get("owner"), one.get("days")) for one in (record, *record.get("escalation", ()))]
        if any(owner not in self.model.participants for owner, _ in steps):
            codes.add("owner_missing")
        if any(within not in range(1, 367) for _, within in steps):
            codes.add("deadline_missing")
        codes |= self.faults(record)
        if "signature" in record and "by" not in record:
            codes.add("field_missing")
        if codes:
            raise Refused(*codes)
        about = {"condition": condition, "colour": colour, "subject": record.get("subject", "")}
        stands = {"holder": 0, "since": self.model.today, "state": "open", "answers": set()}
        self.requests[record["request"]] = {**about, "steps": steps, **stands}

    def standing(self, request: dict[str, Any]) -> tuple[int, int]:
        """Return the number of who must answer today, and the last day for it; deadlines add up."""
        steps, holder = request["steps"], request["holder"]
        deadline = request["since"] + steps[holder][1]
        while request["state"] == "open" and deadline < self.model.today and holder + 1 < len(steps):
            holder += 1
            deadline += steps[holder][1]
        return holder, deadline

    def owner(self, request: dict[str, Any]) -> str:
        """Return who must answer today."""
        return str(request["steps"][self.standing(request)[0]][0])

    def take_denial(self, record: dict[str, Any]) -> None:
        """The owner of the day says no."""
        if record["request"] not in self.requests:
            raise Refused("request_unknown")
        request, codes = self.requests[record["request"]], self.faults(record, record["request"])
        if request["state"] != "open":
            codes.add("request_closed")
        elif record["by"] != self.owner(request):
            codes.add("not_owner")
        if codes:
            raise Refused(*codes)
        self.spoken(record, record["request"])
        request.update(holder=self.standing(request)[0], since=self.model.today, state="denied")

    def take_appeal(self, record: dict[str, Any]) -> None:
        """What was denied or is overdue passes to the next owner, from today; time alone passed on what is overdue."""
        if record["request"] not in self.requests:
            raise Refused("request_unknown")
        request, codes = self.requests[record["request"]], self.faults(record, record["request"])
        holder, deadline = self.standing(request)
        overdue = request["state"] == "open" and self.model.today > deadline
        if request["state"] != "denied" and not overdue:
            codes.add("appeal_early")
        elif holder + 1 == len(request["steps"]):
            codes.add("appeal_exhausted")
        if codes:
            raise Refused(*codes)
        self.spoken(record, record["request"])
        request.update(holder=holder + 1, since=self.model.today, state="open")
