# cython: annotation_typing=False
"""Flags put to processes, one process after another: the part of a run that one worker does."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from boyau.watch.coverage import BITS, STRANGE, presence
from boyau.watch.flag import Answer, Exact, Flag, Gathering, Hit, Reason, Row
from boyau.watch.intake.troubles import Fault, Troubles
from boyau.watch.model import Release
from boyau.watch.process import Process
from boyau.watch.registry import FLAGS
from boyau.watch.settings import Settings

CANCELLED, EXCLUDED = STRANGE << 1, STRANGE << 2
"""Set in what is counted, beside the bits of ``coverage``: the process was cancelled, or a setting leaves it out."""


class Finding(NamedTuple):
    """One flag's finding in one process; *flag* is its place among the flags of the run."""

    flag: int
    row: Row
    value: Exact
    evidence: Any
    parties: tuple[str, ...]
    party_value: Exact


class Observer(Protocol):
    """Sees every process that flags see, and is no flag."""

    def add(self, process: Process) -> None:
        """See one."""

    def merge(self, other: Any) -> None:
        """Take in what another worker's saw."""


@dataclass
class State:
    """What a worker has found out; it can be sent to another process and joined with others."""

    gatherings: dict[int, Gathering]
    observers: list[Observer]
    masks: Counter[int] = field(default_factory=Counter)
    reasons: dict[int, Counter[Reason]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    troubles: Troubles = field(default_factory=Troubles)

    def merge(self, other: "State") -> None:
        """Take in another worker's."""
        for place, gathering in self.gatherings.items():
            gathering.merge(other.gatherings[place])
        for mine, theirs in zip(self.observers, other.observers, strict=True):
            mine.merge(theirs)
        self.masks += other.masks
        for place, counts in other.reasons.items():
            self.reasons.setdefault(place, Counter()).update(counts)
        self.findings += other.findings
        self.troubles.merge(other.troubles)
        self.troubles.counts[Fault.REPEATED] += len(self.seen & other.seen)
        self.seen |= other.seen

    def add_answers(self, other: "State") -> None:
        """Take in what other flags have answered of the very same processes."""
        self.gatherings |= other.gatherings
        self.reasons |= other.reasons
        self.findings += other.findings


def missing(flag: Flag, bits: int) -> list[str]:
    """Return the needs of *flag* that *bits* do not meet."""
    return [need for need in flag.needs if not any(bits & BITS[path] for path in need.split("|"))]


def unset(flag: Flag, options: Any) -> list[str]:
    """Return the options that the operator must set and has not."""
    return [name for name, option in flag.options.items() if option.needed and getattr(options, name) is None]


class _Plan(NamedTuple):
    checks: tuple[tuple[int, Callable[[Process, Any], Answer], Any], ...]
    gathers: tuple[tuple[int, Callable[[Process], Reason | None]], ...]


class Survey:
    """Puts the flags of *settings* to processes. What a process lacks decides beforehand which flags are asked.

    *only* leaves the others out; their places stay.
    """

    def __init__(
        self, settings: Settings, observers: Iterable[Observer] = (), only: Collection[str] | None = None
    ) -> None:
        self._asked = [
            (place, FLAGS[name], options)
            for place, (name, options) in enumerate(settings.flags.items())
            if not unset(FLAGS[name], options) and (only is None or name in only)
        ]
        gatherings = {place: flag.gather(options) for place, flag, options in self._asked if flag.gather is not None}
        self.state = State(gatherings, list(observers))
        self.state.reasons = {place: Counter() for place, _, _ in self._asked}
        self._scope, self._strict = settings.scope, settings.like_cardinal
        self._plans: dict[int, _Plan] = {}

    def take(self, release: Release, line: int) -> None:
        """Put every flag to one process, which stands in *line*."""
        state = self.state
        ocid = release.ocid
        if not ocid:
            state.troubles.add(line, "ocid", Fault.NO_OCID)
            if self._strict:
                return
            ocid = release.ocid = f"line-{line}"
        process = Process(release, ocid, self._scope)
        bits = presence(process)
        if bits & STRANGE:
            bits ^= STRANGE
            state.troubles.add(line, "", Fault.OUT_OF_RANGE, ocid)
        self._remember(ocid, line)
        tender = release.tender
        if tender is not None and tender.status == "cancelled":
            bits |= CANCELLED
        if self._scope.excluded and tender is not None and tender.procurementMethodDetails in self._scope.excluded:
            bits |= EXCLUDED
        state.masks[bits] += 1
        plan = self._plans.get(bits)
        if plan is None:
            plan = self._plans[bits] = self._plan(bits)
        reasons = state.reasons
        for place, check, options in plan.checks:
            answer = check(process, options)
            if answer is None:
                continue
            if answer.__class__ is Hit:
                value, evidence, parties, party_value = answer
                found = Finding(place, process.row(), value, evidence, tuple(parties), party_value)
                state.findings.append(found)
            else:
                reasons[place][answer] += 1  # type: ignore[index]  # what is neither None nor a hit is a reason
        for place, add in plan.gathers:
            reason = add(process)
            if reason is not None:
                reasons[place][reason] += 1
        if not bits & (CANCELLED | EXCLUDED):
            for observer in state.observers:
                observer.add(process)

    def _remember(self, ocid: str, line: int) -> None:
        # The hash of a text is the same in all workers that were forked, as they are wherever that is possible.
        digest = hash(ocid)
        if digest in self.state.seen:
            self.state.troubles.add(line, "ocid", Fault.REPEATED, ocid)
        self.state.seen.add(digest)

    def _plan(self, bits: int) -> _Plan:
        asked = [
            (place, flag, options)
            for place, flag, options in self._asked
            if not missing(flag, bits) and not bits & EXCLUDED and (flag.cancelled or not bits & CANCELLED)
        ]
        return _Plan(
            tuple((place, flag.check, options) for place, flag, options in asked if flag.check is not None),
            tuple((place, self.state.gatherings[place].add) for place, flag, _ in asked if flag.gather is not None),
        )
