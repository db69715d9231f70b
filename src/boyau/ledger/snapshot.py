"""The state as bytes: to open a ledger without replaying it, and to hash it.

A snapshot holds facts (JSON: names, rules, limits) and arrays (balances, counters, holds). The ids are kept apart, as
lists that are only ever added to, because they are most of the memory and never change.
"""

import heapq
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from boyau.ledger.colours import Rules
from boyau.ledger.evidence import Key, Request, Step
from boyau.ledger.log_keys import LogKey
from boyau.ledger.registry import Colour
from boyau.ledger.tables import seen
from boyau.ledger.terms import Cap, Line, Power, Share, Slice, Tier

if TYPE_CHECKING:
    from boyau.ledger.ledger import Ledger

MAGIC = b"BOYAUSN3"
Arrays = dict[str, npt.NDArray[Any]]


class SnapshotError(ValueError):
    """Bytes that are no snapshot of this version; the ledger is then replayed from its journal."""


def parts(ledger: "Ledger") -> tuple[dict[str, Any], Arrays]:
    """Return the facts and the arrays that make up the state, ids aside."""
    registry, tables, kernel = ledger.registry, ledger.tables, ledger.tables.kernel
    facts = {
        "seed": ledger.seed,
        "time": ledger.time,
        "sequence": ledger.sequence,
        "units": registry.units,
        "participants": list(registry.participants),
        "participant_facts": registry.participant_facts,
        "colours": [_colour_facts(colour) for colour in registry.colours],
        "accounts": list(registry.accounts),
        "subjects": list(registry.subjects),
        "subject_facts": registry.subject_facts,
        "log_keys": registry.log_keys.facts(),
        "proposals": {digest: list(facts) for digest, facts in registry.approvals.proposals.items()},
        "approvals": registry.approvals.given,
        "keys": {
            name: [key.participant, _plain(key.conditions), key.colour, key.first, key.until]
            for name, key in registry.evidence.keys.items()
        },
        "signed": sorted(registry.evidence.signed),
        "words": registry.evidence.words,
        "requests": {name: asdict(request) for name, request in registry.evidence.requests.items()},
        "class_bits": list(registry.class_bits),
        "condition_bits": list(registry.condition_bits),
        "pending": [
            [day, order, number, _rule_facts(rules)]
            for day, order, number, rules in sorted(registry.pending, key=_version)
        ],
        "returned": [[seq, kernel.returned[seq]] for seq in sorted(kernel.returned)],
        "ids": kernel.ids,
    }
    arrays = {
        "accounts": tables.acc[: kernel.accounts],
        "counters": tables.cnt[: len(registry.colours), 3:6],
        "subjects": tables.subject[: kernel.subjects + 1],
        "holds": tables.hold[: kernel.holds],
        "meters": tables.used_meters(),
        "expires": tables.hold_expires[: kernel.holds],
    }
    return facts, arrays


def _version(version: tuple[int, int, int, Rules]) -> tuple[int, int, int]:
    return version[:3]


def _rule_facts(rules: Rules) -> dict[str, Any]:
    return {name: _plain(getattr(rules, name)) for name in Rules.__dataclass_fields__}


def _plain(value: Any) -> Any:
    """Return a rule as JSON keeps it: sets in order, tuples as lists."""
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _rules(facts: dict[str, Any]) -> Rules:
    sets = ("payees", "allow", "deny", "holders", "ends", "evidence", "carry_from")
    values: dict[str, Any] = {
        name: frozenset(value) if name in sets and value is not None else value for name, value in facts.items()
    }
    for name in ("items", "regions"):
        if values[name] is not None:
            values[name] = tuple((low, high) for low, high in values[name])
    for name in ("evidence_commit", "evidence_advance", "evidence_accept"):
        values[name] = frozenset(values[name])
    for name in ("advance", "retention"):
        values[name] = values[name] and Share(*values[name])
    if values["lines"] is not None:
        values["lines"] = tuple(Line(*line) for line in values["lines"])
    if values["slice"] is not None:
        colour, share, classes = values["slice"]
        values["slice"] = Slice(colour, Share(*share), frozenset(classes))
    values["approval"] = tuple(Tier(above, quorum, frozenset(who)) for above, quorum, who in values["approval"])
    values["powers"] = tuple(Power(name, quorum, frozenset(who)) for name, quorum, who in values["powers"])
    values["caps"] = tuple(Cap(frozenset(who), Share(*share), frozenset(on)) for who, share, on in values["caps"])
    return Rules(**values)


def _colour_facts(colour: Colour) -> dict[str, Any]:
    return {
        "path": colour.path,
        "unit": colour.unit,
        "parent": colour.parent,
        "plain": colour.plain,
        "title": colour.title,
        "own": _rule_facts(colour.own),
        "limits": colour.limits,
        "override": colour.override,
        "attested": colour.attested,
        "rules_entry": colour.rules_entry,
        "limits_entry": colour.limits_entry,
    }


def ids_digest(ledger: "Ledger") -> bytes:
    """Return a digest of the remembered ids that does not depend on where they lie in the table."""
    keys, entries = ids_since(ledger, 0)
    mixed = (keys ^ (entries * np.uint64(0x9E3779B97F4A7C15))) * np.uint64(0xBF58476D1CE4E5B9)
    return int(mixed.sum(dtype=np.uint64)).to_bytes(8, "little")


def ids_since(ledger: "Ledger", entry: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return hash and entry number of the ids posted at or after *entry*, in order of entry."""
    used = np.flatnonzero(ledger.tables.id_key)
    entries = ledger.tables.id_seq[used].astype(np.int64)
    if entry:
        used, entries = used[entries >= entry], entries[entries >= entry]
    by_entry = np.zeros(ledger.sequence - entry, np.uint64)  # in order without sorting: an entry has one id or none
    by_entry[entries - entry] = ledger.tables.id_key[used]
    places = np.flatnonzero(by_entry)
    return by_entry[places], (places + entry).astype(np.uint64)


def dump(ledger: "Ledger") -> bytes:
    """Write facts and arrays as one versioned block of bytes."""
    facts, arrays = parts(ledger)
    head = json.dumps(
        {"facts": facts, "arrays": [[name, str(a.dtype), list(a.shape)] for name, a in sorted(arrays.items())]},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    blocks = [np.ascontiguousarray(array).tobytes() for _, array in sorted(arrays.items())]
    return b"".join([MAGIC, len(head).to_bytes(8, "little"), head, *blocks])


def load(ledger: "Ledger", data: bytes) -> int:
    """Fill an empty ledger with a snapshot; return how many ids must follow with ``load_ids``."""
    if data[:8] != MAGIC:
        raise SnapshotError("not a snapshot of this version")
    size = int.from_bytes(data[8:16], "little")
    head, at = json.loads(data[16 : 16 + size]), 16 + size
    arrays: Arrays = {}
    for name, kind, shape in head["arrays"]:
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(data, kind, count, at).reshape(shape)
        at += arrays[name].nbytes
    _fill(ledger, head["facts"], arrays)
    return int(head["facts"]["ids"])


def _fill(ledger: "Ledger", facts: dict[str, Any], arrays: Arrays) -> None:
    registry, tables, kernel = ledger.registry, ledger.tables, ledger.tables.kernel
    ledger.time, ledger.sequence = facts["time"], facts["sequence"]
    registry.units = facts["units"]
    registry.participants = {name: n for n, name in enumerate(facts["participants"])}
    registry.participant_facts = facts["participant_facts"]
    registry.class_bits = {name: n for n, name in enumerate(facts["class_bits"])}
    registry.condition_bits = {name: n for n, name in enumerate(facts["condition_bits"])}
    registry.accounts = {name: n for n, name in enumerate(facts["accounts"])}
    registry.subjects = {name: n + 1 for n, name in enumerate(facts["subjects"])}
    registry.subject_facts = [(colour, amount) for colour, amount in facts["subject_facts"]]
    for number in registry.subjects.values():
        registry.write_subject(number)
    registry.approvals.proposals = {digest: (who, entry) for digest, (who, entry) in facts["proposals"].items()}
    registry.approvals.given = facts["approvals"]
    for name, (who, conditions, colour, first, until) in facts["keys"].items():
        named = None if conditions is None else frozenset(conditions)
        registry.evidence.register(name, Key(who, named, colour, first, until))
    registry.evidence.signed = set(facts["signed"])
    registry.log_keys.keys = [LogKey(*one) for one in facts["log_keys"]]
    registry.evidence.words = facts["words"]
    for name, one in facts["requests"].items():
        steps = [Step(**step) for step in one["steps"]]
        registry.evidence.requests[name] = Request(**(one | {"steps": steps}))
    registry.restore_participants()
    for one in facts["colours"]:
        registry.restore_colour(
            Colour(
                len(registry.colours),
                one["path"],
                one["unit"],
                one["parent"],
                one["plain"],
                _rules(one["own"]),
                title=one["title"],
                limits=one["limits"],
                override=one["override"],
                attested=one["attested"],
                rules_entry=one["rules_entry"],
                limits_entry=one["limits_entry"],
            )
        )
    registry.pending = [(day, order, number, _rules(rules)) for day, order, number, rules in facts["pending"]]
    kernel.returned = dict(facts["returned"])
    for name, field, count in (
        ("accounts", "acc", len(registry.accounts)),
        ("subjects", "subject", len(registry.subjects) + 1),
    ):
        tables.reserve(field, count)
        getattr(tables, field)[:count] = arrays[name]
    tables.cnt[: len(registry.colours), 3:6] = arrays["counters"]
    kernel.accounts, kernel.subjects = len(registry.accounts), len(registry.subjects)
    meters = arrays["meters"]
    tables.set_meters(meters)
    holds = arrays["holds"]
    tables.reserve_holds(len(holds))
    tables.hold[: len(holds)] = holds
    tables.hold_expires[: len(holds)] = arrays["expires"]
    kernel.holds = len(holds)
    kernel.index_holds()
    for number in np.flatnonzero((arrays["expires"] != 0) & (holds[:, 7] == 0) & (holds[:, 2] > 0)).tolist():
        heapq.heappush(ledger.pending_expiries, (int(arrays["expires"][number]), number))


def load_ids(ledger: "Ledger", keys: npt.NDArray[np.uint64], entries: npt.NDArray[np.uint64]) -> None:
    """Add remembered ids to a ledger that was filled from a snapshot."""
    ledger.tables.reserve_ids(len(keys))
    ledger.tables.kernel.insert_all(
        seen(ledger.tables.id_key),
        seen(ledger.tables.id_seq),
        seen(keys.astype(np.uint64)),
        seen(entries.astype(np.uint32)),  # copies: the source may be read-only
    )
    ledger.tables.kernel.ids += len(keys)
