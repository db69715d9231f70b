"""From one published month to the next as operations on coloured money: pure functions over plain values.

Published figures are cumulative, so a month is the difference to the month before. For a line of expenditure with
changes d(plan), d(obligations), d(paid):

- paid less than before: ``return`` of the latest payments, r = -d(paid); that undoes the obligations too;
- d(obligations) + r above zero: ``commit``, a hold; below zero: ``release``;
- paid more than before: ``pay`` as parts of the oldest holds;
- plan: decreases matched with increases of the same section as linked ``withdraw`` and ``allocate``; a net increase
  is ``issue`` and ``allocate``, a net decrease ``withdraw`` and ``lapse``.

Money must be there before it is committed. Where published obligations exceed the published plan, the line is funded
up to its obligations and the excess is an ``override`` of the plan's limit, with a reason: the published plan is the
limit, and what was funded beyond it can be read off the override. Payments above obligations cannot be entered as
published; obligations are then taken as the payments (and ``findings`` lists it).

The order within a month satisfies docs/ledger.md at every step: limits that rise; then everything that goes down
(returns, releases, withdrawals); then what goes up (allocations, commitments, payments); then limits that fall,
children before parents. Counters therefore never leave the range between their old and new values, and a standing
limit is never below the larger of both.
"""

from collections.abc import Iterable
from collections.abc import Mapping as Frozen
from dataclasses import dataclass, field, replace
from enum import StrEnum

from boyau.treasury.budget.lines import Line, Lines, Month
from boyau.treasury.budget.mapping import Mapping, Nature
from boyau.treasury.budget.reallocation import match

LIMITS = {"plan": "plan", "obligations": "plan_obligations", "payments": "plan_payments"}
"""The ledger's limits and the published columns they come from."""

REASON = "published execution exceeds the published plan"
"""Reason of an override."""


class Kind(StrEnum):
    """What an operation does.

    ``open`` is a colour and, for a leaf, its account; ``limits`` and ``published`` are records; the others are rows of
    the same names.
    """

    OPEN = "open"
    LIMITS = "limits"
    ISSUE = "issue"
    ALLOCATE = "allocate"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    COMMIT = "commit"
    RELEASE = "release"
    VOID = "void"
    PAY = "pay"
    RETURN = "return"
    RECEIVE = "receive"
    REFUND = "refund"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Operation:
    """One step. *line* is the path below the fiscal year; "" is the year itself.

    *key* is the same whenever the same month is imported again, and unique in its year. *ref* is the key of the
    commit (release, void, pay) or payment (return). *linked*: all or none with the next one. *amount* in minor units;
    0 for void. *figures*: limits set (by the ledger's names) or figures published (by column). *override*: the whole
    override that then stands.
    """

    kind: Kind
    line: str
    key: str
    amount: int = 0
    ref: str = ""
    linked: bool = False
    figures: Frozen[str, int] = field(default_factory=dict)
    override: Frozen[str, int] | None = None
    reason: str = ""
    title: str = ""
    nature: Nature | None = None
    leaf: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """A hold or a payment, by the *key* of its operation, and the minor units still open: unpaid, or not returned."""

    key: str
    amount: int


@dataclass(frozen=True, slots=True)
class LineState:
    """What the ledger holds of one line. *funded*, *obligations*, *paid* (or received) in minor units."""

    nature: Nature
    leaf: bool
    title: str
    funded: int = 0
    obligations: int = 0
    paid: int = 0
    limits: Frozen[str, int] = field(default_factory=dict)
    override: Frozen[str, int] = field(default_factory=dict)
    holds: tuple[Open, ...] = ()
    payments: tuple[Open, ...] = ()


State = dict[str, LineState]
"""One fiscal year's lines by path, parents before children; empty before its first month."""


@dataclass(slots=True)
class _Month:
    """The work on one month: operations in order, and the state they lead to."""

    month: Month
    state: State
    done: list[Operation] = field(default_factory=list)
    numbers: dict[tuple[Kind, str], int] = field(default_factory=dict)

    def add(self, kind: Kind, line: str, amount: int = 0, *, ref: str = "", linked: bool = False) -> str:
        """Append a movement and return its key."""
        key = self.key(kind, line)
        self.done.append(Operation(kind, line, key, amount, ref, linked))
        return key

    def key(self, kind: Kind, line: str) -> str:
        """Return the next key for this kind on this line."""
        number = self.numbers.get((kind, line), 0)
        self.numbers[kind, line] = number + 1
        return f"{self.month}/{line}/{kind}/{number}"

    def set(self, line: str, **changes: object) -> None:
        """Change the state of *line*."""
        self.state[line] = replace(self.state[line], **changes)  # type: ignore[arg-type]


def operations(state: State, lines: Lines, month: Month, mapping: Mapping) -> tuple[list[Operation], State]:
    """Return what takes the year from *state* to the published *lines* of *month*, in order, and the new state.

    Lines of the state that the month does not have go to zero.
    """
    work = _Month(month, dict(state))
    _open(work, lines)
    targets = _targets(work.state, lines, mapping)
    _raise_limits(work, targets)
    spending = [path for path, line in work.state.items() if line.leaf and line.nature is Nature.EXPENDITURE]
    # A parent that used to be a leaf still holds what it had then: its target as a leaf is zero.
    spending += [
        path
        for path, line in work.state.items()
        if not line.leaf and line.nature is Nature.EXPENDITURE and (line.payments or line.holds or line.funded)
    ]
    for path in spending:
        _give_back(work, path, targets[path])
    _move_plan(work, {path: targets[path].funded - work.state[path].funded for path in spending})
    for path in spending:
        _spend(work, path, targets[path])
    _lower_limits(work, targets)
    _receipts(work, targets)
    work.done.extend(published((line for line in lines.values() if line.nature is Nature.MEMO), month))
    return work.done, work.state


def published(lines: Iterable[Line], month: Month) -> list[Operation]:
    """Return records of the figures published for *lines*: kept for comparison, without effect on the state."""
    return [
        Operation(
            Kind.PUBLISHED,
            line.path,
            f"{month}/{line.path}/{Kind.PUBLISHED}/0",
            figures=dict(line.figures),
            title=line.name.strip(),
            nature=line.nature,
            leaf=line.leaf,
        )
        for line in lines
    ]


def close_year(state: State, year: int) -> tuple[list[Operation], State]:
    """Return the end of a fiscal year: holds voided, what is left withdrawn to the year's root and lapsed."""
    work = _Month(Month(year, 13), dict(state))
    left = 0
    for path, line in state.items():
        for hold in line.holds:
            work.add(Kind.VOID, path, ref=hold.key)
        if line.nature is Nature.EXPENDITURE and line.funded > line.paid:
            work.add(Kind.WITHDRAW, path, line.funded - line.paid)
            left += line.funded - line.paid
        if line.nature is Nature.EXPENDITURE:
            work.set(path, holds=(), obligations=line.paid, funded=line.paid)
    if left:
        work.add(Kind.LAPSE, "", left)
    return work.done, work.state


@dataclass(frozen=True, slots=True)
class _Target:
    """Where one line is to end: its own (leaf) figures, and the limits with the override its whole subtree needs."""

    funded: int
    obligations: int
    paid: int
    limits: Frozen[str, int]
    override: Frozen[str, int]


def _open(work: _Month, lines: Lines) -> None:
    """Open lines that are new, or that are called otherwise or became something else."""
    for path, line in lines.items():
        old = work.state.get(path)
        title = line.name.strip()
        if old is None:
            _open_above(work, lines, path, line.nature)
            work.state[path] = LineState(line.nature, line.leaf, title)
        elif (old.title, old.leaf) == (title, line.leaf):
            continue
        else:
            work.set(path, title=title, leaf=line.leaf)
        key = work.key(Kind.OPEN, path)
        work.done.append(Operation(Kind.OPEN, path, key, title=title, nature=line.nature, leaf=line.leaf))


def _open_above(work: _Month, lines: Lines, path: str, nature: Nature) -> None:
    """Open what stands above *path* and is not published itself, such as the total of a list without one."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        above = "/".join(parts[:depth])
        if above not in work.state and above not in lines:
            work.state[above] = LineState(nature, leaf=False, title="")
            work.done.append(Operation(Kind.OPEN, above, work.key(Kind.OPEN, above), nature=nature))


def _targets(state: State, lines: Lines, mapping: Mapping) -> dict[str, _Target]:
    """Return where each line must end; a parent's override is measured against the sums of its leaves."""
    figures = {path: line.figures for path, line in lines.items()}
    totals: dict[str, list[int]] = {}
    own: dict[str, tuple[int, int, int]] = {}
    for path, line in state.items():
        given = figures.get(path, {}) if line.leaf else {}
        paid = given.get("paid", 0)
        obligations = max(given.get("obligations", paid), paid)
        funded = max(given.get("plan", 0), obligations)
        own[path] = (funded, obligations, paid)
        above = path
        while above:
            total = totals.setdefault(above, [0, 0, 0])
            for index, amount in enumerate(own[path]):
                total[index] += amount
            above = above.rpartition("/")[0]
    found = {}
    for path, line in state.items():
        columns = mapping.natures[line.nature].columns
        limits: dict[str, int] = {}
        override: dict[str, int] = {}
        if line.nature in (Nature.EXPENDITURE, Nature.RECEIPT):
            given = figures.get(path, {})
            known = {name: column for name, column in LIMITS.items() if column in mapping.amounts and column in columns}
            limits = {name: max(0, given.get(column, 0)) for name, column in known.items()}
        if line.nature is Nature.EXPENDITURE:
            used = dict(zip(LIMITS, totals[path], strict=True))
            override = {name: used[name] - limit for name, limit in limits.items() if used[name] > limit}
        found[path] = _Target(*own[path], limits, override)
    return found


def _raise_limits(work: _Month, targets: Frozen[str, _Target]) -> None:
    """Set what rises, parents before children: nothing may wait for a limit."""
    for path, target in targets.items():
        line = work.state[path]
        rising = {name: value for name, value in target.limits.items() if value > line.limits.get(name, -1)}
        wider = _widest(line.override, target.override)
        if rising or wider != dict(line.override):
            _set_limits(work, path, rising, wider)


def _lower_limits(work: _Month, targets: Frozen[str, _Target]) -> None:
    """Set what falls, children before parents, and take back what override is no longer needed."""
    for path in reversed(list(targets)):
        target = targets[path]
        line = work.state[path]
        falling = {name: value for name, value in target.limits.items() if value < line.limits.get(name, -1)}
        if falling or dict(target.override) != dict(line.override):
            _set_limits(work, path, falling, dict(target.override))


def _widest(one: Frozen[str, int], other: Frozen[str, int]) -> dict[str, int]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in (*LIMITS,) if name in one or name in other}


def _set_limits(work: _Month, path: str, figures: dict[str, int], override: dict[str, int]) -> None:
    line = work.state[path]
    changed = override if override != dict(line.override) else None
    operation = Operation(
        Kind.LIMITS,
        path,
        work.key(Kind.LIMITS, path),
        figures=figures,
        override=changed,
        reason="" if changed is None else REASON,
    )
    work.done.append(operation)
    work.set(path, limits={**line.limits, **figures}, override=override)


def _give_back(work: _Month, path: str, target: _Target) -> None:
    """Return payments and release holds until neither is above its target."""
    line = work.state[path]
    returned = max(0, line.paid - target.paid)
    payments, left = list(line.payments), returned
    while left:
        latest = payments.pop()
        amount = min(left, latest.amount)
        work.add(Kind.RETURN, path, amount, ref=latest.key)
        left -= amount
        if latest.amount > amount:
            payments.append(Open(latest.key, latest.amount - amount))
    released = max(0, line.obligations - returned - target.obligations)
    holds, left = list(line.holds), released
    while left:
        latest = holds.pop()
        amount = min(left, latest.amount)
        work.add(Kind.RELEASE, path, amount, ref=latest.key)
        left -= amount
        if latest.amount > amount:
            holds.append(Open(latest.key, latest.amount - amount))
    work.set(
        path,
        paid=line.paid - returned,
        obligations=line.obligations - returned - released,
        payments=tuple(payments),
        holds=tuple(holds),
    )


def _move_plan(work: _Month, changes: Frozen[str, int]) -> None:
    """Bring every line's money to its target: moves within a section first, then out of and into the year's root."""
    moves, rest = match(changes)
    for move in moves:
        work.add(Kind.WITHDRAW, move.source, move.amount, linked=True)
        work.add(Kind.ALLOCATE, move.target, move.amount)
    lapsed = issued = 0
    for path, change in rest.items():
        if change < 0:
            work.add(Kind.WITHDRAW, path, -change)
            lapsed -= change
        else:
            issued += change
    if lapsed:
        work.add(Kind.LAPSE, "", lapsed)
    if issued:
        work.add(Kind.ISSUE, "", issued)
    for path, change in rest.items():
        if change > 0:
            work.add(Kind.ALLOCATE, path, change)
    for path, change in changes.items():
        work.set(path, funded=work.state[path].funded + change)


def _spend(work: _Month, path: str, target: _Target) -> None:
    """Commit and pay up to the target, the oldest holds first."""
    line = work.state[path]
    holds, payments = list(line.holds), list(line.payments)
    if committed := target.obligations - line.obligations:
        holds.append(Open(work.add(Kind.COMMIT, path, committed), committed))
    left = target.paid - line.paid
    while left:
        oldest = holds.pop(0)
        amount = min(left, oldest.amount)
        payments.append(Open(work.add(Kind.PAY, path, amount, ref=oldest.key), amount))
        left -= amount
        if oldest.amount > amount:
            holds.insert(0, Open(oldest.key, oldest.amount - amount))
    work.set(path, obligations=target.obligations, paid=target.paid, holds=tuple(holds), payments=tuple(payments))


def _receipts(work: _Month, targets: Frozen[str, _Target]) -> None:
    """Receive first, refund then: what is refunded to one line's payers may have come in on another line."""
    changes = {
        path: targets[path].paid - line.paid for path, line in work.state.items() if line.nature is Nature.RECEIPT
    }
    for path, change in changes.items():
        if change > 0:
            work.add(Kind.RECEIVE, path, change)
    for path, change in changes.items():
        if change < 0:
            work.add(Kind.REFUND, path, -change)
        work.set(path, paid=work.state[path].paid + change)
