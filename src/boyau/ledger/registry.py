"""The door for records: which types there are, their fields, and who takes each.

Every record is checked whole before anything of it is applied: a refused record leaves no trace.
"""

from collections.abc import Callable
from typing import Any

from boyau.ledger import codes, evidence_records, name_records, rule_records
from boyau.ledger.name_records import FLAG_BITS
from boyau.ledger.record_fields import CLASSES_MAX, CONDITIONS_MAX
from boyau.ledger.refusals import RecordRefused
from boyau.ledger.rule_records import LIMITS
from boyau.ledger.tree import Colour, Tree

__all__ = ["CLASSES_MAX", "CONDITIONS_MAX", "FIELDS", "FLAG_BITS", "LIMITS", "Colour", "Registry"]

FIELDS = {
    "unit": {"unit", "scale"},
    "participant": {"participant", "classes", "region", "name"},
    "colour": {"colour", "unit", "title", "rules", "from"},
    "limits": {"colour", *LIMITS, "override", "reason", "date"},
    "account": {"account", "flags"},
    "subject": {"subject", "colour", "amount"},
    "proposal": {"command", "by", "at", "signature"},
    "approval": {"command", "by", "until", "withdrawn", "at", "signature"},
    "key": {"participant", "key", "conditions", "colour", "from", "until"},
    "request": {"request", "condition", "colour", "subject", "by", "owner", "days", "escalation", "at", "signature"},
    "denial": {"request", "by", "reason", "at", "signature"},
    "appeal": {"request", "by", "reason", "at", "signature"},
    "attestation": {"condition", "colour", "subject", "by", "withdrawn", "at", "signature"},
    "log_key": {"number", "name", "key", "origin", "proof", "signature"},
    "published": None,
    "note": None,
}
"""Fields of each type of record, ``type`` aside; None: any, the ledger does not read them."""

_TAKEN_BY: dict[str, Callable[[Tree, dict[str, Any], int], None]] = {
    "unit": name_records.take_unit,
    "participant": name_records.take_participant,
    "colour": rule_records.take_colour,
    "limits": rule_records.take_limits,
    "account": name_records.take_account,
    "subject": name_records.take_subject,
    "proposal": evidence_records.take_proposal,
    "approval": evidence_records.take_approval,
    "key": evidence_records.take_key,
    "request": evidence_records.take_request,
    "denial": evidence_records.take_denial,
    "appeal": evidence_records.take_appeal,
    "attestation": evidence_records.take_attestation,
    "log_key": lambda tree, record, _: tree.log_keys.take(record, tree.entry),
}


class Registry(Tree):
    """Names, rules and limits, and the door through which records change them."""

    def record(self, record: Any, time: int, entry: int) -> None:
        """Apply one record at journal *time* as entry number *entry*, or raise ``RecordRefused`` and change nothing."""
        self.entry, self.time, today = entry, time, codes.day_of(time)
        if not isinstance(record, dict):
            raise RecordRefused("field_type", "", f"a record is an object, not {record!r:.60}")
        kind = record.get("type")
        if not isinstance(kind, str) or kind not in FIELDS:
            raise RecordRefused("type_unknown", "type", f"{kind!r:.40} is none of {', '.join(FIELDS)}")
        allowed = FIELDS[kind]
        if allowed is not None:
            for name in record:
                if name != "type" and name not in allowed:
                    raise RecordRefused("field_unknown", str(name)[:60], f"a {kind} has no such field")
            rule_records.four_eyes(self, record, today)
            _TAKEN_BY[kind](self, record, today)
