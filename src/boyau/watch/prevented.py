"""How much was prevented: computed from the journal's own entries, for any day, and never counted twice.

- The **baseline** of a finding is what was set aside on its commitment when the finding was raised.
- Money is **credited** only on a decision that cancels or cuts, by the releases and voids that the decision cites, up
to the baseline. Entries cited by an earlier decision count there and not again. - A **re-tender** of the same plan
item (a later commitment by the same account for the same code, under another contract) is subtracted, up to what was
credited; a commitment is subtracted once. - A hold that was only lifted credits nothing.
"""

from dataclasses import dataclass

from boyau.ledger import Kind
from boyau.watch.dispositions import Desk, Raised
from boyau.watch.money import SetAside

DECISIONS = ("cancel", "cut")


@dataclass(frozen=True)
class Part:
    """An amount in minor units, and the entry of the ledger that it rests on."""

    amount: int
    entry: int


@dataclass(frozen=True)
class Prevented:
    """What one finding prevented. *baseline* rests on the commitment's entry; the other parts each on their own."""

    finding: str
    flag: str
    baseline: Part
    credited: tuple[Part, ...]
    subtracted: tuple[Part, ...]
    decisions: tuple[int, ...]
    """Entries of the decisions."""

    @property
    def amount(self) -> int:
        """The amount prevented, in minor units; never below zero."""
        return sum(part.amount for part in self.credited) - sum(part.amount for part in self.subtracted)


def prevented(desk: Desk, aside: SetAside, as_of: int | None = None) -> list[Prevented]:
    """Return what every finding prevented, as the journal knew it at *as_of* (µs; None: all of it).

    The findings stand in the order in which they were raised; whoever was first is credited.
    """

    def known(time: int) -> bool:
        return as_of is None or time <= as_of

    seen = SetAside(tuple(one for one in aside.movements if known(one.time)))
    credited: set[int] = set()
    left_of_commitment: dict[int, int] = {}
    found = []
    for raised in sorted((one for one in desk.raised.values() if known(one.time)), key=lambda one: one.entry):
        decisions = [
            one
            for one in desk.disposed
            if one.finding == raised.finding and one.action in DECISIONS and known(one.time)
        ]
        cited = [entry for one in decisions for entry in one.entries]
        baseline = seen.left(raised.hold, raised.entry)
        parts = _credit(seen, raised, cited, baseline, credited)
        subtracted = _retendered(seen, raised, parts, left_of_commitment)
        numbers = tuple(one.entry for one in decisions)
        found.append(Prevented(raised.finding, raised.flag, Part(baseline, raised.hold), parts, subtracted, numbers))
    return found


def _credit(seen: SetAside, raised: Raised, cited: list[int], baseline: int, credited: set[int]) -> tuple[Part, ...]:
    """Credit what the decisions cite, in the order of the journal, as far as the baseline goes."""
    parts, left = [], baseline
    for number in sorted(set(cited)):
        movement = seen.entry(number)
        if movement is None or movement.hold != raised.hold or number <= raised.entry or number in credited:
            continue
        if movement.kind not in (Kind.RELEASE, Kind.VOID):
            continue
        amount = min(movement.amount, left)
        if amount > 0:
            credited.add(number)
            parts.append(Part(amount, number))
            left -= amount
    return tuple(parts)


def _retendered(
    seen: SetAside, raised: Raised, credited: tuple[Part, ...], left_of_commitment: dict[int, int]
) -> tuple[Part, ...]:
    """Subtract later commitments for the same plan item, as far as the credit goes and each as far as it is left."""
    original = seen.entry(raised.hold)
    if original is None or not credited:
        return ()
    first, left, parts = credited[0].entry, sum(part.amount for part in credited), []
    for one in seen.movements:
        if one.kind is not Kind.COMMIT or one.item != original.item or one.entry <= first or one.hold == raised.hold:
            continue
        amount = min(left_of_commitment.setdefault(one.entry, one.amount), left)
        if amount > 0:
            left_of_commitment[one.entry] -= amount
            parts.append(Part(amount, one.entry))
            left -= amount
    return tuple(parts)
