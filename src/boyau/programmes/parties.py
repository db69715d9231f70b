"""Who can take part: participants as sets of classes, and what the rules of a colour let each of them do."""

import itertools
from dataclasses import dataclass

from boyau.ledger.colours import Rules
from boyau.ledger.registry import Colour as Node
from boyau.programmes.model import Class, Colour

Party = frozenset[str]
"""A participant, as the classes that it has."""
_ALSO_MAX = 4


@dataclass(frozen=True, slots=True)
class Laid:
    """A colour of the programme as a ledger keeps it, with the template it was made of."""

    index: int
    template: Colour
    node: Node
    parent: Rules
    """The parent's effective rules; of a root, none."""

    @property
    def place(self) -> str:
        """How findings name it."""
        return f"colours[{self.index}] {self.template.name}"


def parties(classes: dict[str, Class]) -> list[Party]:
    """Return every kind of participant: each class alone and with what it may be besides."""
    out: dict[Party, None] = {}
    for one in classes.values():
        also = one.also[:_ALSO_MAX]
        for size in range(len(also) + 1):
            for more in itertools.combinations(also, size):
                out[frozenset({one.name, *more})] = None
    return list(out)


def closed(rules: Rules) -> bool:
    """Tell whether the rules let no payment through, to whomever."""
    nothing = rules.items == () or rules.regions == () or rules.lines == () or rules.payee_limit == 0
    return nothing or rules.first > rules.last or rules.allow == frozenset()


def may_be_paid(rules: Rules, party: Party) -> bool:
    """Tell whether a payment out of this colour may go to the party."""
    return not closed(rules) and (rules.payees is None or bool(rules.payees & party))


def may_hold(rules: Rules, party: Party, hop: int) -> bool:
    """Tell whether the party may hold this colour after so many hands."""
    return hop <= rules.hops and (rules.holders is None or bool(rules.holders & party))


def may_end(rules: Rules, party: Party) -> bool:
    """Tell whether the colour becomes plain money at the party."""
    if rules.ends is None or not rules.ends & party or not may_be_paid(rules, party):
        return False
    return all(cap.share.n > 0 for cap in rules.caps if cap.classes & party)


def told(classes: frozenset[str] | set[str] | list[str]) -> str:
    """Write classes in order."""
    return ", ".join(sorted(classes))
