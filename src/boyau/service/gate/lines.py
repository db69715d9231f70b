"""The gate on lines: may this caller have these operations and records decided? Each line is decided by itself.

A line that may not be is handed on as one that cannot be read, so that the chain it stands in is broken by the same
rules as any other; its answer is then told as ``not_allowed``.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from boyau import codec
from boyau.journal import Book
from boyau.journal.intake import Line
from boyau.journal.operations import ON_HOLD, OPS, Operations
from boyau.journal.submission import Answer
from boyau.ledger.registry import FIELDS, FLAG_BITS
from boyau.service.gate.decisions import Decision
from boyau.service.gate.policy import Facts, Policy, Verdict, account_facts
from boyau.service.identity.people import Caller

NOT_ALLOWED = "not_allowed"
REFUSED_LISTED_MAX = 1000
"""Refused lines of one batch that are recorded one by one; those beyond are counted together."""
_ON_HOLD = {name for name, kind in OPS.items() if kind in ON_HOLD}
Asked = tuple[str, Any]
"""What must be looked up: hold, account, subject or request, and its name."""


def look_up(book: Book, asked: Sequence[Asked]) -> dict[Asked, Any]:
    """Return what the ledger knows: of a hold its debit account, of an account its flags, else a colour.

    None of these ever changes, except an account's flags; so it does not matter that the lines are decided a moment
    later. What is not known is left out.
    """
    ledger = book.ledger
    found: dict[Asked, Any] = {}
    registry, operations = ledger.registry, Operations(book.ledger)
    for one in asked:
        kind, name = one
        if kind == "account" and name in registry.accounts:
            found[one] = int(ledger.tables.acc[registry.accounts[name], 5])
        elif kind == "subject" and name in registry.subjects:
            home = registry.subject_facts[registry.subjects[name] - 1][0]
            found[one] = registry.colours[home].path if home >= 0 else ""
        elif kind == "request" and name in registry.evidence.requests:
            found[one] = registry.evidence.requests[name].colour
        elif kind == "hold":
            entry = ledger.entry_of(name)
            if entry >= 0:
                # A row is sixteen 64-bit words; the debit account is the low half of the ninth (ledger/rows.py).
                found[one] = operations.account_name(int(ledger.history(entry)[8]) & 0xFFFFFFFF)
    return found


def _hold(value: dict[str, Any]) -> bytes | None:
    try:
        return codec.id_bytes(value["hold"])
    except (codec.CodecError, KeyError):
        return None


def _pair(value: dict[str, Any]) -> tuple[str, str]:
    """Return an operation and the account that pays, by which most lines are alike."""
    op, source = value.get("op"), value.get("from")
    return (op, source) if type(op) is str and type(source) is str else ("", "")


@dataclass(slots=True)
class _Kind:
    """What a line is: an operation, a record, or neither (then the ledger cannot read it either)."""

    name: str
    value: dict[str, Any]
    record: bool


def _kind(line: Line) -> _Kind | None:
    value = line.value
    if line.error or not isinstance(value, dict):
        return None
    if "op" in value:
        name = value["op"]
        return _Kind(name, value, record=False) if isinstance(name, str) and name in OPS else None
    name = value.get("type")
    return _Kind(name, value, record=True) if isinstance(name, str) and name in FIELDS else None


class Check:
    """Checks the lines of one request. First ``asked`` is looked up, then ``decide``."""

    def __init__(
        self, policy: Policy, caller: Caller, lines: Sequence[Line], *, dry: bool,
        four_eyes: Callable[[Caller, dict[str, Any]], tuple[str, str]],
    ) -> None:  # fmt: skip
        self._policy, self._caller, self._dry, self._four_eyes = policy, caller, dry, four_eyes
        self.lines = list(lines)
        self._given = lines
        self.refused: dict[int, Verdict] = {}
        self.decisions: list[Decision] = []
        self._known: dict[tuple[str, Any], Verdict] = {}
        self._here: dict[Asked, Any] = {}
        """What earlier lines of this request name, if the ledger does not know it yet."""

    def asked(self) -> list[Asked]:
        """Return what must be looked up before it can be decided."""
        out: dict[Asked, None] = {}
        for line in self._given:
            value = line.value
            if type(value) is dict and "op" in value and value.get("from") is not None:
                continue  # nearly all: whose account it is stands there
            one = _kind(line)
            if one is None:
                continue
            value = one.value
            if not one.record:
                if value.get("from") is None and (hold := _hold(value)) is not None:
                    out["hold", hold] = None
                continue
            for kind, types in (
                ("account", ("account",)), ("subject", ("attestation",)), ("request", ("denial", "appeal")),
            ):  # fmt: skip
                if one.name in types and isinstance(value.get(kind), str):
                    out[kind, value[kind]] = None
        return list(out)

    def decide(self, found: dict[Asked, Any]) -> None:
        """Decide every line; ``lines`` becomes what is handed to the ledger."""
        counts: dict[tuple[str, str, str, bool], int] = {}
        alike: dict[tuple[str, str], list[Any]] = {}  # operations that were decided before in just this way
        chained = False
        for k, line in enumerate(self._given):
            value = line.value
            if type(value) is dict and not line.error and (same := alike.get(_pair(value))):
                same[0] += 1
                chained = value.get("linked", False) is not False
                continue
            one = _kind(line)
            record = one.record if one else isinstance(value, dict) and "type" in value and "op" not in value
            if record:  # outside a chain a record stands alone; inside one it is a fault of the chain (submission.py)
                chained = chained and value.get("linked", True) is not False
            else:
                chained = isinstance(value, dict) and value.get("linked", False) is not False
            if one is None:
                continue
            action, facts, verdict = self._verdict(k, one, found)
            resource = facts.colours[0] if facts.colours else "*"
            if not verdict.allowed:
                self.refused[k] = verdict
                self.lines[k] = Line(line.number, {"linked": chained}, NOT_ALLOWED)
            elif not record and one.name != "commit" and (pair := _pair(value))[1]:
                alike[pair] = [0, action, resource, verdict.rule]
            if len(self.lines) == 1 or (not verdict.allowed and len(self.refused) <= REFUSED_LISTED_MAX):
                identity = value.get("id", "")
                name = f"{resource} {identity}" if isinstance(identity, str) and identity else resource
                self._decision(action, name, verdict, 1)
            else:
                key = (action, resource, verdict.rule, verdict.allowed)
                counts[key] = counts.get(key, 0) + 1
        for count, action, resource, rule in alike.values():
            key = (action, resource, rule, True)
            counts[key] = counts.get(key, 0) + count
        for (action, resource, rule, allowed), count in counts.items():
            if count:
                self._decision(action, resource, Verdict(allowed, rule), count)

    def _decision(self, action: str, resource: str, verdict: Verdict, count: int) -> None:
        who = self._caller
        self.decisions.append(Decision(who.account, who.how, action, resource, verdict.allowed, verdict.rule, count))

    # ---- one line ---------------------------------------------------------------------------------------------------

    def _verdict(self, k: int, one: _Kind, found: dict[Asked, Any]) -> tuple[str, Facts, Verdict]:
        if one.record:
            action, facts = self._record(one, found)
            if one.name == "approval":
                rule, colour = self._four_eyes(self._caller, one.value)
                if rule:
                    return action, facts, Verdict(False, rule)
                facts = Facts((colour,) if colour else (), facts.holders)
            if one.name == "proposal":
                colour = self._four_eyes(self._caller, one.value)[1]
                facts = Facts((colour,) if colour else (), facts.holders)
            return action, facts, self._policy.decide(self._caller.grants, action, facts)
        action = "explain" if self._dry else f"op.{one.name}"
        source = one.value.get("from")
        if source is None and "hold" in one.value:
            source = self._of_hold(k, one, found)
        facts = account_facts(source)
        if one.name == "commit" and isinstance(one.value.get("id"), str) and isinstance(source, str):
            with suppress(codec.CodecError):
                self._here.setdefault(("hold", codec.id_bytes(one.value["id"])), source)
        key = (action, source if isinstance(source, str) else None)
        if key not in self._known:
            self._known[key] = self._policy.decide(self._caller.grants, action, facts)
        return action, facts, self._known[key]

    def _of_hold(self, k: int, one: _Kind, found: dict[Asked, Any]) -> Any:
        """Return the account that pays on a hold: as the ledger knows it, else as this request has just made it."""
        hold = _hold(one.value)
        if ("hold", hold) in found:
            return found["hold", hold]
        source = self._here.get(("hold", hold))
        if source is not None:
            # The ledger must come to the same: a hold of that name by somebody else may be made before it is our turn.
            line = self.lines[k]
            self.lines[k] = Line(line.number, one.value | {"from": source}, line.error, line.field)
        return source

    def _record(self, one: _Kind, found: dict[Asked, Any]) -> tuple[str, Facts]:
        """Return the action that a record is, and what it is about."""
        value, action = one.value, f"record.{one.name}"
        by, colour = value.get("by"), value.get("colour")
        holders = (by,) if isinstance(by, str) else ()
        colours = (colour,) if isinstance(colour, str) else ()
        if one.name == "account":
            return self._account(value, found)
        if one.name in ("unit", "participant", "log_key", "published"):
            return action, Facts()
        if one.name in ("denial", "appeal"):
            home = self._named(found, "request", value.get("request"))
            return action, Facts((home,) if home else (), holders)
        if one.name == "attestation" and not colours:
            home = self._named(found, "subject", value.get("subject"))
            return action, Facts((home,) if home else (), holders)
        if one.name in ("subject", "request") and isinstance(value.get(one.name), str) and colours:
            self._here.setdefault((one.name, value[one.name]), colours[0])
        return action, Facts(colours, holders)

    def _account(self, value: dict[str, Any], found: dict[Asked, Any]) -> tuple[str, Facts]:
        """Tell a new account from one that is frozen or opened again, and from one that may be overdrawn."""
        name, flags = value.get("account"), value.get("flags", [])
        before = self._named(found, "account", name)
        if isinstance(name, str):
            self._here["account", name] = before or 0
        if (before or 0) & FLAG_BITS["issuer"] or (isinstance(flags, list) and "issuer" in flags):
            return "record.account.issuer", account_facts(name)
        new = before is None and not flags
        return "record.account" if new else "record.account.change", account_facts(name)

    def _named(self, found: dict[Asked, Any], kind: str, name: object) -> Any:
        if not isinstance(name, str):
            return None
        return found.get((kind, name), self._here.get((kind, name)))

    # ---- afterwards -------------------------------------------------------------------------------------------------

    def answers(self, given: Sequence[Answer], told: str) -> list[Answer]:
        """Return the ledger's answers, with those of the refused lines as what they are."""
        out = list(given)
        for k in self.refused:
            value = self._given[k].value
            identity = value.get("id", "")
            out[k] = Answer(out[k].line, NOT_ALLOWED, str(identity)[:60], message=told)
        return out
