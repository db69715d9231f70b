"""Results in the form of Cardinal, to be compared with its own.

https://cardinal.readthedocs.io/en/latest/cli/indicators/ describes it.

Here, and nowhere else in this room, figures become binary: Cardinal computes and writes in IEEE 754 double precision.
All decisions are made before, exactly; where a value lies on a fence to within a double's last digit, the exact one is
right.
"""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

from boyau.watch.flag import Exact, Group
from boyau.watch.process import Process, ids

FLAGS = ("R003", "R018", "R024", "R025", "R028", "R030", "R035", "R036", "R038", "R048", "R058")
OVERRIDES: dict[str, dict[str, Any]] = {
    "R018": {"count": False},
    "R028": {"floor": None},
    "R030": {"as_text": True},
}
"""Where the defaults differ from Cardinal's: each is a deliberate improvement, and an option that turns it off."""
_MAPPED = ("R024", "R028", "R030", "R035", "R058")
_META_PLACES = 10_000


class Maps:
    """Which organisations each process concerns; an observer, not a flag."""

    def __init__(self) -> None:
        self.tenderers: dict[str, set[str]] = {}
        self.buyers: dict[str, str] = {}
        self.procuring_entities: dict[str, str] = {}

    def add(self, process: Process) -> None:
        """See one process."""
        disqualified = False
        for bid in process.submitted:
            disqualified = disqualified or bid.status == "disqualified"
            for tenderer in ids(bid.tenderers):
                self.tenderers.setdefault(process.ocid, set()).add(tenderer)
        if disqualified:
            buyer, entity = process.release.buyer, process.tender.procuringEntity
            if buyer is not None and buyer.id:
                self.buyers[process.ocid] = buyer.id
            if entity is not None and entity.id:
                self.procuring_entities[process.ocid] = entity.id

    def merge(self, other: "Maps") -> None:
        """Take in another's."""
        for ocid, tenderers in other.tenderers.items():
            self.tenderers.setdefault(ocid, set()).update(tenderers)
        self.buyers |= other.buyers
        self.procuring_entities |= other.procuring_entities


def output(report: Any) -> dict[str, Any]:
    """Return the results of a run as Cardinal's ``indicators --map`` writes them; sets as sorted lists."""
    groups: dict[str, dict[str, dict[str, float | None]]] = {}
    maps: dict[str, dict[str, set[str]]] = {name: {} for name in _MAPPED}
    for one in report.findings:
        subjects = groups.setdefault(one.group.value, {})
        subjects.setdefault(one.subject, {})[one.flag] = _binary(one.value, one.evidence)
        if one.group is Group.TENDERER and one.flag in _MAPPED and one.row is not None:
            maps[one.flag].setdefault(one.row.ocid, set()).add(one.subject)
    out: dict[str, Any] = {group.value: groups[group.value] for group in Group if group.value in groups}
    meta = {
        flag: {name: _rounded(value) for name, value in found.items()} for flag, found in report.meta.items() if found
    }
    out["Meta"] = meta
    (seen,) = [one for one in report.observers if isinstance(one, Maps)]
    counted = any(flag in report.flags for flag in ("R025", "R038", "R048"))
    out["Maps"] = {
        "ocid_buyer_r038": seen.buyers if "R038" in report.flags else {},
        "ocid_procuringentity_r038": seen.procuring_entities if "R038" in report.flags else {},
        "ocid_tenderer": _lists(seen.tenderers) if counted else {},
        **{f"ocid_tenderer_{flag.lower()}": _lists(maps[flag]) for flag in _MAPPED},
    }
    return out


def _lists(sets: dict[str, set[str]]) -> dict[str, list[str]]:
    return {ocid: sorted(found) for ocid, found in sets.items()}


def _binary(value: Exact, evidence: Any) -> float:
    """Return a figure as Cardinal computes it: prices are made binary first, then subtracted and divided."""
    if "winning" in evidence and "lowest_other" in evidence:
        winning, other = (float(Decimal(evidence[name])) for name in ("winning", "lowest_other"))
        return (other - winning) / winning
    return float(value)


def _rounded(value: Exact | None) -> float | None:
    """Round to four places, half away from zero, as Cardinal does for its Meta; NaN is written as null."""
    if value is None:
        return None
    scaled = Fraction(value) * _META_PLACES
    whole = math.floor(abs(scaled) + Fraction(1, 2))
    return (whole if scaled >= 0 else -whole) / _META_PLACES
