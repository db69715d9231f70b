"""What a run has found: how each flag answered, the findings, what was wrong with the data."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from boyau.watch.coverage import BITS, PATHS
from boyau.watch.flag import Exact, Flag, Found, Group, Reason, Row
from boyau.watch.intake.troubles import Troubles
from boyau.watch.registry import FLAGS
from boyau.watch.settings import Settings
from boyau.watch.survey import CANCELLED, EXCLUDED, Observer, State, missing, unset


class Finding(NamedTuple):
    """Which flag found what, about whom, with which figure and evidence; *row* is the process, where there is one."""

    flag: str
    group: Group
    subject: str
    value: Exact
    evidence: Mapping[str, Any]
    row: Row | None

    @property
    def money(self) -> Decimal:
        """The money of the process; zero where it is not known."""
        return self.row.money if self.row is not None and self.row.money is not None else Decimal(0)


@dataclass(frozen=True)
class Answered:
    """How one flag answered over all processes. Each process is in exactly one of four counts.

    *found*, *not_found*, *not_applicable* and *cannot* count processes, *parties* the parties that were found.

    *why* says why it cannot fire on these data at all: fields that occur nowhere, or options that are not set.
    """

    flag: str
    found: int
    parties: int
    not_found: int
    not_applicable: Mapping[Reason, int]
    cannot: Mapping[str, int]
    why_fields: Sequence[str]
    why_options: Sequence[str]

    @property
    def fires(self) -> bool:
        """Whether the flag can fire on these data at all."""
        return not self.why_fields and not self.why_options


class Report:
    """Made of the joined states of all workers."""

    def __init__(self, settings: Settings, state: State) -> None:
        self.flags = list(settings.flags)
        self.processes = sum(state.masks.values())
        self.cancelled = sum(count for bits, count in state.masks.items() if bits & CANCELLED)
        self.coverage = {path: _having(state.masks, BITS[path]) for path in PATHS}
        self.troubles: Troubles = state.troubles
        self.observers: list[Observer] = state.observers
        self.meta: dict[str, dict[str, Exact | None]] = {}
        self.findings: list[Finding] = []
        self._about: defaultdict[str, set[str]] = defaultdict(set)
        self._parties: defaultdict[str, set[tuple[Group, str]]] = defaultdict(set)
        silent = {name for name in self.flags if self._nowhere(FLAGS[name])}
        for one in state.findings:
            name = self.flags[one.flag]
            if name in silent:
                continue
            self._keep(Finding(name, Group.OCID, one.row.ocid, one.value, one.evidence, one.row))
            for party in one.parties:
                told = {"ocid": one.row.ocid}
                self._keep(Finding(name, Group.TENDERER, party, one.party_value, told, one.row))
        for place, gathering in state.gatherings.items():
            self._finish(self.flags[place], gathering.finish(), gathering.meta, silent)
        self.findings.sort(key=_order)
        self.answers = [self._answered(place, name, settings, state) for place, name in enumerate(self.flags)]

    def _finish(self, name: str, found: Any, meta: dict[str, Exact | None], silent: set[str]) -> None:
        one: Found
        for one in found:
            if name not in silent:
                self._keep(Finding(name, one.group, one.subject, one.value, one.evidence, one.row))
        self.meta[name] = meta

    def _keep(self, one: Finding) -> None:
        self.findings.append(one)
        if one.group is Group.OCID:
            self._about[one.flag].add(one.subject)
        else:
            self._parties[one.flag].add((one.group, one.subject))

    def _nowhere(self, flag: Flag) -> list[str]:
        """Return what must occur somewhere in the data for absence to mean anything, and does not."""
        return [path for path in flag.somewhere if not self.coverage[path]]

    def _answered(self, place: int, name: str, settings: Settings, state: State) -> Answered:
        flag = FLAGS[name]
        options = unset(flag, settings.flags[name])
        nowhere = self._nowhere(flag)
        not_applicable = Counter(state.reasons.get(place, ()))
        cannot: Counter[str] = Counter()
        asked = 0
        for bits, count in state.masks.items():
            if bits & CANCELLED and not flag.cancelled:
                not_applicable[Reason.CANCELLED] += count
                continue
            if bits & EXCLUDED:
                not_applicable[Reason.EXCLUDED] += count
                continue
            lacking = missing(flag, bits)
            if options or nowhere or lacking:
                cannot[(options or nowhere or lacking)[0]] += count
            else:
                asked += count
        if options or nowhere:
            not_applicable.clear()
            cannot = Counter({(options or nowhere)[0]: self.processes})
        fields = nowhere
        if not asked and not options and self.processes:
            lacking = [need for need in flag.needs if not any(self.coverage[path] for path in need.split("|"))]
            fields = fields or lacking or (list(flag.needs) if cannot else [])
        found, parties = len(self._about[name]), len(self._parties[name])
        told = sum(not_applicable.values()) + sum(cannot.values())
        return Answered(name, found, parties, self.processes - told - found, not_applicable, cannot, fields, options)


def _order(one: Finding) -> tuple[str, str, str, str]:
    return one.flag, one.group.value, one.subject, one.row.ocid if one.row is not None else ""


def _having(masks: Counter[int], bit: int) -> int:
    return sum(count for bits, count in masks.items() if bits & bit)
